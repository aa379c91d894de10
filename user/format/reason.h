/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * reason.h: the reason codes of verdicts in words, for people. The codes
 * themselves are an interface and live in core/verdict.h.
 */
#ifndef CP_REASON_H
#define CP_REASON_H

#include "core/verdict.h"

/* A few words, to stand in a list: "silent border". */
const char *cp_reason_phrase(enum cp_reason reason);
/* What it means and, where there is one, what to do; a full sentence. */
const char *cp_reason_sentence(enum cp_reason reason);

#endif
