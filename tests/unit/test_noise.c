// SPDX-License-Identifier: Apache-2.0
// Claims about the verdict on interference: what disturbs, what does not, and in which words.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "report/noise.h"

#define MS 1000000ULL

static struct result result;
static struct noise_verdict verdict;

/* One second of work on one processor, and nothing else. */
static int begin(void **state)
{
	(void)state;
	result = (struct result){ 0 };
	result.time.wall = number_known(1000 * MS, "test");
	result.time.cpu = number_known(1000 * MS, "test");
	result.noise.preempted = number_known(0, "test");
	return 0;
}

static void waited_behind(const char *name, uint64_t ns)
{
	struct culprit_time *culprit = &result.noise.culprits[result.noise.culprit_count++];

	snprintf(culprit->name, sizeof(culprit->name), "%s", name);
	culprit->ns = ns;
	result.noise.preempted.value += ns;
	result.time.wall.value += ns;
}

static void assert_verdict(const char *word, size_t reasons)
{
	noise_judge(&result, &verdict);
	assert_string_equal(noise_word(&verdict), word);
	assert_int_equal(verdict.reason_count, reasons);
}

static void assert_reason(size_t place, const char *text)
{
	assert_string_equal(verdict.reasons[place].text, text);
}

static void a_run_that_nothing_happened_to_is_quiet(void **state)
{
	(void)state;
	assert_verdict("quiet", 0);
}

static void without_a_measurement_there_is_no_verdict(void **state)
{
	(void)state;
	result.noise.preempted = number_unknown("nobody looked");
	noise_judge(&result, &verdict);
	assert_null(noise_word(&verdict));
	assert_int_equal(verdict.reason_count, 0);
}

static void waiting_for_a_processor_is_told_with_who_had_it(void **state)
{
	(void)state;
	waited_behind("stress", 137 * MS);
	waited_behind("kworker", 3 * MS);
	assert_verdict("disturbed", 1);
	assert_reason(0, "12.2 % of the wall time waited for a processor, behind: "
			 "stress 137.0 ms, kworker 3.000 ms");
}

static void who_took_less_than_a_hundredth_of_the_worst_is_not_mentioned(void **state)
{
	(void)state;
	waited_behind("stress", 400 * MS);
	waited_behind("kworker", 3 * MS);
	assert_verdict("disturbed", 1);
	assert_null(strstr(verdict.reasons[0].text, "kworker"));
}

static void the_threshold_of_waiting_is_a_hundredth(void **state)
{
	(void)state;
	waited_behind("stress", 10 * MS);
	assert_verdict("quiet", 0);
	waited_behind("stress", 1 * MS);
	assert_verdict("disturbed", 1);
}

static void a_moment_does_not_disturb_even_a_short_run(void **state)
{
	(void)state;
	result.time.wall.value = result.time.cpu.value = 1 * MS;
	waited_behind("kworker", 199999);
	assert_verdict("quiet", 0);
	result.noise.preempted.value = 200000;
	assert_verdict("disturbed", 1);
}

static void of_many_tasks_the_share_is_of_what_all_of_them_wanted(void **state)
{
	(void)state;
	result.time.cpu.value = 3000 * MS;
	result.noise.preempted.value = 1000 * MS;
	assert_verdict("disturbed", 1);
	assert_reason(0, "25.0 % of the tasks' time waited for a processor, behind: ");
}

static void of_a_run_that_sleeps_the_share_is_of_the_wall_time(void **state)
{
	(void)state;
	result.time.cpu.value = 1 * MS;
	result.noise.preempted.value = 5 * MS;
	assert_verdict("quiet", 0);
}

static void stolen_time_disturbs(void **state)
{
	(void)state;
	result.noise.taken = number_known(50 * MS, "test");
	assert_verdict("disturbed", 1);
	assert_reason(0, "5.0 % of the wall time was taken by the host of this virtual machine, or "
			 "by interrupts");
}

static void both_kinds_of_interrupts_are_added_up(void **state)
{
	(void)state;
	result.noise.irq = number_known(12 * MS, "test");
	result.noise.softirq = number_known(7 * MS, "test");
	assert_verdict("quiet", 0);
	result.noise.softirq.value = 8 * MS;
	assert_verdict("disturbed", 1);
	assert_reason(0, "2.0 % of the wall time went to interrupts");
}

static void stalls_for_memory_disturb(void **state)
{
	(void)state;
	result.pressure.memory = number_known(30 * MS, "test");
	assert_verdict("disturbed", 1);
	assert_reason(
		0, "3.0 % of the wall time stalled for memory (reclaim, compaction, refaults)");
}

static void a_limit_of_bandwidth_disturbs(void **state)
{
	(void)state;
	result.time.throttled = number_known(30 * MS, "test");
	assert_verdict("disturbed", 1);
	assert_reason(0, "3.0 % of the wall time was denied by a limit of bandwidth (cpu.max)");
}

static void heat_disturbs(void **state)
{
	(void)state;
	result.noise.machine_thermal_throttles = number_known(1, "test");
	assert_verdict("disturbed", 1);
	assert_reason(0, "processors of this machine slowed down 1 time for their heat");
}

static void the_gravest_reason_comes_first(void **state)
{
	(void)state;
	waited_behind("stress", 20 * MS);
	result.noise.taken = number_known(50 * MS, "test");
	result.noise.irq = number_known(40 * MS, "test");
	result.pressure.memory = number_known(30 * MS, "test");
	result.time.throttled = number_known(15 * MS, "test");
	result.noise.machine_thermal_throttles = number_known(2, "test");
	assert_verdict("disturbed", NOISE_REASON_LIMIT);
	assert_non_null(strstr(verdict.reasons[0].text, "host"));
	assert_non_null(strstr(verdict.reasons[1].text, "interrupts"));
	assert_non_null(strstr(verdict.reasons[2].text, "memory"));
	assert_non_null(strstr(verdict.reasons[3].text, "stress"));
	assert_non_null(strstr(verdict.reasons[4].text, "bandwidth"));
	assert_non_null(strstr(verdict.reasons[5].text, "heat"));
}

static void the_name_of_a_process_cannot_command_the_terminal(void **state)
{
	(void)state;
	waited_behind("\033[2J", 500 * MS);
	assert_verdict("disturbed", 1);
	assert_null(strchr(verdict.reasons[0].text, '\033'));
}

static void a_run_of_no_time_has_a_verdict(void **state)
{
	(void)state;
	result.time.wall.value = result.time.cpu.value = 0;
	assert_verdict("quiet", 0);
}

#define claim(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(a_run_that_nothing_happened_to_is_quiet),
		claim(without_a_measurement_there_is_no_verdict),
		claim(waiting_for_a_processor_is_told_with_who_had_it),
		claim(who_took_less_than_a_hundredth_of_the_worst_is_not_mentioned),
		claim(the_threshold_of_waiting_is_a_hundredth),
		claim(a_moment_does_not_disturb_even_a_short_run),
		claim(of_many_tasks_the_share_is_of_what_all_of_them_wanted),
		claim(of_a_run_that_sleeps_the_share_is_of_the_wall_time),
		claim(stolen_time_disturbs),
		claim(both_kinds_of_interrupts_are_added_up),
		claim(stalls_for_memory_disturb),
		claim(a_limit_of_bandwidth_disturbs),
		claim(heat_disturbs),
		claim(the_gravest_reason_comes_first),
		claim(the_name_of_a_process_cannot_command_the_terminal),
		claim(a_run_of_no_time_has_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
