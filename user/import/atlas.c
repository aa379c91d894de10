// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * atlas.c: traceroute results of RIPE Atlas, as their documentation of the
 * measurement result format has them (firmware 4400 to 5080 and later).
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json_formats.h"
#include "json_records.h"
#include "json_trace.h"
#include "json_value.h"

#define LAST_DITCH_TTL 255 /* after a gap the destination is asked once more, at any distance */

struct atlas {
	struct cp_json_reader reader;
	bool has_responded, responded; /* what the record says of the destination */
	const char *send_error; /* why a probe was not sent; NULL: none */
	struct cp_json_trace trace;
};

/* ---- One answer ---- */

/* The codes of "err", of ICMP (RFC 792, 1812) and ICMPv6 (RFC 4443). -1: not known. */
static int error_code(const json_t *value, bool is_v4)
{
	static const struct {
		char letter;
		int v4, v6;
	} codes[] = {
	        {'N', 0, 0}, /* network unreachable; no route */
	        {'H', 1, 3}, /* host unreachable; address unreachable */
	        {'A', 13, 1}, /* administratively prohibited */
	        {'P', 2, -1}, /* protocol unreachable */
	        {'p', 3, 4}, /* port unreachable */
	        {'h', -1, 2}, /* beyond scope */
	};
	const char *text = json_string_value(value);
	long number = json_is_integer(value) ? (long)json_integer_value(value) : -1;
	char *end;

	for (size_t i = 0; text && i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (text[0] == codes[i].letter && !text[1])
			return is_v4 ? codes[i].v4 : codes[i].v6;
	}
	if (text && text[0] >= '0' && text[0] <= '9') {
		number = strtol(text, &end, 10);
		number = *end ? -1 : number;
	}
	return number >= 0 && number <= UINT8_MAX ? (int)number : -1;
}

/* The destination's own answer: how, depends on what was asked. */
static void set_arrival(const struct atlas *atlas, const json_t *packet, struct cp_hop *hop)
{
	const char *flags = json_string_value(json_object_get(packet, "flags"));
	uint8_t proto = atlas->trace.trace.target.proto;
	bool is_v4 = cp_addr_is_v4(&hop->addr);
	/* Only ICMP errors quote a packet. */
	bool quotes = json_object_get(packet, "ittl") || json_object_get(packet, "icmpext");

	if (proto == IPPROTO_TCP && flags)
		hop->kind = strchr(flags, 'R')                         ? CP_REPLY_RST
		            : strchr(flags, 'S') && strchr(flags, 'A') ? CP_REPLY_SYN_ACK
		                                                       : CP_REPLY_UNTOLD;
	else if (proto == IPPROTO_UDP)
		cp_json_set_icmp(hop, CP_REPLY_UNREACHABLE, is_v4 ? 3 : 4);
	else if (proto == IPPROTO_ICMP && !quotes)
		cp_json_set_icmp(hop, CP_REPLY_ECHO, 0);
	else
		cp_json_set_icmp(hop, CP_REPLY_TIME_EXCEEDED, 0); /* a NAT in front of it */
}

/* Label 20 bits, traffic class 3, bottom of stack 1, TTL 8 (RFC 3032, 4950). */
static int read_labels(const json_t *object, struct cp_hop *hop, struct cp_err *err)
{
	json_t *labels = NULL, *label;
	size_t i;
	int rc = cp_value_array(object, "mpls", &labels, err);

	json_array_foreach(labels, i, label)
	{
		uint64_t value = 0, exp = 0, s = 0, ttl = 0;

		if (cp_value_uint(label, "label", 0xfffff, &value, err) < 0 ||
		        cp_value_uint(label, "exp", 7, &exp, err) < 0 || cp_value_uint(label, "s", 1, &s, err) < 0 ||
		        cp_value_uint(label, "ttl", 255, &ttl, err) < 0)
			return -EINVAL;
		if (hop->n_mpls < CP_MPLS_MAX)
			hop->mpls[hop->n_mpls++] = (uint32_t)(value << 12 | exp << 9 | s << 8 | ttl);
	}
	return rc < 0 ? rc : 0;
}

static int read_extensions(const json_t *packet, struct cp_hop *hop, struct cp_err *err)
{
	json_t *ext = NULL, *objects = NULL, *object;
	size_t i;
	int rc = cp_value_object(packet, "icmpext", &ext, err);

	if (rc > 0)
		rc = cp_value_array(ext, "obj", &objects, err);
	json_array_foreach(objects, i, object)
	{
		int label_rc = read_labels(object, hop, err);

		rc = rc < 0 ? rc : label_rc;
	}
	return rc < 0 ? rc : 0;
}

/* What the TTLs, sizes and errors of a packet make of a hop. */
static int read_answer(const struct atlas *atlas, const json_t *packet, struct cp_hop *hop, struct cp_err *err)
{
	const json_t *error = json_object_get(packet, "err");
	uint64_t ttl = 0, quoted = 1;
	int code;

	if (cp_value_uint(packet, "ttl", 255, &ttl, err) < 0 || cp_value_uint(packet, "ittl", 255, &quoted, err) < 0 ||
	        cp_value_ms(packet, "rtt", &hop->rtt_us, err) < 0)
		return -EINVAL;
	hop->reply_ttl = (uint8_t)ttl;
	if (error) {
		code = error_code(error, cp_addr_is_v4(&hop->addr));
		if (code < 0)
			return cp_err_set(err, -EINVAL, "err: not an error that is known");
		cp_json_set_icmp(hop, CP_REPLY_UNREACHABLE, (uint8_t)code);
	} else if (cp_addr_eq(&hop->addr, &atlas->trace.trace.dest) && !(atlas->has_responded && !atlas->responded)) {
		set_arrival(atlas, packet, hop);
	} else {
		cp_json_set_icmp(hop, CP_REPLY_TIME_EXCEEDED, 0);
	}
	/* The quoted TTL is told when it is not the usual 1. */
	if (hop->kind == CP_REPLY_TIME_EXCEEDED || hop->kind == CP_REPLY_UNREACHABLE)
		hop->quoted_ttl = (uint8_t)quoted;
	hop->flags |= json_object_get(packet, "edst") ? CP_HOP_QUOTE_MODIFIED : 0;
	return read_extensions(packet, hop, err);
}

/*
 * One element of a hop's results. *n_asked counts the probes of this TTL so far. An answer that is late by n packets
 * is to the n-th probe before this one, which may have been of another TTL: then it is nobody's.
 */
static int take_packet(struct atlas *atlas, uint64_t ttl, const json_t *packet, uint64_t *n_asked, struct cp_err *err)
{
	struct cp_hop hop = {.kind = CP_REPLY_NONE};
	uint64_t late = 0;
	bool is_dup = false;
	int rc;

	if (!json_is_object(packet))
		return cp_err_set(err, -EINVAL, "result: an object is wanted");
	if (json_object_get(packet, "error")) {
		atlas->send_error = json_string_value(json_object_get(packet, "error"));
		return 0;
	}
	if (cp_value_uint(packet, "late", UINT32_MAX, &late, err) < 0 || cp_value_bool(packet, "dup", &is_dup, err) < 0)
		return -EINVAL;
	if (!late && !is_dup)
		++*n_asked;
	rc = cp_value_addr(packet, "from", &hop.addr, err);
	if (rc <= 0)
		return rc;
	if (late && late > *n_asked)
		return 0;
	hop.flags = late ? CP_HOP_LATE : 0;
	rc = read_answer(atlas, packet, &hop, err);
	if (rc || ttl != LAST_DITCH_TTL)
		return rc ? rc : cp_json_trace_answer(&atlas->trace, ttl, &hop, err);
	hop.attempts = 1;
	/* Only from the destination does it say that the path goes on to it. */
	if (cp_addr_eq(&hop.addr, &atlas->trace.trace.dest))
		cp_json_trace_answer_beyond(&atlas->trace, &hop);
	return 0;
}

/* ---- One result ---- */

static int take_hop(struct atlas *atlas, const json_t *hop, struct cp_err *err)
{
	json_t *packets = NULL, *packet;
	uint64_t ttl = 0, n_asked = 0;
	size_t i;
	int rc;

	if (!json_is_object(hop))
		return cp_err_set(err, -EINVAL, "result: an object is wanted");
	if (json_object_get(hop, "error")) {
		atlas->send_error = json_string_value(json_object_get(hop, "error"));
		return 0;
	}
	rc = cp_value_uint(hop, "hop", 255, &ttl, err);
	if (rc <= 0)
		return rc ? rc : cp_err_set(err, -EINVAL, "a hop without its number");
	rc = cp_value_array(hop, "result", &packets, err);
	json_array_foreach(packets, i, packet)
	{
		int packet_rc = rc < 0 ? rc : take_packet(atlas, ttl, packet, &n_asked, err);

		rc = packet_rc;
	}
	if (rc < 0 || n_asked == 0 || ttl == LAST_DITCH_TTL)
		return rc < 0 ? rc : 0;
	return cp_json_trace_asked(&atlas->trace, ttl, n_asked, err);
}

static int read_source(struct atlas *atlas, const json_t *record, struct cp_err *err)
{
	struct cp_addr *source = &atlas->trace.trace.source;
	const char *from = NULL;

	/* As the controller sees the probe; empty when it never did. */
	if (cp_value_string(record, "from", &from, err) < 0)
		return -EINVAL;
	if (from && *from)
		return cp_value_addr(record, "from", source, err) < 0 ? -EINVAL : 0;
	return cp_value_addr(record, "src_addr", source, err) < 0 ? -EINVAL : 0;
}

static int read_head(struct atlas *atlas, const json_t *record, struct cp_err *err)
{
	struct cp_trace *trace = &atlas->trace.trace;
	const char *name = NULL, *proto = NULL;
	uint64_t timestamp, port = 0, paris = 0;
	int rc;

	if (cp_value_string(record, "dst_name", &name, err) < 0 || cp_value_string(record, "proto", &proto, err) < 0 ||
	        cp_value_uint(record, "dst_port", UINT16_MAX, &port, err) < 0 ||
	        cp_value_uint(record, "paris_id", UINT32_MAX, &paris, err) < 0 ||
	        cp_value_bool(record, "destination_ip_responded", &atlas->responded, err) < 0)
		return -EINVAL;
	atlas->has_responded = json_is_boolean(json_object_get(record, "destination_ip_responded"));
	if (proto && strncasecmp(proto, "ICMP", 4) == 0)
		trace->target.proto = IPPROTO_ICMP;
	else if (proto)
		cp_proto_parse(strcasecmp(proto, "TCP") == 0   ? "tcp"
		               : strcasecmp(proto, "UDP") == 0 ? "udp"
		                                               : "",
		        &trace->target.proto);
	trace->target.port = trace->target.proto == IPPROTO_ICMP ? 0 : (uint16_t)port;
	trace->tcp_method = trace->target.proto == IPPROTO_TCP ? "syn" : NULL;
	trace->path.flow = (uint32_t)paris;
	rc = cp_value_uint(record, "timestamp", UINT32_MAX, &timestamp, err);
	if (rc > 0)
		trace->wall_ms = timestamp * 1000;
	rc = rc < 0 ? rc : cp_value_addr(record, "dst_addr", &trace->dest, err);
	if (rc == 0)
		return cp_err_set(err, -EINVAL, "no dst_addr: the probe did not resolve the name");
	rc = rc < 0 ? rc : cp_json_trace_host(&atlas->trace, name, err);
	return rc < 0 ? rc : read_source(atlas, record, err);
}

static int take_result(void *ctx, const json_t *record, size_t line, struct cp_err *err)
{
	struct atlas *atlas = ctx;
	json_t *hops = NULL, *hop;
	const char *type = NULL;
	size_t i;
	int rc;

	cp_json_trace_start(&atlas->trace, line);
	atlas->responded = true;
	atlas->send_error = NULL;
	if (cp_value_string(record, "type", &type, err) < 0)
		return -EINVAL;
	if (type && strcmp(type, "traceroute") != 0)
		return cp_err_set(err, -EINVAL, "a result of another kind than traceroute");
	rc = read_head(atlas, record, err);
	if (rc == 0)
		rc = cp_value_array(record, "result", &hops, err);
	if (rc == 0)
		return cp_err_set(err, -EINVAL, "a traceroute without a result");
	json_array_foreach(hops, i, hop)
	{
		if (rc >= 0)
			rc = take_hop(atlas, hop, err);
	}
	if (rc < 0)
		return rc;
	if (atlas->send_error && !atlas->trace.last_ttl)
		return cp_err_set(err, -EINVAL, "nothing was measured: the probe could not send");
	return cp_json_trace_finish(&atlas->trace, CP_END_MAX_TTL, atlas->reader.sink, &atlas->reader.sink_rc, err);
}

static int read_atlas(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	return cp_json_read(text, len, source, sink, take_result, sizeof(struct atlas), err);
}

struct marks {
	bool has_result, has_probe;
};

static void look(void *ctx, const struct cp_json_member *member)
{
	struct marks *marks = ctx;

	if (member->parent)
		return;
	marks->has_result |= strcmp(member->key, "result") == 0 || strcmp(member->key, "resultset") == 0;
	marks->has_probe |= strcmp(member->key, "prb_id") == 0 || strcmp(member->key, "msm_id") == 0 ||
	                    strcmp(member->key, "paris_id") == 0;
}

static enum cp_import_match match_atlas(const char *text, size_t len)
{
	struct marks marks = {.has_probe = false};

	cp_json_look(text, len, look, &marks);
	return marks.has_probe ? CP_IMPORT_SURE : marks.has_result ? CP_IMPORT_MAYBE : CP_IMPORT_NO;
}

const struct cp_import_format cp_import_atlas = {
        .name = "atlas",
        .what = "RIPE Atlas traceroute results (JSON)",
        .match = match_atlas,
        .read = read_atlas,
};
