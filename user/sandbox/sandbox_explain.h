/* SPDX-License-Identifier: Apache-2.0 */
/* What a planned sandbox isolates and what not. */
#ifndef TARE_SANDBOX_EXPLAIN_H
#define TARE_SANDBOX_EXPLAIN_H

#include "base/config.h"
#include "base/explanation.h"
#include "base/failure.h"
#include "cgroup.h"
#include "identity.h"
#include "view.h"

/* What sandbox_open would make. All borrowed. */
struct sandbox_plan {
	const struct run_config *config;
	const struct identity *identity;
	const struct view *view;
	const struct cgroup *cgroup;
	const char *directory; /* where the command starts */
	unsigned int allowed_groups;
	bool has_terminal; /* the caller's is lent */
};

int sandbox_explain_plan(
	const struct sandbox_plan *plan, struct explanation *explanation, struct failure *why);

#endif
