// SPDX-License-Identifier: Apache-2.0
// What a person types after tare ps, exec and kill: one table for parsing and for --help.
#include "options_living.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"

/* The kernel has no signal beyond. */
#define MOST_SIGNALS 64

struct option_entry {
	enum living_verb verb;
	const char *name;  /* without the dashes */
	char letter;	   /* 0: none */
	const char *value; /* what its value is called; NULL: it takes none */
	const char *help;
	int (*apply)(struct living_options *options, const char *value, struct failure *why);
};

/* --- What each option does --- */

static int apply_json(struct living_options *options, const char *value, struct failure *why)
{
	(void)value, (void)why;
	options->json = true;
	return 0;
}

static int apply_quiet(struct living_options *options, const char *value, struct failure *why)
{
	(void)value, (void)why;
	options->quiet = true;
	return 0;
}

static int apply_no_terminal(struct living_options *options, const char *value, struct failure *why)
{
	(void)value, (void)why;
	options->no_terminal = true;
	return 0;
}

/* "TERM", "SIGTERM"; 0: no signal is called so. */
static int find_signal(const char *name)
{
	if (!strncmp(name, "SIG", 3))
		name += 3;
	for (int number = 1; number < MOST_SIGNALS; number++) {
		const char *known = sigabbrev_np(number);

		if (known && !strcmp(known, name))
			return number;
	}
	return 0;
}

static int apply_signal(struct living_options *options, const char *value, struct failure *why)
{
	cleanup_free char *shown = text_quote_short(value);
	uint64_t number = 0;

	if (text_parse_decimal(value, &number))
		number = (uint64_t)find_signal(value);
	if (!number || number > MOST_SIGNALS)
		return failure_set(why, 0,
			"--signal: %s is no signal; give a name as TERM, or 1 to %d",
			shown ? shown : "it", MOST_SIGNALS);
	options->signal_number = (int)number;
	return 0;
}

static int apply_help(struct living_options *options, const char *value, struct failure *why)
{
	(void)value, (void)why;
	options->wants_help = true;
	return 0;
}

static const struct option_entry entries[] = {
	{ LIVING_PS, "json", 'j', NULL, "one JSON document instead of a table", apply_json },
	{ LIVING_PS, "quiet", 'q', NULL, "the ids alone, each whole and on its line", apply_quiet },
	{ LIVING_EXEC, "no-terminal", 'T', NULL,
		"hand on the standard streams as they are, also a terminal", apply_no_terminal },
	{ LIVING_KILL, "signal", 's', "SIGNAL",
		"send this to the command, instead of ending the run", apply_signal },
	{ LIVING_VERBS, "help", 'h', NULL, "show this text", apply_help },
};

#define ENTRY_COUNT (sizeof(entries) / sizeof(entries[0]))

static const struct {
	const char *usage, *text;
} verbs[LIVING_VERBS] = {
	[LIVING_PS] = { "tare ps [OPTIONS]",
		"Lists the runs that live: your own, or all if you are root. CPU, MEMORY and "
		"TASKS\n"
		"are those of the whole tree by now; COMMAND is what tare was called with.\n" },
	[LIVING_EXEC] = { "tare exec [OPTIONS] RUN [--] COMMAND [ARG...]",
		"Runs a command inside a living run's container, with the same identity, filter,\n"
		"limits, environment and directory as the run's own command. It counts in that\n"
		"run's numbers, and ends with the run, or with tare exec. RUN is an id, or as "
		"much\n"
		"of its beginning as no other run has.\n" },
	[LIVING_KILL] = { "tare kill [OPTIONS] RUN...",
		"Ends runs, with all of their processes, and returns when they are over; their\n"
		"results say that they were killed. RUN is an id, or as much of its beginning as "
		"no\n"
		"other run has, or 'all'.\n" },
};

static const char *const statuses[LIVING_VERBS] = {
	[LIVING_PS] = "0; 125 when tare failed.",
	[LIVING_EXEC] = "the command's own; 128+N when signal N ended it; 125 when tare\n"
			"failed; 126 when the command is not executable; 127 when it is not found.",
	[LIVING_KILL] = "0 done; 125 there is no such run, or tare failed.",
};

/* --- Parsing --- */

static bool is_of(const struct option_entry *entry, enum living_verb verb)
{
	return entry->verb == verb || entry->verb == LIVING_VERBS;
}

static bool is_named(const struct option_entry *entry, const char *word)
{
	size_t length = strlen(entry->name);

	if (word[1] != '-')
		return word[1] == entry->letter && !word[2];
	return !strncmp(word + 2, entry->name, length) &&
	       (!word[2 + length] || word[2 + length] == '=');
}

static const struct option_entry *find_entry(enum living_verb verb, const char *word)
{
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		if (is_of(&entries[i], verb) && is_named(&entries[i], word))
			return &entries[i];
	}
	return NULL;
}

static int refuse_word(const char *word, struct failure *why)
{
	cleanup_free char *shown = text_quote_short(word);

	return failure_set(why, 0, "there is no option %s", shown ? shown : "");
}

/* Returns how many words it took, or a negative errno. */
static int take_option(struct living_options *options, char *const *words, struct failure *why)
{
	const struct option_entry *entry = find_entry(options->verb, words[0]);
	const char *equals = words[0][1] == '-' ? strchr(words[0], '=') : NULL;
	const char *value = equals ? equals + 1 : words[1];
	int error;

	if (!entry)
		return refuse_word(words[0], why);
	if (!entry->value && equals)
		return failure_set(why, 0, "--%s: takes no value", entry->name);
	if (entry->value && !value)
		return failure_set(why, 0, "--%s: the value is missing", entry->name);
	error = entry->apply(options, value, why);
	return error ? error : 1 + (entry->value && !equals);
}

static int check_operands(
	struct living_options *options, int count, char **words, struct failure *why)
{
	static const char *const hints[] = { "tare ps", "tare exec RUN -- COMMAND [ARG...]",
		"tare kill RUN; tare kill all" };

	if (options->verb == LIVING_PS && count)
		return failure_set(why, 0, "ps: it takes no operand");
	if (options->verb != LIVING_PS && !count) {
		(void)failure_set(why, 0, "no run given");
		return failure_hint(why, "%s (tare ps lists them)", hints[options->verb]);
	}
	options->runs = words;
	if (options->verb != LIVING_EXEC)
		return 0;
	options->command = count > 1 && !strcmp(words[1], "--") ? words + 2 : words + 1;
	if (options->command[0] && options->command[0][0])
		return 0;
	(void)failure_set(
		why, 0, options->command[0] ? "the command is an empty word" : "no command given");
	return failure_hint(why, "%s", hints[LIVING_EXEC]);
}

int living_parse(enum living_verb verb, int argc, char **argv, struct living_options *options,
	struct failure *why)
{
	int next = 1;

	*options = (struct living_options){ .verb = verb };
	while (next < argc && argv[next][0] == '-' && argv[next][1]) {
		int used = strcmp(argv[next], "--") ? take_option(options, &argv[next], why) : 0;

		if (used < 0)
			return used;
		next += used ? used : 1;
		if (!used)
			break;
	}
	return options->wants_help ? 0 : check_operands(options, argc - next, &argv[next], why);
}

/* --- Telling --- */

void living_print_help(enum living_verb verb)
{
	printf("Usage: %s\n%s\nOptions:\n", verbs[verb].usage, verbs[verb].text);
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		const struct option_entry *entry = &entries[i];
		char left[64];

		if (!is_of(entry, verb))
			continue;
		snprintf(left, sizeof(left), "-%c, --%s%s%s", entry->letter, entry->name,
			entry->value ? " " : "", entry->value ? entry->value : "");
		printf("  %-24s %s\n", left, entry->help);
	}
	printf("\nExit status: %s\n", statuses[verb]);
}
