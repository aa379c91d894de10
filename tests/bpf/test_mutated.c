// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_mutated.c: replies of all kinds, changed at random: the capture
 * programs must judge them as the host's build of cp_wire.h does. Needs root.
 */
#include "bpf_util.h"

struct judgement {
	enum fate fate;
	uint32_t stat;
	uint32_t id;
	struct cp_reply reply;
	bool modified;
};

static struct judgement turned_away(struct judgement judgement, uint32_t stat_id)
{
	judgement.fate = PASS;
	judgement.stat = judgement.reply.our_port ? stat_id : CP_STAT_MAX;
	return judgement;
}

/* The same rules, as the host's build of cp_wire.h has them. */
static struct judgement host_judge(const struct lab *lab, const struct lab_frame *f)
{
	const struct cp_run *run = &lab->skel->bss->run;
	struct judgement judgement = {.fate = PASS, .stat = CP_STAT_MAX};
	enum cp_validity validity;
	uint32_t index;
	uint64_t sent;

	switch (cp_wire_parse_frame(run, f->b, f->b + f->len, &judgement.reply)) {
	case CP_PARSE_FOREIGN:
		return judgement;
	case CP_PARSE_SHORT:
		judgement.stat = CP_STAT_REJ_SHORT;
		return judgement;
	case CP_PARSE_FLAGS:
	case CP_PARSE_SEGMENT:
		judgement.stat = CP_STAT_REJ_FLAGS;
		return judgement;
	case CP_PARSE_REPLY:
		break;
	}
	if (!cp_wire_claim(run, &judgement.reply, &judgement.id, &index))
		return turned_away(judgement, CP_STAT_REJ_TOKEN);
	validity = cp_wire_validate(&judgement.reply, &lab->dests[index]);
	if (validity == CP_INVALID_DEST)
		return turned_away(judgement, CP_STAT_REJ_DEST);
	sent = lab->sent[cp_id_slot(judgement.id)];
	if (!sent || cp_id_attempt(judgement.id) > cp_sent_attempt(sent))
		return turned_away(judgement, CP_STAT_REJ_UNSENT);
	judgement.modified = validity == CP_VALID_MODIFIED;
	judgement.stat = CP_STAT_RX_MATCHED;
	judgement.fate = CONSUME;
	if (judgement.reply.kind == CP_REPLY_SYN_ACK && (judgement.reply.v6 || f->b[14] == 0x45))
		judgement.fate = ANSWER;
	return judgement;
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
		case 2: /* the fields that decide: version, fragment, protocols, ports; of either family */
			at = (uint32_t[]){14, 20, 21, 23, 34, 35, 42, 51, 62, 63, 64, 65, 36, 37, 47, 54, 55, 56, 57,
			        67, 68, 102, 103, 104, 105}[lab_random(random) % 25];
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

static void compare_event(struct lab *lab, const struct judgement *host)
{
	struct cp_event event = lab_take_one(lab);
	uint64_t sent = lab->sent[cp_id_slot(host->id)];
	bool late = cp_sent_attempt(sent) != cp_id_attempt(host->id);

	assert_int_equal(event.slot, cp_id_slot(host->id));
	assert_int_equal(event.attempt, cp_id_attempt(host->id));
	assert_int_equal(event.kind, host->reply.kind);
	assert_int_equal(event.icmp_type, host->reply.icmp_type);
	assert_int_equal(event.icmp_code, host->reply.icmp_code);
	assert_int_equal(event.reply_ttl, host->reply.reply_ttl);
	assert_int_equal(event.quoted_ttl, host->reply.quoted_ttl);
	assert_int_equal(event.next_mtu, host->reply.next_mtu);
	assert_int_equal(event.flags, (late ? CP_EV_LATE : 0) | (host->modified ? CP_EV_QUOTE_MODIFIED : 0));
	assert_true(event.tx_ns == (late ? 0 : cp_sent_ns(sent)));
	assert_memory_equal(&event.from, &host->reply.from, sizeof(event.from));
}

static void mutated_replies_are_judged_as_on_the_host(void **state)
{
	uint64_t random = 31, counts[CP_STAT_MAX + 1] = {0}, n_resets = 0, n_matched[LAB_KINDS] = {0};
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	for (uint32_t i = 0; i < 200000; i++) {
		enum hook hook = i % HOOKS;
		enum lab_packet packet = i / HOOKS % PACKETS;
		uint32_t slot = lab_random(&random) % LAB_SLOTS;
		struct judgement host;

		if (!lab_answers(packet, lab_kind_of(slot)))
			packet = i / HOOKS % (FRAG_NEEDED + 1);
		lab_make(lab, packet, cp_id_make(slot, lab_random(&random) % 4), &f);
		mutate(&f, &random);
		host = host_judge(lab, &f);
		if (capture(lab, hook, &f).fate != host.fate)
			fail_msg("frame %u: hook %d and host disagree", i, hook);
		counts[host.stat]++;
		n_resets += host.fate == ANSWER;
		if (host.stat == CP_STAT_RX_MATCHED)
			compare_event(lab, &host);
		else
			expect_no_event(lab);
		if (host.stat == CP_STAT_RX_MATCHED)
			n_matched[lab_kind_of(cp_id_slot(host.id))]++;
	}
	for (enum lab_kind kind = 0; kind < LAB_KINDS; kind++)
		assert_true(n_matched[kind] > 1000);
	for (uint32_t s = CP_STAT_RX_MATCHED; s <= CP_STAT_REJ_SHORT; s++) {
		if (s == CP_STAT_RX_LOST)
			continue;
		if (s == CP_STAT_RX_RST_SENT)
			counts[s] = n_resets;
		if (lab_stat(lab, s) != counts[s])
			fail_msg("counter %u: %llu, on the host %llu", s, (unsigned long long)lab_stat(lab, s),
			        (unsigned long long)counts[s]);
		/* A mutation that never leads here tests nothing. */
		assert_true(counts[s] > 50);
	}
	assert_true(counts[CP_STAT_MAX] > 1000);
}

static int setup(void **state)
{
	return lab_open(state, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(mutated_replies_are_judged_as_on_the_host),
	};

	return cmocka_run_group_tests(tests, setup, lab_teardown);
}
