/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * e2e.h: end-to-end quality as the formats show it: one destination's for
 * machines and for people, and many destinations' summed up.
 */
#ifndef CP_E2E_H
#define CP_E2E_H

#include "json.h"
#include "record.h"
#include "text.h"

/* An object, or null when it was not measured; key NULL: it stands alone. */
void cp_e2e_json(struct cp_json *json, const char *key, const struct cp_quality_stats *e2e);
/* Lost of what was sent, of which there is something, in hundredths of a percent. */
unsigned cp_e2e_loss(uint64_t n_sent, uint64_t n_received);
#define CP_E2E_PHRASE_MAX 256
/* "9 of 10 probes answered, 10.00 % lost, RTT ..."; returns buf. */
const char *cp_e2e_phrase(const struct cp_quality_stats *e2e, char *buf, size_t size);
/* "end to end" and that sentence, as words on the line at hand. */
void cp_e2e_words(struct cp_text *text, const struct cp_quality_stats *e2e);

/* Of several destinations. Start with zeroes. */
struct cp_e2e_sum {
	uint64_t n_dests; /* of which probes were settled */
	uint64_t n_lossy; /* of those, with loss */
	uint64_t n_sent, n_received;
	uint64_t n_rtts, rtt_sum_us; /* of all samples */
	uint32_t rtt_min_us, rtt_max_us; /* meaningless without samples */
	uint64_t n_jitters, jitter_sum_us; /* of destinations, mean absolute difference */
};
/* A path's destination, once, with its flow 0; also one that was not measured. */
void cp_e2e_add(struct cp_e2e_sum *sum, const struct cp_rec_path *rec);
/* The line of an accounting; nothing without destinations. */
void cp_e2e_sum_words(struct cp_text *text, const struct cp_e2e_sum *sum);

#endif
