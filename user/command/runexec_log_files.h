/* SPDX-License-Identifier: Apache-2.0 */
/* Debug lines of which result files were copied, as tools know them of BenchExec. */
#ifndef TARE_RUNEXEC_LOG_FILES_H
#define TARE_RUNEXEC_LOG_FILES_H

#include "base/files_result.h"

/* Of files that were asked for; nothing where none were. */
void runexec_log_files(const struct files_result *files);

#endif
