/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of numbers in the summary, as a table. Only summary.c lays them out. */
#ifndef TARE_SUMMARY_LINE_H
#define TARE_SUMMARY_LINE_H

#include <stdbool.h>
#include "base/result.h"

/* Six system calls that were denied, with ABI, name (47) and count (26), and a bit more. */
struct summary_cell {
	char text[512];
};

struct summary_cells {
	struct summary_cell value;  /* the number the line is about; never empty */
	struct summary_cell detail; /* what it is made of; may be empty */
	struct summary_cell more;   /* what else belongs to it; may be empty */
};

struct summary_line {
	const char *label;
	void (*fill)(const struct result *result, struct summary_cells *cells); /* cells empty */
	bool (*has_news)(const struct result *result); /* NULL: always worth its line */
	bool is_verbose;
};

extern const struct summary_line summary_lines[]; /* from the top; ends with label NULL */

bool summary_line_is_shown(
	const struct summary_line *line, const struct result *result, bool verbose);

#endif
