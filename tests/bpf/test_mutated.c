// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_mutated.c: replies of all kinds, and segments of connections, changed
 * at random: the capture programs must judge them as the host's build of
 * cp_wire.h does. Needs root.
 */
#include "bpf_util.h"

/* What the host has counted, and what it makes of the connections. */
struct host {
	uint64_t counts[CP_STAT_MAX + 1]; /* the last one: frames counted nowhere */
	struct cp_conn conns[LAB_PATHS];
};

struct judgement {
	enum fate fate;
	uint8_t answer; /* TCP flags */
	bool reports; /* ... what follows */
	bool modified;
	uint32_t id;
	struct cp_reply reply;
};

/* The same rules, as the host's build of cp_wire.h has them. */
struct judge {
	const struct lab *lab;
	const struct lab_frame *f;
	struct host *host;
	struct judgement got;
};

static void turn_away(struct judge *judge, bool ours, uint32_t stat_id)
{
	judge->got.fate = PASS;
	judge->host->counts[ours ? stat_id : CP_STAT_MAX]++;
}

/* A packet with IP options is consumed without one. */
static void answer(struct judge *judge, uint8_t flags)
{
	judge->got.fate = CONSUME;
	if (!judge->got.reply.v6 && judge->f->b[LAB_ETH_LEN] != 0x45)
		return;
	judge->got.fate = ANSWER;
	judge->got.answer = flags;
	judge->host->counts[flags == CP_TCP_ACK ? CP_STAT_RX_ACK_SENT : CP_STAT_RX_RST_SENT]++;
}

static void report(struct judge *judge)
{
	judge->got.fate = CONSUME;
	judge->got.reports = true;
	judge->host->counts[CP_STAT_RX_MATCHED]++;
}

/* ---- Connections ---- */

/* The first path of the destination a packet speaks of; LAB_PATHS: it has no connections. */
static uint32_t first_path(const struct judge *judge)
{
	const struct cp_reply *reply = &judge->got.reply;

	for (uint32_t d = 0; d < LAB_DESTS; d++) {
		const struct cp_dest *dest = &judge->lab->dests[d];

		if (dest->flags & CP_DEST_SACK && cp_addr_same(&dest->addr, &reply->dst) &&
		        dest->port == reply->dst_port && !!(dest->flags & CP_DEST_V6) == reply->v6)
			return d * LAB_FLOWS;
	}
	return LAB_PATHS;
}

static bool find_probe(struct judge *judge, uint32_t path, uint32_t seq)
{
	uint32_t behind = seq - judge->host->conns[path].iss, place = (behind - 3) / 2, slot;
	uint32_t sent;

	if (behind < 3 || behind % 2 == 0 || place >= 8 * 64 || place % 64 >= LAB_TTLS)
		return false;
	slot = path * LAB_TTLS + place % 64;
	sent = judge->lab->sent[slot];
	judge->got.id = cp_id_make(slot, place / 64);
	return sent && place / 64 <= cp_sent_attempt(sent);
}

static bool judge_quote(struct judge *judge)
{
	const struct cp_reply *reply = &judge->got.reply;
	bool id_ok = !reply->v6 && reply->ip_id == cp_wire_ip_id(reply->token);
	uint32_t first = first_path(judge);

	judge->got.modified = !reply->our_port || !(id_ok || reply->v6);
	for (uint32_t flow = 0; first < LAB_PATHS && flow < LAB_FLOWS; flow++) {
		bool may = reply->our_port ? flow == reply->flow : id_ok;

		if (may && judge->host->conns[first + flow].state >= CP_CONN_OPEN &&
		        find_probe(judge, first + flow, reply->token))
			return true;
	}
	return false;
}

static bool judge_segment(struct judge *judge)
{
	const struct cp_reply *reply = &judge->got.reply;
	uint32_t path = first_path(judge) + reply->flow;
	enum cp_conn_news news;
	struct cp_conn *conn;

	if (path >= LAB_PATHS)
		return false;
	conn = &judge->host->conns[path];
	news = conn->state >= CP_CONN_OPEN ? cp_wire_conn_news(conn, reply) : CP_CONN_FOREIGN;
	if (news == CP_CONN_FOREIGN)
		return false;
	judge->got.fate = CONSUME;
	judge->got.reply.kind = CP_REPLY_SACK;
	if (news == CP_CONN_ARRIVAL && conn->state == CP_CONN_OPEN) {
		if (find_probe(judge, path, reply->left)) {
			conn->sacked = 1;
			report(judge);
		} else {
			judge->host->counts[CP_STAT_REJ_UNSENT]++;
		}
		return true;
	}
	judge->host->counts[CP_STAT_RX_STREAM]++;
	if (news == CP_CONN_ENDS && conn->state == CP_CONN_OPEN)
		conn->state = CP_CONN_PEER_CLOSED;
	else if (news == CP_CONN_BARE && conn->state == CP_CONN_OPEN && conn->top_sent && !conn->sacked)
		conn->state = CP_CONN_UNUSED;
	if (conn->state != CP_CONN_OPEN && !(reply->tcp_flags & CP_TCP_RST))
		answer(judge, CP_TCP_RST);
	return true;
}

/* What answers no SYN, datagram or echo request may be of a connection. */
static void judge_conn(struct judge *judge, uint32_t stat_id)
{
	const struct cp_reply *reply = &judge->got.reply;
	bool may = judge->lab->skel->bss->run.sack && reply->proto == CP_IPPROTO_TCP;

	if (may && reply->quoted && judge_quote(judge))
		report(judge);
	else if (!may || reply->quoted || !judge_segment(judge))
		turn_away(judge, reply->our_port, stat_id);
}

/* An answer to a SYN of a destination with connections. */
static void judge_handshake(struct judge *judge)
{
	const struct cp_reply *reply = &judge->got.reply;
	struct cp_conn *conn = &judge->host->conns[cp_id_slot(judge->got.id) / LAB_TTLS];
	bool is_scouts = conn->iss == reply->ack - 1;

	if (reply->kind == CP_REPLY_RST && is_scouts && conn->state == CP_CONN_OPEN)
		conn->state = CP_CONN_PEER_CLOSED;
	if (reply->kind != CP_REPLY_SYN_ACK)
		return;
	if (conn->state == CP_CONN_OPEN && is_scouts && conn->irs == reply->seq) {
		answer(judge, CP_TCP_ACK);
	} else if (conn->state == CP_CONN_NONE && reply->sack_permitted) {
		uint32_t start = reply->reply_ttl > 128 ? 255 : reply->reply_ttl > 64 ? 128 : 64;

		*conn = (struct cp_conn){.state = CP_CONN_OPEN,
		        .iss = reply->ack - 1,
		        .irs = reply->seq,
		        .hint_ttl = (uint8_t)(start + 1 - reply->reply_ttl)};
		judge->host->counts[CP_STAT_CONN_OPENED]++;
		answer(judge, CP_TCP_ACK);
	} else {
		if (conn->state == CP_CONN_NONE)
			conn->state = CP_CONN_NOT_PERMITTED;
		answer(judge, CP_TCP_RST);
	}
}

/* ---- Everything ---- */

static void judge_reply(struct judge *judge)
{
	struct cp_reply *reply = &judge->got.reply;
	enum cp_validity validity;
	uint32_t index;
	uint32_t sent;

	if (!cp_wire_claim(&judge->lab->skel->bss->run, reply, &judge->got.id, &index)) {
		judge_conn(judge, CP_STAT_REJ_TOKEN);
		return;
	}
	validity = cp_wire_validate(reply, &judge->lab->dests[index]);
	sent = judge->lab->sent[cp_id_slot(judge->got.id)];
	if (validity == CP_INVALID_DEST) {
		judge_conn(judge, CP_STAT_REJ_DEST);
	} else if (!sent || cp_id_attempt(judge->got.id) > cp_sent_attempt(sent)) {
		judge_conn(judge, CP_STAT_REJ_UNSENT);
	} else {
		judge->got.modified = validity == CP_VALID_MODIFIED;
		report(judge);
		if (judge->lab->dests[index].flags & CP_DEST_SACK)
			judge_handshake(judge);
		else if (reply->kind == CP_REPLY_SYN_ACK)
			answer(judge, CP_TCP_RST);
	}
}

static struct judgement host_judge(const struct lab *lab, const struct lab_frame *f, struct host *host)
{
	struct judge judge = {.lab = lab, .f = f, .host = host};

	switch (cp_wire_parse_frame(&lab->skel->bss->run, f->b, f->b + f->len, &judge.got.reply)) {
	case CP_PARSE_FOREIGN:
		turn_away(&judge, false, CP_STAT_MAX);
		break;
	case CP_PARSE_SHORT:
		turn_away(&judge, true, CP_STAT_REJ_SHORT);
		break;
	case CP_PARSE_FLAGS:
		turn_away(&judge, true, CP_STAT_REJ_FLAGS);
		break;
	case CP_PARSE_DATAGRAM: /* none of the lab's is in the index */
		turn_away(&judge, true, CP_STAT_REJ_DEST);
		break;
	case CP_PARSE_SEGMENT:
		judge_conn(&judge, CP_STAT_REJ_FLAGS);
		break;
	case CP_PARSE_REPLY:
		judge_reply(&judge);
	}
	return judge.got;
}

static void mutate(struct lab_frame *f, uint64_t *random)
{
	uint32_t least = LAB_ETH_LEN + (f->b[12] == 0x86 ? 40 : 20);

	for (uint32_t n = lab_random(random) % 4; n > 0; n--) {
		uint32_t at = lab_random(random) % f->len;

		switch (lab_random(random) % 5) {
		case 0:
			f->b[at] ^= (uint8_t)(1u << lab_random(random) % 8);
			break;
		case 1:
			f->b[at] = (uint8_t)lab_random(random);
			break;
		case 2: /* the fields that decide: version, fragment, protocols, ports, options; of either family */
			at = (uint32_t[]){14, 20, 21, 23, 34, 35, 42, 51, 62, 63, 64, 65, 36, 37, 47, 54, 55, 56, 57,
			        67, 68, 102, 103, 104, 105, 46, 59, 66, 77, 78, 79}[lab_random(random) % 31];
			if (at < f->len)
				f->b[at] ^= (uint8_t)(1u << lab_random(random) % 8);
			break;
		case 3: /* the kernel makes no test packet of less than an IP header */
			if (f->len > least)
				f->len = least + lab_random(random) % (f->len - least);
			break;
		default:
			lab_fill(f, (uint8_t)lab_random(random), lab_random(random) % 16);
		}
	}
}

static void compare_event(struct lab *lab, const struct judgement *judged)
{
	struct cp_event event = lab_take_one(lab);
	uint32_t sent = lab->sent[cp_id_slot(judged->id)];
	bool late = cp_sent_attempt(sent) != cp_id_attempt(judged->id);

	assert_int_equal(event.slot, cp_id_slot(judged->id));
	assert_int_equal(event.attempt, cp_id_attempt(judged->id));
	assert_int_equal(event.kind, judged->reply.kind);
	assert_int_equal(event.icmp_type, judged->reply.icmp_type);
	assert_int_equal(event.icmp_code, judged->reply.icmp_code);
	assert_int_equal(event.reply_ttl, judged->reply.reply_ttl);
	assert_int_equal(event.quoted_ttl, judged->reply.quoted_ttl);
	assert_int_equal(event.next_mtu, judged->reply.next_mtu);
	assert_int_equal(event.flags, (late ? CP_EV_LATE : 0) | (judged->modified ? CP_EV_QUOTE_MODIFIED : 0));
	assert_true(event.tx_ns == (late ? 0 : cp_sent_ns(sent, event.rx_ns)));
	assert_memory_equal(&event.from, &judged->reply.from, sizeof(event.from));
}

/* Both hands see a frame; what they make of it, and of the connections, must be the same. */
static struct judgement compare(struct lab *lab, enum hook hook, const struct lab_frame *f, struct host *host)
{
	struct judgement want = host_judge(lab, f, host);
	struct outcome out = capture(lab, hook, f);

	assert_int_equal(out.fate, want.fate);
	if (want.fate == ANSWER)
		expect_answer(&out, hook, f, want.answer);
	if (want.reports)
		compare_event(lab, &want);
	else
		expect_no_event(lab);
	assert_memory_equal(lab->conns, host->conns, sizeof(host->conns));
	return want;
}

/* In which all counters were used, lest a mutation that never leads somewhere tests nothing. */
static void compare_counts(const struct lab *lab, const struct host *host, enum cp_stat last)
{
	lab_expect_stats(lab, host->counts);
	for (uint32_t s = CP_STAT_RX_MATCHED; s <= last; s++)
		assert_true(host->counts[s] > 50 || s == CP_STAT_RX_LOST);
	assert_true(host->counts[CP_STAT_MAX] > 1000);
}

static void mutated_replies_are_judged_as_on_the_host(void **state)
{
	uint64_t random = 31, n_matched[LAB_KINDS] = {0};
	struct host host = {0};
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (uint32_t i = 0; i < 200000; i++) {
		enum lab_packet packet = i / HOOKS % PACKETS;
		uint32_t slot = lab_random(&random) % LAB_SLOTS;
		struct judgement judgement;

		if (!lab_answers(packet, lab_kind_of(slot)))
			packet = i / HOOKS % (FRAG_NEEDED + 1);
		lab_make(lab, packet, cp_id_make(slot, lab_random(&random) % 4), &f);
		mutate(&f, &random);
		judgement = compare(lab, i % HOOKS, &f, &host);
		if (judgement.reports)
			n_matched[lab_kind_of(cp_id_slot(judgement.id))]++;
	}
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++)
		assert_true(n_matched[kind] > 1000);
	compare_counts(lab, &host, CP_STAT_REJ_SHORT);
}

/* ---- A run with connections ---- */

/* The scout of a path: one of its slots that lab_stamp_slots() has sent. */
static uint32_t scout_of(uint32_t path)
{
	return lab_latest(path * LAB_TTLS + LAB_TTLS - 2);
}

/* Connections in all states, most of them open. */
static void set_conns(const struct lab *lab, struct cp_conn ret_conns[LAB_PATHS])
{
	static const uint8_t states[] = {CP_CONN_OPEN, CP_CONN_NONE, CP_CONN_OPEN, CP_CONN_UNUSED, CP_CONN_OPEN,
	        CP_CONN_NOT_PERMITTED, CP_CONN_OPEN, CP_CONN_PEER_CLOSED, CP_CONN_OPEN, CP_CONN_OPENING, CP_CONN_OPEN,
	        CP_CONN_CLOSED};
	uint32_t n = 0;

	memset(ret_conns, 0, LAB_PATHS * sizeof(*ret_conns));
	for (uint32_t path = 0; path < LAB_PATHS; path++) {
		if (lab_proto(lab_kind_of(path * LAB_TTLS)) != 6)
			continue;
		ret_conns[path].state = states[n++ % sizeof(states)];
		if (ret_conns[path].state == CP_CONN_NONE)
			continue;
		ret_conns[path].iss = cp_token(lab->skel->bss->run.token_key, scout_of(path));
		ret_conns[path].irs = LAB_SERVER_SEQ;
		ret_conns[path].top_sent = n % 4 ? 9 : 0;
		ret_conns[path].sacked = n % 8 > 4;
	}
}

static void make_any_segment(const struct lab_probe *scout, uint64_t *random, struct lab_frame *ret_frame)
{
	static const uint8_t flags[] = {
	        LAB_ACK, LAB_ACK | LAB_PSH, LAB_ACK | LAB_FIN, LAB_RST, LAB_RST | LAB_ACK, LAB_SYN | LAB_ACK};
	static const uint32_t seqs[] = {0, 1000, 0xffff, 0x10000};
	struct lab_segment segment = {.seq = LAB_SERVER_SEQ + 1 + seqs[lab_random(random) % 4],
	        .ack = scout->token + 1 + (lab_random(random) % 8 == 0),
	        .flags = flags[lab_random(random) % 6],
	        .n_data = lab_random(random) % 2 * 30};

	lab_segment_frame(ret_frame, scout, &segment);
}

/* Something a router or a server may say of a path. */
static void make_any(const struct lab *lab, uint32_t path, uint64_t *random, struct lab_frame *ret_frame)
{
	uint32_t place = lab_random(random) % 4 * 64 + lab_random(random) % LAB_TTLS;
	struct lab_probe scout = lab_probe_of(lab, scout_of(path)), probe = scout;
	const struct lab_icmp icmp = lab_error(TIME_EXCEEDED, &scout);

	probe.role = LAB_PROBES;
	probe.token += 3 + 2 * place;
	switch (lab_random(random) % 6) {
	case 0: /* of a SYN */
		lab_make(lab, lab_random(random) % (RST_OPTIONS + 1),
		        cp_id_make(path * LAB_TTLS + place % LAB_TTLS, place / 64), ret_frame);
		break;
	case 1:
		lab_make(lab, SYN_ACK + lab_random(random) % 3, scout_of(path), ret_frame);
		break;
	case 2:
		if (lab_random(random) % 4 == 0)
			probe.sport = 1024;
		lab_icmp_frame(ret_frame, &icmp, &probe);
		break;
	case 3:
		make_any_segment(&scout, random, ret_frame);
		break;
	default:
		lab_sack_frame(ret_frame, &scout, probe.token);
	}
}

static void segments_are_judged_as_on_the_host(void **state)
{
	uint64_t random = 37, n_sacked = 0, n_quoted = 0;
	struct cp_conn conns[LAB_PATHS];
	struct host host = {0};
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_use_sack(lab);
	lab_stamp_slots(lab);
	set_conns(lab, conns);
	for (uint32_t i = 0; i < 200000; i++) {
		static const uint32_t dests[] = {0, 3, 6, 9};
		struct judgement judgement;

		memcpy(host.conns, conns, sizeof(conns));
		memcpy(lab->conns, conns, sizeof(conns));
		make_any(
		        lab, dests[lab_random(&random) % 4] * LAB_FLOWS + lab_random(&random) % LAB_FLOWS, &random, &f);
		mutate(&f, &random);
		judgement = compare(lab, i % HOOKS, &f, &host);
		n_sacked += judgement.reports && judgement.reply.kind == CP_REPLY_SACK;
		n_quoted += judgement.reports && judgement.reply.quoted && judgement.modified;
	}
	assert_true(n_sacked > 1000 && n_quoted > 100);
	compare_counts(lab, &host, CP_STAT_CONN_OPENED);
}

static int setup(void **state)
{
	return lab_open(state, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(mutated_replies_are_judged_as_on_the_host),
	        cmocka_unit_test(segments_are_judged_as_on_the_host),
	};

	return cmocka_run_group_tests(tests, setup, lab_teardown);
}
