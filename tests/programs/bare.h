/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For programs without a C library, which have nothing to do before their first line: in a virtual
 * machine the start of the C library alone takes half a millisecond.
 */
#ifndef TARE_BARE_H
#define TARE_BARE_H

enum { WRITE = 1, NANOSLEEP = 35, EXIT = 60, CLOCK_GETTIME = 228 };
enum { MONOTONIC = 1, PROCESS_CPUTIME = 2 };

struct time {
	long seconds, nanoseconds;
};

static inline long call3(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static inline unsigned long read_clock_ns(int clock)
{
	struct time now = { 0, 0 };

	call3(CLOCK_GETTIME, clock, (long)&now, 0);
	return now.seconds * 1000000000UL + now.nanoseconds;
}

static inline char *print_before(char *end, unsigned long value)
{
	do {
		*--end = '0' + value % 10;
		value /= 10;
	} while (value);
	return end;
}

/* A line of two numbers on standard output. */
static inline void print_two(unsigned long first, unsigned long second)
{
	char line[64], *end = line + sizeof(line), *text = end;

	*--text = '\n';
	text = print_before(text, second);
	*--text = ' ';
	text = print_before(text, first);
	call3(WRITE, 1, (long)text, end - text);
}

/* The kernel starts a program with a stack aligned for one that was not called. */
__attribute__((force_align_arg_pointer)) void _start(void);

#endif
