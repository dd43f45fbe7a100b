/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts by descriptor: make one, copy one, change one, put one in place.
 *
 * A mount made here is in no tree until mount_attach puts it there, so nobody sees it half
 * finished, and no name is looked up twice. All descriptors are O_CLOEXEC and the caller's.
 */
#ifndef TARE_MOUNT_H
#define TARE_MOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mount.h>
#include "base/failure.h"

/* What every mount inside carries: no set-uid programs, no device nodes. */
#define MOUNT_PLAIN (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)
#define MOUNT_DATA (MOUNT_PLAIN | MOUNT_ATTR_NOEXEC)

struct mount_option {
	const char *key;
	const char *value; /* NULL: a flag */
};

/* A new file system of this type with `options` (ended by key NULL). Returns its descriptor. */
int mount_new(const char *type, const struct mount_option *options, uint64_t attributes,
	struct failure *why);

/* A private copy of the mount at `path` below `directory_fd`, without what is mounted below it. */
int mount_copy(int directory_fd, const char *path, struct failure *why);

/* The same with what is mounted below it, all with these attributes. */
int mount_copy_tree(int directory_fd, const char *path, uint64_t attributes, struct failure *why);

/* Sets attributes on a mount that is not attached yet; userns_fd >= 0 maps its owners. */
int mount_change(int mount_fd, uint64_t attributes, int userns_fd, struct failure *why);

/*
 * Whether owners could be mapped in a copy of the mount at `path`; a copy that fails maps them.
 * *copy, if there is one, is the caller's: to close it takes the kernel a moment in which there may
 * be something better to do.
 */
bool mount_can_map(const char *path, int userns_fd, int *copy);

/*
 * What whoever mounted it forbade, as attributes for another mount that shows the same files:
 * noexec, nosymfollow, noatime. Not read-only, nosuid and nodev, which are for the caller to say.
 */
int mount_restrictions(int mount_fd, uint64_t *attributes, struct failure *why);

/*
 * Opens `path` as a name inside `root_fd`, whatever links it goes through: no step leaves the root
 * and no magic link of /proc is followed. `flags` are open flags; O_PATH | O_CLOEXEC is added.
 */
int mount_open_inside(int root_fd, const char *path, int flags, struct failure *why);

/*
 * Opens what `path` itself names, with O_PATH: a link on the way is -ELOOP, and a link at its end
 * is what is opened. From a directory's descriptor no step leads above it; from AT_FDCWD the path
 * is absolute.
 */
int mount_open_exactly(int directory_fd, const char *path, struct failure *why);

/*
 * Makes `path`, a name inside this process's own root, the current directory. No magic link of
 * /proc is followed: the descriptors of this process may lead out of its root.
 */
int mount_enter_inside(const char *path, struct failure *why);

/* Puts the mount over `path` inside `root_fd`, which must exist. The mount stays the caller's. */
int mount_attach(int mount_fd, int root_fd, const char *path, struct failure *why);

/* Puts it over what target_fd is open on; `path` is for the failure alone. */
int mount_attach_over(int mount_fd, int target_fd, const char *path, struct failure *why);

/* Makes every mount of this mount namespace private: nothing goes to or comes from the host. */
int mount_make_private(struct failure *why);

/*
 * Makes the tree at `root_fd` the root, lets go of the old one with `covers` mounts that lie on it,
 * and stands in the new root, whose directory that `mount_fd` is mounted on tells whether it is
 * closed above.
 */
int mount_pivot(int root_fd, int covers, int mount_fd, struct failure *why);

#endif
