// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_live.c: rounds of a path: round-trip statistics, loss, changes of hops
 * and of the length, what is forgotten, and what the end's lost answers do not
 * do.
 */
#include "records.h"

#include <stdio.h>

#include "core/live.h"

#define FIRST_TTL 1u
#define MAX_TTL 30u
#define GAP 12u

static struct cp_live_path live;
static struct cp_path view;

static int setup(void **state)
{
	(void)state;
	cp_live_path_init(&live, FIRST_TTL, MAX_TTL);
	return 0;
}

static bool near(double a, double b)
{
	return a - b < 1e-6 && b - a < 1e-6;
}

/* ---- times ---- */

static void test_times_are_those_of_the_textbook(void **state)
{
	static const uint32_t us[] = {2000, 4000, 4000, 4000, 5000, 5000, 7000, 9000};
	struct cp_live_times times = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(us) / sizeof(us[0]); i++)
		cp_live_times_add(&times, us[i]);
	assert_int_equal(times.n, 8);
	assert_int_equal(times.last_us, 9000);
	assert_int_equal(times.best_us, 2000);
	assert_int_equal(times.worst_us, 9000);
	assert_true(near(times.mean_us, 5000));
	/* The squares add up to 32; of the sample: 32 / 7. */
	assert_true(near(times.m2 / 1e6, 32));
	assert_true(near(cp_live_times_stdev_us(&times) / 1e3, 2.138089935299395));
}

static void test_large_times_cancel_nothing(void **state)
{
	struct cp_live_times times = {0};

	(void)state;
	for (int i = 0; i < 1000; i++) {
		cp_live_times_add(&times, 4000000000u);
		cp_live_times_add(&times, 4000000002u);
	}
	assert_true(near(times.mean_us, 4000000001.0));
	assert_true(cp_live_times_stdev_us(&times) > 0.999 && cp_live_times_stdev_us(&times) < 1.001);
}

static void test_one_time_has_no_deviation(void **state)
{
	struct cp_live_times times = {0};

	(void)state;
	assert_true(near(cp_live_times_stdev_us(&times), 0));
	cp_live_times_add(&times, 1234);
	assert_true(near(cp_live_times_stdev_us(&times), 0));
	cp_live_times_add(&times, 1234);
	assert_true(near(cp_live_times_stdev_us(&times), 0));
}

/* ---- rounds ---- */

/*
 * A round in words: hops separated by blanks, "*" or the last byte of the address; "=" before it: the destination
 * itself. All hops up to the last, and the highest TTL, were asked.
 */
static void round_of(const char *words, uint32_t rtt_us)
{
	static struct fixture fix;
	char text[128], *rest = text, *word, addr[32];
	uint64_t asked = 1ull << (MAX_TTL - FIRST_TTL);

	snprintf(text, sizeof(text), "%s", words);
	fix_target(&fix, "zenn.dev", "203.0.113.9");
	while ((word = strsep(&rest, " "))) {
		bool is_end = word[0] == '=';

		if (!*word)
			continue;
		snprintf(addr, sizeof(addr), "%s.%s", is_end ? "203.0.113" : "198.18.0", word + is_end);
		if (is_end)
			fix_reached(&fix, addr, 0, rtt_us);
		else
			fix_hop(&fix, word[0] == '*' ? NULL : addr, 0, rtt_us);
		asked |= 1ull << (fix.path.n_hops - 1);
	}
	if (!fix.path.reached)
		fix.path.end = CP_END_GAP;
	cp_live_path_round(&live, &fix.path, asked | 0xff);
}

/* The path as it stands, in the same words. */
static const char *words_of_view(void)
{
	static char text[256];
	struct cp_addr dest = addr_of("203.0.113.9");
	size_t len = 0;

	text[0] = '\0';
	cp_live_path_view(&live, &dest, GAP, &view);
	for (uint32_t i = 0; i < view.n_hops; i++) {
		const struct cp_hop *hop = &view.hops[i];
		char word[8] = "*";

		if (hop->kind != CP_REPLY_NONE)
			snprintf(word, sizeof(word), "%s%u", hop->kind == CP_REPLY_SYN_ACK ? "=" : "", hop->addr.b[15]);
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? " " : "", word);
	}
	return text;
}

static const struct cp_live_hop *hop(uint32_t ttl)
{
	const struct cp_live_hop *found = cp_live_path_hop(&live, ttl);

	assert_non_null(found);
	return found;
}

static void test_loss_is_of_the_rounds_asked(void **state)
{
	(void)state;
	round_of("1 2 =9", 1000);
	round_of("1 * =9", 2000);
	round_of("1 2 =9", 3000);
	round_of("1 2 =9", 4000);
	assert_int_equal(hop(2)->n_asked, 4);
	assert_int_equal(hop(2)->n_answered, 3);
	assert_int_equal(cp_live_hop_loss_permille(hop(2)), 250);
	assert_int_equal(cp_live_hop_loss_permille(hop(1)), 0);
	assert_int_equal(hop(2)->times.last_us, 4000);
	assert_string_equal(words_of_view(), "1 2 =9");
	assert_true(view.reached);
	assert_int_equal(view.hops[1].rtt_us, 1000); /* the least disturbed */
	assert_int_equal(live.n_changes, 0);
	assert_null(cp_live_path_hop(&live, 4));
	assert_null(cp_live_path_hop(&live, 0));
}

static void test_recent_outcomes_are_kept_in_order(void **state)
{
	uint32_t rtt_us;

	(void)state;
	for (uint32_t i = 1; i <= CP_LIVE_RECENT + 6; i++)
		round_of(i == CP_LIVE_RECENT + 5 ? "1 * =9" : "1 2 =9", i == CP_LIVE_RECENT + 4 ? 0 : i);
	assert_true(cp_live_hop_recent(hop(2), 0, &rtt_us));
	assert_int_equal(rtt_us, CP_LIVE_RECENT + 6);
	assert_true(cp_live_hop_recent(hop(2), 1, &rtt_us));
	assert_int_equal(rtt_us, CP_LIVE_LOST);
	assert_true(cp_live_hop_recent(hop(2), 2, &rtt_us));
	assert_int_equal(rtt_us, 0); /* answered, and not timed */
	assert_true(cp_live_hop_recent(hop(2), CP_LIVE_RECENT - 1, &rtt_us));
	assert_int_equal(rtt_us, 7);
	assert_false(cp_live_hop_recent(hop(2), CP_LIVE_RECENT, &rtt_us));
	assert_int_equal(hop(2)->times.n, CP_LIVE_RECENT + 4);
}

static void test_another_router_is_a_change(void **state)
{
	(void)state;
	round_of("1 2 3 =9", 1000);
	assert_false(cp_live_hop_is_fresh(&live, hop(2)));
	round_of("1 7 * =9", 1000);
	assert_int_equal(live.n_changes, 1);
	assert_true(cp_live_hop_is_fresh(&live, hop(2)));
	assert_int_equal(hop(2)->before.b[15], 2);
	/* What was behind the old one may not be behind the new one. */
	assert_string_equal(words_of_view(), "1 7 * =9");
	for (uint32_t i = 0; i < CP_LIVE_FRESH; i++)
		round_of("1 7 4 =9", 1000);
	assert_false(cp_live_hop_is_fresh(&live, hop(2)));
	assert_int_equal(live.n_changes, 1); /* nobody was there to be replaced by the fourth */
	assert_string_equal(words_of_view(), "1 7 4 =9");
}

static void test_who_is_silent_is_forgotten_after_a_while(void **state)
{
	(void)state;
	round_of("1 2 =9", 1000);
	for (uint32_t i = 0; i < CP_LIVE_MEMORY - 1; i++)
		round_of("1 * =9", 1000);
	assert_string_equal(words_of_view(), "1 2 =9");
	round_of("1 * =9", 1000);
	assert_string_equal(words_of_view(), "1 * =9");
	assert_int_equal(hop(2)->n_asked, CP_LIVE_MEMORY + 1);
}

static void test_the_end_may_fall_silent(void **state)
{
	(void)state;
	round_of("1 2 =9", 1000);
	for (uint32_t i = 0; i < CP_LIVE_MEMORY; i++)
		round_of("1 2", 1000);
	assert_string_equal(words_of_view(), "1 2");
	assert_false(view.reached);
	assert_int_equal(hop(3)->n_asked, CP_LIVE_MEMORY + 1);
	assert_int_equal(hop(3)->n_answered, 1);
	assert_int_equal(live.n_changes, 0);
	round_of("1 2 =9", 1000);
	assert_string_equal(words_of_view(), "1 2 =9");
}

static void test_a_lost_answer_of_the_end_does_not_make_the_path_longer(void **state)
{
	(void)state;
	round_of("1 2 =9", 1000);
	round_of("1 2 * * =9", 1000);
	round_of("1 2 * * =9", 1000);
	assert_string_equal(words_of_view(), "1 2 =9");
	assert_int_equal(hop(3)->n_asked, 3);
	assert_int_equal(hop(3)->n_answered, 1);
	round_of("1 2 =9", 1000); /* begins to count anew */
	round_of("1 2 * * =9", 1000);
	round_of("1 2 * * =9", 1000);
	assert_string_equal(words_of_view(), "1 2 =9");
	round_of("1 2 * * =9", 1000);
	assert_string_equal(words_of_view(), "1 2 * * =9");
	assert_int_equal(live.n_changes, 1);
}

static void test_a_path_grows_and_shrinks_at_once_when_it_shows(void **state)
{
	(void)state;
	round_of("1 2 =9", 1000);
	round_of("1 2 3 =9", 1000); /* a router answers where the end did */
	assert_string_equal(words_of_view(), "1 2 3 =9");
	round_of("1 =9", 1000);
	assert_string_equal(words_of_view(), "1 =9");
	assert_int_equal(live.end_ttl, 2);
	assert_null(cp_live_path_hop(&live, 3));
}

static void test_nothing_answers_at_all(void **state)
{
	(void)state;
	round_of("", 0);
	round_of("", 0);
	assert_int_equal(live.n_rounds, 2);
	assert_string_equal(words_of_view(), "");
	assert_int_equal(live.top_ttl, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_times_are_those_of_the_textbook),
	        cmocka_unit_test(test_large_times_cancel_nothing),
	        cmocka_unit_test(test_one_time_has_no_deviation),
	        cmocka_unit_test_setup(test_loss_is_of_the_rounds_asked, setup),
	        cmocka_unit_test_setup(test_recent_outcomes_are_kept_in_order, setup),
	        cmocka_unit_test_setup(test_another_router_is_a_change, setup),
	        cmocka_unit_test_setup(test_who_is_silent_is_forgotten_after_a_while, setup),
	        cmocka_unit_test_setup(test_the_end_may_fall_silent, setup),
	        cmocka_unit_test_setup(test_a_lost_answer_of_the_end_does_not_make_the_path_longer, setup),
	        cmocka_unit_test_setup(test_a_path_grows_and_shrinks_at_once_when_it_shows, setup),
	        cmocka_unit_test_setup(test_nothing_answers_at_all, setup),
	};

	return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
