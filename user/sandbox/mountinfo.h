/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of this mount namespace, as /proc/self/mountinfo tells them. */
#ifndef TARE_MOUNTINFO_H
#define TARE_MOUNTINFO_H

#include <stddef.h>
#include <stdint.h>
#include "base/failure.h"

struct mountinfo {
	uint64_t id;
	char *root;    /* the directory of its file system that is mounted, unescaped */
	char *path;    /* mount point, unescaped: any bytes but NUL */
	char *type;    /* "ext4" */
	char *options; /* of the super block: names the controllers of a cgroup v1 hierarchy */
};

struct mountinfo_list {
	struct mountinfo
		*mounts; /* owned; in the kernel's order: a later one covers an earlier one */
	size_t count;
};

int mountinfo_read(struct mountinfo_list *list, struct failure *why);

/* Parses such a text; a line that is not understood is -EINVAL with its number. */
int mountinfo_parse(const char *text, struct mountinfo_list *list, struct failure *why);

void mountinfo_done(struct mountinfo_list *list);

#endif
