// SPDX-License-Identifier: Apache-2.0
// Does one thing so many times, and prints the kernel's counters of itself as they were first thing
// and last thing: two lines of VOLUNTARY INVOLUNTARY MINOR MAJOR MIGRATIONS.
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };

static void check(int is_good)
{
	if (!is_good)
		_exit(1);
}

/* "se.nr_migrations    :    12" */
static long read_migrations(void)
{
	char text[4096], *line;
	int file = open("/proc/self/sched", O_RDONLY);
	ssize_t size = file < 0 ? 0 : read(file, text, sizeof(text) - 1);

	close(file);
	text[size > 0 ? size : 0] = '\0';
	line = strstr(text, "nr_migrations");
	return line ? atol(strchr(line, ':') + 1) : -1;
}

static void print_counters(void)
{
	long migrations = read_migrations();
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	dprintf(STDOUT_FILENO, "%ld %ld %ld %ld %ld\n", used.ru_nvcsw, used.ru_nivcsw,
		used.ru_minflt, used.ru_majflt, migrations);
}

static void sleeps(int count)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	while (count-- > 0)
		nanosleep(&pause, NULL);
}

/* Small ones, each of which takes a fault of its own. */
static void pages(int count)
{
	size_t size = (size_t)count * PAGE;
	char *start = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	check(start != MAP_FAILED);
	madvise(start, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < size; i += PAGE)
		start[i] = 1;
}

static void run_on(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	check(sched_setaffinity(0, sizeof(set), &set) == 0);
}

static void migrations(int count)
{
	while (count-- > 0)
		run_on(count % 2);
}

static void *spin(void *milliseconds)
{
	struct timespec used;

	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	} while (used.tv_sec * 1000 + used.tv_nsec / 1000000 < *(int *)milliseconds);
	return NULL;
}

/* Two threads on one processor, so that they take it from each other. */
static void compete(int milliseconds)
{
	pthread_t other;

	run_on(0);
	check(pthread_create(&other, NULL, spin, &milliseconds) == 0);
	spin(&milliseconds);
	pthread_join(other, NULL);
}

/* The test has seen to it that the file has to be read from its disk. */
static void read_mapped(const char *path)
{
	int file = open(path, O_RDONLY);
	struct stat status;
	volatile char *start;
	char sum = 0;

	check(file >= 0 && fstat(file, &status) == 0);
	start = mmap(NULL, status.st_size, PROT_READ, MAP_SHARED, file, 0);
	check(start != MAP_FAILED);
	for (off_t i = 0; i < status.st_size; i += PAGE)
		sum += start[i];
	(void)sum;
}

static const struct {
	const char *name;
	void (*run)(int count);
} all[] = {
	{ "sleeps", sleeps },
	{ "pages", pages },
	{ "migrations", migrations },
	{ "compete", compete },
};

int main(int argc, char **argv)
{
	check(argc == 3);
	print_counters();
	if (!strcmp(argv[1], "file"))
		read_mapped(argv[2]);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (!strcmp(argv[1], all[i].name))
			all[i].run(atoi(argv[2]));
	}
	print_counters();
	_exit(0);
}
