/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A user's own system call filter, in the JSON of Docker, Podman and the OCI runtimes.
 *
 * Its blocks for kernels, architectures and capabilities are decided when it is read: the command
 * has no capability, so what is included for one is left out, and what is excluded for one stays.
 *
 * A name that libseccomp does not know on any architecture is skipped, as Docker does it, where
 * the call is then treated as strictly or more; where it would be less, the name is refused. Of
 * two blocks that name a call under the same conditions the stricter one holds; conditions of
 * which several can be met at once, with different actions, are refused.
 */
#ifndef TARE_SECCOMP_PROFILE_H
#define TARE_SECCOMP_PROFILE_H

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/explanation.h"
#include "base/failure.h"
#include "base/json_input.h"
#include "seccomp.h"

/* Twice those of Docker; libseccomp takes two seconds for so many, and eight for twice as many. */
#define PROFILE_RULES 1024
/* One for each argument of a system call. */
#define PROFILE_CONDITIONS 6

/* What happens to a call if all conditions hold. */
struct profile_rule {
	const char *name; /* of the system call */
	int number;	  /* libseccomp's; negative when this machine's own ABI lacks it */
	uint32_t action;  /* SCMP_ACT_... */
	struct scmp_arg_cmp conditions[PROFILE_CONDITIONS];
	unsigned int condition_count;
	size_t block; /* the element of `syscalls` that it stands in */
};

struct seccomp_profile {
	struct json_input input; /* holds the names */
	uint32_t default_action;
	unsigned int flags; /* SECCOMP_FILTER_FLAG_... */
	bool has_ia32, has_x32;
	struct profile_rule *rules; /* owned; at most one action for each call */
	size_t count;
	const char **skipped; /* owned: names that libseccomp does not know */
	size_t skipped_count;
};

/* -EINVAL and others: *why names the file and the place in it. */
int seccomp_profile_read(struct seccomp_profile *profile, const char *path, struct failure *why);

/* The program, for seccomp_filter_load. Calls of an ABI that it does not name kill the process. */
int seccomp_profile_build(
	const struct seccomp_profile *profile, struct seccomp_filter *filter, struct failure *why);

void seccomp_profile_explain(
	const struct seccomp_profile *profile, struct explanation *explanation);

void seccomp_profile_done(struct seccomp_profile *profile);

/* --- Between the parts of this module --- */

/* Adds a rule, or makes one with the same conditions stricter. -E2BIG when there are too many. */
int profile_add_rule(struct seccomp_profile *profile, const struct profile_rule *rule);

/* Finds two rules of which both can hold, with different actions. */
bool profile_find_conflict(const struct seccomp_profile *profile, const struct profile_rule **first,
	const struct profile_rule **second);

/* Whether the action is stricter than the other, as the kernel compares them. */
bool profile_is_stricter(uint32_t action, uint32_t other);

#endif
