// SPDX-License-Identifier: Apache-2.0
// Claims about the cpuset cgroup of a run, shown plain files that look like one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "sandbox/cores.h"
#include "sandbox/cpuset.h"
#include "own_tree.h"

static char directory[64];
static struct cgroup cgroup;
static struct core_use use;
static struct failure why;

static int make_cgroup(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/tare-test-cpuset-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	memset(&use, 0, sizeof(use));
	cgroup_clear(&cgroup);
	cgroup.directories[CGROUP_UNIFIED].fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cgroup.directories[CGROUP_CPUSET].fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

static int remove_cgroup(void **state)
{
	(void)state;
	close_fd(&cgroup.directories[CGROUP_UNIFIED].fd);
	close_fd(&cgroup.directories[CGROUP_CPUSET].fd);
	return remove_own_tree(directory);
}

static void has_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void assert_written(const char *name, const char *expected)
{
	cleanup_free char *text = NULL;

	assert_int_equal(
		file_read(cgroup.directories[CGROUP_UNIFIED].fd, name, &text, NULL, &why), 0);
	assert_string_equal(text, expected);
}

static void use_processors(unsigned int first, unsigned int second)
{
	use.has_processors = true;
	number_set_add(&use.processors, first);
	number_set_add(&use.processors, second);
}

static void what_was_chosen_is_written_and_nothing_else(void **state)
{
	(void)state;
	cgroup.homes[CGROUP_CPUSET] = CGROUP_IN_UNIFIED;
	has_file("cpuset.cpus", "");
	has_file("cpuset.cpus.effective", "1,3\n");
	use_processors(1, 3);
	assert_int_equal(cpuset_set(&cgroup, &use, &why), 0);
	assert_written("cpuset.cpus", "1,3");
	has_file("cpuset.mems", "");
	has_file("cpuset.mems.effective", "2\n");
	use.has_nodes = true;
	number_set_add(&use.nodes, 2);
	assert_int_equal(cpuset_set(&cgroup, &use, &why), 0);
	assert_written("cpuset.mems", "2");
}

static void version_1_tells_under_other_names_what_it_does(void **state)
{
	(void)state;
	cgroup.homes[CGROUP_CPUSET] = CGROUP_IN_VERSION_1;
	has_file("cpuset.cpus", "");
	has_file("cpuset.effective_cpus", "0-1\n");
	use_processors(0, 1);
	assert_int_equal(cpuset_set(&cgroup, &use, &why), 0);
	assert_written("cpuset.cpus", "0-1");
}

static void a_kernel_that_gives_others_fails_the_run(void **state)
{
	(void)state;
	cgroup.homes[CGROUP_CPUSET] = CGROUP_IN_UNIFIED;
	has_file("cpuset.cpus", "");
	has_file("cpuset.cpus.effective", "0-3\n");
	use_processors(1, 3);
	assert_true(cpuset_set(&cgroup, &use, &why) < 0);
	assert_string_equal(why.what, "the kernel does not keep to what was chosen: "
				      "cpuset.cpus.effective is '0-3'");
	has_file("cpuset.cpus.effective", "\n");
	assert_true(cpuset_set(&cgroup, &use, &why) < 0);
}

static void a_version_1_cgroup_gets_what_this_process_may_use(void **state)
{
	struct cores_machine machine;
	cleanup_free char *processors = NULL, *nodes = NULL;

	(void)state;
	assert_int_equal(cores_read_machine(&machine, &why), 0);
	processors = number_set_format(&machine.processors);
	nodes = number_set_format(&machine.nodes);
	has_file("cpuset.cpus", "");
	has_file("cpuset.mems", "");
	cgroup.homes[CGROUP_CPUSET] = CGROUP_IN_VERSION_1;
	assert_int_equal(cpuset_fill(&cgroup, &why), 0);
	assert_written("cpuset.cpus", processors);
	assert_written("cpuset.mems", nodes);
}

static void others_are_not_filled(void **state)
{
	(void)state;
	has_file("cpuset.cpus", "");
	cgroup.homes[CGROUP_CPUSET] = CGROUP_IN_UNIFIED;
	assert_int_equal(cpuset_fill(&cgroup, &why), 0);
	cgroup.homes[CGROUP_CPUSET] = CGROUP_NOT_HAD;
	assert_int_equal(cpuset_fill(&cgroup, &why), 0);
	assert_written("cpuset.cpus", "");
}

#define claim(function) cmocka_unit_test_setup_teardown(function, make_cgroup, remove_cgroup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(what_was_chosen_is_written_and_nothing_else),
		claim(version_1_tells_under_other_names_what_it_does),
		claim(a_kernel_that_gives_others_fails_the_run),
		claim(a_version_1_cgroup_gets_what_this_process_may_use),
		claim(others_are_not_filled),
	};

	return cmocka_run_group_tests_name("cpuset", tests, NULL, NULL);
}
