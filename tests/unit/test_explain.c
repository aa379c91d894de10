// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_explain.c: what is said of judged paths (verdict_lab.h): every hop that
 * matters is cited, every rule and reason has its words, hostile names stay in
 * their sentence.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/explain.h"
#include "verdict_lab.h"

struct said {
	char text[CP_EXPLAIN_TOPICS][4096]; /* the sentences of a topic, one a line */
	enum cp_explain_topic last;
	uint32_t n, stop_after;
};

static int hear(void *ctx, enum cp_explain_topic topic, const char *sentence)
{
	struct said *said = ctx;
	size_t len = strlen(said->text[topic]);

	assert_true(topic < CP_EXPLAIN_TOPICS && topic >= said->last);
	assert_true(*sentence != '\0');
	said->last = topic;
	snprintf(said->text[topic] + len, sizeof(said->text[topic]) - len, "%s\n", sentence);
	return ++said->n == said->stop_after ? -28 : 0;
}

struct story {
	struct cp_target target;
	struct cp_answer answer;
	struct cp_path path;
	struct cp_judgement judgement;
	struct cp_rec_start start;
	struct cp_rec_path rec;
};

static void make(void **state, struct story *story, const struct sample *sample)
{
	static const struct cp_rec_database databases[] = {
	        {.layer = "database", .name = "asn.mmdb", .n_rows = 9, .built_at_s = 1700000000},
	        {.layer = "builtin", .name = "built-in", .n_rows = 9, .built_at_s = CP_UNKNOWN}};
	static char *chain[] = {(char *)"a.test", (char *)"b.test"};
	const struct lab *lab = *state;

	*story = (struct story){0};
	judge(lab, sample, &story->path, &story->judgement);
	story->target = (struct cp_target){.host = "name.test", .port = 443, .proto = IPPROTO_TCP};
	story->answer = (struct cp_answer){.cname = chain, .n_cname = sample->flags & CNAME ? 2 : 0};
	story->start = (struct cp_rec_start){
	        .wall_ms = 1700000000000 + 100ull * 86400 * 1000,
	        .vantage = {sample->vantage, sample->vantage ? "--vantage-as" : NULL},
	        .home = &lab->home,
	        .home_spec = "microsoft",
	        .databases = databases,
	        .n_databases = 2,
	};
	story->rec = (struct cp_rec_path){
	        .target = &story->target,
	        .answer = &story->answer,
	        .path = &story->path,
	        .judgement = &story->judgement,
	        .asdb = lab->asdb,
	        .start = &story->start,
	};
	story->rec.dest =
	        story->path.reached ? story->path.hops[story->path.n_hops - 1].addr : token_addr(sample->dest, 250);
}

static void explain(void **state, const struct sample *sample, struct said *said)
{
	struct story story;

	make(state, &story, sample);
	*said = (struct said){0};
	assert_int_equal(cp_explain(&story.rec, hear, said), 0);
}

#define SAYS(topic, what) assert_string_equal(said.text[CP_EXPLAIN_##topic], what "\n")
#define MENTIONS(topic, what)                                                                                          \
	do {                                                                                                           \
		if (!strstr(said.text[CP_EXPLAIN_##topic], what))                                                      \
			fail_msg("no '%s' in '%s'", what, said.text[CP_EXPLAIN_##topic]);                              \
	} while (0)

static void test_direct(void **state)
{
	struct said said;

	explain(state,
	        &(struct sample){.path = "* * 8075 8075:icr01.fra23 16625 16625!", .vantage = 8075, .flags = CNAME},
	        &said);
	SAYS(HOME, "Home is microsoft: AS8068, AS8075.");
	SAYS(VANTAGE, "The probes start in AS8075 Microsoft, which is home, as --vantage-as says.");
	SAYS(DEST, "The destination 198.18.4.6 is of AS16625 Akamai and answered, at TTL 6.\n"
	           "name.test leads there by CNAME: a.test > b.test.");
	MENTIONS(LAST_HOME, "The last home hop before the exit is TTL 4, 198.18.0.4 of AS8075 Microsoft, by name ae");
	MENTIONS(LAST_HOME, ".icr01.fra23.ntwk.msn.net (core router, site fra23, Frankfurt).");
	SAYS(FOREIGN, "The first hop outside is TTL 5, 198.18.4.5 of AS16625 Akamai.");
	SAYS(SILENCE, "TTL 1 to 2 silent: between the vantage, which is home, and a home hop, so taken for home; "
	              "no matter.");
	MENTIONS(RULE, "two-networks: nobody but the vantage's network and the destination's was seen");
	MENTIONS(RULE, "So the verdict is direct.");
	MENTIONS(REASON, "cname-cdn: ");
	SAYS(CONFIDENCE, "high: nothing was silent between the two networks.");
	SAYS(DATA, "asn.mmdb (database) of 2023-11-14, 100 days old: prefixes move, a newer one is due.\n"
	           "built-in (builtin), of no known date.");
	assert_string_equal(said.text[CP_EXPLAIN_HELP], "");
}

static void test_each_verdict(void **state)
{
	struct said said;

	explain(state, &(struct sample){.path = "* 8075+ * 8075", .dest = "8075", .vantage = 8075}, &said);
	MENTIONS(RULE, "all-home");
	MENTIONS(LAST_HOME, "TTL 4, 198.18.0.4");
	MENTIONS(LAST_HOME, "2 home routers answered in all");
	MENTIONS(SILENCE, "TTL 3 silent: between home hops, of which some carry MPLS labels");
	SAYS(CONFIDENCE, "medium: of home, 2 routers answered before the destination; at most medium with "
	                 "not-reached.");
	SAYS(HELP, "a port or protocol to which the destination answers (-p, -P).");

	explain(state, &(struct sample){.path = "8075 3356 1299 8075!", .vantage = 8075}, &said);
	MENTIONS(RULE, "left-and-returned");
	MENTIONS(FOREIGN, "The first hop outside is TTL 2, 198.18.6.2 of AS3356 Lumen.\n"
	                  "Likewise not home's: TTL 3, 198.18.7.3 of AS1299.");
	SAYS(SILENCE, "Every TTL up to the last hop answered.");
	SAYS(CONFIDENCE, "high: the hops outside stand next to each other.");

	explain(state, &(struct sample){.path = "8075 3356 * 1299 8075!", .vantage = 8075}, &said);
	SAYS(CONFIDENCE, "medium: between the hops outside something is silent or unclear.");
	explain(state, &(struct sample){.path = "8075 3356 13335!", .vantage = 8075}, &said);
	SAYS(CONFIDENCE, "low: the evidence is a single hop.");
	explain(state, &(struct sample){.path = "8075 * * 13335!", .vantage = 8075}, &said);
	SAYS(CONFIDENCE, "low: several TTLs between the two networks did not answer, which can hide another one; at "
	                 "most medium with silent-border.");

	explain(state, &(struct sample){.path = "* * 3491 3491 13335!", .vantage = 8075}, &said);
	MENTIONS(RULE, "third-as");
	SAYS(CONFIDENCE, "medium: the hops outside stand next to each other; at most medium with silent-border.");
	MENTIONS(LAST_HOME, "No home hop was seen before the exit");
	MENTIONS(SILENCE, "so the border is a range of TTLs");

	explain(state, &(struct sample){.path = "* 8075 8075!", .vantage = 0}, &said);
	MENTIONS(RULE, "vantage-unknown");
	MENTIONS(VANTAGE, "not known");
	MENTIONS(SILENCE, "another network may hide there");
	SAYS(HELP, "saying where this host is (--vantage-as).");
}

static void test_weak_hops_are_cited(void **state)
{
	struct said said;

	explain(state, &(struct sample){.path = "8075 3356 8075!", .vantage = 8075}, &said);
	MENTIONS(RULE, "lone-foreign-hop");
	MENTIONS(FOREIGN, "Not home's is TTL 2, 198.18.6.2 of AS3356 Lumen.");
	explain(state, &(struct sample){.path = "8075 3356:icr02.ams06 8075 8075!", .vantage = 8075}, &said);
	MENTIONS(RULE, "all-home");
	MENTIONS(LAST_HOME, "TTL 2, 198.18.6.2 of AS3356 Lumen, by name");
	MENTIONS(LAST_HOME, "it is home's router, so it was taken for home");
	SAYS(FOREIGN, "No router outside home was seen.");
	MENTIONS(CONFIDENCE, "medium where a name made home of a hop");
	explain(state, &(struct sample){.path = "8075 ix 8075!", .vantage = 8075}, &said);
	MENTIONS(FOREIGN, "the LAN of exchange LabIX");
	explain(state, &(struct sample){.path = "8075 8075", .dest = "13335", .vantage = 8075}, &said);
	MENTIONS(FOREIGN, "somewhere behind TTL 2");
	explain(state, &(struct sample){.path = "3320 3320 8075 8075!"}, &said);
	MENTIONS(VANTAGE, "AS3320 Deutsche Telekom, outside home: assumed, because it is the first AS seen");
	explain(state, &(struct sample){.path = "8075 8075_3356 8075!", .vantage = 8075}, &said);
	MENTIONS(FOREIGN, "of AS8075 Microsoft and AS3356 Lumen");
}

static void test_limits_are_told(void **state)
{
	struct said said = {0};
	struct story story;

	make(state, &story, &(struct sample){.path = "8075 * 8075 8075!", .vantage = 8075});
	story.path.hops[1].flags = CP_HOP_LIMITED;
	assert_int_equal(cp_explain(&story.rec, hear, &said), 0);
	SAYS(SILENCE, "TTL 2 silent: between home hops, so taken for home, inferred. Routers there answer only so "
	              "often.");
}

/* Names are whatever the network says; the sentence is handed on as it is, and lines for people are clean. */
static int drop(void *ctx, const char *data, size_t len)
{
	char *text = ctx;

	strncat(text, data, len);
	return 0;
}

static int print(void *ctx, enum cp_explain_topic topic, const char *sentence)
{
	cp_explain_line(ctx, 2, topic, false, sentence);
	return 0;
}

static void test_hostile_name(void **state)
{
	static char out[16384];
	struct cp_sink sink = {.write = drop, .ctx = out};
	struct cp_text text;
	struct story story;

	make(state, &story, &(struct sample){.path = "8075 8075 13335!", .vantage = 8075});
	story.path.hops[1].ptr = "evil\x1b[31m\nname \xff.test %s%n";
	cp_text_init(&text, &sink, 80, false);
	assert_int_equal(cp_explain(&story.rec, print, &text), 0);
	assert_int_equal(cp_text_flush(&text), 0);
	assert_non_null(strstr(out, "%s%n"));
	assert_null(strchr(out, '\x1b'));
	assert_null(strchr(out, '\xff'));
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(cp_text_columns(line) <= 80);
		assert_true(strncmp(line, "name", 4) != 0); /* no line of its own */
	}
}

/* Without a start record there is no home and no data to speak of; the rest is said. */
static void test_bare_record(void **state)
{
	struct said said = {0};
	struct story story;

	make(state, &story, &(struct sample){.path = "8075 3356 3356 8075!", .vantage = 8075});
	story.rec.start = NULL;
	story.rec.asdb = NULL;
	story.rec.answer = NULL;
	assert_int_equal(cp_explain(&story.rec, hear, &said), 0);
	assert_string_equal(said.text[CP_EXPLAIN_HOME], "");
	assert_string_equal(said.text[CP_EXPLAIN_DATA], "");
	SAYS(VANTAGE, "The probes start in AS8075.");
	MENTIONS(FOREIGN, "TTL 2, 198.18.6.2 of AS3356.");
	MENTIONS(RULE, "left-and-returned");
	said = (struct said){.stop_after = 3};
	assert_int_equal(cp_explain(&story.rec, hear, &said), -28);
	assert_int_equal(said.n, 3);
}

static void test_words(void **state)
{
	(void)state;
	for (int i = 0; i < CP_EXPLAIN_TOPICS; i++)
		assert_true(*cp_explain_topic_name(i) && cp_text_columns(cp_explain_topic_name(i)) <= 11);
	for (int i = CP_RULE_NONE + 1; i < CP_RULES; i++) {
		assert_non_null(cp_rule_name(i));
		assert_true(*cp_explain_rule(i) != '\0');
		for (int k = CP_RULE_NONE + 1; k < i; k++)
			assert_string_not_equal(cp_rule_name(i), cp_rule_name(k));
	}
	assert_null(cp_rule_name(CP_RULE_NONE));
	assert_null(cp_rule_name(CP_RULES));
	assert_string_equal(cp_explain_rule(CP_RULE_NONE), "");
	assert_null(cp_explain_help(CP_WHY_CNAME_CDN));
	assert_null(cp_explain_help(CP_WHY_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_direct),
	        cmocka_unit_test(test_each_verdict),
	        cmocka_unit_test(test_weak_hops_are_cited),
	        cmocka_unit_test(test_limits_are_told),
	        cmocka_unit_test(test_hostile_name),
	        cmocka_unit_test(test_bare_record),
	        cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, lab_setup, lab_teardown);
}
