/* SPDX-License-Identifier: Apache-2.0 */
/* Ownership in the type: a variable that frees what it holds at the end of its scope. */
#ifndef TARE_CLEANUP_H
#define TARE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void cleanup_close_directory(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* -1 is no descriptor, NULL no pointer. */
#define cleanup_fd __attribute__((cleanup(close_fd)))
#define cleanup_free __attribute__((cleanup(cleanup_free_pointer)))
#define cleanup_file __attribute__((cleanup(cleanup_close_file)))
#define cleanup_directory __attribute__((cleanup(cleanup_close_directory)))

/* Gives ownership away: the variable is none afterwards. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define take_pointer(pointer)                                                                      \
	({                                                                                         \
		__typeof__(*(pointer)) taken = *(pointer);                                         \
		*(pointer) = NULL;                                                                 \
		taken;                                                                             \
	})

#endif
