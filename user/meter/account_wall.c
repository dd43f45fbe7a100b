// SPDX-License-Identifier: Apache-2.0
// Where the wall time went: of the main thread exactly, of all tasks in sums.
//
// The parts are taken on the processors' clock, the whole on CLOCK_MONOTONIC, which time servers
// may slew against it by 500 parts in a million. So the parts are turned into the whole's time by
// the ratio of the two. Where they differ by more than such a slew, something was not seen.
#include "account_wall.h"

#include <stddef.h>

/*
 * The whole ends a moment after the parts: the scheduler looks for another task in between. Some
 * microseconds as a rule, more where that takes it long or the machine is slow.
 */
#define END_USUAL_NS 5000
#define END_MOST_NS 1000000
#define CLOCKS_DIFFER_BY 1000 /* one part in so many */

static const char source[] = "bpf:sched_switch and kernel:sched_info";

/* Where the key of a cause is in the result; WAIT_PROCESSOR is told with the time. */
static const size_t members[WAIT_CAUSES] = {
	[WAIT_OTHER] = offsetof(struct wait_result, other),
	[WAIT_BLOCK_IO] = offsetof(struct wait_result, block_io),
	[WAIT_LOCK] = offsetof(struct wait_result, lock),
	[WAIT_PIPE_SOCKET] = offsetof(struct wait_result, pipe_socket),
	[WAIT_TIMER] = offsetof(struct wait_result, timer),
	[WAIT_CHILD] = offsetof(struct wait_result, child),
	[WAIT_PAGE_FAULT] = offsetof(struct wait_result, page_fault_io),
	[WAIT_STOPPED] = offsetof(struct wait_result, stopped),
};

static struct number *member_of(struct wait_result *waits, size_t cause)
{
	return (struct number *)((char *)waits + members[cause]);
}

static uint64_t fill_causes(struct wait_result *waits, const uint64_t wait_ns[WAIT_CAUSES])
{
	uint64_t blocked_ns = 0;

	for (size_t cause = 0; cause < WAIT_CAUSES; cause++) {
		if (cause == WAIT_PROCESSOR)
			continue;
		*member_of(waits, cause) = number_known(wait_ns[cause], source);
		blocked_ns += wait_ns[cause];
	}
	return blocked_ns;
}

static void set_causes_unknown(struct wait_result *waits, const char *reason)
{
	for (size_t cause = 0; cause < WAIT_CAUSES; cause++) {
		if (cause != WAIT_PROCESSOR)
			*member_of(waits, cause) = number_unknown(reason);
	}
}

/* --- All tasks --- */

static void fill_tree(const struct cpu_account *sum, struct result *result)
{
	uint64_t wait_ns[WAIT_CAUSES];

	for (size_t cause = 0; cause < WAIT_CAUSES; cause++)
		wait_ns[cause] = sum->wait_ns[cause];
	result->time.tree_runqueue = number_known(wait_ns[WAIT_PROCESSOR], source);
	result->time.tree_blocked =
		number_known(fill_causes(&result->tree_blocked, wait_ns), source);
}

static void set_tree_unknown(struct result *result, const char *reason)
{
	result->time.tree_runqueue = result->time.tree_blocked = number_unknown(reason);
	set_causes_unknown(&result->tree_blocked, reason);
}

/* --- The main thread --- */

struct main_time {
	uint64_t on_cpu_ns;
	uint64_t wait_ns[WAIT_CAUSES];
	uint64_t ended_ns; /* it had ended before its process did */
	uint64_t after_ns; /* the last part of that, on the whole's clock */
};

static uint64_t sum_parts(const struct main_time *main)
{
	uint64_t sum = main->on_cpu_ns + main->ended_ns;

	for (size_t cause = 0; cause < WAIT_CAUSES; cause++)
		sum += main->wait_ns[cause];
	return sum;
}

static struct main_time read_main(const struct run_account *run)
{
	struct main_time main = { .on_cpu_ns = run->main_on_cpu_ns,
		.ended_ns = run->main_ended_ns };

	for (size_t cause = 0; cause < WAIT_CAUSES; cause++)
		main.wait_ns[cause] = run->main_wait_ns[cause];
	if (run->main_thread_death_ns && run->main_thread_death_ns < run->main_death_ns)
		main.after_ns = run->main_death_ns - run->main_thread_death_ns;
	return main;
}

static bool is_complete(uint64_t parts_ns, uint64_t whole_ns)
{
	uint64_t slew_ns = whole_ns / CLOCKS_DIFFER_BY + END_USUAL_NS;

	return parts_ns <= whole_ns + slew_ns && parts_ns + slew_ns + END_MOST_NS >= whole_ns;
}

static uint64_t in_proportion(uint64_t part_ns, uint64_t parts_ns, uint64_t whole_ns)
{
	return (uint64_t)((unsigned __int128)part_ns * whole_ns / parts_ns);
}

/* The main thread has the processor to the end. That is what no slew explains, or the usual. */
static void complete_end(struct main_time *main, uint64_t whole_ns)
{
	uint64_t parts_ns = sum_parts(main);
	uint64_t missing_ns = whole_ns > parts_ns ? whole_ns - parts_ns : 0;
	uint64_t slew_ns = whole_ns / (2 * CLOCKS_DIFFER_BY);
	uint64_t usual_ns = missing_ns < END_USUAL_NS ? missing_ns : END_USUAL_NS;
	uint64_t unexplained_ns = missing_ns > slew_ns ? missing_ns - slew_ns : 0;

	main->on_cpu_ns += unexplained_ns > usual_ns ? unexplained_ns : usual_ns;
}

/* What the division cuts off, some nanoseconds, goes to the largest part. */
static void convert(struct main_time *main, uint64_t whole_ns)
{
	uint64_t parts_ns = sum_parts(main);
	uint64_t *largest = &main->on_cpu_ns;

	main->on_cpu_ns = in_proportion(main->on_cpu_ns, parts_ns, whole_ns);
	main->ended_ns = in_proportion(main->ended_ns, parts_ns, whole_ns);
	if (main->ended_ns > *largest)
		largest = &main->ended_ns;
	for (size_t cause = 0; cause < WAIT_CAUSES; cause++) {
		main->wait_ns[cause] = in_proportion(main->wait_ns[cause], parts_ns, whole_ns);
		if (main->wait_ns[cause] > *largest)
			largest = &main->wait_ns[cause];
	}
	*largest += whole_ns - sum_parts(main);
}

static void set_main_unknown(struct result *result, const char *reason)
{
	result->time.on_cpu = result->time.runqueue = result->time.blocked = number_unknown(reason);
	set_causes_unknown(&result->blocked, reason);
	result->blocked.ended = number_unknown(reason);
}

static void fill_main(const struct run_account *run, struct result *result)
{
	struct main_time main = read_main(run);
	uint64_t whole_ns = result->time.wall.value - main.after_ns;
	uint64_t blocked_ns;

	if (!sum_parts(&main) || !is_complete(sum_parts(&main), whole_ns)) {
		set_main_unknown(result, "the parts do not add up to the wall time");
		return;
	}
	complete_end(&main, whole_ns);
	convert(&main, whole_ns);
	main.ended_ns += main.after_ns;
	blocked_ns = fill_causes(&result->blocked, main.wait_ns) + main.ended_ns;
	result->blocked.ended = number_known(main.ended_ns, source);
	result->time.on_cpu = number_known(main.on_cpu_ns, source);
	result->time.runqueue = number_known(main.wait_ns[WAIT_PROCESSOR], source);
	result->time.blocked = number_known(blocked_ns, source);
}

void account_fill_wall(
	const struct run_account *run, const struct cpu_account *sum, struct result *result)
{
	static const char no_sched_info[] =
		"this kernel does not count the time on run queues (CONFIG_SCHED_INFO)";

	if (!run->has_waits) {
		set_main_unknown(result, no_sched_info);
		set_tree_unknown(result, no_sched_info);
		return;
	}
	fill_tree(sum, result);
	if (result->time.wall.is_known)
		fill_main(run, result);
	else
		set_main_unknown(result, result->time.wall.reason);
}
