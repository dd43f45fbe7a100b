// SPDX-License-Identifier: Apache-2.0
// Builds the root file system that the command sees, and makes it the root.
//
// Theory of operation. A scratch tmpfs is mounted on top of '/', where it needs no directory of
// the host and hides nothing from a process that already stands in the root: it is reached by its
// descriptor alone. Below it lie, for every overlay, `lower` (a copy of the host's mount with its
// owners mapped), `upper` and `work`, and the new root as a mount point. A file of the host's
// root user then belongs to the command's own kernel uid when looked at through the overlay, and
// what it writes lands in `upper` under that uid: the host's file is never opened for writing.
// A read-only directory is an overlay without `upper`, so that no socket or FIFO in it is the
// host's. Everything is put in place by descriptor; the pivot leaves the scratch behind, held only
// by the overlays that use it.
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "mount.h"

/* The scratch is the one mount that lies over the host's root. */
enum { SCRATCH_COVERS = 1 };

struct builder {
	const struct root_spec *spec;
	int scratch_fd;
	int root_fd;  /* the new root; -1 until its overlay is attached */
	int null_fd;  /* the new /dev/null, to lie over files */
	int empty_fd; /* an empty directory, to lie over others */
	int layers;   /* overlays made so far */
	struct mount_counts *counts;
};

/* --- Small steps --- */

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
		error = mount_attach(copy, builder->root_fd, relative(path), why);
	return error == -ENOENT ? 0 : error;
}

static int cover_directory(const struct builder *builder, const char *path, struct failure *why)
{
	return cover(builder, builder->empty_fd, MOUNT_DATA | MOUNT_ATTR_RDONLY, path, why);
}

static int cover_file(const struct builder *builder, const char *path, struct failure *why)
{
	return cover(builder, builder->null_fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, path, why);
}

/* --- Overlays of the host's directories --- */

/* The overlay's own root takes its mode and owner from the upper directory, not from the lower. */
static int make_upper(
	const struct builder *builder, int lower_fd, const char *name, struct failure *why)
{
	struct stat lower;

	if (fstat(lower_fd, &lower))
		return failure_set(why, errno, "read the mode of a directory to overlay");
	if (mkdirat(builder->scratch_fd, name, 0700) ||
		fchownat(builder->scratch_fd, name, lower.st_uid, lower.st_gid, 0) ||
		fchmodat(builder->scratch_fd, name, lower.st_mode & 07777, 0))
		return failure_set(why, errno, "make the upper directory of an overlay");
	return 0;
}

/*
 * Without an upper layer it is read-only as a whole. Through a plain read-only mount the command
 * could still talk to the host's sockets, write into its FIFOs and lock its files: those of an
 * overlay are the overlay's own. The kernel wants two layers then.
 */
static int mount_read_only_overlay(const struct builder *builder, int number, struct failure *why)
{
	char lower[128];
	const struct mount_option options[] = {
		{ "source", "tare" },
		{ "lowerdir", lower },
		{ NULL, NULL },
	};

	snprintf(lower, sizeof(lower), "/proc/self/fd/%d/lower%d:/proc/self/fd/%d/empty",
		builder->scratch_fd, number, builder->scratch_fd);
	return mount_new("overlay", options, MOUNT_PLAIN | MOUNT_ATTR_RDONLY, why);
}

static int mount_overlay(const struct builder *builder, int number, struct failure *why)
{
	char lower[64], upper[64], work[64];
	const struct mount_option options[] = {
		{ "source", "tare" },
		{ "lowerdir", lower },
		{ "upperdir", upper },
		{ "workdir", work },
		/* The upper layer dies with the run: nothing in it must survive a crash. */
		{ "volatile", NULL },
		{ NULL, NULL },
	};

	snprintf(lower, sizeof(lower), "/proc/self/fd/%d/lower%d", builder->scratch_fd, number);
	snprintf(upper, sizeof(upper), "/proc/self/fd/%d/upper%d", builder->scratch_fd, number);
	snprintf(work, sizeof(work), "/proc/self/fd/%d/work%d", builder->scratch_fd, number);
	return mount_new("overlay", options, MOUNT_PLAIN, why);
}

static int attach_lower(
	const struct builder *builder, int lower_fd, int number, struct failure *why)
{
	char name[32];
	int error;

	snprintf(name, sizeof(name), "lower%d", number);
	error = make_directory(builder->scratch_fd, name, 0700, why);
	return error ? error : mount_attach(lower_fd, builder->scratch_fd, name, why);
}

/* Returns an unattached overlay over the mapped copy, which is attached to the scratch. */
static int overlay_over(struct builder *builder, int lower_fd, struct failure *why)
{
	char name[32];
	int number = builder->layers++;
	int error = attach_lower(builder, lower_fd, number, why);

	snprintf(name, sizeof(name), "upper%d", number);
	if (!error)
		error = make_upper(builder, lower_fd, name, why);
	snprintf(name, sizeof(name), "work%d", number);
	if (!error)
		error = make_directory(builder->scratch_fd, name, 0700, why);
	return error ? error : mount_overlay(builder, number, why);
}

static int make_read_only_copy(int mount_fd, struct failure *why)
{
	cleanup_fd int copy = mount_copy(mount_fd, "", why);
	int error;

	if (copy < 0)
		return copy;
	error = mount_change(copy, MOUNT_PLAIN | MOUNT_ATTR_RDONLY, -1, why);
	return error ? error : take_fd(&copy);
}

/* As overlay_over, without an upper layer. */
static int read_only_over(struct builder *builder, int lower_fd, struct failure *why)
{
	int number = builder->layers++;
	int result = attach_lower(builder, lower_fd, number, why);

	if (result)
		return result;
	result = mount_read_only_overlay(builder, number, why);
	/* Names without regard to case, as of vfat, cannot lie below an overlay. */
	return result == -EINVAL ? make_read_only_copy(lower_fd, why) : result;
}

static bool is_directory(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A socket, a FIFO or a device that is mounted by itself is a door out of the container. */
static bool is_door(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode);
}

/*
 * A copy of the host's mount at `place_fd` with its owners mapped. Where the file system cannot do
 * that (overlay, NFS, FUSE, vfat), the command, a stranger to it, has what everybody has.
 */
static int copy_host(struct builder *builder, int place_fd, bool *is_mapped, struct failure *why)
{
	cleanup_fd int copy = mount_copy(place_fd, "", why);
	int error;

	if (copy < 0)
		return copy;
	error = mount_change(copy, MOUNT_PLAIN, builder->spec->userns_fd, why);
	*is_mapped = !error;
	if (error == -EINVAL) {
		builder->counts->unmapped++;
		error = mount_change(copy, MOUNT_PLAIN, -1, why);
	}
	return error ? error : take_fd(&copy);
}

/* An empty file in the place of a door. */
static int make_closed(struct builder *builder, struct failure *why)
{
	cleanup_fd int file = -1;
	int error;

	builder->counts->masked++;
	if (mknodat(builder->scratch_fd, "closed", S_IFREG | 0444, 0) && errno != EEXIST)
		return failure_set(why, errno, "make an empty file for the container");
	file = mount_copy(builder->scratch_fd, "closed", why);
	if (file < 0)
		return file;
	error = mount_change(file, MOUNT_DATA | MOUNT_ATTR_RDONLY, -1, why);
	return error ? error : take_fd(&file);
}

/*
 * The host's directory as an unattached mount. An overlay needs mapped owners and a directory:
 * what has not both is shown read-only instead.
 */
static int make_view(
	struct builder *builder, int place_fd, enum view_mode mode, struct failure *why)
{
	bool is_mapped = false;
	cleanup_fd int copy = copy_host(builder, place_fd, &is_mapped, why);
	int error = 0;

	if (copy < 0 || mode == VIEW_FULL_ACCESS)
		return take_fd(&copy);
	if (is_mapped && is_directory(copy))
		return mode == VIEW_OVERLAY ? overlay_over(builder, copy, why)
					    : read_only_over(builder, copy, why);
	error = mount_change(copy, MOUNT_ATTR_RDONLY, -1, why);
	return error ? error : take_fd(&copy);
}

/* Who may change names on the way to the directory is not to choose another one for us. */
static int make_shown(
	struct builder *builder, const char *path, enum view_mode mode, struct failure *why)
{
	cleanup_fd int place = mount_open_exactly(AT_FDCWD, path, why);

	if (place < 0)
		return place;
	if (mode != VIEW_FULL_ACCESS && is_door(place))
		return make_closed(builder, why);
	return make_view(builder, place, mode, why);
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

static int make_hidden(struct builder *builder, const char *path, struct failure *why)
{
	cleanup_fd int directory = -1;
	char name[32];
	int error;

	snprintf(name, sizeof(name), "hidden%d", builder->layers++);
	error = make_owned(builder, name, hidden_mode(path), why);
	if (error)
		return error;
	directory = mount_copy(builder->scratch_fd, name, why);
	if (directory < 0)
		return directory;
	error = mount_change(directory, MOUNT_PLAIN, -1, why);
	return error ? error : take_fd(&directory);
}

/* Makes every directory on the way to `path`, below one that is the command's own already. */
static int make_way(const struct builder *builder, const char *path, struct failure *why)
{
	cleanup_fd int here = mount_open_inside(builder->root_fd, ".", O_DIRECTORY, why);
	cleanup_free char *copy = strdup(relative(path));
	char *name, *rest = copy;

	if (here < 0 || !copy)
		return here < 0 ? here : failure_set(why, ENOMEM, "make the way to '%s'", path);
	while ((name = strsep(&rest, "/"))) {
		int next, error = make_directory(here, name, 0755, why);

		if (error)
			return error;
		next = mount_open_inside(here, name, O_DIRECTORY, why);
		if (next < 0)
			return next;
		close(here);
		here = next;
	}
	return 0;
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
static const struct mount_option shm_options[] = { { "source", "tare" }, { "mode", "1777" },
	{ NULL, NULL } };
static const struct mount_option pts_options[] = { { "source", "tare" }, { "ptmxmode", "666" },
	{ "mode", "620" }, { NULL, NULL } };
static const struct mount_option plain_options[] = { { "source", "tare" }, { NULL, NULL } };

struct fresh_mount {
	const char *path;
	const char *type;
	const struct mount_option *options;
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
	{ "dev", "tmpfs", dev_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		fill_dev_directories },
	{ "dev/pts", "devpts", pts_options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, NULL },
	{ "dev/shm", "tmpfs", shm_options, MOUNT_PLAIN, NULL },
	{ "dev/mqueue", "mqueue", plain_options, MOUNT_DATA, NULL },
	{ "proc", "proc", plain_options, MOUNT_DATA, NULL },
	{ "sys", "sysfs", plain_options, MOUNT_DATA | MOUNT_ATTR_RDONLY, NULL },
};

static int build_fresh(
	const struct builder *builder, const struct fresh_mount *fresh, struct failure *why)
{
	cleanup_fd int mount_fd = mount_new(fresh->type, fresh->options, fresh->attributes, why);
	int error = 0;

	if (mount_fd < 0)
		return mount_fd;
	if (fresh->fill)
		error = fresh->fill(mount_fd, why);
	if (!error)
		error = mount_attach(mount_fd, builder->root_fd, fresh->path, why);
	if (error != -ENOENT)
		return error;
	/* A root of the command's own is empty. */
	error = make_way(builder, fresh->path, why);
	return error ? error : mount_attach(mount_fd, builder->root_fd, fresh->path, why);
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
	cleanup_fd int target = mount_open_inside(builder->root_fd, path, 0, why);

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return target;
	return is_directory(target) ? cover_directory(builder, path, why)
				    : cover_file(builder, path, why);
}

static int make_read_only(const struct builder *builder, const char *path, struct failure *why)
{
	cleanup_fd int copy = -1;
	cleanup_fd int target = mount_open_inside(builder->root_fd, path, 0, why);
	int error;

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return target;
	copy = mount_copy(target, "", why);
	if (copy < 0)
		return copy;
	error = mount_change(copy, MOUNT_DATA | MOUNT_ATTR_RDONLY, -1, why);
	return error ? error : mount_attach(copy, builder->root_fd, path, why);
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
	struct stat status;

	builder->null_fd = mount_open_inside(builder->root_fd, "dev/null", O_NOFOLLOW, why);
	if (builder->null_fd < 0)
		return builder->null_fd;
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
		error = open_null(builder, why);
	return error ? error : build_covers(builder, why);
}

/* --- The whole --- */

static int build_scratch(struct builder *builder, struct failure *why)
{
	static const struct mount_option options[] = { { "source", "tare" }, { "mode", "755" },
		{ NULL, NULL } };
	cleanup_fd int scratch = mount_new("tmpfs", options, MOUNT_PLAIN, why);
	int error;

	if (scratch < 0)
		return scratch;
	if (move_mount(scratch, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH))
		return failure_set(why, errno, "mount the scratch file system");
	builder->scratch_fd = take_fd(&scratch);
	error = make_directory(builder->scratch_fd, "empty", 0555, why);
	if (error)
		return error;
	builder->empty_fd = mount_open_inside(builder->scratch_fd, "empty", O_DIRECTORY, why);
	return builder->empty_fd < 0 ? builder->empty_fd : 0;
}

static int make_entry(struct builder *builder, const struct view_entry *entry, struct failure *why)
{
	if (entry->mode == VIEW_HIDDEN)
		return make_hidden(builder, entry->path, why);
	return make_shown(builder, entry->path, entry->mode, why);
}

/* The new root stands on the scratch. Its descriptor is the mount's own from here on. */
static int build_root(struct builder *builder, const struct view_entry *entry, struct failure *why)
{
	cleanup_fd int root = make_entry(builder, entry, why);
	int error;

	if (root < 0)
		return root;
	error = make_directory(builder->scratch_fd, "root", 0700, why);
	if (!error)
		error = mount_attach(root, builder->scratch_fd, "root", why);
	builder->root_fd = error ? -1 : take_fd(&root);
	return error;
}

static int build_entry(struct builder *builder, const struct view_entry *entry, struct failure *why)
{
	cleanup_fd int mount_fd = -1;
	int error;

	if (entry->mode == VIEW_MASKED) {
		builder->counts->masked++;
		return cover_directory(builder, entry->path, why);
	}
	error = entry->is_below_hidden ? make_way(builder, entry->path, why) : 0;
	if (error)
		return error;
	mount_fd = make_entry(builder, entry, why);
	if (mount_fd < 0)
		return mount_fd;
	error = mount_attach_exactly(mount_fd, builder->root_fd, relative(entry->path), why);
	/* The host need not have every directory that is hidden by default. */
	return error == -ENOENT && entry->mode == VIEW_HIDDEN ? 0 : error;
}

static int build(struct builder *builder, struct failure *why)
{
	const struct view *view = builder->spec->view;
	int error = mount_make_private(why);

	if (!error)
		error = build_scratch(builder, why);
	/* The first entry is '/', for which there always is a rule. */
	if (!error)
		error = build_root(builder, &view->entries[0], why);
	for (size_t i = 1; i < view->count && !error; i++)
		error = build_entry(builder, &view->entries[i], why);
	if (!error)
		error = build_kernel_mounts(builder, why);
	return error ? error : mount_pivot(builder->root_fd, SCRATCH_COVERS, why);
}

int root_build(const struct root_spec *spec, struct mount_counts *counts, struct failure *why)
{
	struct builder builder = {
		.spec = spec,
		.counts = counts,
		.scratch_fd = -1,
		.root_fd = -1,
		.null_fd = -1,
		.empty_fd = -1,
	};
	int error = build(&builder, why);

	close_fd(&builder.scratch_fd);
	close_fd(&builder.root_fd);
	close_fd(&builder.null_fd);
	close_fd(&builder.empty_fd);
	return error;
}
