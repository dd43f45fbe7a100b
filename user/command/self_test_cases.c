// SPDX-License-Identifier: Apache-2.0
// Programs of which it is known what they do: what `tare run --self-test` weighs.
//
// Only what Debian calls essential, and what POSIX has it do: what a program does for itself, its
// loading above all, differs between systems, so each case is about what the program was told to
// do, or allows for the rest and says so.
#include "self_test_cases.h"

#define MIB (1ULL << 20)

/* A program and its libraries: 2.2 MiB of Debian's dd; 64 pages ahead on every processor. */
#define OF_PROGRAM (4 * MIB)

/* Its loading, its end, and how late it is woken: under 2 ms here, more on slower machines. */
#define OF_START_NS 10000000

/* The kernel shows whole microseconds, cut off. */
#define CUT_OFF_NS 1000

/* What the kernel charged the run's cgroup since the window opened. */
static uint64_t cgroup_cpu_ns(const struct result *result)
{
	return result->time.cpu.value - result->collector.loss.cpu_difference_ns;
}

static const char of_cgroup[] = "cpu.stat of its cgroup";
static const char of_command[] = "its command line";

#define LOOP(times) "i=0; while [ $i -lt " times " ]; do i=$((i + 1)); done"
#define REPEAT(times, what) "i=0; while [ $i -lt " times " ]; do " what "; i=$((i + 1)); done"

/* clang-format off */
const struct self_test_case self_test_cases[] = {
	{ .name = "sleep of half a second", .command = { "sleep", "0.5" },
		.key = "time.wall_ns", .truth = 500000000, .source = of_command,
		.above = OF_START_NS, .is_delayed = true },
	{ .name = "what blocked it", .command = { "sleep", "0.5" },
		.key = "blocked.timer_ns", .truth = 500000000, .source = of_command,
		.below = OF_START_NS, .above = OF_START_NS, .is_delayed = true },
	{ .name = "loop of a shell", .command = { "sh", "-c", LOOP("100000") },
		.key = "time.cpu_ns", .find_truth = cgroup_cpu_ns, .source = of_cgroup,
		.below = CUT_OFF_NS, .above = CUT_OFF_NS },
	{ .name = "four loops at once",
		.command = { "sh", "-c", "for n in 1 2 3 4; do (" LOOP("20000") ") & done; wait" },
		.key = "time.cpu_ns", .find_truth = cgroup_cpu_ns, .source = of_cgroup,
		.below = CUT_OFF_NS, .above = CUT_OFF_NS },
	{ .name = "loops nobody waits for",
		.command = { "sh", "-c",
			"for n in 1 2 3; do (while :; do :; done) & done; sleep 0.2" },
		.key = "time.cpu_ns", .find_truth = cgroup_cpu_ns, .source = of_cgroup,
		.below = CUT_OFF_NS, .above = CUT_OFF_NS },
	{ .name = "300 short processes", .command = { "sh", "-c", REPEAT("300", "(:)") },
		.key = "time.cpu_ns", .find_truth = cgroup_cpu_ns, .source = of_cgroup,
		.below = CUT_OFF_NS, .above = CUT_OFF_NS },
	{ .name = "subshells, one by one", .command = { "sh", "-c", REPEAT("100", "(:)") },
		.key = "processes.forks", .truth = 100, .source = of_command },
	{ .name = "program after program",
		.command = { "env", "env", "env", "env", "env", "env", "env", "env", "env", "true" },
		.key = "processes.execs", .truth = 10, .source = of_command },
	{ .name = "the same in one process",
		.command = { "env", "env", "env", "env", "env", "env", "env", "env", "env", "true" },
		.key = "processes.processes", .truth = 1, .source = of_command },
	{ .name = "three sleepers and a shell",
		.command = { "sh", "-c", "sleep 0.3 & sleep 0.3 & sleep 0.3 & wait" },
		.key = "processes.peak_tasks", .truth = 4, .source = of_command },
	{ .name = "processes left behind",
		.command = { "sh", "-c", "sleep 60 & sleep 60 & sleep 60 & exit 0" },
		.key = "outcome.leftover_processes", .truth = 3, .source = of_command },
	{ .name = "dd of 100,000 blocks",
		.command = { "dd", "if=/dev/zero", "of=/dev/null", "bs=4096", "count=100000",
			"status=none" },
		.key = "syscalls.write.count", .truth = 100000, .source = of_command },
	{ .name = "their bytes",
		.command = { "dd", "if=/dev/zero", "of=/dev/null", "bs=4096", "count=100000",
			"status=none" },
		.key = "io.syscall_written_bytes", .truth = 409600000, .source = of_command },
	{ .name = "signals to nobody",
		.command = { "sh", "-c", REPEAT("1000", "kill -0 4194304") " 2> /dev/null" },
		.key = "syscalls.kill.count", .truth = 1000, .source = of_command },
	{ .name = "the errors of these",
		.command = { "sh", "-c", REPEAT("1000", "kill -0 4194304") " 2> /dev/null" },
		.key = "syscalls.kill.errors", .truth = 1000, .source = of_command },
	{ .name = "dd with 64 MiB",
		.command = { "dd", "if=/dev/zero", "of=/dev/null", "bs=67108864", "count=1",
			"status=none" },
		.key = "memory.rss_peak_bytes", .truth = 64 * MIB, .source = of_command,
		.above = OF_PROGRAM },
	{ .name = "the same, as charged",
		.command = { "dd", "if=/dev/zero", "of=/dev/null", "bs=67108864", "count=1",
			"status=none" },
		.key = "memory.peak_bytes", .truth = 64 * MIB, .source = of_command,
		.above = OF_PROGRAM },
	{ .name = "32 MiB in a file of tmpfs",
		.command = { "dd", "if=/dev/zero", "of=/tmp/file", "bs=1048576", "count=32",
			"status=none" },
		.key = "memory.peak_bytes", .truth = 32 * MIB, .source = of_command,
		.above = OF_PROGRAM },
	{ .name = "which is in no process",
		.command = { "dd", "if=/dev/zero", "of=/tmp/file", "bs=1048576", "count=32",
			"status=none" },
		.key = "memory.rss_peak_bytes", .truth = MIB, .source = "its block size",
		.above = OF_PROGRAM },
	{ .name = NULL },
};
/* clang-format on */
