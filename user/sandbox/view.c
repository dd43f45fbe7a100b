// SPDX-License-Identifier: Apache-2.0
// Which parts of the host's file system the command sees, and how: a plan.
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"

/* Made fresh by root.c, whatever the host has below them. */
static const char *const fresh_directories[] = { "/proc", "/sys", "/dev", NULL };

static const char *const hidden_directories[] = { "/tmp", "/run", NULL };

/* File systems that hold no files but the kernel's own state, or open a door on being touched. */
static const char *const kernel_types[] = { "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2",
	"configfs", "debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl", "mqueue", "nsfs",
	"proc", "pstore", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs", NULL };

bool path_is_inside(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (!strcmp(directory, "/"))
		return true;
	return !strncmp(path, directory, length) && (path[length] == '/' || !path[length]);
}

static bool is_inside_any(const char *path, const char *const *directories)
{
	for (; *directories; directories++) {
		if (path_is_inside(path, *directories))
			return true;
	}
	return false;
}

static bool is_one_of(const char *word, const char *const *words)
{
	for (; *words; words++) {
		if (!strcmp(word, *words))
			return true;
	}
	return false;
}

static int add(struct view *view, const char *path, enum view_mode mode)
{
	struct view_entry *entry = &view->entries[view->count];

	*entry = (struct view_entry){ .path = strdup(path), .mode = mode };
	if (!entry->path)
		return -ENOMEM;
	entry->is_below_hidden = mode == VIEW_OVERLAY && is_inside_any(path, hidden_directories);
	view->count++;
	return 0;
}

static bool is_below_masked(const struct view *view, const char *path)
{
	for (size_t i = 0; i < view->count; i++) {
		if (view->entries[i].mode == VIEW_MASKED &&
			path_is_inside(path, view->entries[i].path))
			return true;
	}
	return false;
}

static int add_mount(struct view *view, const struct mountinfo *mount)
{
	if (!strcmp(mount->path, "/") || is_inside_any(mount->path, fresh_directories) ||
		is_inside_any(mount->path, hidden_directories) ||
		is_below_masked(view, mount->path))
		return 0;
	if (!is_one_of(mount->type, kernel_types))
		return add(view, mount->path, VIEW_OVERLAY);
	view->masked++;
	return add(view, mount->path, VIEW_MASKED);
}

static int compare_paths(const void *a, const void *b)
{
	const struct mountinfo *first = a, *second = b;

	return strcmp(first->path, second->path);
}

/* Path order puts every directory before what lies below it. */
static int add_mounts(struct view *view, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount))
{
	/* Copies that borrow the strings. */
	cleanup_free struct mountinfo *sorted = calloc(mounts->count + 1, sizeof(*sorted));
	size_t count = 0;
	int error = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < mounts->count; i++) {
		if (is_visible(&mounts->mounts[i]))
			sorted[count++] = mounts->mounts[i];
	}
	qsort(sorted, count, sizeof(*sorted), compare_paths);
	for (size_t i = 0; i < count && !error; i++)
		error = add_mount(view, &sorted[i]);
	return error;
}

static int add_hidden(struct view *view)
{
	int error = 0;

	for (const char *const *path = hidden_directories; *path && !error; path++)
		error = add(view, *path, VIEW_HIDDEN);
	return error;
}

static int plan(struct view *view, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const char *current_directory)
{
	int error = add(view, "/", VIEW_OVERLAY);

	if (!error)
		error = add_mounts(view, mounts, is_visible);
	if (!error)
		error = add_hidden(view);
	if (!error && is_inside_any(current_directory, hidden_directories) &&
		!is_one_of(current_directory, hidden_directories))
		error = add(view, current_directory, VIEW_OVERLAY);
	return error;
}

int view_plan(struct view *view, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const char *current_directory,
	struct failure *why)
{
	/* Beside the mounts: '/', the hidden directories, the current directory. */
	size_t room = mounts->count + 8;
	int error;

	*view = (struct view){ .entries = calloc(room, sizeof(*view->entries)) };
	error = view->entries ? plan(view, mounts, is_visible, current_directory) : -ENOMEM;
	if (error) {
		view_done(view);
		return failure_set(why, -error, "plan the container's file system");
	}
	return 0;
}

void view_done(struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		free(view->entries[i].path);
	free(view->entries);
	*view = (struct view){ 0 };
}
