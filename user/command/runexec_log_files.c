// SPDX-License-Identifier: Apache-2.0
// Debug lines of which result files were copied, as tools know them of BenchExec.
#include "runexec_log_files.h"

#include "runexec_log.h"

/* BenchExec's: a command can make millions. */
#define LOGGED_FILES 1000

void runexec_log_files(const struct files_result *files)
{
	if (!files->output_directory)
		return;
	for (size_t i = 0; i < files->copied_listed && i < LOGGED_FILES; i++)
		runexec_log(RUNEXEC_DEBUG, "Transferring output file %s to %s/%s",
			files->copied[i].path, files->output_directory, files->copied[i].path);
	if (files->copied_listed >= LOGGED_FILES)
		runexec_log(RUNEXEC_DEBUG,
			"%d output files transferred, further files will not be logged.",
			LOGGED_FILES);
	runexec_log(RUNEXEC_DEBUG, "%llu output files matched the patterns and were transferred.",
		(unsigned long long)files->copied_count);
}
