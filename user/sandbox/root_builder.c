// SPDX-License-Identifier: Apache-2.0
// What all parts of the building of a root share: its state, and places inside by descriptor.
#include "root_builder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "identity.h"
#include "mount.h"
#include "mount_point.h"

const char *const root_fresh_trees[ROOT_FRESH_TREES] = { "dev", "proc", "sys" };

bool root_is_on_disk(const struct root_builder *builder)
{
	return builder->spec->scratch->path;
}

struct view_entry *root_current_entry(const struct root_builder *builder)
{
	return &builder->spec->view->entries[builder->entry];
}

int root_make_directory(int directory_fd, const char *name, mode_t mode, struct failure *why)
{
	if (mkdirat(directory_fd, name, mode) && errno != EEXIST)
		return failure_set(why, errno, "make directory '%s' for the container", name);
	return 0;
}

bool root_is_directory(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

const char *root_relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

struct root_spot root_spot_of(const struct root_builder *builder, const char *path)
{
	path = root_relative(path);
	for (size_t i = 0; i < ROOT_FRESH_TREES; i++) {
		size_t length = strlen(root_fresh_trees[i]);

		if (builder->fresh_fds[i] >= 0 && !strncmp(path, root_fresh_trees[i], length) &&
			path[length] == '/')
			return (struct root_spot){ builder->fresh_fds[i], path + length + 1 };
	}
	return (struct root_spot){ builder->root_fd, path };
}

int root_attach(const struct root_builder *builder, int mount_fd, const char *path, bool may_make,
	struct failure *why)
{
	struct root_spot spot = root_spot_of(builder, path);
	struct mount_point point = { .root_fd = spot.fd,
		.path = spot.path,
		.may_make = may_make,
		.owner = builder->spec->identity->root };

	return mount_point_attach(&point, mount_fd, why);
}

/*
 * Puts what `source_fd` shows over `path`, if there is such a path. The copy is made anew each
 * time: before 6.15 the kernel copies only mounts that are in place.
 */
static int cover(const struct root_builder *builder, int source_fd, uint64_t attributes,
	const char *path, struct failure *why)
{
	cleanup_fd int copy = mount_copy(source_fd, "", why);
	int error;

	if (copy < 0)
		return copy;
	error = mount_change(copy, attributes, -1, why);
	if (!error)
		error = root_attach(builder, copy, path, false, why);
	return error == -ENOENT ? 0 : error;
}

int root_cover_directory(const struct root_builder *builder, const char *path, struct failure *why)
{
	return cover(builder, builder->empty_fd, MOUNT_DATA | MOUNT_ATTR_RDONLY, path, why);
}

/* What is mounted there may be a file, such as a namespace. */
int root_cover_entry(const struct root_builder *builder, const char *path, struct failure *why)
{
	int error = root_cover_directory(builder, path, why);

	if (error != -ENOTDIR)
		return error;
	return cover(builder, builder->nothing_fd, MOUNT_DATA | MOUNT_ATTR_RDONLY, path, why);
}
