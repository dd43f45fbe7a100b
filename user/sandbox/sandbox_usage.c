// SPDX-License-Identifier: Apache-2.0
// What is read of a sandbox while its command runs and after it: limits that were passed, what the
// cgroups counted, the files that were written.
#include <fcntl.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cgroup_block.h"
#include "limit.h"
#include "result_files.h"
#include "sandbox_parts.h"

bool sandbox_holds_memory(const struct sandbox *sandbox)
{
	return cgroup_has(&sandbox->cgroup, CGROUP_MEMORY);
}

int sandbox_memory_event_fd(const struct sandbox *sandbox)
{
	return sandbox->memory_event_fd;
}

bool sandbox_memory_was_hit(const struct sandbox *sandbox)
{
	return limit_memory_was_hit(&sandbox->cgroup, &sandbox->config->limits);
}

bool sandbox_limits_files(const struct sandbox *sandbox)
{
	return file_limit_is_wanted(&sandbox->config->limits);
}

int sandbox_look_at_files(
	struct sandbox *sandbox, const char **reason, uint64_t *pause_ns, struct failure *why)
{
	return file_limit_look(&sandbox->file_limit, reason, pause_ns, why);
}

int sandbox_judge_files(struct sandbox *sandbox, const char **reason, struct failure *why)
{
	return file_limit_judge(&sandbox->file_limit, reason, why);
}

void sandbox_copy_files(
	struct sandbox *sandbox, const struct file_copy_stop *stop, struct files_result *files)
{
	const struct result_files_spec spec = { .config = sandbox->config,
		.view = &sandbox->view.view,
		.scratch_fd = sandbox->layers_fd,
		.start_directory = sandbox->true_directory,
		.output = &sandbox->view.output,
		.stop = stop };

	if (!result_files_are_wanted(sandbox->config))
		return;
	terminal_take_back(&sandbox->terminal);
	result_files_copy(&spec, files);
}

int sandbox_cpu_ns(const struct sandbox *sandbox, uint64_t *cpu_ns, struct failure *why)
{
	return cgroup_cpu_ns(&sandbox->cgroup, cpu_ns, why);
}

int sandbox_oom_kills(const struct sandbox *sandbox, uint64_t *kills, struct failure *why)
{
	return cgroup_oom_kills(&sandbox->cgroup, kills, why);
}

struct number sandbox_memory_peak(const struct sandbox *sandbox)
{
	return cgroup_memory_peak(&sandbox->cgroup);
}

/* Without what was used before the command was let go. */
static struct number usage_since_go(const struct sandbox *sandbox, enum cgroup_usage which)
{
	struct number usage = cgroup_usage(&sandbox->cgroup, which);

	usage.value -= usage.is_known ? sandbox->used_before[which] : 0;
	return usage;
}

/* Version 1 may count on some disks only, and a part would look like the whole. */
static bool counts_blocks(const struct sandbox *sandbox)
{
	cleanup_free char *diskstats = NULL;

	return sandbox->cgroup.homes[CGROUP_IO] != CGROUP_IN_VERSION_1 ||
	       (!file_read(AT_FDCWD, "/proc/diskstats", &diskstats, NULL, NULL) &&
		       cgroup_block_is_counted(&sandbox->cgroup, diskstats, "/sys/block"));
}

static void fill_blocks(const struct sandbox *sandbox, struct result *result)
{
	struct number read = usage_since_go(sandbox, CGROUP_READ_BYTES);
	struct number written = usage_since_go(sandbox, CGROUP_WRITTEN_BYTES);

	if ((read.is_known || written.is_known) && !counts_blocks(sandbox))
		read = written =
			number_unknown("this kernel counts the blkio of version 1 only where "
				       "there is, or was, a throttle limit");
	result->io.read = read;
	result->io.written = written;
}

void sandbox_fill_usage(const struct sandbox *sandbox, struct result *result)
{
	fill_blocks(sandbox, result);
	result->pressure.cpu = usage_since_go(sandbox, CGROUP_STALLED_CPU_NS);
	result->pressure.io = usage_since_go(sandbox, CGROUP_STALLED_IO_NS);
	result->pressure.memory = usage_since_go(sandbox, CGROUP_STALLED_MEMORY_NS);
	result->time.throttled = usage_since_go(sandbox, CGROUP_THROTTLED_NS);
}
