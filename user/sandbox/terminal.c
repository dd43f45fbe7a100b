// SPDX-License-Identifier: Apache-2.0
// The terminal's foreground: lent to the command while it runs.
#include "terminal.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include "base/cleanup.h"

void terminal_open(struct terminal *terminal)
{
	*terminal = (struct terminal){ .fd = -1, .caller = getpgrp() };
	/* Only the controlling terminal tells its foreground; any other descriptor is ENOTTY. */
	if (tcgetpgrp(STDIN_FILENO) != terminal->caller ||
		tcgetpgrp(STDOUT_FILENO) != terminal->caller)
		return;
	terminal->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool terminal_is_lent(const struct terminal *terminal)
{
	return terminal->fd >= 0;
}

/* From the background this is forbidden by SIGTTOU, unless it is blocked. */
static void set_foreground(const struct terminal *terminal, pid_t group)
{
	sigset_t output, before;

	if (terminal->fd < 0)
		return;
	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	sigprocmask(SIG_BLOCK, &output, &before);
	/* A terminal that hung up has no foreground to lose. */
	(void)tcsetpgrp(terminal->fd, group);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void terminal_lend(const struct terminal *terminal, pid_t group)
{
	set_foreground(terminal, group);
}

void terminal_take_back(const struct terminal *terminal)
{
	set_foreground(terminal, terminal->caller);
}

void terminal_close(struct terminal *terminal)
{
	close_fd(&terminal->fd);
}
