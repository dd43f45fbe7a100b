// SPDX-License-Identifier: Apache-2.0
// The user's directory rules: looked up on the host, checked against each other, completed.
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
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

/* What the kernel itself calls the directory, whatever links led to its parent. */
static char *true_path(int directory_fd)
{
	char link[64], path[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", directory_fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length <= 0 || path[0] != '/')
		return NULL;
	path[length] = '\0';
	return strdup(path);
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
	*path = directory >= 0 ? true_path(directory) : NULL;
	return *path ? 0 : refuse(wanted, directory < 0 ? errno : ENOENT, NULL, why);
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
static int add(struct view_rules *rules, char *path, enum view_mode mode)
{
	if (!path)
		return -ENOMEM;
	rules->rules[rules->count++] = (struct view_rule){ .path = path, .mode = mode };
	return 0;
}

static int add_wanted(
	struct view_rules *rules, const struct directory_rule *wanted, struct failure *why)
{
	cleanup_free char *path = NULL;
	const struct view_rule *known;
	int error = look_up(wanted, &path, why);

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
	return add(rules, take_pointer(&path), (enum view_mode)wanted->mode);
}

static int add_defaults(struct view_rules *rules)
{
	for (size_t i = 0; i < DEFAULT_COUNT; i++) {
		if (!find(rules, defaults[i].path) &&
			add(rules, strdup(defaults[i].path), (enum view_mode)defaults[i].mode))
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
		error = add(rules, strdup(current_directory), VIEW_OVERLAY);
	if (error)
		return failure_set(why, -error, "list the directories of the container");
	qsort(rules->rules, rules->count, sizeof(*rules->rules), compare);
	return 0;
}

int view_rules_resolve(struct view_rules *rules, const struct directory_rule *wanted, size_t count,
	const char *current_directory, struct failure *why)
{
	int error = 0;

	*rules = (struct view_rules){
		.rules = calloc(count + DEFAULT_COUNT + 1, sizeof(*rules->rules)),
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
