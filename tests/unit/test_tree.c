// SPDX-License-Identifier: Apache-2.0
// Claims about removing a directory with all that is in it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/tree.h"

static struct failure why;

/* Each test has an empty directory, and is in it. */
static int enter_directory(void **state)
{
	char *path = strdup("/tmp/tare-test-tree-XXXXXX");

	if (!path || !mkdtemp(path) || chdir(path))
		return -1;
	*state = path;
	return 0;
}

static int leave_directory(void **state)
{
	cleanup_free char *path = *state;

	if (chdir("/"))
		return -1;
	return tree_remove(AT_FDCWD, path, &why);
}

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void assert_removed(const char *name)
{
	if (tree_remove(AT_FDCWD, name, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
	assert_int_equal(access(name, F_OK), -1);
	assert_int_equal(errno, ENOENT);
}

static void everything_in_it_goes_with_it(void **state)
{
	(void)state;
	assert_int_equal(mkdir("top", 0700) | mkdir("top/a", 0700) | mkdir("top/a/b", 0700), 0);
	assert_int_equal(mkdir("top/empty", 0700), 0);
	make_file("top/file");
	make_file("top/a/b/file");
	assert_int_equal(mkfifo("top/a/fifo", 0600), 0);
	assert_removed("top");
}

static void what_is_not_there_is_removed_already(void **state)
{
	(void)state;
	assert_removed("nothing");
}

static void what_is_beside_it_stays(void **state)
{
	(void)state;
	assert_int_equal(mkdir("top", 0700) | mkdir("beside", 0700), 0);
	make_file("beside/file");
	assert_int_equal(symlink("../beside", "top/link"), 0);
	assert_int_equal(symlink("../beside/file", "top/file"), 0);
	assert_removed("top");
	assert_int_equal(access("beside/file", F_OK), 0);
}

static void a_link_in_its_place_is_not_followed(void **state)
{
	(void)state;
	assert_int_equal(mkdir("beside", 0700) | symlink("beside", "top"), 0);
	make_file("beside/file");
	assert_int_equal(tree_remove(AT_FDCWD, "top", &why), -ENOTDIR);
	assert_non_null(strstr(why.what, "'top'"));
	assert_int_equal(access("beside/file", F_OK), 0);
}

/* Any path to the lowest of them would be far longer than the kernel takes. */
static void make_deep(const char *name, int levels)
{
	int fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < levels; i++) {
		const char *next = i ? "a directory with a long name" : name;
		int below = mkdirat(fd, next, 0700) ? -1 : openat(fd, next, O_PATH | O_CLOEXEC);

		assert_true(below >= 0);
		close(fd);
		fd = below;
	}
	close(fd);
}

static void depth_costs_neither_stack_nor_descriptors(void **state)
{
	struct rlimit files, few = { .rlim_cur = 24 }, stack, small = { .rlim_cur = 128 << 10 };

	(void)state;
	make_deep("top", 10000);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files) | getrlimit(RLIMIT_STACK, &stack), 0);
	few.rlim_max = files.rlim_max;
	small.rlim_max = stack.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few) | setrlimit(RLIMIT_STACK, &small), 0);
	assert_removed("top");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files) | setrlimit(RLIMIT_STACK, &stack), 0);
}

static void width_and_depth_together_are_removed(void **state)
{
	char name[64];

	(void)state;
	assert_int_equal(mkdir("top", 0700), 0);
	assert_int_equal(chdir("top"), 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		make_deep(name, 3);
		snprintf(name, sizeof(name), "%d.file", i);
		make_file(name);
	}
	assert_int_equal(chdir(".."), 0);
	assert_removed("top");
}

/* The numbers are the names under which directories wait for their turn. */
static void names_that_are_used_for_the_work_are_names_like_others(void **state)
{
	(void)state;
	assert_int_equal(mkdir("top", 0700) | mkdir("top/0", 0700) | mkdir("top/1", 0700), 0);
	assert_int_equal(mkdir("top/0/1", 0700) | mkdir("top/0/1/0", 0700), 0);
	make_file("top/0/0");
	make_file("top/1/1");
	make_file("top/0/1/0/2");
	assert_int_equal(mkdir("top/removed-abcdef", 0700), 0);
	make_file("top/removed-abcdef/0");
	assert_removed("top");
}

#define claim(name) cmocka_unit_test_setup_teardown(name, enter_directory, leave_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(everything_in_it_goes_with_it),
		claim(what_is_not_there_is_removed_already),
		claim(what_is_beside_it_stays),
		claim(a_link_in_its_place_is_not_followed),
		claim(depth_costs_neither_stack_nor_descriptors),
		claim(width_and_depth_together_are_removed),
		claim(names_that_are_used_for_the_work_are_names_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
