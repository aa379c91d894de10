#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_diff.sh: runs of the story lab compared: the same vantage twice, hot
# potato against cold potato, runs that are cut off, garbage; what is said, in
# which form, and with which exit status.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq
lab_up_story || exit 1

audit() { # namespace name args...
	local ns=$1 out=$LAB_DIR/$2.ndjson
	shift 2
	run_cp "$ns" audit --vantage-as 8075 "@$LAB_NAMES" -o "ndjson=$out" "$@"
}

compare() { # args...; standard output in $LAB_DIR/out, standard error in $LAB_DIR/err
	(cd "$LAB_DIR" && "$CP" diff "$@" >"$LAB_DIR/out" 2>"$LAB_DIR/err")
}

says() { # what regex
	if grep -qE -- "$2" "$LAB_DIR/out"; then
		ok "$1"
	else
		not_ok "$1" "$(head -n 12 "$LAB_DIR/out" "$LAB_DIR/err")"
	fi
}

says_not() { # what regex
	if grep -qE -- "$2" "$LAB_DIR/out"; then
		not_ok "$1" "$(grep -E -- "$2" "$LAB_DIR/out")"
	else
		ok "$1"
	fi
}

records() { # jq-program
	jq -r "$1" "$LAB_DIR/diff.ndjson"
}

audit "$LAB_COLD" cold1 --seed 1 || exit 1
audit "$LAB_COLD" cold2 --seed 2 || exit 1
audit "$LAB_HOT" hot || exit 1
paths=$(jq -s 'map(select(.type == "path")) | length' "$LAB_DIR/cold1.ndjson")
names=$(jq -s 'map(select(.type == "target")) | length' "$LAB_DIR/cold1.ndjson")

# --- the same vantage twice, in another order of probes; a busy machine's times are no difference ---

compare --rtt-ms 60000 --fail-on-change any cold1.ndjson cold2.ndjson -o table -o ndjson=diff.ndjson
check_eq 'the same vantage twice: no change' 0 $?
says 'and the table says so' '^No change of verdict, exit, AS path or reach\.$'
says_not 'nothing is unfair about it' warning:
check_eq 'and so do the records' "false false $names $paths 0" \
	"$(records 'select(.type == "diff_summary") |
		"\(.changed) \(.worse) \(.targets.both) \(.paths.both) \(.paths.changes | add - .router)"')"
check_eq 'no target is different' 0 "$(records 'select(.type == "diff_target") | 1' | wc -l)"
check_eq 'the summary is the last record' diff_summary "$(tail -n 1 "$LAB_DIR/diff.ndjson" | jq -r .type)"
check_eq 'every line is a record' "$(wc -l <"$LAB_DIR/diff.ndjson")" "$(records 'select(.schema_version == 1) | 1' | wc -l)"

# --- hot potato against cold potato ---

compare --rtt-ms 60000 cold1.ndjson hot.ndjson -o table -o ndjson=diff.ndjson
check_eq 'cold against hot: differences alone are no failure' 0 $?
says 'zenn.dev became worse' '^worse: zenn\.dev direct -> transit$'
says 'its AS path before' '^ +before +\* 8075 > 13335 Cloudflare$'
says 'its AS path after' '^ +after +private \* > 3491 .*13335 Cloudflare$'
says '3491 is a new exit' '^AS +3491 .*new$'
says '13335 is a gone one' '^AS +13335 .*gone$'
check_eq 'who changed, by the records' 'www.microsoft.com direct transit
www.xbox.com direct transit
zenn.dev direct transit' "$(records 'select(.type == "diff_target" and (.changes | index("worse"))) |
	"\(.target.name) \(.before.verdict) \(.after.verdict)"' | sort)"
check_eq 'each of their paths is there' "4 worse exit as-path" \
	"$(records 'select(.type == "diff_path") | .changes | map(select(. == "worse" or . == "exit" or . == "as-path")) |
		join(" ")' | sort | uniq -c | sed 's/^ *//')"
check_eq 'Microsoft names are inside from both' 0 \
	"$(records 'select(.type == "diff_target" and (.target.name | test("login|teams|outlook"))) | 1' | wc -l)"
check_eq 'shares by exit AS' '3491 0 25 new
13335 12.5 0 gone' "$(records 'select(.type == "diff_exit" and .kind == "as" and (.asn == 3491 or .asn == 13335)) |
	"\(.asn) \(.before.share_pct) \(.after.share_pct) \(.change)"')"

compare --side-by-side cold1.ndjson hot.ndjson -o table -o ndjson=diff.ndjson
says 'side by side: the runs are the columns' '^ +cold1\.ndjson from AS8075 +hot\.ndjson from AS8075$'
says 'side by side: zenn.dev in two columns' '^  AS path +\* 8075 > 13335 Cloudflare +private \* > 3491 PCCW'
says 'side by side: also what is the same' '^login\.microsoft\.com$'
check_eq 'side by side: every target has a record' "$names" "$(records 'select(.type == "diff_target") | 1' | wc -l)"
check_eq 'no line is wider than 80 columns' 0 "$(LC_ALL=C.UTF-8 awk 'length > 80' "$LAB_DIR/out" | wc -l)"

sed 's/"vantage":{"asn":8075/"vantage":{"asn":3491/' "$LAB_DIR/hot.ndjson" >"$LAB_DIR/elsewhere.ndjson"
compare cold1.ndjson elsewhere.ndjson
says 'two vantages are laid side by side unasked' '^ +cold1\.ndjson from AS8075 +elsewhere\.ndjson from AS3491$'
says 'and named as unfair' '^warning: the probes start in AS8075 before, in AS3491 after$'

# --- end to end: measured twice, and what one of them would be with half of it lost and 30 ms more ---

audit "$LAB_COLD" e2e1 --e2e 20 --e2e-interval 20 || exit 1
audit "$LAB_COLD" e2e2 --e2e 20 --e2e-interval 20 || exit 1
compare e2e1.ndjson e2e2.ndjson -o table -o ndjson=diff.ndjson
says_not 'the same network twice: no loss, no jitter' 'loss: |jitter: |more loss|more jitter'
says 'but the totals are there' '^loss +[0-9.]+ % -> [0-9.]+ % end to end, of [0-9,]+ -> [0-9,]+ probes$'
check_eq 'and in the summary' "$(jq -s 'map(select(.type == "path" and .flow == 0).e2e.sent) | add' "$LAB_DIR/e2e1.ndjson")" \
	"$(records 'select(.type == "diff_summary").before.e2e_sent')"
jq -c 'if .type == "path" and .target.name == "zenn.dev" then .e2e |= (.received = 10 | .rtts = 10 | .loss_pct = 50 |
	.rtt_p50_us += 30000 | .jitter_us += 9000) else . end' "$LAB_DIR/e2e2.ndjson" >"$LAB_DIR/lossy.ndjson"
compare e2e1.ndjson lossy.ndjson -o table -o ndjson=diff.ndjson
says 'half is lost: a change' '^more loss: zenn\.dev '
says 'of so many probes' '^ +loss +0\.00 % -> 50\.00 %, 0 of 20 -> 10 of 20 probes end to end$'
says 'slower' '^ +end to end +[0-9.]+ ms -> 30\.[0-9]+ ms, \+30\.0 ms'
says 'more jitter' '^ +jitter +0\.[0-9]+ ms -> 9\.[0-9]+ ms, \+[0-9.]+ ms'
check_eq 'by the records, once a destination' 'more-loss e2e-slower more-jitter 50.00' "$(records 'select(.type == "diff_path" and
	(.changes | index("more-loss"))) | "\(.changes | map(select(test("loss|e2e|jitter"))) | join(" ")) \(.e2e_loss_shift_pct)"' | sed 's/ 50$/ 50.00/' | sort -u)"
compare --side-by-side e2e1.ndjson lossy.ndjson
says 'side by side' '^  end to end  0\.00 % lost, median .*50\.00 % lost, median'
compare --fail-on-change any e2e1.ndjson lossy.ndjson
check_eq 'loss shuts no gate' 0 $?
compare cold1.ndjson e2e1.ndjson
says_not 'measured once only: no change' '^(more|less) (loss|jitter):|end to end:'
says 'but said' '^loss +- -> [0-9.]+ % end to end, of 0 -> '

# --- as a gate ---

compare --fail-on-change worse cold1.ndjson hot.ndjson
check_eq 'worse: the gate is shut' 3 $?
compare --fail-on-change worse hot.ndjson cold1.ndjson
check_eq 'better: the gate for worse is open' 0 $?
says 'and the order of the runs is named' '^warning: the first run, taken as the one before, is the later one$'
compare --fail-on-change any hot.ndjson cold1.ndjson
check_eq 'better: the gate for any change is shut' 3 $?
compare --rtt-ms 0 --rtt-pct 0 --fail-on-change any cold1.ndjson cold2.ndjson
check_eq 'times alone shut no gate' 0 $?
says 'though every shift of time is told when asked for' 'slower|faster'

# --- settings that make it unfair ---

audit "$LAB_COLD" other --home 8075 --flows 2 -m 20 --datapath xdp || exit 1
compare cold1.ndjson other.ndjson
for what in 'home is not the same: microsoft ' 'the datapath is tc-tcx before, xdp-native after' \
	'flows for each destination: 1 before, 2 after' 'the last TTL is 30 before, 20 after'; do
	says "unfair: $what" "^warning: $what"
done

# --- runs that are not whole ---

head -n 5 "$LAB_DIR/cold1.ndjson" >"$LAB_DIR/cut.ndjson"
head -c 6000 "$LAB_DIR/cold1.ndjson" >"$LAB_DIR/torn.ndjson"
compare --fail-on-change any cold1.ndjson cut.ndjson
check_eq 'a run that is cut off: compared as far as it goes' 4 $?
says 'and named' '^warning: cut\.ndjson is cut off: it has no end'
says_not 'what it lacks is not gone' '^gone:'
compare torn.ndjson cold1.ndjson
check_eq 'a run that is torn in a line: compared as far as it goes' 4 $?
says 'the torn line is named' '^warning: torn\.ndjson:[0-9]+: left out: '
sed '3s/.*/{"type":"path","schema_version":1,"flow":"x"}/' "$LAB_DIR/cold1.ndjson" >"$LAB_DIR/bad.ndjson"
compare bad.ndjson cold1.ndjson -o ndjson=diff.ndjson
check_eq 'a bad record: the others are compared' 4 $?
if grep -q '^coldpotato: warning: bad.ndjson:3: left out: ' "$LAB_DIR/err"; then
	ok 'with nothing on standard output, warnings go to standard error'
else
	not_ok 'with nothing on standard output, warnings go to standard error' "$(cat "$LAB_DIR/err")"
fi

# --- garbage, and wrong use ---

cd "$LAB_DIR" || exit 1
head -c 3000 /dev/urandom | base64 >garbage
: >empty
printf '{"fw":5020,"result":[]}\n' >foreign.json
head -n 1 cold1.ndjson >start.ndjson
refuses 'garbage' 2 '^coldpotato: garbage:1: not a record of a run: ' "$CP" diff garbage cold1.ndjson
refuses 'binary garbage' 2 'not a record' "$CP" diff cold1.ndjson "$CP"
refuses 'JSON of somebody else' 2 '^coldpotato: foreign.json:1: not a record of a run: ' "$CP" diff cold1.ndjson foreign.json
refuses 'an empty file' 2 '^coldpotato: empty:0: no target and no path in it' "$CP" diff empty cold1.ndjson
refuses 'a run without a path' 2 '^coldpotato: start.ndjson:1: no target and no path in it' "$CP" diff start.ndjson cold1.ndjson
refuses 'a line without an end' 2 ':1: not a record: the line does not end' "$CP" diff /dev/zero cold1.ndjson
refuses 'a file that is not there' 2 'cannot read nothing: No such file' "$CP" diff nothing cold1.ndjson
refuses 'a directory' 2 'cannot read \.: Is a directory' "$CP" diff . cold1.ndjson
refuses 'one run' 2 'diff wants two runs' "$CP" diff cold1.ndjson
refuses 'three runs' 2 'diff wants two runs' "$CP" diff cold1.ndjson cold1.ndjson cold1.ndjson
refuses 'standard input twice' 2 'only one of the two runs' "$CP" diff - -
refuses 'a format that is none of its own' 2 'diff writes table or ndjson, not hops' "$CP" diff cold1.ndjson hot.ndjson -o hops
refuses 'an output that cannot be written' 1 'cannot write nowhere/x' "$CP" diff cold1.ndjson hot.ndjson -o ndjson=nowhere/x
refuses 'a full disk' 1 'cannot write table to standard output|cannot write table to /dev/full' \
	"$CP" diff cold1.ndjson hot.ndjson -o table=/dev/full

# --- standard input; no rights ---

"$CP" diff - cold2.ndjson < <(cat cold1.ndjson) >out
check_eq 'a run from a pipe' 0 $?
says 'it is named' '^before +standard input: '
check 'no rights are needed' setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
	"$CP" diff - /dev/fd/3 <cold1.ndjson 3<cold2.ndjson

finish
