// SPDX-License-Identifier: Apache-2.0
// The options of a tmpfs that takes what a run writes.
#include "tmpfs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

int tmpfs_options_fill(struct tmpfs_options *filled, const struct tmpfs_bounds *bounds,
	const char *mode, struct failure *why)
{
	struct mount_option *option = filled->options;
	int length;

	*option++ = (struct mount_option){ "source", "tare" };
	*option++ = (struct mount_option){ "mode", mode };
	if (bounds->size_bytes) {
		snprintf(filled->size, sizeof(filled->size), "%" PRIu64, bounds->size_bytes);
		*option++ = (struct mount_option){ "size", filled->size };
	}
	if (bounds->nodes) {
		length = snprintf(filled->policy, sizeof(filled->policy), "bind:%s", bounds->nodes);
		if (length < 0 || (size_t)length >= sizeof(filled->policy))
			return failure_set(why, E2BIG, "bind a tmpfs to memory nodes");
		*option++ = (struct mount_option){ "mpol", filled->policy };
	}
	*option = (struct mount_option){ NULL, NULL };
	return 0;
}
