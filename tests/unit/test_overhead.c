// SPDX-License-Identifier: Apache-2.0
// Claims about the estimate of what the probes cost: it follows from the counts and from what a
// call was seen to cost more, and where one of these is missing there is none.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "meter/overhead.h"

static struct result result;

/* As dear as where the costs were measured. */
#define SAME_PS 27000

static int begin(void **state)
{
	(void)state;
	memset(&result, 0, sizeof(result));
	for (const struct result_field *field = result_fields; field->section; field++)
		*(struct number *)((char *)&result + field->offset) = number_known(0, "test");
	return 0;
}

static uint64_t estimate(uint64_t call_cost_ps)
{
	struct number overhead = overhead_estimate(&result, call_cost_ps);

	assert_true(overhead.is_known);
	return overhead.value;
}

static void nothing_counted_costs_nothing(void **state)
{
	(void)state;
	assert_int_equal(estimate(SAME_PS), 0);
}

static void a_call_costs_what_it_was_seen_to_cost(void **state)
{
	(void)state;
	result.syscalls.total.value = 1000;
	assert_int_equal(estimate(SAME_PS), 27000);
	assert_int_equal(estimate(10500), 10500);
}

static void other_events_grow_with_the_cost_of_a_call(void **state)
{
	uint64_t here;

	(void)state;
	result.processes.tasks.value = 100;
	here = estimate(SAME_PS);
	assert_true(here > 0);
	assert_int_equal(estimate(SAME_PS * 2), here * 2);
}

static void every_kind_of_event_counts(void **state)
{
	struct number *const counts[] = { &result.syscalls.total,
		&result.scheduler.voluntary_switches, &result.scheduler.involuntary_switches,
		&result.faults.minor, &result.faults.major, &result.processes.tasks,
		&result.processes.execs, &result.network.rx_packets, &result.network.tx_packets };
	uint64_t sum = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		counts[i]->value = 1;
		assert_true(estimate(SAME_PS) > sum);
		sum = estimate(SAME_PS);
	}
}

static void large_counts_do_not_overflow(void **state)
{
	(void)state;
	result.syscalls.total.value = 1ULL << 50;
	assert_int_equal(estimate(SAME_PS), 27ULL << 50);
}

static void without_a_cost_of_a_call_nothing_is_known(void **state)
{
	(void)state;
	assert_false(overhead_estimate(&result, 0).is_known);
	assert_non_null(overhead_estimate(&result, 0).reason);
}

static void without_a_count_nothing_is_known(void **state)
{
	(void)state;
	result.faults.minor = number_unknown("not seen");
	assert_false(overhead_estimate(&result, SAME_PS).is_known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_counted_costs_nothing, begin),
		cmocka_unit_test_setup(a_call_costs_what_it_was_seen_to_cost, begin),
		cmocka_unit_test_setup(other_events_grow_with_the_cost_of_a_call, begin),
		cmocka_unit_test_setup(every_kind_of_event_counts, begin),
		cmocka_unit_test_setup(large_counts_do_not_overflow, begin),
		cmocka_unit_test_setup(without_a_cost_of_a_call_nothing_is_known, begin),
		cmocka_unit_test_setup(without_a_count_nothing_is_known, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
