// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_ends.c: to whom a path is handed over, and whose its destination is.
 */
#include "story.h"

#include "format/ends.h"

static struct cp_asdb *asdb;

static struct cp_ends ends_of(struct fixture *fix)
{
	struct cp_ends ends;

	fix->rec.asdb = asdb;
	cp_ends_of(&fix->rec, &ends);
	return ends;
}

static void test_inside(void **state)
{
	struct fixture fix;
	struct cp_ends ends;

	(void)state;
	story_inside(&fix, "login.microsoft.com", 8075);
	ends = ends_of(&fix);
	assert_false(ends.leaves);
	assert_int_equal(ends.exit_asn, 0);
	assert_null(ends.first_foreign);
	assert_int_equal(ends.dest_asn, 8075);
	assert_string_equal(ends.dest_as_name, "Microsoft Corporation");
	assert_int_equal(ends.dest_rtt_us, 1200);
}

static void test_transit(void **state)
{
	struct fixture fix;
	struct cp_ends ends;

	(void)state;
	story_outside(&fix, "zenn.dev", 3491, 13335);
	ends = ends_of(&fix);
	assert_true(ends.leaves);
	assert_int_equal(ends.exit_asn, 3491);
	assert_string_equal(ends.exit_as_name, "PCCW Global (HK) Limited");
	assert_null(ends.exit_ixp);
	assert_ptr_equal(ends.last_home, &fix.path.hops[1]);
	assert_ptr_equal(ends.first_foreign, &fix.path.hops[2]);
	assert_int_equal(ends.dest_asn, 13335);
}

/* Behind an exchange LAN the neighbour is the next AS, but never home itself, which a detour comes back to. */
static void test_exchange(void **state)
{
	struct fixture fix;
	struct cp_ends ends;

	(void)state;
	story_outside(&fix, "zenn.dev", 3491, 13335);
	fix.judgement.origins[2] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = "Lab-IX"};
	fix.judgement.as_path[2].kind = CP_STEP_IXP;
	ends = ends_of(&fix);
	assert_int_equal(ends.exit_asn, 13335);
	assert_string_equal(ends.exit_ixp, "Lab-IX");

	story_outside(&fix, "back.microsoft.com", 3491, 8068);
	fix.judgement.origins[2] = (struct cp_origin){.kind = CP_ORIGIN_IXP, .label = ""};
	fix.judgement.as_path[2].kind = CP_STEP_IXP;
	ends = ends_of(&fix);
	assert_int_equal(ends.exit_asn, 0); /* 8068 is of the organisation that the path came from */
	assert_string_equal(ends.exit_ixp, "");
}

static void test_unseen_neighbour(void **state)
{
	struct fixture fix;
	struct cp_ends ends;

	(void)state;
	story_outside(&fix, "zenn.dev", 0, 13335);
	fix_exit(&fix, -1, -1);
	fix.path.reached = false;
	ends = ends_of(&fix);
	assert_true(ends.leaves);
	assert_null(ends.last_home);
	assert_null(ends.first_foreign);
	assert_int_equal(ends.exit_asn, 0);
	assert_int_equal(ends.dest_rtt_us, 0);
	fix.rec.asdb = NULL;
	cp_ends_of(&fix.rec, &ends);
	assert_null(ends.dest_as_name);
}

/* Of several origins the one that the AS path shows at that TTL. */
static void test_multi_origin(void **state)
{
	struct fixture fix;

	(void)state;
	story_outside(&fix, "zenn.dev", 3491, 13335);
	fix.judgement.origins[2].n_asn = 2;
	fix.judgement.origins[2].asn[0] = 64500;
	fix.judgement.origins[2].asn[1] = 3491;
	assert_int_equal(ends_of(&fix).exit_asn, 3491);
	fix.judgement.as_path[2].asn = 64501;
	assert_int_equal(ends_of(&fix).exit_asn, 64500);
}

static void test_words(void **state)
{
	struct fixture fix;
	char buf[64];

	(void)state;
	story_outside(&fix, "zenn.dev", 3491, 13335);
	assert_string_equal(cp_ends_as_path(&fix.judgement, buf, sizeof(buf)), "* 8075 3491 13335");
	assert_string_equal(cp_ends_as_path(&fix.judgement, buf, 9), "* 8075 3");
	fix.judgement.n_as_path = 0;
	assert_string_equal(cp_ends_as_path(&fix.judgement, buf, sizeof(buf)), "");
	assert_string_equal(cp_ends_reasons(WHY(LOOP) | WHY(SILENT_BORDER), buf, sizeof(buf)), "silent-border loop");
	assert_string_equal(cp_ends_reasons(0, buf, sizeof(buf)), "");
}

static int setup(void **state)
{
	(void)state;
	asdb = make_asdb();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cp_asdb_free(asdb);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_inside),
	        cmocka_unit_test(test_transit),
	        cmocka_unit_test(test_exchange),
	        cmocka_unit_test(test_unseen_neighbour),
	        cmocka_unit_test(test_multi_origin),
	        cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
