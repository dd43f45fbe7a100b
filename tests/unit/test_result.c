// SPDX-License-Identifier: Apache-2.0
// Claims about results: the exit status, the table of numbers, what counts as a loss.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/result.h"

static void the_exit_status_tells_whose_failure_it_was(void **state)
{
	static const struct {
		struct outcome outcome;
		int status;
	} cases[] = {
		{ { .kind = OUTCOME_EXITED, .exit_code = 0 }, 0 },
		{ { .kind = OUTCOME_EXITED, .exit_code = 7 }, 7 },
		{ { .kind = OUTCOME_EXITED, .exit_code = 255 }, 255 },
		{ { .kind = OUTCOME_SIGNALED, .signal = SIGKILL }, 137 },
		{ { .kind = OUTCOME_SIGNALED, .signal = SIGSEGV, .core_dumped = true }, 139 },
		{ { .kind = OUTCOME_LIMIT, .termination_reason = "walltime", .signal = SIGKILL },
			124 },
		{ { .kind = OUTCOME_ERROR, .error.errnum = ENOENT }, 125 },
		{ { .kind = OUTCOME_NOT_STARTED, .error.errnum = EACCES }, 126 },
		{ { .kind = OUTCOME_NOT_STARTED, .error.errnum = ENOEXEC }, 126 },
		{ { .kind = OUTCOME_NOT_STARTED, .error.errnum = ENOENT }, 127 },
		{ { .kind = OUTCOME_NOT_STARTED, .error.errnum = ENOTDIR }, 127 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(result_exit_status(&cases[i].outcome), cases[i].status);
}

static void a_result_that_nobody_filled_is_an_error(void **state)
{
	const struct result result = { .version = NULL };

	(void)state;
	assert_int_equal(result_exit_status(&result.outcome), 125);
}

static bool is_same_key(const struct result_field *left, const struct result_field *right)
{
	return strcmp(left->section, right->section) == 0 && strcmp(left->key, right->key) == 0;
}

static void every_number_has_a_key_and_a_place_of_its_own(void **state)
{
	(void)state;
	for (const struct result_field *field = result_fields; field->section; field++) {
		for (const struct result_field *other = result_fields; other != field; other++) {
			assert_false(is_same_key(field, other));
			assert_true(field->offset != other->offset);
		}
	}
}

static void every_key_leads_to_its_number(void **state)
{
	struct result result = { .version = NULL };

	(void)state;
	result.time.wall = number_known(1, "clock");
	result.network.connects = number_known(2, "bpf");
	result.outcome.oom_kills = number_unknown("no memory controller");
	for (const struct result_field *field = result_fields; field->section; field++) {
		if (strcmp(field->key, "wall_ns") == 0 && strcmp(field->section, "time") == 0)
			assert_ptr_equal(result_number(&result, field), &result.time.wall);
		if (strcmp(field->key, "connects") == 0)
			assert_int_equal(result_number(&result, field)->value, 2);
		if (strcmp(field->key, "oom_kills") == 0)
			assert_false(result_number(&result, field)->is_known);
	}
}

static void a_number_is_unknown_until_somebody_knows_it(void **state)
{
	const struct result result = { .version = NULL };

	(void)state;
	for (const struct result_field *field = result_fields; field->section; field++)
		assert_false(result_number(&result, field)->is_known);
}

static void everything_that_can_be_lost_counts_as_a_loss(void **state)
{
	static const struct loss losses[] = {
		{ .task_storage = 1 },
		{ .map_update = 1 },
		{ .ring_buffer = 1 },
		{ .fallback_deaths = 1 },
		{ .recursion_misses = 1 },
		{ .exec_baseline_uncertain = true },
		{ .drain_timed_out = true },
		{ .cpu_time_differs = true },
	};
	const struct loss none = { .task_storage = 0 };

	(void)state;
	assert_false(result_has_loss(&none));
	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++)
		assert_true(result_has_loss(&losses[i]));
}

static void a_result_can_be_given_up_at_any_time(void **state)
{
	struct result result = { .version = NULL };

	(void)state;
	result_done(&result);
	result.syscalls.by_name = calloc(2, sizeof(*result.syscalls.by_name));
	result.syscalls.by_name_count = 2;
	result_done(&result);
	assert_null(result.syscalls.by_name);
	assert_int_equal(result.syscalls.by_name_count, 0);
	result_done(&result);
}

static void files_beyond_the_list_are_still_counted(void **state)
{
	struct files_result files = { .reason = NULL };

	(void)state;
	for (int i = 0; i < FILES_LISTED + 5; i++) {
		assert_int_equal(files_result_add_copied(&files, "a", 10, i % 2 ? "b" : NULL), 0);
		assert_int_equal(files_result_add_uncopied(&files, "a", "fifo", "why"), 0);
	}
	assert_int_equal(files.copied_listed, FILES_LISTED);
	assert_int_equal(files.uncopied_listed, FILES_LISTED);
	assert_int_equal(files.copied_count, FILES_LISTED + 5);
	assert_int_equal(files.uncopied_count, FILES_LISTED + 5);
	assert_int_equal(files.size_bytes, 10 * (FILES_LISTED / 2 + 3));
	assert_string_equal(files.copied[FILES_LISTED - 1].link_of, "b");
	files_result_done(&files);
	files_result_done(&files);
	assert_null(files.copied);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_exit_status_tells_whose_failure_it_was),
		cmocka_unit_test(a_result_that_nobody_filled_is_an_error),
		cmocka_unit_test(every_number_has_a_key_and_a_place_of_its_own),
		cmocka_unit_test(every_key_leads_to_its_number),
		cmocka_unit_test(a_number_is_unknown_until_somebody_knows_it),
		cmocka_unit_test(everything_that_can_be_lost_counts_as_a_loss),
		cmocka_unit_test(a_result_can_be_given_up_at_any_time),
		cmocka_unit_test(files_beyond_the_list_are_still_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
