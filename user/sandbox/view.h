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

/* What is to be told of an entry, because the command may fail for it. */
enum view_note {
	VIEW_WITHHELD = 1,   /* a mount of the host that is not shown */
	VIEW_UNMAPPED = 2,   /* shown with the rights of others: it cannot map owners */
	VIEW_UNWRITABLE = 4, /* shown read-only, although its mode lets it be written */
};

struct view_entry {
	char *path;   /* owned; absolute, inside */
	char *source; /* owned; what of the host is shown there, without links; NULL: nothing is */
	enum view_mode mode;
	char *type;	    /* owned; of the host's mount there, which may be gone when it is built;
			     * NULL: it is a rule's directory */
	unsigned int notes; /* of enum view_note; all but the first are found while it is built */
	bool is_part;	    /* of the entry above it, without a rule or a mount of its own */
	bool is_of_host;    /* as view_rule has it */
	bool is_crowded;    /* as view_spread has it */
	bool is_of_crowd;   /* it was found in a crowded directory, and may be gone since */
	bool may_be_made;   /* it lies in a layer of the command's own, which may lack its directory
			     */
};

struct view {
	struct view_entry *entries; /* owned; a directory comes before what lies below it */
	size_t count;
	char **crowded; /* owned; crowded directories in a crowded entry, without one of their own
			 */
	size_t crowded_count;
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
 *
 * With a root of the run's own, its mounts are those of the host below it, and of the others only
 * those below a directory that a rule shows.
 */
int view_plan(struct view *view, const struct mountinfo_list *mounts,
	enum view_sight (*look)(const struct mountinfo *mount), const struct view_rules *rules,
	struct failure *why);

/* The entry that shows an absolute path: the longest that contains it. Borrowed. */
const struct view_entry *view_entry_of(const struct view *view, const char *path);

/*
 * Gives a directory or file an entry of its own, with the mode of the one that shows it. It is told
 * with that one if it `is_part`.
 */
int view_split(struct view *view, const char *path, bool is_part, struct failure *why);

void view_explain(const struct view *view, struct explanation *explanation);

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

/* What `path`, which is inside `from`, is called when `from` is called `to`; for the caller to
 * free. */
char *path_move(const char *path, const char *from, const char *to);

#endif
