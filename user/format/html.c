// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html.c: a run as one page to hand on: readable offline, on paper and without
 * scripts, which only draw pictures and filter. Owns the order of the page and
 * its security policy: nothing is loaded, and only the scripts and the style
 * whose hashes it names may run. What it keeps of a run is bounded; what is
 * left out is counted and said.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sha256.h"
#include "html.h"
#include "html_asset.h"
#include "phrase.h"

#define IN_US 100u /* a round trip this short would be nothing in milliseconds */

/* The target whose paths are coming in. */
struct tally_of_target {
	const struct cp_target *target; /* NULL: none */
	enum cp_verdict verdict; /* of its worst path */
	bool has_path;
	uint32_t n_flows, n_like; /* paths; of them, with that verdict */
	char as_path[CP_PHRASE_MAX]; /* of the worst path, in words */
	char exit[CP_HTML_LABEL_MAX]; /* likewise; "" it does not leave */
	struct cp_html_worst worst; /* of its destinations, end to end */
	struct cp_e2e_sum e2e; /* of all of them */
	struct cp_html drawing; /* likewise, when it is a finding that will be drawn */
};

struct html {
	struct cp_sink sink;
	struct cp_html_data *data;
	struct cp_html_board *board;
	struct cp_tally *tally;
	struct cp_html_quality *quality;
	struct cp_html_targets *targets;
	struct cp_html settings, databases, warnings, egress, policies;
	struct cp_html cases[CP_VERDICTS];
	uint64_t n_cases[CP_VERDICTS]; /* drawn or not */
	uint32_t reasons; /* of all paths */
	char *host, *home;
	uint64_t wall_ms;
	struct tally_of_target now;
};

/* ---- words shared by the parts ---- */

const char *cp_html_outcome(int outcome)
{
	return outcome < CP_VERDICTS ? cp_verdict_name((enum cp_verdict)outcome) : "not probed";
}

void cp_html_count(struct cp_html *html, uint64_t n)
{
	char text[CP_NUM_MAX];

	cp_html_raw(html, n == CP_UNKNOWN ? "unknown" : cp_text_count(n, text));
}

void cp_html_ms(struct cp_html *html, uint32_t us)
{
	char text[CP_NUM_MAX];

	if (!us || us == UINT32_MAX)
		cp_html_raw(html, "RTT ?");
	else if (us < IN_US)
		cp_html_rawf(html, "%u µs", us);
	else
		cp_html_rawf(html, "%s ms", cp_text_ms(us, text));
}

void cp_html_pill(struct cp_html *html, int outcome)
{
	cp_html_rawf(html, "<span class=\"pill v%d\">%s</span>", outcome, cp_html_outcome(outcome));
}

const char *cp_html_as_label(uint32_t asn, const char *name, char buf[CP_HTML_LABEL_MAX])
{
	char words[CP_HTML_LABEL_MAX - 16];

	cp_phrase_name(name, words, sizeof(words));
	if (asn)
		snprintf(buf, CP_HTML_LABEL_MAX, "AS%u%s%s", asn, *words ? " " : "", words);
	else
		snprintf(buf, CP_HTML_LABEL_MAX, "AS unknown");
	return buf;
}

/* Only the verdict says that a path stays inside: that no exit was seen does not. */
static const char *no_exit_label(enum cp_verdict verdict)
{
	if (verdict == CP_INSIDE)
		return "stays inside";
	return verdict == CP_UNDECIDED ? "undecided" : "starts outside home";
}

const char *cp_html_exit_label(const struct cp_ends *ends, enum cp_verdict verdict, char buf[CP_HTML_LABEL_MAX])
{
	char as[CP_HTML_LABEL_MAX];

	if (!ends->leaves)
		snprintf(buf, CP_HTML_LABEL_MAX, "%s", no_exit_label(verdict));
	else if (ends->exit_ixp && ends->exit_asn)
		snprintf(buf, CP_HTML_LABEL_MAX, "%.60s at exchange %.50s",
		        cp_html_as_label(ends->exit_asn, ends->exit_as_name, as), ends->exit_ixp);
	else if (ends->exit_ixp)
		snprintf(buf, CP_HTML_LABEL_MAX, "exchange %.100s", ends->exit_ixp);
	else if (ends->exit_asn)
		cp_html_as_label(ends->exit_asn, ends->exit_as_name, buf);
	else
		snprintf(buf, CP_HTML_LABEL_MAX, "an unseen neighbour");
	return buf;
}

/* ---- life ---- */

static void close_html(void *ctx)
{
	struct html *state = ctx;

	if (!state)
		return;
	cp_html_data_free(state->data);
	cp_html_board_free(state->board);
	cp_html_quality_free(state->quality);
	cp_html_targets_free(state->targets);
	cp_tally_free(state->tally);
	cp_html_free(&state->settings);
	cp_html_free(&state->databases);
	cp_html_free(&state->warnings);
	cp_html_free(&state->egress);
	cp_html_free(&state->policies);
	for (int i = 0; i < CP_VERDICTS; i++)
		cp_html_free(&state->cases[i]);
	cp_html_free(&state->now.drawing);
	free(state->host);
	free(state->home);
	free(state);
}

static int open_html(const struct cp_sink *sink, const struct cp_format_options *options, void **ret_state)
{
	struct html *state = calloc(1, sizeof(*state));

	(void)options; /* the reader's browser knows its width and colours */
	if (!state || cp_html_data_new(&state->data) || cp_html_board_new(&state->board) ||
	        cp_html_quality_new(&state->quality) || cp_html_targets_new(&state->targets) ||
	        cp_tally_new(&state->tally)) {
		close_html(state);
		return -ENOMEM;
	}
	state->sink = *sink;
	state->wall_ms = CP_UNKNOWN;
	*ret_state = state;
	return 0;
}

/* ---- collecting ---- */

static int take_start(void *ctx, const struct cp_rec_start *rec)
{
	struct html *state = ctx;

	state->wall_ms = rec->wall_ms;
	state->host = rec->host ? strdup(rec->host) : NULL;
	state->home = rec->home_spec ? strdup(rec->home_spec) : NULL;
	if ((rec->host && !state->host) || (rec->home_spec && !state->home))
		return -ENOMEM;
	cp_html_run_settings(&state->settings, rec);
	cp_html_run_databases(&state->databases, rec);
	return cp_html_data_home(state->data, rec->home);
}

static int take_warning(void *ctx, const struct cp_rec_warning *rec)
{
	struct html *state = ctx;

	cp_html_raw(&state->warnings, "<li>");
	cp_html_text(&state->warnings, rec->text);
	cp_html_raw(&state->warnings, " <code>");
	cp_html_text(&state->warnings, rec->code);
	cp_html_raw(&state->warnings, "</code></li>\n");
	return state->warnings.rc;
}

static void start_target(struct tally_of_target *now, const struct cp_target *target)
{
	now->target = target;
	now->has_path = false;
	now->n_flows = now->n_like = 0;
	now->as_path[0] = now->exit[0] = '\0';
	cp_html_worst_init(&now->worst);
	now->e2e = (struct cp_e2e_sum){0};
	now->drawing.len = 0;
}

/* From here on the target is known by this path. */
static void take_worst(struct html *state, const struct cp_rec_path *rec, const struct cp_ends *ends)
{
	struct tally_of_target *now = &state->now;

	now->has_path = true;
	now->verdict = rec->judgement->verdict;
	now->n_like = 0;
	cp_phrase_as_path(rec, now->as_path, sizeof(now->as_path));
	now->exit[0] = '\0';
	if (ends->leaves)
		cp_html_exit_label(ends, now->verdict, now->exit);
	now->drawing.len = 0;
	if (now->verdict > CP_DIRECT && state->n_cases[now->verdict] < CP_HTML_CASES_MAX)
		cp_html_case(&now->drawing, rec, state->data);
}

static int take_path(void *ctx, const struct cp_rec_path *rec)
{
	struct html *state = ctx;
	struct tally_of_target *now = &state->now;
	struct cp_ends ends;
	int rc;

	if (now->target != rec->target)
		start_target(now, rec->target);
	cp_ends_of(rec, &ends);
	if (!now->has_path || rec->judgement->verdict > now->verdict)
		take_worst(state, rec, &ends);
	now->n_flows++;
	now->n_like += rec->judgement->verdict == now->verdict;
	state->reasons |= rec->judgement->reasons;
	cp_html_worst_add(&now->worst, rec->e2e);
	cp_e2e_add(&now->e2e, rec);
	rc = cp_tally_add(state->tally, rec, &ends);
	rc = rc ? rc : cp_html_data_path(state->data, rec, &ends);
	return rc ? rc : now->drawing.rc;
}

static void add_case(struct html *state, const struct cp_rec_target *rec, int outcome)
{
	const struct tally_of_target *now = &state->now;
	struct cp_html *html;

	if (outcome <= CP_DIRECT || outcome >= CP_VERDICTS)
		return;
	html = &state->cases[outcome];
	if (state->n_cases[outcome]++ >= CP_HTML_CASES_MAX || !now->drawing.len)
		return;
	cp_html_case_open(html, rec, outcome, now->as_path, now->n_like, now->n_flows);
	cp_html_add(html, &now->drawing);
	cp_html_case_close(html);
}

static int take_target(void *ctx, const struct cp_rec_target *rec)
{
	int outcome = rec->n_dests ? (int)rec->verdict : CP_HTML_NONE, rc;
	struct html *state = ctx;
	struct tally_of_target *now = &state->now;

	if (now->target != rec->target)
		start_target(now, rec->target);
	add_case(state, rec, outcome);
	rc = cp_html_targets_add(state->targets, rec, outcome, now->as_path, now->exit, &now->worst);
	rc = rc ? rc : cp_html_quality_target(state->quality, rec->target, &now->worst, &now->e2e);
	rc = rc ? rc : cp_html_board_target(state->board, rec->target->group, outcome, *now->exit ? now->exit : NULL);
	rc = rc ? rc : cp_html_data_target(state->data, rec, outcome, now->as_path, now->exit, &now->worst);
	start_target(now, NULL);
	return rc;
}

static int take_summary(void *ctx, const struct cp_rec_summary *rec)
{
	struct html *state = ctx;

	state->egress.len = 0;
	cp_html_run_egress(&state->egress, rec);
	return state->egress.rc;
}

static int take_policy(void *ctx, const struct cp_rec_policy *rec)
{
	struct html *state = ctx;

	cp_html_policy(&state->policies, rec->result);
	return state->policies.rc;
}

/* ---- the page ---- */

static void source(struct cp_html *html, enum cp_html_asset asset)
{
	char base64[CP_SHA256_BASE64];
	uint8_t hash[CP_SHA256_LEN];
	const char *text;
	size_t len;

	text = cp_html_asset(asset, &len);
	if (!len)
		return;
	cp_sha256(text, len, hash);
	cp_html_rawf(html, " 'sha256-%s'", cp_sha256_base64(hash, base64));
}

static void element(struct cp_html *html, const char *name, enum cp_html_asset asset)
{
	const char *text;
	size_t len;

	text = cp_html_asset(asset, &len);
	if (!len)
		return;
	cp_html_rawf(html, "<%s>", name);
	cp_html_raw_n(html, text, len);
	cp_html_rawf(html, "</%s>\n", name);
}

static void write_head(const struct html *state, struct cp_html *html)
{
	cp_html_raw(html, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	                  "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
	                  "form-action 'none'; style-src");
	source(html, CP_ASSET_CSS);
	source(html, CP_ASSET_MEDIA);
	cp_html_raw(html, "; script-src");
	source(html, CP_ASSET_ECHARTS);
	source(html, CP_ASSET_JS);
	cp_html_raw(html, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	                  "<meta name=\"color-scheme\" content=\"light dark\">\n"
	                  "<meta name=\"referrer\" content=\"no-referrer\">\n<title>coldpotato: ");
	cp_html_text(html, state->host ? state->host : "report");
	cp_html_raw(html, ", ");
	cp_html_run_time(html, state->wall_ms);
	cp_html_raw(html, "</title>\n");
	element(html, "style", CP_ASSET_CSS);
	element(html, "style", CP_ASSET_MEDIA);
	cp_html_raw(html, "</head>\n<body>\n");
}

static void write_answer(const struct html *state, const struct cp_rec_end *rec, struct cp_html *html)
{
	bool done = rec->reason && strcmp(rec->reason, "done") == 0;

	cp_html_raw(html, "<header><p class=\"kicker\">coldpotato report<span>");
	cp_html_run_time(html, state->wall_ms);
	cp_html_raw(html, "</span></p><h1>Does the traffic of ");
	cp_html_text(html, state->host && *state->host ? state->host : "this host");
	cp_html_raw(html, " stay inside ");
	if (state->home)
		cp_html_textf(html, "“%s”", state->home);
	else
		cp_html_raw(html, "home");
	cp_html_raw(html, "?</h1>\n<p class=\"answer\">");
	cp_html_board_answer(state->board, html);
	cp_html_raw(html, "</p>\n");
	if (!done) {
		cp_html_raw(
		        html, "<p class=\"partial\"><b>The run did not end by itself: the results are partial.</b> ");
		cp_html_text(html, rec->error ? rec->error : rec->reason);
		cp_html_raw(html, "</p>\n");
	}
	cp_html_raw(html, "<nav><a href=\"#verdicts\">Verdicts</a>");
	if (state->policies.len)
		cp_html_raw(html, "<a href=\"#policy\">Policy</a>");
	if (cp_html_quality_any(state->quality))
		cp_html_raw(html, "<a href=\"#quality\">End to end</a>");
	cp_html_raw(html, "<a href=\"#findings\">Findings</a>"
	                  "<a href=\"#flow\">Where it flows</a><a href=\"#egress\">Egress by network</a>"
	                  "<a href=\"#paths\">All paths</a><a href=\"#method\">Method and accounting</a></nav>"
	                  "</header>\n<main>\n");
}

static void write_board(const struct html *state, struct cp_html *html)
{
	cp_html_raw(html, "<section id=\"verdicts\"><h2>Verdicts</h2>\n");
	cp_html_board_table(state->board, html);
	if (state->warnings.len) {
		cp_html_raw(html, "<div class=\"warnings\"><h3>Warnings of the run</h3><ul>");
		cp_html_add(html, &state->warnings);
		cp_html_raw(html, "</ul></div>");
	}
	cp_html_targets_write(state->targets, cp_html_quality_any(state->quality), html);
	cp_html_raw(html, "</section>\n");
}

/* Nothing where nothing was expected. */
static void write_policies(const struct html *state, struct cp_html *html)
{
	if (!state->policies.len)
		return;
	cp_html_raw(html, "<section id=\"policy\"><h2>Policy</h2>\n<p>What the run was expected to show.</p>\n");
	cp_html_add(html, &state->policies);
	cp_html_raw(html, "</section>\n");
}

static void write_flow(struct html *state, struct cp_html *html)
{
	size_t n_echarts;

	(void)cp_html_asset(CP_ASSET_ECHARTS, &n_echarts);
	cp_html_raw(html,
	        "<section id=\"flow\"><h2>Where it flows</h2>\n<p>Each group's paths, the neighbour that home "
	        "hands them to, and the network they end in.</p>\n");
	if (n_echarts)
		cp_html_raw(html,
		        "<figure id=\"sankey\" hidden><figcaption><span>Group</span><span>Leaves home to</span>"
		        "<span>Destination's network</span></figcaption></figure>\n");
	else
		cp_html_raw(html,
		        "<p class=\"note\">This program was built without the picture library; the numbers are in "
		        "the table.</p>\n");
	cp_html_raw(html, "<div class=\"scroll\">");
	cp_html_flow_table(state->tally, html);
	cp_html_raw(html, "</div></section>\n");
}

static void write_findings(const struct html *state, struct cp_html *html)
{
	static const enum cp_verdict order[] = {CP_DETOUR, CP_TRANSIT, CP_UNDECIDED};
	uint64_t n = 0, n_left = 0;

	cp_html_raw(html, "<section id=\"findings\"><h2>Findings</h2>\n");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		n += state->n_cases[order[i]];
		if (state->n_cases[order[i]] > CP_HTML_CASES_MAX)
			n_left += state->n_cases[order[i]] - CP_HTML_CASES_MAX;
	}
	if (!n) {
		cp_html_raw(html, "<p>No target takes a detour, is carried by a third network, or is undecided.</p>"
		                  "</section>\n");
		return;
	}
	cp_html_raw(html,
	        "<p>Targets that take a detour, are carried by a third network, or are undecided, each with the "
	        "worst of its paths from the vantage (left) to the destination.</p><ul class=\"legend\">"
	        "<li class=\"home\">home</li><li class=\"foreign\">other network</li><li class=\"ixp\">exchange "
	        "LAN</li><li class=\"private\">private</li><li class=\"unknown\">AS unknown</li>"
	        "<li class=\"silent\">no answer</li></ul>\n");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		cp_html_add(html, &state->cases[order[i]]);
	if (n_left) {
		cp_html_raw(html, "<p class=\"note\">");
		cp_html_count(html, n_left);
		cp_html_raw(html, " more are among all paths and in the run's NDJSON, not drawn here.</p>");
	}
	cp_html_raw(html, "</section>\n");
}

static void write_paths(const struct html *state, struct cp_html *html)
{
	uint64_t n = cp_html_data_n_paths(state->data);

	cp_html_raw(html,
	        "<section id=\"paths\"><h2>All paths</h2>\n<noscript><p class=\"note\">The list of all paths needs "
	        "the page's script, which this reader does not run; everything else is complete.</p></noscript>"
	        "<p class=\"note paper\">The list of all paths is on the page itself.</p>"
	        "<div class=\"filter\" id=\"path-filter\"></div>\n<div class=\"scroll\" hidden>"
	        "<table class=\"list\" id=\"path-list\"><thead><tr><th>Verdict</th><th>Target</th>"
	        "<th>Destination</th><th>AS path</th><th>Leaves home to</th><th class=\"num\">RTT</th>"
	        "<th class=\"num\">Hops</th></tr></thead><tbody></tbody></table></div>\n");
	if (n > CP_HTML_PATHS_MAX) {
		cp_html_raw(html, "<p class=\"note\">Of ");
		cp_html_count(html, n);
		cp_html_raw(html, " paths the first ");
		cp_html_count(html, CP_HTML_PATHS_MAX);
		cp_html_raw(html, " are listed; all are counted. The run's NDJSON has every path.</p>");
	}
	cp_html_raw(html, "</section>\n");
}

static void write_method(const struct html *state, const struct cp_rec_end *rec, const char *hash, struct cp_html *html)
{
	uint64_t total_ns = rec->accounting.total_ns;
	bool has_end = state->wall_ms != CP_UNKNOWN && total_ns != CP_UNKNOWN;

	cp_html_raw(html,
	        "<section id=\"method\"><h2>Method and accounting</h2>\n<p>Probes with rising TTLs keep one "
	        "five-tuple a flow, so that load balancers keep the path; each proves itself in what comes back, "
	        "and replies that do not prove to be answers to them are refused. Hops are mapped to networks with "
	        "the AS data below. What did not answer is shown as silent, and proves nothing.</p>\n"
	        "<h3>The run</h3><dl class=\"settings\">\n");
	cp_html_add(html, &state->settings);
	cp_html_raw(html, "<dt>Ended</dt><dd>");
	cp_html_run_time(html, has_end ? state->wall_ms + total_ns / 1000000 : CP_UNKNOWN);
	cp_html_raw(html, ", ");
	cp_html_text(html, rec->reason);
	cp_html_rawf(html,
	        ", exit status %d</dd>\n<dt>Hash of the data</dt><dd><code>%s</code> (SHA-256 of "
	        "the text of the element “data”)<span id=\"hash-check\"></span></dd></dl>\n<h3>AS data</h3>",
	        rec->exit_status, hash);
	cp_html_add(html, &state->databases);
	cp_html_raw(html, "<h3>What the verdicts mean</h3>");
	cp_html_run_verdicts(html, state->reasons);
	cp_html_raw(html, "<h3>Accounting</h3>");
	cp_html_run_accounting(html, &rec->accounting);
	cp_html_raw(html, "</section>\n");
}

static void write_foot(const struct cp_html *data, struct cp_html *html)
{
	size_t n_echarts;

	(void)cp_html_asset(CP_ASSET_ECHARTS, &n_echarts);
	cp_html_raw(html,
	        "</main>\n<footer><p>Written by coldpotato (GPL-2.0-only OR BSD-2-Clause). This page is complete: it "
	        "loads nothing and sends nothing.");
	if (n_echarts)
		cp_html_raw(html,
		        " The diagram is drawn by Apache ECharts (Apache License 2.0), Copyright The Apache Software "
		        "Foundation, with ZRender (BSD 3-Clause).");
	cp_html_raw(html, "</p></footer>\n<script type=\"application/json\" id=\"data\">");
	cp_html_add(html, data);
	cp_html_raw(html, "</script>\n");
	element(html, "script", CP_ASSET_ECHARTS);
	element(html, "script", CP_ASSET_JS);
	cp_html_raw(html, "</body>\n</html>\n");
}

static int write_end(void *ctx, const struct cp_rec_end *rec)
{
	struct cp_html page = {0}, data = {0};
	uint8_t hash[CP_SHA256_LEN];
	char hex[CP_SHA256_HEX];
	struct html *state = ctx;
	int rc;

	cp_html_data_write(state->data, state->tally, &data);
	cp_sha256(data.buf, data.len, hash);
	write_head(state, &page);
	write_answer(state, rec, &page);
	write_board(state, &page);
	write_policies(state, &page);
	cp_html_quality_section(state->quality, &page);
	write_findings(state, &page);
	write_flow(state, &page);
	cp_html_raw(&page,
	        "<section id=\"egress\"><h2>Egress by network</h2>\n<p>Which networks have which role on the paths. "
	        "Hand-over: round trip to the first router outside home; cold-potato share: how much of the round "
	        "trip to the destination is made inside home, in the median.</p>\n");
	cp_html_add(&page, &state->egress);
	cp_html_raw(&page, state->egress.len ? "</section>\n" : "<p>The run did not get that far.</p></section>\n");
	write_paths(state, &page);
	write_method(state, rec, cp_sha256_hex(hash, hex), &page);
	write_foot(&data, &page);
	rc = cp_html_flush(&page, &state->sink);
	cp_html_free(&page);
	cp_html_free(&data);
	return rc;
}

const struct cp_format cp_format_html = {
        .name = "html",
        .open = open_html,
        .start = take_start,
        .target = take_target,
        .path = take_path,
        .warning = take_warning,
        .summary = take_summary,
        .policy = take_policy,
        .end = write_end,
        .close = close_html,
};
