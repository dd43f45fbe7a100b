// SPDX-License-Identifier: Apache-2.0
// A directory with the names of another one, for what is shown of that one to be mounted on.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file_copy.h"
#include "root_builder.h"
#include "view_spread.h"

static int copy_link(int source_fd, int target_fd, const char *name)
{
	char link[PATH_MAX];
	ssize_t length = readlinkat(source_fd, name, link, sizeof(link) - 1);

	if (length < 0)
		return -1;
	link[length] = '\0';
	return symlinkat(link, target_fd, name);
}

static bool has_entry(const struct view *view, const char *path)
{
	return !strcmp(view_entry_of(view, path)->path, path);
}

/* To mount the true one on. */
static int make_file(int target_fd, const char *name)
{
	return mknodat(target_fd, name, S_IFREG | 0444, 0);
}

static bool is_never_stopped(void *argument)
{
	(void)argument;
	return false;
}

static int copy_file(int source_fd, int target_fd, const char *name)
{
	static const struct file_copy_stop stop = { .is_wanted = is_never_stopped };
	cleanup_fd int source =
		openat(source_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat copy;
	int error = source < 0 ? -errno : file_copy(source, target_fd, name, &stop, &copy);

	errno = -error;
	return error ? -1 : 0;
}

/* The umask takes nothing from a mode that is set again. */
static int copy_directory(int source_fd, int target_fd, const char *name, const struct stat *status)
{
	if (mkdirat(target_fd, name, 0700))
		return -1;
	return fchmodat(target_fd, name, view_callers_mode(source_fd, name, status), 0);
}

static int copy_names(const struct view *view, const char *path, int source_fd, int target_fd);

/* With the names in it. A directory that cannot be listed has none. */
static int copy_crowded(
	const struct view *view, const char *path, int source_fd, int target_fd, const char *name)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	cleanup_fd int source = openat(source_fd, name, flags);
	cleanup_fd int target = -1;

	if (source < 0 || !view_is_crowded(view, path))
		return 0;
	target = openat(target_fd, name, O_PATH | flags);
	return target < 0 ? -1 : copy_names(view, path, source, target);
}

static int copy_entry(const struct view *view, const char *path, int source_fd, int target_fd,
	const char *name, const struct stat *status)
{
	if (!S_ISDIR(status->st_mode))
		return make_file(target_fd, name);
	if (copy_directory(source_fd, target_fd, name, status))
		return -1;
	return copy_crowded(view, path, source_fd, target_fd, name);
}

/* What disappears meanwhile is missing then, as it would be a moment later. */
static int copy_name(const struct view *view, const char *directory, int source_fd, int target_fd,
	const char *name)
{
	cleanup_free char *path = NULL;
	struct stat status;

	if (asprintf(&path, "%s/%s", strcmp(directory, "/") ? directory : "", name) < 0) {
		path = NULL;
		errno = ENOMEM;
		return -1;
	}
	switch (view_part_of(source_fd, name, &status)) {
	case VIEW_LINK:
		return copy_link(source_fd, target_fd, name);
	case VIEW_BARE:
		return copy_directory(source_fd, target_fd, name, &status);
	case VIEW_ENTRY:
		return copy_entry(view, path, source_fd, target_fd, name, &status);
	case VIEW_COPY:
		return has_entry(view, path) ? make_file(target_fd, name)
					     : copy_file(source_fd, target_fd, name);
	case VIEW_LEFT_OUT:
		break;
	}
	return 0;
}

static int copy_names(const struct view *view, const char *path, int source_fd, int target_fd)
{
	int fd = openat(source_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_directory DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (copy_name(view, path, fd, target_fd, entry->d_name) && errno != ENOENT)
			return -1;
	}
	return 0;
}

/* As the lowest layer of a read-only overlay it is the one whose mode is shown. */
int root_make_names(
	const struct root_builder *builder, const char *name, int source_fd, struct failure *why)
{
	const struct view_entry *entry = root_current_entry(builder);
	const struct view *view = builder->spec->view;
	cleanup_fd int target =
		openat(builder->scratch_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	if (target < 0 || copy_names(view, entry->path, source_fd, target) ||
		fstat(source_fd, &status) ||
		fchmod(target, view_callers_mode(source_fd, ".", &status)))
		return failure_set(why, errno, "make a directory with the names of another");
	return 0;
}
