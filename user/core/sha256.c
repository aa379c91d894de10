// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * sha256.c: SHA-256 as FIPS 180-4 describes it, over data that is in memory as
 * a whole.
 */
#include "sha256.h"

#include <string.h>

#define BLOCK 64

/* The first 32 bits of the fractions of the cube roots of the first 64 primes. */
static const uint32_t round_keys[64] = {
        0x428a2f98,
        0x71374491,
        0xb5c0fbcf,
        0xe9b5dba5,
        0x3956c25b,
        0x59f111f1,
        0x923f82a4,
        0xab1c5ed5,
        0xd807aa98,
        0x12835b01,
        0x243185be,
        0x550c7dc3,
        0x72be5d74,
        0x80deb1fe,
        0x9bdc06a7,
        0xc19bf174,
        0xe49b69c1,
        0xefbe4786,
        0x0fc19dc6,
        0x240ca1cc,
        0x2de92c6f,
        0x4a7484aa,
        0x5cb0a9dc,
        0x76f988da,
        0x983e5152,
        0xa831c66d,
        0xb00327c8,
        0xbf597fc7,
        0xc6e00bf3,
        0xd5a79147,
        0x06ca6351,
        0x14292967,
        0x27b70a85,
        0x2e1b2138,
        0x4d2c6dfc,
        0x53380d13,
        0x650a7354,
        0x766a0abb,
        0x81c2c92e,
        0x92722c85,
        0xa2bfe8a1,
        0xa81a664b,
        0xc24b8b70,
        0xc76c51a3,
        0xd192e819,
        0xd6990624,
        0xf40e3585,
        0x106aa070,
        0x19a4c116,
        0x1e376c08,
        0x2748774c,
        0x34b0bcb5,
        0x391c0cb3,
        0x4ed8aa4a,
        0x5b9cca4f,
        0x682e6ff3,
        0x748f82ee,
        0x78a5636f,
        0x84c87814,
        0x8cc70208,
        0x90befffa,
        0xa4506ceb,
        0xbef9a3f7,
        0xc67178f2,
};

static uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void take_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t w[64], s[8];

	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++)
		w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
		       (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(s, state, sizeof(s));
	for (int i = 0; i < 64; i++) {
		uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]),
		         majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
		uint32_t t1 =
		        s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + choice + round_keys[i] + w[i];
		uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + majority;

		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += t1;
		s[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

void cp_sha256(const void *data, size_t len, uint8_t ret_hash[CP_SHA256_LEN])
{
	/* The first 32 bits of the fractions of the square roots of the first 8 primes. */
	uint32_t state[8] = {
	        0x6a09e667,
	        0xbb67ae85,
	        0x3c6ef372,
	        0xa54ff53a,
	        0x510e527f,
	        0x9b05688c,
	        0x1f83d9ab,
	        0x5be0cd19,
	};
	const uint8_t *bytes = data;
	uint64_t n_bits = (uint64_t)len * 8;
	uint8_t tail[2 * BLOCK] = {0};
	size_t left = len % BLOCK, n_tail = left < BLOCK - 8 ? BLOCK : 2 * BLOCK;

	for (size_t i = 0; i + BLOCK <= len; i += BLOCK)
		take_block(state, bytes + i);
	if (left)
		memcpy(tail, bytes + len - left, left);
	tail[left] = 0x80;
	for (int i = 0; i < 8; i++)
		tail[n_tail - 1 - i] = (uint8_t)(n_bits >> 8 * i);
	for (size_t i = 0; i < n_tail; i += BLOCK)
		take_block(state, tail + i);
	for (int i = 0; i < CP_SHA256_LEN; i++)
		ret_hash[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

const char *cp_sha256_hex(const uint8_t hash[CP_SHA256_LEN], char buf[CP_SHA256_HEX])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < CP_SHA256_LEN; i++) {
		buf[2 * i] = digits[hash[i] >> 4];
		buf[2 * i + 1] = digits[hash[i] & 15];
	}
	buf[2 * CP_SHA256_LEN] = '\0';
	return buf;
}

const char *cp_sha256_base64(const uint8_t hash[CP_SHA256_LEN], char buf[CP_SHA256_BASE64])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *at = buf;

	/* 32 bytes are ten groups of three and one of two. */
	for (int i = 0; i < CP_SHA256_LEN; i += 3) {
		uint32_t group = (uint32_t)hash[i] << 16 | (uint32_t)hash[i + 1] << 8;

		group |= i + 2 < CP_SHA256_LEN ? hash[i + 2] : 0u;
		for (int shift = 18; shift >= 0; shift -= 6)
			*at++ = digits[group >> shift & 63];
	}
	at[-1] = '=';
	*at = '\0';
	return buf;
}
