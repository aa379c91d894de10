// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_opts_commands.c: what the commands take that is theirs alone.
 */
#include "opts_lab.h"

static void test_serve(void **state)
{
	(void)state;
	ACCEPT("serve --listen [::1]:80 store.db");
	assert_int_equal(opts.command, CP_CMD_SERVE);
	assert_string_equal(opts.targets[0], "store.db");
	assert_string_equal(opts.listen, "[::1]:80");
	cp_opts_free(&opts);
}

static void test_live(void **state)
{
	(void)state;
	ACCEPT("trace --live --interval 100 t");
	assert_int_equal(opts.interval_ms, 100);
	assert_true(opts.live && opts.attempts == 1 && opts.progress == CP_WHEN_NEVER);
	cp_opts_free(&opts);
}

/* Two options of one name, whichever word comes first. */
static void test_top(void **state)
{
	static const struct {
		const char *line;
		bool watch_top;
		uint32_t top;
	} cases[] = {
	        {"watch --top -c file", true, 20},
	        {"--top watch -c file", true, 20},
	        {"--top 7 diff a b", false, 7},
	        {"diff a --top=7 b", false, 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ACCEPT(cases[i].line);
		assert_int_equal(opts.watch_top, cases[i].watch_top);
		assert_int_equal(opts.top, cases[i].top);
		cp_opts_free(&opts);
	}
}

static void test_commands(void **state)
{
	static const struct {
		const char *line;
		enum cp_command command, topic;
	} cases[] = {
	        {"trace t", CP_CMD_TRACE, CP_COMMANDS},
	        {"analyze", CP_CMD_ANALYZE, CP_COMMANDS},
	        {"analyze f", CP_CMD_ANALYZE, CP_COMMANDS},
	        {"doctor", CP_CMD_DOCTOR, CP_COMMANDS},
	        {"policy check p r", CP_CMD_POLICY, CP_COMMANDS},
	        {"doctor t", CP_CMD_DOCTOR, CP_COMMANDS},
	        {"version", CP_CMD_VERSION, CP_COMMANDS},
	        {"--version", CP_CMD_VERSION, CP_COMMANDS},
	        {"help", CP_CMD_HELP, CP_COMMANDS},
	        {"-h", CP_CMD_HELP, CP_COMMANDS},
	        {"help audit", CP_CMD_HELP, CP_CMD_AUDIT},
	        {"help help", CP_CMD_HELP, CP_CMD_HELP},
	        {"audit --help", CP_CMD_HELP, CP_CMD_AUDIT},
	        {"--help trace", CP_CMD_HELP, CP_CMD_TRACE},
	        {"help doctor --help", CP_CMD_HELP, CP_CMD_DOCTOR},
	        {"doctor -h -r 1", CP_CMD_HELP, CP_CMD_DOCTOR},
	        {"--help-man", CP_CMD_MAN, CP_COMMANDS},
	        {"--help-completion", CP_CMD_COMPLETION, CP_COMMANDS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ACCEPT(cases[i].line);
		assert_int_equal(opts.command, cases[i].command);
		assert_int_equal(opts.topic, cases[i].topic);
		cp_opts_free(&opts);
	}
}

static void test_policies(void **state)
{
	(void)state;
	{
		ACCEPT("audit --policy p.yaml --fail-on transit,detour,private-endpoint --fail-on loop t");
		assert_string_equal(opts.policy, "p.yaml");
		assert_int_equal(opts.fail_verdicts, 1u << CP_TRANSIT | 1u << CP_DETOUR);
		assert_int_equal(opts.fail_reasons, 1u << CP_WHY_PRIVATE_ENDPOINT | 1u << CP_WHY_LOOP);
		assert_true(cp_opts_given(&opts, "fail-on"));
		assert_false(cp_opts_given(&opts, "max-ttl"));
		assert_false(cp_opts_given(&opts, "no-such-option"));
		cp_opts_free(&opts);
	}
	{
		/* A file of targets will do. */
		ACCEPT("audit --datadog-conf conf.yaml -m 30");
		assert_string_equal(opts.datadog_conf, "conf.yaml");
		assert_int_equal(opts.n_targets, 0);
		assert_true(cp_opts_given(&opts, "max-ttl"));
		cp_opts_free(&opts);
	}
	{
		/* There -o is a file, whatever it is called. */
		ACCEPT("policy generate run.ndjson -o table");
		assert_string_equal(opts.policy_output, "table");
		assert_int_equal(opts.n_outputs, 0);
		assert_int_equal(opts.n_targets, 2);
		cp_opts_free(&opts);
	}
}

static void test_default_format(void **state)
{
	(void)state;
	ACCEPT("trace t");
	assert_false(opts.explain);
	assert_int_equal(opts.n_outputs, 1);
	assert_ptr_equal(opts.outputs[0].format, &cp_format_hops);
	cp_opts_free(&opts);
}

static void test_diff(void **state)
{
	(void)state;
	ACCEPT("diff a - --rtt-pct 0 --rtt-ms 60000 --top 0 --fail-on-change worse --side-by-side");
	assert_int_equal(opts.n_targets, 2);
	assert_int_equal(opts.rtt_pct, 0);
	assert_int_equal(opts.rtt_ms, 60000);
	assert_int_equal(opts.top, 0);
	assert_int_equal(opts.fail_on_change, CP_FAIL_ON_WORSE);
	assert_true(opts.side_by_side);
	assert_ptr_equal(opts.outputs[0].format, &cp_format_table);
	cp_opts_free(&opts);
}

static void test_explain(void **state)
{
	(void)state;
	ACCEPT("audit --explain t");
	assert_true(opts.explain);
	cp_opts_free(&opts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_serve),
	        cmocka_unit_test(test_live),
	        cmocka_unit_test(test_top),
	        cmocka_unit_test(test_commands),
	        cmocka_unit_test(test_policies),
	        cmocka_unit_test(test_default_format),
	        cmocka_unit_test(test_diff),
	        cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
