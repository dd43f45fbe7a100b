// SPDX-License-Identifier: Apache-2.0
// Makes so many tasks of a kind: breed KIND COUNT.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int gate[2]; /* whoever reads stays until the other end is closed */

static void check(int is_good)
{
	if (!is_good)
		_exit(1);
}

static void stay(void)
{
	char byte;

	check(read(gate[0], &byte, 1) == 0);
}

static pid_t fork_or_die(void)
{
	pid_t pid = fork();

	check(pid >= 0);
	return pid;
}

/* None ends before all are there. */
static void together(int count)
{
	for (int i = 0; i < count; i++) {
		if (fork_or_die() == 0) {
			close(gate[1]);
			stay();
			_exit(0);
		}
	}
	close(gate[1]);
	while (wait(NULL) > 0)
		;
}

static void in_turn(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork_or_die();

		if (pid == 0)
			_exit(0);
		check(waitpid(pid, NULL, 0) == pid);
	}
}

/* Each is the child of the one before. */
static void chain(int count)
{
	if (count == 0)
		return;
	if (fork_or_die() == 0) {
		chain(count - 1);
		_exit(0);
	}
	wait(NULL);
}

static void *thread(void *unused)
{
	stay();
	return unused;
}

static void threads(int count)
{
	pthread_t *all = calloc(count, sizeof(*all));

	check(all != NULL);
	for (int i = 0; i < count; i++)
		check(pthread_create(&all[i], NULL, thread, NULL) == 0);
	close(gate[1]);
	for (int i = 0; i < count; i++)
		pthread_join(all[i], NULL);
	free(all);
}

static void exec_with(const char *kind, int count)
{
	char left[16];
	char *arguments[] = { (char *)"breed", (char *)kind, left, NULL };

	if (count == 0)
		return;
	snprintf(left, sizeof(left), "%d", count - 1);
	execv("/proc/self/exe", arguments);
	check(0);
}

static void execs(int count)
{
	exec_with("execs", count);
}

static void *exec_in_thread(void *count)
{
	exec_with("thread-execs", (int)(intptr_t)count);
	return NULL;
}

/* Every exec is made by a thread that is not the first of its process. */
static void thread_execs(int count)
{
	pthread_t other;

	if (count == 0)
		return;
	check(pthread_create(&other, NULL, exec_in_thread, (void *)(intptr_t)count) == 0);
	pthread_join(other, NULL);
}

static const struct {
	const char *name;
	void (*run)(int count);
} kinds[] = {
	{ "together", together },
	{ "in-turn", in_turn },
	{ "chain", chain },
	{ "threads", threads },
	{ "execs", execs },
	{ "thread-execs", thread_execs },
};

int main(int argc, char **argv)
{
	check(argc == 3 && pipe(gate) == 0);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(argv[1], kinds[i].name) != 0)
			continue;
		kinds[i].run(atoi(argv[2]));
		return 0;
	}
	return 1;
}
