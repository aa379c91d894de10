// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * internet.bpf.c: answers as the Internet of internet.h from the far end of a
 * link: every answer is made of the received frame, in place, and sent back.
 * Owns how the answers look; it has frames of its own, so that the program
 * under test cannot agree with itself. TCP over IPv4 so far: another protocol
 * is another case in answer() and another answer at the destination; what
 * routers say is the same for all.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "internet.h"

#define ETH_LEN ((__u32)sizeof(struct ethhdr))
#define IP_LEN ((__u32)sizeof(struct iphdr))
#define TCP_LEN ((__u32)sizeof(struct tcphdr))
#define ETH_FRAME_MIN 60
#define IP_FLAG_DF 0x4000
#define IP_FRAGMENT 0x3fff /* more fragments, or not the first */
#define QUOTE_SHORT (IP_LEN + 8u) /* RFC 792 */
#define QUOTE_WHOLE (IP_LEN + TCP_LEN + 12u) /* an ordinary SYN; of a longer packet its begin */
#define QUOTE_PADDED 128u /* before extensions (RFC 4884, 5.1) */
#define EXTENSION_LEN 8u /* of a label stack, without its entries (RFC 4950) */
#define ERROR_LEN (IP_LEN + (__u32)sizeof(struct icmp_error)) /* in front of the quote */
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10
#define LIMIT_BURST 6u /* answers a rate-limited router gives at once */

struct icmp_error {
	__u8 type, code;
	__u16 check;
	__u8 unused, length; /* RFC 4884: of the quote, in words; 0: no extensions */
	__u16 unused2;
};

struct extension {
	__u8 version, reserved;
	__u16 check;
	__u16 length; /* of the object: class, type and entries */
	__u8 class, type;
	__u32 entries[INTERNET_MPLS_MAX];
};

typedef __u16 __attribute__((may_alias)) word;

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

/* ---- Checksums (RFC 1071) ---- */

static __always_inline __u32 sum_words(const void *data, __u32 n_bytes)
{
	const word *w = data;
	__u32 sum = 0;

#pragma unroll
	for (__u32 i = 0; i < n_bytes / 2; i++)
		sum += w[i];
	return sum;
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)((sum & 0xffff) + (sum >> 16));
}

static __always_inline void finish_ip(struct iphdr *ip)
{
	ip->check = 0;
	ip->check = (__u16)~fold(sum_words(ip, IP_LEN));
}

/* ---- Answers ---- */

static __always_inline long frame_len(const struct xdp_md *ctx)
{
	return (void *)(long)ctx->data_end - (void *)(long)ctx->data;
}

static __always_inline void swap_macs(struct ethhdr *eth, const __u8 received[2 * ETH_ALEN])
{
	__builtin_memcpy(eth->h_dest, received + ETH_ALEN, ETH_ALEN);
	__builtin_memcpy(eth->h_source, received, ETH_ALEN);
	eth->h_proto = bpf_htons(ETH_P_IP);
}

static __always_inline void fill_ip(struct iphdr *ip, __u8 protocol, __u32 length, __u32 from, __u32 to_be, __u8 ttl)
{
	ip->version = 4;
	ip->ihl = 5;
	ip->tos = 0;
	ip->tot_len = bpf_htons((__u16)length);
	ip->id = 0;
	ip->frag_off = bpf_htons(IP_FLAG_DF);
	ip->ttl = ttl;
	ip->protocol = protocol;
	ip->saddr = bpf_htonl(from);
	ip->daddr = to_be;
	finish_ip(ip);
}

/* What a router sees of the packet it quotes: the last TTL, and what a NAT before it made of the source. */
static __always_inline void age_quote(struct iphdr *quote, __u16 *sport, int nat)
{
	quote->ttl = 1;
	if (nat) {
		quote->saddr = bpf_htonl(INTERNET_NAT | (bpf_ntohl(quote->saddr) & 0xff));
		*sport ^= bpf_htons(0x5a5a);
	}
	finish_ip(quote);
}

/* Writes the n entries of a router's label stack at data; returns their share of the ICMP checksum, -1 without room. */
static __always_inline long write_labels(
        void *data, void *end, const struct internet_knobs *knobs, __u32 router, __u32 n)
{
	struct extension *extension = data;
	__u32 sum;

	if (data + EXTENSION_LEN > end)
		return -1;
	extension->version = 2 << 4;
	extension->reserved = 0;
	extension->check = 0;
	extension->length = bpf_htons((__u16)(4 + 4 * n));
	extension->class = 1;
	extension->type = 1;
	sum = sum_words(extension, EXTENSION_LEN);
	for (__u32 i = 0; i < INTERNET_MPLS_MAX && i < n; i++) {
		if ((void *)(extension->entries + i + 1) > end)
			return -1;
		extension->entries[i] = bpf_htonl(internet_label(knobs, router, i, n));
		sum += sum_words(extension->entries + i, 4);
	}
	extension->check = (__u16)~fold(sum);
	return (long)sum + extension->check;
}

/* The sum over an ICMP error whose quote is the whole or the short one. */
static __always_inline long sum_error(const void *icmp, const void *end, __u32 quote_len)
{
	if (quote_len == QUOTE_WHOLE)
		return icmp + 8 + QUOTE_WHOLE <= end ? (long)sum_words(icmp, 8 + QUOTE_WHOLE) : -1;
	return icmp + 8 + QUOTE_SHORT <= end ? (long)sum_words(icmp, 8 + QUOTE_SHORT) : -1;
}

/* What an ICMP error consists of. */
struct error_plan {
	__u32 from;
	__u32 router; /* 0: a destination says it */
	__u32 quote_len;
	__u32 n_labels;
	__u8 type, code, ttl;
	__u8 nat;
};

/*
 * Room for the labels as well is made before the frame, where a driver always has some, so the quote moves; behind it
 * come the padding and the labels.
 */
static __always_inline int move_quote(struct xdp_md *ctx, const struct error_plan *plan)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u8 quote[QUOTE_WHOLE];

	if (data + ETH_LEN + QUOTE_WHOLE > end)
		return -1;
	__builtin_memcpy(quote, data + ETH_LEN, QUOTE_WHOLE);
	if (bpf_xdp_adjust_head(
	            ctx, -(int)(ERROR_LEN + QUOTE_PADDED - QUOTE_WHOLE + EXTENSION_LEN + 4 * plan->n_labels)))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + ETH_LEN + ERROR_LEN + QUOTE_PADDED > end)
		return -1;
	__builtin_memcpy(data + ETH_LEN + ERROR_LEN, quote, QUOTE_WHOLE);
	__builtin_memset(data + ETH_LEN + ERROR_LEN + QUOTE_WHOLE, 0, QUOTE_PADDED - QUOTE_WHOLE);
	return 0;
}

/* Cuts the frame to what is quoted, and makes room for what comes around it. */
static __always_inline int make_room(struct xdp_md *ctx, const struct error_plan *plan)
{
	long excess = frame_len(ctx) - (long)(ETH_LEN + plan->quote_len);

	if (excess < 0 || (excess > 0 && bpf_xdp_adjust_tail(ctx, (int)-excess)))
		return -1;
	return plan->n_labels ? move_quote(ctx, plan) : (int)bpf_xdp_adjust_head(ctx, -(int)ERROR_LEN);
}

static __always_inline int send_error(
        struct xdp_md *ctx, const struct internet_knobs *knobs, const struct error_plan *plan, __u32 count)
{
	__u8 macs[2 * ETH_ALEN];
	__u32 length = ERROR_LEN + plan->quote_len;
	struct icmp_error *icmp;
	struct iphdr *ip, *quote;
	long sum, label_sum = 0;
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + sizeof(macs) > end)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	__builtin_memcpy(macs, data, sizeof(macs));
	if (make_room(ctx, plan))
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	ip = data + ETH_LEN;
	icmp = (void *)(ip + 1);
	quote = (void *)(icmp + 1);
	if ((void *)(quote + 1) + 8 > end)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	swap_macs(data, macs);
	if (plan->n_labels) {
		length += QUOTE_PADDED - plan->quote_len + EXTENSION_LEN + 4 * plan->n_labels;
		label_sum = write_labels((void *)quote + QUOTE_PADDED, end, knobs, plan->router, plan->n_labels);
	}
	fill_ip(ip, IPPROTO_ICMP, length, plan->from, quote->saddr, plan->ttl);
	age_quote(quote, (__u16 *)(quote + 1), plan->nat);
	icmp->type = plan->type;
	icmp->code = plan->code;
	icmp->check = 0;
	icmp->unused = 0;
	icmp->length = plan->n_labels ? QUOTE_PADDED / 4 : 0;
	icmp->unused2 = 0;
	sum = sum_error(icmp, end, plan->quote_len);
	if (sum < 0 || label_sum < 0)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	icmp->check = (__u16)~fold((__u32)(sum + label_sum));
	return done(count, XDP_TX);
}

/* Turns the received SYN into an answer with its options, fit for a SYN-ACK. */
static __always_inline int send_syn_ack(struct xdp_md *ctx, const struct internet_hop *hop, __u32 iss)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + ETH_LEN;
	struct tcphdr *tcp = (void *)(ip + 1);
	__u8 macs[2 * ETH_ALEN];
	__u32 before, to_be;
	__u16 port, check;

	if ((void *)(tcp + 1) > end)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	__builtin_memcpy(macs, data, sizeof(macs));
	swap_macs(data, macs);
	to_be = ip->saddr;
	fill_ip(ip, IPPROTO_TCP, bpf_ntohs(ip->tot_len), hop->address, to_be, hop->reply_ttl);
	/* The sum changes by what changes in the header; ends swapped sum up to the same (RFC 1624). */
	check = tcp->check;
	tcp->check = 0;
	before = sum_words(tcp, TCP_LEN);
	port = tcp->source;
	tcp->source = tcp->dest;
	tcp->dest = port;
	tcp->ack_seq = bpf_htonl(bpf_ntohl(tcp->seq) + 1);
	tcp->seq = bpf_htonl(iss);
	((__u8 *)tcp)[13] = TCP_SYN | TCP_ACK;
	tcp->window = bpf_htons(65160);
	tcp->check = (__u16)~fold((__u16)~check + (__u16)~fold(before) + sum_words(tcp, TCP_LEN));
	return done(INTERNET_COUNT_syn_ack, XDP_TX);
}

/* Turns the received SYN into a segment without options, in the smallest Ethernet frame. */
static __always_inline int send_bare(
        struct xdp_md *ctx, const struct internet_hop *hop, __u8 flags, __u32 seq, __u32 ack, __u32 count)
{
	long excess = frame_len(ctx) - ETH_FRAME_MIN;
	void *data, *end;
	struct iphdr *ip;
	struct tcphdr *tcp;
	__u8 macs[2 * ETH_ALEN];
	__u32 to_be;
	__u16 port;

	if (excess > 0 && bpf_xdp_adjust_tail(ctx, (int)-excess))
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	ip = data + ETH_LEN;
	tcp = (void *)(ip + 1);
	if (data + ETH_FRAME_MIN > end)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	__builtin_memcpy(macs, data, sizeof(macs));
	swap_macs(data, macs);
	to_be = ip->saddr;
	fill_ip(ip, IPPROTO_TCP, IP_LEN + TCP_LEN, hop->address, to_be, hop->reply_ttl);
	port = tcp->source;
	tcp->source = tcp->dest;
	tcp->dest = port;
	tcp->seq = bpf_htonl(seq);
	tcp->ack_seq = bpf_htonl(ack);
	((__u8 *)tcp)[12] = TCP_LEN / 4 << 4;
	((__u8 *)tcp)[13] = flags;
	tcp->window = 0;
	tcp->check = 0;
	tcp->urg_ptr = 0;
	tcp->check = (__u16)~fold(
	        sum_words(&ip->saddr, 8) + bpf_htons(IPPROTO_TCP) + bpf_htons(TCP_LEN) + sum_words(tcp, TCP_LEN));
	__builtin_memset(tcp + 1, 0, ETH_FRAME_MIN - ETH_LEN - IP_LEN - TCP_LEN);
	return done(count, XDP_TX);
}

/* ---- What happens to a probe ---- */

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

static __always_inline int at_router(struct xdp_md *ctx, const struct internet_knobs *knobs,
        const struct internet_probe *probe, const struct internet_hop *hop, __u32 packet_len)
{
	struct error_plan plan = {
	        .from = hop->address,
	        .router = hop->router,
	        .n_labels = packet_len < QUOTE_WHOLE ? 0 : internet_n_labels(knobs, hop->router),
	        .type = hop->at_end ? 3 : 11,
	        .code = hop->at_end ? 13 : 0,
	        .ttl = hop->reply_ttl,
	        .nat = (__u8)internet_nats(knobs, probe->dest, hop->ttl),
	};
	int cut = packet_len < QUOTE_WHOLE || (!plan.n_labels && internet_quotes_short(knobs, hop->router));

	if (!hop->address)
		return done(INTERNET_COUNT_silent_router, XDP_DROP);
	if (!may_answer(knobs, hop->router))
		return done(INTERNET_COUNT_limited, XDP_DROP);
	plan.quote_len = cut ? QUOTE_SHORT : QUOTE_WHOLE;
	return send_error(ctx, knobs, &plan, hop->at_end ? INTERNET_COUNT_prohibited : INTERNET_COUNT_time_exceeded);
}

/* A server in SYN-RECEIVED; see RFC 9293, 3.10.7.4. */
static __always_inline int at_server(struct xdp_md *ctx, const struct internet_knobs *knobs,
        const struct internet_probe *probe, const struct internet_hop *hop, __u32 seq)
{
	struct half_open_key key = {.dest = probe->dest, .sport = probe->sport, .dport = probe->dport};
	__u32 iss = internet_hash(knobs, INTERNET_SALT_KIND, probe->dest, probe->sport), *first;

	if (!knobs->half_open)
		return send_syn_ack(ctx, hop, iss);
	first = bpf_map_lookup_elem(&internet_half_open, &key);
	if (first && *first != seq)
		return send_bare(ctx, hop, TCP_ACK, iss + 1, *first + 1, INTERNET_COUNT_bare_ack);
	bpf_map_update_elem(&internet_half_open, &key, &seq, BPF_ANY);
	return send_syn_ack(ctx, hop, iss);
}

static __always_inline int at_destination(struct xdp_md *ctx, const struct internet_knobs *knobs,
        const struct internet_probe *probe, const struct internet_hop *hop, __u32 seq)
{
	struct error_plan plan = {.from = hop->address, .quote_len = QUOTE_SHORT, .type = 3, .code = 3};

	if (hop->kind == INTERNET_DARK)
		return done(INTERNET_COUNT_dark, XDP_DROP);
	if (hop->kind == INTERNET_SYN_ACK)
		return at_server(ctx, knobs, probe, hop, seq);
	if (hop->kind == INTERNET_RST)
		return send_bare(ctx, hop, TCP_RST | TCP_ACK, 0, seq + 1, INTERNET_COUNT_rst);
	plan.ttl = hop->reply_ttl;
	plan.nat = (__u8)internet_nats(knobs, probe->dest, hop->ttl);
	return send_error(ctx, knobs, &plan, INTERNET_COUNT_port_unreachable);
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

static __always_inline int answer_tcp(
        struct xdp_md *ctx, const struct internet_knobs *knobs, const struct iphdr *ip, void *end)
{
	const struct tcphdr *tcp = (const void *)(ip + 1);
	struct internet_probe probe = {.dest = bpf_ntohl(ip->daddr), .ttl = ip->ttl};
	__u32 seq, packet_len = bpf_ntohs(ip->tot_len);
	struct internet_hop hop;
	__u8 flags;

	if ((const void *)(tcp + 1) > end)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	probe.sport = bpf_ntohs(tcp->source);
	probe.dport = bpf_ntohs(tcp->dest);
	seq = bpf_ntohl(tcp->seq);
	flags = ((const __u8 *)tcp)[13] & (TCP_SYN | TCP_RST | TCP_ACK);
	if (flags & TCP_RST) {
		struct half_open_key key = {.dest = probe.dest, .sport = probe.sport, .dport = probe.dport};

		if (knobs->half_open)
			bpf_map_delete_elem(&internet_half_open, &key);
		return done(INTERNET_COUNT_resets, XDP_DROP);
	}
	if (flags != TCP_SYN)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	note_port(probe.sport);
	if (internet_loses(knobs, seq))
		return done(INTERNET_COUNT_lost, XDP_DROP);
	internet_route(knobs, &probe, &hop);
	if (hop.router)
		return at_router(ctx, knobs, &probe, &hop, packet_len);
	return at_destination(ctx, knobs, &probe, &hop, seq);
}

SEC("xdp")
int internet(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const struct ethhdr *eth = data;
	const struct iphdr *ip = (const void *)(eth + 1);
	const struct internet_knobs *knobs;
	__u32 zero = 0;

	if ((const void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) ||
	        (bpf_ntohl(ip->daddr) & 0xffff0000) != INTERNET_DESTS)
		return done(INTERNET_COUNT_passed, XDP_PASS);
	done(INTERNET_COUNT_received, 0);
	knobs = bpf_map_lookup_elem(&internet_knobs, &zero);
	if (!knobs || ip->version != 4 || ip->ihl != 5 || ip->ttl == 0 || (ip->frag_off & bpf_htons(IP_FRAGMENT)) ||
	        ip->protocol != IPPROTO_TCP)
		return done(INTERNET_COUNT_unknown, XDP_DROP);
	if (frame_len(ctx) < (long)ETH_LEN + bpf_ntohs(ip->tot_len))
		return done(INTERNET_COUNT_truncated, XDP_DROP);
	return answer_tcp(ctx, knobs, ip, end);
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
