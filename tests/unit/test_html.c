// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_html.c: the page as bytes: what it says, that data stays data, that its
 * policy names what runs, and that it is bounded. What a reader sees of it is
 * looked at in a browser (tests/web).
 */
#include "story.h"

#include <stdio.h>

#include <jansson.h>

#include "core/sha256.h"
#include "format/html.h"

/* F66 */
#define EVIL "</script><script>alert(1)</script>\033[31m\r\n\"'&\xff\xe2\x80\xae"

static void assert_has(const struct mem_sink *mem, const char *text)
{
	if (!strstr(mem->buf, text))
		fail_msg("no '%s' in the page", text);
}

static void assert_lacks(const struct mem_sink *mem, const char *text)
{
	if (strstr(mem->buf, text))
		fail_msg("'%s' in the page", text);
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *s = text; (s = strstr(s, what)); s += strlen(what))
		n++;
	return n;
}

/* The text of the element "data". */
static char *data_of(const struct mem_sink *mem)
{
	static const char start[] = "<script type=\"application/json\" id=\"data\">";
	const char *at = strstr(mem->buf, start), *end;

	assert_non_null(at);
	at += sizeof(start) - 1;
	end = strchr(at, '<');
	assert_non_null(end);
	assert_memory_equal(end, "</script>", 9);
	return strndup(at, (size_t)(end - at));
}

static json_t *json_of(const struct mem_sink *mem)
{
	char *text = data_of(mem);
	json_error_t error;
	json_t *data = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!data)
		fail_msg("the data is no JSON: %s at %d", error.text, error.position);
	free(text);
	return data;
}

/* The whole story, judged with a home. */
static void tell_page(struct mem_sink *mem)
{
	static uint32_t asns[] = {8068, 8075};
	struct cp_home home = {.asns = asns, .n = 2};
	struct fixture fix[STORY_TARGETS];
	struct cp_rec_start start = story_start();
	struct cp_sink sink = mem_sink_of(mem);
	struct cp_asdb *asdb = make_asdb();
	void *ctx;

	start.home = &home;
	make_story(fix);
	assert_int_equal(cp_format_html.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_html.start(ctx, &start), 0);
	for (int i = 0; i < STORY_TARGETS; i++)
		assert_int_equal(story_feed(&cp_format_html, ctx, &fix[i], asdb), 0);
	assert_int_equal(story_summary(&cp_format_html, ctx, asdb), 0);
	assert_int_equal(story_end(&cp_format_html, ctx, "done", NULL), 0);
	cp_format_html.close(ctx);
	cp_asdb_free(asdb);
}

/* ---- text ---- */

static void assert_text(const char *text, const char *expected)
{
	struct cp_html html = {0};

	cp_html_text(&html, text);
	assert_int_equal(html.rc, 0);
	assert_string_equal(html.buf ? html.buf : "", expected);
	cp_html_free(&html);
}

static void test_escapes(void **state)
{
	(void)state;
	assert_text("plain text, 100 %", "plain text, 100 %");
	assert_text("<b a=\"x\" c='y'>&amp;", "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;");
	assert_text("\033[31m\n\x7f", "\\x1b[31m\\x0a\\x7f");
	assert_text("\xc2\x9b", "\\x9b");
	assert_text("a\u202eb\u200b", "a\\u{202e}b\\u{200b}");
	assert_text("\xff\xc0\xaf", "\ufffd\ufffd\ufffd");
	assert_text("münchen 日本", "münchen 日本");
	assert_text(NULL, "");
	assert_text("", "");
}

static void test_buffer(void **state)
{
	struct cp_html html = {0}, other = {0};
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	char longer[3000];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	cp_html_raw(&html, "<p>");
	cp_html_textf(&html, "%d < %d, %s", 1, 2, longer);
	assert_int_equal(html.len, 3 + 1023 + 3); /* cut, and one '<' became four bytes */
	cp_html_raw(&other, "</p>");
	cp_html_add(&html, &other);
	assert_int_equal(cp_html_flush(&html, &sink), 0);
	assert_int_equal(cp_html_flush(&html, &sink), 0);
	assert_int_equal(mem.n_writes, 1);
	assert_memory_equal(mem.buf, "<p>1 &lt; 2, xxx", 16);
	cp_html_free(&html);
	cp_html_free(&other);
	cp_html_free(NULL);
	mem_free(&mem);
}

/* ---- the page ---- */

static void test_story(void **state)
{
	struct mem_sink mem = {0};

	(void)state;
	tell_page(&mem);
	assert_memory_equal(mem.buf, "<!doctype html>\n", 16);
	assert_has(&mem, "<h1>Does the traffic of vm-weu-01 stay inside “microsoft”?</h1>");
	assert_has(&mem,
	        "<b>3</b> of <b>8</b> targets stay inside; <b>3</b> are handed straight to their own networks: "
	        "AS13335 Cloudflare (1), AS16625 Akamai (1), AS20940 Akamai (1); <b>1</b> leaves through AS3491 "
	        "PCCW Global; <b>1</b> is undecided; <b>1</b> more could not be probed.");
	assert_lacks(&mem, "results are partial");
	assert_has(&mem, "<tr><td><span class=\"pill v3\">transit</span></td><td>hot.zenn.dev</td><td>controls</td>"
	                 "<td class=\"num\">1</td><td>* 8075 &gt; 3491 PCCW Global 13335 Cloudflare</td>"
	                 "<td>AS3491 PCCW Global</td></tr>");
	assert_has(&mem, "<td>dns_nxdomain</td>");
	/* A finding, hop by hop: silence, home, the border, foreign, the destination. */
	assert_has(&mem,
	        "<ol class=\"hops\"><li class=\"hop silent\"><span class=\"ttl\">1</span><span class=\"ip\">no answer"
	        "</span></li><li class=\"hop home\"><span class=\"ttl\">2</span><span class=\"ip\">198.18.0.1</span>"
	        "<span class=\"as\">AS8075 Microsoft</span><span class=\"rtt\">1.00 ms</span></li>"
	        "<li class=\"border\"><span>leaves home</span></li><li class=\"hop foreign\"><span class=\"ttl\">3");
	assert_has(&mem, "<span class=\"note\">destination</span></li></ol>");
	assert_has(&mem, "<dt>Leaves home</dt><dd>between TTL 2 (198.18.0.1) and TTL 3 (198.18.2.1, AS3491)</dd>");
	assert_has(&mem, "destination, did not answer");
	/* Only the verdict says that a path stays inside. */
	assert_has(&mem, "<td>undecided</td><td>AS13335 Cloudflare</td>");
	assert_has(&mem, "<td>exchange Lab-IX Frankfurt</td>");
	assert_has(&mem,
	        "1,234 attempted = 30 replied + 1,200 timed out + 0 failed + 4 blocked: every probe is accounted for.");
	assert_has(&mem, "<td>database</td><td>asn.mmdb (GeoLite2-ASN)</td><td "
	                 "class=\"num\">515,158</td><td>2026-07-01</td><td>14 days</td>");
	assert_has(&mem, "<td>built-in</td><td class=\"num\">900</td><td>unknown</td><td>unknown</td>");
	assert_has(&mem, "<dt>Ended</dt><dd>2026-07-15 12:00:01 UTC, done, exit status 0</dd>");
	mem_free(&mem);
}

/* The hash on the page is that of the data; the policy's hashes are those of the scripts and the style. */
static void test_hashes(void **state)
{
	struct mem_sink mem = {0};
	uint8_t hash[CP_SHA256_LEN];
	char hex[CP_SHA256_HEX], base64[CP_SHA256_BASE64];
	char *data, *policy;
	unsigned n_styles = 0;
	const char *at;

	(void)state;
	tell_page(&mem);
	data = data_of(&mem);
	cp_sha256(data, strlen(data), hash);
	assert_has(&mem, cp_sha256_hex(hash, hex));
	free(data);
	at = strstr(mem.buf, "http-equiv=\"Content-Security-Policy\"");
	assert_non_null(at);
	policy = strndup(at, strcspn(at, ">"));
	assert_non_null(strstr(policy, "default-src 'none'"));
	assert_null(strstr(policy, "unsafe"));
	assert_null(strstr(policy, "http:"));
	for (at = mem.buf; (at = strstr(at, "<script>"));) {
		const char *end = strstr(at, "</script>");

		at += 8;
		cp_sha256(at, (size_t)(end - at), hash);
		assert_non_null(strstr(policy, cp_sha256_base64(hash, base64)));
	}
	for (at = mem.buf; (at = strstr(at, "<style>")); n_styles++) {
		at += 7;
		cp_sha256(at, (size_t)(strstr(at, "</style>") - at), hash);
		assert_non_null(strstr(policy, cp_sha256_base64(hash, base64)));
	}
	assert_int_equal(n_styles, 2);
	free(policy);
	mem_free(&mem);
}

static void test_data(void **state)
{
	struct mem_sink mem = {0};
	json_t *data, *paths, *targets, *path, *routers;

	(void)state;
	tell_page(&mem);
	data = json_of(&mem);
	paths = json_object_get(data, "paths");
	targets = json_object_get(data, "targets");
	routers = json_object_get(data, "routers");
	assert_int_equal(json_array_size(targets), STORY_TARGETS);
	assert_int_equal(json_array_size(paths), STORY_TARGETS - 1);
	assert_int_equal(json_array_size(json_object_get(data, "verdicts")), CP_HTML_OUTCOMES);
	assert_int_equal(json_array_size(json_object_get(data, "reasons")), CP_WHY_MAX);
	path = json_array_get(paths, 1);
	assert_int_equal(json_integer_value(json_array_get(path, 0)), 1);
	assert_int_equal(json_integer_value(json_array_get(path, 3)), CP_TRANSIT);
	assert_string_equal(json_string_value(json_array_get(path, 7)), "AS3491 PCCW Global");
	assert_int_equal(json_integer_value(json_array_get(path, 11)), 2);
	assert_int_equal(json_array_size(json_array_get(path, 12)), 2 * 5);
	assert_int_equal(json_integer_value(json_array_get(json_array_get(path, 12), 0)), -1);
	/* The router of the second hop is the one that the first path has there, too. */
	assert_int_equal(json_integer_value(json_array_get(json_array_get(path, 12), 2)), 0);
	assert_string_equal(json_string_value(json_array_get(json_array_get(routers, 0), 0)), "198.18.0.1");
	/* Unknown is -1. */
	path = json_array_get(paths, 7);
	assert_int_equal(json_integer_value(json_array_get(path, 9)), -1);
	assert_int_equal(json_integer_value(json_array_get(path, 11)), -1);
	json_decref(data);
	mem_free(&mem);
}

static void test_hostile(void **state)
{
	struct cp_rec_warning warning = {.code = "code<", .text = EVIL};
	struct cp_rec_start start = story_start();
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_asdb *asdb = make_asdb();
	const struct cp_service_tag tag = {.name = EVIL};
	const struct cp_rec_database databases[] = {
	        {.layer = "database", .name = EVIL, .type = EVIL, .built_at_s = 0, .age_days = 91},
	        {.layer = "builtin", .name = "built-in", .built_at_s = 0, .age_days = 20648},
	};
	struct fixture fix;
	json_t *data;
	void *ctx;

	(void)state;
	start.databases = databases;
	start.host = start.home_spec = start.resolver = EVIL;
	story_outside(&fix, EVIL, 3491, 13335);
	fix.target.group = EVIL;
	fix.rec.service_tag = &tag;
	fix.judgement.verdict = CP_TRANSIT;
	fix.path.hops[1].ptr = EVIL;
	fix.judgement.origins[2] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = EVIL};
	fix_cname(&fix, EVIL);
	assert_int_equal(cp_format_html.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_html.start(ctx, &start), 0);
	assert_int_equal(story_feed(&cp_format_html, ctx, &fix, asdb), 0);
	assert_int_equal(cp_format_html.warning(ctx, &warning), 0);
	assert_int_equal(story_summary(&cp_format_html, ctx, asdb), 0);
	assert_int_equal(story_end(&cp_format_html, ctx, "failed", EVIL), 0);
	assert_lacks(&mem, "<script>alert");
	assert_lacks(&mem, "\033");
	assert_lacks(&mem, "\r");
	assert_lacks(&mem, "\xff");
	assert_has(&mem, "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/"
	                 "script&gt;\\x1b[31m\\x0d\\x0a&quot;&#39;&amp;\ufffd\\u{202e}");
	assert_has(&mem, "<dt>Service tag</dt><dd>&lt;/script&gt;");
	/* The built-in ranges do not grow old: they stand in where there is nothing better. */
	assert_has(&mem, "<td>91 days <b class=\"old\">old</b></td>");
	assert_has(&mem, "<td>20,648 days</td>");
	data = json_of(&mem);
	assert_string_equal(json_string_value(json_array_get(json_array_get(json_object_get(data, "paths"), 0), 13)),
	        "</script><script>alert(1)</script>\033[31m\r\n\"'&\ufffd\u202e");
	assert_string_equal(json_string_value(json_array_get(json_array_get(json_object_get(data, "targets"), 0), 1)),
	        "</script><script>alert(1)</script>\033[31m\r\n\"'&\ufffd\u202e");
	json_decref(data);
	cp_format_html.close(ctx);
	cp_asdb_free(asdb);
	mem_free(&mem);
}

static void test_partial_and_empty(void **state)
{
	struct cp_rec_end end = {.reason = "failed", .error = "eth0: link is <down>", .exit_status = 1};
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	json_t *data;
	void *ctx;

	(void)state;
	assert_int_equal(cp_format_html.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_html.end(ctx, &end), 0);
	assert_has(&mem, "No target could be probed: there is no answer.");
	assert_has(&mem, "the results are partial.</b> eth0: link is &lt;down&gt;");
	assert_has(&mem, "stay inside home?");
	assert_has(&mem, "The run did not get that far.");
	data = json_of(&mem);
	assert_int_equal(json_array_size(json_object_get(data, "paths")), 0);
	json_decref(data);
	cp_format_html.close(ctx);
	cp_format_html.close(NULL);
	mem_free(&mem);
}

/* A detour shows where it is home again, an inferred hop that it is one, an IXP that it is no network. */
static void test_detour(void **state)
{
	struct cp_rec_start start = story_start();
	uint32_t asns[] = {8068, 8075};
	struct cp_home home = {.asns = asns, .n = 2};
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_asdb *asdb = make_asdb();
	struct fixture fix;
	void *ctx;

	(void)state;
	start.home = &home;
	story_outside(&fix, "detour.microsoft.com", 3491, 8068);
	fix.judgement.verdict = CP_DETOUR;
	fix.path.hops[3].flags = CP_HOP_INFERRED;
	fix_exit(&fix, -1, 2);
	assert_int_equal(cp_format_html.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_html.start(ctx, &start), 0);
	assert_int_equal(story_feed(&cp_format_html, ctx, &fix, asdb), 0);
	assert_int_equal(story_end(&cp_format_html, ctx, "done", NULL), 0);
	assert_has(&mem, "<ol class=\"hops\"><li class=\"border\"><span>leaves home before TTL 3</span></li>");
	assert_has(&mem,
	        "<li class=\"border back\"><span>back home</span></li><li class=\"hop home\"><span class=\"ttl\">4");
	assert_has(&mem, "inferred, not seen on this path");
	assert_has(&mem, "<b>0</b> of <b>1</b> target stays inside; <b>1</b> leaves and comes back, through AS3491 "
	                 "PCCW Global.");
	cp_format_html.close(ctx);
	cp_asdb_free(asdb);
	mem_free(&mem);
}

/* Of many findings the first are drawn, of many targets the first are rows; all are counted, and the page says so. */
static void test_bounds(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_rec_start start = story_start();
	struct fixture fix;
	json_t *data;
	void *ctx;

	(void)state;
	assert_int_equal(cp_format_html.open(&sink, NULL, &ctx), 0);
	assert_int_equal(cp_format_html.start(ctx, &start), 0);
	for (unsigned i = 0; i < CP_HTML_ROWS_MAX + 20; i++) {
		story_outside(&fix, "zenn.dev", 3491, 13335);
		fix.judgement.verdict = CP_TRANSIT;
		assert_int_equal(story_feed(&cp_format_html, ctx, &fix, NULL), 0);
	}
	assert_int_equal(story_end(&cp_format_html, ctx, "done", NULL), 0);
	assert_int_equal(count_of(mem.buf, "<details class=\"case\""), CP_HTML_CASES_MAX);
	assert_int_equal(count_of(mem.buf, "<td>zenn.dev</td>"), CP_HTML_ROWS_MAX);
	assert_has(&mem, "<p class=\"note\">420 more are among all paths");
	assert_has(&mem, "The first 500 of 520 targets");
	data = json_of(&mem);
	assert_int_equal(json_array_size(json_object_get(data, "paths")), CP_HTML_ROWS_MAX + 20);
	json_decref(data);
	cp_format_html.close(ctx);
	mem_free(&mem);
}

/* Of a target with several flows the worst path is shown, and how many are like it. */
static void test_flows(void **state)
{
	struct mem_sink mem = {0};
	struct cp_sink sink = mem_sink_of(&mem);
	struct cp_rec_target target;
	struct fixture in, out;
	void *ctx;

	(void)state;
	story_inside(&in, "login.microsoft.com", 8075);
	story_outside(&out, "login.microsoft.com", 3491, 13335);
	out.judgement.verdict = CP_TRANSIT;
	out.rec.target = &in.target;
	target =
	        (struct cp_rec_target){.target = &in.target, .answer = &in.answer, .n_dests = 1, .verdict = CP_TRANSIT};
	assert_int_equal(cp_format_html.open(&sink, NULL, &ctx), 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(cp_format_html.path(ctx, i == 2 || i == 5 ? &out.rec : &in.rec), 0);
	assert_int_equal(cp_format_html.target(ctx, &target), 0);
	assert_int_equal(story_end(&cp_format_html, ctx, "done", NULL), 0);
	assert_has(&mem, "<span class=\"share\">2 of 8 flows</span>");
	assert_int_equal(count_of(mem.buf, "<details class=\"case\""), 1);
	cp_format_html.close(ctx);
	mem_free(&mem);
}

static void test_sink_error(void **state)
{
	struct mem_sink mem = {.fail_at = 1};
	struct cp_sink sink = mem_sink_of(&mem);
	void *ctx;

	(void)state;
	assert_int_equal(cp_format_html.open(&sink, NULL, &ctx), 0);
	assert_int_equal(story_end(&cp_format_html, ctx, "done", NULL), -32);
	cp_format_html.close(ctx);
	mem_free(&mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_escapes),
	        cmocka_unit_test(test_buffer),
	        cmocka_unit_test(test_story),
	        cmocka_unit_test(test_hashes),
	        cmocka_unit_test(test_data),
	        cmocka_unit_test(test_hostile),
	        cmocka_unit_test(test_partial_and_empty),
	        cmocka_unit_test(test_detour),
	        cmocka_unit_test(test_bounds),
	        cmocka_unit_test(test_flows),
	        cmocka_unit_test(test_sink_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
