// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * mute.c: reads windows of silence and says whether one holds. Must not know
 * what is silenced, nor any time zone but UTC.
 */
#include "mute.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "glob.h"

#define DAY_MIN 1440
#define MINUTE_MS UINT64_C(60000)

static const char *const day_names[7] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static int two_digits(const char *s)
{
	if (s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9')
		return -1;
	return (s[0] - '0') * 10 + (s[1] - '0');
}

/* "HH:MM" at s, 24:00 included, as minutes; -1: it is none. */
static int clock_of(const char *s)
{
	int hours = strnlen(s, 5) == 5 && s[2] == ':' ? two_digits(s) : -1;
	int minutes = hours >= 0 ? two_digits(s + 3) : -1;

	if (minutes < 0 || minutes > 59 || hours * 60 + minutes > DAY_MIN)
		return -1;
	return hours * 60 + minutes;
}

/* Days from 1970-01-01 to a day of the Gregorian calendar (years from 1970 on). */
static uint64_t days_to(unsigned year, unsigned month, unsigned day)
{
	static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	unsigned past = year - 1; /* years that are over */
	uint64_t days = UINT64_C(365) * year + past / 4 - past / 100 + past / 400 + before[month - 1] + day - 1;
	unsigned leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days + (leap && month > 2) - 719527; /* the same sum for 1970-01-01 */
}

static unsigned days_in(unsigned year, unsigned month)
{
	unsigned next_year = month == 12 ? year + 1 : year, next_month = month == 12 ? 1 : month + 1;

	return (unsigned)(days_to(next_year, next_month, 1) - days_to(year, month, 1));
}

/* "2026-12-24T18:00", all of it. False: it is none, or before 1970. */
static bool read_moment(const char *s, uint64_t *ret_ms)
{
	int century, year, month, day, minutes;

	if (strlen(s) != 16 || s[4] != '-' || s[7] != '-' || s[10] != 'T')
		return false;
	century = two_digits(s);
	year = two_digits(s + 2);
	month = two_digits(s + 5);
	day = two_digits(s + 8);
	minutes = clock_of(s + 11);
	if (century < 19 || year < 0 || month < 1 || month > 12 || day < 1 || minutes < 0)
		return false;
	year += century * 100;
	if (year < 1970 || (unsigned)day > days_in((unsigned)year, (unsigned)month))
		return false;
	*ret_ms = (days_to((unsigned)year, (unsigned)month, (unsigned)day) * DAY_MIN + (unsigned)minutes) * MINUTE_MS;
	return true;
}

/* 0 Sunday ... 6; -1: no such day. */
static int day_of(const char *s, size_t len)
{
	for (int i = 0; i < 7; i++) {
		if (len == 3 && strncasecmp(s, day_names[i], 3) == 0)
			return i;
	}
	return -1;
}

/* "Mon-Fri", "Sat", "Fri-Mon": bits, or 0. */
static uint8_t read_range(const char *s, size_t len)
{
	const char *dash = memchr(s, '-', len);
	int first = day_of(s, dash ? (size_t)(dash - s) : len);
	int last = dash ? day_of(dash + 1, len - (size_t)(dash + 1 - s)) : first;
	unsigned days = 0;

	if (first < 0 || last < 0)
		return 0;
	for (int day = first;; day = (day + 1) % 7) {
		days |= 1u << day;
		if (day == last)
			return (uint8_t)days;
	}
}

static uint8_t read_days(const char *s)
{
	unsigned days = 0;

	if (strcmp(s, "*") == 0)
		return 0x7f;
	for (;;) {
		size_t len = strcspn(s, ",");
		uint8_t range = read_range(s, len);

		if (!range)
			return 0;
		days |= range;
		if (!s[len])
			return (uint8_t)days;
		s += len + 1;
	}
}

static int read_weekly(const char *days, const char *hours, struct cp_mute *mute, struct cp_err *err)
{
	int from = clock_of(hours), to = from >= 0 && hours[5] == '-' ? clock_of(hours + 6) : -1;

	mute->days = read_days(days);
	if (!mute->days)
		return cp_err_set(err, -EINVAL, "mute window: write days as *, Mon-Fri or Sat,Sun, not \"%s\"", days);
	if (to < 0 || hours[11] || from == DAY_MIN)
		return cp_err_set(err, -EINVAL, "mute window: write hours as 22:00-06:00 (UTC), not \"%s\"", hours);
	mute->from_min = (uint16_t)from;
	mute->to_min = (uint16_t)to;
	return 0;
}

static int read_once(char *word, struct cp_mute *mute, struct cp_err *err)
{
	char *slash = strchr(word, '/');

	*slash = '\0';
	if (!read_moment(word, &mute->from_ms) || !read_moment(slash + 1, &mute->to_ms))
		return cp_err_set(err, -EINVAL,
		        "mute window: write moments as 2026-12-24T18:00/2026-12-27T06:00 (UTC), not \"%s/%s\"", word,
		        slash + 1);
	if (mute->to_ms <= mute->from_ms)
		return cp_err_set(err, -EINVAL, "mute window: %s/%s ends before it begins", word, slash + 1);
	return 0;
}

/* The next word, ended with a NUL in place; NULL: no more. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t");
	size_t len = strcspn(word, " \t");

	if (len == 0)
		return NULL;
	*at = word + len;
	if (**at)
		*(*at)++ = '\0';
	return word;
}

static int read_globs(char *rest, struct cp_mute *mute, struct cp_err *err)
{
	for (char *word = next_word(&rest); word; word = next_word(&rest)) {
		bool is_group = strncmp(word, "group=", 6) == 0;
		char *glob = is_group ? mute->group : mute->target;
		size_t len;

		if (!is_group && strncmp(word, "target=", 7) != 0)
			return cp_err_set(
			        err, -EINVAL, "mute window: wants target=GLOB or group=GLOB, not \"%s\"", word);
		word += is_group ? 6 : 7;
		len = strlen(word);
		if (len == 0 || len >= CP_MUTE_GLOB_MAX || glob[0])
			return cp_err_set(err, -EINVAL, "mute window: %s= wants one pattern of 1 to %d bytes",
			        is_group ? "group" : "target", CP_MUTE_GLOB_MAX - 1);
		memcpy(glob, word, len + 1);
	}
	return 0;
}

int cp_mute_parse(const char *text, struct cp_mute *ret_mute, struct cp_err *err)
{
	struct cp_mute mute = {0};
	char copy[512], *at = copy, *first, *second;
	size_t len = strlen(text);
	int rc;

	if (len >= sizeof(copy))
		return cp_err_set(err, -EINVAL, "mute window: longer than %zu bytes", sizeof(copy) - 1);
	memcpy(copy, text, len + 1);
	first = next_word(&at);
	if (!first)
		return cp_err_set(err, -EINVAL, "mute window: is empty; write \"Sat,Sun 00:00-24:00 target=*\"");
	if (strchr(first, '/')) {
		rc = read_once(first, &mute, err);
	} else {
		second = next_word(&at);
		rc = read_weekly(first, second ? second : "", &mute, err);
	}
	if (rc == 0)
		rc = read_globs(at, &mute, err);
	if (rc == 0)
		*ret_mute = mute;
	return rc;
}

static bool holds_weekly(const struct cp_mute *mute, uint64_t at_ms)
{
	uint64_t minutes = at_ms / MINUTE_MS;
	unsigned minute = (unsigned)(minutes % DAY_MIN);
	unsigned day = (unsigned)((minutes / DAY_MIN + 4) % 7); /* 1970-01-01 was a Thursday */
	unsigned yesterday = (day + 6) % 7;

	if (mute->to_min > mute->from_min)
		return (mute->days >> day & 1) && minute >= mute->from_min && minute < mute->to_min;
	return ((mute->days >> day & 1) && minute >= mute->from_min) ||
	       ((mute->days >> yesterday & 1) && minute < mute->to_min);
}

bool cp_mute_holds(const struct cp_mute *mute, uint64_t at_ms, const char *target, const char *group)
{
	bool is_now = mute->days ? holds_weekly(mute, at_ms) : at_ms >= mute->from_ms && at_ms < mute->to_ms;

	return is_now && (!mute->target[0] || cp_glob_matches(mute->target, target ? target : "")) &&
	       (!mute->group[0] || cp_glob_matches(mute->group, group ? group : ""));
}
