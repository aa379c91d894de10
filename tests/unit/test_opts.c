// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_opts.c: the command line: every option's value and refusal, which
 * command takes what, and that the table itself is sound.
 */
#include "opts_lab.h"

static void test_defaults(void **state)
{
	(void)state;
	ACCEPT("audit example.com");
	assert_int_equal(opts.command, CP_CMD_AUDIT);
	assert_int_equal(opts.n_targets, 1);
	assert_string_equal(opts.targets[0], "example.com");
	assert_true(opts.want_v4 && opts.want_v6);
	assert_int_equal(opts.protocol, IPPROTO_TCP);
	assert_int_equal(opts.port, 443);
	assert_int_equal(opts.rate_pps, 10000);
	assert_int_equal(opts.first_ttl, 1);
	assert_int_equal(opts.max_ttl, 30);
	assert_int_equal(opts.attempts, 3);
	assert_int_equal(opts.timeout_ms, 1000);
	assert_int_equal(opts.n_flows, 1);
	assert_int_equal(opts.n_senders, 0);
	assert_int_equal(opts.gap, 12);
	assert_int_equal(opts.addresses, CP_ADDRESSES_ALL);
	assert_int_equal(opts.datapath, CP_DATAPATH_AUTO);
	assert_int_equal(opts.xdp_mode, CP_XDP_AUTO);
	assert_int_equal(opts.tc_attach, CP_TC_AUTO);
	assert_int_equal(opts.color, CP_WHEN_AUTO);
	assert_int_equal(opts.progress, CP_WHEN_AUTO);
	assert_string_equal(opts.home, "microsoft");
	assert_null(opts.interface);
	assert_null(opts.resolver);
	assert_false(opts.no_rdns);
	assert_int_equal(opts.rdns_max, 65536);
	assert_false(opts.has_seed || opts.has_source || opts.dry_run || opts.exhaustive || opts.no_default_blocklist);
	assert_int_equal(opts.asdbs.n, 0);
	assert_null(opts.service_tags);
	assert_int_equal(opts.blocklists.n, 0);
	assert_int_equal(opts.max_runtime_s, 0);
	assert_int_equal(opts.n_outputs, 1);
	assert_ptr_equal(opts.outputs[0].format, &cp_format_table);
	assert_null(opts.outputs[0].path);
	cp_opts_free(&opts);
}

static void test_every_short(void **state)
{
	(void)state;
	ACCEPT("trace -4 -i eth0 -P tcp -p 80 -r 50k -f 2 -m 64 -q 8 -w 250 -o ndjson=out -vv a b");
	assert_int_equal(opts.command, CP_CMD_TRACE);
	assert_true(opts.want_v4);
	assert_false(opts.want_v6);
	assert_string_equal(opts.interface, "eth0");
	assert_int_equal(opts.port, 80);
	assert_int_equal(opts.rate_pps, 50000);
	assert_int_equal(opts.first_ttl, 2);
	assert_int_equal(opts.max_ttl, 64);
	assert_int_equal(opts.attempts, 8);
	assert_int_equal(opts.timeout_ms, 250);
	assert_int_equal(opts.n_outputs, 1);
	assert_ptr_equal(opts.outputs[0].format, &cp_format_ndjson);
	assert_string_equal(opts.outputs[0].path, "out");
	assert_int_equal(opts.verbose, 2);
	assert_int_equal(opts.n_targets, 2);
	cp_opts_free(&opts);
}

static void test_every_long(void **state)
{
	struct cp_addr source;

	(void)state;
	ACCEPT("audit --ipv6 --addresses first --resolver [2001:db8::53]:5353 --no-rdns --flows 64 --gap 5 --senders 2 "
	       "--seed "
	       "42 "
	       "--exhaustive "
	       "--blocklist none --blocklist block --dry-run --max-runtime 60 --source 2001:db8::1 --datapath tc "
	       "--xdp-mode generic --tc-attach clsact --asdb a --asdb b --overlay o --ixp x --service-tags s --home "
	       "8075,cdn "
	       "--vantage-as AS4294967295 --color never --progress always --verbose t");
	assert_true(opts.want_v6);
	assert_false(opts.want_v4);
	assert_int_equal(opts.addresses, CP_ADDRESSES_FIRST);
	assert_string_equal(opts.resolver, "[2001:db8::53]:5353");
	assert_true(opts.no_rdns);
	assert_int_equal(opts.n_flows, 64);
	assert_int_equal(opts.n_senders, 2);
	assert_int_equal(opts.gap, 5);
	assert_true(opts.has_seed);
	assert_int_equal(opts.seed, 42);
	assert_true(opts.no_default_blocklist);
	assert_int_equal(opts.blocklists.n, 1);
	assert_string_equal(opts.blocklists.items[0], "block");
	assert_true(opts.dry_run);
	assert_true(opts.exhaustive);
	assert_int_equal(opts.max_runtime_s, 60);
	assert_true(opts.has_source);
	assert_int_equal(cp_addr_parse("2001:db8::1", &source), 0);
	assert_memory_equal(&opts.source, &source, sizeof(source));
	assert_int_equal(opts.datapath, CP_DATAPATH_TC);
	assert_int_equal(opts.xdp_mode, CP_XDP_GENERIC);
	assert_int_equal(opts.tc_attach, CP_TC_CLSACT);
	assert_int_equal(opts.asdbs.n, 2);
	assert_string_equal(opts.asdbs.items[0], "a");
	assert_string_equal(opts.asdbs.items[1], "b");
	assert_string_equal(opts.overlay, "o");
	assert_string_equal(opts.service_tags, "s");
	assert_string_equal(opts.ixp, "x");
	assert_string_equal(opts.home, "8075,cdn");
	assert_int_equal(opts.vantage_as, UINT32_MAX);
	assert_int_equal(opts.color, CP_WHEN_NEVER);
	assert_int_equal(opts.progress, CP_WHEN_ALWAYS);
	assert_int_equal(opts.verbose, 1);
	cp_opts_free(&opts);
}

/* Every word of every choice, against the order of its enum. */
static void test_choices(void **state)
{
	static const struct {
		const char *line;
		size_t offset;
		unsigned value;
	} cases[] = {
	        {"audit --addresses all t", offsetof(struct cp_opts, addresses), CP_ADDRESSES_ALL},
	        {"audit --datapath auto t", offsetof(struct cp_opts, datapath), CP_DATAPATH_AUTO},
	        {"audit --datapath xdp t", offsetof(struct cp_opts, datapath), CP_DATAPATH_XDP},
	        {"audit --xdp-mode auto t", offsetof(struct cp_opts, xdp_mode), CP_XDP_AUTO},
	        {"audit --xdp-mode native t", offsetof(struct cp_opts, xdp_mode), CP_XDP_NATIVE},
	        {"audit --tc-attach auto t", offsetof(struct cp_opts, tc_attach), CP_TC_AUTO},
	        {"audit --tc-attach tcx t", offsetof(struct cp_opts, tc_attach), CP_TC_TCX},
	        {"audit --color auto t", offsetof(struct cp_opts, color), CP_WHEN_AUTO},
	        {"audit --color always t", offsetof(struct cp_opts, color), CP_WHEN_ALWAYS},
	        {"audit --progress never t", offsetof(struct cp_opts, progress), CP_WHEN_NEVER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned value;

		ACCEPT(cases[i].line);
		memcpy(&value, (const char *)&opts + cases[i].offset, sizeof(value));
		assert_int_equal(value, cases[i].value);
		cp_opts_free(&opts);
	}
}

static void test_rates(void **state)
{
	static const struct {
		const char *line;
		uint32_t pps;
	} cases[] = {
	        {"audit -r 1 t", 1},
	        {"audit -r1k t", 1000},
	        {"audit --rate=10M t", 10000000},
	        {"audit --rate 10000000 t", 10000000},
	        {"audit --rate 10000k t", 10000000},
	        {"audit -r 1 -r 007 t", 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ACCEPT(cases[i].line);
		assert_int_equal(opts.rate_pps, cases[i].pps);
		cp_opts_free(&opts);
	}
}

static void test_resolvers(void **state)
{
	static const char *const good[] = {
	        "audit --resolver 198.18.0.53 t",
	        "audit --resolver 198.18.0.53:53 t",
	        "audit --resolver 198.18.0.53:65535 t",
	        "audit --resolver 2001:db8::53 t",
	        "audit --resolver [2001:db8::53] t",
	        "audit --resolver [2001:db8::53]:1 t",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ACCEPT(good[i]);
		assert_non_null(opts.resolver);
		cp_opts_free(&opts);
	}
}

static void test_order_and_dashes(void **state)
{
	(void)state;
	ACCEPT("-v audit one -p 80 - two -- --rate -3");
	assert_int_equal(opts.command, CP_CMD_AUDIT);
	assert_int_equal(opts.verbose, 1);
	assert_int_equal(opts.port, 80);
	assert_int_equal(opts.n_targets, 5);
	assert_string_equal(opts.targets[0], "one");
	assert_string_equal(opts.targets[1], "-");
	assert_string_equal(opts.targets[2], "two");
	assert_string_equal(opts.targets[3], "--rate");
	assert_string_equal(opts.targets[4], "-3");
	cp_opts_free(&opts);
}

static void test_outputs(void **state)
{
	(void)state;
	ACCEPT("audit -o table=- -o ndjson=a=b -o hops=c t");
	assert_int_equal(opts.n_outputs, 3);
	assert_ptr_equal(opts.outputs[0].format, &cp_format_table);
	assert_null(opts.outputs[0].path);
	assert_ptr_equal(opts.outputs[1].format, &cp_format_ndjson);
	assert_string_equal(opts.outputs[1].path, "a=b");
	assert_ptr_equal(opts.outputs[2].format, &cp_format_hops);
	assert_string_equal(opts.outputs[2].path, "c");
	cp_opts_free(&opts);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
	        {"audit --rate abc t",
	                "--rate wants packets per second (k and M are understood), 1 to 10000000, not 'abc'"},
	        {"audit -r 0 t", "--rate wants packets per second (k and M are understood), 1 to 10000000, not '0'"},
	        {"audit -r 10000001 t", "not '10000001'"},
	        {"audit -r 11M t", "not '11M'"},
	        {"audit -r k t", "not 'k'"},
	        {"audit -r 1K t", "not '1K'"},
	        {"audit -r 18446744073709551617 t", "not '18446744073709551617'"},
	        {"audit -r +5 t", "not '+5'"},
	        {"audit -r 1.5k t", "not '1.5k'"},
	        {"audit --rate= t", "--rate wants packets per second (k and M are understood), 1 to 10000000, not ''"},
	        {"audit -m 65 t", "--max-ttl wants a TTL, 1 to 64, not '65'"},
	        {"audit -f 0 t", "--first-ttl wants a TTL, 1 to 64, not '0'"},
	        {"audit -f 31 t", "--first-ttl wants a TTL up to --max-ttl 30, not '31'"},
	        {"audit -q 9 t", "--attempts wants a number of attempts, 1 to 8, not '9'"},
	        {"audit -w 0 t", "--timeout wants milliseconds, 1 to 60000, not '0'"},
	        {"audit --senders 9 t", "--senders wants a number of senders, 1 to 8, not '9'"},
	        {"audit --flows 65 t", "--flows wants a number of flows, 1 to 64, not '65'"},
	        {"audit --gap 0 t", "--gap wants a number of hops, 1 to 64, not '0'"},
	        {"audit -p 65536 t", "--port wants a port, 1 to 65535, not '65536'"},
	        {"trace --live --interval 99 t", "--interval wants milliseconds, 100 to 3600000, not '99'"},
	        {"trace --interval 500 t", "--interval is for --live"},
	        {"trace --live -o ndjson t", "--live does not go with --output"},
	        {"trace --live -q 2 t", "--live does not go with --attempts"},
	        {"trace --live --tcp-method sack t", "--live probes with --tcp-method syn only"},
	        {"audit --max-runtime 0 t", "--max-runtime wants seconds, 1 to 604800, not '0'"},
	        {"audit --seed 9007199254740992 t",
	                "--seed wants a number, 0 to 9007199254740991, not '9007199254740992'"},
	        {"audit --seed -1 t", "--seed wants a number, 0 to 9007199254740991, not '-1'"},
	        {"audit --vantage-as 0 t", "--vantage-as wants an AS number, 8075 or AS8075, not '0'"},
	        {"audit --vantage-as AS4294967296 t", "not 'AS4294967296'"},
	        {"audit --vantage-as ASX t", "not 'ASX'"},
	        {"audit --datapath XDP t", "--datapath wants auto, xdp or tc, not 'XDP'"},
	        {"audit --addresses none t", "--addresses wants all or first, not 'none'"},
	        {"audit --color=yes t", "--color wants auto, always or never, not 'yes'"},
	        {"audit -P sctp t", "--protocol wants tcp, udp or icmp, not 'sctp'"},
	        {"audit -i 0123456789abcdef t", "--interface wants an interface name of 1 to 15 characters, not"},
	        {"audit --overlay= t", "--overlay wants a file name, not ''"},
	        {"audit --service-tags= t", "--service-tags wants a file name, not ''"},
	        {"audit --asdb= t", "--asdb wants a file name, not ''"},
	        {"audit --blocklist= t", "--blocklist wants a file name or none, not ''"},
	        {"audit --policy= t", "--policy wants a file name, not ''"},
	        {"audit --datadog-conf=", "--datadog-conf wants a file name, not ''"},
	        {"audit --fail-on transit,nosuch t", "or reason codes, comma-separated, not 'nosuch'"},
	        {"audit --fail-on transit, t", "comma-separated, not ''"},
	        {"audit --fail-on= t", "comma-separated, not ''"},
	        {"audit --fail-on a-word-that-is-longer-than-any-verdict-or-reason-code-could-ever-come-to-be t",
	                "comma-separated, not 'a-word-that-is-longer-than-any"},
	        {"policy generate run --output=", "--output names nothing"},
	        {"policy check p --policy q", "--policy is not an option of policy"},
	        {"audit --source eth0 t", "--source wants an IPv4 or IPv6 address, not 'eth0'"},
	        {"audit -6 --source 198.18.0.1 t", "--source is an address of the family that -4 or -6 excludes"},
	        {"audit -4 --source 2001:db8::1 t", "--source is an address of the family that -4 or -6 excludes"},
	        {"audit --resolver dns t", "--resolver wants an address with or without a port"},
	        {"audit --resolver 198.18.0.53: t", "not '198.18.0.53:'"},
	        {"audit --resolver 198.18.0.53:0 t", "not '198.18.0.53:0'"},
	        {"audit --resolver 198.18.0.53:65536 t", "not '198.18.0.53:65536'"},
	        {"audit --resolver [198.18.0.53]:53 t", "not '[198.18.0.53]:53'"},
	        {"audit --resolver [2001:db8::53 t", "not '[2001:db8::53'"},
	        {"audit --resolver [2001:db8::53]53 t", "not '[2001:db8::53]53'"},
	        {"audit --resolver [] t", "not '[]'"},
	        {"audit --resolver : t", "not ':'"},
	        {"audit --resolver= t", "not ''"},
	        {"audit --rdns-max 0 t", "--rdns-max wants a number of addresses, 1 to 1000000, not '0'"},
	        {"doctor --no-rdns t", "--no-rdns"},
	        {"audit -o xml t", "--output wants table, hops, ndjson, "},
	        {"audit -o =file t", "not '=file'"},
	        {"audit -o a-format-name-that-is-longer-than-any t", "not 'a-format-name-that-is-longer-than-any'"},
	        {"audit -o ndjson= t", "--output ndjson= names no file after '='"},
	        {"audit -o table -o ndjson t",
	                "two formats for standard output; write one to a file: --output ndjson=FILE"},
	        {"audit -o table=f -o ndjson=f t", "--output writes two formats to 'f'"},
	        {"diff a b --rtt-pct 100001", "--rtt-pct wants percent of the time before, up to 100000, not '100001'"},
	        {"diff a b --rtt-ms -1", "--rtt-ms wants milliseconds, up to 60000, not '-1'"},
	        {"diff a b --top x", "--top wants a number of lines, 0 for all, not 'x'"},
	        {"diff a b --fail-on-change maybe", "--fail-on-change wants never, worse or any, not 'maybe'"},
	        {"diff a b --side-by-side=yes", "--side-by-side takes no argument"},
	        {"diff a b --rate 5", "--rate is not an option of diff"},
	        {"audit t --top 5", "--top is not an option of audit"},
	        {"audit t --rate", "--rate wants packets per second (k and M are understood) after it"},
	        {"audit t -o", "--output wants a word after it"},
	        {"audit t --dry-run=yes", "--dry-run takes no argument"},
	        {"audit t --rat 5 --retry", "unknown option --retry"},
	        {"audit t --ratte=5", "unknown option --ratte; did you mean --rate?"},
	        {"audit t --zzzzzz", "unknown option --zzzzzz; 'coldpotato help COMMAND' lists them"},
	        {"audit t --a-word-that-is-far-longer-than-any-option", "unknown option --a-word-that-is-far-longer"},
	        {"audit t --r 5", "--r may mean --resolver or --rdns-max; write it out"},
	        {"audit t --help-nothing", "unknown option --help-nothing"},
	        {"audit t -z", "unknown option -z"},
	        {"audit t -vz", "unknown option -z"},
	        {"audit", "audit needs a target: a name, an address, @FILE, - or preset:microsoft"},
	        {"trace -v", "trace needs a target"},
	        {"-v", "no command given; 'coldpotato help' lists them"},
	        {"adit t", "unknown command 'adit'; did you mean 'audit'?"},
	        {"traec t", "unknown command 'traec'; did you mean 'trace'?"},
	        {"watch -c", "--config wants a file name after it"},
	        {"watch -c file target", "watch does not know what to do with 'target'"},
	        {"watch -c file --top=5", "--top takes no argument"},
	        {"diff a b --top", "--top wants a number of lines, 0 for all after it"},
	        {"audit --top a", "--top is not an option of audit"},
	        {"watch -c file --dry-run", "--dry-run is not an option of watch"},
	        {"audit -c file a", "--config is not an option of audit"},
	        {"a-command-that-is-far-longer-than-any", "'coldpotato help' lists them"},
	        {"help adit", "unknown command 'adit'; did you mean 'audit'?"},
	        {"help audit trace", "help does not know what to do with 'trace'"},
	        {"version 1", "version does not know what to do with '1'"},
	        {"doctor --rate 5", "--rate is not an option of doctor"},
	        {"doctor -o ndjson", "--output is not an option of doctor"},
	        {"-r 5 version", "--rate is not an option of version"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cp_opts opts, untouched;
		struct cp_err err = {.text = ""};
		char line[256];

		memset(&opts, 0xa5, sizeof(opts));
		memset(&untouched, 0xa5, sizeof(untouched));
		snprintf(line, sizeof(line), "%s", cases[i].line);
		if (parse(line, &opts, &err) != -EINVAL)
			fail_msg("'%s' was accepted", cases[i].line);
		if (!strstr(err.text, cases[i].message))
			fail_msg("'%s': the message is \"%s\", without \"%s\"", cases[i].line, err.text,
			        cases[i].message);
		assert_null(strchr(err.text, '\n'));
		assert_memory_equal(&opts, &untouched, sizeof(opts));
	}
}

static void test_too_many(void **state)
{
	static const char *const lines[][2] = {
	        {"--asdb=x", "--asdb may be given 16 times at most"},
	        {"-ohops=x", "--output may be given 16 times at most"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct cp_opts opts;
		struct cp_err err = {.text = ""};
		char line[512] = "audit t";

		for (int n = 0; n <= CP_OPTS_LIST_MAX; n++)
			strcat(strcat(line, " "), lines[i][0]);
		assert_int_equal(parse(line, &opts, &err), -EINVAL);
		assert_string_equal(err.text, lines[i][1]);
	}
}

/* A second line must not start inside the first: getopt_long() remembers its place. */
static void test_starts_over(void **state)
{
	struct cp_err err;
	struct cp_opts opts;
	char bad[] = "audit -vzv t", good[] = "audit -4 t";

	(void)state;
	assert_int_equal(parse(bad, &opts, &err), -EINVAL);
	assert_int_equal(parse(good, &opts, &err), 0);
	assert_int_equal(opts.verbose, 0);
	assert_false(opts.want_v6);
	assert_int_equal(opts.n_targets, 1);
	cp_opts_free(&opts);
}

static void test_table_is_sound(void **state)
{
	size_t n = 0;

	(void)state;
	for (const struct cp_opt *opt = cp_opt_table; opt->name; opt++, n++) {
		char arg[64], text[64];
		size_t width = strlen(cp_opt_arg(opt, arg, sizeof(arg)));

		assert_true(width < sizeof(arg) - 1);
		assert_true(opt->help || opt->group == CP_OPT_HIDDEN);
		assert_true(opt->commands != 0);
		assert_true(!opt->parse == (opt->instead != 0));
		/* An option that takes an argument can say what it wants. */
		assert_true(width == 0 || opt->wants || cp_opt_value(opt, 0));
		assert_true(opt->min <= opt->max);
		for (const struct cp_opt *other = cp_opt_table; other < opt; other++) {
			/* Rows of one name are of different commands. */
			assert_true(strcmp(opt->name, other->name) != 0 || !(opt->commands & other->commands));
			assert_true(!opt->letter || opt->letter != other->letter);
		}
		/* A default must be acceptable as an argument, and make the same setting. */
		if (cp_opt_default(opt, text, sizeof(text)) && opt->parse) {
			struct cp_opts opts = cp_opts_defaults;
			struct cp_err err = {.text = ""};
			bool is_text = strcmp(text, opts.home) == 0 || strcmp(text, opts.listen) == 0;

			assert_int_equal(opt->parse(opt, text, &opts, &err), 0);
			if (!is_text)
				assert_memory_equal(&opts, &cp_opts_defaults, sizeof(opts));
		}
	}
	assert_in_range(n, 1, CP_OPTS_MAX); /* the reader keeps a bit for each */
}

static void test_freeing(void **state)
{
	struct cp_opts opts = cp_opts_defaults;

	(void)state;
	cp_opts_free(NULL);
	cp_opts_free(&opts);
	assert_null(opts.targets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_every_short),
	        cmocka_unit_test(test_every_long),
	        cmocka_unit_test(test_choices),
	        cmocka_unit_test(test_rates),
	        cmocka_unit_test(test_resolvers),
	        cmocka_unit_test(test_order_and_dashes),
	        cmocka_unit_test(test_outputs),
	        cmocka_unit_test(test_refusals),
	        cmocka_unit_test(test_too_many),
	        cmocka_unit_test(test_starts_over),
	        cmocka_unit_test(test_table_is_sound),
	        cmocka_unit_test(test_freeing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
