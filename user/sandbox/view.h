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

/* What is to be told of an entry, because the command may fail for it. */
enum view_note {
	VIEW_WITHHELD = 1,   /* a mount of the host that is not shown */
	VIEW_UNMAPPED = 2,   /* shown with the rights of others: it cannot map owners */
	VIEW_UNWRITABLE = 4, /* shown read-only, although its mode lets it be written */
};

struct view_entry {
	char *path; /* owned; absolute, the same outside and inside */
	enum view_mode mode;
	unsigned int notes;   /* of enum view_note; all but the first are found while it is built */
	bool is_mount;	      /* of the host, which may be gone when it is built */
	bool is_below_hidden; /* its directories must be made first */
};

/*
 * Entries come in path order, a directory before what lies below it. Only the parts come last:
 * directories of one entry, which are made to entries, from the top, if that cannot map owners.
 */
struct view {
	struct view_entry *entries; /* owned */
	size_t count;		    /* with the parts */
	size_t parts;
	size_t whole; /* the number of the entry that they are parts of */
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

/* What a look at the path of a mount finds. */
enum view_sight {
	VIEW_ON_TOP,
	VIEW_COVERED, /* another mount lies over it */
	VIEW_CLOSED,  /* it cannot be looked at: its server is gone, or lets only others in */
};

/*
 * Plans the view: for every directory the rule with the longest path that contains it holds, and
 * every mount of the host is treated by itself. Covered mounts are left out; so are /proc, /sys and
 * /dev, which are made fresh.
 */
int view_plan(struct view *view, const struct mountinfo_list *mounts,
	enum view_sight (*look)(const struct mountinfo *mount), const struct view_rules *rules,
	struct failure *why);

/* The entry that an absolute path belongs to: the longest that contains it. Borrowed. */
const struct view_entry *view_entry_of(const struct view *view, const char *path);

/*
 * Adds a part, with the mode of the entry that it belongs to, which is the same for all parts. They
 * are added from the top.
 */
int view_add_part(struct view *view, const char *path, struct failure *why);

/* Once the notes tell: whether the parts are entries. If not, they are to be dropped. */
bool view_needs_parts(const struct view *view);
void view_drop_parts(struct view *view);

void view_done(struct view *view);

/* It is one of the directories that are made fresh, or below it. */
bool view_is_fresh(const char *path);

/*
 * Where older systems have the shared memory of /dev/shm: made fresh where the host has such a
 * directory, unless it has a rule, and then an entry, of its own.
 */
#define VIEW_OLD_SHARED_MEMORY "/run/shm"

/* `path` is `directory` or lies below it; both absolute without trailing '/'. */
bool path_is_inside(const char *path, const char *directory);

#endif
