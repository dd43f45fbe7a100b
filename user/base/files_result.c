// SPDX-License-Identifier: Apache-2.0
// What was copied out of the container and what was not, as plain data.
#include "files_result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Room for one more in a list that grows by doubling from 64. */
static void *make_room(void *list, size_t count, size_t size)
{
	bool is_full = count == 0 || (count >= 64 && (count & (count - 1)) == 0);

	return is_full ? reallocarray(list, count ? count * 2 : 64, size) : list;
}

static int list_copied(
	struct files_result *files, const char *path, uint64_t size_bytes, const char *link_of)
{
	struct copied_file file = { .path = strdup(path), .size_bytes = size_bytes };
	struct copied_file *list = make_room(files->copied, files->copied_listed, sizeof(*list));

	if (list)
		files->copied = list;
	if (link_of)
		file.link_of = strdup(link_of);
	if (!list || !file.path || (link_of && !file.link_of)) {
		free(file.path);
		free(file.link_of);
		return -ENOMEM;
	}
	list[files->copied_listed++] = file;
	return 0;
}

int files_result_add_copied(
	struct files_result *files, const char *path, uint64_t size_bytes, const char *link_of)
{
	int error = 0;

	if (files->copied_listed < FILES_LISTED)
		error = list_copied(files, path, size_bytes, link_of);
	if (error)
		return error;
	files->copied_count++;
	files->size_bytes += link_of ? 0 : size_bytes;
	return 0;
}

static int list_uncopied(
	struct files_result *files, const char *path, const char *kind, const char *reason)
{
	struct uncopied_file file = { .path = strdup(path), .kind = kind, .reason = reason };
	struct uncopied_file *list =
		make_room(files->uncopied, files->uncopied_listed, sizeof(*list));

	if (list)
		files->uncopied = list;
	if (!list || !file.path) {
		free(file.path);
		return -ENOMEM;
	}
	list[files->uncopied_listed++] = file;
	return 0;
}

int files_result_add_uncopied(
	struct files_result *files, const char *path, const char *kind, const char *reason)
{
	int error = 0;

	if (files->uncopied_listed < FILES_LISTED)
		error = list_uncopied(files, path, kind, reason);
	files->uncopied_count += !error;
	return error;
}

void files_result_done(struct files_result *files)
{
	for (size_t i = 0; i < files->copied_listed; i++) {
		free(files->copied[i].path);
		free(files->copied[i].link_of);
	}
	for (size_t i = 0; i < files->uncopied_listed; i++)
		free(files->uncopied[i].path);
	free(files->copied);
	free(files->uncopied);
	files->copied = NULL;
	files->uncopied = NULL;
	files->copied_listed = files->uncopied_listed = 0;
}
