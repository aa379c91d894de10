// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_change_level.c: numbers over runs: noise is none, a shift is one; and a
 * month of runs of a small network in which four things happen.
 */
#include "change_lab.h"

static void run_rtt(struct lab *lab, uint32_t rtt_us)
{
	struct cp_change_target target = lab_target();

	target.has_rtt = rtt_us != CP_CHANGE_UNKNOWN;
	target.rtt_us = rtt_us;
	lab_run(lab, &target);
}

/* Park and Miller's generator: the same noise each time. */
static uint32_t draw(uint32_t *seed)
{
	*seed = (uint32_t)((uint64_t)*seed * 48271 % 2147483647);
	return *seed;
}

static void test_rtt(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	uint32_t seed = 7;
	struct lab lab;

	(void)state;
	lab_open(&lab, &config);
	for (int i = 0; i < 500; i++)
		run_rtt(&lab, 20000 + draw(&seed) % 4000);
	assert_int_equal(lab.n_events, 0);
	for (int i = 0; i < 500; i++) /* one in ten is far off */
		run_rtt(&lab, i % 10 == 0 ? 200000 : 20000 + draw(&seed) % 4000);
	assert_int_equal(lab.n_events, 0);
	run_rtt(&lab, 60000);
	for (int i = 0; i < 50; i++)
		run_rtt(&lab, CP_CHANGE_UNKNOWN);
	assert_int_equal(lab.n_events, 0);
	for (int i = 0; i < 100; i++)
		run_rtt(&lab, 60000);
	assert_int_equal(lab.n_events, 1);
	assert_non_null(strstr(lab.log, " ms -> 60.000 ms"));
	for (int i = 0; i < 3; i++)
		run_rtt(&lab, 21000);
	assert_int_equal(lab.n_events, 2);
	assert_non_null(strstr(lab.log, "rtt recovered warning: 60.000 ms -> 21.000 ms"));
	lab_close(&lab);
}

static void test_rtt_cases(void **state)
{
	static const struct {
		const char *what;
		uint32_t before, after;
		const char *want;
	} cases[] = {
	        {"a quarter of little is little", 1000, 5900, ""},
	        {"5 ms of much is little", 100000, 112000, ""},
	        {"slower", 20000, 40000, "22 rtt changed warning: 20.000 ms -> 40.000 ms\n"},
	        {"faster is no worry", 40000, 20000, "22 rtt changed info: 40.000 ms -> 20.000 ms\n"},
	        {"as much as a number holds", 20000, UINT32_MAX - 1,
	                "22 rtt changed warning: 20.000 ms -> 4294967.294 ms\n"},
	};
	struct cp_change_config config = cp_change_defaults();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lab lab;

		lab_open(&lab, &config);
		for (int run = 0; run < 20; run++)
			run_rtt(&lab, cases[i].before);
		for (int run = 0; run < 20; run++)
			run_rtt(&lab, cases[i].after);
		if (strcmp(lab.log, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].what, lab.log);
		lab_close(&lab);
	}
}

/* Too few values for a median; a shift that stays is what is usual some day, and the way back is one again. */
static void test_rtt_learned(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct lab lab;

	(void)state;
	config.rules[CP_CHANGE_RTT].n_settle = 10;
	lab_open(&lab, &config);
	for (int i = 0; i < 8; i++)
		run_rtt(&lab, i % 2 ? 20000 : 90000);
	assert_int_equal(lab.n_events, 0);
	lab_close(&lab);
	lab_open(&lab, &config);
	for (int i = 0; i < 10; i++)
		run_rtt(&lab, 20000);
	for (int i = 0; i < 30; i++)
		run_rtt(&lab, 50000);
	for (int i = 0; i < 2; i++)
		run_rtt(&lab, 20000);
	assert_string_equal(lab.log, "12 rtt changed warning: 20.000 ms -> 50.000 ms\n"
	                             "22 rtt settled warning: 20.000 ms -> 50.000 ms\n"
	                             "42 rtt changed info: 50.000 ms -> 20.000 ms\n");
	lab_close(&lab);
}

static void test_loss(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct cp_change_target target = lab_target();
	struct lab lab;

	(void)state;
	lab_open(&lab, &config);
	target.has_loss = true;
	for (int i = 0; i < 40; i++) {
		target.loss_permille = i % 4 ? 0 : 30;
		lab_run(&lab, &target);
	}
	target.doubtful = true; /* lost in the host: not the network's */
	target.loss_permille = 900;
	for (int i = 0; i < 10; i++)
		lab_run(&lab, &target);
	assert_int_equal(lab.n_events, 0);
	target.doubtful = false;
	target.loss_permille = 125;
	for (int i = 0; i < 10; i++)
		lab_run(&lab, &target);
	target.loss_permille = 0;
	for (int i = 0; i < 10; i++)
		lab_run(&lab, &target);
	assert_string_equal(
	        lab.log, "52 loss changed warning: 0.0 % -> 12.5 %\n63 loss recovered warning: 12.5 % -> 0.0 %\n");
	lab_close(&lab);
}

/* A run a word: lost of sent. */
static void lose(struct lab *lab, unsigned n_lost, unsigned n_sent, unsigned n_runs)
{
	struct cp_change_target target = lab_target();

	target.has_loss = true;
	target.loss_permille = (n_lost * 1000 + n_sent / 2) / n_sent;
	target.n_loss_probes = n_sent;
	for (unsigned i = 0; i < n_runs; i++)
		lab_run(lab, &target);
}

/* One of a few probes is a large share, and still only one. */
static void test_loss_of_few(void **state)
{
	static const struct {
		unsigned n_lost, n_sent;
		bool is_told;
	} cases[] = {{1, 10, false}, {2, 10, true}, {1, 7, false}, {2, 7, true}, {1, 3, false}, {2, 3, true},
	        {1, 2, false}, {2, 2, true}, {1, 1, true}, {3, 100, false}, {6, 100, true}};
	struct cp_change_config config = cp_change_defaults();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lab lab;

		lab_open(&lab, &config);
		lose(&lab, 0, cases[i].n_sent, 10);
		lose(&lab, cases[i].n_lost, cases[i].n_sent, 5);
		if (lab.n_events != cases[i].is_told)
			fail_msg("%u of %u lost: %s", cases[i].n_lost, cases[i].n_sent, lab.log);
		lab_close(&lab);
	}
}

static void test_coverage(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct lab lab;

	(void)state;
	lab_open(&lab, &config);
	for (uint64_t run = 1; run <= 30; run++) {
		uint32_t permille = run < 20 ? 950 : 600;

		cp_change_begin(lab.change, run, LAB_START_MS + run);
		lab.at_ms = LAB_START_MS + run;
		assert_int_equal(cp_change_coverage(lab.change, NULL, permille), 0);
		assert_int_equal(cp_change_coverage(lab.change, "core", run < 25 ? permille : CP_CHANGE_UNKNOWN), 0);
		assert_int_equal(cp_change_coverage(lab.change, "edge", 940 + (uint32_t)run), 0);
		cp_change_end(lab.change);
	}
	assert_string_equal(lab.log, "21 coverage changed warning: 95.0 % -> 60.0 %\n"
	                             "21 coverage changed warning: 95.0 % -> 60.0 %\n");
	lab_close(&lab);
}

/* ---- A month, a run each 5 minutes ---- */

#define RUNS (30 * 288)
#define TARGETS 12

struct month {
	struct lab lab;
	uint32_t seed;
};

/* Of every twelve paths: noise in time, a rare other path, silence, a name that rotates over a CDN. */
static void month_target(struct month *month, unsigned run, unsigned number)
{
	const char *steps[3] = {"8075", "3491", "13335"}, *straight[2] = {"8075", "13335"};
	struct cp_change_path paths[2] = {
	        {.steps = steps, .n_steps = 3, .reached = true}, {.steps = straight, .n_steps = 2, .reached = true}};
	struct cp_change_exit exit = {.asn = 3491, .n_paths = 2};
	struct cp_change_answer answers[2];
	struct cp_change_target target = lab_target();
	char name[32];

	snprintf(name, sizeof(name), "host%u.example", number);
	target.name = name;
	target.has_verdict = target.has_exits = target.has_rtt = target.has_loss = target.has_dns = true;
	target.verdict = CP_TRANSIT;
	target.exits = &exit;
	target.n_exits = 1;
	target.paths = paths;
	target.n_paths = run % 3 == 0 ? 2 : 1;
	target.rtt_us = 30000 + draw(&month->seed) % 3000 + (draw(&month->seed) % 100 == 0 ? 80000 : 0);
	target.loss_permille = draw(&month->seed) % 20 == 0 ? 40 : 0;
	target.answers = answers;
	target.n_answers = 2;
	for (unsigned i = 0; i < 2; i++)
		answers[i] = (struct cp_change_answer){.addr = cp_addr_from_v4(0xC6120000 + draw(&month->seed) % 4096),
		        .asn = 13335 + (run / 7 + i) % 3};
	if (draw(&month->seed) % 30 == 0)
		steps[1] = "*";
	if (draw(&month->seed) % 40 == 0)
		target.verdict = CP_UNDECIDED;
	/* What happens: one goes another way for 17 hours, one gets slow, one's replies are lost, one changes its
	 * provider. */
	if (number == 1 && run >= 2000 && run < 2200) {
		exit.asn = 2914;
		steps[1] = "2914";
		target.n_paths = 1;
	}
	if (number == 2 && run >= 4000 && run < 4100)
		target.rtt_us += 60000;
	if (number == 3 && run >= 5000 && run < 5100)
		target.doubtful = true, target.n_exits = 0, target.loss_permille = 1000;
	if (number == 4 && run >= 6000)
		answers[0].asn = answers[1].asn = 64500;
	assert_int_equal(cp_change_target(month->lab.change, &target), 0);
}

static void test_month(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct month *month = calloc(1, sizeof(*month));
	struct cp_change_stats stats;

	(void)state;
	assert_non_null(month);
	month->seed = 1;
	config.rules[CP_CHANGE_RTT] = (struct cp_change_rule){.n = 3, .m = 5, .n_settle = 288};
	lab_open(&month->lab, &config);
	for (unsigned run = 1; run <= RUNS; run++) {
		cp_change_begin(month->lab.change, run, month->lab.at_ms += LAB_STEP_MS);
		for (unsigned i = 0; i < TARGETS; i++)
			month_target(month, run, i);
		cp_change_end(month->lab.change);
	}
	cp_change_stats(month->lab.change, &stats);
	assert_int_equal(stats.n_targets, TARGETS);
	assert_non_null(strstr(month->lab.log, "exit-as-new changed warning: 3491 -> 2914\n"));
	assert_non_null(strstr(month->lab.log, "exit-as-gone changed warning: 3491 -> 2914\n"));
	assert_non_null(strstr(month->lab.log, "as-path changed warning: 8075 3491 13335 -> 8075 2914 13335\n"));
	assert_non_null(strstr(month->lab.log, "rtt changed warning: "));
	assert_non_null(strstr(month->lab.log, "dns changed info: AS13335 AS13336 AS13337 -> AS64500\n"));
	/* Four kinds of the first, of the second, and of the last change and end once each; that is all of a month. */
	if (month->lab.n_events != 10)
		fail_msg("%zu events: %.2000s", month->lab.n_events, month->lab.log);
	lab_close(&month->lab);
	free(month);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rtt),
	        cmocka_unit_test(test_rtt_cases),
	        cmocka_unit_test(test_rtt_learned),
	        cmocka_unit_test(test_loss),
	        cmocka_unit_test(test_loss_of_few),
	        cmocka_unit_test(test_coverage),
	        cmocka_unit_test(test_month),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
