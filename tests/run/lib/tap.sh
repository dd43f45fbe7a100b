# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# What the whole-program tests share. A test file begins with
#
#   . "$(dirname "$0")/lib/tap.sh"
#   need_root
#
# and ends with `plan`. It is run from the top of the project.
#
#   is GOT WANTED CLAIM           one test: both are the same text
#   check CLAIM COMMAND...        one test: the command succeeds; its output is shown if not
#   check_time CLAIM COMMAND...   the same of how long something takes: a skip where TARE_EMULATED=1
#                                 says that no time here is that of a processor
#   ok CLAIM, not_ok CLAIM [WHY]  one test, judged by the file itself
#   skip CLAIM REASON
#   need_root                     ends the file with one skip where it is not root
#   refused WORDS OPTION...       one test: tare refuses these options in one line that has the words
#   kernel_before MAJOR.MINOR     whether this kernel is older
#   wait_until COMMAND...         polls until it succeeds; 1 after $deadline seconds
#
#   for _ in $tries               what a busy machine delays is measured again, until it is in time
#
# $TARE is the program under test, $programs the folder of tests/programs, $tmp an own directory
# that is removed at the end. What a test leaves to be done at its end it puts into at_exit().

TARE=${TARE:-$PWD/build/tare}
# shellcheck disable=SC2034 # used by the files that include this one
programs=$PWD/build/tests/programs
tests_run=0
tests_failed=0
deadline=20
# shellcheck disable=SC2034 # used by the files that include this one
tries='1 2 3'
# There no time is judged.
[ "${TARE_EMULATED:-0}" = 0 ] || tries=1

at_exit() { :; }

clean_up() {
	clean_up_status=$?
	trap - EXIT
	at_exit
	rm -rf "$tmp"
	[ "$tests_failed" -eq 0 ] || exit 1
	exit "$clean_up_status"
}

# Not with TMPDIR: some tests are about what of /tmp is seen inside.
tmp=$(mktemp -d /tmp/tare-test.XXXXXX) || exit
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

plan() {
	echo "1..$tests_run"
}

ok() {
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1"
}

not_ok() {
	tests_run=$((tests_run + 1))
	tests_failed=$((tests_failed + 1))
	[ -z "${2-}" ] || printf '%s\n' "$2" | sed 's/^/# /'
	echo "not ok $tests_run - $1"
}

skip() {
	tests_run=$((tests_run + 1))
	echo "ok $tests_run - $1 # SKIP $2"
}

is() {
	if [ "$1" = "$2" ]; then
		ok "$3"
	else
		not_ok "$3" "got:    $1
wanted: $2"
	fi
}

check() {
	check_claim=$1
	shift
	if check_output=$("$@" 2>&1); then
		ok "$check_claim"
	else
		not_ok "$check_claim" "failed: $*
$check_output"
	fi
}

check_time() {
	if [ "${TARE_EMULATED:-0}" = 1 ]; then
		skip "$1" 'a tolerance of time, and this machine is emulated'
	else
		check "$@"
	fi
}

kernel_before() {
	[ "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" != "$1" ]
}

need_root() {
	[ "$(id -u)" -ne 0 ] || return 0
	echo '1..0 # SKIP needs root: tare run without a shared collector is for root'
	exit 0
}

# The pause is no synchronisation: it only keeps the poll from taking a processor for itself.
wait_until() {
	wait_until_end=$(($(date +%s) + deadline))
	until "$@" > /dev/null 2>&1; do
		[ "$(date +%s)" -lt "$wait_until_end" ] || return 1
		sleep 0.02
	done
}

refused() {
	wanted=$1
	shift
	message=$("$TARE" run -q "$@" -- true 2>&1)
	is "$? $(printf '%s\n' "$message" | grep -c "$wanted") $(printf '%s\n' "$message" | wc -l)" \
		'125 1 1' "'$wanted' is said of $*"
}
