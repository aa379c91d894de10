#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# alert.h against a web server as bad as it is told to be (http_stub), and
# against commands, in a namespace without a way out: 198.18.54.1 on its lo.
# shellcheck disable=SC2317 # cleanup runs from the trap
set -u
cd "$(dirname "$0")/../.." || exit 1

[[ $(id -u) == 0 ]] || { echo "SKIP - needs root"; exit 0; }
for tool in ip nsenter gcc pkg-config timeout jq openssl; do
	command -v $tool >/dev/null || { echo "SKIP - needs $tool"; exit 0; }
done
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY

netns=cp$$-alert at=198.18.54.1 port=9093 failed=0 server=''
tmp=$(mktemp -d) || exit 1
stop_server() {
	[[ -z $server ]] || { kill "$server"; wait "$server"; } 2>/dev/null
	server=''
}
cleanup() {
	stop_server
	ip netns del "$netns" 2>/dev/null
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

ok() { echo "ok - $1"; }
not_ok() { echo "not ok - $1: ${2//$'\n'/ | }"; failed=1; }
is() { # what got want
	if [[ $2 == "$3" ]]; then ok "$1"; else not_ok "$1" "got '$2', want '$3'"; fi
}
has() { # what text regex
	if grep -qE -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1" "no '$3' in '$2'"; fi
}
hasnt() { # what text fixed-string
	if grep -qF -- "$3" <<<"$2"; then not_ok "$1" "'$3' in '$2'"; else ok "$1"; fi
}
# A count in the last line of alert_test.
count() { sed -nE "s/^delivered.*|.*/&/; s/(^|.* )$1 ([0-9]+).*/\2/p" <<<"$(tail -n 1 <<<"$out")"; }
inside() { nsenter --net=/run/netns/$netns "$@"; }
# Messages on standard input; the output in $out.
run() { out=$(inside timeout 60 "$tmp/alert_test" "$@" 2>&1); }
post() { run url=http://$at:$port/api/v2/alerts min=20 max=80 "$@"; }
serve() { # answers...
	stop_server
	rm -rf "$tmp/got" && mkdir "$tmp/got"
	: >"$tmp/ready"
	nsenter --net=/run/netns/$netns "$tmp/http_stub" $at $port "$tmp/got" "$@" >"$tmp/ready" 2>"$tmp/stub.err" &
	server=$!
	until grep -q ready "$tmp/ready"; do
		kill -0 "$server" 2>/dev/null || { not_ok 'the server starts' "$(cat "$tmp/stub.err")"; exit 1; }
		sleep 0.05
	done
}
bodies() { local i; for ((i = 1; ; i++)); do [[ -e $tmp/got/$i.body ]] || break; cat "$tmp/got/$i.body"; echo; done; }
waiting() { find "$tmp/spool" -name '*.json' | wc -l; }

build() {
	local flags=(-std=gnu17 -D_GNU_SOURCE -Iinclude -Iuser -g -O1 -Wall -Wextra -Werror
		"-fsanitize=address,undefined" -fno-sanitize-recover=all) libs
	read -ra libs <<<"$(pkg-config --libs libcurl)"
	gcc "${flags[@]}" -o "$tmp/alert_test" tests/lab/alert_test.c user/io/alert*.c "${BUILD:-build}/libcp.a" \
		"${libs[@]}" || return 1
	gcc "${flags[@]}" -o "$tmp/http_stub" tests/lab/http_stub.c
}

test_answers() {
	serve 200
	post <<<'{"a":1}'
	is 'a message is delivered' "$(count delivered) $(bodies)" '1 {"a":1}'
	has 'as JSON, to the path' "$(cat "$tmp/got/1.head")" '^POST /api/v2/alerts HTTP/1.1'
	has 'as JSON' "$(cat "$tmp/got/1.head")" '^Content-Type: application/json'
	is 'and nothing is said of it' "$(wc -l <<<"$out")" 1

	serve 500 503 reset 429 200
	post <<<$'one\ntwo'
	is 'after 500, 503, a reset and 429 all arrive, in order' "$(bodies | uniq | tr '\n' ' ')" 'one two '
	is 'each failure is a retry' "$(count delivered) $(count retries) $(count waiting)" '2 4 0'
	is 'a failure is told once, and its end' "$(grep -c '^log:' <<<"$out")" 2
	has 'with its cause' "$out" "log: alert webhook http://$at:$port: answers 500; tries again, 2 messages wait"

	serve 413 200
	post <<<$'large\nsmall'
	is '413 is not tried again' "$(count delivered) $(count refused) $(count retries)" '1 1 0'
	has 'and is named' "$out" 'refuses a message with 413; it is dropped'

	serve 302 200
	post <<<'one'
	is 'a redirect is not followed' "$(count refused) $(bodies)" '1 one'

	serve slow slow 200
	post timeout=300 <<<'one'
	is 'a slow server does not hold us' "$(count delivered)" 1
	if (($(count longest) < 200)); then ok 'no tick waits'; else not_ok 'no tick waits' "$out"; fi

	serve endless 200
	post timeout=3000 <<<$'one\ntwo'
	is 'an endless answer is cut off, and was one' "$(count delivered) $(bodies | tr '\n' ' ')" '2 one two '

	serve garbage 200
	post <<<'one'
	is 'garbage is no answer' "$(count delivered) $(count retries)" '1 1'

	serve 429/2 200
	SECONDS=0
	post <<<'one'
	if ((SECONDS >= 2)) && [[ $(count delivered) == 1 ]]; then ok 'Retry-After is honoured'; else not_ok 'Retry-After is honoured' "$SECONDS s, $out"; fi
}

test_repeat() {
	serve 200
	post repeat=200 bodies=2 for=1000 <<<'one'
	is 'what lasts is told again, after what is new' "$(bodies | head -n 5 | tr '\n' ' ')" 'one again 1.0 again 1.1 again 2.0 again 2.1 '
	is 'and counted apart' "$(count delivered) $(($(count repeated) >= 8)) $(count repeats-failed)" '1 1 0'

	mkdir "$tmp/spool"
	serve 500
	post repeat=50 bodies=3 spool="$tmp/spool" for=1000 <<<'one'
	is 'while a message waits nothing is told again' "$(count rounds) $(bodies | sort -u | xargs) $(waiting)" '0 one 1'
	rm -rf "$tmp/spool"

	serve 500
	post repeat=50 bodies=3 for=1000 </dev/null
	is 'of a round that fails nothing is kept' "$(count waiting) $(bodies | grep -c '\.[12]$') $(($(count repeats-failed) >= 3))" '0 0 1'
	is 'and no retry counted, nor told twice' "$(count retries) $(grep -c '^log:' <<<"$out")" '0 1'
	is 'each attempt is a new round' "$(bodies | sort | uniq -d | xargs)" ''

	serve slow 200
	post repeat=5000 bodies=4 late=300 timeout=1000 for=4700 <<<'news'
	is 'news goes before the rest of a round, which is dropped' "$(bodies | uniq | tr '\n' ' ')" 'again 1.0 news '

	serve 400 400 200
	post repeat=150 for=900 </dev/null
	is 'a refusal is told once' "$(count refused) $(grep -c 'refuses with 400 to be told again' <<<"$out") $(($(count repeated) >= 2))" '2 1 1'

	stop_server
	post repeat=100 bodies=2 for=600 </dev/null
	is 'without a server nothing piles up' "$(count waiting)" 0
}

test_spool() {
	mkdir "$tmp/spool"
	stop_server
	post spool="$tmp/spool" for=300 <<<$'one\ntwo\nthree'
	is 'without a server all wait in files' "$(count waiting) $(waiting)" '3 3'
	is 'that are ours alone' "$(find "$tmp/spool" -name '*.json' -perm /077 | wc -l)" 0
	serve 500 200
	post spool="$tmp/spool" <<<'four'
	is 'after a restart all are sent, in order' "$(bodies | uniq | tr '\n' ' ')" 'one two three four '
	is 'and their files are gone' "$(count delivered) $(find "$tmp/spool" -type f | wc -l)" '4 0'

	stop_server
	post spool="$tmp/spool" messages=3 for=200 <<<$'1\n2\n3\n4\n5'
	is 'at most so many wait; the oldest are dropped and counted' \
		"$(count dropped) $(waiting) $(cat "$tmp/spool"/*.json)" '2 3 345'
	has 'which is told' "$out" 'alert spool: is full; the oldest messages are dropped'
	post spool="$tmp/spool" bytes=2 for=200 </dev/null
	is 'the limit in bytes holds for what is found, too' "$(count dropped) $(cat "$tmp/spool"/*.json)" '1 45'

	: >"$tmp/spool/00000000000000000007.json"
	ln -s /etc/passwd "$tmp/spool/00000000000000000008.json"
	echo cut >"$tmp/spool/.new-00000000000000000009.json"
	echo other >"$tmp/spool/notes.txt"
	serve 200
	post spool="$tmp/spool" </dev/null
	is 'empty files and links are not sent, unfinished ones are removed' \
		"$(count dropped) $(bodies | tr '\n' ' ') $(ls -A "$tmp/spool")" '2 4 5  notes.txt'

	stop_server
	post spool="$tmp/spool" for=100 <<<'old'
	sleep 2
	post spool="$tmp/spool" age=1 for=300 </dev/null
	is 'what has waited too long is dropped' "$(count dropped) $(waiting)" '1 0'

	exec 9<"$tmp/spool"
	flock 9
	post spool="$tmp/spool" </dev/null
	has 'two processes do not share a spool' "$out" 'refused: alert spool .*: another process uses it'
	exec 9<&-

	mkdir "$tmp/tiny" && mount -t tmpfs -o size=4k,nr_inodes=2 tmpfs "$tmp/tiny" || return
	serve 200
	post spool="$tmp/tiny" <<<$'one\ntwo\nthree'
	umount "$tmp/tiny"
	is 'with a full disk all are sent from memory' "$(count delivered) $(bodies | tr '\n' ' ')" '3 one two three '
	if (($(count unspooled) >= 2)); then ok 'and counted'; else not_ok 'and counted' "$out"; fi
}

test_secret() {
	echo 's3cret-token' >"$tmp/token"
	serve 401 200
	post secret="$tmp/token" header='X-Lab: yes' <<<$'one\ntwo'
	has 'the secret is sent' "$(cat "$tmp/got/2.head")" '^Authorization: Bearer s3cret-token'
	has 'and other headers' "$(cat "$tmp/got/2.head")" '^X-Lab: yes'
	hasnt 'and never shown' "$out" s3cret
	rm "$tmp/token"
	post secret="$tmp/token" <<<'one'
	has 'a missing one is refused at the start' "$out" "^refused: alert webhook: $tmp/token: No such file"
	run "url=http://user:s3cret@$at/" </dev/null
	has 'no password in the URL' "$out" '^refused: alert webhook: no user or password in the URL'
	hasnt 'nor shown' "$out" s3cret
	run url=file:///etc/passwd </dev/null
	has 'only http and https' "$out" '^refused: alert webhook: the URL must be http'
	run "url=http://$at:$port/s3cret" for=100 <<<'one'
	hasnt 'the path of the URL is not shown' "$out" s3cret
}

# A server whose certificate nobody signed.
test_tls() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/key" -out "$tmp/cert" -days 2 \
		-subj /CN=$at -addext "subjectAltName=IP:$at" 2>/dev/null || { echo 'SKIP - no certificate can be made'; return; }
	stop_server
	mkfifo "$tmp/says"
	nsenter --net=/run/netns/$netns openssl s_server -accept $at:$port -cert "$tmp/cert" -key "$tmp/key" -quiet >"$tmp/tls" 2>&1 <"$tmp/says" &
	server=$!
	exec 8>"$tmp/says"
	sleep 0.5
	run url=https://$at:$port/ min=50 max=100 for=500 <<<'tls-message'
	is 'a certificate that nobody signed is refused' "$(count delivered)" 0
	has 'and said so' "$out" 'log: alert webhook https://.*: SSL peer certificate'
	if grep -q tls-message "$tmp/tls"; then not_ok 'nothing was sent' "$(cat "$tmp/tls")"; else ok 'nothing was sent'; fi
	run url=https://$at:$port/ ca="$tmp/cert" min=50 max=100 timeout=1000 for=800 <<<'tls-message'
	if grep -q tls-message "$tmp/tls"; then ok 'with the CA it is sent'; else not_ok 'with the CA it is sent' "$out"; fi
	exec 8>&-
	stop_server
}

test_command() {
	cat >"$tmp/command" <<-'END'
		#!/bin/bash
		out=$1
		{ cat; echo; env | grep -v '^_=\|^PWD=\|^SHLVL=' | sort; printf '%s|' "$@"; ls /proc/self/fd | wc -l; } >>"$out"
		printf 'done \033[31m%s\n' "$2"
	END
	chmod +x "$tmp/command"
	SECRET=s3cret run -- "$tmp/command" "$tmp/said" 'a b;$(reboot)' <<<'{"a":1}'
	is 'a command gets the message, its arguments as they are, a small environment, no descriptors' \
		"$(sed -E 's/PATH=.*/PATH/' "$tmp/said" | tr '\n' ' ')" "{\"a\":1} LANG=C.UTF-8 PATH $tmp/said|a b;\$(reboot)|4 "
	has 'its output goes to the log, without escape codes' "$out" 'log: alert command .*/command: says: done \?\[31ma b;'
	is 'and it is counted' "$(count commands) $(count failed)" '1 0'
	run -- /bin/false <<<$'one\ntwo'
	is 'a failure is counted' "$(count commands) $(count failed)" '2 2'
	has 'and told' "$out" 'log: alert command /bin/false: exit status 1'
	SECONDS=0
	run limit=300 -- /bin/sleep 30 <<<'one'
	is 'a command that takes too long is ended' "$(count killed) $((SECONDS < 10))" '1 1'
	run limit=300 -- /bin/bash -c 'trap "" TERM; while :; do sleep 0.1; done' <<<'one'
	is 'also one that does not want to' "$(count killed) $(count waiting)" '1 0'
	SECONDS=0
	run -- /bin/bash -c 'sleep 8 & echo gone' <<<'one'
	is 'its own children are not waited for' "$(count waiting) $((SECONDS < 6))" '0 1'
	run limit=2000 -- /bin/bash -c 'yes' <<<'one'
	is 'one that never stops talking is cut short' "$(count killed) $(grep -c 'says: y' <<<"$out")" '1 20'
	run waiting=2 for=200 -- /bin/sleep 5 <<<$'1\n2\n3\n4\n5'
	is 'at most so many wait' "$(count commands-dropped)" 3
	run -- relative/path </dev/null
	has 'a relative path is refused' "$out" '^refused: alert command: must be an absolute path'
	run -- "$tmp/none" </dev/null
	has 'so is what is not there' "$out" '^refused: alert command .*/none: No such file'
}

test_hostile() {
	local name
	name=$(printf 'a\033[31m<b>"\\\xff\x7f&\x9b.example')
	serve 200
	post event=1 -- "$tmp/command" "$tmp/hostile" x <<<"$name"
	is 'F66: a hostile name is delivered' "$(count delivered) $(count failed)" '1 0'
	if jq -e '.[0].labels.target | test("example$")' "$tmp/got/1.body" >/dev/null; then ok 'in JSON that is one'; else not_ok 'in JSON that is one' "$(cat -v "$tmp/got/1.body")"; fi
	is 'without a byte of control' "$(tr -d '\n' <"$tmp/got/1.body" | tr -cd '\000-\037' | wc -c)" 0
	is 'F66: to the command, too' "$(head -n 1 "$tmp/hostile" | jq -r .type)" change
}

build || { not_ok 'builds' 'see above'; exit 1; }
if ! { ip netns add "$netns" && inside ip link set lo up && inside ip address add $at/32 dev lo; }; then
	not_ok 'the namespace comes up' 'ip failed'
	exit 1
fi
test_answers
test_repeat
test_spool
test_secret
test_tls
test_command
test_hostile
exit $failed
