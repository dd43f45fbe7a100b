/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of the resources of each process, as getrlimit(2) has them: "NAME=SOFT[:HARD]". */
#ifndef TARE_RLIMIT_H
#define TARE_RLIMIT_H

#include <stdbool.h>
#include "base/config.h"
#include "base/failure.h"

/* One line about what is wrong with the text. Without HARD it is SOFT as well. */
int rlimit_parse(const char *text, struct rlimit_rule *rule, struct failure *why);

/* Whether this process may set it: above its own hard limit it needs CAP_SYS_RESOURCE. */
int rlimit_check_rights(const struct rlimit_rule *rule, struct failure *why);

/*
 * For the command's own process, while it has the caller's rights. A contained command never gets
 * a priority above tare's, unless a rule says so: it could keep tare from ending it.
 */
int rlimit_set_all(
	const struct rlimit_rule *rules, size_t count, bool is_contained, struct failure *why);

#endif
