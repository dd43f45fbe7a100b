// SPDX-License-Identifier: Apache-2.0
// Claims about the account of the time line: which points are told, and in which units.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/result.h"
#include "meter/account_timeline.h"

static struct timeline_point points[TIMELINE_POINTS];
static struct account account;
static struct timeline_result line;
static struct failure why;

static int begin(void **state)
{
	(void)state;
	memset(points, 0, sizeof(points));
	account = (struct account){ .timeline = points };
	account.run.timeline_interval_ns = 10000000;
	line = (struct timeline_result){ 0 };
	return 0;
}

static int forget(void **state)
{
	(void)state;
	free(line.points);
	return 0;
}

static void fill(void)
{
	assert_int_equal(account_fill_timeline(&account, &line, &why), 0);
}

static void a_run_without_a_time_line_has_none(void **state)
{
	(void)state;
	account = (struct account){ .timeline = NULL };
	fill();
	assert_int_equal(line.interval_ns, 0);
	assert_int_equal(line.count, 0);
	assert_null(line.points);
}

static void pages_are_told_in_bytes_and_times_as_they_are(void **state)
{
	uint64_t page = sysconf(_SC_PAGESIZE);

	(void)state;
	points[0] = (struct timeline_point){ 9000000, 5, 7, 3, 8000000, 2 };
	fill();
	assert_int_equal(line.interval_ns, 10000000);
	assert_int_equal(line.count, 1);
	assert_int_equal(line.points[0].time_ns, 9000000);
	assert_int_equal(line.points[0].rss_bytes, 5 * page);
	assert_int_equal(line.points[0].rss_peak_bytes, 7 * page);
	assert_int_equal(line.points[0].anon_bytes, 3 * page);
	assert_int_equal(line.points[0].cpu_ns, 8000000);
	assert_int_equal(line.points[0].tasks, 2);
}

static void intervals_in_which_nothing_changed_are_left_out(void **state)
{
	(void)state;
	points[0].time_ns = 1;
	points[7].time_ns = 75000000;
	points[TIMELINE_POINTS - 1].time_ns = 10239999999;
	fill();
	assert_int_equal(line.count, 3);
	assert_int_equal(line.points[1].time_ns, 75000000);
	assert_int_equal(line.points[2].time_ns, 10239999999);
}

static void less_than_nothing_is_nothing(void **state)
{
	(void)state;
	points[3] = (struct timeline_point){ 30000001, -1, -1, -1, 0, -1 };
	fill();
	assert_int_equal(line.points[0].rss_bytes, 0);
	assert_int_equal(line.points[0].tasks, 0);
}

static void cpu_time_ends_with_all_that_the_run_used(void **state)
{
	static struct cpu_account cpus[2] = { { .cpu_ns = 300 }, { .cpu_ns = 200 } };

	(void)state;
	account.cpus = cpus;
	account.processors = 2;
	points[0] = (struct timeline_point){ .time_ns = 1, .cpu_ns = 50, .tasks = 1 };
	points[1] = (struct timeline_point){ .time_ns = 10000001, .cpu_ns = 400, .tasks = 1 };
	points[2] = (struct timeline_point){ .time_ns = 20000001, .cpu_ns = 560 };
	fill();
	assert_int_equal(line.points[0].cpu_ns, 0);
	assert_int_equal(line.points[1].cpu_ns, 340);
	assert_int_equal(line.points[2].cpu_ns, 500);
}

static void cpu_time_stays_as_it_was_seen_where_the_end_was_not(void **state)
{
	(void)state;
	points[0] = (struct timeline_point){ .time_ns = 1, .cpu_ns = 50, .tasks = 1 };
	fill();
	assert_int_equal(line.points[0].cpu_ns, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_without_a_time_line_has_none, begin, forget),
		cmocka_unit_test_setup_teardown(
			pages_are_told_in_bytes_and_times_as_they_are, begin, forget),
		cmocka_unit_test_setup_teardown(
			intervals_in_which_nothing_changed_are_left_out, begin, forget),
		cmocka_unit_test_setup_teardown(
			cpu_time_ends_with_all_that_the_run_used, begin, forget),
		cmocka_unit_test_setup_teardown(
			cpu_time_stays_as_it_was_seen_where_the_end_was_not, begin, forget),
		cmocka_unit_test_setup_teardown(less_than_nothing_is_nothing, begin, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
