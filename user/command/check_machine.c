// SPDX-License-Identifier: Apache-2.0
// What makes two runs of one program differ. Nothing in here stops `tare run`.
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "check_probe.h"

#define CPU_DIRECTORY "/sys/devices/system/cpu"

bool bracketed_choice(const char *text, char *choice, size_t size)
{
	const char *open = strchr(text, '[');
	const char *close = open ? strchr(open, ']') : NULL;
	size_t length;

	if (!close)
		return false;
	length = (size_t)(close - open) - 1;
	if (!length || length >= size)
		return false;
	memcpy(choice, open + 1, length);
	choice[length] = '\0';
	return true;
}

static const char *preemption_model(const char *version)
{
	static const char *const models[] = { "PREEMPT_RT", "PREEMPT_DYNAMIC", "PREEMPT" };

	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (list_has_word(version, models[i]))
			return models[i];
	return "not preemptible";
}

void check_preemption(const char *root, struct probe_result *result)
{
	cleanup_free char *release = probe_read(root, "/proc/sys/kernel/osrelease");
	cleanup_free char *version = probe_read(root, "/proc/sys/kernel/version");
	unsigned int major, minor;

	if (!kernel_version_parse(release, &major, &minor))
		probe_set(result, PROBE_DEGRADED, "not known: osrelease is '%s'", release);
	else if (major >= 7)
		probe_set(result, PROBE_DEGRADED,
			"%s on %u.%u: system call counts may be marked inexact",
			preemption_model(version), major, minor);
	else
		probe_set(result, PROBE_OK, "%s, tracepoints run unpreempted on %u.%u",
			preemption_model(version), major, minor);
}

/* The share of all processor time since boot that the host took away; -1 when not told. */
static double steal_percent(const char *stat)
{
	unsigned long long ticks[8], total = 0;

	if (sscanf(stat, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &ticks[0], &ticks[1],
		    &ticks[2], &ticks[3], &ticks[4], &ticks[5], &ticks[6], &ticks[7]) != 8)
		return -1;
	for (size_t i = 0; i < 8; i++)
		total += ticks[i];
	return total ? 100.0 * (double)ticks[7] / (double)total : 0;
}

void check_virtual_machine(const char *root, struct probe_result *result)
{
	cleanup_free char *cpuinfo = probe_read(root, "/proc/cpuinfo");
	cleanup_free char *hypervisor = probe_read(root, "/sys/hypervisor/type");
	cleanup_free char *stat = probe_read(root, "/proc/stat");

	if (list_has_word(cpuinfo, "hypervisor") || hypervisor[0])
		probe_set(result, PROBE_DEGRADED,
			"yes%s%s; %.2f %% of processor time stolen since boot",
			hypervisor[0] ? ", " : "", hypervisor, steal_percent(stat));
	else
		probe_set(result, PROBE_OK, "no sign of one");
}

void check_swap(const char *root, struct probe_result *result)
{
	cleanup_free char *swaps = probe_read(root, "/proc/swaps");
	size_t lines = 0;

	for (const char *end = swaps; (end = strchr(end, '\n')); end++)
		lines++;
	/* The first line is the heading, and the last newline has been cut. */
	if (!lines) {
		probe_set(result, PROBE_OK, "off");
		return;
	}
	probe_set(result, PROBE_DEGRADED, "on, %zu area%s", lines, lines == 1 ? "" : "s");
	probe_repair(result, "sudo swapoff -a");
}

void check_governor(const char *root, struct probe_result *result)
{
	size_t others = 0;
	char pattern[PATH_MAX], other[64] = "";
	glob_t found = { 0 };

	snprintf(pattern, sizeof(pattern), "%s" CPU_DIRECTORY "/cpu[0-9]*/cpufreq/scaling_governor",
		root);
	(void)glob(pattern, GLOB_NOSORT, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		cleanup_free char *governor = probe_read("", found.gl_pathv[i]);

		if (strcmp(governor, "performance") == 0)
			continue;
		others++;
		snprintf(other, sizeof(other), "%s", governor);
	}
	if (!found.gl_pathc)
		probe_set(result, PROBE_DEGRADED, "none to be seen: the host decides");
	else if (!others)
		probe_set(result, PROBE_OK, "performance");
	else
		probe_set(result, PROBE_DEGRADED, "%s on %zu of %zu processors", other, others,
			found.gl_pathc);
	if (others)
		probe_repair(result, "echo performance | sudo tee " CPU_DIRECTORY
				     "/cpu*/cpufreq/scaling_governor");
	globfree(&found);
}

void check_turbo(const char *root, struct probe_result *result)
{
	static const struct {
		const char *path;
		long off;
	} switches[] = {
		{ CPU_DIRECTORY "/intel_pstate/no_turbo", 1 },
		{ CPU_DIRECTORY "/cpufreq/boost", 0 },
	};

	probe_set(result, PROBE_DEGRADED, "not known: no switch to be seen");
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		long value = probe_read_number(root, switches[i].path);

		if (value < 0)
			continue;
		if (value == switches[i].off) {
			probe_set(result, PROBE_OK, "off");
			return;
		}
		probe_set(result, PROBE_DEGRADED, "on");
		probe_repair(result, "echo %ld | sudo tee %s", switches[i].off, switches[i].path);
		return;
	}
}

void check_smt(const char *root, struct probe_result *result)
{
	long active = probe_read_number(root, CPU_DIRECTORY "/smt/active");

	if (active == 0) {
		probe_set(result, PROBE_OK, "off");
	} else if (active < 0) {
		probe_set(result, PROBE_DEGRADED, "not known: no " CPU_DIRECTORY "/smt/active");
	} else {
		probe_set(result, PROBE_DEGRADED, "on");
		probe_repair(result, "echo off | sudo tee " CPU_DIRECTORY "/smt/control");
	}
}

void check_aslr(const char *root, struct probe_result *result)
{
	long level = probe_read_number(root, "/proc/sys/kernel/randomize_va_space");

	if (level == 0) {
		probe_set(result, PROBE_OK, "off");
	} else if (level < 0) {
		probe_set(result, PROBE_DEGRADED, "not known");
	} else {
		probe_set(result, PROBE_DEGRADED, "on (%ld)", level);
		probe_repair(result, "sudo sysctl -w kernel.randomize_va_space=0");
	}
}

void check_thp(const char *root, struct probe_result *result)
{
	const char *path = "/sys/kernel/mm/transparent_hugepage/enabled";
	cleanup_free char *text = probe_read(root, path);
	char choice[32];

	if (!bracketed_choice(text, choice, sizeof(choice))) {
		probe_set(result, PROBE_OK, "not in this kernel");
	} else if (strcmp(choice, "always") == 0) {
		probe_set(result, PROBE_DEGRADED, "always");
		probe_repair(result, "echo madvise | sudo tee %s", path);
	} else {
		probe_set(result, PROBE_OK, "%s", choice);
	}
}
