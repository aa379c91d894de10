// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_watch_yaml.c: what a watch file says becomes audits and settings, and
 * what is wrong in one is said with its place.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/watch_yaml.h"

#define SEC 1000000000ull

static const char whole[] = "agent: vm-1\n"
                            "store: /var/lib/coldpotato/runs.db\n"
                            "store_keep_days: 30\n"
                            "output: /var/lib/coldpotato/runs\n"
                            "keep: 7\n"
                            "rate: 10k\n"
                            "asdb: [a.csv, b.csv]\n"
                            "overlay: own.txt\n"
                            "ixp: ixp.csv\n"
                            "defaults:\n"
                            "  interval: 5m\n"
                            "  jitter: 10s\n"
                            "  flows: 3\n"
                            "  timeout: 2s\n"
                            "  e2e_interval: 50ms\n"
                            "  no_rdns: true\n"
                            "  blocklist: [none]\n"
                            "audits:\n"
                            "  - name: microsoft\n"
                            "    targets: [preset:microsoft, \"@more.csv\", login.microsoft.com]\n"
                            "    interval: 1m30s\n"
                            "    flows: 5\n"
                            "    max_ttl: 20\n"
                            "    e2e: 10\n"
                            "    tcp_method: prefer_sack\n"
                            "    vantage_as: AS8075\n"
                            "    no_rdns: false\n"
                            "    blocklist: [mine.txt, theirs.txt]\n"
                            "  - name: datadog.2\n"
                            "    datadog_conf: conf.yaml\n"
                            "    max_runtime: 1m\n";

static int read_conf(const char *text, struct cp_watch_conf *ret_conf, struct cp_err *err)
{
	return cp_watch_conf_read(text, strlen(text), "watch.yaml", ret_conf, err);
}

static const struct cp_watch_setting *find(const struct cp_watch_settings *settings, const char *option, uint32_t nth)
{
	for (uint32_t i = 0; i < settings->n; i++) {
		if (strcmp(settings->items[i].option, option) == 0 && nth-- == 0)
			return &settings->items[i];
	}
	return NULL;
}

static void assert_setting(const struct cp_watch_settings *settings, const char *option, const char *text)
{
	const struct cp_watch_setting *setting = find(settings, option, 0);

	assert_non_null(setting);
	assert_string_equal(setting->text, text);
	assert_null(find(settings, option, 1));
}

static void test_whole(void **state)
{
	struct cp_err err = {.text = ""};
	struct cp_watch_conf conf;
	const struct cp_watch_audit *audit;

	(void)state;
	assert_int_equal(read_conf(whole, &conf, &err), 0);
	assert_setting(&conf.settings, "agent", "vm-1");
	assert_setting(&conf.settings, "store", "/var/lib/coldpotato/runs.db");
	assert_setting(&conf.settings, "store-keep-days", "30");
	assert_string_equal(conf.output, "/var/lib/coldpotato/runs");
	assert_int_equal(conf.n_kept, 7);
	assert_setting(&conf.settings, "rate", "10k");
	assert_setting(&conf.settings, "overlay", "own.txt");
	assert_setting(&conf.settings, "ixp", "ixp.csv");
	assert_string_equal(find(&conf.settings, "asdb", 0)->text, "a.csv");
	assert_string_equal(find(&conf.settings, "asdb", 1)->text, "b.csv");
	assert_int_equal(conf.n_audits, 2);

	audit = &conf.audits[0];
	assert_string_equal(audit->name, "microsoft");
	assert_int_equal(audit->n_targets, 3);
	assert_string_equal(audit->targets[1], "@more.csv");
	assert_true(audit->interval_ns == 90 * SEC);
	assert_true(audit->has_jitter && audit->jitter_ns == 10 * SEC);
	assert_setting(&audit->settings, "flows", "5");
	assert_setting(&audit->settings, "max-ttl", "20");
	assert_setting(&audit->settings, "tcp-method", "prefer_sack");
	assert_setting(&audit->settings, "vantage-as", "AS8075");
	assert_setting(&audit->settings, "timeout", "2000");
	assert_setting(&audit->settings, "e2e", "10");
	assert_setting(&audit->settings, "e2e-interval", "50");
	assert_null(find(&audit->settings, "no-rdns", 0));
	assert_string_equal(find(&audit->settings, "blocklist", 1)->text, "theirs.txt");
	assert_null(find(&audit->settings, "blocklist", 2));
	assert_null(audit->datadog_conf);

	audit = &conf.audits[1];
	assert_true(audit->interval_ns == 0 && audit->default_interval_ns == 300 * SEC);
	assert_string_equal(audit->datadog_conf, "conf.yaml");
	assert_setting(&audit->settings, "datadog-conf", "conf.yaml");
	assert_setting(&audit->settings, "flows", "3");
	assert_setting(&audit->settings, "max-runtime", "60");
	assert_setting(&audit->settings, "blocklist", "none");
	assert_non_null(find(&audit->settings, "no-rdns", 0));
	assert_null(find(&audit->settings, "no-rdns", 0)->text);
	assert_int_equal(audit->n_targets, 0);

	/* What an option refuses is said of the place. */
	assert_int_equal(
	        cp_watch_conf_refuse(&conf, &err, find(&audit->settings, "flows", 0)->place, NULL, "no"), -EINVAL);
	assert_string_equal(err.text, "watch.yaml:13:10: no");
	assert_int_equal(cp_watch_conf_refuse(&conf, &err, conf.audits[0].place, "interval", "no"), -EINVAL);
	assert_string_equal(err.text, "watch.yaml:21:15: no");
	cp_watch_conf_free(&conf);
	cp_watch_conf_free(NULL);
}

static void test_least(void **state)
{
	struct cp_err err = {.text = ""};
	struct cp_watch_conf conf;

	(void)state;
	assert_int_equal(read_conf("audits: [{name: a, targets: [b], interval: 1s}]", &conf, &err), 0);
	assert_null(conf.output);
	assert_int_equal(conf.n_kept, 100);
	assert_int_equal(conf.settings.n, 0);
	assert_int_equal(conf.audits[0].settings.n, 0);
	assert_false(conf.audits[0].has_jitter);
	cp_watch_conf_free(&conf);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
	        {"", "watch.yaml:1:1: "},
	        {"audits: []", "watch.yaml:1:9: audits is an empty list"},
	        {"store: {}\n", "watch.yaml:1:8: "},
	        {"agent: x\n", "watch.yaml:1:1: 'audits' is missing"},
	        {"audits:\n  - {name: a, targets: [b], interval: 1s, colour: red}\n", "watch.yaml:2:43: "},
	        {"audits:\n  - {targets: [b], interval: 1s}\n", "watch.yaml:2:5: "},
	        {"audits:\n  - {name: a, targets: b, interval: 1s}\n", "watch.yaml:2:24: "},
	        {"audits:\n  - {name: a, targets: [b]}\n", "watch.yaml:2:5: audit 'a' has no interval"},
	        {"audits:\n  - {name: a, interval: 1s}\n",
	                "watch.yaml:2:5: audit 'a' has neither targets nor datadog_conf"},
	        {"audits:\n  - {name: a, targets: [b], interval: 60}\n",
	                "watch.yaml:2:39: interval wants a time with its unit (30s, 5m, 1h30m, 250ms), not '60'"},
	        {"audits:\n  - {name: a, targets: [b], interval: 1x}\n", "watch.yaml:2:39: interval wants a time"},
	        {"audits:\n  - {name: a, targets: [b], interval: 10ms}\n",
	                "watch.yaml:2:39: interval wants a time of 100 ms to 31622400 s, not '10ms'"},
	        {"defaults: {jitter: soon}\naudits:\n  - {name: a, targets: [b], interval: 1s}\n",
	                "watch.yaml:1:20: jitter wants a time"},
	        {"audits:\n  - {name: a/b, targets: [b], interval: 1s}\n", "watch.yaml:2:12: a name wants letters"},
	        {"audits:\n  - {name: ..., targets: [b], interval: 1s}\n", "watch.yaml:2:12: a name wants letters"},
	        {"audits:\n  - {name: a, targets: [b], interval: 1s}\n  - {name: a, targets: [b], interval: 1s}\n",
	                "watch.yaml:3:12: a second audit of the name 'a'"},
	        {"audits:\n  - {name: a, targets: [b, -], interval: 1s}\n", "watch.yaml:"},
	        {"audits:\n  - {name: a, targets: [b, \"@-\"], interval: 1s}\n",
	                "watch.yaml:2:28: standard input cannot be read at each run"},
	        {"audits:\n  - {name: a, targets: [b], interval: 1s, exhaustive: maybe}\n",
	                "watch.yaml:2:55: exhaustive wants true or false, not 'maybe'"},
	        {"keep: 0\naudits:\n  - {name: a, targets: [b], interval: 1s}\n", "watch.yaml:1:7: keep wants"},
	        {"keep: many\naudits:\n  - {name: a, targets: [b], interval: 1s}\n", "watch.yaml:1:7: "},
	        {"audits: [{name: a, targets: [b], interval: 1s, timeout: 61s}]\n", "watch.yaml:1:57: timeout wants"},
	        {"audits: [{name: a, targets: [b], interval: 1s, e2e_interval: 50}]\n",
	                "watch.yaml:1:62: e2e_interval wants a time with its unit"},
	        {"audits: [{name: a, targets: [b], interval: 1s, confirm: 2}]\n", "watch.yaml:1:57: confirm wants N/M"},
	        {"defaults: {confirm: 9/9}\naudits: [{name: a, targets: [b], interval: 1s}]\n",
	                "watch.yaml:1:21: confirm wants N/M"},
	        {"audits: [{name: a, targets: [b], interval: 1s, changes: {rtt: never}}]\n",
	                "watch.yaml:1:63: rtt wants on, off, or N/M (1/1 to 8/8), not 'never'"},
	        {"defaults: {changes: {dns: 3}}\naudits: [{name: a, targets: [b], interval: 1s}]\n",
	                "watch.yaml:1:27: dns wants on, off, or N/M"},
	        {"audits: [{name: a, targets: [b], interval: 1s, changes: {colour: off}}]\n", "watch.yaml:1:58: "},
	        {"audits: [{name: a, targets: [b], interval: 1s, mute: often}]\n", "watch.yaml:1:54: "},
	        {"audits: [{name: \"a\\e[31m\", targets: [b], interval: 1s}]\n", "watch.yaml:1:17: a name wants"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_watch_conf conf = {.n_kept = 77};
		struct cp_err err = {.text = ""};

		assert_int_equal(read_conf(cases[i].text, &conf, &err), -EINVAL);
		if (strncmp(err.text, cases[i].message, strlen(cases[i].message)) != 0)
			fail_msg("case %zu: '%s', not '%s'", i, err.text, cases[i].message);
		assert_null(strpbrk(err.text, "\n\033"));
		assert_int_equal(conf.n_kept, 77);
	}
}

static void test_durations(void **state)
{
	static const char *const bad[] = {
	        "", "1", "s", "1 s", "-1s", "1.5s", "1S", "1s2", "1us", "1234567890s", "1ss", "s1"};
	uint64_t ns = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(cp_watch_duration(bad[i], &ns), -EINVAL);
		assert_true(ns == 5);
	}
	assert_int_equal(cp_watch_duration("1d2h3m4s5ms", &ns), 0);
	assert_true(ns == ((((1 * 24 + 2) * 60ull + 3) * 60 + 4) * 1000 + 5) * 1000000);
	assert_int_equal(cp_watch_duration("250ms", &ns), 0);
	assert_true(ns == 250000000);
	assert_int_equal(cp_watch_duration("999999999d", &ns), -EINVAL); /* beyond 64 bits */
}

static void test_alerts(void **state)
{
	static const char text[] = "alerts:\n  webhook: http://a/\n  command: [/bin/x, -t, y]\n  confirm: 3/5\n"
	                           "  mute: [\"* 01:00-02:00\"]\n  state: dir\n"
	                           "audits: [{name: a, targets: [b], interval: 1s}]\n";
	static const char *const bad[] = {"4/3", "0/3", "1/9", "2", "2/", "2/3/4", "a/b"};
	struct cp_err err = {.text = ""};
	struct cp_watch_conf conf;

	(void)state;
	assert_int_equal(read_conf(text, &conf, &err), 0);
	assert_string_equal(conf.alerts.webhook, "http://a/");
	assert_int_equal(conf.alerts.n_command, 3);
	assert_string_equal(conf.alerts.command[2], "y");
	assert_null(conf.alerts.command[3]);
	assert_int_equal(conf.alerts.confirm.n, 3);
	assert_int_equal(conf.alerts.confirm.m, 5);
	assert_int_equal(conf.audits[0].n_mutes, 1);
	assert_string_equal(conf.audits[0].mutes[0].text, "* 01:00-02:00");
	assert_string_equal(conf.alerts.state, "dir");
	assert_null(conf.alerts.spool);
	assert_int_equal(conf.alerts.repeat_ms, 60000);
	cp_watch_conf_free(&conf);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char line[160];

		snprintf(line, sizeof(line), "alerts: {confirm: %s}\naudits: [{name: a, targets: [b], interval: 1s}]\n",
		        bad[i]);
		assert_int_equal(read_conf(line, &conf, &err), -EINVAL);
		assert_int_equal(strncmp(err.text, "watch.yaml:1:19: confirm wants N/M", 34), 0);
	}
}

static void test_repeat(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} cases[] = {{"1m", 60000}, {"90s", 90000}, {"1s", 1000}, {"off", 0}, {"0", 0}, {"0s", 0}, {"1d", 86400000},
	        {"999ms", -1}, {"2d", -1}, {"60", -1}, {"never", -1}, {"-1s", -1}};
	struct cp_err err = {.text = ""};
	struct cp_watch_conf conf;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[160];

		snprintf(line, sizeof(line), "alerts: {repeat: %s}\naudits: [{name: a, targets: [b], interval: 1s}]\n",
		        cases[i].text);
		assert_int_equal(read_conf(line, &conf, &err), cases[i].ms < 0 ? -EINVAL : 0);
		if (cases[i].ms < 0) {
			assert_int_equal(strncmp(err.text, "watch.yaml:1:18: repeat wants a time", 36), 0);
			continue;
		}
		assert_int_equal(conf.alerts.repeat_ms, cases[i].ms);
		cp_watch_conf_free(&conf);
	}
}

static void assert_rule(
        const struct cp_watch_audit *audit, enum cp_change_kind kind, bool is_off, unsigned n, unsigned m)
{
	assert_int_equal(audit->rules[kind].is_off, is_off);
	assert_int_equal(audit->rules[kind].n, n);
	assert_int_equal(audit->rules[kind].m, m);
}

static void test_rules(void **state)
{
	static const char text[] = "alerts: {confirm: 3/5, mute: [\"* 01:00-02:00\"]}\n"
	                           "defaults:\n  interval: 1s\n  mute: [\"Sat 00:00-24:00\", \"Sun 00:00-24:00\"]\n"
	                           "  changes: {rtt: off, dns: 4/6, cname: off}\n"
	                           "audits:\n"
	                           "  - {name: a, targets: [x]}\n"
	                           "  - {name: b, targets: [x], confirm: 1/1, mute: [\"Mon 00:00-24:00\"],\n"
	                           "     changes: {rtt: on, cname: 2/2}}\n";
	struct cp_err err = {.text = ""};
	struct cp_watch_conf conf;

	(void)state;
	assert_int_equal(read_conf(text, &conf, &err), 0);
	assert_rule(&conf.audits[0], CP_CHANGE_VERDICT, false, 3, 5); /* as all */
	assert_rule(&conf.audits[0], CP_CHANGE_RTT, true, 0, 0); /* as the defaults */
	assert_rule(&conf.audits[0], CP_CHANGE_DNS, false, 4, 6);
	assert_int_equal(conf.audits[0].n_mutes, 3);
	assert_string_equal(conf.audits[0].mutes[0].place, "alerts.mute.0");
	assert_string_equal(conf.audits[0].mutes[2].text, "Sun 00:00-24:00");
	assert_string_equal(conf.audits[0].mutes[2].place, "defaults.mute.1");
	assert_rule(&conf.audits[1], CP_CHANGE_VERDICT, false, 1, 1); /* its own */
	assert_rule(&conf.audits[1], CP_CHANGE_RTT, false, 1, 1);
	assert_rule(&conf.audits[1], CP_CHANGE_DNS, false, 4, 6); /* a kind's goes before what is of all kinds */
	assert_rule(&conf.audits[1], CP_CHANGE_CNAME, false, 2, 2);
	assert_int_equal(conf.audits[1].n_mutes, 4);
	assert_string_equal(conf.audits[1].mutes[3].place, "audits.1.mute.0");
	assert_int_equal(cp_watch_conf_refuse(&conf, &err, conf.audits[1].mutes[3].place, NULL, "no"), -EINVAL);
	assert_string_equal(err.text, "watch.yaml:8:50: no");
	cp_watch_conf_free(&conf);
	/* Every kind has a key of its name. */
	for (int i = 0; i < CP_CHANGE_KINDS; i++) {
		char line[160];

		snprintf(line, sizeof(line), "audits: [{name: a, targets: [b], interval: 1s, changes: {%s: off}}]\n",
		        cp_change_kind_name((enum cp_change_kind)i));
		assert_int_equal(read_conf(line, &conf, &err), 0);
		assert_rule(&conf.audits[0], (enum cp_change_kind)i, true, 0, 0);
		assert_rule(&conf.audits[0], (enum cp_change_kind)((i + 1) % CP_CHANGE_KINDS), false, 0, 0);
		cp_watch_conf_free(&conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_whole),
	        cmocka_unit_test(test_least),
	        cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_durations),
	        cmocka_unit_test(test_alerts),
	        cmocka_unit_test(test_repeat),
	        cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
