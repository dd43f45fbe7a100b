// SPDX-License-Identifier: Apache-2.0
// Claims about the account: what each number of a result is made of, where it comes from, and what
// is said of a number that is not known.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/result.h"
#include "meter/account.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define PROCESSORS 3

static struct account account;
static struct cpu_account cpus[PROCESSORS];
static struct memory_account memories[PROCESSORS];
static struct result result;
static struct failure why;

/* A sound run that did nothing yet: executed at 1 us, over at 5 us. */
static int begin_account(void **state)
{
	(void)state;
	memset(&account, 0, sizeof(account));
	memset(cpus, 0, sizeof(cpus));
	memset(&result, 0, sizeof(result));
	account.cpus = cpus;
	account.memories = memories;
	account.processors = PROCESSORS;
	account.run.exec_ns = 1000;
	account.run.main_death_ns = 5000;
	account.run.is_clock_known = 1;
	return 0;
}

static int forget_result(void **state)
{
	(void)state;
	result_done(&result);
	return 0;
}

static void fill(void)
{
	result_done(&result);
	if (account_fill(&account, &result, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
}

#define assert_number(number, expected, from)                                                      \
	do {                                                                                       \
		assert_true((number).is_known);                                                    \
		assert_int_equal((number).value, expected);                                        \
		assert_string_equal((number).source, from);                                        \
	} while (0)

#define assert_unknown(number, because)                                                            \
	do {                                                                                       \
		assert_false((number).is_known);                                                   \
		assert_string_equal((number).reason, because);                                     \
		assert_null((number).source);                                                      \
	} while (0)

static bool is_read_by_sandbox(const struct result_field *field)
{
	return !strcmp(field->key, "oom_kills") || !strcmp(field->key, "peak_bytes") ||
	       !strcmp(field->section, "io") || !strcmp(field->section, "pressure") ||
	       !strncmp(field->key, "machine_", strlen("machine_"));
}

static void assert_every_number_speaks_for_itself(void)
{
	for (const struct result_field *field = result_fields; field->section; field++) {
		const struct number *number = result_number(&result, field);

		if (is_read_by_sandbox(field))
			continue;
		if (!(number->is_known ? number->source : number->reason))
			fail_msg("%s.%s says not where it comes from, or why it is not known",
				field->section, field->key);
	}
}

/* --- Every number --- */

static void every_number_has_a_source_or_a_reason(void **state)
{
	(void)state;
	fill();
	assert_every_number_speaks_for_itself();
	account.run.main_death_ns = 0;
	fill();
	assert_every_number_speaks_for_itself();
}

/* A number that the run knows as it is: from where in the account, to where in the result. */
struct copy {
	size_t from, to;
	const char *source;
};

#define COPY(member, field, source)                                                                \
	{                                                                                          \
		offsetof(struct run_account, member), offsetof(struct result, field), source       \
	}

static const struct copy run_numbers[] = {
	COPY(tasks, processes.tasks, "bpf:task births"),
	COPY(processes, processes.processes, "bpf:task births"),
	COPY(peak_tasks, processes.peak_tasks, "bpf:task births"),
	COPY(execs, processes.execs, "bpf:sched_process_exec"),
	COPY(rx_bytes, network.rx_bytes, "bpf:cgroup_skb"),
	COPY(tx_bytes, network.tx_bytes, "bpf:cgroup_skb"),
	COPY(rx_packets, network.rx_packets, "bpf:cgroup_skb"),
	COPY(tx_packets, network.tx_packets, "bpf:cgroup_skb"),
	COPY(sockets, network.sockets, "bpf:cgroup sock_create"),
	COPY(exec_ns, collector.exec_monotonic, "bpf:sched_process_exec"),
	COPY(baseline_ns, collector.exec_baseline, "bpf:sched_switch"),
};

static void numbers_of_the_run_are_told_as_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(run_numbers); i++)
		*(uint64_t *)((char *)&account.run + run_numbers[i].from) = 1000 + i;
	fill();
	for (size_t i = 0; i < LENGTH(run_numbers); i++) {
		const struct number *number =
			(const struct number *)((const char *)&result + run_numbers[i].to);

		assert_number(*number, 1000 + i, run_numbers[i].source);
	}
}

static const struct copy processor_numbers[] = {
	{ offsetof(struct cpu_account, cpu_ns), offsetof(struct result, time.cpu),
		"bpf:sched_switch" },
	{ offsetof(struct cpu_account, minor_faults), offsetof(struct result, faults.minor),
		"kernel:task, at its last switch" },
	{ offsetof(struct cpu_account, major_faults), offsetof(struct result, faults.major),
		"kernel:task, at its last switch" },
	{ offsetof(struct cpu_account, voluntary_switches),
		offsetof(struct result, scheduler.voluntary_switches),
		"kernel:task, at its last switch" },
	{ offsetof(struct cpu_account, involuntary_switches),
		offsetof(struct result, scheduler.involuntary_switches),
		"kernel:task, at its last switch" },
	{ offsetof(struct cpu_account, migrations), offsetof(struct result, scheduler.migrations),
		"kernel:task, at its last switch" },
};

static void numbers_of_the_processors_are_added_up(void **state)
{
	(void)state;
	for (size_t cpu = 0; cpu < PROCESSORS; cpu++) {
		for (size_t i = 0; i < LENGTH(processor_numbers); i++)
			*(uint64_t *)((char *)&cpus[cpu] + processor_numbers[i].from) =
				(cpu + 1) * 100 + i;
	}
	fill();
	for (size_t i = 0; i < LENGTH(processor_numbers); i++) {
		const struct number *number =
			(const struct number *)((const char *)&result + processor_numbers[i].to);

		assert_number(*number, 600 + 3 * i, processor_numbers[i].source);
	}
}

/* --- Time --- */

static void wall_time_goes_from_the_exec_to_the_death_of_the_command(void **state)
{
	(void)state;
	account.run.exec_ns = UINT64_MAX - 100;
	account.run.main_death_ns = UINT64_MAX - 58;
	account.run.last_death_ns = UINT64_MAX;
	fill();
	assert_number(result.time.wall, 42, "bpf:sched_process_exec to bpf:sched_switch");
}

static void wall_time_is_unknown_when_the_commands_death_was_not_seen(void **state)
{
	(void)state;
	account.run.main_death_ns = 0;
	account.run.last_death_ns = 9000;
	fill();
	assert_unknown(result.time.wall, "the end of the command was not seen");
}

static void cpu_time_is_told_by_processor_without_the_launchers(void **state)
{
	(void)state;
	cpus[0].cpu_ns = 7;
	cpus[2].cpu_ns = 9;
	cpus[0].before_window_ns = 1000;
	fill();
	assert_int_equal(result.time.processors, PROCESSORS);
	assert_int_equal(result.time.cpu_by_processor[0], 7);
	assert_int_equal(result.time.cpu_by_processor[1], 0);
	assert_int_equal(result.time.cpu_by_processor[2], 9);
	assert_number(result.time.cpu, 16, "bpf:sched_switch");
}

#define SPLIT_SOURCE "kernel:ticks scaled to bpf:sched_switch"

static void cpu_time_is_split_as_the_ticks_were(void **state)
{
	(void)state;
	cpus[0].cpu_ns = 600;
	cpus[1].cpu_ns = 400;
	cpus[0].user_tick_ns = 300000000;
	cpus[1].system_tick_ns = 100000000;
	fill();
	assert_number(result.time.user, 750, SPLIT_SOURCE);
	assert_number(result.time.system, 250, SPLIT_SOURCE);
}

static void ticks_of_one_kind_give_that_kind_all_the_time(void **state)
{
	(void)state;
	cpus[0].cpu_ns = 12345;
	cpus[0].user_tick_ns = 400000000;
	fill();
	assert_number(result.time.user, 12345, SPLIT_SOURCE);
	assert_number(result.time.system, 0, SPLIT_SOURCE);
	cpus[0].system_tick_ns = 400000000;
	cpus[0].user_tick_ns = 0;
	fill();
	assert_number(result.time.user, 0, SPLIT_SOURCE);
	assert_number(result.time.system, 12345, SPLIT_SOURCE);
}

static void user_and_system_time_always_make_up_the_cpu_time(void **state)
{
	(void)state;
	for (uint64_t user = 0; user < 50; user++) {
		cpus[0].cpu_ns = 1000003 + user * 7919;
		cpus[0].user_tick_ns = user * 4000000;
		cpus[1].system_tick_ns = (53 - user) * 4000000;
		fill();
		assert_int_equal(
			result.time.user.value + result.time.system.value, result.time.cpu.value);
	}
}

/* A thousand processors for ten years, in nanoseconds: 2^58. Its square has no room in 64 bits. */
static void the_split_of_a_very_long_run_does_not_overflow(void **state)
{
	const uint64_t quarter = 1ULL << 58;

	(void)state;
	cpus[0].cpu_ns = 4 * quarter;
	cpus[0].user_tick_ns = 3 * quarter;
	cpus[0].system_tick_ns = quarter;
	fill();
	assert_number(result.time.user, 3 * quarter, SPLIT_SOURCE);
	assert_number(result.time.system, quarter, SPLIT_SOURCE);
}

static void with_too_few_ticks_the_split_is_unknown_and_the_sum_known(void **state)
{
	static const char reason[] = "too few timer ticks hit the run for a split";

	(void)state;
	cpus[0].cpu_ns = 300000;
	fill();
	assert_unknown(result.time.user, reason);
	assert_unknown(result.time.system, reason);
	assert_number(result.time.cpu, 300000, "bpf:sched_switch");
	cpus[0].user_tick_ns = cpus[2].system_tick_ns = 19999999;
	fill();
	assert_unknown(result.time.user, reason);
	cpus[1].user_tick_ns = 2;
	fill();
	assert_int_equal(result.time.user.value + result.time.system.value, 300000);
	assert_true(result.time.user.is_known);
}

/* --- Tasks --- */

static void every_process_but_the_first_was_forked(void **state)
{
	(void)state;
	account.run.processes = 38;
	fill();
	assert_number(result.processes.forks, 37, "bpf:task births");
	account.run.moved_in = 2;
	fill();
	assert_number(result.processes.forks, 35, "bpf:task births");
	account.run.moved_in = 0;
	account.run.processes = 1;
	fill();
	assert_number(result.processes.forks, 0, "bpf:task births");
	account.run.processes = 0;
	fill();
	assert_number(result.processes.forks, 0, "bpf:task births");
}

static void every_voluntary_switch_but_a_death_is_a_sleep_that_was_woken(void **state)
{
	(void)state;
	cpus[0].voluntary_switches = 10;
	cpus[1].voluntary_switches = 5;
	account.run.dead_tasks = 4;
	fill();
	assert_int_equal(result.scheduler.wakeups.value, 11);
	assert_int_equal(result.scheduler.voluntary_switches.value, 15);
	account.run.dead_tasks = 15;
	fill();
	assert_int_equal(result.scheduler.wakeups.value, 0);
}

static void wakeups_are_unknown_rather_than_below_nothing(void **state)
{
	(void)state;
	cpus[0].voluntary_switches = 3;
	account.run.dead_tasks = 4;
	fill();
	assert_unknown(result.scheduler.wakeups, "fewer switches than deaths were seen");
}

/* --- System calls --- */

static void count(int abi, int number, uint64_t calls, uint64_t errors, uint64_t denied)
{
	account.syscalls[abi].number[number] =
		(struct syscall_counter){ .count = calls, .errors = errors, .denied = denied };
}

static void assert_named(size_t place, const char *name, uint64_t calls)
{
	assert_true(place < result.syscalls.by_name_count);
	assert_string_equal(result.syscalls.by_name[place].name, name);
	assert_int_equal(result.syscalls.by_name[place].count, calls);
}

static void a_run_without_system_calls_counts_none(void **state)
{
	(void)state;
	fill();
	assert_int_equal(result.syscalls.by_name_count, 0);
	assert_number(result.syscalls.total, 0, "bpf:raw_syscalls");
	assert_number(result.syscalls.errors, 0, "bpf:raw_syscalls");
	assert_number(result.syscalls.denied, 0, "bpf:raw_syscalls");
}

static void calls_are_named_with_their_errors_and_refusals(void **state)
{
	(void)state;
	count(ABI_X86_64, 165, 9, 4, 3);
	fill();
	assert_int_equal(result.syscalls.by_name_count, 1);
	assert_named(0, "mount", 9);
	assert_int_equal(result.syscalls.by_name[0].errors, 4);
	assert_int_equal(result.syscalls.by_name[0].denied, 3);
}

static void the_totals_are_those_of_all_abis_and_numbers(void **state)
{
	(void)state;
	count(ABI_X86_64, 0, 100, 10, 1);
	count(ABI_IA32, 3, 200, 20, 2);
	count(ABI_X32, 514, 400, 40, 4);
	account.syscalls[ABI_X86_64].unknown = (struct syscall_counter){ 800, 80, 8 };
	fill();
	assert_number(result.syscalls.total, 1500, "bpf:raw_syscalls");
	assert_number(result.syscalls.errors, 150, "bpf:raw_syscalls");
	assert_number(result.syscalls.denied, 15, "bpf:raw_syscalls");
}

static void the_most_frequent_call_comes_first_and_equals_by_name(void **state)
{
	(void)state;
	count(ABI_X86_64, 0, 5, 0, 0);		  /* read */
	count(ABI_X86_64, 1, 70, 0, 0);		  /* write */
	count(ABI_X86_64, 2, 5, 0, 0);		  /* open */
	count(ABI_X86_64, 3, 5, 0, 0);		  /* close */
	count(ABI_X86_64, 257, 1ULL << 40, 0, 0); /* openat */
	fill();
	assert_int_equal(result.syscalls.by_name_count, 5);
	assert_named(0, "openat", 1ULL << 40);
	assert_named(1, "write", 70);
	assert_named(2, "close", 5);
	assert_named(3, "open", 5);
	assert_named(4, "read", 5);
}

static void calls_of_other_abis_are_told_apart(void **state)
{
	(void)state;
	count(ABI_X86_64, 0, 50, 0, 0);
	count(ABI_IA32, 3, 40, 0, 0);
	count(ABI_IA32, 359, 30, 0, 0);
	count(ABI_X32, 0, 20, 0, 0);
	count(ABI_X32, 514, 10, 0, 0);
	fill();
	assert_int_equal(result.syscalls.by_name_count, 5);
	assert_named(0, "read", 50);
	assert_named(1, "ia32:read", 40);
	assert_named(2, "ia32:socket", 30);
	assert_named(3, "x32:read", 20);
	assert_named(4, "x32:ioctl", 10);
}

static void connects_are_those_of_every_abi(void **state)
{
	(void)state;
	count(ABI_X86_64, 42, 3, 1, 0);
	count(ABI_IA32, 362, 20, 0, 0);
	count(ABI_X32, 42, 100, 0, 0);
	count(ABI_IA32, 42, 1000, 0, 0); /* pipe */
	fill();
	assert_number(result.network.connects, 123, "bpf:raw_syscalls");
}

static void a_number_without_a_name_is_told_as_a_number(void **state)
{
	(void)state;
	count(ABI_X86_64, SYSCALL_NUMBERS - 1, 3, 3, 0);
	count(ABI_IA32, SYSCALL_NUMBERS - 1, 2, 2, 0);
	count(ABI_X32, SYSCALL_NUMBERS - 1, 1, 1, 0);
	fill();
	assert_int_equal(result.syscalls.by_name_count, 3);
	assert_named(0, "575", 3);
	assert_named(1, "ia32:575", 2);
	assert_named(2, "x32:575", 1);
}

static void numbers_outside_the_table_are_told_together(void **state)
{
	(void)state;
	account.syscalls[ABI_X86_64].unknown.count = 3;
	account.syscalls[ABI_IA32].unknown.count = 2;
	account.syscalls[ABI_X32].unknown.count = 1;
	fill();
	assert_int_equal(result.syscalls.by_name_count, 3);
	assert_named(0, "unknown", 3);
	assert_named(1, "ia32:unknown", 2);
	assert_named(2, "x32:unknown", 1);
}

/* The call that was under way when the window opened, execve, returns within it. */
static void an_error_of_a_call_that_was_not_counted_is_not_forgotten(void **state)
{
	(void)state;
	count(ABI_X86_64, 59, 0, 1, 0);
	fill();
	assert_int_equal(result.syscalls.by_name_count, 1);
	assert_named(0, "execve", 0);
	assert_int_equal(result.syscalls.errors.value, 1);
}

static void every_call_there_is_fits_in_the_list(void **state)
{
	size_t all = (size_t)ABI_COUNT * (SYSCALL_NUMBERS + 1);
	uint64_t total = 0;

	(void)state;
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		for (int number = 0; number < SYSCALL_NUMBERS; number++)
			count(abi, number, number + 1, 0, 0);
		account.syscalls[abi].unknown.count = 1;
	}
	fill();
	assert_int_equal(result.syscalls.by_name_count, all);
	for (size_t i = 0; i < all; i++) {
		total += result.syscalls.by_name[i].count;
		assert_true(i == 0 || result.syscalls.by_name[i - 1].count >=
					      result.syscalls.by_name[i].count);
	}
	assert_int_equal(total, result.syscalls.total.value);
}

/* --- Loss --- */

static void a_sound_run_lost_nothing(void **state)
{
	(void)state;
	fill();
	assert_false(result_has_loss(&result.collector.loss));
}

static void every_loss_is_told_as_what_it_is(void **state)
{
	const struct loss *loss = &result.collector.loss;

	(void)state;
	account.run.lost_task_storage = 1;
	account.run.lost_map_updates = 2;
	account.run.lost_events = 3;
	account.run.fallback_deaths = 4;
	account.recursion_misses = 5;
	fill();
	assert_int_equal(loss->task_storage, 1);
	assert_int_equal(loss->map_update, 2);
	assert_int_equal(loss->ring_buffer, 3);
	assert_int_equal(loss->fallback_deaths, 4);
	assert_int_equal(loss->recursion_misses, 5);
	assert_false(loss->exec_baseline_uncertain);
}

static void a_clock_that_was_not_looked_at_puts_the_start_in_doubt(void **state)
{
	(void)state;
	account.run.is_clock_known = 0;
	fill();
	assert_true(result.collector.loss.exec_baseline_uncertain);
}

static void time_stolen_around_the_exec_puts_the_start_in_doubt(void **state)
{
	(void)state;
	account.run.baseline_doubt_ns = 2000;
	fill();
	assert_false(result.collector.loss.exec_baseline_uncertain);
	account.run.baseline_doubt_ns = 2001;
	fill();
	assert_true(result.collector.loss.exec_baseline_uncertain);
}

/* cpu.stat cuts to whole microseconds, in two figures that are added: up to one is rounding. */
static void the_kernels_cpu_time_may_differ_by_its_rounding(void **state)
{
	static const struct {
		uint64_t charged_ns, cgroup_ns;
		int64_t difference_ns;
		bool differs;
	} cases[] = {
		{ 5000999, 5000000, 0, false },
		{ 5001999, 5000000, 1000, false },
		{ 5002000, 5000000, 2000, true },
		{ 5000000, 5001000, -1000, false },
		{ 5000000, 5002000, -2000, true },
		{ 0, 0, 0, false },
		{ 0, 9000000000000, -9000000000000, true },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct loss loss = { .cpu_time_differs = !cases[i].differs };

		account_check_cpu(&loss, cases[i].charged_ns, cases[i].cgroup_ns);
		assert_int_equal(loss.cpu_difference_ns, cases[i].difference_ns);
		assert_int_equal(loss.cpu_time_differs, cases[i].differs);
	}
}

/* --- No run --- */

static void a_command_that_was_not_executed_has_no_number(void **state)
{
	(void)state;
	account.run.exec_ns = 0;
	cpus[0].cpu_ns = 100;
	count(ABI_X86_64, 0, 5, 0, 0);
	fill();
	for (const struct result_field *field = result_fields; field->section; field++)
		assert_unknown(*result_number(&result, field), "the command was not executed");
	assert_int_equal(result.syscalls.by_name_count, 0);
	assert_null(result.time.cpu_by_processor);
}

#define claim(name) cmocka_unit_test_setup_teardown(name, begin_account, forget_result)

/* --- What came from outside --- */

static void has_culprit(size_t place, const char *name, uint64_t ns)
{
	struct culprit *culprit = &account.run.culprits[place];

	*culprit = (struct culprit){ .key = place + 1, .pid = 1, .ns = ns };
	memcpy(culprit->name, name, strnlen(name, sizeof(culprit->name)));
}

static void the_worst_five_are_named_by_falling_time(void **state)
{
	static const char *const names[] = { "d", "b", "f", "a", "c", "e" };

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++)
		has_culprit(3 * i, names[i], 1000 - names[i][0]);
	fill();
	assert_int_equal(result.noise.culprit_count, CULPRITS_TOLD);
	for (size_t i = 0; i < CULPRITS_TOLD; i++) {
		assert_int_equal(result.noise.culprits[i].name[0], 'a' + (int)i);
		assert_int_equal(result.noise.culprits[i].ns, 1000 - 'a' - i);
	}
}

static void threads_of_the_kernel_that_each_processor_has_are_one_name(void **state)
{
	(void)state;
	has_culprit(0, "ksoftirqd/0", 5);
	has_culprit(1, "ksoftirqd/11", 7);
	has_culprit(2, "kworker/0:1", 1);
	has_culprit(3, "kworker/u8:3", 2);
	has_culprit(4, "a/b", 4);
	fill();
	assert_int_equal(result.noise.culprit_count, 3);
	assert_string_equal(result.noise.culprits[0].name, "ksoftirqd");
	assert_int_equal(result.noise.culprits[0].ns, 12);
	assert_string_equal(result.noise.culprits[1].name, "a/b");
	assert_string_equal(result.noise.culprits[2].name, "kworker");
	assert_int_equal(result.noise.culprits[2].ns, 3);
}

static void a_name_of_sixteen_bytes_ends_there(void **state)
{
	(void)state;
	has_culprit(0, "0123456789abcdefgh", 5);
	fill();
	assert_string_equal(result.noise.culprits[0].name, "0123456789abcdef");
}

static void waits_that_are_neither_named_nor_own_are_unexplained(void **state)
{
	(void)state;
	cpus[0].waited_ns = 60;
	cpus[2].waited_ns = 40;
	cpus[1].waited_for_own_ns = 30;
	account.run.preempted_ns = 50;
	fill();
	assert_int_equal(result.noise.preempted.value, 50);
	assert_int_equal(result.noise.waited_for_own.value, 30);
	assert_int_equal(result.noise.waited_unexplained.value, 20);
}

static void what_the_main_thread_lost_is_taken_off_the_wall_time(void **state)
{
	(void)state;
	account.run.main_waited_ns = 1000;
	account.run.main_taken_ns = 200;
	fill();
	assert_int_equal(result.time.wall.value, 4000);
	assert_int_equal(result.time.undisturbed.value, 2800);
	account.run.main_waited_ns = 5000;
	fill();
	assert_int_equal(result.time.undisturbed.value, 0);
	account.run.main_death_ns = 0;
	fill();
	assert_unknown(result.time.undisturbed, "the end of the command was not seen");
}

static void interrupts_are_unknown_unless_they_are_weighed(void **state)
{
	(void)state;
	cpus[1].irq_ns = 3;
	cpus[2].softirq_ns = 4;
	fill();
	assert_unknown(result.noise.irq, "interrupts are weighed only with --interrupts");
	account.weighs_interrupts = true;
	fill();
	assert_number(result.noise.irq, 3, "bpf:irq and irq_vectors");
	assert_number(result.noise.softirq, 4, "bpf:irq and irq_vectors");
}

static void migrations_between_places_are_unknown_where_places_are(void **state)
{
	static const char reason[] =
		"the kernel does not tell which processors share a cache or a node";

	(void)state;
	cpus[0].cache_migrations = 2;
	cpus[1].node_migrations = 1;
	fill();
	assert_unknown(result.noise.cache_migrations, reason);
	account.knows_places = true;
	fill();
	assert_number(result.noise.cache_migrations, 2, "bpf:sched_switch and /sys");
	assert_number(result.noise.node_migrations, 1, "bpf:sched_switch and /sys");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(every_number_has_a_source_or_a_reason),
		claim(numbers_of_the_run_are_told_as_they_are),
		claim(numbers_of_the_processors_are_added_up),
		claim(wall_time_goes_from_the_exec_to_the_death_of_the_command),
		claim(wall_time_is_unknown_when_the_commands_death_was_not_seen),
		claim(cpu_time_is_told_by_processor_without_the_launchers),
		claim(cpu_time_is_split_as_the_ticks_were),
		claim(ticks_of_one_kind_give_that_kind_all_the_time),
		claim(user_and_system_time_always_make_up_the_cpu_time),
		claim(the_split_of_a_very_long_run_does_not_overflow),
		claim(with_too_few_ticks_the_split_is_unknown_and_the_sum_known),
		claim(every_process_but_the_first_was_forked),
		claim(every_voluntary_switch_but_a_death_is_a_sleep_that_was_woken),
		claim(wakeups_are_unknown_rather_than_below_nothing),
		claim(a_run_without_system_calls_counts_none),
		claim(calls_are_named_with_their_errors_and_refusals),
		claim(the_totals_are_those_of_all_abis_and_numbers),
		claim(the_most_frequent_call_comes_first_and_equals_by_name),
		claim(calls_of_other_abis_are_told_apart),
		claim(connects_are_those_of_every_abi),
		claim(a_number_without_a_name_is_told_as_a_number),
		claim(numbers_outside_the_table_are_told_together),
		claim(an_error_of_a_call_that_was_not_counted_is_not_forgotten),
		claim(every_call_there_is_fits_in_the_list),
		claim(the_worst_five_are_named_by_falling_time),
		claim(threads_of_the_kernel_that_each_processor_has_are_one_name),
		claim(a_name_of_sixteen_bytes_ends_there),
		claim(waits_that_are_neither_named_nor_own_are_unexplained),
		claim(what_the_main_thread_lost_is_taken_off_the_wall_time),
		claim(interrupts_are_unknown_unless_they_are_weighed),
		claim(migrations_between_places_are_unknown_where_places_are),
		claim(a_sound_run_lost_nothing),
		claim(every_loss_is_told_as_what_it_is),
		claim(a_clock_that_was_not_looked_at_puts_the_start_in_doubt),
		claim(time_stolen_around_the_exec_puts_the_start_in_doubt),
		claim(the_kernels_cpu_time_may_differ_by_its_rounding),
		claim(a_command_that_was_not_executed_has_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
