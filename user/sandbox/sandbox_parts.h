/* SPDX-License-Identifier: Apache-2.0 */
/* What a sandbox is made of, for the files of this module alone. */
#ifndef TARE_SANDBOX_PARTS_H
#define TARE_SANDBOX_PARTS_H

#include <stdbool.h>
#include <stdint.h>
#include "cgroup.h"
#include "cores.h"
#include "file_limit.h"
#include "guest.h"
#include "identity.h"
#include "init.h"
#include "janitor.h"
#include "mountinfo.h"
#include "process.h"
#include "sandbox.h"
#include "sandbox_view.h"
#include "scratch.h"
#include "seccomp.h"
#include "terminal.h"

struct sandbox {
	const struct run_config *config; /* borrowed */
	const char *run_id;		 /* borrowed */
	struct cgroup cgroup;
	struct scratch scratch;
	struct cores cores;
	struct janitor *janitor;
	struct sandbox_view view;
	struct seccomp_filter filter, profile; /* without instructions when there is none */
	struct seccomp_filter set_id_filter;   /* so when nothing is written on the host */
	struct terminal terminal;
	struct init_task task;
	struct process *init; /* PID 1 */
	struct guests guests;
	struct identity_holder userns_holder, owners_holder;
	struct identity identity;
	int userns_fd;
	int owners_userns_fd; /* -1: the same */
	bool makes_home;
	int sockets[2]; /* ours, PID 1's */
	int go[2];
	int command_pidfd;
	int memory_event_fd;
	int layers_fd; /* what holds the layers of the view; -1 until PID 1 sent it */
	struct file_limit file_limit;
	char *true_directory; /* owned: where it starts, without links; NULL until it is born */
	uint64_t used_before[CGROUP_USAGES]; /* when the command was let go */
};

/*
 * Looks at all that the options ask for, by the user's identity and these mounts: what cannot be is
 * told here, before anything is made. sandbox_free_plan frees what it leaves, also after a failure.
 */
int sandbox_plan_all(struct sandbox *sandbox, const struct run_config *config,
	const struct mountinfo_list *mounts, struct failure *why);
void sandbox_free_plan(struct sandbox *sandbox);

/* Whether what the command writes is looked at where it lies. */
bool sandbox_keeps_layers(const struct run_config *config);

/* Whether the command may be in the caller's session. */
bool sandbox_may_share_terminal(const struct run_config *config);

#endif
