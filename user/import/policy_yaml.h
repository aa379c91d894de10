/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * policy_yaml.h: a policy file (YAML, docs/policy.md) -> rules. Opens nothing.
 */
#ifndef CP_POLICY_YAML_H
#define CP_POLICY_YAML_H

#include "core/asdb.h"
#include "core/policy.h"

#define CP_POLICY_FILE_MAX (1u << 26) /* bytes that a policy file may have */

/*
 * Reads a policy. asdb: to refuse roles that no AS has; NULL: any role goes. 0, -ENOMEM, or -EINVAL with err
 * "<source>:<line>:<column>: what". Free with cp_policy_free().
 */
int cp_policy_read(const char *text, size_t len, const char *source, const struct cp_asdb *asdb,
        struct cp_policy *ret_policy, struct cp_err *err);

#endif
