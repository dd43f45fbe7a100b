// SPDX-License-Identifier: Apache-2.0
// Fuzzes the lines of a batch: JSON that a person wrote, with a command and options in each.
// words: user/command/batch_input.c user/command/options.c
#include "command/batch_input.h"

#include "base/text.h"
#include "command/options.h"
#include "fuzz.h"

/* The words after the verb, as a batch puts them together. */
static void apply_options(const struct batch_request *request)
{
	struct run_config config = { .batch_path = "-" };
	struct failure why = { .errnum = 0 };
	char **words = calloc(request->options.count + 2, sizeof(*words));

	claim(words);
	words[0] = (char *)"run";
	for (size_t i = 0; i < request->options.count; i++)
		words[i + 1] = (char *)request->options.words[i];
	claim_told(options_parse_line((int)request->options.count + 1, words,
			   (char *const *)request->command.words, &config, &why),
		&why);
	free(words);
}

static void read_line(const struct batch_input *input, const char *line)
{
	struct failure why = { .errnum = 0 };
	struct batch_request request;
	int error = batch_request_read(input, line, &request, &why);

	claim_told(error, &why);
	if (error)
		claim_printable(why.what, "");
	if (!error) {
		claim(!request.id || text_is_utf8(request.id));
		if (request.command.count)
			apply_options(&request);
	}
	batch_request_done(&request);
}

static void read_lines(struct batch_input *input)
{
	size_t before = input->line;
	char *line;

	while ((line = batch_input_take(input))) {
		claim(input->line > before);
		before = input->line;
		read_line(input, line);
		free(line);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct batch_input input;
	struct failure why = { .errnum = 0 };
	char path[FUZZ_PATH];
	cleanup_fd int file = fuzz_file(bytes, size, path);

	claim(!batch_input_open(&input, path, &why));
	while (!batch_input_is_over(&input)) {
		claim(!batch_input_fill(&input, &why));
		read_lines(&input);
	}
	batch_input_close(&input);
	return 0;
}
