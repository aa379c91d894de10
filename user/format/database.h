/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * database.h: when AS data is too old to be trusted. Knows no format.
 */
#ifndef CP_DATABASE_H
#define CP_DATABASE_H

#include "record.h"

#define CP_DATABASE_OLD_DAYS 90u

/* Data of this kind ages, and this is too old: more than CP_DATABASE_OLD_DAYS. Of no known age: false. */
bool cp_database_is_old(const struct cp_rec_database *database);

#endif
