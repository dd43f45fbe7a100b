// SPDX-License-Identifier: Apache-2.0
// How long a system call of this thread takes just now: the yardstick of what the probes cost.
#include "call_time.h"

#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"

/* A burst is some microseconds: many fit between two timer ticks, and the clock's 30 ns are lost.
 */
#define BURSTS 8
#define CALLS 32

/* getppid does nothing but be called. */
static uint64_t burst_ns(void)
{
	uint64_t begin_ns = clock_now_ns();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return clock_now_ns() - begin_ns;
}

uint64_t call_time_ps(void)
{
	uint64_t least_ns = UINT64_MAX;

	for (int i = 0; i < BURSTS; i++) {
		uint64_t taken_ns = burst_ns();

		if (taken_ns < least_ns)
			least_ns = taken_ns;
	}
	return least_ns * 1000 / CALLS;
}
