/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * api_metrics.h: what the parts of /metrics share. Private to api_metrics*.c.
 */
#ifndef CP_API_METRICS_H
#define CP_API_METRICS_H

#include "api.h"
#include "format/prom_text.h"

#define CP_METRICS_GROUPS_MAX 200 /* of an audit, that have series of their own ... */
#define CP_METRICS_OTHER "(other)" /* ... and what the others are counted as */

/* End-to-end quality of the newest run of each audit, by group. 0, or -errno of the store. */
int cp_api_metrics_e2e(struct cp_store *store, const struct cp_store_args *args, struct cp_prom_text *text);

#endif
