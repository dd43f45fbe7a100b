/* SPDX-License-Identifier: Apache-2.0 */
/* Copies what the command wrote, and the patterns choose, out of the layers of its container. */
#ifndef TARE_RESULT_FILES_H
#define TARE_RESULT_FILES_H

#include "base/config.h"
#include "base/failure.h"
#include "base/file_copy.h"
#include "base/files_result.h"
#include "base/output_directory.h"
#include "view.h"

struct result_files_spec {
	const struct run_config *config; /* patterns and limits */
	const struct view *view;
	int scratch_fd;		     /* holds the layers of the view's entries */
	const char *start_directory; /* inside, absolute and without links */
	struct output_directory *output;
	const struct file_copy_stop *stop;
};

bool result_files_are_wanted(const struct run_config *config);

/*
 * Opens the output directory of the config, if files are wanted. It is no place where the command
 * can write: what is in it, and the way to it, would be the command's.
 */
int result_files_find_place(const struct run_config *config, const struct view_rules *rules,
	struct output_directory *output, struct failure *why);

/*
 * Copies, and fills *files, of which the failure that made it incomplete is a part. When all
 * patterns are relative, files land at their path below the start directory, otherwise at their
 * path below '/'. No process of the run may be alive.
 */
void result_files_copy(const struct result_files_spec *spec, struct files_result *files);

#endif
