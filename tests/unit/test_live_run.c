// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_live_run.c: what a live view keeps of a run: rows, paths, what is
 * counted from run to run, and that it stays small.
 */
#include "live_lab.h"

struct lab {
	struct cp_asdb *asdb;
	struct fixture fix;
	struct cp_live_run *run, *before;
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->asdb = make_asdb();
	lab->run = lab_run();
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	cp_live_run_free(lab->run);
	cp_live_run_free(lab->before);
	cp_asdb_free(lab->asdb);
	free(lab);
	return 0;
}

static void finish(struct lab *lab, uint32_t number)
{
	assert_int_equal(cp_live_run_finish(lab->run, lab->before, number), 0);
}

/* The run becomes the one before, and another begins. */
static void next_run(struct lab *lab)
{
	cp_live_run_free(lab->before);
	lab->before = lab->run;
	lab->run = lab_run();
}

static void test_a_row_a_target(void **state)
{
	struct lab *lab = *state;
	const struct cp_live_row *row;

	lab_path(&lab->fix, lab->asdb, "zenn.dev", "203.0.113.9", 3491);
	lab->fix.target.group = "web";
	lab_add(lab->run, &lab->fix);
	lab_path(&lab->fix, lab->asdb, "login.example", "203.0.113.10", 0);
	lab->fix.target.port = 8443;
	lab_add(lab->run, &lab->fix);
	finish(lab, 1);
	assert_int_equal(lab->run->n_targets, 2);
	row = &lab->run->rows[0];
	assert_string_equal(row->name, "zenn.dev");
	assert_string_equal(row->group, "web");
	assert_string_equal(row->detail, "203.0.113.9");
	assert_string_equal(row->as_path, "8075 > 3491 PCCW Global 13335 Cloudflare"); /* from where it is public */
	assert_true(row->is_judged && row->verdict == CP_TRANSIT && row->confidence == CP_CONF_HIGH);
	assert_int_equal(row->rtt_us, 12345);
	assert_int_equal(row->loss_permille, 0);
	assert_int_equal(row->n_changes, 0);
	assert_false(row->is_fresh);
	assert_string_equal(lab->run->rows[1].name, "login.example:8443");
	assert_null(lab->run->rows[1].group);
	assert_int_equal(lab->run->verdicts[CP_TRANSIT], 1);
	assert_int_equal(lab->run->verdicts[CP_INSIDE], 1);
	assert_int_equal(lab->run->n_unmeasured, 0);
}

static void test_what_is_not_measured_says_why(void **state)
{
	struct lab *lab = *state;

	fix_target(&lab->fix, "nosuch.example", NULL);
	lab_target(lab->run, &lab->fix, false, "dns_nxdomain");
	finish(lab, 1);
	assert_false(lab->run->rows[0].is_judged);
	assert_string_equal(lab->run->rows[0].as_path, "dns_nxdomain");
	assert_int_equal(lab->run->rows[0].rtt_us, UINT32_MAX);
	assert_int_equal(lab->run->rows[0].loss_permille, UINT32_MAX);
	assert_int_equal(lab->run->n_unmeasured, 1);
}

/* The worst path is the target's; its destination did not answer, the other's did. */
static void test_several_paths(void **state)
{
	struct lab *lab = *state;
	const struct cp_live_run_target *target;

	lab_path(&lab->fix, lab->asdb, "zenn.dev", "203.0.113.9", 13335);
	lab->fix.answer.n_addrs = 2;
	lab->fix.addrs[1] = addr_of("203.0.113.10");
	assert_int_equal(cp_live_run_path(lab->run, &lab->fix.rec), 0);
	lab_path(&lab->fix, lab->asdb, "zenn.dev", "203.0.113.10", 3491);
	lab->fix.path.reached = false;
	lab->fix.path.end = CP_END_GAP;
	lab->fix.judgement.confidence = CP_CONF_LOW;
	assert_int_equal(cp_live_run_path(lab->run, &lab->fix.rec), 0);
	lab->fix.answer.n_addrs = 2;
	lab_target(lab->run, &lab->fix, true, NULL);
	finish(lab, 1);
	target = &lab->run->targets[0];
	assert_int_equal(target->n_paths, 2);
	assert_int_equal(target->confidence, CP_CONF_LOW);
	assert_int_equal(target->loss_permille, 500);
	assert_int_equal(target->rtt_us, 12345);
	assert_string_equal(lab->run->rows[0].detail, "203.0.113.10 +1");
	assert_string_equal(lab->run->rows[0].as_path, "8075 > 3491 PCCW Global 13335 Cloudflare");
	assert_int_equal(lab->run->paths[0].verdict, CP_DIRECT);
	assert_int_equal(lab->run->paths[1].rtt_us, UINT32_MAX);
}

/* A run that was cut short did not lose what it did not ask. */
static void test_interrupted_paths_lost_nothing(void **state)
{
	struct lab *lab = *state;

	lab_path(&lab->fix, lab->asdb, "zenn.dev", "203.0.113.9", 13335);
	lab->fix.path.reached = false;
	lab->fix.path.end = CP_END_INTERRUPTED;
	lab_add(lab->run, &lab->fix);
	finish(lab, 1);
	assert_int_equal(lab->run->rows[0].loss_permille, UINT32_MAX);
}

static void test_end_to_end_goes_before(void **state)
{
	uint32_t rtts[] = {4000};
	struct cp_quality_stats e2e = {.n_sent = 10,
	        .n_received = 9,
	        .n_rtts = 1,
	        .rtt_min_us = 4000,
	        .rtt_avg_us = 4000,
	        .rtt_max_us = 4000,
	        .rtt_p50_us = 4000,
	        .rtt_p95_us = 4000,
	        .rtt_p99_us = 4000,
	        .jitter_us = CP_QUALITY_UNKNOWN,
	        .jitter_mean_us = CP_QUALITY_UNKNOWN,
	        .rtts_us = rtts};
	struct lab *lab = *state;
	const char *words;

	lab_path(&lab->fix, lab->asdb, "zenn.dev", "203.0.113.9", 13335);
	lab->fix.rec.e2e = &e2e;
	assert_int_equal(cp_live_run_path(lab->run, &lab->fix.rec), 0);
	lab->fix.path.flow = 1;
	lab_add(lab->run, &lab->fix);
	finish(lab, 1);
	assert_true(lab->run->targets[0].has_e2e);
	assert_int_equal(lab->run->rows[0].loss_permille, 100);
	assert_int_equal(lab->run->rows[0].rtt_us, 4000);
	words = cp_live_run_text(lab->run, lab->run->paths[0].e2e);
	assert_non_null(strstr(words, "9 of 10 probes answered"));
	assert_int_equal(lab->run->paths[1].e2e, 0); /* said once */
}

static void test_hops(void **state)
{
	struct lab *lab = *state;
	const struct cp_live_run_hop *hops;

	lab_path(&lab->fix, lab->asdb, "zenn.dev", "203.0.113.9", 3491);
	lab_add(lab->run, &lab->fix);
	hops = &lab->run->hops[lab->run->paths[0].first_hop];
	assert_int_equal(lab->run->paths[0].n_hops, 5);
	assert_string_equal(cp_live_run_text(lab->run, hops[0].as), "private");
	assert_int_equal(hops[0].attr, CP_LIVE_DIM);
	assert_true(cp_addr_is_zero(&hops[1].addr));
	assert_int_equal(hops[1].rtt_us, UINT32_MAX);
	assert_string_equal(cp_live_run_text(lab->run, hops[2].name), "be-1-0.ibr01.fra.ntwk.msn.net");
	assert_string_equal(cp_live_run_text(lab->run, hops[2].as), "8075 Microsoft");
	assert_int_equal(hops[2].attr, CP_LIVE_GREEN);
	assert_true(hops[3].is_exit && !hops[2].is_exit);
	assert_string_equal(cp_live_run_text(lab->run, hops[3].as), "3491 PCCW Global");
	assert_int_equal(hops[3].attr, CP_LIVE_YELLOW);
	assert_string_equal(cp_live_run_text(lab->run, lab->run->paths[0].meaning),
	        "leaves home between TTL 3 (198.18.16.17, Frankfurt) and TTL 4 (198.18.48.3, AS3491)");
}

static void test_changes_are_counted_from_run_to_run(void **state)
{
	struct lab *lab = *state;

	for (uint32_t number = 1; number <= 12; number++) {
		/* Others come and go beside it. */
		if (number % 2) {
			lab_path(&lab->fix, lab->asdb, "other.example", "203.0.113.77", 0);
			lab_add(lab->run, &lab->fix);
		}
		lab_path(&lab->fix, lab->asdb, "zenn.dev", "203.0.113.9", 3491);
		lab_add(lab->run, &lab->fix);
		finish(lab, number);
		if (number == 2) {
			cp_live_run_change(lab->run, "zenn.dev");
			cp_live_run_change(lab->run, "zenn.dev");
			cp_live_run_change(lab->run, "nobody.example");
			assert_int_equal(lab->run->rows[0].n_changes, 2);
			assert_true(lab->run->rows[0].is_fresh);
		}
		if (number == 11)
			assert_true(lab->run->rows[1].is_fresh);
		if (number == 12) {
			assert_int_equal(lab->run->rows[0].n_changes, 2);
			assert_false(lab->run->rows[0].is_fresh); /* no longer */
		}
		next_run(lab);
	}
	cp_live_run_reset(lab->before);
	assert_int_equal(lab->before->rows[0].n_changes, 0);
	lab_path(&lab->fix, lab->asdb, "zenn.dev", "203.0.113.9", 3491);
	lab_add(lab->run, &lab->fix);
	finish(lab, 13);
	assert_int_equal(lab->run->rows[0].n_changes, 0);
}

/* A target's strings are gone once the run is over; what is kept is not. */
static void test_it_has_its_own_texts(void **state)
{
	struct lab *lab = *state;
	char host[] = "zenn.dev", ptr[] = "a.router.example";

	lab_path(&lab->fix, lab->asdb, host, "203.0.113.9", 3491);
	lab->fix.path.hops[2].ptr = ptr;
	lab_add(lab->run, &lab->fix);
	memset(host, 'x', sizeof(host) - 1);
	memset(ptr, 'x', sizeof(ptr) - 1);
	finish(lab, 1);
	assert_string_equal(lab->run->rows[0].name, "zenn.dev");
	assert_string_equal(cp_live_run_text(lab->run, lab->run->hops[2].name), "a.router.example");
}

/* 5,000 targets of 12 paths each, and a name that has too many of them. */
static void test_many_targets_stay_small(void **state)
{
	struct lab *lab = *state;
	char host[32];
	size_t bytes;

	for (uint32_t i = 0; i < 5000; i++) {
		snprintf(host, sizeof(host), "host-%u.example", i);
		lab_path(&lab->fix, lab->asdb, host, "203.0.113.9", i % 3 ? 3491 : 0);
		for (uint32_t flow = 0; flow < (i ? 12 : 100); flow++) {
			lab->fix.path.flow = flow;
			assert_int_equal(cp_live_run_path(lab->run, &lab->fix.rec), 0);
		}
		lab_target(lab->run, &lab->fix, true, NULL);
	}
	finish(lab, 1);
	assert_int_equal(lab->run->n_targets, 5000);
	assert_int_equal(lab->run->targets[0].n_paths, CP_LIVE_RUN_PATHS);
	assert_int_equal(lab->run->targets[0].n_all_paths, 100);
	assert_int_equal(lab->run->targets[4999].n_paths, 12);
	assert_string_equal(lab->run->rows[4999].name, "host-4999.example");
	bytes = lab->run->cap_targets * sizeof(*lab->run->targets) + lab->run->cap_paths * sizeof(*lab->run->paths) +
	        lab->run->cap_hops * sizeof(*lab->run->hops) + lab->run->cap_bytes +
	        lab->run->cap_index * sizeof(*lab->run->index) + 5000 * sizeof(*lab->run->rows);
	assert_true(bytes < 32u << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_a_row_a_target, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_what_is_not_measured_says_why, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_several_paths, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_interrupted_paths_lost_nothing, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_end_to_end_goes_before, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_hops, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_changes_are_counted_from_run_to_run, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_it_has_its_own_texts, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_many_targets_stay_small, setup, teardown),
	};

	return cmocka_run_group_tests_name("live_run", tests, NULL, NULL);
}
