// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report.c: after probing: every path judged, every target summed up from
 * its destinations, per-AS statistics, and all of it handed to the outputs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"

struct report {
	struct cp_audit *audit;
	struct cp_egress *egress;
	uint64_t verdicts[CP_VERDICTS];
	uint64_t n_per_packet; /* paths */
	uint64_t n_limited[CP_TTL_MAX + 1], n_inferred[CP_TTL_MAX + 1]; /* hops, by TTL */
	struct cp_path path; /* large: kept off the stack */
	struct cp_judgement judgement;
};

static void count_coverage(struct cp_audit *audit, uint32_t number, const struct cp_path *path)
{
	struct cp_accounting *acc = &audit->accounting;

	acc->n_paths++;
	acc->n_complete += cp_sweep_path_complete(audit->sweep, number);
	acc->n_hops += path->n_hops;
	for (uint32_t i = 0; i < path->n_hops; i++)
		acc->n_hops_seen += path->hops[i].kind != CP_REPLY_NONE;
}

static void count_limited(struct report *report)
{
	for (uint32_t i = 0; i < report->path.n_hops; i++) {
		const struct cp_hop *hop = &report->path.hops[i];

		report->n_limited[hop->ttl] += (hop->flags & CP_HOP_LIMITED) != 0;
		report->n_inferred[hop->ttl] += (hop->flags & CP_HOP_INFERRED) != 0;
	}
}

static void warn_limited(struct report *report)
{
	char router[CP_ADDR_STRLEN];
	struct cp_addr addr;

	for (uint32_t ttl = 1; ttl <= CP_TTL_MAX; ttl++) {
		if (!report->n_limited[ttl] || !cp_sweep_limited(report->audit->sweep, ttl, &addr))
			continue;
		cp_outputs_warn(report->audit, "rate-limited",
		        "routers at TTL %u (%s) limit their answers: of %llu hops not seen there, %llu are inferred "
		        "from paths with the same neighbours",
		        ttl, cp_addr_format(&addr, router), (unsigned long long)report->n_limited[ttl],
		        (unsigned long long)report->n_inferred[ttl]);
	}
}

static void warn_per_packet(struct report *report)
{
	if (!report->n_per_packet)
		return;
	cp_outputs_warn(report->audit, "per-packet",
	        "%llu of %llu paths pass routers that spread the packets of one flow over several ways: their hops are "
	        "not "
	        "of one way, and links between them may not exist",
	        (unsigned long long)report->n_per_packet, (unsigned long long)report->audit->accounting.n_paths);
}

static int report_path(struct report *report, uint32_t target_index, const struct cp_probe_dest *dest, uint32_t flow)
{
	struct cp_audit *audit = report->audit;
	const struct cp_target *target = &audit->targets.items[target_index];
	const struct cp_answer *answer = cp_audit_answer(audit, target);
	uint32_t number = dest->index * audit->opts->n_flows + flow;
	struct cp_verdict_input input = {
	        .path = &report->path,
	        .dest = &dest->addr,
	        .cname = (const char *const *)answer->cname,
	        .n_cname = answer->n_cname,
	        .vantage = audit->vantage,
	        .home = &audit->home,
	        .asdb = audit->asdb,
	        .replies_lost = audit->replies_lost || cp_follow_doubts(audit, dest),
	};
	struct cp_rec_path rec = {
	        .target = target,
	        .answer = answer,
	        .dest = dest->addr,
	        .path = &report->path,
	        .judgement = &report->judgement,
	        .asdb = audit->asdb,
	};

	cp_sweep_path(audit->sweep, number, &report->path);
	if (!report->path.reached && strcmp(audit->end_reason, "done") != 0 &&
	        !cp_sweep_path_complete(audit->sweep, number))
		report->path.end = CP_END_INTERRUPTED;
	cp_connections_describe(audit, dest, &report->path, &rec);
	input.sack_unavailable = audit->opts->tcp_method == CP_METHOD_SACK && rec.sack_fallback;
	cp_judge(&input, &report->judgement);
	if (dest->route_changed) {
		report->judgement.reasons |= 1u << CP_WHY_ROUTE_CHANGED;
		report->judgement.confidence = CP_CONF_LOW;
	}
	cp_outputs_path(audit, &rec);
	count_coverage(audit, number, &report->path);
	count_limited(report);
	report->n_per_packet += report->path.per_packet;
	return cp_egress_add(report->egress, target_index, &report->path, &report->judgement, &audit->home);
}

static int report_target(struct report *report, uint32_t index)
{
	struct cp_audit *audit = report->audit;
	const struct cp_target *target = &audit->targets.items[index];
	struct cp_rec_target rec = {
	        .target = target,
	        .answer = cp_audit_answer(audit, target),
	        .verdict = CP_INSIDE,
	};

	if (rec.answer->n_addrs == 0) {
		rec.skip_reason = cp_dns_status_name(rec.answer->status);
		audit->accounting.n_unresolved++;
	}
	for (uint32_t d = audit->target_first[index]; d < audit->target_first[index + 1]; d++) {
		const struct cp_probe_dest *dest = &audit->dests[audit->target_dests[d]];

		audit->literal_addr = dest->addr; /* if it is one, it has this destination only */
		if (dest->skip) {
			rec.skip_reason = cp_skip_name(dest->skip);
			continue;
		}
		rec.n_dests++;
		for (uint32_t flow = 0; flow < audit->opts->n_flows; flow++) {
			int rc = report_path(report, index, dest, flow);

			if (rc)
				return rc;
			rec.verdict = cp_verdict_worse(rec.verdict, report->judgement.verdict);
		}
	}
	if (rec.n_dests)
		report->verdicts[rec.verdict]++;
	else if (rec.answer->n_addrs)
		audit->accounting.n_skipped++;
	cp_outputs_target(audit, &rec);
	return 0;
}

static int report_all(struct report *report)
{
	struct cp_audit *audit = report->audit;
	struct cp_rec_summary rec = {.asdb = audit->asdb};
	int rc = 0;

	for (uint32_t t = 0; t < audit->targets.n && rc == 0; t++)
		rc = report_target(report, t);
	warn_limited(report);
	warn_per_packet(report);
	rc = rc ? rc : cp_egress_rows(report->egress, &rec.egress, &rec.n_egress, &rec.n_paths);
	if (rc)
		return rc;
	audit->accounting.n_targets = audit->targets.n;
	audit->accounting.n_dests = audit->n_probed;
	audit->accounting.total_ns = cp_host_clock_mono_ns() - audit->start_ns;
	memcpy(rec.verdicts, report->verdicts, sizeof(rec.verdicts));
	rec.accounting = audit->accounting;
	cp_outputs_summary(audit, &rec);
	return 0;
}

int cp_audit_report(struct cp_audit *audit, struct cp_err *err)
{
	struct report *report = calloc(1, sizeof(*report));
	int rc = -ENOMEM;

	if (report) {
		report->audit = audit;
		rc = cp_egress_new(&report->egress);
	}
	if (rc == 0)
		rc = report_all(report);
	if (report)
		cp_egress_free(report->egress);
	free(report);
	return rc ? cp_err_set(err, rc, "not enough memory for the report") : 0;
}
