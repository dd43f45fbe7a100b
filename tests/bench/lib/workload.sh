#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What compare.sh has every tool run: the kinds of work, and real programs where they are installed.
# Prints "KIND NANOSECONDS" lines. /dev/shm is memory outside and inside a container.
set -eu
cd "$(dirname "$0")/../../.."
work=build/tests/programs/work
kinds='getppid pread pwrite pipe fork exec fault alu'
database=/dev/shm/tare-bench-$$.db
trap 'rm -f "$database"' EXIT

query='pragma journal_mode = delete; create table t (id integer primary key, word text);
	with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
	insert into t select i, hex(i * 7919 % 20011) from n;
	create index w on t (word); select count(*) from t a join t b on a.word = b.word;
	drop table t;'

# shellcheck disable=SC2086 # a list of words
"$work" $kinds
"$work" run gcc 2 gcc -O1 -D_GNU_SOURCE -c tests/programs/grow.c -o /dev/null
"$work" run tar 5 sh -c 'tar cf - bpf user vmlinux | cat > /dev/null'
[ ! -x /usr/bin/sqlite3 ] || "$work" run sqlite 3 sqlite3 "$database" "$query" | grep sqlite
