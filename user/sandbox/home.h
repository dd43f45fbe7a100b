/* SPDX-License-Identifier: Apache-2.0 */
/* A home directory for the command, where its view of the host has none. */
#ifndef TARE_HOME_H
#define TARE_HOME_H

#include <sys/types.h>
#include "base/failure.h"

/*
 * Inside the container: makes what is missing of an absolute path, for this owner. No link is
 * followed. Where something else is in the way, or the file system is read-only, nothing is made,
 * and that is fine: to have a home is not worth a run.
 */
int home_make(const char *path, uid_t owner, gid_t group, struct failure *why);

#endif
