/* SPDX-License-Identifier: Apache-2.0 */
/* What a person types after `tare run`: one table for parsing and for --help. */
#ifndef TARE_OPTIONS_H
#define TARE_OPTIONS_H

#include <stdio.h>
#include "base/config.h"
#include "base/failure.h"

enum options_request {
	OPTIONS_RUN,
	OPTIONS_HELP, /* --help was given: print it and end well */
};

/*
 * Parses what follows the verb; argv[0] is the verb. Options end at the first word that is none,
 * or at "--"; the rest is the command. -EINVAL: *why has one line that names the option, the text
 * and what is allowed.
 */
int options_parse(int argc, char **argv, struct run_config *config, enum options_request *request,
	struct failure *why);

/*
 * Parses the options of one command of a batch, on top of those in *config, which are for all; an
 * option that both give is given twice.
 */
int options_parse_line(int argc, char **argv, char *const *command, struct run_config *config,
	struct failure *why);

void options_print_help(FILE *stream);

#endif
