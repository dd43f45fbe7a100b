// SPDX-License-Identifier: Apache-2.0
// Claims about what runexec prints: the lines that programs written for BenchExec's read.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "report/runexec.h"
#include "sample_result.h"

static void use_zone(const char *zone)
{
	setenv("TZ", zone, 1);
	tzset();
}

static char *render(const struct result *result)
{
	struct failure why;
	char *text = NULL;

	use_zone("CET-1");
	assert_int_equal(runexec_render(result, &text, &why), 0);
	return text;
}

#define assert_rendered(result, expected)                                                          \
	do {                                                                                       \
		cleanup_free char *text = render(result);                                          \
		assert_string_equal(text, expected);                                               \
	} while (0)

static void assert_line(const struct result *result, const char *line)
{
	cleanup_free char *text = render(result);

	if (!strstr(text, line))
		fail_msg("no line '%s' in\n%s", line, text);
}

static void assert_no(const struct result *result, const char *key)
{
	cleanup_free char *text = render(result);

	if (strstr(text, key))
		fail_msg("'%s' in\n%s", key, text);
}

static void the_lines_come_in_runexecs_order_with_its_units(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_rendered(&result, "starttime=2025-11-22T01:00:00+01:00\n"
				 "returnvalue=0\n"
				 "walltime=4.212s\n"
				 "cputime=7.981s\n"
				 "cputime-cpu0=4.000000000s\n"
				 "cputime-cpu1=3.981000000s\n"
				 "memory=432642457B\n"
				 "blkio-read=4096B\n"
				 "blkio-write=8192B\n"
				 "pressure-cpu-some=0.0015s\n"
				 "pressure-io-some=0.0s\n"
				 "pressure-memory-some=0.000017s\n");
}

static void what_is_not_known_has_no_line(void **state)
{
	struct result result = sample_result();

	(void)state;
	result_set_unknown(&result, "for a test");
	result.time.cpu_by_processor = NULL;
	assert_rendered(&result, "starttime=2025-11-22T01:00:00+01:00\nreturnvalue=0\n");
}

static void the_start_is_local_and_has_microseconds_if_there_are_any(void **state)
{
	static const struct {
		const char *zone;
		long nanoseconds;
		const char *line;
	} cases[] = {
		{ "UTC0", 0, "starttime=2025-11-22T00:00:00+00:00\n" },
		{ "UTC0", 999, "starttime=2025-11-22T00:00:00+00:00\n" },
		{ "UTC0", 1000, "starttime=2025-11-22T00:00:00.000001+00:00\n" },
		{ "NPT-5:45", 120000000, "starttime=2025-11-22T05:45:00.120000+05:45\n" },
		{ "NST3:30", 999999999, "starttime=2025-11-21T20:30:00.999999-03:30\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct result result = sample_result();
		cleanup_free char *text = NULL;
		struct failure why;

		use_zone(cases[i].zone);
		result.started_at.tv_nsec = cases[i].nanoseconds;
		assert_int_equal(runexec_render(&result, &text, &why), 0);
		assert_memory_equal(text, cases[i].line, strlen(cases[i].line));
	}
}

static void an_end_is_a_return_value_or_a_signal(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.outcome.exit_code = 42;
	assert_line(&result, "\nreturnvalue=42\n");
	assert_no(&result, "exitsignal");
	result.outcome = (struct outcome){ .kind = OUTCOME_SIGNALED, .signal = SIGSEGV };
	assert_line(&result, "\nexitsignal=11\n");
	assert_no(&result, "returnvalue");
	assert_no(&result, "terminationreason");
}

static void a_limit_is_told_with_how_the_command_ended(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.outcome = (struct outcome){
		.kind = OUTCOME_LIMIT, .termination_reason = "cputime", .signal = SIGKILL
	};
	assert_line(&result, "+01:00\nterminationreason=cputime\nexitsignal=9\nwalltime=");
	result.outcome = (struct outcome){
		.kind = OUTCOME_LIMIT, .termination_reason = "cputime-soft", .exit_code = 3
	};
	assert_line(&result, "\nterminationreason=cputime-soft\nreturnvalue=3\n");
	result.outcome = (struct outcome){
		.kind = OUTCOME_SIGNALED, .termination_reason = "killed", .signal = SIGKILL
	};
	assert_line(&result, "\nterminationreason=killed\nexitsignal=9\n");
}

static void processors_are_sorted_as_text_and_idle_ones_left_out(void **state)
{
	static uint64_t times[12] = { [1] = 5, [2] = 1234567890, [10] = 3000000000 };
	struct result result = sample_result();

	(void)state;
	result.time.cpu_by_processor = times;
	result.time.processors = 12;
	assert_line(&result, "\ncputime-cpu1=0.000000005s\ncputime-cpu10=3.000000000s\n"
			     "cputime-cpu2=1.234567890s\nmemory=");
}

static void what_did_not_run_has_failed_and_nothing_else(void **state)
{
	struct result result = sample_not_started();

	(void)state;
	assert_rendered(&result, "terminationreason=failed\n");
	result = sample_result();
	result.outcome.kind = OUTCOME_ERROR;
	assert_rendered(&result, "terminationreason=failed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lines_come_in_runexecs_order_with_its_units),
		cmocka_unit_test(what_is_not_known_has_no_line),
		cmocka_unit_test(the_start_is_local_and_has_microseconds_if_there_are_any),
		cmocka_unit_test(an_end_is_a_return_value_or_a_signal),
		cmocka_unit_test(a_limit_is_told_with_how_the_command_ended),
		cmocka_unit_test(processors_are_sorted_as_text_and_idle_ones_left_out),
		cmocka_unit_test(what_did_not_run_has_failed_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
