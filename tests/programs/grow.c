// SPDX-License-Identifier: Apache-2.0
// Uses memory as its arguments say, one after the other: grow touch 64 stop drop. Sizes are MiB.
//
//   touch SIZE                new private memory, written to
//   share SIZE                new shared memory, written to
//   file SIZE                 a file in /dev/shm, written to and never mapped
//   rewrite                   the newest memory, written to again
//   drop                      gives the newest memory back
//   keep                      nothing
//   fork COUNT ACTION         that many children, each does one action and stays
//   thread COUNT ACTION       that many threads
//   visit ACTION              a child does one action, ends, and is waited for
//   exec                      the rest is done by this program, executed anew
//   stop                      when all children and threads have come to rest: says "ready" and
//                             waits for a line
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct memory {
	char *start;
	size_t size;
};

static struct memory all[64];
static size_t memories;
static int arrived[2]; /* a byte for each child or thread that has come to rest */
static int stay[2];    /* nothing is ever written: whoever reads stays until the end */
static int expected;

static char **act(char **words);

static void check(int is_good)
{
	if (!is_good)
		_exit(1);
}

static size_t megabytes(const char *word)
{
	check(word != NULL);
	return (size_t)atol(word) << 20;
}

static void fill(const struct memory *memory)
{
	memset(memory->start, 1, memory->size);
}

static void add(size_t size, int kind)
{
	struct memory memory = { .size = size };

	memory.start = mmap(NULL, size, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);
	check(memory.start != MAP_FAILED);
	fill(&memory);
	all[__atomic_fetch_add(&memories, 1, __ATOMIC_RELAXED)] = memory;
}

static void drop(void)
{
	check(memories > 0);
	memories--;
	munmap(all[memories].start, all[memories].size);
}

static void write_file(size_t size)
{
	static char block[1 << 20];
	int file = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);

	check(file >= 0);
	for (; size; size -= sizeof(block))
		check(write(file, block, sizeof(block)) == sizeof(block));
}

static void *act_and_stay(void *words)
{
	char byte;

	act(words);
	check(write(arrived[1], "a", 1) == 1);
	(void)!read(stay[0], &byte, 1);
	return NULL;
}

static void add_children(int count, char **words)
{
	for (expected += count; count > 0; count--) {
		pid_t pid = fork();

		check(pid >= 0);
		if (pid == 0)
			act_and_stay(words);
	}
}

static void add_visitor(char **words)
{
	pid_t pid = fork();

	check(pid >= 0);
	if (pid == 0) {
		act(words);
		_exit(0);
	}
	check(waitpid(pid, NULL, 0) == pid);
}

static void add_threads(int count, char **words)
{
	pthread_t thread;

	for (expected += count; count > 0; count--)
		check(pthread_create(&thread, NULL, act_and_stay, words) == 0);
}

/* Where the words after an action of one or two words are. */
static char **skip(char **words)
{
	return words + 1 + (words[1] && words[1][0] >= '0' && words[1][0] <= '9');
}

static int takes_action(const char *action)
{
	return !strcmp(action, "fork") || !strcmp(action, "thread") || !strcmp(action, "visit");
}

static void stop(void)
{
	char line[16];

	for (; expected > 0; expected--)
		check(read(arrived[0], line, 1) == 1);
	check(write(STDOUT_FILENO, "ready\n", 6) == 6);
	check(read(STDIN_FILENO, line, sizeof(line)) > 0);
}

/* Returns where the next action is. */
static char **act(char **words)
{
	const char *action = words[0];

	if (!strcmp(action, "touch"))
		add(megabytes(words[1]), MAP_PRIVATE);
	else if (!strcmp(action, "share"))
		add(megabytes(words[1]), MAP_SHARED);
	else if (!strcmp(action, "file"))
		write_file(megabytes(words[1]));
	else if (!strcmp(action, "rewrite"))
		fill(&all[memories - 1]);
	else if (!strcmp(action, "drop"))
		drop();
	else if (!strcmp(action, "stop"))
		stop();
	else if (!strcmp(action, "fork"))
		add_children(atoi(words[1]), words + 2);
	else if (!strcmp(action, "thread"))
		add_threads(atoi(words[1]), words + 2);
	else if (!strcmp(action, "keep"))
		;
	else if (!strcmp(action, "visit"))
		add_visitor(words + 1);
	else if (!strcmp(action, "exec"))
		execv("/proc/self/exe", words);
	else
		_exit(2);
	words = skip(words);
	return takes_action(action) ? skip(words) : words;
}

int main(int argc, char **argv)
{
	char **words = argv + 1;

	check(argc > 1 && pipe2(arrived, O_CLOEXEC) == 0 && pipe2(stay, O_CLOEXEC) == 0);
	while (*words)
		words = act(words);
	_exit(0);
}
