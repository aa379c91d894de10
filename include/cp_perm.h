/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cp_perm.h: keyed bijections: the order in which slots are probed, and the
 * token that stands for a probe id on the wire. Pure arithmetic.
 *
 * Both are alternating (unbalanced) Feistel networks, Luby & Rackoff 1988 and
 * Black & Rogaway, "Ciphers with Arbitrary Finite Domains", 2002 (cycle
 * walking). The round function is the 32-bit finaliser of MurmurHash3 over
 * the half and the round key: not a cipher for secrets, but a forger who has
 * not seen this run's probes can do no better than guess 32 bits.
 */
#ifndef CP_PERM_H
#define CP_PERM_H

#include <linux/types.h>

#define CP_FEISTEL_ROUNDS 6

#if defined(__bpf__)
#define CP_INLINE static __attribute__((always_inline)) inline
#else
#define CP_INLINE static inline
#endif

CP_INLINE __u32 cp_mix32(__u32 x)
{
	x ^= x >> 16;
	x *= 0x85ebca6bu;
	x ^= x >> 13;
	x *= 0xc2b2ae35u;
	x ^= x >> 16;
	return x;
}

CP_INLINE __u32 cp_feistel_f(const __u32 key[4], __u32 round, __u32 half)
{
	return cp_mix32((half + round * 0x9e3779b9u) ^ key[round & 3]);
}

/*
 * Permutes [0, 2^(lo_bits + hi_bits)). Each half at most 16 bits.
 */
CP_INLINE __u32 cp_feistel(const __u32 key[4], __u32 lo_bits, __u32 hi_bits, __u32 x)
{
	__u32 lo_mask = (1u << lo_bits) - 1, hi_mask = (1u << hi_bits) - 1;
	__u32 lo = x & lo_mask, hi = (x >> lo_bits) & hi_mask;

#pragma GCC unroll 6
	for (__u32 r = 0; r < CP_FEISTEL_ROUNDS; r += 2) {
		lo ^= cp_feistel_f(key, r, hi) & lo_mask;
		hi ^= cp_feistel_f(key, r + 1, lo) & hi_mask;
	}
	return hi << lo_bits | lo;
}

/* The inverse of cp_feistel() under the same key and sizes. */
CP_INLINE __u32 cp_feistel_inverse(const __u32 key[4], __u32 lo_bits, __u32 hi_bits, __u32 y)
{
	__u32 lo_mask = (1u << lo_bits) - 1, hi_mask = (1u << hi_bits) - 1;
	__u32 lo = y & lo_mask, hi = (y >> lo_bits) & hi_mask;

#pragma GCC unroll 6
	for (__u32 r = CP_FEISTEL_ROUNDS; r > 0; r -= 2) {
		hi ^= cp_feistel_f(key, r - 1, lo) & hi_mask;
		lo ^= cp_feistel_f(key, r - 2, hi) & lo_mask;
	}
	return hi << lo_bits | lo;
}

/* Probe id (cp_id_make) -> the 32 bits on the wire, and back. */
CP_INLINE __u32 cp_token(const __u32 key[4], __u32 id)
{
	return cp_feistel(key, 16, 16, id);
}
CP_INLINE __u32 cp_token_inverse(const __u32 key[4], __u32 token)
{
	return cp_feistel_inverse(key, 16, 16, token);
}

/* A keyed bijection over [0, n). */
struct cp_perm {
	__u32 key[4];
	__u32 n;
	__u32 lo_bits, hi_bits;
};

CP_INLINE void cp_perm_init(struct cp_perm *perm, const __u32 key[4], __u32 n)
{
	__u32 bits = 2;

	while (bits < 32 && (n - 1) >> bits)
		bits++;
	for (int i = 0; i < 4; i++)
		perm->key[i] = key[i];
	perm->n = n;
	perm->lo_bits = bits / 2;
	perm->hi_bits = bits - bits / 2;
}

/* The place of index i (< n) in the order. Walks less than two steps on average. */
CP_INLINE __u32 cp_perm_at(const struct cp_perm *perm, __u32 i)
{
	do {
		i = cp_feistel(perm->key, perm->lo_bits, perm->hi_bits, i);
	} while (i >= perm->n);
	return i;
}

/* The index whose place is x (< n): inverse of cp_perm_at(). */
CP_INLINE __u32 cp_perm_index(const struct cp_perm *perm, __u32 x)
{
	do {
		x = cp_feistel_inverse(perm->key, perm->lo_bits, perm->hi_bits, x);
	} while (x >= perm->n);
	return x;
}

#endif
