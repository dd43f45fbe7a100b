/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc tells of a process by its number. */
#ifndef TARE_PROC_H
#define TARE_PROC_H

#include <sys/types.h>

/* The number of its parent; 0 where it has none that is seen here, or is gone. */
pid_t proc_parent(pid_t pid);

#endif
