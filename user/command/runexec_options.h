/* SPDX-License-Identifier: Apache-2.0 */
/* The options of runexec: as BenchExec's, in one table, and what they make of a run. */
#ifndef TARE_RUNEXEC_OPTIONS_H
#define TARE_RUNEXEC_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "argument_file.h"
#include "base/config.h"
#include "base/failure.h"

/* The version of BenchExec whose options these are. */
#define RUNEXEC_VERSION "3.36"

/* A command line uses a few; more of one kind are a mistake of a script. */
#define RUNEXEC_REPEATS 64
/* Two rules are left for those that are added to them: /tmp and the home directory. */
#define RUNEXEC_DIRECTORIES (DIRECTORY_RULES - 2)

/* A value that was given, if only as one that cannot be. */
struct runexec_value {
	bool is_given;
	int64_t value;
};

/* The values of an option that may stand there several times. */
struct runexec_texts {
	const char *texts[RUNEXEC_REPEATS];
	size_t count;
};

enum runexec_request {
	RUNEXEC_RUN,
	RUNEXEC_HELP,
	RUNEXEC_VERSION_TEXT,
};

/* What was asked for, as it was written. Strings are borrowed from `words`. */
struct runexec_options {
	enum runexec_request request;
	bool is_debug, is_quiet;
	bool no_container, keep_system_config, keep_tmp, network_access, no_tmpfs, skip_cleanup;
	struct runexec_value memory, time, soft_time, wall_time; /* bytes, nanoseconds */
	struct runexec_value output_size, files_count, files_size;
	char *cores, *memory_nodes; /* owned, plain lists; NULL: not given */
	const char *input, *output, *directory, *output_directory;
	struct directory_rule directories[RUNEXEC_DIRECTORIES];
	size_t directory_count;
	struct runexec_texts result_patterns; /* owned, each in its normal form; no empty one */
	bool has_result_patterns;	      /* there was one, if only an empty one */
	struct runexec_texts required_subsystems;
	struct runexec_texts cgroup_values; /* "SUBSYSTEM.OPTION=VALUE" */

	struct argument_list words; /* owned */
	char **command;		    /* owned, ended by NULL */
};

/* argv[0] is the program. -EINVAL: *why is what argparse says, to follow the usage. */
int runexec_options_parse(
	int argc, char **argv, struct runexec_options *options, struct failure *why);

/* For a zeroed one, too. */
void runexec_options_done(struct runexec_options *options);

void runexec_print_usage(FILE *stream);
void runexec_print_help(FILE *stream);

#endif
