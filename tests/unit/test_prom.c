// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_prom.c: samples of a run; families that are whole and come once; no sample for what is unknown.
 */
#include "story.h"

#include <ctype.h>
#include <stdio.h>

static void assert_line(const struct mem_sink *mem, const char *line)
{
	char wanted[512];

	snprintf(wanted, sizeof(wanted), "\n%s\n", line);
	if (!strstr(mem->buf, wanted))
		fail_msg("no line '%s' in:\n%s", line, mem->buf);
}

static void assert_none(const struct mem_sink *mem, const char *text)
{
	if (strstr(mem->buf, text))
		fail_msg("there is '%s' in:\n%s", text, mem->buf);
}

/* Every sample belongs to the family announced last, and no family comes twice (exposition format 0.0.4). */
static void assert_families(const struct mem_sink *mem)
{
	char *copy = strdup(mem->buf), *save = NULL, names[100][80], family[80] = "";
	size_t n_names = 0;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "# HELP ", 7) == 0) {
			sscanf(line + 7, "%79s", family);
			for (size_t i = 0; i < n_names; i++)
				assert_string_not_equal(names[i], family);
			assert_true(n_names < 100);
			strcpy(names[n_names++], family);
		} else if (line[0] != '#') {
			size_t len = strlen(family);

			assert_memory_equal(line, family, len);
			assert_true(line[len] == '{' || line[len] == ' ');
			assert_true(isdigit((unsigned char)line[strlen(line) - 1]));
		}
	}
	assert_true(n_names > 10);
	free(copy);
}

static void test_story(void **state)
{
	struct mem_sink mem = {0};

	(void)state;
	tell_story(&cp_format_prom, NULL, &mem);
	assert_families(&mem);
	assert_line(&mem,
	        "coldpotato_run_info{version=\"0.1.0\",command=\"audit\",datapath=\"tc-tcx\",vantage_asn=\"8075\","
	        "home=\"microsoft\"} 1");
	assert_line(&mem, "coldpotato_run_start_timestamp_seconds 1784116800.000");
	assert_line(&mem, "coldpotato_run_end_timestamp_seconds 1784116801.400");
	assert_line(&mem, "coldpotato_run_duration_seconds 1.400000000");
	assert_line(&mem, "coldpotato_database_built_timestamp_seconds{layer=\"database\"} 1782864000");
	assert_line(&mem, "coldpotato_database_age_seconds{layer=\"database\"} 1252800");
	assert_none(&mem, "layer=\"builtin\"");
	assert_line(&mem, "coldpotato_targets{group=\"controls\",verdict=\"transit\"} 1");
	assert_line(&mem, "coldpotato_targets{group=\"controls\",verdict=\"inside\"} 0");
	assert_line(&mem, "coldpotato_targets{group=\"m365\",verdict=\"inside\"} 3");
	assert_line(&mem, "coldpotato_targets{group=\"m365\",verdict=\"none\"} 1");
	assert_line(&mem, "coldpotato_paths{group=\"controls\",verdict=\"transit\",leaves=\"true\",exit_asn=\"3491\","
	                  "exit_as_name=\"PCCW Global (HK) Limited\",exit_ixp=\"\",destination_asn=\"13335\","
	                  "destination_as_name=\"Cloudflare Inc.\"} 1");
	assert_line(&mem,
	        "coldpotato_paths{group=\"m365\",verdict=\"inside\",leaves=\"false\",exit_asn=\"\",exit_as_name=\"\","
	        "exit_ixp=\"\",destination_asn=\"8075\",destination_as_name=\"Microsoft Corporation\"} 2");
	assert_line(&mem,
	        "coldpotato_egress_handover_rtt_seconds{role=\"exit\",asn=\"13335\",as_name=\"Cloudflare Inc.\","
	        "ixp=\"\",percentile=\"95\"} 0.012345");
	assert_line(&mem, "coldpotato_egress_cold_potato_ratio{role=\"exit\",asn=\"13335\",as_name=\"Cloudflare Inc.\","
	                  "ixp=\"\"} 0.50");
	assert_line(&mem, "coldpotato_egress_paths{role=\"ixp\",asn=\"\",as_name=\"\",ixp=\"Lab-IX Frankfurt\"} 1");
	assert_line(&mem, "coldpotato_run_success 1");
	assert_line(&mem, "coldpotato_run_exit_status 0");
	assert_line(&mem, "coldpotato_run_complete_ratio 0.875000");
	assert_line(&mem, "coldpotato_run_hops_seen_ratio 0.683333");
	assert_line(&mem, "coldpotato_run_probes{state=\"timed_out\"} 1200");
	assert_line(&mem, "coldpotato_run_replies_rejected{reason=\"token\"} 3");
	mem_free(&mem);
}

/* A run that failed at once still says so; what it does not know has no sample. */
static void test_failed_run(void **state)
{
	struct cp_rec_end end = {.reason = "failed", .error = "eth0: link is down", .exit_status = 1};
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	void *ctx;

	(void)state;
	end.accounting.transmitted = end.accounting.total_ns = end.accounting.n_hops_seen = CP_UNKNOWN;
	assert_int_equal(cp_format_prom.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_prom.end(ctx, &end), 0);
	assert_line(&mem, "coldpotato_run_success 0");
	assert_line(&mem, "coldpotato_run_exit_status 1");
	assert_line(&mem, "coldpotato_run_probes{state=\"attempted\"} 0");
	assert_none(&mem, "transmitted\"}");
	assert_none(&mem, "duration");
	assert_none(&mem, "timestamp");
	assert_none(&mem, "hops_seen");
	assert_none(&mem, "ratio");
	cp_format_prom.close(ctx);
	cp_format_prom.close(NULL);
	mem_free(&mem);
}

static void test_hostile_labels(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_asdb *asdb = make_asdb();
	struct fixture fix;
	void *ctx;

	(void)state;
	story_inside(&fix, "login.microsoft.com", 8075);
	fix.target.group = "a\"} 1\nevil 2\\\033[31m\xff";
	assert_int_equal(cp_format_prom.open(&sink, NULL, &ctx), 0);
	assert_int_equal(story_feed(&cp_format_prom, ctx, &fix, asdb), 0);
	assert_int_equal(story_summary(&cp_format_prom, ctx, asdb), 0);
	assert_line(&mem, "coldpotato_targets{group=\"a\\\"} 1\\nevil 2\\\\\\\\x1b[31m\ufffd\",verdict=\"inside\"} 1");
	assert_none(&mem, "\nevil");
	cp_format_prom.close(ctx);
	cp_asdb_free(asdb);
	mem_free(&mem);
}

/* More groups than series may be: the rest is counted together, and a group of that name with it. */
static void test_many_groups(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	static char groups[250][16]; /* borrowed until the end */
	struct cp_rec_target rec = {.n_dests = 1};
	struct cp_rec_summary summary = {0};
	struct fixture fix;
	void *ctx;

	(void)state;
	assert_int_equal(cp_format_prom.open(&sink, NULL, &ctx), 0);
	for (int i = 0; i < 250; i++) {
		story_inside(&fix, "login.microsoft.com", 8075);
		snprintf(groups[i], sizeof(groups[i]), i == 7 ? "(other)" : "group %d", i);
		fix.target.group = groups[i];
		rec.target = &fix.target;
		assert_int_equal(cp_format_prom.target(ctx, &rec), 0);
	}
	assert_int_equal(cp_format_prom.summary(ctx, &summary), 0);
	assert_line(&mem, "coldpotato_targets{group=\"group 200\",verdict=\"inside\"} 1");
	assert_line(&mem, "coldpotato_targets{group=\"(other)\",verdict=\"inside\"} 50");
	assert_none(&mem, "group 201");
	cp_format_prom.close(ctx);
	mem_free(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_story),
	        cmocka_unit_test(test_failed_run),
	        cmocka_unit_test(test_hostile_labels),
	        cmocka_unit_test(test_many_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
