// SPDX-License-Identifier: Apache-2.0
// Fuzzes the command line of `tare run`: as words, and as the options of a line of a batch.
// words: user/command/options*.c user/sandbox/cgroup_controller.c user/sandbox/rlimit.c
#include "command/options.h"

#include "base/environment.h"
#include "fuzz.h"

static char *inherited[] = { (char *)"HOME=/root", (char *)"PATH=/bin", (char *)"EMPTY=", NULL };

static void build_environment(const struct run_config *config)
{
	struct failure why = { .errnum = 0 };
	char **entries = NULL;

	claim(!environment_build(config, inherited, &entries, &why));
	for (size_t i = 0; config->set_count && entries[i]; i++)
		claim(strchr(entries[i], '='));
	free(entries);
}

static void parse_run(struct fuzz_words *words)
{
	struct failure why = { .errnum = 0 };
	enum options_request request;
	struct run_config config;
	int error = options_parse(words->count, words->words, &config, &request, &why);

	claim_told(error, &why);
	if (error || request == OPTIONS_HELP)
		return;
	claim(config.batch_path || config.self_test || config.command[0]);
	claim(config.directory_count <= DIRECTORY_RULES);
	claim(!config.limits.memory_bytes || config.limits.memory_bytes >= CONFIG_LEAST_MEMORY);
	claim(!config.limits.cpu_ns || config.limits.soft_cpu_ns <= config.limits.cpu_ns);
	build_environment(&config);
}

static void parse_line(struct fuzz_words *words)
{
	char *const command[] = { (char *)"true", NULL };
	struct run_config config = { .batch_path = "-", .quiet = true };
	struct failure why = { .errnum = 0 };

	claim_told(options_parse_line(words->count, words->words, command, &config, &why), &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	struct fuzz_words words = { .words = { strdup("run") }, .count = 1 };

	fuzz_take_words(&input, &words);
	parse_run(&words);
	parse_line(&words);
	fuzz_words_done(&words);
	return 0;
}
