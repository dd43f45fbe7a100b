/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of what reads /sys and cgroups: directories that look like them, made and removed. */
#ifndef TARE_TESTS_OWN_TREE_H
#define TARE_TESTS_OWN_TREE_H

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static inline int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
	(void)status, (void)kind, (void)at;
	return remove(path);
}

static inline int remove_own_tree(const char *path)
{
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A file below the tree with this text, and the directories above it. */
static inline void own_tree_has(const char *tree, const char *path, const char *text)
{
	char full_path[512];
	FILE *file;

	snprintf(full_path, sizeof(full_path), "%s/%s", tree, path);
	for (char *slash = full_path + strlen(tree) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full_path, 0755);
		*slash = '/';
	}
	file = fopen(full_path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

#endif
