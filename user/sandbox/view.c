// SPDX-License-Identifier: Apache-2.0
// Which parts of the host's file system the command sees, and how: a plan.
#include "view.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"

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

char *path_move(const char *path, const char *from, const char *to)
{
	const char *rest = strcmp(from, "/") ? path + strlen(from) : path;
	char *moved;

	if (!rest[0] || !rest[1])
		return strdup(to);
	return asprintf(&moved, "%s%s", strcmp(to, "/") ? to : "", rest) < 0 ? NULL : moved;
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
	const char *path;   /* inside */
	const char *source; /* on the host; NULL: nothing of it is shown */
	const char *type;   /* of the file system mounted there; NULL: none is */
	bool is_closed;
	bool is_of_host;
};

/* The last one that contains the path: entries come in path order. */
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
		.type = place->type ? strdup(place->type) : NULL,
		.mode = mode,
		.is_of_host = place->is_of_host,
		.may_be_made =
			parent && (parent->mode == VIEW_HIDDEN || parent->mode == VIEW_OVERLAY),
	};
	view->count++;
	if (!entry->path || (is_shown && !entry->source) || (place->type && !entry->type))
		return -ENOMEM;
	return 0;
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

/*
 * What becomes of a mount that is not hidden anyway. An automounter opens a door on being touched,
 * but what it has mounted below are mounts like others: of itself is shown the directory alone.
 */
static enum view_mode mode_of_mount(const struct place *place, enum view_mode mode)
{
	/* Without the root there is nothing to show: what is wrong with it is told by whoever opens
	 * it. */
	if ((place->is_closed && strcmp(place->path, "/") != 0) ||
		is_one_of(place->type, kernel_types))
		return VIEW_MASKED;
	return strcmp(place->type, "autofs") ? mode : VIEW_HIDDEN;
}

static bool is_left_out(const struct place *place, const struct view_rules *rules)
{
	const struct view_rule *rule = view_rule_of(rules, place->path);
	bool is_of_host = place->is_of_host || !rules->root;

	return view_is_fresh(place->path) ||
	       (is_of_host && !strcmp(place->path, VIEW_OLD_SHARED_MEMORY) &&
		       strcmp(rule->path, VIEW_OLD_SHARED_MEMORY) != 0);
}

static int add_place(struct view *view, const struct place *place, const struct view_rules *rules)
{
	enum view_mode mode = view_rule_of(rules, place->path)->mode, made = mode;
	int error;

	if (is_left_out(place, rules) || is_covered(view_entry_of(view, place->path), place, mode))
		return 0;
	if (place->type && mode != VIEW_HIDDEN)
		made = mode_of_mount(place, mode);
	error = add(view, place, made);
	if (!error && made != mode)
		view->entries[view->count - 1].notes = VIEW_WITHHELD;
	return error;
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
static size_t list_mount(struct place *places, const struct mountinfo *mount,
	enum view_sight (*look)(const struct mountinfo *mount), const struct view_rules *rules)
{
	const char *inside = name_inside(rules, mount->path);
	enum view_sight sight = look(mount);
	struct place place = { inside, mount->path, mount->type, sight == VIEW_CLOSED, false };
	size_t count = 0;

	if (sight == VIEW_COVERED)
		return 0;
	if (inside && !view_rule_of(rules, inside)->is_of_host)
		places[count++] = place;
	place.path = mount->path;
	place.is_of_host = true;
	if (view_rule_of(rules, mount->path)->is_of_host)
		places[count++] = place;
	return count;
}

/* The type of the file system that a directory of the host lies on; NULL: it is not known. */
static const char *type_of(const char *path, const struct mountinfo_list *mounts,
	enum view_sight (*look)(const struct mountinfo *mount))
{
	const struct mountinfo *longest = NULL;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct mountinfo *mount = &mounts->mounts[i];

		if (path_is_inside(path, mount->path) &&
			(!longest || strlen(mount->path) >= strlen(longest->path)) &&
			look(mount) == VIEW_ON_TOP)
			longest = mount;
	}
	return longest ? longest->type : NULL;
}

/* The host's directory of a rule may lie on a mount that is not seen otherwise. */
static struct place place_of_rule(const struct view_rule *rule, const struct view_rules *rules,
	const struct mountinfo_list *mounts, enum view_sight (*look)(const struct mountinfo *mount))
{
	struct place place = { .path = rule->path, .source = rule->path };
	const char *type = rule->is_of_host ? type_of(rule->path, mounts, look) : NULL;

	place.is_of_host = rule->is_of_host;
	if (type && is_one_of(type, kernel_types))
		place.type = type;
	if (!rule->is_of_host && rules->root)
		place.source = rules->root;
	return place;
}

static size_t list_places(struct place *places, const struct mountinfo_list *mounts,
	enum view_sight (*look)(const struct mountinfo *mount), const struct view_rules *rules)
{
	size_t count = 0;

	for (size_t i = 0; i < mounts->count; i++) {
		count += list_mount(&places[count], &mounts->mounts[i], look, rules);
	}
	for (size_t i = 0; i < rules->count; i++)
		places[count++] = place_of_rule(&rules->rules[i], rules, mounts, look);
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
	cleanup_free struct place *places =
		calloc(2 * mounts->count + rules->count, sizeof(*places));
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

static int check_root(const struct view_rules *rules, const struct mountinfo_list *mounts,
	enum view_sight (*look)(const struct mountinfo *mount), struct failure *why)
{
	cleanup_free char *shown = rules->root ? text_quote(rules->root) : NULL;
	const char *type = rules->root ? type_of(rules->root, mounts, look) : NULL;

	/* Of an automounter's own directory nothing could be shown. */
	if (!type || !(is_one_of(type, kernel_types) || !strcmp(type, "autofs")))
		return 0;
	return failure_set(why, 0, "--root-dir: %s is on %s, which holds no files but the kernel's",
		shown ? shown : "it", type);
}

int view_plan(struct view *view, const struct mountinfo_list *mounts,
	enum view_sight (*look)(const struct mountinfo *mount), const struct view_rules *rules,
	struct failure *why)
{
	size_t room = 2 * mounts->count + rules->count;
	int error;

	*view = (struct view){ .entries = calloc(room, sizeof(*view->entries)) };
	error = plan(view, mounts, look, rules);
	if (error) {
		view_done(view);
		return failure_set(why, -error, "plan the container's file system");
	}
	error = check_root(rules, mounts, look, why);
	if (error)
		view_done(view);
	return error;
}

/* In its place, so that path order stays. */
int view_split(struct view *view, const char *path, bool is_part, struct failure *why)
{
	const struct view_entry *whole = view_entry_of(view, path);
	struct view_entry part = {
		.path = strdup(path),
		.source = path_move(path, whole->path, whole->source),
		.mode = whole->mode,
		.is_part = is_part,
		.is_of_crowd = whole->is_crowded,
		.is_of_host = whole->is_of_host,
		.may_be_made = whole->mode == VIEW_OVERLAY,
	};
	struct view_entry *more =
		reallocarray(view->entries, view->count + 1, sizeof(*view->entries));
	size_t place = view->count;

	view->entries = more ? more : view->entries;
	if (!part.path || !part.source || !more) {
		free(part.path);
		free(part.source);
		return failure_set(why, ENOMEM, "plan the container's file system");
	}
	for (; place && strcmp(view->entries[place - 1].path, path) > 0; place--)
		view->entries[place] = view->entries[place - 1];
	view->entries[place] = part;
	view->count++;
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
		free(view->entries[i].source);
		free(view->entries[i].type);
	}
	for (size_t i = 0; i < view->crowded_count; i++)
		free(view->crowded[i]);
	free(view->entries);
	free(view->crowded);
	*view = (struct view){ 0 };
}
