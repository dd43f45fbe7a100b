/* SPDX-License-Identifier: Apache-2.0 */
/* What a collector is made of, for the files of this module alone. */
#ifndef TARE_COLLECTOR_PARTS_H
#define TARE_COLLECTOR_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "bpf/abi.h"
#include "collector.h"
#include "collector_gate.h"
#include "gate.h"
#include "interrupts.h"
#include "tick.h"
#include "wake.h"

enum collector_map {
	MAP_RUNS,
	MAP_CPUS,
	MAP_MEMORY,
	MAP_TASKS,
	MAP_SLOTS,
	MAP_WAKES,
	MAP_CGROUPS,
	MAP_REFUSALS,
	MAP_SYSCALLS,
	MAP_SYSCALL_ENTRIES,
	MAP_TIMELINE,
	MAP_TIMES,
	LOADED_MAPS,
	/* Of the shared one: who has each slot, by cgroup id; 0: it is free. No program sees it. */
	MAP_OWNERS = LOADED_MAPS,
	COLLECTOR_MAPS,
};

/* Room for the programs of the table in collector.c. */
#define COLLECTOR_PROGRAMS 32

struct collector_stamp;

/*
 * Descriptors of what is in the kernel. A private collector has loaded it and owns the skeleton;
 * one that uses the shared collector has opened its pins.
 */
struct collector {
	struct steady *skeleton;  /* NULL: shared */
	struct steady_bare *bare; /* not NULL: it owns what the skeleton only names */
	int maps[COLLECTOR_MAPS];
	int programs[COLLECTOR_PROGRAMS]; /* in the order of the table of programs */
	int links[COLLECTOR_PROGRAMS];	  /* in the same order; -1: not attached here */
	size_t processors;

	size_t slots;
	uint32_t slot;		 /* ours */
	struct run_account *run; /* its account, in mapped memory; NULL before there is one */
	void *pages;		 /* that memory */
	size_t pages_bytes;

	/* Of the shared one. */
	struct collector_stamp *stamp; /* mapped */
	uint64_t *owners;	       /* mapped */
	int presence_fd;	       /* its lock says that a run lives */
	int cgroup_fd;		       /* its lock says that this run's launcher lives */
	uint64_t old_misses;	       /* before this run */
	struct open_gate *gate;	       /* while it is started; NULL: it is not for users */
	struct gate_visit *visit;      /* of a user's launcher, in place of all these; else NULL */

	struct collector_spec spec;
	struct interrupts *interrupts; /* NULL: they are not weighed */
	bool knows_places;
	const char *no_io_uring; /* why its requests are not counted; NULL: they are */
	struct wake wake;
	struct tick limit_tick, timeline_tick;
	uint64_t start_ns, stop_ns;
};

struct object_spec {
	size_t slots;
	bool is_shared;
	struct collector_spec wanted;
};

/* --- collector_object.c: the programs and maps as one object --- */

/* Loads the programs and maps, of which nothing is attached yet. */
int object_load(struct collector *collector, const struct object_spec *spec, struct failure *why);

/* Frees what was loaded; what is attached or pinned lives on. NULL skeletons are fine. */
void object_unload(struct collector *collector);

/* Attaches what is for the whole machine. */
int object_attach_machine(struct collector *collector, struct failure *why);

/* Attaches what counts requests to io_uring, for the whole machine. */
int object_attach_io_uring(struct collector *collector, struct failure *why);

/* Attaches what counts for one cgroup. */
int object_attach_cgroup(struct collector *collector, int cgroup_fd, struct failure *why);

/* The name of program number i; NULL after the last one. */
const char *object_program_name(size_t i);
size_t object_program_count(void);

/* The number of the one that a tick runs. */
size_t object_tick_program(void);

/* Why requests to io_uring are not counted. */
extern const char object_not_told_of_io_uring[];

const char *object_map_name(enum collector_map map);

/* Bytes that one processor has of one run, in a map that is emptied for the next; else 0. */
size_t object_map_account_bytes(enum collector_map map);

/* From 7.0 on tracepoint programs run with preemption on, and lose events of preempted tasks. */
bool kernel_preempts_tracepoints(void);

/* Whether `i` is attached for the whole machine. */
bool object_program_is_machines(size_t i);

/* Maps the account of the slot. */
int object_map_run(struct collector *collector, struct failure *why);

/* --- collector.c --- */

int collector_new(struct collector **out, struct failure *why);

bool collector_has_limits(const struct collector_limits *limits);

/* For a run that has its slot: what it is held to, and what its launcher is woken for. */
int collector_set_limits(struct collector *collector, struct failure *why);

/* --- collector_read.c --- */

/* Where the calls of this place in a run are summed. */
struct syscall_counter *account_counter(struct account *account, uint32_t place);

/* Events that any program has missed so far. */
int collector_misses(const struct collector *collector, uint64_t *misses, struct failure *why);

/* --- collector_memory.c --- */

/* Bytes of all its maps, as the kernel counts them. */
uint64_t collector_memory(const struct collector *collector);

/* --- collector_slot.c: a run's place --- */

/* Empties the slot, of which an earlier run may have left something. */
int slot_reset(struct collector *collector, struct failure *why);

/* Makes it a free one. */
void slot_release(struct collector *collector);

/* Of cgroup2, to be closed by the caller; -1: there is none. */
int open_cgroup_mount(void);

/* Frees the slots of dead runs. Returns how many slots are taken. `mount_fd` is of cgroup2. */
size_t slots_sweep(struct collector *collector, int mount_fd);

/* Takes a free slot for this cgroup. -ENOSPC: there is none. */
int slot_claim(struct collector *collector, int cgroup_fd, struct failure *why);

/* --- collector_pin.c: the shared collector's directory --- */

#define COLLECTOR_DIRECTORY "/sys/fs/bpf/tare"

/* Pinned last, removed first. The first three fields stay where they are: all versions use them. */
struct collector_stamp {
	uint64_t magic;
	uint64_t abi;
	uint64_t stopped_ns; /* of CLOCK_MONOTONIC; 0: it runs */
	uint64_t started_ns; /* of CLOCK_REALTIME */
	uint64_t slots;
	uint64_t has_io_uring; /* requests to it are counted */
	uint64_t knows_places;
	uint64_t runs_per_user; /* 0: it is not for users */
	char version[32];
	char object[72]; /* a digest of the programs */
};

enum pin_state {
	PIN_NONE,	/* there is no shared collector */
	PIN_INCOMPLETE, /* a start or a stop has ended halfway, or goes on */
	PIN_FOREIGN,	/* of another version of tare */
	PIN_COMPLETE,
};

/* Looks; with PIN_FOREIGN and PIN_COMPLETE *stamp is mapped, for pin_forget. */
int pin_look(enum pin_state *state, struct collector_stamp **stamp, struct failure *why);
void pin_forget(const struct collector_stamp *stamp);

/* Waits until this process alone may change the directory, which is made if need be: as long as
 * *fd is open. */
int pin_lock(int *fd, struct failure *why);

/* Whether someone else does so now. */
bool pin_is_locked(void);

/* Says that a run uses the collector, as long as *fd is open. -EWOULDBLOCK: it is being stopped. */
int pin_join(int *fd, struct failure *why);

/* Keeps runs from joining as long as *fd is open. -EWOULDBLOCK: some have. */
int pin_lock_out(int *fd, struct failure *why);

/* Pins what was loaded and attached, then the stamp. */
int pin_all(const struct collector *collector, const struct collector_stamp *stamp,
	struct failure *why);

/* Opens the maps and programs. */
int pin_open_all(struct collector *collector, struct failure *why);

/*
 * Removes what is in the directory, also what another version, half a start or half a stop has
 * left; pin_remove the directory as well. The stamp goes first.
 */
int pin_empty(struct failure *why);
int pin_remove(struct failure *why);

#endif
