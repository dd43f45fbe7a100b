// SPDX-License-Identifier: Apache-2.0
// The gate's programs: loaded beside the collector's, attached, and pinned.
//
// Not a light skeleton, for the reason that interrupts.c has: it shares maps.
#include "gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "base/cleanup.h"
#include "gate_place.h"
#include "object-identity.h"

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
#include "bpf/abi.h"
#include "gate.skel.h"

#define PATH_BYTES 128

/* One for births, one for removals, three for each cgroup where packets are counted. */
#define LINKS (2 + 3 * GATE_WATCHED)

_Static_assert(sizeof(OBJECT_IDENTITY) == GATE_IDENTITY_WORDS * 8 + 1, "a digest has 64 digits");

struct open_gate {
	struct gate *skeleton;
	struct bpf_link *links[LINKS];
	size_t link_count;
};

/* --- Loading --- */

static int share_maps(struct gate *skeleton, const struct gate_spec *spec)
{
	const struct {
		struct bpf_map *map;
		int fd;
	} shared[] = {
		{ skeleton->maps.runs, spec->runs },
		{ skeleton->maps.cpus, spec->cpus },
		{ skeleton->maps.memory, spec->memory },
		{ skeleton->maps.tasks, spec->tasks },
		{ skeleton->maps.slots, spec->slots },
		{ skeleton->maps.refusals, spec->refusals },
		{ skeleton->maps.syscall_entries, spec->syscall_entries },
		{ skeleton->maps.owners, spec->owners },
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]) && !error; i++)
		error = bpf_map__reuse_fd(shared[i].map, shared[i].fd);
	return error;
}

/* From 7.0 on tracepoint programs lose births, see process.bpf.c. */
static int prepare(struct gate *skeleton, const struct gate_spec *spec)
{
	struct bpf_program *unused = spec->preempts_tracepoints ? skeleton->progs.born_into_run
								: skeleton->progs.woken_into_run;
	int error = share_maps(skeleton, spec);

	skeleton->rodata->processors = spec->processors;
	skeleton->rodata->slot_count = spec->slot_count;
	memcpy((void *)skeleton->rodata->identity, OBJECT_IDENTITY,
		sizeof(skeleton->rodata->identity));
	if (!error)
		error = bpf_map__set_max_entries(skeleton->maps.gate_runs, spec->slot_count);
	return error ? error : bpf_program__set_autoload(unused, false);
}

static int load(struct open_gate *gate, const struct gate_spec *spec, struct failure *why)
{
	int error;

	gate->skeleton = gate__open();
	if (!gate->skeleton)
		return failure_set(why, errno, "prepare the BPF programs of the gate");
	error = prepare(gate->skeleton, spec);
	if (!error)
		error = gate__load(gate->skeleton);
	return error ? failure_set(why, -error, "load the gate's BPF programs into this kernel")
		     : 0;
}

/* --- What it is told --- */

static int run_program(int program_fd, void *context, size_t size, int *answer)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = context, .ctx_size_in = size);

	if (bpf_prog_test_run_opts(program_fd, &options))
		return -errno;
	*answer = (int)options.retval;
	return 0;
}

static int teach_programs(
	const struct open_gate *gate, const struct gate_spec *spec, struct failure *why)
{
	struct gate *skeleton = gate->skeleton;
	const struct bpf_program *own[] = { skeleton->progs.born_into_run,
		skeleton->progs.woken_into_run };
	struct gate_lesson lesson;
	size_t count = 0;
	int error, ignored;

	memset(&lesson, 0xff, sizeof(lesson));
	for (size_t i = 0; i < spec->program_count; i++)
		lesson.program_fds[count++] = spec->programs[i];
	for (size_t i = 0; i < 2 && count < GATE_PROGRAMS; i++)
		lesson.program_fds[count++] = bpf_program__fd(own[i]);
	error = run_program(
		bpf_program__fd(skeleton->progs.gate_learn), &lesson, sizeof(lesson), &ignored);
	return error ? failure_set(why, -error, "tell the gate the collector's programs") : 0;
}

static int put_state(
	const struct open_gate *gate, const struct gate_state *state, struct failure *why)
{
	uint32_t first = 0;

	if (bpf_map_update_elem(
		    bpf_map__fd(gate->skeleton->maps.gate_state), &first, state, BPF_ANY))
		return failure_set(why, errno, "tell the gate what it serves");
	return 0;
}

/* --- Attaching --- */

static int keep_link(
	struct open_gate *gate, struct bpf_link *link, const char *what, struct failure *why)
{
	if (!link)
		return failure_set(why, errno, "attach the gate to %s", what);
	gate->links[gate->link_count++] = link;
	return 0;
}

static int attach_events(struct open_gate *gate, const struct gate_spec *spec, struct failure *why)
{
	struct gate *skeleton = gate->skeleton;
	struct bpf_program *births = spec->preempts_tracepoints ? skeleton->progs.woken_into_run
								: skeleton->progs.born_into_run;
	int error = keep_link(gate, bpf_program__attach(births), "births of tasks", why);

	if (error)
		return error;
	return keep_link(gate, bpf_program__attach(skeleton->progs.cgroup_removed),
		"removals of cgroups", why);
}

/* For its descendants as well. */
static int watch_cgroup(struct open_gate *gate, int cgroup_fd, const char *name,
	struct gate_state *state, size_t *watched, struct failure *why)
{
	struct gate *skeleton = gate->skeleton;
	struct bpf_program *const programs[] = { skeleton->progs.users_packet_received,
		skeleton->progs.users_packet_sent, skeleton->progs.users_socket_created };
	struct stat status;
	int error = 0;

	if (fstat(cgroup_fd, &status))
		return failure_set(why, errno, "look at cgroup '%s'", name);
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]) && !error; i++)
		error = keep_link(
			gate, bpf_program__attach_cgroup(programs[i], cgroup_fd), name, why);
	if (!error)
		state->watched[(*watched)++] = status.st_ino;
	return error;
}

/*
 * Where users' runs are: below the collector's own cgroup, or where systemd has users' sessions. A
 * run elsewhere is told that its packets are not counted.
 */
static int watch_cgroups(struct open_gate *gate, const struct gate_spec *spec,
	struct gate_state *state, struct failure *why)
{
	static const char *const names[] = { GATE_CGROUP, "user.slice" };
	size_t watched = 0;
	int error = 0;

	if (spec->cgroup_mount_fd < 0)
		return 0;
	/* Where that is not allowed runs are elsewhere. */
	(void)mkdirat(spec->cgroup_mount_fd, GATE_CGROUP, 0755);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !error; i++) {
		cleanup_fd int cgroup_fd =
			openat(spec->cgroup_mount_fd, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (cgroup_fd >= 0)
			error = watch_cgroup(gate, cgroup_fd, names[i], state, &watched, why);
	}
	return error;
}

static int set_up(struct open_gate *gate, const struct gate_spec *spec, struct failure *why)
{
	struct gate_state state = { .has_io_uring = spec->has_io_uring,
		.knows_places = spec->knows_places,
		.runs_per_user = spec->runs_per_user };
	int error = load(gate, spec, why);

	if (!error)
		error = teach_programs(gate, spec, why);
	if (!error)
		error = attach_events(gate, spec, why);
	if (!error)
		error = watch_cgroups(gate, spec, &state, why);
	return error ? error : put_state(gate, &state, why);
}

int gate_open(const struct gate_spec *spec, struct open_gate **out, struct failure *why)
{
	struct open_gate *gate = calloc(1, sizeof(*gate));
	int error;

	if (!gate)
		return failure_set(why, ENOMEM, "allocate the gate");
	error = set_up(gate, spec, why);
	if (error) {
		gate_close(gate);
		return error;
	}
	*out = gate;
	return 0;
}

void gate_close(struct open_gate *gate)
{
	if (!gate)
		return;
	for (size_t i = 0; i < gate->link_count; i++)
		bpf_link__destroy(gate->links[i]);
	gate__destroy(gate->skeleton);
	free(gate);
}

/* --- Pins --- */

static const char *path_of(char *path, const char *directory, const char *name)
{
	snprintf(path, PATH_BYTES, "%s/gate/%s", directory, name);
	return path;
}

static int pin(int fd, const char *directory, const char *name, struct failure *why)
{
	char path[PATH_BYTES];

	if (bpf_obj_pin(fd, path_of(path, directory, name)))
		return failure_set(why, errno, "pin '%s'", path);
	return 0;
}

static int pin_links(const struct open_gate *gate, const char *directory, struct failure *why)
{
	char name[32];
	int error = 0;

	for (size_t i = 0; i < gate->link_count && !error; i++) {
		snprintf(name, sizeof(name), "link-%zu", i);
		error = pin(bpf_link__fd(gate->links[i]), directory, name, why);
	}
	return error;
}

int gate_pin(const struct open_gate *gate, const char *directory, struct failure *why)
{
	struct gate *skeleton = gate->skeleton;
	char path[PATH_BYTES];
	int error;

	if (mkdir(path_of(path, directory, ""), 0700))
		return failure_set(why, errno, "make '%s'", path);
	error = pin(bpf_map__fd(skeleton->maps.gate_state), directory, "state", why);
	if (!error)
		error = pin(bpf_map__fd(skeleton->maps.gate_runs), directory, "runs", why);
	if (!error)
		error = pin(bpf_program__fd(skeleton->progs.gate_sweep), directory, "sweep", why);
	if (!error)
		error = pin_links(gate, directory, why);
	return error ? error : gate_place_make(bpf_program__fd(skeleton->progs.gate), why);
}

int gate_remove_place(int cgroup_mount_fd, struct failure *why)
{
	/* It stays with what users have below it. */
	if (cgroup_mount_fd >= 0)
		(void)unlinkat(cgroup_mount_fd, GATE_CGROUP, AT_REMOVEDIR);
	return gate_place_remove(why);
}

/* The state begins alike in all versions. */
void gate_set_service(const char *directory, enum gate_service service)
{
	char path[PATH_BYTES];
	cleanup_fd int fd = bpf_obj_get(path_of(path, directory, "state"));
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info), first = 0;
	cleanup_free uint64_t *state = NULL;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) || info.value_size < sizeof(*state))
		return;
	state = malloc(info.value_size);
	if (!state || bpf_map_lookup_elem(fd, &first, state))
		return;
	state[0] = service;
	(void)bpf_map_update_elem(fd, &first, state, BPF_ANY);
}

/* --- For a launcher of root's --- */

int gate_open_sweep(const char *directory)
{
	char path[PATH_BYTES];

	return bpf_obj_get(path_of(path, directory, "sweep"));
}

static int sweep(const char *directory)
{
	cleanup_fd int program_fd = gate_open_sweep(directory);
	int ignored;

	return program_fd < 0 ? -errno : run_program(program_fd, NULL, 0, &ignored);
}

static int map_runs(int map_fd, struct gate_users *users)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);
	void *entries;

	if (bpf_obj_get_info_by_fd(map_fd, &info, &size))
		return -errno;
	users->slot_count = info.max_entries;
	users->entry_bytes = (info.value_size + 7) & ~7U;
	entries = mmap(
		NULL, users->slot_count * users->entry_bytes, PROT_READ, MAP_SHARED, map_fd, 0);
	if (entries == MAP_FAILED)
		return -errno;
	users->entries = entries;
	return 0;
}

int gate_look(const char *directory, struct gate_users *users, struct failure *why)
{
	char path[PATH_BYTES];
	int error = sweep(directory);
	cleanup_fd int map_fd = bpf_obj_get(path_of(path, directory, "runs"));

	*users = (struct gate_users){ .entries = NULL };
	if (map_fd < 0)
		return errno == ENOENT ? 0 : failure_set(why, errno, "open '%s'", path);
	if (!error)
		error = map_runs(map_fd, users);
	return error ? failure_set(why, -error, "look at the runs of users") : 0;
}

void gate_forget(struct gate_users *users)
{
	if (users->entries)
		munmap((void *)users->entries, users->slot_count * users->entry_bytes);
	users->entries = NULL;
}

bool gate_has(const struct gate_users *users, size_t slot)
{
	const struct gate_run *entry;

	if (!users->entries || slot >= users->slot_count)
		return false;
	entry = (const struct gate_run *)(users->entries + slot * users->entry_bytes);
	return __atomic_load_n(&entry->payer, __ATOMIC_ACQUIRE);
}

size_t gate_count(const struct gate_users *users)
{
	size_t count = 0;

	for (size_t slot = 0; slot < users->slot_count; slot++)
		count += gate_has(users, slot);
	return count;
}
