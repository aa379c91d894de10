/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * prom_e2e.h: end-to-end quality by group as metrics: what they are called,
 * for whoever has the numbers, and those of a run.
 */
#ifndef CP_PROM_E2E_H
#define CP_PROM_E2E_H

#include "e2e.h"
#include "prom_text.h"

/* The families, in the order in which they are written. */
enum cp_prom_e2e_family {
	CP_E2E_PROBES = 0,
	CP_E2E_DESTINATIONS,
	CP_E2E_LOSS,
	CP_E2E_RTT,
	CP_E2E_RTT_MIN,
	CP_E2E_RTT_AVG,
	CP_E2E_RTT_MAX,
	CP_E2E_JITTER,
	CP_E2E_FAMILIES,
};
const char *cp_prom_e2e_name(enum cp_prom_e2e_family family); /* without the prefix */
void cp_prom_e2e_family(struct cp_prom_text *text, enum cp_prom_e2e_family family); /* announces it */

/* A group's. Start with zeroes. */
struct cp_prom_e2e {
	const char *group; /* NULL: none */
	struct cp_e2e_sum sum;
	uint32_t *medians_us; /* of the destinations whose round trips are known */
	size_t n_medians, cap_medians;
};

void cp_prom_e2e_free(struct cp_prom_e2e *e2e);
/* A path's destination, once, with its flow 0; also one that was not measured. 0 or -ENOMEM. */
int cp_prom_e2e_add(struct cp_prom_e2e *e2e, const struct cp_rec_path *rec);
/* The families, with a sample for each of groups, all of which have destinations. */
void cp_prom_e2e_write(struct cp_prom_text *text, const struct cp_prom_e2e *groups, size_t n);

#endif
