/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * words.h: owns the strings of what was read. Each is kept once, so that equal
 * ones are the same pointer, and all of them go together.
 */
#ifndef CP_WORDS_H
#define CP_WORDS_H

#include <stddef.h>

struct cp_words;

int cp_words_new(struct cp_words **ret_words);
void cp_words_free(struct cp_words *words); /* takes NULL */
/* A copy with a NUL behind it that lives as long as words; NULL: out of memory. text holds no NUL. */
const char *cp_words_add(struct cp_words *words, const char *text, size_t len);

#endif
