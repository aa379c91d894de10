// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * html_data.c: the rows behind the page: every target and path, compact, for
 * the page's script. Routers are written once and named by number.
 *
 * One object; rows are arrays, so that no key is repeated:
 *   routers  address, kind (0 unknown, 1 home, 2 foreign, 3 exchange, 4 private), whose, name if it has one
 *   targets  name, group, outcome, destinations, why it was not probed, AS path, exit, CNAME chain; of the worst of
 *            its destinations end to end: loss in hundredths of a percent, median RTT in us, jitter in us
 *   paths    number of the target, destination, flow, verdict, confidence, reason bits, AS path, exit, destination's
 *            AS, RTT in us, first TTL, last home TTL, [number of the router, RTT in us, of each hop], service tag, end
 * to end in words flows    see html_flow.c verdicts, reasons   the words for the numbers What is not known is -1; a
 * silent hop is router -1, an inferred one has an RTT of -2.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "phrase.h"
#include "reason.h"

#define KIND_UNKNOWN 0
#define KIND_HOME 1
#define KIND_FOREIGN 2
#define KIND_IXP 3
#define KIND_PRIVATE 4

struct router {
	struct cp_addr addr;
	uint32_t number;
	uint32_t asn; /* an address may be shown as of several ASes */
	bool used;
};

struct cp_html_data {
	uint32_t *home;
	size_t n_home;
	struct cp_json routers, targets, paths; /* open arrays */
	struct router *index; /* open addressing */
	size_t index_size, n_routers;
	uint64_t n_targets, n_paths;
	char text[CP_PHRASE_MAX];
};

/* The writers never reach a sink: their buffers are taken. */
static int no_sink(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	(void)data;
	(void)len;
	return 0;
}

int cp_html_data_new(struct cp_html_data **ret_data)
{
	struct cp_html_data *data = calloc(1, sizeof(*data));
	struct cp_sink sink = {.write = no_sink};

	if (!data)
		return -ENOMEM;
	cp_json_init(&data->routers, &sink);
	cp_json_init(&data->targets, &sink);
	cp_json_init(&data->paths, &sink);
	cp_json_array(&data->routers, NULL);
	cp_json_array(&data->targets, NULL);
	cp_json_array(&data->paths, NULL);
	*ret_data = data;
	return 0;
}

void cp_html_data_free(struct cp_html_data *data)
{
	if (!data)
		return;
	cp_json_free(&data->routers);
	cp_json_free(&data->targets);
	cp_json_free(&data->paths);
	free(data->index);
	free(data->home);
	free(data);
}

int cp_html_data_home(struct cp_html_data *data, const struct cp_home *home)
{
	if (!home || !home->n || data->home)
		return 0;
	data->home = malloc(home->n * sizeof(*data->home));
	if (!data->home)
		return -ENOMEM;
	memcpy(data->home, home->asns, home->n * sizeof(*data->home));
	data->n_home = home->n;
	return 0;
}

bool cp_html_data_is_home(const struct cp_html_data *data, uint32_t asn)
{
	struct cp_home home = {.asns = data->home, .n = data->n_home};

	return data->n_home && cp_home_has(&home, asn);
}

uint64_t cp_html_data_n_paths(const struct cp_html_data *data)
{
	return data->n_paths;
}

/* ---- routers ---- */

static struct router *find_router(struct router *index, size_t size, const struct cp_addr *addr, uint32_t asn)
{
	uint64_t half[2];
	size_t at;

	memcpy(half, addr, sizeof(half));
	at = (size_t)(((half[0] ^ half[1] * 31 ^ asn) * 0x9e3779b97f4a7c15ull) >> 32) & (size - 1);
	while (index[at].used && (index[at].asn != asn || !cp_addr_eq(&index[at].addr, addr)))
		at = (at + 1) & (size - 1);
	return &index[at];
}

static int grow_index(struct cp_html_data *data)
{
	size_t size = data->index_size ? data->index_size * 2 : 1024;
	struct router *index = calloc(size, sizeof(*index));

	if (!index)
		return -ENOMEM;
	for (size_t i = 0; i < data->index_size; i++) {
		if (data->index[i].used)
			*find_router(index, size, &data->index[i].addr, data->index[i].asn) = data->index[i];
	}
	free(data->index);
	data->index = index;
	data->index_size = size;
	return 0;
}

static void write_router(struct cp_html_data *data, const struct cp_rec_path *rec, uint32_t i, uint32_t asn)
{
	const struct cp_origin *origin = &rec->judgement->origins[i];
	struct cp_json *json = &data->routers;
	char label[CP_HTML_LABEL_MAX];

	cp_json_array(json, NULL);
	cp_json_addr(json, NULL, &rec->path->hops[i].addr);
	switch (origin->kind) {
	case CP_ORIGIN_AS:
		cp_json_uint(json, NULL, cp_html_data_is_home(data, asn) ? KIND_HOME : KIND_FOREIGN);
		cp_json_string(json, NULL, cp_html_as_label(asn, cp_ends_as_name(rec->asdb, asn), label));
		break;
	case CP_ORIGIN_IXP:
		cp_json_uint(json, NULL, KIND_IXP);
		cp_json_string(json, NULL, origin->label ? origin->label : "");
		break;
	case CP_ORIGIN_SPECIAL:
		cp_json_uint(json, NULL, KIND_PRIVATE);
		cp_json_string(json, NULL, origin->label ? origin->label : "private");
		break;
	default:
		cp_json_uint(json, NULL, KIND_UNKNOWN);
		cp_json_string(json, NULL, "AS unknown");
	}
	if (rec->path->hops[i].ptr)
		cp_json_string(json, NULL, rec->path->hops[i].ptr);
	cp_json_array_end(json);
}

static int number_of(struct cp_html_data *data, const struct cp_rec_path *rec, uint32_t i, int64_t *ret_number)
{
	const struct cp_addr *addr = &rec->path->hops[i].addr;
	uint32_t asn = cp_ends_origin(rec->judgement, &rec->judgement->origins[i], rec->path->hops[i].ttl);
	struct router *router;
	int rc;

	if (cp_addr_is_zero(addr)) {
		*ret_number = -1;
		return 0;
	}
	if (data->n_routers * 2 >= data->index_size) {
		rc = grow_index(data);
		if (rc)
			return rc;
	}
	router = find_router(data->index, data->index_size, addr, asn);
	if (!router->used) {
		*router =
		        (struct router){.addr = *addr, .asn = asn, .number = (uint32_t)data->n_routers++, .used = true};
		write_router(data, rec, i, asn);
	}
	*ret_number = router->number;
	return 0;
}

/* ---- rows ---- */

static int write_hops(struct cp_html_data *data, const struct cp_rec_path *rec)
{
	int rc = 0;

	cp_json_array(&data->paths, NULL);
	for (uint32_t i = 0; i < rec->path->n_hops && rc == 0; i++) {
		const struct cp_hop *hop = &rec->path->hops[i];
		int64_t number = -1;

		rc = number_of(data, rec, i, &number);
		cp_json_int(&data->paths, NULL, number);
		if (hop->flags & CP_HOP_INFERRED)
			cp_json_int(&data->paths, NULL, -2);
		else
			cp_json_int(&data->paths, NULL, hop->rtt_us ? (int64_t)hop->rtt_us : -1);
	}
	cp_json_array_end(&data->paths);
	return rc;
}

int cp_html_data_path(struct cp_html_data *data, const struct cp_rec_path *rec, const struct cp_ends *ends)
{
	const struct cp_judgement *judgement = rec->judgement;
	struct cp_json *json = &data->paths;
	char label[CP_HTML_LABEL_MAX];
	int rc;

	data->n_paths++;
	if (data->n_paths > CP_HTML_PATHS_MAX || data->n_targets >= CP_HTML_TARGETS_MAX)
		return 0;
	cp_json_array(json, NULL);
	cp_json_uint(json, NULL, data->n_targets);
	cp_json_addr(json, NULL, &rec->dest);
	cp_json_uint(json, NULL, rec->path->flow);
	cp_json_uint(json, NULL, judgement->verdict);
	cp_json_uint(json, NULL, judgement->confidence);
	cp_json_uint(json, NULL, judgement->reasons);
	cp_json_string(json, NULL, cp_phrase_as_path(rec, data->text, sizeof(data->text)));
	cp_json_string(json, NULL, ends->leaves ? cp_html_exit_label(ends, judgement->verdict, label) : "");
	cp_json_string(json, NULL, cp_html_as_label(ends->dest_asn, ends->dest_as_name, label));
	cp_json_int(json, NULL, ends->dest_rtt_us ? (int64_t)ends->dest_rtt_us : -1);
	cp_json_uint(json, NULL, rec->path->n_hops ? rec->path->hops[0].ttl : 0);
	cp_json_int(json, NULL, judgement->exit.present ? judgement->exit.ttl_min : -1);
	rc = write_hops(data, rec);
	cp_json_string(json, NULL, rec->service_tag ? rec->service_tag->name : "");
	cp_json_string(json, NULL, rec->e2e ? cp_e2e_phrase(rec->e2e, data->text, sizeof(data->text)) : "");
	cp_json_array_end(json);
	return rc ? rc : json->rc;
}

static void known(struct cp_json *json, uint32_t value)
{
	cp_json_int(json, NULL, value == CP_QUALITY_UNKNOWN ? -1 : (int64_t)value);
}

int cp_html_data_target(struct cp_html_data *data, const struct cp_rec_target *rec, int outcome, const char *as_path,
        const char *exit, const struct cp_html_worst *worst)
{
	struct cp_json *json = &data->targets;

	if (data->n_targets++ >= CP_HTML_TARGETS_MAX)
		return 0;
	cp_json_array(json, NULL);
	cp_json_string(json, NULL, cp_phrase_target(rec->target, data->text, sizeof(data->text)));
	cp_json_string(json, NULL, rec->target->group ? rec->target->group : "");
	cp_json_uint(json, NULL, (uint64_t)outcome);
	cp_json_uint(json, NULL, rec->n_dests);
	cp_json_string(json, NULL, rec->n_dests || !rec->skip_reason ? "" : rec->skip_reason);
	cp_json_string(json, NULL, as_path ? as_path : "");
	cp_json_string(json, NULL, exit ? exit : "");
	cp_json_string(json, NULL, cp_phrase_cname(rec->answer, data->text, sizeof(data->text)));
	known(json, worst->loss);
	known(json, worst->rtt_us);
	known(json, worst->jitter_us);
	cp_json_array_end(json);
	return json->rc;
}

/* ---- all of it ---- */

static void words(struct cp_json *json)
{
	cp_json_array(json, "verdicts");
	for (int i = 0; i < CP_HTML_OUTCOMES; i++)
		cp_json_string(json, NULL, cp_html_outcome(i));
	cp_json_array_end(json);
	cp_json_array(json, "reasons");
	for (int i = 0; i < CP_WHY_MAX; i++) {
		cp_json_array(json, NULL);
		cp_json_string(json, NULL, cp_reason_name(i));
		cp_json_string(json, NULL, cp_reason_sentence(i));
		cp_json_array_end(json);
	}
	cp_json_array_end(json);
}

/* JSON has no '<' but inside strings, where \u003c means the same and cannot end or open an element. */
static void add_json(struct cp_html *html, const struct cp_json *json)
{
	const char *at = json->buf, *end = at + json->len, *next;

	if (json->rc && !html->rc)
		html->rc = json->rc;
	while (at < end) {
		next = memchr(at, '<', (size_t)(end - at));
		cp_html_raw_n(html, at, (size_t)((next ? next : end) - at));
		if (next)
			cp_html_raw(html, "\\u003c");
		at = next ? next + 1 : end;
	}
}

void cp_html_data_write(struct cp_html_data *data, struct cp_tally *tally, struct cp_html *html)
{
	struct cp_sink sink = {.write = no_sink};
	struct cp_json head;

	cp_json_init(&head, &sink);
	cp_json_object(&head, NULL);
	cp_json_uint(&head, "v", 1);
	words(&head);
	cp_json_array(&head, "flows");
	cp_html_flow_rows(tally, &head);
	cp_json_array_end(&head);
	cp_json_array_end(&data->routers);
	cp_json_array_end(&data->targets);
	cp_json_array_end(&data->paths);
	add_json(html, &head);
	cp_html_raw(html, ",\n\"routers\":");
	add_json(html, &data->routers);
	cp_html_raw(html, ",\n\"targets\":");
	add_json(html, &data->targets);
	cp_html_raw(html, ",\n\"paths\":");
	add_json(html, &data->paths);
	cp_html_raw(html, "}\n");
	cp_json_free(&head);
}
