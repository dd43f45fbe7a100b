#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Bad input, a row each: by the number of its kind (see tests/faults/README.md), what is said, and
# the arguments. The status is 125, it is one line beside its hint, and nothing is made for it: no
# process, no directory, no document; what only the run itself finds is in the document that says
# so. More of each kind, and odd input that is good: bad-input.sh.
set -u
# shellcheck source=lib/tap.sh
. "$(dirname "$0")/lib/tap.sh"
need_root

mkdir "$tmp/here" "$tmp/place"
cd "$tmp/here" || exit
mkdir dir full
touch full/file
echo text > file
ln -s dir link
mkfifo fifo
: > empty
printf '\357\273\277' > mark
printf ' \n\t' > blank
printf '{"a": 1' > short
printf '{"a": 1,}' > comma
printf "{'a': 1}" > quotes
printf '{} {}' > two
printf '{"a": "\001"}' > control
printf '{"defaultAction": "SCMP_ACT_ALLOW", "defaultAction": "SCMP_ACT_ALLOW"}' > twice
printf '{"defaultActoin": "SCMP_ACT_ALLOW"}' > unknown
printf '{"defaultAction": 5}' > kind
printf '{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1e400}' > huge
printf '{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 12345678901234567890}' > large
printf '{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 0.1}' > fraction
printf '{"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 5000}' > errno
printf '{"defaultAction": "SCMP_ACT_MAYBE"}' > action
printf '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["no_such"], "action": "SCMP_ACT_ERRNO", "args": 7}]}' > args
printf '{"defaultAction": "\377"}' > bytes
printf '{"defaultAction": "\\ud800"}' > surrogate
printf '\377\376{\000}\000' > utf16
printf '{"a": "\\u0000"}' > nul
head -c 100000 /dev/zero | tr '\0' '[' > deep
head -c 2000000 /dev/zero | tr '\0' ' ' > big

# What a run makes is told by the calls that it makes.
makes() {
	grep -E ' (clone|clone3|fork|vfork|mkdir|mkdirat|execve) ' "$tmp/report"
}
"$programs/inject" "$tmp/report" list "$TARE" run -q true
check 'what a run makes would be seen' makes

row() {
	id=$1 words=$2 wanted=$3
	shift 3
	rm -f "$tmp/place/document"
	message=$(timeout -k 1 20 "$programs/inject" "$tmp/report" list "$TARE" run \
		--json "$tmp/place/document" "$@" 2>&1 < /dev/null)
	got="$? $(printf '%s\n' "$message" | grep -c "^tare: .*$words")"
	got="$got $(printf '%s\n' "$message" | grep -cv '^  hint')"
	[ ${#message} -lt 1000 ] || got="$got ${#message} bytes"
	got="$got $(makes)"
	[ ! -e "$tmp/place/document" ] || got=$got$(jq -r .outcome.kind "$tmp/place/document")
	is "$got" "$wanted" "$id: $words"
}

# rows WANTED: "status, lines with the words, lines, what was made and how the document says it ended"
rows() {
	while IFS='|' read -r id words arguments; do
		case $id in
		B-*)
			wanted=$1
			eval "set -- $arguments"
			row "$id" "$words" "$wanted" "$@"
			set -- "$wanted"
			;;
		esac
	done
}

rows '125 1 1 ' << 'ROWS'
B-01|no command given|
B-01|no command given|--
B-02|--memroy: there is no such option|--memroy 5 true
B-03|--memlimit: needs a value: SIZE|--memlimit
B-04|--timelimit: given twice|--timelimit 1 --timelimit 2 true
B-04|--timelimit: given twice|--timelimit 1 --timelimit 1 true
B-05|-ls: there is no such option|-ls true
B-07|--memlimit: '' is not understood; give a whole number|--memlimit '' true
B-07|--memlimit: ' 5' is not understood|--memlimit ' 5' true
B-07|--memlimit: '5 ' is not understood|--memlimit '5 ' true
B-07|--memlimit: 5x is not understood|--memlimit 5x true
B-07|--memlimit: 0x10 is not understood|--memlimit 0x10 true
B-07|--memlimit: 1e3 is not understood|--memlimit 1e3 true
B-07|--memlimit: +5 is not understood|--memlimit +5 true
B-07|--pids-limit: -1 is not understood|--pids-limit -1 true
B-07|--pids-limit: ٥ is not understood|--pids-limit ٥ true
B-07|--files-count-limit: 1.5 is not understood|--files-count-limit 1.5 true
B-08|--memlimit: 18446744073709551616 is too large|--memlimit 18446744073709551616 true
B-08|--pids-limit: 18446744073709551616 is too large|--pids-limit 18446744073709551616 true
B-08|--timelimit: 99999999999999999999 is too large|--timelimit 99999999999999999999 true
B-09|--memlimit: 0 is no limit; give more, or leave it out|--memlimit 0 true
B-09|--pids-limit: 0 is no limit|--pids-limit 0 true
B-09|--timelimit: 0 is no limit|--timelimit 0 true
B-09|--walltimelimit: 0 is no limit|--walltimelimit 0 true
B-10|--timelimit: 1.5.2 is not understood; give a number and|--timelimit 1.5.2 true
B-10|--timelimit: . is not understood|--timelimit . true
B-10|--walltimelimit: nan is not understood|--walltimelimit nan true
B-10|--walltimelimit: inf is not understood|--walltimelimit inf true
B-10|--softtimelimit: 1,5 is not understood|--softtimelimit 1,5 true
B-11|--memlimit: 10KB is not understood; .* kB, MB|--memlimit 10KB true
B-11|--memlimit: '10 kb' is not understood|--memlimit '10 kb' true
B-11|--memlimit: 10KiBB is not understood|--memlimit 10KiBB true
B-11|--memlimit: 10k is not understood|--memlimit 10k true
B-12|--memlimit: 20000000000GiB is too large|--memlimit 20000000000GiB true
B-12|--walltimelimit: 5000000000min is too large|--walltimelimit 5000000000min true
B-13|--softtimelimit: 5.000 s is more than the hard limit of 3.000 s|--softtimelimit 5 --timelimit 3 true
B-13|--memlimit: 1B is too little for any program; give at least 1MiB|--memlimit 1B true
B-13|--rlimit: nofile=5:3: the soft limit is above the hard one|--rlimit nofile=5:3 true
B-14|the command is an empty word|''
B-14|--output-directory: the path is empty|--output-directory '' true
B-14|--input: the path is empty|--input '' true
B-14|--root-dir: .*empty|--root-dir '' true
B-14|--env: =B has no name|--env =B true
B-16|--dir: more than 4095 bytes|--dir "/$(printf %05000d 0)" true
B-16|--hidden-dir: .*File name too long|--hidden-dir "/$(printf %0256d 0)" true
B-17|--hidden-dir: missing: No such file|--hidden-dir missing true
B-17|--hidden-dir: file is not a directory|--hidden-dir file true
B-17|--hidden-dir: link is a symbolic link|--hidden-dir link true
B-17|--hidden-dir: dir is given twice|--hidden-dir ./dir// --hidden-dir dir true
B-18|--hidden-dir: dir/../dir has another mode|--read-only-dir dir --hidden-dir dir/../dir true
B-19|--full-access-dir: /proc is made fresh|--full-access-dir /proc true
B-19|--hidden-dir: /sys is made fresh|--hidden-dir /sys true
B-19|--overlay-dir: /dev is made fresh|--overlay-dir /dev true
B-21|--result-files: ../x leads out of the start directory|--output-directory dir --result-files ../x true
B-21|--result-files: a/../../x leads out|--output-directory dir --result-files a/../../x true
B-21|--result-files: .* has a '\[' without a '\]'|--output-directory dir --result-files '[a' true
B-22|--output-directory: file is not a directory|--output-directory file --result-files . true
B-22|--output-directory: / is the root; name a directory in it|--output-directory / --result-files . true
B-23|--uid: -1 is no number from 0 to|--uid -1 true
B-23|--uid: 4294967295 is no number from 0 to|--uid 4294967295 true
B-23|--gid: root is no number from 0 to|--gid root true
B-24|--hostname: '' is not a name of 1 to 64 letters|--hostname '' true
B-24|--hostname: .* is not a name of 1 to 64|--hostname "$(printf %065d 0)" true
B-24|--hostname: a/b is not a name|--hostname a/b true
B-24|--hostname: .*a.nb' is not a name|--hostname "$(printf 'a\nb')" true
B-25|--env: A has no '='|--env A true
B-25|--env: A is set twice|--env A=1 --env A=2 true
B-27|--cores: '' is an invalid CPU list; give numbers and ranges|--cores '' true
B-27|--cores: 1- is an invalid CPU list|--cores 1- true
B-27|--cores: 3-1 is an invalid CPU list|--cores 3-1 true
B-27|--cores: 0,,1 is an invalid CPU list|--cores 0,,1 true
B-27|--cores: a is an invalid CPU list|--cores a true
B-27|--cores: CPU 999,999 does not exist|--cores 0-999999 true
B-27|--cores: auto:0 is no number of physical cores|--cores auto:0 true
B-27|--memory-nodes: 1- is an invalid memory node list|--memory-nodes 1- true
B-30|--json: given twice|--json - true
B-40|--syscall-times: --no-syscalls looks at none|--no-syscalls --syscall-times true
B-40|--hostname: --keep-system-config keeps the host's|--hostname x --keep-system-config true
B-40|--allow: nothing is refused with --seccomp none|--allow mounts --seccomp none true
ROWS

rows '125 1 1 error' << 'ROWS'
B-15|--seccomp: nul:1:14: a string holds .u0000|--seccomp nul true
B-27|--cores: CPU 999 does not exist or is offline; there are|--cores 999 true
B-27|--memory-nodes: memory node 999 does not exist or is offline|--memory-nodes 999 true
B-28|--seccomp: errno: defaultErrnoRet: 5000 is out of range: 1 to|--seccomp errno true
B-28|--seccomp: action: defaultAction: SCMP_ACT_MAYBE is not one of|--seccomp action true
B-31|--seccomp: missing: No such file|--seccomp missing true
B-31|--seccomp: dir is not a regular file|--seccomp dir true
B-31|--seccomp: fifo is not a regular file|--seccomp fifo true
B-31|--seccomp: /dev/zero is not a regular file|--seccomp /dev/zero true
B-31|--seccomp: big is longer than 1 MiB|--seccomp big true
B-32|--seccomp: empty is empty|--seccomp empty true
B-32|--seccomp: blank is empty|--seccomp blank true
B-32|--seccomp: mark begins with a byte order mark|--seccomp mark true
B-33|--seccomp: short:1:7: '}' expected near end of file|--seccomp short true
B-33|--seccomp: comma:1:9: string or '}' expected|--seccomp comma true
B-33|--seccomp: quotes:1:2: string or '}' expected|--seccomp quotes true
B-33|--seccomp: two:1:4: more text after the end|--seccomp two true
B-33|--seccomp: control:1:7: control character 0x1|--seccomp control true
B-34|--seccomp: deep:1:2049: nested too deeply|--seccomp deep true
B-35|--seccomp: twice:1:51: duplicate object key near '"defaultAction"'|--seccomp twice true
B-36|--seccomp: unknown: defaultActoin: there is no such key here|--seccomp unknown true
B-36|--seccomp: kind: defaultAction: expected a string, got an integer|--seccomp kind true
B-36|--seccomp: args: syscalls.0..args: expected an array, got an integer|--seccomp args true
B-37|--seccomp: huge:1:60: a number is out of range|--seccomp huge true
B-37|--seccomp: large:1:75: a number is out of range|--seccomp large true
B-37|--seccomp: fraction: defaultErrnoRet: expected an integer, got a fraction|--seccomp fraction true
B-38|--seccomp: bytes:1:19: unable to decode byte 0xff|--seccomp bytes true
B-38|--seccomp: surrogate:1:26: invalid Unicode|--seccomp surrogate true
B-38|--seccomp: utf16:1:0: unable to decode byte 0xff|--seccomp utf16 true
B-45|--input: missing: No such file|--input missing true
B-45|--input: dir: Is a directory|--input dir true
ROWS

# What needs words of its own.
echo in > input
got=$("$TARE" run --json input --input input cat 2>&1)
is "$? $got $(cat input)" '125 tare: --json: would overwrite the file of --input in' 'B-30: input and document are one'
got=$("$TARE" run --json output --output ./output true 2>&1)
"$TARE" run -q --output output true
got=$("$TARE" run --json ./output --output output true 2>&1)
is "$? $got" '125 tare: --json: would overwrite the file of --output' 'B-30: output and document are one'
is "$("$TARE" run -q echo --memroy 5 -q)" '--memroy 5 -q' 'B-06: what follows the command is its own'
got=$("$TARE" run -q sh -c : "$(head -c 140000 /dev/zero | tr '\0' x)" 2>&1)
is "$? $(echo "$got" | grep -c 'Argument list too long\|E2BIG')" '126 1' 'B-26: one argument too long is told of' 
is "$("$TARE" run -q --input fifo cat; echo $?)" 0 'B-45: a FIFO that nobody writes to does not hang'
# Without an argv[0] the kernel gives an empty one, and before Linux 5.18 none.
is "$(python3 -c 'import ctypes, sys
ctypes.CDLL(None).execv(sys.argv[1].encode(), (ctypes.c_char_p * 1)(None))' "$TARE" 2>&1 | head -n 1)" \
	'tare: no verb given' 'B-43: a tare without a name is no crash'
cp "$TARE" "$tmp/lent" && chmod 4755 "$tmp/lent" && chmod 755 "$tmp"
got=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$tmp/lent" run -q --json "$tmp/place/document" true 2>&1)
is "$? $(echo "$got" | grep -c '^tare: its file lends rights that the caller has not')$(
	echo "$got" | grep -c '^  hint: ')" '125 11' 'B-44: a set-user-ID tare refuses to run'
rm -f "$tmp/place/document" && chown 0:65534 "$tmp/lent" && chmod 2755 "$tmp/lent"
"$tmp/lent" run -q true > "$tmp/ignored" 2>&1
is $? 125 'B-44: so does a set-group-ID one'
is "$(ls -A "$tmp/place")" '' 'and neither makes anything'
plan
