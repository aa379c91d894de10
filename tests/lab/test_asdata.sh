#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_asdata.sh: files of AS data, as a run sees them: the same verdicts from an
# MMDB as from a text, files that are damaged, old or change while the program
# runs, service tags, home sets from files. A real table, when it can be had.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq gzip
make_mmdb=$BUILD/lab/mmdb_make
lab_up_grid 300 || exit 1

# Lab addresses are special-use: only the overlay goes before that.
grid() { # overlay out args...
	local overlay=$1 out=$2
	shift 2
	lab_exec "$LAB_VANTAGE" "$CP" audit --blocklist none --no-rdns --vantage-as 8075 --overlay "$overlay" "@$LAB_TARGETS" \
		-o "ndjson=$out" --seed 1 "$@"
}

# What a run says of each destination and hop.
judged() { # ndjson
	jq -c 'select(.type == "path") | [.destination.ip, .destination.asn, .verdict, .confidence, .reasons, .as_path,
		.exit.ttl_min, .exit.ttl_max, [.hops[].asn]]' "$1" | sort
}

# The database records of a run's start.
database() { # ndjson layer field
	jq -r --arg l "$2" "select(.type == \"start\") | .databases[] | select(.layer == \$l) | .$3" "$1"
}

# --- the same verdicts from every kind of file ---

check 'the audit with the text overlay runs' grid "$LAB_OVERLAY" "$LAB_DIR/text.ndjson"
judged "$LAB_DIR/text.ndjson" >"$LAB_DIR/text.judged"
check 'it judges all 300 destinations' test "$(wc -l <"$LAB_DIR/text.judged")" = 300
check_eq 'a text has no database type' null "$(database "$LAB_DIR/text.ndjson" overlay database_type)"

now=$(date +%s)
kinds=(geolite-24-6 geolite-28-6 geolite-32-6 ipinfo-28-6 ipinfo-number-24-6)
for kind in "${kinds[@]}"; do
	style=${kind%-*-*}
	bits=${kind#"$style"-}
	mmdb=$LAB_DIR/$kind.mmdb
	"$make_mmdb" "$style" "${bits%-*}" "${bits#*-}" $((now - 5 * 86400)) <"$LAB_OVERLAY" >"$mmdb"
	check "$kind: the audit with the MMDB runs" grid "$mmdb" "$LAB_DIR/$kind.ndjson"
	judged "$LAB_DIR/$kind.ndjson" >"$LAB_DIR/$kind.judged"
	check_same "$kind: its verdicts are those of the text" "$LAB_DIR/text.judged" "$LAB_DIR/$kind.judged"
	check_eq "$kind: its build date is the age" 5 "$(database "$LAB_DIR/$kind.ndjson" overlay age_days)"
done
check_eq 'an MMDB says what it calls itself' GeoLite2-ASN "$(database "$LAB_DIR/geolite-24-6.ndjson" overlay database_type)"
gzip -k "$LAB_DIR/geolite-28-6.mmdb"
check 'gzip: the audit runs' grid "$LAB_DIR/geolite-28-6.mmdb.gz" "$LAB_DIR/gz.ndjson"
judged "$LAB_DIR/gz.ndjson" >"$LAB_DIR/gz.judged"
check_same 'gzip: its verdicts are those of the text' "$LAB_DIR/text.judged" "$LAB_DIR/gz.judged"

# --- exchanges: a LAN of the user's own goes before special-use ranges, after the overlay ---

hop=$(jq -r 'select(.type == "path") | .hops[1].ip // empty' "$LAB_DIR/text.ndjson" | grep -v : | head -n 1)
printf 'prefix,ixp\n%s/32,LabIX\n' "$hop" >"$LAB_DIR/ixp.csv"
grep -v "^${hop%.*.*}" "$LAB_OVERLAY" >"$LAB_DIR/less.txt"
check '--ixp: the audit runs' grid "$LAB_DIR/less.txt" "$LAB_DIR/ixp.ndjson" --ixp "$LAB_DIR/ixp.csv"
check_eq '--ixp: the hop is on that exchange' LabIX \
	"$(jq -r --arg h "$hop" 'select(.type == "path") | .hops[] | select(.ip == $h) | .ixp' "$LAB_DIR/ixp.ndjson" | sort -u)"

# --- F43: the file is cut short in place, or replaced, while the program runs ---

# Far slower than it could be, so that the file changes under it.
changed_while_running() { # name command...
	local name=$1 pid i
	shift
	cp "$LAB_DIR/geolite-28-6.mmdb" "$LAB_DIR/live.mmdb"
	rm -f "$LAB_DIR/live.ndjson"
	grid "$LAB_DIR/live.mmdb" "$LAB_DIR/live.ndjson" -r 1000 &
	pid=$!
	for ((i = 0; i < 500; i++)); do
		[[ ! -s $LAB_DIR/live.ndjson ]] || break
		sleep 0.01
	done
	check_eq "$name: the run has begun" start "$(head -n 1 "$LAB_DIR/live.ndjson" | jq -r .type)"
	"$@"
	wait "$pid"
	check_eq "$name: the run ends well" 0 $?
	judged "$LAB_DIR/live.ndjson" >"$LAB_DIR/live.judged"
	check_same "$name: its verdicts are those of the whole file" "$LAB_DIR/text.judged" "$LAB_DIR/live.judged"
}

replace_by_rename() {
	head -c 100 "$LAB_DIR/live.mmdb" >"$LAB_DIR/new.mmdb" && mv "$LAB_DIR/new.mmdb" "$LAB_DIR/live.mmdb"
}
changed_while_running 'F43: cut short in place' truncate -s 0 "$LAB_DIR/live.mmdb"
changed_while_running 'F43: replaced by rename' replace_by_rename

# --- files that are none: one line that names the file, exit 2 ---

v() { # args...
	lab_exec "$LAB_VANTAGE" "$CP" audit --blocklist none --no-rdns --vantage-as 8075 198.18.96.1 "$@"
}

mkdir "$LAB_DIR/x"
bad() { # what regex args...
	local what=$1 regex=$2
	shift 2
	refuses "$what" 2 "$regex" v "$@"
}
: >"$LAB_DIR/x/empty.mmdb"
: >"$LAB_DIR/x/empty.csv"
head -c 900 "$LAB_DIR/geolite-24-6.mmdb" >"$LAB_DIR/x/cut.mmdb"
head -c 60 "$LAB_DIR/geolite-28-6.mmdb.gz" >"$LAB_DIR/x/cut.gz"
tail -c 300 "$LAB_DIR/geolite-24-6.mmdb" >"$LAB_DIR/x/tail.mmdb"
head -c 3000 /dev/urandom >"$LAB_DIR/x/noise.mmdb"
printf '20.0.0.0/8 64500\n20.1.0.0/16 \033[31mred\n' >"$LAB_DIR/x/bad.txt"
"$make_mmdb" city 24 6 "$now" <"$LAB_OVERLAY" >"$LAB_DIR/x/city.mmdb"
bad 'no such file' 'x/none.mmdb: No such file' --asdb "$LAB_DIR/x/none.mmdb"
bad 'a directory' 'x: Is a directory' --asdb "$LAB_DIR/x"
bad 'F43: an empty MMDB' 'x/empty.mmdb: the file is empty' --asdb "$LAB_DIR/x/empty.mmdb"
bad 'an empty table' 'x/empty.csv: the file is empty' --asdb "$LAB_DIR/x/empty.csv"
bad 'F43: an MMDB without its end' 'x/cut.mmdb: not a MaxMind DB, or cut short' --asdb "$LAB_DIR/x/cut.mmdb"
bad 'F43: an MMDB without its beginning' 'x/tail.mmdb: a damaged MaxMind DB' --asdb "$LAB_DIR/x/tail.mmdb"
bad 'F43: noise' 'x/noise.mmdb: not a MaxMind DB' --asdb "$LAB_DIR/x/noise.mmdb"
bad 'F43: a gzip file that is cut short' 'x/cut.gz: a gzip file that is damaged' --asdb "$LAB_DIR/x/cut.gz"
bad 'a City database' "x/city.mmdb: no AS numbers in it \(type 'GeoLite2-City'\)" --asdb "$LAB_DIR/x/city.mmdb"
bad 'a bad row, without its escape codes' "x/bad.txt:2: not an AS number: '\?\[31mred'" --asdb "$LAB_DIR/x/bad.txt"
printf 'prefix,ixp\n198.18.0.0/33,LabIX\n' >"$LAB_DIR/x/ixp.csv"
bad 'a bad list of exchanges' 'x/ixp.csv:2: not a prefix' --ixp "$LAB_DIR/x/ixp.csv"
bad 'a list of exchanges without its columns' 'must name the columns prefix and ixp' --ixp "$LAB_DIR/x/bad.txt"
bad 'a bad row after a good file' 'x/bad.txt:2' --asdb "$LAB_DIR/geolite-24-6.mmdb" --asdb "$LAB_DIR/x/bad.txt"

# --- home from a file, by organisation ---

printf '# ours\n8075\norg:Microsoft   # all of it\n\nmicrosoft-subsidiary\n' >"$LAB_DIR/home.txt"
check 'a home set from a file' grid "$LAB_OVERLAY" "$LAB_DIR/home.ndjson" --home "@$LAB_DIR/home.txt,AS64500"
check_eq 'its file, organisation, role and number are all in it' true \
	"$(jq 'select(.type == "start") | .home.asns | contains([8068, 8075, 13443, 36459, 64500])' "$LAB_DIR/home.ndjson")"
printf '8075\nnobody\n' >"$LAB_DIR/x/home.txt"
: >"$LAB_DIR/x/home.empty"
bad 'a bad line of a home file' "x/home.txt:2: 'nobody' is neither" --home "@$LAB_DIR/x/home.txt"
bad 'an organisation that no AS has' "'org:Nobody' is neither" --home org:Nobody
bad 'a home file that is not there' 'x/none: No such file' --home "@$LAB_DIR/x/none"
bad 'an empty home file' 'no AS in' --home "@$LAB_DIR/x/home.empty"

# --- organisation and role of what carries the traffic ---

check_eq 'egress rows have organisation and role' 'Microsoft microsoft-backbone' \
	"$(jq -r 'select(.type == "summary") | .egress[] | select(.asn == 8075) | "\(.as_org) \(.as_role)"' \
		"$LAB_DIR/text.ndjson" | sort -u)"

# --- service tags ---

target=$(head -n 1 "$LAB_TARGETS")
cat >"$LAB_DIR/tags.json" <<-EOF
	{"changeNumber": 1, "cloud": "Public", "values": [
	{"name": "AzureCloud", "properties": {"region": "", "systemService": "", "addressPrefixes": ["198.18.0.0/15", "2001:db8::/32"]}},
	{"name": "Storage.LabEurope", "properties": {"region": "labeurope", "systemService": "AzureStorage",
	 "addressPrefixes": ["$target/32"]}}]}
EOF
grid "$LAB_OVERLAY" "$LAB_DIR/tags.ndjson" --service-tags "$LAB_DIR/tags.json" -o "table=$LAB_DIR/tags.table"
check_eq 'service tags: the most specific one, with its region' 'Storage.LabEurope labeurope' \
	"$(jq -r --arg t "$target" 'select(.type == "path" and .destination.ip == $t) |
		"\(.destination.service_tag) \(.destination.service_region)"' "$LAB_DIR/tags.ndjson")"
check_eq 'service tags: the others are AzureCloud' 299 \
	"$(jq -r 'select(.type == "path" and .destination.service_tag == "AzureCloud" and .destination.service_region == null) | .flow' \
		"$LAB_DIR/tags.ndjson" | wc -l)"
check_eq 'service tags: without the option nothing is claimed' null \
	"$(jq -r 'select(.type == "path") | .destination.service_tag' "$LAB_DIR/text.ndjson" | sort -u)"
check_eq 'service tags: the file is among the data' 3 "$(database "$LAB_DIR/tags.ndjson" service-tags rows)"
judged "$LAB_DIR/tags.ndjson" >"$LAB_DIR/tags.judged"
check_same 'service tags: no verdict rests on them' "$LAB_DIR/text.judged" "$LAB_DIR/tags.judged"
lab_exec "$LAB_VANTAGE" "$CP" trace --blocklist none --vantage-as 8075 --overlay "$LAB_OVERLAY" \
	--service-tags "$LAB_DIR/tags.json" "$target" >"$LAB_DIR/tags.trace"
check 'service tags: trace shows them' grep -q 'service tag Storage.LabEurope, region labeurope' "$LAB_DIR/tags.trace"
head -c 200 "$LAB_DIR/tags.json" >"$LAB_DIR/x/tags.json"
bad 'service tags that are cut short' 'x/tags.json:[0-9:]+ not JSON, or cut short' --service-tags "$LAB_DIR/x/tags.json"
bad 'service tags that are something else' 'no array "values"' --service-tags <(echo '{"a": 1}')
bad 'service tags that are not there' 'x/none.json: No such file' --service-tags "$LAB_DIR/x/none.json"

# --- age, disagreement, absence ---

warnings() { # ndjson: codes
	jq -r 'select(.type == "warning") | .code' "$1" | sort -u | tr '\n' ' '
}

printf '20.0.0.0/8 64500\n' >"$LAB_DIR/one.txt"
printf '20.0.0.0/8 64500\n20.1.0.0/16 64501\n' >"$LAB_DIR/two.txt"
touch -d '400 days ago' "$LAB_DIR/one.txt"
touch -d '90 days ago' "$LAB_DIR/two.txt"
grid "$LAB_OVERLAY" "$LAB_DIR/old.ndjson" --asdb "$LAB_DIR/one.txt" 2>/dev/null
check_eq 'a database of 400 days: a warning' 'database-old ' "$(warnings "$LAB_DIR/old.ndjson")"
check_eq 'a database of 400 days: its age' 400 "$(database "$LAB_DIR/old.ndjson" database age_days)"
grid "$LAB_OVERLAY" "$LAB_DIR/old.ndjson" --asdb "$LAB_DIR/two.txt"
check_eq 'a database of 90 days: none yet' '' "$(warnings "$LAB_DIR/old.ndjson")"
touch "$LAB_DIR/one.txt"
grid "$LAB_OVERLAY" "$LAB_DIR/disagree.ndjson" --asdb "$LAB_DIR/one.txt" --asdb "$LAB_DIR/two.txt" 2>/dev/null
check_eq 'databases that disagree: a warning' 'databases-disagree ' "$(warnings "$LAB_DIR/disagree.ndjson")"
v -o "ndjson=$LAB_DIR/none.ndjson" 2>"$LAB_DIR/none.err"
check_eq 'no database: a warning' 'no-database ' "$(warnings "$LAB_DIR/none.ndjson")"
check 'no database: it says what is used instead' grep -q 'only the built-in Microsoft ranges' "$LAB_DIR/none.err"

# --- analyze: the same data, of the same age, with the same labels ---

touch -d '400 days ago' "$LAB_DIR/one.txt"
"$CP" analyze "$LAB_DIR/text.ndjson" --vantage-as 8075 --overlay "$LAB_DIR/geolite-28-6.mmdb" --asdb "$LAB_DIR/one.txt" \
	--asdb "$LAB_DIR/two.txt" --service-tags "$LAB_DIR/tags.json" -o "ndjson=$LAB_DIR/again.ndjson" \
	-o "csv=$LAB_DIR/again.csv" -o "html=$LAB_DIR/again.html" 2>/dev/null
judged "$LAB_DIR/again.ndjson" >"$LAB_DIR/again.judged"
check_same 'analyze: with the MMDB the verdicts are those of the text' "$LAB_DIR/text.judged" "$LAB_DIR/again.judged"
check_eq 'analyze: old and disagreeing databases are warned of' 'database-old databases-disagree ' \
	"$(warnings "$LAB_DIR/again.ndjson")"
check_eq 'analyze: the age of each' '400 90 ' "$(database "$LAB_DIR/again.ndjson" database age_days | tr '\n' ' ')"
check_eq 'analyze: service tags' 'Storage.LabEurope labeurope' \
	"$(jq -r --arg t "$target" 'select(.type == "path" and .destination.ip == $t) |
		"\(.destination.service_tag) \(.destination.service_region)"' "$LAB_DIR/again.ndjson")"
check_eq 'csv: the service tags are there, before what --e2e measures' '299 AzureCloud,1 Storage.LabEurope,1 service_tag,' \
	"$(awk -F, '{print $(NF - 11)}' "$LAB_DIR/again.csv" | LC_ALL=C sort | uniq -c | sed 's/^ *//' | tr '\n' ',')"
check_eq 'diff: service tags make two runs no less alike' '' \
	"$("$CP" diff "$LAB_DIR/text.ndjson" "$LAB_DIR/tags.ndjson" -o ndjson | grep -F '"databases"')"
check 'html: the age of an old database' grep -q '<td>400 days <b class="old">old</b></td>' "$LAB_DIR/again.html"
check 'html: what an MMDB calls itself' grep -q 'geolite-28-6.mmdb (GeoLite2-ASN)' "$LAB_DIR/again.html"
check 'html: service tags' grep -q 'Storage.LabEurope' "$LAB_DIR/again.html"
"$CP" analyze "$LAB_DIR/text.ndjson" --vantage-as 8075 -o "ndjson=$LAB_DIR/again.ndjson" 2>/dev/null
check_eq 'analyze: no database: a warning' 'no-database ' "$(warnings "$LAB_DIR/again.ndjson")"

doctor() { # args...
	COLUMNS=300 lab_exec "$LAB_VANTAGE" "$CP" doctor "$@"
}
doctor >"$LAB_DIR/doctor"
check 'doctor: no database, and what that means' grep -q 'only the built-in Microsoft ranges are used' \
	<(tr -s ' \n' ' ' <"$LAB_DIR/doctor")
for name in 'DB-IP ASN Lite' GeoLite2-ASN 'IPinfo Lite' iptoasn; do
	check "doctor: how to get a database: $name" grep -qF "$name" <(tr -s ' \n' ' ' <"$LAB_DIR/doctor")
done
touch -d '400 days ago' "$LAB_DIR/one.txt"
doctor --asdb "$LAB_DIR/one.txt" --asdb "$LAB_DIR/geolite-28-6.mmdb" >"$LAB_DIR/doctor"
check 'doctor: the age of an old one, and what to do' grep -q '400 days old: addresses move' <(tr -s ' \n' ' ' <"$LAB_DIR/doctor")
check 'doctor: names the kind of an MMDB, and its age' grep -q '(GeoLite2-ASN), [0-9,]* rows, 5 days old' \
	<(tr -s ' \n' ' ' <"$LAB_DIR/doctor")

# --- a real table ---

real_table() {
	local v4 v6
	{ read -r v4 && read -r v6; } < <("$_lib_root/scripts/fetch-asdb" 2>"$LAB_DIR/fetch.err") || {
		echo "SKIP - a real table: $(cat "$LAB_DIR/fetch.err")"
		return
	}
	check 'a real table: the audit runs with it' grid "$LAB_OVERLAY" "$LAB_DIR/real.ndjson" --asdb "$v4" --asdb "$v6"
	check 'a real table: all of its 500,000 rows are used' test 500000 -lt \
		"$(jq 'select(.type == "start") | [.databases[] | select(.layer == "database") | .rows] | add' "$LAB_DIR/real.ndjson")"
	check_eq 'a real table: its two files do not disagree' '' \
		"$(warnings "$LAB_DIR/real.ndjson" | sed 's/database-old //')"
	cat "$v4" "$v6" | "$make_mmdb" geolite 28 6 "$now" >"$LAB_DIR/real.mmdb"
	check 'a real table: as an MMDB beside itself' grid "$LAB_OVERLAY" "$LAB_DIR/both.ndjson" --asdb "$v4" --asdb "$v6" \
		--asdb "$LAB_DIR/real.mmdb"
	check_eq 'a real table: the MMDB says the same for every address' '' \
		"$(warnings "$LAB_DIR/both.ndjson" | sed 's/database-old //')"
}
real_table

finish
