# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# network.sh: turns tables of routers, ends and paths into namespaces, links and
# routes; sourced by scripts/lab. Every forward and every return route comes from
# the paths, so the ground truth and the network cannot disagree by accident.
# Knows nothing of names, servers and files. Touches nothing in the root
# namespace: links are made directly between namespaces.
#
# shellcheck disable=SC2004 # subscripts are names: the tables are associative

# Address pools: 198.18.(16 k).0/20 and 2001:db8:k::/48 belong to the k-th ASN here; "-" is nobody's (the
# cloud's private head). Each pool numbers the links that lead to its routers; its other /24s hold destinations.
_lab_pools='- 8075 8068 13335 16625 20940 3491 2914'

_lab_fail() {
	printf 'lab: %s\n' "$*" >&2
	return 1
}

# Runs a command in a namespace. Not `ip netns exec`: that remounts /sys and hides bpffs.
lab_exec() {
	local ns=$1
	shift
	nsenter --net="/run/netns/$ns" "$@"
}

_lab_namespaces() { # short names, one a line
	local ns
	for ns in /run/netns/"$LAB_ID"-*; do
		[[ -e $ns ]] && echo "${ns#/run/netns/"$LAB_ID"-}"
	done
	return 0
}

# Runs a function for each namespace, all at once. Fails if one fails.
_lab_each() {
	local name pids=() rc=0
	for name in $(_lab_namespaces); do
		"$@" "$name" &
		pids+=($!)
	done
	for name in "${pids[@]}"; do
		wait "$name" || rc=1
	done
	return $rc
}

# --- tables -> plan ----------------------------------------------------------

_lab_clear_tables() {
	_lab_links=() # "upstream downstream", in the order of their numbers
	_lab_ends=()
	declare -gA _lab_asn=() _lab_kind=() _lab_ptr=() _lab_prefix4=() _lab_prefix6=() # by node
	declare -gA _lab_vantage=() # vantage -> its only router
	declare -gA _lab_up4=() _lab_down4=() _lab_up6=() _lab_down6=() # by link: addresses of its two sides
	declare -gA _lab_next=() _lab_back=() # "node end" and "node vantage" -> next node
	declare -gA _lab_path=() _lab_n_links=() # by "vantage end"; by pool
}

_lab_read_nodes() { # routers ends
	local name asn kind a b
	while read -r name asn kind a; do
		[[ -n $name ]] || continue
		_lab_asn[$name]=$asn _lab_kind[$name]=$kind _lab_ptr[$name]=$a
	done <<<"$1"
	while read -r name asn kind a b; do
		[[ -n $name ]] || continue
		_lab_asn[$name]=$asn _lab_kind[$name]=$kind _lab_prefix4[$name]=$a _lab_prefix6[$name]=$b
		_lab_ends+=("$name")
	done <<<"$2"
}

# Numbers the link a -> b from b's pool, so that b answers a vantage behind a with an address of b's AS.
_lab_add_link() {
	local a=$1 b=$2 pool=0 asn n
	[[ -z ${_lab_down4[$a $b]-} ]] || return 0
	for asn in $_lab_pools; do
		[[ $asn == "${_lab_asn[$b]}" ]] && break
		pool=$((pool + 1))
	done
	n=$((${_lab_n_links[$pool]:-0} + 1))
	_lab_n_links[$pool]=$n
	_lab_links+=("$a $b")
	_lab_up4[$a $b]=198.18.$((16 * pool)).$((2 * n))
	_lab_down4[$a $b]=198.18.$((16 * pool)).$((2 * n + 1))
	printf -v "_lab_up6[$a $b]" '2001:db8:%x:%x::' "$pool" "$n"
	printf -v "_lab_down6[$a $b]" '2001:db8:%x:%x::1' "$pool" "$n"
}

_lab_set_once() { # table key value: a second value would make two paths of the tables contradict each other
	local -n table=$1
	[[ ${table[$2]:=$3} == "$3" ]] || _lab_fail "paths contradict each other: $1[$2] is ${table[$2]} and $3"
}

_lab_read_paths() {
	local vantage end routers at next
	while read -r vantage end routers; do
		[[ -n $vantage ]] || continue
		_lab_path[$vantage $end]=$routers
		_lab_asn[$vantage]=- _lab_kind[$vantage]=vantage
		at=$vantage
		for next in $routers "$end"; do
			_lab_add_link "$at" "$next"
			_lab_set_once _lab_next "$at $end" "$next" || return
			_lab_set_once _lab_back "$next $vantage" "$at" || return
			_lab_vantage[$vantage]=${_lab_vantage[$vantage]:-$next}
			at=$next
		done
	done <<<"$1"
}

_lab_dev() { # node peer: name of node's interface towards peer
	if [[ ${_lab_kind[$1]} == vantage ]]; then
		echo eth0
	else
		echo "to-$2"
	fi
}

_lab_hop() { # from to family: what to answers to a vantage behind from; * when silent
	if [[ ${_lab_kind[$2]} == silent ]]; then
		echo '*'
	elif [[ $3 == 6 ]]; then
		echo "${_lab_down6[$1 $2]}"
	else
		echo "${_lab_down4[$1 $2]}"
	fi
}

# --- plan -> ip batches ------------------------------------------------------

_lab_plan_links() {
	local link a b
	for link in "${_lab_links[@]}"; do
		read -r a b <<<"$link"
		echo "link add name $(_lab_dev "$a" "$b") netns $LAB_ID-$a type veth" \
			"peer name $(_lab_dev "$b" "$a") netns $LAB_ID-$b" >&3
		echo "addr add ${_lab_up4[$link]}/31 dev $(_lab_dev "$a" "$b")
addr add ${_lab_up6[$link]}/127 dev $(_lab_dev "$a" "$b") nodad" >>"$LAB_DIR/plan/$a"
		echo "addr add ${_lab_down4[$link]}/31 dev $(_lab_dev "$b" "$a")
addr add ${_lab_down6[$link]}/127 dev $(_lab_dev "$b" "$a") nodad" >>"$LAB_DIR/plan/$b"
	done 3>"$LAB_DIR/plan/.links"
}

_lab_plan_routes() {
	local key node far near
	for key in "${!_lab_next[@]}"; do
		read -r node far <<<"$key"
		near=${_lab_next[$key]}
		[[ ${_lab_kind[$node]} != vantage ]] || continue
		echo "route add ${_lab_prefix4[$far]} via ${_lab_down4[$node $near]}
route add ${_lab_prefix6[$far]} via ${_lab_down6[$node $near]}" >>"$LAB_DIR/plan/$node"
	done
	for key in "${!_lab_back[@]}"; do
		read -r node far <<<"$key"
		near=${_lab_back[$key]}
		[[ $near != "$far" ]] || continue
		echo "route add ${_lab_up4[$far ${_lab_vantage[$far]}]}/32 via ${_lab_up4[$near $node]}
route add ${_lab_up6[$far ${_lab_vantage[$far]}]}/128 via ${_lab_up6[$near $node]}" >>"$LAB_DIR/plan/$node"
	done
	for node in "${!_lab_vantage[@]}"; do
		near=${_lab_vantage[$node]}
		echo "route add 0.0.0.0/0 via ${_lab_down4[$node $near]}
route add ::/0 via ${_lab_down6[$node $near]}" >>"$LAB_DIR/plan/$node"
	done
}

_lab_plan_kinds() {
	local node
	for node in "${!_lab_kind[@]}"; do
		case ${_lab_kind[$node]} in
		silent) # no route for its own ICMP: it forwards, and says nothing (neighbour discovery asks for no route)
			echo 'rule add pref 1 iif lo ipproto 1 blackhole'
			echo 'rule add pref 1 iif lo ipproto 58 blackhole' >"$LAB_DIR/plan/$node.6" ;;
		whole)
			echo "route add local ${_lab_prefix4[$node]} dev lo
route add local ${_lab_prefix6[$node]} dev lo" ;;
		dark) # a host behind a closed security group
			echo "route add blackhole ${_lab_prefix4[$node]}
route add blackhole ${_lab_prefix6[$node]}" ;;
		esac >>"$LAB_DIR/plan/$node"
	done
}

_lab_plan_addresses() { # names table: a /32 on lo for each address of a server
	local name end addresses address
	while read -r name _ end addresses _; do
		[[ -n $name && ${_lab_kind[$end]} == server ]] || continue
		for address in ${addresses//,/ }; do
			echo "addr add $address dev lo" >>"$LAB_DIR/plan/$end"
		done
	done <<<"$1"
}

# --- plan -> kernel ----------------------------------------------------------

# What runs inside a namespace: handed to a shell there by _lab_inside.

_lab_set_all() { # value pattern...
	local value=$1 file
	shift
	# shellcheck disable=SC2048 # patterns, to be expanded here
	for file in $*; do
		echo "$value" >"$file" || return
	done
}

# Before addresses are given. The ICMP limits are lifted by their mask: it is per namespace on every kernel, and
# switches off the limit per peer and the global one at once.
_lab_settings() { # kind
	local dev
	cd /proc/sys/net || return
	_lab_set_all 0 'ipv6/conf/*/accept_dad' 'ipv6/conf/*/accept_ra' 'ipv4/conf/*/rp_filter' || return
	if [[ $LAB_ICMP_LIMITS == off ]]; then
		_lab_set_all 0 ipv4/icmp_ratelimit ipv4/icmp_ratemask ipv6/icmp/ratelimit &&
			_lab_set_all '' ipv6/icmp/ratemask || return
	fi
	if [[ $1 == answers || $1 == silent ]]; then
		_lab_set_all 1 ipv4/conf/all/forwarding ipv6/conf/all/forwarding || return
	elif [[ $1 == server || $1 == whole ]]; then
		_lab_set_all 1 ipv4/tcp_sack && _lab_set_all 65535 core/somaxconn ipv4/tcp_max_syn_backlog || return
	fi
	for dev in $(_lab_devices) lo; do
		ip link set "$dev" up || return
	done
}

# Addresses and routes (in batch.6 what `ip` takes for IPv4 unless told), then the offloads. Without GRO a veth drops the
# frames that XDP redirects into its peer, so it is on where a vantage sends; elsewhere it only costs time. With checksum
# offload the frames would not look as they do on a wire.
_lab_configure() { # batch
	local dev gro
	ip -batch "$1" || return
	[[ ! -e $1.6 ]] || ip -6 -batch "$1.6" || return
	for dev in $(_lab_devices); do
		[[ $dev =~ ^(eth0|to-(v|cold|hot))$ ]] && gro=on || gro=off
		ethtool -K "$dev" gro $gro tx off >/dev/null || return
	done
}

_lab_devices() {
	local dev
	for dev in /proc/sys/net/ipv4/conf/*; do
		dev=${dev##*/}
		[[ $dev =~ ^(all|default|lo)$ ]] || echo "$dev"
	done
}

_lab_inside() { # node function argument
	LAB_ICMP_LIMITS=$LAB_ICMP_LIMITS lab_exec "$LAB_ID-$1" bash -c \
		"$(declare -f _lab_set_all _lab_settings _lab_configure _lab_devices); $2 $3"
}

_lab_apply_settings() {
	_lab_inside "$1" _lab_settings "${_lab_kind[$1]}"
}

_lab_apply_plan() {
	_lab_inside "$1" _lab_configure "$LAB_DIR/plan/$1"
}

_lab_apply() {
	local node
	for node in "${!_lab_kind[@]}"; do
		echo "netns add $LAB_ID-$node"
		: >>"$LAB_DIR/plan/$node"
	done >"$LAB_DIR/plan/.namespaces"
	{
		ip -batch "$LAB_DIR/plan/.namespaces" && unshare --net ip -batch "$LAB_DIR/plan/.links" &&
			_lab_each _lab_apply_settings && _lab_each _lab_apply_plan
	} || _lab_fail 'cannot configure the namespaces'
}

_lab_network() { # routers ends paths names
	mkdir "$LAB_DIR/plan" || return
	_lab_read_nodes "$1" "$2"
	_lab_read_paths "$3" || return
	_lab_plan_links
	_lab_plan_routes
	_lab_plan_kinds
	_lab_plan_addresses "$4"
	_lab_apply
}

# --- what changes in a lab that is up ----------------------------------------

# A further router that answers, on a way of its own from one router to another: packets of a vantage and an end may be
# sent over it (lab_via), and none are before that.
lab_router() { # node ASN upstream downstream vantage end
	local node=$1 up=$3 down=$4 vantage=$5 end=$6 near _lab_links=()
	near=${_lab_vantage[$vantage]}
	_lab_asn[$node]=$2 _lab_kind[$node]=answers
	_lab_add_link "$up" "$node"
	_lab_add_link "$node" "$down"
	rm -f "$LAB_DIR"/plan/{"$up","$down"}{,.6} # that was done when they came up
	_lab_plan_links
	echo "route add ${_lab_prefix4[$end]} via ${_lab_down4[$node $down]}
route add ${_lab_prefix6[$end]} via ${_lab_down6[$node $down]}
route add ${_lab_up4[$vantage $near]}/32 via ${_lab_up4[$up $node]}
route add ${_lab_up6[$vantage $near]}/128 via ${_lab_up6[$up $node]}" >>"$LAB_DIR/plan/$node"
	ip netns add "$LAB_ID-$node" && unshare --net ip -batch "$LAB_DIR/plan/.links" || return
	for near in "$node" "$up" "$down"; do
		_lab_apply_settings "$near" && _lab_apply_plan "$near" || return
	done
}

# From now on a router sends what goes to an end over this neighbour.
lab_via() { # node end neighbour
	ip -n "$LAB_ID-$1" route replace "${_lab_prefix4[$2]}" via "${_lab_down4[$1 $3]}" &&
		ip -n "$LAB_ID-$1" route replace "${_lab_prefix6[$2]}" via "${_lab_down6[$1 $3]}"
}
