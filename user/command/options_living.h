/* SPDX-License-Identifier: Apache-2.0 */
/* What a person types after tare ps, exec and kill: one table for parsing and for --help. */
#ifndef TARE_OPTIONS_LIVING_H
#define TARE_OPTIONS_LIVING_H

#include <stdbool.h>
#include "base/failure.h"

enum living_verb { LIVING_PS, LIVING_EXEC, LIVING_KILL, LIVING_VERBS };

struct living_options {
	enum living_verb verb;
	bool wants_help;
	bool json, quiet;     /* ps */
	bool no_terminal;     /* exec */
	int signal_number;    /* kill; 0: the run is ended */
	char *const *runs;    /* beginnings of ids; of exec one */
	char *const *command; /* exec; NULL-terminated as the runs are; both borrowed from argv */
};

/* argv[0] is the verb. -EINVAL: *why has one line. */
int living_parse(enum living_verb verb, int argc, char **argv, struct living_options *options,
	struct failure *why);

void living_print_help(enum living_verb verb);

#endif
