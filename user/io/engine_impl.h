/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * engine_impl.h: what the engine's own files share: attachments
 * (engine_attach.c), the paced sender (engine_send.c) and several of them side
 * by side (engine_lanes.c). Nobody else's.
 */
#ifndef CP_ENGINE_IMPL_H
#define CP_ENGINE_IMPL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "engine.h"

/* One capture program on one interface. Zeroed, with link_fd -1: nothing attached. */
struct cp_attachment {
	uint32_t ifindex;
	int link_fd; /* XDP or TCX link: gone with us, however we die */
	bool clsact; /* a filter that must be taken off by hand */
	bool made_qdisc; /* the clsact qdisc is ours too */
	uint32_t handle, priority;
	int claim_fd; /* shows others that the filter has an owner */
	pid_t janitor; /* takes the filter off should we be killed; 0: none */
	int janitor_fd; /* our end of its pipe */
	const char *mode; /* "xdp-native", ... */
};

/* -EBUSY: a foreign program is there; err names it. */
int cp_attach_xdp(int prog_fd, uint32_t ifindex, const char *ifname, enum cp_xdp_mode mode,
        struct cp_attachment *ret_at, struct cp_err *err);
int cp_attach_tc(int prog_fd, uint32_t ifindex, const char *ifname, enum cp_tc_attach how, struct cp_attachment *ret_at,
        struct cp_err *err);
void cp_detach(struct cp_attachment *at);
/* engine_keep.c: keep may be NULL. Takes over what is kept for interface i, which then runs the program; else false. */
bool cp_keep_take(
        const struct cp_engine_config *config, uint32_t i, bool xdp, int prog_fd, struct cp_attachment *ret_at);
/* Keeps an attachment, passing everything on, or takes it off. */
void cp_keep_give(struct cp_engine_keep *keep, struct cp_attachment *at);
/* An XDP program that only holds a place of ours. */
bool cp_keep_owns(const struct cp_engine_keep *keep, uint32_t prog_id);
/* engine_clsact.c: the fallback for kernels without TCX. 0 or -errno. */
int cp_clsact_attach(int prog_fd, uint32_t ifindex, struct cp_attachment *ret_at);
void cp_clsact_detach(struct cp_attachment *at);
/* Takes off what killed runs left on an interface whose janitors were killed, too. Returns the number of filters. */
uint32_t cp_clsact_tidy(uint32_t ifindex);
/* The sentences for an interface that somebody else has, and for one that would not send what XDP gives it. */
int cp_explain_xdp_owner(struct cp_err *err, const struct cp_engine_xdp *xdp, const char *ifname);
int cp_explain_no_xmit(struct cp_err *err, const char *ifname);

/* The emitter, attached where it sees no packet. */
struct cp_park {
	int link_fd, netns_fd;
};
#define CP_PARK_NONE                                                                                                   \
	{                                                                                                              \
		-1, -1                                                                                                 \
	}
int cp_park_open(int prog_fd, struct cp_park *ret_park, struct cp_err *err);
void cp_park_close(struct cp_park *park);

/* The pacing clock and the run call, on a thread of their own. */
struct cp_sender {
	/* set before start */
	int prog_fd;
	bool live_frames; /* XDP; else tc */
	uint8_t frame[128]; /* initial content of the frame */
	uint32_t frame_len;
	const volatile uint64_t *cursor; /* work consumed, counted by the emitter */
	int cpu; /* it stays there; -1: anywhere */
	/* shared */
	_Atomic uint64_t head; /* work pushed */
	atomic_bool stop;
	_Atomic uint64_t rate_pps; /* may change while it runs */
	_Atomic int error; /* -errno that ended the thread */
	_Atomic uint64_t first_tx_ns; /* 0: none yet */
	_Atomic uint64_t end_ns; /* of the time that the latest frames fill at the rate, or took */
	_Atomic uint64_t done; /* work whose run call has returned */
	pthread_mutex_t lock; /* guards the sleep on an empty queue only */
	pthread_cond_t more;
	/* private */
	pthread_t thread;
	bool running;
};

void cp_sender_init(struct cp_sender *sender);
int cp_sender_start(struct cp_sender *sender); /* 0 or -errno */
void cp_sender_push(struct cp_sender *sender, uint64_t head); /* there is work up to head now */
void cp_sender_stop(struct cp_sender *sender); /* joins; idempotent */

/* engine_check.c: sizes that fit, and files enough. 0 or -errno with err set. */
int cp_engine_check_config(const struct cp_engine_config *config, struct cp_err *err);
int cp_engine_check_files(struct cp_err *err);

/* Senders side by side. */
struct cp_lanes {
	struct cp_sender senders[CP_LANES_MAX];
	uint32_t n;
	struct cp_work *work; /* [n * CP_WORK_SLOTS] */
	const struct cp_dest *dests;
	uint32_t n_flows, n_ttls;
};

/* How many lanes a run should have; at least one. */
uint32_t cp_lanes_choose(const struct cp_engine_config *config, bool xdp);
void cp_lanes_init(struct cp_lanes *lanes, uint32_t n);
/* Gives each of several lanes a CPU. */
void cp_lanes_place(struct cp_lanes *lanes, struct cp_run *run);
int cp_lanes_start(struct cp_lanes *lanes); /* 0 or -errno: then none runs */
void cp_lanes_stop(struct cp_lanes *lanes);
void cp_lanes_set_rate(struct cp_lanes *lanes, uint64_t rate_pps); /* of all together */
/* As the functions of engine.h; consumed: work that was taken, of whatever kind. */
uint32_t cp_lanes_room(const struct cp_lanes *lanes);
uint32_t cp_lanes_queued(const struct cp_lanes *lanes);
int cp_lanes_push(struct cp_lanes *lanes, enum cp_work_op op, const uint32_t *ids, uint32_t n);
uint64_t cp_lanes_consumed(const struct cp_lanes *lanes);
uint64_t cp_lanes_take_busy_ns(struct cp_lanes *lanes);
int cp_lanes_error(const struct cp_lanes *lanes);

#endif
