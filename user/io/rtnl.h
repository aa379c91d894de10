/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rtnl.h: rtnetlink requests and their answers, one at a time or many at once,
 * shared by route.c, link.c and neigh.c and by nobody else. It must not know
 * what a request is about.
 */
#ifndef CP_RTNL_H
#define CP_RTNL_H

#include <libmnl/libmnl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/route.h"

#define CP_RTNL_ATTRS 96 /* above every attribute number read here */
#define CP_RTNL_BATCH 128 /* so many answers fit into the buffer that every socket has */

/* Requests that go out together, all of one kind. */
struct cp_rtnl_batch {
	uint32_t n, first_seq;
	size_t size, header_size; /* of the requests; of the header of each */
	_Alignas(struct nlmsghdr) char requests[CP_RTNL_BATCH * 128];
	struct {
		_Alignas(struct nlmsghdr) char data[512]; /* a longer one counts as lost */
	} answers[CP_RTNL_BATCH];
	const struct nlmsghdr *at[CP_RTNL_BATCH]; /* the answer by request; NULL: lost */
};

struct cp_rtnl {
	struct mnl_socket *sock;
	uint32_t seq;
	size_t header_size; /* of the request being built; answers have the same */
	_Alignas(struct nlmsghdr) char request[1024];
	_Alignas(struct nlmsghdr) char answer[32768];
	struct cp_rtnl_batch batch;
};

/* Attributes by number; NULL: absent. They point into the answer: gone with the next request. */
struct cp_attrs {
	const struct nlattr *at[CP_RTNL_ATTRS];
};

/* Starts a request; returns its zeroed family header (struct rtmsg, ifinfomsg, ndmsg). */
void *cp_rtnl_begin(struct cp_rtnl *rtnl, uint16_t type, uint16_t flags, size_t header_size);
void cp_rtnl_put(struct cp_rtnl *rtnl, uint16_t type, size_t size, const void *value);
/* An address as the family has it: 4 or 16 bytes. */
void cp_rtnl_put_addr(struct cp_rtnl *rtnl, uint16_t type, const struct cp_addr *addr);
/* Sends the request, waits for its answer. The kernel's -errno as it is. */
int cp_rtnl_ask(struct cp_rtnl *rtnl, const void **ret_header, struct cp_attrs *ret_attrs);
/* The same for a request that is acknowledged, not answered (NLM_F_ACK). */
int cp_rtnl_tell(struct cp_rtnl *rtnl);

/* Adds the request that was built, of at most 128 bytes, to the batch, the first one to an empty batch. */
void cp_rtnl_batch_add(struct cp_rtnl *rtnl, bool first);
/* Sends the batch, of CP_RTNL_BATCH requests at most, and gathers the answers. */
void cp_rtnl_batch_ask(struct cp_rtnl *rtnl);
/* As cp_rtnl_ask() for request i of the batch; single requests do not disturb it. -ENOBUFS: lost, ask again. */
int cp_rtnl_batch_answer(const struct cp_rtnl *rtnl, uint32_t i, const void **ret_header, struct cp_attrs *ret_attrs);

void cp_attrs_parse_nested(const struct nlattr *nest, struct cp_attrs *ret_attrs);
/* The value, or 0 when absent or too short. */
uint32_t cp_attrs_u32(const struct cp_attrs *attrs, unsigned type);
uint8_t cp_attrs_u8(const struct cp_attrs *attrs, unsigned type);
/* Cut to size; "" when absent. */
void cp_attrs_str(const struct cp_attrs *attrs, unsigned type, char *buf, size_t size);
/* From the 4 or 16 bytes of an address; false: neither. */
bool cp_addr_from_bytes(const void *bytes, size_t size, struct cp_addr *ret_addr);
bool cp_attrs_addr(const struct cp_attrs *attrs, unsigned type, struct cp_addr *ret_addr);

int cp_addr_family(const struct cp_addr *addr);
/* "eth0", or "#7" when there is no such interface; for sentences. Returns buf. */
const char *cp_rtnl_ifname(struct cp_rtnl *rtnl, uint32_t ifindex, char buf[IF_NAMESIZE]);

#endif
