#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_webhook.sh: a route changes under a running `watch`, and a webhook hears of
# it: as Alertmanager takes it, once, also when it was dead meanwhile and watch was
# killed; what lasts is told again; and a real Alertmanager has one alert, for as
# long as it lasts.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/watch.sh
. "$_lib_root/tests/lab/watch.sh"

lab_need jq curl unshare
lab_up_story || exit 1

work=$LAB_DIR/webhook
conf=$LAB_DIR/watch.yaml
log=$LAB_DIR/hot.watch.log
at=127.0.0.1 port=9093
stub=''
mkdir "$work" "$work/spool" "$work/state"
ip -n "$LAB_HOT" link set lo up
echo 's3cret-token' >"$work/token"

via_carrier=$(ip -n "$LAB_ID-h4" route get 198.18.49.10 | sed -n 's/.* via \([^ ]*\) .*/\1/p')
via=$(ip -n "$LAB_ID-h4" route get 198.18.17.30 | sed -n 's/.* via \([^ ]*\) .*/\1/p')
leave() { # through the carrier, or stay inside
	ip -n "$LAB_ID-h4" route replace 198.18.49.0/24 via "$1"
}

configure() { # further keys of alerts
	cat >"$conf" <<-END
		agent: lab
		overlay: $LAB_OVERLAY
		store: $work/runs.db
		listen: $at:9180
		alerts: {webhook: "http://$at:$port/api/v2/alerts", state: $work/state, $1}
		defaults: {vantage_as: AS8075, no_rdns: true, jitter: 0s, interval: 500ms}
		audits:
		  - {name: zenn, targets: [zenn.dev]}
		  - {name: quiet, targets: [zenn.dev], mute: ["* 00:00-24:00"]}
	END
}

start() {
	watch_up hot "$CP" watch -c "$conf" --blocklist none --resolver "$LAB_DNS"
}


# --- a web server, as bad as it is told to be ---

serve() { # answers...
	serve_stop
	rm -rf "$work/got" && mkdir "$work/got"
	lab_serve hot.stub "$BUILD/lab/http_stub" $at $port "$work/got" "$@"
	stub=${_lab_server_pid[hot.stub]}
	until_true 5 grep -qs ready "$LAB_DIR/hot.stub.log" || not_ok 'the web server starts' "$(cat "$LAB_DIR/hot.stub.log")"
}

serve_stop() {
	[[ -z $stub ]] || { kill "$stub"; wait "$stub"; } 2>/dev/null
	stub=''
}

got() { # jq-filter: over each alert that came, in order
	local i
	for ((i = 1; ; i++)); do
		[[ -e $work/got/$i.body ]] || break
		cat "$work/got/$i.body"
	done | jq -r ".[] | $1"
}

has_come() { # pattern
	got '"\(.labels.audit) \(.labels.kind) \(has("endsAt"))"' | grep -q "$1"
}

metric() { # series
	lab_exec "$LAB_HOT" curl -s -m 5 "http://$at:9180/metrics" | awk -v series="coldpotato_$1" '$1 == series {print $2}'
}

is_metric() { # series value
	[[ $(metric "$1") == "$2" ]]
}

spooled() {
	find "$work/spool" -name '*.json' | wc -l
}

configure "secret_file: $work/token, secret_header: Authorization, secret_prefix: 'Bearer ', spool: $work/spool, repeat: off"
check 'the configuration is one' "$CP" watch -c "$conf" --check
leave "$via"
serve 200
start
check 'learns what is usual' until_true 40 eval 'ran zenn 5 && ran quiet 5'
check_eq 'and nobody is told' '' "$(got .labels.kind)"
leave "$via_carrier"
check 'a route changes: the webhook is told' until_true 40 has_come 'zenn verdict false'
check 'of the exit, too' until_true 20 has_come 'zenn exit-as-new false'
check 'as a POST of JSON to its path' grep -q '^POST /api/v2/alerts HTTP/1.1' "$work/got/1.head"
check 'as a POST of JSON' grep -qi '^Content-Type: application/json' "$work/got/1.head"
check_eq 'as Alertmanager takes it' \
	'["ColdpotatoChange","lab","zenn","zenn.dev","443","tcp","critical","direct","transit","zenn.dev:443/tcp verdict: direct -> transit",true,true]' \
	"$(got 'select(.labels.kind == "verdict") | [.labels.alertname, .labels.agent, .labels.audit, .labels.target, .labels.port, .labels.protocol, .labels.severity,
		.annotations.old, .annotations.new, .annotations.summary, (.startsAt | sub("\\.[0-9]+Z$"; "Z") | fromdate > 1700000000),
		([.labels[], .annotations[]] | all(type == "string"))] | tojson')"
check 'with the secret' grep -q '^Authorization: Bearer s3cret-token' "$work/got/1.head"
check_eq 'which is nowhere else' 0 "$(cat "$log" "/proc/$pid/cmdline" "/proc/$pid/environ" | grep -c s3cret)"
check_eq 'what is muted is told nobody' '' "$(got 'select(.labels.audit == "quiet")')"
until_true 20 is_metric 'changes_active{kind="verdict"}' 2
check_eq 'metrics: what lasts, and what of it is muted' '2 1 0' \
	"$(metric 'changes_active{kind="verdict"}') $(metric 'changes_muted{kind="verdict"}') $(metric 'changes_active{kind="loss"}')"
all_is_told() { # what came, what was counted, and what is stored agree
	local n stored
	n=$(got .labels.kind | wc -l)
	stored=$(lab_exec "$LAB_HOT" curl -s "http://$at:9180/api/v1/changes?audit=zenn" | jq '[.items[] | select(.state == "changed")] | length')
	[[ $n -ge 2 && $n == "$stored" && $n == $(metric alerts_delivered_total) ]]
}
check 'what was delivered, counted and stored agree' until_true 10 all_is_told
check_eq 'metrics: nothing waits, nothing was told again' '0 0' "$(metric alerts_waiting) $(metric alerts_repeated_total)"
check_eq 'metrics: no command, none of it' '' "$(metric alert_commands_total)"
promtool=$("$_lib_root/scripts/fetch-promtool" "$BUILD/web" 2>/dev/null) || promtool=''
if [[ -n $promtool ]]; then
	check_eq 'metrics: promtool has nothing to say' '' \
		"$(lab_exec "$LAB_HOT" curl -s "http://$at:9180/metrics" | "$promtool" check metrics 2>&1)"
else
	echo 'SKIP - no promtool'
fi

# --- it is dead, and so is watch ---

serve_stop
leave "$via"
check 'dead: the end is noticed' until_true 40 says 'change: zenn: critical: .*verdict recovered'
check 'dead: and kept' until_true 10 eval '(($(spooled) >= 2))'
check 'dead: which the log says' says "alert: alert webhook http://$at:$port: .*; tries again"
n=$(grep -cE '^coldpotato: zenn: ' "$log")
until_true 20 ran zenn $((n + 2))
n_kept=$(spooled)
check 'dead: metrics: what waits' until_true 5 is_metric alerts_waiting "$n_kept"
check_eq 'dead: metrics: its size' "$(cat "$work"/spool/*.json | wc -c)" "$(metric alerts_spool_bytes)"
check 'dead: metrics: attempts' test "$(metric alerts_retries_total)" -ge 1
check 'dead: metrics: nothing lasts' until_true 20 is_metric 'changes_active{kind="verdict"}' 0
watch_down KILL
check_eq 'dead: SIGKILL takes nothing of it' "$n_kept" "$(spooled)"
serve 200
start
check 'dead: after a restart they are delivered' until_true 20 eval '(($(spooled) == 0))'
until_true 20 ran zenn 4
check_eq 'dead: each once, as over' "$n_kept 0" "$(got '.labels.kind' | wc -l) $(got 'select(has("endsAt") | not)' | wc -l)"
check_eq 'dead: metrics: delivered' "$n_kept 0 0" \
	"$(metric alerts_delivered_total) $(metric alerts_waiting) $(metric alerts_spool_bytes)"
check_eq 'dead: with the labels that it began with' 'verdict critical' \
	"$(got 'select(.labels.kind == "verdict") | "\(.labels.kind) \(.labels.severity)"')"
check_eq 'dead: the secret is in no log' 0 "$(grep -c s3cret "$log")"
watch_down TERM

# --- what lasts ---

configure 'repeat: 1s'
serve 200
start
until_true 40 ran zenn 3
leave "$via_carrier"
check 'lasts: told' until_true 40 has_come 'zenn exit-as-new true'
until_true 20 says 'change: zenn: .*verdict: direct'
sleep 3
check 'lasts: all in one, again and again' test "$(cat "$work"/got/*.body | jq -c 'select(length > 1) | map(.labels.kind) | sort' | wc -l)" -ge 2
check_eq 'lasts: the same labels, the same beginning' 1 "$(got 'select(.labels.kind == "verdict") | [.labels, .startsAt] | tojson' | sort -u | wc -l)"
check 'lasts: each time a later end' test "$(got 'select(.labels.kind == "verdict") | .endsAt' | sort -u | wc -l)" -ge 3
check 'lasts: metrics: counted apart' test "$(metric alerts_repeated_total)" -ge 2
check_eq 'lasts: what is muted is not told again' '' "$(got 'select(.labels.audit == "quiet")')"
leave "$via"
check 'lasts: until it ends' until_true 40 says 'change: zenn: critical: .*verdict recovered'
until_true 20 says 'change: zenn: .*exit-as-new recovered'
sleep 0.5
n=$(got 'select(.labels.kind == "verdict") | .endsAt' | wc -l)
sleep 2.5
check_eq 'lasts: and no longer' "$n" "$(got 'select(.labels.kind == "verdict") | .endsAt' | wc -l)"
watch_down TERM

# --- one round after the other ---

rm -rf "$work/state" && mkdir "$work/state"
configure 'repeat: 15m'
once() {
	lab_exec "$LAB_HOT" "$CP" watch -c "$conf" --blocklist none --resolver "$LAB_DNS" --once >"$LAB_DIR/once.log" 2>&1
}
serve 200
for ((i = 0; i < 3; i++)); do once; done
leave "$via_carrier"
once
once
check_eq 'rounds: told, and again when the round is over' 2 "$(got 'select(.labels.kind == "verdict") | .endsAt' | wc -l)"
once
check_eq 'rounds: once more with each' 3 "$(got 'select(.labels.kind == "verdict") | .endsAt' | wc -l)"
check_eq 'rounds: for an hour' true "$(got 'select(.labels.kind == "verdict") | .endsAt | sub("\\.[0-9]+Z$"; "Z") | fromdate - now | . > 3000 and . < 3700' | tail -n 1)"
leave "$via"
for ((i = 0; i < 3; i++)); do once; done
check_eq 'rounds: until it ends' true "$(got 'select(.labels.kind == "verdict") | .endsAt | sub("\\.[0-9]+Z$"; "Z") | fromdate < now + 1' | tail -n 1)"

# --- what lasts for so long that it is usual: its 287 runs are written into what was kept ---

configure 'repeat: 1s'
rm -rf "$work/state" && mkdir "$work/state"
serve 200
start
until_true 40 ran zenn 5
leave "$via_carrier"
check 'settles: told' until_true 40 has_come 'zenn exit-as-new true'
n=$(grep -cE '^coldpotato: zenn: ' "$log")
until_true 20 ran zenn $((n + 1))
watch_down TERM
sed -i -E 's/^(entry 2 ([0-9]+ ){4})[0-9]+ /\1287 /' "$work/state/zenn.changes"
serve 200
start
check 'settles: one day' until_true 40 says 'change: zenn: warning: .*exit-as-new settled'
check 'settles: the webhook is told that it is over' until_true 10 eval "[[ \$(got 'select(.labels.kind == \"exit-as-new\") | .endsAt[0:4] > \"2000\"' | head -n 1) == true ]]"
check_eq 'settles: in the store' settled \
	"$(lab_exec "$LAB_HOT" curl -s "http://$at:9180/api/v1/changes?audit=zenn&kind=exit-as-new" | jq -r '.items[0].state')"
check_eq 'settles: which it is no change to' 0 "$(metric 'changes_total{kind="exit-as-new"}')"
sleep 1.5
n=$(got 'select(.labels.kind == "exit-as-new") | .endsAt' | wc -l)
sleep 2.5
check_eq 'settles: it is not told again' "$n" "$(got 'select(.labels.kind == "exit-as-new") | .endsAt' | wc -l)"
check 'settles: what does not settle is' test "$(got 'select(.labels.kind == "verdict") | .endsAt' | wc -l)" -ge 2
watch_down TERM
serve_stop
leave "$via"
rm -rf "$work/state" && mkdir "$work/state"

# --- a real Alertmanager, which ends within three seconds what nobody tells it again ---

alertmanager=$("$_lib_root/scripts/fetch-promtool" "$BUILD/web" prometheus-alertmanager 2>"$work/fetch.log") || alertmanager=''
if [[ -z $alertmanager ]]; then
	echo "SKIP - no Alertmanager: $(tail -n 1 "$work/fetch.log")"
	finish
fi
share=$(dirname "$alertmanager")/share
[[ -d $share/prometheus ]] || share=/
printf 'global: {resolve_timeout: 3s}\nroute: {receiver: none}\nreceivers: [{name: none}]\n' >"$work/alertmanager.yml"

api() { # jq-filter: over the list of alerts that it has
	lab_exec "$LAB_HOT" curl -s -m 5 "http://$at:$port/api/v2/alerts" | jq -c "$1" 2>/dev/null
}
verdict='map(select(.labels.kind == "verdict"))'
has_alert() {
	[[ $(api "$verdict | length") == 1 ]]
}
has_none() {
	[[ $(api "$verdict | length") == 0 ]]
}
alertmanager_up() {
	rm -rf "$work/data"
	# What is not installed finds its templates by an overlay of its own.
	lab_serve hot.alertmanager unshare -m sh -c '[ "$1" = / ] || mount -t overlay overlay -o "lowerdir=$1:/usr/share" /usr/share || exit
		shift; exec "$@"' - "$share" "$alertmanager" --config.file="$work/alertmanager.yml" --storage.path="$work/data" \
		--web.listen-address=$at:$port --cluster.listen-address= --log.level=error
	stub=${_lab_server_pid[hot.alertmanager]}
	until_true 20 has_none && return
	not_ok 'Alertmanager starts' "$(tail -n 3 "$LAB_DIR/hot.alertmanager.log")"
	finish
}

alertmanager_up
configure 'repeat: off'
start
until_true 40 ran zenn 3
leave "$via_carrier"
check 'Alertmanager: an alert arrives' until_true 40 has_alert
check 'Alertmanager: told once, it is over soon' until_true 8 has_none
watch_down TERM
configure 'repeat: 1s'
start
check 'Alertmanager: after a restart it is told what lasts' until_true 40 has_alert
starts=$(api "$verdict | .[0].startsAt")
sleep 4
kill -HUP "$pid"
check 'Alertmanager: the file is read again' until_true 20 says 'watch.yaml is read again'
sleep 5
check_eq 'Alertmanager: told again and again, it stays, one and the same' "1 active $starts" \
	"$(api "$verdict | \"\(length) \(.[0].status.state) \(.[0].startsAt | tojson)\"" | jq -r .)"
check 'Alertmanager: the others, too' test "$(api length)" -ge 2
check_eq 'Alertmanager: no two of one kind' '' "$(api '.[].labels | [.kind, .target] | tojson' | sort | uniq -d)"
serve_stop
check 'Alertmanager: dead, which the log says once' until_true 20 says 'alert: alert webhook .*; tries again'
sleep 3
check 'Alertmanager: metrics: attempts are counted apart' test "$(metric alerts_repeats_failed_total)" -ge 1
check_eq 'Alertmanager: nothing waits' 0 "$(metric alerts_waiting)"
check_eq 'Alertmanager: once' 1 "$(grep -c 'tries again' "$log")"
alertmanager_up
check 'Alertmanager: one that has lost everything has it again' until_true 20 has_alert
check 'Alertmanager: and the log says so' says 'alert: alert webhook .*: answers again'
watch_down TERM
configure 'repeat: 10s'
start
until_true 40 ran zenn 3
until_true 20 has_alert
leave "$via"
check 'Alertmanager: the route goes back' until_true 40 says 'change: zenn: critical: .*verdict recovered'
check 'Alertmanager: it is over at once, not when nobody tells it again' until_true 5 has_none
watch_down TERM
serve_stop

finish
