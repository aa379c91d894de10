// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * live_run.c: records into what a view shows of a run. The same text is kept
 * once, as routers, ASes and paths are the same for many targets.
 */
#include "live_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e.h"
#include "phrase.h"

#define TEXTS_MIN 1024u
#define LINE_WIDTH 4096u /* a line is not broken */

/* What is gathered of a target until its own record comes. */
struct cp_live_run_tally {
	struct cp_addr dest; /* of the latest path */
	uint32_t first_path, n_paths, n_all_paths;
	uint32_t n_reached, n_known; /* paths; those that were not cut short */
	bool has_worst;
	enum cp_verdict verdict;
	enum cp_confidence confidence;
	cp_live_text as_path; /* of the worst */
	uint64_t n_sent, n_received; /* end to end */
	uint32_t *rtts, n_rtts, cap_rtts; /* of its destinations, UINT32_MAX: unknown */
	bool has_e2e;
	const struct cp_home *home; /* of the run, borrowed until it is finished; NULL: unknown */
};

/* Makes room for one more. 0 or -ENOMEM. */
static int grow(void *items, uint32_t n, uint32_t *cap, size_t size)
{
	void **array = items, *more;
	uint32_t room = *cap ? *cap * 2 : 64;

	if (n < *cap)
		return 0;
	if (room < *cap)
		return -ENOMEM;
	more = reallocarray(*array, room, size);
	if (!more)
		return -ENOMEM;
	*array = more;
	*cap = room;
	return 0;
}

/* ---- Texts ---- */

/* FNV-1a (Fowler, Noll, Vo). */
static uint32_t hash_of(const char *text)
{
	uint32_t hash = 0x811c9dc5;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x01000193;
	return hash;
}

const char *cp_live_run_text(const struct cp_live_run *run, cp_live_text text)
{
	return run->bytes + text;
}

/* Where the text is, or would be. */
static uint32_t slot_of(const struct cp_live_run *run, const char *text)
{
	uint32_t at = hash_of(text) & (run->cap_index - 1);

	while (run->index[at] && strcmp(cp_live_run_text(run, run->index[at]), text) != 0)
		at = (at + 1) & (run->cap_index - 1);
	return at;
}

static int grow_index(struct cp_live_run *run)
{
	cp_live_text *before = run->index;
	uint32_t n_before = run->cap_index, cap = n_before ? n_before * 2 : TEXTS_MIN;
	cp_live_text *index = calloc(cap, sizeof(*index));

	if (!index)
		return -ENOMEM;
	run->index = index;
	run->cap_index = cap;
	for (uint32_t i = 0; i < n_before; i++) {
		if (before[i])
			index[slot_of(run, cp_live_run_text(run, before[i]))] = before[i];
	}
	free(before);
	return 0;
}

/* Appends without looking whether it is there. */
static int append(struct cp_live_run *run, const char *text, cp_live_text *ret_text)
{
	size_t len = strlen(text) + 1;

	if (len > UINT32_MAX / 4 - run->n_bytes)
		return -ENOMEM;
	if (run->n_bytes + len > run->cap_bytes) {
		uint32_t cap = (run->n_bytes + (uint32_t)len) * 2;
		char *bytes = realloc(run->bytes, cap);

		if (!bytes)
			return -ENOMEM;
		run->bytes = bytes;
		run->cap_bytes = cap;
	}
	memcpy(run->bytes + run->n_bytes, text, len);
	*ret_text = run->n_bytes;
	run->n_bytes += (uint32_t)len;
	return 0;
}

/* NULL is as "". */
static int keep(struct cp_live_run *run, const char *text, cp_live_text *ret_text)
{
	uint32_t slot;
	int rc = 0;

	*ret_text = 0;
	if (!text || !*text)
		return 0;
	if (run->n_texts * 2 >= run->cap_index)
		rc = grow_index(run);
	if (rc)
		return rc;
	slot = slot_of(run, text);
	if (!run->index[slot]) {
		rc = append(run, text, &run->index[slot]);
		run->n_texts += rc == 0;
	}
	*ret_text = run->index[slot];
	return rc;
}

/* ---- Paths ---- */

static int keep_hop(struct cp_live_run *run, const struct cp_rec_path *rec, uint32_t i)
{
	const struct cp_judgement *judgement = rec->judgement;
	const struct cp_hop *hop = &rec->path->hops[i];
	bool is_silent = hop->kind == CP_REPLY_NONE;
	struct cp_live_run_hop *kept;
	char as[CP_LIVE_AS_MAX];
	int rc = grow(&run->hops, run->n_hops, &run->cap_hops, sizeof(*run->hops));

	if (rc)
		return rc;
	kept = &run->hops[run->n_hops++];
	*kept = (struct cp_live_run_hop){.ttl = hop->ttl, .rtt_us = UINT32_MAX, .attr = CP_LIVE_DIM};
	if (is_silent)
		return 0;
	kept->addr = hop->addr;
	kept->rtt_us = hop->rtt_us ? hop->rtt_us : UINT32_MAX;
	kept->attr = (uint8_t)cp_live_origin_attr(&judgement->origins[i], run->tally->home);
	kept->is_exit = judgement->exit.present && judgement->exit.first_foreign == (int)i;
	rc = keep(run, hop->ptr, &kept->name);
	return rc ? rc : keep(run, cp_live_say_as(&judgement->origins[i], rec->asdb, true, as, sizeof(as)), &kept->as);
}

/* The destination's own round trip. */
static uint32_t rtt_of(const struct cp_rec_path *rec)
{
	const struct cp_path *path = rec->path;
	const struct cp_hop *last = path->n_hops ? &path->hops[path->n_hops - 1] : NULL;

	return path->reached && last && last->rtt_us && cp_addr_eq(&last->addr, &rec->dest) ? last->rtt_us : UINT32_MAX;
}

/* What was written is cut to the buffer. */
struct buffer {
	char text[512];
	size_t len;
};

static int write_buffer(void *ctx, const char *data, size_t len)
{
	struct buffer *buffer = ctx;
	size_t room = sizeof(buffer->text) - 1 - buffer->len, n = len < room ? len : room;

	memcpy(buffer->text + buffer->len, data, n);
	buffer->len += n;
	buffer->text[buffer->len] = '\0';
	return 0;
}

static int keep_e2e(struct cp_live_run *run, const struct cp_quality_stats *e2e, cp_live_text *ret_text)
{
	struct buffer buffer = {.len = 0};
	const struct cp_sink sink = {.write = write_buffer, .ctx = &buffer};
	struct cp_text text;

	cp_text_init(&text, &sink, LINE_WIDTH, false);
	cp_e2e_words(&text, e2e);
	cp_text_flush(&text);
	return keep(run, buffer.text, ret_text);
}

static int keep_path(struct cp_live_run *run, const struct cp_rec_path *rec, bool is_first, cp_live_text as_path)
{
	struct cp_live_run_path path = {.dest = rec->dest,
	        .flow = rec->path->flow,
	        .as_path = as_path,
	        .first_hop = run->n_hops,
	        .n_hops = rec->path->n_hops,
	        .rtt_us = rtt_of(rec),
	        .verdict = rec->judgement->verdict,
	        .confidence = rec->judgement->confidence};
	char words[CP_PHRASE_MAX];
	int rc = grow(&run->paths, run->n_paths, &run->cap_paths, sizeof(*run->paths));

	rc = rc ? rc : keep(run, cp_live_say_meaning(rec, words, sizeof(words)), &path.meaning);
	if (rc == 0 && is_first && rec->e2e)
		rc = keep_e2e(run, rec->e2e, &path.e2e);
	for (uint32_t i = 0; i < rec->path->n_hops && rc == 0; i++)
		rc = keep_hop(run, rec, i);
	if (rc)
		return rc;
	run->paths[run->n_paths++] = path;
	run->tally->n_paths++;
	return 0;
}

/* ---- The target at hand ---- */

static int tally_dest(struct cp_live_run_tally *tally, const struct cp_rec_path *rec)
{
	const struct cp_quality_stats *e2e = rec->e2e;
	int rc = grow(&tally->rtts, tally->n_rtts, &tally->cap_rtts, sizeof(*tally->rtts));

	if (rc)
		return rc;
	tally->rtts[tally->n_rtts++] = e2e && e2e->n_rtts ? e2e->rtt_p50_us : UINT32_MAX;
	tally->dest = rec->dest;
	if (!e2e || !e2e->n_sent)
		return 0;
	tally->has_e2e = true;
	tally->n_sent += e2e->n_sent;
	tally->n_received += e2e->n_received;
	return 0;
}

static void tally_path(struct cp_live_run_tally *tally, const struct cp_rec_path *rec, cp_live_text as_path)
{
	const struct cp_judgement *judgement = rec->judgement;
	uint32_t *rtt_us = &tally->rtts[tally->n_rtts - 1], own_us = rtt_of(rec);

	tally->n_known += rec->path->end != CP_END_INTERRUPTED;
	tally->n_reached += rec->path->reached;
	if (!(rec->e2e && rec->e2e->n_rtts) && own_us < *rtt_us)
		*rtt_us = own_us;
	if (tally->has_worst && judgement->verdict <= tally->verdict)
		return;
	tally->has_worst = true;
	tally->verdict = judgement->verdict;
	tally->confidence = judgement->confidence;
	tally->as_path = as_path;
}

static int compare_rtts(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Of the destinations whose round trip is known; those that are not are behind them. */
static uint32_t median_rtt(struct cp_live_run_tally *tally)
{
	uint32_t n = 0;

	if (tally->n_rtts)
		qsort(tally->rtts, tally->n_rtts, sizeof(*tally->rtts), compare_rtts);
	while (n < tally->n_rtts && tally->rtts[n] != UINT32_MAX)
		n++;
	return n ? tally->rtts[(n - 1) / 2] : UINT32_MAX;
}

static uint32_t loss_of(const struct cp_live_run_tally *tally)
{
	if (tally->has_e2e)
		return (uint32_t)((tally->n_sent - tally->n_received) * 1000 / tally->n_sent);
	return tally->n_known ? (tally->n_known - tally->n_reached) * 1000 / tally->n_known : UINT32_MAX;
}

static void forget_tally(struct cp_live_run *run)
{
	struct cp_live_run_tally *tally = run->tally;

	*tally = (struct cp_live_run_tally){
	        .rtts = tally->rtts, .cap_rtts = tally->cap_rtts, .home = tally->home, .first_path = run->n_paths};
}

/* ---- Records ---- */

int cp_live_run_start(struct cp_live_run *run, const struct cp_rec_start *rec)
{
	run->wall_ms = rec->wall_ms;
	run->tally->home = rec->home;
	return 0;
}

int cp_live_run_path(struct cp_live_run *run, const struct cp_rec_path *rec)
{
	struct cp_live_run_tally *tally = run->tally;
	bool is_first = !tally->n_all_paths || !cp_addr_eq(&tally->dest, &rec->dest);
	char words[CP_PHRASE_MAX];
	cp_live_text as_path;
	int rc = keep(run, cp_phrase_as_path(rec, words, sizeof(words)), &as_path);

	if (rc == 0 && is_first)
		rc = tally_dest(tally, rec);
	if (rc)
		return rc;
	tally->n_all_paths++;
	tally_path(tally, rec, as_path);
	if (tally->n_paths < CP_LIVE_RUN_PATHS && run->n_hops + rec->path->n_hops <= CP_LIVE_RUN_HOPS)
		rc = keep_path(run, rec, is_first, as_path);
	return rc;
}

/* "198.18.49.10 +2". */
static int keep_detail(struct cp_live_run *run, const struct cp_rec_target *rec, cp_live_text *ret_text)
{
	char addr[CP_ADDR_STRLEN], words[CP_ADDR_STRLEN + 16];
	const struct cp_answer *answer = rec->answer;

	*ret_text = 0;
	if (answer->n_addrs == 0)
		return 0;
	if (answer->n_addrs > 1)
		snprintf(words, sizeof(words), "%s +%zu", cp_addr_format(&answer->addrs[0], addr), answer->n_addrs - 1);
	else
		snprintf(words, sizeof(words), "%s", cp_addr_format(&answer->addrs[0], addr));
	return keep(run, words, ret_text);
}

int cp_live_run_target(struct cp_live_run *run, const struct cp_rec_target *rec)
{
	struct cp_live_run_tally *tally = run->tally;
	struct cp_live_run_target target = {.is_judged = rec->n_dests > 0,
	        .verdict = rec->verdict,
	        .confidence = tally->confidence,
	        .as_path = tally->as_path,
	        .first_path = tally->first_path,
	        .n_paths = tally->n_paths,
	        .n_all_paths = tally->n_all_paths,
	        .rtt_us = median_rtt(tally),
	        .loss_permille = loss_of(tally),
	        .has_e2e = tally->has_e2e};
	char words[CP_PHRASE_MAX];
	int rc = grow(&run->targets, run->n_targets, &run->cap_targets, sizeof(*run->targets));

	rc = rc ? rc : keep(run, cp_phrase_target(rec->target, words, sizeof(words)), &target.name);
	rc = rc ? rc : keep(run, rec->target->group, &target.group);
	rc = rc ? rc : keep_detail(run, rec, &target.detail);
	if (rc == 0 && !target.is_judged)
		rc = keep(run, rec->skip_reason, &target.as_path);
	if (rc == 0 && rec->combined)
		rc = keep(run, cp_phrase_flows(rec->combined, rec->asdb, words, sizeof(words)), &target.flows);
	if (rc)
		return rc;
	if (target.is_judged)
		run->verdicts[target.verdict]++;
	else
		run->n_unmeasured++;
	run->targets[run->n_targets++] = target;
	forget_tally(run);
	return 0;
}

/* ---- From run to run ---- */

/* The target of that name; NULL: none. Where it would be otherwise is left in *ret_slot. */
static struct cp_live_run_target *find(const struct cp_live_run *run, const char *name, uint32_t *ret_slot)
{
	uint32_t at = hash_of(name) & (run->cap_by_name - 1);

	for (; run->by_name[at]; at = (at + 1) & (run->cap_by_name - 1)) {
		struct cp_live_run_target *target = &run->targets[run->by_name[at] - 1];

		if (strcmp(cp_live_run_text(run, target->name), name) == 0)
			return target;
	}
	*ret_slot = at;
	return NULL;
}

static int index_names(struct cp_live_run *run)
{
	uint32_t slot;

	run->cap_by_name = TEXTS_MIN;
	while (run->cap_by_name < run->n_targets * 2)
		run->cap_by_name *= 2;
	run->by_name = calloc(run->cap_by_name, sizeof(*run->by_name));
	if (!run->by_name)
		return -ENOMEM;
	for (uint32_t i = 0; i < run->n_targets; i++) {
		if (!find(run, cp_live_run_text(run, run->targets[i].name), &slot))
			run->by_name[slot] = i + 1;
	}
	return 0;
}

/* Without the private and silent steps at its beginning, which all paths of a host have; if that leaves something. */
static const char *shorten(const char *as_path)
{
	static const char *const steps[] = {"private ", "* ", "? "};
	const char *rest = as_path;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strncmp(rest, steps[i], strlen(steps[i])) != 0)
			continue;
		rest += strlen(steps[i]);
		i = SIZE_MAX; /* from the first again */
	}
	return strcmp(rest, "*") != 0 && strcmp(rest, "private") != 0 ? rest : as_path;
}

static void fill_row(const struct cp_live_run *run, uint32_t i)
{
	const struct cp_live_run_target *target = &run->targets[i];

	run->rows[i] = (struct cp_live_row){
	        .name = cp_live_run_text(run, target->name),
	        .group = target->group ? cp_live_run_text(run, target->group) : NULL,
	        .detail = cp_live_run_text(run, target->detail),
	        .as_path = shorten(cp_live_run_text(run, target->as_path)),
	        .is_judged = target->is_judged,
	        .verdict = target->verdict,
	        .confidence = target->confidence,
	        .rtt_us = target->rtt_us,
	        .loss_permille = target->loss_permille,
	        .n_changes = target->n_changes,
	        .is_fresh = target->changed_run && run->number - target->changed_run < CP_LIVE_FRESH,
	};
}

int cp_live_run_finish(struct cp_live_run *run, const struct cp_live_run *before, uint32_t number)
{
	uint32_t slot;
	int rc = index_names(run);

	run->rows = calloc((size_t)run->n_targets + 1, sizeof(*run->rows));
	if (rc || !run->rows)
		return -ENOMEM;
	run->number = number;
	run->tally->home = NULL;
	for (uint32_t i = 0; i < run->n_targets; i++) {
		struct cp_live_run_target *target = &run->targets[i];
		const struct cp_live_run_target *was =
		        before ? find(before, cp_live_run_text(run, target->name), &slot) : NULL;

		target->n_changes = was ? was->n_changes : 0;
		target->changed_run = was ? was->changed_run : 0;
		fill_row(run, i);
	}
	return 0;
}

void cp_live_run_change(struct cp_live_run *run, const char *name)
{
	uint32_t slot;
	struct cp_live_run_target *target = find(run, name, &slot);

	if (!target)
		return;
	target->n_changes++;
	target->changed_run = run->number;
	fill_row(run, (uint32_t)(target - run->targets));
}

void cp_live_run_reset(struct cp_live_run *run)
{
	for (uint32_t i = 0; i < run->n_targets; i++) {
		run->targets[i].n_changes = run->targets[i].changed_run = 0;
		fill_row(run, i);
	}
}

/* ---- Life ---- */

int cp_live_run_new(struct cp_live_run **ret_run)
{
	struct cp_live_run *run = calloc(1, sizeof(*run));
	cp_live_text empty;

	if (!run)
		return -ENOMEM;
	run->tally = calloc(1, sizeof(*run->tally));
	if (!run->tally || append(run, "", &empty)) {
		cp_live_run_free(run);
		return -ENOMEM;
	}
	*ret_run = run;
	return 0;
}

void cp_live_run_free(struct cp_live_run *run)
{
	if (!run)
		return;
	if (run->tally)
		free(run->tally->rtts);
	free(run->tally);
	free(run->targets);
	free(run->paths);
	free(run->hops);
	free(run->rows);
	free(run->bytes);
	free(run->index);
	free(run->by_name);
	free(run);
}
