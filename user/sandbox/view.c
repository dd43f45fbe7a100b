// SPDX-License-Identifier: Apache-2.0
// Which parts of the host's file system the command sees, and how: a plan.
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"

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
	const char *path;   /* inside */
	const char *source; /* on the host; NULL: nothing of it is shown */
	const char *type;   /* of the file system mounted there; NULL: none is */
	bool is_of_host;
};

/* Entries come in path order. */
const struct view_entry *view_entry_of(const struct view *view, const char *path)
{
	for (size_t i = view->count; i > 0; i--) {
		if (path_is_inside(path, view->entries[i - 1].path))
			return &view->entries[i - 1];
	}
	return NULL;
}

static int add(struct view *view, const struct place *place, enum view_mode mode)
{
	const struct view_entry *parent = view_entry_of(view, place->path);
	struct view_entry *entry = &view->entries[view->count];
	bool is_shown = mode != VIEW_HIDDEN && mode != VIEW_MASKED;

	*entry = (struct view_entry){
		.path = strdup(place->path),
		.source = is_shown ? strdup(place->source) : NULL,
		.mode = mode,
		.is_of_host = place->is_of_host,
		.may_be_made =
			parent && (parent->mode == VIEW_HIDDEN || parent->mode == VIEW_OVERLAY),
	};
	view->count++;
	view->masked += mode == VIEW_MASKED;
	return entry->path && (entry->source || !is_shown) ? 0 : -ENOMEM;
}

/* Whether what holds above already makes of this place what its rule wants. */
static bool is_covered(
	const struct view_entry *parent, const struct place *place, enum view_mode mode)
{
	if (!parent || parent->is_of_host != place->is_of_host)
		return false;
	if (parent->mode == VIEW_MASKED)
		return true;
	return parent->mode == mode && (!place->type || mode == VIEW_HIDDEN);
}

static int add_place(struct view *view, const struct place *place, const struct view_rules *rules)
{
	enum view_mode mode = view_rule_of(rules, place->path)->mode;

	if (is_inside_any(place->path, fresh_directories) ||
		is_covered(view_entry_of(view, place->path), place, mode))
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

/* What the host's path is called inside; NULL: it is not below the root. */
static const char *name_inside(const struct view_rules *rules, const char *path)
{
	const char *rest;

	if (!rules->root || !strcmp(rules->root, "/"))
		return path;
	if (!path_is_inside(path, rules->root))
		return NULL;
	rest = path + strlen(rules->root);
	return *rest ? rest : "/";
}

/*
 * One mount of the host can be seen at two places: below the root, and where a rule shows the
 * host's directory. At each only if the rule that holds there is about that one.
 */
static size_t list_mount(
	struct place *places, const struct mountinfo *mount, const struct view_rules *rules)
{
	const char *inside = name_inside(rules, mount->path);
	size_t count = 0;

	if (inside && !view_rule_of(rules, inside)->is_of_host)
		places[count++] = (struct place){ inside, mount->path, mount->type, false };
	if (view_rule_of(rules, mount->path)->is_of_host)
		places[count++] = (struct place){ mount->path, mount->path, mount->type, true };
	return count;
}

/* The file system that a directory of the host lies on, if it is the kernel's; NULL: it is not. */
static const char *kernel_type_of(const char *path, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount))
{
	const struct mountinfo *longest = NULL;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct mountinfo *mount = &mounts->mounts[i];

		if (path_is_inside(path, mount->path) &&
			(!longest || strlen(mount->path) >= strlen(longest->path)) &&
			is_visible(mount))
			longest = mount;
	}
	return longest && is_one_of(longest->type, kernel_types) ? longest->type : NULL;
}

/* The host's directory of a rule may lie on a mount that is not seen otherwise. */
static struct place place_of_rule(const struct view_rule *rule, const struct view_rules *rules,
	const struct mountinfo_list *mounts, bool (*is_visible)(const struct mountinfo *mount))
{
	struct place place = { .path = rule->path, .source = rule->path };

	if (rule->is_of_host) {
		place.is_of_host = true;
		place.type = kernel_type_of(rule->path, mounts, is_visible);
	} else if (rules->root) {
		place.source = rules->root;
	}
	return place;
}

static size_t list_places(struct place *places, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const struct view_rules *rules)
{
	size_t count = 0;

	for (size_t i = 0; i < mounts->count; i++) {
		if (is_visible(&mounts->mounts[i]))
			count += list_mount(&places[count], &mounts->mounts[i], rules);
	}
	for (size_t i = 0; i < rules->count; i++)
		places[count++] = place_of_rule(&rules->rules[i], rules, mounts, is_visible);
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
	cleanup_free struct place *places =
		calloc(2 * mounts->count + rules->count, sizeof(*places));
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

static int check_root(const struct view_rules *rules, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), struct failure *why)
{
	cleanup_free char *shown = rules->root ? text_quote(rules->root) : NULL;
	const char *type = rules->root ? kernel_type_of(rules->root, mounts, is_visible) : NULL;

	if (!type)
		return 0;
	return failure_set(why, 0, "--root-dir: %s is on %s, which holds no files but the kernel's",
		shown ? shown : "it", type);
}

int view_plan(struct view *view, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const struct view_rules *rules,
	struct failure *why)
{
	size_t room = 2 * mounts->count + rules->count;
	int error;

	*view = (struct view){ .entries = calloc(room, sizeof(*view->entries)) };
	error = plan(view, mounts, is_visible, rules);
	if (error) {
		view_done(view);
		return failure_set(why, -error, "plan the container's file system");
	}
	error = check_root(rules, mounts, is_visible, why);
	if (error)
		view_done(view);
	return error;
}

void view_done(struct view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		free(view->entries[i].path);
		free(view->entries[i].source);
	}
	free(view->entries);
	*view = (struct view){ 0 };
}
