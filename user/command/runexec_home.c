// SPDX-License-Identifier: Apache-2.0
// Where a command without a container is at home: fresh directories for HOME and TMPDIR.
#include "runexec_home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/tree.h"

static const struct {
	const char *name, *directory;
} variables[RUNEXEC_HOME_VARIABLES] = {
	{ "HOME", "home" },
	{ "TMPDIR", "tmp" },
	{ "TMP", "tmp" },
	{ "TEMPDIR", "tmp" },
	{ "TEMP", "tmp" },
};

static int make_directories(struct runexec_home *home, struct failure *why)
{
	const char *parent = getenv("TMPDIR");

	if (asprintf(&home->path, "%s/BenchExec_run_XXXXXX", parent && *parent ? parent : "/tmp") <
		0) {
		home->path = NULL;
		return failure_set(why, ENOMEM, "name a directory for the run");
	}
	if (mkdtemp(home->path))
		return 0;
	(void)failure_set(why, errno, "make a directory '%s' for the run", home->path);
	free(home->path);
	home->path = NULL;
	return -EINVAL;
}

static int make_variable(struct runexec_home *home, size_t which, struct failure *why)
{
	char **variable = &home->variables[which];
	const char *path;

	if (asprintf(variable, "%s=%s/%s", variables[which].name, home->path,
		    variables[which].directory) < 0) {
		*variable = NULL;
		return failure_set(why, ENOMEM, "name a directory for the run");
	}
	path = *variable + strlen(variables[which].name) + 1;
	if (mkdir(path, 0700) && errno != EEXIST)
		return failure_set(why, errno, "make directory '%s' for the run", path);
	return 0;
}

int runexec_home_make(struct runexec_home *home, struct failure *why)
{
	int error;

	*home = (struct runexec_home){ 0 };
	error = make_directories(home, why);
	for (size_t i = 0; i < RUNEXEC_HOME_VARIABLES && !error; i++)
		error = make_variable(home, i, why);
	if (error)
		(void)runexec_home_remove(home, NULL); /* the first failure is the one to tell */
	return error;
}

int runexec_home_remove(struct runexec_home *home, struct failure *why)
{
	/* By root, whom no mode keeps out. */
	int result = home->path ? tree_remove(AT_FDCWD, home->path, why) : 0;

	runexec_home_done(home);
	return result;
}

void runexec_home_done(struct runexec_home *home)
{
	free(home->path);
	for (size_t i = 0; i < RUNEXEC_HOME_VARIABLES; i++)
		free(home->variables[i]);
	*home = (struct runexec_home){ 0 };
}
