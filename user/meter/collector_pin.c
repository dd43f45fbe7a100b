// SPDX-License-Identifier: Apache-2.0
// The shared collector's directory in the BPF file system.
//
// Theory of operation.
//
//   tare/           root's alone; its lock is held while a collector is started or stopped
//     live/         its lock is shared by all runs that use the collector
//     maps/ programs/ links/
//     gate/       what keeps the users' gate, see gate_place.c for where they find it
//     stamp         pinned last and removed first: without it there is no collector
//
// The locks are flock's, which the kernel drops when their holder dies. So a directory without a
// stamp that nobody holds is what a killed start or stop has left, and the next one removes it.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <bpf/bpf.h>
#include "base/cleanup.h"
#include "base/tree.h"
#include "collector_parts.h"
#include "object-identity.h"

#define BPF_FILE_SYSTEM "/sys/fs/bpf"
#define BPF_FILE_SYSTEM_MAGIC 0xcafe4a11
#define STAMP_PATH COLLECTOR_DIRECTORY "/stamp"
#define LIVE_PATH COLLECTOR_DIRECTORY "/live"
#define STAMP_MAGIC 0x65726174 /* "tare" */

#define PATH_BYTES 128

static const char *const directories[] = { "live", "maps", "programs", "links" };

/* --- The directory --- */

static bool is_bpf_file_system(const char *path)
{
	struct statfs status;

	return !statfs(path, &status) && (uint32_t)status.f_type == BPF_FILE_SYSTEM_MAGIC;
}

/* Anybody may have made one there, where the file system lets everybody write. */
static int check_owner(int fd, struct failure *why)
{
	struct stat status;

	if (fstat(fd, &status))
		return failure_set(why, errno, "look at '%s'", COLLECTOR_DIRECTORY);
	if (status.st_uid == 0 && !(status.st_mode & 022))
		return 0;
	failure_set(why, EPERM, "trust '%s', which user %u may write to", COLLECTOR_DIRECTORY,
		status.st_uid);
	return failure_hint(why, "remove it: sudo rm -r %s", COLLECTOR_DIRECTORY);
}

static int open_directory(const char *path, int *fd)
{
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

static int make_directory(struct failure *why)
{
	if (!is_bpf_file_system(BPF_FILE_SYSTEM)) {
		failure_set(why, ENODEV, "keep BPF programs in '%s'", BPF_FILE_SYSTEM);
		return failure_hint(why, "mount it: sudo mount -t bpf bpf %s", BPF_FILE_SYSTEM);
	}
	if (mkdir(COLLECTOR_DIRECTORY, 0700) && errno != EEXIST)
		return failure_set(why, errno, "make '%s'", COLLECTOR_DIRECTORY);
	return 0;
}

/* A stop may have removed it, and a start made another, while its lock was waited for. */
static bool is_current(int fd)
{
	struct stat ours, current;

	return !fstat(fd, &ours) && !stat(COLLECTOR_DIRECTORY, &current) &&
	       ours.st_ino == current.st_ino;
}

int pin_lock(int *fd, struct failure *why)
{
	int error;

	for (;;) {
		error = make_directory(why);
		if (error)
			return error;
		if (open_directory(COLLECTOR_DIRECTORY, fd))
			return failure_set(why, errno, "open '%s'", COLLECTOR_DIRECTORY);
		error = check_owner(*fd, why);
		if (!error && flock(*fd, LOCK_EX))
			error = failure_set(why, errno, "lock '%s'", COLLECTOR_DIRECTORY);
		if (!error && is_current(*fd))
			return 0;
		close_fd(fd);
		if (error)
			return error;
	}
}

bool pin_is_locked(void)
{
	cleanup_fd int fd = -1;

	return !open_directory(COLLECTOR_DIRECTORY, &fd) && flock(fd, LOCK_SH | LOCK_NB);
}

static int lock_live(int *fd, int how)
{
	int error = open_directory(LIVE_PATH, fd);

	if (error)
		return error;
	if (flock(*fd, how | LOCK_NB)) {
		error = -errno;
		close_fd(fd);
	}
	return error;
}

int pin_join(int *fd, struct failure *why)
{
	int error = lock_live(fd, LOCK_SH);

	if (error == -EWOULDBLOCK)
		return failure_set(why, 0, "the shared collector is being stopped");
	return error ? failure_set(why, -error, "lock '%s'", LIVE_PATH) : 0;
}

int pin_lock_out(int *fd, struct failure *why)
{
	int error = lock_live(fd, LOCK_EX);

	/* Half a start has not got there, half a stop has removed it. */
	if (!error || error == -ENOENT)
		return 0;
	return failure_set(why, -error, "keep runs from using the shared collector");
}

/* --- The stamp --- */

static enum pin_state judge(const struct collector_stamp *stamp)
{
	bool is_ours = stamp->magic == STAMP_MAGIC && stamp->abi == TARE_ABI_VERSION &&
		       !strncmp(stamp->version, TARE_VERSION, sizeof(stamp->version)) &&
		       !strncmp(stamp->object, OBJECT_IDENTITY, sizeof(stamp->object));

	return is_ours ? PIN_COMPLETE : PIN_FOREIGN;
}

static int map_stamp(enum pin_state *state, struct collector_stamp **stamp, struct failure *why)
{
	cleanup_fd int fd = bpf_obj_get(STAMP_PATH);
	void *mapped;

	if (fd < 0)
		return errno == ENOENT ? 0 : failure_set(why, errno, "open '%s'", STAMP_PATH);
	mapped = mmap(NULL, sizeof(**stamp), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED)
		return failure_set(why, errno, "map '%s'", STAMP_PATH);
	*stamp = mapped;
	*state = judge(mapped);
	return 0;
}

void pin_forget(const struct collector_stamp *stamp)
{
	if (stamp)
		munmap((void *)stamp, sizeof(*stamp));
}

int pin_look(enum pin_state *state, struct collector_stamp **stamp, struct failure *why)
{
	cleanup_fd int directory = -1;
	int error = open_directory(COLLECTOR_DIRECTORY, &directory);

	*state = PIN_NONE;
	*stamp = NULL;
	if (error == -ENOENT || (!error && !is_bpf_file_system(COLLECTOR_DIRECTORY)))
		return 0;
	if (error)
		return failure_set(why, -error, "open '%s'", COLLECTOR_DIRECTORY);
	error = check_owner(directory, why);
	if (error)
		return error;
	*state = PIN_INCOMPLETE;
	return map_stamp(state, stamp, why);
}

/* Pinned when it is filled: whoever finds it finds all. */
static int pin_stamp(const struct collector_stamp *wanted, struct failure *why)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	cleanup_fd int fd = bpf_map_create(
		BPF_MAP_TYPE_ARRAY, "tare_stamp", sizeof(uint32_t), sizeof(*wanted), 1, &options);
	struct collector_stamp stamp = *wanted;
	uint32_t first = 0;

	stamp.magic = STAMP_MAGIC;
	stamp.abi = TARE_ABI_VERSION;
	snprintf(stamp.version, sizeof(stamp.version), "%s", TARE_VERSION);
	snprintf(stamp.object, sizeof(stamp.object), "%s", OBJECT_IDENTITY);
	if (fd < 0 || bpf_map_update_elem(fd, &first, &stamp, BPF_ANY) ||
		bpf_obj_pin(fd, STAMP_PATH))
		return failure_set(why, errno, "pin '%s'", STAMP_PATH);
	return 0;
}

/* --- What is pinned --- */

static const char *path_of(char *path, const char *directory, const char *name)
{
	snprintf(path, PATH_BYTES, "%s/%s/%s", COLLECTOR_DIRECTORY, directory, name);
	return path;
}

static int pin(int fd, const char *directory, const char *name, struct failure *why)
{
	char path[PATH_BYTES];

	if (bpf_obj_pin(fd, path_of(path, directory, name)))
		return failure_set(why, errno, "pin '%s'", path);
	return 0;
}

static int pin_programs(const struct collector *collector, struct failure *why)
{
	const char *name;
	int error = 0;

	for (size_t i = 0; !error && (name = object_program_name(i)); i++) {
		error = pin(collector->programs[i], "programs", name, why);
		if (!error && collector->links[i] >= 0)
			error = pin(collector->links[i], "links", name, why);
	}
	return error;
}

int pin_all(
	const struct collector *collector, const struct collector_stamp *stamp, struct failure *why)
{
	char path[PATH_BYTES];
	int error = 0;

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		if (mkdir(path_of(path, directories[i], ""), 0700))
			return failure_set(why, errno, "make '%s'", path);
	}
	for (int map = 0; map < COLLECTOR_MAPS && !error; map++)
		error = pin(collector->maps[map], "maps", object_map_name(map), why);
	if (!error)
		error = pin_programs(collector, why);
	if (!error && collector->gate)
		error = gate_pin(collector->gate, COLLECTOR_DIRECTORY, why);
	return error ? error : pin_stamp(stamp, why);
}

static int open_pin(const char *directory, const char *name, int *fd, struct failure *why)
{
	char path[PATH_BYTES];

	*fd = bpf_obj_get(path_of(path, directory, name));
	return *fd < 0 ? failure_set(why, errno, "open '%s'", path) : 0;
}

int pin_open_all(struct collector *collector, struct failure *why)
{
	const char *name;
	int error = 0;

	for (int map = 0; map < COLLECTOR_MAPS && !error; map++)
		error = open_pin("maps", object_map_name(map), &collector->maps[map], why);
	for (size_t i = 0; !error && (name = object_program_name(i)); i++)
		error = open_pin("programs", name, &collector->programs[i], why);
	return error;
}

/* --- Removal --- */

static int remove_entry(int directory_fd, const char *name)
{
	if (unlinkat(directory_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	return errno == EISDIR ? tree_remove(directory_fd, name, NULL) : -errno;
}

/* Of users, whoever has made it. */
static int remove_gate(struct failure *why)
{
	cleanup_fd int mount_fd = open_cgroup_mount();

	gate_set_service(COLLECTOR_DIRECTORY, GATE_STOPPED_SERVING);
	return gate_remove_place(mount_fd, why);
}

static int remove_entries(DIR *directory)
{
	struct dirent *entry;
	int error = 0;

	while (!error && (entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			error = remove_entry(dirfd(directory), entry->d_name);
	}
	return error;
}

int pin_empty(struct failure *why)
{
	cleanup_directory DIR *directory = opendir(COLLECTOR_DIRECTORY);
	int error;

	if (!directory)
		return failure_set(why, errno, "open '%s'", COLLECTOR_DIRECTORY);
	if (unlinkat(dirfd(directory), "stamp", 0) && errno != ENOENT)
		return failure_set(why, errno, "remove '%s'", STAMP_PATH);
	error = remove_gate(why);
	if (error)
		return error;
	error = remove_entries(directory);
	return error ? failure_set(why, -error, "empty '%s'", COLLECTOR_DIRECTORY) : 0;
}

int pin_remove(struct failure *why)
{
	int error = pin_empty(why);

	if (!error && rmdir(COLLECTOR_DIRECTORY))
		error = failure_set(why, errno, "remove '%s'", COLLECTOR_DIRECTORY);
	return error;
}
