// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * explain_text.c: the sentences of rules, and what helps against a reason, as
 * tables. No logic.
 */
#include "explain.h"

const char *cp_explain_rule(enum cp_rule rule)
{
	static const char *const sentences[CP_RULES] = {
	        [CP_RULE_NONE] = "",
	        [CP_RULE_PRIVATE_ENDPOINT] = "the destination is a private or special-use address, which belongs to no "
	                                     "AS: a private endpoint is a finding of its own",
	        [CP_RULE_DEST_NO_ORIGIN] =
	                "the AS of the destination's address is not known, so neither inside nor outside can be said",
	        [CP_RULE_DEST_HALF_HOME] =
	                "of the ASes that announce the destination's address some are home and others are not",
	        [CP_RULE_HOPS_NOT_ASKED] = "the hops were not asked, as there was no TCP connection to ask them in",
	        [CP_RULE_NOTHING_ANSWERED] = "neither a public hop nor the destination answered",
	        [CP_RULE_LEFT_AND_RETURNED] = "between home and home two or more hops of other networks answered: the "
	                                      "path left home and came "
	                                      "back",
	        [CP_RULE_LEFT_NOT_RETURNED] = "two or more hops of other networks answered on the way to a home "
	                                      "destination, and home was not "
	                                      "seen again: others carry it, coming back was not seen",
	        [CP_RULE_THIRD_AS] = "two or more hops together belong to ASes that are neither the vantage's nor the "
	                             "destination's, or one of them stands behind an exchange",
	        [CP_RULE_IXP_EXCURSION] = "between home and home the path crosses the LAN of an Internet exchange",
	        [CP_RULE_LONE_FOREIGN_HOP] =
	                "a single foreign hop stands between hops of one network, or is the last that was seen; border "
	                "links are numbered by either side and a router may answer with another of its addresses, so "
	                "one "
	                "hop is too weak to accuse and too much to overlook",
	        [CP_RULE_LONE_THIRD_HOP] = "a single hop of a third AS stands between the vantage's network and the "
	                                   "destination's; neither "
	                                   "of them would number their link with it",
	        [CP_RULE_UNCLEAR_HOP] = "whose a hop is cannot be said, and the verdict depends on it",
	        [CP_RULE_SIBLING_EXCURSION] =
	                "between home hops stands an AS of home's organisation that --home does not name",
	        [CP_RULE_LOOP] = "the path runs in a loop and the destination did not answer",
	        [CP_RULE_INTERRUPTED] = "the run stopped before this path was done",
	        [CP_RULE_END_NOT_SEEN] =
	                "the destination did not answer, and what was seen last is not certainly its network",
	        [CP_RULE_VANTAGE_UNKNOWN] =
	                "nothing says where the probes start, so another network may hide before the first hop seen",
	        [CP_RULE_ENDS_ONLY] = "vantage and destination are of different networks, and no router of either "
	                              "answered: who hands over to whom was not seen",
	        [CP_RULE_SILENCE_DOUBTFUL] =
	                "probes or replies were lost on this host, and the path has silence that may be nothing else",
	        [CP_RULE_DEST_CONTESTED] = "several unrelated ASes announce the destination's address, and a router of "
	                                   "one of them answered",
	        [CP_RULE_ALL_HOME] = "vantage and destination are home, and nothing but home was seen between them",
	        [CP_RULE_TWO_NETWORKS] = "nobody but the vantage's network and the destination's was seen: it is "
	                                 "handed over from one to "
	                                 "the other",
	};

	return rule < CP_RULES ? sentences[rule] : "";
}

const char *cp_explain_help(enum cp_reason reason)
{
	static const char *const helps[CP_WHY_MAX] = {
	        [CP_WHY_SILENT_BORDER] = "more attempts (-q) or more flows (--flows) at the silent border",
	        [CP_WHY_SILENT_MIDDLE] = "more attempts (-q) or another protocol (-P), so that a router answers",
	        [CP_WHY_VANTAGE_UNKNOWN] = "saying where this host is (--vantage-as)",
	        [CP_WHY_VANTAGE_ASSUMED] = "saying where this host is (--vantage-as)",
	        [CP_WHY_SINGLE_FOREIGN_HOP] = "more flows (--flows) past the single foreign hop",
	        [CP_WHY_NO_ORIGIN] = "AS data that knows the destination (--asdb, --overlay)",
	        [CP_WHY_UNMAPPED_HOP] = "AS data that knows the unmapped hop (--asdb, --overlay)",
	        [CP_WHY_MULTI_ORIGIN] = "an --overlay row that says who uses the contested address",
	        [CP_WHY_NO_EVIDENCE] = "coldpotato doctor, which looks for what keeps replies away",
	        [CP_WHY_NOT_REACHED] = "a port or protocol to which the destination answers (-p, -P)",
	        [CP_WHY_LOOP] = "another run, once the routes are stable",
	        [CP_WHY_INTERRUPTED] = "a run that is not stopped",
	        [CP_WHY_REPLIES_LOST] = "a lower --rate, so that nothing is lost on this host",
	        [CP_WHY_ROUTE_CHANGED] = "another run, over the new route",
	        [CP_WHY_SACK_UNAVAILABLE] = "--tcp-method prefer_sack",
	        [CP_WHY_FAR_END] = "more flows (--flows), which cross other links",
	        [CP_WHY_RTT_CONTRADICTION] = "another run, when routers answer faster",
	};

	return reason < CP_WHY_MAX ? helps[reason] : NULL;
}
