/* SPDX-License-Identifier: Apache-2.0 */
/* The result as a person reads it after a run: the verdict first, then a handful of lines. */
#ifndef TARE_SUMMARY_H
#define TARE_SUMMARY_H

#include <stdbool.h>
#include "base/result.h"

struct summary_style {
	bool colour;
	bool verbose;  /* also what few people ask for, and why a number is not known */
	bool is_brief; /* the verdict and what repairs it, alone */
	int columns;   /* width to fit; 0 cuts nothing, for a file */
};

/* Colour is for a terminal that has it, and for people who did not ask for NO_COLOR. */
bool summary_wants_colour(int fd);

/*
 * Renders lines that each end in a newline; the caller frees *text. A number that is not known is
 * shown as "–". Everything that was lost or is in doubt has a line of its own. No byte of the
 * command, of its arguments or of a path reaches the terminal as a control character.
 */
int summary_render(const struct result *result, const struct summary_style *style, char **text,
	struct failure *why);

#endif
