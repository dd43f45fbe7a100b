// SPDX-License-Identifier: Apache-2.0
// Places for mounts inside a root that is trusted no more than the command.
//
// A link where a mount is to be could be followed without leaving the root, but then the mount
// would lie somewhere else: over a directory that the command needs, while the name that it was
// meant for goes on leading wherever the link says. So in a layer of the command's own a real
// directory takes the link's place, as if the command had put it there itself, and everywhere else
// the run is refused: tare changes no directory that is not the command's own.
#include "mount_point.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "mount.h"

static const char *relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

static mode_t kind_of(int fd)
{
	struct stat status;

	return fstat(fd, &status) ? 0 : status.st_mode & S_IFMT;
}

static int refuse(
	const struct mount_point *point, int errnum, const char *reason, struct failure *why)
{
	(void)failure_set(why, errnum, "mount over '/%s' inside the container: %s",
		relative(point->path), reason);
	return failure_hint(why, "make it a directory in the root file system%s",
		point->may_make ? "" : ", or let writes stay inside: --overlay-dir /");
}

/* What is there in the place of a directory. */
static int refuse_kind(const struct mount_point *point, mode_t kind, struct failure *why)
{
	return kind == S_IFLNK ? refuse(point, ELOOP, "a symbolic link is in the way", why)
			       : refuse(point, ENOTDIR, "what is there is not a directory", why);
}

static int refuse_error(const struct mount_point *point, int error, struct failure *why)
{
	switch (-error) {
	case ELOOP:
		return refuse_kind(point, S_IFLNK, why);
	case ENOTDIR:
		return refuse_kind(point, S_IFREG, why);
	case EAGAIN:
	case EXDEV:
		return refuse(point, EXDEV, "another directory is put in the way just now", why);
	case EROFS:
	case ENOENT:
		return refuse(point, ENOENT, "there is none, and none can be made", why);
	default:
		return error;
	}
}

/* --- Making it --- */

static int make_directory(
	const struct mount_point *point, int parent_fd, const char *name, struct failure *why)
{
	if ((mkdirat(parent_fd, name, 0755) && errno != EEXIST) ||
		fchownat(parent_fd, name, point->owner, point->owner, AT_SYMLINK_NOFOLLOW))
		return failure_set(
			why, errno, "make directory '%s' for the container", point->path);
	return 0;
}

/* A file or link in the layer's lower directory stays there; the layer hides it. */
static int replace(
	const struct mount_point *point, int parent_fd, const char *name, struct failure *why)
{
	if (unlinkat(parent_fd, name, 0))
		return failure_set(why, errno, "make way for '%s' in the container", point->path);
	return make_directory(point, parent_fd, name, why);
}

/* The directory `name`, which is made if need be; the last one may replace something else. */
static int step_down(const struct mount_point *point, int parent_fd, const char *name, bool is_last,
	struct failure *why)
{
	cleanup_fd int next = mount_open_exactly(parent_fd, name, why);
	mode_t kind = next < 0 ? 0 : kind_of(next);
	int error;

	if (next < 0 && next != -ENOENT)
		return next;
	if (next >= 0 && !kind)
		return failure_set(why, errno, "look at '%s' inside the container", name);
	if (kind == S_IFDIR)
		return take_fd(&next);
	if (kind && !is_last)
		return refuse_kind(point, kind, why);
	error = kind ? replace(point, parent_fd, name, why)
		     : make_directory(point, parent_fd, name, why);
	return error ? error : mount_open_exactly(parent_fd, name, why);
}

static int make_file(
	const struct mount_point *point, int parent_fd, const char *name, struct failure *why)
{
	if ((mknodat(parent_fd, name, S_IFREG | 0644, 0) && errno != EEXIST) ||
		fchownat(parent_fd, name, point->owner, point->owner, AT_SYMLINK_NOFOLLOW))
		return failure_set(why, errno, "make file '%s' for the container", point->path);
	return mount_open_exactly(parent_fd, name, why);
}

static int make(const struct mount_point *point, bool is_directory, struct failure *why)
{
	cleanup_fd int here = mount_open_exactly(point->root_fd, ".", why);
	cleanup_free char *copy = strdup(relative(point->path));
	char *name, *rest = copy;

	if (!copy)
		return failure_set(why, ENOMEM, "make the way to '%s'", point->path);
	while (here >= 0 && (name = strsep(&rest, "/"))) {
		int next = rest || is_directory ? step_down(point, here, name, !rest, why)
						: make_file(point, here, name, why);

		close_fd(&here);
		here = next;
	}
	return take_fd(&here);
}

/* --- The whole --- */

/*
 * The kernel puts directories over directories only, and it alone knows what a mount is whose
 * server is gone.
 */
static bool can_carry(mode_t kind, mode_t mounted)
{
	return mounted ? (kind == S_IFDIR) == (mounted == S_IFDIR) : kind != S_IFLNK;
}

static int find(const struct mount_point *point, mode_t mounted, struct failure *why)
{
	cleanup_fd int target = mount_open_exactly(point->root_fd, relative(point->path), why);
	mode_t kind = target < 0 ? 0 : kind_of(target);

	if (target >= 0 && !kind)
		return failure_set(
			why, errno, "look at '/%s' inside the container", relative(point->path));
	if (target < 0 || can_carry(kind, mounted))
		return take_fd(&target);
	return refuse_kind(point, kind, why);
}

int mount_point_attach(const struct mount_point *point, int mount_fd, struct failure *why)
{
	mode_t mounted = kind_of(mount_fd);
	bool is_directory = mounted == S_IFDIR;
	cleanup_fd int target = find(point, mounted, why);

	if (point->may_make && (target == -ENOENT || (target < 0 && is_directory)))
		target = make(point, is_directory, why);
	if (target < 0)
		return refuse_error(point, target, why);
	return mount_attach_over(mount_fd, target, point->path, why);
}
