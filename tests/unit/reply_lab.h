/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reply_lab.h: a run with three destinations of each kind, and the whole way
 * of a reply through cp_wire.h: parse, claim, validate. To be included behind
 * cmocka.h; must not know how a packet looks (wire_lab.h).
 */
#ifndef CP_TEST_REPLY_LAB_H
#define CP_TEST_REPLY_LAB_H

#include <stdlib.h>

#include "cp_wire.h"
#include "wire_lab.h"

enum {
	N_OF_KIND = 3,
	N_DESTS = N_OF_KIND * LAB_KINDS,
	N_FLOWS = 2,
	N_TTLS = 30,
	N_SLOTS_OF_KIND = N_OF_KIND * N_FLOWS * N_TTLS,
	N_SLOTS = N_DESTS * N_FLOWS * N_TTLS,
	PORT_BASE = 40000,
	UDP_PORT_BASE = 50000,
};
#define SRC (LAB_PREFIX_ADDR + 1)
#define ROUTER (LAB_PREFIX_ADDR + 0x102)

static const struct cp_run run = {
        .token_key = {0x6b8b4567, 0x327b23c6, 0x643c9869, 0x66334873},
        .n_slots = N_SLOTS,
        .n_dests = N_DESTS,
        .n_flows = N_FLOWS,
        .n_ttls = N_TTLS,
        .first_ttl = 1,
        .port_base = PORT_BASE,
        .udp_port_base = UDP_PORT_BASE,
};

static inline enum lab_kind kind_of(uint32_t dest_index)
{
	return dest_index / N_OF_KIND;
}

/* The n-th slot of a kind, round and round. */
static inline uint32_t slot_of(enum lab_kind kind, uint32_t n)
{
	return kind * N_SLOTS_OF_KIND + n % N_SLOTS_OF_KIND;
}

static inline uint32_t dest_number(uint32_t index)
{
	return 0xcb007100u + index * 7; /* 203.0.113.0 */
}

static inline uint16_t dest_port(uint32_t index)
{
	return (uint16_t)(lab_proto(kind_of(index)) == 1 ? 0 : 443 + index);
}

static inline struct cp_dest dest_of(uint32_t index)
{
	enum lab_kind kind = kind_of(index);

	return (struct cp_dest){
	        .addr = lab_addr(lab_is_v6(kind), dest_number(index)),
	        .port = cp_swap16(dest_port(index)),
	        .proto = lab_proto(kind),
	        .flags = lab_is_v6(kind) ? CP_DEST_V6 : 0,
	};
}

/* The probe of an id, as it left. */
static inline struct lab_probe probe_of(uint32_t id)
{
	uint32_t slot = cp_id_slot(id), path = slot / N_TTLS, dest = path / N_FLOWS, flow = path % N_FLOWS;
	enum lab_kind kind = kind_of(dest);

	return (struct lab_probe){
	        .kind = kind,
	        .src = SRC,
	        .dst = dest_number(dest),
	        .sport = (uint16_t)((lab_proto(kind) == 17 ? UDP_PORT_BASE : PORT_BASE) + flow),
	        .dport = dest_port(dest),
	        .token = cp_token(run.token_key, id),
	        .flow = flow,
	        .ttl = (uint8_t)(1 + slot % N_TTLS),
	};
}

enum outcome { FOREIGN, SHORT, FLAGS, NO_SLOT, WRONG_DEST, VALID, MODIFIED };

/* The whole way of a reply, on a copy of exactly its size. ret_reply and ret_id may be NULL. */
static inline enum outcome judge(const struct lab_frame *f, struct cp_reply *ret_reply, uint32_t *ret_id)
{
	static const enum outcome of_validity[] = {
	        [CP_VALID] = VALID,
	        [CP_VALID_MODIFIED] = MODIFIED,
	        [CP_INVALID_TOKEN] = NO_SLOT,
	        [CP_INVALID_DEST] = WRONG_DEST,
	};
	uint8_t *copy = malloc(f->len ? f->len : 1);
	struct cp_reply reply;
	enum cp_parse parsed;
	struct cp_dest dest;
	uint32_t id, index;

	assert_non_null(copy);
	memcpy(copy, f->b, f->len);
	parsed = cp_wire_parse_frame(&run, copy, copy + f->len, &reply);
	assert_memory_equal(copy, f->b, f->len);
	free(copy);
	if (parsed != CP_PARSE_REPLY)
		return parsed == CP_PARSE_SHORT ? SHORT : parsed == CP_PARSE_FLAGS ? FLAGS : FOREIGN;
	if (ret_reply)
		*ret_reply = reply;
	if (!cp_wire_claim(&run, &reply, &id, &index))
		return NO_SLOT;
	assert_true(index < N_DESTS);
	assert_int_equal(index, cp_id_slot(id) / (N_FLOWS * N_TTLS));
	if (ret_id)
		*ret_id = id;
	dest = dest_of(index);
	return of_validity[cp_wire_validate(&reply, &dest)];
}

static inline void expect(const struct lab_frame *f, enum outcome want, const char *what)
{
	static const char *const names[] = {"foreign", "short", "flags", "no slot", "wrong dest", "valid", "modified"};
	enum outcome got = judge(f, NULL, NULL);

	if (got != want)
		fail_msg("%s: %s, not %s", what, names[got], names[want]);
}

#endif
