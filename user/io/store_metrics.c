// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store_metrics.c: the questions behind metrics, as SQL: of the newest run of
 * each audit (and agent, if one is asked for) that has ended. Columns are read by their place. Nothing here
 * writes.
 */
#include "store_impl.h"

#define NEWEST                                                                                                         \
	"WITH r AS (SELECT agent, audit, max(run) AS run FROM runs WHERE ended_ms IS NOT NULL AND (:agent IS NULL OR"  \
	" agent = :agent) GROUP BY audit) "

/* One question after the other, wrapped at words. */
// clang-format off
const char *const cp_store_metric_questions[CP_ASK_QUESTIONS - CP_ASK_METRIC_RUNS] = {
        [0] = /* CP_ASK_METRIC_RUNS */
                NEWEST "SELECT r.audit, n.started_ms, n.ended_ms, n.exit_status, n.probes, n.replies, n.lost,"
                " n.n_paths, n.n_complete, n.n_hops, n.n_hops_seen, n.end_reason = 'done' AS done, n.rows_lost FROM r"
                " JOIN runs AS n ON n.agent = r.agent AND n.run = r.run ORDER BY r.audit",
        [CP_ASK_METRIC_TARGETS - CP_ASK_METRIC_RUNS] =
                NEWEST "SELECT r.audit, ifnull(t.\"group\", '') AS \"group\", sum(verdict IS 'inside'), sum(verdict IS"
                " 'direct'), sum(verdict IS 'undecided'), sum(verdict IS 'transit'), sum(verdict IS 'detour'),"
                " sum(verdict IS NULL OR n_dests = 0) FROM r JOIN targets AS t ON t.agent = r.agent AND t.run = r.run"
                " GROUP BY 1, 2 ORDER BY 1, count(*) DESC, 2",
        [CP_ASK_METRIC_EXITS - CP_ASK_METRIC_RUNS] =
                NEWEST "SELECT r.audit, asn, as_name, ixp, paths, cold_share_pct FROM r JOIN egress AS e ON e.agent ="
                " r.agent AND e.run = r.run WHERE role = 'exit' ORDER BY r.audit, paths DESC, asn, ixp",
        [CP_ASK_METRIC_RTT - CP_ASK_METRIC_RUNS] =
                NEWEST ", x AS (SELECT r.audit, ifnull(t.\"group\", '') AS g, p.dest_rtt_us AS us, row_number() OVER"
                " (PARTITION BY r.audit, ifnull(t.\"group\", '') ORDER BY p.dest_rtt_us) AS at, count(*) OVER"
                " (PARTITION BY r.audit, ifnull(t.\"group\", '')) AS n FROM r JOIN paths AS p ON p.agent = r.agent AND"
                " p.run = r.run JOIN targets AS t ON t.agent = p.agent AND t.run = p.run AND t.seq = p.target WHERE"
                " p.dest_rtt_us IS NOT NULL) SELECT audit, g AS \"group\", n, sum(us), min(CASE WHEN at >= 0.5 * n"
                " THEN us END), min(CASE WHEN at >= 0.95 * n THEN us END), min(CASE WHEN at >= 0.99 * n THEN us END)"
                " FROM x GROUP BY audit, g ORDER BY audit, n DESC, g",
        [CP_ASK_METRIC_E2E - CP_ASK_METRIC_RUNS] =
                NEWEST ", d AS (SELECT r.audit, ifnull(t.\"group\", '') AS g, " CP_STORE_E2E("sent") " AS sent, ifnull("
                CP_STORE_E2E("received") ", 0) AS received, " CP_STORE_E2E("rtt_p50_us") " AS us, "
                CP_STORE_E2E("jitter_mean_us") " AS jitter FROM r JOIN paths AS p ON p.agent = r.agent AND p.run ="
                " r.run AND p.flow = 0 AND p.e2e IS NOT NULL JOIN targets AS t ON t.agent = p.agent AND t.run = p.run"
                " AND t.seq = p.target), x AS (SELECT *, row_number() OVER (PARTITION BY audit, g ORDER BY us IS NULL,"
                " us) AS at, count(us) OVER (PARTITION BY audit, g) AS n FROM d WHERE sent > 0 AND received <= sent)"
                " SELECT audit, g AS \"group\", count(*), sum(sent > received), sum(sent), sum(received), n, sum(us),"
                " min(CASE WHEN at >= 0.5 * n THEN us END), min(CASE WHEN at >= 0.95 * n THEN us END), min(CASE WHEN at"
                " >= 0.99 * n THEN us END), CAST(round(avg(jitter)) AS INTEGER) FROM x GROUP BY audit, g ORDER BY"
                " audit, count(*) DESC, g",
        [CP_ASK_METRIC_DATABASES - CP_ASK_METRIC_RUNS] =
                NEWEST "SELECT r.audit, json_extract(d.value, '$.layer') AS layer, min(json_extract(d.value,"
                " '$.built_at_s')) AS built_s FROM r JOIN runs AS n ON n.agent = r.agent AND n.run = r.run JOIN"
                " json_each(CASE WHEN json_valid(n.databases) THEN n.databases ELSE '[]' END) AS d WHERE CASE d.type"
                " WHEN 'object' THEN json_type(d.value, '$.built_at_s') END = 'integer' GROUP BY 1, 2 ORDER BY 1, 2",
};
// clang-format on
