// SPDX-License-Identifier: Apache-2.0
// A prepared root file system that a run is given instead of the host's.
#include "root_directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "identity.h"
#include "mount.h"

static int refuse(const char *given, int errnum, const char *reason, struct failure *why)
{
	cleanup_free char *shown = text_quote(given);

	return failure_set(why, errnum, "--root-dir: %s%s%s", shown ? shown : "the directory",
		reason ? " " : "", reason ? reason : "");
}

/* "image/" would follow a link of that name. */
static char *without_last_slashes(const char *given)
{
	size_t length = strlen(given);

	while (length > 1 && given[length - 1] == '/')
		length--;
	return strndup(given, length);
}

static int open_directory(const char *given, struct failure *why)
{
	cleanup_free char *path = without_last_slashes(given);
	cleanup_fd int directory = -1;
	struct stat status;

	if (!path)
		return failure_set(why, ENOMEM, "look up --root-dir");
	directory = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0 || fstat(directory, &status))
		return refuse(given, errno, NULL, why);
	if (S_ISLNK(status.st_mode))
		return refuse(given, 0, "is a symbolic link; name the directory it leads to", why);
	if (!S_ISDIR(status.st_mode))
		return refuse(given, 0, "is not a directory", why);
	return take_fd(&directory);
}

/* Private, or what is mounted on it for the command would be mounted on the host as well. */
static int copy_privately(int directory_fd, struct failure *why)
{
	cleanup_fd int copy = mount_copy(directory_fd, "", why);
	struct mount_attr is_private = { .propagation = MS_PRIVATE };

	if (copy < 0)
		return copy;
	if (mount_setattr(copy, "", AT_EMPTY_PATH, &is_private, sizeof(is_private)))
		return failure_set(why, errno, "keep the mount of --root-dir to the container");
	return take_fd(&copy);
}

int root_directory_open(const char *given, struct root_directory *root, struct failure *why)
{
	cleanup_fd int directory = open_directory(given, why);

	*root = ROOT_DIRECTORY_NONE;
	if (directory < 0)
		return directory;
	root->path = file_path_of(directory);
	if (!root->path)
		return refuse(given, ENOENT, NULL, why);
	/* An ordinary user's PID 1 makes the mount, by the path, in a namespace of its own. */
	if (identity_is_users())
		return 0;
	root->mount_fd = copy_privately(directory, why);
	return root->mount_fd < 0 ? root->mount_fd : 0;
}

void root_directory_close(struct root_directory *root)
{
	free(root->path);
	close_fd(&root->mount_fd);
	*root = ROOT_DIRECTORY_NONE;
}
