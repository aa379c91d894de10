# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Completion of coldpotato for bash. Printed by coldpotato --help-completion; change
# user/opts_table.c instead.
# shellcheck shell=bash
_coldpotato()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} word command='' words=''

	# bash cuts words at '=' and ':': what stands before the cut is what counts.
	local cut=$prev
	if [[ $cur == [=:] ]]; then
		cut=$cur cur=''
	elif [[ $prev == [=:] ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [[ $cut == '=' && $prev != -* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return
	fi
	case $prev in
	-P | --protocol) words='tcp udp icmp' ;;
	--tcp-method) words='syn sack prefer_sack' ;;
	-p | --port) return ;;
	--addresses) words='all first' ;;
	--datadog-conf) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--resolver) return ;;
	--rdns-max) return ;;
	-r | --rate) return ;;
	--dest-rate) return ;;
	--prefix-rate) return ;;
	-f | --first-ttl) return ;;
	-m | --max-ttl) return ;;
	-q | --attempts) return ;;
	-w | --timeout) return ;;
	--flows) return ;;
	--gap) return ;;
	--seed) return ;;
	--blocklist) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--max-runtime) return ;;
	-c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--interval) return ;;
	--e2e) return ;;
	--e2e-interval) return ;;
	-i | --interface) words=$(cd /sys/class/net && echo *) ;;
	--source) return ;;
	--datapath) words='auto xdp tc' ;;
	--xdp-mode) words='auto native generic' ;;
	--senders) return ;;
	--tc-attach) words='auto tcx clsact' ;;
	--input-format) words='ndjson atlas scamper mtr-json datadog traceroute tracert tracepath mtr-text nmap' ;;
	--asdb) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--overlay) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--ixp) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--service-tags) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--home) return ;;
	--vantage-as) return ;;
	--rtt-pct) return ;;
	--rtt-ms) return ;;
	--top) return ;;
	--fail-on-change) words='never worse any' ;;
	--listen) return ;;
	--policy) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--fail-on) return ;;
	-o | --output) words='table hops ndjson csv egress-csv atlas datadog prom html' ;;
	--store) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
	--agent) return ;;
	--store-keep-days) return ;;
	--store-max-mb) return ;;
	--color) words='auto always never' ;;
	--progress) words='auto always never' ;;
	preset) words='microsoft controls' ;;
	esac
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		case $word in
		audit | trace | analyze | diff | watch | serve | doctor | policy | report | export | runs | help | version) command=$word; break ;;
		esac
	done
	if [[ -z $words && $cur == @* ]]; then
		mapfile -t COMPREPLY < <(compgen -f -P @ -- "${cur#@}")
		return
	fi
	if [[ -z $words ]]; then
		case $command in
		'') words='audit trace analyze diff watch serve doctor policy report export runs help version' ;;
		audit) words='preset: --ipv4 --ipv6 --protocol --tcp-method --port --addresses --datadog-conf --resolver --no-rdns --rdns-max --rate --dest-rate --prefix-rate --first-ttl --max-ttl --attempts --timeout --flows --gap --exhaustive --seed --blocklist --dry-run --max-runtime --e2e --e2e-interval --interface --source --datapath --xdp-mode --senders --tc-attach --asdb --overlay --ixp --service-tags --home --vantage-as --policy --fail-on --output --store --agent --store-keep-days --store-max-mb --explain --color --progress --verbose --help --version' ;;
		trace) words='preset: --ipv4 --ipv6 --protocol --tcp-method --port --addresses --datadog-conf --resolver --no-rdns --rdns-max --rate --dest-rate --prefix-rate --first-ttl --max-ttl --attempts --timeout --flows --gap --exhaustive --seed --blocklist --dry-run --max-runtime --live --interval --e2e --e2e-interval --interface --source --datapath --xdp-mode --senders --tc-attach --asdb --overlay --ixp --service-tags --home --vantage-as --policy --fail-on --output --store --agent --store-keep-days --store-max-mb --explain --color --progress --verbose --help --version' ;;
		analyze) words='--input-format --asdb --overlay --ixp --service-tags --home --vantage-as --policy --fail-on --output --store --agent --store-keep-days --store-max-mb --color --help --version' ;;
		diff) words='--side-by-side --rtt-pct --rtt-ms --top --fail-on-change --output --agent --color --help --version' ;;
		watch) words='--ipv4 --ipv6 --protocol --tcp-method --port --addresses --resolver --no-rdns --rdns-max --rate --dest-rate --prefix-rate --first-ttl --max-ttl --attempts --timeout --flows --gap --exhaustive --blocklist --max-runtime --config --check --once --top --e2e --e2e-interval --interface --source --datapath --xdp-mode --senders --tc-attach --asdb --overlay --ixp --service-tags --home --vantage-as --listen --policy --fail-on --output --store --agent --store-keep-days --store-max-mb --color --verbose --help --version' ;;
		serve) words='--listen --help --version' ;;
		doctor) words='preset: --ipv4 --ipv6 --protocol --port --resolver --timeout --blocklist --interface --source --datapath --xdp-mode --tc-attach --asdb --overlay --ixp --service-tags --home --vantage-as --color --verbose --help --version' ;;
		policy) words='--output --agent --color --help --version' ;;
		report) words='--policy --fail-on --output --agent --color --help --version' ;;
		export) words='--output --agent --color --help --version' ;;
		runs) words='--output --agent --color --help --version' ;;
		help) words='audit trace analyze diff watch serve doctor policy report export runs help version --help --version' ;;
		version) words='--help --version' ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
	if [[ ${COMPREPLY[0]} == *: ]]; then
		compopt -o nospace
	fi
}
complete -F _coldpotato coldpotato
