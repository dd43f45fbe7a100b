// SPDX-License-Identifier: Apache-2.0
// A home directory for the command, where its view of the host has none.
#include "home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"

static int open_part(int parent_fd, const char *name)
{
	return openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Returns the directory's descriptor, -1 where there is none and none could be made. */
static int make_part(int parent_fd, const char *name, uid_t owner, gid_t group)
{
	bool is_new = mkdirat(parent_fd, name, 0755) == 0;

	if (is_new && fchownat(parent_fd, name, owner, group, AT_SYMLINK_NOFOLLOW))
		return -1;
	return open_part(parent_fd, name);
}

int home_make(const char *path, uid_t owner, gid_t group, struct failure *why)
{
	cleanup_fd int here = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *copy = strdup(path + strspn(path, "/"));
	char *name, *rest = copy;

	if (here < 0 || !copy)
		return failure_set(why, here < 0 ? errno : ENOMEM, "make the home directory");
	while (here >= 0 && (name = strsep(&rest, "/"))) {
		int next = make_part(here, name, owner, group);

		close(here);
		here = next;
	}
	return 0;
}
