// SPDX-License-Identifier: Apache-2.0
// What /proc tells of a process by its number.
#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cleanup.h"
#include "file.h"

pid_t proc_parent(pid_t pid)
{
	cleanup_free char *status = NULL;
	const char *line;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (file_read(AT_FDCWD, path, &status, NULL, NULL))
		return 0;
	line = strstr(status, "\nPPid:");
	return line ? atoi(line + strlen("\nPPid:")) : 0;
}
