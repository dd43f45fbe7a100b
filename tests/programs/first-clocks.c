// SPDX-License-Identifier: Apache-2.0
// build: -nostdlib -static -fno-stack-protector -fno-pie -no-pie -O2
// Reads its CPU clock and the monotonic clock first thing, without libc: what the exec had cost.
// Prints "CPU_NS MONOTONIC_NS".
#include "bare.h"

void _start(void)
{
	unsigned long cpu_ns = read_clock_ns(PROCESS_CPUTIME);
	unsigned long monotonic_ns = read_clock_ns(MONOTONIC);

	print_two(cpu_ns, monotonic_ns);
	call3(EXIT, 0, 0, 0);
}
