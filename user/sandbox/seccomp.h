/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system call filter: refuses what namespaces do not contain, in every ABI of the machine.
 *
 * It is a list of refusals; all else is allowed. What it refuses is counted by the collector.
 */
#ifndef TARE_SECCOMP_H
#define TARE_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/explanation.h"
#include "base/failure.h"
#include "base/refusal.h"

/* Groups of system calls that an option can let through. */
enum seccomp_group {
	SECCOMP_ALWAYS = 0, /* never let through */
	SECCOMP_IO_URING = 1 << 0,
	SECCOMP_MOUNTS = 1 << 1,
	SECCOMP_NAMESPACES = 1 << 2,
	SECCOMP_INIT = 1 << 3, /* where PID 1 is of another uid, and the kernel refuses */
};

struct seccomp_filter {
	struct sock_filter *instructions; /* owned */
	unsigned short count;
	unsigned int flags; /* SECCOMP_FILTER_FLAG_..., to load it with */
};

/* All groups, and none: so many different filters there are. */
#define SECCOMP_FILTERS 16

/*
 * Builds the filter without the groups in `allowed`, which takes libseccomp half a millisecond. A
 * run takes it from those that were built with the program (seccomp_ready.h).
 */
int seccomp_filter_build(struct seccomp_filter *filter, unsigned int allowed, struct failure *why);

/*
 * Loads it into this thread, which has no_new_privs, for good. Allocates nothing. Of several
 * filters the strictest verdict holds, and of equally strict ones that of the one loaded last.
 */
int seccomp_filter_load(const struct seccomp_filter *filter, struct failure *why);

/*
 * What that filter refuses, rule by rule and ABI by ABI, for others to tell; at most `room` of
 * them, of which there are fewer than 128. Returns how many.
 */
size_t seccomp_list_refusals(unsigned int allowed, struct refusal_rule *out, size_t room);

void seccomp_explain(unsigned int allowed, struct explanation *explanation);

void seccomp_filter_done(struct seccomp_filter *filter);

#endif
