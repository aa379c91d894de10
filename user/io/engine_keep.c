// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * engine_keep.c: owns attachments between one run's engine and the next. A
 * link's program is exchanged in one step (BPF_LINK_UPDATE): no frame passes by
 * unseen, no network card resets its rings, nobody else takes the place. Between
 * runs two instructions stand there that pass everything on, so that the
 * last run's tables are gone.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "engine_impl.h"

#define KEPT_MAX (2u * CP_IFACES_MAX) /* XDP and tc on each */
#define TCX_NEXT (-1)

struct cp_engine_keep {
	struct cp_attachment kept[KEPT_MAX]; /* the longest unused first */
	uint32_t n;
	int pass_xdp_fd, pass_tc_fd; /* the programs that pass on */
	uint32_t pass_xdp_id;
};

/* r0 = verdict; exit */
static int load_pass(enum bpf_prog_type type, enum bpf_attach_type attach_type, int verdict)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = attach_type);
	const struct bpf_insn insns[] = {
	        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = verdict},
	        {.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(type, "cp_pass", "Dual BSD/GPL", insns, 2, &opts);
}

static int load_passes(struct cp_engine_keep *keep)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);
	int rc;

	keep->pass_xdp_fd = load_pass(BPF_PROG_TYPE_XDP, BPF_XDP, XDP_PASS);
	if (keep->pass_xdp_fd < 0)
		return keep->pass_xdp_fd;
	keep->pass_tc_fd = load_pass(BPF_PROG_TYPE_SCHED_CLS, 0, TCX_NEXT);
	if (keep->pass_tc_fd < 0)
		return keep->pass_tc_fd;
	rc = bpf_obj_get_info_by_fd(keep->pass_xdp_fd, &info, &len);
	keep->pass_xdp_id = info.id;
	return rc;
}

int cp_engine_keep_new(struct cp_engine_keep **ret_keep, struct cp_err *err)
{
	struct cp_engine_keep *keep = calloc(1, sizeof(*keep));
	int rc;

	if (!keep)
		return cp_err_set(err, -ENOMEM, "out of memory");
	keep->pass_xdp_fd = keep->pass_tc_fd = -1;
	rc = load_passes(keep);
	if (rc) {
		cp_engine_keep_free(keep);
		return cp_err_set(err, rc,
		        "cannot load a BPF program (%s): run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON",
		        strerror(-rc));
	}
	*ret_keep = keep;
	return 0;
}

void cp_engine_keep_free(struct cp_engine_keep *keep)
{
	if (!keep)
		return;
	for (uint32_t i = 0; i < keep->n; i++)
		cp_detach(&keep->kept[i]);
	if (keep->pass_xdp_fd >= 0)
		close(keep->pass_xdp_fd);
	if (keep->pass_tc_fd >= 0)
		close(keep->pass_tc_fd);
	free(keep);
}

static bool is_xdp(const struct cp_attachment *at)
{
	return strncmp(at->mode, "xdp", 3) == 0;
}

/* An attachment of the kind that was asked for. */
static bool serves(const struct cp_engine_config *config, const struct cp_attachment *at)
{
	if (!is_xdp(at))
		return config->tc_attach != CP_TC_CLSACT;
	if (config->xdp_mode == CP_XDP_AUTO)
		return true;
	return (config->xdp_mode == CP_XDP_GENERIC) == (strcmp(at->mode, "xdp-generic") == 0);
}

static void forget(struct cp_engine_keep *keep, uint32_t k)
{
	keep->n--;
	memmove(&keep->kept[k], &keep->kept[k + 1], (keep->n - k) * sizeof(keep->kept[0]));
}

bool cp_keep_take(
        const struct cp_engine_config *config, uint32_t i, bool xdp, int prog_fd, struct cp_attachment *ret_at)
{
	struct cp_engine_keep *keep = config->keep;

	for (uint32_t k = 0; keep && k < keep->n; k++) {
		struct cp_attachment at = keep->kept[k];

		if (at.ifindex != config->ifindexes[i] || is_xdp(&at) != xdp)
			continue;
		forget(keep, k);
		if (serves(config, &at) && bpf_link_update(at.link_fd, prog_fd, NULL) == 0) {
			*ret_at = at;
			return true;
		}
		/* Of another kind, or its interface is gone. */
		cp_detach(&at);
		return false;
	}
	return false;
}

void cp_keep_give(struct cp_engine_keep *keep, struct cp_attachment *at)
{
	bool links = at->mode && !at->clsact && at->link_fd >= 0;
	bool xdp = links && (strcmp(at->mode, "xdp-native") == 0 || strcmp(at->mode, "xdp-generic") == 0);

	if (!keep || !links || bpf_link_update(at->link_fd, xdp ? keep->pass_xdp_fd : keep->pass_tc_fd, NULL)) {
		cp_detach(at);
		return;
	}
	if (keep->n == KEPT_MAX) {
		cp_detach(&keep->kept[0]);
		forget(keep, 0);
	}
	if (!xdp)
		at->mode = "tc-tcx"; /* also where it stood beside somebody's XDP program */
	keep->kept[keep->n++] = *at;
	*at = (struct cp_attachment){.link_fd = -1};
}

bool cp_keep_owns(const struct cp_engine_keep *keep, uint32_t prog_id)
{
	return keep && prog_id && prog_id == keep->pass_xdp_id;
}
