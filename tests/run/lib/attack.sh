# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# For tests of what a container refuses: each attempt is first shown to succeed outside. After
# lib/tap.sh.
#
#   attempt_here          copies the programs of attempts into the current directory, and names them
#                         without "./"; the directory is seen inside
#   outside COMMAND...    a shell's words; prints what the attempt says
#   inside COMMAND...     the same in a container, with the options in $options
#   attack CLAIM OUTSIDE INSIDE WANTED
#                         two tests: OUTSIDE says "done", INSIDE says WANTED; "=" is OUTSIDE again
#   attacks               one of these for each line "CLAIM | OUTSIDE | INSIDE | WANTED" of its
#                         standard input
#   hold NAME COMMAND...  starts a command that says a line and lives until `release`; its number is
#                         in $held, its line in $tmp/NAME
#   release               ends what is held; also done at the end of the test
#   hand_over FILE...     makes them the attacker's
#   $attacker             "root", or "user": then $TARE is called by an ordinary one (attack-users.sh)
#
# What the machine has not got (ENOSYS and the like) is a skip outside; inside it must be refused
# all the same, by the sandbox or for the same reason.

options=
holding=
attacker=${TARE_TEST_ATTACKER:-root}

hand_over() {
	[ "$attacker" = root ] || chown "$TARE_TEST_USER:$TARE_TEST_USER" "$@"
}

attempt_here() {
	# Whoever calls tare in this directory must get there, and may write in it.
	[ "$attacker" = root ] || chmod 755 "$tmp"
	hand_over .
	cp "$programs"/attempt "$programs"/attack-* "$programs"/with-descriptors .
	rm -f ./*.d
	PATH=$PATH:$PWD
}

outside() {
	sh -c "$1" 2>&1 < /dev/null
}

inside() {
	# shellcheck disable=SC2086 # a list of words
	"$TARE" run -q $options sh -c "$1" 2>&1 < /dev/null
}

attack() {
	attack_said=$(outside "$2")
	attack_missing=
	case $attack_said in
	ENOSYS | ENODEV | ENXIO | ENOENT | EAFNOSUPPORT)
		attack_missing=$attack_said
		skip "$1: works outside" "this machine has not got it: $attack_said"
		;;
	*) is "$attack_said" 'done' "$1: works outside" ;;
	esac
	[ "$3" = = ] && set -- "$1" "$2" "$2" "$4"
	attack_said=$(inside "$3")
	if [ -n "$attack_missing" ] && [ "$attack_said" = "$attack_missing" ]; then
		ok "$1: is not there inside either"
	else
		is "$attack_said" "$4" "$1: $4 inside"
	fi
}

attacks() {
	while IFS='|' read -r claim outside inside wanted; do
		# shellcheck disable=SC2086,SC2116 # takes the blanks at both ends away
		attack "$(echo $claim)" "$(echo $outside)" "$(echo $inside)" "$(echo $wanted)"
	done
}

# What is held reads from a FIFO that this shell alone has open for writing.
hold() {
	hold_name=$1
	shift
	[ -p "$tmp/holders" ] || mkfifo "$tmp/holders"
	"$@" 7>&- < "$tmp/holders" > "$tmp/$hold_name" &
	held=$!
	[ -n "$holding" ] || exec 7> "$tmp/holders"
	holding=yes
	wait_until test -s "$tmp/$hold_name"
}

release() {
	[ -n "$holding" ] || return 0
	exec 7>&-
	holding=
	wait
}

at_exit() {
	release
}
