// SPDX-License-Identifier: Apache-2.0
// Prints "ready", then the number of each signal that it gets, on a line; ends when its standard
// input does. No signal but SIGKILL ends it.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int reported[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
	SIGCONT };

/* Two digits are enough for the signals above. */
static void report(int number)
{
	char line[] = { (char)('0' + number / 10), (char)('0' + number % 10), '\n' };
	int saved = errno;

	(void)!write(STDOUT_FILENO, line, sizeof(line));
	errno = saved;
}

int main(void)
{
	struct sigaction action = { .sa_handler = report };
	char byte;

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(reported) / sizeof(reported[0]); i++)
		sigaction(reported[i], &action, NULL);
	(void)!write(STDOUT_FILENO, "ready\n", strlen("ready\n"));
	for (;;) {
		ssize_t size = read(STDIN_FILENO, &byte, 1);

		if (size == 0 || (size < 0 && errno != EINTR))
			return 0;
	}
}
