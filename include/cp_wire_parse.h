/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cp_wire_parse.h: packets that may answer a probe, taken apart and proven or
 * refuted. Included through cp_wire.h.
 */
#ifndef CP_WIRE_PARSE_H
#define CP_WIRE_PARSE_H

#include "cp_wire_base.h"
#include "cp_wire_build.h"
#include "cp_wire_conn.h"

enum cp_parse {
	CP_PARSE_FOREIGN = 0, /* nothing we could have caused */
	CP_PARSE_REPLY, /* may be ours: to be validated */
	CP_PARSE_SHORT, /* bears one of our ports, but too short to prove anything */
	CP_PARSE_FLAGS, /* TCP to one of our ports that answers no SYN */
	CP_PARSE_DATAGRAM, /* UDP to one of our ports: proves addresses and ports, but names no probe */
	CP_PARSE_SEGMENT, /* the same in a run with connections: may belong to one */
};

/* A reply, taken apart. */
struct cp_reply {
	struct cp_addr from; /* outer source */
	struct cp_addr dst; /* whom the probe was sent to, as the reply has it */
	__u32 token;
	__u32 seq, ack; /* of a TCP segment, host order */
	__u32 left; /* left edge of its first SACK block */
	__u16 dst_port; /* network order */
	__u16 next_mtu;
	__u16 ip_id; /* quoted IPv4 identification, host order */
	__u8 ip_len; /* of the outer header: where ICMP begins */
	__u8 kind; /* enum cp_reply_kind */
	__u8 icmp_type, icmp_code;
	__u8 reply_ttl, quoted_ttl;
	__u8 proto; /* CP_IPPROTO_TCP, _UDP, or _ICMP for both families */
	__u8 v6;
	__u8 quoted; /* the probe was quoted in an ICMP error */
	__u8 our_port; /* the source port (of the quote; for ICMP the checksum) is one of ours */
	__u8 flow; /* that it belongs to; TCP */
	__u8 tcp_flags;
	__u8 n_blocks; /* SACK blocks */
	__u8 sack_permitted;
	__u8 has_data;
};

/* Is this the source port of one of our flows? TCP and UDP have a range each. */
CP_INLINE int cp_wire_port_is_ours(const struct cp_run *run, __u8 proto, __u16 port_be)
{
	__u32 port = cp_swap16(port_be), base = proto == CP_IPPROTO_TCP ? run->port_base : run->udp_port_base;

	return base && port - base < run->n_flows;
}

CP_INLINE int cp_wire_echo_is_ours(const struct cp_run *run, __u16 check)
{
	return (__u32)(__u16)(check - CP_ECHO_CHECK) < run->n_flows;
}

/* The quoted transport header at l4; reply->proto says which. */
CP_INLINE enum cp_parse cp_parse_quoted_l4(
        const struct cp_run *run, const void *l4, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_tcp *tcp = (const struct cp_tcp *)l4;
	const struct cp_udp *udp = (const struct cp_udp *)l4;
	const struct cp_echo *echo = (const struct cp_echo *)l4;

	if ((const void *)((const __u8 *)l4 + 4) > end)
		return CP_PARSE_FOREIGN;
	if (ret_reply->proto != CP_IPPROTO_ICMP)
		ret_reply->our_port = (__u8)cp_wire_port_is_ours(run, ret_reply->proto, tcp->sport);
	if ((const void *)((const __u8 *)l4 + 8) > end)
		return ret_reply->our_port ? CP_PARSE_SHORT : CP_PARSE_FOREIGN;
	if (ret_reply->proto == CP_IPPROTO_TCP) {
		ret_reply->token = cp_swap32(tcp->seq);
		ret_reply->flow = (__u8)(cp_swap16(tcp->sport) - run->port_base);
		ret_reply->dst_port = tcp->dport;
	} else if (ret_reply->proto == CP_IPPROTO_UDP) {
		ret_reply->dst_port = udp->dport;
		if (ret_reply->v6) {
			/* ICMPv6 quotes as much as fits (RFC 4443, 3.3), so the token itself is there. */
			const cp_word *payload = (const cp_word *)(udp + 1);

			if ((const void *)(payload + 2) > end)
				return ret_reply->our_port ? CP_PARSE_SHORT : CP_PARSE_FOREIGN;
			ret_reply->token = (__u32)cp_swap16(payload[0]) << 16 | cp_swap16(payload[1]);
		} else {
			ret_reply->token = (__u32)ret_reply->ip_id << 16 | cp_swap16(udp->check);
		}
	} else {
		if (echo->code != 0 || echo->type != (ret_reply->v6 ? CP_ICMP6_ECHO : CP_ICMP_ECHO))
			return CP_PARSE_FOREIGN;
		ret_reply->our_port = (__u8)cp_wire_echo_is_ours(run, cp_swap16(echo->check));
		ret_reply->token = (__u32)cp_swap16(echo->id) << 16 | cp_swap16(echo->seq);
	}
	return CP_PARSE_REPLY;
}

/* The protocol a probe of ours can have, as struct cp_dest names it; 0: none. */
CP_INLINE __u8 cp_parse_proto(__u8 proto, int v6)
{
	if (proto == CP_IPPROTO_TCP || proto == CP_IPPROTO_UDP)
		return proto;
	return proto == (v6 ? CP_IPPROTO_ICMPV6 : CP_IPPROTO_ICMP) ? CP_IPPROTO_ICMP : 0;
}

/*
 * An echo reply to one of ours: the token in its identifier and sequence
 * number. Its checksum differs from that of the request by the type alone.
 */
CP_INLINE enum cp_parse cp_parse_echo_reply(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_echo *echo = (const struct cp_echo *)data;
	__u32 check;

	if ((const void *)(echo + 1) > end || echo->code != 0)
		return CP_PARSE_FOREIGN;
	/* RFC 1624: ~C' = ~C + ~m + m', with the type in the high byte of its word. */
	check = (__u16)~cp_swap16(echo->check);
	check += ret_reply->v6 ? (__u16) ~(CP_ICMP6_ECHO_REPLY << 8) + (CP_ICMP6_ECHO << 8) : CP_ICMP_ECHO << 8;
	if (!cp_wire_echo_is_ours(run, cp_sum_fold(check)))
		return CP_PARSE_FOREIGN;
	ret_reply->our_port = 1;
	ret_reply->kind = CP_REPLY_ECHO;
	ret_reply->proto = CP_IPPROTO_ICMP;
	ret_reply->token = (__u32)cp_swap16(echo->id) << 16 | cp_swap16(echo->seq);
	ret_reply->dst = ret_reply->from;
	return CP_PARSE_REPLY;
}

/* ICMP at `data`: an error quotes the probe. */
CP_INLINE enum cp_parse cp_wire_parse_icmp4(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_icmp *icmp = (const struct cp_icmp *)data;
	const struct cp_ip4 *quote = (const struct cp_ip4 *)(icmp + 1);
	__u32 ihl;

	if ((const void *)(icmp + 1) > end)
		return CP_PARSE_FOREIGN;
	if (icmp->type == CP_ICMP_ECHO_REPLY)
		return cp_parse_echo_reply(run, data, end, ret_reply);
	if ((const void *)(quote + 1) > end)
		return CP_PARSE_FOREIGN;
	if (icmp->type == CP_ICMP_TIME_EXCEEDED)
		ret_reply->kind = CP_REPLY_TIME_EXCEEDED;
	else if (icmp->type == CP_ICMP_UNREACHABLE)
		ret_reply->kind = CP_REPLY_UNREACHABLE;
	else
		return CP_PARSE_FOREIGN;
	ihl = (quote->version_ihl & 0x0f) * 4u;
	ret_reply->proto = cp_parse_proto(quote->protocol, 0);
	if (quote->version_ihl >> 4 != 4 || ihl < sizeof(*quote) || !ret_reply->proto)
		return CP_PARSE_FOREIGN;
	cp_addr_set_v4(&ret_reply->dst, quote->dst);
	ret_reply->ip_id = cp_swap16(quote->id);
	ret_reply->quoted_ttl = quote->ttl;
	ret_reply->quoted = 1;
	ret_reply->icmp_type = icmp->type;
	ret_reply->icmp_code = icmp->code;
	if (icmp->type == CP_ICMP_UNREACHABLE && icmp->code == CP_ICMP_FRAG_NEEDED)
		ret_reply->next_mtu = cp_swap16(icmp->mtu);
	return cp_parse_quoted_l4(run, (const __u8 *)quote + ihl, end, ret_reply);
}

CP_INLINE enum cp_parse cp_wire_parse_icmp6(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_icmp *icmp = (const struct cp_icmp *)data;
	const struct cp_ip6 *quote = (const struct cp_ip6 *)(icmp + 1);

	if ((const void *)(icmp + 1) > end)
		return CP_PARSE_FOREIGN;
	if (icmp->type == CP_ICMP6_ECHO_REPLY)
		return cp_parse_echo_reply(run, data, end, ret_reply);
	if ((const void *)(quote + 1) > end)
		return CP_PARSE_FOREIGN;
	if (icmp->type == CP_ICMP6_TIME_EXCEEDED)
		ret_reply->kind = CP_REPLY_TIME_EXCEEDED;
	else if (icmp->type == CP_ICMP6_UNREACHABLE || icmp->type == CP_ICMP6_TOO_BIG)
		ret_reply->kind = CP_REPLY_UNREACHABLE;
	else
		return CP_PARSE_FOREIGN;
	ret_reply->proto = cp_parse_proto(quote->next_header, 1);
	if (cp_swap32(quote->version_class_label) >> 28 != 6 || !ret_reply->proto)
		return CP_PARSE_FOREIGN;
	__builtin_memcpy(ret_reply->dst.b, quote->dst, 16);
	ret_reply->quoted_ttl = quote->hop_limit;
	ret_reply->quoted = 1;
	ret_reply->icmp_type = icmp->type;
	ret_reply->icmp_code = icmp->code;
	if (icmp->type == CP_ICMP6_TOO_BIG)
		ret_reply->next_mtu = icmp->len6 | icmp->len4 ? 0xffff : cp_swap16(icmp->mtu);
	return cp_parse_quoted_l4(run, quote + 1, end, ret_reply);
}

/*
 * TCP segment of len bytes at `data`: the answer to a SYN acknowledges our
 * sequence number + 1, so it names the probe.
 */
CP_INLINE enum cp_parse cp_wire_parse_tcp(
        const struct cp_run *run, const void *data, const void *end, __u32 len, struct cp_reply *ret_reply)
{
	const struct cp_tcp *tcp = (const struct cp_tcp *)data;
	__u8 flags;

	if ((const void *)((const __u8 *)tcp + 4) > end || !cp_wire_port_is_ours(run, CP_IPPROTO_TCP, tcp->dport))
		return CP_PARSE_FOREIGN;
	if ((const void *)(tcp + 1) > end)
		return CP_PARSE_SHORT;
	ret_reply->our_port = 1;
	ret_reply->proto = CP_IPPROTO_TCP;
	ret_reply->flow = (__u8)(cp_swap16(tcp->dport) - run->port_base);
	ret_reply->dst = ret_reply->from;
	ret_reply->dst_port = tcp->sport;
	ret_reply->seq = cp_swap32(tcp->seq);
	ret_reply->ack = cp_swap32(tcp->ack);
	ret_reply->token = ret_reply->ack - 1;
	ret_reply->tcp_flags = tcp->flags;
	if (run->sack) {
		struct cp_tcp_options options;

		cp_wire_tcp_options(tcp, end, &options);
		ret_reply->sack_permitted = options.sack_permitted;
		ret_reply->n_blocks = options.n_blocks;
		ret_reply->has_data = len > (tcp->offset >> 4) * 4u;
		ret_reply->left = options.left;
	}
	flags = tcp->flags & (CP_TCP_SYN | CP_TCP_RST | CP_TCP_ACK);
	if (flags == (CP_TCP_SYN | CP_TCP_ACK))
		ret_reply->kind = CP_REPLY_SYN_ACK;
	else if (flags == (CP_TCP_RST | CP_TCP_ACK))
		ret_reply->kind = CP_REPLY_RST;
	else
		return run->sack ? CP_PARSE_SEGMENT : CP_PARSE_FLAGS;
	return CP_PARSE_REPLY;
}

/* UDP datagram at `data`: an answer bears nothing of ours but the ports. */
CP_INLINE enum cp_parse cp_wire_parse_udp(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_udp *udp = (const struct cp_udp *)data;

	if ((const void *)(udp + 1) > end || !cp_wire_port_is_ours(run, CP_IPPROTO_UDP, udp->dport))
		return CP_PARSE_FOREIGN;
	ret_reply->our_port = 1;
	ret_reply->kind = CP_REPLY_UDP;
	ret_reply->proto = CP_IPPROTO_UDP;
	ret_reply->flow = (__u8)(cp_swap16(udp->dport) - run->udp_port_base);
	ret_reply->dst = ret_reply->from;
	ret_reply->dst_port = udp->sport;
	return CP_PARSE_DATAGRAM;
}

/*
 * Takes an IPv4 packet at data apart. *ret_reply is always written, and
 * whole when the result is CP_PARSE_REPLY; nothing is validated yet.
 */
CP_INLINE enum cp_parse cp_wire_parse_ip4(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_ip4 *ip = (const struct cp_ip4 *)data;
	const void *l4;
	__u32 ihl;

	__builtin_memset(ret_reply, 0, sizeof(*ret_reply));
	if ((const void *)(ip + 1) > end)
		return CP_PARSE_FOREIGN;
	ihl = (ip->version_ihl & 0x0f) * 4u;
	if (ip->version_ihl >> 4 != 4 || ihl < sizeof(*ip) || (ip->frag & cp_swap16(CP_IP_FRAG_MASK)))
		return CP_PARSE_FOREIGN;
	l4 = (const __u8 *)data + ihl;
	if (!cp_parse_proto(ip->protocol, 0))
		return CP_PARSE_FOREIGN;
	cp_addr_set_v4(&ret_reply->from, ip->src);
	ret_reply->reply_ttl = ip->ttl;
	ret_reply->ip_len = (__u8)ihl;
	if (ip->protocol == CP_IPPROTO_ICMP)
		return cp_wire_parse_icmp4(run, l4, end, ret_reply);
	if (ip->protocol == CP_IPPROTO_UDP)
		return cp_wire_parse_udp(run, l4, end, ret_reply);
	return cp_wire_parse_tcp(run, l4, end, cp_swap16(ip->total_len) - ihl, ret_reply);
}

/* The same for IPv6. Packets with extension headers are foreign: nothing we probe with provokes them. */
CP_INLINE enum cp_parse cp_wire_parse_ip6(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_ip6 *ip = (const struct cp_ip6 *)data;

	__builtin_memset(ret_reply, 0, sizeof(*ret_reply));
	if ((const void *)(ip + 1) > end || cp_swap32(ip->version_class_label) >> 28 != 6)
		return CP_PARSE_FOREIGN;
	if (!cp_parse_proto(ip->next_header, 1))
		return CP_PARSE_FOREIGN;
	__builtin_memcpy(ret_reply->from.b, ip->src, 16);
	ret_reply->reply_ttl = ip->hop_limit;
	ret_reply->v6 = 1;
	ret_reply->ip_len = sizeof(*ip);
	if (ip->next_header == CP_IPPROTO_ICMPV6)
		return cp_wire_parse_icmp6(run, ip + 1, end, ret_reply);
	if (ip->next_header == CP_IPPROTO_UDP)
		return cp_wire_parse_udp(run, ip + 1, end, ret_reply);
	return cp_wire_parse_tcp(run, ip + 1, end, cp_swap16(ip->payload_len), ret_reply);
}

/* A packet of either family, without a link-layer header. */
CP_INLINE enum cp_parse cp_wire_parse_ip(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	if ((const void *)((const __u8 *)data + 1) <= end && *(const __u8 *)data >> 4 == 6)
		return cp_wire_parse_ip6(run, data, end, ret_reply);
	return cp_wire_parse_ip4(run, data, end, ret_reply);
}

/* An Ethernet frame. Tagged frames are foreign. */
CP_INLINE enum cp_parse cp_wire_parse_frame(
        const struct cp_run *run, const void *data, const void *end, struct cp_reply *ret_reply)
{
	const struct cp_eth *eth = (const struct cp_eth *)data;

	__builtin_memset(ret_reply, 0, sizeof(*ret_reply));
	if ((const void *)(eth + 1) > end)
		return CP_PARSE_FOREIGN;
	if (eth->type == cp_swap16(CP_ETH_P_IP))
		return cp_wire_parse_ip4(run, eth + 1, end, ret_reply);
	if (eth->type == cp_swap16(CP_ETH_P_IPV6))
		return cp_wire_parse_ip6(run, eth + 1, end, ret_reply);
	return CP_PARSE_FOREIGN;
}

/* ---- Identity ---- */

enum cp_validity {
	CP_VALID = 0,
	CP_VALID_MODIFIED, /* ours, though a middlebox changed the quote */
	CP_INVALID_TOKEN, /* no such slot */
	CP_INVALID_DEST, /* the slot belongs to another destination, port or protocol */
};

/* Probe id a reply claims; *ret_dest_index is its destination. Returns 0 when the slot does not exist. */
CP_INLINE int cp_wire_claim(
        const struct cp_run *run, const struct cp_reply *reply, __u32 *ret_id, __u32 *ret_dest_index)
{
	__u32 id = cp_token_inverse(run->token_key, reply->token);
	__u32 per_dest = run->n_flows * run->n_ttls;

	if (cp_id_slot(id) >= run->n_slots || per_dest == 0)
		return 0;
	*ret_id = id;
	*ret_dest_index = cp_id_slot(id) / per_dest;
	return 1;
}

/*
 * Does the reply prove a probe to dest? The quoted source is not looked at: a
 * NAT may have rewritten it. Then a second witness has to stand in for the
 * source port: the IPv4 identification, which follows from the token. UDP has
 * none (its token is spread over both), nor has IPv6.
 */
CP_INLINE enum cp_validity cp_wire_validate(const struct cp_reply *reply, const struct cp_dest *dest)
{
	int has_id = reply->quoted && !reply->v6 && reply->proto != CP_IPPROTO_UDP;
	int id_ok = has_id && reply->ip_id == cp_wire_ip_id(reply->token);

	/* An IPv4 destination as ::ffff:a.b.c.d in an IPv6 header is nothing we sent. */
	if (!!(dest->flags & CP_DEST_V6) != reply->v6)
		return CP_INVALID_DEST;
	if (!cp_addr_same(&reply->dst, &dest->addr) || reply->dst_port != dest->port || reply->proto != dest->proto)
		return CP_INVALID_DEST;
	if (reply->our_port)
		return id_ok || !has_id ? CP_VALID : CP_VALID_MODIFIED;
	return id_ok ? CP_VALID_MODIFIED : CP_INVALID_DEST;
}

/* What a segment of the server means for an open connection. */
enum cp_conn_news {
	CP_CONN_FOREIGN = 0, /* it does not belong to it */
	CP_CONN_ARRIVAL, /* the probe with sequence number reply->left has arrived */
	CP_CONN_STREAM, /* nothing of interest */
	CP_CONN_BARE, /* an acknowledgement without a block */
	CP_CONN_ENDS, /* the server closes or resets it */
};

/* A reset need only lie in the window we announced (RFC 9293, 3.10.7.4): forging one can but end a connection. */
CP_INLINE enum cp_conn_news cp_wire_conn_news(const struct cp_conn *conn, const struct cp_reply *reply)
{
	if (reply->tcp_flags & CP_TCP_RST)
		return reply->seq - conn->irs - 1 <= 0xffff ? CP_CONN_ENDS : CP_CONN_FOREIGN;
	if (reply->tcp_flags & CP_TCP_SYN || !(reply->tcp_flags & CP_TCP_ACK) || reply->ack != conn->iss + 1)
		return CP_CONN_FOREIGN;
	if (reply->n_blocks)
		return CP_CONN_ARRIVAL;
	if (reply->tcp_flags & CP_TCP_FIN)
		return CP_CONN_ENDS;
	return reply->has_data ? CP_CONN_STREAM : CP_CONN_BARE;
}

#endif
