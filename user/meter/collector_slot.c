// SPDX-License-Identifier: Apache-2.0
// A run's place in the shared collector: how it is taken, emptied, and given back.
//
// Theory of operation. Whose each slot is stands in memory that every launcher maps: the id of the
// run's cgroup. A slot is free while that is 0; who puts its own there, by one atomic exchange, has
// it. It is emptied by the next owner and not by the last one, so that it does not matter where an
// owner dies. The first thing that the next owner does is to raise the generation: a task or an
// address space that has outlived its run carries the old one, and no program counts for it any
// more.
//
// A slot is given back by its launcher. When that was killed, the slot says which cgroup it is
// for, and the kernel never uses a cgroup's id again: if the cgroup is gone, so is the run. If it
// is still there, the run is over when no process is in it and nobody holds the lock on its
// directory that the launcher took; the kernel drops the lock with the launcher, whichever way it
// dies. Users' runs have slots by the gate (bpf/gate_run.bpf.h), which frees them itself.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <bpf/bpf.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "collector_parts.h"

/* kernfs: a file handle is the id of a directory, which for cgroup2 is the cgroup's. */
#define KERNFS_HANDLE 0xfe

/* A slot with more entries than most runs make does not keep them for the next one. */
#define PLACES_TO_KEEP 128

/* --- Emptying --- */

static size_t count_places(const struct run_account *run)
{
	size_t count = 0;

	for (size_t word = 0; word < SYSCALL_WORDS; word++)
		count += __builtin_popcountll(run->syscalls_seen[word]);
	return count;
}

static int drop_place(struct collector *collector, uint32_t place)
{
	for (size_t processor = 0; processor < collector->processors; processor++) {
		uint64_t key = SYSCALL_ENTRY_KEY(collector->slot, place, processor);

		if (bpf_map_delete_elem(collector->maps[MAP_SYSCALL_ENTRIES], &key) &&
			errno != ENOENT)
			return -errno;
	}
	collector->run->syscalls_seen[place / 64] &= ~(1ULL << place % 64);
	return 0;
}

/*
 * Entries are kept, because to make one costs the command that makes a call for the first time, and
 * are emptied at their next use.
 */
static int drop_many_entries(struct collector *collector)
{
	int error = 0;

	if (count_places(collector->run) <= PLACES_TO_KEEP)
		return 0;
	for (uint32_t place = 0; place < SYSCALL_PLACES && !error; place++) {
		if (collector->run->syscalls_seen[place / 64] >> place % 64 & 1)
			error = drop_place(collector, place);
	}
	return error;
}

static void clear_account(struct run_account *run)
{
	struct run_account fresh = { .generation = run->generation };

	memcpy(fresh.syscalls_seen, run->syscalls_seen, sizeof(fresh.syscalls_seen));
	*run = fresh;
}

static size_t largest_account(void)
{
	size_t largest = 0;

	for (int map = 0; map < COLLECTOR_MAPS; map++) {
		if (object_map_account_bytes(map) > largest)
			largest = object_map_account_bytes(map);
	}
	return largest;
}

static int clear_accounts(struct collector *collector, const void *zeros)
{
	for (int map = 0; map < COLLECTOR_MAPS; map++) {
		if (object_map_account_bytes(map) &&
			bpf_map_update_elem(collector->maps[map], &collector->slot, zeros, BPF_ANY))
			return -errno;
	}
	return 0;
}

int slot_reset(struct collector *collector, struct failure *why)
{
	cleanup_free void *zeros = calloc(collector->processors, largest_account());
	int error;

	if (!zeros)
		return failure_set(why, ENOMEM, "empty a slot of the shared collector");
	__atomic_add_fetch(&collector->run->generation, 1, __ATOMIC_SEQ_CST);
	clear_account(collector->run);
	error = clear_accounts(collector, zeros);
	if (!error)
		error = drop_many_entries(collector);
	return error ? failure_set(why, -error, "empty a slot of the shared collector") : 0;
}

/* --- Giving back --- */

static void free_slot(const struct collector *collector, size_t slot, uint64_t id)
{
	/* First, or it might be the entry of the next owner. */
	(void)bpf_map_delete_elem(collector->maps[MAP_SLOTS], &id);
	__atomic_compare_exchange_n(
		&collector->owners[slot], &id, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

void slot_release(struct collector *collector)
{
	free_slot(collector, collector->slot, collector->run->cgroup_id);
	collector->run = NULL;
}

/* --- Who is dead --- */

static int open_cgroup(int mount_fd, uint64_t id)
{
	struct {
		struct file_handle head;
		unsigned char id[sizeof(id)];
	} handle = { .head = { .handle_bytes = sizeof(id), .handle_type = KERNFS_HANDLE } };

	memcpy(handle.head.f_handle, &id, sizeof(id));
	return open_by_handle_at(mount_fd, &handle.head, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_populated(int cgroup_fd)
{
	cleanup_free char *events = NULL;

	/* What cannot be read is not known to be empty. */
	return file_read(cgroup_fd, "cgroup.events", &events, NULL, NULL) ||
	       !strstr(events, "populated 0");
}

static bool is_dead(int mount_fd, uint64_t id)
{
	cleanup_fd int cgroup_fd = open_cgroup(mount_fd, id);

	if (cgroup_fd < 0)
		return errno == ESTALE;
	return !flock(cgroup_fd, LOCK_EX | LOCK_NB) && !is_populated(cgroup_fd);
}

/* The gate looks after its own, which were freed if they were dead; what it is at is in between. */
static bool is_roots(const struct gate_users *users, size_t slot, uint64_t id)
{
	return id != SLOT_IN_BETWEEN && !gate_has(users, slot);
}

size_t slots_sweep(struct collector *collector, int mount_fd)
{
	struct gate_users users;
	size_t taken = 0;

	/* Not knowing users' slots from root's, none is freed. */
	if (gate_look(COLLECTOR_DIRECTORY, &users, NULL))
		return collector->slots;
	for (size_t i = 0; i < collector->slots; i++) {
		uint64_t id = __atomic_load_n(&collector->owners[i], __ATOMIC_ACQUIRE);

		if (!id)
			continue;
		if (is_roots(&users, i, id) && is_dead(mount_fd, id))
			free_slot(collector, i, id);
		else
			taken++;
	}
	gate_forget(&users);
	return taken;
}

/* --- Taking --- */

static bool take_free(struct collector *collector, uint64_t id)
{
	for (size_t i = 0; i < collector->slots; i++) {
		uint64_t nobody = 0;

		if (!__atomic_compare_exchange_n(&collector->owners[i], &nobody, id, false,
			    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			continue;
		collector->slot = i;
		return true;
	}
	return false;
}

/* The lock goes with an open file of its own, which no child of tare's gets. */
static int hold_cgroup(struct collector *collector, int cgroup_fd, uint64_t *id)
{
	struct stat status;

	collector->cgroup_fd = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (collector->cgroup_fd < 0 || flock(collector->cgroup_fd, LOCK_SH | LOCK_NB) ||
		fstat(collector->cgroup_fd, &status))
		return -errno;
	*id = status.st_ino;
	return 0;
}

/* From here on the slot is given back when the collector is closed. */
static int take_over(struct collector *collector, uint64_t id, struct failure *why)
{
	int error = object_map_run(collector, why);

	if (error) {
		free_slot(collector, collector->slot, id);
		return error;
	}
	error = slot_reset(collector, why);
	collector->run->main_epoch = 1; /* no task's, as in read_cgroup_id() */
	collector->run->cgroup_id = id;
	return error;
}

int slot_claim(struct collector *collector, int cgroup_fd, struct failure *why)
{
	uint64_t id = 0;
	int error = hold_cgroup(collector, cgroup_fd, &id);

	if (error)
		return failure_set(why, -error, "hold the run's cgroup");
	if (take_free(collector, id))
		return take_over(collector, id, why);
	(void)slots_sweep(collector, collector->cgroup_fd);
	if (take_free(collector, id))
		return take_over(collector, id, why);
	return failure_set(
		why, 0, "all %zu slots of the shared collector are taken", collector->slots);
}
