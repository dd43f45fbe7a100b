// SPDX-License-Identifier: Apache-2.0
// What the kernel counts for the whole machine and never by task.
//
// Two small files of a few microseconds each; the counters of a processor are looked for only where
// the first one has them, which no virtual machine's has.
#include "machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"

/* --- Memory --- */

/* The sum of the lines "beginning... NUMBER": some counters have a line for each zone. */
static uint64_t sum_lines(const char *text, const char *beginning)
{
	size_t length = strlen(beginning);
	uint64_t sum = 0;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *number;

		line += *line == '\n';
		if (strncmp(line, beginning, length) != 0)
			continue;
		number = strchr(line, ' ');
		sum += number ? strtoull(number, NULL, 10) : 0;
	}
	return sum;
}

static void read_memory(int root_fd, struct machine_counters *counters)
{
	static const char source[] = "kernel:/proc/vmstat, the whole machine";
	static const char reason[] = "there is no /proc/vmstat";
	cleanup_free char *text = NULL;

	if (file_read(root_fd, "proc/vmstat", &text, NULL, NULL)) {
		counters->reclaim_stalls = number_unknown(reason);
		counters->compaction_stalls = number_unknown(reason);
		return;
	}
	counters->reclaim_stalls = number_known(sum_lines(text, "allocstall"), source);
	counters->compaction_stalls = number_known(sum_lines(text, "compact_stall "), source);
}

/* --- Processors --- */

/* Each costs some 10 us, twice a run. */
#define PROCESSORS_AT_MOST 32

/* Of the processors that have this file, numbered from 0 without a gap or to `count`. */
static struct number sum_processors(
	int root_fd, const char *file, size_t count, const char *source, const char *reason)
{
	uint64_t sum = 0, value;
	char path[128];

	if (count > PROCESSORS_AT_MOST)
		return number_unknown("too many processors to look at each of them at every run");
	for (size_t cpu = 0; cpu < count; cpu++) {
		snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%zu/%s", cpu, file);
		if (!file_read_decimal(root_fd, path, &value, NULL))
			sum += value;
		else if (cpu == 0)
			return number_unknown(reason);
	}
	return number_known(sum, source);
}

struct machine_counters machine_read(int root_fd)
{
	size_t processors = sysconf(_SC_NPROCESSORS_CONF);
	struct machine_counters counters;

	read_memory(root_fd, &counters);
	counters.frequency_changes = sum_processors(root_fd, "cpufreq/stats/total_trans",
		processors, "kernel:cpufreq, the whole machine",
		"the kernel does not count changes of frequency here");
	counters.thermal_throttles = sum_processors(root_fd, "thermal_throttle/core_throttle_count",
		processors, "kernel:thermal_throttle, the whole machine",
		"the processors do not tell when they slow down for their heat");
	return counters;
}

/* --- The difference --- */

static struct number difference(const struct number *before, const struct number *after)
{
	if (!before->is_known || !after->is_known)
		return number_unknown(after->is_known ? before->reason : after->reason);
	return number_known(
		after->value > before->value ? after->value - before->value : 0, after->source);
}

void machine_fill(const struct machine_counters *before, const struct machine_counters *after,
	struct noise *noise)
{
	const struct {
		const struct number *before, *after;
		struct number *number;
	} counters[] = {
		{ &before->reclaim_stalls, &after->reclaim_stalls, &noise->machine_reclaim_stalls },
		{ &before->compaction_stalls, &after->compaction_stalls,
			&noise->machine_compaction_stalls },
		{ &before->frequency_changes, &after->frequency_changes,
			&noise->machine_frequency_changes },
		{ &before->thermal_throttles, &after->thermal_throttles,
			&noise->machine_thermal_throttles },
	};

	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		*counters[i].number = difference(counters[i].before, counters[i].after);
}
