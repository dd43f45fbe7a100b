/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as runexec takes them: by their words, before anything of them is opened. */
#ifndef TARE_RUNEXEC_PATH_H
#define TARE_RUNEXEC_PATH_H

/*
 * The absolute path, from the current directory on, without "." and ".."; the caller frees. NULL:
 * out of memory, or there is no current directory.
 */
char *runexec_absolute(const char *path);

/* Where the link itself says that it leads, from the directory it is in; the caller frees. */
char *runexec_path_of_link(const char *path);

/* Makes the directories that the last part of the path is to be in. 0 or a negative errno. */
int runexec_make_parents(const char *path);

#endif
