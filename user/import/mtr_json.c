// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mtr_json.c: the report of `mtr --json`, of version 0.95 and older ones, which
 * write numbers as strings.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "json_formats.h"
#include "json_records.h"
#include "json_trace.h"
#include "json_value.h"

struct mtr {
	struct cp_json_reader reader;
	struct cp_json_trace trace;
	char names[CP_TTL_MAX + 1][256]; /* by TTL */
};

/* What is written of a hub: "203.0.113.1", "name (203.0.113.1)", "name" or "???". */
struct hub {
	uint64_t ttl, n_sent;
	bool is_silent;
	struct cp_hop hop; /* its name is one of mtr->names */
};

/* A whole number, perhaps in quotes. As cp_value_uint(). */
static int read_count(const json_t *hub, const char *key, uint64_t max, uint64_t *ret_value, struct cp_err *err)
{
	const char *text = json_string_value(json_object_get(hub, key));
	unsigned long long value = 0;
	char *end;

	if (!text)
		return cp_value_uint(hub, key, max, ret_value, err);
	text += strspn(text, " ");
	if (*text >= '0' && *text <= '9')
		value = strtoull(text, &end, 10);
	else
		return cp_err_set(err, -EINVAL, "%s: a whole number is wanted", key);
	if (*end || value > max)
		return cp_err_set(
		        err, -EINVAL, "%s: a whole number up to %llu is wanted", key, (unsigned long long)max);
	*ret_value = value;
	return 1;
}

/* Splits "name (address)". -EINVAL when there is no address. */
static int read_host(struct mtr *mtr, const char *host, struct hub *hub, struct cp_err *err)
{
	char *name = mtr->names[hub->ttl], addr[CP_ADDR_STRLEN];
	const char *open = strrchr(host, '('), *close = open ? strchr(open, ')') : NULL;
	size_t n_addr = close ? (size_t)(close - open - 1) : 0, n_name;

	name[0] = '\0';
	if (cp_addr_parse(host, &hub->hop.addr) == 0)
		return 0;
	if (!n_addr || n_addr >= sizeof(addr) || close[1])
		return cp_err_set(err, -EINVAL,
		        "hop %llu has a name but no address: mtr tells both with --show-ips, addresses with --no-dns",
		        (unsigned long long)hub->ttl);
	memcpy(addr, open + 1, n_addr);
	addr[n_addr] = '\0';
	if (cp_addr_parse(addr, &hub->hop.addr))
		return cp_err_set(err, -EINVAL, "host: no address between the parentheses");
	n_name = (size_t)(open - host);
	while (n_name && host[n_name - 1] == ' ')
		n_name--;
	n_name = n_name < sizeof(mtr->names[0]) ? n_name : sizeof(mtr->names[0]) - 1;
	memcpy(name, host, n_name);
	name[n_name] = '\0';
	hub->hop.ptr = name[0] && strcmp(name, addr) != 0 ? name : NULL;
	return 0;
}

static int read_hub(struct mtr *mtr, const json_t *json, struct hub *hub, struct cp_err *err)
{
	static const char *const times[] = {"Avg", "Best", "Last"};
	const char *host = NULL;
	double loss = 0;
	int rc;

	memset(hub, 0, sizeof(*hub));
	if (!json_is_object(json))
		return cp_err_set(err, -EINVAL, "hubs: an object is wanted");
	rc = read_count(json, "count", CP_TTL_MAX, &hub->ttl, err);
	if (rc < 0)
		return rc;
	if (rc == 0 || hub->ttl < 1)
		return cp_err_set(err, -EINVAL, "a hub without its count");
	if (cp_value_string(json, "host", &host, err) <= 0)
		return cp_err_set(err, -EINVAL, "hop %llu has no host", (unsigned long long)hub->ttl);
	hub->n_sent = 1;
	if (read_count(json, "Snt", UINT32_MAX, &hub->n_sent, err) < 0 || cp_value_real(json, "Loss%", &loss, err) < 0)
		return -EINVAL;
	if (loss < 0 || loss > 100)
		return cp_err_set(err, -EINVAL, "Loss%%: a percentage is wanted");
	hub->is_silent = strcmp(host, "???") == 0;
	if (hub->is_silent)
		return 0;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]) && !hub->hop.rtt_us; i++) {
		if (cp_value_ms(json, times[i], &hub->hop.rtt_us, err) < 0)
			return -EINVAL;
	}
	return read_host(mtr, host, hub, err);
}

/*
 * The destination's address, where it is given by its name: that of the last row, if the row bears that name. The place
 * alone proves nothing: a report ends with a router that refused just as it does with the destination.
 */
static int find_dest(struct mtr *mtr, const json_t *hubs, const char *dst, struct cp_err *err)
{
	size_t n = json_array_size(hubs);
	struct hub last;
	int rc;

	if (cp_addr_parse(dst, &mtr->trace.trace.dest) == 0)
		return 0;
	if (n == 0)
		return cp_err_set(err, -EINVAL, "a report without hubs");
	rc = read_hub(mtr, json_array_get(hubs, n - 1), &last, err);
	if (rc)
		return rc;
	if (last.is_silent || !last.hop.ptr || strcasecmp(last.hop.ptr, dst) != 0)
		return cp_err_set(err, -EINVAL,
		        "the address of '%s' is not told: run mtr with it, or with --show-ips for a row of that name",
		        dst);
	mtr->trace.trace.dest = last.hop.addr;
	return 0;
}

static int take_hub(struct mtr *mtr, const json_t *json, struct cp_err *err)
{
	struct hub hub;
	int rc = read_hub(mtr, json, &hub, err);

	rc = rc ? rc : cp_json_trace_asked(&mtr->trace, hub.ttl, hub.n_sent, err);
	if (rc || hub.is_silent)
		return rc;
	if (cp_addr_eq(&hub.hop.addr, &mtr->trace.trace.dest))
		hub.hop.kind = CP_REPLY_UNTOLD;
	else
		cp_json_set_icmp(&hub.hop, CP_REPLY_TIME_EXCEEDED, 0);
	return cp_json_trace_answer(&mtr->trace, hub.ttl, &hub.hop, err);
}

static int take_report(void *ctx, const json_t *record, size_t line, struct cp_err *err)
{
	json_t *report = NULL, *head = NULL, *hubs = NULL, *hub;
	const char *dst = NULL;
	struct mtr *mtr = ctx;
	size_t i;
	int rc;

	cp_json_trace_start(&mtr->trace, line);
	if (cp_value_object(record, "report", &report, err) < 0 || cp_value_object(report, "mtr", &head, err) < 0 ||
	        cp_value_string(head, "dst", &dst, err) < 0 || cp_value_array(report, "hubs", &hubs, err) < 0 ||
	        cp_value_array(head, "hubs", &hubs, err) < 0)
		return -EINVAL;
	if (!dst || !hubs)
		return cp_err_set(err, -EINVAL, "not a report of mtr: report.mtr.dst and report.hubs are wanted");
	/* src is the host's name. */
	rc = cp_json_trace_host(&mtr->trace, dst, err);
	rc = rc ? rc : find_dest(mtr, hubs, dst, err);
	json_array_foreach(hubs, i, hub)
	{
		if (rc == 0)
			rc = take_hub(mtr, hub, err);
	}
	return rc ? rc : cp_json_trace_finish(&mtr->trace, CP_END_MAX_TTL, mtr->reader.sink, &mtr->reader.sink_rc, err);
}

static int read_mtr(
        const char *text, size_t len, const char *source, const struct cp_import_sink *sink, struct cp_err *err)
{
	return cp_json_read(text, len, source, sink, take_report, sizeof(struct mtr), err);
}

static void look(void *ctx, const struct cp_json_member *member)
{
	enum cp_import_match *match = ctx;

	if (member->parent && strcmp(member->parent, "report") == 0 &&
	        (strcmp(member->key, "mtr") == 0 || strcmp(member->key, "hubs") == 0))
		*match = CP_IMPORT_SURE;
}

static enum cp_import_match match_mtr(const char *text, size_t len)
{
	enum cp_import_match match = CP_IMPORT_NO;

	cp_json_look(text, len, look, &match);
	return match;
}

const struct cp_import_format cp_import_mtr_json = {
        .name = "mtr-json",
        .what = "reports of mtr --json",
        .match = match_mtr,
        .read = read_mtr,
};
