/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of files: each has an empty directory of its own, and is in it. */
#ifndef TARE_TESTS_OWN_DIRECTORY_H
#define TARE_TESTS_OWN_DIRECTORY_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "own_tree.h"

static inline int enter_own_directory(void **state)
{
	char *path = strdup("/tmp/tare-test-unit-XXXXXX");

	if (!path || !mkdtemp(path) || chdir(path))
		return -1;
	umask(022);
	*state = path;
	return 0;
}

static inline int remove_own_directory(void **state)
{
	cleanup_free char *path = *state;

	return chdir("/") || remove_own_tree(path);
}

static inline void make_file(const char *path, const char *text)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static inline void make_directory(const char *path)
{
	assert_int_equal(mkdir(path, 0755), 0);
}

static inline void assert_holds(const char *path, const char *expected)
{
	cleanup_free char *text = NULL;

	if (file_read(AT_FDCWD, path, &text, NULL, NULL))
		fail_msg("'%s' cannot be read", path);
	assert_string_equal(text, expected);
}

static inline void assert_missing(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0)
		fail_msg("'%s' is there", path);
}

static inline struct stat status_of(const char *path)
{
	struct stat status;

	if (lstat(path, &status))
		fail_msg("'%s' is not there", path);
	return status;
}

#endif
