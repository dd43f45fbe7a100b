// SPDX-License-Identifier: Apache-2.0
// What cgroup files tell the run used: stalls, bytes to and from block devices, throttling.
#include "cgroup.h"

#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup_block.h"

/* The number after `key` and '=' in this line; 0 where it is not. */
static uint64_t number_in(char *line, const char *key)
{
	size_t length = strlen(key);
	char *pair;

	while ((pair = strsep(&line, " "))) {
		if (!strncmp(pair, key, length) && pair[length] == '=')
			return strtoull(pair + length + 1, NULL, 10);
	}
	return 0;
}

/* Over all lines of the file that begin so. */
static int sum_pairs(const struct cgroup *cgroup, const char *file, const char *beginning,
	const char *key, uint64_t *sum)
{
	cleanup_free char *text = NULL;
	char *line, *rest;
	int error = file_read(cgroup->directories[CGROUP_UNIFIED].fd, file, &text, NULL, NULL);

	*sum = 0;
	rest = text;
	while (!error && (line = strsep(&rest, "\n"))) {
		if (!strncmp(line, beginning, strlen(beginning)))
			*sum += number_in(line, key);
	}
	return error;
}

static const char no_stalls[] = "this kernel does not count stalls (CONFIG_PSI, psi=1)";
static const char no_blocks[] = "no io controller could be had for the run alone";

static const struct {
	const char *file, *beginning, *key;
	uint64_t unit;
	const char *source, *reason;
} usages[] = {
	[CGROUP_READ_BYTES] = { "io.stat", "", "rbytes", 1, "cgroup:io.stat", no_blocks },
	[CGROUP_WRITTEN_BYTES] = { "io.stat", "", "wbytes", 1, "cgroup:io.stat", no_blocks },
	[CGROUP_STALLED_CPU_NS] = { "cpu.pressure", "some ", "total", 1000, "cgroup:cpu.pressure",
		no_stalls },
	[CGROUP_STALLED_IO_NS] = { "io.pressure", "some ", "total", 1000, "cgroup:io.pressure",
		no_stalls },
	[CGROUP_STALLED_MEMORY_NS] = { "memory.pressure", "some ", "total", 1000,
		"cgroup:memory.pressure", no_stalls },
};

/* In version 1 other files have them. */
static const char *const operations[CGROUP_USAGES] = {
	[CGROUP_READ_BYTES] = "Read",
	[CGROUP_WRITTEN_BYTES] = "Write",
};

/* Summed over processors, in the directory of the controller; each version has its own words. */
static const struct {
	const char *key;
	uint64_t unit;
	const char *source;
} throttlings[] = {
	[CGROUP_IN_UNIFIED] = { "throttled_usec ", 1000, "cgroup:cpu.stat throttled_usec" },
	[CGROUP_IN_VERSION_1] = { "throttled_time ", 1, "cgroup:cpu.stat throttled_time" },
};

static struct number throttled(const struct cgroup *cgroup)
{
	enum cgroup_home home = cgroup->homes[CGROUP_CPU];
	cleanup_free char *text = NULL;
	const char *line;

	if (home == CGROUP_NOT_HAD)
		return number_unknown("no cpu controller could be had for the run alone");
	if (file_read(cgroup_controller_fd(cgroup, CGROUP_CPU), "cpu.stat", &text, NULL, NULL))
		return number_unknown("cpu.stat could not be read");
	line = strstr(text, throttlings[home].key);
	if (!line)
		return number_unknown("this kernel limits no CPU bandwidth (CONFIG_CFS_BANDWIDTH)");
	return number_known(
		strtoull(line + strlen(throttlings[home].key), NULL, 10) * throttlings[home].unit,
		throttlings[home].source);
}

struct number cgroup_usage(const struct cgroup *cgroup, enum cgroup_usage which)
{
	uint64_t sum;

	if (operations[which] && cgroup->homes[CGROUP_IO] == CGROUP_IN_VERSION_1)
		return cgroup_block_bytes(cgroup, operations[which]);
	if (which == CGROUP_THROTTLED_NS)
		return throttled(cgroup);
	if (sum_pairs(cgroup, usages[which].file, usages[which].beginning, usages[which].key, &sum))
		return number_unknown(usages[which].reason);
	return number_known(sum * usages[which].unit, usages[which].source);
}
