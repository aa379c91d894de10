// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * database.c: the age of AS data, by its layer.
 */
#include "database.h"

#include <string.h>

/* What the user says does not age; the built-in ranges are stale only where nothing better was given. */
bool cp_database_is_old(const struct cp_rec_database *database)
{
	return database->age_days != CP_UNKNOWN && database->age_days > CP_DATABASE_OLD_DAYS &&
	       (strcmp(database->layer, "database") == 0 || strcmp(database->layer, "ixp") == 0 ||
	               strcmp(database->layer, "service-tags") == 0);
}
