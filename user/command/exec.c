// SPDX-License-Identifier: Apache-2.0
// `tare exec`: a command that is let into a living run.
//
// All that is done inside is done by the run's launcher (sandbox/guest.h). This process hands it
// the command and the three standard streams, passes signals and what is typed on, and tells how
// the command ended. When it is killed, the command is.
#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/result.h"
#include "exec_terminal.h"
#include "options_living.h"
#include "print_failure.h"
#include "sandbox/living.h"
#include "sandbox/visit.h"
#include "signals.h"

struct exec {
	const struct living_options *options;
	const struct living_run *run;
	struct visit visit;
	struct exec_terminal terminal;
	int signal_fd;
	bool is_let_in, is_over;
	struct outcome outcome;
};

/* --- What comes --- */

static void record_end(struct exec *exec, const struct visit_event *event)
{
	struct outcome *outcome = &exec->outcome;

	outcome->kind = event->is_signaled ? OUTCOME_SIGNALED : OUTCOME_EXITED;
	*(event->is_signaled ? &outcome->signal : &outcome->exit_code) = event->code;
	exec->is_over = true;
	if (event->is_run_over)
		outcome->termination_reason = "killed";
}

static int take_event(struct exec *exec, struct failure *why)
{
	struct visit_event event;
	int error = visit_hear(&exec->visit, &event, why);

	if (error == -EPIPE)
		return failure_set(
			why, ECHILD, "stay in the run: what let the command in was killed");
	if (error)
		return error;
	if (event.news == VISIT_LET_IN) {
		exec->is_let_in = true;
	} else if (event.news == VISIT_ENDED) {
		record_end(exec, &event);
	} else {
		exec->outcome.kind = event.is_exec_failure ? OUTCOME_NOT_STARTED : OUTCOME_ERROR;
		exec->outcome.error = *why;
		exec->is_over = true;
	}
	return 0;
}

static void take_signal(struct exec *exec)
{
	struct signalfd_siginfo info;

	if (read(exec->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	/* The kernel tells who is in the foreground of the new terminal of its size. */
	if (info.ssi_signo == SIGWINCH && exec_terminal_is_used(&exec->terminal))
		exec_terminal_resize(&exec->terminal);
	else
		visit_signal(&exec->visit, (int)info.ssi_signo);
}

/* --- Waiting --- */

static int step(struct exec *exec, struct failure *why)
{
	struct exec_terminal *terminal = &exec->terminal;
	struct pollfd news[] = {
		{ .fd = exec->visit.socket, .events = POLLIN },
		{ .fd = exec->signal_fd, .events = POLLIN },
		{ .fd = relay_fd(&terminal->typed), .events = relay_events(&terminal->typed) },
		{ .fd = relay_fd(&terminal->shown), .events = relay_events(&terminal->shown) },
		/* Its host hears of it, once there is one. */
		{ .fd = exec->is_let_in ? -1 : exec->run->launcher_pidfd, .events = POLLIN },
	};

	if (poll(news, sizeof(news) / sizeof(news[0]), -1) < 0)
		return errno == EINTR ? 0 : failure_set(why, errno, "wait for the command");
	if (news[1].revents)
		take_signal(exec);
	exec_terminal_step(terminal, news[2].revents, news[3].revents);
	if (news[0].revents)
		return take_event(exec, why);
	if (news[4].revents)
		return failure_set(
			why, ESRCH, "enter run %s, which is over", exec->run->cgroup->id);
	return 0;
}

/* A reader or writer of the command's pipes must not wait for this process's copies. */
static void let_streams_go(const struct exec *exec)
{
	cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || exec_terminal_is_used(&exec->terminal))
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
}

static int begin(struct exec *exec, struct failure *why)
{
	static const int forwarded[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
		SIGWINCH };
	struct visit_spec spec = { .launcher_pidfd = exec->run->launcher_pidfd,
		.launcher = exec->run->launcher,
		.has_terminal = exec_terminal_is_used(&exec->terminal),
		.command = exec->options->command };
	int error = signals_take(
		forwarded, sizeof(forwarded) / sizeof(forwarded[0]), &exec->signal_fd, why);

	for (int stream = 0; stream < 3; stream++)
		spec.streams[stream] = exec_terminal_stream(&exec->terminal, stream);
	if (!error)
		error = visit_begin(&exec->visit, &spec, why);
	if (error)
		return error;
	exec_terminal_begin(&exec->terminal);
	let_streams_go(exec);
	return 0;
}

/* --- Telling --- */

static int tell(const struct exec *exec)
{
	const struct outcome *outcome = &exec->outcome;

	if (outcome->kind == OUTCOME_ERROR || outcome->kind == OUTCOME_NOT_STARTED)
		(void)print_failure(&outcome->error);
	else if (outcome->termination_reason)
		fprintf(stderr, "tare: run %.12s is over, and the command with it\n",
			exec->run->cgroup->id);
	return result_exit_status(outcome);
}

static int visit_run(const struct living_options *options, const struct living_run *run,
	int *status, struct failure *why)
{
	static struct exec exec; /* with the buffers of two relays */
	int error = 0;

	exec = (struct exec){
		.options = options, .run = run, .visit = VISIT_NONE, .signal_fd = -1
	};
	exec.terminal.master = exec.terminal.slave = -1;
	exec.terminal.typed.from = exec.terminal.shown.from = -1;
	if (!options->no_terminal)
		error = exec_terminal_open(&exec.terminal, why);
	if (!error)
		error = begin(&exec, why);
	while (!error && !exec.is_over)
		error = step(&exec, why);
	exec_terminal_close(&exec.terminal);
	if (!error)
		*status = tell(&exec);
	visit_end(&exec.visit);
	close_fd(&exec.signal_fd);
	return error;
}

int exec_command(int argc, char **argv)
{
	struct living_options options;
	struct living_runs list = { 0 };
	const struct living_run *run;
	struct failure why;
	int status = 0;
	int error = living_parse(LIVING_EXEC, argc, argv, &options, &why);

	if (!error && options.wants_help) {
		living_print_help(LIVING_EXEC);
		return 0;
	}
	/* What else the caller has open may be what the run waits for: a pipe to its command. */
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	if (!error)
		error = living_list(&list, &why);
	if (!error)
		error = living_find(&list, options.runs[0], &run, &why);
	if (!error)
		error = visit_run(&options, run, &status, &why);
	living_done(&list);
	return error ? print_failure(&why) : status;
}
