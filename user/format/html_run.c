// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_run.c: how it was measured: settings, AS data, what the words mean, the
 * accounting, and per-AS statistics.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "html.h"
#include "phrase.h"
#include "reason.h"

#define DAY_S 86400u
#define OLD_DAYS 90u

void cp_html_run_time(struct cp_html *html, uint64_t wall_ms)
{
	char date[CP_NUM_MAX];
	uint64_t s = wall_ms / 1000;

	if (wall_ms == CP_UNKNOWN || !wall_ms) {
		cp_html_raw(html, "unknown");
		return;
	}
	cp_html_rawf(html, "%s %02u:%02u:%02u UTC", cp_text_date(s, date), (unsigned)(s / 3600 % 24),
	        (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

/* ---- settings ---- */

static void open_item(struct cp_html *html, const char *name)
{
	cp_html_rawf(html, "<dt>%s</dt><dd>", name);
}

static void text_item(struct cp_html *html, const char *name, const char *text)
{
	open_item(html, name);
	cp_html_text(html, text && *text ? text : "unknown");
	cp_html_raw(html, "</dd>\n");
}

static void number_item(struct cp_html *html, const char *name, uint64_t n, const char *unit)
{
	open_item(html, name);
	cp_html_count(html, n);
	cp_html_rawf(html, "%s</dd>\n", unit);
}

static const char *vantage_reason(const char *why)
{
	static const struct {
		const char *code, *words;
	} known[] = {
	        {"--vantage-as", "as the operator stated"},
	        {"azure-dmi", "from the machine's chassis asset tag, which Azure sets"},
	        {"source-address", "the AS of the public source address"},
	};

	for (size_t i = 0; why && i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(known[i].code, why) == 0)
			return known[i].words;
	}
	return why;
}

static void vantage(struct cp_html *html, const struct cp_rec_start *rec)
{
	open_item(html, "Vantage");
	if (rec->vantage.asn) {
		cp_html_rawf(html, "AS%u, ", rec->vantage.asn);
		cp_html_text(html, rec->vantage.why ? vantage_reason(rec->vantage.why) : "source not recorded");
	} else {
		cp_html_raw(html, "unknown; the first AS seen is taken where a path shows one");
	}
	cp_html_raw(html, "</dd>\n");
}

static void home(struct cp_html *html, const struct cp_rec_start *rec)
{
	open_item(html, "Home");
	cp_html_text(html, rec->home_spec ? rec->home_spec : "not stated");
	if (rec->home && rec->home->n) {
		cp_html_raw(html, ": ");
		for (size_t i = 0; i < rec->home->n; i++)
			cp_html_rawf(html, "%sAS%u", i ? ", " : "", rec->home->asns[i]);
	}
	cp_html_raw(html, "</dd>\n");
}

static void datapath(struct cp_html *html, const struct cp_rec_start *rec)
{
	open_item(html, "Datapath");
	cp_html_text(html, rec->datapath ? rec->datapath : "none: nothing was sent");
	for (size_t i = 0; i < rec->n_interfaces; i++) {
		cp_html_raw(html, i ? ", " : " on ");
		cp_html_text(html, rec->interfaces[i]);
	}
	if (rec->datapath_why) {
		cp_html_raw(html, " (");
		cp_html_text(html, rec->datapath_why);
		cp_html_raw(html, ")");
	}
	cp_html_raw(html, "</dd>\n");
}

void cp_html_run_settings(struct cp_html *html, const struct cp_rec_start *rec)
{
	text_item(html, "Host", rec->host);
	text_item(html, "Program", rec->version);
	text_item(html, "Command", rec->command);
	open_item(html, "Started");
	cp_html_run_time(html, rec->wall_ms);
	cp_html_raw(html, "</dd>\n");
	vantage(html, rec);
	home(html, rec);
	datapath(html, rec);
	text_item(html, "Resolver", rec->resolver ? rec->resolver : "none asked");
	number_item(html, "Targets", rec->n_targets, "");
	number_item(html, "Addresses probed", rec->n_dests, "");
	number_item(html, "Rate", rec->rate_pps, " probes a second");
	open_item(html, "TTLs");
	cp_html_rawf(html, "%u to %u", rec->first_ttl, rec->max_ttl);
	cp_html_rawf(html, ", %u attempts, %u ms timeout</dd>\n", rec->attempts, rec->timeout_ms);
	number_item(html, "Flows for each address", rec->n_flows, "");
	if (rec->tcp_method)
		text_item(html, "TCP method", rec->tcp_method);
	open_item(html, "Seed");
	if (rec->seed == CP_UNKNOWN)
		cp_html_raw(html, "unknown</dd>\n");
	else
		cp_html_rawf(html, "%" PRIu64 "</dd>\n", rec->seed);
}

static void database_age(struct cp_html *html, uint64_t built_at_s, uint64_t wall_ms)
{
	uint64_t now_s = wall_ms / 1000, days;

	if (built_at_s == CP_UNKNOWN || wall_ms == CP_UNKNOWN || now_s < built_at_s) {
		cp_html_raw(html, "unknown");
		return;
	}
	days = (now_s - built_at_s) / DAY_S;
	cp_html_count(html, days);
	cp_html_raw(html, days == 1 ? " day" : " days");
	if (days > OLD_DAYS)
		cp_html_raw(html, " <b class=\"old\">old</b>");
}

void cp_html_run_databases(struct cp_html *html, const struct cp_rec_start *rec)
{
	char date[CP_NUM_MAX];

	cp_html_raw(html, "<div class=\"scroll\"><table><thead><tr><th>Layer</th><th>Source</th>"
	                  "<th class=\"num\">Rows</th><th>Built</th><th>Age at the run</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < rec->n_databases; i++) {
		const struct cp_rec_database *db = &rec->databases[i];

		cp_html_raw(html, "<tr><td>");
		cp_html_text(html, db->layer);
		cp_html_raw(html, "</td><td>");
		cp_html_text(html, db->name);
		cp_html_raw(html, "</td><td class=\"num\">");
		cp_html_count(html, db->n_rows);
		cp_html_rawf(html, "</td><td>%s</td><td>",
		        db->built_at_s == CP_UNKNOWN ? "unknown" : cp_text_date(db->built_at_s, date));
		database_age(html, db->built_at_s, rec->wall_ms);
		cp_html_raw(html, "</td></tr>\n");
	}
	cp_html_raw(html, "</tbody></table></div>");
}

/* ---- words ---- */

void cp_html_run_verdicts(struct cp_html *html, uint32_t reasons)
{
	static const char *const rules[CP_VERDICTS] = {
	        [CP_INSIDE] =
	                "The destination is in home, no foreign AS and no exchange LAN lies between, and at least one "
	                "public hop of home, or the destination itself, answered.",
	        [CP_DIRECT] =
	                "The destination is outside home, and home hands the path to the destination's own network "
	                "with no other AS between; an exchange LAN between is named.",
	        [CP_UNDECIDED] =
	                "The evidence carries none of the others; the reasons say what is missing. Silence is never "
	                "taken for evidence.",
	        [CP_TRANSIT] = "A third AS, neither home nor the destination's, carries the path.",
	        [CP_DETOUR] = "The destination is in home, and the path left home and came back.",
	};

	cp_html_raw(html, "<p>A path is judged by the rules below; a target has the worst verdict of its addresses and "
	                  "flows. From best to worst:</p><dl class=\"words\">");
	for (int i = 0; i < CP_VERDICTS; i++) {
		cp_html_raw(html, "<dt>");
		cp_html_pill(html, i);
		cp_html_rawf(html, "</dt><dd>%s</dd>\n", rules[i]);
	}
	cp_html_raw(html, "</dl>");
	if (!reasons)
		return;
	cp_html_raw(html, "<h3>Reasons given in this report</h3><dl class=\"words\">");
	for (int i = 0; i < CP_WHY_MAX; i++) {
		if (!(reasons >> i & 1))
			continue;
		cp_html_rawf(html, "<dt><code>%s</code></dt><dd>", cp_reason_name(i));
		cp_html_text(html, cp_reason_sentence(i));
		cp_html_raw(html, "</dd>\n");
	}
	cp_html_raw(html, "</dl>");
}

/* ---- accounting ---- */

static void account(struct cp_html *html, const char *name, uint64_t n, const char *what)
{
	cp_html_rawf(html, "<tr><td>%s</td><td class=\"num\">", name);
	cp_html_count(html, n);
	cp_html_rawf(html, "</td><td>%s</td></tr>\n", what);
}

static bool all_known(const struct cp_accounting *a)
{
	return a->attempted != CP_UNKNOWN && a->replied != CP_UNKNOWN && a->timed_out != CP_UNKNOWN &&
	       a->tx_errors != CP_UNKNOWN && a->blocked != CP_UNKNOWN;
}

static void identity(struct cp_html *html, const struct cp_accounting *a)
{
	bool holds = a->attempted == a->replied + a->timed_out + a->tx_errors + a->blocked;

	if (!all_known(a)) {
		cp_html_raw(html, "<p>The accounting of this run is not known as a whole.</p>");
		return;
	}
	cp_html_rawf(html, "<p class=\"identity %s\">", holds ? "holds" : "broken");
	cp_html_count(html, a->attempted);
	cp_html_raw(html, " attempted = ");
	cp_html_count(html, a->replied);
	cp_html_raw(html, " replied + ");
	cp_html_count(html, a->timed_out);
	cp_html_raw(html, " timed out + ");
	cp_html_count(html, a->tx_errors);
	cp_html_raw(html, " failed + ");
	cp_html_count(html, a->blocked);
	cp_html_raw(html, " blocked: ");
	cp_html_raw(html, holds ? "every probe is accounted for.</p>" : "<b>does not add up.</b></p>");
}

static uint64_t rejected(const struct cp_accounting *a)
{
	const uint64_t parts[] = {
	        a->rejected_token, a->rejected_dest, a->rejected_unsent, a->rejected_flags, a->rejected_short};
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (parts[i] == CP_UNKNOWN)
			return CP_UNKNOWN;
		sum += parts[i];
	}
	return sum;
}

void cp_html_run_accounting(struct cp_html *html, const struct cp_accounting *a)
{
	char probing[CP_NUM_MAX], total[CP_NUM_MAX];

	identity(html, a);
	cp_html_raw(html, "<div class=\"scroll\"><table><thead><tr><th>Counter</th><th class=\"num\">Value</th>"
	                  "<th>Meaning</th></tr></thead><tbody>\n");
	account(html, "targets", a->n_targets, "names and addresses asked for");
	account(html, "unresolved", a->n_unresolved, "of them, names without an address");
	account(html, "skipped", a->n_skipped, "of them, with no address that may or can be probed");
	account(html, "addresses", a->n_dests, "probed");
	account(html, "paths", a->n_paths, "one for each address and flow");
	account(html, "complete paths", a->n_complete, "of them, with nothing left to ask");
	account(html, "hops", a->n_hops, "TTLs up to the end of each path");
	account(html, "hops seen", a->n_hops_seen, "of them, answered");
	account(html, "attempted", a->attempted, "probes the emitter ran for");
	account(html, "transmitted", a->transmitted, "probes the network card's driver took");
	account(html, "failed", a->tx_errors, "probes it did not take");
	account(html, "blocked", a->blocked, "probes held back by the blocklist or a budget");
	account(html, "replied", a->replied, "probes whose first reply was taken");
	account(html, "timed out", a->timed_out, "probes without a reply");
	account(html, "matched", a->matched, "replies proven to be ours, duplicates included");
	account(html, "duplicates", a->duplicates, "further replies to a probe");
	account(html, "late", a->late, "replies to an older attempt");
	account(html, "rejected", rejected(a), "replies that claimed to be ours and failed validation");
	account(html, "lost", a->lost, "replies that were ours and found no room");
	cp_html_raw(html, "</tbody></table></div>");
	if (a->probing_ns != CP_UNKNOWN && a->total_ns != CP_UNKNOWN)
		cp_html_rawf(html, "<p>%s s probing, %s s in all.</p>", cp_text_seconds(a->probing_ns, probing),
		        cp_text_seconds(a->total_ns, total));
}

/* ---- egress ---- */

static void milliseconds(struct cp_html *html, uint32_t us)
{
	cp_html_raw(html, "<td class=\"num\">");
	if (us == CP_EGRESS_UNKNOWN)
		cp_html_raw(html, "–");
	else
		cp_html_ms(html, us);
	cp_html_raw(html, "</td>");
}

static void number(struct cp_html *html, uint64_t n)
{
	cp_html_raw(html, "<td class=\"num\">");
	cp_html_count(html, n);
	cp_html_raw(html, "</td>");
}

static void egress_name(struct cp_html *html, const struct cp_rec_summary *rec, const struct cp_egress_row *row)
{
	const struct cp_as *as = rec->asdb && row->asn ? cp_asdb_as(rec->asdb, row->asn) : NULL;

	if (!row->asn) {
		cp_html_textf(html, "exchange %s", row->label ? row->label : "");
		return;
	}
	cp_html_rawf(html, "AS%u ", row->asn);
	cp_html_text(html, as && as->name ? as->name : "");
	if (as && as->role) {
		cp_html_raw(html, " <span class=\"tag\">");
		cp_html_text(html, as->role);
		cp_html_raw(html, "</span>");
	}
}

static void egress_row(struct cp_html *html, const struct cp_rec_summary *rec, const struct cp_egress_row *row)
{
	double share = rec->n_paths ? 100.0 * (double)row->n_paths / (double)rec->n_paths : 0;

	cp_html_rawf(html, "<tr><td>%s</td><td>", cp_as_role_name(row->role));
	egress_name(html, rec, row);
	cp_html_raw(html, "</td>");
	number(html, row->n_paths);
	cp_html_rawf(html, "<td class=\"num\">%.1f %%</td>", share);
	number(html, row->n_dests);
	number(html, row->n_targets);
	if (row->role == CP_ROLE_EXIT)
		number(html, row->n_exit_routers);
	else
		cp_html_raw(html, "<td class=\"num\">–</td>");
	milliseconds(html, row->handover_p50_us);
	milliseconds(html, row->handover_p95_us);
	milliseconds(html, row->handover_p99_us);
	if (row->cold_share_pct == CP_EGRESS_UNKNOWN)
		cp_html_raw(html, "<td class=\"num\">–</td>");
	else
		cp_html_rawf(html, "<td class=\"num\">%u %%</td>", row->cold_share_pct);
	cp_html_raw(html, "</tr>\n");
}

void cp_html_run_egress(struct cp_html *html, const struct cp_rec_summary *rec)
{
	cp_html_raw(html, "<div class=\"scroll\"><table class=\"egress\"><thead><tr><th>Role</th><th>Network</th>"
	                  "<th class=\"num\">Paths</th><th class=\"num\">Share</th><th class=\"num\">Addresses</th>"
	                  "<th class=\"num\">Targets</th><th class=\"num\">Exit routers</th>"
	                  "<th class=\"num\">Hand-over p50</th><th class=\"num\">p95</th><th class=\"num\">p99</th>"
	                  "<th class=\"num\">Cold-potato share</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < rec->n_egress; i++)
		egress_row(html, rec, &rec->egress[i]);
	cp_html_raw(html, "</tbody></table></div>");
}
