#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_analyze.sh: what an audit of the story lab wrote is judged the same when
# it is read back; results of other tools, wrong files, the exit statuses. The
# analysis itself runs without rights and sends nothing.
#
# Samples of real results beside the checkout (../shared/samples) are read when
# they are there; what their comment "# expect:" says is held where no more than
# the built-in AS data is needed.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq setpriv
lab_up_story || exit 1

# As nobody, in the namespace of the vantage.
analyze() { # args...
	lab_exec "$LAB_COLD" setpriv --reuid 65534 --regid 65534 --clear-groups "$CP" analyze "$@"
}

# What a run says of its paths, one line each.
judged() { # ndjson
	jq -cS 'select(.type == "path") | {target, ip: .destination.ip, asn: .destination.asn, cname: .destination.cname, flow,
		reached, end_reason, end_code, tcp_method, probes, verdict, confidence, reasons, as_path, exit, hops}' "$1"
}

work=$LAB_DIR/analyze
mkdir -p "$work" && chmod 755 "$LAB_DIR" && chown 65534 "$work"
chmod 644 "$LAB_OVERLAY"

# --- our own records ---

again() { # name namespace args...
	local name=$1 ns=$2
	shift 2
	run_cp "$ns" audit "@$LAB_NAMES" -o "ndjson=$work/$name.ndjson" "$@" >"$work/$name.out" 2>&1
	judged "$work/$name.ndjson" >"$work/$name.want"
	analyze --overlay "$LAB_OVERLAY" "$work/$name.ndjson" -o ndjson >"$work/$name.again"
	judged "$work/$name.again" >"$work/$name.got"
	check "$name: there are paths" test -s "$work/$name.want"
	check_same "$name: every path is judged as before" "$work/$name.want" "$work/$name.got"
	check_eq "$name: and every target" \
		"$(jq -r 'select(.type == "target" and .verdict) | "\(.target.name) \(.verdict)"' "$work/$name.ndjson")" \
		"$(jq -r 'select(.type == "target") | "\(.target.name) \(.verdict)"' "$work/$name.again")"
	check_eq "$name: and every AS" "$(jq -cS 'select(.type == "summary") | .egress' "$work/$name.ndjson")" \
		"$(jq -cS 'select(.type == "summary") | .egress' "$work/$name.again")"
}

again cold "$LAB_COLD" --vantage-as 8075
again hot "$LAB_HOT"
again flows "$LAB_COLD" --vantage-as 8075 --flows 3 -P udp

run=$work/cold.ndjson
analyze --overlay "$LAB_OVERLAY" "$work/cold.again" -o ndjson >"$work/third"
judged "$work/third" >"$work/third.got"
check_same 'what analyze wrote is judged the same, too' "$work/cold.want" "$work/third.got"

start() { # jq-expression: of the start record of an analysis
	jq -r "select(.type == \"start\") | $1" "$work/cold.again"
}
check_eq 'the command is named' analyze "$(start .command)"
check_eq 'the vantage is the recorded one' '8075 recorded' "$(start '"\(.vantage.asn) \(.vantage.why)"')"
check_eq 'what was set then is not known now' null \
	"$(start '[.datapath, .rate_pps, .first_ttl, .max_ttl, .attempts, .timeout_ms, .flows, .tcp_method, .seed, .host] | unique[]')"
check_eq 'nor how it was probed' null "$(jq -r 'select(.type == "end") | .accounting |
	[.attempted, .transmitted, .replied, .timed_out, .rejected.token, .lost, .unresolved, .complete_paths] | unique[]' \
	"$work/cold.again")"
check_eq 'the paths are counted' "$(wc -l <"$work/cold.want")" \
	"$(jq -r 'select(.type == "end") | .accounting.paths' "$work/cold.again")"

analyze --overlay "$LAB_OVERLAY" "$run" >"$work/table"
check 'the table is the default' grep -q '^judged ' "$work/table"
check_eq 'and shows no counter of probes' 0 "$(grep -cE '^(probes|replies|rate) ' "$work/table")"
analyze --overlay "$LAB_OVERLAY" - <"$run" >"$work/stdin"
check_eq 'standard input is read' "$(grep -v '^judged ' "$work/table")" "$(grep -v '^judged ' "$work/stdin")"
analyze --overlay "$LAB_OVERLAY" --home 8075,13335 "$run" -o ndjson >"$work/home"
check_eq 'another home, other verdicts' 'direct inside' "$(for f in "$run" "$work/home"; do
	jq -r 'select(.type == "path" and .target.name == "zenn.dev") | .verdict' "$f" | sort -u
done | paste -sd' ')"
check_eq 'paths of two files are judged together' $((2 * $(wc -l <"$work/cold.want"))) \
	"$(analyze --overlay "$LAB_OVERLAY" "$run" "$run" -o ndjson | jq -c 'select(.type == "path")' | wc -l)"
check_eq '... and their targets are the same ones' "$(jq -c 'select(.type == "target" and .verdict)' "$run" | wc -l)" \
	"$(analyze --overlay "$LAB_OVERLAY" "$run" "$run" -o ndjson | jq -c 'select(.type == "target")' | wc -l)"

# --- files that are cut off, broken or of another kind ---

head -n -1 "$run" >"$work/cut.ndjson"
analyze "$work/cut.ndjson" -o "ndjson=$work/cut.out" 2>"$work/cut.err"
check_eq 'a run that was cut off: exit status 4' 4 $?
check 'a run that was cut off is said to be' grep -q 'cut.ndjson: the run was cut off' "$work/cut.err"
{
	head -n 2 "$run"
	for i in {1..12}; do echo "{\"type\":\"path\",\"schema_version\":1,\"flow\":-$i}"; done
	tail -n +3 "$run"
} >"$work/bad.ndjson"
analyze "$work/bad.ndjson" -o "ndjson=$work/bad.out" 2>"$work/bad.err"
check_eq 'bad records: exit status 4' 4 $?
check_eq 'bad records: ten are named' 10 "$(grep -c 'bad.ndjson:[0-9]*: left out: flow: a whole number is wanted' "$work/bad.err")"
check 'bad records: the first with its line' grep -q 'bad.ndjson:3: left out' "$work/bad.err"
check 'bad records: the others are counted' grep -q 'bad.ndjson: 2 records more were left out' "$work/bad.err"
check_eq 'bad records: the good ones are kept' "$(wc -l <"$work/cold.want")" "$(judged "$work/bad.out" | wc -l)"
check_eq 'bad records are warnings in the records, too' 11 \
	"$(jq -r 'select(.type == "warning") | .code' "$work/bad.out" | grep -c '^bad-record')"

printf 'Dear auditor,\nnothing to see here.\n' >"$work/letter.txt"
refuses 'a file of no known format' 2 'letter.txt: of no format that is known \(ndjson, .*--input-format' \
	analyze "$work/letter.txt"
refuses 'a file that is not there' 2 'nosuch.json' analyze "$work/nosuch.json"
refuses 'no file' 2 'analyze needs a file' analyze
refuses 'a format that is not known' 2 '--input-format wants .*atlas.*pcap' analyze --input-format pcap "$run"
refuses 'an option of probing' 2 '--rate is not an option of analyze' analyze --rate 1 "$run"
: >"$work/empty"
refuses 'an empty file' 1 'no trace to judge' analyze "$work/empty" -o "ndjson=$work/empty.out"
refuses 'nothing but bad records' 1 'no trace to judge' analyze --input-format atlas "$work/letter.txt" -o "ndjson=$work/l.out"
check_eq 'a failed analysis has an end record' failed "$(tail -n 1 "$work/l.out" | jq -r .reason)"
head -c 100000 /dev/urandom >"$work/noise"
refuses 'noise' 2 'noise: of no format' analyze "$work/noise"

# --- other tools' results: where the source is in the AS data, it is the vantage ---

printf '198.18.0.0/24 64500\n198.18.1.0/24 64501\n198.18.2.0/24 64502\n198.18.9.0/24 8075\n' >"$work/rows"
hop() { # ttl address
	echo "{\"hop\":$1,\"result\":[{\"from\":\"$2\",\"ttl\":60,\"rtt\":$1.5},{\"x\":\"*\"}]}"
}
atlas() { # hops...
	local IFS=,
	echo "{\"fw\":5080,\"type\":\"traceroute\",\"prb_id\":1,\"from\":\"198.18.0.7\",\"src_addr\":\"192.168.0.2\"," \
		"\"dst_name\":\"a.test\",\"dst_addr\":\"198.18.9.9\",\"proto\":\"ICMP\",\"result\":[$*]}"
}
atlas "$(hop 1 198.18.0.1)" "$(hop 2 198.18.9.1)" "$(hop 3 198.18.9.9)" >"$work/atlas.json"
atlas "$(hop 1 198.18.0.1)" "$(hop 2 198.18.1.1)" "$(hop 3 198.18.1.2)" "$(hop 4 198.18.9.9)" >>"$work/atlas.json"
analyze --overlay "$work/rows" "$work/atlas.json" -o ndjson >"$work/atlas.out"
check_eq 'results of RIPE Atlas are judged' \
	'0 direct 64500 8075|1 transit 64500 64501 8075' \
	"$(jq -r 'select(.type == "path") | "\(.flow) \(.verdict) \(.as_path | join(" "))"' "$work/atlas.out" | paste -sd'|')"
check_eq '... from where their probe is' '64500 source-address' \
	"$(jq -r 'select(.type == "start") | "\(.vantage.asn) \(.vantage.why)"' "$work/atlas.out")"
check_eq '... and a target has the worst of its paths' transit \
	"$(jq -r 'select(.type == "target") | .verdict' "$work/atlas.out")"
check_eq '... unless --vantage-as says otherwise' '8075 --vantage-as' \
	"$(analyze --overlay "$work/rows" --vantage-as AS8075 "$work/atlas.json" -o ndjson |
		jq -r 'select(.type == "start") | "\(.vantage.asn) \(.vantage.why)"')"
printf '{"fw":5080,"prb_id":1,"dst_name":"\\u001b[31mred","dst_addr":"198.18.9.9","result":[]}\n' >>"$work/atlas.json"
analyze --overlay "$work/rows" "$work/atlas.json" -o hops >"$work/hostile" 2>&1
check_eq 'no escape code reaches a terminal' 0 "$(grep -c $'\x1b' "$work/hostile")"
check 'but the record is named' grep -q 'atlas.json:3' <(tr '\n' ' ' <"$work/hostile")

# --- samples of real results ---

# What a sample's comment expects of the AS path, as far as the built-in data knows: home and exchanges, in order.
expected() { # sample
	sed -n 's/^# expect: *//p' "$1" | grep -oE '\bms\b|IXP\([^)]*\)' | uniq | paste -sd' '
}
found() { # ndjson
	jq -rs '(.[] | select(.type == "start") | .home.asns | map(tostring)) as $home |
		[.[] | select(.type == "path")][0].as_path[] | . as $step |
		if $home | index($step) then "ms" elif startswith("IXP:") then "IXP(\(.[4:] | split(" ")[0]))" else empty end' \
		"$1" | uniq | paste -sd' '
}

json_sample() { # name
	check_eq "sample $1: every trace is judged" "$(grep -cE '"type": ?"(traceroute|trace)"' "$work/$1")" \
		"$(jq -c 'select(.type == "path")' "$work/$1.out" | wc -l)"
	check_eq "sample $1: the addresses are those in the file" '' \
		"$(jq -r 'select(.type == "path") | .hops[].ip // empty' "$work/$1.out" | sort -u |
			while read -r ip; do grep -qF "\"$ip\"" "$work/$1" || echo "$ip"; done)"
}

samples=${SAMPLES:-$(cd "$(dirname "$0")/../.." && pwd)/../shared/samples}
for sample in "$samples"/*; do
	name=$(basename "$sample")
	if [[ ! -r $sample ]]; then
		echo "SKIP - samples: none in ../shared/samples beside the checkout"
		break
	fi
	cp "$sample" "$work/$name" && chmod 644 "$work/$name"
	if ! analyze "$work/$name" -o ndjson >"$work/$name.out" 2>"$work/$name.err" && [[ $name != *.json* ]]; then
		echo "SKIP - sample $name: $(jq -r 'select(.type == "warning") | .text' "$work/$name.out" | tail -n 1)" \
			"$(tail -n 1 "$work/$name.err")"
		continue
	fi
	case $name in
	*.json | *.jsonl) json_sample "$name" ;;
	*) check_eq "sample $name: the AS path is as expected" "$(expected "$sample")" "$(found "$work/$name.out")" ;;
	esac
done

finish
