// SPDX-License-Identifier: Apache-2.0
// Mounts by descriptor: make one, copy one, change one, put one in place.
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
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

	if (context < 0) {
		error = failure_set(why, errno, "open a new file system of type %s", type);
		if (error == -ENODEV)
			(void)failure_hint(why, "sudo modprobe %s", type);
		return error;
	}
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

int mount_copy_tree(int directory_fd, const char *path, uint64_t attributes, struct failure *why)
{
	cleanup_fd int copy = open_tree(directory_fd, path,
		OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);
	struct mount_attr change = { .attr_set = attributes };

	if (copy < 0)
		return failure_set(why, errno, "copy the mounts at '%s'", path);
	if (mount_setattr(copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof(change)))
		return failure_set(why, errno, "change the mounts at '%s'", path);
	return take_fd(&copy);
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

bool mount_can_map(const char *path, int userns_fd, int *copy)
{
	int error;

	*copy = mount_copy(AT_FDCWD, path, NULL);
	error = *copy < 0 ? 0 : mount_change(*copy, 0, userns_fd, NULL);
	return error != -EINVAL && error != -EPERM;
}

/* Linux 5.10; glibc 2.36 does not name it. */
#define NO_SYMFOLLOW 0x2000

static const struct {
	unsigned long flag; /* of statvfs */
	uint64_t attribute;
} restrictions[] = {
	{ ST_NOEXEC, MOUNT_ATTR_NOEXEC },
	{ NO_SYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
	{ ST_NOATIME, MOUNT_ATTR_NOATIME },
	{ ST_NODIRATIME, MOUNT_ATTR_NODIRATIME },
};

int mount_restrictions(int mount_fd, uint64_t *attributes, struct failure *why)
{
	struct statvfs status;

	if (fstatvfs(mount_fd, &status))
		return failure_set(why, errno, "read the options of a mount");
	*attributes = 0;
	for (size_t i = 0; i < sizeof(restrictions) / sizeof(restrictions[0]); i++) {
		if (status.f_flag & restrictions[i].flag)
			*attributes |= restrictions[i].attribute;
	}
	return 0;
}

static int open_path(int directory_fd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = { .flags = flags | O_PATH | O_CLOEXEC, .resolve = resolve };

	return (int)syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));
}

int mount_open_inside(int root_fd, const char *path, int flags, struct failure *why)
{
	int fd = open_path(root_fd, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (fd < 0)
		return failure_set(why, errno, "find '%s' inside the container", path);
	return fd;
}

int mount_open_exactly(int directory_fd, const char *path, struct failure *why)
{
	uint64_t beneath = directory_fd == AT_FDCWD ? 0 : RESOLVE_BENEATH;
	int fd = open_path(directory_fd, path, O_NOFOLLOW, beneath | RESOLVE_NO_SYMLINKS);

	return fd >= 0 ? fd : failure_set(why, errno, "find '%s'", path);
}

int mount_enter_inside(const char *path, struct failure *why)
{
	cleanup_fd int directory = open_path(AT_FDCWD, path, O_DIRECTORY, RESOLVE_NO_MAGICLINKS);

	if (directory < 0 || fchdir(directory))
		return failure_set(why, errno, "enter directory '%s' inside the container", path);
	return 0;
}

int mount_attach_over(int mount_fd, int target_fd, const char *path, struct failure *why)
{
	if (move_mount(mount_fd, "", target_fd, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0)
		return 0;
	/* "No space left on device" would mislead. */
	if (errno == ENOSPC) {
		(void)failure_set(
			why, ENOSPC, "mount one more, over '%s' inside the container", path);
		return failure_hint(
			why, "let there be more mounts: sudo sysctl -w fs.mount-max=1000000");
	}
	return failure_set(why, errno, "mount over '%s' inside the container", path);
}

int mount_attach(int mount_fd, int root_fd, const char *path, struct failure *why)
{
	cleanup_fd int target = mount_open_inside(root_fd, path, 0, why);

	return target < 0 ? target : mount_attach_over(mount_fd, target, path, why);
}

int mount_make_private(struct failure *why)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return failure_set(why, errno, "make all mounts private");
	return 0;
}

/*
 * From a directory of the new root, ".." must end in the new root: if it ended in a mount
 * that lies over it, the command could walk out that way.
 */
static int check_alone(int mount_fd, struct failure *why)
{
	struct statx up, root;

	if (statx(mount_fd, "..", 0, STATX_MNT_ID, &up) ||
		statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &root))
		return failure_set(why, errno, "look at the new root");
	/* The C library stands in for a missing statx, and knows no mounts. */
	if (!(up.stx_mask & root.stx_mask & STATX_MNT_ID))
		return failure_set(why, ENOSYS, "look which mount the new root is");
	if (up.stx_mnt_id != root.stx_mnt_id)
		return failure_set(why, EXDEV, "close the new root: another mount lies over it");
	return 0;
}

int mount_pivot(int root_fd, int covers, int mount_fd, struct failure *why)
{
	if (fchdir(root_fd))
		return failure_set(why, errno, "enter the new root");
	if (syscall(SYS_pivot_root, ".", "."))
		return failure_set(why, errno, "make the new root the root");
	/* Old and new root at one place: on "." now lies the old root, and on that its
	 * covers. */
	for (int i = 0; i < covers + 1; i++) {
		if (umount2(".", MNT_DETACH))
			return failure_set(why, errno, "let go of the old root");
	}
	if (chdir("/"))
		return failure_set(why, errno, "enter the new root");
	return check_alone(mount_fd, why);
}
