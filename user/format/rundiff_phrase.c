// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * rundiff_phrase.c: the words of a comparison. Must not know how a format
 * arranges them.
 */
#include "rundiff_phrase.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e.h"
#include "line.h"
#include "phrase.h"

void cp_rundiff_label(struct cp_text *text, const char *what)
{
	text->indent = 10;
	cp_text_words(text, what);
	cp_text_tab(text, text->indent);
}

const char *cp_rundiff_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

const char *cp_rundiff_say_target(const struct cp_rundiff_name *name, char *buf, size_t size)
{
	const struct cp_target target = {.host = name->host, .port = name->port, .proto = name->proto};

	return cp_phrase_target(&target, buf, size);
}

const char *cp_rundiff_say_verdict(int8_t verdict)
{
	return verdict < 0 ? "not measured" : cp_verdict_name(verdict);
}

enum cp_text_color cp_rundiff_verdict_color(int8_t verdict)
{
	return verdict < 0 ? CP_YELLOW : cp_phrase_color(verdict);
}

/* ---- changes ---- */

static const struct {
	const char *phrase;
	enum cp_text_color color;
} changes[CP_RD_MAX] = {
        [CP_RD_WORSE] = {"worse", CP_RED},
        [CP_RD_UNREACHED] = {"unreached", CP_RED},
        [CP_RD_EXIT] = {"other exit", CP_YELLOW},
        [CP_RD_AS_PATH] = {"other AS path", CP_YELLOW},
        [CP_RD_BETTER] = {"better", CP_GREEN},
        [CP_RD_REACHED] = {"reached", CP_GREEN},
        [CP_RD_GONE] = {"gone", CP_YELLOW},
        [CP_RD_NEW] = {"new", CP_CYAN},
        [CP_RD_MORE_LOSS] = {"more loss", CP_YELLOW},
        [CP_RD_SLOWER] = {"slower", CP_YELLOW},
        [CP_RD_E2E_SLOWER] = {"slower end to end", CP_YELLOW},
        [CP_RD_EXIT_SLOWER] = {"slower exit", CP_YELLOW},
        [CP_RD_MORE_JITTER] = {"more jitter", CP_YELLOW},
        [CP_RD_DNS] = {"resolves otherwise", CP_YELLOW},
        [CP_RD_ADDRESSES] = {"other addresses", CP_CYAN},
        [CP_RD_CNAME] = {"other CNAME chain", CP_CYAN},
        [CP_RD_ROUTER] = {"other exit router", CP_CYAN},
        [CP_RD_EXIT_FASTER] = {"faster exit", CP_GREEN},
        [CP_RD_FASTER] = {"faster", CP_GREEN},
        [CP_RD_E2E_FASTER] = {"faster end to end", CP_GREEN},
        [CP_RD_LESS_LOSS] = {"less loss", CP_GREEN},
        [CP_RD_LESS_JITTER] = {"less jitter", CP_GREEN},
};

const char *cp_rundiff_say_change(enum cp_rundiff_change change)
{
	return changes[change].phrase;
}

enum cp_text_color cp_rundiff_change_color(enum cp_rundiff_change change)
{
	return changes[change].color;
}

/* ---- AS paths and exits ---- */

static bool is_step_of(const char *step, uint32_t asn)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", asn);
	return asn && strcmp(step, text) == 0;
}

/* The step of an AS path that is the first one outside; n when it is not there. */
static uint32_t border_of(const struct cp_rundiff_path *path)
{
	const struct cp_rundiff_list *steps = path->as_path;
	uint32_t i = 0;

	if (!path->has_exit)
		return steps->n;
	while (i < steps->n && !is_step_of(steps->items[i], path->exit_asn) &&
	        !(path->exit_ixp && strncmp(steps->items[i], "IXP:", 4) == 0 &&
	                strcmp(steps->items[i] + 4, path->exit_ixp) == 0))
		i++;
	return i;
}

static const char *short_name(const struct cp_rundiff_report *report, uint32_t asn, char *buf, size_t size)
{
	return cp_phrase_name(cp_rundiff_as_name(report->diff, asn), buf, size);
}

/* The number of a step that is an AS; 0: it is something else. */
static uint32_t asn_of(const char *step)
{
	char *end;
	unsigned long asn = strtoul(step, &end, 10);

	return *step >= '0' && *step <= '9' && !*end && asn <= UINT32_MAX ? (uint32_t)asn : 0;
}

/* Of neighbours with one name, the last one has it. */
static const char *name_of_step(
        const struct cp_rundiff_report *report, const struct cp_rundiff_list *steps, uint32_t i, char *buf, size_t size)
{
	char next[48] = "";

	short_name(report, asn_of(steps->items[i]), buf, size);
	if (i + 1 < steps->n)
		short_name(report, asn_of(steps->items[i + 1]), next, sizeof(next));
	if (*buf && strcmp(buf, next) == 0)
		buf[0] = '\0';
	return buf;
}

const char *cp_rundiff_say_as_path(
        const struct cp_rundiff_report *report, const struct cp_rundiff_path *path, char *buf, size_t size)
{
	struct cp_line line = cp_line_of(buf, size);
	uint32_t border = border_of(path);

	for (uint32_t i = 0; i < path->as_path->n; i++) {
		const char *step = path->as_path->items[i];
		char name[48] = "";

		cp_line_add(&line, "%s%s%s", line.len ? " " : "", i == border ? "> " : "", step);
		if (path->verdict != CP_INSIDE && (i >= border || (!path->has_exit && i > 0)))
			name_of_step(report, path->as_path, i, name, sizeof(name));
		cp_line_add(&line, "%s%s", *name ? " " : "", name);
	}
	return buf;
}

const char *cp_rundiff_say_exit(
        const struct cp_rundiff_report *report, const struct cp_rundiff_path *path, char *buf, size_t size)
{
	struct cp_line line = cp_line_of(buf, size);
	char name[48];

	if (!path->has_exit) {
		cp_line_add(&line, "none");
		return buf;
	}
	if (path->exit_asn) {
		short_name(report, path->exit_asn, name, sizeof(name));
		cp_line_add(&line, "AS%u%s%s", path->exit_asn, *name ? " " : "", name);
	} else {
		cp_line_add(&line, "to whom is not seen");
	}
	if (path->exit_ixp)
		cp_line_add(&line, " over %s", *path->exit_ixp ? path->exit_ixp : "an exchange");
	if (path->site)
		cp_line_add(&line, " at %s", path->site);
	return buf;
}

const char *cp_rundiff_say_border(
        const struct cp_rundiff_report *report, const struct cp_rundiff_path *path, char *buf, size_t size)
{
	struct cp_line line;
	char addr[CP_ADDR_STRLEN];

	cp_rundiff_say_exit(report, path, buf, size);
	line = (struct cp_line){buf, size, strlen(buf)};
	if (path->has_exit && !cp_addr_is_zero(&path->last_home))
		cp_line_add(&line, " from %s", cp_addr_format(&path->last_home, addr));
	return buf;
}

const char *cp_rundiff_say_end(const struct cp_rundiff_path *path, char *buf, size_t size)
{
	const char *end = path->end >= 0 ? cp_end_name(path->end) : path->reached > 0 ? "reached" : "not reached";

	snprintf(buf, size, "%s", end);
	return buf;
}

/* ---- times ---- */

const char *cp_rundiff_say_time(uint32_t rtt_us, char *buf, size_t size)
{
	char ms[CP_NUM_MAX];

	if (rtt_us)
		snprintf(buf, size, "%s ms", cp_text_ms(rtt_us, ms));
	else
		snprintf(buf, size, "-");
	return buf;
}

static const char *signed_ms(int64_t us, char buf[CP_NUM_MAX + 1])
{
	uint64_t size = us < 0 ? -(uint64_t)us : (uint64_t)us;
	char ms[CP_NUM_MAX];

	cp_text_ms(size < UINT32_MAX ? (uint32_t)size : UINT32_MAX - 1, ms);
	if (size < 1000)
		snprintf(ms, sizeof(ms), "0.%03u", (unsigned)size);
	snprintf(buf, CP_NUM_MAX + 1, "%s%s", us < 0 ? "-" : us > 0 ? "+" : "", ms);
	return buf;
}

const char *cp_rundiff_say_shift(uint32_t before_us, uint32_t after_us, char *buf, size_t size)
{
	int64_t by = (int64_t)after_us - before_us;
	char ms[CP_NUM_MAX + 1];

	/* Of nothing there are no percent. */
	if (before_us)
		snprintf(buf, size, "%s ms (%+lld%%)", signed_ms(by, ms), (long long)(by * 100 / before_us));
	else
		snprintf(buf, size, "%s ms", signed_ms(by, ms));
	return buf;
}

const char *cp_rundiff_say_loss(uint64_t n_sent, uint64_t n_received, char *buf, size_t size)
{
	unsigned loss = n_sent ? cp_e2e_loss(n_sent, n_received) : 0;

	if (n_sent)
		snprintf(buf, size, "%u.%02u %%", loss / 100, loss % 100);
	else
		snprintf(buf, size, "-");
	return buf;
}

const char *cp_rundiff_say_jitter(uint32_t jitter_us, char *buf, size_t size)
{
	snprintf(buf, size, "%u.%03u ms", jitter_us / 1000, jitter_us % 1000);
	return buf;
}

const char *cp_rundiff_say_median(const struct cp_rundiff_shift *shift, char *buf, size_t size)
{
	char ms[CP_NUM_MAX + 1], count[CP_NUM_MAX];

	if (shift->n)
		snprintf(buf, size, "median %s ms (%+.1f%%) over %s path%s", signed_ms(shift->median_us, ms),
		        (double)shift->median_permille / 10, cp_text_count(shift->n, count), shift->n == 1 ? "" : "s");
	else
		snprintf(buf, size, "not known in both");
	return buf;
}
