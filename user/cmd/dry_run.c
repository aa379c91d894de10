// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * dry_run.c: what an audit would probe, and by which way. Transmits nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "audit_impl.h"
#include "cmd.h"
#include "format/text.h"

#define NAME_COLUMNS_MAX 40u

static int write_stdout(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	errno = 0;
	return fwrite(data, 1, len, stdout) == len ? 0 : errno ? -errno : -EIO;
}

/* Where what is said of a target begins: behind the longest name, if that leaves room. */
static unsigned name_columns(const struct cp_audit *audit)
{
	size_t longest = 0;

	for (size_t t = 0; t < audit->targets.n; t++) {
		size_t len = strlen(audit->targets.items[t].host);

		longest = len > longest && len <= NAME_COLUMNS_MAX ? len : longest;
	}
	return (unsigned)longest + 2;
}

static void begin_line(struct cp_text *text, const char *name, unsigned columns)
{
	text->indent = 4;
	cp_text_words(text, name);
	cp_text_tab(text, columns);
}

static void show_dest(const struct cp_audit *audit, const struct cp_target *target, const struct cp_probe_dest *dest,
        struct cp_text *text)
{
	char addr[CP_ADDR_STRLEN], via[CP_ADDR_STRLEN];

	cp_text_words(text, cp_addr_format(&dest->addr, addr));
	if (target->port)
		cp_text_printf(text, "%s/%u", cp_proto_name(target->proto), target->port);
	else
		cp_text_words(text, cp_proto_name(target->proto));
	if (dest->skip)
		cp_text_printf(text, "not probed: %s", cp_skip_name(dest->skip));
	else
		cp_text_printf(text, "via %s dev %s", cp_addr_format(&audit->hops[dest->nexthop].addr, via),
		        audit->links[audit->hops[dest->nexthop].link].name);
}

static int show_target(const struct cp_audit *audit, size_t t, unsigned columns, struct cp_text *text)
{
	const struct cp_target *target = &audit->targets.items[t];
	const struct cp_answer *answer = cp_audit_answer(audit, target);

	if (answer->n_addrs == 0) {
		begin_line(text, target->host, columns);
		cp_text_words(text, cp_dns_status_name(answer->status));
		cp_text_newline(text);
	}
	for (uint32_t d = audit->target_first[t]; d < audit->target_first[t + 1]; d++) {
		begin_line(text, target->host, columns);
		show_dest(audit, target, &audit->dests[audit->target_dests[d]], text);
		cp_text_newline(text);
	}
	return cp_text_flush(text);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static int show_sum(const struct cp_audit *audit, struct cp_text *text)
{
	const struct cp_opts *opts = audit->opts;
	uint64_t n_probes = (uint64_t)audit->n_probed * opts->n_flows * (opts->max_ttl - opts->first_ttl + 1);
	uint64_t n_e2e = (uint64_t)audit->n_probed * opts->n_e2e;
	char targets[CP_NUM_MAX], dests[CP_NUM_MAX], probes[CP_NUM_MAX], rate[CP_NUM_MAX];

	text->indent = 2;
	cp_text_newline(text);
	cp_text_printf(text, "%s target%s, %s destination%s:", cp_text_count(audit->targets.n, targets),
	        plural(audit->targets.n), cp_text_count(audit->n_probed, dests), plural(audit->n_probed));
	cp_text_printf(text,
	        "at most %s probes an attempt, up to %u attempt%s, at %s packets/s:", cp_text_count(n_probes, probes),
	        opts->attempts, plural(opts->attempts), cp_text_count(opts->rate_pps, rate));
	cp_text_printf(text, "about %.1f s an attempt", (double)n_probes / opts->rate_pps);
	if (n_e2e)
		cp_text_printf(text, "and %s probes end to end", cp_text_count(n_e2e, probes));
	cp_text_put(text, ".");
	cp_text_printf(text, "Seed %" PRIu64 ".", audit->seed);
	cp_text_words(text, "Nothing was sent (--dry-run).");
	cp_text_newline(text);
	return cp_text_flush(text);
}

int cp_audit_show_plan(const struct cp_audit *audit, struct cp_err *err)
{
	const struct cp_sink sink = {.write = write_stdout};
	unsigned columns = name_columns(audit);
	struct cp_text text;
	int rc = 0;

	cp_text_init(&text, &sink, cp_terminal_width(), false);
	for (size_t t = 0; t < audit->targets.n && rc == 0; t++)
		rc = show_target(audit, t, columns, &text);
	rc = rc ? rc : show_sum(audit, &text);
	if (rc == 0 && fflush(stdout))
		rc = errno ? -errno : -EIO;
	return rc ? cp_err_set(err, rc == -EINVAL ? -EIO : rc, "cannot write the plan: %s", strerror(-rc)) : 0;
}
