/* SPDX-License-Identifier: Apache-2.0 */
/* A prepared root file system that a run is given instead of the host's. */
#ifndef TARE_ROOT_DIRECTORY_H
#define TARE_ROOT_DIRECTORY_H

#include "base/failure.h"

struct root_directory {
	char *path;   /* owned; the host's own name of it, without links; NULL: the host's root */
	int mount_fd; /* a private mount of it, in no tree yet; -1 none: an ordinary user's */
};

#define ROOT_DIRECTORY_NONE ((struct root_directory){ .mount_fd = -1 })

/*
 * Looks the directory up, once: what becomes of its name afterwards does not matter. A link as the
 * last part is refused, as is what is not a directory; *why names the option.
 */
int root_directory_open(const char *given, struct root_directory *root, struct failure *why);
void root_directory_close(struct root_directory *root);

#endif
