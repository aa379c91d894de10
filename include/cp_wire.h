/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cp_wire.h: how a probe looks and how a reply is understood: frame build,
 * reply parse, keyed identity, checksums. One source for BPF, gcc and clang;
 * the only place that swaps byte order. No state, no maps, no I/O.
 *
 * Pointers come as (data, end) pairs and every access is preceded by a bounds
 * check in the form the BPF verifier understands.
 */
#ifndef CP_WIRE_H
#define CP_WIRE_H

#include "cp_wire_base.h"
#include "cp_wire_build.h"
#include "cp_wire_conn.h"
#include "cp_wire_ext.h"
#include "cp_wire_parse.h"

#endif
