// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_reply.c: any bytes as a received frame, or as a packet of either family
 * without one: parse, claim, validate, reset. They lie in a buffer of exactly
 * their size. Aborts on a promise broken.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_DESTS = 18 };

/* The corpus is made for this run: its valid replies are accepted. */
static const struct cp_run run = {
        .token_key = {0x6b8b4567, 0x327b23c6, 0x643c9869, 0x66334873},
        .n_slots = N_DESTS * 2 * 30,
        .n_dests = N_DESTS,
        .n_flows = 2,
        .n_ttls = 30,
        .first_ttl = 1,
        .port_base = 40000,
        .udp_port_base = 50000,
};

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

static void check_identity(const struct cp_reply *reply)
{
	uint32_t id, index;

	if (!cp_wire_claim(&run, reply, &id, &index))
		return;
	require(index < run.n_dests && cp_id_slot(id) < run.n_slots);
	require(cp_token(run.token_key, id) == reply->token);
	for (uint32_t d = 0; d < run.n_dests; d++) {
		struct cp_dest dest = dest_of(d);
		enum cp_validity validity = cp_wire_validate(reply, &dest);

		if (validity == CP_VALID || validity == CP_VALID_MODIFIED) {
			require(cp_addr_same(&reply->dst, &dest.addr) && reply->dst_port == dest.port);
			require(reply->proto == dest.proto && reply->v6 == (dest.flags & CP_DEST_V6));
			require(reply->our_port || validity == CP_VALID_MODIFIED);
		}
	}
}

static void check_reply(enum cp_parse parsed, const struct cp_reply *reply)
{
	switch (parsed) {
	case CP_PARSE_FOREIGN:
	case CP_PARSE_SHORT:
	case CP_PARSE_FLAGS:
	case CP_PARSE_SEGMENT:
		return;
	case CP_PARSE_REPLY:
		require(reply->kind != CP_REPLY_NONE);
		require(reply->quoted == (reply->icmp_type != 0));
		require(reply->quoted || reply->our_port);
		require(reply->proto == CP_IPPROTO_TCP || reply->proto == CP_IPPROTO_UDP ||
		        reply->proto == CP_IPPROTO_ICMP);
		require(reply->proto != CP_IPPROTO_ICMP || reply->dst_port == 0);
		check_identity(reply);
		return;
	}
	abort();
}

static void check_reset_tcp(const uint8_t *tcp, uint32_t pseudo)
{
	require(cp_sum_fold(pseudo + cp_swap16(CP_IPPROTO_TCP) + cp_swap16(20) + cp_sum_words(tcp, 10)) == 0);
	require(tcp[13] == CP_TCP_RST);
}

/* A reset is a valid packet, whatever it was made of. */
static void check_reset4(uint8_t *frame, size_t size, uint32_t l2_len)
{
	uint8_t *ip;

	if (size < l2_len || !cp_wire_make_answer4(frame, frame + size, l2_len, CP_TCP_RST))
		return;
	ip = frame + l2_len;
	require(size >= l2_len + CP_ANSWER4_PACKET_LEN);
	require(cp_sum_fold(cp_sum_words(ip, 10)) == 0);
	check_reset_tcp(ip + 20, cp_sum_words(ip + 12, 4));
	require(cp_wire_answer4_unfinish(frame, frame + size, l2_len) != 0);
}

static void check_reset6(uint8_t *frame, size_t size, uint32_t l2_len)
{
	uint8_t *ip;

	if (size < l2_len || !cp_wire_make_answer6(frame, frame + size, l2_len, CP_TCP_RST))
		return;
	ip = frame + l2_len;
	require(size >= l2_len + CP_ANSWER6_PACKET_LEN);
	require(ip[0] == 0x60 && ip[4] == 0 && ip[5] == 20);
	check_reset_tcp(ip + 40, cp_sum_words(ip + 8, 16));
	require(cp_wire_answer6_unfinish(frame, frame + size, l2_len) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const check_reset[])(uint8_t *, size_t, uint32_t) = {check_reset4, check_reset6};
	uint8_t *frame = malloc(size ? size : 1);
	struct cp_reply reply;

	require(frame != NULL);
	memcpy(frame, data, size);
	check_reply(cp_wire_parse_frame(&run, frame, frame + size, &reply), &reply);
	check_reply(cp_wire_parse_ip(&run, frame, frame + size, &reply), &reply);
	require(memcmp(frame, data, size) == 0);
	for (uint32_t i = 0; i < 4; i++) {
		memcpy(frame, data, size);
		check_reset[i / 2](frame, size, i % 2 ? sizeof(struct cp_eth) : 0);
	}
	free(frame);
	return 0;
}
