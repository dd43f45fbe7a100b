/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A systemd scope of tare's own, with all controllers delegated: where systemd runs the machine, no
 * other cgroup may be given controllers that it does not use itself.
 *
 * It is asked for by systemd's own client, since libsystemd cannot be linked statically. The scope
 * lies in the slice that tare was started in, whose limits go on holding, and systemd removes it
 * when tare has ended.
 */
#ifndef TARE_SCOPE_H
#define TARE_SCOPE_H

#include "base/failure.h"

struct scope_call {
	char name[48];	 /* "tare-0123456789abcdef.scope" */
	char slice[256]; /* empty: systemd's default */
	char pid[16];
	const char *arguments[32]; /* NULL-terminated; point to constants and to the above */
};

/* Whose manager is asked. */
enum scope_manager {
	SCOPE_OF_SYSTEM,
	SCOPE_OF_USER, /* in a slice of its own, which is below that of the user */
};

/*
 * Fills in the call that moves this process into a new scope. `memberships` is the text of
 * /proc/self/cgroup.
 */
void scope_describe(struct scope_call *call, enum scope_manager manager, const char *memberships);

/*
 * Does it with this client and waits until the kernel's text in `memberships_path` tells that this
 * process is in the scope.
 */
int scope_enter(const char *client, const char *memberships_path, struct failure *why);

/* The same of the user's own manager, whose bus is in this directory. */
int scope_enter_of_user(const char *client, const char *memberships_path,
	const char *runtime_directory, struct failure *why);

#endif
