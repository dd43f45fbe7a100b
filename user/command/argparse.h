/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line that is read as Python's argparse reads one, because scripts were written for a
 * program that does.
 *
 * Options may be shortened as long as one alone begins so, may stand before, between and after
 * the operands, and take their value as the next word or after '='. The operands are the first
 * words in one piece that are no options; others are refused, as are unknown options. After "--"
 * there are operands only. Negative numbers and words with a space in them are no options.
 */
#ifndef TARE_ARGPARSE_H
#define TARE_ARGPARSE_H

#include <stddef.h>
#include <stdio.h>
#include "base/failure.h"

struct argparse_option {
	const char *name;   /* "--memlimit" */
	const char *letter; /* "-h"; NULL: none */
	const char *value;  /* what its value is called; NULL: it takes none */
	const char *help;
	const char *rival; /* the one next to it that excludes it; NULL: none does */
	/* What is wrong with the value goes to *why. NULL: reading stops with this option. */
	int (*apply)(const struct argparse_option *option, void *target, const char *value,
		struct failure *why);
	/* For `apply` alone. */
	size_t place; /* in the target */
	int detail;
};

struct argparse {
	const char *program;
	const char *description;
	const char *operand, *operand_help;
	const struct argparse_option *options;
	size_t option_count;
};

struct argparse_result {
	char **operands;		       /* owned; the words are not; ended by NULL */
	const struct argparse_option *stopped; /* the option that is to be obeyed alone, or NULL */
};

/*
 * Reads the words, of which there are `count`, and applies each option to `target` in their order.
 * -EINVAL: *why has the line as argparse writes it, without usage and "error:".
 */
int argparse_read(const struct argparse *parser, char *const *words, size_t count, void *target,
	struct argparse_result *result, struct failure *why);

void argparse_print_usage(const struct argparse *parser, FILE *stream);
void argparse_print_help(const struct argparse *parser, FILE *stream);

#endif
