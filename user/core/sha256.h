/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sha256.h: SHA-256 (FIPS 180-4), for naming a piece of data by its content.
 * Not for secrets.
 */
#ifndef CP_SHA256_H
#define CP_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define CP_SHA256_LEN 32
#define CP_SHA256_HEX (2 * CP_SHA256_LEN + 1)
#define CP_SHA256_BASE64 45 /* with padding and NUL */

void cp_sha256(const void *data, size_t len, uint8_t ret_hash[CP_SHA256_LEN]);
/* Lower-case hexadecimal. Returns buf. */
const char *cp_sha256_hex(const uint8_t hash[CP_SHA256_LEN], char buf[CP_SHA256_HEX]);
/* Base64 with padding (RFC 4648), as Content Security Policy wants it. Returns buf. */
const char *cp_sha256_base64(const uint8_t hash[CP_SHA256_LEN], char buf[CP_SHA256_BASE64]);

#endif
