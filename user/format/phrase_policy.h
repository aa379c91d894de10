/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * phrase_policy.h: what came of a policy, for people. For the formats that
 * show a run as text.
 */
#ifndef CP_PHRASE_POLICY_H
#define CP_PHRASE_POLICY_H

#include "record.h"
#include "text.h"

/* Headed by an empty line: the state, a line for each rule, the first violations. 0 or -ENOMEM. */
int cp_phrase_policy(struct cp_text *text, const struct cp_policy_result *result);

#endif
