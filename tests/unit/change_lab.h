/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * change_lab.h: a detector, runs written as short words, and the events that
 * came of them, one line each. What the tests of change_*.c share.
 */
#ifndef CP_CHANGE_LAB_H
#define CP_CHANGE_LAB_H

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/change.h"

#define LAB_START_MS UINT64_C(1795910400000) /* 2026-11-29T00:00Z, a Sunday */
#define LAB_STEP_MS UINT64_C(300000)

struct lab {
	struct cp_change *change;
	uint64_t run, at_ms;
	char log[65536];
	size_t n_log, n_events;
	bool with_times;
};

static inline void lab_log(void *ctx, const struct cp_change_event *event)
{
	struct lab *lab = ctx;
	size_t room = sizeof(lab->log) - lab->n_log;
	int n = snprintf(lab->log + lab->n_log, room, "%llu %s %s %s: %s -> %s%s\n", (unsigned long long)event->run,
	        cp_change_kind_name(event->kind), cp_change_state_name(event->state),
	        cp_change_severity_name(event->severity), event->old_text, event->new_text,
	        event->muted ? " (muted)" : "");

	lab->n_events++;
	if (n > 0 && (size_t)n < room)
		lab->n_log += (size_t)n;
	assert_true(event->first_seen_ms <= event->last_seen_ms);
	assert_true(event->last_seen_ms <= event->at_ms);
	assert_true(event->first_seen_ms >= LAB_START_MS);
}

static inline void lab_open(struct lab *lab, const struct cp_change_config *config)
{
	struct cp_err err = {{0}};

	*lab = (struct lab){.at_ms = LAB_START_MS};
	if (cp_change_new(config, lab_log, lab, &lab->change, &err) < 0)
		fail_msg("%s", err.text);
}

static inline void lab_close(struct lab *lab)
{
	cp_change_free(lab->change);
}

/* One run of one target. */
static inline void lab_run(struct lab *lab, const struct cp_change_target *target)
{
	cp_change_begin(lab->change, ++lab->run, lab->at_ms += LAB_STEP_MS);
	assert_int_equal(cp_change_target(lab->change, target), 0);
	cp_change_end(lab->change);
}

static inline struct cp_change_target lab_target(void)
{
	return (struct cp_change_target){.name = "login.example",
	        .group = "core",
	        .port = 443,
	        .proto = IPPROTO_TCP,
	        .confidence = CP_CONF_HIGH};
}

#define LAB_MANY 8

/* "3491,2914" as exits; "-" none. */
static inline size_t lab_exits(const char *word, struct cp_change_exit exits[LAB_MANY])
{
	size_t n = 0;
	char *end;

	if (strcmp(word, "-") == 0)
		return 0;
	for (; *word && n < LAB_MANY; n++) {
		exits[n] = (struct cp_change_exit){.asn = (uint32_t)strtoul(word, &end, 10), .n_paths = 1};
		word = *end ? end + 1 : end;
	}
	return n;
}

/* "8075>3491>13335" as a path, in place; a "!" at its end: not reached. */
static inline void lab_path(char *word, const char *steps[LAB_MANY], struct cp_change_path *ret_path)
{
	size_t len = strlen(word), n = 0;
	char *save = NULL;

	ret_path->reached = len == 0 || word[len - 1] != '!';
	if (!ret_path->reached)
		word[len - 1] = '\0';
	for (char *step = strtok_r(word, ">", &save); step && n < LAB_MANY; step = strtok_r(NULL, ">", &save))
		steps[n++] = step;
	ret_path->steps = steps;
	ret_path->n_steps = n;
}

#endif
