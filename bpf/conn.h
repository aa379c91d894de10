/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * conn.h: the TCP connections of SACK probing: how one is opened, what a
 * router's quote or a server's segment says of its probes, how it ends.
 */
#ifndef CP_CONN_H
#define CP_CONN_H

#include "cp_wire.h"
#include "maps.h"

/* What becomes of a packet. The answers are made of it in place. */
enum fate { FATE_PASS = 0, FATE_CONSUME, FATE_RESET, FATE_ACK };

/* The destination a TCP or UDP packet speaks of, if it is in the index; else NULL. *ret_first is its first path. */
static __always_inline struct cp_dest *indexed_dest(const struct cp_reply *reply, __u32 *ret_first)
{
	struct cp_dest_key key = {.addr = reply->dst, .port = reply->dst_port, .proto = reply->proto};
	__u32 *index = bpf_map_lookup_elem(&cp_index, &key);
	struct cp_dest *dest;

	if (!index)
		return NULL;
	*ret_first = *index * run.n_flows;
	dest = bpf_map_lookup_elem(&cp_dests, index);
	/* As cp_wire_validate() has it: an IPv4 destination in an IPv6 header is nothing we sent. */
	return dest && !!(dest->flags & CP_DEST_V6) == reply->v6 ? dest : NULL;
}

static __always_inline void conn_leave(struct cp_conn *conn, enum cp_conn_state state)
{
	__sync_val_compare_and_swap(&conn->state, CP_CONN_OPEN, state);
}

/*
 * A SYN of ours was answered. The first SYN-ACK opens the flow's connection,
 * if it permits SACK; one that repeats itself did not see our ACK.
 */
static __always_inline enum fate conn_answered(const struct cp_reply *reply, __u32 path)
{
	struct cp_conn *conn = bpf_map_lookup_elem(&cp_conns, &path);
	__u32 start = reply->reply_ttl <= 64 ? 64 : reply->reply_ttl <= 128 ? 128 : 255;

	if (conn && reply->kind == CP_REPLY_RST && conn->iss == reply->ack - 1)
		conn_leave(conn, CP_CONN_PEER_CLOSED);
	if (reply->kind != CP_REPLY_SYN_ACK)
		return FATE_CONSUME;
	if (!conn || run.closing)
		return FATE_RESET;
	if (conn->state == CP_CONN_OPEN && conn->iss == reply->ack - 1 && conn->irs == reply->seq)
		return FATE_ACK;
	if (__sync_val_compare_and_swap(&conn->state, CP_CONN_NONE,
	            reply->sack_permitted ? CP_CONN_OPENING : CP_CONN_NOT_PERMITTED) != CP_CONN_NONE)
		return FATE_RESET;
	if (!reply->sack_permitted)
		return FATE_RESET;
	conn->iss = reply->ack - 1;
	conn->irs = reply->seq;
	conn->hint_ttl = (__u8)(start - reply->reply_ttl + 1);
	/* With a return value it is a full barrier: who sees the state sees the numbers. */
	__sync_lock_test_and_set(&conn->state, CP_CONN_OPEN);
	count_reply(CP_STAT_CONN_OPENED);
	return FATE_ACK;
}

/* A probe found by what a packet says of a connection. */
struct conn_probe {
	__u32 sent;
	__u32 id;
	__u8 found;
	__u8 event_flags;
};

/* The probe that a sequence number stands for in the connection of a path, if it was sent. */
static __always_inline void conn_find_probe(
        const struct cp_conn *conn, __u32 path, __u32 seq, struct conn_probe *ret_probe)
{
	__u32 ttl_index, attempt, slot;
	__u32 *sent;

	if (!cp_conn_probe(conn, seq, &ttl_index, &attempt) || ttl_index >= run.n_ttls)
		return;
	slot = path * run.n_ttls + ttl_index;
	sent = sent_of(slot);
	if (!sent || !*sent || attempt > cp_sent_attempt(*sent))
		return;
	ret_probe->id = cp_id_make(slot, attempt);
	ret_probe->sent = *sent;
	ret_probe->found = 1;
}

/*
 * A router quotes what may be a probe in a connection. Behind a NAT that
 * rewrote the quoted source port it may be of any of the destination's flows;
 * then the identification has to witness. Like conn_segment() a global
 * function: the verifier looks at it once, not once a caller.
 */
__noinline int conn_quoted(const struct cp_reply *reply, struct conn_probe *ret_probe)
{
	__u32 first, path;
	int id_ok;

	if (!reply || !ret_probe || !indexed_dest(reply, &first))
		return 0;
	id_ok = !reply->v6 && reply->ip_id == cp_wire_ip_id(reply->token);
	for (__u32 flow = 0; flow < CP_FLOWS_MAX && !ret_probe->found; flow++) {
		struct cp_conn *conn;

		if (flow >= run.n_flows)
			break;
		if (reply->our_port ? flow != reply->flow : !id_ok)
			continue;
		path = first + flow;
		conn = bpf_map_lookup_elem(&cp_conns, &path);
		if (conn && conn->state >= CP_CONN_OPEN)
			conn_find_probe(conn, path, reply->token, ret_probe);
	}
	if (!reply->our_port || !(id_ok || reply->v6))
		ret_probe->event_flags = CP_EV_QUOTE_MODIFIED;
	return ret_probe->found;
}

/* A segment of a server, from outside the handshake. Returns an enum fate; *ret_probe is what it acknowledges. */
__noinline int conn_segment(const struct cp_reply *reply, struct conn_probe *ret_probe)
{
	enum cp_conn_news news;
	struct cp_conn *conn;
	__u32 path;

	if (!reply || !ret_probe || !indexed_dest(reply, &path))
		return FATE_PASS;
	path += reply->flow;
	conn = bpf_map_lookup_elem(&cp_conns, &path);
	news = conn && conn->state >= CP_CONN_OPEN ? cp_wire_conn_news(conn, reply) : CP_CONN_FOREIGN;
	if (!conn || news == CP_CONN_FOREIGN)
		return FATE_PASS;
	if (news == CP_CONN_ARRIVAL && conn->state == CP_CONN_OPEN) {
		conn_find_probe(conn, path, reply->left, ret_probe);
		conn->sacked |= ret_probe->found;
		/* Of the connection all the same: the kernel, which knows of none, would reset it. */
		if (!ret_probe->found)
			count_reply(CP_STAT_REJ_UNSENT);
		return FATE_CONSUME;
	}
	count_reply(CP_STAT_RX_STREAM);
	if (news == CP_CONN_ENDS)
		conn_leave(conn, CP_CONN_PEER_CLOSED);
	else if (news == CP_CONN_BARE && conn->top_sent && !conn->sacked)
		conn_leave(conn, CP_CONN_UNUSED);
	/* What comes after the end is told so; a reset is never answered. */
	return conn->state == CP_CONN_OPEN || reply->tcp_flags & CP_TCP_RST ? FATE_CONSUME : FATE_RESET;
}

#endif
