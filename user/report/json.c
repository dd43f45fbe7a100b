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
#include "noise.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static const char not_measured[] = "not measured";
static const char not_started[] = "the command was not started";
static const char no_files[] = "no files were asked for";
static const char no_collector[] = "no collector ran";
static const char no_timeline[] = "no time line was kept: --timeline asks for one";
static const char too_large[] = "the counter holds more than 2^63, which cannot be";

/* Keys keep the order in which they were put, so the functions below follow the document. */
struct document {
	json_t *root;
	json_t *sources;
	json_t *unavailable;
	bool is_broken; /* out of memory somewhere; looked at once, at the end */
};

/* Takes the reference to value; NULL is a value that could not be made. */
static void put(struct document *document, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		document->is_broken = true;
}

static void append(struct document *document, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		document->is_broken = true;
}

/* The object of this name, made at its first key. */
static json_t *find_object(struct document *document, json_t *in, const char *name, size_t length)
{
	char key[64];

	snprintf(key, sizeof(key), "%.*s", (int)length, name);
	if (!json_object_get(in, key))
		put(document, in, key, json_object());
	return json_object_get(in, key);
}

/* The object of a section, "syscalls", or of a part of one, "syscalls.io_uring". */
static json_t *find_section(struct document *document, const char *path)
{
	json_t *object = document->root;
	size_t length;

	for (; *path; path += length + (path[length] == '.')) {
		length = strcspn(path, ".");
		object = find_object(document, object, path, length);
	}
	return object;
}

/* Values */

static json_t *integer_or_null(uint64_t value)
{
	return value <= INT64_MAX ? json_integer((json_int_t)value) : json_null();
}

static json_t *string_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* Paths and arguments may be any bytes. */
static json_t *repaired_string(const char *text)
{
	cleanup_free char *repaired = text_repair_utf8(text);

	return repaired ? json_string(repaired) : NULL;
}

static json_t *base64_string(const char *text)
{
	cleanup_free char *encoded = text_encode_base64(text, strlen(text));

	return encoded ? json_string(encoded) : NULL;
}

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

static json_t *error_object(const struct failure *error)
{
	return json_pack("{s:o, s:o, s:o}", "what", repaired_string(error->what), "errno",
		string_or_null(error->errnum ? failure_errno_name(error->errnum) : NULL), "hint",
		error->hint[0] ? repaired_string(error->hint) : json_null());
}

static json_t *error_or_null(const struct outcome *outcome)
{
	if (outcome->kind != OUTCOME_ERROR && outcome->kind != OUTCOME_NOT_STARTED)
		return json_null();
	return error_object(&outcome->error);
}

/* Where a number comes from, or why there is none */

static void put_note(json_t *notes, struct document *document, const char *section, const char *key,
	const char *note)
{
	char path[128];

	snprintf(path, sizeof(path), "%s.%s", section, key);
	put(document, notes, path, json_string(note));
}

static void put_null(
	struct document *document, const char *section, const char *key, const char *reason)
{
	put(document, find_section(document, section), key, json_null());
	put_note(document->unavailable, document, section, key, reason ? reason : not_measured);
}

static void put_known(struct document *document, const char *section, const char *key,
	json_t *value, const char *source)
{
	put(document, find_section(document, section), key, value);
	put_note(document->sources, document, section, key, source ? source : "unnamed");
}

static void put_number(struct document *document, const char *section, const char *key,
	const struct number *number)
{
	if (!number->is_known)
		put_null(document, section, key, number->reason);
	else if (number->value > INT64_MAX)
		put_null(document, section, key, too_large);
	else
		put_known(document, section, key, integer_or_null(number->value), number->source);
}

/* Sections, in document order */

static void put_command(struct document *document, char *const *arguments)
{
	json_t *command = json_array(), *exact = json_array();
	bool is_exact = true;

	for (size_t i = 0; arguments && arguments[i]; i++) {
		is_exact = is_exact && text_is_utf8(arguments[i]);
		append(document, command, repaired_string(arguments[i]));
		append(document, exact, base64_string(arguments[i]));
	}
	put(document, document->root, "command", command);
	if (!is_exact)
		put(document, document->root, "command_base64", json_incref(exact));
	json_decref(exact);
}

static void put_start_time(struct document *document, const struct timespec *started_at)
{
	bool is_known = started_at->tv_sec != 0;

	put(document, document->root, "started_at",
		is_known ? time_string(started_at) : json_null());
	if (!is_known)
		put(document, document->unavailable, "started_at", json_string(not_started));
}

static void put_identity(struct document *document, const struct result *result)
{
	put(document, document->root, "schema", json_string("tare.result/1"));
	put(document, document->root, "tare_version", string_or_null(result->version));
	put_start_time(document, &result->started_at);
	put_command(document, result->command);
	put(document, document->root, "run_id",
		string_or_null(result->run_id[0] ? result->run_id : NULL));
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
	json_t *section = find_section(document, "outcome");

	put(document, section, "kind", json_string(kinds[outcome->kind]));
	put(document, section, "exit_code",
		integer_when(is_ended && !outcome->signal, outcome->exit_code));
	put(document, section, "signal",
		integer_when(is_ended && outcome->signal, outcome->signal));
	put(document, section, "termination_reason", string_or_null(outcome->termination_reason));
}

static void put_circumstances(struct document *document, const struct outcome *outcome)
{
	json_t *section = find_section(document, "outcome");

	put(document, section, "leftover_processes", integer_or_null(outcome->leftover_processes));
	put(document, section, "core_dumped", json_boolean(outcome->core_dumped));
	put(document, section, "error", error_or_null(outcome));
}

static void put_numbers(struct document *document, const struct result *result)
{
	for (const struct result_field *field = result_fields; field->section; field++)
		put_number(document, field->section, field->key, result_number(result, field));
}

static void put_cpu_by_processor(struct document *document, const struct result *result)
{
	json_t *processors;

	if (!result->time.cpu_by_processor) {
		put_null(document, "time", "cpu_by_processor_ns", result->time.cpu.reason);
		return;
	}
	processors = json_array();
	for (size_t i = 0; i < result->time.processors; i++)
		append(document, processors, integer_or_null(result->time.cpu_by_processor[i]));
	put_known(document, "time", "cpu_by_processor_ns", processors, result->time.cpu.source);
}

/* The kernel's names of processes may be any bytes. */
static json_t *process_object(const struct memory_process *process)
{
	const char *name = process->name;
	json_t *object = json_pack("{s:o, s:o, s:o}", "pid", integer_or_null(process->pid), "name",
		name[0] ? repaired_string(name) : json_null(), "rss_bytes",
		integer_or_null(process->rss_bytes));

	if (object && !text_is_utf8(name) &&
		json_object_set_new(object, "name_base64", base64_string(name))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static void put_largest_processes(struct document *document, const struct memory_result *memory)
{
	json_t *list;

	if (!memory->rss_peak.is_known) {
		put_null(document, "memory", "largest_at_peak", memory->rss_peak.reason);
		return;
	}
	list = json_array();
	for (size_t i = 0; i < memory->largest_count; i++)
		append(document, list, process_object(&memory->largest[i]));
	put_known(document, "memory", "largest_at_peak", list, memory->rss_peak.source);
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
		append(document, column,
			integer_or_null(
				*(const uint64_t *)((const char *)&timeline->points[i] + offset)));
	return column;
}

/* One array for each quantity, as plotting programs take them. */
static void put_timeline(struct document *document, const struct timeline_result *timeline)
{
	json_t *section;

	if (!timeline->interval_ns) {
		put(document, document->root, "timeline", json_null());
		put(document, document->unavailable, "timeline", json_string(no_timeline));
		return;
	}
	section = find_section(document, "timeline");
	put(document, section, "interval_ns", integer_or_null(timeline->interval_ns));
	for (size_t i = 0; i < ARRAY_SIZE(timeline_columns); i++)
		put(document, section, timeline_columns[i].key,
			timeline_column(document, timeline, timeline_columns[i].offset));
	put(document, document->sources, "timeline",
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
		append(document, array, integer_or_null(call->histogram[i]));
	return array;
}

static void put_times(struct document *document, json_t *object, const struct syscall_count *call)
{
	put(document, object, "wall_ns", integer_or_null(call->wall_ns));
	put(document, object, "cpu_ns", integer_or_null(call->cpu_ns));
	put(document, object, "max_ns", integer_or_null(call->max_ns));
	put(document, object, "histogram", histogram_array(document, call));
}

static json_t *syscall_object(const struct syscall_count *call, bool is_denied_known)
{
	return json_pack("{s:o, s:o, s:o}", "count", integer_or_null(call->count), "errors",
		integer_or_null(call->errors), "denied",
		is_denied_known ? integer_or_null(call->denied) : json_null());
}

static void put_syscalls_by_name(struct document *document, const struct syscall_result *syscalls)
{
	json_t *names;

	if (!syscalls->total.is_known) {
		put_null(document, "syscalls", "by_name", syscalls->total.reason);
		return;
	}
	names = json_object();
	for (size_t i = 0; i < syscalls->by_name_count; i++) {
		const struct syscall_count *call = &syscalls->by_name[i];
		json_t *object = syscall_object(call, syscalls->denied.is_known);

		if (syscalls->is_timed)
			put_times(document, object, call);
		put(document, names, call->name, object);
	}
	put_known(document, "syscalls", "by_name", names, syscalls->total.source);
}

static void put_uring_by_op(struct document *document, const struct uring_result *io_uring)
{
	static const char section[] = "syscalls.io_uring";
	json_t *ops;

	if (!io_uring->total.is_known) {
		put_null(document, section, "by_op", io_uring->total.reason);
		return;
	}
	ops = json_object();
	for (size_t i = 0; i < io_uring->by_op_count; i++)
		put(document, ops, io_uring->by_op[i].op,
			integer_or_null(io_uring->by_op[i].count));
	put_known(document, section, "by_op", ops, io_uring->total.source);
}

static json_t *culprits_array(struct document *document, const struct noise *noise)
{
	json_t *array = json_array();

	for (size_t i = 0; i < noise->culprit_count; i++)
		append(document, array,
			json_pack("{s:o, s:o}", "name", repaired_string(noise->culprits[i].name),
				"ns", integer_or_null(noise->culprits[i].ns)));
	return array;
}

static json_t *reasons_array(struct document *document, const struct noise_verdict *verdict)
{
	json_t *array = json_array();

	for (size_t i = 0; i < verdict->reason_count; i++)
		append(document, array, repaired_string(verdict->reasons[i].text));
	return array;
}

static void put_noise(struct document *document, const struct result *result)
{
	const struct number *preempted = &result->noise.preempted;
	struct noise_verdict verdict;
	json_t *section = find_section(document, "noise");

	noise_judge(result, &verdict);
	if (!verdict.is_known) {
		put_null(document, "noise", "preempted_by", preempted->reason);
		put_null(document, "noise", "verdict", preempted->reason);
		put_null(document, "noise", "reasons", preempted->reason);
		return;
	}
	put_known(document, "noise", "preempted_by", culprits_array(document, &result->noise),
		preempted->source);
	put(document, section, "verdict", json_string(noise_word(&verdict)));
	put(document, section, "reasons", reasons_array(document, &verdict));
}

static json_t *lost_events_object(const struct loss *loss)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "task_storage",
		integer_or_null(loss->task_storage), "map_update",
		integer_or_null(loss->map_update), "ring_buffer",
		integer_or_null(loss->ring_buffer), "fallback_deaths",
		integer_or_null(loss->fallback_deaths));
}

static json_t *not_shared_or_null(const struct failure *why)
{
	return why->what[0] ? error_object(why) : json_null();
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
		{ "mode", string_or_null(mode) },
		{ "not_shared", not_shared_or_null(&result->collector.not_shared) },
		{ "lost_events", lost_events_object(loss) },
		{ "recursion_misses", integer_or_null(loss->recursion_misses) },
		{ "exec_baseline_uncertain", json_boolean(loss->exec_baseline_uncertain) },
		{ "drain_timed_out", json_boolean(loss->drain_timed_out) },
		{ "cpu_time_differs", json_boolean(loss->cpu_time_differs) },
		{ "cpu_difference_ns", json_integer(loss->cpu_difference_ns) },
		{ "start_ns", integer_or_null(result->collector.start_ns) },
		{ "stop_ns", integer_or_null(result->collector.stop_ns) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		if (mode) {
			put(document, find_section(document, "collector"), entries[i].key,
				entries[i].value);
			continue;
		}
		json_decref(entries[i].value);
		put_null(document, "collector", entries[i].key, no_collector);
	}
}

static json_t *mount_note(const struct mount_note *note)
{
	json_t *object = json_pack("{s:o, s:b, s:b, s:b}", "path", repaired_string(note->path),
		"masked", note->is_masked, "unmapped", note->is_unmapped, "read_only",
		note->is_read_only);

	if (object && !text_is_utf8(note->path) &&
		json_object_set_new(object, "path_base64", base64_string(note->path))) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static json_t *mount_list(struct document *document, const struct mount_notes *mounts)
{
	json_t *list = json_array();

	for (size_t i = 0; i < mounts->count; i++)
		append(document, list, mount_note(&mounts->notes[i]));
	return list;
}

/* Without a container there is nothing that could be replaced. */
static const char *system_config_word(const struct result *result)
{
	if (!result->container.is_used)
		return NULL;
	return result->container.keeps_system_config ? "kept" : "replaced";
}

static void put_container(struct document *document, const struct result *result)
{
	const struct mount_notes *mounts = &result->container.mounts;
	struct mount_counts counts = result_count_mounts(mounts);
	const char *root = result->container.root_directory;
	const char *profile = result->container.profile_path;

	put(document, document->root, "container",
		json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "used",
			result->container.is_used, "cgroup_layout",
			string_or_null(result->container.cgroup_layout), "root_directory",
			root ? repaired_string(root) : json_null(), "system_config",
			string_or_null(system_config_word(result)), "seccomp",
			string_or_null(result->container.filter), "seccomp_profile",
			profile ? repaired_string(profile) : json_null(), "masked_mounts",
			integer_or_null(counts.masked), "unmapped_mounts",
			integer_or_null(counts.unmapped), "read_only_mounts",
			integer_or_null(counts.read_only), "mounts", mount_list(document, mounts)));
}

static json_t *set_array(struct document *document, const struct number_set *set)
{
	json_t *array = json_array();

	number_set_for_each (number, set)
		append(document, array, json_integer(number));
	return array;
}

static json_t *shared_array(struct document *document, const struct core_use *use)
{
	json_t *array = json_array();

	for (size_t i = 0; i < use->shared_count; i++)
		append(document, array,
			json_pack("{s:s, s:o}", "part", use->shared[i].part, "processors",
				set_array(document, &use->shared[i].processors)));
	return array;
}

/* Null where nothing was chosen: then the run has what the caller has. */
static void put_cores(struct document *document, const struct core_use *use)
{
	const struct {
		const char *key;
		bool is_told;
		json_t *value;
	} entries[] = {
		{ "cores", use->has_processors, set_array(document, &use->processors) },
		{ "cores_held_by", use->has_processors, string_or_null(use->processors_held_by) },
		{ "cores_shared_with", use->has_processors, shared_array(document, use) },
		{ "sockets", use->has_processors, integer_or_null(use->sockets) },
		{ "memory_nodes", use->has_nodes, set_array(document, &use->nodes) },
		{ "memory_nodes_held_by", use->has_nodes, string_or_null(use->nodes_held_by) },
	};
	json_t *section = find_section(document, "container");

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		put(document, section, entries[i].key,
			entries[i].is_told ? json_incref(entries[i].value) : json_null());
		json_decref(entries[i].value);
	}
}

static json_t *rlimit_or_null(uint64_t value)
{
	return value == RLIMIT_RULE_UNLIMITED ? json_string("unlimited") : integer_or_null(value);
}

/* Those that were asked for. */
static void put_rlimits(struct document *document, const struct result *result)
{
	json_t *rlimits = json_object();

	for (size_t i = 0; i < result->rlimit_count; i++) {
		const struct rlimit_rule *rule = &result->rlimits[i];

		put(document, rlimits, rule->name,
			json_pack("{s:o, s:o}", "soft", rlimit_or_null(rule->soft), "hard",
				rlimit_or_null(rule->hard)));
	}
	put(document, find_section(document, "limits"), "rlimits", rlimits);
}

/* No limit is null: it is not one of 0. */
static void put_limits(struct document *document, const struct run_limits *limits)
{
	const struct {
		const char *key;
		uint64_t value;
	} entries[] = {
		{ "cputime_ns", limits->cpu_ns },
		{ "cputime_soft_ns", limits->soft_cpu_ns },
		{ "walltime_ns", limits->wall_ns },
		{ "memory_bytes", limits->memory_bytes },
		{ "pids", limits->tasks },
		{ "output_bytes", limits->output_bytes },
		{ "files_count", limits->files_count },
		{ "files_bytes", limits->files_bytes },
	};
	json_t *section = find_section(document, "limits");

	for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
		put(document, section, entries[i].key,
			entries[i].value ? json_integer(entries[i].value) : json_null());
}

static void put_output(struct document *document, const struct output_result *output)
{
	static const char reason[] = "output is counted only where it has a limit";

	if (!output->is_relayed) {
		put_null(document, "output", "written_bytes", reason);
		put_null(document, "output", "is_cut", reason);
		return;
	}
	put_known(document, "output", "written_bytes", json_integer(output->written_bytes),
		"tare:relay");
	put(document, find_section(document, "output"), "is_cut", json_boolean(output->is_cut));
}

/* The path as text, and beside it as it is when it is none. */
static void put_path(struct document *document, json_t *object, const char *key, const char *path)
{
	char exact_key[64];

	put(document, object, key, repaired_string(path));
	if (text_is_utf8(path))
		return;
	snprintf(exact_key, sizeof(exact_key), "%s_base64", key);
	put(document, object, exact_key, base64_string(path));
}

static json_t *copied_object(struct document *document, const struct copied_file *file)
{
	json_t *object = json_object();

	put_path(document, object, "path", file->path);
	put(document, object, "size_bytes", integer_or_null(file->size_bytes));
	if (file->link_of)
		put_path(document, object, "link_of", file->link_of);
	return object;
}

static json_t *uncopied_object(struct document *document, const struct uncopied_file *file)
{
	json_t *object = json_object();

	put_path(document, object, "path", file->path);
	put(document, object, "kind", json_string(file->kind));
	put(document, object, "reason", json_string(file->reason));
	return object;
}

static void put_file_lists(
	struct document *document, json_t *section, const struct files_result *files)
{
	json_t *copied = json_array(), *uncopied = json_array();

	for (size_t i = 0; i < files->copied_listed; i++)
		append(document, copied, copied_object(document, &files->copied[i]));
	for (size_t i = 0; i < files->uncopied_listed; i++)
		append(document, uncopied, uncopied_object(document, &files->uncopied[i]));
	put(document, section, "copied", copied);
	put(document, section, "not_copied", uncopied);
}

static void put_files(struct document *document, const struct files_result *files)
{
	json_t *section;

	if (!files->output_directory) {
		put(document, document->root, "files", json_null());
		put(document, document->unavailable, "files",
			json_string(files->reason ? files->reason : no_files));
		return;
	}
	section = find_section(document, "files");
	put_path(document, section, "output_directory", files->output_directory);
	put(document, section, "count", integer_or_null(files->copied_count));
	put(document, section, "size_bytes", integer_or_null(files->size_bytes));
	put(document, section, "not_copied_count", integer_or_null(files->uncopied_count));
	put(document, section, "limit_reached", string_or_null(files->limit_reached));
	put(document, section, "error",
		files->has_failed ? error_object(&files->error) : json_null());
	put_file_lists(document, section, files);
}

static void put_notes(struct document *document)
{
	put(document, document->root, "sources", json_incref(document->sources));
	put(document, document->root, "unavailable", json_incref(document->unavailable));
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
	put_container(document, result);
	put_cores(document, &result->container.cores);
	put_limits(document, &result->limits);
	put(document, find_section(document, "limits"), "memory_held_by",
		string_or_null(result->memory_held_by));
	put_rlimits(document, result);
	put_output(document, &result->output);
	put_files(document, &result->files);
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
