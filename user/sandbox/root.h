/* SPDX-License-Identifier: Apache-2.0 */
/* Builds the root file system that the command sees, and makes it the root. */
#ifndef TARE_ROOT_H
#define TARE_ROOT_H

#include <stdint.h>
#include <sys/types.h>
#include "base/explanation.h"
#include "base/failure.h"
#include "identity.h"
#include "scratch.h"
#include "system_config.h"
#include "tmpfs.h"
#include "view.h"

struct root_spec {
	struct view *view; /* the notes of its entries are completed */
	int root_fd;	   /* an unattached mount to be '/'; -1: the view names it; borrowed */
	bool has_own_root; /* '/' is not the host's */
	const struct system_config *system; /* replaces files of /etc; NULL: they stay */
	int userns_fd; /* maps the owners of the host's files to those inside; -1: none; borrowed */
	const struct identity *identity; /* whose the files are that are made */
	struct tmpfs_bounds bounds;	 /* of each tmpfs that takes writes */
	const struct scratch *scratch; /* takes them instead, all but those to /dev/shm, if made */
	bool keeps_layers;	       /* what the command writes is wanted afterwards */
};

/*
 * For a process alone in fresh mount, pid and network namespaces, and privileged in the user
 * namespace that they belong to. On success its root
 * is the new one, its current directory '/', and nothing of the old tree is reachable, but for the
 * directory *layers_fd, which holds the layers that layer_open opens; -1 when they are not kept.
 * *null_fd becomes the new /dev/null, open for reading and writing, the caller's: by its name it
 * may be another file soon.
 */
int root_build(const struct root_spec *spec, int *null_fd, int *layers_fd, struct failure *why);

/* What it makes besides the view: /proc, /sys, /dev and what is covered in them. */
void root_explain(struct explanation *explanation);

#endif
