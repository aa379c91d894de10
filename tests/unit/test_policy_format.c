// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_policy_format.c: what came of a policy, as text for people and as a
 * record: user/format/phrase_policy.c, user/format/ndjson_policy.c.
 */
#include "story.h"

#include <errno.h>
#include <stdio.h>

#include <jansson.h>

#include "format/phrase_policy.h"
#include "import/policy_yaml.h"

static const char file[] = "version: 1\n"
                           "rules:\n"
                           "- {name: m365 stays inside, group: [m365], verdicts: [inside], max_undecided: 40%}\n"
                           "- {name: no tier 1, target: ['*zenn.dev'], forbid_roles: [tier1], severity: warn}\n"
                           "- {name: nobody, group: [nosuch]}\n";

struct scene {
	struct fixture fix[STORY_TARGETS];
	struct cp_asdb *asdb;
	struct cp_home home;
	struct cp_policy policy;
	struct cp_policy_eval *eval;
	struct cp_policy_result result;
};

static void play(struct scene *scene, const char *text)
{
	static uint32_t home_asns[] = {8068, 8075};
	struct cp_err err = {.text = ""};

	memset(scene, 0, sizeof(*scene));
	make_story(scene->fix);
	scene->fix[0].target.group = scene->fix[1].target.group = NULL;
	scene->fix[2].target.group = "unlisted";
	scene->asdb = make_asdb();
	scene->home = (struct cp_home){.asns = home_asns, .n = 2};
	if (cp_policy_read(text, strlen(text), "lab.yaml", NULL, &scene->policy, &err))
		fail_msg("%s", err.text);
	assert_int_equal(cp_policy_eval_new(&scene->policy, scene->asdb, &scene->home, &scene->eval), 0);
	for (int i = 0; i < STORY_TARGETS; i++) {
		struct fixture *fix = &scene->fix[i];
		struct cp_policy_seen seen = {.target = &fix->target, .dest = fix->rec.dest};
		uint32_t asns[CP_POLICY_ASNS_MAX];

		cp_policy_see(&fix->path, &fix->judgement, asns, &seen);
		if (fix->answer.n_addrs)
			assert_int_equal(cp_policy_eval_path(scene->eval, &seen, 8075), 0);
		cp_policy_eval_target(scene->eval, &fix->target);
	}
	cp_policy_eval_result(scene->eval, &scene->result);
}

static void end_scene(struct scene *scene)
{
	cp_policy_eval_free(scene->eval);
	cp_policy_free(&scene->policy);
	cp_asdb_free(scene->asdb);
}

static void say(const struct scene *scene, unsigned width, struct mem_sink *mem)
{
	struct cp_sink sink = mem_sink_of(mem);
	struct cp_text text;

	cp_text_init(&text, &sink, width, false);
	assert_int_equal(cp_phrase_policy(&text, &scene->result), 0);
	assert_int_equal(cp_text_flush(&text), 0);
}

static void test_text(void **state)
{
	static const char golden[] = "\n"
	                             "policy lab.yaml: violated\n"
	                             "rule               targets  kept  violated  undecided  state     severity\n"
	                             "m365 stays inside        6     2         2          2  violated\n"
	                             "no tier 1                2     1         1          -  violated  warn\n"
	                             "nobody                   0     -         -          -  holds\n"
	                             "1 target matches no rule\n"
	                             "hot.zenn.dev 203.0.113.9: AS3491 has a role that is forbidden [no tier 1]\n"
	                             "www.microsoft.com 203.0.113.9: direct (exit to AS16625); wanted: inside\n"
	                             "  [m365 stays inside]\n"
	                             "www.xbox.com 203.0.113.9: direct (exit to AS20940); wanted: inside\n"
	                             "  [m365 stays inside]\n";
	static struct scene scene;
	struct mem_sink mem = {0};

	(void)state;
	play(&scene, file);
	say(&scene, 0, &mem);
	assert_string_equal(mem.buf, golden);
	mem_free(&mem);
	for (unsigned width = 60; width < 100; width += 7) {
		say(&scene, width, &mem);
		assert_no_line_wider(mem.buf, width);
		mem_free(&mem);
	}
	end_scene(&scene);
}

static void test_holds(void **state)
{
	static const char golden[] = "\n"
	                             "policy lab.yaml: holds\n"
	                             "rule     targets  kept  violated  undecided  state\n"
	                             "default        9     7         -          2  holds\n";
	static struct scene scene;
	struct mem_sink mem = {0};

	(void)state;
	play(&scene, "version: 1\nrules: []\ndefault: {forbid: [detour], max_undecided: 50%}\n");
	say(&scene, 0, &mem);
	assert_string_equal(mem.buf, golden);
	mem_free(&mem);
	end_scene(&scene);
}

/* The table has it at its end, before the accounting. */
static void test_in_table(void **state)
{
	static struct scene scene;
	const struct cp_format *format = &cp_format_table;
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	const char *policy, *accounting;
	void *ctx;

	(void)state;
	play(&scene, file);
	assert_int_equal(format->open(&sink, NULL, &ctx), 0);
	assert_int_equal(story_summary(format, ctx, scene.asdb), 0);
	assert_int_equal(format->policy(ctx, &(struct cp_rec_policy){.result = &scene.result}), 0);
	assert_int_equal(story_end(format, ctx, "done", NULL), 0);
	format->close(ctx);
	policy = strstr(mem.buf, "policy lab.yaml: violated");
	accounting = strstr(mem.buf, "probed ");
	assert_non_null(policy);
	assert_true(accounting > policy);
	mem_free(&mem);
	end_scene(&scene);
}

/* A long policy shows what does not hold; many violations show some. */
static void test_long(void **state)
{
	static struct scene scene;
	struct mem_sink mem = {0};
	char text[4096] = "version: 1\nrules:\n- {name: bad, forbid: [inside, direct, transit]}\n";

	(void)state;
	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "- {name: r%d, group: [none]}\n", i);
	play(&scene, text);
	for (int i = 0; i < 3; i++) {
		struct cp_policy_seen seen = {.target = &scene.fix[0].target, .verdict = CP_TRANSIT, .flow = 4};

		for (int k = 0; k < 4; k++)
			assert_int_equal(cp_policy_eval_path(scene.eval, &seen, 0), 0);
		cp_policy_eval_target(scene.eval, &scene.fix[0].target);
	}
	cp_policy_eval_result(scene.eval, &scene.result);
	say(&scene, 0, &mem);
	assert_non_null(strstr(mem.buf, "… and 40 more rules\n"));
	assert_null(strstr(mem.buf, "r39"));
	assert_non_null(strstr(mem.buf, "flow 4: transit is forbidden"));
	assert_non_null(strstr(mem.buf, "… and 9 more paths; -o ndjson has them\n"));
	mem_free(&mem);
	end_scene(&scene);
}

static void test_hostile_names(void **state)
{
	static struct scene scene;
	struct mem_sink mem = {0};

	(void)state;
	play(&scene, "version: 1\nrules: [{name: \"a\\e[31m\\nb\", forbid: [direct]}]\n");
	say(&scene, 0, &mem);
	assert_null(strchr(mem.buf, '\x1b'));
	assert_no_line_wider(mem.buf, 80);
	mem_free(&mem);
	end_scene(&scene);
}

static void test_record(void **state)
{
	static struct scene scene;
	const struct cp_format *format = &cp_format_ndjson;
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	json_t *rec, *rule, *violation, *wanted;
	json_error_t error;
	void *ctx;

	(void)state;
	play(&scene, file);
	assert_int_equal(format->open(&sink, NULL, &ctx), 0);
	assert_int_equal(format->policy(ctx, &(struct cp_rec_policy){.result = &scene.result, .asdb = scene.asdb}), 0);
	format->close(ctx);
	rec = json_loadb(mem.buf, mem.len, JSON_REJECT_DUPLICATES, &error);
	assert_non_null(rec);
	assert_string_equal(json_string_value(json_object_get(rec, "type")), "policy");
	assert_string_equal(json_string_value(json_object_get(rec, "source")), "lab.yaml");
	assert_string_equal(json_string_value(json_object_get(rec, "state")), "violated");
	assert_int_equal(json_integer_value(json_object_get(rec, "unmatched_targets")), 1);
	assert_int_equal(json_integer_value(json_object_get(rec, "violations_total")), 3);
	assert_int_equal(json_array_size(json_object_get(rec, "rules")), 3);
	rule = json_array_get(json_object_get(rec, "rules"), 0);
	wanted = json_pack("{s:s,s:s,s:s,s:i,s:i,s:i,s:i,s:i,s:f,s:i}", "name", "m365 stays inside", "severity", "fail",
	        "state", "violated", "targets", 6, "kept", 2, "violated", 2, "undecided", 2, "unmeasured", 1,
	        "max_undecided_pct", 40.0, "violations", 2);
	assert_true(json_equal(rule, wanted));
	json_decref(wanted);
	violation = json_array_get(json_object_get(rec, "violations"), 0);
	wanted = json_pack("{s:s,s:s,s:{s:s,s:i,s:s,s:n},s:s,s:i,s:s,s:s,s:s,s:i,s:s,s:i,s:n,s:s}", "rule", "no tier 1",
	        "severity", "warn", "target", "name", "hot.zenn.dev", "port", 443, "protocol", "tcp", "group", "ip",
	        "203.0.113.9", "flow", 0, "what", "forbidden-role", "verdict", "transit", "confidence", "medium", "asn",
	        3491, "as_name", "PCCW Global (HK) Limited", "exit_asn", 3491, "reason", "text",
	        "AS3491 has a role that is forbidden");
	assert_non_null(wanted);
	assert_true(json_equal(violation, wanted));
	json_decref(wanted);
	json_decref(rec);
	mem_free(&mem);
	end_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_text),
	        cmocka_unit_test(test_holds),
	        cmocka_unit_test(test_in_table),
	        cmocka_unit_test(test_long),
	        cmocka_unit_test(test_hostile_names),
	        cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
