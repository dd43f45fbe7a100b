// SPDX-License-Identifier: Apache-2.0
// `tare run --explain`: tells what a run would isolate and what not, and makes nothing.
#include "explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/environment.h"
#include "base/explanation.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

/* A line is a state, a subject and a detail; a wide detail goes on below itself. */
#define COLUMNS 100
#define STATE_COLUMNS 12
#define SUBJECT_COLUMNS 34
#define DETAIL_COLUMN (2 + STATE_COLUMNS + SUBJECT_COLUMNS)

static const char *const headings[EXPLANATION_TOPICS] = {
	[EXPLAIN_FILES] = "Files",
	[EXPLAIN_KERNEL_FILES] = "Files of the kernel",
	[EXPLAIN_NAMESPACES] = "Namespaces",
	[EXPLAIN_IDENTITY] = "Identity",
	[EXPLAIN_SYSTEM_CALLS] = "System calls",
	[EXPLAIN_NETWORK] = "Network",
	[EXPLAIN_ENVIRONMENT] = "Environment",
	[EXPLAIN_SESSION] = "Session",
	[EXPLAIN_CGROUPS] = "Cgroups",
	[EXPLAIN_LIMITS] = "Limits",
	[EXPLAIN_NOT_ISOLATED] = "Not isolated",
};

/* How much of the text fits, up to a space where there is one. */
static size_t fit(const char *text, size_t columns)
{
	size_t length = strlen(text);

	if (length <= columns)
		return length;
	for (size_t end = columns; end > 0; end--) {
		if (text[end] == ' ')
			return end;
	}
	return strcspn(text, " ");
}

/* Most details are of ASCII, so bytes are columns; others break earlier. */
static void print_detail(const char *detail)
{
	size_t length = fit(detail, COLUMNS - DETAIL_COLUMN);

	printf("%.*s\n", (int)length, detail);
	for (detail += length; *detail; detail += length) {
		detail += strspn(detail, " ");
		length = fit(detail, COLUMNS - DETAIL_COLUMN);
		printf("%*s%.*s\n", DETAIL_COLUMN, "", (int)length, detail);
	}
}

/* A subject that is too wide for its column has the detail below it. */
static void print_line(const char *state, const char *subject, const char *detail)
{
	size_t columns = text_count_columns(subject);

	printf("  %-*s%s", STATE_COLUMNS, state, subject);
	if (!*detail) {
		putchar('\n');
		return;
	}
	if (columns + 2 <= SUBJECT_COLUMNS)
		printf("%*s", (int)(SUBJECT_COLUMNS - columns), "");
	else
		printf("\n%*s", DETAIL_COLUMN, "");
	print_detail(detail);
}

static int print_topic(const struct explanation *explanation, enum explanation_topic topic)
{
	printf("\n%s\n", headings[topic]);
	for (size_t i = 0; i < explanation->count; i++) {
		const struct explanation_line *line = &explanation->lines[i];
		cleanup_free char *subject = NULL, *detail = NULL;

		if (line->topic != topic)
			continue;
		subject = text_escape(line->subject);
		detail = text_escape(line->detail);
		if (!subject || !detail)
			return -ENOMEM;
		print_line(line->state, subject, detail);
	}
	return 0;
}

static int print(
	const struct run_config *config, const struct explanation *explanation, struct failure *why)
{
	cleanup_free char *command = text_quote_command(config->command);
	int error = command ? 0 : -ENOMEM;

	if (!error)
		printf("Nothing was started. So it would run: %s\n", command);
	for (int topic = 0; topic < EXPLANATION_TOPICS && !error; topic++)
		error = print_topic(explanation, topic);
	return error ? failure_set(why, -error, "print the explanation") : 0;
}

int explain_run(const struct run_config *config, struct failure *why)
{
	struct explanation explanation = { 0 };
	int error = sandbox_explain(config, &explanation, why);

	if (!error) {
		environment_explain(config, environ, &explanation);
		error = explanation_check(&explanation, why);
	}
	if (!error)
		error = print(config, &explanation, why);
	explanation_done(&explanation);
	return error;
}
