// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * run_records.c: the records of a run other than "path". Owns the lists that
 * they point to while a sink looks at them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/grow.h"
#include "run_impl.h"

/*
 * What a record does not say is unknown: all 64-bit numbers of a table. The others are 0, which they are never said
 * to be.
 */
static void forget(const struct cp_field *table, size_t n, void *out)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].kind == CP_FIELD_UINT && table[i].size == sizeof(uint64_t))
			memset((char *)out + table[i].offset, 0xff, sizeof(uint64_t));
	}
}
_Static_assert(CP_RUN_UNKNOWN == UINT64_MAX, "unknown is all ones");

/* ---- start ---- */

static int read_vantage(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_UINT, "asn", struct cp_run_work, start.vantage_asn),
	        CP_FIELD(CP_FIELD_STRING, "why", struct cp_run_work, start.vantage_why),
	};

	return cp_fields_object(fields, table, CP_COUNT(table), out);
}

static int read_asn(struct cp_fields *fields, void *out)
{
	struct cp_run_work *work = out;
	uint64_t asn;
	int rc = cp_fields_uint(fields, UINT32_MAX, &asn);

	rc = rc ? rc : cp_grow(&work->asns, &work->asns_cap, work->start.n_home_asns, sizeof(*work->asns));
	if (rc == 0)
		work->asns[work->start.n_home_asns++] = (uint32_t)asn;
	return rc;
}

static int read_asns(struct cp_fields *fields, void *out)
{
	((struct cp_run_work *)out)->start.n_home_asns = 0;
	return cp_fields_array(fields, read_asn, out);
}

static int read_home(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_STRING, "spec", struct cp_run_work, start.home_spec),
	        CP_FIELD_READ("asns", read_asns),
	};

	return cp_fields_object(fields, table, CP_COUNT(table), out);
}

static int read_database(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_STRING, "layer", struct cp_run_database, layer),
	        CP_FIELD(CP_FIELD_STRING, "name", struct cp_run_database, name),
	        CP_FIELD(CP_FIELD_STRING, "database_type", struct cp_run_database, type),
	        CP_FIELD(CP_FIELD_UINT, "rows", struct cp_run_database, n_rows),
	        CP_FIELD(CP_FIELD_UINT, "built_at_s", struct cp_run_database, built_at_s),
	        CP_FIELD(CP_FIELD_UINT, "age_days", struct cp_run_database, age_days),
	};
	struct cp_run_work *work = out;
	struct cp_run_database *database;
	int rc = cp_grow(&work->databases, &work->databases_cap, work->start.n_databases, sizeof(*work->databases));

	if (rc)
		return rc;
	database = &work->databases[work->start.n_databases++];
	*database = (struct cp_run_database){0};
	forget(table, CP_COUNT(table), database);
	return cp_fields_object(fields, table, CP_COUNT(table), database);
}

static int read_databases(struct cp_fields *fields, void *out)
{
	((struct cp_run_work *)out)->start.n_databases = 0;
	return cp_fields_array(fields, read_database, out);
}

static int read_interfaces(struct cp_fields *fields, void *out)
{
	return cp_run_read_strings(fields, &((struct cp_run_work *)out)->start.interfaces);
}

int cp_run_read_start(struct cp_run_work *work)
{
#define START(kind, key, member) CP_FIELD(kind, key, struct cp_run_work, start.member)
	static const struct cp_field table[] = {
	        START(CP_FIELD_STRING, "version", version),
	        START(CP_FIELD_STRING, "command", command),
	        START(CP_FIELD_UINT, "wall_ms", wall_ms),
	        START(CP_FIELD_UINT, "mono_ns", mono_ns),
	        START(CP_FIELD_STRING, "host", host),
	        START(CP_FIELD_STRING, "agent", agent),
	        START(CP_FIELD_STRING, "audit", audit),
	        START(CP_FIELD_STRING, "datapath", datapath),
	        START(CP_FIELD_STRING, "datapath_why", datapath_why),
	        CP_FIELD_READ("interfaces", read_interfaces),
	        START(CP_FIELD_UINT, "rate_pps", rate_pps),
	        START(CP_FIELD_UINT, "senders", n_senders),
	        START(CP_FIELD_UINT, "first_ttl", first_ttl),
	        START(CP_FIELD_UINT, "max_ttl", max_ttl),
	        START(CP_FIELD_UINT, "attempts", attempts),
	        START(CP_FIELD_UINT, "timeout_ms", timeout_ms),
	        START(CP_FIELD_UINT, "flows", n_flows),
	        START(CP_FIELD_UINT, "e2e", n_e2e),
	        START(CP_FIELD_UINT, "e2e_interval_ms", e2e_interval_ms),
	        START(CP_FIELD_STRING, "tcp_method", tcp_method),
	        START(CP_FIELD_UINT, "seed", seed),
	        START(CP_FIELD_STRING, "resolver", resolver),
	        CP_FIELD_READ("vantage", read_vantage),
	        CP_FIELD_READ("home", read_home),
	        CP_FIELD_READ("databases", read_databases),
	        START(CP_FIELD_UINT, "targets", n_targets),
	        START(CP_FIELD_UINT, "destinations", n_dests),
	};
#undef START
	struct cp_run_start *start = &work->start;
	int rc;

	*start = (struct cp_run_start){0};
	forget(table, CP_COUNT(table), work);
	rc = cp_fields_read(&work->fields, table, CP_COUNT(table), work);
	start->home_asns = work->asns;
	start->databases = work->databases;
	return rc;
}

/* ---- target ---- */

static int read_target(struct cp_fields *fields, void *out)
{
	return cp_run_read_target_object(fields, &((struct cp_run_target_end *)out)->target);
}

static int read_cname(struct cp_fields *fields, void *out)
{
	return cp_run_read_strings(fields, &((struct cp_run_target_end *)out)->cname);
}

static int read_addresses(struct cp_fields *fields, void *out)
{
	return cp_run_read_strings(fields, &((struct cp_run_target_end *)out)->addresses);
}

static int read_verdict(struct cp_fields *fields, void *out)
{
	return cp_run_read_verdict(fields, &((struct cp_run_target_end *)out)->verdict);
}

int cp_run_read_target(struct cp_run_work *work)
{
	static const struct cp_field table[] = {
	        CP_FIELD_READ("target", read_target),
	        CP_FIELD(CP_FIELD_STRING, "expect", struct cp_run_target_end, expect),
	        CP_FIELD(CP_FIELD_STRING, "dns", struct cp_run_target_end, dns),
	        CP_FIELD_READ("cname", read_cname),
	        CP_FIELD_READ("addresses", read_addresses),
	        CP_FIELD(CP_FIELD_UINT, "destinations", struct cp_run_target_end, n_dests),
	        CP_FIELD_READ("verdict", read_verdict),
	        CP_FIELD(CP_FIELD_STRING, "skip_reason", struct cp_run_target_end, skip_reason),
	};
	struct cp_run_target_end *target = &work->target;

	memset(target, 0, sizeof(*target));
	forget(table, CP_COUNT(table), target);
	target->verdict = -1;
	return cp_fields_read(&work->fields, table, CP_COUNT(table), target);
}

/* ---- accounting ---- */

#define ACCOUNT(key, member) CP_FIELD(CP_FIELD_UINT, key, struct cp_run_accounting, member)

static int read_rejected(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        ACCOUNT("token", rejected_token),
	        ACCOUNT("dest", rejected_dest),
	        ACCOUNT("unsent", rejected_unsent),
	        ACCOUNT("flags", rejected_flags),
	        ACCOUNT("short", rejected_short),
	};

	return cp_fields_object(fields, table, CP_COUNT(table), out);
}

static int read_accounting(struct cp_fields *fields, struct cp_run_accounting *accounting)
{
	static const struct cp_field table[] = {
	        ACCOUNT("attempted", attempted),
	        ACCOUNT("transmitted", transmitted),
	        ACCOUNT("tx_errors", tx_errors),
	        ACCOUNT("blocked", blocked),
	        ACCOUNT("over_budget", over_budget),
	        ACCOUNT("replied", replied),
	        ACCOUNT("timed_out", timed_out),
	        ACCOUNT("matched", matched),
	        ACCOUNT("duplicates", duplicates),
	        ACCOUNT("late", late),
	        CP_FIELD_READ("rejected", read_rejected),
	        ACCOUNT("lost", lost),
	        ACCOUNT("resets_sent", resets_sent),
	        ACCOUNT("acks_sent", acks_sent),
	        ACCOUNT("connections_opened", connections_opened),
	        ACCOUNT("connections_closed", connections_closed),
	        ACCOUNT("probing_ns", probing_ns),
	        ACCOUNT("e2e_attempted", e2e_attempted),
	        ACCOUNT("e2e_replied", e2e_replied),
	        ACCOUNT("e2e_timed_out", e2e_timed_out),
	        ACCOUNT("e2e_unsent", e2e_unsent),
	        ACCOUNT("e2e_late", e2e_late),
	        ACCOUNT("total_ns", total_ns),
	        ACCOUNT("targets", n_targets),
	        ACCOUNT("unresolved", n_unresolved),
	        ACCOUNT("skipped", n_skipped),
	        ACCOUNT("destinations", n_dests),
	        ACCOUNT("paths", n_paths),
	        ACCOUNT("complete_paths", n_complete),
	        ACCOUNT("hops", n_hops),
	        ACCOUNT("hops_seen", n_hops_seen),
	};

	return cp_fields_object(fields, table, CP_COUNT(table), accounting);
}

/* All of its members are 64-bit numbers. */
static void forget_accounting(struct cp_run_accounting *accounting)
{
	memset(accounting, 0xff, sizeof(*accounting));
}

/* ---- summary ---- */

static int read_verdicts(struct cp_fields *fields, void *out)
{
#define VERDICT(key, index) CP_FIELD(CP_FIELD_UINT, key, struct cp_run_work, summary.verdicts[index])
	static const struct cp_field table[] = {
	        VERDICT("inside", CP_INSIDE),
	        VERDICT("direct", CP_DIRECT),
	        VERDICT("undecided", CP_UNDECIDED),
	        VERDICT("transit", CP_TRANSIT),
	        VERDICT("detour", CP_DETOUR),
	};
#undef VERDICT

	return cp_fields_object(fields, table, CP_COUNT(table), out);
}

int cp_run_read_percent(struct cp_fields *fields, double max, uint64_t *ret_hundredths)
{
	double percent;

	if (!cp_pull_double(&fields->pull, &percent) || percent < 0 || percent > max)
		return cp_fields_refuse(fields, "a percentage is wanted");
	*ret_hundredths = (uint64_t)(percent * 100 + 0.5);
	return 0;
}

static int read_share(struct cp_fields *fields, void *out)
{
	return cp_run_read_percent(fields, 1e9, &((struct cp_run_egress *)out)->share_hundredths);
}

static int read_loss(struct cp_fields *fields, void *out)
{
	return cp_run_read_percent(fields, 100, &((struct cp_run_egress *)out)->loss_hundredths);
}

static int read_site(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_STRING, "place", struct cp_run_site, place),
	        CP_FIELD(CP_FIELD_UINT, "paths", struct cp_run_site, n_paths),
	};
	struct cp_run_egress *row = out;
	struct cp_run_site site = {.n_paths = CP_RUN_UNKNOWN};
	int rc = cp_fields_object(fields, table, CP_COUNT(table), &site);

	if (rc == 0 && row->n_sites < CP_RUN_SITES_MAX)
		row->sites[row->n_sites++] = site;
	return rc;
}

static int read_sites(struct cp_fields *fields, void *out)
{
	((struct cp_run_egress *)out)->n_sites = 0;
	return cp_fields_array(fields, read_site, out);
}

static int read_egress(struct cp_fields *fields, void *out)
{
#define EGRESS(kind, key, member) CP_FIELD(kind, key, struct cp_run_egress, member)
	static const struct cp_field table[] = {
	        EGRESS(CP_FIELD_STRING, "role", role),
	        EGRESS(CP_FIELD_UINT, "asn", asn),
	        EGRESS(CP_FIELD_STRING, "as_name", as_name),
	        EGRESS(CP_FIELD_STRING, "ixp", ixp),
	        EGRESS(CP_FIELD_UINT, "paths", n_paths),
	        EGRESS(CP_FIELD_UINT, "destinations", n_dests),
	        EGRESS(CP_FIELD_UINT, "targets", n_targets),
	        EGRESS(CP_FIELD_UINT, "groups", n_groups),
	        EGRESS(CP_FIELD_UINT, "replies", n_replies),
	        EGRESS(CP_FIELD_UINT, "probes", n_probes),
	        CP_FIELD_READ("loss_pct", read_loss),
	        CP_FIELD_READ("exit_sites", read_sites),
	        CP_FIELD_READ("share_pct", read_share),
	        EGRESS(CP_FIELD_UINT, "exit_routers", n_exit_routers),
	        EGRESS(CP_FIELD_UINT, "handover_p50_us", handover_p50_us),
	        EGRESS(CP_FIELD_UINT, "handover_p95_us", handover_p95_us),
	        EGRESS(CP_FIELD_UINT, "handover_p99_us", handover_p99_us),
	        EGRESS(CP_FIELD_UINT, "cold_share_pct", cold_share_pct),
	};
#undef EGRESS
	struct cp_run_work *work = out;
	struct cp_run_egress *row;
	int rc = cp_grow(&work->egress, &work->egress_cap, work->summary.n_egress, sizeof(*work->egress));

	if (rc)
		return rc;
	row = &work->egress[work->summary.n_egress++];
	*row = (struct cp_run_egress){.share_hundredths = CP_RUN_UNKNOWN, .loss_hundredths = CP_RUN_UNKNOWN};
	forget(table, CP_COUNT(table), row);
	return cp_fields_object(fields, table, CP_COUNT(table), row);
}

static int read_all_egress(struct cp_fields *fields, void *out)
{
	((struct cp_run_work *)out)->summary.n_egress = 0;
	return cp_fields_array(fields, read_egress, out);
}

static int read_summary_accounting(struct cp_fields *fields, void *out)
{
	return read_accounting(fields, &((struct cp_run_work *)out)->summary.accounting);
}

int cp_run_read_summary(struct cp_run_work *work)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_UINT, "paths", struct cp_run_work, summary.n_paths),
	        CP_FIELD_READ("verdicts", read_verdicts),
	        CP_FIELD_READ("egress", read_all_egress),
	        CP_FIELD_READ("accounting", read_summary_accounting),
	};
	struct cp_run_summary *summary = &work->summary;
	int rc;

	*summary = (struct cp_run_summary){.n_paths = CP_RUN_UNKNOWN};
	for (int i = 0; i < CP_VERDICTS; i++)
		summary->verdicts[i] = CP_RUN_UNKNOWN;
	forget_accounting(&summary->accounting);
	rc = cp_fields_read(&work->fields, table, CP_COUNT(table), work);
	summary->egress = work->egress;
	return rc;
}

/* ---- warning, end ---- */

int cp_run_read_warning(struct cp_run_work *work)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_STRING, "code", struct cp_run_warning, code),
	        CP_FIELD(CP_FIELD_STRING, "text", struct cp_run_warning, text),
	};

	work->warning = (struct cp_run_warning){0};
	return cp_fields_read(&work->fields, table, CP_COUNT(table), &work->warning);
}

static int read_status(struct cp_fields *fields, void *out)
{
	double status;

	/* Small, and perhaps negative. */
	if (!cp_pull_double(&fields->pull, &status) || status < INT32_MIN || status > INT32_MAX ||
	        status != (double)(int32_t)status)
		return cp_fields_refuse(fields, "a whole number is wanted");
	((struct cp_run_end *)out)->exit_status = (int64_t)status;
	return 0;
}

static int read_end_accounting(struct cp_fields *fields, void *out)
{
	return read_accounting(fields, &((struct cp_run_end *)out)->accounting);
}

int cp_run_read_end(struct cp_run_work *work)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_STRING, "reason", struct cp_run_end, reason),
	        CP_FIELD(CP_FIELD_STRING, "error", struct cp_run_end, error),
	        CP_FIELD_READ("exit_status", read_status),
	        CP_FIELD_READ("accounting", read_end_accounting),
	};

	work->end = (struct cp_run_end){.exit_status = INT64_MIN};
	forget_accounting(&work->end.accounting);
	return cp_fields_read(&work->fields, table, CP_COUNT(table), &work->end);
}
