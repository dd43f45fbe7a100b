/* SPDX-License-Identifier: Apache-2.0 */
/* Where each processor of the machine lies, so that a task's way between caches and nodes can be
 * counted. */
#ifndef TARE_TOPOLOGY_PLACES_H
#define TARE_TOPOLOGY_PLACES_H

#include <stdbool.h>
#include "bpf/abi.h"

/*
 * Fills the places of all processors; false where the kernel does not tell, or there are more of
 * anything than a place has room for. One file for each cache of the last level and each node.
 */
bool topology_places(int tree_fd, struct place places[PLACES]);

#endif
