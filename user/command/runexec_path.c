// SPDX-License-Identifier: Apache-2.0
// Paths as runexec takes them: by their words, before anything of them is opened.
#include "runexec_path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/python.h"

char *runexec_absolute(const char *path)
{
	cleanup_free char *here = *path == '/' ? strdup("") : getcwd(NULL, 0);
	cleanup_free char *whole = NULL;

	if (!here || asprintf(&whole, "%s%s%s", here, *path == '/' ? "" : "/", path) < 0)
		return NULL;
	return python_normpath(whole);
}

char *runexec_path_of_link(const char *path)
{
	const char *slash = strrchr(path, '/');
	char target[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	char *whole;

	if (length < 0)
		return NULL;
	target[length] = '\0';
	if (target[0] == '/' || !slash)
		return strdup(target);
	if (asprintf(&whole, "%.*s/%s", (int)(slash - path), path, target) < 0)
		return NULL;
	return whole;
}

int runexec_make_parents(const char *path)
{
	cleanup_free char *copy = strdup(path);
	char *slash = copy;

	if (!copy)
		return -ENOMEM;
	while ((slash = strchr(slash + strspn(slash, "/"), '/'))) {
		*slash = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}
