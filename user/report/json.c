// SPDX-License-Identifier: Apache-2.0
// The result document `tare.result/1`: one JSON object per run, walked from the table of numbers.
#include "json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "json_document.h"
#include "json_sections.h"
#include "noise.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const char not_started[] = "the command was not started";
static const char no_collector[] = "no collector ran";
static const char no_timeline[] = "no time line was kept: --timeline asks for one";

static json_t *time_string(const struct timespec *time)
{
	char date[32], text[64];
	struct tm utc;

	if (!gmtime_r(&time->tv_sec, &utc))
		return json_null();
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, sizeof(text), "%s.%09ldZ", date, time->tv_nsec);
	return json_string(text);
}

static json_t *error_or_null(const struct outcome *outcome)
{
	if (outcome->kind != OUTCOME_ERROR && outcome->kind != OUTCOME_NOT_STARTED)
		return json_null();
	return document_error(&outcome->error);
}

/* --- Sections, in the document's order; json_container.c and json_files.c have the rest --- */

static void put_command(struct document *document, char *const *arguments)
{
	json_t *command = json_array(), *exact = json_array();
	bool is_exact = true;

	for (size_t i = 0; arguments && arguments[i]; i++) {
		is_exact = is_exact && text_is_utf8(arguments[i]);
		document_append(document, command, document_text(arguments[i]));
		document_append(document, exact, document_base64(arguments[i]));
	}
	document_put(document, document->root, "command", command);
	if (!is_exact)
		document_put(document, document->root, "command_base64", json_incref(exact));
	json_decref(exact);
}

static void put_start_time(struct document *document, const struct timespec *started_at)
{
	bool is_known = started_at->tv_sec != 0;

	document_put(document, document->root, "started_at",
		is_known ? time_string(started_at) : json_null());
	if (!is_known)
		document_put(
			document, document->unavailable, "started_at", json_string(not_started));
}

static void put_identity(struct document *document, const struct result *result)
{
	document_put(document, document->root, "schema", json_string("tare.result/1"));
	document_put(document, document->root, "tare_version", document_string(result->version));
	put_start_time(document, &result->started_at);
	put_command(document, result->command);
	document_put(document, document->root, "run_id",
		document_string(result->run_id[0] ? result->run_id : NULL));
}

static json_t *integer_when(bool applies, int value)
{
	return applies ? json_integer(value) : json_null();
}

static void put_verdict(struct document *document, const struct outcome *outcome)
{
	static const char *const kinds[] = {
		[OUTCOME_ERROR] = "error",
		[OUTCOME_NOT_STARTED] = "not_started",
		[OUTCOME_EXITED] = "exited",
		[OUTCOME_SIGNALED] = "signaled",
		[OUTCOME_LIMIT] = "limit",
	};
	bool is_ended = outcome->kind != OUTCOME_ERROR && outcome->kind != OUTCOME_NOT_STARTED;
	json_t *section = document_section(document, "outcome");

	document_put(document, section, "kind", json_string(kinds[outcome->kind]));
	document_put(document, section, "exit_code",
		integer_when(is_ended && !outcome->signal, outcome->exit_code));
	document_put(document, section, "signal",
		integer_when(is_ended && outcome->signal, outcome->signal));
	document_put(document, section, "termination_reason",
		document_string(outcome->termination_reason));
}

static void put_circumstances(struct document *document, const struct outcome *outcome)
{
	json_t *section = document_section(document, "outcome");

	document_put(document, section, "leftover_processes",
		document_integer(outcome->leftover_processes));
	document_put(document, section, "core_dumped", json_boolean(outcome->core_dumped));
	document_put(document, section, "error", error_or_null(outcome));
}

static void put_numbers(struct document *document, const struct result *result)
{
	for (const struct result_field *field = result_fields; field->section; field++)
		document_put_number(
			document, field->section, field->key, result_number(result, field));
}

static void put_cpu_by_processor(struct document *document, const struct result *result)
{
	json_t *processors;

	if (!result->time.cpu_by_processor) {
		document_put_null(document, "time", "cpu_by_processor_ns", result->time.cpu.reason);
		return;
	}
	processors = json_array();
	for (size_t i = 0; i < result->time.processors; i++)
		document_append(
			document, processors, document_integer(result->time.cpu_by_processor[i]));
	document_put_known(
		document, "time", "cpu_by_processor_ns", processors, result->time.cpu.source);
}

static json_t *process_object(struct document *document, const struct memory_process *process)
{
	json_t *object = json_object();

	document_put(document, object, "pid", document_integer(process->pid));
	if (process->name[0])
		document_put_text(document, object, "name", process->name);
	else
		document_put(document, object, "name", json_null());
	document_put(document, object, "rss_bytes", document_integer(process->rss_bytes));
	return object;
}

static void put_largest_processes(struct document *document, const struct memory_result *memory)
{
	json_t *list;

	if (!memory->rss_peak.is_known) {
		document_put_null(document, "memory", "largest_at_peak", memory->rss_peak.reason);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < memory->largest_count; i++)
		document_append(document, list, process_object(document, &memory->largest[i]));
	document_put_known(document, "memory", "largest_at_peak", list, memory->rss_peak.source);
}

static const struct {
	const char *key;
	size_t offset; /* in a point */
} timeline_columns[] = {
	{ "time_ns", offsetof(struct timeline_point_result, time_ns) },
	{ "rss_bytes", offsetof(struct timeline_point_result, rss_bytes) },
	{ "rss_peak_bytes", offsetof(struct timeline_point_result, rss_peak_bytes) },
	{ "anon_bytes", offsetof(struct timeline_point_result, anon_bytes) },
	{ "cpu_ns", offsetof(struct timeline_point_result, cpu_ns) },
	{ "tasks", offsetof(struct timeline_point_result, tasks) },
};

static json_t *timeline_column(
	struct document *document, const struct timeline_result *timeline, size_t offset)
{
	json_t *column = json_array();

	for (size_t i = 0; i < timeline->count; i++)
		document_append(document, column,
			document_integer(
				*(const uint64_t *)((const char *)&timeline->points[i] + offset)));
	return column;
}

/* One array for each quantity, as plotting programs take them. */
static void put_timeline(struct document *document, const struct timeline_result *timeline)
{
	json_t *section;

	if (!timeline->interval_ns) {
		document_put(document, document->root, "timeline", json_null());
		document_put(document, document->unavailable, "timeline", json_string(no_timeline));
		return;
	}
	section = document_section(document, "timeline");
	document_put(document, section, "interval_ns", document_integer(timeline->interval_ns));
	for (size_t i = 0; i < ARRAY_SIZE(timeline_columns); i++)
		document_put(document, section, timeline_columns[i].key,
			timeline_column(document, timeline, timeline_columns[i].offset));
	document_put(document, document->sources, "timeline",
		json_string("bpf:sched_switch, rss_stat and clock events"));
}

/* Without the zeros at its end. */
static json_t *histogram_array(struct document *document, const struct syscall_count *call)
{
	json_t *array = json_array();
	size_t count = RESULT_TIME_BUCKETS;

	while (count && !call->histogram[count - 1])
		count--;
	for (size_t i = 0; i < count; i++)
		document_append(document, array, document_integer(call->histogram[i]));
	return array;
}

static void put_times(struct document *document, json_t *object, const struct syscall_count *call)
{
	document_put(document, object, "wall_ns", document_integer(call->wall_ns));
	document_put(document, object, "cpu_ns", document_integer(call->cpu_ns));
	document_put(document, object, "max_ns", document_integer(call->max_ns));
	document_put(document, object, "histogram", histogram_array(document, call));
}

static json_t *syscall_object(const struct syscall_count *call, bool is_denied_known)
{
	return json_pack("{s:o, s:o, s:o}", "count", document_integer(call->count), "errors",
		document_integer(call->errors), "denied",
		is_denied_known ? document_integer(call->denied) : json_null());
}

static void put_syscalls_by_name(struct document *document, const struct syscall_result *syscalls)
{
	json_t *names;

	if (!syscalls->total.is_known) {
		document_put_null(document, "syscalls", "by_name", syscalls->total.reason);
		return;
	}
	names = json_object();
	for (size_t i = 0; i < syscalls->by_name_count; i++) {
		const struct syscall_count *call = &syscalls->by_name[i];
		json_t *object = syscall_object(call, syscalls->denied.is_known);

		if (syscalls->is_timed)
			put_times(document, object, call);
		document_put(document, names, call->name, object);
	}
	document_put_known(document, "syscalls", "by_name", names, syscalls->total.source);
}

static void put_uring_by_op(struct document *document, const struct uring_result *io_uring)
{
	static const char section[] = "syscalls.io_uring";
	json_t *ops;

	if (!io_uring->total.is_known) {
		document_put_null(document, section, "by_op", io_uring->total.reason);
		return;
	}
	ops = json_object();
	for (size_t i = 0; i < io_uring->by_op_count; i++)
		document_put(document, ops, io_uring->by_op[i].op,
			document_integer(io_uring->by_op[i].count));
	document_put_known(document, section, "by_op", ops, io_uring->total.source);
}

static json_t *culprits_array(struct document *document, const struct noise *noise)
{
	json_t *array = json_array();

	for (size_t i = 0; i < noise->culprit_count; i++)
		document_append(document, array,
			json_pack("{s:o, s:o}", "name", document_text(noise->culprits[i].name),
				"ns", document_integer(noise->culprits[i].ns)));
	return array;
}

static json_t *reasons_array(struct document *document, const struct noise_verdict *verdict)
{
	json_t *array = json_array();

	for (size_t i = 0; i < verdict->reason_count; i++)
		document_append(document, array, document_text(verdict->reasons[i].text));
	return array;
}

static void put_noise(struct document *document, const struct result *result)
{
	const struct number *preempted = &result->noise.preempted;
	struct noise_verdict verdict;
	json_t *section = document_section(document, "noise");

	noise_judge(result, &verdict);
	if (!verdict.is_known) {
		document_put_null(document, "noise", "preempted_by", preempted->reason);
		document_put_null(document, "noise", "verdict", preempted->reason);
		document_put_null(document, "noise", "reasons", preempted->reason);
		return;
	}
	document_put_known(document, "noise", "preempted_by",
		culprits_array(document, &result->noise), preempted->source);
	document_put(document, section, "verdict", json_string(noise_word(&verdict)));
	document_put(document, section, "reasons", reasons_array(document, &verdict));
}

static json_t *lost_events_object(const struct loss *loss)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "task_storage",
		document_integer(loss->task_storage), "map_update",
		document_integer(loss->map_update), "ring_buffer",
		document_integer(loss->ring_buffer), "fallback_deaths",
		document_integer(loss->fallback_deaths));
}

static json_t *not_shared_or_null(const struct failure *why)
{
	return why->what[0] ? document_error(why) : json_null();
}

/* Without a collector nothing counted what it would have lost: null, not 0. */
static void put_collector(struct document *document, const struct result *result)
{
	const char *mode = result->collector.mode;
	const struct loss *loss = &result->collector.loss;
	const struct {
		const char *key;
		json_t *value;
	} entries[] = {
		{ "mode", document_string(mode) },
		{ "not_shared", not_shared_or_null(&result->collector.not_shared) },
		{ "lost_events", lost_events_object(loss) },
		{ "recursion_misses", document_integer(loss->recursion_misses) },
		{ "exec_baseline_uncertain", json_boolean(loss->exec_baseline_uncertain) },
		{ "drain_timed_out", json_boolean(loss->drain_timed_out) },
		{ "cpu_time_differs", json_boolean(loss->cpu_time_differs) },
		{ "cpu_difference_ns", json_integer(loss->cpu_difference_ns) },
		{ "start_ns", document_integer(result->collector.start_ns) },
		{ "stop_ns", document_integer(result->collector.stop_ns) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		if (mode) {
			document_put(document, document_section(document, "collector"),
				entries[i].key, entries[i].value);
			continue;
		}
		json_decref(entries[i].value);
		document_put_null(document, "collector", entries[i].key, no_collector);
	}
}

static void put_output(struct document *document, const struct output_result *output)
{
	static const char reason[] = "output is counted only where it has a limit";

	if (!output->is_relayed) {
		document_put_null(document, "output", "written_bytes", reason);
		document_put_null(document, "output", "is_cut", reason);
		return;
	}
	document_put_known(document, "output", "written_bytes", json_integer(output->written_bytes),
		"tare:relay");
	document_put(document, document_section(document, "output"), "is_cut",
		json_boolean(output->is_cut));
}

static void put_notes(struct document *document)
{
	document_put(document, document->root, "sources", json_incref(document->sources));
	document_put(document, document->root, "unavailable", json_incref(document->unavailable));
}

static void fill(struct document *document, const struct result *result)
{
	put_identity(document, result);
	put_verdict(document, &result->outcome);
	put_numbers(document, result);
	put_circumstances(document, &result->outcome);
	put_cpu_by_processor(document, result);
	put_largest_processes(document, &result->memory);
	put_timeline(document, &result->timeline);
	put_uring_by_op(document, &result->syscalls.io_uring);
	put_syscalls_by_name(document, &result->syscalls);
	put_noise(document, result);
	put_collector(document, result);
	json_put_container(document, result);
	json_put_limits(document, result);
	put_output(document, &result->output);
	json_put_files(document, &result->files);
	put_notes(document);
}

static int print(const struct document *document, char **text, size_t *size)
{
	cleanup_free char *object = NULL;
	int length;

	if (document->is_broken)
		return -ENOMEM;
	object = json_dumps(document->root, JSON_INDENT(2));
	if (!object)
		return -ENOMEM;
	length = asprintf(text, "%s\n", object);
	if (length < 0)
		return -ENOMEM;
	*size = (size_t)length;
	return 0;
}

int json_render(const struct result *result, char **text, size_t *size, struct failure *why)
{
	struct document document = {
		.root = json_object(),
		.sources = json_object(),
		.unavailable = json_object(),
	};
	int error;

	fill(&document, result);
	error = print(&document, text, size);
	json_decref(document.root);
	json_decref(document.sources);
	json_decref(document.unavailable);
	return error ? failure_set(why, -error, "render the result document") : 0;
}
