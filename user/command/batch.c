// SPDX-License-Identifier: Apache-2.0
// Many commands, some at a time, and one line of result for each, in the order of the input.
//
// Theory of operation. One poll over the input, the processes that weigh, and the signals. A line
// is read when a place is free, so that whoever writes the input is not far ahead, and a batch may
// last as long as its input does. Results wait until those before them are told. A signal goes to
// all that run, as it would to one; nothing is begun after it.
#include "batch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "batch_input.h"
#include "batch_job.h"
#include "sandbox/cores.h"
#include "signals.h"

/* Results that wait for an earlier one; a document has 6 KiB. What is beyond waits to be begun. */
#define WAITING_RESULTS 4096

struct batch {
	const struct run_config *config;
	struct batch_input input;
	struct batch_job *jobs;	 /* owned: a ring of those begun and not yet told */
	size_t room, first, end; /* of the ring; the last two only grow, and are jobs' indexes */
	size_t places, running;
	size_t succeeded, failed, errors; /* of those that are over */
	int output_fd, signal_fd;
	int ended_by; /* a signal; 0: none */
	uint64_t begin_ns;
};

static struct batch_job *job_at(const struct batch *batch, size_t index)
{
	return &batch->jobs[index % batch->room];
}

/* --- Telling --- */

static void print_counts(const struct batch *batch, const char *end)
{
	size_t over = batch->succeeded + batch->failed + batch->errors;

	fprintf(stderr, "tare: %s: %zu exited 0, %zu did not",
		text_format_counted(over, "run", "runs").text, batch->succeeded, batch->failed);
	if (batch->errors)
		fprintf(stderr, ", tare failed at %zu", batch->errors);
	fprintf(stderr, " · %s%s", text_format_time(clock_now_ns() - batch->begin_ns).text, end);
}

/* In the same line of the terminal each time. */
static void show_progress(const struct batch *batch)
{
	if (batch->config->quiet || !isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	print_counts(batch, "");
	fprintf(stderr, ", %zu running", batch->running);
}

static void print_end(const struct batch *batch)
{
	if (batch->config->quiet)
		return;
	if (isatty(STDERR_FILENO))
		fputs("\r\033[K", stderr);
	print_counts(batch, batch->ended_by ? "; a signal ended the rest\n" : "\n");
}

static int tell_ready(struct batch *batch, struct failure *why)
{
	int error = 0;

	while (!error && batch->first < batch->end && job_at(batch, batch->first)->line) {
		struct batch_job *job = job_at(batch, batch->first++);

		error = file_write_all(batch->output_fd, job->line, job->line_size);
		if (error)
			(void)failure_set(why, -error, "write the results of the batch");
		batch_job_done(job);
	}
	return error;
}

static void count_end(struct batch *batch, const struct batch_job *job)
{
	if (!job->status)
		batch->succeeded++;
	else if (job->status == 125)
		batch->errors++;
	else
		batch->failed++;
	show_progress(batch);
}

/* --- Running --- */

static bool has_place(const struct batch *batch)
{
	return !batch->ended_by && batch->running < batch->places &&
	       batch->end - batch->first < batch->room;
}

static int begin_one(struct batch *batch, const char *text, struct failure *why)
{
	struct batch_job *job = job_at(batch, batch->end);
	int error;

	batch_job_clear(job);
	job->index = batch->end++;
	error = batch_job_start(job, &batch->input, text, batch->config, why);
	if (error)
		return error;
	if (job->line)
		count_end(batch, job);
	else
		batch->running++;
	return 0;
}

static int begin_all(struct batch *batch, struct failure *why)
{
	int error = 0;

	while (!error && has_place(batch)) {
		cleanup_free char *text = batch_input_take(&batch->input);

		if (!text)
			break;
		error = begin_one(batch, text, why);
	}
	return error;
}

static int end_one(struct batch *batch, struct batch_job *job, struct failure *why)
{
	int error = batch_job_end(job, why);

	batch->running--;
	if (!error)
		count_end(batch, job);
	return error;
}

/* Each passes it on to its command, and is still to tell how that ended. */
static int take_signal(struct batch *batch)
{
	struct signalfd_siginfo info;

	if (read(batch->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	batch->ended_by = (int)info.ssi_signo;
	for (size_t i = batch->first; i < batch->end; i++) {
		int pidfd = job_at(batch, i)->pidfd;

		if (pidfd >= 0)
			(void)syscall(SYS_pidfd_send_signal, pidfd, info.ssi_signo, NULL, 0);
	}
	return 0;
}

/* --- Waiting --- */

/* The two before the processes that weigh. */
enum { SIGNALS, INPUT, FIXED_SOURCES };

/* A negative descriptor is passed over by poll. */
static void list_sources(const struct batch *batch, struct pollfd *news)
{
	bool wants_input = has_place(batch);

	news[SIGNALS] = (struct pollfd){ .fd = batch->signal_fd, .events = POLLIN };
	news[INPUT] = (struct pollfd){ .fd = wants_input ? batch->input.fd : -1, .events = POLLIN };
	for (size_t i = batch->first; i < batch->end; i++)
		news[FIXED_SOURCES + i - batch->first] =
			(struct pollfd){ .fd = job_at(batch, i)->pidfd, .events = POLLIN };
}

static int take_news(struct batch *batch, const struct pollfd *news, struct failure *why)
{
	size_t first = batch->first, end = batch->end;
	int error = news[SIGNALS].revents ? take_signal(batch) : 0;

	for (size_t i = first; i < end && !error; i++) {
		if (news[FIXED_SOURCES + i - first].revents)
			error = end_one(batch, job_at(batch, i), why);
	}
	if (!error && news[INPUT].revents)
		error = batch_input_fill(&batch->input, why);
	return error;
}

static int step(struct batch *batch, struct pollfd *news, struct failure *why)
{
	int error = begin_all(batch, why);

	if (!error)
		error = tell_ready(batch, why);
	if (error || (!batch->running && (batch->ended_by || batch_input_is_over(&batch->input))))
		return error;
	list_sources(batch, news);
	if (poll(news, FIXED_SOURCES + batch->end - batch->first, -1) < 0)
		return errno == EINTR ? 0 : failure_set(why, errno, "wait for the batch");
	return take_news(batch, news, why);
}

static bool is_over(const struct batch *batch)
{
	bool has_more = !batch->ended_by && !batch_input_is_over(&batch->input);

	return !has_more && batch->first == batch->end;
}

static int run_all(struct batch *batch, struct failure *why)
{
	struct pollfd *news = calloc(batch->room + FIXED_SOURCES, sizeof(*news));
	int error = 0;

	if (!news)
		return failure_set(why, ENOMEM, "wait for the batch");
	while (!error && !is_over(batch))
		error = step(batch, news, why);
	free(news);
	return error;
}

/* --- The whole --- */

/* Physical cores for all at a time, rather than a shortage told by each that comes too late. */
static int check_cores(const struct run_config *config, struct failure *why)
{
	struct cores_machine machine;
	size_t wanted = (size_t)config->automatic_cores * config->batch_jobs, count = 0;
	int error;

	if (!wanted)
		return 0;
	error = cores_read_machine(&machine, why);
	if (!error)
		error = cores_count_physical(&machine, &count, why);
	if (error || wanted <= count)
		return error;
	failure_set(why, 0, "--jobs: %u at a time need %zu physical cores; here %s",
		config->batch_jobs, wanted, text_format_counted(count, "is one", "are").text);
	return failure_hint(why, "--jobs %zu", count / config->automatic_cores);
}

static int open_output(struct batch *batch, struct failure *why)
{
	const char *path = batch->config->json_path;
	cleanup_free char *shown = path ? text_quote_short(path) : NULL;

	batch->output_fd =
		!path || !strcmp(path, "-")
			? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
			: open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC, 0666);
	if (batch->output_fd < 0)
		return failure_set(why, errno, "--json: open %s for writing",
			shown ? shown : "standard output");
	return 0;
}

static int take_signals(struct batch *batch, struct failure *why)
{
	static const int taken[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };

	return signals_take(taken, sizeof(taken) / sizeof(taken[0]), &batch->signal_fd, why);
}

static int open_all(struct batch *batch, struct failure *why)
{
	int error = check_cores(batch->config, why);

	if (!error)
		error = batch_input_open(&batch->input, batch->config->batch_path, why);
	if (!error)
		error = open_output(batch, why);
	if (!error)
		error = take_signals(batch, why);
	if (error)
		return error;
	batch->jobs = calloc(batch->room, sizeof(*batch->jobs));
	return batch->jobs ? 0 : failure_set(why, ENOMEM, "start a batch");
}

/* What still runs dies with this process, and its run with it. */
static void close_all(struct batch *batch)
{
	for (size_t i = batch->first; i < batch->end; i++)
		batch_job_done(job_at(batch, i));
	free(batch->jobs);
	batch_input_close(&batch->input);
	close_fd(&batch->output_fd);
	close_fd(&batch->signal_fd);
}

static int status_of(const struct batch *batch)
{
	if (batch->ended_by)
		return 128 + batch->ended_by;
	if (batch->errors)
		return 125;
	return batch->failed ? 1 : 0;
}

int batch_run(const struct run_config *config, int *status, struct failure *why)
{
	struct batch batch = { .config = config,
		.input.fd = -1,
		.output_fd = -1,
		.signal_fd = -1,
		.places = config->batch_jobs ? config->batch_jobs : 1,
		.begin_ns = clock_now_ns() };
	int error;

	batch.room = batch.places + WAITING_RESULTS;
	error = open_all(&batch, why);
	if (!error)
		error = run_all(&batch, why);
	if (!error)
		print_end(&batch);
	*status = status_of(&batch);
	close_all(&batch);
	return error;
}
