// SPDX-License-Identifier: Apache-2.0
// `tare ps`: the runs that live, as a table or as JSON.
#include "ps.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "options_living.h"
#include "print_failure.h"
#include "sandbox/living.h"

/* As many digits of an id as tell runs of one machine apart: there are 2^48 of them. */
#define SHORT_ID_LENGTH 12

/* --- The table --- */

struct column {
	const char *title;
	bool is_number; /* stands at the right */
};

enum { RUN, PID, USER, ELAPSED, CPU, MEMORY, TASKS, COMMAND, COLUMNS };

static const struct column columns[COLUMNS] = {
	[RUN] = { "RUN", false },
	[PID] = { "PID", true },
	[USER] = { "USER", false },
	[ELAPSED] = { "ELAPSED", true },
	[CPU] = { "CPU", true },
	[MEMORY] = { "MEMORY", true },
	[TASKS] = { "TASKS", true },
	[COMMAND] = { "COMMAND", false },
};

struct row {
	char *cells[COLUMNS]; /* owned */
};

/* The name of "name:x:UID:" in /etc/passwd, or the number. No name service is asked. */
static char *name_user(uid_t uid)
{
	cleanup_free char *text = NULL;
	char *line, *rest, *name = NULL;

	if (!file_read(AT_FDCWD, "/etc/passwd", &text, NULL, NULL)) {
		for (rest = text; !name && (line = strsep(&rest, "\n"));) {
			const char *known = strsep(&line, ":");

			(void)strsep(&line, ":");
			if (line && *line >= '0' && *line <= '9' && strtoul(line, NULL, 10) == uid)
				name = text_escape(known);
		}
	}
	if (!name && asprintf(&name, "%u", uid) < 0)
		return NULL;
	return name;
}

static char *tell(const struct number *number, struct text_short (*format)(uint64_t))
{
	return strdup(number->is_known ? format(number->value).text : "-");
}

static bool fill_row(const struct living_run *run, struct row *row)
{
	const struct cgroup_use *use = &run->use;
	bool is_whole = true;

	row->cells[RUN] = strndup(run->cgroup->id, SHORT_ID_LENGTH);
	if (asprintf(&row->cells[PID], "%d", run->launcher) < 0)
		row->cells[PID] = NULL;
	row->cells[USER] = name_user(run->user);
	row->cells[ELAPSED] = strdup(text_format_time(run->elapsed_ns).text);
	row->cells[CPU] = tell(&use->cpu_ns, text_format_time);
	row->cells[MEMORY] = tell(&use->memory_bytes, text_format_size);
	row->cells[TASKS] = tell(&use->tasks, text_format_count);
	row->cells[COMMAND] = strdup(run->command);
	for (int i = 0; i < COLUMNS; i++)
		is_whole = is_whole && row->cells[i];
	return is_whole;
}

static size_t width_of(const struct row *rows, size_t count, int column)
{
	size_t width = strlen(columns[column].title);

	for (size_t i = 0; i < count; i++) {
		size_t columns_of_cell = text_count_columns(rows[i].cells[column]);

		width = columns_of_cell > width ? columns_of_cell : width;
	}
	return width;
}

static void print_cell(const char *text, int column, size_t width)
{
	int padding = (int)(width - text_count_columns(text));

	if (columns[column].is_number)
		printf("%*s%s  ", padding, "", text);
	else
		printf("%s%*s  ", text, padding, "");
}

/* What is left of the line; 0: it has no end. */
static size_t room_for_command(const size_t *widths)
{
	struct winsize size;
	size_t used = 0;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col)
		return 0;
	for (int i = 0; i < COMMAND; i++)
		used += widths[i] + 2;
	return used + 8 < size.ws_col ? size.ws_col - used : 8;
}

static void print_rows(const struct row *rows, size_t count)
{
	size_t widths[COLUMNS], room;

	for (int i = 0; i < COLUMNS; i++)
		widths[i] = width_of(rows, count, i);
	room = room_for_command(widths);
	for (int i = 0; i < COMMAND; i++)
		print_cell(columns[i].title, i, widths[i]);
	puts(columns[COMMAND].title);
	for (size_t row = 0; row < count; row++) {
		const char *command = rows[row].cells[COMMAND];
		cleanup_free char *shortened = room ? text_shorten(command, room) : NULL;

		for (int i = 0; i < COMMAND; i++)
			print_cell(rows[row].cells[i], i, widths[i]);
		puts(shortened ? shortened : command);
	}
}

static int print_table(const struct living_runs *list, struct failure *why)
{
	struct row *rows = calloc(list->count + 1, sizeof(*rows));
	bool is_whole = rows;

	for (size_t i = 0; is_whole && i < list->count; i++)
		is_whole = fill_row(&list->runs[i], &rows[i]);
	if (is_whole)
		print_rows(rows, list->count);
	for (size_t i = 0; rows && i < list->count; i++) {
		for (int column = 0; column < COLUMNS; column++)
			free(rows[i].cells[column]);
	}
	free(rows);
	return is_whole ? 0 : failure_set(why, ENOMEM, "list the runs");
}

/* --- JSON --- */

static json_t *number_or_null(const struct number *number)
{
	return number->is_known ? json_integer((json_int_t)number->value) : json_null();
}

static json_t *run_as_json(const struct living_run *run)
{
	cleanup_free char *command = text_repair_utf8(run->command);
	cleanup_free char *directory = text_repair_utf8(run->cgroup->path);

	return json_pack("{s:s, s:i, s:I, s:I, s:o, s:o, s:o, s:s, s:s}", "run_id", run->cgroup->id,
		"launcher_pid", run->launcher, "uid", (json_int_t)run->user, "elapsed_ns",
		(json_int_t)run->elapsed_ns, "cpu_ns", number_or_null(&run->use.cpu_ns),
		"memory_bytes", number_or_null(&run->use.memory_bytes), "tasks",
		number_or_null(&run->use.tasks), "launcher_command", command ? command : "",
		"cgroup", directory ? directory : "");
}

static int print_json(const struct living_runs *list, struct failure *why)
{
	json_t *runs = json_array();
	json_t *document = json_pack("{s:s, s:o}", "schema", "tare.ps/1", "runs", runs);
	int error = document ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < list->count; i++)
		error = json_array_append_new(runs, run_as_json(&list->runs[i]));
	if (!error)
		error = json_dumpf(document, stdout, JSON_INDENT(2));
	json_decref(document);
	putchar('\n');
	return error ? failure_set(why, ENOMEM, "list the runs") : 0;
}

/* --- The whole --- */

static void print_ids(const struct living_runs *list)
{
	for (size_t i = 0; i < list->count; i++)
		puts(list->runs[i].cgroup->id);
}

int ps_command(int argc, char **argv)
{
	struct living_options options;
	struct living_runs list = { 0 };
	struct failure why;
	int error = living_parse(LIVING_PS, argc, argv, &options, &why);

	if (!error && options.wants_help) {
		living_print_help(LIVING_PS);
		return 0;
	}
	if (!error)
		error = living_list(&list, &why);
	if (!error && options.quiet)
		print_ids(&list);
	else if (!error)
		error = options.json ? print_json(&list, &why) : print_table(&list, &why);
	living_done(&list);
	return error ? print_failure(&why) : 0;
}
