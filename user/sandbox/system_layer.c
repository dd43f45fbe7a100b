// SPDX-License-Identifier: Apache-2.0
// Puts the container's own system configuration into its view of /etc.
#include "system_layer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "mount.h"

static const char layer[] = "system";
static const char layer_etc[] = "system/etc";

/*
 * A tmpfs of its own, also where the scratch is a directory on disk: the kernel lets no layer of an
 * overlay lie in another, and a lower one may be the whole file system that the scratch is on.
 */
static int mount_layer(int scratch_fd, struct failure *why)
{
	static const struct mount_option options[] = { { "source", "tare" }, { "mode", "755" },
		{ NULL, NULL } };
	cleanup_fd int mount_fd = mount_new("tmpfs", options, MOUNT_PLAIN, why);

	if (mount_fd < 0)
		return mount_fd;
	if (mkdirat(scratch_fd, layer, 0755))
		return failure_set(why, errno, "make the layer of the container's /etc");
	return mount_attach(mount_fd, scratch_fd, layer, why);
}

int system_layer_make(
	int scratch_fd, const struct system_config *config, uid_t root, struct failure *why)
{
	cleanup_fd int etc = -1;
	int error = mount_layer(scratch_fd, why);

	if (error)
		return error;
	if (mkdirat(scratch_fd, layer_etc, 0755) || fchownat(scratch_fd, layer_etc, root, root, 0))
		return failure_set(why, errno, "make the layer of the container's /etc");
	etc = mount_open_exactly(scratch_fd, layer_etc, why);
	return etc < 0 ? etc : system_config_write(config, etc, root, why);
}

const char *system_layer_name(const char *path)
{
	if (!strcmp(path, "/"))
		return layer;
	return strcmp(path, "/etc") ? NULL : layer_etc;
}

static int refuse(const char *what, const char *reason, struct failure *why)
{
	(void)failure_set(
		why, 0, "put the container's own files into its /etc: %s %s", what, reason);
	return failure_hint(why, "mend that in the root file system, or leave its files as they "
				 "are: --keep-system-config");
}

/* A link of that name would be covered with all it leads to, and the command miss its files. */
static int open_etc(int lower_fd, const char *path, struct failure *why)
{
	cleanup_fd int etc = mount_open_exactly(lower_fd, strcmp(path, "/") ? "." : "etc", why);
	struct stat status;

	if (etc == -EXDEV)
		return refuse("/etc", "is moved out of the root just now", why);
	if (etc < 0)
		return etc;
	if (fstat(etc, &status))
		return failure_set(why, errno, "look at /etc");
	if (S_ISLNK(status.st_mode))
		return refuse("/etc", "is a symbolic link", why);
	if (!S_ISDIR(status.st_mode))
		return refuse("/etc", "is not a directory", why);
	return take_fd(&etc);
}

int system_layer_fit(
	int scratch_fd, int lower_fd, const char *path, bool has_owners, struct failure *why)
{
	cleanup_fd int etc = open_etc(lower_fd, path, why);
	struct timespec times[2];
	struct stat status;

	if (etc < 0)
		return etc == -ENOENT ? 0 : etc;
	if (fstat(etc, &status))
		return failure_set(why, errno, "look at /etc");
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	if ((has_owners && fchownat(scratch_fd, layer_etc, status.st_uid, status.st_gid, 0)) ||
		fchmodat(scratch_fd, layer_etc, status.st_mode & 07777, 0) ||
		utimensat(scratch_fd, layer_etc, times, 0))
		return failure_set(why, errno, "make the layer of the container's /etc");
	return 0;
}

/* --- Where /etc is no overlay --- */

static int mount_file(
	int source_fd, int target_fd, const char *name, bool is_read_only, struct failure *why)
{
	cleanup_fd int copy = mount_copy(source_fd, name, why);
	int error;

	if (copy < 0)
		return copy;
	error = mount_change(copy, MOUNT_DATA | (is_read_only ? MOUNT_ATTR_RDONLY : 0), -1, why);
	return error ? error : mount_attach_over(copy, target_fd, name, why);
}

/* Over a link itself, too: where it leads is not asked. */
static int mount_over(
	int source_fd, int etc_fd, const char *name, bool is_read_only, struct failure *why)
{
	cleanup_fd int target = mount_open_exactly(etc_fd, name, why);
	struct stat status;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return target;
	if (fstat(target, &status))
		return failure_set(why, errno, "look at /etc/%s", name);
	if (S_ISDIR(status.st_mode))
		return refuse(name, "is a directory", why);
	return mount_file(source_fd, target, name, is_read_only, why);
}

int system_layer_mount(int scratch_fd, int root_fd, const struct system_config *config,
	bool is_read_only, struct failure *why)
{
	cleanup_fd int source = mount_open_exactly(scratch_fd, layer_etc, why);
	cleanup_fd int etc = source < 0 ? source : open_etc(root_fd, "/", why);
	const char *name;
	int error = 0;

	if (etc < 0)
		return etc == -ENOENT ? 0 : etc;
	for (size_t i = 0; !error && (name = system_config_name(config, i)); i++) {
		/* A link can be mounted over nothing; that of the host or root is as good. */
		if (!system_config_is_link(name))
			error = mount_over(source, etc, name, is_read_only, why);
	}
	return error;
}
