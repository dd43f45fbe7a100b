/* SPDX-License-Identifier: Apache-2.0 */
/* Options that contradict each other, found before anything is made. */
#ifndef TARE_OPTIONS_CHECK_H
#define TARE_OPTIONS_CHECK_H

#include "base/config.h"
#include "base/failure.h"

/* Of all options of a run, and its command. -EINVAL: *why has one line. */
int options_check(const struct run_config *config, struct failure *why);

#endif
