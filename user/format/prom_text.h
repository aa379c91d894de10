/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * prom_text.h: text in Prometheus' exposition format 0.0.4, in memory: families
 * and samples whose names begin with "coldpotato_". Knows no metric.
 */
#ifndef CP_PROM_TEXT_H
#define CP_PROM_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Start with zeroes. */
struct cp_prom_text {
	char *buf; /* [len], not terminated */
	size_t len, cap;
	int rc; /* -ENOMEM: nothing is added after it */
};

void cp_prom_text_free(struct cp_prom_text *text);

/* Formatted, 511 bytes at most: for names and numbers of the program, not for data. */
void cp_prom_say(struct cp_prom_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* All of more, also that it is incomplete. */
void cp_prom_add(struct cp_prom_text *text, const struct cp_prom_text *more);
/* name without the prefix, here and below; type: "gauge", "counter", "summary". */
void cp_prom_family(struct cp_prom_text *text, const char *name, const char *type, const char *help);
/* A family of one sample without labels. */
void cp_prom_single(struct cp_prom_text *text, const char *name, const char *type, const char *help, uint64_t value);
/* before: '{' opens the labels, ',' goes on. value NULL: "". Control characters are shown as escapes. */
void cp_prom_label(struct cp_prom_text *text, char before, const char *name, const char *value);
/* Closes the labels of a sample. */
void cp_prom_end_labels(struct cp_prom_text *text, uint64_t value);
/* A line of before, a blank, and value / unit, exactly; unit is ten to the power of decimals. */
void cp_prom_scaled(struct cp_prom_text *text, const char *before, uint64_t value, uint64_t unit, int decimals);
/* Closes the labels with n / of in six decimals; of is not 0. */
void cp_prom_ratio(struct cp_prom_text *text, uint64_t n, uint64_t of);

#endif
