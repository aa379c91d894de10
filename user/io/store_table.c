// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * store_table.c: which column is which member of which struct. The tables
 * themselves are made by store.c.
 */
#include <string.h>

#include "store_impl.h"

#define INT(type, member)                                                                                              \
	{                                                                                                              \
#member, false, offsetof(struct type, member)                                                          \
	}
#define TEXT(type, member)                                                                                             \
	{                                                                                                              \
#member, true, offsetof(struct type, member)                                                           \
	}

#define I(member) INT(cp_store_run, member)
#define T(member) TEXT(cp_store_run, member)
static const struct cp_store_column runs[] = {
        T(agent),
        I(run),
        T(audit),
        T(command),
        T(version),
        T(host),
        I(started_ms),
        I(ended_ms),
        T(end_reason),
        T(error),
        I(exit_status),
        I(vantage_asn),
        T(vantage_why),
        T(home_spec),
        T(datapath),
        I(rate_pps),
        I(flows),
        I(seed),
        T(databases),
        T(settings),
        T(accounting),
        I(n_targets),
        I(n_dests),
        I(n_paths),
        I(n_complete),
        I(n_hops),
        I(n_hops_seen),
        I(n_inside),
        I(n_direct),
        I(n_undecided),
        I(n_transit),
        I(n_detour),
        I(probes),
        I(replies),
        I(lost),
        I(rows_lost),
        I(hops_pruned),
};
#undef I
#undef T

#define I(member) INT(cp_store_target, member)
#define T(member) TEXT(cp_store_target, member)
static const struct cp_store_column targets[] = {
        T(agent),
        I(run),
        I(seq),
        T(name),
        I(port),
        T(protocol),
        T(group),
        T(expect),
        T(dns),
        T(cname),
        T(addresses),
        I(n_dests),
        I(n_paths),
        T(verdict),
        T(skip_reason),
        T(flows),
};
#undef I
#undef T

#define I(member) INT(cp_store_path, member)
#define T(member) TEXT(cp_store_path, member)
static const struct cp_store_column paths[] = {
        T(agent),
        I(run),
        I(seq),
        I(target),
        T(dest_ip),
        I(dest_asn),
        T(dest_as_name),
        T(dest_asns),
        I(dest_asn_disputed),
        T(service_tag),
        T(service_region),
        I(flow),
        I(reached),
        T(end_reason),
        I(end_code),
        T(verdict),
        T(confidence),
        T(rule),
        T(reasons),
        T(as_path),
        I(exit_ttl_min),
        I(exit_ttl_max),
        T(exit_ip),
        T(exit_ptr),
        T(exit_site),
        T(foreign_ip),
        I(foreign_asn),
        T(foreign_as_name),
        T(foreign_ixp),
        I(exit_rtt_us),
        I(dest_rtt_us),
        I(n_hops),
        I(n_hops_seen),
        I(probes),
        T(tcp_method),
        T(sack_fallback),
        T(e2e),
};
#undef I
#undef T

#define I(member) INT(cp_store_hop, member)
#define T(member) TEXT(cp_store_hop, member)
static const struct cp_store_column hops[] = {
        T(agent),
        I(run),
        I(path),
        I(ttl),
        T(ip),
        I(asn),
        T(asns),
        T(ixp),
        T(ptr),
        T(site),
        T(role),
        I(rtt_us),
        T(reply),
        I(icmp_type),
        I(icmp_code),
        I(reply_ttl),
        I(quoted_ttl),
        T(mpls),
        I(attempts),
        T(flags),
};
#undef I
#undef T

#define I(member) INT(cp_store_egress, member)
#define T(member) TEXT(cp_store_egress, member)
static const struct cp_store_column egress[] = {
        T(agent),
        I(run),
        I(seq),
        T(role),
        I(asn),
        T(as_name),
        T(as_org),
        T(as_role),
        T(ixp),
        I(paths),
        I(dests),
        I(targets),
        I(groups),
        I(exit_routers),
        T(exit_sites),
        I(handover_p50_us),
        I(handover_p95_us),
        I(handover_p99_us),
        I(cold_share_pct),
        I(replies),
        I(probes),
        I(unanswered),
};
#undef I
#undef T

#define I(member) INT(cp_store_edge, member)
#define T(member) TEXT(cp_store_edge, member)
static const struct cp_store_column edges[] = {
        T(agent),
        I(run),
        I(seq),
        I(from_asn),
        I(to_asn),
        T(from_label),
        T(to_label),
        I(paths),
        I(dests),
        I(rtt_p50_us),
};
#undef I
#undef T

static const struct cp_store_column warnings[] = {
        TEXT(cp_store_warning, agent),
        INT(cp_store_warning, run),
        INT(cp_store_warning, seq),
        TEXT(cp_store_warning, code),
        TEXT(cp_store_warning, text),
};

static const struct cp_store_column ases[] = {
        TEXT(cp_store_as, agent),
        INT(cp_store_as, run),
        INT(cp_store_as, asn),
        TEXT(cp_store_as, name),
};

static const struct cp_store_column policies[] = {
        TEXT(cp_store_policy, agent),
        INT(cp_store_policy, run),
        INT(cp_store_policy, seq),
        TEXT(cp_store_policy, record),
};

#define I(member) INT(cp_store_change, member)
#define T(member) TEXT(cp_store_change, member)
static const struct cp_store_column changes[] = {
        T(agent),
        I(seq),
        I(at_ms),
        I(run),
        T(audit),
        T(target),
        I(port),
        T(protocol),
        T(group),
        T(kind),
        T(old),
        T(new),
        I(first_seen_ms),
        I(last_seen_ms),
        T(severity),
        I(muted),
        T(state),
};
#undef I
#undef T

#define SHAPE(table, type, time, then)                                                                                 \
	{                                                                                                              \
#table, table, sizeof(table) / sizeof((table)[0]), sizeof(struct type), time, then                     \
	}

const struct cp_store_shape cp_store_shapes[CP_STORE_TABLES] = {
        [CP_STORE_RUNS] = SHAPE(runs, cp_store_run, "run", ""),
        [CP_STORE_TARGETS] = SHAPE(targets, cp_store_target, "run", ", seq"),
        [CP_STORE_PATHS] = SHAPE(paths, cp_store_path, "run", ", seq"),
        [CP_STORE_HOPS] = SHAPE(hops, cp_store_hop, "run", ", path, ttl"),
        [CP_STORE_EGRESS] = SHAPE(egress, cp_store_egress, "run", ", seq"),
        [CP_STORE_EDGES] = SHAPE(edges, cp_store_edge, "run", ", seq"),
        [CP_STORE_WARNINGS] = SHAPE(warnings, cp_store_warning, "run", ", seq"),
        [CP_STORE_ASES] = SHAPE(ases, cp_store_as, "run", ", asn"),
        [CP_STORE_POLICIES] = SHAPE(policies, cp_store_policy, "run", ", seq"),
        [CP_STORE_CHANGES] = SHAPE(changes, cp_store_change, "at_ms", ", seq"),
};

const struct cp_store_column *cp_store_column(enum cp_store_table table, const char *name)
{
	const struct cp_store_shape *shape = &cp_store_shapes[table];

	for (uint32_t i = 0; i < shape->n_columns; i++) {
		if (strcmp(shape->columns[i].name, name) == 0)
			return &shape->columns[i];
	}
	return NULL;
}
