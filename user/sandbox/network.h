/* SPDX-License-Identifier: Apache-2.0 */
/* The network of the container: its own, with only the loopback interface. */
#ifndef TARE_NETWORK_H
#define TARE_NETWORK_H

#include "base/failure.h"

/* Gives this process a network namespace of its own, with `lo` up. Needs CAP_SYS_ADMIN. */
int network_make(struct failure *why);

#endif
