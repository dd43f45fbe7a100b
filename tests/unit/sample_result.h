/* SPDX-License-Identifier: Apache-2.0 */
/* A plausible result for the tests of what tells it. */
#ifndef TARE_SAMPLE_RESULT_H
#define TARE_SAMPLE_RESULT_H

#include "base/result.h"

static char *sample_command[] = { (char *)"make", (char *)"-j2", NULL };

static struct syscall_count sample_syscalls[] = {
	{ .name = "read", .count = 57108, .errors = 12 },
	{ .name = "openat", .count = 22106, .errors = 2000 },
	{ .name = "mmap", .count = 16579 },
	{ .name = "mount", .count = 3, .errors = 3, .denied = 3 },
	{ .name = "unshare", .count = 1, .errors = 1, .denied = 1 },
};

static struct mount_note sample_mounts[] = {
	{ .path = (char *)"/jail/proc", .is_masked = true },
	{ .path = (char *)"/jail/sys", .is_masked = true },
	{ .path = (char *)"/misc", .is_masked = true },
};

static struct uring_count sample_requests[] = {
	{ .op = "read_fixed", .count = 70 },
	{ .op = "nop", .count = 20 },
	{ .op = "openat", .count = 8 },
	{ .op = "close", .count = 2 },
};

static uint64_t sample_cpu_by_processor[] = { 4000000000, 3981000000 };

static inline void sample_memory(struct memory_result *memory)
{
	memory->peak = number_known(432642457, "cgroup:memory.peak");
	memory->rss_peak = number_known(417542963, "bpf:rss_stat");
	memory->rss_peak_process = number_known(220620390, "bpf:rss_stat");
	memory->anon_peak = number_known(315831910, "bpf:rss_stat");
	memory->anon_at_peak = number_known(315831910, "bpf:rss_stat");
	memory->file_at_peak = number_known(101711053, "bpf:rss_stat");
	memory->shmem_at_peak = number_known(0, "bpf:rss_stat");
	memory->swap_at_peak = number_known(0, "bpf:rss_stat");
	memory->swap_peak = number_known(0, "bpf:rss_stat");
	memory->largest[0] = (struct memory_process){ 812, "cc1", 220620390 };
	memory->largest[1] = (struct memory_process){ 811, "make", 8388608 };
	memory->largest_count = 2;
}

static inline struct noise sample_noise(void)
{
	struct noise noise = { .culprit_count = 2 };

	noise.preempted = number_known(12000000, "bpf:sched_switch");
	noise.waited_for_own = number_known(30000000, "bpf:sched_switch");
	noise.waited_unexplained = number_known(0, "bpf:sched_switch");
	noise.taken = noise.steal = number_known(0, "kernel:clocks");
	noise.preempted_unlisted = number_known(0, "bpf:sched_switch");
	noise.irq = noise.softirq = number_known(1000000, "bpf:irq");
	noise.cache_migrations = number_known(3, "bpf:sched_switch");
	noise.node_migrations = number_known(0, "bpf:sched_switch");
	noise.machine_frequency_changes = number_known(12, "kernel:cpufreq");
	noise.machine_thermal_throttles = number_known(0, "kernel:thermal_throttle");
	noise.machine_reclaim_stalls = number_known(1, "kernel:vmstat");
	noise.machine_compaction_stalls = number_known(0, "kernel:vmstat");
	noise.culprits[0] = (struct culprit_time){ "stress", 9000000 };
	noise.culprits[1] = (struct culprit_time){ "kworker", 3000000 };
	return noise;
}

static inline void sample_time(struct result *result)
{
	result->time.wall = number_known(4212000000, "clock:monotonic");
	result->time.cpu = number_known(7981000000, "bpf:sched_switch");
	result->time.user = number_known(7012000000, "bpf:sched_switch");
	result->time.system = number_known(969000000, "bpf:sched_switch");
	result->time.on_cpu = number_known(3921372000, "bpf:sched_switch");
	result->time.runqueue = number_known(16848000, "bpf:sched_switch");
	result->time.blocked = number_known(273780000, "bpf:sched_switch");
	result->time.tree_runqueue = number_known(33000000, "bpf:sched_switch");
	result->time.tree_blocked = number_known(9000000000, "bpf:sched_switch");
	result->time.throttled = number_known(0, "cgroup:cpu.stat");
	result->time.cpu_by_processor = sample_cpu_by_processor;
	result->time.processors = 2;
	result->time.undisturbed = number_known(4200000000, "bpf:wall");
}

static inline void sample_waits(struct result *result)
{
	result->blocked.block_io = number_known(0, "bpf:sched_switch");
	result->blocked.lock = number_known(200000000, "bpf:sched_switch");
	result->blocked.pipe_socket = number_known(73780000, "bpf:sched_switch");
	result->blocked.timer = number_known(0, "bpf:sched_switch");
	result->blocked.child = number_known(0, "bpf:sched_switch");
	result->blocked.page_fault_io = number_known(0, "bpf:sched_switch");
	result->blocked.stopped = number_known(0, "bpf:sched_switch");
	result->blocked.other = number_known(0, "bpf:sched_switch");
	result->blocked.ended = number_known(0, "bpf:sched_switch");
	result->tree_blocked.block_io = number_known(0, "bpf:sched_switch");
	result->tree_blocked.lock = number_known(0, "bpf:sched_switch");
	result->tree_blocked.pipe_socket = number_known(0, "bpf:sched_switch");
	result->tree_blocked.timer = number_known(0, "bpf:sched_switch");
	result->tree_blocked.child = number_known(9000000000, "bpf:sched_switch");
	result->tree_blocked.page_fault_io = number_known(0, "bpf:sched_switch");
	result->tree_blocked.stopped = number_known(0, "bpf:sched_switch");
	result->tree_blocked.other = number_known(0, "bpf:sched_switch");
}

static inline void sample_syscall_result(struct result *result)
{
	result->syscalls.total = number_known(184220, "bpf:sys_enter");
	result->syscalls.errors = number_known(2104, "bpf:sys_exit");
	result->syscalls.denied = number_known(0, "bpf:sys_exit");
	result->syscalls.wall = number_known(5000000, "bpf:raw_syscalls");
	result->syscalls.cpu = number_known(4000000, "bpf:raw_syscalls");
	result->syscalls.by_name = sample_syscalls;
	result->syscalls.by_name_count = 3;
	result->syscalls.io_uring.total = number_known(0, "bpf:io_uring_submit_req");
	result->syscalls.io_uring.rings = number_known(0, "bpf:raw_syscalls");
	result->syscalls.io_uring.by_op = sample_requests;
}

static inline void sample_tasks(struct result *result)
{
	result->processes.tasks = number_known(41, "bpf:task_newtask");
	result->processes.processes = number_known(38, "bpf:task_newtask");
	result->processes.execs = number_known(37, "bpf:sched_process_exec");
	result->processes.peak_tasks = number_known(9, "bpf:task_newtask");
	result->processes.forks = number_known(37, "bpf:task_newtask");
	result->processes.moved_in = number_known(0, "bpf:cgroup_attach_task");
	result->scheduler.voluntary_switches = number_known(2210, "bpf:sched_switch");
	result->scheduler.involuntary_switches = number_known(310, "bpf:sched_switch");
	result->scheduler.migrations = number_known(87, "bpf:sched_migrate_task");
	result->scheduler.wakeups = number_known(2300, "bpf:sched_wakeup");
	result->faults.minor = number_known(91234, "bpf:task_struct");
	result->faults.major = number_known(2, "bpf:task_struct");
}

static inline void sample_io(struct result *result)
{
	result->io.read = number_known(4096, "cgroup:io.stat");
	result->io.written = number_known(8192, "cgroup:io.stat");
	result->io.syscall_read = number_known(123456, "kernel:task");
	result->io.syscall_written = number_known(23456, "kernel:task");
	result->io.syscall_reads = number_known(400, "kernel:task");
	result->io.syscall_writes = number_known(300, "kernel:task");
	result->io.storage_read = number_known(0, "kernel:task");
	result->io.storage_written = number_known(0, "kernel:task");
	result->io.storage_cancelled = number_known(0, "kernel:task");
	result->io.page_cache_misses = number_known(0, "kernel:task");
	result->pressure.cpu = number_known(1500000, "cgroup:cpu.pressure");
	result->pressure.io = number_known(0, "cgroup:io.pressure");
	result->pressure.memory = number_known(17000, "cgroup:memory.pressure");
	result->network.rx_bytes = number_known(0, "bpf:cgroup_skb");
	result->network.tx_bytes = number_known(0, "bpf:cgroup_skb");
	result->network.rx_packets = number_known(0, "bpf:cgroup_skb");
	result->network.tx_packets = number_known(0, "bpf:cgroup_skb");
	result->network.sockets = number_known(0, "bpf:cgroup_sock");
	result->network.sockets_inet = number_known(0, "bpf:cgroup_sock");
	result->network.sockets_inet6 = number_known(0, "bpf:cgroup_sock");
	result->network.sockets_unix = number_known(2, "bpf:raw_syscalls");
	result->network.sockets_netlink = number_known(0, "bpf:raw_syscalls");
	result->network.sockets_other = number_known(0, "bpf:raw_syscalls");
	result->network.connects = number_known(0, "bpf:cgroup_sock_addr");
}

/* The arrays are static: result_done is not for this one. */
static inline struct result sample_result(void)
{
	struct result result = {
		.version = "0.1.0",
		.run_id = "0123456789abcdef0123456789abcdef",
		.started_at = { .tv_sec = 1763769600, .tv_nsec = 42 },
		.command = sample_command,
		.outcome = { .kind = OUTCOME_EXITED },
		.collector = { .mode = "private", .start_ns = 4100000 },
		.container = { .is_used = true,
			.mounts = { sample_mounts, 3 },
			.cgroup_layout = "cgroup2",
			.filter = "default" },
	};

	sample_time(&result);
	sample_waits(&result);
	sample_memory(&result.memory);
	sample_syscall_result(&result);
	sample_tasks(&result);
	sample_io(&result);
	result.outcome.oom_kills = number_known(0, "cgroup:memory.events");
	result.noise = sample_noise();
	result.collector.exec_monotonic = number_known(5000000000, "bpf:sched_process_exec");
	result.collector.exec_baseline = number_known(400000, "bpf:sched_switch");
	result.collector.overhead = number_known(12000000, "estimate:events");
	return result;
}

/* Threads 0 and 2 of a machine, whose other threads are 4 and 6. */
static inline struct core_use sample_core_use(void)
{
	struct core_use use = { .has_processors = true,
		.processors_held_by = "cpuset cgroup",
		.shared = { { .part = "physical core" } },
		.shared_count = 1,
		.sockets = 2 };

	number_set_add(&use.processors, 0);
	number_set_add(&use.processors, 2);
	number_set_add(&use.shared[0].processors, 4);
	number_set_add(&use.shared[0].processors, 6);
	return use;
}

static inline struct result sample_not_started(void)
{
	static char *command[] = { (char *)"no-such-command", NULL };
	struct result result = { .version = "0.1.0", .command = command };

	result.outcome.kind = OUTCOME_NOT_STARTED;
	failure_set(&result.outcome.error, 2, "execute 'no-such-command'");
	failure_hint(&result.outcome.error, "it is in none of the directories of PATH");
	return result;
}

#endif
