/* SPDX-License-Identifier: Apache-2.0 */
/* What a run did by io_uring: rings made, requests by opcode. */
#ifndef TARE_ACCOUNT_URING_H
#define TARE_ACCOUNT_URING_H

#include "base/result.h"
#include "collector.h"

/* Allocates what result_done frees. `requests` are by opcode, the last all higher ones. */
int account_fill_uring(const struct account *account, const __u64 *requests, struct result *result,
	struct failure *why);

/* Then not every socket came by a system call. */
bool account_uring_may_have_made_sockets(const struct account *account);

#endif
