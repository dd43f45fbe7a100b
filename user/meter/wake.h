/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a BPF program wakes this process and no other: one perf event on each processor, which only
 * a program that runs there can raise.
 */
#ifndef TARE_WAKE_H
#define TARE_WAKE_H

#include <stdint.h>
#include <stddef.h>
#include "base/failure.h"

struct wake_event;

/* WAKE_NONE is never woken. */
struct wake {
	int epoll_fd;		   /* readable when it was woken; -1: none */
	struct wake_event *events; /* owned */
	size_t count;
	size_t ring_bytes;
};

#define WAKE_NONE                                                                                  \
	{                                                                                          \
		.epoll_fd = -1                                                                     \
	}

/* Places the events of `processors` processors in the map, from `first_key` on. */
int wake_start(
	struct wake *wake, int map_fd, uint32_t first_key, size_t processors, struct failure *why);

/* Forgets what it was woken for. */
void wake_take(struct wake *wake);

void wake_stop(struct wake *wake);

#endif
