/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * opts_value.h: private to opts*.c: the parsers the option table points to.
 */
#ifndef CP_OPTS_VALUE_H
#define CP_OPTS_VALUE_H

#include "opts.h"

/* General: the option's offset says where the value goes. */
cp_opt_parse_fn cp_opt_parse_number; /* uint32_t, min..max */
cp_opt_parse_fn cp_opt_parse_scaled; /* the same, may end in k or M */
cp_opt_parse_fn cp_opt_parse_choice; /* an enum, by choices */
cp_opt_parse_fn cp_opt_parse_text; /* const char *, not empty, at most max characters when max is set */
cp_opt_parse_fn cp_opt_parse_list; /* struct cp_opts_list */
cp_opt_parse_fn cp_opt_parse_flag; /* bool */
cp_opt_parse_fn cp_opt_parse_count; /* uint32_t, one more each time */
/* Of one setting. */
cp_opt_parse_fn cp_opt_parse_blocklist;
cp_opt_parse_fn cp_opt_parse_protocol;
cp_opt_parse_fn cp_opt_parse_seed;
cp_opt_parse_fn cp_opt_parse_asn;
cp_opt_parse_fn cp_opt_parse_source;
cp_opt_parse_fn cp_opt_parse_resolver;
cp_opt_parse_fn cp_opt_parse_output;
cp_opt_parse_fn cp_opt_parse_fail_on;
cp_opt_parse_fn cp_opt_parse_input_format;

#endif
