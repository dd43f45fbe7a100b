// SPDX-License-Identifier: Apache-2.0
// Claims about the choice of cores, on a made-up machine: two sockets, two cores in each, two
// threads in each core.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sandbox/cores.h"
#include "sandbox/cores_auto.h"
#include "sandbox/topology.h"
#include "own_tree.h"

static char tree[64], lock_path[128];
static struct cores_machine machine;
static struct run_config config;
static struct cores cores;
static struct failure why;

/* --- The machine --- */

static void tree_has(const char *path, const char *text)
{
	own_tree_has(tree, path, text);
}

static void processor_has(int processor, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "devices/system/cpu/cpu%d/%s", processor, file);
	tree_has(path, text);
}

/* The second threads are numbered after all the first ones, as on most machines. */
static void make_processor(int processor)
{
	static const char *const cores_of[] = { "0,4\n", "1,5\n", "2,6\n", "3,7\n" };
	static const char *const sockets_of[] = { "0-1,4-5\n", "2-3,6-7\n" };
	const char *core = cores_of[processor % 4], *socket = sockets_of[processor % 4 / 2];

	processor_has(processor, "topology/core_cpus_list", core);
	processor_has(processor, "topology/package_cpus_list", socket);
	processor_has(processor, "cache/index0/level", "1\n");
	processor_has(processor, "cache/index0/shared_cpu_list", core);
	processor_has(processor, "cache/index1/level", "3\n");
	processor_has(processor, "cache/index1/shared_cpu_list", socket);
	processor_has(processor, "cache/index2/level", "2\n");
	processor_has(processor, "cache/index2/shared_cpu_list", core);
}

static void read_set(const char *text, struct number_set *set)
{
	uint64_t number;

	assert_int_equal(number_set_parse(text, set, &number), 0);
}

static int make_machine(void **state)
{
	(void)state;
	snprintf(tree, sizeof(tree), "/tmp/tare-test-cores-XXXXXX");
	if (!mkdtemp(tree))
		return -1;
	for (int processor = 0; processor < 8; processor++)
		make_processor(processor);
	tree_has("devices/system/cpu/online", "0-7\n");
	tree_has("devices/system/node/online", "0-1\n");
	tree_has("lock", "");
	snprintf(lock_path, sizeof(lock_path), "%s/lock", tree);
	machine = (struct cores_machine){ .sysfs = tree, .lock_path = lock_path };
	read_set("0-7", &machine.processors);
	read_set("0-1", &machine.nodes);
	memset(&config, 0, sizeof(config));
	cores_clear(&cores);
	return 0;
}

static int remove_machine(void **state)
{
	(void)state;
	cores_release(&cores);
	return remove_own_tree(tree);
}

/* --- Choosing by name --- */

static int choose(const char *list)
{
	config.cores = list;
	read_set(list, &config.core_set);
	return cores_choose(&config, &machine, &cores, &why);
}

static void assert_set(const struct number_set *set, const char *expected)
{
	cleanup_free char *text = number_set_format(set);

	assert_string_equal(text, expected);
}

static void assert_shared(size_t index, const char *part, const char *processors)
{
	assert_true(index < cores.use.shared_count);
	assert_string_equal(cores.use.shared[index].part, part);
	assert_set(&cores.use.shared[index].processors, processors);
}

static void nothing_is_chosen_unasked(void **state)
{
	(void)state;
	assert_int_equal(cores_choose(&config, &machine, &cores, &why), 0);
	assert_false(cores.use.has_processors || cores.use.has_nodes);
	assert_int_equal(cores.lock_fd, -1);
}

static void named_cores_are_taken_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(choose("0,4"), 0);
	assert_true(cores.use.has_processors && !cores.use.has_nodes);
	assert_set(&cores.use.processors, "0,4");
	cores_release(&cores);
}

static void a_core_that_is_not_online_is_refused(void **state)
{
	(void)state;
	tree_has("devices/system/cpu/online", "0-4,7\n");
	assert_true(choose("4-7") < 0);
	assert_string_equal(
		why.what, "--cores: CPU 5 does not exist or is offline; there are 0-4,7");
	assert_true(choose("8") < 0);
	assert_non_null(strstr(why.what, "CPU 8 does not exist"));
}

static void a_core_that_the_caller_may_not_use_is_refused(void **state)
{
	(void)state;
	read_set("2-3", &machine.processors);
	assert_true(choose("1-2") < 0);
	assert_string_equal(
		why.what, "--cores: CPU 1 is not one of those that this process may use: 2-3");
	assert_int_equal(choose("2"), 0);
}

static void memory_nodes_are_checked_in_the_same_way(void **state)
{
	(void)state;
	config.memory_nodes = "0-1";
	read_set("0-1", &config.memory_node_set);
	assert_int_equal(cores_choose(&config, &machine, &cores, &why), 0);
	assert_true(cores.use.has_nodes && !cores.use.has_processors);
	assert_set(&cores.use.nodes, "0-1");
	read_set("0", &machine.nodes);
	assert_true(cores_choose(&config, &machine, &cores, &why) < 0);
	assert_string_equal(why.what,
		"--memory-nodes: memory node 1 is not one of those that this process may use: 0");
	read_set("2", &config.memory_node_set);
	assert_true(cores_choose(&config, &machine, &cores, &why) < 0);
	assert_non_null(strstr(why.what, "memory node 2 does not exist or is offline"));
}

static void a_kernel_without_numa_has_node_0(void **state)
{
	char path[128];
	int tree_fd = topology_open(tree, &why);
	struct number_set nodes;

	(void)state;
	snprintf(path, sizeof(path), "%s/devices/system/node/online", tree);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(topology_nodes(tree_fd, &nodes, &why), 0);
	assert_set(&nodes, "0");
	close(tree_fd);
}

static void without_sysfs_the_choice_fails_with_the_repair(void **state)
{
	(void)state;
	machine.sysfs = "/tmp/tare-test-cores-not-there";
	assert_true(choose("0") < 0);
	assert_string_equal(why.hint, "sudo mount -t sysfs none /sys");
}

/* --- What is shared --- */

static void a_thread_shares_its_core_its_cache_and_its_socket(void **state)
{
	(void)state;
	assert_int_equal(choose("0"), 0);
	assert_int_equal(cores.use.shared_count, 3);
	assert_shared(0, "physical core", "4");
	assert_shared(1, "last-level cache", "1,4-5");
	assert_shared(2, "socket", "1,4-5");
	assert_int_equal(cores.use.sockets, 1);
}

static void a_whole_core_shares_only_cache_and_socket(void **state)
{
	(void)state;
	assert_int_equal(choose("1,5"), 0);
	assert_int_equal(cores.use.shared_count, 2);
	assert_shared(0, "last-level cache", "0,4");
	assert_shared(1, "socket", "0,4");
}

static void a_whole_socket_shares_nothing(void **state)
{
	(void)state;
	assert_int_equal(choose("2-3,6-7"), 0);
	assert_int_equal(cores.use.shared_count, 0);
	assert_int_equal(cores.use.sockets, 1);
}

static void sockets_are_counted(void **state)
{
	(void)state;
	assert_int_equal(choose("1-2"), 0);
	assert_int_equal(cores.use.sockets, 2);
	assert_shared(0, "physical core", "5-6");
}

static void a_machine_that_tells_no_topology_shares_nothing(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/devices/system/cpu/cpu0", tree);
	assert_int_equal(remove_own_tree(path), 0);
	assert_int_equal(choose("0"), 0);
	assert_int_equal(cores.use.shared_count, 0);
	assert_int_equal(cores.use.sockets, 1);
}

/* --- Choosing what is free --- */

static int take(unsigned int count, struct number_set *taken)
{
	cleanup_fd int tree_fd = topology_open(tree, &why);

	return cores_take_free(tree_fd, lock_path, &machine.processors, count, taken, &why);
}

static void free_cores_are_taken_with_all_their_threads(void **state)
{
	(void)state;
	config.cores = "auto:2";
	config.automatic_cores = 2;
	assert_int_equal(cores_choose(&config, &machine, &cores, &why), 0);
	assert_true(cores.use.has_processors);
	assert_set(&cores.use.processors, "0-1");
	assert_true(cores.lock_fd >= 0);
	assert_int_equal(fcntl(cores.lock_fd, F_GETFD), FD_CLOEXEC);
	assert_shared(0, "physical core", "4-5");
}

static void a_core_that_was_named_is_not_taken_for_free(void **state)
{
	struct number_set named = { { 0 } }, taken;
	int first, second, hold;

	(void)state;
	number_set_add(&named, 0);
	number_set_add(&named, 5); /* a thread of the second core */
	first = cores_note_named(lock_path, &named, &why);
	second = cores_note_named(lock_path, &named, &why);
	assert_true(first >= 0 && second >= 0);
	hold = take(1, &taken);
	assert_set(&taken, "2");
	close(hold);
	close(first);
	hold = take(1, &taken);
	assert_set(&taken, "2");
	close(hold);
	close(second);
	hold = take(1, &taken);
	assert_set(&taken, "0");
	/* Who names it is not kept from it. */
	first = cores_note_named(lock_path, &named, &why);
	assert_true(first >= 0);
	close(first);
	close(hold);
}

static void no_core_is_taken_twice_until_it_is_given_back(void **state)
{
	static const char *const expected[] = { "0", "1", "2", "3" };
	struct number_set taken;
	int holds[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		holds[i] = take(1, &taken);
		assert_true(holds[i] >= 0);
		assert_set(&taken, expected[i]);
	}
	assert_true(take(1, &taken) < 0);
	assert_string_equal(why.what, "--cores: auto:1: of 4 physical cores 0 are free");
	assert_string_equal(why.hint, "wait for another run to end");
	close(holds[2]);
	holds[2] = take(1, &taken);
	assert_set(&taken, "2");
	for (int i = 0; i < 4; i++)
		close(holds[i]);
}

static void a_shortage_takes_nothing(void **state)
{
	struct number_set taken;
	int first = take(3, &taken), second;

	(void)state;
	assert_true(first >= 0);
	assert_true(take(2, &taken) < 0);
	assert_string_equal(why.what, "--cores: auto:2: of 4 physical cores 1 is free");
	assert_string_equal(
		why.hint, "wait for another run to end, or ask for fewer: --cores auto:1");
	second = take(1, &taken);
	assert_true(second >= 0);
	close(first);
	close(second);
	assert_true(take(5, &taken) < 0);
	assert_string_equal(why.what, "--cores: auto:5: of 4 physical cores 4 are free");
	assert_string_equal(why.hint, "ask for fewer: --cores auto:4");
}

static void one_socket_is_preferred_and_the_fuller_one_first(void **state)
{
	struct number_set taken;
	int first = take(1, &taken), second = take(2, &taken), third;

	(void)state;
	assert_set(&taken, "2-3");
	third = take(1, &taken);
	assert_set(&taken, "1");
	close(third);
	close(second);
	third = take(1, &taken);
	assert_set(&taken, "1");
	close(third);
	third = take(3, &taken);
	assert_set(&taken, "1-3");
	close(third);
	close(first);
}

static void only_threads_that_the_caller_may_use_are_taken(void **state)
{
	struct number_set taken;
	int hold;

	(void)state;
	read_set("3,5-7", &machine.processors);
	hold = take(3, &taken);
	assert_true(hold >= 0);
	assert_set(&taken, "3,5-6");
	assert_true(take(1, &taken) < 0);
	/* Of the core of 1 and 5 the whole is taken, also for who may use 1. */
	read_set("1", &machine.processors);
	assert_true(take(1, &taken) < 0);
	assert_string_equal(why.what, "--cores: auto:1: of 1 physical core 0 are free");
	close(hold);
}

static void without_a_lock_nothing_is_taken(void **state)
{
	struct number_set taken;

	(void)state;
	assert_int_equal(unlink(lock_path), 0);
	assert_true(take(1, &taken) < 0);
	assert_non_null(strstr(why.what, lock_path));
	assert_string_not_equal(why.hint, "");
}

/* --- This machine --- */

static void this_machine_tells_what_this_process_may_use(void **state)
{
	struct cores_machine here;
	cpu_set_t own;

	(void)state;
	assert_int_equal(cores_read_machine(&here, &why), 0);
	assert_string_equal(here.sysfs, "/sys");
	assert_int_equal(sched_getaffinity(0, sizeof(own), &own), 0);
	assert_int_equal(number_set_count(&here.processors), CPU_COUNT(&own));
	assert_true(number_set_count(&here.nodes) > 0);
}

#define claim(name) cmocka_unit_test_setup_teardown(name, make_machine, remove_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(nothing_is_chosen_unasked),
		claim(named_cores_are_taken_as_they_are),
		claim(a_core_that_is_not_online_is_refused),
		claim(a_core_that_the_caller_may_not_use_is_refused),
		claim(memory_nodes_are_checked_in_the_same_way),
		claim(a_kernel_without_numa_has_node_0),
		claim(without_sysfs_the_choice_fails_with_the_repair),
		claim(a_thread_shares_its_core_its_cache_and_its_socket),
		claim(a_whole_core_shares_only_cache_and_socket),
		claim(a_whole_socket_shares_nothing),
		claim(sockets_are_counted),
		claim(a_machine_that_tells_no_topology_shares_nothing),
		claim(free_cores_are_taken_with_all_their_threads),
		claim(a_core_that_was_named_is_not_taken_for_free),
		claim(no_core_is_taken_twice_until_it_is_given_back),
		claim(a_shortage_takes_nothing),
		claim(one_socket_is_preferred_and_the_fuller_one_first),
		claim(only_threads_that_the_caller_may_use_are_taken),
		claim(without_a_lock_nothing_is_taken),
		claim(this_machine_tells_what_this_process_may_use),
	};

	return cmocka_run_group_tests_name("cores", tests, NULL, NULL);
}
