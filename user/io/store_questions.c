// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store_questions.c: answers out of several tables, as SQL. The name of a
 * column is that of a field; behind ':' stands what the value is where SQL has
 * no type for it:
 *   :bool   0 or 1                   :json   JSON text, checked here
 *   :list   words joined by commas   :steps  an AS path, as struct cp_store_path has it
 * Nothing here writes. Knows who answers are for as little as the rest of io.
 */
#include "store_impl.h"

/* Text that is to be JSON, or NULL: json_each() and readers refuse what is not. */
#define JSON(column) "CASE WHEN json_valid(" column ") THEN json(" column ") END"
#define OF_AUDIT "(:audit IS NULL OR audit = :audit) AND (:agent IS NULL OR agent = :agent)"
#define VERDICTS                                                                                                       \
	"json_object('inside', sum(verdict IS 'inside'), 'direct', sum(verdict IS 'direct'), 'undecided',"             \
	" sum(verdict IS 'undecided'), 'transit', sum(verdict IS 'transit'), 'detour', sum(verdict IS 'detour'))"
#define RANK(verdict)                                                                                                  \
	"CASE " verdict " WHEN 'inside' THEN 0 WHEN 'direct' THEN 1 WHEN 'undecided' THEN 2 WHEN 'transit' THEN 3"     \
	" WHEN 'detour' THEN 4 END"

/* ---- Runs ---- */

#define RUN_COLUMNS                                                                                                    \
	"run, agent, audit, started_ms, ended_ms, end_reason, n_targets, n_dests, n_paths,"                            \
	" json_object('inside', n_inside, 'direct', n_direct, 'undecided', n_undecided, 'transit', n_transit,"         \
	" 'detour', n_detour) AS \"verdicts:json\","                                                                   \
	" CASE WHEN n_targets > 0 THEN round(100.0 * (n_inside + n_direct + n_transit + n_detour) / n_targets, 2) END" \
	" AS coverage_pct, probes, replies, lost, rows_lost, hops_pruned AS \"hops_pruned:bool\""

/* ---- Targets ---- */

/* Of the target that has the alias t in the query. Of its paths with its verdict the first stands for the others. */
#define PATHS_ARE_OF(t) "p.agent = " t ".agent AND p.run = " t ".run AND p.target = " t ".seq"
/* Without statistics SQLite takes the primary key, and so reads the whole run for each target. */
#define PATHS_OF(t) "paths AS p INDEXED BY paths_by_target WHERE " PATHS_ARE_OF(t)
#define DECISIVE(t, column)                                                                                            \
	"(SELECT p." column " FROM " PATHS_OF(t) " AND p.verdict IS " t ".verdict ORDER BY p.seq LIMIT 1)"
#define EXITS(t)                                                                                                       \
	"(SELECT json_group_array(json_object('asn', asn, 'as_name', as_name, 'ixp', ixp, 'site', site, 'paths', n))"  \
	" FROM (SELECT p.foreign_asn AS asn, max(p.foreign_as_name) AS as_name, p.foreign_ixp AS ixp,"                 \
	" p.exit_site AS site, count(*) AS n FROM " PATHS_OF(                                                          \
	        t) " AND (p.foreign_asn IS NOT NULL OR p.foreign_ixp IS NOT NULL)"                                     \
	           " GROUP BY p.foreign_asn, p.foreign_ixp, p.exit_site ORDER BY n DESC, asn))"
#define DEST_RTT(t) "(SELECT min(p.dest_rtt_us) FROM " PATHS_OF(t) ")"
/* Of the worst of its destinations, each of which the path of its flow 0 knows; NULL: not measured. */
#define LOSS_PCT                                                                                                       \
	"CASE WHEN " CP_STORE_E2E("sent") " > 0 THEN round(100.0 * (" CP_STORE_E2E("sent") " - ifnull(" CP_STORE_E2E(  \
	        "received") ", 0)) / " CP_STORE_E2E("sent") ", 2) END"
#define WORST(key) "'" key "', max(" CP_STORE_E2E(key) ")"
#define E2E(t)                                                                                                                                                                                          \
	"(SELECT CASE WHEN count(" CP_STORE_E2E("sent") ") > 0 THEN json_object('destinations', count(" CP_STORE_E2E("sent") "), 'sent', sum(" CP_STORE_E2E("sent") "), 'received', sum(" CP_STORE_E2E( \
	        "received") "), 'loss_pct', max(" LOSS_PCT                                                                                                                                              \
	                    "), 'rtt_min_us', min(" CP_STORE_E2E("rtt_min_us") "), " WORST("rtt_p50_us") ", " WORST("rtt_p95_us") ", " WORST(                                                           \
	                            "rtt_p99_us") ", " WORST("rtt_max_us") ", " WORST("jitter_us") ") END "                                                                                             \
	                                                                                           "FROM " PATHS_OF(                                                                                    \
	                                                                                                   t) " AND "                                                                                   \
	                                                                                                      "p."                                                                                      \
	                                                                                                      "flow "                                                                                   \
	                                                                                                      "= 0)"
#define EXIT_SET(t)                                                                                                    \
	"(SELECT group_concat(x) FROM (SELECT DISTINCT ifnull(p.foreign_asn, p.foreign_ixp) AS x FROM " PATHS_OF(      \
	        t) " ORDER BY x))"
#define OF_RUN "t.agent = :agent AND t.run = :run"
#define TARGET_FILTER                                                                                                  \
	OF_RUN " AND (:seq IS NULL OR t.seq = :seq) AND (:group IS NULL OR t.\"group\" = :group)"                      \
	       " AND (:verdict IS NULL OR t.verdict = :verdict) AND (:text IS NULL OR"                                 \
	       " instr(lower(t.name || ' ' || ifnull(t.cname, '') || ' ' || ifnull(t.addresses, '')), lower(:text)))"
#define SIDE(t)                                                                                                        \
	t ".seq, " t ".verdict, " DECISIVE(t, "as_path") " AS \"as_path:steps\", " EXITS(                              \
	        t) " AS \"exits:json\", " DEST_RTT(t) " AS dest_rtt_us, " E2E(t) " AS \"e2e:json\", "
#define SAME_TARGET "x.name = y.name AND x.port IS y.port AND x.protocol IS y.protocol"
/* Silence is no difference, nor is what has no AS. Unmapped ones can stand side by side when the others are gone. */
#define WITHOUT(step, path) "replace(" path ", ' " step " ', ' ')"
#define HEARD(t)                                                                                                       \
	WITHOUT("?", WITHOUT("?", WITHOUT("private", WITHOUT("*", "' ' || " DECISIVE(t, "as_path") " || ' '"))))

/* ---- Flow ---- */

/* Every path of a run from its group over what it leaves through to where it goes. */
#define FLOW                                                                                                           \
	"WITH f AS (SELECT 'group:' || ifnull(t.\"group\", '') AS g, t.\"group\" AS g_label,"                          \
	" CASE WHEN p.verdict = 'inside' THEN 'stay' WHEN p.foreign_asn IS NOT NULL THEN 'exit:' || p.foreign_asn"     \
	" WHEN p.foreign_ixp IS NOT NULL THEN 'exit:ixp:' || p.foreign_ixp ELSE 'exit:?' END AS x,"                    \
	" CASE WHEN p.verdict = 'inside' THEN 'stays inside' WHEN p.foreign_asn IS NOT NULL THEN p.foreign_as_name"    \
	" WHEN p.foreign_ixp IS NOT NULL THEN 'IXP:' || p.foreign_ixp ELSE 'exit not seen' END AS x_label,"            \
	" CASE WHEN p.verdict <> 'inside' THEN p.foreign_asn END AS x_asn,"                                            \
	" 'dest:' || ifnull(p.dest_asn, '?') AS d, p.dest_as_name AS d_label, p.dest_asn AS d_asn, p.verdict"          \
	" FROM targets AS t JOIN paths AS p ON " PATHS_ARE_OF("t") " WHERE " OF_RUN ") "

/* ---- Changes ---- */

#define CHANGE_COLUMNS                                                                                                 \
	"seq, agent, at_ms, run, audit, target, port, protocol, \"group\", kind, old, new, first_seen_ms,"             \
	" last_seen_ms, severity, muted AS \"muted:bool\", state"
#define CHANGE_FILTER                                                                                                  \
	OF_AUDIT                                                                                                       \
	" AND (:from IS NULL OR at_ms >= :from) AND (:kind IS NULL OR kind = :kind) AND (:text IS NULL OR"             \
	" instr(lower(ifnull(target, '') || ' ' || ifnull(old, '') || ' ' || ifnull(new, '')), lower(:text)))"

/* One question after the other, wrapped at words. */
// clang-format off
const char *const cp_store_questions[CP_ASK_METRIC_RUNS] = {
        [CP_ASK_VERSION] =
                "PRAGMA data_version",
        [CP_ASK_TOTALS] =
                "SELECT count(*) AS runs, min(run) AS first_run, max(run) AS last_run FROM runs",
        [CP_ASK_AGENTS] =
                "SELECT DISTINCT agent FROM runs ORDER BY agent",
        [CP_ASK_AUDIT_LAST] =
                "SELECT max(run) FROM runs WHERE audit = :audit",
        [CP_ASK_AUDITS] =
                "SELECT audit AS name, NULL AS interval_s, max(run) AS last_run, NULL AS next_ms, CASE WHEN ended_ms"
                " IS NULL THEN 'unfinished' ELSE end_reason END AS state, agent FROM runs GROUP BY audit ORDER BY audit",
        [CP_ASK_FIND_RUN] =
                "SELECT agent, run, ended_ms IS NOT NULL AS ended, audit FROM runs WHERE " OF_AUDIT " AND (:run IS"
                " NULL OR run = :run) AND (:to IS NULL OR started_ms < :to) ORDER BY ended_ms IS NULL, run DESC, agent"
                " LIMIT 1",
        [CP_ASK_RUNS] =
                "SELECT " RUN_COLUMNS " FROM runs WHERE " OF_AUDIT " ORDER BY run DESC, agent LIMIT :limit OFFSET"
                " :offset",
        [CP_ASK_N_RUNS] =
                "SELECT count(*) FROM runs WHERE " OF_AUDIT,
        [CP_ASK_RUN] =
                "SELECT " RUN_COLUMNS ", command, version, host, error, exit_status, vantage_asn, vantage_why,"
                " home_spec, datapath, rate_pps, flows, seed, n_complete, n_hops, n_hops_seen, " JSON("databases")
                " AS \"databases:json\", " JSON("settings") " AS \"settings:json\", " JSON("accounting") " AS"
                " \"accounting:json\" FROM runs WHERE agent = :agent AND run = :run",
        [CP_ASK_WARNINGS] =
                "SELECT code, text FROM warnings WHERE agent = :agent AND run = :run ORDER BY seq LIMIT 5000",
        [CP_ASK_TARGETS] =
                "SELECT t.seq, t.name, t.port, t.protocol, t.\"group\", t.expect, t.dns, t.verdict, t.skip_reason, "
                DECISIVE("t", "confidence") " AS confidence, " DECISIVE("t", "as_path") " AS \"as_path:steps\", "
                EXITS("t") " AS \"exits:json\", t.n_dests, t.n_paths, " DEST_RTT("t") " AS dest_rtt_us, "
                E2E("t") " AS \"e2e:json\", " JSON("t.cname") " AS \"cname:json\", " JSON("t.addresses") " AS \"addresses:json\", "
                DECISIVE("t", "reasons") " AS \"reasons:list\", c.at_ms AS changed_ms FROM targets AS t LEFT JOIN"
                " (SELECT target, port, protocol, max(at_ms) AS at_ms FROM changes WHERE agent = :agent AND run <="
                " :run AND state IS NOT 'settled' GROUP BY target, port, protocol) AS c ON c.target = t.name AND c.port IS t.port AND c.protocol"
                " IS t.protocol WHERE " TARGET_FILTER " ORDER BY t.seq LIMIT :limit OFFSET :offset",
        [CP_ASK_N_TARGETS] =
                "SELECT count(*) FROM targets AS t WHERE " TARGET_FILTER,
        [CP_ASK_GROUPS] =
                "SELECT t.\"group\", " VERDICTS " AS \"verdicts:json\", count(*) AS n_targets FROM targets AS t WHERE "
                OF_RUN " GROUP BY t.\"group\" ORDER BY t.\"group\"",
        [CP_ASK_PATHS] =
                "SELECT p.seq, dest_ip, dest_asn, dest_as_name, service_tag, flow, verdict, confidence, rule, reasons"
                " AS \"reasons:list\", as_path AS \"as_path:steps\", CASE WHEN exit_ttl_min IS NOT NULL OR"
                " exit_ttl_max IS NOT NULL THEN json_object('ttl_min', exit_ttl_min, 'ttl_max', exit_ttl_max,"
                " 'last_home', CASE WHEN exit_ip IS NOT NULL THEN json_object('ip', exit_ip, 'ptr', exit_ptr, 'site',"
                " exit_site) END, 'first_foreign', CASE WHEN foreign_ip IS NOT NULL OR foreign_asn IS NOT NULL OR"
                " foreign_ixp IS NOT NULL THEN json_object('ip', foreign_ip, 'asn', foreign_asn, 'as_name',"
                " foreign_as_name, 'ixp', foreign_ixp) END, 'rtt_us', exit_rtt_us) END AS \"exit:json\", reached AS"
                " \"reached:bool\", end_reason, end_code, dest_rtt_us, n_hops, n_hops_seen, probes, tcp_method,"
                " sack_fallback, " JSON("p.e2e") " AS \"e2e:json\" FROM paths AS p INDEXED BY paths_by_target WHERE agent = :agent AND run = :run AND"
                " target = :seq ORDER BY p.seq LIMIT :limit",
        [CP_ASK_HOPS] =
                "SELECT ttl, ip, h.asn, a.name AS as_name, ixp, ptr, site, role, rtt_us, reply, icmp_type, icmp_code,"
                " reply_ttl, quoted_ttl, " JSON("mpls") " AS \"mpls:json\", attempts, flags AS \"flags:list\", ip IS"
                " NULL AS \"silent:bool\", instr(',' || ifnull(flags, '') || ',', ',inferred,') > 0 AS"
                " \"inferred:bool\" FROM hops AS h LEFT JOIN ases AS a ON a.agent = h.agent AND a.run = h.run AND"
                " a.asn = h.asn WHERE h.agent = :agent AND h.run = :run AND path = :path ORDER BY ttl",
        [CP_ASK_FLOW_NODES] =
                FLOW "SELECT g AS id, 'group' AS kind, max(g_label) AS label, NULL AS asn FROM f GROUP BY g UNION ALL"
                " SELECT x, CASE x WHEN 'stay' THEN 'stay' ELSE 'exit' END, max(x_label), max(x_asn) FROM f GROUP BY x"
                " UNION ALL SELECT d, 'dest', max(d_label), max(d_asn) FROM f GROUP BY d",
        [CP_ASK_FLOW_LINKS] =
                FLOW "SELECT g AS source, x AS target, count(*) AS paths, " VERDICTS " AS \"verdicts:json\" FROM f GROUP"
                " BY g, x UNION ALL SELECT x, d, count(*), " VERDICTS " FROM f GROUP BY x, d",
        [CP_ASK_EGRESS] =
                "SELECT role, asn, as_name, ixp, paths, dests, targets, \"groups\", exit_routers, " JSON("exit_sites")
                " AS \"exit_sites:json\", handover_p50_us, handover_p95_us, handover_p99_us, cold_share_pct, replies,"
                " probes, unanswered FROM egress WHERE agent = :agent AND run = :run ORDER BY seq",
        [CP_ASK_FLOW_HISTORY] =
                "SELECT r.run, r.agent, r.started_ms, (SELECT json_group_array(json_object('asn', asn, 'as_name', as_name,"
                " 'ixp', ixp, 'paths', paths)) FROM egress AS e WHERE e.agent = r.agent AND e.run = r.run AND e.role ="
                " 'exit') AS \"exits:json\", (SELECT count(*) FROM paths AS p WHERE p.agent = r.agent AND p.run ="
                " r.run AND p.verdict = 'inside') AS inside, r.n_paths AS total FROM runs AS r WHERE " OF_AUDIT " AND"
                " (:from IS NULL OR started_ms >= :from) AND (:to IS NULL OR started_ms < :to) ORDER BY r.run DESC,"
                " r.agent LIMIT :limit",
        [CP_ASK_TARGET_HISTORY] =
                "SELECT t.run, t.agent, r.started_ms, t.verdict, " DECISIVE("t", "confidence") " AS confidence, "
                DECISIVE("t", "as_path") " AS \"as_path:steps\", " EXITS("t") " AS \"exits:json\", " DEST_RTT("t")
                " AS dest_rtt_us, t.seq, r.audit, " E2E("t") " AS \"e2e:json\" FROM targets AS t JOIN runs AS r ON r.agent = t.agent AND r.run ="
                " t.run WHERE t.name = :name AND (:port IS NULL OR t.port = :port) AND (:protocol IS NULL OR"
                " t.protocol = :protocol) AND (:agent IS NULL OR t.agent = :agent) AND (:audit IS NULL OR r.audit ="
                " :audit) ORDER BY t.run DESC, t.seq LIMIT :limit",
        [CP_ASK_HEATMAP_RUNS] =
                "SELECT run, agent, started_ms, audit FROM runs WHERE " OF_AUDIT " ORDER BY run DESC, agent LIMIT :limit",
        [CP_ASK_HEATMAP_CELLS] =
                "WITH r AS (SELECT agent, run, row_number() OVER (ORDER BY run DESC, agent) - 1 AS at FROM runs WHERE "
                OF_AUDIT " ORDER BY run DESC, agent LIMIT :limit) SELECT t.name, t.port, t.protocol, t.\"group\","
                " r.at, CASE t.verdict WHEN 'inside' THEN 'i' WHEN 'direct' THEN 'd' WHEN 'undecided' THEN 'u' WHEN"
                " 'transit' THEN 't' WHEN 'detour' THEN 'x' ELSE '.' END AS cell FROM r JOIN targets AS t ON t.agent ="
                " r.agent AND t.run = r.run WHERE (:group IS NULL OR t.\"group\" = :group) ORDER BY t.name, t.port,"
                " t.protocol, r.at",
        [CP_ASK_AS_NAME] =
                "SELECT coalesce((SELECT name FROM ases WHERE agent = :agent AND run = :run AND asn = :asn), (SELECT"
                " as_name FROM egress WHERE agent = :agent AND run = :run AND asn = :asn LIMIT 1))",
        [CP_ASK_AS_ROLES] =
                "SELECT role, paths, targets, cold_share_pct FROM egress WHERE agent = :agent AND run = :run AND asn ="
                " :asn ORDER BY seq",
        [CP_ASK_AS_HANDOVERS] =
                "SELECT from_asn, from_label AS from_name, to_asn, to_label AS to_name, paths, dests, rtt_p50_us FROM"
                " edges WHERE agent = :agent AND run = :run AND (from_asn = :asn OR to_asn = :asn) ORDER BY paths"
                " DESC, seq LIMIT 5000",
        [CP_ASK_AS_SITES] =
                "SELECT exit_site AS site, count(*) AS paths FROM paths WHERE agent = :agent AND run = :run AND"
                " foreign_asn = :asn AND exit_site IS NOT NULL GROUP BY exit_site ORDER BY 2 DESC, 1",
        [CP_ASK_AS_TARGETS] =
                "SELECT t.seq, t.name, t.port, t.protocol, t.\"group\", t.verdict FROM targets AS t WHERE " OF_RUN
                " AND EXISTS (SELECT 1 FROM " PATHS_OF("t") " AND (p.foreign_asn = :asn OR p.dest_asn = :asn OR"
                " instr(' ' || p.as_path || ' ', ' ' || :asn || ' '))) ORDER BY t.seq LIMIT 5000",
        [CP_ASK_AS_HISTORY] =
                "SELECT r.run, r.agent, r.started_ms, max(e.paths) AS paths FROM runs AS r JOIN egress AS e ON e.agent ="
                " r.agent AND e.run = r.run WHERE e.asn = :asn AND r.agent = :agent AND (:audit IS NULL OR r.audit ="
                " :audit) GROUP BY r.run ORDER BY r.run DESC LIMIT :limit",
        [CP_ASK_COMPARE_TARGETS] =
                "WITH pairs AS MATERIALIZED (SELECT x.seq AS a_seq, y.seq AS b_seq FROM targets AS x LEFT JOIN targets"
                " AS y INDEXED BY targets_by_name ON y.agent = :agent_b AND y.run = :run_b AND " SAME_TARGET " WHERE"
                " x.agent = :agent AND x.run = :run UNION ALL SELECT NULL, y.seq FROM targets AS y WHERE y.agent ="
                " :agent_b AND y.run = :run_b AND NOT EXISTS (SELECT 1 FROM targets AS x INDEXED BY targets_by_name"
                " WHERE x.agent = :agent AND x.run = :run AND " SAME_TARGET ")) SELECT ifnull(a.name, b.name) AS name,"
                " ifnull(a.port, b.port) AS port, ifnull(a.protocol, b.protocol) AS protocol, ifnull(b.\"group\","
                " a.\"group\") AS \"group\", " SIDE("a") SIDE("b") "a.seq IS NULL OR b.seq IS NULL OR a.verdict IS NOT"
                " b.verdict OR " EXIT_SET("a") " IS NOT " EXIT_SET("b") " OR " HEARD("a") " IS NOT " HEARD("b") " AS"
                " \"changed:bool\", ifnull(" RANK("b.verdict") " > " RANK("a.verdict") ", 0) AS \"worse:bool\" FROM"
                " pairs LEFT JOIN targets AS a ON a.agent = :agent AND a.run = :run AND a.seq = pairs.a_seq LEFT JOIN"
                " targets AS b ON b.agent = :agent_b AND b.run = :run_b AND b.seq = pairs.b_seq ORDER BY"
                " ifnull(pairs.b_seq, pairs.a_seq)",
        [CP_ASK_COMPARE_EXITS] =
                "SELECT asn, max(as_name) AS as_name, ixp, sum(CASE side WHEN 'a' THEN paths ELSE 0 END) AS a_paths,"
                " sum(CASE side WHEN 'b' THEN paths ELSE 0 END) AS b_paths FROM (SELECT 'a' AS side, asn, as_name,"
                " ixp, paths FROM egress WHERE agent = :agent AND run = :run AND role = 'exit' UNION ALL SELECT 'b',"
                " asn, as_name, ixp, paths FROM egress WHERE agent = :agent_b AND run = :run_b AND role = 'exit')"
                " GROUP BY asn, ixp ORDER BY max(a_paths, b_paths) DESC, asn",
        [CP_ASK_CHANGES] =
                "SELECT " CHANGE_COLUMNS " FROM changes WHERE " CHANGE_FILTER " ORDER BY at_ms DESC, seq DESC, agent"
                " LIMIT :limit OFFSET :offset",
        [CP_ASK_N_CHANGES] =
                "SELECT count(*) FROM changes WHERE " CHANGE_FILTER,
        [CP_ASK_LAST_END] =
                "SELECT max(ended_ms) FROM runs",
        [CP_ASK_ENDED_RUNS] =
                "SELECT run, audit, agent, ended_ms FROM runs WHERE ended_ms > :from ORDER BY ended_ms LIMIT :limit",
        [CP_ASK_LAST_CHANGE] =
                "SELECT at_ms, seq FROM changes ORDER BY at_ms DESC, seq DESC LIMIT 1",
        [CP_ASK_NEW_CHANGES] =
                "SELECT " CHANGE_COLUMNS " FROM changes WHERE at_ms >= :from AND (at_ms, seq) > (:from, :seq) ORDER BY"
                " at_ms, seq LIMIT :limit",
};
// clang-format on
