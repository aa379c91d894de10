/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * silent.h: what a format does with the records it has nothing to say about.
 */
#ifndef CP_SILENT_H
#define CP_SILENT_H

#include "record.h"

/* Take a record and write nothing. Return 0. */
int cp_silent_start(void *state, const struct cp_rec_start *rec);
int cp_silent_target(void *state, const struct cp_rec_target *rec);
int cp_silent_path(void *state, const struct cp_rec_path *rec);
int cp_silent_warning(void *state, const struct cp_rec_warning *rec);
int cp_silent_summary(void *state, const struct cp_rec_summary *rec);
int cp_silent_end(void *state, const struct cp_rec_end *rec);

#endif
