// SPDX-License-Identifier: Apache-2.0
// The namespaces of a container: which there are, and which of them PID 1 is born in.
#include "namespace.h"

#include <sched.h>

enum maker {
	BY_BIRTH, /* PID 1 is born in it */
	BY_INIT,  /* PID 1 makes it (init.c), which takes so long that tare does not wait for it */
	BY_COMMAND, /* the command's process makes or enters it on its way (child.c) */
	BY_CALLER,  /* root: as BY_COMMAND; an ordinary user: as BY_BIRTH */
	BY_NOBODY,  /* it is the host's */
};

/*
 * Root's PID 1 is born without CLONE_NEWUSER: the namespaces belong to the host's user namespace,
 * so that even all capabilities of the command's own user namespace would have no power over them.
 * An ordinary user's is born with it, for without it there is no right to the others. The kernel
 * makes it first, and they belong to it; the command has no capability in it.
 */
static const struct {
	const char *name;
	uint64_t flag;
	enum maker maker;
	const char *holds;
} namespaces[] = {
	{ "mnt", CLONE_NEWNS, BY_BIRTH, "what is mounted where" },
	{ "pid", CLONE_NEWPID, BY_BIRTH, "processes: it sees, signals and traces its own" },
	{ "net", CLONE_NEWNET, BY_INIT, "interfaces, addresses, ports, abstract sockets" },
	{ "ipc", CLONE_NEWIPC, BY_BIRTH, "System V IPC and POSIX message queues" },
	{ "uts", CLONE_NEWUTS, BY_BIRTH, "the host name, a copy of the host's" },
	{ "cgroup", CLONE_NEWCGROUP, BY_COMMAND, "its own cgroup is the root of all it sees" },
	{ "user", CLONE_NEWUSER, BY_CALLER, "who is who" },
	{ "time", 0, BY_NOBODY, "boot time and monotonic clock" },
};

#define NAMESPACE_COUNT (sizeof(namespaces) / sizeof(namespaces[0]))

static bool is_shared(const struct run_config *config, size_t number)
{
	return namespaces[number].maker == BY_NOBODY ||
	       (namespaces[number].flag == CLONE_NEWNET && config->network_access);
}

static bool is_by_birth(size_t number, bool is_users)
{
	enum maker maker = namespaces[number].maker;

	return maker == BY_BIRTH || (maker == BY_CALLER && is_users);
}

uint64_t namespace_flags(const struct run_config *config, bool is_users)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < NAMESPACE_COUNT; i++) {
		if (is_by_birth(i, is_users) && !is_shared(config, i))
			flags |= namespaces[i].flag;
	}
	return flags;
}

void namespace_explain(const struct run_config *config, struct explanation *explanation)
{
	for (size_t i = 0; i < NAMESPACE_COUNT; i++)
		explanation_add(explanation, EXPLAIN_NAMESPACES,
			is_shared(config, i) ? "host" : "own", namespaces[i].name, "%s",
			namespaces[i].holds);
}
