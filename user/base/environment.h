/* SPDX-License-Identifier: Apache-2.0 */
/* The environment that the command starts with, made of the caller's and what was asked for. */
#ifndef TARE_ENVIRONMENT_H
#define TARE_ENVIRONMENT_H

#include "config.h"
#include "explanation.h"
#include "failure.h"

/*
 * Builds a NULL-terminated array that the caller frees with free(); its strings are borrowed from
 * `inherited` and from the config. Without a rule it is the caller's own.
 */
int environment_build(
	const struct run_config *config, char *const *inherited, char ***out, struct failure *why);

/* By name only: values may be secrets. */
void environment_explain(
	const struct run_config *config, char *const *inherited, struct explanation *explanation);

/* One option's text: -EINVAL names the option and what is wrong with it. */
int environment_check_set(const char *text, struct failure *why);
int environment_check_name(const char *name, struct failure *why);

#endif
