// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_rundiff_ndjson.c: a comparison as records: byte by byte where programs
 * rely on it, and read back by another parser (jansson) whatever is in it.
 */
#include "rundiff_lab.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

static const char golden_path[] =
        "{\"type\":\"diff_path\",\"schema_version\":1,\"target\":{\"name\":\"zenn.dev\",\"port\":443,\"protoc"
        "ol\":\"tcp\",\"group\":null},\"ip\":\"203.0.113.1\",\"flow\":0,\"changes\":[\"worse\",\"exit\",\"as-"
        "path\",\"slower\"],\"before\":{\"ip\":\"203.0.113.1\",\"flow\":0,\"verdict\":\"direct\",\"reached\":"
        "true,\"end_reason\":\"reached\",\"as_path\":[\"*\",\"8075\",\"13335\"],\"exit\":{\"asn\":13335,\"as_"
        "name\":\"Cloudflare Inc.\",\"ixp\":null,\"site\":\"ams\",\"last_home\":\"198.18.0.1\",\"ttl_min\":6,"
        "\"ttl_max\":7,\"rtt_us\":11000},\"rtt_us\":12000,\"cold_share_pct\":83,\"e2e\":null,\"hops\":10,\"ho"
        "ps_seen\":6},\"after\":{\"ip\":\"203.0.113.1\",\"flow\":0,\"verdict\":\"transit\",\"reached\":true,"
        "\"end_reason\":\"reached\",\"as_path\":[\"private\",\"*\",\"3491\",\"13335\"],\"exit\":{\"asn\":3491"
        ",\"as_name\":\"PCCW Global (HK) Limited\",\"ixp\":null,\"site\":null,\"last_home\":null,\"ttl_min\":"
        "0,\"ttl_max\":5,\"rtt_us\":6000},\"rtt_us\":45000,\"cold_share_pct\":null,\"e2e\":null,\"hops\":10,"
        "\"hops_seen\":6},\"rtt_shift_us\":33000,\"exit_rtt_shift_us\":-5000,\"e2e_loss_shift_pct\":null,\"e2"
        "e_rtt_shift_us\":null,\"e2e_jitter_shift_us\":null}";

static const char golden_exit[] =
        "{\"type\":\"diff_exit\",\"schema_version\":1,\"kind\":\"site\",\"asn\":null,\"as_name\":null,\"ixp\""
        ":null,\"site\":\"fra\",\"router\":null,\"change\":\"new\",\"before\":{\"paths\":0,\"share_pct\":0.00"
        "},\"after\":{\"paths\":1,\"share_pct\":14.29}}";

static const char golden_summary[] =
        "{\"type\":\"diff_summary\",\"schema_version\":1,\"changed\":true,\"worse\":true,\"targets\":{\"both"
        "\":6,\"only_before\":1,\"only_after\":1,\"changes\":{\"worse\":2,\"unreached\":0,\"exit\":0,\"as_pat"
        "h\":0,\"better\":1,\"reached\":0,\"gone\":1,\"new\":1,\"more_loss\":0,\"slower\":0,\"e2e_slower\":0,"
        "\"exit_slower\":0,\"more_jitter\":0,\"dns\":1,\"addresses\":1,\"cname\":1,\"router\":0,\"exit_faster"
        "\":0,\"faster\":0,\"e2e_faster\":0,\"less_loss\":0,\"less_jitter\":0}},\"paths\":{\"both\":5,\"only_"
        "before\":2,\"only_after\":2,\"changes\":{\"worse\":1,\"unreached\":1,\"exit\":2,\"as_path\":1,\"bett"
        "er\":1,\"reached\":0,\"gone\":1,\"new\":1,\"more_loss\":0,\"slower\":2,\"e2e_slower\":0,\"exit_slowe"
        "r\":0,\"more_jitter\":0,\"dns\":0,\"addresses\":0,\"cname\":0,\"router\":1,\"exit_faster\":0,\"faste"
        "r\":0,\"e2e_faster\":0,\"less_loss\":0,\"less_jitter\":0}},\"as_paths_silent\":3,\"before\":{\"targe"
        "ts\":7,\"paths\":7,\"target_verdicts\":{\"inside\":4,\"direct\":2,\"undecided\":0,\"transit\":0,\"de"
        "tour\":1},\"path_verdicts\":{\"inside\":4,\"direct\":2,\"undecided\":0,\"transit\":0,\"detour\":1},"
        "\"paths_reached\":7,\"paths_with_exit\":3,\"hops\":70,\"hops_seen\":42,\"e2e_sent\":0,\"e2e_received"
        "\":0},\"after\":{\"targets\":7,\"paths\":7,\"target_verdicts\":{\"inside\":4,\"direct\":1,\"undecide"
        "d\":0,\"transit\":1,\"detour\":0},\"path_verdicts\":{\"inside\":4,\"direct\":2,\"undecided\":0,\"tra"
        "nsit\":1,\"detour\":0},\"paths_reached\":6,\"paths_with_exit\":3,\"hops\":70,\"hops_seen\":42,\"e2e_"
        "sent\":0,\"e2e_received\":0},\"rtt_shift\":{\"paths\":4,\"median_us\":100,\"median_permille\":12},\""
        "exit_rtt_shift\":{\"paths\":1,\"median_us\":0,\"median_permille\":0},\"e2e_rtt_shift\":{\"paths\":0,"
        "\"median_us\":null,\"median_permille\":null},\"exit_status\":0}";

struct lab {
	struct cp_rundiff *diff;
	struct strings strings;
	struct mem_sink mem;
	struct cp_rundiff_report report;
	json_t *records; /* an array */
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	assert_int_equal(cp_rundiff_new(&lab->diff), 0);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	json_decref(lab->records);
	mem_free(&lab->mem);
	cp_rundiff_free(lab->diff);
	free_strings(&lab->strings);
	free(lab);
	return 0;
}

/* Each line must be an object with a type and the version. */
static void write_and_read(struct lab *lab)
{
	struct cp_sink sink = mem_sink_of(&lab->mem);

	assert_int_equal(cp_rundiff_ndjson.write(&sink, NULL, &lab->report), 0);
	lab->records = json_array();
	for (const char *line = lab->mem.buf; *line;) {
		const char *end = strchr(line, '\n');
		json_t *record;

		assert_non_null(end);
		record = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(record);
		assert_int_equal(json_integer_value(json_object_get(record, "schema_version")), 1);
		assert_non_null(json_string_value(json_object_get(record, "type")));
		json_array_append_new(lab->records, record);
		line = end + 1;
	}
}

static const char *type_at(const struct lab *lab, size_t i)
{
	return json_string_value(json_object_get(json_array_get(lab->records, i), "type"));
}

static size_t count(const struct lab *lab, const char *type)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(lab->records); i++)
		n += strcmp(type_at(lab, i), type) == 0;
	return n;
}

static void begin(struct lab *lab)
{
	tell_runs(lab->diff, &lab->strings);
	lab->report = story_report(lab->diff, compare(lab->diff));
}

static void test_golden(void **state)
{
	struct lab *lab = *state;

	begin(lab);
	write_and_read(lab);
	assert_non_null(strstr(lab->mem.buf, golden_path));
	assert_non_null(strstr(lab->mem.buf, golden_exit));
	assert_non_null(strstr(lab->mem.buf, golden_summary));
}

static void test_order_and_numbers_of_records(void **state)
{
	static const struct cp_rec_warning warning = {"cut-off", "a run is cut off"};
	struct lab *lab = *state;
	size_t n;

	begin(lab);
	lab->report.warnings = &warning;
	lab->report.n_warnings = 1;
	write_and_read(lab);
	n = json_array_size(lab->records);
	assert_string_equal(type_at(lab, 0), "diff_start");
	assert_string_equal(type_at(lab, 1), "warning");
	assert_string_equal(type_at(lab, 2), "diff_target");
	assert_string_equal(type_at(lab, n - 1), "diff_summary");
	assert_int_equal(count(lab, "diff_target"), 7);
	assert_int_equal(count(lab, "diff_path"), 6);
	assert_int_equal(count(lab, "diff_exit"), 6);
	assert_int_equal(count(lab, "warning"), 1);
	assert_int_equal(count(lab, "diff_summary"), 1);
}

static void test_side_by_side_has_every_target(void **state)
{
	struct lab *lab = *state;

	begin(lab);
	lab->report.side_by_side = true;
	write_and_read(lab);
	assert_int_equal(count(lab, "diff_target"), 8);
}

static void test_unknown_is_null(void **state)
{
	static const char *const keys[] = {"version", "host", "wall_ms", "vantage_asn", "home", "datapath",
	        "tcp_method", "flows", "e2e", "end_reason"};
	struct path_spec spec = {.host = "a", .dest = "203.0.113.1", .verdict = -1, .as_path = ""};
	struct lab *lab = *state;
	json_t *run;

	for (int side = 0; side < CP_SIDES; side++)
		add_path(lab->diff, &lab->strings, side, &spec);
	lab->report = story_report(lab->diff, compare(lab->diff));
	lab->report.runs[CP_BEFORE] =
	        (struct cp_rundiff_run){.name = "x", .wall_ms = CP_UNKNOWN, .n_flows = CP_UNKNOWN, .n_e2e = CP_UNKNOWN};
	lab->report.side_by_side = true;
	write_and_read(lab);
	run = json_object_get(json_array_get(lab->records, 0), "before");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_true(json_is_null(json_object_get(run, keys[i])));
	assert_non_null(strstr(lab->mem.buf, "\"verdict\":null"));
	assert_non_null(
	        strstr(lab->mem.buf, "\"rtt_shift\":{\"paths\":0,\"median_us\":null,\"median_permille\":null}"));
}

static void test_hostile_data_is_escaped(void **state)
{
	static char evil[] = "a\033]0;owned\007\nb\"</script>\x9b";
	struct path_spec spec = {.host = evil,
	        .dest = "203.0.113.1",
	        .as_path = evil,
	        .exit_asn = 1,
	        .ttl_min = 1,
	        .ttl_max = 2,
	        .site = evil,
	        .ixp = evil};
	struct cp_rec_warning warning = {"x", evil};
	struct lab *lab = *state;
	json_t *target;

	add_path(lab->diff, &lab->strings, CP_BEFORE, &spec);
	assert_int_equal(cp_rundiff_add_as(lab->diff, 1, evil), 0);
	lab->report = story_report(lab->diff, compare(lab->diff));
	lab->report.runs[CP_BEFORE].name = evil;
	lab->report.warnings = &warning;
	lab->report.n_warnings = 1;
	write_and_read(lab);
	assert_null(strchr(lab->mem.buf, '\033'));
	target = json_object_get(json_array_get(lab->records, 2), "target");
	assert_string_equal(
	        json_string_value(json_object_get(target, "name")), "a\033]0;owned\007\nb\"</script>\xef\xbf\xbd");
}

static void test_sink_error_is_returned(void **state)
{
	struct lab *lab = *state;
	struct cp_sink sink = mem_sink_of(&lab->mem);

	begin(lab);
	lab->mem.fail_at = 3;
	assert_int_equal(cp_rundiff_ndjson.write(&sink, NULL, &lab->report), -EPIPE);
	assert_int_equal(lab->mem.n_after, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(test_golden),
	        TEST(test_order_and_numbers_of_records),
	        TEST(test_side_by_side_has_every_target),
	        TEST(test_unknown_is_null),
	        TEST(test_hostile_data_is_escaped),
	        TEST(test_sink_error_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
