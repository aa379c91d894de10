// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * silent.c: the functions of struct cp_format that write nothing.
 */
#include "silent.h"

int cp_silent_start(void *state, const struct cp_rec_start *rec)
{
	(void)state;
	(void)rec;
	return 0;
}

int cp_silent_target(void *state, const struct cp_rec_target *rec)
{
	(void)state;
	(void)rec;
	return 0;
}

int cp_silent_path(void *state, const struct cp_rec_path *rec)
{
	(void)state;
	(void)rec;
	return 0;
}

int cp_silent_warning(void *state, const struct cp_rec_warning *rec)
{
	(void)state;
	(void)rec;
	return 0;
}

int cp_silent_summary(void *state, const struct cp_rec_summary *rec)
{
	(void)state;
	(void)rec;
	return 0;
}

int cp_silent_end(void *state, const struct cp_rec_end *rec)
{
	(void)state;
	(void)rec;
	return 0;
}
