// SPDX-License-Identifier: Apache-2.0
// Views of what an ordinary user may not copy as a whole.
#include "view_spread.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"

/* --- What is in a directory --- */

static bool is_itself_or_parent(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/*
 * Also what cannot be listed: that is not for the command to see either. By the plain system call,
 * since the library's reads all of a large directory at once.
 */
static bool is_empty(int directory_fd, const char *name)
{
	cleanup_fd int fd =
		openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_Alignas(struct dirent64) char entries[512];
	ssize_t size;

	while (fd >= 0 && (size = getdents64(fd, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < size;) {
			const struct dirent64 *entry = (const void *)(entries + at);

			if (!is_itself_or_parent(entry->d_name))
				return false;
			at += entry->d_reclen;
		}
	}
	return true;
}

static bool may(int directory_fd, const char *name, int right)
{
	return !faccessat(directory_fd, name, right, AT_EACCESS);
}

/* What is in a directory that can be entered can be opened by its name without being listed. */
static bool is_bare(int directory_fd, const char *name)
{
	return !may(directory_fd, name, X_OK) ||
	       (may(directory_fd, name, R_OK) && is_empty(directory_fd, name));
}

/*
 * There is no overlay of a file: one that is shown by a mount is read-only, and cannot be removed.
 * Whoever may not write it misses nothing. To copy this much takes a millisecond.
 */
#define COPY_LIMIT_BYTES (1 << 20)
#define COPY_LIMIT_OF_ALL_BYTES (64 << 20)

static bool is_to_be_copied(int directory_fd, const char *name, const struct stat *status)
{
	return status->st_size <= COPY_LIMIT_BYTES && may(directory_fd, name, W_OK) &&
	       may(directory_fd, name, R_OK);
}

enum view_part view_part_of(int directory_fd, const char *name, struct stat *status)
{
	if (fstatat(directory_fd, name, status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return VIEW_LEFT_OUT;
	switch (status->st_mode & S_IFMT) {
	case S_IFLNK:
		return VIEW_LINK;
	case S_IFREG:
		return is_to_be_copied(directory_fd, name, status) ? VIEW_COPY : VIEW_ENTRY;
	case S_IFDIR:
		return is_bare(directory_fd, name) ? VIEW_BARE : VIEW_ENTRY;
	default:
		return VIEW_LEFT_OUT;
	}
}

mode_t view_callers_mode(int directory_fd, const char *name, const struct stat *status)
{
	mode_t mode = status->st_mode & 07777 & ~S_IRWXU;

	if (status->st_uid == geteuid())
		return status->st_mode & 07777;
	mode |= may(directory_fd, name, R_OK) ? S_IRUSR : 0;
	mode |= may(directory_fd, name, W_OK) ? S_IWUSR : 0;
	mode |= may(directory_fd, name, X_OK) ? S_IXUSR : 0;
	return mode;
}

/* --- Spreading --- */

struct spreading {
	struct view *view;
	const struct mountinfo_list *mounts;
	const char *own_directory;
	uint64_t *copied_bytes; /* of the files that will be */
};

static bool lies_in(const char *path, const char *directory)
{
	return path_is_inside(path, directory) && strcmp(path, directory) != 0;
}

static bool is_crowded(const struct spreading *spreading, const char *directory)
{
	for (size_t i = 0; i < spreading->mounts->count; i++) {
		if (lies_in(spreading->mounts->mounts[i].path, directory))
			return true;
	}
	return spreading->own_directory && lies_in(spreading->own_directory, directory);
}

static bool has_entry(const struct view *view, const char *path)
{
	return !strcmp(view_entry_of(view, path)->path, path);
}

/* What is made or covered in any case is nothing to show. */
static bool is_left_out(const struct spreading *spreading, const char *path, const char *source)
{
	return has_entry(spreading->view, path) || view_is_fresh(path) ||
	       !strcmp(path, VIEW_OLD_SHARED_MEMORY) ||
	       (spreading->own_directory && !strcmp(source, spreading->own_directory));
}

static char *join(const char *directory, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", strcmp(directory, "/") ? directory : "", name) < 0 ? NULL
											   : path;
}

bool view_is_crowded(const struct view *view, const char *path)
{
	for (size_t i = 0; i < view->crowded_count; i++) {
		if (!strcmp(view->crowded[i], path))
			return true;
	}
	return false;
}

/* Takes the path over. */
static int list_crowded(struct view *view, char *path)
{
	char **more = reallocarray(view->crowded, view->crowded_count + 1, sizeof(*more));

	if (!more) {
		free(path);
		return -ENOMEM;
	}
	view->crowded = more;
	view->crowded[view->crowded_count++] = path;
	return 0;
}

static int no_memory(struct failure *why)
{
	return failure_set(why, ENOMEM, "plan the container's file system");
}

static int add_parts(const struct spreading *spreading, const char *path, const char *source,
	struct failure *why);

/* One that is crowded itself is made in the same new directory as the one that it lies in. */
static int add_crowded(const struct spreading *spreading, const char *path, const char *source,
	struct failure *why)
{
	char *listed = strdup(path);

	if (!listed || list_crowded(spreading->view, listed))
		return no_memory(why);
	return add_parts(spreading, path, source, why);
}

/* As many as are worth the time and the memory; the others have an entry like larger ones. */
static bool is_copied(const struct spreading *spreading, const struct stat *status)
{
	if (*spreading->copied_bytes + (uint64_t)status->st_size > COPY_LIMIT_OF_ALL_BYTES)
		return false;
	*spreading->copied_bytes += (uint64_t)status->st_size;
	return true;
}

/* A file cannot be overlaid: it becomes read-only, and that is to be told of it. */
static int add_part(const struct spreading *spreading, const char *path, const char *source,
	enum view_part part, const struct stat *status, struct failure *why)
{
	bool is_directory = S_ISDIR(status->st_mode);

	if (is_left_out(spreading, path, source))
		return 0;
	if (is_directory && is_crowded(spreading, source))
		return add_crowded(spreading, path, source, why);
	if (part == VIEW_BARE || (part == VIEW_COPY && is_copied(spreading, status)))
		return 0;
	return view_split(spreading->view, path, is_directory, why);
}

static int add_name(const struct spreading *spreading, const char *path, const char *source,
	int directory_fd, const char *name, struct failure *why)
{
	cleanup_free char *inside = join(path, name);
	cleanup_free char *outside = join(source, name);
	struct stat status;
	enum view_part part = view_part_of(directory_fd, name, &status);

	if (!inside || !outside)
		return no_memory(why);
	if (part == VIEW_LEFT_OUT || part == VIEW_LINK)
		return 0;
	return add_part(spreading, inside, outside, part, &status, why);
}

static int add_parts(const struct spreading *spreading, const char *path, const char *source,
	struct failure *why)
{
	int fd = open(source, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_directory DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int error = 0;

	/* Of what cannot be listed only the mounts are known. */
	while (!error && directory && (entry = readdir(directory))) {
		if (!is_itself_or_parent(entry->d_name))
			error = add_name(spreading, path, source, fd, entry->d_name, why);
	}
	return error;
}

static int spread_entry(const struct spreading *spreading, size_t number, struct failure *why)
{
	struct view_entry *entry = &spreading->view->entries[number];
	cleanup_free char *path = NULL, *source = NULL;

	if (!entry->source || !is_crowded(spreading, entry->source))
		return 0;
	entry->is_crowded = true;
	/* With full access it is shown as it is, mounts and all. */
	if (entry->mode == VIEW_FULL_ACCESS)
		return 0;
	/* The entry moves when others are added. */
	path = strdup(entry->path);
	source = strdup(entry->source);
	return path && source ? add_parts(spreading, path, source, why) : no_memory(why);
}

/* Parts come behind their whole, and so are looked at in their turn. */
int view_spread(struct view *view, const struct mountinfo_list *mounts, const char *own_directory,
	struct failure *why)
{
	uint64_t copied_bytes = 0;
	const struct spreading spreading = { view, mounts, own_directory, &copied_bytes };
	int error = 0;

	for (size_t i = 0; i < view->count && !error; i++)
		error = spread_entry(&spreading, i, why);
	return error;
}
