/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a regular file: its bytes and holes, permission bits and times, owned by the caller. */
#ifndef TARE_FILE_COPY_H
#define TARE_FILE_COPY_H

#include <stdbool.h>
#include <sys/stat.h>

/* Asked now and then during what may take long; true ends it with -EINTR. */
struct file_copy_stop {
	bool (*is_wanted)(void *argument); /* NULL: never */
	void *argument;
};
bool file_copy_is_stopped(const struct file_copy_stop *stop);

/*
 * Copies what `source_fd` has open to `name` in the directory, in place of what has the name, and
 * whole or not at all. The copy belongs to the real uid and gid of this process, without set-uid,
 * set-gid and sticky bits. *copy tells what was made. SIGXFSZ must be ignored or blocked. Returns 0
 * or a negative errno.
 */
int file_copy(int source_fd, int directory_fd, const char *name, const struct file_copy_stop *stop,
	struct stat *copy);

/*
 * Gives the file that is `made`, and lies at `path` below base_fd, another name in the directory,
 * in place of what has that name. -ESTALE: something else lies at that path.
 */
int file_copy_link(
	int base_fd, const char *path, const struct stat *made, int directory_fd, const char *name);

/* Makes the real uid and gid of this process the owner of what is open, O_PATH too. */
int file_copy_own(int fd);

#endif
