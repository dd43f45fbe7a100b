// SPDX-License-Identifier: Apache-2.0
// build: -nostdlib -static -fno-stack-protector -fno-pie -no-pie -O2
// Reads its CPU clock and the monotonic clock first thing, without libc: what the exec had cost.
// Prints "CPU_NS MONOTONIC_NS".

struct time {
	long seconds, nanoseconds;
};

static long call3(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static char *print(char *end, unsigned long value)
{
	do {
		*--end = '0' + value % 10;
		value /= 10;
	} while (value);
	return end;
}

enum { WRITE = 1, EXIT = 60, CLOCK_GETTIME = 228, MONOTONIC = 1, PROCESS_CPUTIME = 2 };

void _start(void);
void _start(void)
{
	struct time cpu, monotonic;
	char line[64], *end = line + sizeof(line), *text;

	call3(CLOCK_GETTIME, PROCESS_CPUTIME, (long)&cpu, 0);
	call3(CLOCK_GETTIME, MONOTONIC, (long)&monotonic, 0);
	*--end = '\n';
	text = print(end, monotonic.seconds * 1000000000UL + monotonic.nanoseconds);
	*--text = ' ';
	text = print(text, cpu.seconds * 1000000000UL + cpu.nanoseconds);
	call3(WRITE, 1, (long)text, line + sizeof(line) - text);
	call3(EXIT, 0, 0, 0);
}
