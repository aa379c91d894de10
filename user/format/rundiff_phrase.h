/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rundiff_phrase.h: the words of a comparison for people: AS paths, exits,
 * times, as the other formats say them. Private to rundiff_*.c. Hostile data is
 * escaped when it is put into a text, not here.
 */
#ifndef CP_RUNDIFF_PHRASE_H
#define CP_RUNDIFF_PHRASE_H

#include "rundiff.h"
#include "text.h"

/* "paths    " at the start of a line; what follows is wrapped under itself. */
void cp_rundiff_label(struct cp_text *text, const char *what);
const char *cp_rundiff_plural(uint64_t n); /* "s", but not behind 1 */

/* All return buf, cut to size. */
const char *cp_rundiff_say_target(const struct cp_rundiff_name *name, char *buf, size_t size);
/* "* 8075 > 13335 Cloudflare". */
const char *cp_rundiff_say_as_path(
        const struct cp_rundiff_report *report, const struct cp_rundiff_path *path, char *buf, size_t size);
/* "AS3491 PCCW Global over Lab-IX at ams21"; "none" for a path without an exit. */
const char *cp_rundiff_say_exit(
        const struct cp_rundiff_report *report, const struct cp_rundiff_path *path, char *buf, size_t size);
/* The same with the last home hop: "... from 198.18.0.1". */
const char *cp_rundiff_say_border(
        const struct cp_rundiff_report *report, const struct cp_rundiff_path *path, char *buf, size_t size);
/* "reached", "gap", "unreachable" ... */
const char *cp_rundiff_say_end(const struct cp_rundiff_path *path, char *buf, size_t size);
/* "12.3 ms"; "-": unknown. */
const char *cp_rundiff_say_time(uint32_t rtt_us, char *buf, size_t size);
/* "12.50 %" of probes end to end; "-": there were none. */
const char *cp_rundiff_say_loss(uint64_t n_sent, uint64_t n_received, char *buf, size_t size);
/* "0.029 ms", of a jitter that is known. */
const char *cp_rundiff_say_jitter(uint32_t jitter_us, char *buf, size_t size);
/* "+1.20 ms (+20%)" from before to after, both known. */
const char *cp_rundiff_say_shift(uint32_t before_us, uint32_t after_us, char *buf, size_t size);
/* The same of a median. */
const char *cp_rundiff_say_median(const struct cp_rundiff_shift *shift, char *buf, size_t size);

/* "inside" ...; what stands for no verdict: "not measured". */
const char *cp_rundiff_say_verdict(int8_t verdict);
enum cp_text_color cp_rundiff_verdict_color(int8_t verdict);

/* What a change is called, and its colour. */
const char *cp_rundiff_say_change(enum cp_rundiff_change change);
enum cp_text_color cp_rundiff_change_color(enum cp_rundiff_change change);

/* rundiff_totals.c: how complete both runs are, and how fast. */
void cp_rundiff_print_totals(struct cp_text *text, const struct cp_rundiff_report *report);

/* The targets in two columns, one run each. */
void cp_rundiff_print_sides(struct cp_text *text, const struct cp_rundiff_report *report);

#endif
