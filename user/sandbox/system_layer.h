/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the container's own system configuration into its view of /etc.
 *
 * Where /etc is an overlay, the files are a lower layer of it that lies over the host's: whatever
 * is there by their names, files, links or directories, is covered and not looked at, and nothing
 * of this is in the upper layer, where the command's own changes are. Elsewhere each file is
 * mounted over the one that is there.
 */
#ifndef TARE_SYSTEM_LAYER_H
#define TARE_SYSTEM_LAYER_H

#include <stdbool.h>
#include "base/failure.h"
#include "system_config.h"

/* Makes the layer below the scratch directory. Its files belong to `root`. */
int system_layer_make(
	int scratch_fd, const struct system_config *config, uid_t root, struct failure *why);

/*
 * The layer's directory, relative to the scratch, to lie over what is seen at `path` inside: NULL
 * unless that is '/' or '/etc'.
 */
const char *system_layer_name(const char *path);

/*
 * The layer's /etc gets mode, time and, if it `has_owners`, owner of the one in lower_fd, which is
 * what is seen at `path`: of directories that lie over each other the uppermost is asked for these.
 */
int system_layer_fit(
	int scratch_fd, int lower_fd, const char *path, bool has_owners, struct failure *why);

/* Mounts each file over the one in root_fd's /etc; a name that is not there stays missing. */
int system_layer_mount(int scratch_fd, int root_fd, const struct system_config *config,
	bool is_read_only, struct failure *why);

#endif
