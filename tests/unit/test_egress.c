// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * test_egress.c: roles, counts, exact percentiles and exit routers of the
 * per-AS egress statistics, over hand-made judgements.
 */
#include "records.h"

#include <stdio.h>

#include "core/egress.h"

static const uint32_t home_asns[] = {8068, 8075};
static const struct cp_home home = {.asns = (uint32_t *)home_asns, .n = 2};

static const struct cp_egress_row *row_of(struct cp_egress *egress, uint32_t asn, enum cp_as_role role)
{
	const struct cp_egress_row *rows;
	uint64_t n_total;
	size_t n;

	assert_int_equal(cp_egress_rows(egress, &rows, &n, &n_total), 0);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].asn == asn && rows[i].role == role)
			return &rows[i];
	}
	return NULL;
}

/* "* 8075 > 3491 13335": home hop at TTL 2, handed over at TTL 3, destination at TTL 4. */
static void make_transit(struct fixture *fix, const char *home_router, uint32_t handover_us)
{
	fix_target(fix, "zenn.test", "203.0.113.9");
	fix_hop(fix, NULL, 0, 0);
	fix_hop(fix, home_router, 8075, 1000);
	fix_hop(fix, "198.18.2.1", 3491, handover_us);
	fix_reached(fix, "203.0.113.9", 13335, 4000);
	fix_step(fix, CP_STEP_SILENT, 0, 1, 1);
	fix_step(fix, CP_STEP_AS, 8075, 2, 2);
	fix_step(fix, CP_STEP_AS, 3491, 3, 3);
	fix_step(fix, CP_STEP_AS, 13335, 4, 4);
	fix_exit(fix, 1, 2);
	fix->judgement.verdict = CP_TRANSIT;
}

static void add(struct cp_egress *egress, uint32_t target, uint32_t dest, struct fixture *fix)
{
	fix->path.dest = dest;
	assert_int_equal(cp_egress_add(egress, target, &fix->path, &fix->judgement, &home), 0);
}

static void test_roles_of_a_transit(void **state)
{
	const struct cp_egress_row *row, *rows;
	struct cp_egress *egress;
	struct fixture fix;
	uint64_t n_total;
	size_t n;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	make_transit(&fix, "198.18.0.1", 2000);
	add(egress, 0, 0, &fix);
	assert_int_equal(cp_egress_rows(egress, &rows, &n, &n_total), 0);
	assert_int_equal(n, 3); /* the carrier is the neighbour: exit, not transit besides */
	assert_int_equal(n_total, 1);
	assert_int_equal(rows[0].role, CP_ROLE_HOME);
	assert_int_equal(rows[0].asn, 8075);
	row = row_of(egress, 3491, CP_ROLE_EXIT);
	assert_non_null(row);
	assert_int_equal(row->handover_p50_us, 2000);
	assert_int_equal(row->cold_share_pct, 25);
	assert_int_equal(row->n_exit_routers, 1);
	row = row_of(egress, 13335, CP_ROLE_DEST);
	assert_non_null(row);
	assert_int_equal(row->handover_p50_us, CP_EGRESS_UNKNOWN);
	assert_int_equal(row->cold_share_pct, CP_EGRESS_UNKNOWN);
	assert_int_equal(row->n_exit_routers, 0);
	cp_egress_free(egress);
}

static void test_a_second_carrier_is_transit(void **state)
{
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	make_transit(&fix, "198.18.0.1", 2000);
	fix.judgement.as_path[fix.judgement.n_as_path - 1].asn = 20940;
	fix_step(&fix, CP_STEP_AS, 13335, 5, 5);
	add(egress, 0, 0, &fix);
	assert_non_null(row_of(egress, 20940, CP_ROLE_TRANSIT));
	assert_null(row_of(egress, 3491, CP_ROLE_TRANSIT));
	assert_null(row_of(egress, 13335, CP_ROLE_TRANSIT));
	cp_egress_free(egress);
}

static void test_direct_peer_is_exit_and_destination(void **state)
{
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	fix_target(&fix, "www.test", "203.0.113.9");
	fix_hop(&fix, "198.18.0.1", 8075, 500);
	fix_hop(&fix, "198.18.9.1", 0, 600);
	fix_hop(&fix, "198.18.5.1", 20940, 0);
	fix_reached(&fix, "203.0.113.9", 16625, 900);
	fix_step(&fix, CP_STEP_AS, 8075, 1, 1);
	fix_step(&fix, CP_STEP_IXP, 0, 2, 2);
	fix.judgement.as_path[1].label = "Lab-IX";
	fix_step(&fix, CP_STEP_AS, 20940, 3, 3);
	fix_step(&fix, CP_STEP_AS, 16625, 4, 4);
	fix_exit(&fix, 0, 1); /* the LAN is the first thing outside */
	fix.judgement.verdict = CP_DIRECT;
	add(egress, 0, 0, &fix);
	assert_non_null(row_of(egress, 0, CP_ROLE_IXP));
	assert_string_equal(row_of(egress, 0, CP_ROLE_IXP)->label, "Lab-IX");
	assert_int_equal(row_of(egress, 20940, CP_ROLE_EXIT)->handover_p50_us, 600);
	assert_int_equal(row_of(egress, 20940, CP_ROLE_EXIT)->cold_share_pct, 56); /* 500 of 900 */
	assert_non_null(row_of(egress, 16625, CP_ROLE_DEST));

	/* Without the sibling in between the peer has both roles. */
	fix.judgement.as_path[2] = fix.judgement.as_path[3];
	fix.judgement.n_as_path = 3;
	add(egress, 1, 1, &fix);
	assert_int_equal(row_of(egress, 16625, CP_ROLE_EXIT)->n_paths, 1);
	assert_int_equal(row_of(egress, 16625, CP_ROLE_DEST)->n_paths, 2);
	assert_null(row_of(egress, 20940, CP_ROLE_TRANSIT)); /* `direct` says nobody carries it */
	cp_egress_free(egress);
}

static void test_distinct_destinations_and_targets(void **state)
{
	const struct cp_egress_row *row;
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	make_transit(&fix, "198.18.0.1", 2000);
	add(egress, 0, 0, &fix);
	add(egress, 0, 0, &fix); /* another flow */
	add(egress, 0, 1, &fix); /* another address */
	add(egress, 1, 2, &fix); /* another target */
	add(egress, 2, 2, &fix); /* the same number under another target is another destination */
	row = row_of(egress, 13335, CP_ROLE_DEST);
	assert_int_equal(row->n_paths, 5);
	assert_int_equal(row->n_dests, 4);
	assert_int_equal(row->n_targets, 3);
	cp_egress_free(egress);
}

static void test_exact_percentiles(void **state)
{
	const struct cp_egress_row *row;
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	/* 1..1000 us in a scattered order (7 and 1000 have no common factor), and one path without RTT. */
	for (uint32_t i = 0; i < 1000; i++) {
		make_transit(&fix, "198.18.0.1", i * 7 % 1000 + 1);
		add(egress, i, i, &fix);
		if (i == 500) /* asking in between changes nothing */
			assert_non_null(row_of(egress, 3491, CP_ROLE_EXIT));
	}
	make_transit(&fix, "198.18.0.1", 0);
	add(egress, 1000, 1000, &fix);
	row = row_of(egress, 3491, CP_ROLE_EXIT);
	assert_int_equal(row->n_paths, 1001);
	assert_int_equal(row->handover_p50_us, 500);
	assert_int_equal(row->handover_p95_us, 950);
	assert_int_equal(row->handover_p99_us, 990);
	cp_egress_free(egress);
}

static void test_cold_share_needs_both_ends(void **state)
{
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	make_transit(&fix, "198.18.0.1", 2000);
	fix.path.reached = false;
	add(egress, 0, 0, &fix);
	make_transit(&fix, "198.18.0.1", 2000);
	fix.path.hops[1].rtt_us = 0;
	add(egress, 1, 1, &fix);
	assert_int_equal(row_of(egress, 3491, CP_ROLE_EXIT)->cold_share_pct, CP_EGRESS_UNKNOWN);
	make_transit(&fix, "198.18.0.1", 2000);
	fix.path.hops[1].rtt_us = 9000; /* slower than the destination behind it */
	add(egress, 2, 2, &fix);
	assert_int_equal(row_of(egress, 3491, CP_ROLE_EXIT)->cold_share_pct, 100);
	cp_egress_free(egress);
}

static void test_exit_routers_are_distinct(void **state)
{
	struct cp_egress *egress;
	struct fixture fix;
	char router[32];

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	for (uint32_t i = 0; i < 3000; i++) {
		snprintf(router, sizeof(router), "198.18.%u.%u", i % 700 / 250, i % 700 % 250 + 1);
		make_transit(&fix, router, 2000);
		add(egress, i, i, &fix);
	}
	make_transit(&fix, "198.18.0.1", 2000);
	fix_exit(&fix, -1, 2); /* the vantage itself is no router */
	add(egress, 3000, 3000, &fix);
	assert_int_equal(row_of(egress, 3491, CP_ROLE_EXIT)->n_exit_routers, 700);
	cp_egress_free(egress);
}

/* Hands a path over to 3491 at a router with this name. */
static void add_named(struct cp_egress *egress, uint32_t dest, const char *router, const char *ptr)
{
	struct fixture fix;

	make_transit(&fix, router, 2000);
	fix.path.hops[1].ptr = ptr;
	add(egress, dest, dest, &fix);
}

static void test_exit_sites(void **state)
{
	static const char *const routers[][2] = {{"198.18.0.1", "ae1.icr01.fra23.ntwk.msn.net"},
	        {"198.18.0.1", "ae1.icr01.fra23.ntwk.msn.net"}, {"198.18.0.2", "ae2-0.fra-96cbe-1a.ntwk.msn.net"},
	        {"198.18.0.3", NULL}, {"198.18.0.3", "ae2-0.sof01-96cbe-1a.ntwk.msn.net"}, {"198.18.0.3", NULL},
	        {"198.18.0.4", "be1.rwa02.dm4.ntwk.msn.net"}, {"198.18.0.5", "router.example"}, {"198.18.0.6", NULL}};
	const struct cp_egress_row *row;
	struct cp_egress *egress;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	for (uint32_t i = 0; i < sizeof(routers) / sizeof(routers[0]); i++)
		add_named(egress, i, routers[i][0], routers[i][1]);
	for (int again = 0; again < 2; again++) {
		row = row_of(egress, 3491, CP_ROLE_EXIT);
		assert_int_equal(row->n_exit_routers, 6);
		assert_int_equal(row->n_sites, 3);
		/* Equal shares by name. The paths of a router before its name was known are its site's, too. */
		assert_string_equal(row->sites[0].place, "Frankfurt");
		assert_int_equal(row->sites[0].n_paths, 3);
		assert_string_equal(row->sites[1].place, "Sofia");
		assert_int_equal(row->sites[1].n_paths, 3);
		assert_string_equal(row->sites[2].place, "dm4");
		assert_int_equal(row->sites[2].n_paths, 1);
		assert_int_equal(row_of(egress, 8075, CP_ROLE_HOME)->n_sites, 0);
	}
	for (uint32_t i = 0; i < 2; i++)
		add_named(egress, 100 + i, "198.18.0.3", NULL);
	row = row_of(egress, 3491, CP_ROLE_EXIT);
	assert_string_equal(row->sites[0].place, "Sofia");
	assert_int_equal(row->sites[0].n_paths, 5);
	cp_egress_free(egress);
}

static void test_unseen_neighbour_is_nobody(void **state)
{
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	fix_target(&fix, "gone.test", "203.0.113.9");
	fix_hop(&fix, "198.18.0.1", 8075, 500);
	fix_step(&fix, CP_STEP_AS, 8075, 1, 1);
	fix_step(&fix, CP_STEP_SILENT, 0, 2, 2);
	fix_exit(&fix, 0, -1);
	fix.judgement.dest_origin = (struct cp_origin){.kind = CP_ORIGIN_AS, .n_asn = 2, .asn = {13335, 16625}};
	fix.judgement.verdict = CP_UNDECIDED;
	add(egress, 0, 0, &fix);
	assert_null(row_of(egress, 13335, CP_ROLE_EXIT));
	assert_non_null(row_of(egress, 13335, CP_ROLE_DEST));
	cp_egress_free(egress);
}

/* A foreign hop that did not suffice for a verdict makes its AS no carrier. */
static void test_weak_evidence_accuses_nobody(void **state)
{
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	make_transit(&fix, "198.18.0.1", 2000);
	fix.judgement.exit = (struct cp_exit){.last_home = -1, .first_foreign = -1};
	fix.judgement.verdict = CP_UNDECIDED;
	add(egress, 0, 0, &fix);
	assert_null(row_of(egress, 3491, CP_ROLE_TRANSIT));
	fix.judgement.verdict = CP_DETOUR;
	add(egress, 1, 1, &fix);
	assert_int_equal(row_of(egress, 3491, CP_ROLE_TRANSIT)->n_paths, 1);
	cp_egress_free(egress);
}

/* A home hop that is by its name the neighbour's end of the link hands nothing over; the one before it does. */
static void test_far_end_is_no_exit_router(void **state)
{
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	make_transit(&fix, "198.18.0.77", 2000);
	fix.judgement.far_end = 1u << 1;
	add(egress, 0, 0, &fix);
	assert_int_equal(row_of(egress, 3491, CP_ROLE_EXIT)->n_exit_routers, 0); /* silent */
	fix.path.hops[0].addr = addr_of("198.18.0.1");
	add(egress, 1, 1, &fix);
	add(egress, 2, 2, &fix);
	assert_int_equal(row_of(egress, 3491, CP_ROLE_EXIT)->n_exit_routers, 1);
	cp_egress_free(egress);
}

static void test_groups(void **state)
{
	static const char *const groups[] = {"m365", "m365", "azure", NULL, "azure", "m365", "xbox"};
	char copy[8];
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	make_transit(&fix, "198.18.0.1", 2000);
	for (uint32_t i = 0; i < 7; i++) {
		cp_egress_group(egress, groups[i]);
		add(egress, i, i, &fix);
	}
	assert_int_equal(row_of(egress, 3491, CP_ROLE_EXIT)->n_groups, 3);
	snprintf(copy, sizeof(copy), "xbox"); /* the same label at another place */
	cp_egress_group(egress, copy);
	add(egress, 8, 8, &fix);
	assert_int_equal(row_of(egress, 13335, CP_ROLE_DEST)->n_groups, 3);
	for (uint32_t i = 0; i < 5000; i++) {
		char label[16];

		snprintf(label, sizeof(label), "group %u", i % 2500);
		cp_egress_group(egress, label);
		add(egress, 9 + i, 9 + i, &fix);
		cp_egress_group(egress, NULL); /* the label ends here */
	}
	assert_int_equal(row_of(egress, 8075, CP_ROLE_HOME)->n_groups, 2503);
	cp_egress_free(egress);
}

/* Replies and loss are of the hops that answered for the AS, in each of its roles. */
static void test_replies_and_loss(void **state)
{
	const struct cp_egress_row *row;
	struct cp_egress *egress;
	struct fixture fix;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	make_transit(&fix, "198.18.0.1", 2000);
	fix.path.hops[0].attempts = 3; /* silent: nobody's */
	fix.path.hops[1].attempts = 4;
	fix.path.hops[3].attempts = 2;
	add(egress, 0, 0, &fix);
	fix.path.hops[2].attempts = 0; /* not told */
	fix.path.hops[1].flags = CP_HOP_INFERRED;
	add(egress, 1, 1, &fix);
	row = row_of(egress, 8075, CP_ROLE_HOME);
	assert_int_equal(row->n_replies, 1);
	assert_int_equal(row->n_probes, 4);
	assert_int_equal(row->n_unanswered, 3);
	row = row_of(egress, 3491, CP_ROLE_EXIT);
	assert_int_equal(row->n_replies, 2);
	assert_int_equal(row->n_probes, 1);
	assert_int_equal(row->n_unanswered, 0);
	row = row_of(egress, 13335, CP_ROLE_DEST);
	assert_int_equal(row->n_replies, 2);
	assert_int_equal(row->n_probes, 4);
	assert_int_equal(row->n_unanswered, 2);
	cp_egress_free(egress);
}

/* Many ASes: the hash grows, rows stay sorted by role and falling paths. */
static void test_many_rows_in_order(void **state)
{
	const struct cp_egress_row *rows;
	struct cp_egress *egress;
	struct fixture fix;
	uint64_t n_total;
	size_t n;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	for (uint32_t i = 0; i < 6000; i++) {
		make_transit(&fix, "198.18.0.1", 2000);
		fix.judgement.as_path[3].asn = 100000 + i % 2000 * (i % 3 ? 1 : 0);
		fix.judgement.dest_origin.asn[0] = fix.judgement.as_path[3].asn;
		add(egress, i, i, &fix);
	}
	assert_int_equal(cp_egress_rows(egress, &rows, &n, &n_total), 0);
	assert_int_equal(n_total, 6000);
	assert_int_equal(n, 2 + 2000);
	for (size_t i = 1; i < n; i++) {
		assert_true(rows[i - 1].role <= rows[i].role);
		if (rows[i - 1].role == rows[i].role)
			assert_true(rows[i - 1].n_paths >= rows[i].n_paths);
	}
	/* Every third of 6000, and those two of 0, 2000 and 4000 that are no third. */
	assert_int_equal(row_of(egress, 100000, CP_ROLE_DEST)->n_paths, 2002);
	cp_egress_free(egress);
}

static void test_empty(void **state)
{
	const struct cp_egress_row *rows;
	struct cp_egress *egress;
	uint64_t n_total = 7;
	size_t n = 7;

	(void)state;
	assert_int_equal(cp_egress_new(&egress), 0);
	assert_int_equal(cp_egress_rows(egress, &rows, &n, &n_total), 0);
	assert_int_equal(n, 0);
	assert_int_equal(n_total, 0);
	cp_egress_free(egress);
	cp_egress_free(NULL);
	assert_string_equal(cp_as_role_name(CP_ROLE_DEST), "destination");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_roles_of_a_transit),
	        cmocka_unit_test(test_a_second_carrier_is_transit),
	        cmocka_unit_test(test_direct_peer_is_exit_and_destination),
	        cmocka_unit_test(test_distinct_destinations_and_targets),
	        cmocka_unit_test(test_exact_percentiles),
	        cmocka_unit_test(test_cold_share_needs_both_ends),
	        cmocka_unit_test(test_exit_routers_are_distinct),
	        cmocka_unit_test(test_exit_sites),
	        cmocka_unit_test(test_unseen_neighbour_is_nobody),
	        cmocka_unit_test(test_weak_evidence_accuses_nobody),
	        cmocka_unit_test(test_far_end_is_no_exit_router),
	        cmocka_unit_test(test_groups),
	        cmocka_unit_test(test_replies_and_loss),
	        cmocka_unit_test(test_many_rows_in_order),
	        cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
