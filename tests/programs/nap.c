// SPDX-License-Identifier: Apache-2.0
// build: -nostdlib -static -fno-stack-protector -fno-pie -no-pie -O2
// Reads the monotonic clock first thing, sleeps for 50 ms, and reads it again last thing.
// Prints "FIRST_NS LAST_NS".
#include "bare.h"

void _start(void)
{
	struct time pause = { 0, 50000000 };
	unsigned long first_ns = read_clock_ns(MONOTONIC);

	call3(NANOSLEEP, (long)&pause, 0, 0);
	print_two(first_ns, read_clock_ns(MONOTONIC));
	call3(EXIT, 0, 0, 0);
}
