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
#include "base/explanation.h"
#include "mountinfo.h"

enum view_mode {
	VIEW_OVERLAY, /* the first four as enum directory_mode */
	VIEW_READ_ONLY,
	VIEW_FULL_ACCESS,
	VIEW_HIDDEN,
	VIEW_MASKED, /* an empty directory that cannot be written */
};

struct view_entry {
	char *path; /* owned; absolute, the same outside and inside */
	enum view_mode mode;
	bool is_below_hidden; /* its directories must be made first */
	char *type;	      /* owned; of the host's mount there; NULL: it is a rule's directory */
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
};

struct view_rules {
	struct view_rule *rules; /* owned; sorted by path, no path twice */
	size_t count;
};

/*
 * The user's rules and the default ones: overlay on '/', /tmp and /run hidden, and
 * `current_directory` visible even below these two. Every directory is looked up on the host.
 * -EINVAL and others: *why names the option and the directory.
 */
int view_rules_resolve(struct view_rules *rules, const struct directory_rule *wanted, size_t count,
	const char *current_directory, struct failure *why);
void view_rules_done(struct view_rules *rules);

/* The rule that holds for an absolute path: the longest that contains it. Borrowed. */
const struct view_rule *view_rule_of(const struct view_rules *rules, const char *path);

/*
 * Plans the view: for every directory the rule with the longest path that contains it holds, and
 * every mount of the host is treated by itself. Mounts for which `is_visible` says no lie under
 * another mount and are left out; so are /proc, /sys and /dev, which are made fresh.
 */
int view_plan(struct view *view, const struct mountinfo_list *mounts,
	bool (*is_visible)(const struct mountinfo *mount), const struct view_rules *rules,
	struct failure *why);

void view_explain(const struct view *view, struct explanation *explanation);

void view_done(struct view *view);

/* `path` is `directory` or lies below it; both absolute without trailing '/'. */
bool path_is_inside(const char *path, const char *directory);

#endif
