// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * scamper_lb.c: a load-balanced traceroute (the multipath detection algorithm)
 * is a graph whose links name the flows that showed them. Here it becomes
 * paths of single flows: those that together show every address.
 *
 * A flow is not sent to every TTL. Where it was not, and all that were saw one
 * address, that one is taken: a router as inferred, the destination without a
 * time; else the hop is silent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json_value.h"
#include "scamper.h"

#define FLOWS_MAX 4096u /* flow numbers that are looked at; scamper rarely needs a hundred */

/* One flow, as far as it is known. */
struct flow {
	uint64_t id;
	uint32_t n_seen;
	bool is_taken;
	struct cp_hop hops[CP_TTL_MAX + 1]; /* by TTL */
};

struct graph {
	struct cp_scamper *scamper;
	struct flow *flows;
	size_t n, cap;
	uint8_t silent_ttls[CP_TTL_MAX + 1]; /* somebody's probes went unanswered there */
	uint64_t attempts; /* probes to a silent hop */
	uint64_t first_hop; /* TTL of the first node */
	uint32_t first_ttl, last_ttl;
};

static int find_flow(struct graph *graph, uint64_t id, struct flow **ret_flow)
{
	for (size_t i = 0; i < graph->n; i++) {
		if (graph->flows[i].id == id) {
			*ret_flow = &graph->flows[i];
			return 0;
		}
	}
	if (graph->n == FLOWS_MAX)
		return -EFBIG;
	if (graph->n == graph->cap) {
		size_t cap = graph->cap ? graph->cap * 2 : 16;
		struct flow *flows = reallocarray(graph->flows, cap, sizeof(*flows));

		if (!flows)
			return -ENOMEM;
		graph->flows = flows;
		graph->cap = cap;
	}
	*ret_flow = &graph->flows[graph->n++];
	memset(*ret_flow, 0, sizeof(**ret_flow));
	(*ret_flow)->id = id;
	return 0;
}

static void note_ttl(struct graph *graph, uint32_t ttl)
{
	if (!graph->first_ttl || ttl < graph->first_ttl)
		graph->first_ttl = ttl;
	graph->last_ttl = ttl > graph->last_ttl ? ttl : graph->last_ttl;
}

/* The first answer of a TTL is kept, but one that tells more takes the place of one that is only known to be there. */
static void note_hop(struct graph *graph, struct flow *flow, uint64_t ttl, const struct cp_hop *hop)
{
	struct cp_hop *known = &flow->hops[ttl];

	if (known->kind == CP_REPLY_NONE || (!known->rtt_us && cp_addr_eq(&known->addr, &hop->addr))) {
		flow->n_seen += known->kind == CP_REPLY_NONE;
		*known = *hop;
		known->attempts = known->attempts ? known->attempts : 1;
	} else if (!cp_addr_eq(&known->addr, &hop->addr)) {
		known->flags |= CP_HOP_OTHER_ADDR;
	}
	note_ttl(graph, (uint32_t)ttl);
}

/* ---- From the record ---- */

/* Where a link comes from. */
struct origin {
	const struct cp_addr *node; /* NULL: silent */
	uint32_t n_hops; /* from there to the addresses at hand */
};

/* One probe of a link: it showed `addr`, and passed the link's node some hops before. */
static int take_probe(struct graph *graph, const json_t *probe, const struct cp_addr *addr, struct origin from,
        uint32_t *ret_ttl, struct cp_err *err)
{
	struct cp_hop hop = {.addr = *addr}, before = {.kind = CP_REPLY_NONE};
	uint64_t ttl = 0, id = 0;
	json_t *replies = NULL;
	struct flow *flow = NULL;
	int rc;

	if (cp_value_uint(probe, "ttl", 255, &ttl, err) <= 0 || ttl < 1 || ttl > CP_TTL_MAX)
		return cp_err_set(err, -EINVAL, "a probe without a TTL from 1 to %d", CP_TTL_MAX);
	if (cp_value_uint(probe, "flowid", UINT32_MAX, &id, err) < 0 ||
	        cp_value_array(probe, "replies", &replies, err) < 0)
		return -EINVAL;
	rc = find_flow(graph, id, &flow);
	if (rc)
		return rc == -EFBIG ? cp_err_set(err, -EINVAL, "more than %u flows", FLOWS_MAX) : rc;
	*ret_ttl = (uint32_t)ttl;
	if (from.node && ttl > from.n_hops) {
		before.addr = *from.node;
		cp_json_set_icmp(&before, CP_REPLY_TIME_EXCEEDED, 0);
		note_hop(graph, flow, ttl - from.n_hops, &before);
	}
	if (!json_array_size(replies))
		return 0;
	rc = cp_scamper_answer(graph->scamper, json_array_get(replies, 0), "ttl", &hop, err);
	if (rc == 0)
		note_hop(graph, flow, ttl, &hop);
	return rc;
}

/* An address that a set of probes found, or "*". *ttl: of the set, as far as it is known; 0: it is not. */
static int take_link(struct graph *graph, const json_t *link, struct origin from, uint32_t *ttl, struct cp_err *err)
{
	const char *text = NULL;
	json_t *probes = NULL, *probe;
	struct cp_addr addr;
	size_t i;

	if (!json_is_object(link) || cp_value_string(link, "addr", &text, err) <= 0)
		return cp_err_set(err, -EINVAL, "a link without addr");
	if (strcmp(text, "*") == 0) {
		if (*ttl >= 1 && *ttl <= CP_TTL_MAX) {
			graph->silent_ttls[*ttl] = 1;
			note_ttl(graph, *ttl);
		}
		return 0;
	}
	if (cp_value_addr(link, "addr", &addr, err) < 0 || cp_value_array(link, "probes", &probes, err) < 0)
		return -EINVAL;
	json_array_foreach(probes, i, probe)
	{
		int rc = take_probe(graph, probe, &addr, from, ttl, err);

		if (rc)
			return rc;
	}
	return 0;
}

/* The lowest TTL at which a flow shows the address; 0: none does. */
static uint32_t ttl_of(const struct graph *graph, const struct cp_addr *addr)
{
	for (uint32_t ttl = 1; ttl <= CP_TTL_MAX; ttl++) {
		for (size_t i = 0; i < graph->n; i++) {
			const struct cp_hop *hop = &graph->flows[i].hops[ttl];

			if (hop->kind != CP_REPLY_NONE && cp_addr_eq(&hop->addr, addr))
				return ttl;
		}
	}
	return 0;
}

/* The way from one node to the next: a set of addresses for each TTL in between, and the next node's. */
static int take_links(
        struct graph *graph, const json_t *sets, const struct cp_addr *node, uint32_t ttl, struct cp_err *err)
{
	json_t *set, *link;
	size_t i, j;

	json_array_foreach(sets, i, set)
	{
		uint32_t set_ttl = ttl ? ttl + 1 : 0;

		json_array_foreach(set, j, link)
		{
			struct origin from = {.node = node, .n_hops = (uint32_t)i + 1};
			int rc = take_link(graph, link, from, &set_ttl, err);

			if (rc)
				return rc;
		}
		ttl = set_ttl;
	}
	return 0;
}

/* A first node of which nothing follows that answered is a path of one hop. */
static int take_lone_node(struct graph *graph, const struct cp_addr *addr)
{
	struct cp_hop hop = {.addr = *addr};
	struct flow *flow = NULL;
	int rc = find_flow(graph, 0, &flow);

	if (rc)
		return rc;
	cp_json_set_icmp(&hop, CP_REPLY_TIME_EXCEEDED, 0);
	note_hop(graph, flow, graph->first_hop, &hop);
	return 0;
}

static int take_node(struct graph *graph, const json_t *node, bool is_first, struct cp_err *err)
{
	struct cp_addr addr = {.b = {0}};
	const char *text = NULL;
	json_t *sets = NULL;
	uint32_t ttl = 0;
	bool has_addr;
	int rc;

	if (!json_is_object(node) || cp_value_string(node, "addr", &text, err) <= 0)
		return cp_err_set(err, -EINVAL, "a node without addr");
	has_addr = strcmp(text, "*") != 0;
	if ((has_addr && cp_value_addr(node, "addr", &addr, err) < 0) || cp_value_array(node, "links", &sets, err) < 0)
		return -EINVAL;
	if (is_first)
		ttl = (uint32_t)graph->first_hop;
	else if (has_addr)
		ttl = ttl_of(graph, &addr);
	rc = take_links(graph, sets, has_addr ? &addr : NULL, ttl, err);
	return rc == 0 && is_first && has_addr && !graph->n ? take_lone_node(graph, &addr) : rc;
}

/* ---- To paths ---- */

/* The hop that all flows share at a TTL; NULL: they do not, or some were not answered. */
static const struct cp_hop *shared_hop(const struct graph *graph, uint32_t ttl)
{
	const struct cp_hop *shared = NULL;

	if (graph->silent_ttls[ttl])
		return NULL;
	for (size_t i = 0; i < graph->n; i++) {
		const struct cp_hop *hop = &graph->flows[i].hops[ttl];

		if (hop->kind == CP_REPLY_NONE)
			continue;
		if (shared && !cp_addr_eq(&shared->addr, &hop->addr))
			return NULL;
		shared = hop;
	}
	return shared;
}

/* How many addresses a flow shows that no flow taken before it does, each at its TTL. */
static uint32_t count_new(const struct graph *graph, const struct flow *flow)
{
	uint32_t n = 0;

	for (uint32_t ttl = 1; ttl <= CP_TTL_MAX; ttl++) {
		bool is_known = flow->hops[ttl].kind == CP_REPLY_NONE;

		for (size_t i = 0; i < graph->n && !is_known; i++) {
			const struct cp_hop *hop = &graph->flows[i].hops[ttl];

			is_known = graph->flows[i].is_taken && hop->kind != CP_REPLY_NONE &&
			           cp_addr_eq(&hop->addr, &flow->hops[ttl].addr);
		}
		n += !is_known;
	}
	return n;
}

/* The flow that shows most of what is new; among equals the one that is known best. NULL: nothing is new. */
static struct flow *next_flow(const struct graph *graph)
{
	struct flow *best = NULL;
	uint32_t best_new = 0;

	for (size_t i = 0; i < graph->n; i++) {
		struct flow *flow = &graph->flows[i];
		uint32_t n = flow->is_taken ? 0 : count_new(graph, flow);

		if (n > best_new || (n && n == best_new && best && flow->n_seen > best->n_seen)) {
			best = flow;
			best_new = n;
		}
	}
	return best;
}

/* What a flow is taken to have met at a TTL to which it was not sent; silence when that is not certain. */
static struct cp_hop fill_in(const struct graph *graph, uint32_t ttl)
{
	const struct cp_hop *shared = shared_hop(graph, ttl);
	struct cp_hop hop = {.kind = CP_REPLY_NONE};

	if (shared && shared->kind == CP_REPLY_TIME_EXCEEDED) {
		hop.addr = shared->addr;
		hop.flags = CP_HOP_INFERRED;
	} else if (shared) {
		hop = *shared;
		hop.rtt_us = 0;
		hop.attempts = 0;
	} else if (graph->silent_ttls[ttl]) {
		hop.attempts = (uint8_t)graph->attempts;
	}
	return hop;
}

static int hand_over(struct graph *graph, const json_t *record, const struct flow *flow, size_t line, uint32_t number,
        struct cp_err *err)
{
	struct cp_scamper *scamper = graph->scamper;
	struct cp_json_trace *trace = &scamper->trace;
	int rc = cp_scamper_head(scamper, record, line, err);

	for (uint32_t ttl = graph->first_ttl; rc == 0 && ttl <= graph->last_ttl; ttl++) {
		struct cp_hop hop = flow->hops[ttl].kind == CP_REPLY_NONE ? fill_in(graph, ttl) : flow->hops[ttl];

		rc = cp_json_trace_asked(trace, ttl, hop.attempts, err);
		if (rc == 0 && hop.flags & CP_HOP_INFERRED)
			trace->hops[ttl] = hop; /* no answer of this flow */
		else if (rc == 0 && hop.kind != CP_REPLY_NONE)
			rc = cp_json_trace_answer(trace, ttl, &hop, err);
	}
	trace->trace.path.flow = number;
	return rc ? rc
	          : cp_json_trace_finish(trace, CP_END_MAX_TTL, scamper->reader.sink, &scamper->reader.sink_rc, err);
}

static int hand_over_all(struct graph *graph, const json_t *record, size_t line, struct cp_err *err)
{
	struct flow *flow;
	int rc = 0;

	if (!graph->n)
		return cp_err_set(err, -EINVAL, "a tracelb without probes that were answered");
	for (uint32_t n = 0; rc == 0 && n < CP_FLOWS_MAX && (flow = next_flow(graph)); n++) {
		flow->is_taken = true;
		rc = hand_over(graph, record, flow, line, n, err);
	}
	return rc;
}

int cp_scamper_tracelb(struct cp_scamper *scamper, const json_t *record, size_t line, struct cp_err *err)
{
	struct graph *graph = calloc(1, sizeof(*graph));
	json_t *nodes = NULL, *node;
	size_t i;
	int rc;

	if (!graph)
		return -ENOMEM;
	graph->scamper = scamper;
	graph->attempts = graph->first_hop = 1;
	rc = cp_scamper_head(scamper, record, line, err);
	if (rc == 0 && (cp_value_uint(record, "attempts", 255, &graph->attempts, err) < 0 ||
	                       cp_value_uint(record, "firsthop", CP_TTL_MAX, &graph->first_hop, err) < 0 ||
	                       cp_value_array(record, "nodes", &nodes, err) < 0))
		rc = -EINVAL;
	graph->first_hop = graph->first_hop ? graph->first_hop : 1;
	json_array_foreach(nodes, i, node)
	{
		if (rc == 0)
			rc = take_node(graph, node, i == 0, err);
	}
	rc = rc ? rc : hand_over_all(graph, record, line, err);
	free(graph->flows);
	free(graph);
	return rc;
}
