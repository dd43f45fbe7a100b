// SPDX-License-Identifier: Apache-2.0
// Burns CPU time in a tree of tasks: burn SHAPE TASKS MILLISECONDS, the time of each task by its
// own clock. Says "ready" and waits for a line, or the end of its input, before it begins.
#include <linux/io_uring.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long burn_ns;
static int done[2]; /* a byte for each task that has burnt its time; its end when all are gone */

static long used_ns(clockid_t clock)
{
	struct timespec used;

	clock_gettime(clock, &used);
	return used.tv_sec * 1000000000 + used.tv_nsec;
}

static void burn(void)
{
	while (used_ns(CLOCK_THREAD_CPUTIME_ID) < burn_ns)
		;
}

static void say_done(void)
{
	if (write(done[1], "d", 1) != 1)
		_exit(1);
}

static pid_t fork_or_die(void)
{
	pid_t pid = fork();

	if (pid < 0)
		_exit(1);
	return pid;
}

static void await(int tasks)
{
	char byte;

	while (tasks-- > 0 && read(done[0], &byte, 1) == 1)
		;
}

static void *thread(void *unused)
{
	burn();
	return unused;
}

static void threads(int tasks)
{
	pthread_t *all = calloc(tasks, sizeof(*all));

	if (!all)
		_exit(1);
	for (int i = 0; i < tasks; i++) {
		if (pthread_create(&all[i], NULL, thread, NULL))
			_exit(1);
	}
	for (int i = 0; i < tasks; i++)
		pthread_join(all[i], NULL);
	free(all);
}

/* Every process bears two, until there are enough of them. */
static void tree(int tasks)
{
	for (int half = 0; half < 2; half++) {
		int below = (tasks + half) / 2;

		if (below > 0 && fork_or_die() == 0) {
			burn();
			tree(below - 1);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
}

/* The reader of the pipe learns of the last one's end without waiting for it. */
static void unwaited(int tasks)
{
	for (int i = 0; i < tasks; i++) {
		if (fork_or_die() == 0) {
			burn();
			_exit(0);
		}
	}
	close(done[1]);
	await(1);
}

static void daemons(int tasks)
{
	for (int i = 0; i < tasks; i++) {
		if (fork_or_die() != 0) {
			wait(NULL);
			continue;
		}
		setsid();
		if (fork_or_die() == 0)
			burn();
		_exit(0);
	}
	close(done[1]);
	await(1);
}

static void spin(void)
{
	burn();
	say_done();
	for (;;)
		;
}

static void killed(int tasks)
{
	pid_t *all = calloc(tasks, sizeof(*all));

	if (!all)
		_exit(1);
	for (int i = 0; i < tasks; i++) {
		all[i] = fork_or_die();
		if (all[i] == 0)
			spin();
	}
	await(tasks);
	for (int i = 0; i < tasks; i++)
		kill(all[i], SIGKILL);
	free(all);
}

static void left(int tasks)
{
	for (int i = 0; i < tasks; i++) {
		if (fork_or_die() == 0)
			spin();
	}
	await(tasks);
}

/* Each ring is polled by a thread of the kernel's, which does not rest before the command ends. */
static void rings(int tasks)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < tasks; i++) {
		struct io_uring_params params = {
			.flags = IORING_SETUP_SQPOLL,
			.sq_thread_idle = 60000,
		};

		if (syscall(SYS_io_uring_setup, 4, &params) < 0)
			_exit(1);
	}
	while (used_ns(CLOCK_PROCESS_CPUTIME_ID) < (tasks + 1) * burn_ns)
		nanosleep(&pause, NULL);
}

static const struct {
	const char *name;
	void (*run)(int tasks);
} shapes[] = {
	{ "threads", threads },	  /* joined */
	{ "tree", tree },	  /* waited for */
	{ "unwaited", unwaited }, /* the main process ends last, without having waited */
	{ "daemons", daemons },	  /* forked twice, in sessions of their own */
	{ "killed", killed },	  /* by the main process, while they spin */
	{ "left", left },	  /* spin on after the main process has ended */
	{ "rings", rings },	  /* threads that the kernel makes */
};

int main(int argc, char **argv)
{
	char line[16];

	if (argc != 4 || pipe(done) || write(STDOUT_FILENO, "ready\n", 6) != 6 ||
		read(STDIN_FILENO, line, sizeof(line)) < 0)
		return 1;
	burn_ns = atol(argv[3]) * 1000000;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		if (strcmp(argv[1], shapes[i].name) != 0)
			continue;
		burn();
		shapes[i].run(atoi(argv[2]));
		return 0;
	}
	return 1;
}
