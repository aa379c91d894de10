/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * bpf_util.h: the loaded datapath in a network namespace of its own, with a
 * TAP and a TUN device whose far ends are file descriptors of the test: what
 * the programs transmit is read there and goes nowhere else.
 */
#ifndef CP_TEST_BPF_UTIL_H
#define CP_TEST_BPF_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "../unit/wire_lab.h"
#include "cp_wire.h"

#include "coldpotato.skel.h"

enum {
	LAB_DESTS = 2 * LAB_KINDS, /* one kind after the other */
	LAB_FLOWS = 3,
	LAB_TTLS = 8,
	LAB_FIRST_TTL = 3,
	LAB_SLOTS_OF_DEST = LAB_FLOWS * LAB_TTLS,
	LAB_SLOTS = LAB_DESTS * LAB_FLOWS * LAB_TTLS,
	LAB_PATHS = LAB_DESTS * LAB_FLOWS,
	LAB_BUDGETS = 8,
	LAB_LANES = 3,
	LAB_PORT_BASE = 40000,
	LAB_UDP_PORT_BASE = 50000,
	LAB_EVENTS_MAX = 4096,
	LAB_UNIT_NS = 1024, /* to which a time of emission is exact */
};
#define LAB_SRC (LAB_PREFIX_ADDR + 1)
#define LAB_ROUTER (LAB_PREFIX_ADDR + 0x102)

struct lab {
	struct coldpotato *skel;
	int tap_fd, tun_fd;
	uint32_t tap_ifindex, tun_ifindex;
	struct cp_work *work;
	uint64_t reset_ns;
	uint32_t *sent;
	struct cp_dest *dests;
	struct cp_conn *conns;
	struct ring_buffer *ring;
	struct cp_event events[LAB_EVENTS_MAX];
	uint32_t n_events;
};

/* For tests that need what only root has: the group's setup has said why it is not there. */
#define LAB_OR_SKIP(state)                                                                                             \
	struct lab *lab = *(state);                                                                                    \
	if (!lab)                                                                                                      \
		skip();                                                                                                \
	lab_reset(lab)

static inline uint64_t lab_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

/* ---- Devices ---- */

static inline int lab_device(const char *name, int flags, uint32_t *ret_ifindex)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK), sock = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = {.ifr_flags = (short)(flags | IFF_NO_PI)};

	memcpy(request.ifr_name, name, strlen(name) + 1);
	if (fd < 0 || sock < 0 || ioctl(fd, TUNSETIFF, &request))
		goto fail;
	if (ioctl(sock, SIOCGIFINDEX, &request))
		goto fail;
	*ret_ifindex = (uint32_t)request.ifr_ifindex;
	request.ifr_flags = IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &request))
		goto fail;
	close(sock);
	return fd;
fail:
	close(sock);
	close(fd);
	return -1;
}

/* The next frame out of a device that is of ours: the kernel's own IPv6 chatter is not looked at. */
static inline uint32_t lab_read(int fd, uint32_t l2_len, uint8_t *buf, uint32_t size)
{
	for (;;) {
		ssize_t n = read(fd, buf, size);

		if (n <= 0)
			return 0;
		if ((uint32_t)n > l2_len && buf[l2_len] >> 4 == 4)
			return (uint32_t)n;
		if ((uint32_t)n > l2_len + 40 && lab_get32(buf + l2_len + 8) == 0x20010db8)
			return (uint32_t)n;
	}
}

/* ---- The loaded object ---- */

static inline int lab_take_event(void *ctx, void *data, size_t len)
{
	struct lab *lab = ctx;

	assert_int_equal(len, sizeof(struct cp_event));
	assert_true(lab->n_events < LAB_EVENTS_MAX);
	memcpy(&lab->events[lab->n_events++], data, len);
	return 0;
}

static inline void *lab_map(const struct bpf_map *map)
{
	size_t len = (size_t)bpf_map__value_size(map) * bpf_map__max_entries(map);
	void *base = mmap(NULL, (len + 4095) & ~(size_t)4095, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return base == MAP_FAILED ? NULL : base;
}

static inline int lab_load(struct lab *lab, uint32_t ring_bytes)
{
	lab->skel = coldpotato__open();
	if (!lab->skel)
		return -errno;
	bpf_map__set_max_entries(lab->skel->maps.cp_dests, LAB_DESTS);
	bpf_map__set_max_entries(lab->skel->maps.cp_sent, (LAB_SLOTS + 1) / 2);
	bpf_map__set_max_entries(lab->skel->maps.cp_conns, LAB_PATHS);
	bpf_map__set_max_entries(lab->skel->maps.cp_index, LAB_DESTS);
	bpf_map__set_max_entries(lab->skel->maps.cp_budgets, LAB_BUDGETS);
	bpf_map__set_max_entries(lab->skel->maps.cp_ring, ring_bytes);
	bpf_map__set_max_entries(lab->skel->maps.cp_work, LAB_LANES * CP_WORK_SLOTS);
	if (coldpotato__load(lab->skel))
		return -errno;
	lab->work = lab_map(lab->skel->maps.cp_work);
	lab->sent = lab_map(lab->skel->maps.cp_sent);
	lab->dests = lab_map(lab->skel->maps.cp_dests);
	lab->conns = lab_map(lab->skel->maps.cp_conns);
	lab->ring = ring_buffer__new(bpf_map__fd(lab->skel->maps.cp_ring), lab_take_event, lab, NULL);
	return lab->work && lab->sent && lab->dests && lab->conns && lab->ring ? 0 : -ENOMEM;
}

/* IPv4 destinations use next hop 0, IPv6 ones 1. */
static inline struct cp_nexthop lab_nexthop(const struct lab *lab, bool v6)
{
	struct cp_nexthop nexthop = {.src = lab_addr(v6, LAB_SRC), .ifindex = lab->tap_ifindex};

	memcpy(nexthop.dmac, lab_far_mac, 6);
	memcpy(nexthop.smac, lab_near_mac, 6);
	return nexthop;
}

static inline void lab_set_nexthop(struct lab *lab, uint32_t index, const struct cp_nexthop *nexthop)
{
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(lab->skel->maps.cp_nexthops), &index, nexthop, 0), 0);
}

static inline enum lab_kind lab_kind_of(uint32_t slot)
{
	return slot / LAB_SLOTS_OF_DEST % LAB_KINDS;
}

/* A piece of work, as the engine writes it. */
static inline struct cp_work lab_work(enum cp_work_op op, uint32_t id)
{
	uint32_t rest = cp_id_slot(id) % LAB_SLOTS_OF_DEST;

	return (struct cp_work){
	        .id = id,
	        .dest = cp_id_slot(id) / LAB_SLOTS_OF_DEST,
	        .flow = (uint8_t)(rest / LAB_TTLS),
	        .ttl_index = (uint8_t)(rest % LAB_TTLS),
	        .op = (uint8_t)op,
	};
}

/* The only lane's place in the work ring. */
static inline __u64 *lab_cursor(struct lab *lab)
{
	return &lab->skel->bss->lanes[0].cursor;
}

/* Queues a piece of work that is the next to be taken. */
static inline void lab_queue(struct lab *lab, enum cp_work_op op, uint32_t id)
{
	lab->work[*lab_cursor(lab) & (CP_WORK_SLOTS - 1)] = lab_work(op, id);
}

static inline struct cp_dest lab_dest(uint32_t index)
{
	enum lab_kind kind = lab_kind_of(index * LAB_SLOTS_OF_DEST);
	bool v6 = lab_is_v6(kind);

	return (struct cp_dest){
	        .addr = lab_addr(v6, 0xcb007100u + index),
	        .port = cp_swap16(lab_proto(kind) == 1 ? 0 : 443 + index),
	        .proto = lab_proto(kind),
	        .flags = v6 ? CP_DEST_V6 : 0,
	        .nexthop = v6,
	};
}

static inline void lab_set_budget(struct lab *lab, uint32_t index, uint64_t due_ns)
{
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(lab->skel->maps.cp_budgets), &index, &due_ns, 0), 0);
}

static inline void lab_unblock_all(struct lab *lab)
{
	int fd = bpf_map__fd(lab->skel->maps.cp_blocks);
	struct cp_block_key key;

	while (bpf_map_get_next_key(fd, NULL, &key) == 0)
		assert_int_equal(bpf_map_delete_elem(fd, &key), 0);
}

/* Back to a run that has not begun: tables filled, nothing sent, nothing counted. */
static inline void lab_reset(struct lab *lab)
{
	uint64_t zeros[1024] = {0};

	lab->skel->bss->run = (struct cp_run){
	        .token_key = {0x6b8b4567, 0x327b23c6, 0x643c9869, 0x66334873},
	        .n_slots = LAB_SLOTS,
	        .n_dests = LAB_DESTS,
	        .n_flows = LAB_FLOWS,
	        .n_ttls = LAB_TTLS,
	        .first_ttl = LAB_FIRST_TTL,
	        .port_base = LAB_PORT_BASE,
	        .udp_port_base = LAB_UDP_PORT_BASE,
	};
	memset(lab->skel->bss->lanes, 0, sizeof(lab->skel->bss->lanes));
	for (uint32_t d = 0; d < LAB_DESTS; d++)
		lab->dests[d] = lab_dest(d);
	for (uint32_t v6 = 0; v6 < 2; v6++) {
		struct cp_nexthop nexthop = lab_nexthop(lab, v6);

		lab_set_nexthop(lab, v6, &nexthop);
	}
	lab->reset_ns = lab_now_ns();
	memset(lab->sent, 0, LAB_SLOTS * sizeof(*lab->sent));
	memset(lab->conns, 0, LAB_PATHS * sizeof(*lab->conns));
	for (uint32_t index = 0; index < LAB_BUDGETS; index++)
		lab_set_budget(lab, index, 0);
	lab_unblock_all(lab);
	for (uint32_t stat_id = 0; stat_id < CP_STAT_MAX; stat_id++)
		bpf_map_update_elem(bpf_map__fd(lab->skel->maps.cp_stats), &stat_id, zeros, 0);
	ring_buffer__consume(lab->ring);
	lab->n_events = 0;
}

/* Makes a run that has not begun one with connections: those of all TCP destinations. */
static inline void lab_use_sack(struct lab *lab)
{
	lab->skel->bss->run.sack = 1;
	for (uint32_t d = 0; d < LAB_DESTS; d++) {
		struct cp_dest_key key = {
		        .addr = lab->dests[d].addr, .port = lab->dests[d].port, .proto = CP_IPPROTO_TCP};

		if (lab->dests[d].proto != CP_IPPROTO_TCP)
			continue;
		lab->dests[d].flags |= CP_DEST_SACK;
		assert_int_equal(bpf_map_update_elem(bpf_map__fd(lab->skel->maps.cp_index), &key, &d, 0), 0);
	}
}

static inline void lab_close(struct lab *lab)
{
	if (!lab)
		return;
	ring_buffer__free(lab->ring);
	coldpotato__destroy(lab->skel);
	close(lab->tap_fd);
	close(lab->tun_fd);
	free(lab);
}

/* *state stays NULL, and the tests are skipped, where there is no right to do any of this. */
static inline int lab_open(void **state, uint32_t ring_bytes)
{
	struct lab *lab;
	int rc;

	*state = NULL;
	if (geteuid() != 0) {
		printf("SKIP - BPF programs need root\n");
		return 0;
	}
	lab = calloc(1, sizeof(*lab));
	if (!lab || unshare(CLONE_NEWNET)) {
		free(lab);
		return -1;
	}
	lab->tap_fd = lab_device("cptap", IFF_TAP, &lab->tap_ifindex);
	lab->tun_fd = lab_device("cptun", IFF_TUN, &lab->tun_ifindex);
	rc = lab->tap_fd < 0 || lab->tun_fd < 0 ? -ENODEV : lab_load(lab, ring_bytes);
	if (rc) {
		printf("cannot set the lab up: %s\n", strerror(-rc));
		lab_close(lab);
		return rc;
	}
	*state = lab;
	return 0;
}

static inline int lab_teardown(void **state)
{
	lab_close(*state);
	return 0;
}

/* ---- Numbers ---- */

static inline uint64_t lab_stat(const struct lab *lab, uint32_t stat_id)
{
	uint64_t values[1024] = {0}, sum = 0;

	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(lab->skel->maps.cp_stats), &stat_id, values), 0);
	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		sum += values[cpu];
	return sum;
}

/* All counters have exactly these values. */
static inline void lab_expect_stats(const struct lab *lab, const uint64_t want[CP_STAT_MAX])
{
	for (uint32_t s = 0; s < CP_STAT_MAX; s++) {
		uint64_t got = lab_stat(lab, s);

		if (got != want[s])
			fail_msg("counter %u is %llu, not %llu", s, (unsigned long long)got,
			        (unsigned long long)want[s]);
	}
}

/* Exactly this counter has this value, and all others are zero. CP_STAT_MAX: all are. */
static inline void lab_expect_only(const struct lab *lab, uint32_t stat_id, uint64_t value)
{
	uint64_t want[CP_STAT_MAX + 1] = {0};

	want[stat_id] = value;
	want[CP_STAT_MAX] = 0;
	lab_expect_stats(lab, want);
}

/* The probe of an id as the wire should show it. */
static inline struct lab_probe lab_probe_of(const struct lab *lab, uint32_t id)
{
	uint32_t slot = cp_id_slot(id), dest = slot / LAB_SLOTS_OF_DEST, flow = slot / LAB_TTLS % LAB_FLOWS;
	uint8_t proto = lab_proto(lab_kind_of(slot));

	return (struct lab_probe){
	        .kind = lab_kind_of(slot),
	        .src = LAB_SRC,
	        .dst = 0xcb007100u + dest,
	        .sport = (uint16_t)((proto == 17 ? LAB_UDP_PORT_BASE : LAB_PORT_BASE) + flow),
	        .dport = (uint16_t)(proto == 1 ? 0 : 443 + dest),
	        .flow = flow,
	        .token = cp_token(lab->skel->bss->run.token_key, id),
	        .ttl = (uint8_t)(LAB_FIRST_TTL + slot % LAB_TTLS),
	};
}

/* ---- Packets ---- */

enum lab_packet {
	TIME_EXCEEDED,
	UNREACHABLE,
	FRAG_NEEDED,
	SYN_ACK,
	SYN_ACK_BARE,
	RST_ACK,
	RST_OPTIONS,
	ECHO_REPLY,
	PACKETS
};

/* Can this packet answer such a probe? */
static inline bool lab_answers(enum lab_packet packet, enum lab_kind kind)
{
	return packet <= FRAG_NEEDED || lab_proto(kind) == (packet == ECHO_REPLY ? 1 : 6);
}

static inline struct lab_icmp lab_error(enum lab_packet packet, const struct lab_probe *probe)
{
	bool v6 = lab_is_v6(probe->kind);

	if (packet == TIME_EXCEEDED)
		return (struct lab_icmp){.from = LAB_ROUTER, .type = v6 ? 3 : 11, .quoted_ttl = 1};
	if (packet == FRAG_NEEDED)
		return (struct lab_icmp){
		        .from = LAB_ROUTER, .type = v6 ? 2 : 3, .code = v6 ? 0 : 4, .quoted_ttl = 9, .mtu = 1280};
	return (struct lab_icmp){.from = probe->dst,
	        .type = v6 ? 1 : 3,
	        .code = v6 ? 4 : 13,
	        .quoted_ttl = 40,
	        .n_quoted = lab_packet_len(probe->kind) + (v6 ? 0 : 8),
	        .n_outer_options = 4,
	        .n_quoted_options = v6 ? 0 : 8};
}

/* The answer to the probe of an id. IPv4 options where the packet has some. */
static inline void lab_make(const struct lab *lab, enum lab_packet packet, uint32_t id, struct lab_frame *ret_frame)
{
	struct lab_probe probe = lab_probe_of(lab, id);
	struct lab_icmp icmp = lab_error(packet, &probe);

	switch (packet) {
	case SYN_ACK:
	case SYN_ACK_BARE:
		lab_tcp_frame(ret_frame, &probe, LAB_SYN | LAB_ACK, 0, packet == SYN_ACK ? 20 : 0);
		return;
	case RST_ACK:
	case RST_OPTIONS:
		lab_tcp_frame(ret_frame, &probe, LAB_RST | LAB_ACK, packet == RST_OPTIONS ? 40 : 0, 0);
		return;
	case ECHO_REPLY:
		lab_echo_frame(ret_frame, &probe, 0);
		return;
	default:
		lab_icmp_frame(ret_frame, &icmp, &probe);
	}
}

/* The one event in the ring, which must be there. */
static inline struct cp_event lab_take_one(struct lab *lab)
{
	lab->n_events = 0;
	assert_int_equal(ring_buffer__consume(lab->ring), 1);
	return lab->events[0];
}

/* When a slot's probe is said to have left: shortly before the run, each at its own time. */
static inline uint64_t lab_left_ns(const struct lab *lab, uint32_t slot)
{
	return lab->reset_ns - (uint64_t)LAB_UNIT_NS * (1 + slot);
}

static inline uint32_t lab_stamp(const struct lab *lab, uint32_t slot, uint32_t attempt)
{
	return cp_sent_make(lab_left_ns(lab, slot), attempt);
}

/* Every slot's latest attempt is slot % 4, but for every eighth slot, which was never probed. */
static inline void lab_stamp_slots(struct lab *lab)
{
	for (uint32_t slot = 0; slot < LAB_SLOTS; slot++)
		lab->sent[slot] = slot % 8 == 7 ? 0 : lab_stamp(lab, slot, slot % 4);
}

static inline uint32_t lab_latest(uint32_t slot)
{
	return cp_id_make(slot, slot % 4);
}

/* ---- Emitted ---- */

enum emitter { TC, XDP };

struct emitted {
	uint8_t frame[256];
	uint32_t len; /* 0: nothing was sent */
};

/* Runs an emitter once, over len bytes of what a recycled page may hold. */
static inline struct emitted emit_over(struct lab *lab, enum emitter emitter, uint32_t len)
{
	static uint64_t random = 23;
	uint8_t dirty[256];
	struct emitted out = {.len = 0};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = dirty, .data_size_in = len, .repeat = 1);

	for (uint32_t b = 0; b < len; b++)
		dirty[b] = (uint8_t)lab_random(&random);
	dirty[12] = 0x08; /* the kernel looks at the EtherType of a test skb */
	dirty[13] = 0;
	if (emitter == XDP) {
		opts.data_out = out.frame;
		opts.data_size_out = sizeof(out.frame);
		assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.cp_xdp), &opts), 0);
		if (opts.retval == XDP_REDIRECT)
			out.len = opts.data_size_out;
		else
			assert_int_equal(opts.retval, XDP_DROP);
	} else {
		assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.cp_tc_emit), &opts), 0);
		assert_int_equal(opts.retval, TC_ACT_OK);
		out.len = lab_read(lab->tap_fd, LAB_ETH_LEN, out.frame, sizeof(out.frame));
	}
	return out;
}

static inline struct emitted emit(struct lab *lab, enum emitter emitter)
{
	return emit_over(lab, emitter, CP_FRAME_MAX);
}

/* What the host's build of cp_wire.h makes of a probe to a destination. Returns its length. */
static inline uint32_t host_build(
        const struct lab *lab, uint32_t dest, const struct lab_probe *plain, uint8_t ret_frame[CP_FRAME_MAX])
{
	static const uint8_t segments[] = {
	        [LAB_OPENS] = CP_SEGMENT_SYN, [LAB_PROBES] = CP_SEGMENT_DATA, [LAB_ENDS] = CP_SEGMENT_CLOSE};
	struct cp_nexthop nexthop = lab_nexthop(lab, lab_is_v6(plain->kind));
	struct cp_probe probe = {
	        .dest = &lab->dests[dest],
	        .nexthop = &nexthop,
	        .token = plain->token,
	        .ack = plain->ack,
	        .flow = plain->flow,
	        .sport = plain->sport,
	        .ttl = plain->ttl,
	        .segment = segments[plain->role],
	};

	return cp_wire_build(ret_frame, ret_frame + CP_FRAME_MAX, &probe);
}

/* ... of an id. */
static inline uint32_t host_frame(const struct lab *lab, uint32_t id, uint8_t ret_frame[CP_FRAME_MAX])
{
	struct lab_probe plain = lab_probe_of(lab, id);
	uint32_t len = host_build(lab, cp_id_slot(id) / LAB_SLOTS_OF_DEST, &plain, ret_frame);

	assert_int_equal(len, LAB_ETH_LEN + lab_packet_len(plain.kind));
	return len;
}

/* ---- Captured ---- */

enum hook { HOOK_XDP, HOOK_TC, HOOKS };
enum fate { PASS, CONSUME, ANSWER };

struct outcome {
	enum fate fate;
	uint8_t frame[sizeof(((struct lab_frame *)0)->b)];
	uint32_t len;
};

static inline enum fate lab_fate(enum hook hook, uint32_t retval)
{
	static const uint32_t of_hook[HOOKS][3] = {
	        [HOOK_XDP] = {XDP_PASS, XDP_DROP, XDP_TX},
	        [HOOK_TC] = {(uint32_t)TC_ACT_UNSPEC, TC_ACT_SHOT, TC_ACT_REDIRECT},
	};

	for (enum fate fate = PASS; fate <= ANSWER; fate++) {
		if (of_hook[hook][fate] == retval)
			return fate;
	}
	fail_msg("hook %d returned %u", hook, retval);
	return PASS;
}

/* Hands a frame to a capture program, as if it had come in from the TAP. */
static inline struct outcome capture(struct lab *lab, enum hook hook, const struct lab_frame *f)
{
	struct xdp_md xdp = {.data_end = f->len, .ingress_ifindex = lab->tap_ifindex};
	struct __sk_buff skb = {.ifindex = lab->tap_ifindex};
	struct outcome out;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = f->b, .data_size_in = f->len, .data_out = out.frame,
	        .data_size_out = sizeof(out.frame), .repeat = 1);

	opts.ctx_in = hook == HOOK_XDP ? (void *)&xdp : (void *)&skb;
	opts.ctx_size_in = hook == HOOK_XDP ? sizeof(xdp) : sizeof(skb);
	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(hook == HOOK_XDP ? lab->skel->progs.cp_xdp
	                                                                         : lab->skel->progs.cp_tc_capture),
	                         &opts),
	        0);
	out.fate = lab_fate(hook, opts.retval);
	out.len = opts.data_size_out;
	if (out.fate == PASS) {
		assert_int_equal(out.len, f->len);
		assert_memory_equal(out.frame, f->b, f->len);
	}
	return out;
}

/* f was turned into its answer as the host's build of cp_wire.h does it, and cut. */
static inline void expect_answer(const struct outcome *out, enum hook hook, const struct lab_frame *f, uint8_t flags)
{
	struct lab_frame host = *f;
	bool v6 = f->b[12] == 0x86;
	uint8_t *end = host.b + host.len;

	assert_int_equal(out->fate, ANSWER);
	assert_int_equal(v6 ? cp_wire_make_answer6(host.b, end, LAB_ETH_LEN, flags)
	                    : cp_wire_make_answer4(host.b, end, LAB_ETH_LEN, flags),
	        1);
	/* XDP keeps the padding of the smallest frame, an skb is padded by its driver. */
	if (v6)
		assert_int_equal(out->len, LAB_ETH_LEN + CP_ANSWER6_PACKET_LEN);
	else if (hook == HOOK_TC)
		assert_int_equal(out->len, LAB_ETH_LEN + CP_ANSWER4_PACKET_LEN);
	else
		assert_int_equal(out->len, f->len < CP_ANSWER4_FRAME_LEN ? f->len : CP_ANSWER4_FRAME_LEN);
	assert_memory_equal(out->frame, host.b, out->len);
}

static inline void expect_no_event(struct lab *lab)
{
	assert_int_equal(ring_buffer__consume(lab->ring), 0);
}

#endif
