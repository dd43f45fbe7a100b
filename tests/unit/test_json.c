// SPDX-License-Identifier: Apache-2.0
// Claims about the result document: it is parsed back as its readers do.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/json.h"
#include "sample_result.h"

static char *render(const struct result *result)
{
	struct failure why = { .errnum = 0 };
	char *text = NULL;
	size_t size = 0;

	if (json_render(result, &text, &size, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
	assert_int_equal(strlen(text), size);
	return text;
}

static json_t *parse_rendered(const struct result *result)
{
	cleanup_free char *text = render(result);
	json_error_t error;
	json_t *document = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!document)
		fail_msg("%s in line %d of:\n%s", error.text, error.line, text);
	return document;
}

/* The value at "time.cpu_ns"; fails when there is no such key. */
static json_t *at(json_t *document, const char *path)
{
	cleanup_free char *copy = strdup(path);
	char *rest = NULL;

	for (char *key = strtok_r(copy, ".", &rest); key; key = strtok_r(NULL, ".", &rest))
		document = json_object_get(document, key);
	if (!document)
		fail_msg("there is no '%s'", path);
	return document;
}

static const char *note_of(json_t *document, const char *notes, const char *path)
{
	return json_string_value(json_object_get(at(document, notes), path));
}

static void assert_keys(json_t *object, const char *const *expected)
{
	void *entry = json_object_iter(object);

	for (; entry; entry = json_object_iter_next(object, entry)) {
		assert_non_null(*expected);
		assert_string_equal(json_object_iter_key(entry), *expected++);
	}
	assert_null(*expected);
}

static void the_keys_come_in_the_order_of_the_contract(void **state)
{
	static const char *const root[] = { "schema", "tare_version", "started_at", "command",
		"run_id", "outcome", "time", "blocked", "tree_blocked", "memory", "syscalls",
		"processes", "scheduler", "faults", "io", "network", "pressure", "noise",
		"collector", "timeline", "container", "limits", "output", "files", "sources",
		"unavailable", NULL };
	static const char *const outcome[] = { "kind", "exit_code", "signal", "termination_reason",
		"oom_kills", "leftover_processes", "core_dumped", "error", NULL };
	static const char *const time[] = { "wall_ns", "cpu_ns", "user_ns", "system_ns",
		"undisturbed_ns", "on_cpu_ns", "runqueue_ns", "blocked_ns", "tree_runqueue_ns",
		"tree_blocked_ns", "throttled_ns", "cpu_by_processor_ns", NULL };
	struct result result = sample_result();
	json_auto_t *document = parse_rendered(&result);

	(void)state;
	assert_keys(document, root);
	assert_keys(at(document, "outcome"), outcome);
	assert_keys(at(document, "time"), time);
}

static void calls_have_times_only_where_they_were_timed(void **state)
{
	struct result result = sample_result();
	json_auto_t *untimed = parse_rendered(&result);
	json_auto_t *timed = NULL;
	json_t *histogram;

	(void)state;
	assert_null(json_object_get(at(untimed, "syscalls.by_name.read"), "wall_ns"));
	result.syscalls.is_timed = true;
	sample_syscalls[0].wall_ns = 900;
	sample_syscalls[0].cpu_ns = 800;
	sample_syscalls[0].max_ns = 700;
	sample_syscalls[0].histogram[9] = 3;
	timed = parse_rendered(&result);
	assert_int_equal(json_integer_value(at(timed, "syscalls.by_name.read.wall_ns")), 900);
	assert_int_equal(json_integer_value(at(timed, "syscalls.by_name.read.cpu_ns")), 800);
	assert_int_equal(json_integer_value(at(timed, "syscalls.by_name.read.max_ns")), 700);
	histogram = at(timed, "syscalls.by_name.read.histogram");
	assert_int_equal(json_array_size(histogram), 10);
	assert_int_equal(json_integer_value(json_array_get(histogram, 9)), 3);
}

static void the_document_says_what_it_is_and_ends_in_a_newline(void **state)
{
	struct result result = sample_result();
	cleanup_free char *text = render(&result);
	json_auto_t *document = parse_rendered(&result);

	(void)state;
	assert_true(text[strlen(text) - 1] == '\n');
	assert_non_null(strstr(text, "\n  \"schema\": \"tare.result/1\""));
	assert_string_equal(json_string_value(at(document, "tare_version")), "0.1.0");
	assert_string_equal(json_string_value(at(document, "run_id")), result.run_id);
}

static void times_are_utc_with_nanoseconds(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	setenv("TZ", "NPT-5:45", 1);
	tzset();
	document = parse_rendered(&result);
	assert_string_equal(
		json_string_value(at(document, "started_at")), "2025-11-22T00:00:00.000000042Z");
}

static void the_verdict_on_noise_comes_with_names_and_reasons(void **state)
{
	struct result result = sample_result();
	json_auto_t *quiet = parse_rendered(&result), *disturbed = NULL;

	(void)state;
	assert_string_equal(json_string_value(at(quiet, "noise.verdict")), "quiet");
	assert_int_equal(json_array_size(at(quiet, "noise.reasons")), 0);
	assert_int_equal(json_array_size(at(quiet, "noise.preempted_by")), 2);
	strcpy(result.noise.culprits[0].name, "st\xffress");
	result.noise.preempted.value = 1200000000;
	disturbed = parse_rendered(&result);
	assert_string_equal(json_string_value(at(disturbed, "noise.verdict")), "disturbed");
	assert_int_equal(json_array_size(at(disturbed, "noise.reasons")), 1);
	assert_string_equal(
		json_string_value(json_object_get(
			json_array_get(at(disturbed, "noise.preempted_by"), 1), "name")),
		"kworker");
}

static void every_known_number_has_its_value_and_a_source(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = parse_rendered(&result);

	(void)state;
	for (const struct result_field *field = result_fields; field->section; field++) {
		const struct number *number = result_number(&result, field);
		char path[128];

		snprintf(path, sizeof(path), "%s.%s", field->section, field->key);
		assert_true(number->is_known);
		assert_int_equal(json_integer_value(at(document, path)), number->value);
		assert_string_equal(note_of(document, "sources", path), number->source);
		assert_null(note_of(document, "unavailable", path));
	}
}

static void every_unknown_number_is_null_and_has_a_reason(void **state)
{
	struct result result = { .version = "0.1.0", .outcome.kind = OUTCOME_EXITED };
	json_auto_t *document = NULL;

	(void)state;
	result.memory.peak = number_unknown("no memory controller");
	document = parse_rendered(&result);
	for (const struct result_field *field = result_fields; field->section; field++) {
		char path[128];

		snprintf(path, sizeof(path), "%s.%s", field->section, field->key);
		assert_true(json_is_null(at(document, path)));
		assert_non_null(note_of(document, "unavailable", path));
		assert_null(note_of(document, "sources", path));
	}
	assert_string_equal(
		note_of(document, "unavailable", "memory.peak_bytes"), "no memory controller");
}

static void what_is_not_known_is_never_zero(void **state)
{
	static const char *const unknown[] = { "started_at", "time.cpu_by_processor_ns",
		"syscalls.by_name", "syscalls.io_uring.by_op", "collector.mode",
		"collector.lost_events", "collector.recursion_misses", "collector.start_ns",
		"collector.cpu_difference_ns" };
	struct result result = sample_not_started();
	json_auto_t *document = parse_rendered(&result);

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		assert_true(json_is_null(at(document, unknown[i])));
		assert_non_null(note_of(document, "unavailable", unknown[i]));
	}
}

static void an_impossible_counter_is_null_and_never_negative(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.time.cpu.value = UINT64_MAX;
	result.faults.minor.value = INT64_MAX;
	result.collector.loss.ring_buffer = UINT64_MAX;
	document = parse_rendered(&result);
	assert_true(json_is_null(at(document, "time.cpu_ns")));
	assert_non_null(note_of(document, "unavailable", "time.cpu_ns"));
	assert_true(json_integer_value(at(document, "faults.minor")) == INT64_MAX);
	assert_true(json_is_null(at(document, "collector.lost_events.ring_buffer")));
}

static void an_exit_code_is_told_only_of_what_exited(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.outcome.exit_code = 3;
	document = parse_rendered(&result);
	assert_string_equal(json_string_value(at(document, "outcome.kind")), "exited");
	assert_int_equal(json_integer_value(at(document, "outcome.exit_code")), 3);
	assert_true(json_is_null(at(document, "outcome.signal")));
	assert_true(json_is_null(at(document, "outcome.termination_reason")));
	assert_true(json_is_null(at(document, "outcome.error")));
}

static void a_signal_is_told_only_of_what_it_killed(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.outcome = (struct outcome){ .kind = OUTCOME_SIGNALED,
		.signal = SIGSEGV,
		.core_dumped = true,
		.leftover_processes = 2 };
	document = parse_rendered(&result);
	assert_string_equal(json_string_value(at(document, "outcome.kind")), "signaled");
	assert_int_equal(json_integer_value(at(document, "outcome.signal")), SIGSEGV);
	assert_true(json_is_null(at(document, "outcome.exit_code")));
	assert_true(json_is_true(at(document, "outcome.core_dumped")));
	assert_int_equal(json_integer_value(at(document, "outcome.leftover_processes")), 2);
}

static void a_limit_is_told_in_benchexecs_word(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.outcome.kind = OUTCOME_LIMIT;
	result.outcome.signal = SIGKILL;
	result.outcome.termination_reason = "walltime";
	document = parse_rendered(&result);
	assert_string_equal(json_string_value(at(document, "outcome.kind")), "limit");
	assert_string_equal(
		json_string_value(at(document, "outcome.termination_reason")), "walltime");
	assert_true(json_is_null(at(document, "outcome.exit_code")));
	assert_int_equal(json_integer_value(at(document, "outcome.signal")), SIGKILL);
}

static void limits_are_told_and_none_is_null(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.limits = (struct run_limits){ .cpu_ns = 2000000000, .memory_bytes = 1048576 };
	result.memory_held_by = "memory cgroup";
	document = parse_rendered(&result);
	assert_int_equal(json_integer_value(at(document, "limits.cputime_ns")), 2000000000);
	assert_int_equal(json_integer_value(at(document, "limits.memory_bytes")), 1048576);
	assert_true(json_is_null(at(document, "limits.walltime_ns")));
	assert_true(json_is_null(at(document, "limits.pids")));
	assert_string_equal(
		json_string_value(at(document, "limits.memory_held_by")), "memory cgroup");
}

static void limits_of_resources_are_told_by_name(void **state)
{
	static const struct rlimit_rule rules[] = { { "nofile", 7, 20, 30 },
		{ "core", 4, 0, RLIMIT_RULE_UNLIMITED } };
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.rlimits = rules;
	result.rlimit_count = 2;
	document = parse_rendered(&result);
	assert_int_equal(json_integer_value(at(document, "limits.rlimits.nofile.soft")), 20);
	assert_int_equal(json_integer_value(at(document, "limits.rlimits.nofile.hard")), 30);
	assert_int_equal(json_integer_value(at(document, "limits.rlimits.core.soft")), 0);
	assert_string_equal(
		json_string_value(at(document, "limits.rlimits.core.hard")), "unlimited");
}

static void assert_json(json_t *value, const char *expected)
{
	cleanup_free char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_string_equal(text, expected);
}

static void chosen_cores_are_told_with_who_shares_them(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.container.cores = sample_core_use();
	document = parse_rendered(&result);
	assert_json(at(document, "container.cores"), "[0,2]");
	assert_json(at(document, "container.cores_held_by"), "\"cpuset cgroup\"");
	assert_json(at(document, "container.cores_shared_with"),
		"[{\"part\":\"physical core\",\"processors\":[4,6]}]");
	assert_json(at(document, "container.sockets"), "2");
	assert_json(at(document, "container.memory_nodes"), "null");
	assert_json(at(document, "container.memory_nodes_held_by"), "null");
}

static void cores_that_were_not_chosen_are_null(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.container.cores.has_nodes = true;
	result.container.cores.nodes_held_by = "memory policy";
	number_set_add(&result.container.cores.nodes, 1);
	document = parse_rendered(&result);
	assert_json(at(document, "container.cores"), "null");
	assert_json(at(document, "container.cores_shared_with"), "null");
	assert_json(at(document, "container.sockets"), "null");
	assert_json(at(document, "container.memory_nodes"), "[1]");
	assert_json(at(document, "container.memory_nodes_held_by"), "\"memory policy\"");
}

static void a_failed_start_says_what_failed_and_what_to_do(void **state)
{
	struct result result = sample_not_started();
	json_auto_t *document = parse_rendered(&result);

	(void)state;
	assert_string_equal(json_string_value(at(document, "outcome.kind")), "not_started");
	assert_string_equal(
		json_string_value(at(document, "outcome.error.what")), "execute 'no-such-command'");
	assert_string_equal(json_string_value(at(document, "outcome.error.errno")), "ENOENT");
	assert_string_equal(json_string_value(at(document, "outcome.error.hint")),
		"it is in none of the directories of PATH");
}

static void an_error_without_errno_or_hint_has_null_there(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.outcome.kind = OUTCOME_ERROR;
	failure_set(&result.outcome.error, 0, "read '\xff'");
	document = parse_rendered(&result);
	assert_string_equal(json_string_value(at(document, "outcome.kind")), "error");
	assert_string_equal(
		json_string_value(at(document, "outcome.error.what")), "read '\xef\xbf\xbd'");
	assert_true(json_is_null(at(document, "outcome.error.errno")));
	assert_true(json_is_null(at(document, "outcome.error.hint")));
}

static void arguments_are_kept_as_they_are(void **state)
{
	char *command[] = { (char *)"größe", (char *)"", (char *)"\"\\\n\x1b", NULL };
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.command = command;
	document = parse_rendered(&result);
	assert_int_equal(json_array_size(at(document, "command")), 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(
			json_string_value(json_array_get(at(document, "command"), i)), command[i]);
	assert_null(json_object_get(document, "command_base64"));
}

static void arguments_that_are_not_utf8_are_repaired_and_kept_exactly(void **state)
{
	char *command[] = { (char *)"cat",
		(char *)"\xff\xfe"
			"x",
		(char *)"\xed\xa0\x80", NULL };
	static const char *const exact[] = { "Y2F0", "//54", "7aCA" };
	struct result result = sample_result();
	cleanup_free char *text = NULL;
	json_auto_t *document = NULL;

	(void)state;
	result.command = command;
	text = render(&result);
	assert_true(text_is_utf8(text));
	document = parse_rendered(&result);
	assert_string_equal(json_string_value(json_array_get(at(document, "command"), 1)),
		"\xef\xbf\xbd\xef\xbf\xbdx");
	assert_int_equal(json_array_size(at(document, "command_base64")), 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(
			json_string_value(json_array_get(at(document, "command_base64"), i)),
			exact[i]);
}

static void a_run_without_a_command_has_an_empty_one(void **state)
{
	struct result result = { .version = NULL };
	json_auto_t *document = parse_rendered(&result);

	(void)state;
	assert_int_equal(json_array_size(at(document, "command")), 0);
	assert_string_equal(json_string_value(at(document, "outcome.kind")), "error");
	assert_true(json_is_null(at(document, "tare_version")));
	assert_true(json_is_null(at(document, "run_id")));
}

static void cpu_time_is_listed_by_processor(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = parse_rendered(&result);
	json_t *processors = at(document, "time.cpu_by_processor_ns");

	(void)state;
	assert_int_equal(json_array_size(processors), 2);
	assert_int_equal(json_integer_value(json_array_get(processors, 1)), 3981000000);
	assert_string_equal(
		note_of(document, "sources", "time.cpu_by_processor_ns"), "bpf:sched_switch");
}

static void the_largest_processes_at_the_peak_are_listed(void **state)
{
	static const char *const keys[] = { "pid", "name", "rss_bytes", NULL };
	static const char *const odd_keys[] = { "pid", "name", "name_base64", "rss_bytes", NULL };
	struct result result = sample_result();
	json_auto_t *document = NULL;
	json_t *list;

	(void)state;
	strcpy(result.memory.largest[1].name, "\xff!");
	result.memory.largest[2] = (struct memory_process){ 7, "", 4096 };
	result.memory.largest_count = 3;
	document = parse_rendered(&result);
	list = at(document, "memory.largest_at_peak");
	assert_int_equal(json_array_size(list), 3);
	assert_keys(json_array_get(list, 0), keys);
	assert_json(
		json_array_get(list, 0), "{\"pid\":812,\"name\":\"cc1\",\"rss_bytes\":220620390}");
	assert_keys(json_array_get(list, 1), odd_keys);
	assert_json(at(json_array_get(list, 1), "name_base64"), "\"/yE=\"");
	assert_json(at(json_array_get(list, 2), "name"), "null");
	assert_string_equal(note_of(document, "sources", "memory.largest_at_peak"), "bpf:rss_stat");
}

static void without_a_peak_nobody_was_largest(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.memory.rss_peak = number_unknown("nobody looked");
	document = parse_rendered(&result);
	assert_json(at(document, "memory.largest_at_peak"), "null");
	assert_string_equal(
		note_of(document, "unavailable", "memory.largest_at_peak"), "nobody looked");
}

static void a_time_line_is_an_array_for_each_quantity(void **state)
{
	static struct timeline_point_result points[] = {
		{ 9000000, 4096, 8192, 2048, 8500000, 1 },
		{ 75000000, 0, 4096, 0, 9000000, 0 },
	};
	static const char *const keys[] = { "interval_ns", "time_ns", "rss_bytes", "rss_peak_bytes",
		"anon_bytes", "cpu_ns", "tasks", NULL };
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.timeline = (struct timeline_result){ 10000000, points, 2 };
	document = parse_rendered(&result);
	assert_keys(at(document, "timeline"), keys);
	assert_json(at(document, "timeline.interval_ns"), "10000000");
	assert_json(at(document, "timeline.time_ns"), "[9000000,75000000]");
	assert_json(at(document, "timeline.rss_bytes"), "[4096,0]");
	assert_json(at(document, "timeline.rss_peak_bytes"), "[8192,4096]");
	assert_json(at(document, "timeline.anon_bytes"), "[2048,0]");
	assert_json(at(document, "timeline.cpu_ns"), "[8500000,9000000]");
	assert_json(at(document, "timeline.tasks"), "[1,0]");
	assert_non_null(note_of(document, "sources", "timeline"));
}

static void a_time_line_that_nobody_asked_for_is_null(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = parse_rendered(&result);

	(void)state;
	assert_json(at(document, "timeline"), "null");
	assert_string_equal(note_of(document, "unavailable", "timeline"),
		"no time line was kept: --timeline asks for one");
}

static void system_calls_are_listed_by_falling_count(void **state)
{
	static const char *const names[] = { "read", "openat", "mmap", "mount", "unshare", NULL };
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.syscalls.by_name_count = 5;
	document = parse_rendered(&result);
	assert_keys(at(document, "syscalls.by_name"), names);
	assert_int_equal(json_integer_value(at(document, "syscalls.by_name.openat.count")), 22106);
	assert_int_equal(json_integer_value(at(document, "syscalls.by_name.openat.errors")), 2000);
	assert_int_equal(json_integer_value(at(document, "syscalls.by_name.mount.denied")), 3);
}

static void a_command_without_system_calls_has_an_empty_list(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.syscalls.total.value = 0;
	result.syscalls.by_name = NULL;
	result.syscalls.by_name_count = 0;
	document = parse_rendered(&result);
	assert_true(json_is_object(at(document, "syscalls.by_name")));
	assert_int_equal(json_object_size(at(document, "syscalls.by_name")), 0);
}

static void requests_to_io_uring_are_told_by_opcode(void **state)
{
	static const char *const keys[] = { "total", "rings", "by_op", NULL };
	static const char *const ops[] = { "read_fixed", "nop", NULL };
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.syscalls.io_uring.total.value = 90;
	result.syscalls.io_uring.by_op_count = 2;
	document = parse_rendered(&result);
	assert_keys(at(document, "syscalls.io_uring"), keys);
	assert_keys(at(document, "syscalls.io_uring.by_op"), ops);
	assert_int_equal(
		json_integer_value(at(document, "syscalls.io_uring.by_op.read_fixed")), 70);
	assert_string_equal(
		note_of(document, "sources", "syscalls.io_uring.by_op"), "bpf:io_uring_submit_req");
}

static void without_io_uring_there_are_no_requests(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = parse_rendered(&result);

	(void)state;
	assert_int_equal(json_object_size(at(document, "syscalls.io_uring.by_op")), 0);
	assert_true(json_is_object(at(document, "syscalls.io_uring.by_op")));
}

static void every_loss_and_doubt_is_in_the_document(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.collector.loss = (struct loss){ 1, 2, 3, 4, 5, true, true, true, -6 };
	document = parse_rendered(&result);
	assert_int_equal(json_integer_value(at(document, "collector.lost_events.task_storage")), 1);
	assert_int_equal(json_integer_value(at(document, "collector.lost_events.map_update")), 2);
	assert_int_equal(json_integer_value(at(document, "collector.lost_events.ring_buffer")), 3);
	assert_int_equal(
		json_integer_value(at(document, "collector.lost_events.fallback_deaths")), 4);
	assert_int_equal(json_integer_value(at(document, "collector.recursion_misses")), 5);
	assert_true(json_is_true(at(document, "collector.exec_baseline_uncertain")));
	assert_true(json_is_true(at(document, "collector.drain_timed_out")));
	assert_true(json_is_true(at(document, "collector.cpu_time_differs")));
	assert_int_equal(json_integer_value(at(document, "collector.cpu_difference_ns")), -6);
}

static void why_the_shared_collector_was_not_used_is_described(void **state)
{
	struct result result = sample_result();
	json_auto_t *document;

	(void)state;
	failure_set(&result.collector.not_shared, ENOSPC, "all 4 slots are taken");
	document = parse_rendered(&result);
	assert_string_equal(json_string_value(at(document, "collector.not_shared.what")),
		"all 4 slots are taken");
	assert_string_equal(
		json_string_value(at(document, "collector.not_shared.errno")), "ENOSPC");
}

static void the_collector_and_the_container_are_described(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = parse_rendered(&result);

	(void)state;
	assert_string_equal(json_string_value(at(document, "collector.mode")), "private");
	assert_true(json_is_null(at(document, "collector.not_shared")));
	assert_int_equal(json_integer_value(at(document, "collector.start_ns")), 4100000);
	assert_int_equal(json_integer_value(at(document, "collector.lost_events.ring_buffer")), 0);
	assert_true(json_is_false(at(document, "collector.drain_timed_out")));
	assert_true(json_is_true(at(document, "container.used")));
	assert_string_equal(json_string_value(at(document, "container.cgroup_layout")), "cgroup2");
	assert_int_equal(json_integer_value(at(document, "container.masked_mounts")), 3);
	assert_string_equal(json_string_value(at(document, "container.seccomp")), "default");
	assert_true(json_is_null(at(document, "container.seccomp_profile")));
	assert_int_equal(json_integer_value(at(document, "container.unmapped_mounts")), 0);
	assert_int_equal(json_integer_value(at(document, "container.read_only_mounts")), 0);
	assert_true(json_is_null(at(document, "container.root_directory")));
}

static void mounts_that_are_not_shown_as_they_are_are_named(void **state)
{
	struct mount_note notes[] = {
		{ .path = (char *)"/", .is_unmapped = true, .is_read_only = true },
		{ .path = (char *)"/a\xff", .is_unmapped = true },
		{ .path = (char *)"/boot", .is_read_only = true },
		{ .path = (char *)"/boot/efi", .is_read_only = true },
	};
	struct result result = sample_result();
	json_auto_t *document = NULL;
	json_t *list;

	(void)state;
	result.container.mounts = (struct mount_notes){ notes, 4 };
	document = parse_rendered(&result);
	assert_int_equal(json_integer_value(at(document, "container.masked_mounts")), 0);
	assert_int_equal(json_integer_value(at(document, "container.unmapped_mounts")), 2);
	assert_int_equal(json_integer_value(at(document, "container.read_only_mounts")), 3);
	list = at(document, "container.mounts");
	assert_int_equal(json_array_size(list), 4);
	assert_string_equal(json_string_value(at(json_array_get(list, 0), "path")), "/");
	assert_true(json_is_true(at(json_array_get(list, 0), "unmapped")));
	assert_true(json_is_true(at(json_array_get(list, 0), "read_only")));
	assert_true(json_is_false(at(json_array_get(list, 0), "masked")));
	assert_null(json_object_get(json_array_get(list, 0), "path_base64"));
	assert_string_equal(
		json_string_value(at(json_array_get(list, 1), "path")), "/a\xef\xbf\xbd");
	assert_string_equal(json_string_value(at(json_array_get(list, 1), "path_base64")), "L2H/");
	assert_true(json_is_false(at(json_array_get(list, 2), "unmapped")));
}

static void files_that_nobody_asked_for_are_null_with_a_reason(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = parse_rendered(&result), *unknown = NULL;

	(void)state;
	assert_true(json_is_null(at(document, "files")));
	assert_string_equal(note_of(document, "unavailable", "files"), "no files were asked for");
	result_set_unknown(&result, "the command was not executed");
	unknown = parse_rendered(&result);
	assert_string_equal(
		note_of(unknown, "unavailable", "files"), "the command was not executed");
}

static json_t *entry_of(json_t *document, const char *list, size_t index)
{
	json_t *entry = json_array_get(at(document, list), index);

	assert_non_null(entry);
	return entry;
}

static void what_was_copied_is_listed_and_what_was_not(void **state)
{
	static const char *const keys[] = { "output_directory", "count", "size_bytes",
		"not_copied_count", "limit_reached", "error", "copied", "not_copied", NULL };
	static const char *const link_keys[] = { "path", "size_bytes", "link_of", NULL };
	static const char *const uncopied_keys[] = { "path", "kind", "reason", NULL };
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.files.output_directory = "out";
	result.files.limit_reached = "files-size";
	assert_int_equal(files_result_add_copied(&result.files, "a", 12, NULL), 0);
	assert_int_equal(files_result_add_copied(&result.files, "b", 12, "a"), 0);
	assert_int_equal(
		files_result_add_uncopied(&result.files, "c", "symlink", "only files are"), 0);
	document = parse_rendered(&result);
	files_result_done(&result.files);
	assert_keys(at(document, "files"), keys);
	assert_int_equal(json_integer_value(at(document, "files.count")), 2);
	assert_int_equal(json_integer_value(at(document, "files.size_bytes")), 12);
	assert_int_equal(json_integer_value(at(document, "files.not_copied_count")), 1);
	assert_string_equal(json_string_value(at(document, "files.limit_reached")), "files-size");
	assert_true(json_is_null(at(document, "files.error")));
	assert_keys(entry_of(document, "files.copied", 1), link_keys);
	assert_null(json_object_get(entry_of(document, "files.copied", 0), "link_of"));
	assert_keys(entry_of(document, "files.not_copied", 0), uncopied_keys);
	assert_null(note_of(document, "unavailable", "files"));
}

static void names_that_are_no_text_are_also_there_as_they_are(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;
	json_t *entry;

	(void)state;
	result.files.output_directory = "\xff";
	assert_int_equal(files_result_add_copied(&result.files, "a\n\xfe", 0, NULL), 0);
	document = parse_rendered(&result);
	files_result_done(&result.files);
	assert_string_equal(
		json_string_value(at(document, "files.output_directory")), "\xef\xbf\xbd");
	assert_string_equal(
		json_string_value(at(document, "files.output_directory_base64")), "/w==");
	entry = entry_of(document, "files.copied", 0);
	assert_string_equal(json_string_value(json_object_get(entry, "path")), "a\n\xef\xbf\xbd");
	assert_string_equal(json_string_value(json_object_get(entry, "path_base64")), "YQr+");
}

static void what_could_not_be_copied_has_its_error_beside_the_outcome(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.files.output_directory = "out";
	result.files.has_failed = true;
	(void)failure_set(&result.files.error, ENOSPC, "copy the result file 'a' to 'out'");
	document = parse_rendered(&result);
	assert_string_equal(json_string_value(at(document, "files.error.errno")), "ENOSPC");
	assert_string_equal(json_string_value(at(document, "outcome.kind")), "exited");
	assert_true(json_is_null(at(document, "outcome.error")));
}

static void whether_system_files_were_replaced_is_told_in_a_word(void **state)
{
	struct result result = sample_result();
	json_auto_t *replaced = parse_rendered(&result);
	json_auto_t *kept = NULL, *none = NULL;

	(void)state;
	result.container.keeps_system_config = true;
	kept = parse_rendered(&result);
	result.container.is_used = false;
	none = parse_rendered(&result);
	assert_string_equal(json_string_value(at(replaced, "container.system_config")), "replaced");
	assert_string_equal(json_string_value(at(kept, "container.system_config")), "kept");
	assert_true(json_is_null(at(none, "container.system_config")));
}

static void the_root_of_the_container_may_have_any_name(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.container.root_directory = "/srv/\xff";
	document = parse_rendered(&result);
	assert_string_equal(
		json_string_value(at(document, "container.root_directory")), "/srv/\xef\xbf\xbd");
}

static void a_seccomp_profile_is_named_and_what_it_refused_is_not_known(void **state)
{
	struct result result = sample_result();
	json_auto_t *document = NULL;

	(void)state;
	result.container.filter = "profile";
	result.container.profile_path = "caf\xe9.json";
	result.syscalls.denied = number_unknown("a profile");
	document = parse_rendered(&result);
	assert_string_equal(json_string_value(at(document, "container.seccomp")), "profile");
	assert_string_equal(json_string_value(at(document, "container.seccomp_profile")),
		"caf\xef\xbf\xbd.json");
	assert_true(json_is_null(at(document, "syscalls.denied")));
	assert_true(json_is_null(at(document, "syscalls.by_name.read.denied")));
	assert_int_equal(json_integer_value(at(document, "syscalls.by_name.read.errors")), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_keys_come_in_the_order_of_the_contract),
		cmocka_unit_test(calls_have_times_only_where_they_were_timed),
		cmocka_unit_test(the_document_says_what_it_is_and_ends_in_a_newline),
		cmocka_unit_test(times_are_utc_with_nanoseconds),
		cmocka_unit_test(the_verdict_on_noise_comes_with_names_and_reasons),
		cmocka_unit_test(every_known_number_has_its_value_and_a_source),
		cmocka_unit_test(every_unknown_number_is_null_and_has_a_reason),
		cmocka_unit_test(what_is_not_known_is_never_zero),
		cmocka_unit_test(an_impossible_counter_is_null_and_never_negative),
		cmocka_unit_test(an_exit_code_is_told_only_of_what_exited),
		cmocka_unit_test(a_signal_is_told_only_of_what_it_killed),
		cmocka_unit_test(a_limit_is_told_in_benchexecs_word),
		cmocka_unit_test(limits_are_told_and_none_is_null),
		cmocka_unit_test(requests_to_io_uring_are_told_by_opcode),
		cmocka_unit_test(without_io_uring_there_are_no_requests),
		cmocka_unit_test(limits_of_resources_are_told_by_name),
		cmocka_unit_test(chosen_cores_are_told_with_who_shares_them),
		cmocka_unit_test(cores_that_were_not_chosen_are_null),
		cmocka_unit_test(a_failed_start_says_what_failed_and_what_to_do),
		cmocka_unit_test(an_error_without_errno_or_hint_has_null_there),
		cmocka_unit_test(arguments_are_kept_as_they_are),
		cmocka_unit_test(arguments_that_are_not_utf8_are_repaired_and_kept_exactly),
		cmocka_unit_test(a_run_without_a_command_has_an_empty_one),
		cmocka_unit_test(cpu_time_is_listed_by_processor),
		cmocka_unit_test(the_largest_processes_at_the_peak_are_listed),
		cmocka_unit_test(without_a_peak_nobody_was_largest),
		cmocka_unit_test(a_time_line_is_an_array_for_each_quantity),
		cmocka_unit_test(a_time_line_that_nobody_asked_for_is_null),
		cmocka_unit_test(system_calls_are_listed_by_falling_count),
		cmocka_unit_test(a_command_without_system_calls_has_an_empty_list),
		cmocka_unit_test(every_loss_and_doubt_is_in_the_document),
		cmocka_unit_test(the_collector_and_the_container_are_described),
		cmocka_unit_test(why_the_shared_collector_was_not_used_is_described),
		cmocka_unit_test(mounts_that_are_not_shown_as_they_are_are_named),
		cmocka_unit_test(files_that_nobody_asked_for_are_null_with_a_reason),
		cmocka_unit_test(what_was_copied_is_listed_and_what_was_not),
		cmocka_unit_test(names_that_are_no_text_are_also_there_as_they_are),
		cmocka_unit_test(what_could_not_be_copied_has_its_error_beside_the_outcome),
		cmocka_unit_test(whether_system_files_were_replaced_is_told_in_a_word),
		cmocka_unit_test(the_root_of_the_container_may_have_any_name),
		cmocka_unit_test(a_seccomp_profile_is_named_and_what_it_refused_is_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
