/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the command is: its user namespace, its kernel uid, and what it may not do.
 *
 * Inside, every uid of the host is itself; outside it is that number plus IDENTITY_BASE, which no
 * account of the host has. So the command sees the host's owners as they are, and the kernel,
 * wherever it asks for a uid, sees a stranger: never uid 0.
 *
 * An ordinary user has no other ids to give away. Then PID 1 is born in a user namespace that maps
 * the caller alone: the kernel sees the caller's own uid, whose rights to files are the command's,
 * and everybody else is nobody inside.
 */
#ifndef TARE_IDENTITY_H
#define TARE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/config.h"
#include "base/explanation.h"
#include "base/failure.h"

struct process;

/* Above every range that distributions hand out (systemd's end at 0x6fffffff). */
#define IDENTITY_BASE 0x70000000u
#define IDENTITY_COUNT (IDENTITY_INIT + 1)

/*
 * Inside, PID 1's uid and gid. A process may set limits, priorities and processors of all others
 * of its uid: by these the command could end or starve PID 1, and blame tare.
 */
#define IDENTITY_INIT CONFIG_ID_LIMIT

/*
 * An owner of files that is nobody inside: as a number of the host it is beyond those that are
 * mapped, and as the number of a process beyond those that are handed out.
 */
#define IDENTITY_NOBODY (IDENTITY_BASE + IDENTITY_COUNT)

/* Where chown(2) is to change nothing: what an ordinary user's PID 1 makes is the command's. */
#define IDENTITY_AS_MADE ((uid_t)-1)

struct identity {
	bool is_users; /* the caller is no root, or one of a user namespace only */
	uid_t uid;     /* of the command, inside */
	gid_t gid;
	/* For PID 1, who makes what is theirs: */
	uid_t owner; /* the command */
	gid_t group;
	uid_t root; /* root inside, and the group of that number */
	uid_t callers_uid;
	gid_t callers_gid;
};

/*
 * The caller cannot build a container with the host's rights: an ordinary user, or the root of a
 * user namespace.
 */
bool identity_is_users(void);

/* Who the command of such a run is. Fails where it would be the host's uid 0. */
int identity_choose(
	const struct run_config *config, struct identity *identity, struct failure *why);

/*
 * For an ordinary user's PID 1, born with CLONE_NEWUSER: becomes the command's uid and gid inside,
 * and forbids namespaces as below. All that is to be mounted can be mounted afterwards.
 */
int identity_begin(const struct identity *identity, bool may_nest, struct failure *why);

/* After a user namespace was refused with -EPERM or -ENOSPC: adds what allows it here. */
int identity_hint(int error, struct failure *why);

/* A user namespace in the making, and the process that holds it meanwhile. */
struct identity_holder {
	bool may_nest;
	uid_t root_uid; /* what the host's ids 0 are called inside */
	gid_t root_gid;
	int go[2]; /* this process closes its end when the maps are written */
	struct process *process;
};

#define IDENTITY_HOLDER_NONE                                                                       \
	(struct identity_holder)                                                                   \
	{                                                                                          \
		.go = { -1, -1 }                                                                   \
	}

/*
 * Makes a user namespace with that mapping for uids and gids; the caller is root, and has another
 * name inside where root_uid and root_gid say so: whom that number would be is 0 then. Unless
 * `may_nest`, no user namespace can be made inside, whichever system call asks, and so no other
 * namespace either.
 *
 * In three steps, because two of them wait for a process that has to be started and to end, and
 * there is other work to do meanwhile. The descriptor is the caller's; nobody may live in the
 * namespace before it is settled.
 */
int identity_hold_namespace(struct identity_holder *holder, struct failure *why);
int identity_open_namespace(struct identity_holder *holder, struct failure *why);
int identity_settle_namespace(struct identity_holder *holder, struct failure *why);

/* However far it came. IDENTITY_HOLDER_NONE is fine. */
void identity_drop_holder(struct identity_holder *holder);

/*
 * Enters the namespace, unless it is -1 and the caller in it already, as this uid and gid inside,
 * with no supplementary groups and all capabilities of that namespace. The process is not dumpable
 * afterwards.
 */
int identity_enter(int userns_fd, uid_t uid, gid_t gid, struct failure *why);

/*
 * Empties the bounding, ambient, inheritable, permitted and effective sets, for good. With
 * `may_signal` the last two keep the right to signal every process of the namespace.
 */
int identity_drop_capabilities(bool may_signal, struct failure *why);

void identity_explain(
	const struct identity *identity, bool may_nest, struct explanation *explanation);

#endif
