/* SPDX-License-Identifier: Apache-2.0 */
/* What a run had to do with networks: bytes, packets, sockets by family, calls of connect. */
#ifndef TARE_ACCOUNT_NETWORK_H
#define TARE_ACCOUNT_NETWORK_H

#include "base/result.h"
#include "collector.h"

void account_fill_network(const struct account *account, struct result *result);

#endif
