/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processors and memory nodes a run gets: those that were named, or so many whole physical
 * cores that no other run has taken.
 */
#ifndef TARE_CORES_H
#define TARE_CORES_H

#include "base/config.h"
#include "base/failure.h"
#include "base/result.h"

/* Where they are chosen from. */
struct cores_machine {
	const char *sysfs;		     /* "/sys" */
	const char *lock_path;		     /* see cores_auto.h */
	struct number_set processors, nodes; /* that this process may use */
};

struct cores {
	struct core_use use;
	struct number_set inherited; /* the caller's own affinity */
	int lock_fd; /* as long as it is open no other run takes the cores for free; -1: none were
		      * chosen, or it could not be told */
};

void cores_clear(struct cores *cores);

/* This machine, and what this process may use of it. */
int cores_read_machine(struct cores_machine *machine, struct failure *why);

/* How many physical cores of it this process may use. */
int cores_count_physical(const struct cores_machine *machine, size_t *count, struct failure *why);

/* Chooses as the configuration asks; nothing when it does not. Leaves no trace in the system. */
int cores_choose(const struct run_config *config, const struct cores_machine *machine,
	struct cores *cores, struct failure *why);

/* After the choice, and before this process moves into any cgroup. */
int cores_note_inherited(struct cores *cores, struct failure *why);

/* Gives cores that were taken back. */
void cores_release(struct cores *cores);

/*
 * For the command's own process, where no cgroup holds them, as far as they were chosen. What it
 * sets this process can change again.
 */
int cores_hold(const struct cores *cores, struct failure *why);

/* For the command's own process, in its cgroups: what it was born with holds where nothing else was
 * chosen. */
int cores_inherit(const struct cores *cores, struct failure *why);

#endif
