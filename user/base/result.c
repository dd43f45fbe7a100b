// SPDX-License-Identifier: Apache-2.0
// What a run weighed, as plain data: the table of its numbers, and what follows from an outcome.
#include "result.h"

#include <errno.h>
#include <stdlib.h>

#define FIELD(group, name, member)                                                                 \
	{                                                                                          \
#group, name, offsetof(struct result, group.member)                                \
	}

/* In an object of its own inside a section. */
#define FIELD_IN(section, group, name, member)                                                     \
	{                                                                                          \
		section, name, offsetof(struct result, group.member)                               \
	}

const struct result_field result_fields[] = {
	FIELD(time, "wall_ns", wall),
	FIELD(time, "cpu_ns", cpu),
	FIELD(time, "user_ns", user),
	FIELD(time, "system_ns", system),
	FIELD(time, "undisturbed_ns", undisturbed),
	FIELD(time, "on_cpu_ns", on_cpu),
	FIELD(time, "runqueue_ns", runqueue),
	FIELD(time, "blocked_ns", blocked),
	FIELD(time, "tree_runqueue_ns", tree_runqueue),
	FIELD(time, "tree_blocked_ns", tree_blocked),
	FIELD(time, "throttled_ns", throttled),
	FIELD(blocked, "block_io_ns", block_io),
	FIELD(blocked, "lock_ns", lock),
	FIELD(blocked, "pipe_socket_ns", pipe_socket),
	FIELD(blocked, "timer_ns", timer),
	FIELD(blocked, "child_ns", child),
	FIELD(blocked, "page_fault_io_ns", page_fault_io),
	FIELD(blocked, "stopped_ns", stopped),
	FIELD(blocked, "other_ns", other),
	FIELD(blocked, "ended_ns", ended),
	FIELD(tree_blocked, "block_io_ns", block_io),
	FIELD(tree_blocked, "lock_ns", lock),
	FIELD(tree_blocked, "pipe_socket_ns", pipe_socket),
	FIELD(tree_blocked, "timer_ns", timer),
	FIELD(tree_blocked, "child_ns", child),
	FIELD(tree_blocked, "page_fault_io_ns", page_fault_io),
	FIELD(tree_blocked, "stopped_ns", stopped),
	FIELD(tree_blocked, "other_ns", other),
	FIELD(memory, "peak_bytes", peak),
	FIELD(memory, "rss_peak_bytes", rss_peak),
	FIELD(memory, "rss_peak_process_bytes", rss_peak_process),
	FIELD(memory, "anon_peak_bytes", anon_peak),
	FIELD(memory, "anon_at_peak_bytes", anon_at_peak),
	FIELD(memory, "file_at_peak_bytes", file_at_peak),
	FIELD(memory, "shmem_at_peak_bytes", shmem_at_peak),
	FIELD(memory, "swap_at_peak_bytes", swap_at_peak),
	FIELD(memory, "swap_peak_bytes", swap_peak),
	FIELD(syscalls, "total", total),
	FIELD(syscalls, "errors", errors),
	FIELD(syscalls, "denied", denied),
	FIELD(syscalls, "wall_ns", wall),
	FIELD(syscalls, "cpu_ns", cpu),
	FIELD_IN("syscalls.io_uring", syscalls.io_uring, "total", total),
	FIELD_IN("syscalls.io_uring", syscalls.io_uring, "rings", rings),
	FIELD(processes, "tasks", tasks),
	FIELD(processes, "processes", processes),
	FIELD(processes, "execs", execs),
	FIELD(processes, "peak_tasks", peak_tasks),
	FIELD(processes, "forks", forks),
	FIELD(processes, "moved_in", moved_in),
	FIELD(scheduler, "voluntary_switches", voluntary_switches),
	FIELD(scheduler, "involuntary_switches", involuntary_switches),
	FIELD(scheduler, "migrations", migrations),
	FIELD(scheduler, "wakeups", wakeups),
	FIELD(faults, "minor", minor),
	FIELD(faults, "major", major),
	FIELD(io, "read_bytes", read),
	FIELD(io, "written_bytes", written),
	FIELD(io, "syscall_read_bytes", syscall_read),
	FIELD(io, "syscall_written_bytes", syscall_written),
	FIELD(io, "syscall_reads", syscall_reads),
	FIELD(io, "syscall_writes", syscall_writes),
	FIELD(io, "storage_read_bytes", storage_read),
	FIELD(io, "storage_written_bytes", storage_written),
	FIELD(io, "storage_cancelled_bytes", storage_cancelled),
	FIELD(io, "page_cache_misses", page_cache_misses),
	FIELD(network, "rx_bytes", rx_bytes),
	FIELD(network, "tx_bytes", tx_bytes),
	FIELD(network, "rx_packets", rx_packets),
	FIELD(network, "tx_packets", tx_packets),
	FIELD(network, "sockets", sockets),
	FIELD(network, "sockets_inet", sockets_inet),
	FIELD(network, "sockets_inet6", sockets_inet6),
	FIELD(network, "sockets_unix", sockets_unix),
	FIELD(network, "sockets_netlink", sockets_netlink),
	FIELD(network, "sockets_other", sockets_other),
	FIELD(network, "connects", connects),
	FIELD(pressure, "cpu_some_ns", cpu),
	FIELD(pressure, "io_some_ns", io),
	FIELD(pressure, "memory_some_ns", memory),
	FIELD(noise, "preempted_ns", preempted),
	FIELD(noise, "preempted_unlisted_ns", preempted_unlisted),
	FIELD(noise, "waited_for_own_ns", waited_for_own),
	FIELD(noise, "waited_unexplained_ns", waited_unexplained),
	FIELD(noise, "taken_ns", taken),
	FIELD(noise, "irq_ns", irq),
	FIELD(noise, "softirq_ns", softirq),
	FIELD(noise, "steal_ns", steal),
	FIELD(noise, "cache_migrations", cache_migrations),
	FIELD(noise, "node_migrations", node_migrations),
	FIELD(noise, "machine_frequency_changes", machine_frequency_changes),
	FIELD(noise, "machine_thermal_throttles", machine_thermal_throttles),
	FIELD(noise, "machine_reclaim_stalls", machine_reclaim_stalls),
	FIELD(noise, "machine_compaction_stalls", machine_compaction_stalls),
	FIELD(collector, "exec_monotonic_ns", exec_monotonic),
	FIELD(collector, "exec_baseline_ns", exec_baseline),
	FIELD(collector, "overhead_ns", overhead),
	FIELD(outcome, "oom_kills", oom_kills),
	{ .section = NULL },
};

const struct number *result_number(const struct result *result, const struct result_field *field)
{
	return (const struct number *)((const char *)result + field->offset);
}

void result_set_error(struct result *result, const struct failure *why)
{
	result->outcome.kind = OUTCOME_ERROR;
	result->outcome.error = *why;
}

void result_set_unknown(struct result *result, const char *reason)
{
	for (const struct result_field *field = result_fields; field->section; field++)
		*(struct number *)((char *)result + field->offset) = number_unknown(reason);
	result->files.reason = reason;
}

void result_done(struct result *result)
{
	for (size_t i = 0; i < result->container.mounts.count; i++)
		free(result->container.mounts.notes[i].path);
	free(result->container.mounts.notes);
	result->container.mounts = (struct mount_notes){ 0 };
	free(result->time.cpu_by_processor);
	free(result->syscalls.by_name);
	free(result->timeline.points);
	result->timeline = (struct timeline_result){ 0 };
	free(result->syscalls.io_uring.by_op);
	files_result_done(&result->files);
	result->time.cpu_by_processor = NULL;
	result->syscalls.by_name = NULL;
	result->syscalls.by_name_count = 0;
	result->syscalls.io_uring.by_op = NULL;
	result->syscalls.io_uring.by_op_count = 0;
}

struct mount_counts result_count_mounts(const struct mount_notes *mounts)
{
	struct mount_counts counts = { 0 };

	for (size_t i = 0; i < mounts->count; i++) {
		counts.masked += mounts->notes[i].is_masked;
		counts.unmapped += mounts->notes[i].is_unmapped;
		counts.read_only += mounts->notes[i].is_read_only;
	}
	return counts;
}

bool result_has_loss(const struct loss *loss)
{
	return loss->task_storage || loss->map_update || loss->ring_buffer ||
	       loss->fallback_deaths || loss->recursion_misses || loss->exec_baseline_uncertain ||
	       loss->drain_timed_out || loss->cpu_time_differs;
}

static int not_started_status(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR ? 127 : 126;
}

int result_exit_status(const struct outcome *outcome)
{
	switch (outcome->kind) {
	case OUTCOME_EXITED:
		return outcome->exit_code;
	case OUTCOME_SIGNALED:
		return 128 + outcome->signal;
	case OUTCOME_LIMIT:
		return 124;
	case OUTCOME_NOT_STARTED:
		return not_started_status(outcome->error.errnum);
	case OUTCOME_ERROR:
		break;
	}
	return 125;
}
