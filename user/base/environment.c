// SPDX-License-Identifier: Apache-2.0
// The environment that the command starts with, made of the caller's and what was asked for.
#include "environment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cleanup.h"
#include "text.h"

static size_t name_length(const char *entry)
{
	return strcspn(entry, "=");
}

static bool has_name(const char *entry, const char *name)
{
	size_t length = name_length(name);

	return name_length(entry) == length && !strncmp(entry, name, length);
}

static int refuse(const char *option, const char *text, const char *reason, struct failure *why)
{
	cleanup_free char *shown = text_quote_short(text);

	(void)failure_set(why, 0, "%s: %s %s", option, shown ? shown : "it", reason);
	return -EINVAL;
}

int environment_check_set(const char *text, struct failure *why)
{
	if (!strchr(text, '='))
		return refuse("--env", text, "has no '='; give NAME=VALUE", why);
	if (text[0] == '=')
		return refuse("--env", text, "has no name; give NAME=VALUE", why);
	return 0;
}

int environment_check_name(const char *name, struct failure *why)
{
	if (!name[0])
		return refuse("--keep-env", name, "is empty; give a name", why);
	if (strchr(name, '='))
		return refuse("--keep-env", name, "has a '='; give a name alone", why);
	return 0;
}

static bool is_kept(const struct run_config *config, const char *entry)
{
	if (!config->clear_environment)
		return true;
	for (size_t i = 0; i < config->kept_count; i++) {
		if (has_name(entry, config->kept_names[i]))
			return true;
	}
	return false;
}

static bool is_replaced(const struct run_config *config, const char *entry)
{
	for (size_t i = 0; i < config->set_count; i++) {
		if (has_name(entry, config->set_entries[i]))
			return true;
	}
	return false;
}

static size_t count_entries(char *const *entries)
{
	size_t count = 0;

	while (entries[count])
		count++;
	return count;
}

int environment_build(
	const struct run_config *config, char *const *inherited, char ***out, struct failure *why)
{
	size_t room = count_entries(inherited) + config->set_count + 1, count = 0;
	char **entries = calloc(room, sizeof(*entries));

	if (!entries)
		return failure_set(why, ENOMEM, "build the command's environment");
	for (size_t i = 0; inherited[i]; i++) {
		if (is_kept(config, inherited[i]) && !is_replaced(config, inherited[i]))
			entries[count++] = inherited[i];
	}
	for (size_t i = 0; i < config->set_count; i++)
		entries[count++] = (char *)config->set_entries[i];
	*out = entries;
	return 0;
}

static void explain_entry(const char *state, const char *entry, struct explanation *explanation)
{
	char name[256];

	snprintf(name, sizeof(name), "%.*s", (int)name_length(entry), entry);
	explanation_add(explanation, EXPLAIN_ENVIRONMENT, state, name, "%s", "");
}

void environment_explain(
	const struct run_config *config, char *const *inherited, struct explanation *explanation)
{
	size_t kept = 0, all = count_entries(inherited);

	for (size_t i = 0; i < all; i++) {
		if (!is_kept(config, inherited[i]) || is_replaced(config, inherited[i]))
			continue;
		kept++;
		if (config->clear_environment)
			explain_entry("kept", inherited[i], explanation);
	}
	for (size_t i = 0; i < config->set_count; i++)
		explain_entry("set", config->set_entries[i], explanation);
	explanation_add(explanation, EXPLAIN_ENVIRONMENT, "kept", "the caller's",
		"%zu of %zu variables", kept, all);
}
