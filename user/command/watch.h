/* SPDX-License-Identifier: Apache-2.0 */
/* What tare does while the command runs: waits, passes signals on, and ends it at its limits. */
#ifndef TARE_WATCH_H
#define TARE_WATCH_H

#include <stdbool.h>
#include "base/config.h"
#include "base/failure.h"
#include "base/result.h"
#include "meter/collector.h"
#include "sandbox/sandbox.h"
#include "streams.h"

struct watch_spec {
	const struct run_config *config;
	struct sandbox *sandbox;
	struct collector *collector;
	struct streams *streams;
	int signal_fd; /* a signalfd: what is to be passed on */
};

/*
 * Returns when the command's own process has ended, or was not executed; *outcome says how. On a
 * failure the command may still live. *has_ended_early: by a signal that was passed on before its
 * exec, so that there is nothing to weigh.
 */
int watch_run(const struct watch_spec *spec, struct outcome *outcome, bool *has_ended_early,
	struct failure *why);

#endif
