/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * rundiff.h: how a comparison of two runs is told, to people and to programs.
 * A format gets the whole of it at once. Knows neither files nor how runs are
 * read.
 */
#ifndef CP_FORMAT_RUNDIFF_H
#define CP_FORMAT_RUNDIFF_H

#include "core/rundiff.h"
#include "record.h"

enum { CP_RUNDIFF_TCP = 1u << 0, CP_RUNDIFF_UDP = 1u << 1, CP_RUNDIFF_ICMP = 1u << 2 };

/* What a run says of itself. Unknown: NULL, CP_UNKNOWN; 0 for the vantage. */
struct cp_rundiff_run {
	const char *name; /* of its file */
	const char *version, *host, *datapath, *tcp_method, *resolver, *home_spec;
	uint64_t wall_ms;
	uint32_t vantage_asn;
	const uint32_t *home_asns; /* rising */
	size_t n_home_asns;
	const struct cp_rec_database *databases;
	size_t n_databases;
	uint64_t first_ttl, max_ttl, attempts, timeout_ms, n_flows, n_e2e;
	unsigned protocols; /* CP_RUNDIFF_* of its targets */
	const char *end_reason; /* NULL: it was cut off */
	uint64_t n_bad; /* records that could not be read */
};

struct cp_rundiff_report {
	struct cp_rundiff_run runs[CP_SIDES];
	const struct cp_rundiff *diff; /* names of ASes */
	const struct cp_rundiff_result *result;
	struct cp_rundiff_limits limits;
	const struct cp_rec_warning *warnings;
	size_t n_warnings;
	bool side_by_side; /* every target, not only what is different */
	size_t top; /* so many of each list, for people; 0: all */
	int exit_status;
};

/*
 * What of two runs makes it unfair to compare them, one call a difference: "vantage", "host", "home", "databases",
 * "datapath", "tcp-method", "protocol", "flows", "ttl", "attempts", "timeout", "e2e", "resolver", "version", "order".
 * What a run does not say is no difference. text lives for the call.
 */
typedef void cp_rundiff_warn_fn(void *ctx, const char *code, const char *text);
void cp_rundiff_find_unfair(const struct cp_rundiff_run runs[CP_SIDES], cp_rundiff_warn_fn *warn, void *ctx);
/* Whether the two ran from different ASes, both of them known. */
bool cp_rundiff_other_vantage(const struct cp_rundiff_run runs[CP_SIDES]);

struct cp_rundiff_format {
	const char *name;
	/* Writes all of it. 0, -ENOMEM, -errno of the sink. options may be NULL. */
	int (*write)(const struct cp_sink *sink, const struct cp_format_options *options,
	        const struct cp_rundiff_report *report);
};

extern const struct cp_rundiff_format cp_rundiff_table; /* for people */
extern const struct cp_rundiff_format cp_rundiff_ndjson; /* docs/records.md */
/* By name; NULL when there is none of that name. */
const struct cp_rundiff_format *cp_rundiff_format_find(const char *name);

#endif
