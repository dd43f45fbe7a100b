/* SPDX-License-Identifier: Apache-2.0 */
/* What a run's command sees of files, and where in it it starts, found from what was asked for. */
#ifndef TARE_SANDBOX_VIEW_H
#define TARE_SANDBOX_VIEW_H

#include "base/config.h"
#include "base/failure.h"
#include "base/output_directory.h"
#include "mountinfo.h"
#include "root_directory.h"
#include "view.h"

struct sandbox_view {
	struct root_directory root;
	struct view view;		/* empty without a container */
	char *directory;		/* owned, absolute, inside: where the command starts */
	struct output_directory output; /* where what it wrote is copied to, if that is wanted */
	int tried_fd; /* a mount in which mapping owners was tried, to be closed when there is time
		       */
};

#define SANDBOX_VIEW_NONE                                                                          \
	((struct sandbox_view){                                                                    \
		.root = ROOT_DIRECTORY_NONE, .output = OUTPUT_DIRECTORY_NONE, .tried_fd = -1 })

/*
 * Looks at everything that the options name, and makes nothing: what cannot be is told before
 * anything exists. *view is for sandbox_view_done also after a failure.
 */
int sandbox_view_plan(struct sandbox_view *view, const struct run_config *config,
	const struct mountinfo_list *mounts, struct failure *why);

/*
 * Where owners cannot be mapped, makes the directory in which the command starts, if that is its
 * own, one that it can write to. Namespace `userns_fd` is what owners are to be mapped by.
 */
int sandbox_view_split_start(struct sandbox_view *view, const struct run_config *config,
	int userns_fd, struct failure *why);

/*
 * An overlay of an ordinary user copies no directory of others, and so lets nothing be written
 * below one but at its own top. Gives tops to what the user can write on the way to where the
 * command starts, to `home` (NULL: none is known) and to /var/tmp.
 */
int sandbox_view_split_users(struct sandbox_view *view, const char *home, struct failure *why);

void sandbox_view_done(struct sandbox_view *view);

#endif
