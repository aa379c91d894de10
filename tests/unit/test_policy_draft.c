// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_policy_draft.c: a stored run becomes a policy file, which that run
 * keeps and a changed one does not: user/import/policy_run.c, user/core/
 * policy_draft.c, user/format/policy_file.c and the readers of what they write.
 */
#include "story.h"

#include <errno.h>
#include <stdio.h>

#include "core/policy_draft.h"
#include "format/policy_file.h"
#include "import/policy_run.h"
#include "import/policy_yaml.h"

/* The story as records, with Microsoft's ASes as home. */
static void write_run(struct mem_sink *mem, struct fixture *fix, size_t n, bool is_done)
{
	static uint32_t home_asns[] = {8068, 8075};
	const struct cp_home home = {.asns = home_asns, .n = 2};
	const struct cp_format *format = &cp_format_ndjson;
	struct cp_sink sink = mem_sink_of(mem);
	struct cp_rec_start start = story_start();
	struct cp_asdb *asdb = make_asdb();
	void *ctx = NULL;

	start.home = &home;
	assert_int_equal(format->open(&sink, NULL, &ctx), 0);
	assert_int_equal(format->start(ctx, &start), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(story_feed(format, ctx, &fix[i], asdb), 0);
	if (is_done)
		assert_int_equal(story_end(format, ctx, "done", NULL), 0);
	format->close(ctx);
	cp_asdb_free(asdb);
}

struct work {
	struct cp_policy_run run;
	struct cp_draft *draft;
	struct cp_policy_eval *eval;
};

static int draft_path(void *ctx, const struct cp_policy_seen *seen, uint32_t vantage_asn)
{
	return cp_draft_path(((struct work *)ctx)->draft, seen, vantage_asn);
}

static int draft_target(void *ctx, const struct cp_target *target)
{
	return cp_draft_target(((struct work *)ctx)->draft, target);
}

static int eval_path(void *ctx, const struct cp_policy_seen *seen, uint32_t vantage_asn)
{
	return cp_policy_eval_path(((struct work *)ctx)->eval, seen, vantage_asn);
}

static int eval_target(void *ctx, const struct cp_target *target)
{
	cp_policy_eval_target(((struct work *)ctx)->eval, target);
	return 0;
}

/* What policy generate does. */
static void generate(const struct mem_sink *records, struct mem_sink *file)
{
	struct work work = {0};
	const struct cp_policy_run_sink sink = {draft_path, draft_target, &work};
	struct cp_sink out = mem_sink_of(file);
	struct cp_asdb *asdb = make_asdb();
	const struct cp_draft_rule *rules;
	struct cp_err err = {.text = ""};
	size_t n;

	assert_int_equal(cp_draft_new(&work.run.home, &work.draft), 0);
	if (cp_policy_run_read(records->buf, records->len, "run.ndjson", &sink, &work.run, &err))
		fail_msg("%s", err.text);
	assert_int_equal(work.run.n_bad, 0);
	assert_int_equal(cp_draft_rules(work.draft, &rules, &n), 0);
	assert_int_equal(cp_policy_file_write(
	                         &(struct cp_policy_origin){
	                                 .source = "run.ndjson",
	                                 .host = work.run.host,
	                                 .wall_ms = work.run.wall_ms,
	                                 .vantage_asn = work.run.vantage_asn,
	                                 .home = &work.run.home,
	                                 .asdb = asdb,
	                         },
	                         rules, n, &out),
	        0);
	cp_draft_free(work.draft);
	cp_policy_run_free(&work.run);
	cp_asdb_free(asdb);
}

/* What policy check does. */
static enum cp_policy_state check(const struct mem_sink *file, const struct mem_sink *records, size_t *ret_n_violations)
{
	struct work work = {0};
	const struct cp_policy_run_sink sink = {eval_path, eval_target, &work};
	struct cp_asdb *asdb = make_asdb();
	struct cp_policy policy;
	struct cp_policy_result result;
	struct cp_err err = {.text = ""};

	if (cp_policy_read(file->buf, file->len, "p", asdb, &policy, &err))
		fail_msg("%s in\n%s", err.text, file->buf);
	assert_int_equal(cp_policy_eval_new(&policy, asdb, &work.run.home, &work.eval), 0);
	assert_int_equal(cp_policy_run_read(records->buf, records->len, "run", &sink, &work.run, &err), 0);
	cp_policy_eval_result(work.eval, &result);
	*ret_n_violations = result.n_violations_all;
	assert_int_equal(result.n_unmatched, 0);
	cp_policy_eval_free(work.eval);
	cp_policy_run_free(&work.run);
	cp_policy_free(&policy);
	cp_asdb_free(asdb);
	return result.state;
}

static const char golden[] =
        "# What a run of coldpotato showed, as the policy to expect from now on. Review it: it allows\n"
        "# whatever was found, also what should not be. docs/policy.md explains each key.\n"
        "# Run: run.ndjson, 2026-07-15, from vm-weu-01 in AS8075\n"
        "# Home (needs no leave): 8068 8075\n"
        "version: 1\n"
        "rules:\n"
        "  # 1 target, 0 of them undecided\n"
        "  - name: \"controls: transit AS3491 AS13335\"\n"
        "    group: [controls]\n"
        "    target:\n"
        "      - hot.zenn.dev\n"
        "    verdicts: [transit]\n"
        "    allow_as:\n"
        "      - 3491 # PCCW Global (HK) Limited\n"
        "      - 13335 # Cloudflare Inc.\n"
        "\n"
        "  # 1 target, 0 of them undecided\n"
        "  - name: controls\n"
        "    group: [controls]\n"
        "    verdicts: [direct]\n"
        "    allow_as:\n"
        "      - 13335 # Cloudflare Inc.\n"
        "\n"
        "  # 1 target, 0 of them undecided\n"
        "  - name: \"m365: direct AS16625\"\n"
        "    group: [m365]\n"
        "    target:\n"
        "      - www.microsoft.com\n"
        "    verdicts: [direct]\n"
        "    allow_as:\n"
        "      - 16625 # Akamai Technologies Inc.\n"
        "\n"
        "  # 1 target, 0 of them undecided\n"
        "  - name: \"m365: direct AS16625 AS20940\"\n"
        "    group: [m365]\n"
        "    target:\n"
        "      - www.xbox.com\n"
        "    verdicts: [direct]\n"
        "    allow_as:\n"
        "      - 16625 # Akamai Technologies Inc.\n"
        "      - 20940 # Akamai International B.V.\n"
        "\n"
        "  # 5 targets, 2 of them undecided\n"
        "  - name: m365\n"
        "    group: [m365]\n"
        "    verdicts: [inside]\n"
        "    max_undecided: 40%\n";

static void test_golden(void **state)
{
	static struct fixture fix[STORY_TARGETS], turned[STORY_TARGETS];
	struct mem_sink records = {0}, file = {0}, again = {0}, turned_records = {0};
	size_t n;

	(void)state;
	make_story(fix);
	write_run(&records, fix, STORY_TARGETS, true);
	generate(&records, &file);
	assert_string_equal(file.buf, golden);
	assert_int_equal(check(&file, &records, &n), CP_POLICY_HOLDS);
	assert_int_equal(n, 0);
	/* The order of a run is chance. */
	make_story(turned);
	for (int i = 0, k = STORY_TARGETS - 1; i < k; i++, k--) {
		struct fixture swap = turned[i];

		turned[i] = turned[k];
		turned[k] = swap;
	}
	for (int i = 0; i < STORY_TARGETS; i++) {
		turned[i].rec.target = &turned[i].target;
		turned[i].rec.answer = &turned[i].answer;
		turned[i].rec.path = &turned[i].path;
		turned[i].rec.judgement = &turned[i].judgement;
		turned[i].answer.addrs = turned[i].addrs;
		turned[i].answer.cname = turned[i].cname;
	}
	write_run(&turned_records, turned, STORY_TARGETS, true);
	generate(&turned_records, &again);
	assert_string_equal(again.buf, golden);
	mem_free(&records);
	mem_free(&turned_records);
	mem_free(&file);
	mem_free(&again);
}

static void test_changes_violate(void **state)
{
	static struct fixture fix[STORY_TARGETS];
	struct mem_sink records = {0}, file = {0}, changed = {0};
	size_t n;

	(void)state;
	make_story(fix);
	write_run(&records, fix, STORY_TARGETS, true);
	generate(&records, &file);
	/* inside -> direct: another verdict */
	fix[3].judgement.verdict = CP_DIRECT;
	write_run(&changed, fix, STORY_TARGETS, true);
	assert_int_equal(check(&file, &changed, &n), CP_POLICY_VIOLATED);
	assert_int_equal(n, 1);
	mem_free(&changed);
	/* the same verdict by another AS */
	fix[3].judgement.verdict = CP_INSIDE;
	fix[5].judgement.as_path[2].asn = 20940;
	write_run(&changed, fix, STORY_TARGETS, true);
	assert_int_equal(check(&file, &changed, &n), CP_POLICY_VIOLATED);
	assert_int_equal(n, 1);
	mem_free(&changed);
	/* one more is undecided */
	make_story(fix);
	fix[3].judgement.verdict = CP_UNDECIDED;
	write_run(&changed, fix, STORY_TARGETS, true);
	assert_int_equal(check(&file, &changed, &n), CP_POLICY_UNDECIDED);
	assert_int_equal(n, 0);
	mem_free(&changed);
	mem_free(&file);
	mem_free(&records);
}

/* Without groups the most common outcome is the default; one host in two ways is told apart by its port. */
static void test_no_groups(void **state)
{
	static const char wanted[] = "version: 1\n"
	                             "rules:\n"
	                             "  # 1 target, 0 of them undecided\n"
	                             "  - name: \"no group: direct AS13335\"\n"
	                             "    target:\n"
	                             "      - \"a.example:443/tcp\"\n"
	                             "    verdicts: [direct]\n"
	                             "    allow_as:\n"
	                             "      - 13335 # Cloudflare Inc.\n"
	                             "\n"
	                             "# targets that no rule above matches; 3 were there, 1 of them undecided\n"
	                             "default:\n"
	                             "    verdicts: [inside]\n"
	                             "    max_undecided: 34%\n";
	static struct fixture fix[4];
	struct mem_sink records = {0}, file = {0};
	size_t n;

	(void)state;
	story_outside(&fix[0], "a.example", 0, 13335);
	story_inside(&fix[1], "a.example", 8075);
	fix[1].target.port = 80;
	story_inside(&fix[2], "b.example", 8075);
	story_undecided(&fix[3], "c.example");
	write_run(&records, fix, 4, true);
	generate(&records, &file);
	assert_non_null(strstr(file.buf, "version: 1"));
	assert_string_equal(strstr(file.buf, "version: 1"), wanted);
	assert_int_equal(check(&file, &records, &n), CP_POLICY_HOLDS);
	mem_free(&records);
	mem_free(&file);
}

static void test_nothing_decided(void **state)
{
	static struct fixture fix[2];
	struct mem_sink records = {0}, file = {0};
	size_t n;

	(void)state;
	story_undecided(&fix[0], "c.example");
	fix[0].target.group = "g";
	story_undecided(&fix[1], "d.example");
	write_run(&records, fix, 2, true);
	generate(&records, &file);
	assert_non_null(strstr(file.buf, "  - name: g\n    group: [g]\n    # nothing was decided"));
	assert_non_null(strstr(file.buf, "default:\n    # nothing was decided: say here which verdicts are expected\n"
	                                 "    max_undecided: 100%\n"));
	assert_int_equal(check(&file, &records, &n), CP_POLICY_HOLDS);
	mem_free(&records);
	mem_free(&file);
}

/* Whatever a label holds, the file means that label and nothing else. */
static void test_hostile_labels(void **state)
{
	static const char *const labels[] = {"a\n- name: evil", "\x1b[31mred", "\"quoted\\", "x: {y}", "no", "~",
	        "*alias", "#", " ", "\xef\xbf\xbd", "\xc2\x85next", "\xe2\x80\xa8line", "\xf0\x9f\xa5\x94", "default",
	        "no group", "%d%s%n"};
	enum { N = sizeof(labels) / sizeof(labels[0]) };
	static struct fixture fix[N + 1];
	struct mem_sink records = {0}, file = {0};
	size_t n;

	(void)state;
	for (size_t i = 0; i < N; i++) {
		story_inside(&fix[i], "a.example", 8075);
		fix[i].target.port = (uint16_t)(i + 1);
		fix[i].target.group = (char *)labels[i];
	}
	story_inside(&fix[N], "b.example", 8075);
	write_run(&records, fix, N + 1, true);
	generate(&records, &file);
	for (const char *s = file.buf; *s; s++)
		assert_true((unsigned char)*s >= ' ' || *s == '\n');
	assert_int_equal(check(&file, &records, &n), CP_POLICY_HOLDS);
	mem_free(&records);
	mem_free(&file);
}

static void test_long_labels(void **state)
{
	static struct fixture fix[3];
	static char labels[3][1024];
	struct mem_sink records = {0}, file = {0};
	size_t n;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k + 2 < sizeof(labels[i]); k += 2)
			memcpy(labels[i] + k, "\xc3\xa4", 3);
		labels[i][1000] = (char)('a' + i);
		labels[i][1001] = '\0';
		story_inside(&fix[i], "a.example", 8075);
		fix[i].target.port = (uint16_t)(i + 1);
		fix[i].target.group = labels[i];
	}
	write_run(&records, fix, 3, true);
	generate(&records, &file);
	assert_non_null(strstr(file.buf, " (3)\""));
	assert_int_equal(check(&file, &records, &n), CP_POLICY_HOLDS);
	mem_free(&records);
	mem_free(&file);
}

/* ---- runs that are not what they should be ---- */

static int take_nothing(void *ctx, const struct cp_policy_seen *seen, uint32_t vantage_asn)
{
	(void)seen;
	(void)vantage_asn;
	++*(int *)ctx;
	return 0;
}

static int take_no_target(void *ctx, const struct cp_target *target)
{
	(void)target;
	*(int *)ctx += 100;
	return 0;
}

#define START "{\"type\":\"start\",\"schema_version\":1,\"home\":{\"spec\":\"x\",\"asns\":[8075]}}\n"
#define PATH_OF(verdict)                                                                                               \
	"{\"type\":\"path\",\"schema_version\":1,\"target\":{\"name\":\"a\",\"port\":443,\"protocol\":\"tcp\","        \
	"\"group\":"                                                                                                   \
	"null},\"destination\":{\"ip\":\"203.0.113.1\"},\"flow\":0,\"confidence\":\"low\",\"reasons\":[],\"as_path\":" \
	"["                                                                                                            \
	"\"*\",\"8075\"],\"exit\":null,\"hops\":[]" verdict "}\n"

static void test_odd_runs(void **state)
{
	static const struct {
		const char *text;
		int rc, n_taken;
		size_t n_bad;
		const char *why; /* of the error, or of the first bad record */
	} cases[] = {
	        {"", -EINVAL, 0, 0, "r: no run as -o ndjson writes it: there is no start record"},
	        {"version: 1\n", -EINVAL, 0, 1, "r:1: no run as -o ndjson writes it: "},
	        {START, 0, 0, 0, ""},
	        {START START, 0, 0, 1, "a second start record: one run is wanted"},
	        {START PATH_OF(",\"verdict\":\"inside\""), 0, 1, 0, ""},
	        {START PATH_OF(""), 0, 0, 1, "it has no verdict or no confidence"},
	        {PATH_OF(",\"verdict\":\"inside\"") START, 0, 0, 1, "it comes before the start record"},
	        {START "{\"type\":\"target\",\"schema_version\":1,\"target\":{\"name\":null}}\n", 0, 0, 1, NULL},
	        {START "garbage\n" PATH_OF(",\"verdict\":\"inside\""), 0, 1, 1, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int n_taken = 0;
		const struct cp_policy_run_sink sink = {take_nothing, take_no_target, &n_taken};
		struct cp_policy_run run;
		struct cp_err err = {.text = ""};

		assert_int_equal(
		        cp_policy_run_read(cases[i].text, strlen(cases[i].text), "r", &sink, &run, &err), cases[i].rc);
		assert_int_equal(n_taken, cases[i].n_taken);
		if (cases[i].rc)
			assert_memory_equal(err.text, cases[i].why, strlen(cases[i].why));
		else
			assert_int_equal(run.n_bad, cases[i].n_bad);
		if (!cases[i].rc && cases[i].why)
			assert_string_equal(run.bad_why, cases[i].why);
		assert_false(run.is_complete);
		cp_policy_run_free(&run);
	}
}

static void test_complete(void **state)
{
	static struct fixture fix[STORY_TARGETS];
	struct mem_sink records = {0};
	int n_taken = 0;
	const struct cp_policy_run_sink sink = {take_nothing, take_no_target, &n_taken};
	struct cp_policy_run run;
	struct cp_err err;

	(void)state;
	make_story(fix);
	write_run(&records, fix, STORY_TARGETS, true);
	assert_int_equal(cp_policy_run_read(records.buf, records.len, "r", &sink, &run, &err), 0);
	assert_true(run.is_complete);
	assert_int_equal(n_taken, STORY_TARGETS * 100 + STORY_TARGETS - 1);
	assert_string_equal(run.host, "vm-weu-01");
	assert_int_equal(run.home.n, 2);
	assert_int_equal(run.vantage_asn, 8075);
	cp_policy_run_free(&run);
	mem_free(&records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_golden),
	        cmocka_unit_test(test_changes_violate),
	        cmocka_unit_test(test_no_groups),
	        cmocka_unit_test(test_nothing_decided),
	        cmocka_unit_test(test_hostile_labels),
	        cmocka_unit_test(test_long_labels),
	        cmocka_unit_test(test_odd_runs),
	        cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
