// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * quality.c: whose probe is next, with which number, and what became of it. A
 * destination is in one of three places: in a heap until its next probe is
 * due, handed out, or in a list of those that are out, in the order in which
 * they leave. Must not know what the numbers come to (quality_stats.c).
 *
 * A number is used again only when nothing can answer its former probe any
 * more: at once after an answer; after a loss when a TCP server has given up
 * repeating its SYN-ACK, nearly always (after 1, 3 and 7 s; RFC 6298). And
 * after a loss the next probe waits until the first repetition could have
 * come: in SYN-RECEIVED, until our reset for that one, a server does not
 * answer a new SYN with a SYN-ACK, and one loss would look like several.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cp_perm.h"
#include "quality_impl.h"

#define NSEC_PER_MSEC 1000000ull
#define NONE UINT32_MAX
#define REST_MS 8000u /* of the number of a probe that was lost */
#define REPEAT_MS 1200u /* until a server has repeated its first SYN-ACK; the round trip comes on top */
#define UNSENT_MAX 3u /* times that a probe may fail to be transmitted */
#define SLACK_MS 20u /* an answer in time is captured at once, but "left" is not known to the microsecond */

static uint64_t ns_of(uint32_t ms)
{
	return ms * NSEC_PER_MSEC;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t slot_of(const struct cp_quality *quality, uint32_t dest)
{
	const struct cp_shape *shape = &quality->config.shape;

	return dest * shape->n_flows * shape->n_ttls + shape->n_ttls - 1;
}

/* ---- The heap ---- */

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t c = *a;

	*a = *b;
	*b = c;
}

static uint64_t due_of(const struct cp_quality *quality, uint32_t at)
{
	return quality->dests[quality->heap[at]].at_ns;
}

static void wait_until(struct cp_quality *quality, uint32_t dest, uint64_t due_ns)
{
	uint32_t at = quality->n_idle++, *heap = quality->heap;

	quality->dests[dest].state = QUALITY_IDLE;
	quality->dests[dest].at_ns = due_ns;
	heap[at] = dest;
	for (; at && due_of(quality, at) < due_of(quality, (at - 1) / 2); at = (at - 1) / 2)
		swap(&heap[at], &heap[(at - 1) / 2]);
}

static uint32_t take_first(struct cp_quality *quality)
{
	uint32_t *heap = quality->heap, first = heap[0], at = 0, child;

	heap[0] = heap[--quality->n_idle];
	while ((child = 2 * at + 1) < quality->n_idle) {
		if (child + 1 < quality->n_idle && due_of(quality, child + 1) < due_of(quality, child))
			child++;
		if (due_of(quality, at) <= due_of(quality, child))
			break;
		swap(&heap[at], &heap[child]);
		at = child;
	}
	return first;
}

/* ---- The list of those out ---- */

static void append(struct cp_quality *quality, uint32_t index)
{
	struct quality_dest *dest = &quality->dests[index];

	dest->state = QUALITY_OUT;
	dest->at_ns = 0;
	dest->prev = quality->last;
	dest->next = NONE;
	*(quality->last == NONE ? &quality->first : &quality->dests[quality->last].next) = index;
	quality->last = index;
	if (quality->first_waiting == NONE)
		quality->first_waiting = index;
	quality->n_waiting++;
}

static void unlink_dest(struct cp_quality *quality, uint32_t index)
{
	struct quality_dest *dest = &quality->dests[index];

	*(dest->prev == NONE ? &quality->first : &quality->dests[dest->prev].next) = dest->next;
	*(dest->next == NONE ? &quality->last : &quality->dests[dest->next].prev) = dest->prev;
	if (quality->first_waiting == index)
		quality->first_waiting = dest->next;
	quality->n_waiting -= dest->at_ns == 0;
}

/* ---- Numbers ---- */

static uint32_t ms_since(const struct cp_quality *quality, uint64_t now_ns)
{
	uint64_t start_ns = quality->config.start_ns;

	return now_ns > start_ns ? (uint32_t)((now_ns - start_ns) / NSEC_PER_MSEC) : 0;
}

/* The next number that may be used; none: when the first may be, in *ret_due_ns. */
static bool choose_number(const struct quality_dest *dest, uint32_t now_ms, uint32_t *ret_number, uint32_t *ret_due_ms)
{
	uint32_t due_ms = UINT32_MAX;

	for (uint32_t i = 1; i <= CP_ATTEMPTS_MAX; i++) {
		uint32_t number = (dest->number + i) % CP_ATTEMPTS_MAX;

		if (dest->rest_ms[number] <= now_ms) {
			*ret_number = number;
			return true;
		}
		due_ms = dest->rest_ms[number] < due_ms ? dest->rest_ms[number] : due_ms;
	}
	*ret_due_ms = due_ms;
	return false;
}

/* The probes of paths have used the first numbers of a slot. */
static void note_used(struct cp_quality *quality, uint32_t index, const struct cp_paths *paths)
{
	struct quality_dest *dest = &quality->dests[index];
	uint32_t slot = slot_of(quality, index), n = paths ? cp_paths_attempts(paths, slot) : 0;

	n = n < CP_ATTEMPTS_MAX ? n : CP_ATTEMPTS_MAX;
	dest->number = (uint8_t)((n + CP_ATTEMPTS_MAX - 1) % CP_ATTEMPTS_MAX);
	for (uint32_t i = 0; i < n && cp_paths_silent(paths, slot); i++)
		dest->rest_ms[i] = REST_MS;
}

/* ---- Beginning and end ---- */

uint64_t cp_quality_memory(uint32_t n_dests, uint32_t n_probes)
{
	return n_dests * (sizeof(struct quality_dest) + sizeof(uint32_t) * (n_probes + 1ull));
}

/* Destinations begin one after the other, in a keyed order, spread over an interval. */
static void begin(struct cp_quality *quality, const struct cp_paths *paths)
{
	const struct cp_quality_config *config = &quality->config;
	uint32_t n = config->shape.n_dests, key[4] = {(uint32_t)config->seed, (uint32_t)(config->seed >> 32), 5, 7};
	struct cp_perm perm;

	cp_perm_init(&perm, key, n);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t dest = cp_perm_at(&perm, i);

		note_used(quality, dest, paths);
		wait_until(quality, dest, config->start_ns + ns_of(config->interval_ms) * i / n);
	}
}

int cp_quality_new(const struct cp_quality_config *config, struct cp_quality **ret_quality)
{
	struct cp_quality *quality = calloc(1, sizeof(*quality));
	size_t n = config->shape.n_dests;

	if (!quality)
		return -ENOMEM;
	quality->config = *config;
	quality->config.paths = NULL;
	quality->first = quality->last = quality->first_waiting = NONE;
	quality->dests = calloc(n, sizeof(*quality->dests));
	quality->heap = calloc(n, sizeof(*quality->heap));
	quality->rtts_us = calloc(n * config->n_probes, sizeof(*quality->rtts_us));
	quality->scratch = calloc(config->n_probes, sizeof(*quality->scratch));
	if (!quality->dests || !quality->heap || !quality->rtts_us || !quality->scratch) {
		cp_quality_free(quality);
		return -ENOMEM;
	}
	begin(quality, config->paths);
	*ret_quality = quality;
	return 0;
}

void cp_quality_free(struct cp_quality *quality)
{
	if (!quality)
		return;
	free(quality->dests);
	free(quality->heap);
	free(quality->rtts_us);
	free(quality->scratch);
	free(quality);
}

bool cp_quality_done(const struct cp_quality *quality)
{
	return quality->n_settled == (uint64_t)quality->config.shape.n_dests * quality->config.n_probes;
}

void cp_quality_progress(const struct cp_quality *quality, uint64_t *ret_settled, uint64_t *ret_total)
{
	*ret_settled = quality->n_settled;
	*ret_total = (uint64_t)quality->config.shape.n_dests * quality->config.n_probes;
}

void cp_quality_abandon(struct cp_quality *quality)
{
	while (quality->first != NONE) {
		uint32_t index = quality->first;

		unlink_dest(quality, index);
		quality->dests[index].state = QUALITY_TAKEN;
	}
}

/* ---- Probes ---- */

uint32_t cp_quality_next(struct cp_quality *quality, uint64_t now_ns, uint32_t *ret_ids, uint32_t cap)
{
	uint32_t n = 0, now_ms = ms_since(quality, now_ns);

	while (n < cap && quality->n_idle && due_of(quality, 0) <= now_ns) {
		uint32_t index = take_first(quality), number = 0, due_ms = 0;
		struct quality_dest *dest = &quality->dests[index];

		if (!choose_number(dest, now_ms, &number, &due_ms)) {
			wait_until(quality, index, quality->config.start_ns + ns_of(due_ms));
			continue;
		}
		dest->state = QUALITY_TAKEN;
		dest->number = (uint8_t)number;
		dest->used |= (uint8_t)(1u << number);
		dest->silent &= (uint8_t) ~(1u << number);
		ret_ids[n++] = cp_id_make(slot_of(quality, index), number);
	}
	return n;
}

static uint32_t dest_of(const struct cp_quality *quality, uint32_t slot)
{
	return slot / quality->config.shape.n_ttls / quality->config.shape.n_flows;
}

void cp_quality_queued(struct cp_quality *quality, const uint32_t *ids, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		append(quality, dest_of(quality, cp_id_slot(ids[i])));
}

void cp_quality_left(struct cp_quality *quality, uint64_t now_ns, uint32_t n_waiting)
{
	while (quality->n_waiting > n_waiting) {
		struct quality_dest *dest = &quality->dests[quality->first_waiting];

		dest->at_ns = now_ns;
		quality->first_waiting = dest->next;
		quality->n_waiting--;
	}
}

/* ---- What became of them ---- */

static void settle(struct cp_quality *quality, uint32_t index, uint64_t next_ns)
{
	struct quality_dest *dest = &quality->dests[index];

	unlink_dest(quality, index);
	quality->n_settled++;
	dest->n_unsent = 0;
	if (++dest->n_settled == quality->config.n_probes)
		dest->state = QUALITY_TAKEN;
	else
		wait_until(quality, index, next_ns);
}

/* The probe that is out never left this host, or its answer was not heard: the next one stands for it. */
static void retry(struct cp_quality *quality, uint32_t index, uint64_t next_ns)
{
	struct quality_dest *dest = &quality->dests[index];

	if (++dest->n_unsent > UNSENT_MAX) {
		settle(quality, index, next_ns);
		return;
	}
	unlink_dest(quality, index);
	wait_until(quality, index, next_ns);
}

static bool was_transmitted(const struct cp_quality *quality, uint32_t index)
{
	uint32_t id = cp_id_make(slot_of(quality, index), quality->dests[index].number);

	return !quality->config.transmitted || quality->config.transmitted(quality->config.transmitted_ctx, id);
}

/* How long after a probe that was lost the next one leaves. */
static uint32_t hold_ms(const struct cp_quality *quality, uint32_t index)
{
	const struct cp_quality_config *config = &quality->config;
	const struct quality_dest *dest = &quality->dests[index];
	const uint32_t *rtts_us = quality->rtts_us + (size_t)index * config->n_probes;
	uint32_t rtt_ms = dest->n_rtts ? rtts_us[dest->n_rtts - 1] / 1000 : 0;

	return most(most(config->timeout_ms, REPEAT_MS + rtt_ms), config->interval_ms) + SLACK_MS;
}

void cp_quality_expire(struct cp_quality *quality, uint64_t before_ns)
{
	uint32_t timeout_ms = quality->config.timeout_ms;

	while (quality->first != NONE) {
		struct quality_dest *dest = &quality->dests[quality->first];
		uint64_t at_ns = dest->at_ns;

		if (!at_ns || before_ns <= at_ns + ns_of(timeout_ms + SLACK_MS))
			return;
		if (!was_transmitted(quality, quality->first)) {
			retry(quality, quality->first, before_ns + ns_of(quality->config.interval_ms));
			continue;
		}
		dest->n_sent++;
		dest->silent |= (uint8_t)(1u << dest->number);
		dest->rest_ms[dest->number] = ms_since(quality, at_ns) + most(REST_MS, timeout_ms);
		settle(quality, quality->first, at_ns + ns_of(hold_ms(quality, quality->first)));
	}
}

void cp_quality_stood_still(struct cp_quality *quality, uint64_t now_ns)
{
	while (quality->first != NONE && quality->dests[quality->first].at_ns) {
		struct quality_dest *dest = &quality->dests[quality->first];

		dest->rest_ms[dest->number] = ms_since(quality, now_ns) + most(REST_MS, quality->config.timeout_ms);
		retry(quality, quality->first, now_ns + ns_of(quality->config.interval_ms));
	}
}

/* Round trip of an answer, 0: unknown. One too short to measure is not unknown. */
static uint32_t rtt_of(const struct cp_event *event)
{
	uint64_t rtt_us;

	if (!event->tx_ns)
		return 0;
	rtt_us = event->rx_ns > event->tx_ns ? (event->rx_ns - event->tx_ns) / 1000 : 0;
	return rtt_us == 0 ? 1 : rtt_us > UINT32_MAX ? UINT32_MAX : (uint32_t)rtt_us;
}

/* The destination's own? The same answers end a path as reached (path.c). */
static bool is_arrival(const struct cp_quality *quality, uint32_t index, const struct cp_event *event)
{
	if (event->kind == CP_REPLY_UNREACHABLE)
		return cp_addr_eq(&event->from, &quality->config.dests[index]);
	return event->kind != CP_REPLY_TIME_EXCEEDED;
}

/* The answer to the probe that is out. */
static enum cp_quality_result answered(struct cp_quality *quality, uint32_t index, const struct cp_event *event)
{
	struct quality_dest *dest = &quality->dests[index];
	uint64_t left_ns = event->tx_ns ? event->tx_ns : dest->at_ns ? dest->at_ns : event->rx_ns;
	uint32_t rtt_us = rtt_of(event);
	bool late = rtt_us / 1000 >= quality->config.timeout_ms;

	dest->n_sent++;
	if (late)
		dest->n_late++;
	else if (!is_arrival(quality, index, event))
		dest->n_refused++;
	else {
		dest->n_received++;
		if (rtt_us)
			quality->rtts_us[(size_t)index * quality->config.n_probes + dest->n_rtts++] = rtt_us;
	}
	settle(quality, index, left_ns + ns_of(quality->config.interval_ms));
	return late ? CP_QUALITY_LATE : CP_QUALITY_ANSWERED;
}

enum cp_quality_result cp_quality_reply(struct cp_quality *quality, const struct cp_event *event)
{
	uint32_t index = dest_of(quality, event->slot);
	uint8_t bit = (uint8_t)(1u << event->attempt);
	struct quality_dest *dest;

	if (index >= quality->config.shape.n_dests || event->slot != slot_of(quality, index))
		return CP_QUALITY_FOREIGN;
	dest = &quality->dests[index];
	/* While the newest is queued, the datapath knows the number of the one before as the latest. */
	if (dest->state == QUALITY_OUT && event->attempt == dest->number && !(event->flags & CP_EV_LATE))
		return answered(quality, index, event);
	if (dest->silent & bit) {
		dest->silent &= (uint8_t)~bit;
		dest->n_late++;
		return CP_QUALITY_LATE;
	}
	return dest->used & bit ? CP_QUALITY_DUP : CP_QUALITY_FOREIGN;
}
