// SPDX-License-Identifier: Apache-2.0
// Where result files go, and that the command cannot get there first.
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "result_files.h"

bool result_files_are_wanted(const struct run_config *config)
{
	return config->result_pattern_count > 0;
}

static int refuse(
	const struct run_config *config, const struct view_rule *rule, struct failure *why)
{
	cleanup_free char *shown = text_quote(config->output_directory);
	cleanup_free char *place = text_quote(rule->path);

	return failure_set(why, 0,
		"--output-directory: %.200s lies in %.200s, which the command can write to",
		shown ? shown : "it", place ? place : "a directory");
}

/*
 * The rule by which the command can write to a path of the host. With a root of the run's own it
 * does so where a rule shows the host, or in that root.
 */
static const struct view_rule *find_writer(const struct view_rules *rules, const char *path)
{
	const struct view_rule *rule;

	for (size_t i = 0; rules->root && i < rules->count; i++) {
		rule = &rules->rules[i];
		if (rule->is_of_host && rule->mode == VIEW_FULL_ACCESS &&
			path_is_inside(path, rule->path))
			return rule;
	}
	if (rules->root && !path_is_inside(path, rules->root))
		return NULL;
	path += rules->root ? strlen(rules->root) : 0;
	rule = view_rule_of(rules, *path ? path : "/");
	return rule->mode == VIEW_FULL_ACCESS ? rule : NULL;
}

int result_files_find_place(const struct run_config *config, const struct view_rules *rules,
	struct output_directory *output, struct failure *why)
{
	cleanup_free char *path = NULL;
	const struct view_rule *rule;
	int error;

	if (!result_files_are_wanted(config))
		return 0;
	error = output_directory_open(output, config->output_directory, &path, why);
	if (error)
		return error;
	rule = find_writer(rules, path);
	return rule ? refuse(config, rule, why) : 0;
}
