/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that come as something to read, and not by themselves. */
#ifndef TARE_SIGNALS_H
#define TARE_SIGNALS_H

#include <stddef.h>
#include "base/failure.h"

/*
 * Blocks those of these signals that the caller does not ignore: what it ignores, as nohup does, is
 * meant for nobody here. *fd is a signalfd for them, non-blocking and the caller's.
 */
int signals_take(const int *signals, size_t count, int *fd, struct failure *why);

#endif
