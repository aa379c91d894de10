// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * text_time.c: points in time. Zones that have only a name are not guessed,
 * but for that of Greenwich.
 */
#include "text_time.h"

#include <time.h>

#include "text_scan.h"

static bool scan_digits(const char **at, uint32_t n, int *ret_value)
{
	int value = 0;

	for (uint32_t i = 0; i < n; i++) {
		if ((*at)[i] < '0' || (*at)[i] > '9')
			return false;
		value = value * 10 + ((*at)[i] - '0');
	}
	*at += n;
	*ret_value = value;
	return true;
}

static bool scan_char(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool scan_clock(const char **at, struct tm *tm)
{
	if (!scan_digits(at, 4, &tm->tm_year) || !scan_char(at, '-') || !scan_digits(at, 2, &tm->tm_mon) ||
	        !scan_char(at, '-') || !scan_digits(at, 2, &tm->tm_mday))
		return false;
	if (!scan_char(at, 'T') && !scan_char(at, ' '))
		return false;
	if (!scan_digits(at, 2, &tm->tm_hour) || !scan_char(at, ':') || !scan_digits(at, 2, &tm->tm_min))
		return false;
	if (scan_char(at, ':') && !scan_digits(at, 2, &tm->tm_sec))
		return false;
	return tm->tm_year >= 1970 && tm->tm_mon >= 1 && tm->tm_mon <= 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31 &&
	       tm->tm_hour <= 23 && tm->tm_min <= 59 && tm->tm_sec <= 60;
}

/* How far a zone is ahead of UTC. */
static bool scan_zone(const char *at, int64_t *ret_seconds)
{
	int hours, minutes, sign = *at == '-' ? -1 : 1;

	*ret_seconds = 0;
	if (cp_scan_word(&at, "UTC") || cp_scan_word(&at, "GMT") || cp_scan_word(&at, "Z") ||
	        cp_scan_text(&at, "Coordinated Universal Time"))
		return true;
	if (!scan_char(&at, '+') && !scan_char(&at, '-'))
		return false;
	if (!scan_digits(&at, 2, &hours))
		return false;
	scan_char(&at, ':');
	if (!scan_digits(&at, 2, &minutes) || !cp_scan_end(&at))
		return false;
	*ret_seconds = sign * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
	return true;
}

uint64_t cp_scan_time(const char *at)
{
	struct tm tm = {.tm_sec = 0};
	int64_t seconds, zone_s;

	cp_scan_blanks(&at);
	if (!scan_clock(&at, &tm) || !scan_zone(at, &zone_s))
		return UINT64_MAX;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	seconds = (int64_t)timegm(&tm) - zone_s;
	return seconds < 0 ? UINT64_MAX : (uint64_t)seconds * 1000;
}
