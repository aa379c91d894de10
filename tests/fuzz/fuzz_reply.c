// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * fuzz_reply.c: any bytes as a received frame: parse, claim, validate, reset.
 * The frame lies in a buffer of exactly its size. Aborts on a promise broken.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The corpus is made for this run: its valid replies are accepted. */
static const struct cp_run run = {
        .token_key = {0x6b8b4567, 0x327b23c6, 0x643c9869, 0x66334873},
        .n_slots = 3 * 2 * 30,
        .n_dests = 3,
        .n_flows = 2,
        .n_ttls = 30,
        .first_ttl = 1,
        .port_base = 40000,
};

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
	for (uint8_t d = 0; d < run.n_dests; d++) {
		const uint8_t v4[4] = {203, 0, 113, (uint8_t)(d * 7)};
		struct cp_dest dest = {.port = cp_swap16(443 + d), .proto = CP_IPPROTO_TCP};
		enum cp_validity validity;

		cp_addr_set_v4(&dest.addr, v4);
		validity = cp_wire_validate(reply, &dest);
		if (validity == CP_VALID || validity == CP_VALID_MODIFIED)
			require(cp_addr_same(&reply->dst, &dest.addr) && reply->dst_port == dest.port);
	}
}

static void check_reply(enum cp_parse parsed, const struct cp_reply *reply)
{
	switch (parsed) {
	case CP_PARSE_FOREIGN:
	case CP_PARSE_SHORT:
	case CP_PARSE_FLAGS:
		return;
	case CP_PARSE_REPLY:
		require(reply->kind != CP_REPLY_NONE);
		require(reply->quoted == (reply->icmp_type != 0));
		require(reply->quoted || reply->our_port);
		check_identity(reply);
		return;
	}
	abort();
}

/* A reset is a valid packet, whatever it was made of. */
static void check_reset(uint8_t *frame, size_t size, uint32_t l2_len)
{
	uint32_t sum;
	uint8_t *ip;

	if (size < l2_len || !cp_wire_make_rst4(frame, frame + size, l2_len))
		return;
	ip = frame + l2_len;
	require(size >= l2_len + CP_RST4_PACKET_LEN);
	require(cp_sum_fold(cp_sum_words(ip, 10)) == 0);
	sum = cp_sum_words(ip + 12, 4) + cp_swap16(CP_IPPROTO_TCP) + cp_swap16(20);
	require(cp_sum_fold(sum + cp_sum_words(ip + 20, 10)) == 0);
	require(ip[20 + 13] == CP_TCP_RST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *frame = malloc(size ? size : 1);
	struct cp_reply reply;

	require(frame != NULL);
	memcpy(frame, data, size);
	check_reply(cp_wire_parse_frame(&run, frame, frame + size, &reply), &reply);
	check_reply(cp_wire_parse_ip4(&run, frame, frame + size, &reply), &reply);
	require(memcmp(frame, data, size) == 0);
	check_reset(frame, size, sizeof(struct cp_eth));
	memcpy(frame, data, size);
	check_reset(frame, size, 0);
	free(frame);
	return 0;
}
