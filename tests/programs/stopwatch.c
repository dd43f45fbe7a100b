// SPDX-License-Identifier: Apache-2.0
// stopwatch FILE COMMAND...: runs the command, and if it succeeds, adds a line to the file with the
// nanoseconds from before its process is made until it has ended.
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	int64_t begin_ns, end_ns;
	int status, file;
	pid_t child;

	if (argc < 3) {
		fprintf(stderr, "usage: stopwatch FILE COMMAND...\n");
		return 125;
	}
	begin_ns = now_ns();
	if (posix_spawnp(&child, argv[2], NULL, NULL, argv + 2, environ))
		return 127;
	if (waitpid(child, &status, 0) != child)
		return 125;
	end_ns = now_ns();
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0644);
	return file < 0 || dprintf(file, "%lld\n", (long long)(end_ns - begin_ns)) < 0 ? 125 : 0;
}
