// SPDX-License-Identifier: Apache-2.0
// A command line that is read as Python's argparse reads one.
//
// Theory of operation. First every word is judged by itself: an option, an operand, or "--". Then
// they are taken in order. Which words are operands is thus known before an option asks for its
// value, and a value that looks like an option is none.
#include "argparse.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/python.h"

enum word_kind { WORD_OPERAND, WORD_OPTION, WORD_DASHES };

struct word {
	char *text; /* borrowed */
	enum word_kind kind;
	const struct argparse_option *option; /* NULL: there is no such option */
	const char *value;		      /* after '=' or the letter; NULL: none */
};

struct reader {
	const struct argparse *parser;
	void *target;
	struct argparse_result *result;
	struct word *words; /* owned */
	size_t count, at;
	bool *is_given; /* owned; by the place of the option in the table */
	char **extra;	/* owned; what nothing takes */
	size_t extra_count;
};

/* --- Words --- */

static const struct argparse_option *find_exactly(
	const struct argparse *parser, const char *text, size_t length)
{
	for (size_t i = 0; i < parser->option_count; i++) {
		const struct argparse_option *option = &parser->options[i];
		const char *const names[] = { option->name, option->letter };

		for (int j = 0; j < 2; j++) {
			if (names[j] && strlen(names[j]) == length &&
				!strncmp(names[j], text, length))
				return option;
		}
	}
	return NULL;
}

static int refuse_ambiguous(
	const struct argparse *parser, const char *text, size_t length, struct failure *why)
{
	char matches[512] = "";
	size_t end = 0;

	for (size_t i = 0; i < parser->option_count && end < sizeof(matches); i++) {
		if (!strncmp(parser->options[i].name, text, length))
			end += snprintf(matches + end, sizeof(matches) - end, "%s%s",
				end ? ", " : "", parser->options[i].name);
	}
	return failure_set(why, 0, "ambiguous option: %.300s could match %s", text, matches);
}

/* An option whose name begins so; NULL: none does. More than one is a mistake. */
static int find_by_beginning(const struct argparse *parser, struct word *word, struct failure *why)
{
	const char *equals = strchr(word->text, '=');
	size_t length = equals ? (size_t)(equals - word->text) : strlen(word->text);
	size_t matches = 0;

	for (size_t i = 0; i < parser->option_count; i++) {
		if (strncmp(parser->options[i].name, word->text, length) != 0)
			continue;
		word->option = &parser->options[i];
		matches++;
	}
	if (matches > 1)
		return refuse_ambiguous(parser, word->text, length, why);
	word->value = matches && equals ? equals + 1 : NULL;
	return 0;
}

/* "-5", "-0.5", "-.5" */
static bool is_negative_number(const char *text)
{
	size_t whole = strspn(++text, "0123456789");
	size_t fraction = text[whole] == '.' ? strspn(text + whole + 1, "0123456789") : 0;

	if (!text[whole])
		return whole;
	return fraction && !text[whole + 1 + fraction];
}

static int find_option(const struct argparse *parser, struct word *word, struct failure *why)
{
	const char *equals = strchr(word->text, '=');

	word->option = find_exactly(parser, word->text, strlen(word->text));
	if (word->option)
		return 0;
	if (equals)
		word->option = find_exactly(parser, word->text, equals - word->text);
	if (word->option) {
		word->value = equals + 1;
		return 0;
	}
	if (word->text[1] == '-')
		return find_by_beginning(parser, word, why);
	word->option = find_exactly(parser, word->text, 2);
	word->value = word->option ? word->text + 2 : NULL;
	return 0;
}

/* Of a word before "--". */
static int judge(const struct argparse *parser, struct word *word, struct failure *why)
{
	int error;

	word->kind = WORD_OPERAND;
	if (word->text[0] != '-' || !word->text[1])
		return 0;
	error = find_option(parser, word, why);
	if (error)
		return error;
	if (word->option || (!is_negative_number(word->text) && !strchr(word->text, ' ')))
		word->kind = WORD_OPTION;
	return 0;
}

static int judge_all(struct reader *reader, char *const *words, struct failure *why)
{
	bool is_over = false;
	int error = 0;

	for (size_t i = 0; i < reader->count && !error; i++) {
		struct word *word = &reader->words[i];

		word->text = words[i];
		if (is_over)
			word->kind = WORD_OPERAND;
		else if (!strcmp(words[i], "--"))
			word->kind = WORD_DASHES;
		else
			error = judge(reader->parser, word, why);
		is_over |= word->kind == WORD_DASHES;
	}
	return error;
}

/* --- Options --- */

static void name_option(const struct argparse_option *option, char *name, size_t size)
{
	snprintf(name, size, "%s%s%s", option->letter ? option->letter : "",
		option->letter ? "/" : "", option->name);
}

static int refuse(const struct argparse_option *option, const char *what, struct failure *why)
{
	char name[64], text[sizeof(why->what)];

	name_option(option, name, sizeof(name));
	snprintf(text, sizeof(text), "%s", what);
	return failure_set(why, 0, "argument %s: %.900s", name, text);
}

static int refuse_value(
	const struct argparse_option *option, const char *value, struct failure *why)
{
	cleanup_free char *shown = python_repr(value);
	char text[512];

	snprintf(text, sizeof(text), "ignored explicit argument %.400s", shown ? shown : "");
	return refuse(option, text, why);
}

static bool has_rival(const struct reader *reader, const struct argparse_option *option)
{
	const struct argparse_option *rival;

	if (!option->rival)
		return false;
	rival = find_exactly(reader->parser, option->rival, strlen(option->rival));
	return rival && reader->is_given[rival - reader->parser->options];
}

static int apply(struct reader *reader, const struct argparse_option *option, const char *value,
	struct failure *why)
{
	char text[64];

	reader->is_given[option - reader->parser->options] = true;
	if (has_rival(reader, option)) {
		snprintf(text, sizeof(text), "not allowed with argument %s", option->rival);
		return refuse(option, text, why);
	}
	if (!option->apply) {
		reader->result->stopped = option;
		return 0;
	}
	return option->apply(option, reader->target, value, why) ? refuse(option, why->what, why)
								 : 0;
}

static int take_option(struct reader *reader, struct failure *why)
{
	const struct word *word = &reader->words[reader->at++];
	const char *value = word->value;

	if (!word->option) {
		reader->extra[reader->extra_count++] = word->text;
		return 0;
	}
	if (!word->option->value && value)
		return refuse_value(word->option, value, why);
	if (word->option->value && !value) {
		const struct word *next = &reader->words[reader->at];

		if (reader->at == reader->count || next->kind != WORD_OPERAND)
			return refuse(word->option, "expected one argument", why);
		value = next->text;
		reader->at++;
	}
	return apply(reader, word->option, value, why);
}

/* --- Operands --- */

static size_t next_option(const struct reader *reader)
{
	size_t next = reader->at;

	while (next < reader->count && reader->words[next].kind != WORD_OPTION)
		next++;
	return next;
}

static bool has_operand(const struct reader *reader, size_t end)
{
	for (size_t i = reader->at; i < end; i++) {
		if (reader->words[i].kind == WORD_OPERAND)
			return true;
	}
	return false;
}

/* The words up to the next option: all of them operands, or none. */
static void take_operands(struct reader *reader)
{
	size_t end = next_option(reader), count = 0;
	bool are_wanted = !reader->result->operands[0] && has_operand(reader, end);
	bool has_dashes = false;

	for (; reader->at < end; reader->at++) {
		char *text = reader->words[reader->at].text;
		/* The first "--" of a command is taken out, wherever it stands. */
		bool is_dashes = are_wanted && !has_dashes && !strcmp(text, "--");

		has_dashes |= is_dashes;
		if (!are_wanted)
			reader->extra[reader->extra_count++] = text;
		else if (!is_dashes)
			reader->result->operands[count++] = text;
	}
}

/* --- The whole --- */

static int refuse_extra(const struct reader *reader, struct failure *why)
{
	char text[900] = "";
	size_t end = 0;

	for (size_t i = 0; i < reader->extra_count && end < sizeof(text); i++)
		end += snprintf(
			text + end, sizeof(text) - end, "%s%s", i ? " " : "", reader->extra[i]);
	return failure_set(why, 0, "unrecognized arguments: %s", text);
}

static int take_all(struct reader *reader, struct failure *why)
{
	int error = 0;

	while (reader->at < reader->count && !error && !reader->result->stopped) {
		if (reader->words[reader->at].kind == WORD_OPTION)
			error = take_option(reader, why);
		else
			take_operands(reader);
	}
	if (error || reader->result->stopped)
		return error;
	if (!reader->result->operands[0])
		return failure_set(why, 0, "the following arguments are required: %s",
			reader->parser->operand);
	return reader->extra_count ? refuse_extra(reader, why) : 0;
}

static int read_all(struct reader *reader, char *const *words, struct failure *why)
{
	int error;

	if (!reader->words || !reader->is_given || !reader->extra || !reader->result->operands)
		return failure_set(why, ENOMEM, "read the command line");
	error = judge_all(reader, words, why);
	return error ? error : take_all(reader, why);
}

int argparse_read(const struct argparse *parser, char *const *words, size_t count, void *target,
	struct argparse_result *result, struct failure *why)
{
	struct reader reader = {
		.parser = parser,
		.target = target,
		.result = result,
		.words = calloc(count + 1, sizeof(*reader.words)),
		.count = count,
		.is_given = calloc(parser->option_count, sizeof(*reader.is_given)),
		.extra = calloc(count + 1, sizeof(*reader.extra)),
	};
	int error;

	*result = (struct argparse_result){
		.operands = calloc(count + 1, sizeof(*result->operands)),
	};
	error = read_all(&reader, words, why);
	free(reader.words);
	free(reader.is_given);
	free(reader.extra);
	if (error) {
		free(result->operands);
		result->operands = NULL;
	}
	return error;
}

/* --- Usage and help --- */

/* The width of the columns is argparse's own. */
enum { LINE_COLUMNS = 78, HELP_COLUMN = 24 };

/* Prints a part on this line, or on a new one. */
static void print_part(FILE *stream, const char *part, size_t indent, size_t *column)
{
	if (*column > indent && *column + 1 + strlen(part) > LINE_COLUMNS) {
		fprintf(stream, "\n%*s", (int)indent, "");
		*column = indent;
	}
	*column += fprintf(stream, "%s%s", *column > indent ? " " : "", part);
}

static void describe_option(const struct argparse_option *option, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s", option->letter ? option->letter : option->name,
		option->value ? " " : "", option->value ? option->value : "");
}

/* Two that exclude each other stand beside each other in the table. */
static size_t describe_options(const struct argparse_option *option, char *text, size_t size)
{
	char one[64], other[64];

	describe_option(option, one, sizeof(one));
	if (!option->rival) {
		snprintf(text, size, "[%s]", one);
		return 1;
	}
	describe_option(option + 1, other, sizeof(other));
	snprintf(text, size, "[%s | %s]", one, other);
	return 2;
}

void argparse_print_usage(const struct argparse *parser, FILE *stream)
{
	size_t column = fprintf(stream, "usage: %s ", parser->program);
	size_t indent = column;
	char part[192];

	for (size_t i = 0; i < parser->option_count;) {
		i += describe_options(&parser->options[i], part, sizeof(part));
		print_part(stream, part, indent, &column);
	}
	snprintf(part, sizeof(part), "%s [%s ...]", parser->operand, parser->operand);
	fprintf(stream, "\n%*s%s\n", (int)indent, "", part);
}

static void print_words(FILE *stream, const char *text, size_t indent)
{
	size_t column = indent;

	while (*text) {
		size_t length = strcspn(text, " ");
		char word[64];

		snprintf(word, sizeof(word), "%.*s", (int)length, text);
		print_part(stream, word, indent, &column);
		text += length + (text[length] == ' ');
	}
	fputc('\n', stream);
}

static void print_entry(FILE *stream, const char *left, const char *help)
{
	int length = fprintf(stream, "  %s", left);

	if (length > HELP_COLUMN - 2) {
		fputc('\n', stream);
		length = 0;
	}
	fprintf(stream, "%*s", HELP_COLUMN - length, "");
	print_words(stream, help, HELP_COLUMN);
}

void argparse_print_help(const struct argparse *parser, FILE *stream)
{
	argparse_print_usage(parser, stream);
	fputc('\n', stream);
	print_words(stream, parser->description, 0);
	fprintf(stream, "\npositional arguments:\n");
	print_entry(stream, parser->operand, parser->operand_help);
	fprintf(stream, "\noptions:\n");
	for (size_t i = 0; i < parser->option_count; i++) {
		const struct argparse_option *option = &parser->options[i];
		char left[128];

		snprintf(left, sizeof(left), "%s%s%s%s%s", option->letter ? option->letter : "",
			option->letter ? ", " : "", option->name, option->value ? " " : "",
			option->value ? option->value : "");
		print_entry(stream, left, option->help);
	}
}
