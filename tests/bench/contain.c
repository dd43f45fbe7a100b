// SPDX-License-Identifier: Apache-2.0
// contain COMMAND...: the container of `tare run`, and nothing weighed in it. So a benchmark can
// tell what the collector costs from what the container does. No user has a use for it.
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#include "base/environment.h"
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

static int contain(const struct run_config *config, int *status, struct failure *why)
{
	struct sandbox_spec spec = {
		.config = config, .streams = { -1, -1, -1 }, .tares_own = { -1, -1, -1, -1 }
	};
	struct sandbox *sandbox = NULL;
	char **environment;
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
	return sandbox_close(sandbox, error ? NULL : why) ? -1 : error;
}

int main(int argc, char **argv)
{
	struct run_config config = { .command = argv + 1 };
	struct failure why = { 0 };
	char text[2048];
	int status = 125;

	if (argc < 2)
		return 2;
	if (!contain(&config, &status, &why))
		return status;
	fprintf(stderr, "contain: %s\n", failure_describe(&why, text, sizeof(text)));
	return 125;
}
