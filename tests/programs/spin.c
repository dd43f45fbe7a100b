// SPDX-License-Identifier: Apache-2.0
// Uses processors until it is killed: spin threads|processes COUNT, spin through-term, spin
// stopped, spin forking.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((noreturn)) static void *spin(void *unused)
{
	(void)unused;
	for (;;)
		__asm__ volatile("" ::: "memory");
}

static void threads(int count)
{
	pthread_t thread;

	for (int i = 1; i < count; i++)
		pthread_create(&thread, NULL, spin, NULL);
	spin(NULL);
}

static void processes(int count)
{
	for (int i = 1; i < count; i++) {
		if (fork() == 0)
			break;
	}
	spin(NULL);
}

static void through_term(int count)
{
	(void)count;
	signal(SIGTERM, SIG_IGN);
	spin(NULL);
}

/* A child goes on, but nobody who could be asked does. */
static void stopped(int count)
{
	(void)count;
	if (fork() == 0)
		raise(SIGSTOP);
	raise(SIGSTOP);
}

static void forking(int count)
{
	(void)count;
	signal(SIGCHLD, SIG_IGN);
	for (;;)
		(void)!fork();
}

static const struct {
	const char *name;
	void (*run)(int count);
} shapes[] = {
	{ "threads", threads },
	{ "processes", processes },
	{ "through-term", through_term },
	{ "stopped", stopped },
	{ "forking", forking },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (!strcmp(argv[1], shapes[i].name))
			shapes[i].run(argc > 2 ? atoi(argv[2]) : 1);
	}
	return 2;
}
