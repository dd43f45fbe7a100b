/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc tells of a process by its number, and of a descriptor of this one. */
#ifndef TARE_PROC_H
#define TARE_PROC_H

#include <stdint.h>
#include <sys/types.h>

/* The number of its parent; 0 where it has none that is seen here, or is gone. */
pid_t proc_parent(pid_t pid);

/* The number in line "KEY:" of its fdinfo; `otherwise` where there is no such line. */
int64_t proc_fd_number(int fd, const char *key, int64_t otherwise);

#endif
