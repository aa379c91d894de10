// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_change_active.c: what lasts is handed out as it was told, over restarts,
 * too, and no longer than it lasts.
 */
#include "change_lab.h"

#define HOSTILE "a %\n\x1b[1m\xff.example"

struct seen {
	unsigned n, n_muted;
	struct cp_change_event last;
	char old_text[64], new_text[64], target[64];
};

static void see(void *ctx, const struct cp_change_event *event)
{
	struct seen *seen = ctx;

	seen->n++;
	seen->n_muted += event->muted;
	seen->last = *event;
	snprintf(seen->old_text, sizeof(seen->old_text), "%s", event->old_text ? event->old_text : "(null)");
	snprintf(seen->new_text, sizeof(seen->new_text), "%s", event->new_text ? event->new_text : "(null)");
	snprintf(seen->target, sizeof(seen->target), "%s", event->target ? event->target : "(null)");
	assert_int_equal(event->state, CP_CHANGE_CHANGED);
	assert_int_equal(event->seq, 0);
}

static struct seen active(const struct lab *lab)
{
	struct seen seen = {.n = 0};

	cp_change_active(lab->change, see, &seen);
	return seen;
}

static void judge(struct lab *lab, enum cp_verdict verdict, unsigned n_runs)
{
	struct cp_change_target target = lab_target();

	target.name = HOSTILE;
	target.has_verdict = true;
	target.verdict = verdict;
	for (unsigned i = 0; i < n_runs; i++)
		lab_run(lab, &target);
}

static void run_of_nobody(struct lab *lab)
{
	cp_change_begin(lab->change, ++lab->run, lab->at_ms += LAB_STEP_MS);
	cp_change_end(lab->change);
}

/* Goes on with what is read from `text`, or with what is saved. */
static void restart(struct lab *lab, const struct cp_change_config *config, const char *text)
{
	struct cp_change *fresh;
	struct cp_err err = {{0}};
	char *saved;
	size_t len;

	assert_int_equal(cp_change_save(lab->change, &saved, &len), 0);
	assert_int_equal(cp_change_new(config, lab_log, lab, &fresh, NULL), 0);
	if (cp_change_restore(fresh, text ? text : saved, text ? strlen(text) : len, &err) < 0)
		fail_msg("%s", err.text);
	cp_change_free(lab->change);
	lab->change = fresh;
	free(saved);
}

static void test_lasts(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct cp_change_stats stats;
	struct seen seen;
	struct lab lab;
	uint64_t told_ms, first_ms;

	(void)state;
	lab_open(&lab, &config);
	judge(&lab, CP_INSIDE, 3);
	judge(&lab, CP_TRANSIT, 1);
	assert_int_equal(active(&lab).n, 0); /* not confirmed yet */
	first_ms = lab.at_ms;
	judge(&lab, CP_TRANSIT, 1);
	told_ms = lab.at_ms;
	judge(&lab, CP_TRANSIT, 3);
	for (int i = 0; i < 2; i++) {
		seen = active(&lab);
		assert_int_equal(seen.n, 1);
		assert_int_equal(seen.last.kind, CP_CHANGE_VERDICT);
		assert_int_equal(seen.last.severity, CP_SEVERITY_CRITICAL);
		assert_string_equal(seen.old_text, "inside");
		assert_string_equal(seen.new_text, "transit");
		assert_string_equal(seen.target, HOSTILE);
		assert_true(seen.last.first_seen_ms == first_ms && seen.last.at_ms == told_ms);
		assert_true(seen.last.last_seen_ms == lab.at_ms && seen.last.run == 5);
		restart(&lab, &config, NULL);
	}
	cp_change_stats(lab.change, &stats);
	assert_int_equal(stats.n_active[CP_CHANGE_VERDICT], 1);
	assert_int_equal(stats.n_active_muted[CP_CHANGE_VERDICT], 0);
	judge(&lab, CP_DETOUR, 2); /* from one to the next */
	assert_string_equal(active(&lab).new_text, "detour");
	judge(&lab, CP_INSIDE, 3);
	assert_int_equal(active(&lab).n, 0);
	restart(&lab, &config, NULL);
	assert_int_equal(active(&lab).n, 0);
	lab_close(&lab);
}

static void test_not_measured(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct lab lab;

	(void)state;
	lab_open(&lab, &config);
	judge(&lab, CP_INSIDE, 3);
	judge(&lab, CP_TRANSIT, 2);
	for (unsigned i = 1; i < CP_CHANGE_WINDOW_MAX; i++)
		run_of_nobody(&lab);
	assert_int_equal(active(&lab).n, 1);
	run_of_nobody(&lab);
	assert_int_equal(active(&lab).n, 0);
	judge(&lab, CP_TRANSIT, 1);
	assert_int_equal(active(&lab).n, 1);
	config.rules[CP_CHANGE_VERDICT].off = true;
	restart(&lab, &config, NULL);
	assert_int_equal(active(&lab).n, 0); /* nothing would ever end it */
	lab_close(&lab);
}

static void test_muted(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct cp_change_stats stats;
	struct cp_mute mute;
	struct seen seen;
	struct lab lab;

	(void)state;
	assert_int_equal(cp_mute_parse("* 00:00-24:00", &mute, NULL), 0);
	config.mutes = &mute;
	config.n_mutes = 1;
	lab_open(&lab, &config);
	judge(&lab, CP_INSIDE, 3);
	judge(&lab, CP_TRANSIT, 2);
	seen = active(&lab);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.n_muted, 1);
	cp_change_stats(lab.change, &stats);
	assert_int_equal(stats.n_active[CP_CHANGE_VERDICT], 1);
	assert_int_equal(stats.n_active_muted[CP_CHANGE_VERDICT], 1);
	lab_close(&lab);
}

/* Every kind, at once. */
static void test_kinds(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	const char *steps[2][2] = {{"8075", "3491"}, {"8075", "2914"}}, *cnames[2] = {"a.example", "b.example"};
	struct lab lab;

	(void)state;
	config.n_learn_dns = 3;
	lab_open(&lab, &config);
	for (unsigned run = 1; run <= 14; run++) {
		unsigned now = run > 10;
		struct cp_change_path path = {.steps = steps[now], .n_steps = 2, .reached = true};
		struct cp_change_exit exit = {.asn = now ? 2914 : 3491, .n_paths = 1};
		struct cp_change_answer answer = {.addr = cp_addr_from_v4(0xC6120000), .asn = now ? 2914 : 3491};
		struct cp_change_target target = lab_target();

		target.has_verdict = target.has_exits = target.has_rtt = target.has_loss = target.has_dns = true;
		target.verdict = now ? CP_TRANSIT : CP_INSIDE;
		target.exits = &exit;
		target.paths = &path;
		target.answers = &answer;
		target.cname = &cnames[now];
		target.n_exits = target.n_paths = target.n_answers = target.n_cname = 1;
		target.rtt_us = now ? 90000 : 10000;
		target.loss_permille = now ? 500 : 0;
		cp_change_begin(lab.change, ++lab.run, lab.at_ms += LAB_STEP_MS);
		assert_int_equal(cp_change_target(lab.change, &target), 0);
		assert_int_equal(cp_change_coverage(lab.change, "core", now ? 300 : 990), 0);
		cp_change_end(lab.change);
	}
	for (int i = 0; i < 2; i++) {
		struct seen seen = active(&lab);

		assert_int_equal(seen.n, CP_CHANGE_KINDS);
		assert_true(seen.last.last_seen_ms == lab.at_ms);
		assert_string_not_equal(seen.old_text, "(null)");
		restart(&lab, &config, NULL);
	}
	lab_close(&lab);
}

/* What an older version saved says that it was told, and not what. */
static void test_older(void **state)
{
	static const char text[] =
	        "coldpotato-change 1\nruns 5 1\ntarget 443 6 5 a.example core\n"
	        "verdict 1 4 819 5 0 1795910400000 1795910400000 0 0 1795910400000 0\nalarm 0 0 2\nend\n";
	struct cp_change_config config = cp_change_defaults();
	struct seen seen;
	struct lab lab;

	(void)state;
	lab_open(&lab, &config);
	restart(&lab, &config, text);
	seen = active(&lab);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.old_text, "(null)");
	assert_true(seen.last.at_ms == 0 && seen.last.first_seen_ms == 0);
	assert_true(seen.last.last_seen_ms == 1795910400000);
	lab_close(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lasts),
	        cmocka_unit_test(test_not_measured),
	        cmocka_unit_test(test_muted),
	        cmocka_unit_test(test_kinds),
	        cmocka_unit_test(test_older),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
