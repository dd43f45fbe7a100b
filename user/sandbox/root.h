/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the root file system that the command sees, and makes it the root. */
#ifndef TARE_ROOT_H
#define TARE_ROOT_H

#include <stdint.h>
#include <sys/types.h>
#include "base/explanation.h"
#include "base/failure.h"
#include "base/result.h"
#include "view.h"

struct root_spec {
	const struct view *view;
	int userns_fd; /* maps the owners of the host's files to those inside; borrowed */
	uid_t owner;   /* host-side uid and gid of the directories made for the command */
	gid_t group;
};

/*
 * For a privileged process alone in fresh mount, pid and network namespaces. On success its root
 * is the new one, its current directory '/', and nothing of the old tree is reachable.
 * *counts is raised by every mount that is not shown as it is.
 */
int root_build(const struct root_spec *spec, struct mount_counts *counts, struct failure *why);

/* What it makes besides the view: /proc, /sys, /dev and what is covered in them. */
void root_explain(struct explanation *explanation);

#endif
