// SPDX-License-Identifier: Apache-2.0
// Claims about what the kernel counts for the whole machine, and where its processors lie.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "meter/machine.h"
#include "own_tree.h"
#include "sandbox/topology_places.h"

static char root[64];
static int root_fd;

static int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/tare-test.XXXXXX");
	if (!mkdtemp(root))
		return -1;
	root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root_fd < 0;
}

static int remove_root(void **state)
{
	(void)state;
	close(root_fd);
	return remove_own_tree(root);
}

static struct noise noise_since(const struct machine_counters *before)
{
	struct machine_counters after = machine_read(root_fd);
	struct noise noise = { 0 };

	machine_fill(before, &after, &noise);
	return noise;
}

static void stalls_are_the_difference_over_all_zones(void **state)
{
	struct machine_counters before;
	struct noise noise;

	(void)state;
	own_tree_has(root, "proc/vmstat",
		"nr_free_pages 1\nallocstall_dma 1\nallocstall_normal 10\ncompact_stall 5\n");
	before = machine_read(root_fd);
	own_tree_has(root, "proc/vmstat",
		"nr_free_pages 9\nallocstall_dma 2\nallocstall_normal 30\ncompact_stall 6\n"
		"compact_stall_other 100\n");
	noise = noise_since(&before);
	assert_true(noise.machine_reclaim_stalls.is_known);
	assert_int_equal(noise.machine_reclaim_stalls.value, 21);
	assert_int_equal(noise.machine_compaction_stalls.value, 1);
	assert_non_null(strstr(noise.machine_reclaim_stalls.source, "the whole machine"));
}

static void without_the_files_the_numbers_are_unknown(void **state)
{
	struct machine_counters before = machine_read(root_fd);
	struct noise noise = noise_since(&before);

	(void)state;
	assert_false(noise.machine_reclaim_stalls.is_known);
	assert_string_equal(noise.machine_reclaim_stalls.reason, "there is no /proc/vmstat");
	assert_false(noise.machine_frequency_changes.is_known);
	assert_non_null(noise.machine_frequency_changes.reason);
	assert_false(noise.machine_thermal_throttles.is_known);
}

#define CPU "sys/devices/system/cpu/"

static void heat_and_frequency_are_of_the_processors_that_tell(void **state)
{
	struct machine_counters before;
	struct noise noise;

	(void)state;
	own_tree_has(root, CPU "cpu0/thermal_throttle/core_throttle_count", "7\n");
	own_tree_has(root, CPU "cpu0/cpufreq/stats/total_trans", "100\n");
	before = machine_read(root_fd);
	own_tree_has(root, CPU "cpu0/thermal_throttle/core_throttle_count", "9\n");
	own_tree_has(root, CPU "cpu0/cpufreq/stats/total_trans", "130\n");
	noise = noise_since(&before);
	assert_int_equal(noise.machine_thermal_throttles.value, 2);
	assert_int_equal(noise.machine_frequency_changes.value, 30);
}

static void a_counter_that_went_back_tells_nothing_happened(void **state)
{
	struct machine_counters before;

	(void)state;
	own_tree_has(root, "proc/vmstat", "compact_stall 5\n");
	before = machine_read(root_fd);
	own_tree_has(root, "proc/vmstat", "compact_stall 4\n");
	assert_int_equal(noise_since(&before).machine_compaction_stalls.value, 0);
}

/* --- Places --- */

static struct place places[PLACES];

static bool read_places(void)
{
	int sys_fd = openat(root_fd, "sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_known;

	memset(places, 0, sizeof(places));
	is_known = topology_places(sys_fd, places);
	close(sys_fd);
	return is_known;
}

static void processors_lie_behind_their_last_cache_and_on_their_node(void **state)
{
	(void)state;
	own_tree_has(root, CPU "online", "0-3\n");
	own_tree_has(root, CPU "cpu0/cache/index0/shared_cpu_list", "0\n");
	own_tree_has(root, CPU "cpu0/cache/index3/shared_cpu_list", "0,2\n");
	own_tree_has(root, CPU "cpu1/cache/index3/shared_cpu_list", "1,3\n");
	own_tree_has(root, "sys/devices/system/node/online", "0-1\n");
	own_tree_has(root, "sys/devices/system/node/node0/cpulist", "0-1\n");
	own_tree_has(root, "sys/devices/system/node/node1/cpulist", "2-3\n");
	assert_true(read_places());
	for (int cpu = 0; cpu < 4; cpu++) {
		assert_int_equal(places[cpu].cache, cpu % 2);
		assert_int_equal(places[cpu].node, cpu / 2);
	}
}

static void a_kernel_without_nodes_has_one(void **state)
{
	(void)state;
	own_tree_has(root, CPU "online", "0\n");
	own_tree_has(root, CPU "cpu0/cache/index1/shared_cpu_list", "0\n");
	assert_true(read_places());
	assert_int_equal(places[0].node, 0);
}

static void without_caches_there_are_no_places(void **state)
{
	(void)state;
	own_tree_has(root, CPU "online", "0-1\n");
	assert_false(read_places());
}

#define claim(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(stalls_are_the_difference_over_all_zones),
		claim(without_the_files_the_numbers_are_unknown),
		claim(heat_and_frequency_are_of_the_processors_that_tell),
		claim(a_counter_that_went_back_tells_nothing_happened),
		claim(processors_lie_behind_their_last_cache_and_on_their_node),
		claim(a_kernel_without_nodes_has_one),
		claim(without_caches_there_are_no_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
