// SPDX-License-Identifier: Apache-2.0
// What a measurement lost, and what is uncertain about it, in words that need no manual.
#include "doubt.h"

#include <stdio.h>

#include "base/text.h"

static struct doubt describe_count(
	uint64_t count, const char *one, const char *many, const char *meaning)
{
	struct doubt doubt;

	snprintf(doubt.text, sizeof(doubt.text), "%s %s",
		text_format_counted(count, one, many).text, meaning);
	return doubt;
}

static struct doubt describe_cpu_difference(int64_t difference_ns)
{
	uint64_t size_ns = difference_ns < 0 ? -(uint64_t)difference_ns : (uint64_t)difference_ns;
	struct doubt doubt;

	snprintf(doubt.text, sizeof(doubt.text),
		"CPU time differs by %s from the cgroup's own count",
		text_format_time(size_ns).text);
	return doubt;
}

size_t doubt_list(const struct loss *loss, struct doubt doubts[DOUBT_LIMIT])
{
	const struct {
		uint64_t count;
		struct doubt doubt;
	} all[DOUBT_LIMIT] = {
		{ loss->task_storage,
			describe_count(loss->task_storage, "task", "tasks",
				"without an account: CPU time and system calls are too low") },
		{ loss->map_update,
			describe_count(loss->map_update, "update", "updates",
				"found no room in the kernel: the numbers are too low") },
		{ loss->ring_buffer,
			describe_count(loss->ring_buffer, "event", "events",
				"lost, read too slowly: totals are exact, details are not") },
		{ loss->fallback_deaths,
			describe_count(loss->fallback_deaths, "task", "tasks",
				"noticed late: CPU time is complete, system calls may not be") },
		{ loss->recursion_misses,
			describe_count(loss->recursion_misses, "event", "events",
				"missed inside a busy probe: counts are too low") },
		{ loss->exec_baseline_uncertain,
			{ "the start is uncertain: some of tare's own cost may be counted" } },
		{ loss->drain_timed_out,
			{ "the end is uncertain: what the last processes used may be missing" } },
		{ loss->cpu_time_differs, describe_cpu_difference(loss->cpu_difference_ns) },
	};
	size_t listed = 0;

	for (size_t i = 0; i < DOUBT_LIMIT; i++) {
		if (all[i].count)
			doubts[listed++] = all[i].doubt;
	}
	return listed;
}
