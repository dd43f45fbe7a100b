// SPDX-License-Identifier: Apache-2.0
// on-terminal COMMAND...: runs the command on a terminal of its own, as its session's leader. What
// comes on standard input is typed there, what the terminal shows goes to standard output.
// Exits with the command's code or 128+N.
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* False when there is no more. */
static int copy(int from, int to)
{
	char bytes[4096];
	ssize_t size = read(from, bytes, sizeof(bytes));

	return size > 0 && write(to, bytes, (size_t)size) == size;
}

/* Until the terminal hangs up: its last process is gone. */
static void pass_on(int terminal)
{
	struct pollfd ends[] = {
		{ .fd = terminal, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	for (;;) {
		if (poll(ends, 2, -1) < 0)
			continue;
		if (ends[0].revents && !copy(terminal, STDOUT_FILENO))
			return;
		if (ends[1].revents && !copy(STDIN_FILENO, terminal))
			ends[1].fd = -1;
	}
}

int main(int argc, char **argv)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	int terminal, status;
	pid_t child;

	if (argc < 2) {
		fprintf(stderr, "usage: on-terminal COMMAND...\n");
		return 125;
	}
	child = forkpty(&terminal, NULL, NULL, &size);
	if (child < 0)
		return 125;
	if (child == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	pass_on(terminal);
	if (waitpid(child, &status, 0) < 0)
		return 125;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
