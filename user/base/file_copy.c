// SPDX-License-Identifier: Apache-2.0
// A copy of a regular file: its bytes and holes, permission bits and times, owned by the caller.
#include "file_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "cleanup.h"
#include "file.h"
#include "new_file.h"

/* Of 64 KiB, 256 KiB and 1 MiB none is faster from tmpfs to ext4. */
#define BUFFER_BYTES (64 << 10)

bool file_copy_is_stopped(const struct file_copy_stop *stop)
{
	return stop->is_wanted && stop->is_wanted(stop->argument);
}

static int write_at(int fd, const char *bytes, size_t size, off_t offset)
{
	while (size) {
		ssize_t part = pwrite(fd, bytes, size, offset);

		if (part < 0 && errno == EINTR)
			continue;
		if (part <= 0)
			return part < 0 ? -errno : -EIO;
		bytes += part;
		size -= (size_t)part;
		offset += part;
	}
	return 0;
}

static int copy_data(int from, int to, off_t start, off_t end, const struct file_copy_stop *stop)
{
	char buffer[BUFFER_BYTES];

	while (start < end) {
		size_t wanted = end - start < BUFFER_BYTES ? (size_t)(end - start) : BUFFER_BYTES;
		ssize_t size = pread(from, buffer, wanted, start);
		int error;

		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			return size < 0 ? -errno : -EIO; /* whoever shortens it is still alive */
		error = file_copy_is_stopped(stop) ? -EINTR
						   : write_at(to, buffer, (size_t)size, start);
		if (error)
			return error;
		start += size;
	}
	return 0;
}

/* Only what the file has between its holes; the size says how far the last hole goes. */
static int copy_content(int from, int to, off_t size, const struct file_copy_stop *stop)
{
	off_t data, hole = 0;
	int error = 0;

	while (!error && hole < size) {
		data = lseek(from, hole, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
		if (hole < 0)
			return -errno;
		error = copy_data(from, to, data, hole < size ? hole : size, stop);
	}
	if (!error && ftruncate(to, size))
		error = -errno;
	return error;
}

int file_copy_own(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	if (status.st_uid == getuid() && status.st_gid == getgid())
		return 0;
	return fchownat(fd, "", getuid(), getgid(), AT_EMPTY_PATH) ? -errno : 0;
}

/* The times last, since everything else changes them. */
static int copy_attributes(int to, const struct stat *source)
{
	const struct timespec times[] = { source->st_atim, source->st_mtim };
	int error = file_copy_own(to);

	if (!error && (fchmod(to, source->st_mode & 0777) || futimens(to, times)))
		error = -errno;
	return error;
}

static int fill(int from, int to, const struct file_copy_stop *stop, struct stat *copy)
{
	struct stat source;
	int error;

	if (fstat(from, &source))
		return -errno;
	error = copy_content(from, to, source.st_size, stop);
	if (!error)
		error = copy_attributes(to, &source);
	if (!error && fstat(to, copy))
		error = -errno;
	return error;
}

int file_copy(int source_fd, int directory_fd, const char *name, const struct file_copy_stop *stop,
	struct stat *copy)
{
	struct new_file made;
	int error = new_file_open(&made, directory_fd, 0600);

	if (error)
		return error;
	error = fill(source_fd, made.fd, stop, copy);
	if (!error)
		error = new_file_publish(&made, name);
	new_file_discard(&made);
	return error;
}

int file_copy_link(
	int base_fd, const char *path, const struct stat *made, int directory_fd, const char *name)
{
	cleanup_fd int fd = file_open_beneath(base_fd, path, O_PATH, false);
	struct stat found;

	if (fd < 0)
		return fd;
	if (fstat(fd, &found) || found.st_dev != made->st_dev || found.st_ino != made->st_ino)
		return -ESTALE;
	return new_file_link(fd, directory_fd, name);
}
