/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * json_value.h: members of JSON objects as what they must be. A member that is
 * missing or null is told apart from one of a wrong kind, which refuses the
 * record. Must not know any tool's names.
 */
#ifndef CP_JSON_VALUE_H
#define CP_JSON_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/addr.h"
#include "core/err.h"

/*
 * Each: 1 and the value; 0 when the object has no such member, or null, and ret_value stays as it is; -EINVAL with
 * err set ("KEY: ...") for anything else. What is returned belongs to the object.
 */
int cp_value_uint(const json_t *object, const char *key, uint64_t max, uint64_t *ret_value, struct cp_err *err);
int cp_value_real(const json_t *object, const char *key, double *ret_value, struct cp_err *err);
int cp_value_bool(const json_t *object, const char *key, bool *ret_value, struct cp_err *err);
int cp_value_string(const json_t *object, const char *key, const char **ret_value, struct cp_err *err);
int cp_value_addr(const json_t *object, const char *key, struct cp_addr *ret_value, struct cp_err *err);
int cp_value_array(const json_t *object, const char *key, json_t **ret_value, struct cp_err *err);
int cp_value_object(const json_t *object, const char *key, json_t **ret_value, struct cp_err *err);
/* A time in milliseconds, not negative, as microseconds: at least 1 when it is more than 0. */
int cp_value_ms(const json_t *object, const char *key, uint32_t *ret_us, struct cp_err *err);

#endif
