// SPDX-License-Identifier: Apache-2.0
// The directory on disk that takes what a run writes: found, made, removed.
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "base/tree.h"
#include "identity.h"
#include "mount.h"

void scratch_clear(struct scratch *scratch)
{
	*scratch = (struct scratch){ .parent_fd = -1, .fd = -1, .mount_fd = -1 };
}

/* --- Finding --- */

static int refuse(const char *directory, int errnum, const char *reason, struct failure *why)
{
	cleanup_free char *shown = text_quote(directory);

	(void)failure_set(why, errnum, "--no-tmpfs: %s%s%s", shown ? shown : "it",
		reason ? " " : "", reason ? reason : "");
	return failure_hint(why, "set TMPDIR to a directory on ext4, xfs or btrfs, or let writes "
				 "go to memory, without --no-tmpfs");
}

static char *choose_path(int parent_fd)
{
	cleanup_free char *parent = file_path_of(parent_fd);
	uint64_t random;
	char *path = NULL;

	if (!parent || getrandom(&random, sizeof(random), 0) != sizeof(random))
		return NULL;
	if (asprintf(&path, "%s/tare-%016llx", strcmp(parent, "/") ? parent : "",
		    (unsigned long long)random) < 0)
		return NULL;
	return path;
}

int scratch_find(struct scratch *scratch, const char *directory, struct failure *why)
{
	scratch_clear(scratch);
	if (!directory || !*directory)
		directory = "/tmp";
	if (directory[0] != '/')
		return refuse(directory, 0, "is not an absolute path", why);
	/* Links on the way are the caller's own. */
	scratch->parent_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (scratch->parent_fd < 0)
		return refuse(directory, errno, NULL, why);
	scratch->path = choose_path(scratch->parent_fd);
	if (!scratch->path)
		return refuse(directory, 0, "has no path of its own", why);
	scratch->name = strrchr(scratch->path, '/') + 1;
	return 0;
}

/* --- Making --- */

/* What an overlay does to its upper layer: it marks directories, and leaves marks for files. */
static int try_as_upper(int fd, bool is_users)
{
	const char *attribute = is_users ? "user.overlay.tare" : "trusted.overlay.tare";
	cleanup_fd int file = openat(fd, "file", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	int error = 0;

	if (file < 0)
		return -errno;
	/* A user cannot make the mark of a deletion here, but in the user namespace. */
	if (fsetxattr(file, attribute, "y", 1, 0) ||
		(!is_users && renameat2(fd, "file", fd, "moved", RENAME_WHITEOUT)))
		error = -errno;
	unlinkat(fd, "file", 0);
	unlinkat(fd, "moved", 0);
	return error;
}

/* An ordinary user can give it to nobody: there the mode it was made with closes it. */
static int close_to_others(int fd, bool is_users, struct failure *why)
{
	if (is_users)
		return 0;
	if (fchown(fd, IDENTITY_NOBODY, IDENTITY_NOBODY) || fchmod(fd, 0700))
		return failure_set(why, errno, "close the run's directory on disk to all others");
	return 0;
}

static int refuse_parent(
	const struct scratch *scratch, int errnum, const char *reason, struct failure *why)
{
	cleanup_free char *parent = file_path_of(scratch->parent_fd);

	return refuse(parent ? parent : "", errnum, reason, why);
}

int scratch_make(struct scratch *scratch, bool is_users, struct failure *why)
{
	int error;

	if (!scratch->path)
		return 0;
	if (mkdirat(scratch->parent_fd, scratch->name, 0700))
		return refuse_parent(scratch, errno, NULL, why);
	scratch->fd = openat(
		scratch->parent_fd, scratch->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (scratch->fd < 0)
		return failure_set(why, errno, "open the directory '%s'", scratch->path);
	error = try_as_upper(scratch->fd, is_users);
	if (error)
		return refuse_parent(scratch, -error,
			"is on a file system that cannot keep what an overlay writes", why);
	error = close_to_others(scratch->fd, is_users, why);
	if (error || is_users)
		return error;
	scratch->mount_fd = mount_copy(scratch->fd, "", why);
	return scratch->mount_fd < 0 ? scratch->mount_fd : 0;
}

/* --- Removing --- */

int scratch_remove(struct scratch *scratch, struct failure *why)
{
	int error = 0;

	/* Whether it was made or not: the copy of *scratch that the janitor has does not know. */
	if (scratch->path)
		error = tree_remove(scratch->parent_fd, scratch->name, why);
	close_fd(&scratch->mount_fd);
	close_fd(&scratch->fd);
	close_fd(&scratch->parent_fd);
	free(scratch->path);
	scratch_clear(scratch);
	return error;
}
