// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_datadog_conf.c: user/import/datadog_conf.c: a configuration of
 * Datadog's Network Path check as targets and settings, what is said of keys
 * that are not honoured, and what is wrong with a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "import/datadog_conf.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static void read_conf(const char *text, struct cp_targets *targets, struct cp_datadog_conf *ret_conf)
{
	struct cp_err err = {.text = ""};

	if (cp_datadog_conf_read(text, strlen(text), "f", targets, ret_conf, &err))
		fail_msg("%s in:\n%s", err.text, text);
}

static bool warns(const struct cp_datadog_conf *conf, const char *text)
{
	for (size_t i = 0; i < conf->n_warnings; i++) {
		if (strcmp(conf->warnings[i], text) == 0)
			return true;
	}
	return false;
}

static void assert_target(const struct cp_target *target, const char *host, int port, uint8_t proto, const char *group)
{
	assert_string_equal(target->host, host);
	assert_int_equal(target->port, port);
	assert_int_equal(target->proto, proto);
	if (group)
		assert_string_equal(target->group ? target->group : "(none)", group);
	else
		assert_null(target->group);
}

/* The file of the issue, in either style, and one with every key the example of the agent has. */
static void test_unchanged(void **state)
{
	static const char *const texts[] = {
	        "init_config: {min_collection_interval: 120}\n"
	        "instances: [{hostname: login.microsoft.com, protocol: TCP, port: 443, min_collection_interval: 120, "
	        "tcp_method: prefer_sack}, {hostname: 198.18.17.30, protocol: tcp, port: 8443, tcp_method: "
	        "prefer_sack}]\n",
	        "init_config:\n"
	        "    ## @param min_collection_interval - number - optional - default: 60\n"
	        "    min_collection_interval: 120\n"
	        "instances:\n"
	        "  - ## @param hostname - string - required\n"
	        "    hostname: LOGIN.microsoft.com.\n"
	        "    port: 443\n"
	        "    protocol: Tcp\n"
	        "    tcp_method: PREFER_SACK\n"
	        "    max_ttl: 30\n"
	        "    timeout: 1000\n"
	        "  - hostname: \"198.18.17.30\"\n"
	        "    port: \"8443\"\n"
	        "    protocol: TCP\n"
	        "    tcp_method: prefer_sack\n"
	        "    tags:\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct cp_targets targets = {0};
		struct cp_datadog_conf conf;

		read_conf(texts[i], &targets, &conf);
		assert_int_equal(targets.n, 2);
		assert_target(&targets.items[0], "login.microsoft.com", 443, IPPROTO_TCP, NULL);
		assert_target(&targets.items[1], "198.18.17.30", 8443, IPPROTO_TCP, NULL);
		assert_int_equal(conf.settings.max_ttl, 30);
		assert_int_equal(conf.settings.timeout_ms, 1000);
		assert_int_equal(conf.settings.n_flows, 0);
		assert_string_equal(conf.settings.tcp_method, "prefer_sack");
		assert_int_equal(conf.n_warnings, 0);
		assert_int_equal(conf.settings.interval_s, 120);
		assert_int_equal(conf.settings.interval_line, i == 0 ? 1 : 3);
		assert_int_equal(conf.settings.interval_column, i == 0 ? 40 : 30);
		cp_targets_free(&targets);
		cp_datadog_conf_free(&conf);
	}
}

static void test_empty_init_config(void **state)
{
	static const char *const texts[] = {
	        "init_config:\n\ninstances:\n- hostname: a.b\n",
	        "init_config: {}\ninstances:\n- hostname: a.b\n",
	        "init_config: null\ninstances:\n- hostname: a.b\n",
	        "instances:\n- hostname: a.b\n  port: ~\n  protocol: ''\n  max_ttl: 0\n  tags: []\n  timeout:\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct cp_targets targets = {0};
		struct cp_datadog_conf conf;

		read_conf(texts[i], &targets, &conf);
		assert_int_equal(targets.n, 1);
		assert_target(&targets.items[0], "a.b", 33434, IPPROTO_UDP, NULL);
		assert_int_equal(conf.settings.max_ttl, 30);
		assert_int_equal(conf.settings.timeout_ms, 1000);
		assert_null(conf.settings.tcp_method);
		assert_int_equal(conf.n_warnings, 1);
		assert_non_null(strstr(conf.warnings[0], "no port: 33434 is taken"));
		cp_targets_free(&targets);
		cp_datadog_conf_free(&conf);
	}
}

static void test_protocols_and_labels(void **state)
{
	static const char text[] = "instances:\n"
	                           "- {hostname: a.b, protocol: icmp, port: 7}\n"
	                           "- {hostname: a.c, protocol: TCP, destination_service: web, source_service: me}\n"
	                           "- {hostname: a.d, protocol: udp, port: 53, tags: ['env:prod', 'service:dns']}\n"
	                           "- {hostname: a.e, port: 1, tags: ['group:g 1', 'service:dns']}\n"
	                           "- {hostname: a.f, port: 1, tags: ['env:prod']}\n"
	                           "- {hostname: a.g, port: 1, source_service: me}\n"
	                           "- {hostname: '2001:db8::1', port: 1, protocol: UDP, tags: ['service:']}\n";
	struct cp_targets targets = {0};
	struct cp_datadog_conf conf;

	(void)state;
	read_conf(text, &targets, &conf);
	assert_int_equal(targets.n, 7);
	assert_target(&targets.items[0], "a.b", 0, IPPROTO_ICMP, NULL);
	assert_target(&targets.items[1], "a.c", 443, IPPROTO_TCP, "web");
	assert_target(&targets.items[2], "a.d", 53, IPPROTO_UDP, "dns");
	assert_target(&targets.items[3], "a.e", 1, IPPROTO_UDP, "g 1");
	assert_target(&targets.items[4], "a.f", 1, IPPROTO_UDP, "env:prod");
	assert_target(&targets.items[5], "a.g", 1, IPPROTO_UDP, "me");
	assert_target(&targets.items[6], "2001:db8::1", 1, IPPROTO_UDP, "service:");
	assert_int_equal(conf.n_warnings, 3);
	assert_true(warns(&conf, "f:3:3: no port: 443 is taken, where the agent takes a random one"));
	assert_true(warns(&conf, "f:3:76: source_service is not carried along: the group is 'web'"));
	assert_true(warns(&conf, "f:4:50: tags are not carried along: one label a target, here 'dns', is its group"));
	cp_targets_free(&targets);
	cp_datadog_conf_free(&conf);
}

/* As the agent's reader does. */
static void test_anchors(void **state)
{
	static const char text[] = "instances:\n"
	                           "- &web\n"
	                           "  hostname: a.b\n"
	                           "  protocol: TCP\n"
	                           "  port: 443\n"
	                           "  tcp_method: sack\n"
	                           "  tags: &t ['group:g']\n"
	                           "- {<<: *web, hostname: a.c}\n"
	                           "- {hostname: a.d, port: 53, tags: *t}\n";
	struct cp_targets targets = {0};
	struct cp_datadog_conf conf;

	(void)state;
	read_conf(text, &targets, &conf);
	assert_int_equal(targets.n, 3);
	assert_target(&targets.items[1], "a.c", 443, IPPROTO_TCP, "g");
	assert_target(&targets.items[2], "a.d", 53, IPPROTO_UDP, "g");
	assert_string_equal(conf.settings.tcp_method, "sack");
	assert_int_equal(conf.n_warnings, 0);
	cp_targets_free(&targets);
	cp_datadog_conf_free(&conf);
}

static void test_widest(void **state)
{
	static const char text[] =
	        "init_config: {timeout: 500, max_ttl: 20, traceroute_queries: 3, e2e_queries: 50}\n"
	        "instances:\n"
	        "- {hostname: a.b, port: 1, protocol: TCP, timeout: 2000, tcp_method: sack}\n"
	        "- {hostname: a.c, port: 1, protocol: TCP, max_ttl: 15, tcp_method: syn}\n"
	        "- {hostname: a.d, port: 1, protocol: UDP, tcp_method: what, traceroute_queries: 5}\n";
	struct cp_targets targets = {0};
	struct cp_datadog_conf conf;

	(void)state;
	read_conf(text, &targets, &conf);
	assert_int_equal(conf.settings.timeout_ms, 2000);
	assert_int_equal(conf.settings.max_ttl, 20);
	assert_int_equal(conf.settings.n_flows, 5);
	assert_string_equal(conf.settings.tcp_method, "prefer_sack");
	assert_int_equal(conf.settings.n_e2e, 50);
	assert_int_equal(conf.n_warnings, 4);
	assert_true(warns(&conf,
	        "f:4:52: max_ttl is not the same for all instances, and one for the run: the greatest is taken"));
	assert_true(warns(
	        &conf, "f:4:3: timeout is not the same for all instances, and one for the run: the greatest is taken"));
	assert_true(warns(&conf,
	        "f:4:3: tcp_method is not the same for all instances, and one for the run: prefer_sack is taken, which "
	        "falls back to syn"));
	cp_targets_free(&targets);
	cp_datadog_conf_free(&conf);
}

static void test_not_honoured(void **state)
{
	static const char text[] = "ad_identifiers: [x]\n"
	                           "init_config: {service: s, max_ttl: 200, timeout: 90000, traceroute_queries: 1000}\n"
	                           "instances:\n"
	                           "- hostname: a.b\n"
	                           "  protocol: TCP\n"
	                           "  port: 1\n"
	                           "  tcp_method: syn_socket\n"
	                           "  tcp_syn_paris_traceroute_mode: true\n"
	                           "  disable_windows_driver: false\n"
	                           "  colour: {a: [b]}\n"
	                           "- hostname: a.c\n"
	                           "  protocol: TCP\n"
	                           "  port: 1\n"
	                           "  colour: red\n"
	                           "  service: t\n";
	struct cp_targets targets = {0};
	struct cp_datadog_conf conf;

	(void)state;
	read_conf(text, &targets, &conf);
	assert_int_equal(targets.n, 2);
	assert_int_equal(conf.settings.max_ttl, 64);
	assert_int_equal(conf.settings.timeout_ms, 60000);
	assert_int_equal(conf.settings.n_flows, 64);
	assert_string_equal(conf.settings.tcp_method, "syn");
	assert_int_equal(conf.n_warnings, 8);
	assert_true(warns(&conf, "f:1:1: 'ad_identifiers' is for the agent: not honoured"));
	assert_true(warns(&conf, "f:2:15: 'service' is for the agent: not honoured"));
	assert_true(warns(&conf, "f:10:3: unknown key 'colour': not honoured"));
	assert_true(warns(&conf, "f:2:36: max_ttl 200 is more than 64, which is taken"));
	assert_true(warns(&conf, "f:2:50: timeout 90000 is more than 60000 ms, which is taken"));
	assert_true(warns(&conf, "f:2:77: traceroute_queries 1000 is more than 64 flows, which are taken"));
	assert_true(warns(&conf, "f:7:15: tcp_method syn_socket is for Windows: syn is taken"));
	assert_true(warns(&conf, "f:9:27: disable_windows_driver is for Windows: not honoured"));
	cp_targets_free(&targets);
	cp_datadog_conf_free(&conf);
	cp_datadog_conf_free(&conf);
	cp_datadog_conf_free(NULL);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *text, *err;
	} cases[] = {
	        {"init_config:\n", "f:1:1: 'instances' is missing"},
	        {"instances:\n", "f:1:11: instances wants a list, not nothing"},
	        {"instances: []\n", "f:1:12: instances is an empty list"},
	        {"instances: [a.b]\n", "f:1:13: instances wants a mapping (key: value), not a single value"},
	        {"instances:\n- port: 443\n", "f:2:3: instances: 'hostname' is missing"},
	        {"instances:\n- hostname:\n", "f:2:12: hostname is empty"},
	        {"instances:\n- hostname: <HOSTNAME>\n",
	                "f:2:13: hostname: \"<HOSTNAME>\": '<' is not allowed in a host name"},
	        {"instances:\n- hostname: https://a.b/\n",
	                "f:2:13: hostname wants a name or an address, not 'https://a.b/'"},
	        {"instances:\n- hostname: a.b:443\n", "f:2:13: hostname wants a name or an address, not 'a.b:443'"},
	        {"instances:\n- hostname: a.b\n  port: 65536\n",
	                "f:3:9: port wants a number of at most 65535, not '65536'"},
	        {"instances:\n- hostname: a.b\n  port: https\n",
	                "f:3:9: port wants a number of at most 65535, not 'https'"},
	        {"instances:\n- hostname: a.b\n  port: -1\n", "f:3:9: port wants a number of at most 65535, not '-1'"},
	        {"instances:\n- hostname: a.b\n  protocol: SCTP\n",
	                "f:3:13: protocol wants UDP, TCP or ICMP, not 'SCTP'"},
	        {"instances:\n- hostname: a.b\n  protocol: TCP\n  tcp_method: fin\n",
	                "f:4:15: tcp_method wants syn, sack, prefer_sack or syn_socket, not 'fin'"},
	        {"instances:\n- hostname: a.b\n  timeout: 1.5\n",
	                "f:3:12: timeout wants a number of at most 1000000000, not '1.5'"},
	        {"instances:\n- hostname: a.b\n  max_ttl: 256\n",
	                "f:3:12: max_ttl wants a number of at most 255, not '256'"},
	        {"init_config: {timeout: x}\ninstances: [{hostname: a.b}]\n",
	                "f:1:24: timeout wants a number of at most 1000000000, not 'x'"},
	        {"instances:\n- hostname: a.b\n  tags: env:prod\n", "f:3:9: tags wants a list, not a single value"},
	        {"instances:\n- hostname: a.b\n  disable_windows_driver: maybe\n",
	                "f:3:27: disable_windows_driver wants true or false, not 'maybe'"},
	        {"instances:\n- hostname: a.b\n  tags: [\"a\\nb\"]\n",
	                "f:3:9: a control character in a service or tag"},
	        {"instances:\n- hostname: a.b\n hostname: c\n", "f:3:2: did not find expected key"},
	        {"instances: [{hostname: a.b]\n", "f:1:27: did not find expected ',' or '}'"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cp_targets targets = {0};
		struct cp_datadog_conf conf;
		struct cp_err err = {.text = ""};

		if (cp_datadog_conf_read(cases[i].text, strlen(cases[i].text), "f", &targets, &conf, &err) != -EINVAL)
			fail_msg("accepted: %s", cases[i].text);
		assert_string_equal(err.text, cases[i].err);
		cp_targets_free(&targets);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_unchanged),
	        cmocka_unit_test(test_empty_init_config),
	        cmocka_unit_test(test_protocols_and_labels),
	        cmocka_unit_test(test_anchors),
	        cmocka_unit_test(test_widest),
	        cmocka_unit_test(test_not_honoured),
	        cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
