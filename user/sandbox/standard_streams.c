// SPDX-License-Identifier: Apache-2.0
// The command's standard streams, which are the caller's own: whether they may be handed over.
#include "standard_streams.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = {
	[STDIN_FILENO] = "standard input",
	[STDOUT_FILENO] = "standard output",
	[STDERR_FILENO] = "standard error",
};

int standard_streams_check(struct failure *why)
{
	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
		struct stat status;

		if (fstat(stream, &status) || !S_ISDIR(status.st_mode))
			continue;
		failure_set(why, 0, "%s is a directory: it would lead out of the container",
			names[stream]);
		return failure_hint(why, "give a file or nothing: tare run ... < /dev/null");
	}
	return 0;
}
