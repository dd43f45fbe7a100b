/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an ordinary user comes to a directory of cgroups of the user's own: it was delegated already,
 * or the user's own systemd gives a scope, or the broker of this machine's root a directory.
 */
#ifndef TARE_DELEGATION_H
#define TARE_DELEGATION_H

#include "base/failure.h"

struct cgroup;
struct mountinfo_list;

/* Who gave it; they are tried in this order. */
enum delegation_way {
	DELEGATION_OWN,	    /* it was the user's already */
	DELEGATION_SYSTEMD, /* the user's own manager, a scope */
	DELEGATION_BROKER,
};

/*
 * As cgroup_find, for who is not root. Moves this process where that is what it takes. When nobody
 * gives a directory: -EACCES, with the commands that repair it. `way` may be NULL.
 */
int delegation_find(struct cgroup *cgroup, const char *run_id, const struct mountinfo_list *mounts,
	unsigned int wanted, enum delegation_way *way, struct failure *why);

/* The same for who only wants to know by whom; what the process was moved into is gone with it. */
int delegation_try(enum delegation_way *way, struct failure *why);

/* Where there is none: what root, or this user, does about it. */
const char *delegation_repair(void);

#endif
