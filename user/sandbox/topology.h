/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the processors of a machine hang together: which threads make a core, what shares the last
 * cache, what sits in one socket. Read from a tree like /sys, each file when it is asked for.
 */
#ifndef TARE_TOPOLOGY_H
#define TARE_TOPOLOGY_H

#include "base/failure.h"
#include "base/number_set.h"

/* Opens the tree of this root, "/sys". Returns its descriptor, the caller's. */
int topology_open(const char *sysfs, struct failure *why);

/* Processors and memory nodes that are there and online. Without NUMA in the kernel: node 0. */
int topology_online(int tree_fd, struct number_set *processors, struct failure *why);
int topology_nodes(int tree_fd, struct number_set *nodes, struct failure *why);

enum topology_part {
	TOPOLOGY_CORE,	 /* the threads of one physical core */
	TOPOLOGY_CACHE,	 /* what shares the last level of cache */
	TOPOLOGY_SOCKET, /* one package */
	TOPOLOGY_PARTS,
};

/*
 * The processors that share this part with one of them, itself included; it alone where the kernel
 * does not tell.
 */
int topology_of(int tree_fd, enum topology_part part, unsigned int processor,
	struct number_set *processors, struct failure *why);

#endif
