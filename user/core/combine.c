// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * combine.c: the flows of a destination and the destinations of a target,
 * taken together. Must not judge: a verdict is the worst of those given.
 */
#include "combine.h"

#include <string.h>

static bool same_exit(const struct cp_combined_exit *a, const struct cp_combined_exit *b)
{
	if (a->asn || b->asn)
		return a->asn == b->asn;
	return !strcmp(a->ixp ? a->ixp : "", b->ixp ? b->ixp : "");
}

static void count_exit(struct cp_combined *combined, const struct cp_combined_exit *exit)
{
	uint32_t i = 0;

	while (i < combined->n_exits && !same_exit(&combined->exits[i], exit))
		i++;
	if (i == CP_COMBINE_EXITS) {
		combined->n_other_exits += exit->n_paths;
		return;
	}
	if (i == combined->n_exits) {
		combined->exits[combined->n_exits++] = *exit;
		return;
	}
	combined->exits[i].n_paths += exit->n_paths;
}

void cp_combine_path(struct cp_combined *combined, const struct cp_judgement *judgement, const struct cp_home *home)
{
	struct cp_combined_exit exit = {.asn = cp_exit_asn(judgement, home), .n_paths = 1};
	int first = judgement->exit.first_foreign;

	combined->verdict =
	        combined->n_paths ? cp_verdict_worse(combined->verdict, judgement->verdict) : judgement->verdict;
	combined->n_paths++;
	combined->by_verdict[judgement->verdict]++;
	if (!judgement->exit.present)
		return;
	if (!exit.asn && first >= 0 && judgement->origins[first].kind == CP_ORIGIN_IXP)
		exit.ixp = judgement->origins[first].label ? judgement->origins[first].label : "";
	if (exit.asn || exit.ixp)
		count_exit(combined, &exit);
	else
		combined->n_unseen_exits++;
}

void cp_combine_dest(struct cp_combined *target, const struct cp_combined *dest)
{
	if (!dest->n_paths)
		return;
	target->verdict = target->n_paths ? cp_verdict_worse(target->verdict, dest->verdict) : dest->verdict;
	target->n_paths += dest->n_paths;
	target->n_dests++;
	target->dests_by_verdict[dest->verdict]++;
	for (int i = 0; i < CP_VERDICTS; i++)
		target->by_verdict[i] += dest->by_verdict[i];
	for (uint32_t i = 0; i < dest->n_exits; i++)
		count_exit(target, &dest->exits[i]);
	target->n_other_exits += dest->n_other_exits;
	target->n_unseen_exits += dest->n_unseen_exits;
}

bool cp_combined_differ(const struct cp_combined *combined)
{
	return combined->n_exits > 1 ||
	       (combined->n_paths && combined->by_verdict[combined->verdict] != combined->n_paths);
}

/* ---- One hop in several flows ---- */

/* True when hop i answered, between two hops that answered and whose every AS is home. */
static bool is_between_home(
        const struct cp_path *path, const struct cp_judgement *judgement, const struct cp_home *home, uint32_t i)
{
	if (i < 1 || i + 1 >= path->n_hops)
		return false;
	for (uint32_t k = i - 1; k <= i + 1; k += 2) {
		const struct cp_origin *origin = &judgement->origins[k];

		if (origin->kind != CP_ORIGIN_AS || path->hops[k].flags & CP_HOP_INFERRED ||
		        judgement->far_end >> k & 1)
			return false;
		for (int n = 0; n < origin->n_asn; n++) {
			if (!cp_home_has(home, origin->asn[n]))
				return false;
		}
	}
	return !(path->hops[i].flags & CP_HOP_INFERRED);
}

/* The one hop that an undecided path rests on and that is not home; -1: none, or it does not stand between home hops.
 */
static int lone_hop(const struct cp_path *path, const struct cp_judgement *judgement, const struct cp_home *home)
{
	int lone = -1;

	if (judgement->rule != CP_RULE_LONE_FOREIGN_HOP)
		return -1;
	for (uint32_t i = 0; i < path->n_hops; i++) {
		const struct cp_origin *origin = &judgement->origins[i];

		if (!(judgement->used >> i & 1) || origin->kind != CP_ORIGIN_AS || cp_home_has(home, origin->asn[0]))
			continue;
		if (lone >= 0)
			return -1;
		lone = (int)i;
	}
	return lone >= 0 && is_between_home(path, judgement, home, (uint32_t)lone) ? lone : -1;
}

/* True when the other flow has the same hop in other company, home's as well. */
static bool is_elsewhere(const struct cp_path *path, int lone, const struct cp_path *other,
        const struct cp_judgement *judgement, const struct cp_home *home)
{
	for (uint32_t i = 0; i < other->n_hops; i++) {
		if (!cp_addr_eq(&other->hops[i].addr, &path->hops[lone].addr))
			continue;
		return is_between_home(other, judgement, home, i) &&
		       !cp_addr_eq(&other->hops[i - 1].addr, &path->hops[lone - 1].addr) &&
		       !cp_addr_eq(&other->hops[i + 1].addr, &path->hops[lone + 1].addr);
	}
	return false;
}

static void find_third_parties(
        const struct cp_path *paths, struct cp_judgement *judgements, size_t n, const struct cp_home *home)
{
	for (size_t i = 0; i < n; i++) {
		int lone = lone_hop(&paths[i], &judgements[i], home);

		for (size_t k = 0; lone >= 0 && k < n; k++) {
			if (k != i && !paths[i].per_packet &&
			        is_elsewhere(&paths[i], lone, &paths[k], &judgements[k], home))
				judgements[i].reasons |= 1u << CP_WHY_THIRD_PARTY_ADDRESS;
		}
	}
}

void cp_combine_flows(const struct cp_path *paths, struct cp_judgement *judgements, size_t n,
        const struct cp_home *home, struct cp_combined *ret_combined)
{
	struct cp_combined combined = {0};

	if (n > 1)
		find_third_parties(paths, judgements, n, home);
	for (size_t i = 0; i < n; i++)
		cp_combine_path(&combined, &judgements[i], home);
	if (cp_combined_differ(&combined)) {
		for (size_t i = 0; i < n; i++)
			judgements[i].reasons |= 1u << CP_WHY_FLOWS_DISAGREE;
	}
	*ret_combined = combined;
}
