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
	account.run.io_counted_bytes = sizeof(struct io_account);
	account.has_syscalls = true;
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

static bool is_filled_elsewhere(const struct result_field *field)
{
	return !strcmp(field->key, "oom_kills") || !strcmp(field->key, "peak_bytes") ||
	       !strcmp(field->key, "overhead_ns") || !strcmp(field->section, "pressure") ||
	       !strcmp(field->key, "throttled_ns") ||
	       !strncmp(field->key, "machine_", strlen("machine_")) ||
	       (!strcmp(field->section, "io") &&
		       (!strcmp(field->key, "read_bytes") || !strcmp(field->key, "written_bytes")));
}

static void assert_every_number_speaks_for_itself(void)
{
	for (const struct result_field *field = result_fields; field->section; field++) {
		const struct number *number = result_number(&result, field);

		if (is_filled_elsewhere(field))
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
	COPY(moved_in, processes.moved_in, "bpf:cgroup_attach_task"),
	COPY(execs, processes.execs, "bpf:sched_process_exec"),
	COPY(rx_bytes, network.rx_bytes, "bpf:cgroup_skb"),
	COPY(tx_bytes, network.tx_bytes, "bpf:cgroup_skb"),
	COPY(rx_packets, network.rx_packets, "bpf:cgroup_skb"),
	COPY(tx_packets, network.tx_packets, "bpf:cgroup_skb"),
	COPY(inet_sockets, network.sockets_inet, "bpf:cgroup sock_create"),
	COPY(inet6_sockets, network.sockets_inet6, "bpf:cgroup sock_create"),
	COPY(sockets_by_call[1], network.sockets_unix, "bpf:raw_syscalls"),
	COPY(sockets_by_call[16], network.sockets_netlink, "bpf:raw_syscalls"),
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
#define IO(member, field)                                                                          \
	{                                                                                          \
		offsetof(struct cpu_account, io.member), offsetof(struct result, io.field),        \
			"kernel:task, at its last switch"                                          \
	}
	IO(syscall_read_bytes, syscall_read),
	IO(syscall_written_bytes, syscall_written),
	IO(syscall_reads, syscall_reads),
	IO(syscall_writes, syscall_writes),
	IO(storage_read_bytes, storage_read),
	IO(storage_written_bytes, storage_written),
	IO(storage_cancelled_bytes, storage_cancelled),
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

static void count(int abi, int number, uint64_t calls, uint64_t errors, uint64_t denied)
{
	account.syscalls[abi].number[number] =
		(struct syscall_counter){ .count = calls, .errors = errors, .denied = denied };
}

#define CALLS_SOURCE "bpf:raw_syscalls and bpf:sched_switch"

static void time_calls(uint64_t cpu_ns)
{
	static struct timed_syscall timed;

	timed = (struct timed_syscall){ .abi = ABI_X86_64, .number = 1 };
	timed.times.wall_ns = 2 * cpu_ns;
	timed.times.cpu_ns = cpu_ns;
	timed.times.max_ns = 77;
	timed.times.histogram[3] = 5;
	account.timed = &timed;
	account.timed_count = 1;
}

static void timed_calls_are_the_system_time_of_a_run_with_few_of_them_and_few_faults(void **state)
{
	(void)state;
	cpus[0].cpu_ns = 100000000;
	cpus[1].minor_faults = 650; /* with the calls 2 ms at most: one part in fifty */
	count(ABI_X86_64, 1, 2000, 0, 0);
	time_calls(30000000);
	fill();
	assert_number(result.time.user, 70000000, CALLS_SOURCE);
	assert_number(result.time.system, 30000000, CALLS_SOURCE);
	cpus[1].major_faults = 1;
	fill();
	assert_unknown(result.time.system, "too few timer ticks hit the run for a split");
	cpus[1].major_faults = 0;
	count(ABI_X86_64, 2, 1, 0, 0);
	fill();
	assert_unknown(result.time.system, "too few timer ticks hit the run for a split");
	cpus[0].user_tick_ns = 40000000;
	fill();
	assert_number(result.time.user, 100000000, SPLIT_SOURCE);
}

/* --- Wall time --- */

#define WALL_SOURCE "bpf:sched_switch and kernel:sched_info"

/* Of ten seconds, from the exec to the last switch. */
static void begin_wall(void)
{
	account.run.main_death_ns = account.run.exec_ns + 10000000000;
	account.run.has_waits = 1;
	account.run.main_on_cpu_ns = 5000000000;
	account.run.main_wait_ns[WAIT_PROCESSOR] = 2000000000;
	account.run.main_wait_ns[WAIT_LOCK] = 2000000000;
	account.run.main_wait_ns[WAIT_CHILD] = 1000000000;
}

static uint64_t sum_of_main(void)
{
	return result.time.on_cpu.value + result.time.runqueue.value + result.time.blocked.value;
}

static void the_wall_time_is_running_queuing_and_being_blocked(void **state)
{
	(void)state;
	begin_wall();
	fill();
	assert_number(result.time.on_cpu, 5000000000, WALL_SOURCE);
	assert_number(result.time.runqueue, 2000000000, WALL_SOURCE);
	assert_number(result.time.blocked, 3000000000, WALL_SOURCE);
	assert_number(result.blocked.lock, 2000000000, WALL_SOURCE);
	assert_number(result.blocked.child, 1000000000, WALL_SOURCE);
	assert_number(result.blocked.timer, 0, WALL_SOURCE);
	assert_number(result.blocked.ended, 0, WALL_SOURCE);
}

/* A clock that is slewed by 500 parts in a million, the most there is, either way. */
static void clocks_that_differ_change_no_sum(void **state)
{
	(void)state;
	for (int64_t slew_ns = -5000000; slew_ns <= 5000000; slew_ns += 33333) {
		begin_wall();
		account.run.main_death_ns += slew_ns;
		fill();
		assert_int_equal(sum_of_main(), result.time.wall.value);
		assert_int_equal(result.blocked.lock.value + result.blocked.child.value,
			result.time.blocked.value);
		assert_in_range(result.time.runqueue.value, 1998900000, 2001100000);
	}
}

static void parts_that_are_too_few_or_too_many_are_not_told(void **state)
{
	static const char reason[] = "the parts do not add up to the wall time";

	(void)state;
	for (int64_t slew_ns = -12000000; slew_ns <= 12000000; slew_ns += 24000000) {
		begin_wall();
		account.run.main_death_ns += slew_ns;
		fill();
		assert_unknown(result.time.on_cpu, reason);
		assert_unknown(result.time.blocked, reason);
		assert_unknown(result.blocked.lock, reason);
		assert_true(result.time.wall.is_known);
	}
}

/* 300 us, of which the clocks' slew explains 5. */
static void what_no_slew_explains_is_the_end_of_the_main_thread(void **state)
{
	(void)state;
	account.run.main_death_ns = account.run.exec_ns + 10300000;
	account.run.has_waits = 1;
	account.run.main_on_cpu_ns = 1000000;
	account.run.main_wait_ns[WAIT_TIMER] = 9000000;
	fill();
	assert_in_range(result.time.on_cpu.value, 1294000, 1300000);
	assert_in_range(result.time.blocked.value, 9000000, 9006000);
	assert_int_equal(sum_of_main(), result.time.wall.value);
}

static void after_the_end_of_the_main_thread_it_counts_as_blocked(void **state)
{
	(void)state;
	begin_wall();
	account.run.main_thread_death_ns = account.run.main_death_ns;
	account.run.main_death_ns += 4000000000;
	account.run.main_ended_ns = 0;
	fill();
	assert_number(result.blocked.ended, 4000000000, WALL_SOURCE);
	assert_number(result.time.blocked, 7000000000, WALL_SOURCE);
	assert_int_equal(sum_of_main(), result.time.wall.value);
}

static void waits_of_all_tasks_are_summed_over_processors(void **state)
{
	(void)state;
	begin_wall();
	cpus[0].wait_ns[WAIT_PIPE_SOCKET] = 30;
	cpus[2].wait_ns[WAIT_PIPE_SOCKET] = 4;
	cpus[1].wait_ns[WAIT_PROCESSOR] = 500;
	cpus[1].wait_ns[WAIT_OTHER] = 6;
	fill();
	assert_number(result.tree_blocked.pipe_socket, 34, WALL_SOURCE);
	assert_number(result.time.tree_blocked, 40, WALL_SOURCE);
	assert_number(result.time.tree_runqueue, 500, WALL_SOURCE);
}

static void a_kernel_without_sched_info_has_a_reason(void **state)
{
	static const char reason[] =
		"this kernel does not count the time on run queues (CONFIG_SCHED_INFO)";

	(void)state;
	fill();
	assert_unknown(result.time.on_cpu, reason);
	assert_unknown(result.time.tree_blocked, reason);
	assert_unknown(result.tree_blocked.other, reason);
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

static void calls_that_nobody_looked_at_are_unknown(void **state)
{
	static const char reason[] = "system calls were not looked at (--no-syscalls)";

	(void)state;
	account.has_syscalls = false;
	fill();
	assert_unknown(result.syscalls.total, reason);
	assert_unknown(result.syscalls.denied, reason);
	assert_unknown(result.syscalls.wall, reason);
	assert_unknown(result.network.connects, reason);
	assert_null(result.syscalls.by_name);
}

static void packets_that_nobody_counted_are_unknown(void **state)
{
	(void)state;
	account.run.rx_bytes = account.run.inet_sockets = 1;
	account.no_packets = "they were not counted";
	fill();
	assert_unknown(result.network.rx_bytes, "they were not counted");
	assert_unknown(result.network.tx_packets, "they were not counted");
	assert_unknown(result.network.sockets, "they were not counted");
	assert_unknown(result.network.sockets_inet, "they were not counted");
	assert_number(result.network.sockets_unix, 0, "bpf:raw_syscalls");
}

static void timed_calls_have_their_times_by_name(void **state)
{
	static const char reason[] = "system calls were not timed (--syscall-times)";

	(void)state;
	count(ABI_X86_64, 1, 5, 0, 0);
	fill();
	assert_unknown(result.syscalls.wall, reason);
	time_calls(1000);
	fill();
	assert_named(0, "write", 5);
	assert_int_equal(result.syscalls.by_name[0].wall_ns, 2000);
	assert_int_equal(result.syscalls.by_name[0].max_ns, 77);
	assert_int_equal(result.syscalls.by_name[0].histogram[3], 5);
	assert_number(result.syscalls.wall, 2000, "bpf:raw_syscalls and bpf:sched_switch");
	assert_number(result.syscalls.cpu, 1000, "bpf:raw_syscalls and bpf:sched_switch");
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

/* --- Sockets --- */

static void sockets_of_the_internet_are_those_of_both_families(void **state)
{
	(void)state;
	account.run.inet_sockets = 3;
	account.run.inet6_sockets = 20;
	account.run.sockets_by_call[2] = 1000;
	account.run.sockets_by_call[10] = 1000;
	fill();
	assert_number(result.network.sockets, 23, "bpf:cgroup sock_create");
	assert_number(result.network.sockets_inet, 3, "bpf:cgroup sock_create");
	assert_number(result.network.sockets_other, 0, "bpf:raw_syscalls");
}

static void sockets_of_all_other_families_are_told_together(void **state)
{
	(void)state;
	account.run.sockets_by_call[0] = 1; /* the family could not be read */
	account.run.sockets_by_call[17] = 20;
	account.run.sockets_by_call[SOCKET_FAMILIES - 1] = 300;
	fill();
	assert_number(result.network.sockets_other, 321, "bpf:raw_syscalls");
	assert_number(result.network.sockets_unix, 0, "bpf:raw_syscalls");
}

static void sockets_that_io_uring_made_leave_the_families_unknown(void **state)
{
	static const char reason[] = "io_uring does not tell the family of sockets it makes";

	(void)state;
	account.run.inet_sockets = 3;
	cpus[1].uring_requests[45] = 1;
	fill();
	assert_unknown(result.network.sockets_unix, reason);
	assert_unknown(result.network.sockets_netlink, reason);
	assert_unknown(result.network.sockets_other, reason);
	assert_number(result.network.sockets, 3, "bpf:cgroup sock_create");
}

static void rings_that_nobody_watched_may_have_made_sockets(void **state)
{
	(void)state;
	account.no_io_uring = "not asked for";
	fill();
	assert_true(result.network.sockets_unix.is_known);
	count(ABI_X86_64, 425, 1, 0, 0);
	fill();
	assert_false(result.network.sockets_unix.is_known);
}

/* --- Input and output --- */

static void what_a_kernel_does_not_count_is_unknown(void **state)
{
	static const char reason[] = "this kernel does not count it (CONFIG_TASK_IO_ACCOUNTING)";

	(void)state;
	account.run.io_counted_bytes = offsetof(struct io_account, storage_read_bytes);
	fill();
	assert_true(result.io.syscall_writes.is_known);
	assert_unknown(result.io.storage_read, reason);
	assert_unknown(result.io.page_cache_misses, reason);
	account.run.io_counted_bytes = 0;
	fill();
	assert_unknown(result.io.syscall_read, reason);
}

static void page_cache_misses_are_the_pages_that_storage_was_read_for(void **state)
{
	static const char source[] = "kernel:task, what was read from storage in pages";
	uint64_t page = sysconf(_SC_PAGESIZE);

	(void)state;
	cpus[0].io.storage_read_bytes = 7 * page;
	fill();
	assert_number(result.io.page_cache_misses, 7, source);
	cpus[2].io.storage_read_bytes = 512;
	fill();
	assert_number(result.io.page_cache_misses, 8, source);
}

/* --- io_uring --- */

#define assert_requested(place, name, times)                                                       \
	do {                                                                                       \
		assert_string_equal(result.syscalls.io_uring.by_op[place].op, name);               \
		assert_int_equal(result.syscalls.io_uring.by_op[place].count, times);              \
	} while (0)

static void requests_are_added_up_by_opcode(void **state)
{
	(void)state;
	cpus[0].uring_requests[0] = 5;
	cpus[2].uring_requests[0] = 2;
	cpus[1].uring_requests[22] = 30;
	cpus[1].uring_requests[64] = 4;
	cpus[1].uring_requests[URING_OPCODES - 1] = 3;
	cpus[1].uring_requests[URING_OPCODES] = 2;
	fill();
	assert_number(result.syscalls.io_uring.total, 46, "bpf:io_uring_submit_req");
	assert_int_equal(result.syscalls.io_uring.by_op_count, 5);
	assert_requested(0, "read", 30);
	assert_requested(1, "nop", 7);
	assert_requested(2, "uring_cmd128", 4);
	assert_requested(3, "opcode 79", 3);
	assert_requested(4, "unknown", 2);
}

static void rings_are_the_set_ups_that_succeeded(void **state)
{
	(void)state;
	account.no_io_uring = "not asked for";
	count(ABI_X86_64, 425, 3, 1, 1);
	count(ABI_IA32, 425, 20, 0, 0);
	fill();
	assert_number(result.syscalls.io_uring.rings, 22, "bpf:raw_syscalls");
	assert_unknown(result.syscalls.io_uring.total, "not asked for");
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

static const struct CMUnitTest tests[] = {
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
	claim(timed_calls_are_the_system_time_of_a_run_with_few_of_them_and_few_faults),
	claim(the_wall_time_is_running_queuing_and_being_blocked),
	claim(clocks_that_differ_change_no_sum),
	claim(parts_that_are_too_few_or_too_many_are_not_told),
	claim(what_no_slew_explains_is_the_end_of_the_main_thread),
	claim(after_the_end_of_the_main_thread_it_counts_as_blocked),
	claim(waits_of_all_tasks_are_summed_over_processors),
	claim(a_kernel_without_sched_info_has_a_reason),
	claim(every_process_but_the_first_was_forked),
	claim(every_voluntary_switch_but_a_death_is_a_sleep_that_was_woken),
	claim(wakeups_are_unknown_rather_than_below_nothing),
	claim(sockets_of_the_internet_are_those_of_both_families),
	claim(sockets_of_all_other_families_are_told_together),
	claim(sockets_that_io_uring_made_leave_the_families_unknown),
	claim(rings_that_nobody_watched_may_have_made_sockets),
	claim(what_a_kernel_does_not_count_is_unknown),
	claim(page_cache_misses_are_the_pages_that_storage_was_read_for),
	claim(requests_are_added_up_by_opcode),
	claim(rings_are_the_set_ups_that_succeeded),
	claim(a_run_without_system_calls_counts_none),
	claim(calls_that_nobody_looked_at_are_unknown),
	claim(packets_that_nobody_counted_are_unknown),
	claim(timed_calls_have_their_times_by_name),
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

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
