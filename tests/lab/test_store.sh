#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_store.sh: runs of the story lab in a database: what comes out is what
# -o ndjson wrote and what the formats showed; references; retention; and what
# may happen to a file: a full disk, SIGKILL, damage, a newer version.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq sqlite3 unshare gcc pkg-config
lab_up_story || exit 1

work=$LAB_DIR/store
mkdir -p "$work"
db=$work/runs.db

audit() { # namespace args...
	local ns=$1
	shift
	run_cp "$ns" audit --vantage-as 8075 "@$LAB_NAMES" -r 2000 "$@"
}

sql() { # query [file]
	sqlite3 "${2-$db}" "$1"
}

sound() { # file
	[[ $(sqlite3 "$1" 'PRAGMA integrity_check') == ok ]]
}

# --- store.h by itself, under the sanitizers ---

flags=(-std=gnu17 -D_GNU_SOURCE "-I$_lib_root/include" "-I$_lib_root/user" -g -O1 -Wall -Wextra -Werror "-fsanitize=address,undefined"
	-fno-sanitize-recover=all)
read -ra libs <<<"$(pkg-config --libs sqlite3)"
check 'store_test is built' gcc "${flags[@]}" -o "$work/store_test" "$_lib_root"/tests/lab/store_test.c "$_lib_root"/user/io/store*.c "$_lib_root/user/core/err.c" \
	"${libs[@]}"
"$work/store_test" "$work/api.db" >"$work/api.out" 2>"$work/api.err"
check_eq 'store_test holds' 0 $?
while read -r line; do
	case $line in
	'ok - '*) ok "${line#ok - }" ;;
	*) not_ok "${line#not ok - }" 'see tests/lab/store_test.c' ;;
	esac
done <"$work/api.out"

# --- what comes out is what went in ---

formats=(csv egress-csv hops datadog atlas prom html table)
outputs=()
for format in "${formats[@]}"; do outputs+=(-o "$format=$work/run.$format"); done
audit "$LAB_COLD" nosuch.lab --flows 2 --store "$db" --agent one -o "ndjson=$work/cold.ndjson"
check_eq 'an audit is stored, and ends as without' 4 $?
cat >"$work/policy.yaml" <<'YAML'
version: 1
rules:
  - {name: the control, target: [zenn.dev], verdicts: [direct], forbid_as: [3491]}
  - {name: Microsoft stays inside, group: [entra, teams], verdicts: [inside], severity: warn}
default: {forbid: [detour]}
YAML
audit "$LAB_HOT" nosuch.lab --flows 2 --store "$db" --agent one -o "ndjson=$work/hot.ndjson" "${outputs[@]}" \
	--e2e 5 --e2e-interval 20 --policy "$work/policy.yaml" --fail-on transit
check_eq 'the run has ended, and says how' 'one||audit|done|3' \
	"$(sql 'SELECT agent, audit, command, end_reason, exit_status FROM runs ORDER BY run DESC LIMIT 1')"
check_eq 'rows of paths, hops and targets' \
	"$(jq -s '[.[] | select(.type == "path")] | "\(length) \([.[].hops[]] | length)"' -r "$work/cold.ndjson" "$work/hot.ndjson") $(
		jq -s '[.[] | select(.type == "target")] | length' "$work/cold.ndjson" "$work/hot.ndjson")" \
	"$(sql "SELECT (SELECT count(*) FROM paths) || ' ' || (SELECT count(*) FROM hops) || ' ' || (SELECT count(*) FROM targets)")"
check_eq 'hand-overs between networks' 8075 "$(sql 'SELECT DISTINCT from_asn FROM edges WHERE to_asn = 8068')"
check 'the file is sound' sound "$db"

"$CP" export "$db" >"$work/latest" && "$CP" export "$db:previous" >"$work/previous"
check_same 'export: the very text that -o ndjson wrote' "$work/hot.ndjson" "$work/latest"
check_same 'export: of the run before' "$work/cold.ndjson" "$work/previous"
# No record has the samples themselves.
sed -i 's/"rtts":\[[0-9.,]\{1,\}\]/"rtts":null/' "$work/run.datadog"
for format in "${formats[@]}"; do
	"$CP" report "$db" -o "$format=$work/again.$format"
	check_same "report: $format as the audit showed it" "$work/run.$format" "$work/again.$format"
done
"$CP" report "$work/hot.ndjson" >"$work/table"
check_same 'report: from the records themselves' "$work/run.table" "$work/table"
check_same 'report: from standard input' "$work/run.table" <("$CP" report - <"$work/hot.ndjson")

# --- what was expected of it ---

check 'report: the results of both policies' test "$(grep -c '^policy .*: violated$' "$work/table")" -eq 2
check_eq 'runs: what came of the policies, the worst' '0 violated' "$("$CP" runs "$db" | awk 'NR > 1 {print $NF}' | paste -sd' ')"
check_eq 'runs: no line is over 80 columns' '' "$(COLUMNS=80 "$CP" runs "$db" | LC_ALL=C.UTF-8 sed -En '/^.{81,}/p')"
check_eq 'runs: of each, as records' "[] [{\"source\":\"$work/policy.yaml\",\"state\":\"violated\"},{\"source\":\"--fail-on\",\"state\":\"violated\"}]" \
	"$("$CP" runs "$db" -o ndjson | jq -c .policies | paste -sd' ')"
cd "$work" || exit 1
for run in "$db" hot.ndjson; do
	"$CP" report "$run" --policy policy.yaml -o "table=gate.table" -o "hops=gate.hops"
	check_eq "report --policy $run: violated" 3 $?
	check_same "report --policy $run: as policy check says" <("$CP" policy check policy.yaml "$run") \
		<(echo; sed -n '/^policy /,/^$/{/^$/!p}' gate.table)
	check_eq "report --policy $run: what was expected then is not repeated" 1 "$(grep -c '^policy ' gate.hops)"
done
"$CP" report "$db:previous" --policy policy.yaml >gate.table
check_eq 'report --policy: one name could not be measured, which a default may refuse' '4 undecided' \
	"$? $(sed -n 's/^policy policy.yaml: //p' gate.table)"
"$CP" report "$db" --fail-on detour >/dev/null
check_eq 'report --fail-on: nothing of it, but a name is not measured' 4 $?
"$CP" report "$db" --fail-on transit -o hops >gate.hops
check_eq 'report --fail-on' '3 policy --fail-on: violated' "$? $(grep '^policy ' gate.hops)"
head -n -1 hot.ndjson >cut.ndjson
"$CP" report cut.ndjson --fail-on detour >/dev/null
check_eq 'report --fail-on: a run that is cut off proves nothing' 4 $?
"$CP" report cut.ndjson --fail-on transit >/dev/null
check_eq 'report --fail-on: but what it has counts' 3 $?
refuses 'report --policy: records are handed on as they are' 2 'policy check POLICY hot.ndjson -o ndjson' \
	"$CP" report hot.ndjson --policy policy.yaml -o ndjson
refuses 'report --policy: a file that is not there' 2 'nosuch.yaml' "$CP" report hot.ndjson --policy nosuch.yaml
refuses 'export takes no policy' 2 'not an option of export' "$CP" export hot.ndjson --policy policy.yaml
rm cut.ndjson
cd - >/dev/null || exit 1

# --- references ---

"$CP" runs "$db" >"$work/list"
check_eq 'runs: one line each' "$(sql 'SELECT run FROM runs ORDER BY run')" "$(awk 'NR > 1 {print $1}' "$work/list")"
check_eq 'runs: as records' "$(sql 'SELECT n_targets FROM runs ORDER BY run')" "$("$CP" runs "$db" -o ndjson | jq .targets)"
refuses 'runs: in two formats only' 2 'runs writes table or ndjson' "$CP" runs "$db" -o csv

number=$(sql 'SELECT min(run) FROM runs')
check_same 'a run by its number' "$work/cold.ndjson" <("$CP" export "$db:$number")
check_same 'a run by the time, UTC' "$work/cold.ndjson" \
	<("$CP" export "$db:$(date -u -d "@$((number / 1000 + 1))" +%FT%TZ)")
check_same 'a run by the time, local' "$work/cold.ndjson" \
	<(TZ=Asia/Tokyo "$CP" export "$db:$(TZ=Asia/Tokyo date -d "@$((number / 1000 + 1))" +%FT%T)")
check_same 'the last of a day' "$work/hot.ndjson" <(TZ=UTC "$CP" export "$db:$(date -u +%F)")
refuses 'no run that early' 2 "no run '2001-01-01T00:00'" "$CP" export "$db:2001-01-01T00:00"
refuses 'no such reference' 2 "'oldest' names no run" "$CP" report "$db:oldest"
echo 'no run' >"$work/text"
refuses 'report: what is no run' 2 'text: nothing of a run in it' "$CP" report "$work/text"
refuses 'export: neither is handed on' 2 'text: nothing of a run in it' "$CP" export "$work/text"
refuses 'no such agent' 2 "no run 'latest' in it of agent two" "$CP" report "$db" --agent two
refuses 'no such file' 2 'cannot open .*none.db: No such file' "$CP" report "$work/none.db:latest"
refuses 'two runs for a report' 2 'report wants one run' "$CP" report "$db" "$db"
"$CP" diff "$work/cold.ndjson" "$work/hot.ndjson" -o ndjson | grep -v '"type":"start"' >"$work/diff.want"
"$CP" diff "$db:previous" "$db" -o ndjson | grep -v '"type":"start"' >"$work/diff.got"
sed -i "s#$work/cold.ndjson#A#g; s#$work/hot.ndjson#B#g" "$work/diff.want"
sed -i "s#$db:previous#A#g; s#$db#B#g" "$work/diff.got"
check 'there are differences' test -s "$work/diff.want"
check_same 'diff by reference finds the same' "$work/diff.want" "$work/diff.got"
check_same 'a policy from a stored run' <("$CP" policy generate "$work/cold.ndjson" | grep -v '^# Run:') \
	<("$CP" policy generate "$db:previous" | grep -v '^# Run:')

# --- interrupted, analyzed ---

(exec nsenter --net="/run/netns/$LAB_COLD" "$CP" audit --blocklist none --resolver "$LAB_DNS" --overlay "$LAB_OVERLAY" \
	--vantage-as 8075 "@$LAB_NAMES" -r 20 --store "$db" --agent slow -o "ndjson=$work/cut.ndjson") &
pid=$!
for ((i = 0; i < 200; i++)); do
	[[ ! -s $work/cut.ndjson ]] || break
	sleep 0.05
done
sleep 0.5
kill -TERM "$pid"
wait "$pid"
check_eq 'SIGTERM ends a run with its status' 143 $?
check_eq 'an interrupted run is stored with what it found' interrupted \
	"$(sql "SELECT end_reason FROM runs WHERE agent = 'slow'")"
check_same 'all of it' "$work/cut.ndjson" <("$CP" export "$db" --agent slow)
"$CP" analyze --overlay "$LAB_OVERLAY" "$work/cold.ndjson" --store "$db" --agent again -o "ndjson=$work/again.ndjson"
check_same 'an analysis is stored, too' "$work/again.ndjson" <("$CP" export "$db" --agent again)

"$CP" analyze --overlay "$LAB_OVERLAY" "$db:$number" -o "ndjson=$work/again.ndjson"
check_eq 'and a stored run analyzed: every path is judged as before' \
	"$(jq -c 'select(.type == "path") | [.target.name, .destination.ip, .flow, .verdict]' "$work/cold.ndjson" | sort)" \
	"$(jq -c 'select(.type == "path") | [.target.name, .destination.ip, .flow, .verdict]' "$work/again.ndjson" | sort)"
refuses 'analyze: a run that is not there' 2 "no run '7' in it" "$CP" analyze "$db:7"

# --- retention ---

cp "$db" "$work/old.db"
sql 'UPDATE runs SET started_ms = started_ms - 10 * 86400000 WHERE run = (SELECT min(run) FROM runs)' "$work/old.db"
"$CP" analyze "$work/cold.ndjson" --store "$work/old.db" --store-keep-days 5 -o csv=/dev/null
check_eq 'by age: the old run is gone, with all rows' '0 0 0' \
	"$(sql "SELECT count(*) FROM runs WHERE run = $number" "$work/old.db") $(
		sql "SELECT count(*) FROM hops WHERE run = $number" "$work/old.db") $(
		sql "SELECT count(*) FROM paths WHERE run = $number" "$work/old.db")"
check_eq 'the others are not' 4 "$(sql 'SELECT count(*) FROM runs' "$work/old.db")"

for _ in {1..30}; do cat "$work/cold.ndjson"; done >"$work/many.ndjson"
for _ in 1 2 3; do "$CP" analyze "$work/many.ndjson" --store "$work/size.db" -o csv=/dev/null; done
before=$(stat -c %s "$work/size.db")
"$CP" analyze "$work/many.ndjson" --store "$work/size.db" --store-max-mb 2 -o csv=/dev/null
after=$(stat -c %s "$work/size.db")
check "by size: $before bytes become $after" test "$before" -gt "$((2 << 20))" -a "$after" -le "$((2 << 20))"
check_eq 'hops go first' '0 0' "$(sql 'SELECT count(*) FROM hops WHERE run = (SELECT min(run) FROM runs)' "$work/size.db") $(
	sql 'SELECT (SELECT count(*) FROM paths WHERE run = (SELECT min(run) FROM runs)) = 0' "$work/size.db")"
check 'the newest is whole' test "$(sql 'SELECT count(*) FROM hops WHERE run = (SELECT max(run) FROM runs)' "$work/size.db")" -gt 0
pruned=$(sql 'SELECT min(run) FROM runs' "$work/size.db")
check_eq 'and it is said' hops-pruned "$("$CP" export "$work/size.db:$pruned" | jq -r 'select(.type == "warning" and .code != "no-database") | .code')"
check 'a run without hops can be shown' "$CP" report "$work/size.db:$pruned" -o "html=$work/pruned.html"
check_eq 'its verdicts are as they were' \
	"$("$CP" export "$work/size.db" | jq -c 'select(.type == "path") | [.verdict, .as_path, .exit]' | sort | uniq -c)" \
	"$("$CP" export "$work/size.db:$pruned" | jq -c 'select(.type == "path") | [.verdict, .as_path, .exit]' | sort | uniq -c)"
check 'the file is sound after pruning' sound "$work/size.db"

# --- SIGKILL in the middle of commits ---

for _ in {1..10}; do cat "$work/many.ndjson"; done >"$work/huge.ndjson"
n_rows() { # of runs after one
	sql "SELECT count(*) FROM targets WHERE run > ${1:-0}" "$work/killed.db" 2>/dev/null || echo 0
}
for _ in 1 2 3 4 5; do
	last=$(sql 'SELECT max(run) FROM runs' "$work/killed.db" 2>/dev/null)
	"$CP" analyze "$work/huge.ndjson" --store "$work/killed.db" -o csv=/dev/null &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		(($(n_rows "$last") == 0)) || break
		sleep 0.01
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
done
"$CP" analyze "$work/cold.ndjson" --store "$work/killed.db" -o csv=/dev/null
check_eq 'F47: after SIGKILL the next run is stored' 0 $?
check 'F47: the file is sound' sound "$work/killed.db"
check_eq 'F47: whole paths only: each has all of its hops' 0 "$(sql 'SELECT count(*) FROM paths AS p WHERE n_hops <>
	(SELECT count(*) FROM hops AS h WHERE h.agent = p.agent AND h.run = p.run AND h.path = p.seq)' "$work/killed.db")"
killed=$(sql 'SELECT max(run) FROM runs WHERE end_reason IS NULL' "$work/killed.db")
check 'F47: a killed run has no end' test -n "$killed"
"$CP" report "$work/killed.db:$killed" -o "table=$work/table" 2>/dev/null
check_eq 'F47: and is reported as cut off' 4 $?

# --- text that somebody else put there ---

cp "$db" "$work/hostile.db"
sql "UPDATE targets SET name = char(27) || '[2Jx' || char(10) || '<script>', cname = '[\"' || char(10) || '{}\"]', flows = '{}' || char(27);
	UPDATE paths SET as_path = '8075 \"IXP:' || char(27), reasons = 'x\"' || char(10), exit_ptr = char(155) || 'y';
	UPDATE hops SET ptr = 'a' || char(10) || 'b', flags = char(27), mpls = char(10);
	UPDATE warnings SET text = char(27) || '[31m'; UPDATE runs SET agent = agent, host = char(27)" "$work/hostile.db"
"$CP" export "$work/hostile.db" >"$work/hostile.ndjson"
check 'F66: hostile text: every line is a record' jq -e .type "$work/hostile.ndjson"
check_eq 'F66: hostile text: nothing for a terminal' 0 "$(grep -cP '[\x00-\x1f\x7f]|\xc2[\x80-\x9f]' "$work/hostile.ndjson")"
for format in table hops html csv; do
	"$CP" report "$work/hostile.db" -o "$format=$work/hostile.$format"
	check_eq "F66: hostile text: $format" 0 "$(grep -cP '\x1b|<script>\S*</' "$work/hostile.$format")"
done
"$CP" runs "$work/hostile.db" >"$work/hostile.list"
check_eq 'F66: hostile text: runs' 0 "$(grep -cP '\x1b' "$work/hostile.list")"

# --- files that are not to be written to ---

cp "$db" "$work/newer.db" && sql 'PRAGMA user_version = 99' "$work/newer.db"
sum=$(md5sum <"$work/newer.db")
refuses 'a newer file is refused' 2 'newer.db: written by a newer version .*schema 99.*use that version, or another file' \
	"$CP" analyze "$work/cold.ndjson" --store "$work/newer.db" -o csv=/dev/null
refuses 'and not read' 2 'newer.db: written by a newer version' "$CP" report "$work/newer.db"
check_eq 'and left as it is' "$sum" "$(md5sum <"$work/newer.db")"
cp "$db" "$work/newer.db" && sql 'PRAGMA user_version = 3' "$work/newer.db"
refuses 'so is one of the next version' 2 'newer.db: written by a newer version .*schema 3, this one knows 2' \
	"$CP" report "$work/newer.db"
cp "$db" "$work/bad.db" && dd if=/dev/urandom of="$work/bad.db" bs=4096 seek=1 count=20 conv=notrunc 2>/dev/null
sum=$(md5sum <"$work/bad.db")
refuses 'a damaged file is refused' 2 'bad.db: the database is damaged .*left as it is' \
	"$CP" analyze "$work/cold.ndjson" --store "$work/bad.db" -o csv=/dev/null
check_eq 'and left as it is' "$sum" "$(md5sum <"$work/bad.db")"
head -c 20000 "$db" >"$work/short.db"
refuses 'a truncated file is refused' 2 'short.db: the database is damaged' \
	"$CP" analyze "$work/cold.ndjson" --store "$work/short.db" -o csv=/dev/null
echo 'not a database at all' >"$work/text.db"
refuses 'a text is refused' 2 'text.db: not a database' \
	"$CP" analyze "$work/cold.ndjson" --store "$work/text.db" -o csv=/dev/null
sql 'CREATE TABLE t (x)' "$work/other.db"
refuses "another program's database is refused" 2 'other.db: a database of another program' \
	"$CP" analyze "$work/cold.ndjson" --store "$work/other.db" -o csv=/dev/null
refuses 'no directory, no store' 2 'cannot open .*nowhere/x.db' \
	"$CP" analyze "$work/cold.ndjson" --store "$work/nowhere/x.db" -o csv=/dev/null

# --- a file of version 1 ---

columns='agent, seq, at_ms, run, audit, target, port, protocol, "group", kind, old, new, first_seen_ms, last_seen_ms, severity, muted'
contents() { # file: all rows, without what version 2 adds
	local table
	for table in runs targets paths hops egress edges warnings ases policies; do sql "SELECT * FROM $table" "$1"; done
	sql "SELECT $columns FROM changes" "$1"
}
make_v1() { # file
	rm -f "$1"*
	sqlite3 "$1" <"$_lib_root/tests/lab/store_v1.sql" >/dev/null
}
check 'version 1: made' make_v1 "$work/v1.db"
contents "$work/v1.db" >"$work/v1.before"
check_eq 'version 1: it is one' '1 2 16' "$(sql 'PRAGMA user_version' "$work/v1.db") $(sql 'SELECT count(*) FROM targets' "$work/v1.db") $(
	sql "SELECT count(*) FROM pragma_table_info('changes')" "$work/v1.db")"
check 'version 1: a run of it is shown' grep -q b.example <("$CP" report "$work/v1.db" -o csv)
check_eq 'version 1: and listed' 1700000000000 "$("$CP" runs "$work/v1.db" -o ndjson | jq .run)"
check_eq 'version 1: reading leaves it as it is' '1 16' "$(sql 'PRAGMA user_version' "$work/v1.db") $(
	sql "SELECT count(*) FROM pragma_table_info('changes')" "$work/v1.db")"
"$CP" export "$work/v1.db" >"$work/v1.ndjson"
make_v1 "$work/damaged.db" && sqlite3 "$work/damaged.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
dd if=/dev/urandom of="$work/damaged.db" bs=4096 seek=4 count=4 conv=notrunc 2>/dev/null
sum=$(md5sum <"$work/damaged.db")
refuses 'version 1: a damaged one is not changed' 2 'damaged.db: the database is damaged' \
	"$CP" analyze "$work/cold.ndjson" --store "$work/damaged.db" -o csv=/dev/null
check_eq 'version 1: and left as it is' "$sum" "$(md5sum <"$work/damaged.db")"
"$CP" analyze "$work/cold.ndjson" --store "$work/v1.db" --agent new -o csv=/dev/null
check_eq 'version 1: a run is stored' 0 $?
check_eq 'version 1: it is version 2 now' '2 17' "$(sql 'PRAGMA user_version' "$work/v1.db") $(
	sql "SELECT count(*) FROM pragma_table_info('changes')" "$work/v1.db")"
check_same 'version 1: the run that was there reads as before' "$work/v1.ndjson" <("$CP" export "$work/v1.db:1700000000000")
sql "DELETE FROM runs WHERE agent = 'new'; DELETE FROM targets WHERE agent = 'new'; DELETE FROM paths WHERE agent = 'new';
	DELETE FROM hops WHERE agent = 'new'; DELETE FROM egress WHERE agent = 'new'; DELETE FROM edges WHERE agent = 'new';
	DELETE FROM warnings WHERE agent = 'new'; DELETE FROM ases WHERE agent = 'new'" "$work/v1.db"
check_same 'version 1: every row is as it was' "$work/v1.before" <(contents "$work/v1.db")
check_eq 'version 1: states as its rows tell them' '1|changed 2|recovered 3|changed 4| 5|' \
	"$(sql 'SELECT seq, state FROM changes ORDER BY seq' "$work/v1.db" | xargs)"
check 'version 1: the file is sound' sound "$work/v1.db"

# --- a full disk ---

full() { # in a mount namespace of its own
	set -u
	mount -t tmpfs -o size=4m tmpfs "$1" || return 9
	"$CP" analyze "$work/many.ndjson" --store "$1/runs.db" -o "csv=$work/full1.csv" 2>"$work/full1.err"
	echo "first $?"
	"$CP" analyze "$work/huge.ndjson" --store "$1/runs.db" -o "ndjson=$work/full.ndjson" 2>"$work/full.err"
	echo "full $?"
	echo "integrity $(sqlite3 "$1/runs.db" 'PRAGMA integrity_check')"
	echo "run $(sqlite3 "$1/runs.db" 'SELECT end_reason, rows_lost > 0 FROM runs ORDER BY run DESC LIMIT 1')"
	echo "torn $(sqlite3 "$1/runs.db" 'SELECT count(*) FROM paths AS p WHERE n_hops <>
		(SELECT count(*) FROM hops AS h WHERE h.agent = p.agent AND h.run = p.run AND h.path = p.seq)')"
	while dd if=/dev/zero bs=4096 count=1 2>/dev/null >>"$1/ballast"; do :; done
	"$CP" analyze "$work/cold.ndjson" --store "$1/runs.db" --store-max-mb 1 -o csv=/dev/null 2>"$work/pruned.err"
	echo "bytes $(($(stat -c %s "$1/runs.db") <= 1 << 20))"
	echo "integrity $(sqlite3 "$1/runs.db" 'PRAGMA integrity_check')"
	"$CP" analyze "$work/cold.ndjson" --store "$1/runs.db" --store-max-mb 1 -o csv=/dev/null 2>"$work/after.err"
	echo "after $?"
}
export -f full
export CP work
mkdir -p "$work/mnt"
unshare -m bash -c "full '$work/mnt'" >"$work/full.out" 2>&1
said() { sed -n "s/^$1 //p" "$work/full.out"; } # key
check_eq 'F46: a run fits' 0 "$(said first)"
check_eq 'F46: a full disk is the exit status' 1 "$(said full)"
check 'F46: and a warning' grep -q '"code":"store-full"' "$work/full.ndjson"
check_eq 'F46: the other outputs are whole' "$(jq -c 'select(.type == "path")' "$work/huge.ndjson" | wc -l)" \
	"$(jq -c 'select(.type == "path")' "$work/full.ndjson" | wc -l)"
check_eq 'F46: the end record knows' 1 "$(jq 'select(.type == "end") | .exit_status' "$work/full.ndjson")"
check_eq 'F46: the database is sound, then and after pruning' $'ok\nok' "$(said integrity)"
check_eq 'F46: the run has its end, and what is lost is counted' 'done|1' "$(said run)"
check_eq 'F46: whole batches only' 0 "$(said torn)"
check_eq 'F46: pruning works on a full disk' 1 "$(said bytes)"
check_eq 'F46: and then there is room again' 0 "$(said after)"

finish
