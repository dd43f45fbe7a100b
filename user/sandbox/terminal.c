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
	if (tcgetpgrp(STDIN_FILENO) < 0 || tcgetpgrp(STDOUT_FILENO) < 0)
		return;
	terminal->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool terminal_is_shared(const struct terminal *terminal)
{
	return terminal->fd >= 0;
}

bool terminal_is_ours(const struct terminal *terminal)
{
	return terminal->fd >= 0 && tcgetpgrp(terminal->fd) == terminal->caller;
}

/* From the background this is forbidden by SIGTTOU, unless it is blocked. */
static int set_foreground(const struct terminal *terminal, pid_t group)
{
	sigset_t output, before;
	int error;

	sigemptyset(&output);
	sigaddset(&output, SIGTTOU);
	sigprocmask(SIG_BLOCK, &output, &before);
	error = tcsetpgrp(terminal->fd, group);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return error;
}

void terminal_lend(struct terminal *terminal, pid_t group)
{
	if (terminal_is_ours(terminal) && set_foreground(terminal, group) == 0)
		terminal->borrower = group;
}

void terminal_take_back(struct terminal *terminal)
{
	if (!terminal->borrower)
		return;
	/* Somebody else, the shell, may have taken it meanwhile; a terminal may have hung up. */
	if (tcgetpgrp(terminal->fd) == terminal->borrower)
		(void)set_foreground(terminal, terminal->caller);
	terminal->borrower = 0;
}

void terminal_close(struct terminal *terminal)
{
	close_fd(&terminal->fd);
}
