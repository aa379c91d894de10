// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_change.c: what runs, written as words, lead to which events: n of m,
 * recovery, undecided runs between, flapping, mute windows, what is forgotten.
 */
#include "change_lab.h"

struct table {
	const char *what, *runs, *want;
};

static void compare(const struct table *row, const struct lab *lab)
{
	if (strcmp(lab->log, row->want) != 0)
		fail_msg("%s: got\n%swanted\n%s", row->what, lab->log, row->want);
}

typedef void (*feed_cb)(struct lab *lab, char *word);

/* Each word is a run. */
static void play(struct lab *lab, const char *runs, feed_cb feed)
{
	char *copy = strdup(runs), *save = NULL;

	assert_non_null(copy);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		feed(lab, word);
	free(copy);
}

static void play_table(const struct table *rows, size_t n, const struct cp_change_config *config, feed_cb feed)
{
	for (size_t i = 0; i < n; i++) {
		struct lab lab;

		lab_open(&lab, config);
		play(&lab, rows[i].runs, feed);
		compare(&rows[i], &lab);
		lab_close(&lab);
	}
}

#define PLAY(rows, config, feed) play_table(rows, sizeof(rows) / sizeof(rows[0]), config, feed)

/* ---- Verdict ---- */

/* i d t e(detour) u; upper case: low confidence; "x": doubtful; "-": not judged. Several letters: several runs. */
static void feed_verdict(struct lab *lab, char *word)
{
	for (; *word; word++) {
		struct cp_change_target target = lab_target();
		char c = *word;

		target.has_verdict = c != '-';
		target.doubtful = c == 'x';
		if (c >= 'A' && c <= 'Z') {
			target.confidence = CP_CONF_LOW;
			c = (char)(c - 'A' + 'a');
		}
		target.verdict = c == 'i'               ? CP_INSIDE
		                 : c == 'd'             ? CP_DIRECT
		                 : c == 't' || c == 'x' ? CP_TRANSIT
		                 : c == 'e'             ? CP_DETOUR
		                                        : CP_UNDECIDED;
		lab_run(lab, &target);
	}
}

static void test_verdict(void **state)
{
	static const struct table rows[] = {
	        {"nothing", "iiiiiiiiii", ""},
	        {"one is no change", "iiitiiiitiii", ""},
	        {"2 of 3, at once", "iiitt", "5 verdict changed critical: inside -> transit\n"},
	        {"2 of 3, with one between", "iiitit", "6 verdict changed critical: inside -> transit\n"},
	        {"told once", "iiittttttttt", "5 verdict changed critical: inside -> transit\n"},
	        {"back after 3", "iiitttiii",
	                "5 verdict changed critical: inside -> transit\n9 verdict recovered critical: transit -> "
	                "inside\n"},
	        {"not back after 2", "iiitttii", "5 verdict changed critical: inside -> transit\n"},
	        {"flapping is told once", "iiitititititititititit", "6 verdict changed critical: inside -> transit\n"},
	        {"undecided confirms nothing", "iiiuuuuuuuuuu", ""},
	        {"undecided does not hide", "iiituuut", "8 verdict changed critical: inside -> transit\n"},
	        {"undecided does not recover", "iiittuuuuuu", "5 verdict changed critical: inside -> transit\n"},
	        {"undecided while it recovers", "iiittuiuiui",
	                "5 verdict changed critical: inside -> transit\n11 verdict recovered critical: transit -> "
	                "inside\n"},
	        {"doubtful runs say nothing", "iiixxxxxx", ""},
	        {"not judged says nothing", "iii------", ""},
	        {"low confidence is less severe", "iiiTT", "5 verdict changed warning: inside -> transit\n"},
	        {"from one to the next", "iiittee",
	                "5 verdict changed critical: inside -> transit\n7 verdict changed critical: transit -> "
	                "detour\n"},
	        {"better is told, too", "tttii", "5 verdict changed info: transit -> inside\n"},
	        {"the first run may be an accident", "tiiiiiii", ""},
	        {"inside to direct", "iidd", "4 verdict changed warning: inside -> direct\n"},
	};
	struct cp_change_config config = cp_change_defaults();

	(void)state;
	PLAY(rows, &config, feed_verdict);
}

static void test_rules(void **state)
{
	static const struct table one[] = {{"1 of 1", "iti",
	        "2 verdict changed critical: inside -> transit\n3 verdict recovered critical: transit -> inside\n"}};
	static const struct table more[] = {
	        {"3 of 5", "iiiiitiitiiiiit", ""},
	        {"3 of 5, confirmed", "iiiiitiitt", "10 verdict changed critical: inside -> transit\n"},
	};
	static const struct table settled[] = {{"settles", "iiitttttttttiii",
	        "5 verdict changed critical: inside -> transit\n10 verdict settled critical: inside -> transit\n"
	        "14 verdict changed info: transit -> inside\n"}};
	static const struct table off[] = {{"off", "iiittttt", ""}};
	struct cp_change_config config = cp_change_defaults();

	(void)state;
	config.rules[CP_CHANGE_VERDICT] = (struct cp_change_rule){.n = 1, .m = 1};
	PLAY(one, &config, feed_verdict);
	config.rules[CP_CHANGE_VERDICT] = (struct cp_change_rule){.n = 3, .m = 5};
	PLAY(more, &config, feed_verdict);
	config.rules[CP_CHANGE_VERDICT] = (struct cp_change_rule){.n = 2, .m = 3, .n_settle = 5};
	PLAY(settled, &config, feed_verdict);
	config.rules[CP_CHANGE_VERDICT].off = true;
	PLAY(off, &config, feed_verdict);
}

/* ---- Exits ---- */

/* "3491,2914", "-" none, "3491?" more there may be, "x" doubtful. */
static void feed_exits(struct lab *lab, char *word)
{
	struct cp_change_target target = lab_target();
	struct cp_change_exit exits[LAB_MANY];
	char *doubt = strchr(word, '?');

	target.has_exits = !doubt;
	target.doubtful = word[0] == 'x';
	if (doubt)
		*doubt = '\0';
	target.exits = exits;
	target.n_exits = target.doubtful || !word[0] ? 0 : lab_exits(word, exits);
	lab_run(lab, &target);
}

static void test_exits(void **state)
{
	static const struct table rows[] = {
	        {"the issue's own: 3491 becomes 2914", "3491 3491 3491 3491 2914 2914",
	                "6 exit-as-new changed warning: 3491 -> 2914\n6 exit-as-gone changed warning: 3491 -> 2914\n"},
	        {"and back", "3491 3491 3491 3491 2914 2914 3491 3491 3491",
	                "6 exit-as-new changed warning: 3491 -> 2914\n6 exit-as-gone changed warning: 3491 -> 2914\n"
	                "8 exit-as-gone recovered warning: none -> 3491\n9 exit-as-new recovered warning: 2914 -> "
	                "3491\n"},
	        {"inside, then out", "- - - - 3491 - 3491", "7 exit-as-new changed warning: none -> 3491\n"},
	        {"out, then inside", "3491 3491 3491 - -", "5 exit-as-gone changed warning: 3491 -> none\n"},
	        {"once is nothing", "3491 3491 3491 3491,2914 3491 3491 3491 3491,2914 3491", ""},
	        {"learned from the first runs", "3491 2914 3491 2914 3491 3491 2914 3491 2914 3491", ""},
	        {"one of two rests", "3491,2914 3491,2914 3491,2914 3491 3491",
	                "5 exit-as-gone changed warning: 2914 3491 -> 3491\n"},
	        {"a rare one may rest for long",
	                "3491,2914 3491 3491 3491,2914 3491 3491 3491 3491 3491,2914 3491 3491", ""},
	        {"doubtful runs do not count", "3491 3491 3491 x x x x x", ""},
	        {"what is missing is not gone when not all was seen", "3491 3491 3491 ? ? ? ?", ""},
	        {"but what is there is there", "3491 3491 3491 2914? 2914?",
	                "5 exit-as-new changed warning: 3491 -> 2914\n"},
	        {"two new ones, one after the other", "1 1 1 1,2 1,2 1,2,3 1,2,3 1,3 1,3 1,3 1 1 1",
	                "5 exit-as-new changed warning: 1 -> 2\n7 exit-as-new changed warning: 1 -> 3\n"
	                "13 exit-as-new recovered warning: 3 -> 1\n"},
	};
	struct cp_change_config config = cp_change_defaults();

	(void)state;
	PLAY(rows, &config, feed_exits);
}

/* ---- AS paths ---- */

/* "8075>13335,8075>3491>13335": flows. */
static void feed_paths(struct lab *lab, char *word)
{
	struct cp_change_target target = lab_target();
	struct cp_change_path paths[LAB_MANY];
	const char *steps[LAB_MANY][LAB_MANY];
	char *save = NULL;

	for (char *path = strtok_r(word, ",", &save); path; path = strtok_r(NULL, ",", &save)) {
		lab_path(path, steps[target.n_paths], &paths[target.n_paths]);
		target.n_paths++;
	}
	target.paths = paths;
	lab_run(lab, &target);
}

static void test_paths(void **state)
{
	static const struct table rows[] = {
	        {"new path", "1>3 1>3 1>3 1>2>3 1>2>3", "5 as-path changed warning: 1 3 -> 1 2 3\n"},
	        {"and back", "1>3 1>3 1>3 1>2>3 1>2>3 1>3 1>3 1>3",
	                "5 as-path changed warning: 1 3 -> 1 2 3\n8 as-path recovered warning: 1 2 3 -> 1 3\n"},
	        {"one flow of three", "1>3,1>3,1>3 1>3 1>3 1>3,1>2>3,1>3 1>3,1>2>3",
	                "5 as-path changed warning: 1 3 -> 1 2 3\n"},
	        {"balanced over two", "1>3,1>4>3 1>3 1>4>3 1>3 1>3 1>4>3 1>4>3 1>3 1>3", ""},
	        {"the silent head is nobody's", "*>1>3 *>1>3 1>3 1>3 private>1>3 private>*>1>3", ""},
	        {"silence is no difference", "1>2>3 1>2>3 1>2>3 1>*>3 1>*>3 1>*>3 *>*>3 *>*>3 *>*", ""},
	        {"nor is an end that was not seen", "1>2>3 1>2>3 1>2>3 1>2! 1>2! 1! 1!", ""},
	        {"silence within an AS", "1>*>1>3 1>*>1>3 1>*>1>3 1>3 1>3 1>?>1>3 1>?>1>3", ""},
	        {"what was silent answers, nothing new", "1>*>3 1>*>3 1>*>3 1>3 1>3 1>3", ""},
	        {"what was silent answers, and is somebody", "1>*>3 1>*>3 1>*>3 1>2>3 1>2>3",
	                "5 as-path changed warning: 1 * 3 -> 1 2 3\n"},
	        {"silence does not recover", "1>3 1>3 1>3 1>2>3 1>2>3 1>*>3 1>*>3 1>*>3 1>*>3",
	                "5 as-path changed warning: 1 3 -> 1 2 3\n"},
	        {"silence beside somebody new", "*>1>*>3 *>1>*>3 *>1>*>3 *>1>2>* *>1>2>*",
	                "5 as-path changed warning: * 1 * 3 -> * 1 2 *\n"},
	        {"nobody answers", "1>3 1>3 1>3 * * *>* *", ""},
	        {"an end elsewhere is a difference", "1>3 1>3 1>3 1>4! 1>4!",
	                "5 as-path changed warning: 1 3 -> 1 4 *\n"},
	        {"flapping is told once", "1>3 1>3 1>3 1>2>3 1>3 1>2>3 1>3 1>2>3 1>3 1>2>3 1>3 1>2>3",
	                "6 as-path changed warning: 1 3 -> 1 2 3\n"},
	};
	struct cp_change_config config = cp_change_defaults();

	(void)state;
	PLAY(rows, &config, feed_paths);
}

/* What comes and goes for days at a time is told three times, then it is usual. */
static void test_episodes(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct lab lab;

	(void)state;
	lab_open(&lab, &config);
	play(&lab, "1>3 1>3 1>3", feed_paths);
	for (int i = 0; i < 10; i++)
		play(&lab, "1>2>3 1>2>3 1>2>3 1>2>3 1>3 1>3 1>3 1>3", feed_paths);
	assert_int_equal(lab.n_events, 6);
	lab_close(&lab);
}

/* ---- DNS and CNAME ---- */

/* "8075.1,20940.2": AS and last byte of an address; "-" no address; "x" no answer. A "/a/b" behind it: the chain. */
static void feed_dns(struct lab *lab, char *word)
{
	struct cp_change_target target = lab_target();
	struct cp_change_answer answers[LAB_MANY];
	const char *cname[LAB_MANY];
	char *chain = strchr(word, '/'), *save = NULL;

	target.has_dns = word[0] != 'x';
	target.answers = answers;
	target.cname = cname;
	if (chain) {
		*chain++ = '\0';
		for (char *name = strtok_r(chain, "/", &save); name; name = strtok_r(NULL, "/", &save))
			cname[target.n_cname++] = name;
	}
	for (char *one = strtok_r(word, ",", &save); one && one[0] != '-'; one = strtok_r(NULL, ",", &save)) {
		char *end;
		uint32_t asn = (uint32_t)strtoul(one, &end, 10), host = *end ? (uint32_t)strtoul(end + 1, NULL, 10) : 0;

		answers[target.n_answers++] = (struct cp_change_answer){
		        .addr = cp_addr_from_v4(0xC6120000 + asn % 256 * 256 + host), .asn = asn};
	}
	lab_run(lab, &target);
}

static void test_dns(void **state)
{
	static const struct table rows[] = {
	        {"addresses rotate", "1.1 1.2 1.3,1.4 1.5 1.6 1.7 1.8", ""},
	        {"another AS", "1 1 1 2 2", "5 dns changed info: AS1 -> AS2\n"},
	        {"and back", "1 1 1 2 2 1 1 1", "5 dns changed info: AS1 -> AS2\n8 dns recovered info: AS2 -> AS1\n"},
	        {"one more", "1 1 1 1,2 1,2", "5 dns changed info: AS1 -> AS1 AS2\n"},
	        {"one less", "1,2 1,2 1,2 1 1", "5 dns changed info: AS1 AS2 -> AS1\n"},
	        {"a CDN's rotation", "1 2 3 1 3 2 1 2 3 3 1 2 2 1 3", ""},
	        {"one that comes now and then", "1 1 1 2 1 1 1 2 1 1 1 2 2 2 1 1 1 2 2", ""},
	        {"the name is gone", "1 1 1 - -", "5 dns changed info: AS1 -> no address\n"},
	        {"no answer is no change", "1 1 1 x x x x x x", ""},
	        {"AS unknown: its prefix", "0.1 0.2 0.3 0.4 0.5 0.9", ""},
	        {"chain", "1/a/b 1/a/b 1/a/b 1/a/c 1/a/c", "5 cname changed info: a > b -> a > c\n"},
	        {"no chain any more", "1/a 1/a 1/a 1 1 1/a 1/a 1/a",
	                "5 cname changed info: a -> no alias\n8 cname recovered info: no alias -> a\n"},
	        {"a chain that rotates", "1/a 1/b 1/a 1/b 1/b 1/b 1/a 1/a 1/a 1/b", ""},
	};
	static const struct table by_address[] = {
	        {"by address", "1.1 1.1 1.1 1.2 1.2", "5 dns changed info: 198.18.1.1 -> 198.18.1.2\n"}};
	static const struct table by_prefix[] = {
	        {"by prefix", "1.1 1.2 1.3 2.1 2.2", "5 dns changed info: 198.18.1.0/24 -> 198.18.2.0/24\n"}};
	struct cp_change_config config = cp_change_defaults();

	(void)state;
	config.n_learn_dns = 3;
	PLAY(rows, &config, feed_dns);
	config.dns_by = CP_CHANGE_DNS_ADDRESS;
	PLAY(by_address, &config, feed_dns);
	config.dns_by = CP_CHANGE_DNS_PREFIX;
	PLAY(by_prefix, &config, feed_dns);
}

/* ---- Times, mutes ---- */

struct times {
	struct cp_change_event events[4];
	size_t n;
};

static void keep_event(void *ctx, const struct cp_change_event *event)
{
	struct times *times = ctx;

	assert_true(times->n < 4);
	times->events[times->n++] = *event;
}

static void test_seen(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct cp_change_target target = lab_target();
	struct times times = {.n = 0};
	struct cp_change *change;

	(void)state;
	target.has_verdict = true;
	assert_int_equal(cp_change_new(&config, keep_event, &times, &change, NULL), 0);
	for (uint64_t run = 1; run <= 12; run++) {
		/* out in 4, 6, 7 and 8 */
		target.verdict = run == 4 || (run >= 6 && run <= 8) ? CP_TRANSIT : CP_INSIDE;
		cp_change_begin(change, run, run * 1000);
		assert_int_equal(cp_change_target(change, &target), 0);
		cp_change_end(change);
	}
	assert_int_equal(times.n, 2);
	assert_int_equal(times.events[0].run, 6);
	assert_int_equal(times.events[0].at_ms, 6000);
	assert_int_equal(times.events[0].first_seen_ms, 4000);
	assert_int_equal(times.events[0].last_seen_ms, 6000);
	assert_int_equal(times.events[0].seq, 1);
	assert_int_equal(times.events[1].run, 11);
	assert_int_equal(times.events[1].first_seen_ms, 4000);
	assert_int_equal(times.events[1].last_seen_ms, 8000);
	assert_int_equal(times.events[1].seq, 2);
	assert_string_equal(times.events[0].target, "login.example");
	assert_int_equal(times.events[0].port, 443);
	cp_change_free(change);
}

/* The window holds from the 12th to the 23rd run. */
static void test_mute(void **state)
{
	static const struct table rows[] = {
	        {"before, and its end within", "iiiiitttttttttttiii",
	                "7 verdict changed critical: inside -> transit\n19 verdict recovered critical: transit -> "
	                "inside\n"},
	        {"within, and its end after", "iiiiiiiiiiiitttttttttttttiiii",
	                "14 verdict changed critical: inside -> transit (muted)\n"
	                "28 verdict recovered critical: transit -> inside (muted)\n"},
	};
	struct cp_change_config config = cp_change_defaults();
	struct cp_change_stats stats;
	struct cp_mute mute;
	struct lab lab;

	(void)state;
	assert_int_equal(cp_mute_parse("Sun 01:00-02:00 target=*.example group=co?e", &mute, NULL), 0);
	config.mutes = &mute;
	config.n_mutes = 1;
	PLAY(rows, &config, feed_verdict);
	lab_open(&lab, &config);
	play(&lab, rows[1].runs, feed_verdict);
	cp_change_stats(lab.change, &stats);
	assert_int_equal(stats.n_events, 2);
	assert_int_equal(stats.n_muted, 2);
	lab_close(&lab);
}

/* ---- Who is watched ---- */

static void test_forgotten(void **state)
{
	struct cp_change_config config = cp_change_defaults();
	struct cp_change_target target = lab_target();
	struct cp_change_stats stats;
	struct lab lab;
	char name[32];

	(void)state;
	config.n_forget = 10;
	config.n_targets_max = 500;
	lab_open(&lab, &config);
	target.name = name;
	cp_change_begin(lab.change, 1, LAB_START_MS);
	for (unsigned i = 0; i < 600; i++) {
		snprintf(name, sizeof(name), "host%u.example", i);
		assert_int_equal(cp_change_target(lab.change, &target), i < 500 ? 0 : -ENOSPC);
	}
	cp_change_end(lab.change);
	/* every third one goes on */
	for (unsigned run = 2; run <= 20; run++) {
		cp_change_begin(lab.change, run, LAB_START_MS);
		for (unsigned i = 0; i < 500; i += 3) {
			snprintf(name, sizeof(name), "host%u.example", i);
			assert_int_equal(cp_change_target(lab.change, &target), 0);
		}
		cp_change_end(lab.change);
	}
	cp_change_stats(lab.change, &stats);
	assert_int_equal(stats.n_targets, 167);
	assert_int_equal(stats.n_untracked, 100);
	lab_close(&lab);
}

static void test_config(void **state)
{
	struct cp_change_config good = cp_change_defaults(), config = good;
	struct cp_change *change;
	struct cp_err err;

	(void)state;
	config.rules[CP_CHANGE_RTT].n = 4;
	assert_int_equal(cp_change_new(&config, NULL, NULL, &change, &err), -EINVAL);
	assert_string_equal(err.text, "change rtt: cannot be confirmed by 4 of 3 runs; write 1 to 8 of 8");
	config = good;
	config.rules[CP_CHANGE_DNS].m = 9;
	assert_int_equal(cp_change_new(&config, NULL, NULL, &change, &err), -EINVAL);
	config = good;
	config.rules[CP_CHANGE_DNS].n_settle = 2;
	assert_int_equal(cp_change_new(&config, NULL, NULL, &change, &err), -EINVAL);
	config = good;
	config.n_level_min = 1;
	assert_int_equal(cp_change_new(&config, NULL, NULL, &change, &err), -EINVAL);
	config = good;
	config.n_targets_max = 0;
	assert_int_equal(cp_change_new(&config, NULL, NULL, &change, &err), -EINVAL);
}

static void test_names(void **state)
{
	enum cp_change_kind kind;

	(void)state;
	for (int i = 0; i < CP_CHANGE_KINDS; i++) {
		assert_int_equal(cp_change_kind_parse(cp_change_kind_name((enum cp_change_kind)i), &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(cp_change_kind_parse("exit", &kind), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_verdict),
	        cmocka_unit_test(test_rules),
	        cmocka_unit_test(test_exits),
	        cmocka_unit_test(test_paths),
	        cmocka_unit_test(test_episodes),
	        cmocka_unit_test(test_dns),
	        cmocka_unit_test(test_seen),
	        cmocka_unit_test(test_mute),
	        cmocka_unit_test(test_forgotten),
	        cmocka_unit_test(test_config),
	        cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
