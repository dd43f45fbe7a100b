# shellcheck shell=sh
# SPDX-License-Identifier: Apache-2.0
# Root file systems for tests. After lib/tap.sh.
#
#   make_image DIRECTORY PROGRAM...   makes the directory, with /bin/sh, these programs and the
#                                     libraries that they need, and nothing else
#   state PATH...                     what can be told of all files below: type, rights, owner,
#                                     size, times, target; equal texts mean that nothing changed

add_program() {
	program=$(readlink -f "$(command -v "$2")")
	cp "$program" "$1/bin/$2"
	ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$1${library%/*}"
		cp -n "$library" "$1$library"
	done
}

make_image() {
	image=$1
	shift
	mkdir -p "$image/bin"
	for name in sh "$@"; do
		add_program "$image" "$name"
	done
}

state() {
	find "$@" -printf '%p %y %m %U %G %s %T@ %C@ %l\n' | sort
}
