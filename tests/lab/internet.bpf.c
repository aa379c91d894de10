// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * internet.bpf.c: answers as the Internet of internet.h from the far end of a
 * link: TCP, UDP and echo requests over IPv4 and IPv6. Owns who answers what;
 * how the answers look is in internet_frames.h.
 */
#include "internet_frames.h"

#define LIMIT_BURST 6u /* answers a rate-limited router gives at once */
#define WINDOW 65160u /* of a server */

/* A handshake somebody began. */
struct half_open_key {
	__u32 dest;
	__u16 sport, dport;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct internet_knobs);
} internet_knobs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct internet_seen);
} internet_seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, INTERNET_N_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} internet_counts SEC(".maps");

/* When a router's bucket is full again, CLOCK_MONOTONIC. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, INTERNET_N_ROUTERS);
	__type(key, __u32);
	__type(value, __u64);
} internet_buckets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 17);
	__type(key, struct half_open_key);
	__type(value, __u32); /* sequence number of its SYN */
} internet_half_open SEC(".maps");

static __always_inline int done(__u32 count, int verdict)
{
	__u64 *n = bpf_map_lookup_elem(&internet_counts, &count);

	if (n)
		(*n)++;
	return verdict;
}

/* ---- What happens to a probe ---- */

/* A received probe, as far as answers depend on it. */
struct arrival {
	struct internet_probe probe;
	__u32 seq; /* of a segment, otherwise whatever tells it from other probes */
	__u32 ack; /* of a segment; not 0: it is in a connection */
	__u32 n_data; /* of such a segment */
	__u32 length; /* behind the IP header */
	__u8 protocol;
};

/* Has the router a token left? A generic cell rate algorithm (ITU-T I.371): one time stamp is the bucket. */
static __always_inline int may_answer(const struct internet_knobs *knobs, __u32 router)
{
	__u64 now_ns = bpf_ktime_get_ns(), interval_ns, *full_ns;

	if (!knobs->limit_pps)
		return 1;
	full_ns = bpf_map_lookup_elem(&internet_buckets, &router);
	interval_ns = 1000000000ull / knobs->limit_pps;
	if (!full_ns || *full_ns > now_ns + (LIMIT_BURST - 1) * interval_ns)
		return 0;
	*full_ns = (*full_ns > now_ns ? *full_ns : now_ns) + interval_ns;
	return 1;
}

static __always_inline int answered(int failed, __u32 count)
{
	return failed ? done(INTERNET_COUNT_unknown, XDP_DROP) : done(count, XDP_TX);
}

/* How much of it an error quotes. Over IPv6 errors quote all they can (RFC 4443, 2.4). */
static __always_inline __u32 quote_len(const struct arrival *arrival, int may_be_short)
{
	if (may_be_short || arrival->length < QUOTE_DATAGRAM)
		return QUOTE_SHORT;
	return arrival->length < QUOTE_SYN ? QUOTE_DATAGRAM : QUOTE_SYN;
}

static __always_inline __u8 nats(
        const struct internet_knobs *knobs, const int v6, const struct arrival *arrival, __u32 ttl)
{
	return !v6 && arrival->protocol == IPPROTO_TCP && internet_nats(knobs, arrival->probe.dest, ttl);
}

static __always_inline int at_router(struct xdp_md *ctx, const struct internet_knobs *knobs, const int v6,
        const struct arrival *arrival, const struct internet_hop *hop)
{
	const __u8 unreachable = v6 ? 1 : 3, prohibited = v6 ? 1 : 13, exceeded = v6 ? 3 : 11;
	struct error_plan plan = {
	        .from = hop->address,
	        .router = hop->router,
	        .n_labels = arrival->length < QUOTE_DATAGRAM ? 0 : internet_n_labels(knobs, hop->router),
	        .type = hop->at_end ? unreachable : exceeded,
	        .code = hop->at_end ? prohibited : 0,
	        .ttl = hop->reply_ttl,
	        .nat = nats(knobs, v6, arrival, hop->ttl),
	};

	if (!hop->address)
		return done(INTERNET_COUNT_silent_router, XDP_DROP);
	if (!may_answer(knobs, hop->router))
		return done(INTERNET_COUNT_limited, XDP_DROP);
	plan.quote_len = quote_len(arrival, !v6 && !plan.n_labels && internet_quotes_short(knobs, hop->router));
	return answered(make_error(ctx, knobs, v6, &plan),
	        hop->at_end ? INTERNET_COUNT_prohibited : INTERNET_COUNT_time_exceeded);
}

/* A server in SYN-RECEIVED; see RFC 9293, 3.10.7.4. */
static __always_inline int at_server(struct xdp_md *ctx, const struct internet_knobs *knobs, const int v6,
        const struct arrival *arrival, const struct internet_hop *hop)
{
	const struct internet_probe *probe = &arrival->probe;
	struct half_open_key key = {.dest = probe->dest, .sport = probe->sport, .dport = probe->dport};
	__u32 shift = internet_iss_shift(knobs, probe), seq = arrival->seq, *first;

	if (knobs->half_open) {
		first = bpf_map_lookup_elem(&internet_half_open, &key);
		if (first && *first != seq)
			return answered(make_bare(ctx, v6, hop, TCP_ACK, *first + shift + 1, *first + 1),
			        INTERNET_COUNT_bare_ack);
		bpf_map_update_elem(&internet_half_open, &key, &seq, BPF_ANY);
	}
	return answered(make_syn_ack(ctx, v6, hop, seq + shift), INTERNET_COUNT_syn_ack);
}

/* A server that accepted: data behind a hole is acknowledged as such. There is no application to take any other. */
static __always_inline int at_connection(struct xdp_md *ctx, const struct internet_knobs *knobs, const int v6,
        const struct arrival *arrival, const struct internet_hop *hop)
{
	__u32 irs = arrival->ack - 1 - internet_iss_shift(knobs, &arrival->probe);
	struct sack_block block = {.left = arrival->seq, .right = arrival->seq + arrival->n_data};

	if (!arrival->n_data)
		return done(INTERNET_COUNT_acks, XDP_DROP);
	if (hop->kind != INTERNET_SYN_ACK || block.left - irs - 2 > WINDOW)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	return answered(make_sack(ctx, v6, hop, irs, &block), INTERNET_COUNT_sack);
}

static __always_inline int say_unreachable(struct xdp_md *ctx, const struct internet_knobs *knobs, const int v6,
        const struct arrival *arrival, const struct internet_hop *hop)
{
	struct error_plan plan = {
	        .from = hop->address,
	        .quote_len = quote_len(arrival, !v6),
	        .type = v6 ? 1 : 3,
	        .code = v6 ? 4 : 3,
	        .ttl = hop->reply_ttl,
	        .nat = nats(knobs, v6, arrival, hop->ttl),
	};

	return answered(make_error(ctx, knobs, v6, &plan), INTERNET_COUNT_port_unreachable);
}

static __always_inline int at_destination(struct xdp_md *ctx, const struct internet_knobs *knobs, const int v6,
        const struct arrival *arrival, const struct internet_hop *hop)
{
	if (hop->kind == INTERNET_DARK)
		return done(INTERNET_COUNT_dark, XDP_DROP);
	if (arrival->protocol == IPPROTO_ICMP)
		return answered(make_echo_reply(ctx, v6, hop), INTERNET_COUNT_echo);
	if (arrival->protocol == IPPROTO_UDP && hop->kind == INTERNET_SYN_ACK)
		return answered(make_udp(ctx, v6, hop), INTERNET_COUNT_udp);
	if (arrival->ack)
		return at_connection(ctx, knobs, v6, arrival, hop);
	if (arrival->protocol == IPPROTO_TCP && hop->kind == INTERNET_SYN_ACK)
		return at_server(ctx, knobs, v6, arrival, hop);
	if (arrival->protocol == IPPROTO_TCP && hop->kind == INTERNET_RST)
		return answered(make_bare(ctx, v6, hop, TCP_RST | TCP_ACK, 0, arrival->seq + 1), INTERNET_COUNT_rst);
	return say_unreachable(ctx, knobs, v6, arrival, hop);
}

static __always_inline void note_port(__u16 port)
{
	__u32 zero = 0;
	struct internet_seen *seen = bpf_map_lookup_elem(&internet_seen, &zero);

	if (!seen)
		return;
	if (!seen->port_low || port < seen->port_low)
		seen->port_low = port;
	if (port > seen->port_high)
		seen->port_high = port;
}

/* ---- Reading; 0, -1: not a probe, or 1: a reset ---- */

static __always_inline int read_tcp(const struct tcphdr *tcp, const void *end, struct arrival *arrival)
{
	__u32 length;
	__u8 flags;

	if ((const void *)(tcp + 1) > end)
		return -1;
	flags = ((const __u8 *)tcp)[13] & (TCP_SYN | TCP_RST | TCP_ACK);
	length = (((const __u8 *)tcp)[12] >> 4) * 4u;
	arrival->probe.sport = bpf_ntohs(tcp->source);
	arrival->probe.dport = bpf_ntohs(tcp->dest);
	arrival->seq = bpf_ntohl(tcp->seq);
	if (flags & TCP_RST)
		return 1;
	if (flags == TCP_ACK && length <= arrival->length) {
		arrival->ack = bpf_ntohl(tcp->ack_seq);
		arrival->n_data = arrival->length - length;
		return arrival->ack ? 0 : -1;
	}
	return flags == TCP_SYN ? 0 : -1;
}

static __always_inline int read_udp(const struct udphdr *udp, const void *end, struct arrival *arrival)
{
	const __u32 *payload = (const void *)(udp + 1);

	if ((const void *)(payload + 1) > end)
		return -1;
	arrival->probe.sport = bpf_ntohs(udp->source);
	arrival->probe.dport = bpf_ntohs(udp->dest);
	arrival->seq = bpf_ntohl(*payload);
	return 0;
}

static __always_inline int read_echo(const struct echo *echo, const void *end, const int v6, struct arrival *arrival)
{
	if ((const void *)(echo + 1) > end || echo->type != ECHO_REQUEST(v6))
		return -1;
	arrival->probe.sport = bpf_ntohs(echo->check);
	arrival->seq = (__u32)bpf_ntohs(echo->id) << 16 | bpf_ntohs(echo->sequence);
	return 0;
}

static __always_inline int read_l4(const void *l4, const void *end, const int v6, struct arrival *arrival)
{
	switch (arrival->protocol) {
	case IPPROTO_TCP:
		return read_tcp(l4, end, arrival);
	case IPPROTO_UDP:
		return read_udp(l4, end, arrival);
	case IPPROTO_ICMP:
		return read_echo(l4, end, v6, arrival);
	}
	return -1;
}

static __always_inline int close_half_open(const struct internet_knobs *knobs, const struct internet_probe *probe)
{
	struct half_open_key key = {.dest = probe->dest, .sport = probe->sport, .dport = probe->dport};

	if (knobs->half_open)
		bpf_map_delete_elem(&internet_half_open, &key);
	return done(INTERNET_COUNT_resets, XDP_DROP);
}

/* `arrival` has what its IP header says. */
static __always_inline int answer(struct xdp_md *ctx, const int v6, struct arrival *arrival)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct internet_knobs *knobs;
	struct internet_hop hop;
	__u32 zero = 0;
	int rc;

	done(INTERNET_COUNT_received, 0);
	knobs = bpf_map_lookup_elem(&internet_knobs, &zero);
	if (!knobs || arrival->probe.ttl == 0)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	if (frame_len(ctx) < (long)(ETH_LEN + IP_LEN(v6) + arrival->length))
		return done(INTERNET_COUNT_truncated, XDP_DROP);
	rc = read_l4(data + ETH_LEN + IP_LEN(v6), end, v6, arrival);
	if (rc < 0)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	if (rc > 0)
		return close_half_open(knobs, &arrival->probe);
	note_port(arrival->probe.sport);
	if (internet_loses(knobs, arrival->seq ^ (knobs->loss_anew ? (__u32)bpf_ktime_get_ns() : 0)))
		return done(INTERNET_COUNT_lost, XDP_DROP);
	arrival->probe.identity = arrival->seq;
	internet_route(knobs, &arrival->probe, &hop);
	if (hop.router)
		return at_router(ctx, knobs, v6, arrival, &hop);
	return at_destination(ctx, knobs, v6, arrival, &hop);
}

static __always_inline int is_destination(__u32 number)
{
	return (number & 0xffff0000) == INTERNET_DESTS;
}

static __always_inline int answer_ip4(struct xdp_md *ctx, const struct iphdr *ip, const void *end)
{
	struct arrival arrival = {0};

	if ((const void *)(ip + 1) > end || !is_destination(bpf_ntohl(ip->daddr)))
		return done(INTERNET_COUNT_passed, XDP_PASS);
	if (ip->version != 4 || ip->ihl != 5 || (ip->frag_off & bpf_htons(IP_FRAGMENT)) ||
	        bpf_ntohs(ip->tot_len) < sizeof(*ip)) {
		done(INTERNET_COUNT_received, 0);
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	}
	arrival.probe.dest = bpf_ntohl(ip->daddr);
	arrival.probe.ttl = ip->ttl;
	arrival.protocol = ip->protocol;
	arrival.length = bpf_ntohs(ip->tot_len) - (__u32)sizeof(*ip);
	return answer(ctx, 0, &arrival);
}

static __always_inline int answer_ip6(struct xdp_md *ctx, const struct ipv6hdr *ip, const void *end)
{
	struct arrival arrival = {0};

	if ((const void *)(ip + 1) > end || ip->daddr.s6_addr32[0] != bpf_htonl(INTERNET_V6_HIGH) ||
	        ip->daddr.s6_addr32[1] != bpf_htonl(INTERNET_V6_LOW) || ip->daddr.s6_addr32[2] ||
	        !is_destination(bpf_ntohl(ip->daddr.s6_addr32[3])))
		return done(INTERNET_COUNT_passed, XDP_PASS);
	arrival.probe.dest = bpf_ntohl(ip->daddr.s6_addr32[3]);
	arrival.probe.ttl = ip->hop_limit;
	arrival.protocol = ip->nexthdr == IPPROTO_ICMPV6 ? IPPROTO_ICMP : ip->nexthdr;
	arrival.length = bpf_ntohs(ip->payload_len);
	return answer(ctx, 1, &arrival);
}

SEC("xdp")
int internet(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct ethhdr *eth = data;

	if ((const void *)(eth + 1) > end)
		return done(INTERNET_COUNT_passed, XDP_PASS);
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return answer_ip4(ctx, data + ETH_LEN, end);
	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return answer_ip6(ctx, data + ETH_LEN, end);
	return done(INTERNET_COUNT_passed, XDP_PASS);
}

/*
 * For the near end, when the program under test does without XDP there: a veth takes what the far end sends back by
 * native XDP only where it runs a program itself.
 */
SEC("xdp")
int near_end(struct xdp_md *ctx)
{
	return ctx->data < ctx->data_end ? XDP_PASS : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
