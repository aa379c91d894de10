#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# test_policy.sh: policies in the story lab: what a run is expected to show and
# the exit status when it does, does not, or cannot be told; a policy made from
# a run; --fail-on; and Datadog's configuration as it is.

# shellcheck source=tests/lab/lib.sh
. "$(dirname "$0")/lib.sh"

lab_need jq
lab_up_story || exit 1

story=$LAB_DIR/story.yaml
run=$LAB_DIR/run.ndjson

# Runs an audit; leaves records in $run, text in $LAB_DIR/text, what stderr said in $LAB_DIR/err. Returns its status.
audit() { # namespace args...
	local ns=$1
	shift
	run_cp "$ns" audit --vantage-as 8075 -r 2000 -o "ndjson=$run" -o "table=$LAB_DIR/text" "$@" 2>"$LAB_DIR/err"
}

names() { # namespace args...
	local ns=$1
	shift
	audit "$ns" "@$LAB_NAMES" "$@"
}

record() { # jq-expression: of the policy record
	jq -r "select(.type == \"policy\") | $1" "$run"
}

policy() { # args...
	(cd "$LAB_DIR" && "$CP" policy "$@")
}

cat >"$story" <<'EOF'
version: 1
rules:
  - name: Microsoft stays inside
    group: [entra, m365-exchange, teams, m365-sharepoint, defender, azure-app, azure-vm]
    verdicts: [inside]
    allow_as: [8075, 8068]
  - name: CDNs are met directly
    target: ["www.*"]
    verdicts: [direct]
    allow_roles: [cdn]
  - name: the control
    target: [zenn.dev]
    forbid: [transit, detour]
    forbid_as: [3491]
EOF

# --- holds, violated, undecided ---

names "$LAB_COLD" --policy "$story"
check_eq 'cold potato: the policy holds' 0 $?
check_eq 'cold potato: the record says so' 'holds 3 0 0' \
	"$(record '"\(.state) \(.rules | length) \(.violations_total) \(.unmatched_targets)"')"
check_eq 'cold potato: each rule has its targets' '8 2 1' "$(record '[.rules[].kept] | join(" ")')"
check_eq 'the policy record comes right before the end' 'policy end' \
	"$(jq -r .type "$run" | tail -n 2 | tr '\n' ' ' | sed 's/ $//')"
check_eq 'the end record has the exit status' 0 "$(jq -r 'select(.type == "end") | .exit_status' "$run")"
check 'the table has the policy' grep -q 'story.yaml: holds' "$LAB_DIR/text"
cp "$run" "$LAB_DIR/cold.ndjson"

names "$LAB_HOT" --policy "$story"
check_eq 'hot potato: the policy is violated' 3 $?
check_eq 'hot potato: the record says by whom' 'the control zenn.dev transit 3491' "$(
	record '.violations[] | select(.target.name == "zenn.dev") |
		"\(.rule) \(.target.name) \(.verdict) \(.exit_asn)"' | sort -u
)"
check_eq 'hot potato: the end record has the exit status' 3 "$(jq -r 'select(.type == "end") | .exit_status' "$run")"
check 'hot potato: the table names the offender' grep -q 'zenn.dev.*: transit (exit to AS3491) is forbidden' "$LAB_DIR/text"
check_eq 'hot potato: no line is over 80 columns' '' "$(LC_ALL=C.UTF-8 sed -En '/^.{81,}/p' "$LAB_DIR/text")"
cp "$run" "$LAB_DIR/hot.ndjson"

sed 's/name: the control/&\n    severity: warn/; s/name: CDNs are met directly/&\n    severity: warn/' "$story" >"$LAB_DIR/warn.yaml"
names "$LAB_HOT" --policy "$LAB_DIR/warn.yaml"
check_eq 'hot potato: a warning is told and has no effect' '0 holds violated' "$? $(record '"\(.state) \(.rules[2].state)"')"

# Without a vantage the silent head of each path proves nothing.
run_cp "$LAB_COLD" audit -4 security.microsoft.com --policy "$LAB_DIR/any.yaml" -o "ndjson=$run" 2>"$LAB_DIR/err"
check_eq 'a missing policy file is a usage error' 2 $?
printf 'version: 1\nrules: []\ndefault: {verdicts: [inside]}\n' >"$LAB_DIR/any.yaml"
run_cp "$LAB_COLD" audit -4 security.microsoft.com --policy "$LAB_DIR/any.yaml" -o "ndjson=$run" 2>"$LAB_DIR/err"
check_eq 'undecided beyond the allowed share' '4 undecided 1' "$? $(record '"\(.state) \(.rules[0].undecided)"')"
printf 'version: 1\nrules: []\ndefault: {verdicts: [inside], max_undecided: 100%%}\n' >"$LAB_DIR/open.yaml"
run_cp "$LAB_COLD" audit -4 security.microsoft.com --policy "$LAB_DIR/open.yaml" -o "ndjson=$run" 2>"$LAB_DIR/err"
check_eq 'undecided within the allowed share' '0 holds' "$? $(record .state)"

audit "$LAB_COLD" --policy "$LAB_DIR/any.yaml" login.microsoft.com nosuch.lab
check_eq 'a name that does not resolve is undecided' '4 undecided 1' "$? $(record '"\(.state) \(.rules[0].unmeasured)"')"
audit "$LAB_COLD" --policy "$story" zenn.dev nosuch.lab
check_eq 'one that no rule matches is, too' '4 holds 1' "$? $(record '"\(.state) \(.unmatched_targets)"')"
audit "$LAB_COLD" zenn.dev nosuch.lab
check_eq 'without a policy as well' 4 $?
audit "$LAB_HOT" --policy "$LAB_DIR/any.yaml" zenn.dev nosuch.lab
check_eq 'violated goes before undecided' 3 $?

# --- --fail-on ---

names "$LAB_COLD" --fail-on transit,detour
check_eq '--fail-on: nothing of it' '0 holds' "$? $(record .state)"
names "$LAB_HOT" --fail-on transit,detour
check_eq '--fail-on transit' '3 violated' "$? $(record .state)"
names "$LAB_COLD" --fail-on direct
check_eq '--fail-on direct' 3 $?
run_cp "$LAB_COLD" audit -4 security.microsoft.com --fail-on undecided -o "ndjson=$run" 2>"$LAB_DIR/err"
check_eq '--fail-on undecided' 3 $?
names "$LAB_COLD" --fail-on cname-cdn
check_eq '--fail-on a reason' '3 cname-cdn' "$? $(record '[.violations[].reason] | unique | join(" ")')"
names "$LAB_HOT" --fail-on direct --policy "$LAB_DIR/warn.yaml"
check_eq '--fail-on beside a policy: a record each' "$LAB_DIR/warn.yaml --fail-on" "$(record .source | tr '\n' ' ' | sed 's/ $//')"
run_cp "$LAB_HOT" trace -4 --vantage-as 8075 zenn.dev --fail-on transit >"$LAB_DIR/out" 2>"$LAB_DIR/err"
check_eq 'trace takes it, too' 3 $?
check 'trace shows it' grep -q 'policy --fail-on: violated' "$LAB_DIR/out"

# --- policy generate, policy check ---

policy generate cold.ndjson -o "$LAB_DIR/made.yaml" >"$LAB_DIR/out" 2>&1
check_eq 'policy generate writes a file and nothing else' '0 ' "$? $(cat "$LAB_DIR/out")"
check 'what it writes is well-formed' policy check made.yaml
policy check made.yaml cold.ndjson >"$LAB_DIR/out" 2>&1
check_eq 'the run it was made from keeps it' 0 $?
check 'and it is said' grep -q 'policy made.yaml: holds' "$LAB_DIR/out"
policy check made.yaml hot.ndjson >"$LAB_DIR/out" 2>&1
check_eq 'the other vantage does not' 3 $?
check 'and it is said who' grep -q 'zenn.dev.*transit (exit to AS3491); wanted: direct' "$LAB_DIR/out"
policy check story.yaml hot.ndjson -o ndjson >"$LAB_DIR/out" 2>&1
check_eq 'policy check -o ndjson: a record' '3 violated' "$? $(jq -r .state "$LAB_DIR/out")"
check_eq 'offline and live say the same' \
	"$(jq -cS 'select(.type == "policy") | [.rules, .violations]' "$LAB_DIR/hot.ndjson")" \
	"$(jq -cS '[.rules, .violations]' "$LAB_DIR/out")"
names "$LAB_COLD" --policy "$LAB_DIR/made.yaml"
check_eq 'a new audit keeps what was generated' 0 $?
policy generate - <"$LAB_DIR/cold.ndjson" | sed 's/^# Run: standard input,/# Run: cold.ndjson,/' >"$LAB_DIR/again.yaml"
check_same 'the same run gives the same policy, also on standard output' "$LAB_DIR/made.yaml" "$LAB_DIR/again.yaml"
head -n -1 "$LAB_DIR/cold.ndjson" >"$LAB_DIR/cut.ndjson"
policy check made.yaml cut.ndjson >"$LAB_DIR/out" 2>"$LAB_DIR/err"
check_eq 'a run that was cut off proves nothing' 4 $?
check 'and it is said why' grep -q 'cut.ndjson: the run was not complete' "$LAB_DIR/err"

# --- analyze: the same over results that were measured before ---

analyze() { # file args...
	local file=$1
	shift
	(cd "$LAB_DIR" && "$CP" analyze "$file" --overlay "$LAB_OVERLAY" -o "ndjson=$run" -o "table=$LAB_DIR/text" "$@") 2>"$LAB_DIR/err"
}
analyze cold.ndjson --policy "$story"
check_eq 'analyze: the policy holds' '0 holds' "$? $(record .state)"
analyze hot.ndjson --policy "$story"
check_eq 'analyze: the policy is violated' '3 violated' "$? $(record .state)"
analyze hot.ndjson --fail-on transit
check_eq 'analyze: --fail-on' '3 violated' "$? $(record .state)"
analyze cold.ndjson --fail-on transit
check_eq 'analyze: --fail-on, nothing of it' '0 holds' "$? $(record .state)"

# --- bad files ---

bad() { # what expected-message: the policy is on stdin
	cat >"$LAB_DIR/bad.yaml"
	refuses "$1" 2 "$2" policy check "$LAB_DIR/bad.yaml"
	refuses "audit: $1" 2 "$2" run_cp "$LAB_COLD" audit --policy "$LAB_DIR/bad.yaml" zenn.dev
}
bad 'unknown key, with line and column' "bad.yaml:4:5: unknown key 'verdict'" <<<$'version: 1\nrules:\n  - name: a\n    verdict: [inside]'
bad 'wrong type, with line and column' 'bad.yaml:4:12: group wants a list' <<<$'version: 1\nrules:\n  - name: a\n    group: m365'
bad 'no YAML, with line and column' 'bad.yaml:3:1: ' <<<$'version: 1\nrules: [{name: a'
bad 'unknown role' "bad.yaml:2:36: allow_roles: 'cnd' is a role that no known AS has" <<<$'version: 1\nrules: [{name: a, allow_roles: [   cnd]}]'
refuses 'a policy is no run' 2 'story.yaml:1: no run as -o ndjson writes it' policy check story.yaml story.yaml
refuses 'no such run' 2 'nosuch.ndjson' policy generate nosuch.ndjson
refuses 'a word too many' 2 'policy check wants' policy check a b c
refuses 'no subcommand' 2 "not 'lint'" policy lint
refuses '--fail-on: an unknown word' 2 "'nosuch'" run_cp "$LAB_COLD" audit --fail-on nosuch zenn.dev

# --- Datadog's configuration ---

datadog_plain() { # args...
	run_cp "$LAB_COLD" audit --vantage-as 8075 -r 2000 -o "ndjson=$run" "$@"
}

datadog() { # args...
	datadog_plain "$@" 2>"$LAB_DIR/err"
}

targets() {
	jq -r 'select(.type == "target") | .target | "\(.name) \(.port) \(.protocol) \(.group)"' "$run" | tr '\n' ','
}

cat >"$LAB_DIR/flow.yaml" <<'EOF'
init_config: {min_collection_interval: 120}
instances: [{hostname: login.microsoft.com, protocol: TCP, port: 443, min_collection_interval: 120, tcp_method: prefer_sack}, {hostname: zenn.dev, protocol: TCP, port: 443, tcp_method: prefer_sack}]
EOF
datadog --datadog-conf "$LAB_DIR/flow.yaml"
check_eq 'datadog, flow style: runs unchanged' 0 $?
check_eq 'datadog, flow style: its targets' 'login.microsoft.com 443 tcp null,zenn.dev 443 tcp null,' "$(targets)"
check_eq 'datadog, flow style: its method' 'prefer_sack 30 1000' \
	"$(jq -r 'select(.type == "start") | "\(.tcp_method) \(.max_ttl) \(.timeout_ms)"' "$run")"
check_eq 'datadog, flow style: what is not honoured is named once' 1 \
	"$(jq -r 'select(.type == "warning" and .code == "datadog-conf") | .text' "$run" | grep -c min_collection_interval)"
check_eq 'datadog, flow style: the verdicts of the story' 'direct inside' \
	"$(jq -r 'select(.type == "target") | .verdict' "$run" | sort | tr '\n' ' ' | sed 's/ $//')"

cat >"$LAB_DIR/block.yaml" <<'EOF'
init_config:
    timeout: 500
    max_ttl: 20

instances:
  - hostname: zenn.dev
    protocol: tcp
    port: 443
    destination_service: control
    tags:
      - env:lab
  - hostname: www.xbox.com
    protocol: ICMP
    tags: ["service:games"]
    traceroute_queries: 2
    colour: red
  - hostname: 198.18.17.30
    protocol: UDP
    port: 53
EOF
datadog --datadog-conf "$LAB_DIR/block.yaml" --datapath tc
check_eq 'datadog, block style: runs unchanged' 0 $?
check_eq 'datadog, block style: its targets' \
	'zenn.dev 443 tcp control,www.xbox.com null icmp games,198.18.17.30 53 udp null,' "$(targets)"
check_eq 'datadog, block style: its settings' '20 500 2 syn' \
	"$(jq -r 'select(.type == "start") | "\(.max_ttl) \(.timeout_ms) \(.flows) \(.tcp_method)"' "$run")"
check 'datadog, block style: an unknown key, with line and column' \
	grep -q "block.yaml:16:5: unknown key 'colour': not honoured" "$LAB_DIR/err"
datadog --datadog-conf "$LAB_DIR/block.yaml" -m 25 --flows 1 teams.microsoft.com
check_eq 'datadog: what is typed goes before the file' '25 500 1' \
	"$(jq -r 'select(.type == "start") | "\(.max_ttl) \(.timeout_ms) \(.flows)"' "$run")"
check_eq 'datadog: beside other targets' 4 "$(jq -r 'select(.type == "target") | .target.name' "$run" | wc -l)"

printf 'instances:\n  - hostname: zenn.dev\n    port: http\n' >"$LAB_DIR/port.yaml"
refuses 'datadog: a bad value, with line and column' 2 'port.yaml:3:11: port wants a number' datadog_plain --datadog-conf "$LAB_DIR/port.yaml"
printf 'instances: [{hostname: zenn.dev]\n' >"$LAB_DIR/cut.yaml"
refuses 'datadog: no YAML, with line and column' 2 'cut.yaml:1:32: ' datadog_plain --datadog-conf "$LAB_DIR/cut.yaml"
refuses 'datadog: no such file' 2 'nosuch.yaml' datadog_plain --datadog-conf "$LAB_DIR/nosuch.yaml"

finish
