// SPDX-License-Identifier: Apache-2.0
// The directory that result files are copied to: found before the run, made after it.
#include "output_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cleanup.h"
#include "file.h"
#include "file_copy.h"
#include "text.h"

static int refuse(const char *path, int errnum, const char *reason, struct failure *why)
{
	cleanup_free char *shown = text_quote(path);

	(void)failure_set(why, errnum, "--output-directory: %.200s%s%s",
		shown ? shown : "the directory", reason ? " " : "", reason ? reason : "");
	return errnum ? -errnum : -EINVAL;
}

/*
 * Both are told of the directory itself, or of the one that it will be made in. By its name in
 * /proc, because without faccessat2 the library can do all of this but AT_EMPTY_PATH.
 */
static int check_writable(int fd, const char *path, struct failure *why)
{
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	if (faccessat(AT_FDCWD, name, W_OK | X_OK, AT_EACCESS) == 0)
		return 0;
	return refuse(path, errno, "cannot be written to", why);
}

static int open_existing(struct output_directory *directory, char **true_path, struct failure *why)
{
	int error;

	directory->fd = open(directory->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory->fd < 0 && errno == ENOTDIR)
		return refuse(directory->path, 0, "is not a directory", why);
	if (directory->fd < 0)
		return refuse(directory->path, errno, NULL, why);
	error = check_writable(directory->fd, directory->path, why);
	if (error)
		return error;
	*true_path = file_path_of(directory->fd);
	if (!*true_path)
		return refuse(directory->path, errno, NULL, why);
	if (!strcmp(*true_path, "/"))
		return refuse(directory->path, 0, "is the root; name a directory in it", why);
	return 0;
}

/* Splits the path into an open directory and the name in it. */
static int open_parent(struct output_directory *directory, struct failure *why)
{
	cleanup_free char *copy = strdup(directory->path);
	size_t length = strlen(directory->path);
	char *slash;

	if (!copy)
		return refuse(directory->path, ENOMEM, NULL, why);
	while (length > 1 && copy[length - 1] == '/')
		copy[--length] = '\0';
	slash = strrchr(copy, '/');
	snprintf(directory->name, sizeof(directory->name), "%s", slash ? slash + 1 : copy);
	if (slash)
		slash[1] = '\0';
	directory->parent_fd = open(slash ? copy : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory->parent_fd < 0)
		return refuse(directory->path, errno, "has no directory to be made in", why);
	return check_writable(directory->parent_fd, directory->path, why);
}

static int open_missing(struct output_directory *directory, char **true_path, struct failure *why)
{
	cleanup_free char *parent = NULL;
	int error = open_parent(directory, why);
	struct stat link;

	if (error)
		return error;
	if (!fstatat(directory->parent_fd, directory->name, &link, AT_SYMLINK_NOFOLLOW))
		return refuse(directory->path, 0, "is a symbolic link to nowhere", why);
	parent = file_path_of(directory->parent_fd);
	if (!parent || asprintf(true_path, "%s/%s", strcmp(parent, "/") ? parent : "",
			       directory->name) < 0) {
		*true_path = NULL;
		return refuse(directory->path, errno, NULL, why);
	}
	return 0;
}

static int open_path(struct output_directory *directory, char **true_path, struct failure *why)
{
	struct stat status;

	if (!directory->path[0])
		return refuse(directory->path, 0, "is empty; give a directory", why);
	if (stat(directory->path, &status) && errno == ENOENT)
		return open_missing(directory, true_path, why);
	return open_existing(directory, true_path, why);
}

int output_directory_open(
	struct output_directory *directory, const char *path, char **true_path, struct failure *why)
{
	int error;

	*directory = OUTPUT_DIRECTORY_NONE;
	directory->path = path;
	*true_path = NULL;
	error = open_path(directory, true_path, why);
	if (!error)
		return 0;
	output_directory_close(directory);
	free(*true_path);
	*true_path = NULL;
	return error;
}

/* Opens one directory, which is made if it is missing. */
static int enter_one(int directory_fd, const char *name)
{
	bool is_made = mkdirat(directory_fd, name, 0777) == 0;
	cleanup_fd int fd = -1;
	int error;

	if (!is_made && errno != EEXIST)
		return -errno;
	fd = file_open_beneath(directory_fd, name, O_PATH | O_DIRECTORY, false);
	if (fd < 0 || !is_made)
		return take_fd(&fd);
	error = file_copy_own(fd);
	return error ? error : take_fd(&fd);
}

int output_directory_make(struct output_directory *directory)
{
	if (directory->fd < 0)
		directory->fd = enter_one(directory->parent_fd, directory->name);
	return directory->fd < 0 ? directory->fd : 0;
}

int output_directory_enter(const struct output_directory *directory, const char *path)
{
	cleanup_free char *copy = strdup(path);
	cleanup_fd int here = file_open_beneath(directory->fd, ".", O_PATH | O_DIRECTORY, false);
	char *name, *rest = copy;

	if (!copy)
		return -ENOMEM;
	while (here >= 0 && (name = strsep(&rest, "/"))) {
		int next = *name ? enter_one(here, name) : take_fd(&here);

		close_fd(&here);
		here = next;
	}
	return take_fd(&here);
}

void output_directory_close(struct output_directory *directory)
{
	close_fd(&directory->fd);
	close_fd(&directory->parent_fd);
	*directory = OUTPUT_DIRECTORY_NONE;
}
