// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * change_state.c: what the detector knows as lines of text, and back
 * (docs/alerts.md). Words stand between single blanks; texts are percent-encoded
 * (RFC 3986), an empty one is "%". Must not know what is done with it. Reading
 * trusts nothing: numbers are bounded, texts short, and lines come in the order
 * in which they are written.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "change_impl.h"

#define HEADER "coldpotato-change 1"
#define TARGETS_MAX 1000000 /* whatever the configuration wants now */

/* ---- Writing ---- */

struct out {
	char *text;
	size_t len, cap;
	int rc;
};

static char *room(struct out *out, size_t n)
{
	if (out->rc == 0 && out->len + n > out->cap) {
		size_t cap = (out->len + n) * 2;
		char *text = realloc(out->text, cap);

		if (text) {
			out->text = text;
			out->cap = cap;
		} else {
			out->rc = -ENOMEM;
		}
	}
	return out->rc == 0 ? out->text + out->len : NULL;
}

/* At most 255 bytes. */
__attribute__((format(printf, 2, 3))) static void put(struct out *out, const char *fmt, ...)
{
	char *at = room(out, 256);
	va_list args;

	if (!at)
		return;
	va_start(args, fmt);
	out->len += (size_t)vsnprintf(at, 256, fmt, args);
	va_end(args);
}

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '%';
}

static void put_text(struct out *out, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	char *at = room(out, 3 * strlen(text) + 2);

	if (!at)
		return;
	*at++ = ' ';
	if (!*text)
		*at++ = '%';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (is_plain(c)) {
			*at++ = (char)c;
		} else {
			*at++ = '%';
			*at++ = digits[c >> 4];
			*at++ = digits[c & 15];
		}
	}
	out->len = (size_t)(at - out->text);
}

static void put_verdict(struct out *out, const struct cp_verdict_track *track)
{
	put(out, "verdict %u %u %u %u %u %llu", track->usual + 1, track->now + 1, track->ring, track->n,
	        track->n_active, (unsigned long long)track->last_ms);
	for (int i = 0; i < CP_VERDICTS; i++)
		put(out, " %llu", (unsigned long long)track->first_ms[i]);
	put(out, "\n");
}

static void put_level(struct out *out, int kind, const struct cp_level *level)
{
	put(out, "level %d %d %u %u %u %u %llu %llu %u", kind, level->active, level->window, level->n_window,
	        level->n_active, level->value, (unsigned long long)level->first_ms, (unsigned long long)level->last_ms,
	        level->n);
	/* The oldest first, so that where the ring begins need not be kept. */
	for (unsigned i = 0; i < level->n; i++)
		put(out, " %u", level->values[(level->next + CP_LEVEL_MAX - level->n + i) % CP_LEVEL_MAX]);
	put(out, "\n");
}

static void put_set(struct out *out, int kind, const struct cp_set *set)
{
	put(out, "set %d %u\n", kind, set->n_learned);
	for (unsigned i = 0; i < set->n; i++) {
		const struct cp_entry *entry = &set->entries[i];

		put(out, "entry %u %u %u %u %u %u %llu %llu", entry->flags, entry->seen, entry->gap, entry->max_gap,
		        entry->n_confirmed, entry->n_active, (unsigned long long)entry->first_ms,
		        (unsigned long long)entry->last_ms);
		put_text(out, entry->text);
		put(out, "\n");
	}
}

static void put_alarm(struct out *out, int kind, const struct cp_alarm *alarm)
{
	const struct cp_told *told = alarm->told;

	put(out, "alarm %d %d %u", kind, alarm->muted, alarm->severity);
	if (told) {
		put(out, " %llu %llu %llu", (unsigned long long)told->run, (unsigned long long)told->at_ms,
		        (unsigned long long)told->first_ms);
		put_text(out, told->texts);
		put_text(out, told->new_text);
	}
	put(out, "\n");
}

static void put_watched(struct out *out, const struct cp_watched *watched)
{
	put(out, "%s %u %u %llu", watched->is_scope ? "scope" : "target", watched->port, watched->proto,
	        (unsigned long long)watched->last_run);
	put_text(out, watched->name);
	put_text(out, watched->group);
	put(out, "\n");
	if (watched->verdict.n)
		put_verdict(out, &watched->verdict);
	for (int i = 0; i < CP_LEVELS; i++) {
		if (watched->levels[i].n || watched->levels[i].active)
			put_level(out, i, &watched->levels[i]);
	}
	for (int i = 0; i < CP_SETS; i++) {
		if (watched->sets[i].n || watched->sets[i].n_learned)
			put_set(out, i, &watched->sets[i]);
	}
	for (int i = 0; i < CP_CHANGE_KINDS; i++) {
		if (cp_watched_active(watched, (enum cp_change_kind)i))
			put_alarm(out, i, &watched->alarms[i]);
	}
}

int cp_change_save(const struct cp_change *change, char **ret_text, size_t *ret_len)
{
	struct out out = {0};

	put(&out, HEADER "\nruns %llu %llu\n", (unsigned long long)change->n_runs,
	        (unsigned long long)change->n_events);
	for (uint32_t i = 0; i < change->cap; i++) {
		if (change->table[i])
			put_watched(&out, change->table[i]);
	}
	put(&out, "end\n");
	if (out.rc < 0) {
		free(out.text);
		return out.rc;
	}
	*ret_text = out.text;
	*ret_len = out.len;
	return 0;
}

/* ---- Reading ---- */

struct in {
	const char *at, *line_end, *end;
	unsigned number; /* of the line */
	const char *why; /* first thing wrong */
	struct cp_change *change;
	struct cp_watched *watched; /* of the lines that follow; NULL: none yet */
	struct cp_set *set; /* of entry lines; NULL: none yet */
	enum cp_set_kind set_kind;
	uint8_t told_sets, told_levels; /* bits: of this one, already */
	bool is_ended;
};

static int bad(struct in *in, const char *why)
{
	if (!in->why)
		in->why = why;
	return -EINVAL;
}

static bool next_line(struct in *in)
{
	if (in->at == in->end)
		return false;
	in->line_end = memchr(in->at, '\n', (size_t)(in->end - in->at));
	in->number++;
	return in->line_end != NULL;
}

/* The next word of the line, after the blank before it. False: there is none. */
static bool next_word(struct in *in, const char **ret_word, size_t *ret_len)
{
	const char *blank;

	if (in->at == in->line_end)
		return false;
	blank = memchr(in->at, ' ', (size_t)(in->line_end - in->at));
	*ret_word = in->at;
	*ret_len = (size_t)((blank ? blank : in->line_end) - in->at);
	in->at = blank ? blank + 1 : in->line_end;
	return *ret_len > 0;
}

/* A number of at most max; wrong ones are remembered and read as 0. */
static uint64_t number(struct in *in, uint64_t max)
{
	uint64_t value = 0;
	const char *word;
	size_t len;

	if (!next_word(in, &word, &len)) {
		bad(in, "a number is missing");
		return 0;
	}
	for (size_t i = 0; i < len; i++) {
		unsigned digit = (unsigned char)word[i] - (unsigned)'0';

		if (digit > 9 || value > (max - digit) / 10 || digit > max) {
			bad(in, "a number is wrong or too large");
			return 0;
		}
		value = value * 10 + digit;
	}
	return value;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A text of at most max bytes into buf, which has room for one more. */
static int text(struct in *in, char *buf, size_t max)
{
	const char *word;
	size_t len, n = 0;

	buf[0] = '\0';
	if (!next_word(in, &word, &len))
		return bad(in, "a text is missing");
	if (len == 1 && *word == '%')
		return 0;
	for (size_t i = 0; i < len; i++) {
		int c = (unsigned char)word[i];

		if (c == '%') {
			int high = len - i > 2 ? hex(word[i + 1]) : -1, low = len - i > 2 ? hex(word[i + 2]) : -1;

			if (high >= 0 && low >= 0)
				c = high << 4 | low;
			else
				return bad(in, "a text has a wrong escape");
			i += 2;
		} else if (!is_plain((unsigned char)c)) {
			return bad(in, "a text has a byte that is not escaped");
		}
		if (c == 0 || n == max)
			return bad(in, "a text has a NUL or is too long");
		buf[n++] = (char)c;
	}
	buf[n] = '\0';
	return 0;
}

static int read_watched(struct in *in, bool is_scope)
{
	char name[CP_NAME_BYTES + 1], group[CP_NAME_BYTES + 1];
	struct cp_watched key = {.is_scope = is_scope, .name = name, .group = group};
	uint32_t n = in->change->n;
	uint64_t last_run;
	int rc;

	key.port = (uint16_t)number(in, UINT16_MAX);
	key.proto = (uint8_t)number(in, UINT8_MAX);
	last_run = number(in, in->change->n_runs);
	if (text(in, name, CP_NAME_BYTES) < 0 || text(in, group, CP_NAME_BYTES) < 0 || in->why)
		return -EINVAL;
	rc = cp_change_find(in->change, &key, &in->watched);
	in->set = NULL;
	in->told_sets = in->told_levels = 0;
	if (rc == -ENOSPC)
		return bad(in, "more targets than are allowed");
	if (rc < 0)
		return rc;
	if (in->change->n == n)
		return bad(in, "a target is there twice");
	in->watched->last_run = last_run;
	return 0;
}

static int read_verdict(struct in *in)
{
	struct cp_verdict_track *track = &in->watched->verdict;

	track->usual = (int8_t)((int)number(in, CP_VERDICTS) - 1);
	track->now = (int8_t)((int)number(in, CP_VERDICTS) - 1);
	track->ring = (uint32_t)number(in, UINT32_MAX);
	track->n = (uint8_t)number(in, CP_CHANGE_WINDOW_MAX);
	track->n_active = (uint16_t)number(in, UINT16_MAX);
	track->last_ms = number(in, UINT64_MAX);
	for (int i = 0; i < CP_VERDICTS; i++)
		track->first_ms[i] = number(in, UINT64_MAX);
	if ((track->usual < 0) != (track->now < 0))
		return bad(in, "a verdict is known by half");
	if (track->n == 0)
		return bad(in, "a verdict is of no run");
	return 0;
}

static int read_level(struct in *in)
{
	unsigned kind = (unsigned)number(in, CP_LEVELS - 1);
	struct cp_level *level = &in->watched->levels[kind];

	if (in->told_levels >> kind & 1)
		return bad(in, "a level is there twice");
	in->told_levels |= (uint8_t)(1u << kind);
	level->active = number(in, 1);
	level->window = (uint8_t)number(in, UINT8_MAX);
	level->n_window = (uint8_t)number(in, CP_CHANGE_WINDOW_MAX);
	level->n_active = (uint16_t)number(in, UINT16_MAX);
	level->value = (uint32_t)number(in, UINT32_MAX);
	level->first_ms = number(in, UINT64_MAX);
	level->last_ms = number(in, UINT64_MAX);
	level->n = (uint8_t)number(in, CP_LEVEL_MAX);
	for (unsigned i = 0; i < level->n; i++)
		level->values[i] = (uint32_t)number(in, UINT32_MAX);
	level->next = level->n % CP_LEVEL_MAX;
	if (level->n == 0)
		return bad(in, "a level has no value");
	return 0;
}

static int read_set(struct in *in)
{
	in->set_kind = (enum cp_set_kind)number(in, CP_SETS - 1);
	in->set = &in->watched->sets[in->set_kind];
	if (in->told_sets >> in->set_kind & 1)
		return bad(in, "a set is there twice");
	in->told_sets |= (uint8_t)(1u << in->set_kind);
	in->set->n_learned = (uint8_t)number(in, UINT8_MAX);
	return 0;
}

/* New is not usual, gone is what was usual, where anybody asks. */
static bool flags_are_good(uint8_t flags, enum cp_set_kind kind)
{
	if (flags & CP_ENTRY_GONE)
		return flags == (CP_ENTRY_USUAL | CP_ENTRY_GONE) && cp_set_traits[kind].kind_gone != CP_CHANGE_KINDS;
	return flags != (CP_ENTRY_USUAL | CP_ENTRY_NEW);
}

static int read_entry(struct in *in)
{
	char buf[CP_TEXT_MAX + 1];
	struct cp_entry entry = {0}, *added;

	if (!in->set)
		return bad(in, "an entry stands outside a set");
	entry.flags = (uint8_t)number(in, CP_ENTRY_USUAL | CP_ENTRY_NEW | CP_ENTRY_GONE);
	entry.seen = (uint32_t)number(in, UINT32_MAX);
	entry.gap = (uint8_t)number(in, CP_GAP_MAX);
	entry.max_gap = (uint8_t)number(in, CP_GAP_MAX);
	entry.n_confirmed = (uint8_t)number(in, UINT8_MAX);
	entry.n_active = (uint16_t)number(in, UINT16_MAX);
	entry.first_ms = number(in, UINT64_MAX);
	entry.last_ms = number(in, UINT64_MAX);
	if (text(in, buf, CP_TEXT_MAX) < 0)
		return -EINVAL;
	if (!flags_are_good(entry.flags, in->set_kind))
		return bad(in, "an entry is of two kinds");
	for (unsigned i = 0; i < in->set->n; i++) {
		if (strcmp(in->set->entries[i].text, buf) == 0)
			return bad(in, "an entry is there twice");
	}
	if (in->set->n == cp_set_traits[in->set_kind].n_max)
		return bad(in, "a set has too many entries");
	added = cp_set_add(in->set, cp_set_traits[in->set_kind].n_max, buf);
	if (!added)
		return -ENOMEM;
	entry.text = added->text;
	*added = entry;
	return 0;
}

/* What was told, which older versions did not keep. */
static int read_told(struct in *in, struct cp_alarm *alarm)
{
	char old_text[CP_SHOWN_MAX], new_text[CP_SHOWN_MAX];
	struct cp_change_event event = {.old_text = old_text, .new_text = new_text};

	event.run = number(in, UINT64_MAX);
	event.at_ms = number(in, UINT64_MAX);
	event.first_seen_ms = number(in, UINT64_MAX);
	if (text(in, old_text, sizeof(old_text) - 1) < 0 || text(in, new_text, sizeof(new_text) - 1) < 0)
		return -EINVAL;
	cp_alarm_tell(alarm, &event);
	return alarm->told ? 0 : -ENOMEM;
}

static int read_alarm(struct in *in)
{
	unsigned kind = (unsigned)number(in, CP_CHANGE_KINDS - 1);
	struct cp_alarm *alarm = &in->watched->alarms[kind];

	if (!cp_watched_active(in->watched, (enum cp_change_kind)kind))
		return bad(in, "an alarm is of nothing that lasts");
	alarm->muted = number(in, 1);
	alarm->severity = (uint8_t)number(in, CP_SEVERITY_CRITICAL);
	return in->at == in->line_end ? 0 : read_told(in, alarm);
}

static bool is_word(const char *word, size_t len, const char *want)
{
	return strlen(want) == len && memcmp(word, want, len) == 0;
}

static int read_line(struct in *in)
{
	const char *word;
	size_t len;

	if (!next_word(in, &word, &len))
		return bad(in, "is empty");
	if (in->is_ended)
		return bad(in, "something follows the end");
	if (is_word(word, len, "target") || is_word(word, len, "scope"))
		return read_watched(in, *word == 's');
	if (is_word(word, len, "end")) {
		in->is_ended = true;
		return 0;
	}
	if (!in->watched)
		return bad(in, "wants a target first");
	if (is_word(word, len, "verdict"))
		return read_verdict(in);
	if (is_word(word, len, "level"))
		return read_level(in);
	if (is_word(word, len, "set"))
		return read_set(in);
	if (is_word(word, len, "entry"))
		return read_entry(in);
	if (is_word(word, len, "alarm"))
		return read_alarm(in);
	return bad(in, "begins with a word that is not known");
}

static int read_header(struct in *in)
{
	static const char header[] = HEADER "\n";
	const char *word;
	size_t len;

	if ((size_t)(in->end - in->at) < sizeof(header) - 1 || memcmp(in->at, header, sizeof(header) - 1) != 0) {
		in->number = 1;
		return bad(in, "is not \"" HEADER "\"");
	}
	in->at += sizeof(header) - 1;
	in->number = 1;
	if (!next_line(in) || !next_word(in, &word, &len) || !is_word(word, len, "runs")) {
		in->number = 2;
		return bad(in, "wants the number of runs");
	}
	in->change->n_runs = number(in, UINT64_MAX);
	in->change->n_events = number(in, UINT64_MAX);
	return 0;
}

/* A line has been read, well or not. */
static int end_line(struct in *in, int rc)
{
	if (rc == 0 && in->at != in->line_end)
		rc = bad(in, "is longer than it should be");
	if (rc == 0 && in->why)
		rc = -EINVAL;
	if (rc == 0)
		in->at = in->line_end + 1;
	return rc;
}

static int read_all(struct in *in)
{
	int rc = end_line(in, read_header(in));

	while (rc == 0 && next_line(in))
		rc = end_line(in, read_line(in));
	if (rc == 0 && (in->at != in->end || !in->is_ended))
		rc = bad(in, "is cut off");
	return rc;
}

int cp_change_restore(struct cp_change *change, const char *data, size_t len, struct cp_err *err)
{
	struct cp_change fresh = {.config = change->config}, old = *change;
	struct in in = {.at = data, .end = data + len, .line_end = data, .change = &fresh};
	int rc;

	fresh.config.n_targets_max = TARGETS_MAX;
	rc = read_all(&in);
	if (rc == 0) {
		fresh.config = old.config;
		fresh.mutes = old.mutes;
		fresh.cb = old.cb;
		fresh.ctx = old.ctx;
		*change = fresh;
		fresh = old;
	}
	for (uint32_t i = 0; i < fresh.cap; i++)
		cp_watched_free(fresh.table[i]);
	free(fresh.table);
	if (rc == -EINVAL)
		cp_err_set(err, rc, "line %u: %s", in.number, in.why);
	else if (rc < 0)
		cp_err_set(err, rc, "out of memory");
	return rc;
}
