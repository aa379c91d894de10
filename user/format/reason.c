// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * reason.c: the one table of what reason codes mean.
 */
#include "reason.h"

static const struct {
	const char *phrase;
	const char *sentence;
} words[CP_WHY_MAX] = {
        [CP_WHY_SILENT_BORDER] = {"border hops silent",
                "Hops are silent where the path leaves home, so the exit is a range of TTLs, not a point."},
        [CP_WHY_SILENT_MIDDLE] = {"nothing answered between vantage and destination",
                "No hop between vantage and destination answered: that the path stayed inside is inferred, not seen."},
        [CP_WHY_VANTAGE_UNKNOWN] = {"vantage unknown",
                "The first hops are silent or private and the vantage's AS is unknown, so another network may hide "
                "there; --vantage-as says which AS this host is in."},
        [CP_WHY_VANTAGE_ASSUMED] = {"vantage assumed from the first AS seen",
                "The first AS seen was taken as the vantage's; --vantage-as would settle it."},
        [CP_WHY_SINGLE_FOREIGN_HOP] = {"only one foreign hop",
                "The evidence of a foreign AS is a single address, which may be the far end of a border link or a "
                "third-party address as well."},
        [CP_WHY_IXP] = {"crosses an exchange LAN", "The path crosses the peering LAN of an Internet exchange."},
        [CP_WHY_SIBLINGS] = {"ASes of one organisation", "ASes that belong to one organisation were taken as one."},
        [CP_WHY_NO_ORIGIN] = {"AS of the destination unknown",
                "The AS of the destination's address is not known to the AS data; --asdb or --overlay can supply it."},
        [CP_WHY_UNMAPPED_HOP] = {"a deciding hop has no known AS",
                "A public hop that matters has no known AS; --asdb or --overlay can supply it."},
        [CP_WHY_MULTI_ORIGIN] = {"an address has several origin ASes",
                "An address that matters is announced by several ASes."},
        [CP_WHY_PRIVATE_ENDPOINT] = {"private or special-use address",
                "The address is a private or special-use one: a private endpoint, not the public service."},
        [CP_WHY_NO_EVIDENCE] = {"nothing answered",
                "Nothing answered that could carry a verdict: check that replies can come back (firewall, security "
                "group, NAT)."},
        [CP_WHY_NOT_REACHED] = {"destination did not answer", "The destination itself did not answer."},
        [CP_WHY_LOOP] = {"path loops", "The path loops; what follows the loop was cut."},
        [CP_WHY_CNAME_CDN] = {"CNAME leads to a CDN", "A CNAME chain leads to the CDN that answers."},
        [CP_WHY_INTERRUPTED] = {"run stopped early", "The run stopped before this path was fully probed."},
        [CP_WHY_REPLIES_LOST] = {"probes or replies were lost on this host",
                "Probes or replies of this run were lost on this host, so silence proves less than usual; a lower "
                "--rate avoids "
                "it."},
        [CP_WHY_ROUTE_CHANGED] = {"this host's route changed during the run",
                "This host's route to the destination changed while it was probed; the path is that of the old route: "
                "run "
                "again for the new one."},
        [CP_WHY_SACK_UNAVAILABLE] = {"no TCP connection with SACK",
                "The hops were to be asked only inside a TCP connection with SACK, which could not be had; "
                "--tcp-method prefer_sack asks them with SYNs then."},
        [CP_WHY_FAR_END] = {"name and address of a border hop disagree",
                "By its name, a hop is a router of another network than its address: the two share a link, which is "
                "numbered by either."},
        [CP_WHY_THIRD_PARTY_ADDRESS] = {"looks like another address of a home router",
                "The single foreign hop answers as the home routers beside it do, as if one of them had answered with "
                "the address of another of its links."},
        [CP_WHY_ASYMMETRIC_RETURN] = {"way back differs in length",
                "The answers come back over many more or fewer routers than lie on the way there; the verdict is about "
                "the way there only."},
        [CP_WHY_MPLS_TUNNEL] = {"MPLS labels explain silence",
                "Hops beside the silence between home hops carry MPLS labels: routers inside a tunnel need not "
                "answer."},
        [CP_WHY_RTT_CONTRADICTION] = {"round trips contradict",
                "The foreign hops answered faster than every hop before them, so they may not be where their addresses "
                "are."},
        [CP_WHY_FLOWS_DISAGREE] = {"flows differ",
                "Flows to this address differ in verdict or in the AS through which they leave."},
        [CP_WHY_PER_PACKET] = {"packets of one flow take several ways",
                "Routers on the path spread the packets of one flow over several ways, so the hops are not of one way "
                "and a link between two of them may not exist."},
};

_Static_assert(sizeof(words) / sizeof(words[0]) == CP_WHY_MAX, "a reason without words");

const char *cp_reason_phrase(enum cp_reason reason)
{
	return words[reason].phrase;
}

const char *cp_reason_sentence(enum cp_reason reason)
{
	return words[reason].sentence;
}
