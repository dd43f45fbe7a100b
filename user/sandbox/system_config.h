/* SPDX-License-Identifier: Apache-2.0 */
/* The files of /etc that tell who and where the command is, as they are for it. */
#ifndef TARE_SYSTEM_CONFIG_H
#define TARE_SYSTEM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include "base/failure.h"

/* What the container is called when nobody names it. */
#define SYSTEM_CONFIG_HOSTNAME "tare"

struct system_config {
	const char *hostname; /* NULL: the host's, which is kept */
	uid_t uid;	      /* of the command, inside */
	gid_t gid;
	const char *home; /* HOME of the command's environment; NULL: not set */

	/* Names are looked up in the host's network, so by what the host has for it. */
	bool has_host_network;
	bool has_own_root; /* whose /etc is not the host's */
};

/*
 * Walks the names in /etc that are replaced, as "passwd", by index from 0; NULL ends them. What a
 * run on the host's network must share with the host is not among them.
 */
const char *system_config_name(const struct system_config *config, size_t index);

/* `path` is absolute: one of these names in /etc. */
bool system_config_replaces(const struct system_config *config, const char *path);

/* The content of such a file, for the caller to free; of a link, its target. */
int system_config_text(
	const struct system_config *config, const char *name, char **text, struct failure *why);
bool system_config_is_link(const char *name);

/* Makes all of them in the empty directory, which nobody else sees. Their owner is `owner`. */
int system_config_write(
	const struct system_config *config, int directory_fd, uid_t owner, struct failure *why);

#endif
