/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * phrase.h: what the formats for people say alike: the head of a run, AS
 * paths, exits, reasons, accounting. Knows records, but not how a format
 * arranges them.
 */
#ifndef CP_PHRASE_H
#define CP_PHRASE_H

#include "record.h"
#include "text.h"

#define CP_PHRASE_MAX 1024

enum cp_text_color cp_phrase_color(enum cp_verdict verdict);

/* The part of an AS's name that people say: "PCCW Global (HK) Limited" -> "PCCW Global". "" for NULL. Returns buf. */
const char *cp_phrase_name(const char *as_name, char *buf, size_t size);
/*
 * What fits of a router's name into so many columns: "be-1-0.ibr01.fra.ntwk.msn.net (Frankfurt)", without Microsoft's
 * domain, without the city, or without its first labels: "…ibr01.fra". "" when that is too little. Returns buf.
 */
const char *cp_phrase_router(const char *ptr, unsigned columns, char *buf, size_t size);
/* "zenn.dev", with ":port" and "/proto" where they are not 443 and tcp. Returns buf. */
const char *cp_phrase_target(const struct cp_target *target, char *buf, size_t size);

/*
 * Words to be wrapped, without a newline; cut to size. Return buf.
 * AS path: "* 8075 > 3491 PCCW Global 13335 Cloudflare"; '>' is where it leaves home, names stand behind it. A
 * destination whose AS was not seen is added in parentheses.
 */
const char *cp_phrase_as_path(const struct cp_rec_path *rec, char *buf, size_t size);
/* "between TTL 6 (198.18.0.1, Sofia) and TTL 8 (198.18.3.1, AS3491)"; "" when the path has no exit. */
const char *cp_phrase_exit(const struct cp_rec_path *rec, char *buf, size_t size);
/* The phrases of the reasons, comma-separated. */
const char *cp_phrase_reasons(uint32_t reasons, char *buf, size_t size);
/*
 * "6 of 8 inside, 2 of 8 detour; 2 of 8 leave home through AS3491 PCCW Global", the worst last; "" for a single path,
 * or when all are alike.
 */
const char *cp_phrase_flows(const struct cp_combined *combined, const struct cp_asdb *asdb, char *buf, size_t size);
/* "a > b > c"; "" without a chain. */
const char *cp_phrase_cname(const struct cp_answer *answer, char *buf, size_t size);

/* What is probed from where by which datapath at which rate, and the AS data used. */
void cp_phrase_head(struct cp_text *text, const struct cp_rec_start *rec);
void cp_phrase_warning(struct cp_text *text, const struct cp_rec_warning *rec);
/* Says that and why a run is not complete; nothing for a complete one, and for one that failed before it began. */
void cp_phrase_partial(struct cp_text *text, const struct cp_rec_end *rec, bool has_begun);
/* Probes, replies, rate and time. rate_pps: as asked for, CP_UNKNOWN. */
void cp_phrase_accounting(struct cp_text *text, const struct cp_accounting *accounting, uint64_t rate_pps);

#endif
