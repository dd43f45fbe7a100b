// SPDX-License-Identifier: Apache-2.0
// What the entries of a view show: overlays of the host's directories, and directories of the
// command's own.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "identity.h"
#include "mount.h"
#include "root_builder.h"
#include "system_layer.h"
#include "view_spread.h"

/* --- Overlays of the host's directories --- */

/*
 * Without mapped owners the command is a stranger to all files below, but to the top directory it
 * need not be: that is of the upper layer, and is the command's when it is who owns it on the host.
 * So it can at least make new files there.
 */
static void own_top(const struct identity *identity, struct stat *top)
{
	if (top->st_uid == identity->owner - IDENTITY_BASE)
		top->st_uid = identity->owner;
	if (top->st_gid == identity->group - IDENTITY_BASE)
		top->st_gid = identity->group;
}

/*
 * An ordinary user can give nothing to others, so all top directories are the command's: they let
 * it do what those below do.
 */
static void fit_top(const struct root_builder *builder, int lower_fd, struct stat *top)
{
	const struct identity *identity = builder->spec->identity;

	if (root_current_entry(builder)->notes & VIEW_UNMAPPED)
		own_top(identity, top);
	if (!identity->is_users)
		return;
	top->st_mode = view_callers_mode(lower_fd, ".", top);
	top->st_uid = IDENTITY_AS_MADE;
	top->st_gid = IDENTITY_AS_MADE;
}

/* The overlay's own root takes its mode and owner from the upper directory, not from the lower. */
static int make_upper(
	const struct root_builder *builder, int lower_fd, const char *name, struct failure *why)
{
	struct stat lower;

	if (fstat(lower_fd, &lower))
		return failure_set(why, errno, "read the mode of a directory to overlay");
	fit_top(builder, lower_fd, &lower);
	if (mkdirat(builder->scratch_fd, name, 0700) ||
		fchownat(builder->scratch_fd, name, lower.st_uid, lower.st_gid, 0) ||
		fchmodat(builder->scratch_fd, name, lower.st_mode & 07777, 0))
		return failure_set(why, errno, "make the upper directory of an overlay");
	return 0;
}

/* "upper12" */
struct scratch_name {
	char text[32];
};

static struct scratch_name scratch_name(const struct root_builder *builder, const char *kind)
{
	struct scratch_name name;

	snprintf(name.text, sizeof(name.text), "%s%zu", kind, builder->entry);
	return name;
}

/* "/proc/self/fd/12/upper12" */
struct layer_path {
	char text[64];
};

static struct layer_path layer_path(const struct root_builder *builder, const char *name)
{
	struct layer_path path;

	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d/%s", builder->scratch_fd, name);
	return path;
}

/* Directories of the scratch that an overlay is made of. */
struct layers {
	const char *above; /* one more lower directory, over the other; NULL: none */
	const char *lower;
	const char *upper;
};

/* "/proc/self/fd/12/system:/proc/self/fd/12/lower0" */
struct lower_paths {
	char text[2 * sizeof(struct layer_path)];
};

static struct lower_paths lower_paths(
	const struct root_builder *builder, const struct layers *layers)
{
	struct layer_path lower = layer_path(builder, layers->lower), above = { "" };
	struct lower_paths paths;

	if (layers->above)
		above = layer_path(builder, layers->above);
	snprintf(paths.text, sizeof(paths.text), "%s%s%s", above.text, layers->above ? ":" : "",
		lower.text);
	return paths;
}

static int mount_overlay(const struct root_builder *builder, const struct layers *layers,
	uint64_t attributes, struct failure *why)
{
	struct scratch_name work = scratch_name(builder, "work");
	struct lower_paths lower = lower_paths(builder, layers);
	struct layer_path upper = layer_path(builder, layers->upper);
	struct layer_path work_path = layer_path(builder, work.text);
	bool is_users = builder->spec->identity->is_users;
	const struct mount_option options[] = {
		{ "source", "tare" },
		{ "lowerdir", lower.text },
		{ "upperdir", upper.text },
		{ "workdir", work_path.text },
		/* Whatever the kernel's defaults are, the upper layer holds files as a whole. */
		{ "metacopy", "off" },
		{ "redirect_dir", is_users ? "nofollow" : "off" },
		/* The upper layer dies with the run: nothing in it must survive a crash. */
		{ "volatile", NULL },
		/* What it notes of itself: trusted attributes are for who may mount on the host. */
		{ is_users ? "userxattr" : NULL, NULL },
		{ NULL, NULL },
	};
	int error = root_make_directory(builder->scratch_fd, work.text, 0700, why);

	return error ? error : mount_new("overlay", options, MOUNT_PLAIN | attributes, why);
}

/* The layer of system files that the current entry is to have, made ready for it; NULL: none. */
static int fit_system_layer(
	const struct root_builder *builder, int lower_fd, const char **name, struct failure *why)
{
	const struct view_entry *entry = root_current_entry(builder);

	*name = NULL;
	if (entry != builder->etc)
		return 0;
	*name = system_layer_name(entry->path);
	return system_layer_fit(builder->scratch_fd, lower_fd, entry->path,
		!builder->spec->identity->is_users, why);
}

/* The copy is attached to the scratch as the lower layer; or one is made in its place. */
static int make_lower(
	const struct root_builder *builder, int lower_fd, const char *name, struct failure *why)
{
	int error = root_make_directory(builder->scratch_fd, name, 0700, why);

	if (error)
		return error;
	if (root_current_entry(builder)->is_crowded)
		return root_make_names(builder, name, lower_fd, why);
	return mount_attach(lower_fd, builder->scratch_fd, name, why);
}

static int make_layers(const struct root_builder *builder, int lower_fd,
	const struct layers *layers, struct failure *why)
{
	int error = make_lower(builder, lower_fd, layers->lower, why);

	return error ? error : make_upper(builder, lower_fd, layers->upper, why);
}

/*
 * Returns an unattached overlay over the copy. -EOPNOTSUPP: the kernel can lay none over it, such
 * as over an overlay over an overlay, or over vfat.
 */
static int overlay_over(struct root_builder *builder, int lower_fd, struct failure *why)
{
	struct scratch_name lower = scratch_name(builder, "lower");
	struct scratch_name upper = scratch_name(builder, "upper");
	struct layers layers = { .lower = lower.text, .upper = upper.text };
	uint64_t attributes;
	int overlay;
	int error = mount_restrictions(lower_fd, &attributes, why);

	if (!error)
		error = fit_system_layer(builder, lower_fd, &layers.above, why);
	if (!error)
		error = make_layers(builder, lower_fd, &layers, why);
	if (error)
		return error;
	overlay = mount_overlay(builder, &layers, attributes, why);
	builder->has_system_layer |= overlay >= 0 && layers.above;
	return overlay == -EINVAL ? -EOPNOTSUPP : overlay;
}

/*
 * Without an upper layer it is read-only as a whole. Through a plain read-only mount the command
 * could still talk to the host's sockets, write into its FIFOs and lock its files: those of an
 * overlay are the overlay's own. The kernel wants two layers then. -EOPNOTSUPP as above.
 */
static int read_only_over(struct root_builder *builder, int lower_fd, struct failure *why)
{
	struct scratch_name lower = scratch_name(builder, "lower");
	struct layers layers = { .above = lower.text, .lower = "empty" };
	struct lower_paths paths = lower_paths(builder, &layers);
	const struct mount_option options[] = {
		{ "source", "tare" },
		{ "lowerdir", paths.text },
		{ NULL, NULL },
	};
	uint64_t attributes;
	int error = mount_restrictions(lower_fd, &attributes, why);
	int overlay;

	if (!error)
		error = make_lower(builder, lower_fd, lower.text, why);
	if (error)
		return error;
	overlay = mount_new("overlay", options, MOUNT_PLAIN | MOUNT_ATTR_RDONLY | attributes, why);
	/* Nor can one layer lie in the other, as where TMPDIR is below it and takes the writes. */
	return overlay == -EINVAL || overlay == -ELOOP ? -EOPNOTSUPP : overlay;
}

static int take_given_root(const struct root_builder *builder, struct failure *why)
{
	int root = fcntl(builder->spec->root_fd, F_DUPFD_CLOEXEC, 0);

	return root < 0 ? failure_set(why, errno, "use the root that was given") : root;
}

/* The path was found to be the directory's own; what became of it since is not followed. */
static int open_source(const struct root_builder *builder, struct failure *why)
{
	return mount_open_exactly(AT_FDCWD, root_current_entry(builder)->source, why);
}

static int copy_source(const struct root_builder *builder, struct failure *why)
{
	cleanup_fd int source = -1;

	if (builder->root_fd < 0 && builder->spec->root_fd >= 0)
		return take_given_root(builder, why);
	source = open_source(builder, why);
	return source < 0 ? source : mount_copy(source, "", why);
}

/*
 * A copy of the host's mount that the current entry shows, with its owners mapped. Where that
 * cannot be (overlay, NFS, FUSE; or somebody has mapped them already), the command, a stranger to
 * it, has what everybody has.
 */
static int copy_host(struct root_builder *builder, struct failure *why)
{
	struct view_entry *entry = root_current_entry(builder);
	cleanup_fd int copy = copy_source(builder, why);
	int error;

	if (copy < 0)
		return copy;
	error = mount_change(copy, MOUNT_PLAIN, builder->spec->userns_fd, why);
	if (builder->spec->userns_fd >= 0 && (error == -EINVAL || error == -EPERM)) {
		entry->notes |= VIEW_UNMAPPED;
		error = mount_change(copy, MOUNT_PLAIN, -1, why);
	}
	return error ? error : take_fd(&copy);
}

/* With full access nothing has to lie between: it is copied with what is mounted in it. */
static int open_crowded(struct root_builder *builder, struct failure *why)
{
	cleanup_fd int source = -1;

	if (builder->whole_fd >= 0 && !builder->entry)
		return take_fd(&builder->whole_fd);
	source = open_source(builder, why);
	if (source < 0 || root_current_entry(builder)->mode != VIEW_FULL_ACCESS)
		return take_fd(&source);
	return mount_copy_tree(source, "", MOUNT_PLAIN, why);
}

static int open_shown(struct root_builder *builder, struct failure *why)
{
	return root_current_entry(builder)->is_crowded ? open_crowded(builder, why)
						       : copy_host(builder, why);
}

/* A socket, a FIFO or a device that is mounted by itself is a door out of the container. */
static bool is_door(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode);
}

/* An empty file in the place of a door. */
static int make_closed(struct root_builder *builder, struct failure *why)
{
	cleanup_fd int file = -1;
	int error;

	root_current_entry(builder)->notes |= VIEW_WITHHELD;
	if (mknodat(builder->scratch_fd, "closed", S_IFREG | 0444, 0) && errno != EEXIST)
		return failure_set(why, errno, "make an empty file for the container");
	file = mount_copy(builder->scratch_fd, "closed", why);
	if (file < 0)
		return file;
	error = mount_change(file, MOUNT_DATA | MOUNT_ATTR_RDONLY, -1, why);
	return error ? error : take_fd(&file);
}

static int make_layered(struct root_builder *builder, int copy_fd, struct failure *why)
{
	return root_current_entry(builder)->mode == VIEW_OVERLAY
		       ? overlay_over(builder, copy_fd, why)
		       : read_only_over(builder, copy_fd, why);
}

/* Where a user could not write the file anyway, nothing is taken away. */
static bool is_missed(const struct view_entry *entry, int file_fd)
{
	return !entry->is_of_crowd || root_is_directory(file_fd) ||
	       !faccessat(file_fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS);
}

/*
 * The host's directory as an unattached mount, or one that can still be moved. What has to be an
 * overlay and cannot is shown read-only: a file, or what the kernel lays no overlay over.
 */
int root_make_shown(struct root_builder *builder, struct failure *why)
{
	struct view_entry *entry = root_current_entry(builder);
	cleanup_fd int copy = open_shown(builder, why);
	int layered, error;

	if (copy < 0 || entry->mode == VIEW_FULL_ACCESS)
		return take_fd(&copy);
	if (is_door(copy))
		return make_closed(builder, why);
	layered = root_is_directory(copy) ? make_layered(builder, copy, why) : -EOPNOTSUPP;
	if (layered != -EOPNOTSUPP || entry->is_crowded)
		return layered;
	if (entry->mode == VIEW_OVERLAY && is_missed(entry, copy))
		entry->notes |= VIEW_UNWRITABLE;
	error = mount_change(copy, MOUNT_ATTR_RDONLY, -1, why);
	return error ? error : take_fd(&copy);
}

/* --- Directories of the command's own --- */

static const struct {
	const char *path;
	mode_t mode;
} hidden_modes[] = { { "/tmp", 01777 }, { "/run", 0755 } };

static mode_t hidden_mode(const char *path)
{
	for (size_t i = 0; i < sizeof(hidden_modes) / sizeof(hidden_modes[0]); i++) {
		if (!strcmp(path, hidden_modes[i].path))
			return hidden_modes[i].mode;
	}
	return 0755;
}

/* A directory that the command owns. mkdirat obeys the umask, so the mode is set again. */
static int make_owned(
	const struct root_builder *builder, const char *name, mode_t mode, struct failure *why)
{
	const struct identity *identity = builder->spec->identity;
	int error = root_make_directory(builder->scratch_fd, name, mode, why);

	if (error)
		return error;
	if (fchownat(builder->scratch_fd, name, identity->owner, identity->group,
		    AT_SYMLINK_NOFOLLOW) ||
		fchmodat(builder->scratch_fd, name, mode, 0))
		return failure_set(why, errno, "give the command its directory '%s'", name);
	return 0;
}

/* A directory as a mount of its own. */
static int copy_mount(int directory_fd, const char *name, struct failure *why)
{
	cleanup_fd int directory = mount_copy(directory_fd, name, why);
	int error;

	if (directory < 0)
		return directory;
	error = mount_change(directory, MOUNT_PLAIN, -1, why);
	return error ? error : take_fd(&directory);
}

/*
 * On disk through an overlay over nothing: it lets nobody ask the file system itself for what
 * could not be removed afterwards, such as a read-only subvolume of btrfs.
 */
int root_make_hidden(struct root_builder *builder, const char *path, struct failure *why)
{
	struct scratch_name name = scratch_name(builder, "hidden");
	struct layers layers = { .lower = "empty", .upper = name.text };
	int error = make_owned(builder, name.text, hidden_mode(path), why);

	if (error)
		return error;
	if (root_is_on_disk(builder))
		return mount_overlay(builder, &layers, 0, why);
	return copy_mount(builder->scratch_fd, name.text, why);
}
