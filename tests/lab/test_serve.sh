#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_serve.sh: `serve` over a store with known contents: every endpoint, what
# is refused, assets, events, metrics with a real Prometheus, a store that goes
# away and comes back, and clients that mean no good.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq curl sqlite3
lab_up_pair || exit 1

work=$LAB_DIR/serve
store=$work/lab.db
mkdir -p "$work"
first=1700000000000 second=1700000060000 third=1700000120000

make_store() {
	"$BUILD/lab/make_store" "$@"
}

# --- what is refused ---

serve() {
	timeout -s KILL 10 nsenter --net="/run/netns/$LAB_A" "$CP" serve "$@"
}
echo 'no store' >"$work/text"
refuses 'a store that is not there' 2 'nosuch.db' serve "$work/nosuch.db"
refuses 'what is no store' 2 'not a database' serve "$work/text"
refuses 'no store named' 2 'wants one store' serve
refuses 'two stores' 2 'wants one store' serve a b
make_three() {
	make_store "$store" run "$first" 3491 && make_store "$store" run "$second" 3491 && make_store "$store" run "$third" 2914 &&
		make_store "$store" change $((third + 1600)) "$third" exit-as-new '' 'AS2914 <NTT>'
}
check 'stores are made' make_three
sqlite3 "$store" ".backup $work/newer.db" && sqlite3 "$work/newer.db" 'PRAGMA user_version = 99'
refuses 'a store of a newer version' 2 'newer version' serve "$work/newer.db"
refuses 'a name to listen on' 2 '--listen wants' serve "$store" --listen localhost:80
refuses 'an IPv6 address with a port and no brackets' 2 '--listen wants' serve "$store" --listen ::1:99999
refuses 'a port too many' 2 '--listen wants' serve "$store" --listen 127.0.0.1:65536
refuses "an address that is not this host's" 1 'cannot listen on 198.18.0.77:80' serve "$store" --listen 198.18.0.77:80

# --- started ---

start() { # name args...: sets pid
	local name=$1
	shift
	nsenter --net="/run/netns/$LAB_A" "$CP" serve "$@" >"$work/$name.log" 2>&1 &
	pid=$!
	for _ in {1..100}; do
		grep -qs 'serving on' "$work/$name.log" && return
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	not_ok "$name: serve starts" "$(cat "$work/$name.log")"
	return 1
}

start local "$store" || exit 1
local_pid=$pid
base=http://127.0.0.1:9180
check_eq 'it says where it serves' "coldpotato: serving on $base/" "$(cat "$work/local.log")"
refuses 'the address is in use' 1 'cannot listen on 127.0.0.1:9180.*in use' serve "$store"

ask() { # path curl-args...
	local path=$1
	shift
	lab_exec "$LAB_A" curl -sS -m 20 "$@" "$base$path"
}
status() { # path curl-args...
	local path=$1
	shift
	ask "$path" -o /dev/null -w '%{http_code}' "$@"
}
answer() { # what path jq-expression expected
	check_eq "$1" "$4" "$(ask "$2" | jq -c "$3" 2>&1)"
}

# --- endpoints ---

answer 'status: the store' /api/v1/status '[.agent, .watching, .store.path_name, .store.runs, .store.first_run, .store.last_run]' \
	"[\"lab\",false,\"lab.db\",3,$first,$third]"
answer 'status: audits' /api/v1/status .audits \
	"[{\"name\":\"ms\",\"interval_s\":null,\"last_run\":$third,\"next_ms\":null,\"state\":\"done\",\"agent\":\"lab\"}]"
answer 'runs: newest first' /api/v1/runs '[.total, .items[].run]' "[3,$third,$second,$first]"
answer 'runs: a page' '/api/v1/runs?limit=1&offset=1' '[.total, .items[].run]' "[3,$second]"
answer 'runs: of an audit' '/api/v1/runs?audit=nosuch' '[.total, .items]' '[0,[]]'
answer 'runs: their sums' '/api/v1/runs?limit=1' '.items[0] | [.verdicts, .coverage_pct, .n_paths, .lost]' \
	'[{"inside":2,"direct":1,"undecided":1,"transit":1,"detour":0},80,10,1]'
answer 'run: latest' /api/v1/runs/latest .run $third
answer 'run: by number' /api/v1/runs/$first .run $first
answer 'run: before a time' /api/v1/runs/before:$third .run $second
answer 'run: settings are JSON, what is none is null' /api/v1/runs/latest '[.settings, .accounting, .databases[0].layer]' \
	'[{"rate_pps":10000,"name":"x\u001by"},null,"database"]'
answer 'run: warnings' /api/v1/runs/latest .warnings '[{"code":"lab","text":"a <warning>"}]'
answer 'targets: verdicts' /api/v1/runs/latest/targets '[.total, .items[].verdict]' \
	'[5,"inside","transit","direct","undecided","inside"]'
answer 'targets: the evidence of one' '/api/v1/runs/latest/targets?q=B.EXAM' \
	'.items[0] | [.seq, .confidence, .as_path, .exits, .dest_rtt_us, .cname, .reasons, .changed_ms]' \
	"[1,\"medium\",[\"*\",\"8075\",\"2914\",\"13335\"],[{\"asn\":2914,\"as_name\":\"NTT\",\"ixp\":null,\"site\":\"AMS\",\"paths\":2}],2000,[\"x.example\",\"y.example\"],[\"silent-border\",\"siblings\"],$((third + 1600))]"
answer 'targets: an exchange in the AS path is one step' /api/v1/runs/latest/targets '.items[2].as_path' \
	'["8075","IXP:Lab \"X\" one","16625"]'
answer 'targets: what is not known is null' /api/v1/runs/latest/targets '.items[3] | [.dest_rtt_us, .changed_ms, .exits]' '[null,null,[]]'
answer 'F66: targets: hostile names are text' /api/v1/runs/latest/targets '.items[4] | [.name, .group, .cname]' \
	'["<b>e\u001b[31m�\"\n.example","<i>�\"",null]'
answer 'targets: end to end' /api/v1/runs/latest/targets '[.items[0, 1].e2e]' \
	'[{"destinations":1,"sent":10,"received":10,"loss_pct":0,"rtt_min_us":900,"rtt_p50_us":1000,"rtt_p95_us":1300,"rtt_p99_us":1400,"rtt_max_us":1400,"jitter_us":50},{"destinations":1,"sent":10,"received":8,"loss_pct":20,"rtt_min_us":1900,"rtt_p50_us":2000,"rtt_p95_us":2300,"rtt_p99_us":2400,"rtt_max_us":2400,"jitter_us":100}]'
answer 'targets: end to end, unknown is null, and so is nonsense' /api/v1/runs/latest/targets \
	'[.items[3].e2e | .sent, .loss_pct, .rtt_p50_us, .jitter_us], .items[2, 4].e2e' $'[10,100,null,null]\nnull\nnull'
answer 'target: end to end by path' /api/v1/runs/latest/targets/1 '[.e2e.loss_pct, (.paths[].e2e | [.sent, .late])]' '[20,[10,1],[10,1]]'
answer 'target: what is no JSON is null' /api/v1/runs/latest/targets/2 '[.paths[].e2e]' '[null,null]'
answer 'targets: by group' '/api/v1/runs/latest/targets?group=cdn' '[.total, .items[].name]' '[2,"c.example","d.example"]'
answer 'targets: by verdict' '/api/v1/runs/latest/targets?verdict=inside&limit=1' '[.total, (.items | length)]' '[2,1]'
answer 'targets: groups' /api/v1/runs/latest/targets '.groups[] | select(.group == "web") | .verdicts' \
	'{"inside":1,"direct":0,"undecided":0,"transit":1,"detour":0}'
answer 'target: its paths' /api/v1/runs/latest/targets/1 '[.name, (.paths | length), .paths[0].exit.first_foreign.asn, .paths[1].flow, .paths[0].reached]' \
	'["b.example",2,2914,1,true]'
answer 'target: hops, silent and inferred' /api/v1/runs/latest/targets/1 \
	'.paths[0].hops | map([.ttl, .ip, .as_name, .rtt_us, .silent, .inferred, .mpls])' \
	'[[1,null,null,null,true,false,null],[2,"198.18.17.1","Microsoft",1900,false,true,[{"label":16001,"ttl":1}]],[3,"203.0.113.9",null,2000,false,false,null]]'
answer 'target: one without an exit' /api/v1/runs/latest/targets/0 '.paths[0].exit' null
answer 'flow: every link has its nodes' /api/v1/runs/latest/flow \
	'[.nodes[].id] as $ids | [.links[] | .source, .target] - $ids' '[]'
answer 'flow: as many paths leave the groups as the run has' /api/v1/runs/latest/flow \
	'[.links[] | select(.source | startswith("group:")) | .paths] | add' 10
answer 'flow: through which AS' /api/v1/runs/latest/flow '.links[] | select(.source == "group:web" and .target != "stay")' \
	'{"source":"group:web","target":"exit:2914","paths":2,"verdicts":{"inside":0,"direct":0,"undecided":0,"transit":2,"detour":0}}'
answer 'egress' /api/v1/runs/latest/egress '[.items[] | [.role, .asn]]' \
	'[["home",8075],["exit",2914],["exit",16625],["destination",13335]]'
answer 'flow over time' "/api/v1/flow-history?audit=ms&from=$second" '.runs | map([.run, .exits[0].asn, .inside, .total])' \
	"[[$third,2914,4,10],[$second,3491,4,10]]"
answer 'history of a target' '/api/v1/targets/history?name=b.example&port=443&protocol=tcp' \
	'.items | map([.run, .seq, .exits[0].asn])' "[[$third,1,2914],[$second,1,3491],[$first,1,3491]]"
answer 'history of a target: another port' '/api/v1/targets/history?name=b.example&port=80' .items '[]'
answer 'heat map' '/api/v1/heatmap?audit=ms&runs=2' '[(.runs | map(.run)), (.targets | map([.name, .cells])[1:])]' \
	"[[$third,$second],[[\"a.example\",\"ii\"],[\"b.example\",\"tt\"],[\"c.example\",\"dd\"],[\"d.example\",\"uu\"]]]"
answer 'AS: who it is' /api/v1/as/AS2914 '[.asn, .as_name, .org]' '[2914,"NTT","NTT"]'
answer 'AS: hand-overs, sites, targets, history' "/api/v1/as/3491?run=$first" \
	'[(.handovers | map([.from_asn, .to_asn])), .sites, (.targets | map(.name)), (.history | map(.run))]' \
	"[[[8075,3491],[3491,13335]],[{\"site\":\"AMS\",\"paths\":2}],[\"b.example\"],[$second,$first]]"
answer 'compare: what changed' "/api/v1/compare?a=$first&b=latest" '.targets | map(select(.changed) | [.name, .a.as_path[2], .b.as_path[2], .worse])' \
	'[["b.example","3491","2914",false]]'
answer 'compare: end to end' "/api/v1/compare?a=$first&b=latest" '.targets[1, 2] | [.a.e2e.loss_pct, .b.e2e.jitter_us]' \
	$'[20,100]\n[null,null]'
answer 'compare: exits' "/api/v1/compare?a=$first&b=latest" '.exits | map([.asn, .a_paths, .b_paths])' \
	'[[2914,0,2],[3491,2,0],[16625,2,2]]'
answer 'changes' "/api/v1/changes?since=$third&kind=exit-as-new&q=ntt" '[.total, .items[0].target, .items[0].new, .items[0].muted]' \
	'[1,"b.example","AS2914 <NTT>",false]'
answer 'changes: their state' "/api/v1/changes?since=$third" '.items[0].state' '"changed"'
answer 'changes: since then none' "/api/v1/changes?since=$((third + 1601))" .total 0

# --- two agents, each with a run of the same number; what one is called is text ---

make_store "$work/two.db" run $first 3491
make_store "$work/other.db" run $first 2914
tables='runs targets paths hops egress edges warnings ases'
for table in $tables; do
	echo "UPDATE $table SET agent = '<b>o\"ther';"
done | sqlite3 "$work/other.db"
{
	echo "ATTACH '$work/other.db' AS other;"
	for table in $tables; do
		echo "INSERT INTO $table SELECT * FROM other.$table;"
	done
} | sqlite3 "$work/two.db"
start two "$work/two.db" --listen 127.0.0.1:9181 || exit 1
base=http://127.0.0.1:9181
other='%3Cb%3Eo%22ther'
answer 'two agents: both are named' /api/v1/status .agents '["<b>o\"ther","lab"]'
for pair in 'lab lab 3491' "$other <b>o\\\"ther 2914"; do
	read -r agent name asn <<<"$pair"
	answer "two agents: $agent: the run of that number" "/api/v1/runs/$first?agent=$agent" .agent "\"$name\""
	answer "two agents: $agent: its targets" "/api/v1/runs/$first/targets?agent=$agent" '[.agent, .items[1].exits[0].asn]' "[\"$name\",$asn]"
	answer "two agents: $agent: one of them" "/api/v1/runs/$first/targets/1?agent=$agent" '[.agent, .exits[0].asn]' "[\"$name\",$asn]"
	answer "two agents: $agent: its flow" "/api/v1/runs/$first/flow?agent=$agent" '[.agent, (.nodes | map(.asn) | contains(['"$asn"']))]' "[\"$name\",true]"
	answer "two agents: $agent: its egress" "/api/v1/runs/$first/egress?agent=$agent" '[.agent, (.items | map(.asn) | contains(['"$asn"']))]' "[\"$name\",true]"
	answer "two agents: $agent: its history" "/api/v1/targets/history?name=b.example&agent=$agent" '.items | map([.agent, .exits[0].asn])' "[[\"$name\",$asn]]"
	answer "two agents: $agent: an AS" "/api/v1/as/$asn?agent=$agent&run=$first" '[.agent, (.targets | length), (.history | map(.agent))]' "[\"$name\",1,[\"$name\"]]"
done
answer 'two agents: a history of both says whose' '/api/v1/targets/history?name=b.example' '.items | map(.agent) | sort' '["<b>o\"ther","lab"]'
answer 'two agents: so does the heat map' /api/v1/heatmap '.runs | map(.agent) | sort' '["<b>o\"ther","lab"]'
answer 'two agents: and the flow over time' /api/v1/flow-history '.runs | map(.agent) | sort' '["<b>o\"ther","lab"]'
answer 'two agents: compared' "/api/v1/compare?a=$first&a_agent=lab&b=$first&b_agent=$other" \
	'[.a_agent, .b_agent, (.targets | map(select(.changed) | .name)), (.exits | map([.asn, .a_paths, .b_paths]))]' \
	'["lab","<b>o\"ther",["b.example"],[[2914,0,2],[3491,2,0],[16625,2,2]]]'
answer 'two agents: compared, both of one' "/api/v1/compare?a=$first&b=$first&agent=$other" '[.a_agent, .b_agent]' '["<b>o\"ther","<b>o\"ther"]'
for pair in 'lab 3491' "$other 2914"; do
	read -r agent asn <<<"$pair"
	check_eq "two agents: $agent: metrics" "$asn" \
		"$(ask "/metrics?agent=$agent" | sed -n 's/^coldpotato_exit_paths{.*asn="\(3491\|2914\)".*/\1/p')"
done
check_eq 'two agents: a third has no run' 404 "$(status "/api/v1/runs/latest?agent=nobody")"
kill "$pid"
wait "$pid"
base=http://127.0.0.1:9180

# --- errors ---

error() { # what path status curl-args...
	local what=$1 path=$2 want=$3 body code
	shift 3
	body=$(ask "$path" -w '\n%{http_code}' --path-as-is "$@")
	code=${body##*$'\n'}
	check_eq "$what: status" "$want" "$code"
	check_eq "$what: says why" true "$(jq -c '(.error | length) > 0' <<<"${body%$'\n'*}" 2>&1)"
}
error 'no such endpoint' /api/v1/nosuch 404
error 'no such page' /nosuch 404
error 'no such asset' /assets/../../etc/passwd 404
error 'no such run' /api/v1/runs/17 404
error 'a run that is none' /api/v1/runs/yesterday 400
error 'no such target' /api/v1/runs/latest/targets/99 404
error 'a target that is none' /api/v1/runs/latest/targets/x 400
error 'limit too large' '/api/v1/runs?limit=5001' 400
error 'limit that is none' '/api/v1/runs?limit=-1' 400
error 'an AS that is none' /api/v1/as/99999999999 400
error 'history of nothing' /api/v1/targets/history 400
error 'compare with nothing' /api/v1/compare?a=latest 400
error 'bad percent-encoding' '/api/v1/%zz' 400
error 'F65: a path that is no UTF-8' '/api/v1/%ff%fe' 400
error 'F65: NUL in a path' '/api/v1/runs%00' 400
error 'F65: a parameter that is no UTF-8' '/api/v1/changes?q=%c0%af' 400
error 'F65: too many parameters' "/api/v1/runs?$(printf 'a=1&%.0s' {1..40})" 414
error 'F65: a request target too long' "/api/v1/runs?q=$(printf 'a%.0s' {1..3000})" 414
error 'POST' /api/v1/runs 405 -X POST -d x=1
error 'DELETE' /api/v1/runs 405 -X DELETE
error 'a request with a body' /api/v1/runs 413 -X GET -d x=1
error 'the Host of somebody else (DNS rebinding)' /api/v1/runs 403 -H 'Host: evil.example'
error 'a Host that begins like ours' /api/v1/runs 403 -H 'Host: localhost.evil.example'
check_eq 'no Host' 400 "$(status /api/v1/runs -H 'Host:')"
check_eq 'localhost is our Host' 200 "$(status /api/v1/runs -H 'Host: LOCALHOST:1234')"
check_eq 'POST: what is allowed is said' 'GET, HEAD' \
	"$(ask / -X POST -d '' -o /dev/null -D - | tr -d '\r' | sed -n 's/^Allow: //p')"
check_eq 'F65: a huge header' 431 "$(status / -H "X-Huge: $(printf 'a%.0s' {1..20000})")"
check_eq 'injection stays data' 0 "$(ask "/api/v1/runs?audit=ms'%20OR%20'1'='1" | jq .total)"

# --- headers, HEAD, entity tags ---

headers() { # path curl-args...
	local path=$1
	shift
	ask "$path" -o /dev/null -D - "$@" | tr -d '\r'
}
for header in "Content-Security-Policy: default-src 'self'" 'X-Content-Type-Options: nosniff' 'X-Frame-Options: DENY' \
	'Referrer-Policy: no-referrer' 'Cache-Control: no-store' 'Content-Type: application/json; charset=utf-8'; do
	check "header $header" grep -qF "$header" <(headers /api/v1/runs)
	[[ $header == C*-Type:* ]] || check "header $header: with errors, too" grep -qF "$header" <(headers /nosuch)
done
check 'no other origin is let in' bash -c '! grep -qi access-control <<<"$1"' - "$(headers /api/v1/runs -H 'Origin: http://evil.example')"
check_eq 'HEAD: the length, and no body' "$(ask /api/v1/runs | wc -c)" \
	"$(headers /api/v1/runs -I | sed -n 's/^Content-Length: //p')"
check_eq 'a connection serves more than one request' 1 \
	"$(ask /api/v1/runs -o /dev/null -o /dev/null -w '%{num_connects}' $base/api/v1/status | grep -o 1 | wc -l)"
for path in /api/v1/runs/latest/targets / /assets/echarts.js; do
	tag=$(headers $path | sed -n 's/^ETag: //p')
	check "$path: has an entity tag" test -n "$tag"
	check_eq "$path: the same is not sent again" '304 0' "$(ask $path -o /dev/null -w '%{http_code} %{size_download}' -H "If-None-Match: \"x\", W/$tag")"
	check_eq "$path: another is" 200 "$(status $path -H 'If-None-Match: "x"')"
done

# --- assets ---

check_eq 'the page is HTML' 'text/html; charset=utf-8' "$(headers / | sed -n 's/^Content-Type: //p')"
for file in "$_lib_root"/web/dashboard/*.* "$BUILD/web/echarts.js"; do
	[[ -s $file ]] || continue
	name=/assets/$(basename "$file")
	ask "$name" >"$work/plain"
	check_same "asset $name" "$file" "$work/plain"
	ask "$name" --compressed >"$work/unzipped"
	check_same "asset $name, compressed" "$file" "$work/unzipped"
done
check_eq 'compressed on request only' ' gzip' \
	"$(headers /assets/echarts.js | sed -n 's/^Content-Encoding://p')$(headers /assets/echarts.js -H 'Accept-Encoding: br, gzip;q=0.5' | sed -n 's/^Content-Encoding://p')"
check_eq 'not when it is refused' '' "$(headers /assets/echarts.js -H 'Accept-Encoding: gzip;q=0' | sed -n 's/^Content-Encoding://p')"

# --- events, and the metrics that go with them ---

lab_exec "$LAB_A" curl -sN -m 60 $base/api/v1/events >"$work/events" 2>&1 &
events_pid=$!
check 'events: the stream begins' until_true 5 grep -q '^retry:' "$work/events"
fourth=1700000180000
make_store "$store" run $fourth 2914
make_store "$store" change $((fourth + 1)) $fourth as-path $'old\n\ndata: x' 'new'
check 'events: a run' until_true 10 grep -q '^event: run' "$work/events"
check 'events: a change' until_true 10 grep -q '^event: change' "$work/events"
data() { # event
	grep -A1 "^event: $1\$" "$work/events" | sed -n 's/^data: //p'
}
check_eq 'events: which run' "[$fourth,\"ms\"]" "$(data run | jq -c '[.run, .audit]')"
check_eq 'events: which change, in one line whatever is in it' '["as-path","old\n\ndata: x"]' "$(data change | jq -c '[.kind, .old]')"
check 'events: silence is broken by a comment' until_true 20 grep -q '^: still here' "$work/events"
ask /metrics >"$work/metrics"
metric() { # series
	awk -v series="$1" 'index($0, series " ") == 1 {print $NF}' "$work/metrics"
}
check_eq 'metrics: the change is counted' 1 "$(metric 'coldpotato_changes_total{kind="as-path"}')"
make_store "$store" change $((fourth + 2)) $fourth as-path old new settled
check 'events: with its state' until_true 10 grep -q '"state":"settled"' "$work/events"
check_eq 'metrics: what settles is no change' 'coldpotato_changes_total{kind="as-path"} 1' \
	"$(ask /metrics | grep -F 'changes_total{kind="as-path"}')"
check_eq 'metrics: what was there before is not' 0 "$(metric 'coldpotato_changes_total{kind="exit-as-new"}')"
check_eq 'metrics: a subscriber' 1 "$(metric coldpotato_http_subscribers)"
kill "$events_pid"
wait "$events_pid" 2>/dev/null

check_eq 'metrics: targets' 1 "$(metric 'coldpotato_targets{audit="ms",group="web",verdict="transit"}')"
check_eq 'metrics: coverage' 0.500000 "$(metric 'coldpotato_coverage_ratio{audit="ms",group="cdn"}')"
check_eq 'metrics: exits' 2 "$(metric 'coldpotato_exit_paths{audit="ms",asn="2914",as_name="NTT",ixp=""}')"
check_eq 'metrics: the newest run' 1700000180.000 "$(metric 'coldpotato_run_start_timestamp_seconds{audit="ms"}')"
check_eq 'metrics: round trips' '0.001001 0.002001' \
	"$(metric 'coldpotato_destination_rtt_seconds{audit="ms",group="web",quantile="0.5"}') $(metric 'coldpotato_destination_rtt_seconds{audit="ms",group="web",quantile="0.99"}')"
check_eq 'metrics: end to end' '20 18 0.100000 0.001000 0.002000 0.003000 2 0.000085' "$(for series in \
	'probes{audit="ms",group="web",state="sent"}' 'probes{audit="ms",group="web",state="received"}' \
	'loss_ratio{audit="ms",group="web"}' 'rtt_seconds{audit="ms",group="web",quantile="0.5"}' \
	'rtt_seconds{audit="ms",group="web",quantile="0.99"}' 'rtt_seconds_sum{audit="ms",group="web"}' \
	'rtt_seconds_count{audit="ms",group="web"}' 'jitter_seconds{audit="ms",group="web"}'; do
	metric "coldpotato_e2e_$series"
done | paste -sd' ')"
check_eq 'metrics: end to end, without an answer there is no time, of nonsense nothing' '1.000000  ' \
	"$(metric 'coldpotato_e2e_loss_ratio{audit="ms",group="cdn"}') $(metric 'coldpotato_e2e_rtt_seconds_count{audit="ms",group="cdn"}') $(grep 'e2e_.*group="<i>' "$work/metrics")"
check_eq 'metrics: lost replies, AS data' '1 1700000000' \
	"$(metric 'coldpotato_run_replies_lost{audit="ms"}') $(metric 'coldpotato_database_built_timestamp_seconds{audit="ms",layer="database"}')"
check_eq 'metrics: no address anywhere' '' "$(grep -E '198\.18\.|203\.0\.113|2001:db8' "$work/metrics")"
promtool=$("$_lib_root/scripts/fetch-promtool" "$BUILD/web" 2>"$work/promtool.log") || promtool=''
prometheus=$("$_lib_root/scripts/fetch-promtool" "$BUILD/web" prometheus 2>>"$work/promtool.log") || prometheus=''
if [[ -n $promtool && -n $prometheus ]]; then
	check_eq 'metrics: promtool has nothing to say' '' "$("$promtool" check metrics <"$work/metrics" 2>&1)"
	cat >"$work/prometheus.yml" <<-END
		global: {scrape_interval: 1s}
		scrape_configs:
		  - job_name: coldpotato
		    static_configs: [{targets: ['127.0.0.1:9180']}]
	END
	nsenter --net="/run/netns/$LAB_A" "$prometheus" --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
		--web.listen-address=127.0.0.1:9090 --log.level=error >"$work/prometheus.log" 2>&1 &
	prometheus_pid=$!
	query() { # expression
		lab_exec "$LAB_A" curl -sS -m 5 --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query 2>/dev/null
	}
	scraped() {
		[[ $(query 'coldpotato_store_up' | jq -r '.data.result[0].value[1]' 2>/dev/null) == 1 ]]
	}
	check 'a real Prometheus scrapes it' until_true 40 scraped
	check_eq 'and asks for transit by group' '[["<i>�\"","0"],["cdn","0"],["web","1"]]' \
		"$(query 'sum by (group) (coldpotato_targets{verdict="transit"})' | jq -c '[.data.result[] | [.metric.group, .value[1]]] | sort')"
	kill "$prometheus_pid"
	wait "$prometheus_pid" 2>/dev/null
else
	echo "SKIP - no Prometheus: $(tail -n 1 "$work/promtool.log")"
fi

# --- a store that goes away, and comes back ---

lab_exec "$LAB_A" curl -sN -m 60 $base/api/v1/events >"$work/events" 2>&1 &
events_pid=$!
mkdir "$work/away"
mv "$store"* "$work/away"
error 'the store is gone' /api/v1/runs 503
check_eq 'the store is gone: where it was is not told' false "$(ask /api/v1/runs | jq --arg dir "$work" '.error | contains($dir)')"
check_eq 'the store is gone: metrics say so' 'coldpotato_store_up 0' "$(ask /metrics | grep '^coldpotato_store_up')"
echo 'no store' >"$store"
error 'something else is in its place' /api/v1/runs 503
cp "$work/newer.db" "$store"
error 'a newer one is in its place' /api/v1/runs 503
rm -f "$store"*
make_store "$store" run $first 3491
answer 'another store is in its place' /api/v1/runs '[.total, .items[0].run]' "[1,$first]"
sleep 2.2
check 'what another store has already is no news' bash -c '! grep -q "^event: run" "$1"' - "$work/events"
make_store "$store" open $second
answer 'a run that has not ended is not the latest' /api/v1/runs/latest '[.run, .end_reason]' "[$first,\"done\"]"
answer 'but it is a run' "/api/v1/runs/$second" '[.ended_ms, .coverage_pct, .verdicts.inside]' '[null,null,null]'
answer 'and so it is shown' '/api/v1/status' '.audits[0].state' '"unfinished"'
sqlite3 "$store" 'BEGIN EXCLUSIVE' '.shell sleep 3' 'ROLLBACK' &
lock_pid=$!
sleep 0.5
answer 'a writer does not keep readers out' /api/v1/runs .total 2
wait "$lock_pid"
dd if=/dev/urandom of="$work/noise" bs=4096 count=4 status=none
cp "$store" "$work/torn.db" && dd if="$work/noise" of="$work/torn.db" bs=4096 seek=1 conv=notrunc status=none
sqlite3 "$store" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
rm -f "$store"* && mv "$work/torn.db" "$store"
damaged=$(status /api/v1/runs/latest/targets)
check 'a damaged store is an error, not an end' test "$damaged" = 500 -o "$damaged" = 503
rm -f "$store"*
make_v1() {
	sqlite3 "$store" <"$_lib_root/tests/lab/store_v1.sql" >/dev/null
}
check 'version 1: made' make_v1
answer 'version 1: served as it is' /api/v1/runs '[.total, .items[0].run]' "[1,$first]"
answer 'version 1: with what its rows tell of states' /api/v1/changes '.items | map(.state)' '[null,null,"changed","recovered","changed"]'
check_eq 'version 1: left as it is' 1 "$(sqlite3 "$store" 'PRAGMA user_version')"
make_store "$store" change $((fourth + 3)) $first as-path old new settled
check_eq 'version 1: a writer brings it up to date' 2 "$(sqlite3 "$store" 'PRAGMA user_version')"
answer 'version 1: the same connections see it' /api/v1/changes '.items | map(.state)' '[null,null,"changed","recovered","settled","changed"]'
rm -f "$store"* && mv "$work/away/"* "$work"
answer 'the first one is back' /api/v1/runs .total 4
kill "$events_pid"
wait "$events_pid" 2>/dev/null

# --- the end ---

lab_exec "$LAB_A" curl -sN -m 20 $base/api/v1/events >/dev/null 2>&1 &
events_pid=$!
sleep 0.5
began=$EPOCHREALTIME
kill -TERM "$local_pid"
wait "$local_pid"
check_eq 'SIGTERM: exit status' 0 $?
check 'SIGTERM: at once, subscribers or not' awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN {exit b - a > 2}'
check 'SIGTERM: nothing was printed' test "$(wc -l <"$work/local.log")" = 1
wait "$events_pid" 2>/dev/null

start v6 "$store" --listen '[::1]:0' || exit 1
base=$(sed -n 's/.*serving on \(.*\)\//\1/p' "$work/v6.log")
answer 'IPv6, any port' /api/v1/runs .total 4
kill -INT "$pid"
wait "$pid"
check_eq 'SIGINT: exit status' 0 $?

count() { # word line
	awk -v word="$1" '{for (i = 1; i < NF; i++) if ($i == word) print $(i + 1)}' <<<"$2"
}

# --- clients of this host that mean no good: they have the same address as all others ---

make_store "$store" run 1700000240000 2914 5000
start here "$store" || exit 1
base=http://127.0.0.1:9180
lab_exec "$LAB_A" "$BUILD/lab/http_clients" 127.0.0.1 9180 / slow 64 8 >/dev/null &
slow_pid=$!
sleep 1
check_eq '64 slow clients on loopback: the others do not wait' 200 "$(status /api/v1/runs -m 2)"
wait "$slow_pid"
lab_exec "$LAB_A" "$BUILD/lab/http_clients" 127.0.0.1 9180 / slow 128 12 >"$work/crowd" &
slow_pid=$!
sleep 1
check_eq '128 slow clients on loopback: others get their turn long before the usual 15 s' 200 "$(status /api/v1/runs -m 10)"
wait "$slow_pid"
check_eq '128 slow clients on loopback: they are cut' 128 "$(count closed "$(cat "$work/crowd")")"
kill -TERM "$pid"
wait "$pid"

# --- clients that mean no good (the server on the wire, they on the other end of it) ---

start open "$store" --listen "$LAB_A_ADDR:9180" || exit 1
base=http://$LAB_A_ADDR:9180
check 'an address that others can reach: it warns' grep -q 'warning: 198.18.0.1 can be reached by others' "$work/open.log"
clients() { # path mode n seconds
	lab_exec "$LAB_B" "$BUILD/lab/http_clients" "$LAB_A_ADDR" 9180 "$@"
}
rss_kib() {
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"
}
answer 'a run of 5,005 targets: one view, and two beside each other' "/api/v1/compare?a=latest&b=latest" \
	'[(.targets | length), (.targets | map(select(.changed)) | length)]' '[5005,0]'
answer 'a run of 5,005 targets' '/api/v1/runs/latest/targets' '[.total, (.items | length)]' '[5005,5000]'
ask /assets/echarts.js >/dev/null
before=$(rss_kib)

clients / slow 1000 22 >"$work/slow" &
slow_pid=$!
sleep 3
check_eq 'F65: 1,000 slow clients: another is served' 200 "$(status /api/v1/runs/latest)"
check_eq 'F65: 1,000 slow clients: no more connections than allowed' true \
	"$(ask /metrics | awk '/^coldpotato_http_connections / {print ($2 <= 66 ? "true" : $0)}')"
wait "$slow_pid"
slow=$(cat "$work/slow")
check_eq 'F65: 1,000 slow clients: each is cut, however busy it looks' '1000 0' "$(count closed "$slow") $(count answered "$slow")"
check 'F65: slow clients: those that were let in had their time' test "$(count last "$slow")" -ge 14
during=$(rss_kib)
check "F65: 1,000 slow clients: memory stays (from $before to $during KiB)" test $((during - before)) -lt 16384

ask=$(clients /api/v1/runs/latest ask 1000 30)
check "F65: 1,000 clients at once: some are answered, all get an end ($ask)" \
	test "$(count answered "$ask")" -ge 64 -a "$(count closed "$ask")" = 1000
clients /assets/echarts.js deaf 200 6 >/dev/null &
deaf_pid=$!
sleep 2
check_eq 'F65: clients that read nothing: another is served' 200 "$(status /api/v1/runs)"
wait "$deaf_pid"
events=$(clients /api/v1/events ask 60 3)
check_eq 'F65: subscribers: as many as allowed, the others are told' '32 28' "$(count answered "$events") $(count refused "$events")"
check_eq 'F65: subscribers that have gone are forgotten' 200 "$(
	gone() { [[ $(ask /metrics | awk '/^coldpotato_http_subscribers / {print $2}') == 0 ]]; }
	until_true 5 gone && status /api/v1/runs
)"
after=$(rss_kib)
check "F65: afterwards memory stays (from $before to $after KiB)" test $((after - before)) -lt 16384
check_eq 'F65: afterwards no descriptor is left' true "$(
	few() { (($(find "/proc/$pid/fd" -type l | wc -l) < 40)); }
	until_true 20 few && echo true
)"
kill -TERM "$pid"
wait "$pid"
check_eq 'F65: it ends well after all that' 0 $?

finish
