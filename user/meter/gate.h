/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate by which users reach the shared collector, as root makes it: an object beside the
 * collector's, loaded by its start alone, and the one place where users can open a program of it.
 */
#ifndef TARE_GATE_H
#define TARE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/failure.h"
#include "bpf/abi.h"

struct open_gate;

/* Where users find the program: a BPF file system with nothing else in it, that root alone writes.
 */
#define GATE_PROGRAM "/run/tare/gate/gate"

/* The cgroup below cgroup2's own that users' runs may be put under: root's, and made here. */
#define GATE_CGROUP "tare"

struct gate_spec {
	/* Descriptors of the collector's maps, borrowed. */
	int runs, cpus, memory, tasks, slots, refusals, syscall_entries, owners;
	const int *programs; /* of the collector, whose misses are told; -1: none */
	size_t program_count;
	size_t processors, slot_count, runs_per_user;
	int cgroup_mount_fd; /* of cgroup2; -1: there is none */
	bool has_io_uring, knows_places;
	bool preempts_tracepoints; /* the kernel does */
};

/* Loads and attaches it. *out is owned by the caller. */
int gate_open(const struct gate_spec *spec, struct open_gate **out, struct failure *why);

/* NULL is fine. What is pinned stays. */
void gate_close(struct open_gate *gate);

/* Pins in a directory of root's what keeps it, and in its own place the program for users. */
int gate_pin(const struct open_gate *gate, const char *directory, struct failure *why);

/* Tells the gate pinned in this directory, if there is one, of whichever version, whom to serve. */
void gate_set_service(const char *directory, enum gate_service service);

/* Removes the place of users, also what another version or half a start has left, and the cgroup,
 * if nothing is in it. */
int gate_remove_place(int cgroup_mount_fd, struct failure *why);

/* --- For a launcher of root's: the pins of a gate --- */

struct gate_users {
	const char *entries; /* by slot, mapped; NULL: there is no gate */
	size_t entry_bytes, slot_count;
};

/* Its program that frees slots; negative: there is no gate. */
int gate_open_sweep(const char *directory);

/* Looks, after the slots of users' runs that are over were freed; of a gate of any version. */
int gate_look(const char *directory, struct gate_users *users, struct failure *why);
void gate_forget(struct gate_users *users);

/* Whether the slot is a user's. */
bool gate_has(const struct gate_users *users, size_t slot);
size_t gate_count(const struct gate_users *users);

#endif
