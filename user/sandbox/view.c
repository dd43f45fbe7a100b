// SPDX-License-Identifier: Apache-2.0
// Which parts of the host's file system the command sees, and how: a plan.
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"

/* Made fresh by root.c, whatever the host has below them. */
static const char *const fresh_directories[] = { "/proc", "/sys", "/dev", NULL };

/* File systems that hold no files but the kernel's own state. */
static const char *const kernel_types[] = { "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs",
	"debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl", "mqueue", "nsfs", "proc", "pstore",
	"rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs", NULL };

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

bool view_is_fresh(const char *path)
{
	return is_inside_any(path, fresh_directories);
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
	bool is_closed;
};

/* The number of the longest entry that contains the path; there always is '/', but while planning.
 */
static size_t number_of_entry(const struct view *view, const char *path)
{
	size_t number = view->count, length = 0;

	for (size_t i = 0; i < view->count; i++) {
		const char *entry = view->entries[i].path;

		if (path_is_inside(path, entry) && strlen(entry) > length) {
			number = i;
			length = strlen(entry);
		}
	}
	return number;
}

const struct view_entry *view_entry_of(const struct view *view, const char *path)
{
	size_t number = number_of_entry(view, path);

	return number < view->count ? &view->entries[number] : NULL;
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

/*
 * What becomes of a mount that is not hidden anyway. An automounter opens a door on being touched,
 * but what it has mounted below are mounts like others: of itself is shown the directory alone.
 */
static enum view_mode mode_of_mount(const struct place *place, enum view_mode mode)
{
	if (place->is_closed || is_one_of(place->type, kernel_types))
		return VIEW_MASKED;
	return strcmp(place->type, "autofs") ? mode : VIEW_HIDDEN;
}

static bool is_left_out(const struct place *place, const struct view_rule *rule)
{
	return view_is_fresh(place->path) ||
	       (!strcmp(place->path, VIEW_OLD_SHARED_MEMORY) &&
		       strcmp(rule->path, VIEW_OLD_SHARED_MEMORY) != 0);
}

static int add_place(struct view *view, const struct place *place, const struct view_rules *rules)
{
	const struct view_entry *parent = view_entry_of(view, place->path);
	struct view_entry *entry = &view->entries[view->count];
	const struct view_rule *rule = view_rule_of(rules, place->path);
	enum view_mode mode = rule->mode, made = mode;

	if (is_left_out(place, rule) || is_covered(parent, place, mode))
		return 0;
	if (place->type && mode != VIEW_HIDDEN)
		made = mode_of_mount(place, mode);
	*entry = (struct view_entry){
		.path = strdup(place->path),
		.mode = made,
		.notes = made == mode ? 0 : VIEW_WITHHELD,
		.is_mount = place->type,
		.is_below_hidden = parent && parent->mode == VIEW_HIDDEN,
	};
	if (!entry->path)
		return -ENOMEM;
	view->count++;
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *first = a, *second = b;

	return strcmp(first->path, second->path);
}

static size_t list_places(struct place *places, const struct mountinfo_list *mounts,
	enum view_sight (*look)(const struct mountinfo *mount), const struct view_rules *rules)
{
	size_t count = 0;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct mountinfo *mount = &mounts->mounts[i];
		enum view_sight sight = look(mount);

		if (sight != VIEW_COVERED)
			places[count++] =
				(struct place){ mount->path, mount->type, sight == VIEW_CLOSED };
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
	enum view_sight (*look)(const struct mountinfo *mount), const struct view_rules *rules)
{
	cleanup_free struct place *places = calloc(mounts->count + rules->count, sizeof(*places));
	size_t count;
	int error = 0;

	if (!places || !view->entries)
		return -ENOMEM;
	count = list_places(places, mounts, look, rules);
	qsort(places, count, sizeof(*places), compare_places);
	count = unite_places(places, count);
	for (size_t i = 0; i < count && !error; i++)
		error = add_place(view, &places[i], rules);
	return error;
}

int view_plan(struct view *view, const struct mountinfo_list *mounts,
	enum view_sight (*look)(const struct mountinfo *mount), const struct view_rules *rules,
	struct failure *why)
{
	size_t room = mounts->count + rules->count;
	int error;

	*view = (struct view){ .entries = calloc(room, sizeof(*view->entries)) };
	error = plan(view, mounts, look, rules);
	if (error) {
		view_done(view);
		return failure_set(why, -error, "plan the container's file system");
	}
	return 0;
}

int view_add_part(struct view *view, const char *path, struct failure *why)
{
	size_t whole = number_of_entry(view, path);
	struct view_entry part = { .path = strdup(path), .mode = view->entries[whole].mode };
	struct view_entry *more = NULL;

	if (part.path)
		more = reallocarray(view->entries, view->count + 1, sizeof(*view->entries));
	if (!more) {
		free(part.path);
		return failure_set(why, ENOMEM, "plan the container's file system");
	}
	if (!view->parts++)
		view->whole = whole;
	view->entries = more;
	view->entries[view->count++] = part;
	return 0;
}

bool view_needs_parts(const struct view *view)
{
	unsigned int notes = view->entries[view->whole].notes;

	return view->parts && (notes & VIEW_UNMAPPED) && !(notes & VIEW_UNWRITABLE);
}

void view_drop_parts(struct view *view)
{
	for (; view->parts; view->parts--)
		free(view->entries[--view->count].path);
}

void view_done(struct view *view)
{
	for (size_t i = 0; i < view->count; i++)
		free(view->entries[i].path);
	free(view->entries);
	*view = (struct view){ 0 };
}
