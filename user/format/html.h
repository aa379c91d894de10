/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * html.h: what the parts of the HTML report share. The report is one page and
 * is written when the run has ended; until then each part keeps what it will
 * say, as markup or as numbers. Private to html.c and html_*.c.
 */
#ifndef CP_HTML_H
#define CP_HTML_H

#include "e2e.h"
#include "html_text.h"
#include "json.h"
#include "tally.h"

#define CP_HTML_PATHS_MAX 100000u /* listed; all are counted */
#define CP_HTML_TARGETS_MAX 100000u /* likewise */
#define CP_HTML_ROWS_MAX 500u /* rows of targets in the markup itself, for paper and without scripts */
#define CP_HTML_CASES_MAX 100u /* paths drawn, of each verdict */

/* How a target came out: its verdict, or none. */
enum { CP_HTML_NONE = CP_VERDICTS, CP_HTML_OUTCOMES };
const char *cp_html_outcome(int outcome); /* "inside" ..., "not probed" */

/* A number with separators: "1,907,119"; CP_UNKNOWN: "unknown". */
void cp_html_count(struct cp_html *html, uint64_t n);
/* "12.3 ms", "70 µs"; 0 or UINT32_MAX: "RTT ?". */
void cp_html_ms(struct cp_html *html, uint32_t us);
/* "<span class=...>inside</span>" */
void cp_html_pill(struct cp_html *html, int outcome);

/* ---- ends in words ---- */

#define CP_HTML_LABEL_MAX 128
/*
 * To whom home hands the path: "AS3491 PCCW Global", "exchange Lab-IX", "an unseen neighbour". A path without an exit:
 * "stays inside" if that is its verdict, else "undecided" or "starts outside home". Returns buf.
 */
const char *cp_html_exit_label(const struct cp_ends *ends, enum cp_verdict verdict, char buf[CP_HTML_LABEL_MAX]);
/* "AS13335 Cloudflare"; "AS unknown". Returns buf. */
const char *cp_html_as_label(uint32_t asn, const char *name, char buf[CP_HTML_LABEL_MAX]);

/* ---- html_quality.c: end to end ---- */

/* The worst of some destinations. CP_QUALITY_UNKNOWN: not measured, or not known. */
struct cp_html_worst {
	uint32_t loss; /* hundredths of a percent */
	uint32_t rtt_us; /* median */
	uint32_t jitter_us;
};
void cp_html_worst_init(struct cp_html_worst *worst);
/* e2e NULL: not measured. */
void cp_html_worst_add(struct cp_html_worst *worst, const struct cp_quality_stats *e2e);
/* Three cells of a row. */
void cp_html_worst_cells(struct cp_html *html, const struct cp_html_worst *worst);

/* The same by group, with the targets that have it. */
struct cp_html_quality;
int cp_html_quality_new(struct cp_html_quality **ret_quality); /* -ENOMEM */
void cp_html_quality_free(struct cp_html_quality *quality); /* takes NULL */
/* A target and its destinations together. 0 or -ENOMEM. */
int cp_html_quality_target(struct cp_html_quality *quality, const struct cp_target *target,
        const struct cp_html_worst *worst, const struct cp_e2e_sum *sum);
bool cp_html_quality_any(const struct cp_html_quality *quality); /* something was measured */
void cp_html_quality_section(const struct cp_html_quality *quality, struct cp_html *html);

/* ---- html_policy.c: what came of a policy ---- */

void cp_html_policy(struct cp_html *html, const struct cp_policy_result *result);

/* ---- html_targets.c: the list of targets ---- */

struct cp_html_targets;
int cp_html_targets_new(struct cp_html_targets **ret_targets); /* -ENOMEM */
void cp_html_targets_free(struct cp_html_targets *targets); /* takes NULL */
/* as_path, exit: of the worst path, in words. 0 or -ENOMEM. */
int cp_html_targets_add(struct cp_html_targets *targets, const struct cp_rec_target *rec, int outcome,
        const char *as_path, const char *exit, const struct cp_html_worst *worst);
void cp_html_targets_write(const struct cp_html_targets *targets, bool with_e2e, struct cp_html *html);

/* ---- html_data.c: the rows that the page's script reads ---- */

struct cp_html_data;

int cp_html_data_new(struct cp_html_data **ret_data); /* -ENOMEM */
void cp_html_data_free(struct cp_html_data *data); /* takes NULL */
/* The ASes of home, of which the records that follow are judged. 0 or -ENOMEM. */
int cp_html_data_home(struct cp_html_data *data, const struct cp_home *home);
/* Paths come before their target. 0 or -ENOMEM. */
int cp_html_data_path(struct cp_html_data *data, const struct cp_rec_path *rec, const struct cp_ends *ends);
int cp_html_data_target(struct cp_html_data *data, const struct cp_rec_target *rec, int outcome, const char *as_path,
        const char *exit, const struct cp_html_worst *worst);
uint64_t cp_html_data_n_paths(const struct cp_html_data *data); /* given, listed or not */
bool cp_html_data_is_home(const struct cp_html_data *data, uint32_t asn);
/* All rows and these flows as JSON without any '<', into html. */
void cp_html_data_write(struct cp_html_data *data, struct cp_tally *tally, struct cp_html *html);

/* ---- html_case.c: a path drawn hop by hop ---- */

/* Why a path is a finding: its hops, exit, reasons, names. n_like, n_flows: flows of the target that came out alike. */
void cp_html_case(struct cp_html *html, const struct cp_rec_path *rec, const struct cp_html_data *data);
/* What opens and closes it, once the target is known as a whole. */
void cp_html_case_open(struct cp_html *html, const struct cp_rec_target *rec, int outcome, const char *as_path,
        uint32_t n_like, uint32_t n_flows);
void cp_html_case_close(struct cp_html *html);

/* ---- html_board.c: verdicts by group, and the answer in one sentence ---- */

struct cp_html_board;

int cp_html_board_new(struct cp_html_board **ret_board); /* -ENOMEM */
void cp_html_board_free(struct cp_html_board *board); /* takes NULL */
/* A target; exit: label of its worst path's exit, NULL without a path. 0 or -ENOMEM. */
int cp_html_board_target(struct cp_html_board *board, const char *group, int outcome, const char *exit);
uint64_t cp_html_board_n(const struct cp_html_board *board, int outcome);
uint64_t cp_html_board_n_all(const struct cp_html_board *board);
void cp_html_board_answer(const struct cp_html_board *board, struct cp_html *html);
void cp_html_board_table(const struct cp_html_board *board, struct cp_html *html);

/* ---- html_flow.c: group -> exit -> destination ---- */

void cp_html_flow_table(struct cp_tally *tally, struct cp_html *html);
/* Elements [group, exit, destination, paths, verdict] of the open array. */
void cp_html_flow_rows(struct cp_tally *tally, struct cp_json *json);

/* ---- html_run.c: method and accounting ---- */

void cp_html_run_settings(struct cp_html *html, const struct cp_rec_start *rec);
void cp_html_run_databases(struct cp_html *html, const struct cp_rec_start *rec);
void cp_html_run_verdicts(struct cp_html *html, uint32_t reasons);
void cp_html_run_accounting(struct cp_html *html, const struct cp_accounting *accounting);
void cp_html_run_egress(struct cp_html *html, const struct cp_rec_summary *rec);
/* "2026-07-14 12:00:00 UTC" of Unix milliseconds; "unknown". */
void cp_html_run_time(struct cp_html *html, uint64_t wall_ms);

#endif
