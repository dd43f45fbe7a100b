/* SPDX-License-Identifier: Apache-2.0 */
/* A file with a given text, for tests of what reads one; it has no name and needs no removal. */
#ifndef TARE_TESTS_JSON_FILE_H
#define TARE_TESTS_JSON_FILE_H

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct json_file {
	char path[32];
	int fd;
};

static inline struct json_file json_file_of(const char *text, size_t size)
{
	struct json_file file = { .fd = memfd_create("test", MFD_CLOEXEC) };

	assert_true(file.fd >= 0);
	assert_int_equal(write(file.fd, text, size), size);
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

static inline void json_file_done(struct json_file *file)
{
	close(file->fd);
}

#endif
