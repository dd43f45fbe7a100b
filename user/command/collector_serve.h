/* SPDX-License-Identifier: Apache-2.0 */
/* `tare collector serve`: the broker, in the foreground or behind a socket of systemd's. */
#ifndef TARE_COLLECTOR_SERVE_H
#define TARE_COLLECTOR_SERVE_H

#include "base/failure.h"

/* Returns when a signal ended it, or behind systemd's socket when nobody has asked for a while. */
int collector_serve(struct failure *why);

#endif
