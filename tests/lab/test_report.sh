#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_report.sh: the outputs that other programs read. One audit of the story
# lab in every format, compared with its NDJSON; Prometheus text for promtool;
# and the HTML report in a real browser, which runs in a lab namespace so that
# nothing it may ask for can leave the machine.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq
lab_up_story || exit 1

results=$LAB_DIR/out
mkdir -p "$results"

# What it says is told, and does not fail the run.
printf 'version: 1\nrules:\n  - {name: the control, target: [zenn.dev], verdicts: [direct], severity: warn}\n' >"$results/policy.yaml"

audit() { # vantage-namespace name
	run_cp "$1" audit --vantage-as 8075 "@$LAB_NAMES" --e2e 5 --e2e-interval 20 --policy "$results/policy.yaml" -o "ndjson=$results/$2.ndjson" -o "csv=$results/$2.csv" \
		-o "egress-csv=$results/$2.egress.csv" -o "atlas=$results/$2.atlas" -o "datadog=$results/$2.datadog" \
		-o "prom=$results/$2.prom" -o "html=$results/$2.html"
}

check 'an audit writes all formats at once' audit "$LAB_HOT" hot
paths=$(jq -c 'select(.type == "path")' "$results/hot.ndjson" | wc -l)

# --- csv ---

check_eq 'csv: a row a path' "$paths" "$(($(wc -l <"$results/hot.csv") - 1))"
check_eq 'csv: names and verdicts are those of the NDJSON' \
	"$(jq -r 'select(.type == "path") | [.target.name, .verdict] | join(",")' "$results/hot.ndjson" | sort)" \
	"$(awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} {print $at["target"] "," $at["verdict"]}' \
		"$results/hot.csv" | sort)"
check_eq 'egress-csv: roles and ASes are those of the NDJSON' \
	"$(jq -r 'select(.type == "summary") | .egress[] | [.role, .asn, .paths] | join(",")' "$results/hot.ndjson" | sort)" \
	"$(awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next} {print $at["role"] "," $at["asn"] "," $at["paths"]}' \
		"$results/hot.egress.csv" | sort)"

# --- atlas and datadog: the hops are those of the NDJSON ---

jq -r 'select(.type == "path") | .target.name as $n | .hops[] | "\($n) \(.ttl) \(.ip // "*")"' "$results/hot.ndjson" |
	sort >"$results/hops"
jq -r '.dst_name as $n | .result[] | "\($n) \(.hop) \([.result[].from // empty][0] // "*")"' "$results/hot.atlas" |
	sort >"$results/atlas.hops"
check_same 'atlas: every hop' "$results/hops" "$results/atlas.hops"
check 'atlas: what readers of results ask for is there' jq -es 'all(.[]; .fw == 5000 and .type == "traceroute" and
	has("msm_id") and has("prb_id") and (.timestamp | type) == "number" and .lts == -1 and
	.af == (if (.dst_addr | contains(":")) then 6 else 4 end) and
	(.proto == "TCP") and (.paris_id >= 1) and all(.result[].result[]; .x == "*" or (.from and .ttl)))' "$results/hot.atlas"
jq -r '.destination.hostname as $n | .traceroute.runs[0].hops[] | "\($n) \(.ttl) \(.ip_address // "*")"' \
	"$results/hot.datadog" | sort >"$results/datadog.hops"
check_same 'datadog: every hop' "$results/hops" "$results/datadog.hops"
check 'datadog: one run, one protocol, a verdict in the tags' jq -es 'all(.[]; .protocol == "TCP" and
	(.traceroute.runs | length) == 1 and any(.tags[]; startswith("verdict:")) and .source.hostname and
	([.traceroute.runs[0].hops[] | .reachable == (.ip_address != null)] | all))' "$results/hot.datadog"

# --- prom ---

metric() { # name-and-labels-regex
	awk -v m="$1" '$0 !~ /^#/ && $0 ~ m {sum += $NF} END {print sum + 0}' "$results/hot.prom"
}

for verdict in inside direct undecided transit detour; do
	check_eq "prom: targets that are $verdict" \
		"$(jq -r --arg v $verdict 'select(.type == "summary") | .verdicts[$v]' "$results/hot.ndjson")" \
		"$(metric "^coldpotato_targets{.*verdict=\"$verdict\"")"
done
check_eq 'prom: paths' "$paths" "$(metric '^coldpotato_paths{')"
check_eq 'prom: no address in a label' '' "$(grep -E '="[^"]*([0-9]+[.]){3}[0-9]+' "$results/hot.prom")"
promtool=$("$_lib_root/scripts/fetch-promtool" "$BUILD/web" 2>"$results/promtool.log") || promtool=''
if [[ -n $promtool ]]; then
	for kind in story hostile 300; do
		"$BUILD/web/sample" prom $kind >"$results/$kind.prom"
		check_eq "prom: promtool has nothing to say about $kind" '' "$("$promtool" check metrics <"$results/$kind.prom" 2>&1)"
	done
	check_eq 'prom: promtool has nothing to say about the audit' '' "$("$promtool" check metrics <"$results/hot.prom" 2>&1)"
else
	echo "SKIP - Prometheus text is not checked by promtool: $(tail -n 1 "$results/promtool.log")"
fi

# --- end to end: the same in all of them, and when the run is shown again ---

e2e=$(jq -r 'select(.type == "path") | .e2e | [.sent, .received, .rtt_p50_us // "", .jitter_us // ""] | join(",")' \
	"$results/hot.ndjson" | sort)
check_eq 'csv: what was measured end to end' "$e2e" "$(awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
	{print $at["e2e_sent"] "," $at["e2e_received"] "," $at["e2e_rtt_p50_us"] "," $at["e2e_jitter_us"]}' \
	"$results/hot.csv" | sort)"
sent=$(jq -s 'map(select(.type == "path" and .flow == 0) | .e2e.sent) | add' "$results/hot.ndjson")
check_eq 'prom: so many probes end to end' "$sent" "$(metric '^coldpotato_e2e_probes{.*state="sent"')"
check 'prom: loss as a share, medians as a summary' test "$(metric '^coldpotato_e2e_loss_ratio{' | wc -l)" -eq 1 -a \
	"$(metric '^coldpotato_e2e_rtt_seconds_count{')" -gt 0
grep '^coldpotato_e2e_' "$results/hot.prom" | sort >"$results/hot.e2e"
for again in report analyze; do
	args=()
	[[ $again == report ]] || args=(--vantage-as 8075)
	check "$again: the run once more" "$CP" $again "$results/hot.ndjson" "${args[@]}" -o "csv=$results/again.csv" \
		-o "prom=$results/again.prom" -o "html=$results/again.html" -o "datadog=$results/again.datadog" -o "hops=$results/again.hops"
	check_eq "$again: csv has what was measured end to end" "$e2e" \
		"$(awk -F, 'NR == 1 {for (i = 1; i <= NF; i++) at[$i] = i; next}
		{print $at["e2e_sent"] "," $at["e2e_received"] "," $at["e2e_rtt_p50_us"] "," $at["e2e_jitter_us"]}' \
			"$results/again.csv" | sort)"
	grep '^coldpotato_e2e_' "$results/again.prom" | sort >"$results/again.e2e"
	check_same "$again: prom, too" "$results/hot.e2e" "$results/again.e2e"
	check "$again: datadog, but for the samples, which no record has" jq -es 'any(.[]; .e2e_probe.packets_sent == 5 and
		.e2e_probe.rtts == null and .e2e_probe.rtt.min > 0)' "$results/again.datadog"
	check "$again: html has a table of it" grep -q 'id="quality-groups"' "$results/again.html"
	check "$again: hops have a sentence of it" grep -q 'end to end: 5 of 5 probes' "$results/again.hops"
done

# --- html: the browser ---

# shellcheck source=tests/lab/browser.sh
. "$_lib_root/tests/lab/browser.sh"

why=$(browser_missing)
[[ -s $BUILD/web/echarts.js ]] || why='the program was built without ECharts'
if [[ -z $why ]]; then
	for kind in story hostile 5000; do
		"$BUILD/web/sample" html $kind >"$results/$kind.html"
	done
	browser_run "$LAB_HOT" report.mjs "story=$results/story.html" "hostile=$results/hostile.html" \
		"large=$results/5000.html" "lab=$results/hot.html"
else
	echo "SKIP - the report in a browser: $why"
fi

finish
