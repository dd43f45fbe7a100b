// SPDX-License-Identifier: Apache-2.0
// Which parts of the host's file system the command sees, and how: a plan.
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"

/* Made fresh by root.c, whatever the host has below them. */
static const char *const fresh_directories[] = { "/proc", "/sys", "/dev", NULL };

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

/* A place that may need treatment: a mount of the host, a directory with a rule, or both. */
struct place {
	const char *path;
	const char *type; /* of the file system mounted there; NULL: none is */
};

/* The last entry that contains the path: entries come in path order. */
static const struct view_entry *parent_of(const struct view *view, const char *path)
{
	for (size_t i = view->count; i > 0; i--) {
		if (path_is_inside(path, view->entries[i - 1].path))
			return &view->entries[i - 1];
	}
	return NULL;
}

static int add(struct view *view, const struct place *place, enum view_mode mode)
{
	const struct view_entry *parent = parent_of(view, place->path);
	struct view_entry *entry = &view->entries[view->count];
	bool is_below_hidden = parent && parent->mode == VIEW_HIDDEN;

	*entry = (struct view_entry){
		.path = strdup(place->path),
		.mode = mode,
		.is_below_hidden = is_below_hidden,
		.type = place->type ? strdup(place->type) : NULL,
	};
	view->count++;
	if (!entry->path || (place->type && !entry->type))
		return -ENOMEM;
	view->masked += mode == VIEW_MASKED;
	return 0;
}

/* Whether what holds above already makes of this place what its rule wants. */
static bool is_covered(
	const struct view_entry *parent, const struct place *place, enum view_mode mode)
{
	if (!parent)
		return false;
	if (parent->mode == VIEW_MASKED)
		return true;
	return parent->mode == mode && (!place->type || mode == VIEW_HIDDEN);
}

static int add_place(struct view *view, const struct place *place, const struct view_rules *rules)
{
	enum view_mode mode = view_rule_of(rules, place->path)->mode;

	if (is_inside_any(place->path, fresh_directories) ||
		is_covered(parent_of(view, place->path), place, mode))
		return 0;
	if (place->type && mode != VIEW_HIDDEN && is_one_of(place->type, kernel_types))
		mode = VIEW_MASKED;
	return add(view, place, mode);
}

static int compare_places(const void *a, const void *b)
{
	const struct place *first = a, *second = b;

	return strcmp(first->path, second->path);
}

static size_t list_places(struct place *places, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const struct view_rules *rules)
{
	size_t count = 0;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct mountinfo *mount = &mounts->mounts[i];

		if (is_visible(mount))
			places[count++] = (struct place){ mount->path, mount->type };
	}
	for (size_t i = 0; i < rules->count; i++)
		places[count++] = (struct place){ .path = rules->rules[i].path };
	return count;
}

/* Of a mount and a rule at one path the mount is kept: it has to be treated in any case. */
static size_t unite_places(struct place *places, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (!kept || strcmp(places[kept - 1].path, places[i].path) != 0)
			places[kept++] = places[i];
		else if (!places[kept - 1].type)
			places[kept - 1] = places[i];
	}
	return kept;
}

/* Path order puts every directory before what lies below it. */
static int plan(struct view *view, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const struct view_rules *rules)
{
	cleanup_free struct place *places = calloc(mounts->count + rules->count, sizeof(*places));
	size_t count;
	int error = 0;

	if (!places || !view->entries)
		return -ENOMEM;
	count = list_places(places, mounts, is_visible, rules);
	qsort(places, count, sizeof(*places), compare_places);
	count = unite_places(places, count);
	for (size_t i = 0; i < count && !error; i++)
		error = add_place(view, &places[i], rules);
	return error;
}

int view_plan(struct view *view, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const struct view_rules *rules,
	struct failure *why)
{
	size_t room = mounts->count + rules->count;
	int error;

	*view = (struct view){ .entries = calloc(room, sizeof(*view->entries)) };
	error = plan(view, mounts, is_visible, rules);
	if (error) {
		view_done(view);
		return failure_set(why, -error, "plan the container's file system");
	}
	return 0;
}

static const struct {
	const char *name, *meaning;
} modes[] = {
	[VIEW_OVERLAY] = { "overlay", "the host's; what is written stays inside" },
	[VIEW_READ_ONLY] = { "read-only", "the host's; nothing can be written" },
	[VIEW_FULL_ACCESS] = { "full-access", "the host's; what is written is written there" },
	[VIEW_HIDDEN] = { "hidden", "an empty directory of the command's own" },
	[VIEW_MASKED] = { "masked", "a mount without files of the host's: shown empty" },
};

void view_explain(const struct view *view, struct explanation *explanation)
{
	for (size_t i = 0; i < view->count; i++) {
		const struct view_entry *entry = &view->entries[i];
		const char *type = entry->type;

		explanation_add(explanation, EXPLAIN_FILES, modes[entry->mode].name, entry->path,
			"%s%s%s%s", modes[entry->mode].meaning, type ? " (" : "", type ? type : "",
			type ? ")" : "");
	}
}

void view_done(struct view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		free(view->entries[i].path);
		free(view->entries[i].type);
	}
	free(view->entries);
	*view = (struct view){ 0 };
}
