// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * report.c: after probing: every path judged, every target summed up from
 * its destinations, per-AS statistics, and all of it handed to the outputs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "audit_impl.h"
#include "gate.h"

struct report {
	struct cp_audit *audit;
	struct cp_egress *egress;
	uint64_t verdicts[CP_VERDICTS];
	uint64_t n_per_packet; /* paths */
	uint64_t n_limited[CP_TTL_MAX + 1], n_inferred[CP_TTL_MAX + 1]; /* hops, by TTL */
	/* Of the destination at hand, by flow: judged together, as they are large kept off the stack. */
	struct cp_path *paths;
	struct cp_judgement *judgements;
	struct cp_rec_path *records;
	struct cp_quality_stats e2e;
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

static void count_limited(struct report *report, const struct cp_path *path)
{
	for (uint32_t i = 0; i < path->n_hops; i++) {
		const struct cp_hop *hop = &path->hops[i];

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
	        "not of one way, and links between them may not exist",
	        (unsigned long long)report->n_per_packet, (unsigned long long)report->audit->accounting.n_paths);
}

/* Leaves the flow's path, judgement and record in the report. */
static void judge_flow(struct report *report, uint32_t target_index, const struct cp_probe_dest *dest, uint32_t flow)
{
	struct cp_audit *audit = report->audit;
	const struct cp_target *target = &audit->targets.items[target_index];
	const struct cp_answer *answer = cp_audit_answer(audit, target);
	uint32_t number = dest->index * audit->opts->n_flows + flow;
	struct cp_path *path = &report->paths[flow];
	struct cp_judgement *judgement = &report->judgements[flow];
	struct cp_rec_path *rec = &report->records[flow];
	struct cp_verdict_input input = {
	        .path = path,
	        .dest = &dest->addr,
	        .cname = (const char *const *)answer->cname,
	        .n_cname = answer->n_cname,
	        .vantage = audit->vantage,
	        .home = &audit->home,
	        .asdb = audit->asdb,
	        .replies_lost = audit->replies_lost || cp_follow_doubts(audit, dest),
	};

	*rec = (struct cp_rec_path){
	        .target = target,
	        .answer = answer,
	        .dest = dest->addr,
	        .path = path,
	        .judgement = judgement,
	        .asdb = audit->asdb,
	        .service_tag = cp_audit_service_tag(audit, &dest->addr),
	        .start = &audit->start,
	};
	cp_sweep_path(audit->sweep, number, path);
	cp_names_set(audit->names, path);
	if (!path->reached && strcmp(audit->end_reason, "done") != 0 && !cp_sweep_path_complete(audit->sweep, number))
		path->end = CP_END_INTERRUPTED;
	cp_connections_describe(audit, dest, path, rec);
	input.sack_unavailable = audit->opts->tcp_method == CP_METHOD_SACK && rec->sack_fallback;
	cp_judge(&input, judgement);
	if (dest->route_changed) {
		judgement->reasons |= 1u << CP_WHY_ROUTE_CHANGED;
		judgement->confidence = cp_reason_cap(CP_WHY_ROUTE_CHANGED);
	}
	count_coverage(audit, number, path);
	count_limited(report, path);
	report->n_per_packet += path->per_packet;
}

/* All flows of one destination, which is counted into its target's. */
static int report_dest(
        struct report *report, uint32_t target_index, const struct cp_probe_dest *dest, struct cp_combined *target)
{
	struct cp_audit *audit = report->audit;
	uint32_t n_flows = audit->opts->n_flows;
	const struct cp_quality_stats *e2e = cp_e2e_stats(audit, dest, &report->e2e);
	struct cp_combined combined;
	int rc = 0;

	for (uint32_t flow = 0; flow < n_flows; flow++) {
		judge_flow(report, target_index, dest, flow);
		report->records[flow].e2e = e2e;
	}
	cp_combine_flows(report->paths, report->judgements, n_flows, &audit->home, &combined);
	cp_combine_dest(target, &combined);
	for (uint32_t flow = 0; flow < n_flows && rc == 0; flow++) {
		cp_outputs_path(audit, &report->records[flow]);
		rc = cp_gate_path(audit->gate, &report->records[flow], audit->vantage.asn);
		if (rc)
			break;
		rc = cp_egress_add(
		        report->egress, target_index, &report->paths[flow], &report->judgements[flow], &audit->home);
	}
	return rc;
}

static int report_target(struct report *report, uint32_t index)
{
	struct cp_audit *audit = report->audit;
	const struct cp_target *target = &audit->targets.items[index];
	struct cp_combined combined = {0};
	struct cp_rec_target rec = {
	        .target = target,
	        .answer = cp_audit_answer(audit, target),
	        .asdb = audit->asdb,
	};

	cp_egress_group(report->egress, target->group);
	if (rec.answer->n_addrs == 0) {
		rec.skip_reason = cp_dns_status_name(rec.answer->status);
		audit->accounting.n_unresolved++;
	}
	for (uint32_t d = audit->target_first[index]; d < audit->target_first[index + 1]; d++) {
		const struct cp_probe_dest *dest = &audit->dests[audit->target_dests[d]];
		int rc;

		audit->literal_addr = dest->addr; /* if it is one, it has this destination only */
		if (dest->skip) {
			rec.skip_reason = cp_skip_name(dest->skip);
			continue;
		}
		rec.n_dests++;
		rc = report_dest(report, index, dest, &combined);
		if (rc)
			return rc;
	}
	rec.verdict = combined.verdict;
	rec.combined = rec.n_dests ? &combined : NULL;
	if (rec.n_dests)
		report->verdicts[rec.verdict]++;
	else if (rec.answer->n_addrs)
		audit->accounting.n_skipped++;
	cp_outputs_target(audit, &rec);
	cp_gate_target(audit->gate, &rec);
	return 0;
}

static int report_all(struct report *report)
{
	struct cp_audit *audit = report->audit;
	struct cp_rec_summary rec = {.asdb = audit->asdb};
	int rc = 0;

	for (uint32_t t = 0; t < audit->targets.n && rc == 0; t++) {
		rc = report_target(report, t);
		cp_audit_progress(audit);
	}
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
	cp_outputs_policies(audit);
	return 0;
}

static void free_report(struct report *report)
{
	if (!report)
		return;
	cp_egress_free(report->egress);
	free(report->paths);
	free(report->judgements);
	free(report->records);
	free(report);
}

static int new_report(struct cp_audit *audit, struct report **ret_report)
{
	struct report *report = calloc(1, sizeof(*report));
	uint32_t n_flows = audit->opts->n_flows;

	if (!report)
		return -ENOMEM;
	report->audit = audit;
	report->paths = calloc(n_flows, sizeof(*report->paths));
	report->judgements = calloc(n_flows, sizeof(*report->judgements));
	report->records = calloc(n_flows, sizeof(*report->records));
	if (!report->paths || !report->judgements || !report->records || cp_egress_new(&report->egress)) {
		free_report(report);
		return -ENOMEM;
	}
	*ret_report = report;
	return 0;
}

int cp_audit_report(struct cp_audit *audit, struct cp_err *err)
{
	struct report *report = NULL;
	int rc = new_report(audit, &report);

	rc = rc ? rc : report_all(report);
	free_report(report);
	return rc ? cp_err_set(err, rc, "not enough memory for the report") : 0;
}
