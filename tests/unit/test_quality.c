// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_quality.c: statistics against values computed by hand, the pace, and
 * that no answer is ever credited to another probe than its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/quality.h"

#define MS 1000000ull
#define START (1000 * MS)
#define TTLS 30u

static struct cp_addr addr(const char *text)
{
	struct cp_addr ret;

	assert_int_equal(cp_addr_parse(text, &ret), 0);
	return ret;
}

static struct cp_quality *quality_of(
        const struct cp_addr *dests, uint32_t n_dests, uint32_t n_probes, uint32_t interval_ms, uint32_t timeout_ms)
{
	struct cp_quality_config config = {
	        .shape = {n_dests, 2, TTLS, 1},
	        .n_probes = n_probes,
	        .interval_ms = interval_ms,
	        .timeout_ms = timeout_ms,
	        .seed = 7,
	        .start_ns = START,
	        .dests = dests,
	};
	struct cp_quality *quality = NULL;

	assert_int_equal(cp_quality_new(&config, &quality), 0);
	return quality;
}

/* One probe, queued and gone at now_ns. Returns its id, or UINT32_MAX when none is due. */
static uint32_t probe(struct cp_quality *quality, uint64_t now_ns)
{
	uint32_t id, n = cp_quality_next(quality, now_ns, &id, 1);

	if (!n)
		return UINT32_MAX;
	cp_quality_queued(quality, &id, 1);
	cp_quality_left(quality, now_ns, 0);
	return id;
}

static struct cp_event answer_to(uint32_t id, uint64_t tx_ns, uint64_t rx_ns)
{
	struct cp_event event = {.rx_ns = rx_ns,
	        .tx_ns = tx_ns,
	        .slot = cp_id_slot(id),
	        .attempt = (uint8_t)cp_id_attempt(id),
	        .kind = CP_REPLY_SYN_ACK};

	return event;
}

static enum cp_quality_result answer(struct cp_quality *quality, uint32_t id, uint64_t tx_ns, uint64_t rx_ns)
{
	struct cp_event event = answer_to(id, tx_ns, rx_ns);

	return cp_quality_reply(quality, &event);
}

/* ---- statistics ---- */

static void statistics_are_those_computed_by_hand(void **state)
{
	/*
	 * Differences 100, 300, 100, 400; mean 225. RFC 3550: 0 -> 6.25 -> 24.609375 -> 29.3212890625 ->
	 * 52.48870849609375. Ranks of five: p50 the 3rd, p95 and p99 the 5th.
	 */
	static const uint32_t rtts[] = {1000, 1100, 800, 900, 1300};
	struct cp_quality_stats stats = {0};
	uint32_t scratch[5];

	(void)state;
	cp_quality_measure(rtts, 5, scratch, &stats);
	assert_int_equal(stats.n_rtts, 5);
	assert_int_equal(stats.rtt_min_us, 800);
	assert_int_equal(stats.rtt_avg_us, 1020);
	assert_int_equal(stats.rtt_max_us, 1300);
	assert_int_equal(stats.rtt_p50_us, 1000);
	assert_int_equal(stats.rtt_p95_us, 1300);
	assert_int_equal(stats.rtt_p99_us, 1300);
	assert_int_equal(stats.jitter_us, 52);
	assert_int_equal(stats.jitter_mean_us, 225);
}

static void percentiles_are_nearest_ranks(void **state)
{
	uint32_t rtts[200], scratch[200];
	struct cp_quality_stats stats = {0};

	(void)state;
	for (uint32_t i = 0; i < 200; i++)
		rtts[i] = 200 - i; /* 1 to 200, the wrong way round */
	cp_quality_measure(rtts, 200, scratch, &stats);
	assert_int_equal(stats.rtt_p50_us, 100);
	assert_int_equal(stats.rtt_p95_us, 190);
	assert_int_equal(stats.rtt_p99_us, 198);
	assert_int_equal(stats.rtt_avg_us, 101); /* 100.5 */
	assert_int_equal(stats.jitter_us, 1);
	assert_int_equal(stats.jitter_mean_us, 1);
}

static void what_has_no_sample_is_unknown(void **state)
{
	static const uint32_t one = 500;
	struct cp_quality_stats stats = {0};
	uint32_t scratch;

	(void)state;
	cp_quality_measure(NULL, 0, NULL, &stats);
	assert_int_equal(stats.rtt_min_us, CP_QUALITY_UNKNOWN);
	assert_int_equal(stats.rtt_p99_us, CP_QUALITY_UNKNOWN);
	assert_int_equal(stats.jitter_us, CP_QUALITY_UNKNOWN);
	assert_int_equal(cp_quality_loss(&stats), CP_QUALITY_UNKNOWN);
	cp_quality_measure(&one, 1, &scratch, &stats);
	assert_int_equal(stats.rtt_p50_us, 500);
	assert_int_equal(stats.jitter_us, CP_QUALITY_UNKNOWN);
	assert_int_equal(stats.jitter_mean_us, CP_QUALITY_UNKNOWN);
}

static void loss_is_rounded(void **state)
{
	struct cp_quality_stats stats = {.n_sent = 3, .n_received = 2};

	(void)state;
	assert_int_equal(cp_quality_loss(&stats), 3333);
	stats.n_received = 1;
	assert_int_equal(cp_quality_loss(&stats), 6667);
	stats.n_received = 0;
	assert_int_equal(cp_quality_loss(&stats), 10000);
}

/* ---- pace ---- */

static void destinations_are_spread_over_an_interval(void **state)
{
	struct cp_addr dests[100];
	struct cp_quality *quality;
	uint32_t id, n = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		dests[i] = addr("198.18.0.1");
	quality = quality_of(dests, 100, 1, 100, 1000);
	for (uint64_t ms = 0; ms < 100; ms++) {
		uint32_t n_now = 0;

		while (cp_quality_next(quality, START + ms * MS, &id, 1)) {
			assert_int_equal(cp_id_slot(id) % (2 * TTLS), TTLS - 1); /* flow 0, the highest TTL */
			n_now++;
		}
		assert_int_equal(n_now, 1);
		n += n_now;
	}
	assert_int_equal(n, 100);
	cp_quality_free(quality);
}

static void a_destination_is_probed_at_its_interval(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 10, 100, 1000);
	uint64_t now_ns = START;
	uint64_t n_settled, n_total;

	(void)state;
	for (uint32_t i = 0; i < 10; i++, now_ns += 100 * MS) {
		uint32_t id = probe(quality, now_ns);

		assert_int_equal(cp_id_attempt(id), i % 8);
		assert_int_equal(probe(quality, now_ns + 90 * MS), UINT32_MAX); /* one is out */
		assert_int_equal(answer(quality, id, now_ns, now_ns + 10 * MS), CP_QUALITY_ANSWERED);
		assert_int_equal(probe(quality, now_ns + 99 * MS), UINT32_MAX); /* not yet */
	}
	assert_true(cp_quality_done(quality));
	cp_quality_progress(quality, &n_settled, &n_total);
	assert_true(n_settled == 10 && n_total == 10);
	assert_int_equal(probe(quality, now_ns + 10000 * MS), UINT32_MAX);
	cp_quality_free(quality);
	cp_quality_free(NULL);
}

static void round_trips_longer_than_the_interval_slow_the_pace(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 4, 100, 1000);
	struct cp_quality_stats stats;
	uint64_t now_ns = START;

	(void)state;
	for (uint32_t i = 0; i < 4; i++, now_ns += 250 * MS) {
		uint32_t id = probe(quality, now_ns);

		assert_int_equal(probe(quality, now_ns + 249 * MS), UINT32_MAX);
		cp_quality_expire(quality, now_ns + 249 * MS);
		assert_int_equal(answer(quality, id, now_ns, now_ns + 250 * MS), CP_QUALITY_ANSWERED);
	}
	cp_quality_stats(quality, 0, &stats);
	assert_true(stats.n_sent == 4 && stats.n_received == 4);
	assert_int_equal(stats.rtt_p50_us, 250000);
	assert_int_equal(stats.jitter_us, 0);
	cp_quality_free(quality);
}

/* The time runs from when a probe left, however long it waited in the queue. */
static void waiting_in_the_queue_is_no_loss(void **state)
{
	struct cp_addr dests[] = {addr("198.18.0.1"), addr("198.18.0.2")};
	struct cp_quality *quality = quality_of(dests, 2, 1, 10, 1000);
	struct cp_quality_stats stats;
	uint32_t ids[2];

	(void)state;
	assert_int_equal(cp_quality_next(quality, START + 10 * MS, ids, 2), 2);
	cp_quality_queued(quality, ids, 2);
	cp_quality_left(quality, START + 10 * MS, 2);
	cp_quality_expire(quality, START + 5000 * MS);
	cp_quality_left(quality, START + 5000 * MS, 1); /* the first one has left */
	cp_quality_expire(quality, START + 5900 * MS);
	assert_int_equal(answer(quality, ids[0], START + 5000 * MS, START + 5999 * MS), CP_QUALITY_ANSWERED);
	cp_quality_expire(quality, START + 9000 * MS);
	cp_quality_left(quality, START + 9000 * MS, 0);
	assert_int_equal(answer(quality, ids[1], START + 9000 * MS, START + 9001 * MS), CP_QUALITY_ANSWERED);
	for (uint32_t i = 0; i < 2; i++) {
		cp_quality_stats(quality, i, &stats);
		assert_int_equal(stats.n_received, 1);
	}
	cp_quality_free(quality);
}

/* ---- numbers and late answers ---- */

static void a_loss_holds_the_next_probe_back(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 3, 100, 500);
	struct cp_quality_stats stats;
	uint32_t id = probe(quality, START);

	(void)state;
	assert_int_equal(cp_id_attempt(id), 0);
	cp_quality_expire(quality, START + 500 * MS);
	assert_int_equal(probe(quality, START + 1100 * MS), UINT32_MAX);
	cp_quality_expire(quality, START + 521 * MS);
	/* The server repeats its SYN-ACK after a second: only then it is reset, and answers another SYN. */
	assert_int_equal(probe(quality, START + 1199 * MS), UINT32_MAX);
	assert_int_equal(answer(quality, id, START, START + 1001 * MS), CP_QUALITY_LATE);
	assert_int_equal(answer(quality, id, START, START + 1002 * MS), CP_QUALITY_DUP);
	id = probe(quality, START + 1220 * MS);
	assert_int_equal(cp_id_attempt(id), 1);
	assert_int_equal(answer(quality, id, START + 1220 * MS, START + 1221 * MS), CP_QUALITY_ANSWERED);
	cp_quality_stats(quality, 0, &stats);
	assert_true(stats.n_sent == 2 && stats.n_received == 1 && stats.n_late == 1);
	assert_int_equal(stats.rtt_max_us, 1000);
	cp_quality_free(quality);
}

/* A late answer comes while a newer probe is out: it is not that one's. */
static void a_late_answer_is_never_a_newer_probes(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 20, 100, 500);
	struct cp_event late;
	struct cp_quality_stats stats;
	uint64_t now_ns = START;
	uint32_t lost = probe(quality, now_ns), id;

	(void)state;
	cp_quality_expire(quality, now_ns + 521 * MS);
	now_ns += 1220 * MS;
	for (uint32_t i = 1; i < 8; i++, now_ns += 100 * MS) {
		id = probe(quality, now_ns);
		assert_int_equal(cp_id_attempt(id), i);
		assert_int_equal(answer(quality, id, now_ns, now_ns + MS), CP_QUALITY_ANSWERED);
	}
	/* Number 0 rests for eight seconds; 1 follows upon 7. */
	id = probe(quality, now_ns);
	assert_int_equal(cp_id_attempt(id), 1);
	late = answer_to(lost, 0, now_ns);
	late.flags = CP_EV_LATE;
	assert_int_equal(cp_quality_reply(quality, &late), CP_QUALITY_LATE);
	assert_int_equal(cp_quality_reply(quality, &late), CP_QUALITY_DUP);
	assert_int_equal(answer(quality, id, now_ns, now_ns + MS), CP_QUALITY_ANSWERED);
	cp_quality_stats(quality, 0, &stats);
	assert_true(stats.n_sent == 9 && stats.n_received == 8 && stats.n_late == 1);
	cp_quality_free(quality);
}

/* All of them lost: no number comes back within eight seconds. */
static void numbers_of_lost_probes_rest(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 30, 100, 50);
	uint64_t used_ns[8] = {0};
	uint32_t n = 0;

	(void)state;
	for (uint64_t now_ns = START; now_ns < START + 100000 * MS && n < 30; now_ns += 10 * MS) {
		uint32_t id = probe(quality, now_ns), number = cp_id_attempt(id);

		cp_quality_expire(quality, now_ns);
		if (id == UINT32_MAX)
			continue;
		if (used_ns[number])
			assert_true(now_ns - used_ns[number] >= 8000 * MS);
		used_ns[number] = now_ns;
		n++;
	}
	assert_int_equal(n, 30);
	cp_quality_free(quality);
}

/* A repeated SYN-ACK of the number before the wrap, while the newer probe of that number is still queued. */
static void a_duplicate_of_a_used_number_is_one(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 9, 100, 500);
	uint64_t now_ns = START;
	struct cp_event duplicate;
	uint32_t id;

	(void)state;
	for (uint32_t i = 0; i < 8; i++, now_ns += 100 * MS) {
		id = probe(quality, now_ns);
		assert_int_equal(answer(quality, id, now_ns, now_ns + MS), CP_QUALITY_ANSWERED);
	}
	assert_int_equal(cp_quality_next(quality, now_ns, &id, 1), 1);
	assert_int_equal(cp_id_attempt(id), 0);
	duplicate = answer_to(id, 0, now_ns);
	duplicate.flags = CP_EV_LATE; /* the latest that the datapath knows is number 7 */
	assert_int_equal(cp_quality_reply(quality, &duplicate), CP_QUALITY_DUP);
	cp_quality_queued(quality, &id, 1);
	assert_int_equal(cp_quality_reply(quality, &duplicate), CP_QUALITY_DUP);
	assert_int_equal(answer(quality, id, now_ns, now_ns + MS), CP_QUALITY_ANSWERED);
	assert_true(cp_quality_done(quality));
	cp_quality_free(quality);
}

static void numbers_go_on_from_those_of_paths(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_shape shape = {1, 2, TTLS, 1};
	struct cp_quality_config config = {
	        .shape = shape,
	        .n_probes = 9,
	        .interval_ms = 100,
	        .timeout_ms = 500,
	        .start_ns = START,
	        .dests = &dest,
	};
	struct cp_quality *quality;
	struct cp_paths *paths;
	uint64_t now_ns = START;
	uint32_t id;

	(void)state;
	assert_int_equal(cp_paths_new(&shape, &paths), 0);
	for (uint32_t i = 0; i < 3; i++)
		cp_paths_sent(paths, TTLS - 1, i);
	config.paths = paths;
	assert_int_equal(cp_quality_new(&config, &quality), 0);
	for (uint32_t i = 0; i < 9; i++, now_ns += 100 * MS) {
		id = probe(quality, now_ns);
		/* Numbers 0 to 2 stayed silent in the paths, and may still be answered. */
		assert_int_equal(cp_id_attempt(id), 3 + i % 5);
		assert_int_equal(answer(quality, cp_id_make(TTLS - 1, 1), START - MS, now_ns), CP_QUALITY_FOREIGN);
		assert_int_equal(answer(quality, id, now_ns, now_ns + MS), CP_QUALITY_ANSWERED);
	}
	cp_quality_free(quality);
	cp_paths_free(paths);
}

static void others_slots_are_foreign(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 1, 100, 500);
	uint32_t id = probe(quality, START);

	(void)state;
	assert_int_equal(answer(quality, id - 1, START, START + MS), CP_QUALITY_FOREIGN); /* a lower TTL */
	assert_int_equal(answer(quality, id + TTLS, START, START + MS), CP_QUALITY_FOREIGN); /* flow 1 */
	assert_int_equal(answer(quality, id + 2 * TTLS, START, START + MS), CP_QUALITY_FOREIGN); /* nobody */
	assert_int_equal(answer(quality, cp_id_make(id, 1), START, START + MS), CP_QUALITY_FOREIGN); /* not ours */
	assert_int_equal(answer(quality, id, START, START + MS), CP_QUALITY_ANSWERED);
	cp_quality_free(quality);
}

/* ---- what counts as received ---- */

static enum cp_quality_result hear(struct cp_quality *quality, uint64_t now_ns, uint8_t kind, const char *from)
{
	uint32_t id = probe(quality, now_ns);
	struct cp_event event = answer_to(id, kind == CP_REPLY_UDP ? 0 : now_ns, now_ns + MS);

	event.kind = kind;
	event.from = addr(from);
	return cp_quality_reply(quality, &event);
}

static void only_the_destination_itself_receives(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 8, 100, 500);
	struct cp_quality_stats stats;

	(void)state;
	assert_int_equal(hear(quality, START, CP_REPLY_RST, "198.18.0.1"), CP_QUALITY_ANSWERED);
	assert_int_equal(hear(quality, START + 100 * MS, CP_REPLY_ECHO, "198.18.0.1"), CP_QUALITY_ANSWERED);
	assert_int_equal(hear(quality, START + 200 * MS, CP_REPLY_UNREACHABLE, "198.18.0.1"), CP_QUALITY_ANSWERED);
	assert_int_equal(hear(quality, START + 300 * MS, CP_REPLY_UDP, "198.18.0.1"), CP_QUALITY_ANSWERED);
	assert_int_equal(hear(quality, START + 450 * MS, CP_REPLY_UNREACHABLE, "198.18.9.9"), CP_QUALITY_ANSWERED);
	assert_int_equal(hear(quality, START + 600 * MS, CP_REPLY_TIME_EXCEEDED, "198.18.9.9"), CP_QUALITY_ANSWERED);
	cp_quality_stats(quality, 0, &stats);
	assert_int_equal(stats.n_sent, 6);
	assert_int_equal(stats.n_received, 4);
	assert_int_equal(stats.n_refused, 2);
	assert_int_equal(stats.n_rtts, 3); /* a datagram names no probe: received, at an unknown time */
	assert_int_equal(cp_quality_loss(&stats), 3333);
	cp_quality_free(quality);
}

static void an_answer_after_the_timeout_is_a_loss(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 2, 100, 500);
	struct cp_quality_stats stats;
	uint32_t id = probe(quality, START);

	(void)state;
	/* Before it was given up, as that takes its time. */
	assert_int_equal(answer(quality, id, START, START + 510 * MS), CP_QUALITY_LATE);
	cp_quality_stats(quality, 0, &stats);
	assert_true(stats.n_sent == 1 && stats.n_received == 0 && stats.n_late == 1 && stats.n_rtts == 0);
	cp_quality_free(quality);
}

static void what_is_out_when_the_run_stops_counts_for_nothing(void **state)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct cp_quality *quality = quality_of(&dest, 1, 5, 100, 500);
	struct cp_quality_stats stats;
	uint32_t id = probe(quality, START);

	(void)state;
	assert_int_equal(answer(quality, id, START, START + MS), CP_QUALITY_ANSWERED);
	id = probe(quality, START + 100 * MS);
	assert_int_not_equal(id, UINT32_MAX);
	cp_quality_abandon(quality);
	cp_quality_expire(quality, START + 5000 * MS);
	cp_quality_stats(quality, 0, &stats);
	assert_true(stats.n_sent == 1 && stats.n_received == 1);
	cp_quality_free(quality);
}

struct unsent {
	uint32_t n_refused; /* the first so many */
	uint32_t n_asked;
};

static bool transmitted(void *ctx, uint32_t id)
{
	struct unsent *unsent = ctx;

	(void)id;
	return unsent->n_asked++ >= unsent->n_refused;
}

/* Four probes, none answered, of which some never left: they are sent again, three times each at most. */
static void assert_unsent(uint32_t n_refused, uint32_t n_out, uint32_t n_sent)
{
	struct cp_addr dest = addr("198.18.0.1");
	struct unsent unsent = {.n_refused = n_refused};
	struct cp_quality_config config = {
	        .shape = {1, 1, TTLS, 1},
	        .n_probes = 4,
	        .interval_ms = 100,
	        .timeout_ms = 500,
	        .start_ns = START,
	        .dests = &dest,
	        .transmitted = transmitted,
	        .transmitted_ctx = &unsent,
	};
	struct cp_quality *quality;
	struct cp_quality_stats stats;
	uint32_t n = 0;

	assert_int_equal(cp_quality_new(&config, &quality), 0);
	for (uint64_t now_ns = START; !cp_quality_done(quality); now_ns += 10 * MS) {
		assert_true(now_ns < START + 60000 * MS);
		n += probe(quality, now_ns) != UINT32_MAX;
		cp_quality_expire(quality, now_ns);
	}
	cp_quality_stats(quality, 0, &stats);
	assert_int_equal(n, n_out);
	assert_int_equal(stats.n_sent, n_sent);
	assert_int_equal(stats.n_received, 0);
	cp_quality_free(quality);
}

static void what_was_not_transmitted_is_no_loss(void **state)
{
	(void)state;
	assert_unsent(0, 4, 4);
	assert_unsent(2, 6, 4);
	assert_unsent(4, 7, 3); /* given up at the fourth time */
	assert_unsent(100, 16, 0);
}

/* Many destinations, answers out of order and lost at random: everything settles, and only what was answered counts. */
static void many_destinations_settle(void **state)
{
	enum { N = 500, PROBES = 12 };
	struct cp_addr dests[N];
	struct cp_quality *quality;
	uint32_t expected[N] = {0}, ids[64], random = 1;
	uint64_t now_ns = START;

	(void)state;
	for (uint32_t i = 0; i < N; i++)
		dests[i] = addr("198.18.0.1");
	quality = quality_of(dests, N, PROBES, 50, 100);
	for (; !cp_quality_done(quality); now_ns += MS) {
		uint32_t n = cp_quality_next(quality, now_ns, ids, 64);

		assert_true(now_ns < START + 100000 * MS);
		cp_quality_queued(quality, ids, n);
		cp_quality_left(quality, now_ns, 0);
		for (uint32_t i = n; i-- > 0;) {
			random = random * 1664525u + 1013904223u;
			if (random >> 30 == 0)
				continue;
			expected[cp_id_slot(ids[i]) / (2 * TTLS)]++;
			assert_int_equal(answer(quality, ids[i], now_ns, now_ns + MS / 2), CP_QUALITY_ANSWERED);
		}
		cp_quality_expire(quality, now_ns);
	}
	for (uint32_t i = 0; i < N; i++) {
		struct cp_quality_stats stats;

		cp_quality_stats(quality, i, &stats);
		assert_int_equal(stats.n_sent, PROBES);
		assert_int_equal(stats.n_received, expected[i]);
		assert_int_equal(stats.n_rtts, expected[i]);
	}
	cp_quality_free(quality);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(statistics_are_those_computed_by_hand),
	        cmocka_unit_test(percentiles_are_nearest_ranks),
	        cmocka_unit_test(what_has_no_sample_is_unknown),
	        cmocka_unit_test(loss_is_rounded),
	        cmocka_unit_test(destinations_are_spread_over_an_interval),
	        cmocka_unit_test(a_destination_is_probed_at_its_interval),
	        cmocka_unit_test(round_trips_longer_than_the_interval_slow_the_pace),
	        cmocka_unit_test(waiting_in_the_queue_is_no_loss),
	        cmocka_unit_test(a_loss_holds_the_next_probe_back),
	        cmocka_unit_test(a_late_answer_is_never_a_newer_probes),
	        cmocka_unit_test(numbers_of_lost_probes_rest),
	        cmocka_unit_test(a_duplicate_of_a_used_number_is_one),
	        cmocka_unit_test(numbers_go_on_from_those_of_paths),
	        cmocka_unit_test(others_slots_are_foreign),
	        cmocka_unit_test(only_the_destination_itself_receives),
	        cmocka_unit_test(an_answer_after_the_timeout_is_a_loss),
	        cmocka_unit_test(what_is_out_when_the_run_stops_counts_for_nothing),
	        cmocka_unit_test(what_was_not_transmitted_is_no_loss),
	        cmocka_unit_test(many_destinations_settle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
