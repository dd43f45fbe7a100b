// SPDX-License-Identifier: Apache-2.0
// One command of a batch: a process of its own that weighs it, and the line that tells of it.
//
// The process is a fork and no more: it has the configuration already, and a `tare run` that was
// executed anew would have to be found, told everything once more, and linked again. It leaves the
// batch's session, so that the keyboard's signals come to it by the batch alone and once, and dies
// with the batch, whereupon all of its run dies.
#include "batch_job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "options.h"
#include "report/json_line.h"
#include "weigh.h"
#include "sandbox/sandbox.h"

/* Where the process has what it writes its line to; the first that is no standard stream. */
#define DOCUMENT_FD 3

void batch_job_clear(struct batch_job *job)
{
	*job = (struct batch_job){ .pidfd = -1, .document_fd = -1 };
}

static void let_go(struct batch_job *job)
{
	close_fd(&job->pidfd);
	close_fd(&job->document_fd);
	batch_request_done(&job->request);
	free(job->config);
	job->config = NULL;
}

void batch_job_done(struct batch_job *job)
{
	let_go(job);
	free(job->line);
	batch_job_clear(job);
}

/* --- A line without a run --- */

/* tare failed, be it at understanding what was asked for. */
static int tell_failure(struct batch_job *job, const struct failure *cause, struct failure *why)
{
	static char *const none[] = { NULL };
	struct result result = { .version = TARE_VERSION,
		.command = job->config && job->config->command ? job->config->command : none };
	int error;

	clock_gettime(CLOCK_REALTIME, &result.started_at);
	result_set_unknown(&result, "tare failed before the command was run");
	result_set_error(&result, cause);
	job->status = result_exit_status(&result.outcome);
	error = json_line_render(
		&result, job->index, job->request.id, &job->line, &job->line_size, why);
	result_done(&result);
	return error;
}

/* --- The process --- */

/*
 * Standard input is empty. Standard output is where the lines of the batch go: what the command
 * writes goes to standard error, if not to a file.
 */
static int take_streams(int document_fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return -errno;
	/* It may take the place of what was just opened. */
	if (document_fd != DOCUMENT_FD && dup3(document_fd, DOCUMENT_FD, O_CLOEXEC) < 0)
		return -errno;
	return close_range(DOCUMENT_FD + 1, ~0U, 0) ? -errno : 0;
}

static int weigh(const struct batch_job *job)
{
	struct result result = { .version = TARE_VERSION, .command = job->config->command };
	cleanup_free char *text = NULL;
	struct failure why;
	size_t size;
	int status;

	result_set_unknown(&result, "tare failed before the command was run");
	if (sandbox_check(job->config, &why))
		result_set_error(&result, &why);
	else
		(void)run_weigh(job->config, &result, &why); /* the result says it */
	status = result.files.has_failed ? 125 : result_exit_status(&result.outcome);
	if (json_line_render(&result, job->index, job->request.id, &text, &size, &why) ||
		file_write_all(DOCUMENT_FD, text, size))
		status = 125;
	result_done(&result);
	return status;
}

static void be_the_process(const struct batch_job *job, pid_t batch)
{
	/* One that has died meanwhile cannot be followed any more. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != batch)
		_exit(125);
	setsid();
	if (take_streams(job->document_fd))
		_exit(125);
	_exit(weigh(job));
}

static int start_process(struct batch_job *job, struct failure *why)
{
	pid_t batch = getpid(), pid;

	job->document_fd = memfd_create("tare-result", MFD_CLOEXEC);
	if (job->document_fd < 0)
		return failure_set(why, errno, "make room for a result");
	pid = fork();
	if (pid == 0)
		be_the_process(job, batch);
	if (pid < 0)
		return failure_set(why, errno, "start a process of the batch");
	job->pidfd = syscall(SYS_pidfd_open, pid, 0);
	if (job->pidfd >= 0)
		return 0;
	(void)failure_set(why, errno, "watch a process of the batch");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -why->errnum;
}

/* --- From its start to its end --- */

static int understand(struct batch_job *job, const struct batch_input *input, const char *text,
	const struct run_config *common, struct failure *why)
{
	struct batch_request *request = &job->request;
	static char *const none[] = { NULL };
	struct failure wrong;
	int error = batch_request_read(input, text, request, why);

	if (error)
		return error;
	job->config = malloc(sizeof(*job->config));
	if (!job->config)
		return failure_set(why, ENOMEM, "start a process of the batch");
	*job->config = *common;
	job->config->json_path = job->config->batch_path = NULL;
	job->config->batch_jobs = 0;
	error = options_parse_line((int)request->options.count, (char **)request->options.words,
		request->command.words ? (char *const *)request->command.words : none, job->config,
		&wrong);
	if (!error)
		return 0;
	(void)failure_set(why, wrong.errnum, "%s: %.700s", request->document.label, wrong.what);
	return wrong.hint[0] ? failure_hint(why, "%s", wrong.hint) : error;
}

int batch_job_start(struct batch_job *job, const struct batch_input *input, const char *text,
	const struct run_config *common, struct failure *why)
{
	struct failure wrong;
	int error = understand(job, input, text, common, &wrong);

	if (!error)
		return start_process(job, why);
	error = tell_failure(job, &wrong, why);
	let_go(job);
	return error;
}

static int read_line(struct batch_job *job, struct failure *why)
{
	struct stat status;
	ssize_t length = -1;

	if (fstat(job->document_fd, &status))
		return failure_set(why, errno, "read a result");
	job->line = malloc((size_t)status.st_size + 1);
	if (!job->line)
		return failure_set(why, ENOMEM, "read a result");
	length = pread(job->document_fd, job->line, (size_t)status.st_size, 0);
	if (length < 0)
		return failure_set(why, errno, "read a result");
	job->line_size = (size_t)length;
	return 0;
}

static bool is_whole(const struct batch_job *job)
{
	return job->line_size && job->line[job->line_size - 1] == '\n';
}

/* Whoever killed it has left the command's cgroup to the janitor of that run. */
static int tell_death(struct batch_job *job, const siginfo_t *end, struct failure *why)
{
	struct failure cause;

	free(job->line);
	job->line = NULL;
	if (end->si_code == CLD_EXITED)
		failure_set(&cause, 0, "weigh the command: there was no memory for its result");
	else
		failure_set(&cause, 0, "weigh the command: signal %d ended the process that did",
			end->si_status);
	return tell_failure(job, &cause, why);
}

int batch_job_end(struct batch_job *job, struct failure *why)
{
	siginfo_t end = { 0 };
	int error;

	if (waitid(P_PIDFD, (id_t)job->pidfd, &end, WEXITED))
		return failure_set(why, errno, "wait for a process of the batch");
	job->status = end.si_status;
	error = read_line(job, why);
	if (!error && (end.si_code != CLD_EXITED || !is_whole(job)))
		error = tell_death(job, &end, why);
	let_go(job);
	return error;
}
