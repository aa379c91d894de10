/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * dns_message.h: what one DNS reply says of the name that was asked for. Must
 * not know how the reply came.
 */
#ifndef CP_DNS_MESSAGE_H
#define CP_DNS_MESSAGE_H

#include <stddef.h>

#include "core/target.h"

/*
 * Follows the CNAME records of a reply from name on, in whatever order they
 * stand, and takes the A and AAAA records of the chain's end; records of
 * other names are not ours. Chain in lower case, addresses in the reply's order
 * without repeats; either may be empty. Sets no status. 0, -EBADMSG (malformed),
 * -ELOOP (the chain comes back to itself, or has more than 32 names), -ENOMEM.
 */
int cp_dns_message_parse(const unsigned char *message, size_t len, const char *name, struct cp_answer *ret_answer);

/*
 * Follows the chain likewise and appends the name of the first PTR record of its end, however long: 1; 0 when there is
 * none. Or the same errors.
 */
int cp_dns_message_parse_ptr(const unsigned char *message, size_t len, const char *name, struct cp_answer *ret_answer);

/* Appends addr unless the answer has it. 0 or -ENOMEM. */
int cp_dns_answer_add(struct cp_answer *answer, const struct cp_addr *addr);

#endif
