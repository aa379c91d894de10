// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_choose.c: which datapath a run takes, and why (docs/datapath.md).
 * Looks only; attaches nothing.
 */
#include <errno.h>
#include <stdio.h>

#include "engine_impl.h"

#define AUTO_XDP_ABOVE_PPS 200000u

/* Nothing for XDP to hold on to, as far as the kernel says. */
static bool has_no_xdp(const struct cp_engine_xdp *xdp)
{
	return xdp->known && !xdp->native && !xdp->emits;
}

/* At somebody else's program, that is. */
static void look(const struct cp_engine_config *config, uint32_t i, struct cp_engine_xdp *ret_xdp)
{
	cp_engine_xdp_look(config->ifindexes[i], ret_xdp);
	if (cp_keep_owns(config->keep, ret_xdp->prog_id))
		ret_xdp->prog_id = 0;
}

/* Why one interface rules XDP out for --datapath auto. Returns false when it does not. */
static bool auto_avoids_xdp(const struct cp_engine_config *config, uint32_t i, char *why, size_t size)
{
	const char *ifname = config->ifnames[i];
	struct cp_engine_xdp xdp;
	char owner[CP_XDP_OWNER_SIZE];

	look(config, i, &xdp);
	if (config->l3[i])
		snprintf(why, size, "%s has no link-layer header", ifname);
	else if (xdp.prog_id)
		snprintf(why, size, "%s carries %s, left alone", ifname,
		        cp_engine_xdp_owner(&xdp, owner, sizeof(owner)));
	else if (has_no_xdp(&xdp))
		snprintf(why, size, "the driver of %s has no XDP", ifname);
	else
		return false;
	return true;
}

static void choose_auto(const struct cp_engine_config *config, struct cp_engine_choice *choice)
{
	if (config->rate_pps <= AUTO_XDP_ABOVE_PPS) {
		snprintf(choice->why, sizeof(choice->why), "up to %u packets/s tc disturbs no driver",
		        AUTO_XDP_ABOVE_PPS);
		return;
	}
	for (uint32_t i = 0; i < config->n_ifaces; i++) {
		if (auto_avoids_xdp(config, i, choice->why, sizeof(choice->why)))
			return;
	}
	choice->xdp = true;
	snprintf(choice->why, sizeof(choice->why), "above %u packets/s", AUTO_XDP_ABOVE_PPS);
}

/* Somebody else's program stays; ours runs beside it, unless it was to be attached in a certain mode. */
static int stand_beside(const struct cp_engine_config *config, uint32_t i, const struct cp_engine_xdp *xdp,
        struct cp_engine_choice *choice, struct cp_err *err)
{
	const char *ifname = config->ifnames[i];
	char owner[CP_XDP_OWNER_SIZE];

	if (config->xdp_mode != CP_XDP_AUTO)
		return cp_explain_xdp_owner(err, xdp, ifname);
	if (xdp->known && !xdp->emits)
		return cp_explain_no_xmit(err, ifname);
	choice->beside |= 1u << i;
	snprintf(choice->why, sizeof(choice->why),
	        "asked for with --datapath; %s carries %s, left alone: tc takes the answers", ifname,
	        cp_engine_xdp_owner(xdp, owner, sizeof(owner)));
	return 0;
}

static int choose_xdp(const struct cp_engine_config *config, struct cp_engine_choice *choice, struct cp_err *err)
{
	choice->xdp = true;
	for (uint32_t i = 0; i < config->n_ifaces; i++) {
		struct cp_engine_xdp xdp;
		int rc = 0;

		if (config->l3[i])
			return cp_err_set(err, -EOPNOTSUPP,
			        "%s has no link-layer header, which XDP needs: use --datapath tc", config->ifnames[i]);
		look(config, i, &xdp);
		if (xdp.prog_id)
			rc = stand_beside(config, i, &xdp, choice, err);
		else if (has_no_xdp(&xdp))
			rc = cp_err_set(
			        err, -EOPNOTSUPP, "the driver of %s has no XDP: use --datapath tc", config->ifnames[i]);
		if (rc)
			return rc;
	}
	return 0;
}

int cp_engine_choose(const struct cp_engine_config *config, struct cp_engine_choice *ret_choice, struct cp_err *err)
{
	struct cp_engine_choice choice = {.why = "asked for with --datapath"};
	int rc = 0;

	if (config->datapath == CP_DATAPATH_AUTO)
		choose_auto(config, &choice);
	else if (config->datapath == CP_DATAPATH_XDP)
		rc = choose_xdp(config, &choice, err);
	if (rc == 0)
		*ret_choice = choice;
	return rc;
}
