/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the root file system that the command sees, and makes it the root. */
#ifndef TARE_ROOT_H
#define TARE_ROOT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/failure.h"
#include "base/result.h"
#include "view.h"

struct root_spec {
	const struct view *view;
	int userns_fd; /* maps the owners of the host's files to those inside; borrowed */
	uid_t owner;   /* host-side uid and gid of the directories made for the command */
	gid_t group;
	bool keeps_layers; /* what the command writes is wanted afterwards */
};

/*
 * For a privileged process alone in fresh mount, pid and network namespaces. On success its root
 * is the new one, its current directory '/', and nothing of the old tree is reachable, but for the
 * directory *layers_fd, which holds the layers that layer_open opens; -1 when they are not kept.
 * *counts is raised by every mount that is not shown as it is.
 */
int root_build(const struct root_spec *spec, struct mount_counts *counts, int *layers_fd,
	struct failure *why);

#endif
