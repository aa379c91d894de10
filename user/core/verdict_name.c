// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * verdict_name.c: the names that records have for verdicts, confidences,
 * reasons and rules, the order of verdicts, and how sure a reason lets one be.
 * Must not know how they come about.
 */
#include "verdict.h"

const char *cp_verdict_name(enum cp_verdict verdict)
{
	static const char *const names[CP_VERDICTS] = {
	        [CP_INSIDE] = "inside",
	        [CP_DIRECT] = "direct",
	        [CP_UNDECIDED] = "undecided",
	        [CP_TRANSIT] = "transit",
	        [CP_DETOUR] = "detour",
	};

	return verdict < CP_VERDICTS ? names[verdict] : "?";
}

const char *cp_confidence_name(enum cp_confidence confidence)
{
	static const char *const names[] = {
	        [CP_CONF_LOW] = "low",
	        [CP_CONF_MEDIUM] = "medium",
	        [CP_CONF_HIGH] = "high",
	};

	return confidence <= CP_CONF_HIGH ? names[confidence] : "?";
}

const char *cp_reason_name(enum cp_reason reason)
{
	static const char *const names[CP_WHY_MAX] = {
	        [CP_WHY_SILENT_BORDER] = "silent-border",
	        [CP_WHY_SILENT_MIDDLE] = "silent-middle",
	        [CP_WHY_VANTAGE_UNKNOWN] = "vantage-unknown",
	        [CP_WHY_VANTAGE_ASSUMED] = "vantage-assumed",
	        [CP_WHY_SINGLE_FOREIGN_HOP] = "single-foreign-hop",
	        [CP_WHY_IXP] = "ixp",
	        [CP_WHY_SIBLINGS] = "siblings",
	        [CP_WHY_NO_ORIGIN] = "no-origin",
	        [CP_WHY_UNMAPPED_HOP] = "unmapped-hop",
	        [CP_WHY_MULTI_ORIGIN] = "multi-origin",
	        [CP_WHY_PRIVATE_ENDPOINT] = "private-endpoint",
	        [CP_WHY_NO_EVIDENCE] = "no-evidence",
	        [CP_WHY_NOT_REACHED] = "not-reached",
	        [CP_WHY_LOOP] = "loop",
	        [CP_WHY_CNAME_CDN] = "cname-cdn",
	        [CP_WHY_INTERRUPTED] = "interrupted",
	        [CP_WHY_REPLIES_LOST] = "replies-lost",
	        [CP_WHY_ROUTE_CHANGED] = "route-changed",
	        [CP_WHY_SACK_UNAVAILABLE] = "sack-unavailable",
	        [CP_WHY_FAR_END] = "far-end",
	        [CP_WHY_THIRD_PARTY_ADDRESS] = "third-party-address",
	        [CP_WHY_ASYMMETRIC_RETURN] = "asymmetric-return",
	        [CP_WHY_MPLS_TUNNEL] = "mpls-tunnel",
	        [CP_WHY_RTT_CONTRADICTION] = "rtt-contradiction",
	        [CP_WHY_FLOWS_DISAGREE] = "flows-disagree",
	        [CP_WHY_PER_PACKET] = "per-packet",
	};

	return reason < CP_WHY_MAX ? names[reason] : "?";
}

enum cp_confidence cp_reason_cap(enum cp_reason reason)
{
	switch (reason) {
	case CP_WHY_SILENT_BORDER:
	case CP_WHY_VANTAGE_UNKNOWN:
	case CP_WHY_VANTAGE_ASSUMED:
	case CP_WHY_UNMAPPED_HOP:
	case CP_WHY_MULTI_ORIGIN:
	case CP_WHY_NOT_REACHED:
	case CP_WHY_LOOP:
	case CP_WHY_RTT_CONTRADICTION:
	case CP_WHY_PER_PACKET:
		return CP_CONF_MEDIUM;
	case CP_WHY_ROUTE_CHANGED:
		return CP_CONF_LOW;
	default:
		return CP_CONF_HIGH;
	}
}

const char *cp_rule_name(enum cp_rule rule)
{
	static const char *const names[CP_RULES] = {
	        [CP_RULE_PRIVATE_ENDPOINT] = "private-endpoint",
	        [CP_RULE_DEST_NO_ORIGIN] = "dest-no-origin",
	        [CP_RULE_DEST_HALF_HOME] = "dest-half-home",
	        [CP_RULE_HOPS_NOT_ASKED] = "hops-not-asked",
	        [CP_RULE_NOTHING_ANSWERED] = "nothing-answered",
	        [CP_RULE_LEFT_AND_RETURNED] = "left-and-returned",
	        [CP_RULE_LEFT_NOT_RETURNED] = "left-not-returned",
	        [CP_RULE_THIRD_AS] = "third-as",
	        [CP_RULE_IXP_EXCURSION] = "ixp-excursion",
	        [CP_RULE_LONE_FOREIGN_HOP] = "lone-foreign-hop",
	        [CP_RULE_LONE_THIRD_HOP] = "lone-third-hop",
	        [CP_RULE_UNCLEAR_HOP] = "unclear-hop",
	        [CP_RULE_SIBLING_EXCURSION] = "sibling-excursion",
	        [CP_RULE_LOOP] = "loop",
	        [CP_RULE_INTERRUPTED] = "interrupted",
	        [CP_RULE_END_NOT_SEEN] = "end-not-seen",
	        [CP_RULE_VANTAGE_UNKNOWN] = "vantage-unknown",
	        [CP_RULE_ENDS_ONLY] = "ends-only",
	        [CP_RULE_SILENCE_DOUBTFUL] = "silence-doubtful",
	        [CP_RULE_DEST_CONTESTED] = "dest-contested",
	        [CP_RULE_ALL_HOME] = "all-home",
	        [CP_RULE_TWO_NETWORKS] = "two-networks",
	};

	return rule < CP_RULES ? names[rule] : NULL;
}

enum cp_verdict cp_verdict_worse(enum cp_verdict a, enum cp_verdict b)
{
	return a > b ? a : b;
}
