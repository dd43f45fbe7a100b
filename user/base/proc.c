// SPDX-License-Identifier: Apache-2.0
// What /proc tells of a process by its number, and of a descriptor of this one.
#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cleanup.h"
#include "file.h"

/* Of a file of lines "KEY: NUMBER". */
static int64_t number_in(const char *path, const char *key, int64_t otherwise)
{
	cleanup_free char *text = NULL;
	size_t length = strlen(key);

	if (file_read(AT_FDCWD, path, &text, NULL, NULL))
		return otherwise;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, length) && line[length] == ':')
			return strtoll(line + length + 1, NULL, 10);
	}
	return otherwise;
}

pid_t proc_parent(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return (pid_t)number_in(path, "PPid", 0);
}

int64_t proc_fd_number(int fd, const char *key, int64_t otherwise)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	return number_in(path, key, otherwise);
}
