/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cp_wire_conn.h: probes inside a TCP connection: which sequence number stands
 * for which probe, and what a segment of the server says. Included through
 * cp_wire.h. Knows no state but that of struct cp_conn.
 */
#ifndef CP_WIRE_CONN_H
#define CP_WIRE_CONN_H

#include "cp_wire_base.h"

enum {
	CP_TCP_OPTIONS_MAX = 40,
	CP_TCPOPT_END = 0,
	CP_TCPOPT_NOP = 1,
	CP_TCPOPT_SACK_PERMITTED = 4,
	CP_TCPOPT_SACK = 5,
};

/*
 * The byte of a probe lies CP_CONN_HOLE bytes or more behind the initial
 * sequence number; every second place stays empty, so that blocks of
 * neighbours never merge (RFC 2018, section 4: the first block is the one that
 * holds the segment which triggered the acknowledgement).
 */
#define CP_CONN_HOLE 3u
#define CP_CONN_PLACES (CP_ATTEMPTS_MAX * CP_TTL_MAX)

CP_INLINE __u32 cp_conn_seq(const struct cp_conn *conn, __u32 ttl_index, __u32 attempt)
{
	return conn->iss + CP_CONN_HOLE + 2 * (attempt * CP_TTL_MAX + ttl_index);
}

/* The inverse. Returns 0 when no probe has this sequence number. */
CP_INLINE int cp_conn_probe(const struct cp_conn *conn, __u32 seq, __u32 *ret_ttl_index, __u32 *ret_attempt)
{
	__u32 place = (seq - conn->iss - CP_CONN_HOLE) / 2;

	if (((seq - conn->iss - CP_CONN_HOLE) & 1) || place >= CP_CONN_PLACES)
		return 0;
	*ret_ttl_index = place % CP_TTL_MAX;
	*ret_attempt = place / CP_TTL_MAX;
	return 1;
}

/* What the options of a segment say, as far as it matters here. */
struct cp_tcp_options {
	__u32 left; /* left edge of the first SACK block, host order */
	__u8 n_blocks; /* SACK blocks */
	__u8 sack_permitted;
};

/* The options of a segment, copied. */
struct cp_tcp_option_bytes {
	__u8 b[CP_TCP_OPTIONS_MAX];
	__u32 len; /* as the header says */
	__u32 n; /* of them in b */
};

/*
 * In BPF a function of its own, which the verifier looks at once: its loop has
 * too many ways through to be looked at again with all that follows it.
 */
#if defined(__bpf__)
#define CP_OUTLINE __attribute__((noinline))
int cp_wire_read_options(const struct cp_tcp_option_bytes *bytes, struct cp_tcp_options *ret_options);
#else
#define CP_OUTLINE static inline
#endif

/* Always 0; *ret_options starts as zero. */
CP_OUTLINE int cp_wire_read_options(const struct cp_tcp_option_bytes *bytes, struct cp_tcp_options *ret_options)
{
	__u32 at = 0, size, not_nop;

	if (!bytes || !ret_options)
		return 0;
	for (__u32 i = 0; i < CP_TCP_OPTIONS_MAX; i++) {
		const __u8 *option = bytes->b + at;

		if (at + 2 > CP_TCP_OPTIONS_MAX || at + 2 > bytes->n || option[0] == CP_TCPOPT_END)
			return 0;
		/* Without branches all ways come to the same state. */
		not_nop = option[0] ^ CP_TCPOPT_NOP;
		not_nop = (not_nop | -not_nop) >> 31;
		__asm__("" : "+r"(not_nop));
		size = 1 + (option[1] - 1u) * not_nop;
		if (size < 1 + not_nop || at + size > bytes->len)
			return 0;
		if (option[0] == CP_TCPOPT_SACK_PERMITTED)
			ret_options->sack_permitted = 1;
		if (option[0] == CP_TCPOPT_SACK && size >= 10 && at + 10 <= CP_TCP_OPTIONS_MAX && at + 10 <= bytes->n) {
			ret_options->left =
			        (__u32)option[2] << 24 | (__u32)option[3] << 16 | (__u32)option[4] << 8 | option[5];
			ret_options->n_blocks = (__u8)((size - 2) / 8);
		}
		at = (at + size) & 63; /* at most len, which is less */
	}
	return 0;
}

/* Reads the options of the header at tcp, as far as they lie before end. *ret_options is always written. */
CP_INLINE void cp_wire_tcp_options(const struct cp_tcp *tcp, const void *end, struct cp_tcp_options *ret_options)
{
	struct cp_tcp_option_bytes bytes = {.b = {0}};
	__u32 n;

	ret_options->left = 0;
	ret_options->n_blocks = 0;
	ret_options->sack_permitted = 0;
	if ((const void *)(tcp + 1) > end || tcp->offset >> 4 < 5)
		return;
	bytes.len = (tcp->offset >> 4) * 4u - (__u32)sizeof(*tcp);
	for (n = 0; n < CP_TCP_OPTIONS_MAX; n++) {
		const __u8 *from = (const __u8 *)(tcp + 1) + n;

		if (n >= bytes.len || (const void *)(from + 1) > end)
			break;
		bytes.b[n] = *from;
	}
	bytes.n = n;
	cp_wire_read_options(&bytes, ret_options);
}

#endif
