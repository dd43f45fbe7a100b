/* SPDX-License-Identifier: Apache-2.0 */
/* The network of the container: its own, with only the loopback interface. */
#ifndef TARE_NETWORK_H
#define TARE_NETWORK_H

#include "base/failure.h"

/* Brings `lo` up in this network namespace. Needs CAP_NET_ADMIN over it. */
int network_start_loopback(struct failure *why);

#endif
