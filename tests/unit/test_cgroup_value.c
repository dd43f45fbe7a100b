// SPDX-License-Identifier: Apache-2.0
// Claims about values for files of the run's cgroups: which are understood, whose files they are,
// and where they are written.
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
#include "sandbox/cgroup_controller.h"
#include "sandbox/cgroup_value.h"
#include "own_tree.h"

static struct run_config config;
static struct cgroup cgroup;
static struct failure why;

static int forget(void **state)
{
	(void)state;
	memset(&config, 0, sizeof(config));
	memset(&why, 0, sizeof(why));
	cgroup_clear(&cgroup);
	return 0;
}

static void a_file_of_a_known_controller_is_allowed(void **state)
{
	static const char *const texts[] = { "memory.swappiness=0", "cpu.shares=512",
		"pids.max=max", "blkio.weight=10", "io.max=8:16 rbps=1",
		"cpuset.cpus.partition=isolated", "hugetlb.2MB.max=0", "memory.x=a=b" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (cgroup_value_check(texts[i], &why))
			fail_msg("%s: %s", texts[i], why.what);
	}
}

static void what_is_no_file_and_value_is_refused(void **state)
{
	static const char *const texts[] = { "", "=", "memory", "memory=1", "memory.max",
		"memory.max=", ".max=1", "memory.=1", "=memory.max", "memory.a/b=1",
		"memory./../x=1", "memory...=1", "memory.a..b=1", "../memory.max=1", "memory.a b=1",
		"memory.\n=1", "memory.\xff=1" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (cgroup_value_check(texts[i], &why) != -EINVAL)
			fail_msg("'%s' was not refused", texts[i]);
		assert_null(strchr(why.what, '\n'));
	}
}

static void an_unknown_controller_is_told_with_the_known_ones(void **state)
{
	(void)state;
	assert_true(cgroup_value_check("memori.max=1", &why) < 0);
	assert_non_null(strstr(why.what, "memori is no cgroup controller; there are memory, pids"));
}

static void what_tare_alone_writes_is_refused(void **state)
{
	static const char *const texts[] = { "cgroup.procs=0", "cgroup.kill=1", "cgroup.freeze=1",
		"cgroup.subtree_control=+memory", "freezer.state=FROZEN" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(cgroup_value_check(texts[i], &why) < 0);
		assert_non_null(strstr(why.what, "is for tare alone to write"));
	}
}

static int check_all(const char *text)
{
	config.cgroup_values[config.cgroup_value_count++] = text;
	return cgroup_value_check_all(&config, &why);
}

static void what_an_option_of_tares_sets_is_refused_beside_it(void **state)
{
	(void)state;
	assert_int_equal(check_all("memory.max=1"), 0);
	config.limits.memory_bytes = 1;
	assert_true(cgroup_value_check_all(&config, &why) < 0);
	assert_string_equal(why.what, "--set-cgroup-value: memory.max is what --memlimit sets");
	(void)forget(NULL);
	assert_int_equal(check_all("cpuset.cpus=0"), 0);
	config.cores = "0";
	assert_true(cgroup_value_check_all(&config, &why) < 0);
	(void)forget(NULL);
	config.limits.tasks = 1;
	assert_int_equal(check_all("pids.max.x=1"), 0);
	assert_true(check_all("pids.max=1") < 0);
}

static void no_file_is_set_twice(void **state)
{
	(void)state;
	assert_int_equal(check_all("memory.high=1"), 0);
	assert_int_equal(check_all("memory.higher=1"), 0);
	assert_true(check_all("memory.high=2") < 0);
	assert_string_equal(why.what, "--set-cgroup-value: memory.high is set twice");
}

static void a_controller_is_found_by_the_names_of_both_versions(void **state)
{
	(void)state;
	assert_int_equal(cgroup_controller_find("io", 2), CGROUP_IO);
	assert_int_equal(cgroup_controller_find("blkio", 5), CGROUP_IO);
	assert_int_equal(cgroup_controller_find("cpu", 3), CGROUP_CPU);
	assert_int_equal(cgroup_controller_find("cpuset", 3), CGROUP_CPU);
	assert_int_equal(cgroup_controller_find("cp", 2), CGROUP_ROLES);
	assert_int_equal(cgroup_controller_find("", 0), CGROUP_ROLES);
	assert_int_equal(cgroup_value_controller("memory.x=1"), CGROUP_BIT(CGROUP_MEMORY));
	cgroup_controller_for_each (role)
		assert_non_null(cgroup_controllers[role].name);
}

/* --- Writing --- */

static char directory[64];

static int make_directory(void **state)
{
	(void)forget(state);
	snprintf(directory, sizeof(directory), "/tmp/tare-test-value-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
	(void)state;
	for (int role = 0; role < CGROUP_ROLES; role++)
		close_fd(&cgroup.directories[role].fd);
	return remove_own_tree(directory);
}

/* A subdirectory for the role, with one empty file. */
static void has_directory(enum cgroup_role role, const char *name, const char *file)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	assert_int_equal(mkdir(path, 0755), 0);
	cgroup.directories[role].fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(cgroup.directories[role].fd, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
}

static void assert_holds(enum cgroup_role role, const char *file, const char *expected)
{
	cleanup_free char *text = NULL;

	assert_int_equal(file_read(cgroup.directories[role].fd, file, &text, NULL, &why), 0);
	assert_string_equal(text, expected);
}

static void a_value_is_written_where_its_controller_is(void **state)
{
	(void)state;
	has_directory(CGROUP_UNIFIED, "unified", "pids.max");
	has_directory(CGROUP_CPU, "cpu", "cpu.shares");
	cgroup.homes[CGROUP_PIDS] = CGROUP_IN_UNIFIED;
	cgroup.homes[CGROUP_CPU] = CGROUP_IN_VERSION_1;
	config.cgroup_values[0] = "pids.max=7";
	config.cgroup_values[1] = "cpu.shares=5=1";
	config.cgroup_value_count = 2;
	assert_int_equal(cgroup_value_set_all(&cgroup, &config, &why), 0);
	assert_holds(CGROUP_UNIFIED, "pids.max", "7");
	assert_holds(CGROUP_CPU, "cpu.shares", "5=1");
}

static void a_file_that_is_not_there_is_told_with_the_layout(void **state)
{
	(void)state;
	has_directory(CGROUP_UNIFIED, "unified", "pids.max");
	cgroup.homes[CGROUP_MEMORY] = CGROUP_IN_UNIFIED;
	config.cgroup_values[0] = "memory.limit_in_bytes=7";
	config.cgroup_value_count = 1;
	assert_int_equal(cgroup_value_set_all(&cgroup, &config, &why), -ENOENT);
	assert_non_null(strstr(why.what, "memory.limit_in_bytes"));
	assert_non_null(strstr(why.hint, "layout: cgroup2"));
}

#define claim(name) cmocka_unit_test_setup(name, forget)
#define claim_on_files(name) cmocka_unit_test_setup_teardown(name, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(a_file_of_a_known_controller_is_allowed),
		claim(what_is_no_file_and_value_is_refused),
		claim(an_unknown_controller_is_told_with_the_known_ones),
		claim(what_tare_alone_writes_is_refused),
		claim(what_an_option_of_tares_sets_is_refused_beside_it),
		claim(no_file_is_set_twice),
		claim(a_controller_is_found_by_the_names_of_both_versions),
		claim_on_files(a_value_is_written_where_its_controller_is),
		claim_on_files(a_file_that_is_not_there_is_told_with_the_layout),
	};

	return cmocka_run_group_tests_name("cgroup_value", tests, NULL, NULL);
}
