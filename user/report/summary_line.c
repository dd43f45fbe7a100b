// SPDX-License-Identifier: Apache-2.0
// The lines of numbers in the summary, as a table: what each tells, and when it is worth a line.
#include "summary_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define TOP_SYSCALLS 3
#define DENIED_SYSCALLS 6

/* Numbers that may not be known */

static struct text_short format_number(
	const struct number *number, struct text_short (*format)(uint64_t))
{
	return number->is_known ? format(number->value) : (struct text_short){ "–" };
}

static struct text_short as_time(const struct number *number)
{
	return format_number(number, text_format_time);
}

static struct text_short as_size(const struct number *number)
{
	return format_number(number, text_format_size);
}

static struct text_short as_count(const struct number *number)
{
	return format_number(number, text_format_count);
}

static struct text_short as_counted(const struct number *number, const char *one, const char *many)
{
	struct text_short text;

	if (number->is_known)
		return text_format_counted(number->value, one, many);
	snprintf(text.text, sizeof(text.text), "– %s", many);
	return text;
}

static bool is_more_than_zero(const struct number *number)
{
	return number->is_known && number->value;
}

static struct number sum(const struct number *left, const struct number *right)
{
	if (!left->is_known || !right->is_known)
		return number_unknown(NULL);
	return number_known(left->value + right->value, NULL);
}

/* The lines, from the top */

__attribute__((format(printf, 2, 3))) static void add(
	struct summary_cell *cell, const char *format, ...)
{
	size_t length = strlen(cell->text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(cell->text + length, sizeof(cell->text) - length, format, arguments);
	va_end(arguments);
}

static struct text_short as_share(const struct number *part, const struct number *whole)
{
	return text_format_share(part->value, whole->value);
}

static void fill_wall(const struct result *result, struct summary_cells *cells)
{
	const struct number *wall = &result->time.wall;

	add(&cells->value, "%s", as_time(wall).text);
	if (!wall->is_known || !result->time.on_cpu.is_known)
		return;
	add(&cells->detail, "on CPU %s  run queue %s", as_share(&result->time.on_cpu, wall).text,
		as_share(&result->time.runqueue, wall).text);
	add(&cells->more, "blocked %s", as_share(&result->time.blocked, wall).text);
}

/* Less than a tenth of the wall time explains nothing. */
#define BLOCKED_MATTERS_FROM 10

static bool has_blocked(const struct result *result)
{
	const struct number *blocked = &result->time.blocked;

	return blocked->is_known && blocked->value &&
	       blocked->value >= result->time.wall.value / BLOCKED_MATTERS_FROM;
}

/* The causes that make up a tenth of it or more, as shares of it: they fit one line. */
static void fill_blocked(const struct result *result, struct summary_cells *cells)
{
	const struct wait_result *waits = &result->blocked;
	const struct {
		const char *name;
		const struct number *time;
	} causes[] = {
		{ "block I/O", &waits->block_io },
		{ "lock", &waits->lock },
		{ "pipe or socket", &waits->pipe_socket },
		{ "sleep", &waits->timer },
		{ "child", &waits->child },
		{ "page fault", &waits->page_fault_io },
		{ "stopped", &waits->stopped },
		{ "other", &waits->other },
		{ "main thread ended", &waits->ended },
	};
	const struct number *blocked = &result->time.blocked;

	add(&cells->value, "%s", as_time(blocked).text);
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].time->value >= blocked->value / BLOCKED_MATTERS_FROM)
			add(&cells->detail, "%s%s %s", cells->detail.text[0] ? "  " : "",
				causes[i].name,
				text_format_percent(causes[i].time->value, blocked->value).text);
	}
}

static void fill_tree(const struct result *result, struct summary_cells *cells)
{
	const struct number *wall = &result->time.wall, *cpu = &result->time.cpu;

	if (wall->is_known && cpu->is_known)
		add(&cells->value, "%s", text_format_ratio(cpu->value, wall->value).text);
	else
		add(&cells->value, "–");
	add(&cells->detail, "processors busy");
	add(&cells->more, "run queue %s  blocked %s", as_time(&result->time.tree_runqueue).text,
		as_time(&result->time.tree_blocked).text);
}

static bool has_throttled(const struct result *result)
{
	return is_more_than_zero(&result->time.throttled);
}

static void fill_throttled(const struct result *result, struct summary_cells *cells)
{
	add(&cells->value, "%s", as_time(&result->time.throttled).text);
	add(&cells->detail, "kept from the processors by the run's own limit");
}

static void fill_cpu(const struct result *result, struct summary_cells *cells)
{
	add(&cells->value, "%s", as_time(&result->time.cpu).text);
	add(&cells->detail, "user %s  system %s", as_time(&result->time.user).text,
		as_time(&result->time.system).text);
	add(&cells->more, "%s, peak %s",
		as_counted(&result->processes.processes, "process", "processes").text,
		as_counted(&result->processes.peak_tasks, "task", "tasks").text);
}

static void fill_memory(const struct result *result, struct summary_cells *cells)
{
	add(&cells->value, "%s", as_size(&result->memory.peak).text);
	add(&cells->detail, "rss %s in the tree", as_size(&result->memory.rss_peak).text);
	add(&cells->more, "anon %s  file %s", as_size(&result->memory.anon_at_peak).text,
		as_size(&result->memory.file_at_peak).text);
	if (is_more_than_zero(&result->memory.shmem_at_peak))
		add(&cells->more, "  shmem %s", as_size(&result->memory.shmem_at_peak).text);
	if (is_more_than_zero(&result->memory.swap_peak))
		add(&cells->more, "  swap %s", as_size(&result->memory.swap_peak).text);
}

static void fill_largest(const struct result *result, struct summary_cells *cells)
{
	add(&cells->value, "%s", as_size(&result->memory.rss_peak_process).text);
	add(&cells->detail, "in one process");
	for (size_t i = 0; i < result->memory.largest_count; i++) {
		const struct memory_process *process = &result->memory.largest[i];
		cleanup_free char *name = text_escape(process->name[0] ? process->name : "–");

		add(&cells->more, "%s%s %s", i ? "  " : "", name ? name : "–",
			text_format_size(process->rss_bytes).text);
	}
}

static void fill_syscalls(const struct result *result, struct summary_cells *cells)
{
	const struct syscall_result *syscalls = &result->syscalls;

	add(&cells->value, "%s", as_count(&syscalls->total).text);
	add(&cells->detail, "%s", as_counted(&syscalls->errors, "error", "errors").text);
	for (size_t i = 0; i < syscalls->by_name_count && i < TOP_SYSCALLS; i++)
		add(&cells->more, "%s%s %s", i ? "  " : "", syscalls->by_name[i].name,
			text_format_percent(syscalls->by_name[i].count, syscalls->total.value)
				.text);
}

static bool are_calls_timed(const struct result *result)
{
	return result->syscalls.is_timed;
}

/* The longest that is shorter than the one told before; so few are told that each is looked for. */
static const struct syscall_count *next_by_wall(
	const struct syscall_result *syscalls, const struct syscall_count *before)
{
	const struct syscall_count *found = NULL;

	for (size_t i = 0; i < syscalls->by_name_count; i++) {
		const struct syscall_count *call = &syscalls->by_name[i];

		if (before && (call == before || call->wall_ns >= before->wall_ns))
			continue;
		if (!found || call->wall_ns > found->wall_ns)
			found = call;
	}
	return found;
}

static void fill_calls(const struct result *result, struct summary_cells *cells)
{
	const struct syscall_result *syscalls = &result->syscalls;
	const struct syscall_count *call = NULL;

	add(&cells->value, "%s", as_time(&syscalls->wall).text);
	add(&cells->detail, "cpu %s", as_time(&syscalls->cpu).text);
	for (int i = 0; i < TOP_SYSCALLS; i++) {
		call = next_by_wall(syscalls, call);
		if (!call || !call->wall_ns)
			return;
		add(&cells->more, "%s%s %s", i ? "  " : "", call->name,
			text_format_time(call->wall_ns).text);
	}
}

static bool has_denied(const struct result *result)
{
	return is_more_than_zero(&result->syscalls.denied);
}

static void fill_denied(const struct result *result, struct summary_cells *cells)
{
	const struct syscall_result *syscalls = &result->syscalls;
	size_t shown = 0;

	add(&cells->value, "%s", as_count(&syscalls->denied).text);
	for (size_t i = 0; i < syscalls->by_name_count && shown <= DENIED_SYSCALLS; i++) {
		const struct syscall_count *call = &syscalls->by_name[i];

		if (!call->denied)
			continue;
		if (shown++ < DENIED_SYSCALLS)
			add(&cells->detail, "%s%s %s", shown > 1 ? ", " : "", call->name,
				text_format_count(call->denied).text);
		else
			add(&cells->detail, ", …");
	}
}

/* A ring is told even if nothing was asked of it: it hides from most tools what goes through it. */
static bool has_io_uring(const struct result *result)
{
	return is_more_than_zero(&result->syscalls.io_uring.rings) ||
	       is_more_than_zero(&result->syscalls.io_uring.total);
}

static void fill_io_uring(const struct result *result, struct summary_cells *cells)
{
	const struct uring_result *io_uring = &result->syscalls.io_uring;

	add(&cells->value, "%s", as_count(&io_uring->total).text);
	add(&cells->detail, "%s", as_counted(&io_uring->rings, "ring", "rings").text);
	for (size_t i = 0; i < io_uring->by_op_count && i < TOP_SYSCALLS; i++)
		add(&cells->more, "%s%s %s", i ? "  " : "", io_uring->by_op[i].op,
			text_format_percent(io_uring->by_op[i].count, io_uring->total.value).text);
}

/* What only moves between processes and the page cache is nothing to wait for. */
static bool has_io(const struct result *result)
{
	return is_more_than_zero(&result->io.storage_read) ||
	       is_more_than_zero(&result->io.storage_written);
}

static void fill_io(const struct result *result, struct summary_cells *cells)
{
	struct number both = sum(&result->io.storage_read, &result->io.storage_written);
	struct number calls = sum(&result->io.syscall_read, &result->io.syscall_written);

	add(&cells->value, "%s", as_size(&both).text);
	add(&cells->detail, "read %s  written %s", as_size(&result->io.storage_read).text,
		as_size(&result->io.storage_written).text);
	add(&cells->more, "%s by system calls", as_size(&calls).text);
}

static bool has_network(const struct result *result)
{
	return is_more_than_zero(&result->network.rx_bytes) ||
	       is_more_than_zero(&result->network.tx_bytes) ||
	       is_more_than_zero(&result->network.sockets) ||
	       is_more_than_zero(&result->network.connects);
}

static void fill_network(const struct result *result, struct summary_cells *cells)
{
	struct number both = sum(&result->network.rx_bytes, &result->network.tx_bytes);

	add(&cells->value, "%s", as_size(&both).text);
	add(&cells->detail, "rx %s  tx %s", as_size(&result->network.rx_bytes).text,
		as_size(&result->network.tx_bytes).text);
	add(&cells->more, "%s, %s", as_counted(&result->network.sockets, "socket", "sockets").text,
		as_counted(&result->network.connects, "connect", "connects").text);
}

static bool has_files(const struct result *result)
{
	return result->files.output_directory;
}

static void fill_files(const struct result *result, struct summary_cells *cells)
{
	const struct files_result *files = &result->files;
	cleanup_free char *directory = text_escape(files->output_directory);

	add(&cells->value, "%s", text_format_size(files->size_bytes).text);
	add(&cells->detail, "%s copied to %.200s",
		text_format_counted(files->copied_count, "file", "files").text,
		directory ? directory : "the output directory");
	if (files->uncopied_count)
		add(&cells->more, "%s not copied", text_format_count(files->uncopied_count).text);
	if (files->limit_reached)
		add(&cells->more, " (%s)", files->limit_reached);
}

static void fill_switches(const struct result *result, struct summary_cells *cells)
{
	const struct number *voluntary = &result->scheduler.voluntary_switches;
	const struct number *involuntary = &result->scheduler.involuntary_switches;
	struct number both = sum(voluntary, involuntary);

	add(&cells->value, "%s", as_count(&both).text);
	add(&cells->detail, "voluntary %s  involuntary %s", as_count(voluntary).text,
		as_count(involuntary).text);
	add(&cells->more, "%s",
		as_counted(&result->scheduler.migrations, "migration", "migrations").text);
}

static void fill_faults(const struct result *result, struct summary_cells *cells)
{
	struct number both = sum(&result->faults.minor, &result->faults.major);

	add(&cells->value, "%s", as_count(&both).text);
	add(&cells->detail, "minor %s  major %s", as_count(&result->faults.minor).text,
		as_count(&result->faults.major).text);
}

static void fill_probes(const struct result *result, struct summary_cells *cells)
{
	const struct number *overhead = &result->collector.overhead, *cpu = &result->time.cpu;

	add(&cells->value, "%s", as_time(overhead).text);
	if (overhead->is_known && cpu->is_known)
		add(&cells->detail, "estimated, %s of the CPU time",
			text_format_percent(overhead->value, cpu->value).text);
}

const struct summary_line summary_lines[] = {
	{ .label = "wall", .fill = fill_wall },
	{ .label = "blocked", .fill = fill_blocked, .has_news = has_blocked },
	{ .label = "cpu", .fill = fill_cpu },
	{ .label = "throttle", .fill = fill_throttled, .has_news = has_throttled },
	{ .label = "tree", .fill = fill_tree, .is_verbose = true },
	{ .label = "memory", .fill = fill_memory },
	{ .label = "syscalls", .fill = fill_syscalls },
	{ .label = "calls", .fill = fill_calls, .has_news = are_calls_timed },
	{ .label = "denied", .fill = fill_denied, .has_news = has_denied },
	{ .label = "io_uring", .fill = fill_io_uring, .has_news = has_io_uring },
	{ .label = "io", .fill = fill_io, .has_news = has_io },
	{ .label = "network", .fill = fill_network, .has_news = has_network },
	{ .label = "files", .fill = fill_files, .has_news = has_files },
	{ .label = "largest", .fill = fill_largest, .is_verbose = true },
	{ .label = "switches", .fill = fill_switches, .is_verbose = true },
	{ .label = "faults", .fill = fill_faults, .is_verbose = true },
	{ .label = "probes", .fill = fill_probes, .is_verbose = true },
	{ .label = NULL },
};

bool summary_line_is_shown(
	const struct summary_line *line, const struct result *result, bool verbose)
{
	return (!line->is_verbose || verbose) && (!line->has_news || line->has_news(result));
}
