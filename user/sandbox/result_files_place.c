// SPDX-License-Identifier: Apache-2.0
// Where result files go, and that the command cannot get there first.
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
	rule = view_rule_of(rules, path);
	return rule->mode == VIEW_FULL_ACCESS ? refuse(config, rule, why) : 0;
}
