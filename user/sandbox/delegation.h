/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an ordinary user comes to a directory of cgroups of the user's own: it was delegated already,
 * or the user's own systemd gives a scope, or the broker of this machine's root a directory.
 */
#ifndef TARE_DELEGATION_H
#define TARE_DELEGATION_H

#include "base/failure.h"
#include "cgroup.h"
#include "mountinfo.h"

/*
 * As cgroup_find, for who is not root. Moves this process where that is what it takes. When nobody
 * gives a directory: -EACCES, with the commands that repair it.
 */
int delegation_find(struct cgroup *cgroup, const char *run_id, const struct mountinfo_list *mounts,
	unsigned int wanted, struct failure *why);

/* Who could give one, for people to read; the ways are tried in this order. */
enum delegation_way {
	DELEGATION_SYSTEMD, /* the user's own manager runs, and can be asked */
	DELEGATION_BROKER,  /* its socket is there */
	DELEGATION_NONE,
};
enum delegation_way delegation_look(const char *root);

/* The command for root, or this user, that repairs DELEGATION_NONE. */
const char *delegation_repair(void);

#endif
