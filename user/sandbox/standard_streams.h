/* SPDX-License-Identifier: Apache-2.0 */
/* The command's standard streams, which are the caller's own: whether they may be handed over. */
#ifndef TARE_STANDARD_STREAMS_H
#define TARE_STANDARD_STREAMS_H

#include "base/failure.h"

/*
 * -EINVAL: one of them is a directory. A file that is handed over is that file and no more; from
 * a directory, ".." and every name below it lead out of the container.
 */
int standard_streams_check(struct failure *why);

#endif
