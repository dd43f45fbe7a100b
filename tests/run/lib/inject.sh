# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# For tests that let one system call of a run fail, or signal one of its processes at it. After
# lib/tap.sh and lib/check-clean.sh.
#
#   runs_with OPTION...        the options of the runs to come; how a complete container looks with
#                              them is in $tmp/complete, which calls make it in $tmp/places
#   places PATTERN             lines "PROCESS CALL N" of all that is made where "PROCESS CALL "
#                              matches the extended regular expression
#   every N                    of these lines every Nth, for a sample
#   inject PROCESS CALL N ACTION
#                              one run (see programs/inject.c); 1 when there was no such call
#   expect_*                   what is then wrong with it, if anything, is noted
#   nothing_wrong CLAIM        one test about all since the last: nothing was noted, and nothing is
#                              left of any of them
#
# No run may hang, leave a process alive, or run a command in anything less than the complete
# container. All that was injected, and how tare answered, is in $log. A PROCESS is named by its
# birth, and known by what it alone does: $tare, its $janitor, $init (PID 1), the $command.

options=
injected=0
log=$PWD/build/faults/$(basename "$0" .sh).log
mkdir -p build/faults "$tmp/documents"
: > "$log"
: > "$tmp/wrong"
namespaces=$(readlink /proc/self/ns/*)

# None of what is run here could leave one, and the shell's own are many in a loop.
list_own_descriptors() { :; }

# traced WORDS...: a run under the program `inject`. With few processes, as this is done by thousands;
# hence the documents are judged together, and each has the number of its line in $log.
traced() {
	json=$tmp/documents/$((injected + 1))
	: > "$json"
	# shellcheck disable=SC2086 # lists of words
	TARE_TEST_MARK=$mark "$programs/inject" "$tmp/report" "$@" "$TARE" run -q --json "$json" \
		$options "$programs/confinement" $namespaces > "$tmp/out" 2> "$tmp/errors" < /dev/null
}

runs_with() {
	options=$*
	note_state
	traced list
	is "$? $(wc -c < "$tmp/errors") $(grep -c -e '^CapBnd:.0*$' -e '^NoNewPrivs:.1$' \
		-e '^namespace.*its own$' "$tmp/out")" '0 0 9' \
		"a container tells what it is${options:+, with $options}"
	cp "$tmp/out" "$tmp/complete"
	sort -V "$tmp/report" > "$tmp/places"
	tare=1
	init=$(who_makes pivot_root)
	command=$(who_makes execve)
	janitor=$(grep -v -e "^$init " -e "^$command " "$tmp/places" | sed -n 's/ setsid .*//p')
}

who_makes() {
	sed -n "s/ $1 .*//p" "$tmp/places"
}

places() {
	grep -E "$1" "$tmp/places" | while read -r process call count; do
		seq -f "$process $call %.0f" "$count"
	done
}

every() {
	awk -v n="$1" 'NR % n == 1 || n == 1'
}

inject() {
	traced "$@"
	ended=$?
	what="$*"
	injection='' fate=''
	{ read -r injection; read -r fate; } < "$tmp/report"
	said='' hint='' more=''
	{ IFS= read -r said; IFS= read -r hint; IFS= read -r more; } < "$tmp/errors"
	[ "$injection" = injected ] || [ "$injection" = hang ] || return
	injected=$((injected + 1))
	echo "$what: status $ended ${said##*: tare failed: }$hint" >> "$log"
	[ -z "$fate" ] || wrong "$fate"
	[ "$injection" = injected ] || wrong hang
	[ ! -s "$tmp/out" ] || is_complete || wrong "another container: $(diff "$tmp/complete" "$tmp/out")"
}

wrong() {
	echo "$what: status $ended: $1: $said"
} >> "$tmp/wrong"

# Some differences do no harm: the directory of the start in an overlay of its own; and, where the
# document tells it, mounts that are not shown, read-only, or with the rights of others.
is_complete() {
	cmp -s "$tmp/out" "$tmp/complete" && return
	diff "$tmp/complete" "$tmp/out" | grep '^[<>]' > "$tmp/difference"
	[ "$(cat "$tmp/difference")" != "> mount $PWD rw,nosuid,nodev,relatime overlay" ] || return 0
	[ -s "$json" ] && ! grep -qv -e '^. mount ' -e '^. write /root' "$tmp/difference" &&
		[ "$(jq '.container | .unmapped_mounts + .masked_mounts + .read_only_mounts' "$json")" -gt 0 ]
}

expect_success() {
	[ -s "$tmp/out" ] || wrong 'success without a command'
	[ -z "$said" ] || wrong 'success with an error'
	[ -s "$json" ] || wrong 'success without a document'
}

# expect_failure ERRNO [OTHER]: one line, which names one of the two; '' is any.
expect_failure() {
	case $said in
	"tare: "*"($1)"* | "tare: "*"(${2-$1})"*) ;;
	"tare: "*) [ "$1" = '' ] || wrong "does not name $1" ;;
	*) wrong 'not one of tare'"'"'s lines' ;;
	esac
	case $hint$more in
	'' | '  hint'*) ;;
	*) wrong "a second line: $hint" ;;
	esac
}

# expect_either ERRNO [OTHER]
expect_either() {
	case $ended in
	0) expect_success ;;
	125 | 126 | 127) expect_failure "$@" ;;
	*) wrong 'an unknown status' ;;
	esac
}

# A run that succeeded has the numbers of any run, and one that failed has no result.
judge_documents() {
	find "$tmp/documents" -type f -size +0 -exec jq -r '
		select((.outcome.kind == "exited" and .outcome.exit_code == 0 and .time.cpu_ns > 0 and
				.processes.tasks == 1) or
			((.outcome.kind | . == "error" or . == "not_started") and
				.outcome.exit_code == null and .outcome.signal == null) or
			(.outcome.kind == "signaled" and .outcome.exit_code == null) | not) |
		input_filename' {} + | while read -r document; do
		echo "$(sed -n "${document##*/}p" "$log"): other numbers: $(jq -c .outcome "$document")"
	done
	rm -rf "$tmp/documents"
	mkdir "$tmp/documents"
}

nothing_wrong() {
	judge_documents >> "$tmp/wrong"
	! is_left || echo "left: $(cat "$tmp/left")" >> "$tmp/wrong"
	is "$(cut -c 1-600 "$tmp/wrong")" '' "$1"
	[ ! -s "$tmp/left" ] || note_state
	: > "$tmp/wrong"
}
