// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_live_top.c: the screens of a watch, whole ones compared: sizes, ASCII,
 * hostile names.
 */
#include "live_top_lab.h"

/* ---- Screens ---- */

static void test_all_audits_at_80x24(void **state)
{
	static const char *const lines[] = {
	        "coldpotato watch  06:12:33 UTC  10,000/s  vm-westeurope-1                    1/3",
	        "> all audits    dns: pass 2  31%        1 transit, 1 inside, 1 unmeasured",
	        "  web           in 57 s   took 2.1 s    1 transit, 1 unmeasured",
	        "  dns           running  pass 2  31%    1 inside",
	        "  a-long-name-… due                     no result yet",
	        "  Target                  Verdict   Sure   Loss     ms Chg AS path",
	        ">!zenn.dev                transit   high     0%   12.3   1 8075 > 3491 PCCW Glo…",
	        "  nosuch.example                              -      -     dns_nxdomain",
	        "  login.example           inside    high     0%   2.00     8075",
	};
	static const char *const last[] = {
	        "06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no route to …",
	        "q quit  p pause  a now  Tab next  Enter open  c changes  L log  / filter  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_one_audit(void **state)
{
	static const char *const lines[] = {
	        "coldpotato watch  06:12:33 UTC  10,000/s  vm-westeurope-1                    1/2",
	        "  all audits    dns: pass 2  31%        1 transit, 1 inside, 1 unmeasured",
	        "> web           in 57 s   took 2.1 s    1 transit, 1 unmeasured",
	        "  dns           running  pass 2  31%    1 inside",
	        "  a-long-name-… due                     no result yet",
	        "  Target                  Verdict   Sure   Loss     ms Chg AS path",
	        ">!zenn.dev                transit   high     0%   12.3   1 8075 > 3491 PCCW Glo…",
	        "  nosuch.example                              -      -     dns_nxdomain",
	};
	static const char *const last[] = {
	        "06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no route to …",
	        "q quit  p pause  a now  Tab next  Enter open  c changes  L log  / filter  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_TAB, 18);
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_all_audits_at_120x40_paused(void **state)
{
	static const char *const lines[] = {
	        "coldpotato watch  06:12:33 UTC  10,000/s  vm-westeurope-1                                             "
	        "       1/3  PAUSED",
	        "> all audits    dns: pass 2  31%        1 transit, 1 inside, 1 unmeasured",
	        "  web           held      took 2.1 s    1 transit, 1 unmeasured",
	        "  dns           running  pass 2  31%    1 inside",
	        "  a-long-name-… held                    no result yet",
	        "  Target                   Audit        Address                Verdict   Sure   Loss     ms Chg AS "
	        "path",
	        ">!zenn.dev                 web          203.0.113.9            transit   high     0%   12.3   1 8075 "
	        "> 3491 PCCW Global…",
	        "  nosuch.example           web                                                     -      -     "
	        "dns_nxdomain",
	        "  login.example            dns          203.0.113.9            inside    high     0%   2.00     8075",
	};
	static const char *const last[] = {"06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no "
	                                   "route to it, and no more is known of it \\x1b[2J",
	        "q quit  p pause  a now  Tab next  Enter open  c changes  L log  / filter  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	type_all(&scene->ui, "p");
	draw(scene, 40, 120, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_a_target_at_80x24(void **state)
{
	static const char *const lines[] = {
	        "zenn.dev  audit web  group web                                               1/3",
	        "transit (confidence high)  private * 8075 > 3491 PCCW Global 13335 Cloudflare",
	        "leaves home between TTL 3 (198.18.16.17, Frankfurt) and TTL 4 (198.18.48.3, AS3…",
	        "203.0.113.9  12.3 ms  loss 0%  1 change  run of 06:12:30 UTC",
	        "Changes, the newest first",
	        "06:11:33    critical  verdict      inside -> transit",
	        " TTL 203.0.113.9 flow 0: transit, high      AS                                ms",
	        "   1 10.0.0.1                               private                         0.30",
	        "   2 *",
	        "   3 be-1-0.ibr01.fra (Frankfurt)           8075 Microsoft                  1.50",
	        " > 4 198.18.48.3                            3491 PCCW Global                1.80",
	        "   5 203.0.113.9                            13335 Cloudflare                12.3",
	        " TTL 203.0.113.9 flow 1: transit, high      AS                                ms",
	        "   1 10.0.0.1                               private                         0.30",
	        "   2 *",
	        "   3 be-1-0.ibr01.fra (Frankfurt)           8075 Microsoft                  1.50",
	        " > 4 198.18.48.3                            3491 PCCW Global                1.80",
	        "   5 203.0.113.9                            13335 Cloudflare                12.3",
	};
	static const char *const last[] = {
	        "06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no route to …",
	        "q quit  p pause  a now  Tab next  l list  n addresses  c changes  L log  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ENTER, 18);
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_a_target_in_ascii_at_120x40(void **state)
{
	static const char *const lines[] = {
	        "zenn.dev  audit web  group web                                                                        "
	        "               1/3",
	        "transit (confidence high)  private * 8075 > 3491 PCCW Global 13335 Cloudflare",
	        "leaves home between TTL 3 (198.18.16.17, Frankfurt) and TTL 4 (198.18.48.3, AS3491)",
	        "203.0.113.9  12.3 ms  loss 0%  1 change  run of 06:12:30 UTC",
	        "Changes, the newest first",
	        "06:11:33    critical  verdict      inside -> transit",
	        " TTL 203.0.113.9 flow 0: transit, high      Address                                 AS                "
	        "                ms",
	        "   1 10.0.0.1                                                                       private           "
	        "              0.30",
	        "   2 *",
	        "   3 be-1-0.ibr01.fra (Frankfurt)           198.18.16.17                            8075 Microsoft    "
	        "              1.50",
	        " > 4 198.18.48.3                                                                    3491 PCCW Global  "
	        "              1.80",
	        "   5 203.0.113.9                                                                    13335 Cloudflare  "
	        "              12.3",
	        " TTL 203.0.113.9 flow 1: transit, high      Address                                 AS                "
	        "                ms",
	        "   1 10.0.0.1                                                                       private           "
	        "              0.30",
	        "   2 *",
	        "   3 be-1-0.ibr01.fra (Frankfurt)           198.18.16.17                            8075 Microsoft    "
	        "              1.50",
	        " > 4 198.18.48.3                                                                    3491 PCCW Global  "
	        "              1.80",
	        "   5 203.0.113.9                                                                    13335 Cloudflare  "
	        "              12.3",
	};
	static const char *const last[] = {"06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no "
	                                   "route to it, and no more is known of it \\x1b[2J",
	        "q quit  p pause  a now  Tab next  l list  n addresses  c changes  L log  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ENTER, 18);
	draw(scene, 40, 120, true);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_a_target_that_is_not_measured(void **state)
{
	static const char *const lines[] = {
	        "nosuch.example  audit web                                                    2/3",
	        "not measured: dns_nxdomain",
	};
	static const char *const last[] = {
	        "06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no route to …",
	        "q quit  p pause  a now  Tab next  l list  n addresses  c changes  L log  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	draw(scene, 24, 80, false); /* the rows that keys go over */
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_DOWN, 18);
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ENTER, 18);
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_changes_of_one_audit(void **state)
{
	static const char *const lines[] = {
	        "coldpotato watch  06:12:33 UTC  10,000/s  vm-westeurope-1         changes of web",
	        "  Time        Severity  Target               Kind         Old -> new",
	        "> 06:11:33    critical  zenn.dev             verdict      inside -> transit",
	        "  11-28 06:12 info      other.example        dns          8075 -> 8075, 13335 (…",
	};
	static const char *const last[] = {
	        "06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no route to …",
	        "q quit  p pause  Tab next audit  Enter open  Esc back  / filter  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	type_all(&scene->ui, "c");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_TAB, 18);
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_changes_at_120x40(void **state)
{
	static const char *const lines[] = {
	        "coldpotato watch  06:12:33 UTC  10,000/s  vm-westeurope-1                                          "
	        "changes of all audits",
	        "  Time        Severity  Audit        Target                         Kind         Old -> new",
	        "> 06:12:30    recovered dns          login.example                  exit-as-gone 13335 -> 3491",
	        "  06:11:33    critical  web          zenn.dev                       verdict      inside -> transit",
	        "  11-28 06:12 info      web          other.example                  dns          8075 -> 8075, 13335 "
	        "(muted)",
	};
	static const char *const last[] = {"06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no "
	                                   "route to it, and no more is known of it \\x1b[2J",
	        "q quit  p pause  Tab next audit  Enter open  Esc back  / filter  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	type_all(&scene->ui, "c");
	draw(scene, 40, 120, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_the_log(void **state)
{
	static const char *const lines[] = {
	        "coldpotato watch  06:12:33 UTC  10,000/s  vm-westeurope-1                    log",
	        "Time        Log, the newest first",
	        "06:12:32    warning: web: 1 addresses cannot be probed: 203.0.113.77: no route",
	        "            to it, and no more is known of it \\x1b[2J",
	        "06:11:33    web: 2 targets",
	};
	static const char *const last[] = {
	        "", "q quit  p pause  Tab next audit  Enter open  Esc back  / filter  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "zenn.dev");
	type_all(&scene->ui, "L");
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_hostile_names(void **state)
{
	static const char *const lines[] = {
	        "coldpotato watch  06:12:33 UTC  10,000/s  vm-westeurope-1                    1/3",
	        "> all audits    dns: pass 2  31%        1 transit, 1 inside, 1 unmeasured",
	        "  web           in 57 s   took 2.1 s    1 transit, 1 unmeasured",
	        "  dns           running  pass 2  31%    1 inside",
	        "  a-long-name-… due                     no result yet",
	        "  Target                  Verdict   Sure   Loss     ms Chg AS path",
	        ">!\\x1b[31mred�\\x0a<b>     transit   high     0%   12.3   1 8075 > 3491 PCCW Glo…",
	        "  nosuch.example                              -      -     dns_nxdomain",
	        "  login.example           inside    high     0%   2.00     8075",
	};
	static const char *const last[] = {
	        "06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no route to …",
	        "q quit  p pause  a now  Tab next  Enter open  c changes  L log  / filter  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "\x1b[31mred\x9b\n<b>");
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

static void test_a_hostile_target(void **state)
{
	static const char *const lines[] = {
	        "\\x1b[31mred�\\x0a<b>  audit web  group web                                    1/3",
	        "transit (confidence high)  private * 8075 > 3491 PCCW Global 13335 Cloudflare",
	        "leaves home between TTL 3 (198.18.16.17, Frankfurt) and TTL 4 (198.18.48.3, AS3…",
	        "203.0.113.9  12.3 ms  loss 0%  1 change  run of 06:12:30 UTC",
	        "Changes, the newest first",
	        "06:11:33    critical  verdict      inside -> transit",
	        " TTL 203.0.113.9 flow 0: transit, high      AS                                ms",
	        "   1 10.0.0.1                               private                         0.30",
	        "   2 *",
	        "   3 be-1-0.ibr01.fra (Frankfurt)           8075 Microsoft                  1.50",
	        " > 4 198.18.48.3                            3491 PCCW Global                1.80",
	        "   5 203.0.113.9                            13335 Cloudflare                12.3",
	        " TTL 203.0.113.9 flow 1: transit, high      AS                                ms",
	        "   1 10.0.0.1                               private                         0.30",
	        "   2 *",
	        "   3 be-1-0.ibr01.fra (Frankfurt)           8075 Microsoft                  1.50",
	        " > 4 198.18.48.3                            3491 PCCW Global                1.80",
	        "   5 203.0.113.9                            13335 Cloudflare                12.3",
	};
	static const char *const last[] = {
	        "06:12:32 warning: web: 1 addresses cannot be probed: 203.0.113.77: no route to …",
	        "q quit  p pause  a now  Tab next  l list  n addresses  c changes  L log  ? help"};
	struct scene *scene = *state;

	make_watch(scene, "\x1b[31mred\x9b\n<b>");
	cp_live_ui_key(&scene->ui, CP_LIVE_KEY_ENTER, 18);
	draw(scene, 24, 80, false);
	assert_screen(scene->frame, lines, ARRAY_SIZE(lines), last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_all_audits_at_80x24, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_one_audit, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_all_audits_at_120x40_paused, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_target_at_80x24, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_target_in_ascii_at_120x40, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_target_that_is_not_measured, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_changes_of_one_audit, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_changes_at_120x40, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_the_log, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_hostile_names, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_hostile_target, setup, teardown),
	};

	return cmocka_run_group_tests_name("live_top", tests, NULL, NULL);
}
