// SPDX-License-Identifier: Apache-2.0
// Does one kind of work again and again, and says what one time of it costs:
//
//   work KIND...                    each in turn, "KIND NANOSECONDS" a line: the median of nine
//                                   bursts of 5 ms, on the processor where it finds itself
//   work run NAME TIMES COMMAND...  a command that is executed so many times, until its end
//   work count KIND TIMES           exactly so many; then it says "done", and waits for a line
//
// Under a tool that makes a call 80 times as long, a burst is still 5 ms: of fewer times.
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BURSTS 9
#define BURST_NS 5000000
#define PAGES 1024

static int file = -1;
static int to_other[2], from_other[2];
static char *self[] = { "work", "nothing", NULL };

static void check(int is_good)
{
	if (!is_good) {
		perror("work");
		exit(1);
	}
}

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/* --- One time of each kind --- */

static void begin_file(void)
{
	file = memfd_create("work", MFD_CLOEXEC);
	check(file >= 0 && ftruncate(file, 4096) == 0);
}

static void call(long times)
{
	while (times--)
		syscall(SYS_getppid);
}

static void read_file(long times)
{
	char block[512];

	while (times--)
		check(pread(file, block, sizeof(block), 0) == sizeof(block));
}

static void write_file(long times)
{
	static const char block[512];

	while (times--)
		check(pwrite(file, block, sizeof(block), 0) == sizeof(block));
}

/* The other one ends with the last writer of its pipe. */
static void begin_pipe(void)
{
	char byte;

	check(pipe2(to_other, O_CLOEXEC) == 0 && pipe2(from_other, O_CLOEXEC) == 0);
	if (fork() != 0)
		return;
	close(to_other[1]);
	while (read(to_other[0], &byte, 1) == 1)
		check(write(from_other[1], &byte, 1) == 1);
	_exit(0);
}

static void go_and_return(long times)
{
	char byte = 0;

	while (times--)
		check(write(to_other[1], &byte, 1) == 1 && read(from_other[0], &byte, 1) == 1);
}

static void end_pipe(void)
{
	close(to_other[1]);
	check(wait(NULL) > 0);
}

static void bear(long times)
{
	while (times--) {
		pid_t child = fork();

		if (child == 0)
			_exit(0);
		check(child > 0 && waitpid(child, NULL, 0) == child);
	}
}

static void execute(char *path, char **words)
{
	int status;
	pid_t child;

	check(posix_spawnp(&child, path, NULL, NULL, words, environ) == 0);
	check(waitpid(child, &status, 0) == child);
	if (status) {
		fprintf(stderr, "work: %s failed\n", path);
		exit(1);
	}
}

static void bear_and_execute(long times)
{
	while (times--)
		execute("/proc/self/exe", self);
}

/* A mapping of one page is most of the cost of its fault, so there are many in one. */
static void touch(long times)
{
	while (times > 0) {
		long pages = times < PAGES ? times : PAGES;
		char *memory = mmap(NULL, pages * 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		check(memory != MAP_FAILED && madvise(memory, pages * 4096, MADV_NOHUGEPAGE) == 0);
		for (long page = 0; page < pages; page++)
			((volatile char *)memory)[page * 4096] = 1;
		munmap(memory, pages * 4096);
		times -= pages;
	}
}

static volatile unsigned long sink;

static void calculate(long times)
{
	unsigned long value = 88172645463325252;

	while (times--) {
		value ^= value << 13;
		value ^= value >> 7;
		value ^= value << 17;
	}
	sink = value;
}

static const struct {
	const char *name;
	void (*begin)(void);
	void (*work)(long times);
	void (*end)(void);
} kinds[] = {
	{ "getppid", NULL, call, NULL },
	{ "pread", begin_file, read_file, NULL },
	{ "pwrite", begin_file, write_file, NULL },
	{ "pipe", begin_pipe, go_and_return, end_pipe }, /* there and back, on one processor */
	{ "fork", NULL, bear, NULL },			 /* and exit and wait */
	{ "exec", NULL, bear_and_execute, NULL },	 /* and fork, exit and wait */
	{ "fault", NULL, touch, NULL },			 /* and its share of mmap and munmap */
	{ "alu", NULL, calculate, NULL },
};

/* --- How long it takes --- */

static double time_of(void (*work)(long times), long times)
{
	double begin_ns = now_ns();

	work(times);
	return now_ns() - begin_ns;
}

static double lesser_time_of(void (*work)(long times), long times)
{
	double first_ns = time_of(work, times), second_ns = time_of(work, times);

	return first_ns < second_ns ? first_ns : second_ns;
}

/* Doubled until it is an eighth of a burst, so that the first, cold ones do not mislead. */
static long times_in_burst(void (*work)(long times))
{
	long times = 1;
	double taken_ns;

	while ((taken_ns = lesser_time_of(work, times)) < BURST_NS / 8.0)
		times *= 2;
	times = times * (BURST_NS / taken_ns);
	return times ? times : 1;
}

static int compare(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

static double median_of_bursts(void (*work)(long times))
{
	long times = times_in_burst(work);
	double bursts_ns[BURSTS];

	for (int i = 0; i < BURSTS; i++)
		bursts_ns[i] = time_of(work, times) / times;
	qsort(bursts_ns, BURSTS, sizeof(*bursts_ns), compare);
	return bursts_ns[BURSTS / 2];
}

static void stay_on_processor(void)
{
	cpu_set_t here;

	CPU_ZERO(&here);
	CPU_SET(sched_getcpu(), &here);
	check(sched_setaffinity(0, sizeof(here), &here) == 0);
}

static size_t find(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (!strcmp(kinds[i].name, name))
			return i;
	}
	fprintf(stderr, "work: no kind '%s'\n", name);
	exit(2);
}

static void measure(const char *name)
{
	size_t kind = find(name);

	if (kinds[kind].begin)
		kinds[kind].begin();
	printf("%s %.2f\n", name, median_of_bursts(kinds[kind].work));
	if (kinds[kind].end)
		kinds[kind].end();
}

static void count(const char *name, long times)
{
	size_t kind = find(name);
	char line[16];

	if (kinds[kind].begin)
		kinds[kind].begin();
	kinds[kind].work(times);
	if (kinds[kind].end)
		kinds[kind].end();
	check(write(STDOUT_FILENO, "done\n", 5) == 5 &&
		read(STDIN_FILENO, line, sizeof(line)) >= 0);
}

static void measure_command(const char *name, long times, char **words)
{
	double begin_ns = now_ns();

	check(times > 0 && words[0]);
	for (long i = 0; i < times; i++)
		execute(words[0], words);
	printf("%s %.0f\n", name, (now_ns() - begin_ns) / times);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	if (argc > 4 && !strcmp(argv[1], "run")) {
		measure_command(argv[2], atol(argv[3]), argv + 4);
		return 0;
	}
	stay_on_processor();
	if (argc == 4 && !strcmp(argv[1], "count")) {
		count(argv[2], atol(argv[3]));
		return 0;
	}
	for (int i = 1; i < argc; i++)
		measure(argv[i]);
	return argc > 1 ? 0 : 2;
}
