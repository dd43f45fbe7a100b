// SPDX-License-Identifier: Apache-2.0
// Prints "prog ID NAME", "map ID NAME", "link ID" or "btf ID" for each BPF object of the machine
// that no living process holds: neither by a descriptor of its own, nor by a pin that it sees in
// /sys/fs/bpf, nor by another such object. Such are attached without a link, or left behind.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAPS_OF_A_PROGRAM 64
#define BPF_FILE_SYSTEMS 64

enum kind { LINK, PROG, MAP, BTF, KINDS };

static const struct {
	const char *name;
	const char *in_fdinfo;
	int next_id, fd_by_id;
} kinds[KINDS] = {
	[LINK] = { "link", "\nlink_id:", BPF_LINK_GET_NEXT_ID, BPF_LINK_GET_FD_BY_ID },
	[PROG] = { "prog", "\nprog_id:", BPF_PROG_GET_NEXT_ID, BPF_PROG_GET_FD_BY_ID },
	[MAP] = { "map", "\nmap_id:", BPF_MAP_GET_NEXT_ID, BPF_MAP_GET_FD_BY_ID },
	[BTF] = { "btf", "\nbtf_id:", BPF_BTF_GET_NEXT_ID, BPF_BTF_GET_FD_BY_ID },
};

static struct object {
	enum kind kind;
	uint32_t id;
	char name[BPF_OBJ_NAME_LEN + 1];
	bool is_held;
} * objects;
static size_t object_count;

static long bpf(int command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static void add_all(enum kind kind)
{
	union bpf_attr attributes = { .start_id = 0 };

	while (!bpf(kinds[kind].next_id, &attributes)) {
		objects = realloc(objects, (object_count + 1) * sizeof(*objects));
		if (!objects)
			exit(1);
		objects[object_count++] = (struct object){ .kind = kind, .id = attributes.next_id };
		attributes.start_id = attributes.next_id;
	}
}

static void hold(enum kind kind, uint32_t id)
{
	for (size_t i = 0; id && i < object_count; i++)
		objects[i].is_held |= objects[i].kind == kind && objects[i].id == id;
}

/* --- By whom --- */

static void hold_descriptor(const char *fdinfo)
{
	char text[2048] = "\n";
	int fd = open(fdinfo, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text + 1, sizeof(text) - 2);

	if (fd >= 0)
		close(fd);
	/* That of a link tells its program, too. */
	for (int kind = 0; length > 0 && kind < KINDS; kind++) {
		const char *line = strstr(text, kinds[kind].in_fdinfo);

		if (line)
			hold((enum kind)kind, (uint32_t)atol(strchr(line, ':') + 1));
	}
}

/* Who ends meanwhile holds nothing. */
static void hold_descriptors(const char *pid)
{
	char path[320], target[64];
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		ssize_t length =
			readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

		target[length > 0 ? length : 0] = '\0';
		if (!strstr(target, "bpf") && !strstr(target, "btf"))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/fdinfo/%s", pid, entry->d_name);
		hold_descriptor(path);
	}
	if (directory)
		closedir(directory);
}

static void hold_pin(const char *path)
{
	union bpf_attr attributes = { .pathname = (uintptr_t)path };
	char fdinfo[64];
	int fd = (int)bpf(BPF_OBJ_GET, &attributes);

	snprintf(fdinfo, sizeof(fdinfo), "/proc/self/fdinfo/%d", fd);
	if (fd < 0)
		return;
	hold_descriptor(fdinfo);
	close(fd);
}

static void hold_pins(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	char below[4096];

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR)
			hold_pins(below);
		else
			hold_pin(below);
	}
	if (directory)
		closedir(directory);
}

/* Every mount namespace can have a BPF file system of its own. */
static void hold_pins_seen_by(const char *pid)
{
	static dev_t seen[BPF_FILE_SYSTEMS];
	static size_t seen_count;
	struct stat status;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.20s/root/sys/fs/bpf", pid);
	if (stat(path, &status))
		return;
	for (size_t i = 0; i < seen_count; i++) {
		if (seen[i] == status.st_dev)
			return;
	}
	if (seen_count < BPF_FILE_SYSTEMS)
		seen[seen_count++] = status.st_dev;
	hold_pins(path);
}

static void hold_of_processes(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		if (entry->d_name[0] <= '0' || entry->d_name[0] > '9')
			continue;
		hold_descriptors(entry->d_name);
		hold_pins_seen_by(entry->d_name);
	}
	if (proc)
		closedir(proc);
}

/* --- And by what --- */

static bool get_info(int fd, void *info, uint32_t size)
{
	union bpf_attr attributes = {
		.info = { .bpf_fd = (uint32_t)fd, .info_len = size, .info = (uintptr_t)info }
	};

	return !bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
}

static void look_at_link(struct object *object, int fd)
{
	struct bpf_link_info info = { 0 };

	if (object->is_held && get_info(fd, &info, sizeof(info)))
		hold(PROG, info.prog_id);
}

static void look_at_program(struct object *object, int fd)
{
	uint32_t maps[MAPS_OF_A_PROGRAM] = { 0 };
	struct bpf_prog_info info = { .nr_map_ids = MAPS_OF_A_PROGRAM, .map_ids = (uintptr_t)maps };

	if (!get_info(fd, &info, sizeof(info)))
		return;
	memcpy(object->name, info.name, sizeof(object->name) - 1);
	if (!object->is_held)
		return;
	hold(BTF, info.btf_id);
	for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_OF_A_PROGRAM; i++)
		hold(MAP, maps[i]);
}

static void look_at_map(struct object *object, int fd)
{
	struct bpf_map_info info = { 0 };

	if (!get_info(fd, &info, sizeof(info)))
		return;
	memcpy(object->name, info.name, sizeof(object->name) - 1);
	if (object->is_held)
		hold(BTF, info.btf_id);
}

/* Those of the kernel and its modules are its own; a module may be loaded at any time. */
static void look_at_btf(struct object *object, int fd)
{
	struct bpf_btf_info info = { .name = (uintptr_t)object->name,
		.name_len = sizeof(object->name) };

	if (get_info(fd, &info, sizeof(info)))
		object->is_held |= info.kernel_btf;
}

/* In the order of the kinds: what is held by one kind is of a later one. */
static void look_at_objects(void)
{
	static void (*const look_at[KINDS])(struct object * object, int fd) = {
		[LINK] = look_at_link,
		[PROG] = look_at_program,
		[MAP] = look_at_map,
		[BTF] = look_at_btf,
	};

	for (size_t i = 0; i < object_count; i++) {
		union bpf_attr attributes = { .prog_id = objects[i].id };
		int fd;

		fd = (int)bpf(kinds[objects[i].kind].fd_by_id, &attributes);
		if (fd < 0)
			continue;
		look_at[objects[i].kind](&objects[i], fd);
		close(fd);
	}
}

int main(void)
{
	for (int kind = 0; kind < KINDS; kind++)
		add_all((enum kind)kind);
	hold_of_processes();
	look_at_objects();
	for (size_t i = 0; i < object_count; i++) {
		if (!objects[i].is_held)
			printf("%s %u %s\n", kinds[objects[i].kind].name, objects[i].id,
				objects[i].name);
	}
	return 0;
}
