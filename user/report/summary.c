// SPDX-License-Identifier: Apache-2.0
// The result as a person reads it after a run: the verdict first, then a handful of lines.
#include "summary.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "doubt.h"
#include "noise.h"
#include "summary_line.h"
#include "verdict.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A label, a value, a detail and more fit 80 columns when the numbers are of usual size. */
#define LABEL_COLUMNS 10
#define VALUE_COLUMNS 11
#define DETAIL_COLUMNS 31

/* Below this a command line would not be recognised any more. */
#define SHORTEST_COMMAND_COLUMNS 24

/* More than these few are many, and a path beside what is told of it has room for so much. */
#define MOUNTS_TOLD 4
#define MOUNT_COLUMNS 30

#define GREEN "32"
#define RED "1;31"
#define YELLOW "1;33"

struct page {
	FILE *out;
	const struct result *result;
	const struct summary_style *style;
	const struct noise_verdict *noise;
};

bool summary_wants_colour(int fd)
{
	const char *terminal = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");

	return isatty(fd) && !(no_color && *no_color) && terminal && strcmp(terminal, "dumb") != 0;
}

/* Printing */

static void print_coloured(const struct page *page, const char *colour, const char *text)
{
	if (page->style->colour)
		fprintf(page->out, "\033[%sm%s\033[0m", colour, text);
	else
		fputs(text, page->out);
}

/* Two spaces at least, so that a wide cell stays apart from the next one. */
static size_t padding_of(const char *text, size_t columns)
{
	size_t used = text_count_columns(text);

	return used + 2 < columns ? columns - used : 2;
}

static void print_padded(const struct page *page, const char *text, size_t columns)
{
	fprintf(page->out, "%s%*s", text, (int)padding_of(text, columns), "");
}

static void print_label(const struct page *page, const char *label)
{
	fputs("  ", page->out);
	print_padded(page, label, LABEL_COLUMNS);
}

__attribute__((format(printf, 3, 4))) static void print_note(
	const struct page *page, const char *label, const char *format, ...)
{
	va_list arguments;

	print_label(page, label);
	va_start(arguments, format);
	vfprintf(page->out, format, arguments);
	va_end(arguments);
	fputc('\n', page->out);
}

static void print_warning(const struct page *page, const char *text)
{
	static const char label[] = "WARNING";

	fputs("  ", page->out);
	print_coloured(page, YELLOW, label);
	fprintf(page->out, "%*s%s\n", (int)padding_of(label, LABEL_COLUMNS), "", text);
}

/* The lines of numbers */

static size_t padded_columns(const char *text, size_t columns)
{
	return text_count_columns(text) + padding_of(text, columns);
}

/* The columns that are left for the detail when the line has to fit. */
static size_t room_for_detail(const struct page *page, const struct summary_cells *cells)
{
	size_t others = 2 + LABEL_COLUMNS + padded_columns(cells->value.text, VALUE_COLUMNS) +
			text_count_columns(cells->more.text);
	size_t columns = page->style->columns > 0 ? (size_t)page->style->columns : SIZE_MAX;

	return columns > others ? columns - others : 0;
}

/* Moves closer to the detail when the line is short of room, and below it when there is none. */
static void print_more(const struct page *page, const struct summary_cells *cells)
{
	size_t room = room_for_detail(page, cells);

	if (text_count_columns(cells->detail.text) + 2 <= room)
		print_padded(
			page, cells->detail.text, room < DETAIL_COLUMNS ? room : DETAIL_COLUMNS);
	else
		fprintf(page->out, "%s\n%*s", cells->detail.text, 2 + LABEL_COLUMNS + VALUE_COLUMNS,
			"");
	fputs(cells->more.text, page->out);
}

static void print_cells(
	const struct page *page, const char *label, const struct summary_cells *cells)
{
	print_label(page, label);
	if (cells->detail.text[0])
		print_padded(page, cells->value.text, VALUE_COLUMNS);
	else
		fputs(cells->value.text, page->out);
	if (cells->more.text[0])
		print_more(page, cells);
	else
		fputs(cells->detail.text, page->out);
	fputc('\n', page->out);
}

static void print_lines(const struct page *page)
{
	for (const struct summary_line *line = summary_lines; line->label; line++) {
		struct summary_cells cells = { .value.text = "" };

		if (!summary_line_is_shown(line, page->result, page->style->verbose))
			continue;
		line->fill(page->result, &cells);
		print_cells(page, line->label, &cells);
	}
}

/* The verdict */

static bool is_failure(const struct outcome *outcome)
{
	return outcome->kind == OUTCOME_ERROR || outcome->kind == OUTCOME_NOT_STARTED;
}

static bool is_success(const struct outcome *outcome)
{
	return outcome->kind == OUTCOME_EXITED && outcome->exit_code == 0;
}

/* The command on one line, cut so that so many other columns fit beside it. */
static char *fit_command(const struct page *page, size_t others)
{
	cleanup_free char *command = text_quote_command(page->result->command);
	size_t room = SHORTEST_COMMAND_COLUMNS;

	if (!command || page->style->columns <= 0)
		return take_pointer(&command);
	if ((size_t)page->style->columns > others + room)
		room = (size_t)page->style->columns - others;
	return text_shorten(command, room);
}

static int print_headline(const struct page *page)
{
	const struct outcome *outcome = &page->result->outcome;
	const char *separator = is_failure(outcome) ? ": " : " ";
	const struct number *wall = &page->result->time.wall;
	cleanup_free char *verdict = verdict_describe(outcome);
	cleanup_free char *command = NULL;
	const char *noise = noise_word(page->noise);
	char time[80] = "";
	size_t columns;

	if (!verdict)
		return -ENOMEM;
	if (wall->is_known)
		snprintf(time, sizeof(time), " · %s", text_format_time(wall->value).text);
	columns = strlen("tare: ") + strlen(separator) + text_count_columns(verdict) +
		  text_count_columns(time) + (noise ? strlen(" - ") + strlen(noise) : 0);
	command = fit_command(page, columns);
	if (!command)
		return -ENOMEM;
	fprintf(page->out, "tare: %s%s", command, *command ? separator : "");
	print_coloured(page, is_success(outcome) ? GREEN : RED, verdict);
	fputs(time, page->out);
	if (noise)
		fputs(" · ", page->out);
	if (noise)
		print_coloured(page, page->noise->reason_count ? YELLOW : GREEN, noise);
	fputc('\n', page->out);
	return 0;
}

static void print_hint(const struct page *page)
{
	const struct outcome *outcome = &page->result->outcome;
	cleanup_free char *hint = text_escape(outcome->error.hint);

	if (is_failure(outcome) && hint && *hint)
		print_note(page, "hint", "%s", hint);
}

/* What happened besides */

static void print_noise(const struct page *page)
{
	size_t columns = page->style->columns > 0 ? (size_t)page->style->columns : SIZE_MAX;

	for (size_t i = 0; i < page->noise->reason_count; i++) {
		cleanup_free char *reason = text_shorten(page->noise->reasons[i].text,
			columns > 2 * SHORTEST_COMMAND_COLUMNS ? columns - 2 - LABEL_COLUMNS
							       : SIZE_MAX);

		print_note(page, "noise", "%s", reason ? reason : "disturbed");
	}
}

static void print_oom_kills(const struct page *page)
{
	const struct number *kills = &page->result->outcome.oom_kills;

	if (kills->is_known && kills->value)
		print_note(page, "oom", "%s killed by the kernel for lack of memory",
			text_format_counted(kills->value, "process", "processes").text);
}

static void print_leftovers(const struct page *page)
{
	uint64_t count = page->result->outcome.leftover_processes;

	if (count == 1)
		print_note(page, "left", "1 process was still running and was killed");
	else if (count)
		print_note(page, "left", "%s processes were still running and were killed",
			text_format_count(count).text);
}

static void print_moved_in(const struct page *page)
{
	const struct number *moved = &page->result->processes.moved_in;

	if (moved->is_known && moved->value)
		print_note(page, "moved in", "%s from outside (tare exec), counted as the run's",
			text_format_counted(moved->value, "process", "processes").text);
}

static void print_doubts(const struct page *page)
{
	struct doubt doubts[DOUBT_LIMIT];
	size_t count = doubt_list(&page->result->collector.loss, doubts);

	for (size_t i = 0; i < count; i++)
		print_warning(page, doubts[i].text);
}

static void print_distrust(const struct page *page)
{
	if (page->result->outcome.kind == OUTCOME_ERROR)
		print_warning(page, "tare failed: the numbers above cannot be trusted");
}

static void print_missing_collector(const struct page *page)
{
	if (!page->result->collector.mode)
		print_warning(page, "no collector ran: what shows – was not measured");
}

/* The numbers are the same; what was set up to be shared is not. */
static void print_unshared_collector(const struct page *page)
{
	const struct failure *why = &page->result->collector.not_shared;
	char text[sizeof(*why) + 256];
	struct failure first = *why;
	cleanup_free char *safe = NULL;

	first.hint[0] = '\0';
	if (!why->what[0])
		return;
	safe = text_escape(failure_describe(&first, text, sizeof(text)));
	print_note(page, "private", "%s", safe ? safe : "");
}

static const char *treatment_of(const struct mount_note *note)
{
	if (note->is_unmapped)
		return note->is_read_only ? "read-only, with the rights of others"
					  : "with the rights of others";
	return note->is_read_only ? "read-only" : NULL;
}

static void print_mount(const struct page *page, const char *path, const char *treatment)
{
	cleanup_free char *escaped = text_escape(path);
	cleanup_free char *shown = escaped ? text_shorten(escaped, MOUNT_COLUMNS) : NULL;

	print_note(page, "mounts", "%s: %s", shown ? shown : "one", treatment);
}

/* The command may fail for it, so it is told unasked. */
static void print_mounts(const struct page *page)
{
	const struct mount_notes *mounts = &page->result->container.mounts;
	size_t told = 0, others = 0;

	for (size_t i = 0; i < mounts->count; i++) {
		const char *treatment = treatment_of(&mounts->notes[i]);

		if (!treatment)
			continue;
		if (told < MOUNTS_TOLD)
			print_mount(page, mounts->notes[i].path, treatment);
		else
			others++;
		told++;
	}
	if (others)
		print_note(page, "mounts", "%s more in the document of --json",
			text_format_count(others).text);
}

/* Which call it was, only the kernel's audit knows. */
static void print_killing_profile(const struct page *page)
{
	const struct outcome *outcome = &page->result->outcome;

	if (page->result->container.profile_path && outcome->kind == OUTCOME_SIGNALED &&
		outcome->signal == SIGSYS)
		print_note(page, "seccomp", "the profile kills so; the audit log names the call");
}

/* A thread that leaves them is not stopped, so that is told unasked. */
static void print_loose_cores(const struct page *page)
{
	const struct core_use *use = &page->result->container.cores;

	if (use->processors_held_by && !strcmp(use->processors_held_by, "affinity"))
		print_note(page, "cores",
			"no cpuset cgroup could be had: the command may leave its cores");
	if (use->nodes_held_by && !strcmp(use->nodes_held_by, "memory policy"))
		print_note(page, "nodes",
			"no cpuset cgroup could be had: the command may leave its memory nodes");
}

/* For people who ask */

static void print_cores(const struct page *page)
{
	const struct core_use *use = &page->result->container.cores;
	cleanup_free char *own = number_set_format(&use->processors);

	if (!use->has_processors)
		return;
	print_label(page, "cores");
	fprintf(page->out, "%s", own ? own : "");
	if (use->sockets > 1)
		fprintf(page->out, " in %zu sockets", use->sockets);
	for (size_t i = 0; i < use->shared_count; i++) {
		cleanup_free char *others = number_set_format(&use->shared[i].processors);

		fprintf(page->out, "%s %s with %s", i ? "," : "; shared:", use->shared[i].part,
			others ? others : "");
	}
	fputc('\n', page->out);
}

static void print_sandbox(const struct page *page)
{
	const struct result *result = page->result;
	const char *layout = result->container.cgroup_layout;

	if (!result->container.is_used)
		print_note(page, "sandbox", "none, as --no-container asks");
	else
		print_note(page, "sandbox", "a container, %s, %s not shown inside",
			layout ? layout : "no cgroup",
			text_format_counted(result_count_mounts(&result->container.mounts).masked,
				"mount", "mounts")
				.text);
}

static void print_filter(const struct page *page)
{
	const char *filter = page->result->container.filter;
	const char *path = page->result->container.profile_path;
	cleanup_free char *quoted = path ? text_quote(path) : NULL;

	if (quoted)
		print_note(page, "seccomp", "tare's own filter, and the profile %s", quoted);
	else if (filter && !strcmp(filter, "none"))
		print_note(page, "seccomp", "no filter, as --seccomp none asks");
}

static bool is_unknown_because(const struct number *number, const char *reason)
{
	return !number->is_known && number->reason && strcmp(number->reason, reason) == 0;
}

static bool is_first_with_reason(const struct result *result, const struct result_field *last)
{
	const char *reason = result_number(result, last)->reason;

	for (const struct result_field *field = result_fields; field != last; field++) {
		if (is_unknown_because(result_number(result, field), reason))
			return false;
	}
	return true;
}

static void print_reason(const struct page *page, const char *reason)
{
	const char *separator = "";

	print_label(page, "unknown");
	for (const struct result_field *field = result_fields; field->section; field++) {
		if (!is_unknown_because(result_number(page->result, field), reason))
			continue;
		fprintf(page->out, "%s%s.%s", separator, field->section, field->key);
		separator = ", ";
	}
	fprintf(page->out, ": %s\n", reason);
}

/* One line for each reason, since one cause leaves many numbers unknown. */
static void print_reasons(const struct page *page)
{
	for (const struct result_field *field = result_fields; field->section; field++) {
		const struct number *number = result_number(page->result, field);

		if (!number->is_known && number->reason &&
			is_first_with_reason(page->result, field))
			print_reason(page, number->reason);
	}
}

static bool has_run(const struct page *page)
{
	return !is_failure(&page->result->outcome) || page->result->time.wall.is_known;
}

static bool has_run_and_is_verbose(const struct page *page)
{
	return has_run(page) && page->style->verbose;
}

static bool always(const struct page *page)
{
	(void)page; /* the table's type asks for it */
	return true;
}

/* The page */

static const struct {
	bool (*is_shown)(const struct page *page);
	void (*print)(const struct page *page);
} parts[] = {
	{ always, print_hint },
	{ has_run, print_lines },
	{ has_run, print_noise },
	{ always, print_oom_kills },
	{ always, print_moved_in },
	{ always, print_leftovers },
	{ always, print_doubts },
	{ has_run, print_missing_collector },
	{ has_run, print_unshared_collector },
	{ has_run, print_distrust },
	{ has_run, print_mounts },
	{ has_run, print_killing_profile },
	{ has_run, print_loose_cores },
	{ has_run_and_is_verbose, print_sandbox },
	{ has_run_and_is_verbose, print_cores },
	{ has_run_and_is_verbose, print_filter },
	{ has_run_and_is_verbose, print_reasons },
};

static int print_page(const struct page *page)
{
	int error = print_headline(page);

	if (error)
		return error;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (page->style->is_brief && parts[i].print != print_hint)
			continue;
		if (parts[i].is_shown(page))
			parts[i].print(page);
	}
	return ferror(page->out) ? -ENOMEM : 0;
}

int summary_render(const struct result *result, const struct summary_style *style, char **text,
	struct failure *why)
{
	cleanup_free char *rendered = NULL;
	size_t size = 0;
	struct noise_verdict noise;
	struct page page = { open_memstream(&rendered, &size), result, style, &noise };
	int error;

	if (!page.out)
		return failure_set(why, errno, "render the summary");
	noise_judge(result, &noise);
	error = print_page(&page);
	if (fclose(page.out) || error)
		return failure_set(why, ENOMEM, "render the summary");
	*text = take_pointer(&rendered);
	return 0;
}
