// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_change_format.c: a change as a record, an alert and a line, with names
 * as they should not be.
 */
#include <jansson.h>

#include "change_lab.h"
#include "format/change.h"

#define HOSTILE "a\x1b[31m\n<b>\"\xff\x7f\\.example"

struct buffer {
	char text[16384];
	size_t len;
};

static int take(void *ctx, const char *data, size_t len)
{
	struct buffer *buffer = ctx;

	assert_true(buffer->len + len < sizeof(buffer->text));
	memcpy(buffer->text + buffer->len, data, len);
	buffer->len += len;
	buffer->text[buffer->len] = '\0';
	return 0;
}

static int refuse(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
	return -EPIPE;
}

static struct cp_change_event event_of(const char *target, enum cp_change_state state)
{
	return (struct cp_change_event){.kind = CP_CHANGE_EXIT_NEW,
	        .state = state,
	        .severity = CP_SEVERITY_WARNING,
	        .seq = 7,
	        .run = 1795910400123,
	        .at_ms = 1795910400123,
	        .first_seen_ms = 951782400000,
	        .last_seen_ms = 1795910399000,
	        .target = target,
	        .group = "core",
	        .port = 443,
	        .proto = IPPROTO_TCP,
	        .old_text = "3491",
	        .new_text = "2914"};
}

typedef int (*write_cb)(const struct cp_sink *, const struct cp_change_event *, const struct cp_change_origin *);

static const char *write_one(write_cb write, const struct cp_change_event *event, const struct cp_change_origin *origin,
        struct buffer *buffer)
{
	struct cp_sink sink = {.write = take, .ctx = buffer}, broken = {.write = refuse};

	buffer->len = 0;
	assert_int_equal(write(&sink, event, origin), 0);
	assert_int_equal(write(&broken, event, origin), -EPIPE);
	assert_int_equal(strchr(buffer->text, '\n') - buffer->text, buffer->len - 1); /* one line */
	return buffer->text;
}

static void test_ndjson(void **state)
{
	struct cp_change_event event = event_of("login.example", CP_CHANGE_CHANGED);
	struct cp_change_origin origin = {.agent = "vm1", .audit = "five-minutes"};
	struct buffer buffer;

	(void)state;
	assert_string_equal(write_one(cp_change_write_ndjson, &event, &origin, &buffer),
	        "{\"type\":\"change\",\"schema_version\":1,\"agent\":\"vm1\",\"audit\":\"five-minutes\",\"seq\":7,"
	        "\"run\":1795910400123,\"at_ms\":1795910400123,\"target\":{\"name\":\"login.example\",\"port\":443,"
	        "\"protocol\":\"tcp\",\"group\":\"core\"},\"group\":\"core\",\"kind\":\"exit-as-new\",\"state\":"
	        "\"changed\","
	        "\"recovered\":false,\"severity\":\"warning\",\"old\":\"3491\",\"new\":\"2914\","
	        "\"first_seen_ms\":951782400000,\"last_seen_ms\":1795910399000,\"muted\":false}\n");
	event.target = event.group = NULL;
	event.state = CP_CHANGE_RECOVERED;
	event.muted = true;
	origin.audit = NULL;
	write_one(cp_change_write_ndjson, &event, &origin, &buffer);
	assert_non_null(strstr(buffer.text, "\"audit\":null,"));
	assert_non_null(strstr(buffer.text, "\"target\":null,\"group\":null,"));
	assert_non_null(strstr(buffer.text, "\"recovered\":true,"));
	assert_non_null(strstr(buffer.text, "\"muted\":true}"));
}

static void test_alertmanager(void **state)
{
	struct cp_change_event event = event_of("login.example", CP_CHANGE_CHANGED);
	struct cp_change_origin origin = {.agent = "vm1", .dashboard_url = "http://127.0.0.1:8075/"};
	struct buffer buffer;

	(void)state;
	assert_string_equal(write_one(cp_change_write_alertmanager, &event, &origin, &buffer),
	        "[{\"labels\":{\"alertname\":\"ColdpotatoChange\",\"kind\":\"exit-as-new\",\"severity\":\"warning\","
	        "\"agent\":\"vm1\",\"target\":\"login.example\",\"port\":\"443\",\"protocol\":\"tcp\",\"group\":"
	        "\"core\"},"
	        "\"annotations\":{\"summary\":\"login.example:443/tcp exit-as-new: 3491 -> 2914\",\"old\":\"3491\","
	        "\"new\":\"2914\",\"first_seen\":\"2000-02-29T00:00:00.000Z\",\"last_seen\":\"2026-11-28T23:59:59."
	        "000Z\"},"
	        "\"startsAt\":\"2000-02-29T00:00:00.000Z\",\"generatorURL\":\"http://127.0.0.1:8075/\"}]\n");
	origin.ends_ms = event.at_ms + 3600000;
	write_one(cp_change_write_alertmanager, &event, &origin, &buffer);
	assert_non_null(strstr(buffer.text, "\"endsAt\":\"2026-11-29T01:00:00.123Z\""));
	event.state = CP_CHANGE_RECOVERED;
	write_one(cp_change_write_alertmanager, &event, &origin, &buffer);
	assert_non_null(strstr(buffer.text, "\"endsAt\":\"2026-11-29T00:00:00.123Z\""));
	event.at_ms = event.first_seen_ms - 5000; /* the clock was set back: none ends before it begins */
	write_one(cp_change_write_alertmanager, &event, &origin, &buffer);
	assert_non_null(strstr(buffer.text, "\"endsAt\":\"2000-02-29T00:00:00.000Z\""));
}

/* Several at once, one of which nobody knows how it was told. */
static void test_alerts(void **state)
{
	struct cp_change_event events[2] = {
	        event_of("login.example", CP_CHANGE_CHANGED), event_of(HOSTILE, CP_CHANGE_CHANGED)};
	struct cp_change_origin origin = {.agent = "vm1", .audit = "a", .ends_ms = 1795910460123};
	struct buffer buffer = {.len = 0};
	struct cp_sink sink = {.write = take, .ctx = &buffer};
	struct cp_change_alerts alerts;
	size_t size;
	json_t *json;

	(void)state;
	events[1].old_text = events[1].new_text = NULL;
	events[1].first_seen_ms = events[1].at_ms = 0;
	cp_change_alerts_begin(&alerts, &sink);
	size = cp_change_alerts_add(&alerts, &events[0], &origin);
	assert_true(size > 100);
	assert_true(cp_change_alerts_add(&alerts, &events[1], &origin) > size);
	assert_int_equal(cp_change_alerts_end(&alerts), 0);
	json = json_loadb(buffer.text, buffer.len, 0, NULL);
	assert_int_equal(json_array_size(json), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *alert = json_array_get(json, i);
		const json_t *annotations = json_object_get(alert, "annotations");

		assert_string_equal(json_string_value(json_object_get(alert, "endsAt")), "2026-11-29T00:01:00.123Z");
		assert_int_equal(json_object_get(alert, "startsAt") != NULL, i == 0);
		assert_int_equal(json_object_get(annotations, "old") != NULL, i == 0);
		assert_int_equal(json_object_get(annotations, "first_seen") != NULL, i == 0);
		assert_non_null(json_object_get(annotations, "last_seen"));
	}
	json_decref(json);
}

static void test_line(void **state)
{
	static const struct {
		const char *target, *group;
		uint16_t port;
		uint8_t proto;
		enum cp_change_state state;
		bool muted;
		const char *want;
	} cases[] = {
	        {"login.example", "core", 443, IPPROTO_TCP, CP_CHANGE_CHANGED, false,
	                "warning: login.example:443/tcp exit-as-new: 3491 -> 2914\n"},
	        {"2001:db8::1", NULL, 53, IPPROTO_UDP, CP_CHANGE_RECOVERED, true,
	                "warning: [2001:db8::1]:53/udp exit-as-new recovered: 3491 -> 2914 (muted)\n"},
	        {"2001:db8::1", NULL, 0, IPPROTO_ICMP, CP_CHANGE_SETTLED, false,
	                "warning: 2001:db8::1/icmp exit-as-new settled: 3491 -> 2914\n"},
	        {NULL, "core", 0, 0, CP_CHANGE_CHANGED, false, "warning: group core exit-as-new: 3491 -> 2914\n"},
	        {NULL, NULL, 0, 0, CP_CHANGE_CHANGED, false, "warning: the run exit-as-new: 3491 -> 2914\n"},
	};
	struct cp_change_origin origin = {0};
	struct buffer buffer;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_change_event event = event_of(cases[i].target, cases[i].state);

		event.group = cases[i].group;
		event.port = cases[i].port;
		event.proto = cases[i].proto;
		event.muted = cases[i].muted;
		assert_string_equal(write_one(cp_change_write_line, &event, &origin, &buffer), cases[i].want);
	}
}

/* People read names of exit ASes where they are known; records and alerts' values have numbers. */
static void test_names(void **state)
{
	static const struct {
		enum cp_change_kind kind;
		const char *old_text, *new_text, *want;
	} cases[] = {
	        {CP_CHANGE_EXIT_NEW, "3491", "2914", "exit-as-new: AS3491 PCCW Global -> AS2914 NTT\n"},
	        {CP_CHANGE_EXIT_GONE, "3491 64500 2914", "none",
	                "exit-as-gone: AS3491 PCCW Global, AS64500, AS2914 NTT -> none\n"},
	        {CP_CHANGE_AS_PATH, "8075 3491", "8075 2914", "as-path: 8075 3491 -> 8075 2914\n"},
	};
	struct cp_change_origin origin = {0};
	struct cp_asdb *names = NULL;
	struct buffer buffer;

	(void)state;
	assert_int_equal(cp_asdb_new(&names), 0);
	assert_int_equal(cp_asdb_set_name(names, 3491, "PCCW Global (HK) Limited"), 0);
	assert_int_equal(cp_asdb_set_name(names, 2914, "NTT"), 0);
	assert_int_equal(cp_asdb_seal(names), 0);
	origin.names = names;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cp_change_event event = event_of("login.example", CP_CHANGE_CHANGED);
		const char *line;

		event.kind = cases[i].kind;
		event.old_text = cases[i].old_text;
		event.new_text = cases[i].new_text;
		line = write_one(cp_change_write_line, &event, &origin, &buffer);
		assert_non_null(strstr(line, cases[i].want));
		line = write_one(cp_change_write_ndjson, &event, &origin, &buffer);
		assert_null(strstr(line, "PCCW"));
	}
	cp_asdb_free(names);
}

static void test_hostile(void **state)
{
	static const write_cb writers[] = {cp_change_write_ndjson, cp_change_write_alertmanager, cp_change_write_line};
	struct cp_change_event event = event_of(HOSTILE, CP_CHANGE_CHANGED);
	struct cp_change_origin origin = {.agent = HOSTILE, .audit = HOSTILE, .dashboard_url = HOSTILE};
	struct buffer buffer;
	json_t *json;

	(void)state;
	event.group = event.old_text = event.new_text = HOSTILE;
	for (size_t i = 0; i < 3; i++) {
		write_one(writers[i], &event, &origin, &buffer);
		for (size_t at = 0; at + 1 < buffer.len; at++)
			assert_true((unsigned char)buffer.text[at] >= ' ');
		if (i == 2)
			continue;
		json = json_loadb(buffer.text, buffer.len, 0, NULL);
		assert_non_null(json);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_ndjson),
	        cmocka_unit_test(test_alertmanager),
	        cmocka_unit_test(test_alerts),
	        cmocka_unit_test(test_line),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
