/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run would isolate, line by line: every module tells its own part from the tables by which
 * it does it, and command/explain.c prints them.
 */
#ifndef TARE_EXPLANATION_H
#define TARE_EXPLANATION_H

#include <stdbool.h>
#include <stddef.h>
#include "failure.h"

/* In the order in which they are told. */
enum explanation_topic {
	EXPLAIN_FILES,
	EXPLAIN_KERNEL_FILES,
	EXPLAIN_NAMESPACES,
	EXPLAIN_IDENTITY,
	EXPLAIN_SYSTEM_CALLS,
	EXPLAIN_NETWORK,
	EXPLAIN_ENVIRONMENT,
	EXPLAIN_SESSION,
	EXPLAIN_CGROUPS,
	EXPLAIN_LIMITS,
	EXPLAIN_NOT_ISOLATED,
	EXPLANATION_TOPICS,
};

struct explanation_line {
	enum explanation_topic topic;
	const char *state; /* one word, static: "overlay", "refused" */
	char *subject;	   /* owned; any bytes: "/tmp", "keyctl" */
	char *detail;	   /* owned; may be empty */
};

struct explanation {
	struct explanation_line *lines; /* owned */
	size_t count;
	bool is_broken; /* out of memory somewhere; looked at once, at the end */
};

/* Adds a line; the detail is formatted. */
void explanation_add(struct explanation *explanation, enum explanation_topic topic,
	const char *state, const char *subject, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* -ENOMEM when a line could not be added. */
int explanation_check(const struct explanation *explanation, struct failure *why);

void explanation_done(struct explanation *explanation);

#endif
