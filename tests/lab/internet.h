/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * internet.h: the topology of the XDP Internet, as a pure function of the
 * destination, the flow, the TTL and the knobs. Compiled into the BPF program
 * that answers and into the controller that knows the truth. It must not know
 * how a frame looks, and shares no code with the program under test but the
 * hash. Addresses and ports in host order.
 *
 *   198.18.0.0/16  routers: TTL in bits 11 to 15, the router of that TTL below.
 *                  TTLs start at 1, so 198.18.0.0/21 is free for the link.
 *   198.19.0.0/16  destinations; each port is one of its own kind.
 *   203.0.113.0/24 what a NAT makes of a quoted source
 *
 * Over IPv6 everybody has the same number, behind 2001:db8:1::/96.
 */
#ifndef INTERNET_H
#define INTERNET_H

#include <linux/types.h>

#include "cp_perm.h"

#define INTERNET_ROUTERS 0xc6120000u
#define INTERNET_DESTS 0xc6130000u
#define INTERNET_NAT 0xcb007100u
#define INTERNET_V6_HIGH 0x20010db8u /* the first four bytes of an IPv6 address, and the second ones */
#define INTERNET_V6_LOW 0x00010000u
#define INTERNET_N_ROUTERS 65536u /* router numbers, the low half of a router's address */
#define INTERNET_TTL_MAX 31u
#define INTERNET_TTL_SHIFT 11
#define INTERNET_NODE_BITS 9 /* groups of parallel routers at one TTL; four routers each */
#define INTERNET_MPLS_MAX 3u

/*
 * What a destination does with a SYN that reaches it. Of datagrams it answers some, and says of others that their port
 * is unreachable, as to what would be reset; of echo requests it answers all that are not dark or prohibited.
 */
enum internet_kind {
	INTERNET_SYN_ACK = 0,
	INTERNET_RST,
	INTERNET_PORT_UNREACHABLE,
	INTERNET_PROHIBITED, /* a router in its place says so (ICMP code 13) */
	INTERNET_DARK,
};

/* Shares are in percent. */
struct internet_knobs {
	__u32 seed;
	__u32 distance_min, distance_max; /* of a destination: the TTL that reaches it; 1..INTERNET_TTL_MAX */
	__u32 near; /* first TTLs, which all paths share */
	__u32 balanced; /* groups of routers that share the flows out among two to four */
	__u32 per_packet; /* groups of routers that spread the packets of a flow over all of the next group */
	__u32 silent; /* routers that answer nothing */
	__u32 dark, rst, unreachable, prohibited; /* destinations by kind; the others accept */
	__u32 loss; /* probes without an answer: each attempt anew */
	__u32 loss_anew; /* 1: ... and each packet, also one of a sequence number that was there before */
	__u32 mpls; /* routers that show their label stack */
	__u32 short_quote; /* routers that quote no more than IP header + 8 bytes */
	__u32 nat; /* destinations behind a NAT that rewrites the quoted source, of TCP over IPv4 */
	__u32 asymmetry; /* ways back may be so many hops longer */
	__u32 limit_pps; /* answers a second, router and CPU; 0: no limit */
	__u32 half_open; /* a server answers a second SYN of an unfinished handshake with a bare ACK */
};

/* A probe, as far as the topology cares. What balancers see of an echo request is its checksum: that is its sport. */
struct internet_probe {
	__u32 dest;
	__u16 sport, dport;
	__u32 ttl; /* at the first router: 1 dies there */
	__u32 identity; /* a number that each packet has of its own */
};

/* Who answers a probe; address 0: nobody. */
struct internet_hop {
	__u32 address;
	__u32 router; /* number of the router, also of a silent one; 0: it is the destination */
	__u32 ttl; /* where it stands */
	__u8 kind; /* of the destination, enum internet_kind; meaningless for a router on the way */
	__u8 at_end; /* the probe came as far as it can */
	__u8 reply_ttl; /* of its answer, as it arrives */
};

enum internet_salt {
	INTERNET_SALT_DISTANCE = 1,
	INTERNET_SALT_BALANCED,
	INTERNET_SALT_WIDTH,
	INTERNET_SALT_BRANCH,
	INTERNET_SALT_SILENT,
	INTERNET_SALT_KIND,
	INTERNET_SALT_LOSS,
	INTERNET_SALT_MPLS,
	INTERNET_SALT_LABEL,
	INTERNET_SALT_QUOTE,
	INTERNET_SALT_NAT,
	INTERNET_SALT_WAY_BACK,
	INTERNET_SALT_START,
	INTERNET_SALT_SERVER,
	INTERNET_SALT_PER_PACKET,
};

CP_INLINE __u32 internet_hash(const struct internet_knobs *knobs, enum internet_salt salt, __u32 a, __u32 b)
{
	return cp_mix32(cp_mix32(a ^ knobs->seed) + b * 0x9e3779b1u + (__u32)salt * 0x85ebca77u);
}

/* A number below n. */
CP_INLINE __u32 internet_below(__u32 hash, __u32 n)
{
	return (__u32)((__u64)hash * n >> 32);
}

CP_INLINE int internet_chance(
        const struct internet_knobs *knobs, enum internet_salt salt, __u32 a, __u32 b, __u32 percent)
{
	return internet_below(internet_hash(knobs, salt, a, b), 100) < percent;
}

CP_INLINE __u32 internet_distance(const struct internet_knobs *knobs, __u32 dest)
{
	__u32 span = knobs->distance_max - knobs->distance_min + 1;

	return knobs->distance_min + internet_below(internet_hash(knobs, INTERNET_SALT_DISTANCE, dest, 0), span);
}

CP_INLINE enum internet_kind internet_kind(const struct internet_knobs *knobs, __u32 dest, __u16 port)
{
	__u32 draw = internet_below(internet_hash(knobs, INTERNET_SALT_KIND, dest, port), 100), sum = knobs->dark;

	if (draw < sum)
		return INTERNET_DARK;
	if (draw < (sum += knobs->rst))
		return INTERNET_RST;
	if (draw < (sum += knobs->unreachable))
		return INTERNET_PORT_UNREACHABLE;
	return draw < sum + knobs->prohibited ? INTERNET_PROHIBITED : INTERNET_SYN_ACK;
}

/*
 * The routers before a destination form a tree: the near ones are everybody's, behind them it branches by two more bits
 * of the destination's number a hop. Two of the eleven bits tell the routers of a group apart, unless packets are
 * shared out among them. So a router has one place only, and no path meets it twice.
 */
CP_INLINE __u32 internet_node(const struct internet_knobs *knobs, __u32 dest, __u32 ttl)
{
	__u32 depth = ttl > knobs->near ? (ttl - knobs->near) * 2 : 0;
	__u32 bits = depth < INTERNET_NODE_BITS + 2 ? depth : INTERNET_NODE_BITS + 2;

	return (dest & 0xffff) >> (16 - bits) << (INTERNET_NODE_BITS + 2 - bits);
}

/* Names the group of routers a destination's packets come through at a TTL. */
CP_INLINE __u32 internet_group(const struct internet_knobs *knobs, __u32 dest, __u32 ttl)
{
	return ttl << INTERNET_TTL_SHIFT | internet_node(knobs, dest, ttl) >> 2;
}

/* Routers of a group that packets are shared out among, by flow or by packet. */
CP_INLINE __u32 internet_width(const struct internet_knobs *knobs, __u32 group)
{
	return 2 + internet_below(internet_hash(knobs, INTERNET_SALT_WIDTH, group, 0), 3);
}

/* Does the router before that TTL spread the packets of a flow? */
CP_INLINE int internet_spreads(const struct internet_knobs *knobs, __u32 dest, __u32 ttl)
{
	return ttl > 1 && internet_chance(knobs, INTERNET_SALT_PER_PACKET, internet_group(knobs, dest, ttl - 1), 0,
	                          knobs->per_packet);
}

/*
 * The router at a TTL. Of those of a group it is chosen by the packet where the router before it spreads packets, else
 * by the flow where they share the load, else by the destination.
 */
CP_INLINE __u32 internet_router(const struct internet_knobs *knobs, const struct internet_probe *probe, __u32 ttl)
{
	__u32 group = internet_group(knobs, probe->dest, ttl), node = internet_node(knobs, probe->dest, ttl);
	__u32 place = ttl << INTERNET_TTL_SHIFT, choice;
	int spreads = internet_spreads(knobs, probe->dest, ttl);

	if (!spreads && !internet_chance(knobs, INTERNET_SALT_BALANCED, group, 0, knobs->balanced))
		return place | node;
	choice = internet_hash(knobs, INTERNET_SALT_BRANCH, probe->dest, (__u32)probe->sport << 16 | probe->dport);
	if (spreads)
		choice = internet_hash(knobs, INTERNET_SALT_BRANCH, probe->identity, choice);
	return place | (node & ~3u) | internet_below(cp_mix32(choice ^ place), internet_width(knobs, group));
}

/* What is left of the TTL that an answer started with. */
CP_INLINE __u8 internet_reply_ttl(const struct internet_knobs *knobs, __u32 dest, __u32 start, __u32 ttl)
{
	__u32 longer = internet_below(internet_hash(knobs, INTERNET_SALT_WAY_BACK, dest, 0), knobs->asymmetry + 1);

	return (__u8)(start - (ttl - 1) - longer);
}

CP_INLINE void internet_at_router(
        const struct internet_knobs *knobs, const struct internet_probe *probe, struct internet_hop *ret_hop)
{
	int old = internet_chance(knobs, INTERNET_SALT_START, ret_hop->router, 0, 25);

	if (!internet_chance(knobs, INTERNET_SALT_SILENT, ret_hop->router, 0, knobs->silent))
		ret_hop->address = INTERNET_ROUTERS | ret_hop->router;
	ret_hop->reply_ttl = internet_reply_ttl(knobs, probe->dest, old ? 64 : 255, ret_hop->ttl);
}

/* Of several routers that packets are spread over, takes the one that is told to have answered, if it is one of them.
 */
CP_INLINE void internet_take_any(
        const struct internet_knobs *knobs, const struct internet_probe *probe, __u32 address, struct internet_hop *hop)
{
	__u32 group = internet_group(knobs, probe->dest, hop->ttl);
	__u32 first = hop->ttl << INTERNET_TTL_SHIFT | (internet_node(knobs, probe->dest, hop->ttl) & ~3u);

	if (!internet_spreads(knobs, probe->dest, hop->ttl) ||
	        address - (INTERNET_ROUTERS | first) >= internet_width(knobs, group))
		return;
	hop->router = address - INTERNET_ROUTERS;
	hop->address = 0;
	internet_at_router(knobs, probe, hop);
}

/* Who answers; always written whole. The probe's TTL is at least 1, its destination in INTERNET_DESTS. */
CP_INLINE void internet_route(
        const struct internet_knobs *knobs, const struct internet_probe *probe, struct internet_hop *ret_hop)
{
	__u32 distance = internet_distance(knobs, probe->dest);
	__u32 start = internet_below(internet_hash(knobs, INTERNET_SALT_START, probe->dest, 1), 3);

	ret_hop->at_end = probe->ttl >= distance;
	ret_hop->ttl = ret_hop->at_end ? distance : probe->ttl;
	ret_hop->address = 0;
	ret_hop->router = 0;
	ret_hop->kind = INTERNET_DARK;
	ret_hop->reply_ttl = 0;
	if (ret_hop->at_end)
		ret_hop->kind = (__u8)internet_kind(knobs, probe->dest, probe->dport);
	if (!ret_hop->at_end || ret_hop->kind == INTERNET_PROHIBITED) {
		ret_hop->router = internet_router(knobs, probe, ret_hop->ttl);
		internet_at_router(knobs, probe, ret_hop);
	} else if (ret_hop->kind != INTERNET_DARK) {
		ret_hop->address = probe->dest;
		ret_hop->reply_ttl = internet_reply_ttl(knobs, probe->dest,
		        start == 0   ? 64
		        : start == 1 ? 128
		                     : 255,
		        distance);
	}
}

/*
 * What a server adds to the initial sequence number of its peer to get its own: so it knows the one of any connection
 * from what the peer acknowledges, and has none to keep, as with SYN cookies.
 */
CP_INLINE __u32 internet_iss_shift(const struct internet_knobs *knobs, const struct internet_probe *probe)
{
	return internet_hash(knobs, INTERNET_SALT_SERVER, probe->dest, (__u32)probe->sport << 16 | probe->dport);
}

/* identity: a number that each probe has of its own. */
CP_INLINE int internet_loses(const struct internet_knobs *knobs, __u32 identity)
{
	return internet_chance(knobs, INTERNET_SALT_LOSS, identity, 0, knobs->loss);
}

CP_INLINE int internet_quotes_short(const struct internet_knobs *knobs, __u32 router)
{
	return internet_chance(knobs, INTERNET_SALT_QUOTE, router, 0, knobs->short_quote);
}

/* The NAT stands behind the near hops: those see what the prober sent. */
CP_INLINE int internet_nats(const struct internet_knobs *knobs, __u32 dest, __u32 ttl)
{
	return ttl > knobs->near && internet_chance(knobs, INTERNET_SALT_NAT, dest, 0, knobs->nat);
}

/* Label stack entries a router shows: 0 to INTERNET_MPLS_MAX. */
CP_INLINE __u32 internet_n_labels(const struct internet_knobs *knobs, __u32 router)
{
	if (!internet_chance(knobs, INTERNET_SALT_MPLS, router, 0, knobs->mpls))
		return 0;
	return 1 + internet_below(internet_hash(knobs, INTERNET_SALT_LABEL, router, 0), INTERNET_MPLS_MAX);
}

/* The i-th entry of n, top first (RFC 3032: label, traffic class, bottom of stack, TTL). */
CP_INLINE __u32 internet_label(const struct internet_knobs *knobs, __u32 router, __u32 i, __u32 n)
{
	__u32 hash = internet_hash(knobs, INTERNET_SALT_LABEL, router, i + 1);

	return (16 + internet_below(hash, 1000000)) << 12 | (hash & 7) << 9 | (__u32)(i + 1 == n) << 8 | 1;
}

/* ---- What the BPF program counts: one entry each, in this order. ---- */

#define INTERNET_COUNTERS(X)                                                                                           \
	X(received, "frames towards the Internet")                                                                     \
	X(time_exceeded, "answered by a router")                                                                       \
	X(syn_ack, "answered by a destination")                                                                        \
	X(rst, "answered by a destination")                                                                            \
	X(sack, "answered by a destination: data behind a hole")                                                       \
	X(udp, "answered by a destination, with a datagram")                                                           \
	X(echo, "answered by a destination")                                                                           \
	X(port_unreachable, "answered by a destination")                                                               \
	X(prohibited, "answered by the router before a destination")                                                   \
	X(bare_ack, "answered by a destination with a handshake unfinished")                                           \
	X(acks, "bare acknowledgements of the prober, swallowed")                                                      \
	X(resets, "resets of the prober, swallowed")                                                                   \
	X(silent_router, "no answer: a silent router")                                                                 \
	X(dark, "no answer: a silent destination")                                                                     \
	X(lost, "no answer: lost on the way")                                                                          \
	X(limited, "no answer: a router out of tokens")                                                                \
	X(truncated, "no answer: the frame ended before its packet")                                                   \
	X(unknown, "no answer: not understood, or no room to answer in")                                               \
	X(passed, "frames that are not for the Internet, passed on")

#define INTERNET_COUNT_ENUM(name, what) INTERNET_COUNT_##name,
enum internet_count { INTERNET_COUNTERS(INTERNET_COUNT_ENUM) INTERNET_N_COUNTS };

/* What the BPF program learns: the flows' source ports (internet_probe.sport). */
struct internet_seen {
	__u32 port_low, port_high; /* host order; 0: none yet */
};

#endif
