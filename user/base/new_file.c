// SPDX-License-Identifier: Apache-2.0
// A file that takes its name only when it is whole.
#include "new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>
#include "cleanup.h"

static struct text_short choose_temporary_name(void)
{
	struct text_short name;
	uint64_t number = 0;

	/* Only a filter around us refuses this; O_EXCL and link tell a name that is taken. */
	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint64_t)getpid();
	snprintf(name.text, sizeof(name.text), ".tare-%016llx", (unsigned long long)number);
	return name;
}

static int open_named(struct new_file *file, mode_t mode)
{
	file->temporary = choose_temporary_name();
	file->fd = openat(file->directory_fd, file->temporary.text,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (file->fd >= 0)
		return 0;
	file->temporary.text[0] = '\0';
	return -errno;
}

int new_file_open(struct new_file *file, int directory_fd, mode_t mode)
{
	*file = (struct new_file){ .directory_fd = directory_fd };
	file->fd = openat(directory_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	if (file->fd >= 0)
		return 0;
	return errno == EOPNOTSUPP ? open_named(file, mode) : -errno;
}

/* Gives the open file the name, which must be free. */
static int link_open(int fd, int directory_fd, const char *name)
{
	char from[sizeof("/proc/self/fd/") + 11];

	/* AT_EMPTY_PATH would need CAP_DAC_READ_SEARCH before 6.10. */
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, from, directory_fd, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* Takes the temporary name away whatever happens. */
static int rename_temporary(int directory_fd, const char *temporary, const char *name)
{
	int error = renameat(directory_fd, temporary, directory_fd, name) ? -errno : 0;

	/* Two names of one file: rename leaves both, and calls that success. */
	(void)unlinkat(directory_fd, temporary, 0);
	return error;
}

/* No system call links over a name that exists, hence the second name for a moment. */
int new_file_link(int fd, int directory_fd, const char *name)
{
	int error = link_open(fd, directory_fd, name);
	struct text_short temporary;

	if (error != -EEXIST)
		return error;
	temporary = choose_temporary_name();
	error = link_open(fd, directory_fd, temporary.text);
	return error ? error : rename_temporary(directory_fd, temporary.text, name);
}

/* A file system on the network may tell at the closing that it is full. */
static int publish_named(struct new_file *file, const char *name)
{
	int error = close(take_fd(&file->fd)) ? -errno : 0;

	if (error)
		return error;
	error = rename_temporary(file->directory_fd, file->temporary.text, name);
	file->temporary.text[0] = '\0';
	return error;
}

int new_file_publish(struct new_file *file, const char *name)
{
	int error = file->temporary.text[0] ? publish_named(file, name)
					    : new_file_link(file->fd, file->directory_fd, name);

	new_file_discard(file);
	return error;
}

void new_file_discard(struct new_file *file)
{
	/* What made it be discarded is told by whoever does. */
	if (file->temporary.text[0])
		(void)unlinkat(file->directory_fd, file->temporary.text, 0);
	close_fd(&file->fd);
	*file = NEW_FILE_NONE;
}
