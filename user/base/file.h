/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files read and written whole, relative to a directory descriptor (AT_FDCWD is fine), and
 * the file that receives a report.
 */
#ifndef TARE_FILE_H
#define TARE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "failure.h"

/* No kernel file that tare reads comes near this: /proc/self/mountinfo has 200 bytes a mount. */
#define FILE_READ_LIMIT_BYTES (16 << 20)

/*
 * Reads the whole file into *text, which the caller frees, with a NUL after its *size bytes
 * (`size` may be NULL). More than FILE_READ_LIMIT_BYTES are EFBIG.
 */
int file_read(int directory_fd, const char *path, char **text, size_t *size, struct failure *why);

/*
 * Writes text by one write(2), as cgroup and proc files demand. Those have no length; a longer
 * regular file would keep its tail.
 */
int file_write(int directory_fd, const char *path, const char *text, struct failure *why);

/*
 * Writes all of it, waiting where a reader is slow; one that is gone is -EPIPE, and no signal.
 * Returns 0 or a negative errno.
 */
int file_write_all(int fd, const char *text, size_t size);

/* Reads a file that holds one unsigned decimal; "max" and anything else are EINVAL. */
int file_read_decimal(int directory_fd, const char *path, uint64_t *value, struct failure *why);

/*
 * Opens a path of names without ".." below the directory, whoever may have written there: a link at
 * any step is -ELOOP, a step out of the directory -EXDEV; with `stays_on_mount` so is a mount below
 * it. Returns a descriptor or a negative errno. O_CLOEXEC is added.
 */
int file_open_beneath(int directory_fd, const char *path, int flags, bool stays_on_mount);

/*
 * What the kernel itself calls the directory behind a link of /proc, or an open one: an absolute
 * path without links. Allocated; NULL with errno.
 */
char *file_read_path(const char *proc_link);
char *file_path_of(int directory_fd);

enum output_way {
	OUTPUT_REPLACES,   /* a new file takes the target's name at commit, or nothing happens */
	OUTPUT_OVERWRITES, /* the target is emptied and written, where it cannot be replaced */
	OUTPUT_STREAMS,	   /* the text is sent to a pipe, a device, standard output */
};

/*
 * Where a report will go. It is opened before the run, so that a bad path is told before anything
 * starts, and written after it.
 */
struct output_file {
	enum output_way way;
	const char *path;	 /* as the user wrote it; borrowed */
	int fd;			 /* -1 when the temporary file is only made at commit */
	bool is_borrowed;	 /* fd is 1 or 2 and stays open */
	int directory_fd;	 /* of the target, for OUTPUT_REPLACES */
	char name[NAME_MAX + 1]; /* of the target in its directory */
};

#define OUTPUT_FILE_NONE ((struct output_file){ .fd = -1, .directory_fd = -1 })

/*
 * "-" is standard output. A missing or regular target is replaced as a whole at commit, with the
 * mode of a new file; until then nothing has a name in its directory, so that even SIGKILL leaves
 * nothing behind. A target that is already open as descriptor 1 or 2 is written through that
 * descriptor. A FIFO that nobody reads is ENXIO, a directory EISDIR.
 *
 * A regular target is overwritten in place only when it cannot be replaced: it is a mount point,
 * its directory does not let us, or the path leads through a descriptor ("/dev/fd/5").
 */
int output_file_open(const char *path, struct output_file *file, struct failure *why);

/*
 * Writes all of text and closes the file. On failure a target that would have been replaced is as
 * it was. A broken pipe is EPIPE and raises no signal.
 */
int output_file_commit(
	struct output_file *file, const char *text, size_t size, struct failure *why);

/* Closes the file and leaves the target alone; also after a commit, and for OUTPUT_FILE_NONE. */
void output_file_discard(struct output_file *file);

#endif
