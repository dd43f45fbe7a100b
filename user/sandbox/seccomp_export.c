// SPDX-License-Identifier: Apache-2.0
// libseccomp's filter as the program that the kernel takes.
#include "seccomp_export.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"

static int read_back(int file, struct seccomp_filter *filter, struct failure *why)
{
	struct stat status;
	ssize_t length;
	size_t size;

	if (fstat(file, &status))
		return failure_set(why, errno, "read the system call filter back");
	size = (size_t)status.st_size;
	if (size > BPF_MAXINSNS * sizeof(*filter->instructions))
		return failure_set(why, E2BIG, "build a system call filter");
	filter->instructions = malloc(size);
	filter->count = (unsigned short)(size / sizeof(*filter->instructions));
	if (!filter->instructions)
		return failure_set(why, ENOMEM, "read the system call filter back");
	length = pread(file, filter->instructions, size, 0);
	if (length != (ssize_t)size)
		return failure_set(
			why, length < 0 ? errno : EIO, "read the system call filter back");
	return 0;
}

/* libseccomp writes the program only to a file. */
int seccomp_export(scmp_filter_ctx context, struct seccomp_filter *filter, struct failure *why)
{
	cleanup_fd int file = memfd_create("seccomp", MFD_CLOEXEC);
	int error;

	if (file < 0)
		return failure_set(why, errno, "make a file for the system call filter");
	error = seccomp_export_bpf(context, file);
	if (error)
		return failure_set(why, -error, "write the system call filter");
	return read_back(file, filter, why);
}
