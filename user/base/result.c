// SPDX-License-Identifier: Apache-2.0
// What a run weighed, as plain data: the table of its numbers, and what follows from an outcome.
#include "result.h"

#include <errno.h>
#include <stdlib.h>

#define FIELD(group, name, member)                                                                 \
	{                                                                                          \
#group, name, offsetof(struct result, group.member)                                \
	}

const struct result_field result_fields[] = {
	FIELD(time, "wall_ns", wall),
	FIELD(time, "cpu_ns", cpu),
	FIELD(time, "user_ns", user),
	FIELD(time, "system_ns", system),
	FIELD(time, "undisturbed_ns", undisturbed),
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
	FIELD(processes, "tasks", tasks),
	FIELD(processes, "processes", processes),
	FIELD(processes, "execs", execs),
	FIELD(processes, "peak_tasks", peak_tasks),
	FIELD(processes, "forks", forks),
	FIELD(scheduler, "voluntary_switches", voluntary_switches),
	FIELD(scheduler, "involuntary_switches", involuntary_switches),
	FIELD(scheduler, "migrations", migrations),
	FIELD(scheduler, "wakeups", wakeups),
	FIELD(faults, "minor", minor),
	FIELD(faults, "major", major),
	FIELD(io, "read_bytes", read),
	FIELD(io, "written_bytes", written),
	FIELD(network, "rx_bytes", rx_bytes),
	FIELD(network, "tx_bytes", tx_bytes),
	FIELD(network, "rx_packets", rx_packets),
	FIELD(network, "tx_packets", tx_packets),
	FIELD(network, "sockets", sockets),
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
	files_result_done(&result->files);
	result->time.cpu_by_processor = NULL;
	result->syscalls.by_name = NULL;
	result->syscalls.by_name_count = 0;
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
