// SPDX-License-Identifier: Apache-2.0
// contain [OPTIONS] COMMAND...: the container of `tare run`, and nothing weighed in it. So a
// benchmark can tell what the collector costs from what the container does, and a test can look at
// the container where nothing can be weighed. No user has a use for it.
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/environment.h"
#include "command/options.h"
#include "sandbox/sandbox.h"

static int await_end(struct sandbox *sandbox, int *status, struct failure *why)
{
	struct pollfd news = { .fd = sandbox_event_fd(sandbox), .events = POLLIN };
	struct sandbox_event event = { .kind = SANDBOX_STOPPED };
	int error = 0;

	while (!error && event.kind == SANDBOX_STOPPED) {
		if (poll(&news, 1, -1) == 1)
			error = sandbox_next_event(sandbox, &event, why);
	}
	if (!error && event.kind != SANDBOX_ENDED)
		error = failure_set(why, why->errnum, "execute the command");
	*status = event.is_signaled ? 128 + event.code : event.code;
	return error;
}

static bool is_never_wanted(void *argument)
{
	(void)argument;
	return false;
}

/* What it left running is killed, and then what it wrote is copied. */
static int finish(struct sandbox *sandbox, const struct run_config *config, struct failure *why)
{
	const struct file_copy_stop stop = { .is_wanted = is_never_wanted };
	struct files_result files = { 0 };
	int error = sandbox_kill(sandbox, why);

	if (!error)
		error = sandbox_wait_empty(sandbox, 10000, why);
	if (!error && config->result_pattern_count) {
		sandbox_copy_files(sandbox, &stop, &files);
		*why = files.error;
		error = files.has_failed ? -1 : 0;
	}
	files_result_done(&files);
	return error;
}

static int contain(const struct run_config *config, int *status, struct failure *why)
{
	struct sandbox_spec spec = {
		.config = config, .streams = { -1, -1, -1 }, .tares_own = { -1, -1, -1, -1 }
	};
	struct sandbox *sandbox = NULL;
	cleanup_free char **environment = NULL;
	bool is_exec_failure;
	int error = environment_build(config, environ, &environment, why);

	spec.environment = environment;
	if (!error)
		error = sandbox_open(&spec, &sandbox, why);
	if (!error)
		error = sandbox_bear(sandbox, &is_exec_failure, why);
	if (!error)
		error = sandbox_go(sandbox, why);
	if (!error)
		error = await_end(sandbox, status, why);
	if (!error)
		error = finish(sandbox, config, why);
	return sandbox_close(sandbox, error ? NULL : why) ? -1 : error;
}

int main(int argc, char **argv)
{
	enum options_request request;
	struct run_config config;
	struct failure why = { 0 };
	char text[2048];
	int status = 125;

	if (!options_parse(argc, argv, &config, &request, &why) && !sandbox_check(&config, &why) &&
		!contain(&config, &status, &why))
		return status;
	fprintf(stderr, "tare: %s\n", failure_describe(&why, text, sizeof(text)));
	return 125;
}
