// SPDX-License-Identifier: Apache-2.0
// Fuzzes the command line of runexec: the first text is a file of arguments, the others are words.
// words: user/command/runexec_options.c user/command/runexec_values.c
#include "command/runexec_options.h"

#include "fuzz.h"

/* A file that names files would name those of the machine. */
static void replace_at_signs(char *text)
{
	while ((text = strchr(text, '@')))
		*text = 'a';
}

/* Every word that names a file names the one that there is. */
static void name_file(struct fuzz_words *words, const char *path)
{
	char name[FUZZ_PATH + 1];

	snprintf(name, sizeof(name), "@%s", path);
	for (int i = 0; i < words->count; i++) {
		if (words->words[i][0] != '@')
			continue;
		free(words->words[i]);
		words->words[i] = strdup(name);
	}
}

static void parse(struct fuzz_words *words)
{
	struct runexec_options options = { .words = { NULL, 0 } };
	struct failure why = { .errnum = 0 };
	int error = runexec_options_parse(words->count, words->words, &options, &why);

	claim_told(error, &why);
	if (!error && options.request == RUNEXEC_RUN)
		claim(options.command && options.command[0]);
	claim(options.directory_count <= RUNEXEC_DIRECTORIES);
	runexec_options_done(&options);
}

static void parse_with_file(struct fuzz_words *words, const char *lines)
{
	char path[FUZZ_PATH];
	cleanup_fd int file = fuzz_file(lines, strlen(lines), path);

	name_file(words, path);
	parse(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	struct fuzz_words words = { .words = { strdup("runexec") }, .count = 1 };
	cleanup_free char *lines = fuzz_take_text(&input);

	replace_at_signs(lines);
	fuzz_take_words(&input, &words);
	parse_with_file(&words, lines);
	fuzz_words_done(&words);
	return 0;
}
