// SPDX-License-Identifier: Apache-2.0
// kill-after MICROSECONDS SIGNAL COMMAND...: starts the command, signals it by its pidfd after the
// delay, waits for it, and exits with its code or 128+N. The delay is the test's stimulus.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void wait_microseconds(long microseconds)
{
	struct timespec delay = { microseconds / 1000000, microseconds % 1000000 * 1000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &delay, &delay) == EINTR)
		continue;
}

int main(int argc, char **argv)
{
	int status, pidfd;
	pid_t child;

	if (argc < 4) {
		fprintf(stderr, "usage: kill-after MICROSECONDS SIGNAL COMMAND...\n");
		return 125;
	}
	child = fork();
	if (child == 0) {
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	wait_microseconds(strtol(argv[1], NULL, 10));
	/* It may have ended before: then there is nobody to signal. */
	(void)syscall(SYS_pidfd_send_signal, pidfd, (int)strtol(argv[2], NULL, 10), NULL, 0);
	if (waitpid(child, &status, 0) < 0)
		return 125;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
