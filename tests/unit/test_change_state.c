// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_change_state.c: what is kept over a restart: as if there had been none;
 * the same text again; damaged text refused; memory for 2,000 targets.
 */
#include "change_lab.h"

/* A run of three targets, with names that need escapes, in which things come and go by the run's number. */
static void tell_run(struct lab *lab, unsigned run)
{
	static const char *const names[] = {"a.example", "b %\n\x1b[1m\xff.example", ""};
	const char *steps[2] = {"8075", run % 40 < 20 ? "3491" : "2914"};
	struct cp_change_path path = {.steps = steps, .n_steps = 2, .reached = run % 5 != 0};
	struct cp_change_exit exit = {.asn = run % 40 < 20 ? 3491 : 2914, .n_paths = 1};
	const char *cname[] = {run % 60 < 40 ? "cdn.example" : "other.example"};

	cp_change_begin(lab->change, run, LAB_START_MS + run * LAB_STEP_MS);
	for (unsigned i = 0; i < 3; i++) {
		struct cp_change_answer answer = {
		        .addr = cp_addr_from_v4(0xC6120000 + run), .asn = run % 50 < 25 ? 13335 : 8075};
		struct cp_change_target target = {.name = names[i],
		        .group = i ? "g %" : NULL,
		        .port = (uint16_t)(443 + i),
		        .proto = IPPROTO_TCP,
		        .has_verdict = true,
		        .verdict = run % 30 < 10 ? CP_INSIDE : CP_TRANSIT,
		        .confidence = CP_CONF_HIGH,
		        .has_exits = true,
		        .exits = &exit,
		        .n_exits = 1,
		        .paths = &path,
		        .n_paths = 1,
		        .has_rtt = true,
		        .rtt_us = run % 70 < 50 ? 10000 + run % 7 * 100 : 90000,
		        .has_loss = true,
		        .loss_permille = run % 45 < 30 ? 0 : 500,
		        .has_dns = true,
		        .answers = &answer,
		        .n_answers = 1,
		        .cname = cname,
		        .n_cname = 1};

		assert_int_equal(cp_change_target(lab->change, &target), 0);
	}
	assert_int_equal(cp_change_coverage(lab->change, NULL, run % 55 < 40 ? 990 : 300), 0);
	cp_change_end(lab->change);
}

/* Saves, and goes on with what is read from that; the text must come out the same again. */
static void restart(struct lab *lab, const struct cp_change_config *config)
{
	struct cp_change *fresh;
	struct cp_err err = {{0}};
	char *text, *again;
	size_t len, n_again;

	assert_int_equal(cp_change_save(lab->change, &text, &len), 0);
	assert_int_equal(cp_change_new(config, lab_log, lab, &fresh, NULL), 0);
	if (cp_change_restore(fresh, text, len, &err) < 0)
		fail_msg("%s\n%.*s", err.text, (int)len, text);
	assert_int_equal(cp_change_save(fresh, &again, &n_again), 0);
	assert_int_equal(n_again, len);
	assert_memory_equal(text, again, len);
	cp_change_free(lab->change);
	lab->change = fresh;
	free(text);
	free(again);
}

static void test_restart(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct lab *steady = calloc(1, sizeof(*steady)), *restarted = calloc(1, sizeof(*restarted));

	(void)state;
	assert_true(steady && restarted);
	config.rules[CP_CHANGE_LOSS].n_settle = 5;
	lab_open(steady, &config);
	lab_open(restarted, &config);
	for (unsigned run = 1; run <= 400; run++) {
		tell_run(steady, run);
		tell_run(restarted, run);
		restart(restarted, &config);
	}
	assert_true(steady->n_events > 60);
	assert_int_equal(steady->n_events, restarted->n_events);
	assert_string_equal(steady->log, restarted->log);
	lab_close(steady);
	lab_close(restarted);
	free(steady);
	free(restarted);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
	        {"", "line 1: is not \"coldpotato-change 1\""},
	        {"coldpotato-change 2\nruns 0 0\nend\n", "line 1: is not \"coldpotato-change 1\""},
	        {"coldpotato-change 1\n", "line 2: wants the number of runs"},
	        {"coldpotato-change 1\nruns 0\nend\n", "line 2: a number is missing"},
	        {"coldpotato-change 1\nruns 0 99999999999999999999\nend\n", "line 2: a number is wrong or too large"},
	        {"coldpotato-change 1\nruns 0 0 0\nend\n", "line 2: is longer than it should be"},
	        {"coldpotato-change 1\nruns 0 0\n", "line 2: is cut off"},
	        {"coldpotato-change 1\nruns 0 0\nend", "line 3: is cut off"},
	        {"coldpotato-change 1\nruns 0 0\nend\nend\n", "line 4: something follows the end"},
	        {"coldpotato-change 1\nruns 0 0\n\nend\n", "line 3: is empty"},
	        {"coldpotato-change 1\nruns 0 0\nset 0 0\nend\n", "line 3: wants a target first"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 1 a %\nend\n", "line 3: a number is wrong or too large"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 70000 0 0 a %\nend\n",
	                "line 3: a number is wrong or too large"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a\nend\n", "line 3: a text is missing"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %4\nend\n", "line 3: a text has a wrong escape"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %00\nend\n", "line 3: a text has a NUL or is too long"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a \x80\nend\n",
	                "line 3: a text has a byte that is not escaped"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\ntarget 0 0 0 a %\nend\n",
	                "line 4: a target is there twice"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nentry 1 1 0 0 0 0 1 1 x\nend\n",
	                "line 4: an entry stands outside a set"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nset 9 0\nend\n",
	                "line 4: a number is wrong or too large"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nset 0 0\nentry 9 1 0 0 0 0 1 1 x\nend\n",
	                "line 5: a number is wrong or too large"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nset 1 0\nentry 5 1 0 0 0 0 1 1 x\nend\n",
	                "line 5: an entry is of two kinds"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nset 0 0\nentry 3 1 0 0 0 0 1 1 x\nend\n",
	                "line 5: an entry is of two kinds"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nlevel 0 0 0 0 0 0 0 0 33\nend\n",
	                "line 4: a number is wrong or too large"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nalarm 0 0 1\nend\n",
	                "line 4: an alarm is of nothing that lasts"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nverdict 1 2 1 1 0 0 0 0 0 0 0\nalarm 0 0 1 7\nend\n",
	                "line 5: a number is missing"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nverdict 1 2 1 1 0 0 0 0 0 0 0\nalarm 0 0 1 7 7 7 "
	         "a\nend\n",
	                "line 5: a text is missing"},
	        {"coldpotato-change 1\nruns 0 0\ntarget 0 0 0 a %\nwhat\nend\n",
	                "line 4: begins with a word that is not known"},
	};
	struct cp_change_config config = cp_change_defaults();
	struct lab lab;

	(void)state;
	lab_open(&lab, &config);
	tell_run(&lab, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_change_stats stats;
		struct cp_err err = {{0}};

		assert_int_equal(cp_change_restore(lab.change, cases[i].text, strlen(cases[i].text), &err), -EINVAL);
		assert_string_equal(err.text, cases[i].why);
		cp_change_stats(lab.change, &stats); /* as it was */
		assert_int_equal(stats.n_targets, 4);
		assert_int_equal(stats.n_runs, 1);
	}
	lab_close(&lab);
}

/* Each text that is cut off is refused, at whatever byte. */
static void test_cut(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct cp_change *fresh;
	struct lab lab;
	char *text;
	size_t len;

	(void)state;
	lab_open(&lab, &config);
	for (unsigned run = 1; run <= 45; run++)
		tell_run(&lab, run);
	assert_int_equal(cp_change_save(lab.change, &text, &len), 0);
	assert_int_equal(cp_change_new(&config, NULL, NULL, &fresh, NULL), 0);
	for (size_t n = 0; n < len; n++)
		assert_int_equal(cp_change_restore(fresh, text, n, NULL), -EINVAL);
	assert_int_equal(cp_change_restore(fresh, text, len, NULL), 0);
	cp_change_free(fresh);
	lab_close(&lab);
	free(text);
}

/* 2,000 targets with 3 flows each, paths that differ, five usual ones a target. */
static void test_memory(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct cp_change_stats stats;
	struct lab lab;

	(void)state;
	lab_open(&lab, &config);
	for (unsigned run = 1; run <= 40; run++) {
		cp_change_begin(lab.change, run, LAB_START_MS + run);
		lab.at_ms = LAB_START_MS + run;
		for (unsigned i = 0; i < 2000; i++) {
			struct cp_change_target target = lab_target();
			const char *steps[3][4];
			char name[64], middle[3][16];
			struct cp_change_path paths[3];

			snprintf(name, sizeof(name), "service-%u.region.example", i);
			target.name = name;
			for (unsigned flow = 0; flow < 3; flow++) {
				snprintf(middle[flow], sizeof(middle[flow]), "%u", 64500 + (run + flow) % 5);
				steps[flow][0] = "*";
				steps[flow][1] = "8075";
				steps[flow][2] = middle[flow];
				steps[flow][3] = "13335";
				paths[flow] =
				        (struct cp_change_path){.steps = steps[flow], .n_steps = 4, .reached = true};
			}
			target.paths = paths;
			target.n_paths = 3;
			target.has_rtt = true;
			target.rtt_us = 1000;
			assert_int_equal(cp_change_target(lab.change, &target), 0);
		}
		cp_change_end(lab.change);
	}
	cp_change_stats(lab.change, &stats);
	assert_int_equal(stats.n_targets, 2000);
	assert_in_range(stats.bytes, 1 << 20, 4 << 20);
	lab_close(&lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_restart),
	        cmocka_unit_test(test_bad),
	        cmocka_unit_test(test_cut),
	        cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
