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
#include "mount_point.h"
#include "system_layer.h"

/* The scratch is the one mount that lies over the host's root. */
enum { SCRATCH_COVERS = 1 };

/* Those of the fresh mounts that others, and covers, lie on. */
static const char *const fresh_trees[] = { "dev", "proc", "sys" };

#define FRESH_TREES (sizeof(fresh_trees) / sizeof(fresh_trees[0]))

struct builder {
	const struct root_spec *spec;
	int scratch_fd;
	int root_fd;		    /* the new root; -1 until its overlay is attached */
	int fresh_fds[FRESH_TREES]; /* -1 until they are attached */
	int null_fd;		    /* the new /dev/null, to lie over files */
	int empty_fd;		    /* an empty directory, to lie over others */
	int nothing_fd;		    /* an empty file, to lie over others before there is a null */
	size_t entry; /* of the view, the one being built: its number is in its layers' names */
	const struct view_entry *etc; /* what shows /etc; NULL: its files stay as they are */
	bool has_system_layer;	      /* it has the system configuration as a layer */
};

/* --- Small steps --- */

static bool is_on_disk(const struct builder *builder)
{
	return builder->spec->scratch->mount_fd >= 0;
}

static struct view_entry *current_entry(const struct builder *builder)
{
	return &builder->spec->view->entries[builder->entry];
}

static int make_directory(int directory_fd, const char *name, mode_t mode, struct failure *why)
{
	if (mkdirat(directory_fd, name, mode) && errno != EEXIST)
		return failure_set(why, errno, "make directory '%s' for the container", name);
	return 0;
}

/* A directory that the command owns. mkdirat obeys the umask, so the mode is set again. */
static int make_owned(
	const struct builder *builder, const char *name, mode_t mode, struct failure *why)
{
	const struct root_spec *spec = builder->spec;
	int error = make_directory(builder->scratch_fd, name, mode, why);

	if (error)
		return error;
	if (fchownat(builder->scratch_fd, name, spec->owner, spec->group, AT_SYMLINK_NOFOLLOW) ||
		fchmodat(builder->scratch_fd, name, mode, 0))
		return failure_set(why, errno, "give the command its directory '%s'", name);
	return 0;
}

static const char *relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

/* A place inside, seen from a mount that tare made wherever it lies on one. */
struct spot {
	int fd;
	const char *path;
};

/*
 * What lies in a fresh mount is looked up from there. By way of the root the same name could lead
 * elsewhere: the root's own files are not to be trusted, and may change meanwhile.
 */
static struct spot spot_of(const struct builder *builder, const char *path)
{
	path = relative(path);
	for (size_t i = 0; i < FRESH_TREES; i++) {
		size_t length = strlen(fresh_trees[i]);

		if (builder->fresh_fds[i] >= 0 && !strncmp(path, fresh_trees[i], length) &&
			path[length] == '/')
			return (struct spot){ builder->fresh_fds[i], path + length + 1 };
	}
	return (struct spot){ builder->root_fd, path };
}

static int attach(const struct builder *builder, int mount_fd, const char *path, bool may_make,
	struct failure *why)
{
	struct spot spot = spot_of(builder, path);
	struct mount_point point = {
		.root_fd = spot.fd, .path = spot.path, .may_make = may_make, .owner = IDENTITY_BASE
	};

	return mount_point_attach(&point, mount_fd, why);
}

/*
 * Puts what `source_fd` shows over `path`, if there is such a path. The copy is made anew each
 * time: before 6.15 the kernel copies only mounts that are in place.
 */
static int cover(const struct builder *builder, int source_fd, uint64_t attributes,
	const char *path, struct failure *why)
{
	cleanup_fd int copy = mount_copy(source_fd, "", why);
	int error;

	if (copy < 0)
		return copy;
	error = mount_change(copy, attributes, -1, why);
	if (!error)
		error = attach(builder, copy, path, false, why);
	return error == -ENOENT ? 0 : error;
}

static int cover_directory(const struct builder *builder, const char *path, struct failure *why)
{
	return cover(builder, builder->empty_fd, MOUNT_DATA | MOUNT_ATTR_RDONLY, path, why);
}

/* What is mounted there may be a file, such as a namespace. */
static int cover_entry(const struct builder *builder, const char *path, struct failure *why)
{
	int error = cover_directory(builder, path, why);

	if (error != -ENOTDIR)
		return error;
	return cover(builder, builder->nothing_fd, MOUNT_DATA | MOUNT_ATTR_RDONLY, path, why);
}

static int cover_file(const struct builder *builder, const char *path, struct failure *why)
{
	return cover(builder, builder->null_fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, path, why);
}

/* --- Overlays of the host's directories --- */

/*
 * Without mapped owners the command is a stranger to all files below, but to the top directory it
 * need not be: that is of the upper layer, and is the command's when it is who owns it on the host.
 * So it can at least make new files there.
 */
static void own_top(const struct root_spec *spec, struct stat *top)
{
	if (top->st_uid == spec->owner - IDENTITY_BASE)
		top->st_uid = spec->owner;
	if (top->st_gid == spec->group - IDENTITY_BASE)
		top->st_gid = spec->group;
}

/* The overlay's own root takes its mode and owner from the upper directory, not from the lower. */
static int make_upper(
	const struct builder *builder, int lower_fd, const char *name, struct failure *why)
{
	struct stat lower;

	if (fstat(lower_fd, &lower))
		return failure_set(why, errno, "read the mode of a directory to overlay");
	if (current_entry(builder)->notes & VIEW_UNMAPPED)
		own_top(builder->spec, &lower);
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

static struct scratch_name scratch_name(const struct builder *builder, const char *kind)
{
	struct scratch_name name;

	snprintf(name.text, sizeof(name.text), "%s%zu", kind, builder->entry);
	return name;
}

/* "/proc/self/fd/12/upper12" */
struct layer_path {
	char text[64];
};

static struct layer_path layer_path(const struct builder *builder, const char *name)
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

static struct lower_paths lower_paths(const struct builder *builder, const struct layers *layers)
{
	struct layer_path lower = layer_path(builder, layers->lower), above = { "" };
	struct lower_paths paths;

	if (layers->above)
		above = layer_path(builder, layers->above);
	snprintf(paths.text, sizeof(paths.text), "%s%s%s", above.text, layers->above ? ":" : "",
		lower.text);
	return paths;
}

static int mount_overlay(const struct builder *builder, const struct layers *layers,
	uint64_t attributes, struct failure *why)
{
	struct scratch_name work = scratch_name(builder, "work");
	struct lower_paths lower = lower_paths(builder, layers);
	struct layer_path upper = layer_path(builder, layers->upper);
	struct layer_path work_path = layer_path(builder, work.text);
	const struct mount_option options[] = {
		{ "source", "tare" },
		{ "lowerdir", lower.text },
		{ "upperdir", upper.text },
		{ "workdir", work_path.text },
		/* Whatever the kernel's defaults are, the upper layer holds files as a whole. */
		{ "metacopy", "off" },
		{ "redirect_dir", "off" },
		/* The upper layer dies with the run: nothing in it must survive a crash. */
		{ "volatile", NULL },
		{ NULL, NULL },
	};
	int error = make_directory(builder->scratch_fd, work.text, 0700, why);

	return error ? error : mount_new("overlay", options, MOUNT_PLAIN | attributes, why);
}

/* The layer of system files that the current entry is to have, made ready for it; NULL: none. */
static int fit_system_layer(
	const struct builder *builder, int lower_fd, const char **name, struct failure *why)
{
	const struct view_entry *entry = current_entry(builder);

	*name = NULL;
	if (entry != builder->etc)
		return 0;
	*name = system_layer_name(entry->path);
	return system_layer_fit(builder->scratch_fd, lower_fd, entry->path, why);
}

/* The copy is attached to the scratch as the lower layer. */
static int make_layers(const struct builder *builder, int lower_fd, const struct layers *layers,
	struct failure *why)
{
	int error = make_directory(builder->scratch_fd, layers->lower, 0700, why);

	if (!error)
		error = mount_attach(lower_fd, builder->scratch_fd, layers->lower, why);
	return error ? error : make_upper(builder, lower_fd, layers->upper, why);
}

/*
 * Returns an unattached overlay over the copy. -EOPNOTSUPP: the kernel can lay none over it, such
 * as over an overlay over an overlay, or over vfat.
 */
static int overlay_over(struct builder *builder, int lower_fd, struct failure *why)
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
static int read_only_over(struct builder *builder, int lower_fd, struct failure *why)
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
		error = make_directory(builder->scratch_fd, lower.text, 0700, why);
	if (!error)
		error = mount_attach(lower_fd, builder->scratch_fd, lower.text, why);
	if (error)
		return error;
	overlay = mount_new("overlay", options, MOUNT_PLAIN | MOUNT_ATTR_RDONLY | attributes, why);
	/* Nor can one layer lie in the other, as where TMPDIR is below it and takes the writes. */
	return overlay == -EINVAL || overlay == -ELOOP ? -EOPNOTSUPP : overlay;
}

static bool is_directory(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

static int take_given_root(const struct builder *builder, struct failure *why)
{
	int root = fcntl(builder->spec->root_fd, F_DUPFD_CLOEXEC, 0);

	return root < 0 ? failure_set(why, errno, "use the root that was given") : root;
}

/* The path was found to be the directory's own; what became of it since is not followed. */
static int copy_source(const struct builder *builder, struct failure *why)
{
	cleanup_fd int source = -1;

	if (builder->root_fd < 0 && builder->spec->root_fd >= 0)
		return take_given_root(builder, why);
	source = mount_open_exactly(AT_FDCWD, current_entry(builder)->source, why);
	return source < 0 ? source : mount_copy(source, "", why);
}

/*
 * A copy of the host's mount that the current entry shows, with its owners mapped. Where that
 * cannot be (overlay, NFS, FUSE; or somebody has mapped them already), the command, a stranger to
 * it, has what everybody has.
 */
static int copy_host(struct builder *builder, struct failure *why)
{
	struct view_entry *entry = current_entry(builder);
	cleanup_fd int copy = copy_source(builder, why);
	int error;

	if (copy < 0)
		return copy;
	error = mount_change(copy, MOUNT_PLAIN, builder->spec->userns_fd, why);
	if (error == -EINVAL || error == -EPERM) {
		entry->notes |= VIEW_UNMAPPED;
		error = mount_change(copy, MOUNT_PLAIN, -1, why);
	}
	return error ? error : take_fd(&copy);
}

/* A socket, a FIFO or a device that is mounted by itself is a door out of the container. */
static bool is_door(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode);
}

/* An empty file in the place of a door. */
static int make_closed(struct builder *builder, struct failure *why)
{
	cleanup_fd int file = -1;
	int error;

	current_entry(builder)->notes |= VIEW_WITHHELD;
	if (mknodat(builder->scratch_fd, "closed", S_IFREG | 0444, 0) && errno != EEXIST)
		return failure_set(why, errno, "make an empty file for the container");
	file = mount_copy(builder->scratch_fd, "closed", why);
	if (file < 0)
		return file;
	error = mount_change(file, MOUNT_DATA | MOUNT_ATTR_RDONLY, -1, why);
	return error ? error : take_fd(&file);
}

static int make_layered(struct builder *builder, int copy_fd, struct failure *why)
{
	return current_entry(builder)->mode == VIEW_OVERLAY ? overlay_over(builder, copy_fd, why)
							    : read_only_over(builder, copy_fd, why);
}

/*
 * The host's directory as an unattached mount, or one that can still be moved. What has to be an
 * overlay and cannot is shown read-only: a file, or what the kernel lays no overlay over.
 */
static int make_shown(struct builder *builder, struct failure *why)
{
	struct view_entry *entry = current_entry(builder);
	cleanup_fd int copy = copy_host(builder, why);
	int layered, error;

	if (copy < 0 || entry->mode == VIEW_FULL_ACCESS)
		return take_fd(&copy);
	if (is_door(copy))
		return make_closed(builder, why);
	layered = is_directory(copy) ? make_layered(builder, copy, why) : -EOPNOTSUPP;
	if (layered != -EOPNOTSUPP)
		return layered;
	if (entry->mode == VIEW_OVERLAY)
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
static int make_hidden(struct builder *builder, const char *path, struct failure *why)
{
	struct scratch_name name = scratch_name(builder, "hidden");
	struct layers layers = { .lower = "empty", .upper = name.text };
	int error = make_owned(builder, name.text, hidden_mode(path), why);

	if (error)
		return error;
	if (is_on_disk(builder))
		return mount_overlay(builder, &layers, 0, why);
	return copy_mount(builder->scratch_fd, name.text, why);
}

/* --- /dev, /proc, /sys --- */

static const struct {
	const char *name;
	unsigned int minor, major;
} devices[] = {
	{ "null", 3, 1 },
	{ "zero", 5, 1 },
	{ "full", 7, 1 },
	{ "random", 8, 1 },
	{ "urandom", 9, 1 },
	{ "tty", 0, 5 },
};

static const struct {
	const char *target, *name;
} device_links[] = {
	{ "/proc/self/fd", "fd" },
	{ "/proc/self/fd/0", "stdin" },
	{ "/proc/self/fd/1", "stdout" },
	{ "/proc/self/fd/2", "stderr" },
	{ "pts/ptmx", "ptmx" },
};

static int fill_dev(int dev_fd, struct failure *why)
{
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		dev_t number = makedev(devices[i].major, devices[i].minor);

		if (mknodat(dev_fd, devices[i].name, S_IFCHR | 0666, number) ||
			fchmodat(dev_fd, devices[i].name, 0666, 0))
			return failure_set(why, errno, "make device '%s'", devices[i].name);
	}
	for (size_t i = 0; i < sizeof(device_links) / sizeof(device_links[0]); i++) {
		if (symlinkat(device_links[i].target, dev_fd, device_links[i].name))
			return failure_set(why, errno, "make link '%s'", device_links[i].name);
	}
	return 0;
}

static const struct mount_option dev_options[] = { { "source", "tare" }, { "mode", "755" },
	{ NULL, NULL } };
static const struct mount_option pts_options[] = { { "source", "tare" }, { "ptmxmode", "666" },
	{ "mode", "620" }, { NULL, NULL } };
static const struct mount_option plain_options[] = { { "source", "tare" }, { NULL, NULL } };

struct fresh_mount {
	const char *path;
	const char *type;
	const struct mount_option *options; /* NULL: of a tmpfs that takes writes */
	uint64_t attributes;
	int (*fill)(int mount_fd, struct failure *why);
};

static int fill_dev_directories(int dev_fd, struct failure *why)
{
	int error = fill_dev(dev_fd, why);

	if (!error)
		error = make_directory(dev_fd, "pts", 0755, why);
	if (!error)
		error = make_directory(dev_fd, "shm", 0755, why);
	return error ? error : make_directory(dev_fd, "mqueue", 0755, why);
}

/*
 * devpts and /dev itself carry device nodes; the command may not make any. Their owner is the real
 * root, so the command cannot add to them or change them.
 */
static const struct fresh_mount fresh_mounts[] = {
	{ "/dev", "tmpfs", dev_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		fill_dev_directories },
	{ "/dev/pts", "devpts", pts_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, NULL },
	{ "/dev/shm", "tmpfs", NULL, MOUNT_PLAIN, NULL },
	{ "/dev/mqueue", "mqueue", plain_options, MOUNT_DATA, NULL },
	{ "/proc", "proc", plain_options, MOUNT_DATA, NULL },
	{ "/sys", "sysfs", plain_options, MOUNT_DATA | MOUNT_ATTR_RDONLY, NULL },
};

static int mount_shared_memory(const struct builder *builder, struct failure *why)
{
	struct tmpfs_options sized;
	int error = tmpfs_options_fill(&sized, &builder->spec->bounds, "1777", why);

	return error ? error : mount_new("tmpfs", sized.options, MOUNT_PLAIN, why);
}

static int mount_fresh(
	const struct builder *builder, const struct fresh_mount *fresh, struct failure *why)
{
	if (!fresh->options)
		return mount_shared_memory(builder, why);
	return mount_new(fresh->type, fresh->options, fresh->attributes, why);
}

/* Whether the files at `path` are the command's own, and may be changed for it. */
static bool is_own_layer(const struct builder *builder, const char *path)
{
	enum view_mode mode = view_entry_of(builder->spec->view, path)->mode;

	return mode == VIEW_OVERLAY || mode == VIEW_HIDDEN;
}

/* From now on it is where what lies below it is looked up. */
static void keep_tree(struct builder *builder, const char *path, int *mount_fd)
{
	for (size_t i = 0; i < FRESH_TREES; i++) {
		if (!strcmp(relative(path), fresh_trees[i]))
			builder->fresh_fds[i] = take_fd(mount_fd);
	}
}

static int build_fresh(
	struct builder *builder, const struct fresh_mount *fresh, struct failure *why)
{
	cleanup_fd int mount_fd = mount_fresh(builder, fresh, why);
	int error = 0;

	if (mount_fd < 0)
		return mount_fd;
	if (fresh->fill)
		error = fresh->fill(mount_fd, why);
	if (!error)
		error = attach(
			builder, mount_fd, fresh->path, is_own_layer(builder, fresh->path), why);
	if (!error)
		keep_tree(builder, fresh->path, &mount_fd);
	return error;
}

static const struct fresh_mount old_shared_memory = { VIEW_OLD_SHARED_MEMORY, "tmpfs", NULL,
	MOUNT_PLAIN, NULL };

/* A root of the run's own has none of its own accord: the host's programs are not in it. */
static bool wants_old_shared_memory(const struct builder *builder)
{
	const struct view_entry *entry = view_entry_of(builder->spec->view, VIEW_OLD_SHARED_MEMORY);
	struct stat host;

	if (builder->spec->root_fd >= 0 && !entry->is_of_host)
		return false;
	return strcmp(entry->path, VIEW_OLD_SHARED_MEMORY) != 0 &&
	       lstat(VIEW_OLD_SHARED_MEMORY, &host) == 0 && S_ISDIR(host.st_mode);
}

static int build_old_shared_memory(struct builder *builder, struct failure *why)
{
	return wants_old_shared_memory(builder) ? build_fresh(builder, &old_shared_memory, why) : 0;
}

/*
 * Files and directories of /proc and /sys that tell or change what belongs to the whole machine.
 * The kernel asks for permission by uid in /proc/sys and by capability in others, and some ask
 * nothing; the command's kernel uid is the first wall, this the second.
 */
static const char *const masked_paths[] = { "proc/acpi", "proc/kallsyms", "proc/kcore", "proc/keys",
	"proc/kpagecgroup", "proc/kpagecount", "proc/kpageflags", "proc/latency_stats",
	"proc/sched_debug", "proc/scsi", "proc/timer_list", "sys/firmware",
	"sys/devices/virtual/powercap", "sys/fs/bpf", "sys/fs/cgroup", "sys/kernel/debug",
	"sys/kernel/security", "sys/kernel/tracing", NULL };

static const char *const read_only_paths[] = { "proc/bus", "proc/fs", "proc/irq", "proc/sys",
	"proc/sysrq-trigger", NULL };

static int mask(const struct builder *builder, const char *path, struct failure *why)
{
	struct spot spot = spot_of(builder, path);
	cleanup_fd int target = mount_open_inside(spot.fd, spot.path, 0, why);

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return target;
	return is_directory(target) ? cover_directory(builder, path, why)
				    : cover_file(builder, path, why);
}

static int make_read_only(const struct builder *builder, const char *path, struct failure *why)
{
	struct spot spot = spot_of(builder, path);
	cleanup_fd int copy = -1;
	cleanup_fd int target = mount_open_inside(spot.fd, spot.path, 0, why);
	int error;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return target;
	copy = mount_copy(target, "", why);
	if (copy < 0)
		return copy;
	error = mount_change(copy, MOUNT_DATA | MOUNT_ATTR_RDONLY, -1, why);
	return error ? error : mount_attach_over(copy, target, path, why);
}

static int build_covers(struct builder *builder, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; masked_paths[i] && !error; i++)
		error = mask(builder, masked_paths[i], why);
	for (size_t i = 0; read_only_paths[i] && !error; i++)
		error = make_read_only(builder, read_only_paths[i], why);
	return error;
}

/* It comes to lie over what must not be read, so it must be nothing else. */
static int open_null(struct builder *builder, struct failure *why)
{
	struct spot spot = spot_of(builder, "dev/null");

	struct stat status;

	builder->null_fd = openat(spot.fd, spot.path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (builder->null_fd < 0)
		return failure_set(why, errno, "open /dev/null inside the container");
	if (fstat(builder->null_fd, &status) || !S_ISCHR(status.st_mode) ||
		status.st_rdev != makedev(1, 3))
		return failure_set(why, EXDEV, "find the null device at '/dev/null' inside");
	return 0;
}

static int build_kernel_mounts(struct builder *builder, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < sizeof(fresh_mounts) / sizeof(fresh_mounts[0]) && !error; i++)
		error = build_fresh(builder, &fresh_mounts[i], why);
	if (!error)
		error = build_old_shared_memory(builder, why);
	if (!error)
		error = open_null(builder, why);
	return error ? error : build_covers(builder, why);
}

/* --- The system configuration --- */

static bool is_replaced(const struct builder *builder, const struct view_entry *entry)
{
	return builder->etc && system_config_replaces(builder->spec->system, entry->path);
}

/* Where /etc is no overlay. What the user hides stays empty. */
static int build_system_files(struct builder *builder, struct failure *why)
{
	const struct view_entry *etc = builder->etc;

	if (!etc || builder->has_system_layer || etc->mode == VIEW_HIDDEN ||
		etc->mode == VIEW_MASKED)
		return 0;
	return system_layer_mount(builder->scratch_fd, builder->root_fd, builder->spec->system,
		etc->mode != VIEW_FULL_ACCESS, why);
}

/* --- The whole --- */

static int new_scratch(const struct builder *builder, struct failure *why)
{
	struct tmpfs_options sized;
	int error = tmpfs_options_fill(&sized, &builder->spec->bounds, "755", why);

	return error ? error : mount_new("tmpfs", sized.options, MOUNT_PLAIN, why);
}

static int scratch_on_disk(const struct builder *builder, struct failure *why)
{
	cleanup_fd int scratch = fcntl(builder->spec->scratch->mount_fd, F_DUPFD_CLOEXEC, 0);
	int error;

	if (scratch < 0)
		return failure_set(why, errno, "use the run's directory on disk");
	error = mount_change(scratch, MOUNT_PLAIN, -1, why);
	return error ? error : take_fd(&scratch);
}

static int open_empty(struct builder *builder, struct failure *why)
{
	int error = make_directory(builder->scratch_fd, "empty", 0555, why);

	if (error)
		return error;
	builder->empty_fd = mount_open_inside(builder->scratch_fd, "empty", O_DIRECTORY, why);
	return builder->empty_fd < 0 ? builder->empty_fd : 0;
}

static int open_nothing(struct builder *builder, struct failure *why)
{
	builder->nothing_fd = openat(builder->scratch_fd, "nothing",
		O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);
	if (builder->nothing_fd < 0)
		return failure_set(why, errno, "make file 'nothing' for the container");
	return 0;
}

static int build_scratch(struct builder *builder, struct failure *why)
{
	cleanup_fd int scratch =
		is_on_disk(builder) ? scratch_on_disk(builder, why) : new_scratch(builder, why);
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

static int make_entry(struct builder *builder, struct failure *why)
{
	const struct view_entry *entry = current_entry(builder);
	int mount_fd = entry->mode == VIEW_HIDDEN ? make_hidden(builder, entry->path, why)
						  : make_shown(builder, why);

	return mount_fd < 0 ? blame(entry, mount_fd, why) : mount_fd;
}

/* The new root stands on the scratch. Its descriptor is the mount's own from here on. */
static int build_root(struct builder *builder, struct failure *why)
{
	cleanup_fd int root = make_entry(builder, why);
	int error;

	if (root < 0)
		return root;
	error = make_directory(builder->scratch_fd, "root", 0700, why);
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
static bool may_be_missing(const struct builder *builder, const struct view_entry *entry)
{
	if (entry->mode == VIEW_HIDDEN)
		return !has_entries_below(builder->spec->view, entry);
	return entry->type && !entry->is_of_host;
}

static int build_entry(struct builder *builder, struct failure *why)
{
	const struct view_entry *entry = current_entry(builder);
	cleanup_fd int mount_fd = -1;
	int error;

	if (entry->mode == VIEW_MASKED)
		return cover_entry(builder, entry->path, why);
	mount_fd = make_entry(builder, why);
	/* What somebody unmounts while this goes on is no longer to be shown. */
	if (mount_fd == -ENOENT && entry->type)
		return 0;
	if (mount_fd < 0)
		return mount_fd;
	error = attach(builder, mount_fd, entry->path, entry->may_be_made, why);
	return error == -ENOENT && may_be_missing(builder, entry) ? 0 : error;
}

/* The first entry is '/', for which there always is a rule. */
static int build_view(struct builder *builder, struct failure *why)
{
	int error = build_root(builder, why);

	while (!error && ++builder->entry < builder->spec->view->count) {
		if (!is_replaced(builder, current_entry(builder)))
			error = build_entry(builder, why);
	}
	return error;
}

static int cover_scratch_in(
	const struct builder *builder, const struct view_entry *entry, struct failure *why)
{
	const char *host = builder->spec->scratch->path;
	cleanup_free char *path = NULL;

	if (!entry->source || !path_is_inside(host, entry->source))
		return 0;
	path = path_move(host, entry->source, entry->path);
	if (!path)
		return failure_set(why, ENOMEM, "cover the run's directory on disk");
	return view_entry_of(builder->spec->view, path) == entry
		       ? cover_directory(builder, path, why)
		       : 0;
}

/* Wherever the container shows TMPDIR, the run's own directory there is empty. */
static int cover_scratch(const struct builder *builder, struct failure *why)
{
	const struct view *view = builder->spec->view;
	int error = 0;

	for (size_t i = 0; is_on_disk(builder) && i < view->count && !error; i++)
		error = cover_scratch_in(builder, &view->entries[i], why);
	return error;
}

static int build(struct builder *builder, struct failure *why)
{
	int error = mount_make_private(why);

	if (!error)
		error = build_scratch(builder, why);
	if (!error && builder->etc)
		error = system_layer_make(builder->scratch_fd, builder->spec->system, why);
	if (!error)
		error = build_view(builder, why);
	if (!error)
		error = cover_scratch(builder, why);
	if (!error)
		error = build_system_files(builder, why);
	if (!error)
		error = build_kernel_mounts(builder, why);
	return error ? error
		     : mount_pivot(builder->root_fd, SCRATCH_COVERS, builder->fresh_fds[0], why);
}

int root_build(const struct root_spec *spec, int *null_fd, int *layers_fd, struct failure *why)
{
	struct builder builder = {
		.spec = spec,
		.etc = spec->system ? view_entry_of(spec->view, "/etc") : NULL,
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
	close_fd(&builder.scratch_fd);
	close_fd(&builder.root_fd);
	for (size_t i = 0; i < FRESH_TREES; i++)
		close_fd(&builder.fresh_fds[i]);
	close_fd(&builder.null_fd);
	close_fd(&builder.empty_fd);
	close_fd(&builder.nothing_fd);
	return error;
}

/* --- What it makes, told --- */

static void explain_fresh(const struct fresh_mount *fresh, struct explanation *explanation)
{
	explanation_add(explanation, EXPLAIN_KERNEL_FILES, "fresh", fresh->path, "%s%s",
		fresh->type, fresh->attributes & MOUNT_ATTR_RDONLY ? ", read-only" : "");
}

static void explain_devices(struct explanation *explanation)
{
	char path[64];

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		snprintf(path, sizeof(path), "/dev/%s", devices[i].name);
		explanation_add(explanation, EXPLAIN_KERNEL_FILES, "device", path,
			"character device %u:%u", devices[i].major, devices[i].minor);
	}
	for (size_t i = 0; i < sizeof(device_links) / sizeof(device_links[0]); i++) {
		snprintf(path, sizeof(path), "/dev/%s", device_links[i].name);
		explanation_add(explanation, EXPLAIN_KERNEL_FILES, "link", path, "to %s",
			device_links[i].target);
	}
}

/* /proc and /sys are the same on the host, so far as it sees them itself. */
static void explain_covers(
	const char *const *paths, const char *state, struct explanation *explanation)
{
	char path[64];

	for (; *paths; paths++) {
		snprintf(path, sizeof(path), "/%s", *paths);
		explanation_add(explanation, EXPLAIN_KERNEL_FILES, state, path, "%s",
			access(path, F_OK) ? "not on this machine" : "");
	}
}

void root_explain(struct explanation *explanation)
{
	for (size_t i = 0; i < sizeof(fresh_mounts) / sizeof(fresh_mounts[0]); i++)
		explain_fresh(&fresh_mounts[i], explanation);
	explain_devices(explanation);
	explain_covers(masked_paths, "empty", explanation);
	explain_covers(read_only_paths, "read-only", explanation);
}
