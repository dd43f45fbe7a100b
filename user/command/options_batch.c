// SPDX-License-Identifier: Apache-2.0
// The options of a batch, and what of the others has no meaning for many commands at once.
#include "options_batch.h"

#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "base/text.h"

int options_apply_from(struct run_config *config, const char *value, struct failure *why)
{
	if (!*value)
		return failure_set(why, 0, "--from: the path is empty; give a file, or '-'");
	if (config->batch_path)
		return failure_set(why, 0, "--from: given twice");
	config->batch_path = value;
	return 0;
}

int options_apply_jobs(struct run_config *config, const char *value, struct failure *why)
{
	cleanup_free char *shown = text_quote_short(value);
	uint64_t count = 0;

	if (config->batch_jobs)
		return failure_set(why, 0, "--jobs: given twice");
	if (text_parse_decimal(value, &count) || !count || count > BATCH_JOBS)
		return failure_set(why, 0, "--jobs: %s: give a number from 1 to %d",
			shown ? shown : "it", BATCH_JOBS);
	config->batch_jobs = count;
	return 0;
}

struct contradiction {
	bool is_given;
	const char *text;
};

static int check_all(const struct contradiction *all, size_t count, struct failure *why)
{
	for (size_t i = 0; i < count; i++) {
		if (all[i].is_given)
			return failure_set(why, 0, "%s", all[i].text);
	}
	return 0;
}

static int check_shared(const struct run_config *config, struct failure *why)
{
	const struct contradiction contradictions[] = {
		{ config->command[0], "--from: the commands are in the file, none follows" },
		{ config->explain, "--explain: one run is explained at a time, without --from" },
		{ config->output_path,
			"--output: all commands would write to one file; give it in their lines" },
		{ config->output_directory || config->has_result_patterns,
			"--output-directory: the files of all commands would come together; give "
			"it in their lines" },
	};

	return check_all(contradictions, sizeof(contradictions) / sizeof(contradictions[0]), why);
}

int options_check_batch(const struct run_config *config, struct failure *why)
{
	int error;

	if (!config->batch_path)
		return config->batch_jobs
			       ? failure_set(why, 0, "--jobs: of which commands? give --from FILE")
			       : 0;
	error = check_shared(config, why);
	if (error || config->batch_jobs < 2 || !config->cores || config->automatic_cores)
		return error;
	failure_set(why, 0, "--cores: all commands that run at a time would share these");
	return failure_hint(why, "give each its own: --cores auto:1; of some cores only: taskset "
				 "-c LIST tare run ...");
}

int options_check_batch_line(const struct run_config *config, struct failure *why)
{
	const struct contradiction contradictions[] = {
		{ config->json_path, "--json: the results of a batch go to one place" },
		{ config->batch_path || config->batch_jobs,
			"--from: a command of a batch is no batch" },
		{ config->explain, "--explain: nothing is weighed with it" },
		{ config->self_test, "--self-test: takes no command, it has its own" },
	};

	return check_all(contradictions, sizeof(contradictions) / sizeof(contradictions[0]), why);
}
