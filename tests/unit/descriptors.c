// SPDX-License-Identifier: Apache-2.0
// Part of every unit test: one that ends with more descriptors open than it began with has failed.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pid_t test;
static int open_at_start;

/* The list's own descriptor is in both counts. */
static int count_open(void)
{
	DIR *list = opendir("/proc/self/fd");
	int count = 0;

	while (list && readdir(list))
		count++;
	if (list)
		closedir(list);
	return count;
}

static void __attribute__((constructor)) note_open(void)
{
	test = getpid();
	open_at_start = count_open();
}

static void show_open(void)
{
	char link[64], target[256];

	for (int fd = 0; fd < 1024; fd++) {
		ssize_t length;

		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		length = readlink(link, target, sizeof(target) - 1);
		if (length > 0)
			printf("# descriptor %d is open: %.*s\n", fd, (int)length, target);
	}
}

/* By the exit status, because the plan is told already. Children of a test are not meant. */
static void __attribute__((destructor)) compare_open(void)
{
	if (getpid() != test || count_open() <= open_at_start)
		return;
	show_open();
	fflush(stdout);
	_exit(1);
}
