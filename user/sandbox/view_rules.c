// SPDX-License-Identifier: Apache-2.0
// The user's directory rules: looked up on the host, checked against each other, completed.
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

_Static_assert((int)VIEW_OVERLAY == DIRECTORY_OVERLAY && (int)VIEW_HIDDEN == DIRECTORY_HIDDEN &&
		       (int)VIEW_READ_ONLY == DIRECTORY_READ_ONLY &&
		       (int)VIEW_FULL_ACCESS == DIRECTORY_FULL_ACCESS,
	"a rule's mode is the mode of what it makes");

static const char *const option_names[] = {
	[DIRECTORY_OVERLAY] = "--overlay-dir",
	[DIRECTORY_READ_ONLY] = "--read-only-dir",
	[DIRECTORY_FULL_ACCESS] = "--full-access-dir",
	[DIRECTORY_HIDDEN] = "--hidden-dir",
};

static const struct directory_rule defaults[] = {
	{ "/", DIRECTORY_OVERLAY },
	{ "/tmp", DIRECTORY_HIDDEN },
	{ "/run", DIRECTORY_HIDDEN },
};

#define DEFAULT_COUNT (sizeof(defaults) / sizeof(defaults[0]))

static int refuse(
	const struct directory_rule *wanted, int errnum, const char *reason, struct failure *why)
{
	cleanup_free char *shown = text_quote_short(wanted->path);

	(void)failure_set(why, errnum, "%s: %s%s%s", option_names[wanted->mode],
		shown ? shown : "the directory", reason ? " " : "", reason ? reason : "");
	return errnum ? -errnum : -EINVAL;
}

/* A link as the last part is refused: a rule that follows it would not hold for the link itself. */
static int look_up(const struct directory_rule *wanted, char **path, struct failure *why)
{
	cleanup_fd int directory = -1;
	struct stat status;

	if (!wanted->path[0])
		return refuse(wanted, 0, "is empty; give a directory", why);
	if (lstat(wanted->path, &status))
		return refuse(wanted, errno, NULL, why);
	if (S_ISLNK(status.st_mode))
		return refuse(wanted, 0, "is a symbolic link; name the directory it leads to", why);
	if (!S_ISDIR(status.st_mode))
		return refuse(wanted, 0, "is not a directory", why);
	directory = open(wanted->path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	*path = directory >= 0 ? file_path_of(directory) : NULL;
	return *path ? 0 : refuse(wanted, directory < 0 ? errno : ENOENT, NULL, why);
}

/* "/a//./b/" is "/a/b". NULL: ".." is in it, whose meaning is not known before a lookup. */
static char *plain_path(const char *path)
{
	cleanup_free char *copy = strdup(path), *plain = NULL;
	char *name, *rest = copy;
	bool goes_up = false;
	size_t size;
	FILE *stream = open_memstream(&plain, &size);

	while (stream && (name = strsep(&rest, "/"))) {
		goes_up |= !strcmp(name, "..");
		if (name[0] && strcmp(name, ".") != 0)
			fprintf(stream, "/%s", name);
	}
	if (!stream || fclose(stream) || !copy || goes_up)
		return NULL;
	return size ? take_pointer(&plain) : strdup("/");
}

static bool has_long_name(const char *path)
{
	for (size_t length; *path; path += length + (path[length] == '/')) {
		length = strcspn(path, "/");
		if (length > NAME_MAX)
			return true;
	}
	return false;
}

/* A name inside a root of the run's own, where nothing may be looked up before it is the root. */
static int take_name(const struct directory_rule *wanted, char **path, struct failure *why)
{
	if (wanted->path[0] != '/')
		return refuse(wanted, 0,
			"is not absolute; with --root-dir it is a name in that root", why);
	if (strlen(wanted->path) >= PATH_MAX || has_long_name(wanted->path))
		return refuse(wanted, ENAMETOOLONG, NULL, why);
	*path = plain_path(wanted->path);
	if (!*path)
		return refuse(wanted, 0, "has '..' in it; name the directory itself", why);
	if (!strcmp(*path, "/"))
		return refuse(wanted, 0, "is all that --root-dir shows", why);
	return 0;
}

/* With a root of the run's own, '/' is that one, and what is hidden is hidden in it. */
static int find_place(const struct view_rules *rules, const struct directory_rule *wanted,
	char **path, bool *is_of_host, struct failure *why)
{
	int error;

	if (rules->root && wanted->mode == DIRECTORY_HIDDEN && wanted->path[0])
		return take_name(wanted, path, why);
	error = look_up(wanted, path, why);
	*is_of_host = *path && rules->root && strcmp(*path, "/") != 0;
	return error;
}

static int check_possible(
	const struct directory_rule *wanted, const char *path, struct failure *why)
{
	static const char *const fresh[] = { "/proc", "/sys", "/dev" };

	for (size_t i = 0; i < sizeof(fresh) / sizeof(fresh[0]); i++) {
		if (path_is_inside(path, fresh[i]))
			return refuse(wanted, 0,
				"is made fresh for every run and has no other mode", why);
	}
	return 0;
}

static struct view_rule *find(struct view_rules *rules, const char *path)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (!strcmp(rules->rules[i].path, path))
			return &rules->rules[i];
	}
	return NULL;
}

/* Takes the path over. */
static int add(struct view_rules *rules, char *path, enum view_mode mode, bool is_of_host)
{
	if (!path)
		return -ENOMEM;
	rules->rules[rules->count++] =
		(struct view_rule){ .path = path, .mode = mode, .is_of_host = is_of_host };
	return 0;
}

static int add_wanted(
	struct view_rules *rules, const struct directory_rule *wanted, struct failure *why)
{
	cleanup_free char *path = NULL;
	const struct view_rule *known;
	bool is_of_host = false;
	int error = find_place(rules, wanted, &path, &is_of_host, why);

	if (!error)
		error = check_possible(wanted, path, why);
	if (error)
		return error;
	known = find(rules, path);
	if (known)
		return refuse(wanted, 0,
			(int)known->mode == (int)wanted->mode ? "is given twice"
							      : "has another mode already",
			why);
	return add(rules, take_pointer(&path), (enum view_mode)wanted->mode, is_of_host);
}

static int add_defaults(struct view_rules *rules)
{
	for (size_t i = 0; i < DEFAULT_COUNT; i++) {
		if (!find(rules, defaults[i].path) &&
			add(rules, strdup(defaults[i].path), (enum view_mode)defaults[i].mode,
				false))
			return -ENOMEM;
	}
	return 0;
}

/* Only a default may not hide where the command starts: what the user hides is hidden. */
static bool is_hidden_by_default(
	const struct view_rules *rules, size_t wanted, const char *directory)
{
	const struct view_rule *holds = view_rule_of(rules, directory);

	for (size_t i = 0; i < wanted; i++) {
		if (holds == &rules->rules[i])
			return false;
	}
	return holds->mode == VIEW_HIDDEN && strcmp(holds->path, directory) != 0;
}

static int compare(const void *a, const void *b)
{
	const struct view_rule *first = a, *second = b;

	return strcmp(first->path, second->path);
}

static int complete(struct view_rules *rules, const char *current_directory, struct failure *why)
{
	size_t wanted = rules->count;
	int error = add_defaults(rules);

	if (!error && is_hidden_by_default(rules, wanted, current_directory))
		error = add(rules, strdup(current_directory), VIEW_OVERLAY, false);
	if (error)
		return failure_set(why, -error, "list the directories of the container");
	qsort(rules->rules, rules->count, sizeof(*rules->rules), compare);
	return 0;
}

int view_rules_resolve(struct view_rules *rules, const struct directory_rule *wanted, size_t count,
	const char *current_directory, const char *root, struct failure *why)
{
	int error = 0;

	*rules = (struct view_rules){
		.rules = calloc(count + DEFAULT_COUNT + 1, sizeof(*rules->rules)),
		.root = root,
	};
	if (!rules->rules)
		return failure_set(why, ENOMEM, "list the directories of the container");
	for (size_t i = 0; i < count && !error; i++)
		error = add_wanted(rules, &wanted[i], why);
	if (!error)
		error = complete(rules, current_directory, why);
	if (error)
		view_rules_done(rules);
	return error;
}

void view_rules_done(struct view_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->rules[i].path);
	free(rules->rules);
	*rules = (struct view_rules){ 0 };
}

/* There is always one: '/' has a rule. */
const struct view_rule *view_rule_of(const struct view_rules *rules, const char *path)
{
	const struct view_rule *longest = NULL;

	for (size_t i = 0; i < rules->count; i++) {
		const struct view_rule *rule = &rules->rules[i];

		if (path_is_inside(path, rule->path) &&
			(!longest || strlen(rule->path) > strlen(longest->path)))
			longest = rule;
	}
	return longest;
}
