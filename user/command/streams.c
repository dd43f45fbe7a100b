// SPDX-License-Identifier: Apache-2.0
// The command's standard streams: files that were named, tare's own, or pipes through tare.
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/text.h"

/* Large enough that the command seldom waits for tare to read. */
#define PIPE_BYTES (1 << 20)

static int refuse(
	const char *option, const char *path, int errnum, const char *reason, struct failure *why)
{
	cleanup_free char *shown = text_quote(path);

	return failure_set(why, errnum, "%s: %s%s", option, shown ? shown : "the file", reason);
}

/* Not to hang: a FIFO that nobody writes to is at its end, as an empty file. */
static int open_input(struct streams *streams, const char *path, struct failure *why)
{
	cleanup_fd int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;

	if (file < 0 || fstat(file, &status))
		return refuse("--input", path, errno, "", why);
	if (S_ISDIR(status.st_mode))
		return refuse("--input", path, EISDIR, "", why);
	if (fcntl(file, F_SETFL, 0))
		return refuse("--input", path, errno, "", why);
	streams->of_command[STDIN_FILENO] = take_fd(&file);
	return 0;
}

static bool is_same_file(int one, int other)
{
	struct stat first, second;

	return !fstat(one, &first) && !fstat(other, &second) && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

/* Looked at before it is emptied. */
static int check_output(const struct streams *streams, int file, const char *path,
	const struct run_config *config, struct failure *why)
{
	struct stat status;

	if (fstat(file, &status))
		return refuse("--output", path, errno, "", why);
	if (streams->of_command[STDIN_FILENO] >= 0 && S_ISREG(status.st_mode) &&
		is_same_file(streams->of_command[STDIN_FILENO], file))
		return refuse("--output", path, 0, " is the input, too", why);
	if (config->limits.output_bytes && !S_ISREG(status.st_mode))
		return refuse("--output", path, 0,
			" is no regular file, of which --max-output-size could keep head and tail",
			why);
	return 0;
}

/* Appending, so that the two streams never write over each other. A spool writes at offsets. */
static int open_output(struct streams *streams, const struct run_config *config, const char *header,
	int *out, struct failure *why)
{
	const char *path = config->output_path;
	int append = config->limits.output_bytes ? 0 : O_APPEND;
	cleanup_fd int file =
		open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | append, 0666);
	size_t size = strlen(header);
	int error;

	if (file < 0)
		return refuse("--output", path, errno, "", why);
	error = check_output(streams, file, path, config, why);
	if (error)
		return error;
	if (fcntl(file, F_SETFL, append) || (ftruncate(file, 0) && errno != EINVAL) ||
		write(file, header, size) != (ssize_t)size)
		return refuse("--output", path, errno, "", why);
	*out = take_fd(&file);
	return 0;
}

/* --- Pipes --- */

static struct relay *add_relay(struct streams *streams, const struct run_config *config)
{
	struct relay *relay = &streams->relays[streams->relay_count++];

	relay->from = relay->to = -1;
	relay->limit = config->limits.output_bytes;
	relay->written = &streams->written;
	return relay;
}

static int open_pipe(struct relay *relay, int *write_end, struct failure *why)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return failure_set(why, errno, "make a pipe for the command's output");
	/* Refused where the user's share of pipe memory is used up: then it has the usual size. */
	(void)fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES);
	relay->from = ends[0];
	*write_end = ends[1];
	return 0;
}

/* Both streams into one file. */
static int spool_output(struct streams *streams, const struct run_config *config, int *file,
	const char *header, struct failure *why)
{
	struct relay *relay = add_relay(streams, config);
	int error = open_pipe(relay, &streams->of_command[STDOUT_FILENO], why);

	relay->is_spool = true;
	relay->base = strlen(header);
	relay->to = take_fd(file);
	return error;
}

/* In the order in which both were written only if they go one way. */
static int relay_own(struct streams *streams, const struct run_config *config, struct failure *why)
{
	bool is_one = is_same_file(STDOUT_FILENO, STDERR_FILENO);
	int error = 0;

	/* A reader that goes first is heard of by write. */
	signal(SIGPIPE, SIG_IGN);
	for (int stream = STDOUT_FILENO; stream <= (is_one ? STDOUT_FILENO : STDERR_FILENO);
		stream++) {
		struct relay *relay = add_relay(streams, config);

		error = error ? error : open_pipe(relay, &streams->of_command[stream], why);
		relay->to = fcntl(stream, F_DUPFD_CLOEXEC, 0);
	}
	return error;
}

/* Where both streams go the same way, one descriptor is both. */
static void join_streams(struct streams *streams)
{
	int output = streams->of_command[STDOUT_FILENO];

	if (output >= 0 && streams->of_command[STDERR_FILENO] < 0)
		streams->of_command[STDERR_FILENO] = fcntl(output, F_DUPFD_CLOEXEC, 0);
}

static int open_outputs(struct streams *streams, const struct run_config *config,
	const char *header, struct failure *why)
{
	cleanup_fd int file = -1;
	int error = 0;

	if (config->limits.output_bytes) {
		streams->relays = calloc(STREAM_RELAYS, sizeof(*streams->relays));
		if (!streams->relays)
			return failure_set(why, ENOMEM, "relay the command's output");
	}
	if (config->output_path)
		error = open_output(streams, config, header, &file, why);
	if (error)
		return error;
	if (!config->output_path)
		error = config->limits.output_bytes ? relay_own(streams, config, why) : 0;
	else if (config->limits.output_bytes)
		error = spool_output(streams, config, &file, header, why);
	else
		streams->of_command[STDOUT_FILENO] = take_fd(&file);
	join_streams(streams);
	return error;
}

/* --- The whole --- */

int streams_open(struct streams *streams, const struct run_config *config, const char *header,
	struct failure *why)
{
	int error = 0;

	*streams = STREAMS_NONE;
	if (config->input_path)
		error = open_input(streams, config->input_path, why);
	return error ? error : open_outputs(streams, config, header, why);
}

void streams_list_own(const struct streams *streams, int own[2 * STREAM_RELAYS])
{
	for (size_t i = 0; i < STREAM_RELAYS; i++) {
		bool is_there = i < streams->relay_count;

		own[2 * i] = is_there ? streams->relays[i].from : -1;
		own[2 * i + 1] = is_there ? streams->relays[i].to : -1;
	}
}

void streams_let_go(struct streams *streams)
{
	for (int stream = 0; stream < 3; stream++)
		close_fd(&streams->of_command[stream]);
}

/* A spool loses its middle and nothing else: the run goes on. */
bool streams_are_over(const struct streams *streams)
{
	for (size_t i = 0; i < streams->relay_count; i++) {
		if (streams->relays[i].is_over && !streams->relays[i].is_spool)
			return true;
	}
	return false;
}

int streams_finish(struct streams *streams, struct output_result *output, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < streams->relay_count; i++) {
		int one = relay_finish(&streams->relays[i], error ? NULL : why);

		error = error ? error : one;
		output->is_cut |= streams->relays[i].is_over;
	}
	output->is_relayed = streams->relay_count;
	output->written_bytes = streams->written;
	return error;
}

void streams_close(struct streams *streams)
{
	streams_let_go(streams);
	for (size_t i = 0; i < streams->relay_count; i++) {
		close_fd(&streams->relays[i].from);
		close_fd(&streams->relays[i].to);
	}
	free(streams->relays);
	*streams = STREAMS_NONE;
}
