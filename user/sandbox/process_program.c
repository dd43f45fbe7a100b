// SPDX-License-Identifier: Apache-2.0
// The PATH search, apart from the exec: an exec of an exact path has one errno and one meaning.
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_PATH "/bin:/usr/bin"

/* 0: executable. ENAMETOOLONG: does not fit. Otherwise why it is not executable. */
static int try_program(
	const char *directory, int length, const char *name, char *buffer, size_t size)
{
	struct stat status;

	if ((size_t)snprintf(buffer, size, "%.*s/%s", length ? length : 1, length ? directory : ".",
		    name) >= size)
		return ENAMETOOLONG;
	if (stat(buffer, &status))
		return errno;
	if (S_ISDIR(status.st_mode))
		return EACCES;
	return faccessat(AT_FDCWD, buffer, X_OK, AT_EACCESS) ? errno : 0;
}

static int take_program(const char *name, char *buffer, size_t size, struct failure *why)
{
	if ((size_t)snprintf(buffer, size, "%s", name) >= size)
		return failure_set(why, ENAMETOOLONG, "find program '%s'", name);
	return 0;
}

int process_find_program(
	const char *name, const char *path_variable, char *buffer, size_t size, struct failure *why)
{
	const char *directory = path_variable ? path_variable : DEFAULT_PATH;
	int errnum = ENOENT;
	int found;
	int length;

	if (strchr(name, '/'))
		return take_program(name, buffer, size, why);
	for (; name[0]; directory += length + 1) {
		length = (int)strcspn(directory, ":");
		found = try_program(directory, length, name, buffer, size);
		if (!found)
			return 0;
		/* The first reason that is not plain absence is worth telling. */
		if (errnum == ENOENT && (found == EACCES || found == ENAMETOOLONG))
			errnum = found;
		if (!directory[length])
			break;
	}
	return failure_set(why, errnum, "find program '%s' in PATH", name);
}
