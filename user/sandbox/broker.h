/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker: what an ordinary user needs root for, and nothing else. A launcher asks it to be
 * moved into a directory of cgroups that its user may make others in.
 *
 * Theory of operation. Each client has a process of its own, which is told who it is by the kernel,
 * has little time, and takes one message of one size. So whatever a client does, also with
 * descriptors that it sends along (to close a socket that lingers takes as long as its owner
 * wishes), it does to that process. The launcher is moved while its directories are still root's:
 * who was met instead, under a number that came round again, can be put back before anybody else
 * could take hold of it. The directories are removed when the last process in them is gone.
 */
#ifndef TARE_BROKER_H
#define TARE_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/failure.h"

#define BROKER_DIRECTORY "/run/tare"
#define BROKER_SOCKET BROKER_DIRECTORY "/broker"

/* Of this form of the messages: client and broker may be of different versions. */
#define BROKER_MAGIC 0x31627274 /* "trb1" */

enum broker_wish {
	BROKER_ENTER = 1,
};

/* Both travel whole in one packet. */
struct broker_request {
	uint32_t magic;
	uint32_t wish;
};

struct broker_answer {
	uint32_t magic;
	int32_t errnum;	 /* 0: done */
	char path[1024]; /* the cgroup2 directory that is the user's now */
	char what[1024], hint[512];
};

/* For as many launchers of one user at a time; what is made below them is bounded as well. */
#define BROKER_LAUNCHERS 128

/*
 * Serves on this listening socket until `stop_fd` is readable; with idle_ms not -1 also until
 * nobody has asked for so long and nobody is in. Removes on the way what is empty.
 */
int broker_serve(int listening_fd, int stop_fd, int idle_ms, struct failure *why);

/* A listening socket at BROKER_SOCKET. -EADDRINUSE: another broker serves there. */
int broker_listen(int *listening_fd, struct failure *why);

#endif
