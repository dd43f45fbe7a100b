/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which parts of the host's file system the command sees, and how: a plan, made before anything
 * is mounted. root.c carries it out.
 */
#ifndef TARE_VIEW_H
#define TARE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include "base/config.h"
#include "mountinfo.h"

enum view_mode {
	VIEW_OVERLAY, /* the first four as enum directory_mode */
	VIEW_READ_ONLY,
	VIEW_FULL_ACCESS,
	VIEW_HIDDEN,
	VIEW_MASKED, /* an empty directory that cannot be written */
};

struct view_entry {
	char *path;   /* owned; absolute, inside */
	char *source; /* owned; what of the host is shown there, without links; NULL: nothing is */
	enum view_mode mode;
	bool is_of_host;  /* as view_rule has it */
	bool may_be_made; /* it lies in a layer of the command's own, which may lack its directory
			   */
};

struct view {
	struct view_entry *entries; /* owned; a directory comes before what lies below it */
	size_t count;
	size_t masked; /* mounts of the host that cannot be shown */
};

/* A rule with its path made absolute, without links, "." or ".." in it. */
struct view_rule {
	char *path; /* owned */
	enum view_mode mode;
	bool is_of_host; /* with a root of the run's own: shows the host's directory there */
};

struct view_rules {
	struct view_rule *rules; /* owned; sorted by path, no path twice */
	size_t count;
	const char *root; /* of the host, what is '/' inside; NULL: its own '/'; borrowed */
};

/*
 * The user's rules and the default ones: overlay on '/', /tmp and /run hidden, and
 * `current_directory` visible even below these two. Every directory is looked up on the host.
 * -EINVAL and others: *why names the option and the directory.
 *
 * With a `root`, the host's path of what is to be '/' inside, a rule for '/' is about that root,
 * and one that hides about a name inside; every other one shows the host's directory at the place
 * that it has on the host. A root's path is without links; NULL is the host's own.
 */
int view_rules_resolve(struct view_rules *rules, const struct directory_rule *wanted, size_t count,
	const char *current_directory, const char *root, struct failure *why);
void view_rules_done(struct view_rules *rules);

/* The rule that holds for an absolute path: the longest that contains it. Borrowed. */
const struct view_rule *view_rule_of(const struct view_rules *rules, const char *path);

/*
 * Plans the view: for every directory the rule with the longest path that contains it holds, and
 * every mount of the host is treated by itself. Mounts for which `is_visible` says no lie under
 * another mount and are left out; so are /proc, /sys and /dev, which are made fresh.
 *
 * With a root of the run's own, its mounts are those of the host below it, and of the others only
 * those below a directory that a rule shows.
 */
int view_plan(struct view *view, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const struct view_rules *rules,
	struct failure *why);

/* The entry that shows an absolute path: the last that contains it. Borrowed. */
const struct view_entry *view_entry_of(const struct view *view, const char *path);

void view_done(struct view *view);

/* `path` is `directory` or lies below it; both absolute without trailing '/'. */
bool path_is_inside(const char *path, const char *directory);

#endif
