/* SPDX-License-Identifier: Apache-2.0 */
/* For fuzz targets of what reads small files: a tree of them, whose texts are the input. */
#ifndef TARE_FUZZ_TREE_H
#define TARE_FUZZ_TREE_H

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "sandbox/mount.h"

/* The directories above a path. */
static inline void fuzz_tree_lead(int tree, const char *path)
{
	char directory[256];

	for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
		snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
		(void)mkdirat(tree, directory, 0755);
	}
}

/* A file system of this process's own, in no tree: nothing is left of it, however this ends. */
static inline int fuzz_tree_make(const char *const *files, size_t count)
{
	const struct mount_option none[] = { { NULL, NULL } };
	struct failure why;
	int tree;

	/* Others than root may mount in a user namespace of their own. */
	claim(!geteuid() || !unshare(CLONE_NEWUSER | CLONE_NEWNS));
	tree = mount_new("tmpfs", none, MOUNT_DATA, &why);
	if (tree < 0)
		fprintf(stderr, "%s\n", why.what);
	for (size_t i = 0; i < count; i++)
		fuzz_tree_lead(tree, files[i]);
	return tree;
}

/* One text after another; a text that is missing leaves its file out. */
static inline void fuzz_tree_write(
	int tree, const char *const *files, size_t count, struct fuzz_input *input)
{
	for (size_t i = 0; i < count; i++) {
		bool is_there = input->size > 0;
		cleanup_free char *text = fuzz_take_text(input);
		cleanup_fd int file = -1;

		(void)unlinkat(tree, files[i], 0);
		if (!is_there)
			continue;
		file = openat(tree, files[i], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		claim(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
	}
}

#endif
