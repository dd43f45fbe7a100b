// SPDX-License-Identifier: Apache-2.0
// Claims about the terminal's foreground, each made by the leader of a session of its own that has
// a pseudo-terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sandbox/terminal.h"
#include "expect.h"

/* Of the pseudo-terminal; the child has both. */
static int master = -1;
static char slave_path[64];

static int open_terminal(void **state)
{
	(void)state;
	master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master < 0 || grantpt(master) || unlockpt(master))
		return -1;
	return ptsname_r(master, slave_path, sizeof(slave_path));
}

static int close_terminal(void **state)
{
	(void)state;
	close_fd(&master);
	return 0;
}

/* A child that was stopped, by SIGTTOU perhaps, has failed as well. */
static int wait_for(pid_t child)
{
	int status = -1;

	if (waitpid(child, &status, WUNTRACED) != child)
		return -1;
	if (WIFSTOPPED(status)) {
		fprintf(stderr, "stopped by signal %d\n", WSTOPSIG(status));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return status;
}

/* Starts a session that has the terminal, as a login does. Standard error stays the test's. */
static int take_terminal(void)
{
	int slave;

	EXPECT(setsid() > 0);
	slave = open(slave_path, O_RDWR | O_CLOEXEC);
	EXPECT(slave >= 0);
	EXPECT(ioctl(slave, TIOCSCTTY, 0) == 0);
	EXPECT(dup2(slave, STDIN_FILENO) == STDIN_FILENO);
	EXPECT(dup2(slave, STDOUT_FILENO) == STDOUT_FILENO);
	EXPECT(tcgetpgrp(slave) == getpgrp());
	return 0;
}

static void assert_holds(int (*claim)(void))
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0)
		_exit(take_terminal() || claim());
	assert_int_equal(wait_for(child), 0);
}

static int is_ours_now(void)
{
	struct terminal terminal;
	int is_lent;

	terminal_open(&terminal);
	is_lent = terminal_is_ours(&terminal);
	terminal_close(&terminal);
	return is_lent;
}

/* --- When there is one to lend --- */

static int open_in_foreground(void)
{
	struct terminal terminal;

	terminal_open(&terminal);
	EXPECT(terminal_is_ours(&terminal));
	EXPECT(terminal.caller == getpgrp());
	EXPECT(fcntl(terminal.fd, F_GETFD) == FD_CLOEXEC);
	EXPECT(tcgetpgrp(terminal.fd) == getpgrp());
	terminal_close(&terminal);
	EXPECT(!terminal_is_ours(&terminal));
	terminal_close(&terminal);
	return 0;
}

static void in_the_foreground_there_is_a_terminal_to_lend(void **state)
{
	(void)state;
	assert_holds(open_in_foreground);
}

static int redirect(int stream)
{
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);

	EXPECT(dup2(file, stream) == stream);
	EXPECT(!is_ours_now());
	return 0;
}

static int open_with_redirected_input(void)
{
	return redirect(STDIN_FILENO);
}

static int open_with_redirected_output(void)
{
	return redirect(STDOUT_FILENO);
}

/* A partner in a pipeline would lose the keyboard. */
static void in_a_pipeline_the_terminal_is_not_lent(void **state)
{
	(void)state;
	assert_holds(open_with_redirected_input);
	assert_holds(open_with_redirected_output);
}

static int open_without_streams(void)
{
	close(STDIN_FILENO);
	EXPECT(!is_ours_now());
	return 0;
}

static void without_standard_input_the_terminal_is_not_lent(void **state)
{
	(void)state;
	assert_holds(open_without_streams);
}

/* A second terminal that is nobody's, as a program like script(1) holds one. */
static int open_other_slave(void)
{
	int other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char path[64];

	if (other < 0 || grantpt(other) || unlockpt(other) || ptsname_r(other, path, sizeof(path)))
		return -1;
	return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int open_with_streams_on_another_terminal(void)
{
	int own = dup(STDIN_FILENO), other = open_other_slave();

	EXPECT(own >= 0 && other >= 0);
	EXPECT(dup2(other, STDIN_FILENO) == STDIN_FILENO);
	EXPECT(!is_ours_now());
	EXPECT(dup2(own, STDIN_FILENO) == STDIN_FILENO);
	EXPECT(dup2(other, STDOUT_FILENO) == STDOUT_FILENO);
	EXPECT(!is_ours_now());
	EXPECT(dup2(own, STDOUT_FILENO) == STDOUT_FILENO);
	EXPECT(is_ours_now());
	return 0;
}

static void a_terminal_that_is_not_the_sessions_own_is_not_lent(void **state)
{
	(void)state;
	assert_holds(open_with_streams_on_another_terminal);
}

static int open_in_session_without_terminal(void)
{
	pid_t child = fork();

	if (child == 0) {
		EXPECT(setsid() > 0);
		EXPECT(isatty(STDIN_FILENO));
		_exit(is_ours_now());
	}
	return wait_for(child);
}

static void a_session_without_a_terminal_has_none_to_lend(void **state)
{
	(void)state;
	assert_holds(open_in_session_without_terminal);
}

static int open_in_background(void)
{
	pid_t child = fork();

	if (child == 0) {
		EXPECT(setpgid(0, 0) == 0);
		_exit(is_ours_now());
	}
	return wait_for(child);
}

static void in_the_background_the_terminal_is_not_lent(void **state)
{
	(void)state;
	assert_holds(open_in_background);
}

/* --- Lending --- */

/* A child in a process group of its own that ends when told to. */
static pid_t start_group(int *until)
{
	int ends[2];
	pid_t child;
	char end;

	if (pipe2(ends, O_CLOEXEC))
		return -1;
	child = fork();
	if (child == 0) {
		close(ends[1]);
		_exit(read(ends[0], &end, 1) != 0);
	}
	close(ends[0]);
	setpgid(child, child);
	*until = ends[1];
	return child;
}

static int lend_and_take_back(void)
{
	struct terminal terminal;
	int until = -1;
	pid_t child = start_group(&until);

	EXPECT(child > 0);
	terminal_open(&terminal);
	EXPECT(terminal_is_ours(&terminal));
	for (int round = 0; round < 3; round++) {
		terminal_lend(&terminal, child);
		EXPECT(tcgetpgrp(terminal.fd) == child);
		/* From here on this process is in the background, where SIGTTOU would stop it. */
		terminal_take_back(&terminal);
		EXPECT(tcgetpgrp(terminal.fd) == getpgrp());
	}
	terminal_close(&terminal);
	close(until);
	return wait_for(child);
}

static void the_terminal_is_ours_and_taken_back_from_the_background(void **state)
{
	(void)state;
	assert_holds(lend_and_take_back);
}

static int compare_signal_masks(void)
{
	struct terminal terminal;
	sigset_t before, after;

	terminal_open(&terminal);
	sigemptyset(&before);
	sigaddset(&before, SIGUSR1);
	EXPECT(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
	terminal_lend(&terminal, getpgrp());
	EXPECT(sigprocmask(SIG_SETMASK, NULL, &after) == 0);
	EXPECT(sigismember(&after, SIGUSR1) == 1);
	EXPECT(sigismember(&after, SIGTTOU) == 0);
	return 0;
}

static void lending_leaves_the_signal_mask_as_it_was(void **state)
{
	(void)state;
	assert_holds(compare_signal_masks);
}

static int lend_to_nobody(void)
{
	struct terminal terminal;

	terminal_open(&terminal);
	/* Of another session, and of no process at all. */
	terminal_lend(&terminal, getppid());
	EXPECT(tcgetpgrp(terminal.fd) == getpgrp());
	terminal_lend(&terminal, INT32_MAX);
	EXPECT(tcgetpgrp(terminal.fd) == getpgrp());
	return 0;
}

static void a_group_that_cannot_have_the_terminal_does_not_get_it(void **state)
{
	(void)state;
	assert_holds(lend_to_nobody);
}

static int hang_up(void)
{
	struct terminal terminal;

	signal(SIGHUP, SIG_IGN);
	terminal_open(&terminal);
	EXPECT(terminal_is_ours(&terminal));
	close_fd(&master); /* the last one: the test itself waits without it */
	terminal_lend(&terminal, getpgrp());
	terminal_take_back(&terminal);
	terminal_close(&terminal);
	return 0;
}

static void a_terminal_that_hung_up_is_no_trouble(void **state)
{
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(take_terminal() || hang_up());
	close_fd(&master);
	assert_int_equal(wait_for(child), 0);
}

static void without_a_terminal_lending_does_nothing(void **state)
{
	struct terminal none = { .fd = -1, .caller = getpgrp() };

	(void)state;
	assert_false(terminal_is_ours(&none));
	terminal_lend(&none, getpid());
	terminal_take_back(&none);
	terminal_close(&none);
	assert_int_equal(none.fd, -1);
}

#define claim(name) cmocka_unit_test_setup_teardown(name, open_terminal, close_terminal)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(in_the_foreground_there_is_a_terminal_to_lend),
		claim(in_a_pipeline_the_terminal_is_not_lent),
		claim(without_standard_input_the_terminal_is_not_lent),
		claim(a_terminal_that_is_not_the_sessions_own_is_not_lent),
		claim(a_session_without_a_terminal_has_none_to_lend),
		claim(in_the_background_the_terminal_is_not_lent),
		claim(the_terminal_is_ours_and_taken_back_from_the_background),
		claim(lending_leaves_the_signal_mask_as_it_was),
		claim(a_group_that_cannot_have_the_terminal_does_not_get_it),
		claim(a_terminal_that_hung_up_is_no_trouble),
		claim(without_a_terminal_lending_does_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
