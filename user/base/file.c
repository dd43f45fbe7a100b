// SPDX-License-Identifier: Apache-2.0
// Small files read and written whole, and the file that receives a report.
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "cleanup.h"
#include "new_file.h"
#include "text.h"

/* Small files, whole */

static int read_until_full(int fd, char *buffer, size_t size, size_t *done)
{
	while (*done < size) {
		ssize_t part = read(fd, buffer + *done, size - *done);

		if (part == 0)
			break;
		if (part > 0)
			*done += (size_t)part;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int grow(char **buffer, size_t *room)
{
	size_t larger = *room ? *room * 2 : 4096;
	char *moved;

	if (*room > FILE_READ_LIMIT_BYTES)
		return -EFBIG;
	moved = realloc(*buffer, larger + 1);
	if (!moved)
		return -ENOMEM;
	*buffer = moved;
	*room = larger;
	return 0;
}

/* Kernel files have no size to ask for: the end is where a buffer was not filled. */
static int read_whole(int fd, char **text, size_t *size)
{
	cleanup_free char *buffer = NULL;
	size_t room = 0, done = 0;
	int error;

	do {
		error = grow(&buffer, &room);
		if (!error)
			error = read_until_full(fd, buffer, room, &done);
		if (error)
			return error;
	} while (done == room);
	buffer[done] = '\0';
	*text = take_pointer(&buffer);
	*size = done;
	return 0;
}

int file_read(int directory_fd, const char *path, char **text, size_t *size, struct failure *why)
{
	cleanup_fd int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC);
	size_t ignored;
	int error;

	if (fd < 0)
		return failure_set(why, errno, "open '%s' for reading", path);
	error = read_whole(fd, text, size ? size : &ignored);
	return error ? failure_set(why, -error, "read '%s'", path) : 0;
}

int file_write(int directory_fd, const char *path, const char *text, struct failure *why)
{
	cleanup_fd int fd = openat(directory_fd, path, O_WRONLY | O_CLOEXEC);
	size_t size = strlen(text);
	ssize_t done;

	if (fd < 0)
		return failure_set(why, errno, "open '%s' for writing", path);
	do
		done = write(fd, text, size);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return failure_set(why, errno, "write '%.80s' to '%s'", text, path);
	if ((size_t)done != size)
		return failure_set(why, EIO, "write all of '%.80s' to '%s'", text, path);
	return 0;
}

int file_read_decimal(int directory_fd, const char *path, uint64_t *value, struct failure *why)
{
	cleanup_free char *text = NULL;
	int error = file_read(directory_fd, path, &text, NULL, why);

	if (error)
		return error;
	error = text_parse_decimal(text, value);
	if (error)
		return failure_set(
			why, -error, "read a number from '%s', which holds '%.80s'", path, text);
	return 0;
}

/* Paths that others may write to */

int file_open_beneath(int directory_fd, const char *path, int flags, bool stays_on_mount)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   (stays_on_mount ? RESOLVE_NO_XDEV : 0),
	};
	long fd;

	do {
		fd = syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : (int)fd;
}

char *file_read_path(const char *proc_link)
{
	char path[PATH_MAX];
	ssize_t length = readlink(proc_link, path, sizeof(path) - 1);

	if (length < 0)
		return NULL;
	path[length] = '\0';
	if (path[0] == '/')
		return strdup(path);
	errno = ENOENT;
	return NULL;
}

char *file_path_of(int directory_fd)
{
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", directory_fd);
	return file_read_path(link);
}

/* Writing all of a report */

static void wait_until_writable(int fd)
{
	struct pollfd waiting = { .fd = fd, .events = POLLOUT };

	/* An error shows again, and is told, at the next write. */
	(void)poll(&waiting, 1, -1);
}

/* Standard output may be non-blocking: whoever shares it with us decides. */
static int write_all(int fd, const char *text, size_t size)
{
	while (size) {
		ssize_t part = write(fd, text, size);

		if (part > 0) {
			text += part;
			size -= (size_t)part;
		} else if (part < 0 && errno == EAGAIN) {
			wait_until_writable(fd);
		} else if (part == 0 || errno != EINTR) {
			return part < 0 ? -errno : -EIO;
		}
	}
	return 0;
}

/*
 * EPIPE and EFBIG come with a signal that would end us before they are told. It is directed at
 * this thread, so it is held back and taken away; one that was pending before is not ours.
 */
int file_write_all(int fd, const char *text, size_t size)
{
	static const struct timespec now = { 0 };
	sigset_t raised, pending, mask;
	int error;

	sigpending(&pending);
	sigemptyset(&raised);
	if (!sigismember(&pending, SIGPIPE))
		sigaddset(&raised, SIGPIPE);
	if (!sigismember(&pending, SIGXFSZ))
		sigaddset(&raised, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &raised, &mask);
	error = write_all(fd, text, size);
	while (error && sigtimedwait(&raised, NULL, &now) > 0)
		continue;
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	return error;
}

/* Opening the target */

static int open_standard_output(struct output_file *file, struct failure *why)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		return failure_set(why, EBADF, "write to standard output");
	file->way = OUTPUT_STREAMS;
	file->fd = STDOUT_FILENO;
	file->is_borrowed = true;
	return 0;
}

static bool is_open_as(int fd, const struct stat *target)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat open_file;

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && fstat(fd, &open_file) == 0 &&
	       open_file.st_dev == target->st_dev && open_file.st_ino == target->st_ino;
}

/*
 * /dev/stdout, or the file that standard output goes to: a second opening would start at its
 * first byte, and a replacement would take the name from what the command printed.
 */
static bool borrow_standard_fd(struct output_file *file, const struct stat *target)
{
	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
		if (!is_open_as(fd, target))
			continue;
		file->way = OUTPUT_STREAMS;
		file->fd = fd;
		file->is_borrowed = true;
		return true;
	}
	return false;
}

/* O_NONBLOCK makes a FIFO without a reader an error instead of an endless wait. */
static int open_target(struct output_file *file, enum output_way way, struct failure *why)
{
	cleanup_fd int fd = open(file->path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int error = fd < 0 ? failure_set(why, errno, "open '%s' for writing", file->path) : 0;
	int flags = fcntl(fd, F_GETFL);

	if (error == -ENXIO)
		return failure_hint(why, "a FIFO needs a reader before the run begins");
	if (error)
		return error;
	if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
		return failure_set(why, errno, "make '%s' blocking", file->path);
	file->way = way;
	file->fd = take_fd(&fd);
	return 0;
}

/* Splits a path into an open directory and a name in it. */
static int open_directory_of(struct output_file *file, const char *path, struct failure *why)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	cleanup_free char *directory = slash ? strndup(path, (size_t)(name - path)) : strdup(".");

	if (!directory)
		return failure_set(why, ENOMEM, "open '%s' for writing", file->path);
	if (!*name)
		return failure_set(why, *path ? EISDIR : ENOENT, "open '%s' for writing", path);
	file->directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (file->directory_fd < 0)
		return failure_set(why, errno, "open directory '%s'", directory);
	snprintf(file->name, sizeof(file->name), "%s", name);
	return 0;
}

/* A file with a name of its own is only made at commit: the run may end by SIGKILL. */
static int open_temporary(struct output_file *file, struct failure *why)
{
	struct new_file made;
	int error = new_file_open(&made, file->directory_fd, 0666);

	if (error)
		return failure_set(why, -error, "create a file beside '%s'", file->path);
	file->way = OUTPUT_REPLACES;
	if (!made.temporary.text[0])
		file->fd = take_fd(&made.fd);
	new_file_discard(&made);
	return 0;
}

static int open_missing(struct output_file *file, struct failure *why)
{
	struct stat link;
	int error = open_directory_of(file, file->path, why);

	if (error)
		return error;
	if (fstatat(file->directory_fd, file->name, &link, AT_SYMLINK_NOFOLLOW) == 0) {
		failure_set(why, ENOENT, "open '%s' for writing", file->path);
		return failure_hint(why, "it is a symbolic link to a file that does not exist");
	}
	return open_temporary(file, why);
}

/* "/dev/fd/5": whoever gave us the descriptor will read from it, not from a name. */
static bool leads_through_descriptor(const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};
	cleanup_fd int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 && errno == ELOOP;
}

static bool is_mount_point(const char *path)
{
	struct statx target;

	return statx(AT_FDCWD, path, 0, STATX_BASIC_STATS, &target) == 0 &&
	       target.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* In a sticky directory a name can only be replaced by an owner, whatever the file's mode. */
static bool is_kept_by_sticky_bit(int directory_fd, const struct stat *target)
{
	struct stat directory;

	return fstat(directory_fd, &directory) == 0 && directory.st_mode & S_ISVTX &&
	       geteuid() != 0 && geteuid() != directory.st_uid && geteuid() != target->st_uid;
}

/* Opens what the links of the path lead to, so that the links stay. */
static int open_replacement(
	struct output_file *file, const struct stat *target, struct failure *why)
{
	cleanup_free char *resolved = realpath(file->path, NULL);
	int error;

	if (!resolved)
		return failure_set(why, errno, "resolve '%s'", file->path);
	error = open_directory_of(file, resolved, why);
	if (error)
		return error;
	if (is_kept_by_sticky_bit(file->directory_fd, target))
		return failure_set(why, EPERM, "replace '%s'", file->path);
	return open_temporary(file, why);
}

static bool is_closed_directory(int error)
{
	return error == -EACCES || error == -EPERM || error == -EROFS;
}

static int open_regular(struct output_file *file, const struct stat *target, struct failure *why)
{
	int error;

	/* Replacing would not ask: a file that its owner made read-only stays. */
	if (faccessat(AT_FDCWD, file->path, W_OK, AT_EACCESS) != 0)
		return failure_set(why, errno, "open '%s' for writing", file->path);
	if (leads_through_descriptor(file->path) || is_mount_point(file->path))
		return open_target(file, OUTPUT_OVERWRITES, why);
	error = open_replacement(file, target, why);
	return is_closed_directory(error) ? open_target(file, OUTPUT_OVERWRITES, why) : error;
}

static int open_existing(struct output_file *file, const struct stat *target, struct failure *why)
{
	if (borrow_standard_fd(file, target))
		return 0;
	if (S_ISREG(target->st_mode))
		return open_regular(file, target, why);
	return open_target(file, OUTPUT_STREAMS, why);
}

static int open_path(struct output_file *file, struct failure *why)
{
	struct stat target;

	if (strcmp(file->path, "-") == 0)
		return open_standard_output(file, why);
	if (stat(file->path, &target) == 0)
		return open_existing(file, &target, why);
	if (errno == ENOENT)
		return open_missing(file, why);
	return failure_set(why, errno, "open '%s' for writing", file->path);
}

int output_file_open(const char *path, struct output_file *file, struct failure *why)
{
	int error;

	*file = OUTPUT_FILE_NONE;
	file->path = path;
	error = open_path(file, why);
	if (error)
		output_file_discard(file);
	return error;
}

/* Committing */

/* Synchronised, because a disk on the network may tell only now that it is full. */
static int write_to_disk(int fd, const char *text, size_t size)
{
	int error = file_write_all(fd, text, size);

	return error || fsync(fd) == 0 ? error : -errno;
}

static int replace(struct output_file *file, const char *text, size_t size)
{
	struct new_file made = { .fd = take_fd(&file->fd), .directory_fd = file->directory_fd };
	int error = made.fd < 0 ? new_file_open(&made, file->directory_fd, 0666) : 0;

	if (!error)
		error = write_to_disk(made.fd, text, size);
	if (!error)
		error = new_file_publish(&made, file->name);
	new_file_discard(&made);
	return error;
}

static int overwrite(struct output_file *file, const char *text, size_t size)
{
	if (ftruncate(file->fd, 0))
		return -errno;
	return write_to_disk(file->fd, text, size);
}

static int deliver(struct output_file *file, const char *text, size_t size)
{
	switch (file->way) {
	case OUTPUT_OVERWRITES:
		return overwrite(file, text, size);
	case OUTPUT_STREAMS:
		return file_write_all(file->fd, text, size);
	case OUTPUT_REPLACES:
		break;
	}
	return replace(file, text, size);
}

int output_file_commit(struct output_file *file, const char *text, size_t size, struct failure *why)
{
	int error = deliver(file, text, size);

	if (error)
		failure_set(why, -error, "write the report to '%s'", file->path);
	output_file_discard(file);
	return error;
}

void output_file_discard(struct output_file *file)
{
	if (!file->is_borrowed)
		close_fd(&file->fd);
	close_fd(&file->directory_fd);
	*file = OUTPUT_FILE_NONE;
}
