// SPDX-License-Identifier: Apache-2.0
// A terminal of its own for the command of tare exec, shown on the caller's.
//
// The command is no child of the caller's session, and so the caller's terminal cannot be its own:
// no job control, no ^C for whom it starts. And whoever has a terminal's descriptor can do more to
// it than write. So it gets a new one, of which nothing but what is typed and shown passes.
#include "exec_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/cleanup.h"

static void clear(struct exec_terminal *terminal)
{
	terminal->master = terminal->slave = -1;
	terminal->is_raw = false;
	terminal->typed.from = terminal->typed.to = -1;
	terminal->shown.from = terminal->shown.to = -1;
}

static int make(struct exec_terminal *terminal, struct failure *why)
{
	terminal->master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (terminal->master < 0 || unlockpt(terminal->master))
		return failure_set(why, errno, "make a terminal for the command");
	/* By the master, not by a name, which may be another one's in this mount namespace. */
	terminal->slave = ioctl(terminal->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->slave < 0)
		return failure_set(why, errno, "make a terminal for the command");
	return 0;
}

static struct relay relay_between(int from, int to, uint64_t *bytes)
{
	return (struct relay){ .from = fcntl(from, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
		.to = fcntl(to, F_DUPFD_CLOEXEC, STDERR_FILENO + 1),
		.limit = UINT64_MAX,
		.written = bytes };
}

int exec_terminal_open(struct exec_terminal *terminal, struct failure *why)
{
	int error;

	clear(terminal);
	if (tcgetattr(STDIN_FILENO, &terminal->before) || !isatty(STDOUT_FILENO))
		return 0;
	error = make(terminal, why);
	if (error)
		return error;
	(void)tcsetattr(terminal->slave, TCSANOW, &terminal->before);
	exec_terminal_resize(terminal);
	terminal->typed = relay_between(STDIN_FILENO, terminal->master, &terminal->typed_bytes);
	terminal->shown = relay_between(terminal->master, STDOUT_FILENO, &terminal->shown_bytes);
	return 0;
}

bool exec_terminal_is_used(const struct exec_terminal *terminal)
{
	return terminal->master >= 0;
}

int exec_terminal_stream(const struct exec_terminal *terminal, int stream)
{
	return exec_terminal_is_used(terminal) && isatty(stream) ? terminal->slave : stream;
}

void exec_terminal_begin(struct exec_terminal *terminal)
{
	struct termios raw = terminal->before;

	if (!exec_terminal_is_used(terminal))
		return;
	/* It hangs up, which ends the relay, when the command's side has let go of it. */
	close_fd(&terminal->slave);
	cfmakeraw(&raw);
	terminal->is_raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

void exec_terminal_resize(const struct exec_terminal *terminal)
{
	struct winsize size;

	if (exec_terminal_is_used(terminal) && !ioctl(STDIN_FILENO, TIOCGWINSZ, &size))
		(void)ioctl(terminal->master, TIOCSWINSZ, &size);
}

/* A side that is gone (EIO: the terminal hung up) passes nothing on any more. */
static void step(struct relay *relay)
{
	struct failure why;

	if (relay_step(relay, &why)) {
		close_fd(&relay->from);
		relay->pending_size = 0;
	}
}

void exec_terminal_step(struct exec_terminal *terminal, bool is_typed_ready, bool is_shown_ready)
{
	if (is_typed_ready)
		step(&terminal->typed);
	if (is_shown_ready)
		step(&terminal->shown);
}

/* Others that the command has started may still hold the terminal: what is there now is enough. */
static void show_rest(struct exec_terminal *terminal)
{
	struct pollfd news;

	do {
		news = (struct pollfd){ .fd = relay_fd(&terminal->shown),
			.events = relay_events(&terminal->shown) };
		if (news.fd < 0 || poll(&news, 1, terminal->shown.pending_size ? -1 : 0) <= 0)
			return;
		step(&terminal->shown);
	} while (terminal->shown.from >= 0);
}

void exec_terminal_close(struct exec_terminal *terminal)
{
	if (!exec_terminal_is_used(terminal))
		return;
	show_rest(terminal);
	if (terminal->is_raw)
		(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
	close_fd(&terminal->typed.from);
	close_fd(&terminal->typed.to);
	close_fd(&terminal->shown.from);
	close_fd(&terminal->shown.to);
	close_fd(&terminal->master);
	close_fd(&terminal->slave);
}
