/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that takes its name only when it is whole: until then it has none, or, on file systems
 * that make no file without (vfat, NFS, overlays of older kernels), another one beside it.
 */
#ifndef TARE_NEW_FILE_H
#define TARE_NEW_FILE_H

#include <sys/types.h>
#include "text.h"

struct new_file {
	int fd;			     /* to be written to; -1: none */
	int directory_fd;	     /* borrowed; O_PATH will do */
	struct text_short temporary; /* its name for the time being; empty: it has none */
};

#define NEW_FILE_NONE ((struct new_file){ .fd = -1, .directory_fd = -1 })

/* Makes it with a mode that the umask cuts. Returns 0 or a negative errno. */
int new_file_open(struct new_file *file, int directory_fd, mode_t mode);

/*
 * Gives it its name, at once and in place of what had it before, be that a link; not of a
 * directory, which is -EISDIR. Closes it. On failure the name means what it meant. Returns 0 or a
 * negative errno.
 */
int new_file_publish(struct new_file *file, const char *name);

/*
 * Gives the open file, O_PATH will do, one name more, in place of what had that name, as
 * new_file_publish does.
 */
int new_file_link(int fd, int directory_fd, const char *name);

/* Closes it and leaves nothing of it; also after it was published, and for NEW_FILE_NONE. */
void new_file_discard(struct new_file *file);

#endif
