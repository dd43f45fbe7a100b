// SPDX-License-Identifier: Apache-2.0
// Mounts by descriptor: make one, copy one, change one, put one in place.
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"

static int configure(
	int context, const char *type, const struct mount_option *option, struct failure *why)
{
	enum fsconfig_command command = option->value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG;

	if (fsconfig(context, command, option->key, option->value, 0))
		return failure_set(why, errno, "set option '%s%s%s' of a new %s", option->key,
			option->value ? "=" : "", option->value ? option->value : "", type);
	return 0;
}

int mount_new(const char *type, const struct mount_option *options, uint64_t attributes,
	struct failure *why)
{
	cleanup_fd int context = fsopen(type, FSOPEN_CLOEXEC);
	int mount_fd, error;

	if (context < 0)
		return failure_set(why, errno, "open a new file system of type %s", type);
	for (; options && options->key; options++) {
		error = configure(context, type, options, why);
		if (error)
			return error;
	}
	if (fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return failure_set(why, errno, "create a new %s", type);
	mount_fd = fsmount(context, FSMOUNT_CLOEXEC, attributes);
	if (mount_fd < 0)
		return failure_set(why, errno, "mount a new %s", type);
	return mount_fd;
}

int mount_copy(int directory_fd, const char *path, struct failure *why)
{
	int copy = open_tree(directory_fd, path,
		OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_NO_AUTOMOUNT);

	if (copy < 0)
		return failure_set(why, errno, "copy the mount at '%s'", path);
	return copy;
}

int mount_change(int mount_fd, uint64_t attributes, int userns_fd, struct failure *why)
{
	struct mount_attr change = { .attr_set = attributes };

	if (userns_fd >= 0) {
		change.attr_set |= MOUNT_ATTR_IDMAP;
		change.userns_fd = userns_fd;
	}
	if (mount_setattr(mount_fd, "", AT_EMPTY_PATH, &change, sizeof(change)))
		return failure_set(why, errno,
			userns_fd >= 0 ? "map the owners of a mount" : "change a mount");
	return 0;
}

int mount_open_inside(int root_fd, const char *path, int flags, struct failure *why)
{
	struct open_how how = {
		.flags = flags | O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	if (fd < 0)
		return failure_set(why, errno, "find '%s' inside the container", path);
	return fd;
}

int mount_open_exactly(int root_fd, const char *path, struct failure *why)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_NO_SYMLINKS,
	};
	int fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	if (fd < 0)
		return failure_set(why, errno, "find '%s', without following links", path);
	return fd;
}

static int attach(int mount_fd, int target, const char *path, struct failure *why)
{
	if (target < 0)
		return target;
	if (move_mount(mount_fd, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return failure_set(why, errno, "mount over '%s' inside the container", path);
	return 0;
}

int mount_attach(int mount_fd, int root_fd, const char *path, struct failure *why)
{
	cleanup_fd int target = mount_open_inside(root_fd, path, 0, why);

	return attach(mount_fd, target, path, why);
}

int mount_attach_exactly(int mount_fd, int root_fd, const char *path, struct failure *why)
{
	cleanup_fd int target = mount_open_exactly(root_fd, path, why);

	return attach(mount_fd, target, path, why);
}

int mount_make_private(struct failure *why)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return failure_set(why, errno, "make all mounts private");
	return 0;
}

/*
 * From a directory of the new root, ".." must end in the new root: if it ended in a mount that
 * lies over it, the command could walk out that way.
 */
static int check_alone(struct failure *why)
{
	struct statx up, root;

	if (statx(AT_FDCWD, "/proc/..", 0, STATX_MNT_ID, &up) ||
		statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root))
		return failure_set(why, errno, "look at the new root");
	if (up.stx_mnt_id != root.stx_mnt_id)
		return failure_set(why, EXDEV, "close the new root: another mount lies over it");
	return 0;
}

int mount_pivot(int root_fd, int covers, struct failure *why)
{
	if (fchdir(root_fd))
		return failure_set(why, errno, "enter the new root");
	if (syscall(SYS_pivot_root, ".", "."))
		return failure_set(why, errno, "make the new root the root");
	/* Old and new root at one place: on "." now lies the old root, and on that its covers. */
	for (int i = 0; i < covers + 1; i++) {
		if (umount2(".", MNT_DETACH))
			return failure_set(why, errno, "let go of the old root");
	}
	if (chdir("/"))
		return failure_set(why, errno, "enter the new root");
	return check_alone(why);
}
