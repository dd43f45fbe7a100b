// SPDX-License-Identifier: Apache-2.0
// Fuzzes the small files of /proc, /sys and cgroups: a tree of them, whose texts are the input.
// words: user/sandbox/cgroup_usage.c user/sandbox/topology.c user/meter/machine.c
#include "fuzz_tree.h"
#include "meter/machine.h"
#include "sandbox/cgroup.h"
#include "sandbox/cgroup_block.h"
#include "sandbox/cores.h"
#include "sandbox/topology.h"
#include "sandbox/topology_places.h"

static const char *const files[] = { "sys/devices/system/cpu/online",
	"sys/devices/system/node/online", "sys/devices/system/cpu/cpu0/topology/core_cpus_list",
	"sys/devices/system/cpu/cpu0/topology/package_cpus_list",
	"sys/devices/system/cpu/cpu0/cache/index3/shared_cpu_list",
	"sys/devices/system/cpu/cpu0/cache/index3/level",
	"sys/devices/system/cpu/cpu0/cpufreq/stats/total_trans",
	"sys/devices/system/node/node0/cpulist", "sys/devices/system/node/node1/cpulist",
	"proc/vmstat", "group/io.stat", "group/cpu.pressure", "group/cpu.stat",
	"group/memory.events", "group/cgroup.procs", "group/memory.peak",
	"group/blkio.throttle.io_service_bytes_recursive" };

#define FILES (sizeof(files) / sizeof(files[0]))

static void claim_number(struct number number)
{
	claim(number.is_known ? number.source != NULL : number.reason != NULL);
}

static void read_machine(int tree)
{
	struct machine_counters before = machine_read(tree), after = machine_read(tree);
	struct noise noise = { .culprit_count = 0 };

	claim_number(before.reclaim_stalls);
	claim_number(before.frequency_changes);
	machine_fill(&before, &after, &noise);
	claim(!noise.machine_reclaim_stalls.value);
}

static void read_topology(int tree)
{
	cleanup_fd int sys = openat(tree, "sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct failure why = { .errnum = 0 };
	static struct place places[PLACES];
	struct number_set set;

	claim(sys >= 0);
	claim_told(topology_online(sys, &set, &why), &why);
	claim_told(topology_nodes(sys, &set, &why), &why);
	for (int part = 0; part < TOPOLOGY_PARTS; part++)
		claim_told(topology_of(sys, part, 0, &set, &why), &why);
	(void)topology_places(sys, places);
}

static void choose_cores(int tree, unsigned int cores)
{
	struct cores_machine machine = { .processors = { { 0xff } }, .nodes = { { 1 } } };
	struct run_config config = { .cores = "auto", .automatic_cores = cores };
	struct failure why = { .errnum = 0 };
	char path[64], lock_path[FUZZ_PATH];
	cleanup_fd int lock = fuzz_file("", 0, lock_path);
	struct cores chosen;
	size_t count;
	int error;

	snprintf(path, sizeof(path), "/proc/self/fd/%d/sys", tree);
	machine.sysfs = path;
	machine.lock_path = lock_path;
	claim_told(cores_count_physical(&machine, &count, &why), &why);
	cores_clear(&chosen);
	error = cores_choose(&config, &machine, &chosen, &why);
	claim_told(error, &why);
	claim(error || number_set_count(&chosen.use.processors) >= cores);
	cores_release(&chosen);
}

static void read_cgroup(int tree, bool is_version_1)
{
	static struct cgroup cgroup;
	struct failure why = { .errnum = 0 };
	enum cgroup_home home = is_version_1 ? CGROUP_IN_VERSION_1 : CGROUP_IN_UNIFIED;
	pid_t pids[2];
	uint64_t value;
	size_t count;

	cgroup_clear(&cgroup);
	for (int role = 0; role < CGROUP_ROLES; role++) {
		cgroup.homes[role] = role == CGROUP_UNIFIED ? CGROUP_NOT_HAD : home;
		cgroup.directories[role].fd = openat(tree, "group", O_PATH | O_CLOEXEC);
	}
	for (int usage = 0; usage < CGROUP_USAGES; usage++)
		claim_number(cgroup_usage(&cgroup, usage));
	claim_number(cgroup_memory_peak(&cgroup));
	claim_told(cgroup_oom_kills(&cgroup, &value, &why), &why);
	claim_told(cgroup_memory_limit_hits(&cgroup, &value, &why), &why);
	claim_told(cgroup_cpu_ns(&cgroup, &value, &why), &why);
	claim_told(cgroup_processes(&cgroup, pids, 2, &count, &why), &why);
	for (int role = 0; role < CGROUP_ROLES; role++)
		close_fd(&cgroup.directories[role].fd);
}

static void read_disks(const char *diskstats)
{
	static struct cgroup cgroup;

	snprintf(cgroup.directories[CGROUP_IO].path, PATH_MAX, "/proc/self/no/such");
	(void)cgroup_block_is_counted(&cgroup, diskstats, "/proc/self");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static int tree = -1;
	struct fuzz_input input = { bytes, size };
	unsigned int shape = fuzz_take_byte(&input);
	cleanup_free char *diskstats = fuzz_take_text(&input);

	if (tree < 0)
		tree = fuzz_tree_make(files, FILES);
	fuzz_tree_write(tree, files, FILES, &input);
	read_machine(tree);
	read_topology(tree);
	choose_cores(tree, 1 + shape % 4);
	read_cgroup(tree, shape & 8);
	read_disks(diskstats);
	return 0;
}
