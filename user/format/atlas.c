// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * atlas.c: paths as RIPE Atlas traceroute results, one object a line, for the
 * tools that read those. After RIPE NCC's "Measurement result format", version
 * 5000. What an Atlas probe has and we have not: msm_id and prb_id are null,
 * "lts" says -1 (unknown, as the format has it), sizes and the source address
 * are left out. Verdicts have no place there.
 */
#include <netinet/in.h>

#include "json_lines.h"
#include "ndjson_hop.h"
#include "silent.h"

#define FORMAT_VERSION 5000 /* of the result format; Atlas derives it from the probes' firmware */

static int open_atlas(const struct cp_sink *sink, const struct cp_format_options *options, void **ret_state)
{
	(void)options;
	return cp_json_lines_new(sink, sizeof(struct cp_json_lines), ret_state);
}

static int take_start(void *ctx, const struct cp_rec_start *rec)
{
	struct cp_json_lines *state = ctx;

	state->wall_ms = rec->wall_ms;
	return state->json.rc;
}

/* The letter that Atlas has for an unreachable's code; NULL: it gives the number. */
static const char *error_letter(const struct cp_hop *hop)
{
	if (cp_addr_is_v4(&hop->addr)) {
		switch (hop->icmp_code) {
		case 0:
			return "N";
		case 1:
			return "H";
		case 2:
			return "P";
		case 3:
			return "p";
		case 13:
			return "A";
		default:
			return NULL;
		}
	}
	switch (hop->icmp_code) {
	case 0:
		return "N";
	case 1:
		return "A";
	case 2:
		return "h";
	case 3:
		return "H";
	case 4:
		return "p";
	default:
		return NULL;
	}
}

/* The MPLS label stack as the one object of an ICMP extension (RFC 4884, RFC 4950). */
static void extension(struct cp_json *json, const struct cp_hop *hop)
{
	cp_json_object(json, "icmpext");
	cp_json_uint(json, "version", 2);
	cp_json_uint(json, "rfc4884", 1);
	cp_json_array(json, "obj");
	cp_json_object(json, NULL);
	cp_json_uint(json, "class", 1);
	cp_json_uint(json, "type", 1);
	cp_hop_mpls(json, "mpls", "exp", hop->mpls, hop->n_mpls);
	cp_json_object_end(json);
	cp_json_array_end(json);
	cp_json_object_end(json);
}

/* Of the flags of an answer, those that it is known by. */
static const char *tcp_flags(uint8_t kind)
{
	switch (kind) {
	case CP_REPLY_SYN_ACK:
		return "SA";
	case CP_REPLY_RST:
		return "R";
	case CP_REPLY_SACK:
		return "A";
	default:
		return NULL;
	}
}

static void reply(struct cp_json *json, const struct cp_hop *hop)
{
	const char *flags = tcp_flags(hop->kind);

	cp_json_addr(json, "from", &hop->addr);
	if (hop->reply_ttl)
		cp_json_uint(json, "ttl", hop->reply_ttl);
	if (hop->rtt_us)
		cp_json_fixed(json, "rtt", hop->rtt_us, 3);
	if (flags)
		cp_json_string(json, "flags", flags);
	if (hop->kind == CP_REPLY_UNREACHABLE) {
		const char *letter = error_letter(hop);

		if (letter)
			cp_json_string(json, "err", letter);
		else
			cp_json_uint(json, "err", hop->icmp_code);
	}
	if (hop->quoted_ttl > 1)
		cp_json_uint(json, "ittl", hop->quoted_ttl);
	if (hop->n_mpls)
		extension(json, hop);
}

/*
 * One entry a transmission that stayed silent, then the reply. An inferred hop answered on another path, not on this
 * one: it is a silent one here.
 */
static void hop_object(struct cp_json *json, const struct cp_hop *hop)
{
	bool seen = !cp_addr_is_zero(&hop->addr) && !(hop->flags & CP_HOP_INFERRED);
	int n_silent = hop->attempts - (seen ? 1 : 0);

	cp_json_object(json, NULL);
	cp_json_uint(json, "hop", hop->ttl);
	cp_json_array(json, "result");
	for (int i = 0; i < n_silent || (i == 0 && !seen); i++) {
		cp_json_object(json, NULL);
		cp_json_string(json, "x", "*");
		cp_json_object_end(json);
	}
	if (seen) {
		cp_json_object(json, NULL);
		reply(json, hop);
		cp_json_object_end(json);
	}
	cp_json_array_end(json);
	cp_json_object_end(json);
}

static const char *protocol(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "TCP" : proto == IPPROTO_UDP ? "UDP" : "ICMP";
}

static int write_path(void *ctx, const struct cp_rec_path *rec)
{
	struct cp_json_lines *state = ctx;
	struct cp_json *json = &state->json;

	cp_json_object(json, NULL);
	cp_json_uint(json, "fw", FORMAT_VERSION);
	cp_json_string(json, "type", "traceroute");
	cp_json_null(json, "msm_id");
	cp_json_string(json, "msm_name", "Traceroute");
	cp_json_null(json, "prb_id");
	cp_json_int(json, "lts", -1);
	cp_json_uint_if(json, "timestamp", state->wall_ms / 1000, state->wall_ms != CP_UNKNOWN);
	cp_json_uint(json, "af", cp_addr_is_v4(&rec->dest) ? 4 : 6);
	cp_json_string(json, "dst_name", rec->target->host);
	cp_json_addr(json, "dst_addr", &rec->dest);
	cp_json_string(json, "proto", protocol(rec->target->proto));
	cp_json_uint(json, "paris_id", rec->path->flow + 1);
	cp_json_array(json, "result");
	for (uint32_t i = 0; i < rec->path->n_hops; i++)
		hop_object(json, &rec->path->hops[i]);
	cp_json_array_end(json);
	cp_json_object_end(json);
	return cp_json_line(json);
}

const struct cp_format cp_format_atlas = {
        .name = "atlas",
        .open = open_atlas,
        .start = take_start,
        .target = cp_silent_target,
        .path = write_path,
        .warning = cp_silent_warning,
        .summary = cp_silent_summary,
        .end = cp_silent_end,
        .close = cp_json_lines_free,
};
