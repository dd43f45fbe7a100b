// SPDX-License-Identifier: Apache-2.0
// Claims about what is written for a limit and read of it, on plain files that look like a
// cgroup's.
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
#include "sandbox/limit.h"
#include "own_tree.h"

static char directory[64];
static struct cgroup cgroup;
static struct failure why;

static const struct run_limits both = { .memory_bytes = 50000000, .tasks = 7 };

/* A cgroup of this layout, whose directories are all the same one. */
static void use_layout(enum cgroup_layout layout)
{
	cgroup.layout = layout;
	cgroup.homes[CGROUP_MEMORY] = cgroup.homes[CGROUP_PIDS] =
		layout == CGROUP_PURE ? CGROUP_IN_UNIFIED : CGROUP_IN_VERSION_1;
}

static int make_cgroup(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/tare-test-limit-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	cgroup_clear(&cgroup);
	for (int role = CGROUP_UNIFIED; role <= CGROUP_PIDS; role++)
		cgroup.directories[role].fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

static int remove_cgroup(void **state)
{
	(void)state;
	for (int role = CGROUP_UNIFIED; role <= CGROUP_PIDS; role++)
		close_fd(&cgroup.directories[role].fd);
	return remove_own_tree(directory);
}

static void has_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_written(const char *name, const char *expected)
{
	cleanup_free char *text = NULL;

	assert_int_equal(
		file_read(cgroup.directories[CGROUP_UNIFIED].fd, name, &text, NULL, &why), 0);
	assert_string_equal(text, expected);
}

static void on_cgroup2_the_tree_dies_as_one_and_has_no_swap(void **state)
{
	(void)state;
	use_layout(CGROUP_PURE);
	has_file("memory.max", "");
	has_file("memory.swap.max", "");
	has_file("memory.oom.group", "");
	has_file("pids.max", "");
	assert_int_equal(limit_set(&cgroup, &both, &why), 0);
	assert_written("memory.max", "50000000");
	assert_written("memory.swap.max", "0");
	assert_written("memory.oom.group", "1");
	assert_written("pids.max", "8");
}

static void on_version_1_memory_and_swap_have_the_limit_together(void **state)
{
	(void)state;
	use_layout(CGROUP_HYBRID);
	has_file("memory.limit_in_bytes", "");
	has_file("memory.memsw.limit_in_bytes", "");
	has_file("memory.swappiness", "");
	has_file("pids.max", "");
	assert_int_equal(limit_set(&cgroup, &both, &why), 0);
	assert_written("memory.limit_in_bytes", "50000000");
	assert_written("memory.memsw.limit_in_bytes", "50000000");
	assert_written("memory.swappiness", "0");
	assert_written("pids.max", "8");
}

static void a_kernel_without_swap_needs_no_limit_of_it(void **state)
{
	(void)state;
	use_layout(CGROUP_PURE);
	has_file("memory.max", "");
	has_file("memory.oom.group", "");
	has_file("pids.max", "");
	assert_int_equal(limit_set(&cgroup, &both, &why), 0);
}

static void a_limit_that_cannot_be_set_fails_the_run(void **state)
{
	(void)state;
	use_layout(CGROUP_PURE);
	has_file("memory.oom.group", "");
	assert_int_equal(limit_set(&cgroup, &both, &why), -ENOENT);
	assert_non_null(strstr(why.what, "memory.max"));
}

static void without_limits_nothing_is_written(void **state)
{
	static const struct run_limits none;

	(void)state;
	use_layout(CGROUP_PURE);
	assert_int_equal(limit_set(&cgroup, &none, &why), 0);
	cgroup.homes[CGROUP_MEMORY] = cgroup.homes[CGROUP_PIDS] = CGROUP_NOT_HAD;
	assert_int_equal(limit_set(&cgroup, &both, &why), 0);
}

static void only_a_kill_by_the_own_limit_is_one(void **state)
{
	static const struct {
		const char *events;
		bool is_hit;
	} cases[] = {
		{ "oom 2\noom_kill 1\n", true },
		{ "oom 0\noom_kill 1\n", false }, /* the machine was out of memory */
		{ "oom 2\noom_kill 0\n", false },
	};

	(void)state;
	use_layout(CGROUP_PURE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		has_file("memory.events", cases[i].events);
		assert_int_equal(limit_memory_was_hit(&cgroup, &both), cases[i].is_hit);
	}
	has_file("memory.events", cases[0].events);
	assert_false(limit_memory_was_hit(&cgroup, &(struct run_limits){ 0 }));
}

static void version_1_has_no_account_of_hits(void **state)
{
	(void)state;
	use_layout(CGROUP_HYBRID);
	has_file("memory.oom_control", "oom_kill_disable 0\noom_kill 1\n");
	has_file("memory.failcnt", "9\n"); /* reclaim may have found all of it */
	assert_false(limit_memory_was_hit(&cgroup, &both));
}

#define claim(function) cmocka_unit_test_setup_teardown(function, make_cgroup, remove_cgroup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(on_cgroup2_the_tree_dies_as_one_and_has_no_swap),
		claim(on_version_1_memory_and_swap_have_the_limit_together),
		claim(a_kernel_without_swap_needs_no_limit_of_it),
		claim(a_limit_that_cannot_be_set_fails_the_run),
		claim(without_limits_nothing_is_written),
		claim(only_a_kill_by_the_own_limit_is_one),
		claim(version_1_has_no_account_of_hits),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
