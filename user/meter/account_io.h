/* SPDX-License-Identifier: Apache-2.0 */
/* Input and output of a run, as its tasks' own counters in the kernel tell it. */
#ifndef TARE_ACCOUNT_IO_H
#define TARE_ACCOUNT_IO_H

#include "base/result.h"
#include "collector.h"

void account_fill_io(
	const struct account *account, const struct io_account *io, struct result *result);

#endif
