// SPDX-License-Identifier: Apache-2.0
// Builds the root file system that the command sees, and makes it the root.
//
// Theory of operation. A scratch file system, a tmpfs or a directory on disk, is mounted on top of
// '/', where it needs no directory of the host and hides nothing from a process that already stands
// in the root: it is reached by its descriptor alone. Below it lie, for every entry N of the view,
// `lowerN` (a copy of the host's mount with its owners mapped), `upperN` and `workN` for an
// overlay, or `hiddenN` for a directory of the command's own, `system` (the container's own /etc,
// another lower layer), and the new root as a mount point. A file of the host's root user then
// belongs to the command's own kernel uid when looked at through the overlay, and what it writes
// lands in `upper` under that uid: the host's file is never opened for writing. A read-only
// directory is an overlay without `upper`, so that no socket or FIFO in it is the host's.
// Everything is put in place by descriptor; the pivot leaves the scratch behind, held only by the
// overlays that use it.
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "identity.h"
#include "mount.h"
#include "root_builder.h"
#include "system_layer.h"

/* --- The system configuration --- */

static bool is_replaced(const struct root_builder *builder, const struct view_entry *entry)
{
	return builder->etc && system_config_replaces(builder->spec->system, entry->path);
}

/* Where /etc is no overlay. What the user hides stays empty. */
static int build_system_files(struct root_builder *builder, struct failure *why)
{
	const struct view_entry *etc = builder->etc;

	if (!etc || builder->has_system_layer || etc->mode == VIEW_HIDDEN ||
		etc->mode == VIEW_MASKED)
		return 0;
	return system_layer_mount(builder->scratch_fd, builder->root_fd, builder->spec->system,
		etc->mode != VIEW_FULL_ACCESS, why);
}

/* --- The whole --- */

static int new_scratch(const struct root_builder *builder, struct failure *why)
{
	struct tmpfs_options sized;
	int error = tmpfs_options_fill(&sized, &builder->spec->bounds, "755", why);

	return error ? error : mount_new("tmpfs", sized.options, MOUNT_PLAIN, why);
}

/* An ordinary user can make a mount of it only here, where there is a right to mounts. */
static int copy_scratch(const struct scratch *scratch, struct failure *why)
{
	cleanup_fd int directory = -1;
	int copy = scratch->mount_fd;

	if (copy >= 0) {
		copy = fcntl(copy, F_DUPFD_CLOEXEC, 0);
		return copy < 0 ? failure_set(why, errno, "use the run's directory on disk") : copy;
	}
	directory = mount_open_exactly(AT_FDCWD, scratch->path, why);
	return directory < 0 ? directory : mount_copy(directory, "", why);
}

static int scratch_on_disk(const struct root_builder *builder, struct failure *why)
{
	cleanup_fd int scratch = copy_scratch(builder->spec->scratch, why);
	int error;

	if (scratch < 0)
		return scratch;
	error = mount_change(scratch, MOUNT_PLAIN, -1, why);
	return error ? error : take_fd(&scratch);
}

static int open_empty(struct root_builder *builder, struct failure *why)
{
	int error = root_make_directory(builder->scratch_fd, "empty", 0555, why);

	if (error)
		return error;
	builder->empty_fd = mount_open_inside(builder->scratch_fd, "empty", O_DIRECTORY, why);
	return builder->empty_fd < 0 ? builder->empty_fd : 0;
}

static int open_nothing(struct root_builder *builder, struct failure *why)
{
	builder->nothing_fd = openat(builder->scratch_fd, "nothing",
		O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (builder->nothing_fd < 0)
		return failure_set(why, errno, "make file 'nothing' for the container");
	return 0;
}

static int build_scratch(struct root_builder *builder, struct failure *why)
{
	cleanup_fd int scratch = root_is_on_disk(builder) ? scratch_on_disk(builder, why)
							  : new_scratch(builder, why);
	int error;

	if (scratch < 0)
		return scratch;
	if (move_mount(scratch, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH))
		return failure_set(why, errno, "mount the scratch file system");
	builder->scratch_fd = take_fd(&scratch);
	error = open_empty(builder, why);
	return error ? error : open_nothing(builder, why);
}

static int blame(const struct view_entry *entry, int error, struct failure *why)
{
	struct failure cause = *why;

	failure_set(why, cause.errnum, "show '%s' in the container: %s", entry->path, cause.what);
	failure_hint(why, "%s", cause.hint);
	return error;
}

static int make_entry(struct root_builder *builder, struct failure *why)
{
	const struct view_entry *entry = root_current_entry(builder);
	int mount_fd = entry->mode == VIEW_HIDDEN ? root_make_hidden(builder, entry->path, why)
						  : root_make_shown(builder, why);

	return mount_fd < 0 ? blame(entry, mount_fd, why) : mount_fd;
}

/* The new root stands on the scratch. Its descriptor is the mount's own from here on. */
static int build_root(struct root_builder *builder, struct failure *why)
{
	cleanup_fd int root = make_entry(builder, why);
	int error;

	if (root < 0)
		return root;
	error = root_make_directory(builder->scratch_fd, "root", 0700, why);
	if (!error)
		error = mount_attach(root, builder->scratch_fd, "root", why);
	builder->root_fd = error ? -1 : take_fd(&root);
	return error;
}

static bool has_entries_below(const struct view *view, const struct view_entry *entry)
{
	for (size_t i = entry - view->entries + 1; i < view->count; i++) {
		if (path_is_inside(view->entries[i].path, entry->path))
			return true;
	}
	return false;
}

/*
 * The root need not have every directory that is hidden by default, unless another is to be shown
 * below it: without the hidden one that would be made in the root itself. What is mounted in the
 * root may be gone since, directory and all; a directory of the host that a rule shows is wanted.
 */
static bool may_be_missing(const struct root_builder *builder, const struct view_entry *entry)
{
	if (entry->mode == VIEW_HIDDEN)
		return !has_entries_below(builder->spec->view, entry);
	return entry->type && !entry->is_of_host;
}

static int build_entry(struct root_builder *builder, struct failure *why)
{
	const struct view_entry *entry = root_current_entry(builder);
	cleanup_fd int mount_fd = -1;
	int error;

	if (entry->mode == VIEW_MASKED)
		return root_cover_entry(builder, entry->path, why);
	mount_fd = make_entry(builder, why);
	/* What somebody unmounts or removes while this goes on is no longer to be shown. */
	if (mount_fd == -ENOENT && (entry->type || entry->is_of_crowd))
		return 0;
	if (mount_fd < 0)
		return mount_fd;
	error = root_attach(builder, mount_fd, entry->path, entry->may_be_made, why);
	return error == -ENOENT && may_be_missing(builder, entry) ? 0 : error;
}

/* The first entry is '/', for which there always is a rule. */
static int build_view(struct root_builder *builder, struct failure *why)
{
	int error = build_root(builder, why);

	while (!error && ++builder->entry < builder->spec->view->count) {
		if (!is_replaced(builder, root_current_entry(builder)))
			error = build_entry(builder, why);
	}
	return error;
}

static int cover_scratch_in(
	const struct root_builder *builder, const struct view_entry *entry, struct failure *why)
{
	const char *host = builder->spec->scratch->path;
	cleanup_free char *path = NULL;

	if (!entry->source || !path_is_inside(host, entry->source))
		return 0;
	path = path_move(host, entry->source, entry->path);
	if (!path)
		return failure_set(why, ENOMEM, "cover the run's directory on disk");
	return view_entry_of(builder->spec->view, path) == entry
		       ? root_cover_directory(builder, path, why)
		       : 0;
}

/* Wherever the container shows TMPDIR, the run's own directory there is empty. */
static int cover_scratch(const struct root_builder *builder, struct failure *why)
{
	const struct view *view = builder->spec->view;
	int error = 0;

	for (size_t i = 0; root_is_on_disk(builder) && i < view->count && !error; i++)
		error = cover_scratch_in(builder, &view->entries[i], why);
	return error;
}

/* Before something of the container's own is mounted on it. */
static int copy_whole(struct root_builder *builder, struct failure *why)
{
	const struct view_entry *root = &builder->spec->view->entries[0];

	if (root->mode != VIEW_FULL_ACCESS || !root->is_crowded || builder->spec->has_own_root)
		return 0;
	builder->whole_fd = mount_copy_tree(AT_FDCWD, "/", MOUNT_PLAIN, why);
	return builder->whole_fd < 0 ? builder->whole_fd : 0;
}

/*
 * The scratch is the one mount that lies over the host's root. Elsewhere in the host's tree it goes
 * with that at once, and the kernel waits only once for all processors to have let go.
 */
static int pivot(const struct root_builder *builder, struct failure *why)
{
	bool is_aside =
		!move_mount(builder->scratch_fd, "", AT_FDCWD, "/proc", MOVE_MOUNT_F_EMPTY_PATH);

	return mount_pivot(builder->root_fd, is_aside ? 0 : 1, builder->fresh_fds[0], why);
}

static int build(struct root_builder *builder, struct failure *why)
{
	int error = mount_make_private(why);

	if (!error)
		error = copy_whole(builder, why);
	if (!error)
		error = build_scratch(builder, why);
	if (!error && builder->etc)
		error = system_layer_make(builder->scratch_fd, builder->spec->system,
			builder->spec->identity->root, why);
	if (!error)
		error = build_view(builder, why);
	if (!error)
		error = cover_scratch(builder, why);
	if (!error)
		error = build_system_files(builder, why);
	if (!error)
		error = root_build_kernel_mounts(builder, why);
	return error ? error : pivot(builder, why);
}

int root_build(const struct root_spec *spec, int *null_fd, int *layers_fd, struct failure *why)
{
	struct root_builder builder = {
		.spec = spec,
		.etc = spec->system ? view_entry_of(spec->view, "/etc") : NULL,
		.whole_fd = -1,
		.scratch_fd = -1,
		.root_fd = -1,
		.fresh_fds = { -1, -1, -1 },
		.null_fd = -1,
		.empty_fd = -1,
		.nothing_fd = -1,
	};
	int error = build(&builder, why);

	if (!error)
		*null_fd = take_fd(&builder.null_fd);
	*layers_fd = !error && spec->keeps_layers ? take_fd(&builder.scratch_fd) : -1;
	close_fd(&builder.whole_fd);
	close_fd(&builder.scratch_fd);
	close_fd(&builder.root_fd);
	for (size_t i = 0; i < ROOT_FRESH_TREES; i++)
		close_fd(&builder.fresh_fds[i]);
	close_fd(&builder.null_fd);
	close_fd(&builder.empty_fd);
	close_fd(&builder.nothing_fd);
	return error;
}
