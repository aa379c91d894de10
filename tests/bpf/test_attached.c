// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_attached.c: the capture programs where they work, on the receive path
 * of a device: events come up, resets go out. Needs root.
 */
#include <linux/if_link.h>
#include <linux/virtio_net.h>

#include "bpf_util.h"

/* Slot 10 of the first TCP destination of either family. */
static uint32_t tcp_slot(bool v6)
{
	return v6 ? LAB_TCP6 * LAB_SLOTS_OF_DEST + 10 : 10;
}

/* Waits for nothing: what is written into a TUN or TAP is received before write() returns. */
static void expect_reset(struct lab *lab, int fd, uint32_t l2_len, uint32_t min_len)
{
	for (int v6 = 0; v6 < 2; v6++) {
		struct lab_probe probe = lab_probe_of(lab, lab_latest(tcp_slot(v6)));
		uint64_t n_resets = lab_stat(lab, CP_STAT_RX_RST_SENT);
		uint32_t skip = LAB_ETH_LEN - l2_len, len;
		struct lab_frame f, want;
		uint8_t got[256];

		lab_make(lab, SYN_ACK, lab_latest(tcp_slot(v6)), &f);
		lab_reset_frame(&want, &probe);
		len = want.len - skip;
		assert_int_equal(write(fd, f.b + skip, f.len - skip), f.len - skip);
		assert_int_equal(lab_read(fd, l2_len, got, sizeof(got)), len > min_len ? len : min_len);
		assert_memory_equal(got, want.b + skip, len);
		assert_int_equal(lab_take_one(lab).slot, tcp_slot(v6));
		assert_true(lab_stat(lab, CP_STAT_RX_RST_SENT) == n_resets + 1);
	}
}

static void attach_tc(uint32_t ifindex, const struct bpf_program *prog, struct bpf_tc_hook *ret_hook)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .prog_fd = bpf_program__fd(prog));

	assert_int_equal(bpf_tc_hook_create(&hook), 0);
	assert_int_equal(bpf_tc_attach(&hook, &opts), 0);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	*ret_hook = hook;
}

static void attached_to_ethernet(void **state)
{
	struct bpf_tc_hook hook;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	attach_tc(lab->tap_ifindex, lab->skel->progs.cp_tc_capture, &hook);
	expect_reset(lab, lab->tap_fd, LAB_ETH_LEN, 0);
	bpf_tc_hook_destroy(&hook);
}

static void attached_without_link_layer(void **state)
{
	struct bpf_tc_hook hook;
	struct lab_frame f;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	attach_tc(lab->tun_ifindex, lab->skel->progs.cp_tc_capture_l3, &hook);
	expect_reset(lab, lab->tun_fd, 0, 0);
	for (uint32_t i = 0; i < PACKETS * LAB_KINDS; i++) {
		uint32_t slot = i / PACKETS * LAB_SLOTS_OF_DEST + 20;

		if (!lab_answers(i % PACKETS, lab_kind_of(slot)))
			continue;
		lab_make(lab, i % PACKETS, lab_latest(slot), &f);
		assert_int_equal(write(lab->tun_fd, f.b + LAB_ETH_LEN, f.len - LAB_ETH_LEN), f.len - LAB_ETH_LEN);
		assert_int_equal(lab_take_one(lab).slot, slot);
	}
	bpf_tc_hook_destroy(&hook);
}

static void attached_as_xdp(void **state)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	static const uint32_t modes[] = {XDP_FLAGS_SKB_MODE, XDP_FLAGS_DRV_MODE};
	LAB_OR_SKIP(state);

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		lab_reset(lab);
		lab_stamp_slots(lab);
		assert_int_equal(bpf_xdp_attach((int)lab->tap_ifindex, bpf_program__fd(lab->skel->progs.cp_xdp),
		                         modes[i], &opts),
		        0);
		expect_reset(lab, lab->tap_fd, LAB_ETH_LEN, CP_ANSWER4_FRAME_LEN);
		assert_int_equal(bpf_xdp_detach((int)lab->tap_ifindex, modes[i], &opts), 0);
	}
}

/*
 * A neighbour on the same machine (veth, virtio) leaves the TCP checksum to the device: the SYN-ACK arrives with the
 * sum of the pseudo header only, marked to be completed, and the mark stays on the reset made of it.
 */
static void expect_whole_checksum(struct lab *lab, int fd, bool v6, uint32_t n_options)
{
	struct lab_probe probe = lab_probe_of(lab, lab_latest(tcp_slot(v6)));
	uint32_t tcp_at = LAB_ETH_LEN + (v6 ? 40 : 20), addrs_at = LAB_ETH_LEN + (v6 ? 8 : 12);
	struct virtio_net_hdr header = {
	        .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = (uint16_t)tcp_at, .csum_offset = 16};
	uint8_t pseudo[4] = {0, 6, 0, (uint8_t)(20 + n_options)}, got[256], *frame = got + sizeof(header);
	struct lab_frame f, want, packet = {.len = 0};

	lab_tcp_frame(&f, &probe, LAB_SYN | LAB_ACK, 0, n_options);
	lab_set16(f.b + tcp_at + 16, lab_sum(lab_sum(0, f.b + addrs_at, v6 ? 32 : 8), pseudo, 4));
	lab_put(&packet, &header, sizeof(header));
	lab_put(&packet, f.b, f.len);
	lab_reset_frame(&want, &probe);
	assert_int_equal(write(fd, packet.b, packet.len), packet.len);
	assert_int_equal(lab_read(fd, sizeof(header) + LAB_ETH_LEN, got, sizeof(got)), sizeof(header) + want.len);
	memcpy(&header, got, sizeof(header));
	assert_int_equal(header.flags, 0);
	assert_memory_equal(frame, want.b, want.len);
	assert_int_equal(lab_take_one(lab).slot, tcp_slot(v6));
}

static void checksums_left_to_the_device(void **state)
{
	struct bpf_tc_hook hook;
	uint32_t ifindex = 0;
	int fd;
	LAB_OR_SKIP(state);

	lab_stamp_slots(lab);
	fd = lab_device("cpvnet", IFF_TAP | IFF_VNET_HDR, &ifindex);
	assert_true(fd >= 0);
	attach_tc(ifindex, lab->skel->progs.cp_tc_capture, &hook);
	for (uint32_t n_options = 0; n_options <= 40; n_options += 4) {
		expect_whole_checksum(lab, fd, false, n_options);
		expect_whole_checksum(lab, fd, true, n_options);
	}
	bpf_tc_hook_destroy(&hook);
	close(fd);
}

static int setup(void **state)
{
	return lab_open(state, 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(attached_to_ethernet),
	        cmocka_unit_test(attached_without_link_layer),
	        cmocka_unit_test(attached_as_xdp),
	        cmocka_unit_test(checksums_left_to_the_device),
	};

	return cmocka_run_group_tests(tests, setup, lab_teardown);
}
