/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text_mark.h: the marks behind a round-trip time that say what else than a
 * time-exceeded message came back: "!H", "!X", "!<13>", "!F-1400". Knows the
 * letters of Linux', the BSDs' and iputils' tools.
 */
#ifndef CP_TEXT_MARK_H
#define CP_TEXT_MARK_H

#include "core/path.h"

/*
 * Reads a mark of len bytes into the kind, type and code of hop, whose address
 * tells the family. False: this is no mark. "!" alone (a reply that arrived with
 * a TTL of 1 or less) changes nothing.
 */
bool cp_text_mark(const char *mark, size_t len, struct cp_hop *hop);

#endif
