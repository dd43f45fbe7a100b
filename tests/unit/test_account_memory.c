// SPDX-License-Identifier: Apache-2.0
// Claims about the account of memory: which of the processors' notes belong to the run's peak.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/result.h"
#include "meter/account_memory.h"

#define PROCESSORS 3
#define SOURCE "bpf:rss_stat"

static struct memory_account memories[PROCESSORS];
static struct account account;
static struct result result;
static uint64_t page;

/* A run whose peak of 10 pages the last processor saw. */
static int begin(void **state)
{
	(void)state;
	page = sysconf(_SC_PAGESIZE);
	memset(&account, 0, sizeof(account));
	memset(memories, 0, sizeof(memories));
	memset(&result, 0, sizeof(result));
	account.memories = memories;
	account.processors = PROCESSORS;
	account.run.rss_peak_pages = 10;
	memories[2] = (struct memory_account){ .rss_peak_pages = 10,
		.pages_at_peak = { [PAGES_FILE] = 3, [PAGES_ANON] = 5, [PAGES_SHMEM] = 2 } };
	return 0;
}

static void fill(void)
{
	account_fill_memory(&account, &result);
}

#define assert_pages(number, expected)                                                             \
	do {                                                                                       \
		assert_true((number).is_known);                                                    \
		assert_int_equal((number).value, (expected)*page);                                 \
		assert_string_equal((number).source, SOURCE);                                      \
	} while (0)

static void the_peaks_are_the_highest_that_any_processor_saw(void **state)
{
	(void)state;
	memories[0].process_peak_pages = 7;
	memories[1].process_peak_pages = 4;
	memories[1].anon_peak_pages = 8;
	memories[2].anon_peak_pages = 5;
	memories[2].swap_peak_pages = 6;
	fill();
	assert_pages(result.memory.rss_peak, 10);
	assert_pages(result.memory.rss_peak_process, 7);
	assert_pages(result.memory.anon_peak, 8);
	assert_pages(result.memory.swap_peak, 6);
}

static void more_than_four_gigabytes_are_told_whole(void **state)
{
	(void)state;
	account.run.rss_peak_pages = 1LL << 40;
	fill();
	assert_int_equal(result.memory.rss_peak.value, (1ULL << 40) * page);
}

/* Pages given back by another address space than the one that took them. */
static void a_peak_below_nothing_is_nothing(void **state)
{
	(void)state;
	account.run.rss_peak_pages = -3;
	memories[0].process_peak_pages = INT64_MIN;
	fill();
	assert_pages(result.memory.rss_peak, 0);
	assert_pages(result.memory.rss_peak_process, 0);
}

static void the_split_is_that_of_the_processor_that_saw_the_peak(void **state)
{
	(void)state;
	memories[0] = (struct memory_account){ .rss_peak_pages = 9, .pages_at_peak = { 9 } };
	memories[2].pages_at_peak[PAGES_SWAP] = 4;
	fill();
	assert_pages(result.memory.file_at_peak, 3);
	assert_pages(result.memory.anon_at_peak, 5);
	assert_pages(result.memory.shmem_at_peak, 2);
	assert_pages(result.memory.swap_at_peak, 4);
}

static uint64_t split_sum(void)
{
	return result.memory.file_at_peak.value + result.memory.anon_at_peak.value +
	       result.memory.shmem_at_peak.value;
}

static void a_split_with_a_change_under_way_adds_up_and_says_so(void **state)
{
	(void)state;
	memories[2].pages_at_peak[PAGES_FILE] = 4;
	fill();
	assert_int_equal(split_sum(), 10 * page);
	assert_string_equal(result.memory.anon_at_peak.source,
		"bpf:rss_stat, less a change under way on another processor");
	memories[2].pages_at_peak[PAGES_FILE] = 1;
	fill();
	assert_int_equal(split_sum(), 10 * page);
}

static void a_split_that_nobody_saw_is_unknown(void **state)
{
	(void)state;
	memories[2].rss_peak_pages = 9;
	fill();
	assert_false(result.memory.anon_at_peak.is_known);
	assert_string_equal(
		result.memory.swap_at_peak.reason, "the split at the peak was not seen");
	assert_true(result.memory.rss_peak.is_known);
}

static void add_process(int processor, int place, int64_t at_pages, int64_t pages, uint32_t pid)
{
	struct peak_process *process = &memories[processor].largest[place];

	*process = (struct peak_process){ .at_pages = at_pages, .pages = pages, .pid = pid };
	snprintf(process->name, sizeof(process->name), "process-%u", pid);
}

static void the_largest_are_those_of_all_processors(void **state)
{
	(void)state;
	add_process(0, 0, 10, 1, 100);
	add_process(0, 1, 10, 4, 101);
	add_process(0, 2, 10, 2, 102);
	add_process(1, 0, 10, 3, 103);
	add_process(2, 1, 10, 5, 104);
	fill();
	assert_int_equal(result.memory.largest_count, 3);
	assert_int_equal(result.memory.largest[0].pid, 104);
	assert_int_equal(result.memory.largest[0].rss_bytes, 5 * page);
	assert_string_equal(result.memory.largest[0].name, "process-104");
	assert_int_equal(result.memory.largest[1].pid, 101);
	assert_int_equal(result.memory.largest[2].pid, 103);
}

static void who_was_large_at_a_lower_peak_is_not_among_the_largest(void **state)
{
	(void)state;
	add_process(0, 0, 9, 9, 100);
	add_process(1, 2, 10, 1, 101);
	fill();
	assert_int_equal(result.memory.largest_count, 1);
	assert_int_equal(result.memory.largest[0].pid, 101);
}

static void equals_are_told_by_pid(void **state)
{
	(void)state;
	add_process(0, 0, 10, 2, 104);
	add_process(0, 1, 10, 2, 103);
	add_process(1, 0, 10, 2, 102);
	add_process(2, 0, 10, 2, 101);
	fill();
	assert_int_equal(result.memory.largest[0].pid, 101);
	assert_int_equal(result.memory.largest[2].pid, 103);
}

static void a_name_of_sixteen_bytes_is_told_whole(void **state)
{
	(void)state;
	add_process(0, 0, 10, 2, 100);
	memset(memories[0].largest[0].name, 'x', 16);
	fill();
	assert_string_equal(result.memory.largest[0].name, "xxxxxxxxxxxxxxxx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_peaks_are_the_highest_that_any_processor_saw, begin),
		cmocka_unit_test_setup(more_than_four_gigabytes_are_told_whole, begin),
		cmocka_unit_test_setup(a_peak_below_nothing_is_nothing, begin),
		cmocka_unit_test_setup(the_split_is_that_of_the_processor_that_saw_the_peak, begin),
		cmocka_unit_test_setup(a_split_with_a_change_under_way_adds_up_and_says_so, begin),
		cmocka_unit_test_setup(a_split_that_nobody_saw_is_unknown, begin),
		cmocka_unit_test_setup(the_largest_are_those_of_all_processors, begin),
		cmocka_unit_test_setup(
			who_was_large_at_a_lower_peak_is_not_among_the_largest, begin),
		cmocka_unit_test_setup(equals_are_told_by_pid, begin),
		cmocka_unit_test_setup(a_name_of_sixteen_bytes_is_told_whole, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
