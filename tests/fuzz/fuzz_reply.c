// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_reply.c: any bytes as a received frame, or as a packet of either family
 * without one: parse, claim, validate, answer; in a run without and in one with
 * connections. They lie in a buffer of exactly their size. Aborts on a promise
 * broken.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_DESTS = 18 };

/* The corpus is made for this run: its valid replies are accepted. */
static struct cp_run run_of(uint32_t sack)
{
	return (struct cp_run){
	        .token_key = {0x6b8b4567, 0x327b23c6, 0x643c9869, 0x66334873},
	        .n_slots = N_DESTS * 2 * 30,
	        .n_dests = N_DESTS,
	        .n_flows = 2,
	        .n_ttls = 30,
	        .first_ttl = 1,
	        .port_base = 40000,
	        .udp_port_base = 50000,
	        .sack = sack,
	};
}

/* Three destinations of each protocol over IPv4, then as many over IPv6. */
static struct cp_dest dest_of(uint32_t index)
{
	static const uint8_t protocols[] = {CP_IPPROTO_TCP, CP_IPPROTO_UDP, CP_IPPROTO_ICMP};
	const uint32_t number = 0xcb007100u + index * 7; /* 203.0.113.0 */
	const uint32_t words[4] = {0x20010db8, number * 0x9e3779b1u, ~number * 0x85ebca6bu, number};
	struct cp_dest dest = {.proto = protocols[index / 3 % 3], .flags = index >= N_DESTS / 2 ? CP_DEST_V6 : 0};

	if (dest.proto != CP_IPPROTO_ICMP)
		dest.port = cp_swap16(443 + index);
	if (dest.flags & CP_DEST_V6) {
		for (uint32_t b = 0; b < 16; b++)
			dest.addr.b[b] = (uint8_t)(words[b / 4] >> (24 - b % 4 * 8));
	} else {
		cp_addr_set_v4(&dest.addr, (const uint8_t[]){203, 0, 113, (uint8_t)(index * 7)});
	}
	return dest;
}

static void require(int promise)
{
	if (!promise)
		abort();
}

static void check_identity(const struct cp_run *run, const struct cp_reply *reply)
{
	uint32_t id, index;

	if (!cp_wire_claim(run, reply, &id, &index))
		return;
	require(index < run->n_dests && cp_id_slot(id) < run->n_slots);
	require(cp_token(run->token_key, id) == reply->token);
	for (uint32_t d = 0; d < run->n_dests; d++) {
		struct cp_dest dest = dest_of(d);
		enum cp_validity validity = cp_wire_validate(reply, &dest);

		if (validity == CP_VALID || validity == CP_VALID_MODIFIED) {
			require(cp_addr_same(&reply->dst, &dest.addr) && reply->dst_port == dest.port);
			require(reply->proto == dest.proto && reply->v6 == (dest.flags & CP_DEST_V6));
			require(reply->our_port || validity == CP_VALID_MODIFIED);
		}
	}
}

/* A sequence number names one probe or none, whatever the initial one. */
static void check_place(const struct cp_conn *conn, uint32_t seq)
{
	uint32_t ttl_index = CP_TTL_MAX, attempt = CP_ATTEMPTS_MAX;

	if (!cp_conn_probe(conn, seq, &ttl_index, &attempt)) {
		require(ttl_index == CP_TTL_MAX && attempt == CP_ATTEMPTS_MAX);
		return;
	}
	require(ttl_index < CP_TTL_MAX && attempt < CP_ATTEMPTS_MAX);
	require(cp_conn_seq(conn, ttl_index, attempt) == seq);
}

/* What a TCP segment means in the connection it fits, and in others. */
static void check_segment(const struct cp_reply *reply)
{
	const struct cp_conn conn = {.state = CP_CONN_OPEN, .iss = reply->ack - 1, .irs = reply->seq - 1};
	const struct cp_conn other = {.state = CP_CONN_OPEN, .iss = reply->ack, .irs = reply->seq};
	enum cp_conn_news news = cp_wire_conn_news(&conn, reply);

	require(reply->proto == CP_IPPROTO_TCP && reply->our_port && !reply->quoted);
	require(reply->flow < run_of(1).n_flows && reply->token == reply->ack - 1);
	require(reply->n_blocks <= CP_TCP_OPTIONS_MAX / 8 && (reply->n_blocks || !reply->left));
	require((news == CP_CONN_ARRIVAL) <= (reply->n_blocks > 0));
	require((news == CP_CONN_STREAM) <= reply->has_data && (news == CP_CONN_BARE) <= !reply->has_data);
	if (reply->tcp_flags & CP_TCP_RST)
		require(news == CP_CONN_ENDS);
	else if (reply->tcp_flags & CP_TCP_SYN || !(reply->tcp_flags & CP_TCP_ACK))
		require(news == CP_CONN_FOREIGN);
	else
		require(news != CP_CONN_FOREIGN);
	require(cp_wire_conn_news(&other, reply) == CP_CONN_FOREIGN);
	check_place(&conn, reply->left);
	check_place(&other, reply->seq);
}

static void check_reply(const struct cp_run *run, enum cp_parse parsed, const struct cp_reply *reply)
{
	switch (parsed) {
	case CP_PARSE_FOREIGN:
	case CP_PARSE_SHORT:
		return;
	case CP_PARSE_FLAGS:
		require(!run->sack && reply->proto == CP_IPPROTO_TCP && reply->our_port);
		return;
	case CP_PARSE_DATAGRAM:
		require(reply->kind == CP_REPLY_UDP && reply->proto == CP_IPPROTO_UDP && reply->our_port);
		require(reply->flow < run->n_flows && !reply->quoted);
		return;
	case CP_PARSE_SEGMENT:
		require(run->sack);
		check_segment(reply);
		return;
	case CP_PARSE_REPLY:
		require(reply->kind != CP_REPLY_NONE);
		require(reply->quoted == (reply->icmp_type != 0));
		require(reply->quoted || reply->our_port);
		require(reply->proto == CP_IPPROTO_TCP || reply->proto == CP_IPPROTO_UDP ||
		        reply->proto == CP_IPPROTO_ICMP);
		require(reply->proto != CP_IPPROTO_ICMP || reply->dst_port == 0);
		if (run->sack && reply->proto == CP_IPPROTO_TCP && !reply->quoted)
			check_segment(reply);
		check_identity(run, reply);
		return;
	}
	abort();
}

typedef enum cp_parse (*parser)(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply);

/* A run with connections takes the same things for a reply, and knows more of segments. */
static void check_parser(parser parse, const uint8_t *frame, size_t size)
{
	struct cp_reply replies[2];
	enum cp_parse parsed[2];

	for (uint32_t sack = 0; sack < 2; sack++) {
		const struct cp_run run = run_of(sack);

		parsed[sack] = parse(&run, frame, frame + size, &replies[sack]);
		check_reply(&run, parsed[sack], &replies[sack]);
	}
	require(parsed[1] == (parsed[0] == CP_PARSE_FLAGS ? CP_PARSE_SEGMENT : parsed[0]));
	require(!replies[0].n_blocks && !replies[0].left && !replies[0].sack_permitted && !replies[0].has_data);
	replies[1].n_blocks = replies[1].sack_permitted = replies[1].has_data = 0;
	replies[1].left = 0;
	/* Parsing begins with zeros everywhere. NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	require(memcmp(&replies[0], &replies[1], sizeof(replies[0])) == 0);
}

static void check_answer_tcp(const uint8_t *tcp, uint32_t pseudo, uint8_t flags)
{
	require(cp_sum_fold(pseudo + cp_swap16(CP_IPPROTO_TCP) + cp_swap16(20) + cp_sum_words(tcp, 10)) == 0);
	require(tcp[13] == flags);
}

/* An answer is a valid packet, whatever it was made of. */
static void check_answer4(uint8_t *frame, size_t size, uint32_t l2_len, uint8_t flags)
{
	uint8_t *ip;

	if (size < l2_len || !cp_wire_make_answer4(frame, frame + size, l2_len, flags))
		return;
	ip = frame + l2_len;
	require(size >= l2_len + CP_ANSWER4_PACKET_LEN);
	require(cp_sum_fold(cp_sum_words(ip, 10)) == 0);
	check_answer_tcp(ip + 20, cp_sum_words(ip + 12, 4), flags);
	require(cp_wire_answer4_unfinish(frame, frame + size, l2_len) != 0);
}

static void check_answer6(uint8_t *frame, size_t size, uint32_t l2_len, uint8_t flags)
{
	uint8_t *ip;

	if (size < l2_len || !cp_wire_make_answer6(frame, frame + size, l2_len, flags))
		return;
	ip = frame + l2_len;
	require(size >= l2_len + CP_ANSWER6_PACKET_LEN);
	require(ip[0] == 0x60 && ip[4] == 0 && ip[5] == 20);
	check_answer_tcp(ip + 40, cp_sum_words(ip + 8, 16), flags);
	require(cp_wire_answer6_unfinish(frame, frame + size, l2_len) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const check_answer[])(uint8_t *, size_t, uint32_t, uint8_t) = {check_answer4, check_answer6};
	uint8_t *frame = malloc(size ? size : 1);

	require(frame != NULL);
	memcpy(frame, data, size);
	check_parser(cp_wire_parse_frame, frame, size);
	check_parser(cp_wire_parse_ip, frame, size);
	require(memcmp(frame, data, size) == 0);
	for (uint32_t i = 0; i < 8; i++) {
		memcpy(frame, data, size);
		check_answer[i / 2 % 2](
		        frame, size, i % 2 ? sizeof(struct cp_eth) : 0, i / 4 ? CP_TCP_ACK : CP_TCP_RST);
	}
	free(frame);
	return 0;
}
