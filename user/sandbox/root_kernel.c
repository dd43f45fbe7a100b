// SPDX-License-Identifier: Apache-2.0
// The kernel's own file systems inside: /proc, /sys and /dev, and what is covered in them.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "mount.h"
#include "root_builder.h"
#include "tmpfs.h"

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

#define DEVICE_COUNT (sizeof(devices) / sizeof(devices[0]))

/* An ordinary user may make none: there is a file for the host's to be mounted on. */
static int fill_dev(const struct root_builder *builder, int dev_fd, struct failure *why)
{
	mode_t kind = builder->spec->identity->is_users ? S_IFREG : S_IFCHR;

	for (size_t i = 0; i < DEVICE_COUNT; i++) {
		dev_t number = makedev(devices[i].major, devices[i].minor);

		if (mknodat(dev_fd, devices[i].name, kind | 0666, number) ||
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
	int (*fill)(const struct root_builder *builder, int mount_fd, struct failure *why);
};

static int fill_dev_directories(const struct root_builder *builder, int dev_fd, struct failure *why)
{
	int error = fill_dev(builder, dev_fd, why);

	if (!error)
		error = root_make_directory(dev_fd, "pts", 0755, why);
	if (!error)
		error = root_make_directory(dev_fd, "shm", 0755, why);
	return error ? error : root_make_directory(dev_fd, "mqueue", 0755, why);
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

static int mount_shared_memory(const struct root_builder *builder, struct failure *why)
{
	struct tmpfs_options sized;
	int error = tmpfs_options_fill(&sized, &builder->spec->bounds, "1777", why);

	return error ? error : mount_new("tmpfs", sized.options, MOUNT_PLAIN, why);
}

/*
 * In a user namespace the kernel gives a new /proc or /sys only to who sees all of an old one, and
 * /sys only with a network of one's own. The host's /sys shows what a new one would.
 */
static int replace_refused(const struct fresh_mount *fresh, int error, struct failure *why)
{
	if (!strcmp(fresh->type, "sysfs"))
		return mount_copy_tree(AT_FDCWD, fresh->path, fresh->attributes, why);
	if (!strcmp(fresh->type, "proc"))
		return failure_hint(why,
			"the container around tare covers parts of /proc, and the kernel then lets "
			"users mount no other: docker run --security-opt systempaths=unconfined, "
			"podman run --security-opt unmask=ALL");
	return error;
}

static int mount_fresh(
	const struct root_builder *builder, const struct fresh_mount *fresh, struct failure *why)
{
	int mount_fd;

	if (!fresh->options)
		return mount_shared_memory(builder, why);
	mount_fd = mount_new(fresh->type, fresh->options, fresh->attributes, why);
	if (mount_fd == -EPERM && builder->spec->identity->is_users)
		return replace_refused(fresh, mount_fd, why);
	return mount_fd;
}

/* Whether the files at `path` are the command's own, and may be changed for it. */
static bool is_own_layer(const struct root_builder *builder, const char *path)
{
	enum view_mode mode = view_entry_of(builder->spec->view, path)->mode;

	return mode == VIEW_OVERLAY || mode == VIEW_HIDDEN;
}

/* From now on it is where what lies below it is looked up. */
static void keep_tree(struct root_builder *builder, const char *path, int *mount_fd)
{
	for (size_t i = 0; i < ROOT_FRESH_TREES; i++) {
		if (!strcmp(root_relative(path), root_fresh_trees[i]))
			builder->fresh_fds[i] = take_fd(mount_fd);
	}
}

static int build_fresh(
	struct root_builder *builder, const struct fresh_mount *fresh, struct failure *why)
{
	cleanup_fd int mount_fd = mount_fresh(builder, fresh, why);
	int error = 0;

	if (mount_fd < 0)
		return mount_fd;
	if (fresh->fill)
		error = fresh->fill(builder, mount_fd, why);
	if (!error)
		error = root_attach(
			builder, mount_fd, fresh->path, is_own_layer(builder, fresh->path), why);
	if (!error)
		keep_tree(builder, fresh->path, &mount_fd);
	return error;
}

static const struct fresh_mount old_shared_memory = { VIEW_OLD_SHARED_MEMORY, "tmpfs", NULL,
	MOUNT_PLAIN, NULL };

/* A root of the run's own has none of its own accord: the host's programs are not in it. */
static bool wants_old_shared_memory(const struct root_builder *builder)
{
	const struct view_entry *entry = view_entry_of(builder->spec->view, VIEW_OLD_SHARED_MEMORY);
	struct stat host;

	if (builder->spec->has_own_root && !entry->is_of_host)
		return false;
	return strcmp(entry->path, VIEW_OLD_SHARED_MEMORY) != 0 &&
	       lstat(VIEW_OLD_SHARED_MEMORY, &host) == 0 && S_ISDIR(host.st_mode);
}

static int build_old_shared_memory(struct root_builder *builder, struct failure *why)
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

/* Over what was found there, without a look at its name again. */
static int cover_found(
	int source_fd, uint64_t attributes, int target_fd, const char *path, struct failure *why)
{
	cleanup_fd int copy = mount_copy(source_fd, "", why);
	int error;

	if (copy < 0)
		return copy;
	error = mount_change(copy, attributes, -1, why);
	return error ? error : mount_attach_over(copy, target_fd, path, why);
}

static int mask(const struct root_builder *builder, const char *path, struct failure *why)
{
	struct root_spot spot = root_spot_of(builder, path);
	cleanup_fd int target = mount_open_inside(spot.fd, spot.path, 0, why);

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return target;
	if (root_is_directory(target))
		return cover_found(
			builder->empty_fd, MOUNT_DATA | MOUNT_ATTR_RDONLY, target, path, why);
	return cover_found(
		builder->null_fd, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, target, path, why);
}

static int make_read_only(const struct root_builder *builder, const char *path, struct failure *why)
{
	struct root_spot spot = root_spot_of(builder, path);
	cleanup_fd int target = mount_open_inside(spot.fd, spot.path, 0, why);

	if (target == -ENOENT)
		return 0;
	if (target < 0)
		return target;
	return cover_found(target, MOUNT_DATA | MOUNT_ATTR_RDONLY, target, path, why);
}

static int build_covers(struct root_builder *builder, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; masked_paths[i] && !error; i++)
		error = mask(builder, masked_paths[i], why);
	for (size_t i = 0; read_only_paths[i] && !error; i++)
		error = make_read_only(builder, read_only_paths[i], why);
	return error;
}

/* It comes to lie over what must not be read, so it must be nothing else. */
static int open_null(struct root_builder *builder, struct failure *why)
{
	struct root_spot spot = root_spot_of(builder, "dev/null");

	struct stat status;

	builder->null_fd = openat(spot.fd, spot.path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (builder->null_fd < 0)
		return failure_set(why, errno, "open /dev/null inside the container");
	if (fstat(builder->null_fd, &status))
		return failure_set(why, errno, "look at '/dev/null' inside the container");
	if (!S_ISCHR(status.st_mode) || status.st_rdev != makedev(1, 3))
		return failure_set(why, EXDEV, "find the null device at '/dev/null' inside");
	return 0;
}

static int mount_device(
	const struct root_builder *builder, const char *name, dev_t number, struct failure *why)
{
	cleanup_fd int device = -1, copy = -1;
	struct stat status;
	char path[64];
	int error;

	snprintf(path, sizeof(path), "/dev/%s", name);
	device = mount_open_exactly(AT_FDCWD, path, why);
	if (device < 0)
		return device;
	if (fstat(device, &status) || !S_ISCHR(status.st_mode) || status.st_rdev != number)
		return failure_set(why, EXDEV, "find the device that belongs at '%s'", path);
	copy = mount_copy(device, "", why);
	if (copy < 0)
		return copy;
	error = mount_change(copy, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, -1, why);
	return error ? error : root_attach(builder, copy, path, false, why);
}

/*
 * The host's devices, where none can be made. The command owns none of them, but the directory that
 * they are in, which nobody may change.
 */
static int mount_devices(const struct root_builder *builder, struct failure *why)
{
	struct root_spot directory = root_spot_of(builder, "dev/.");
	int error = 0;

	for (size_t i = 0; i < DEVICE_COUNT && !error; i++)
		error = mount_device(
			builder, devices[i].name, makedev(devices[i].major, devices[i].minor), why);
	return error ? error : mount_change(directory.fd, MOUNT_ATTR_RDONLY, -1, why);
}

int root_build_kernel_mounts(struct root_builder *builder, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < sizeof(fresh_mounts) / sizeof(fresh_mounts[0]) && !error; i++)
		error = build_fresh(builder, &fresh_mounts[i], why);
	if (!error && builder->spec->identity->is_users)
		error = mount_devices(builder, why);
	if (!error)
		error = build_old_shared_memory(builder, why);
	if (!error)
		error = open_null(builder, why);
	return error ? error : build_covers(builder, why);
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
