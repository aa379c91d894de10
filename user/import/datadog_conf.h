/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * datadog_conf.h: the configuration of Datadog's Network Path check
 * (network_path.d/conf.yaml) as targets and settings: docs/datadog.md has what
 * becomes of each key. Opens nothing.
 */
#ifndef CP_DATADOG_CONF_H
#define CP_DATADOG_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/target.h"

#define CP_DATADOG_CONF_MAX (1u << 24) /* bytes that the file may have */

/* What is one for a whole run here, though each instance has its own there: the widest of them. */
struct cp_datadog_settings {
	uint32_t max_ttl; /* 1 to CP_TTL_MAX */
	uint32_t timeout_ms;
	uint32_t n_flows; /* of traceroute_queries; 0: the file has none */
	uint32_t n_e2e; /* of e2e_queries, at most CP_QUALITY_PROBES_MAX; 0: the file has none */
	uint32_t interval_s; /* of min_collection_interval, the shortest; 0: the file has none ... */
	size_t interval_line, interval_column; /* ... else where the first is */
	const char *tcp_method; /* "syn", "sack" or "prefer_sack"; NULL: no instance is TCP */
};

/* All of it is owned. */
struct cp_datadog_conf {
	struct cp_datadog_settings settings;
	char **warnings; /* what is not honoured, or not as it is there: "<source>:<line>:<column>: ..." once a key */
	size_t n_warnings;
};

/*
 * Reads a configuration: each instance becomes a target of the list. source names the text in messages. 0, -ENOMEM, or
 * -EINVAL with err "<source>:<line>:<column>: what" (targets before it stay added). Free with cp_datadog_conf_free().
 */
int cp_datadog_conf_read(const char *text, size_t len, const char *source, struct cp_targets *targets,
        struct cp_datadog_conf *ret_conf, struct cp_err *err);
void cp_datadog_conf_free(struct cp_datadog_conf *conf); /* frees the members, zeroes it; takes NULL */

#endif
