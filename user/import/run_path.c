// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * run_path.c: the record "path": a judged path with its hops, and the names
 * that stand in it back into numbers.
 */
#include <errno.h>
#include <string.h>

#include "core/target.h"
#include "run_impl.h"

/* ---- Names ---- */

int cp_run_read_verdict(struct cp_fields *fields, int8_t *ret_verdict)
{
	for (int i = 0; i < CP_VERDICTS; i++) {
		if (cp_fields_says(fields, cp_verdict_name(i))) {
			*ret_verdict = (int8_t)i;
			return 0;
		}
	}
	return cp_fields_refuse(fields, "not a verdict");
}

static int read_verdict(struct cp_fields *fields, void *out)
{
	return cp_run_read_verdict(fields, &((struct cp_run_path *)out)->verdict);
}

static int read_confidence(struct cp_fields *fields, void *out)
{
	struct cp_run_path *path = out;

	for (int i = 0; i <= CP_CONF_HIGH; i++) {
		if (cp_fields_says(fields, cp_confidence_name(i))) {
			path->confidence = (int8_t)i;
			return 0;
		}
	}
	return cp_fields_refuse(fields, "not a confidence");
}

static int read_rule(struct cp_fields *fields, void *out)
{
	for (int i = CP_RULE_NONE + 1; i < CP_RULES; i++) {
		if (cp_fields_says(fields, cp_rule_name(i)))
			((struct cp_run_path *)out)->rule = (int8_t)i;
	}
	return 0; /* rules are added: one that is not known here says nothing */
}

static int read_end(struct cp_fields *fields, void *out)
{
	struct cp_run_path *path = out;

	for (int i = 0; i <= CP_END_INTERRUPTED; i++) {
		if (cp_fields_says(fields, cp_end_name(i))) {
			path->end = (int8_t)i;
			return 0;
		}
	}
	return cp_fields_refuse(fields, "not an end of a path");
}

static int read_reason(struct cp_fields *fields, void *out)
{
	struct cp_run_path *path = out;

	if (fields->pull.kind != CP_PULL_STRING)
		return cp_fields_refuse(fields, "a string is wanted");
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (cp_pull_is(&fields->pull, cp_reason_name(i)))
			path->reasons |= 1u << i;
	}
	return 0;
}

static int read_reasons(struct cp_fields *fields, void *out)
{
	return cp_fields_array(fields, read_reason, out);
}

/* ---- Parts ---- */

static int read_one_string(struct cp_fields *fields, void *out)
{
	struct cp_run_strings *strings = out;

	if (fields->pull.kind != CP_PULL_STRING)
		return cp_fields_refuse(fields, "a string is wanted");
	if (strings->n == CP_RUN_STRINGS_MAX) {
		strings->n_left_out++;
		return 0;
	}
	strings->items[strings->n] = cp_fields_string(fields);
	return strings->items[strings->n++] ? 0 : -ENOMEM;
}

int cp_run_read_strings(struct cp_fields *fields, struct cp_run_strings *strings)
{
	strings->n = strings->n_left_out = 0;
	return cp_fields_array(fields, read_one_string, strings);
}

static int read_protocol(struct cp_fields *fields, void *out)
{
	struct cp_run_target *target = out;
	char name[8];

	if (fields->pull.kind != CP_PULL_STRING || cp_pull_room(&fields->pull) > sizeof(name))
		return cp_fields_refuse(fields, "not a protocol");
	cp_pull_unescape(&fields->pull, name);
	return cp_proto_parse(name, &target->proto) ? cp_fields_refuse(fields, "not a protocol") : 0;
}

int cp_run_read_target_object(struct cp_fields *fields, struct cp_run_target *target)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_STRING, "name", struct cp_run_target, name),
	        CP_FIELD(CP_FIELD_UINT, "port", struct cp_run_target, port),
	        CP_FIELD_READ("protocol", read_protocol),
	        CP_FIELD(CP_FIELD_STRING, "group", struct cp_run_target, group),
	};

	return cp_fields_object(fields, table, CP_COUNT(table), target);
}

static int read_target(struct cp_fields *fields, void *out)
{
	return cp_run_read_target_object(fields, &((struct cp_run_path *)out)->target);
}

static int read_cname(struct cp_fields *fields, void *out)
{
	return cp_run_read_strings(fields, &((struct cp_run_path *)out)->cname);
}

static int read_as_path(struct cp_fields *fields, void *out)
{
	return cp_run_read_strings(fields, &((struct cp_run_path *)out)->as_path);
}

static int read_destination(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_ADDR, "ip", struct cp_run_path, dest),
	        CP_FIELD(CP_FIELD_UINT, "asn", struct cp_run_path, dest_asn),
	        CP_FIELD(CP_FIELD_STRING, "as_name", struct cp_run_path, dest_as_name),
	        CP_FIELD_READ("cname", read_cname),
	        CP_FIELD(CP_FIELD_STRING, "service_tag", struct cp_run_path, service_tag),
	        CP_FIELD(CP_FIELD_STRING, "service_region", struct cp_run_path, service_region),
	};

	return cp_fields_object(fields, table, CP_COUNT(table), out);
}

/* A number of 8 bits into a wider member, so that unknown has a value of its own. */
static int read_end_code(struct cp_fields *fields, void *out)
{
	uint64_t code;
	int rc = cp_fields_uint(fields, UINT8_MAX, &code);

	if (rc == 0)
		((struct cp_run_path *)out)->end_code = (int16_t)code;
	return rc;
}

/* ---- Exit ---- */

static int read_last_home(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_ADDR, "ip", struct cp_run_exit, last_home),
	        CP_FIELD(CP_FIELD_STRING, "ptr", struct cp_run_exit, last_home_ptr),
	        CP_FIELD(CP_FIELD_STRING, "site", struct cp_run_exit, last_home_site),
	};

	return cp_fields_object(fields, table, CP_COUNT(table), out);
}

static int read_first_foreign(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_ADDR, "ip", struct cp_run_exit, first_foreign),
	        CP_FIELD(CP_FIELD_UINT, "asn", struct cp_run_exit, first_foreign_asn),
	        CP_FIELD(CP_FIELD_STRING, "as_name", struct cp_run_exit, first_foreign_as_name),
	        CP_FIELD(CP_FIELD_STRING, "ixp", struct cp_run_exit, first_foreign_ixp),
	};

	return cp_fields_object(fields, table, CP_COUNT(table), out);
}

static int read_exit(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_UINT, "ttl_min", struct cp_run_exit, ttl_min),
	        CP_FIELD(CP_FIELD_UINT, "ttl_max", struct cp_run_exit, ttl_max),
	        CP_FIELD_READ("last_home", read_last_home),
	        CP_FIELD_READ("first_foreign", read_first_foreign),
	};
	struct cp_run_exit *exit = &((struct cp_run_path *)out)->exit;

	exit->present = true;
	return cp_fields_object(fields, table, CP_COUNT(table), exit);
}

/* ---- Hops ---- */

static int read_reply(struct cp_fields *fields, void *out)
{
	static const char *const names[] = {
	        [CP_REPLY_TIME_EXCEEDED] = "time-exceeded",
	        [CP_REPLY_UNREACHABLE] = "unreachable",
	        [CP_REPLY_SYN_ACK] = "syn-ack",
	        [CP_REPLY_RST] = "rst",
	        [CP_REPLY_ECHO] = "echo",
	        [CP_REPLY_UDP] = "udp",
	        [CP_REPLY_SACK] = "sack",
	};
	struct cp_run_hop *hop = out;

	for (size_t i = CP_REPLY_TIME_EXCEEDED; i < CP_COUNT(names); i++) {
		if (cp_fields_says(fields, names[i])) {
			hop->hop.kind = (uint8_t)i;
			return 0;
		}
	}
	return cp_fields_refuse(fields, "not a kind of reply");
}

static int read_flag(struct cp_fields *fields, void *out)
{
	static const struct {
		const char *name;
		uint8_t flag;
	} flags[] = {
	        {"late", CP_HOP_LATE},
	        {"quote-modified", CP_HOP_QUOTE_MODIFIED},
	        {"other-address", CP_HOP_OTHER_ADDR},
	        {"limited", CP_HOP_LIMITED},
	        {"per-packet", CP_HOP_PER_PACKET},
	};
	struct cp_run_hop *hop = out;

	if (fields->pull.kind != CP_PULL_STRING)
		return cp_fields_refuse(fields, "a string is wanted");
	for (size_t i = 0; i < CP_COUNT(flags); i++) {
		if (cp_pull_is(&fields->pull, flags[i].name))
			hop->hop.flags |= flags[i].flag;
	}
	return 0;
}

static int read_flags(struct cp_fields *fields, void *out)
{
	return cp_fields_array(fields, read_flag, out);
}

static int read_inferred(struct cp_fields *fields, void *out)
{
	struct cp_run_hop *hop = out;

	if (fields->pull.kind != CP_PULL_TRUE && fields->pull.kind != CP_PULL_FALSE)
		return cp_fields_refuse(fields, "true or false is wanted");
	hop->hop.flags |= fields->pull.kind == CP_PULL_TRUE ? CP_HOP_INFERRED : 0;
	return 0;
}

struct label {
	uint32_t label;
	uint8_t tc, s, ttl;
};

/* Label 20 bits, traffic class 3, bottom of stack 1, TTL 8 (RFC 3032, 5462). */
static int read_label(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_UINT, "label", struct label, label),
	        CP_FIELD(CP_FIELD_UINT, "tc", struct label, tc),
	        CP_FIELD(CP_FIELD_UINT, "s", struct label, s),
	        CP_FIELD(CP_FIELD_UINT, "ttl", struct label, ttl),
	};
	struct cp_run_hop *hop = out;
	struct label label = {0};
	int rc = cp_fields_object(fields, table, CP_COUNT(table), &label);

	if (rc)
		return rc;
	if (label.label >> 20 || label.tc > 7 || label.s > 1)
		return cp_fields_refuse(fields, "not a label stack entry");
	if (hop->hop.n_mpls < CP_MPLS_MAX)
		hop->hop.mpls[hop->hop.n_mpls++] =
		        label.label << 12 | (uint32_t)label.tc << 9 | (uint32_t)label.s << 8 | label.ttl;
	return 0;
}

static int read_mpls(struct cp_fields *fields, void *out)
{
	((struct cp_run_hop *)out)->hop.n_mpls = 0;
	return cp_fields_array(fields, read_label, out);
}

static int read_hop(struct cp_fields *fields, void *out)
{
	static const struct cp_field table[] = {
	        CP_FIELD(CP_FIELD_UINT, "ttl", struct cp_run_hop, hop.ttl),
	        CP_FIELD(CP_FIELD_ADDR, "ip", struct cp_run_hop, hop.addr),
	        CP_FIELD(CP_FIELD_UINT, "rtt_us", struct cp_run_hop, hop.rtt_us),
	        CP_FIELD(CP_FIELD_UINT, "asn", struct cp_run_hop, asn),
	        CP_FIELD(CP_FIELD_STRING, "as_name", struct cp_run_hop, as_name),
	        CP_FIELD(CP_FIELD_STRING, "ixp", struct cp_run_hop, ixp),
	        CP_FIELD(CP_FIELD_STRING, "ptr", struct cp_run_hop, hop.ptr),
	        CP_FIELD_READ("reply", read_reply),
	        CP_FIELD(CP_FIELD_UINT, "icmp_type", struct cp_run_hop, hop.icmp_type),
	        CP_FIELD(CP_FIELD_UINT, "icmp_code", struct cp_run_hop, hop.icmp_code),
	        CP_FIELD(CP_FIELD_UINT, "reply_ttl", struct cp_run_hop, hop.reply_ttl),
	        CP_FIELD(CP_FIELD_UINT, "quoted_ttl", struct cp_run_hop, hop.quoted_ttl),
	        CP_FIELD_READ("mpls", read_mpls),
	        CP_FIELD(CP_FIELD_UINT, "attempts", struct cp_run_hop, hop.attempts),
	        CP_FIELD_READ("inferred", read_inferred),
	        CP_FIELD_READ("flags", read_flags),
	};
	struct cp_run_path *path = out;
	struct cp_run_hop *hop = &path->hops[path->n_hops];
	int rc;

	if (path->n_hops == CP_TTL_MAX)
		return cp_fields_refuse(fields, "too many hops");
	memset(hop, 0, sizeof(*hop));
	rc = cp_fields_object(fields, table, CP_COUNT(table), hop);
	if (rc)
		return rc;
	if (hop->hop.ttl < 1 || hop->hop.ttl > CP_TTL_MAX)
		return cp_fields_refuse(fields, "a TTL from 1 to 64 is wanted");
	if (path->n_hops && hop->hop.ttl != hop[-1].hop.ttl + 1)
		return cp_fields_refuse(fields, "TTLs that follow each other are wanted");
	if (hop->hop.kind != CP_REPLY_NONE && cp_addr_is_zero(&hop->hop.addr))
		return cp_fields_refuse(fields, "a reply from no address");
	path->n_hops++;
	return 0;
}

static int read_hops(struct cp_fields *fields, void *out)
{
	((struct cp_run_path *)out)->n_hops = 0;
	return cp_fields_array(fields, read_hop, out);
}

/* ---- End to end ---- */

static int settle_e2e(struct cp_fields *fields, struct cp_quality_stats *e2e)
{
	uint64_t n_told = (uint64_t)e2e->n_received + e2e->n_refused + e2e->n_late;

	/* Runs from before they were counted. */
	if (e2e->n_rtts == UINT32_MAX)
		e2e->n_rtts = e2e->n_received;
	if (n_told > e2e->n_sent || e2e->n_rtts > e2e->n_received)
		return cp_fields_refuse(fields, "more answers than probes end to end");
	if (e2e->rtt_min_us == CP_QUALITY_UNKNOWN || e2e->rtt_avg_us == CP_QUALITY_UNKNOWN ||
	        e2e->rtt_max_us == CP_QUALITY_UNKNOWN)
		e2e->n_rtts = 0;
	return 0;
}

static int read_e2e(struct cp_fields *fields, void *out)
{
#define E2E(key, member) CP_FIELD(CP_FIELD_UINT, key, struct cp_quality_stats, member)
	static const struct cp_field table[] = {
	        E2E("sent", n_sent),
	        E2E("received", n_received),
	        E2E("refused", n_refused),
	        E2E("late", n_late),
	        E2E("rtts", n_rtts),
	        E2E("rtt_min_us", rtt_min_us),
	        E2E("rtt_avg_us", rtt_avg_us),
	        E2E("rtt_max_us", rtt_max_us),
	        E2E("rtt_p50_us", rtt_p50_us),
	        E2E("rtt_p95_us", rtt_p95_us),
	        E2E("rtt_p99_us", rtt_p99_us),
	        E2E("jitter_us", jitter_us),
	        E2E("jitter_mean_us", jitter_mean_us),
	};
#undef E2E
	struct cp_run_path *path = out;
	struct cp_quality_stats *e2e = &path->e2e;
	int rc;

	cp_quality_forget(e2e);
	e2e->n_rtts = UINT32_MAX;
	rc = cp_fields_object(fields, table, CP_COUNT(table), e2e);
	path->has_e2e = rc == 0;
	return rc ? rc : settle_e2e(fields, e2e);
}

/* ---- The record ---- */

int cp_run_read_path(struct cp_run_work *work)
{
	static const struct cp_field table[] = {
	        CP_FIELD_READ("target", read_target),
	        CP_FIELD_READ("destination", read_destination),
	        CP_FIELD(CP_FIELD_UINT, "flow", struct cp_run_path, flow),
	        CP_FIELD(CP_FIELD_STRING, "tcp_method", struct cp_run_path, tcp_method),
	        CP_FIELD(CP_FIELD_STRING, "sack_fallback", struct cp_run_path, sack_fallback),
	        CP_FIELD(CP_FIELD_BOOL, "reached", struct cp_run_path, reached),
	        CP_FIELD_READ("end_reason", read_end),
	        CP_FIELD_READ("end_code", read_end_code),
	        CP_FIELD(CP_FIELD_UINT, "probes", struct cp_run_path, n_probes),
	        CP_FIELD_READ("verdict", read_verdict),
	        CP_FIELD_READ("confidence", read_confidence),
	        CP_FIELD_READ("rule", read_rule),
	        CP_FIELD_READ("reasons", read_reasons),
	        CP_FIELD_READ("as_path", read_as_path),
	        CP_FIELD_READ("exit", read_exit),
	        CP_FIELD_READ("e2e", read_e2e),
	        CP_FIELD_READ("hops", read_hops),
	};
	struct cp_run_path *path = &work->path;

	memset(path, 0, offsetof(struct cp_run_path, hops));
	path->n_probes = CP_RUN_UNKNOWN;
	path->reached = path->end = path->verdict = path->confidence = -1;
	path->end_code = -1;
	return cp_fields_read(&work->fields, table, CP_COUNT(table), path);
}
