/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cp_wire_ext.h: ICMP extensions (RFC 4884): the MPLS label stack a router
 * found on a probe (RFC 4950). Included through cp_wire.h.
 */
#ifndef CP_WIRE_EXT_H
#define CP_WIRE_EXT_H

#include "cp_wire_base.h"

#define CP_EXT_VERSION 2u
#define CP_EXT_BYTES_MAX 72u /* a label stack and another object or two; longer structures are left unread */
#define CP_EXT_OBJECTS_MAX 3u
#define CP_EXT_QUOTE_MIN 128u /* the quote is padded to this; older routers do not say so (RFC 4884, 5.5) */
#define CP_EXT_CLASS_MPLS 1u

/* Is [ext, end) an extension structure with a right checksum (or none)? */
CP_INLINE int cp_ext_is_valid(const __u8 *ext, const void *end)
{
	__u32 sum = 0, n_bytes = 0;

	if ((const void *)(ext + 4) > end || ext[0] >> 4 != CP_EXT_VERSION)
		return 0;
	for (; n_bytes < CP_EXT_BYTES_MAX; n_bytes += 2) {
		const cp_word *word = (const cp_word *)(ext + n_bytes);

		if ((const void *)(word + 1) > end)
			break;
		sum += *word;
	}
	if (n_bytes == CP_EXT_BYTES_MAX)
		return 0;
	return (ext[2] == 0 && ext[3] == 0) || cp_sum_fold(sum) == 0;
}

/* Reads an object's label stack entries, in network order; n_bytes: of the object's content. */
CP_INLINE __u32 cp_ext_labels(const __u8 *labels, const void *end, __u32 n_bytes, __u32 ret_labels[CP_MPLS_MAX])
{
	__u32 n = 0;

	for (; n < CP_MPLS_MAX && (n + 1) * 4 <= n_bytes; n++) {
		const __u8 *entry = labels + n * 4;

		if ((const void *)(entry + 4) > end)
			break;
		ret_labels[n] = (__u32)entry[0] << 24 | (__u32)entry[1] << 16 | (__u32)entry[2] << 8 | entry[3];
	}
	return n;
}

/*
 * The label stack in the ICMP error at icmp, top first, host order. Returns
 * the number of entries written; 0 when there is none or the extension is not
 * well-formed: the hop itself stands in any case.
 */
CP_INLINE __u32 cp_wire_mpls(const void *data, const void *end, int v6, __u32 ret_labels[CP_MPLS_MAX])
{
	const struct cp_icmp *icmp = (const struct cp_icmp *)data;
	const __u8 *object;
	__u32 quote_len, at = 4;

	if ((const void *)(icmp + 1) > end)
		return 0;
	quote_len = v6 ? icmp->len6 * 8u : icmp->len4 * 4u;
	if (quote_len == 0)
		quote_len = CP_EXT_QUOTE_MIN;
	if (quote_len < CP_EXT_QUOTE_MIN)
		return 0;
	object = (const __u8 *)(icmp + 1) + quote_len;
	if (!cp_ext_is_valid(object, end))
		return 0;
	for (__u32 i = 0; i < CP_EXT_OBJECTS_MAX; i++) {
		const __u8 *head = object + at;
		__u32 len;

		if ((const void *)(head + 4) > end)
			return 0;
		len = (__u32)head[0] << 8 | head[1];
		if (len < 4 || len > CP_EXT_BYTES_MAX)
			return 0;
		if (head[2] == CP_EXT_CLASS_MPLS && head[3] == 1)
			return cp_ext_labels(head + 4, end, len - 4, ret_labels);
		at += len;
	}
	return 0;
}

#endif
