// SPDX-License-Identifier: Apache-2.0
// Claims about the output directory: what may be one, when it is made, and that nothing leads out.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "base/output_directory.h"
#include "own_directory.h"

static struct output_directory directory;
static struct failure why;

static int leave(void **state)
{
	output_directory_close(&directory);
	return remove_own_directory(state);
}

/* Its path without links. */
static char *open_directory(const char *path)
{
	char *true_path = NULL;

	if (output_directory_open(&directory, path, &true_path, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
	assert_non_null(true_path);
	return true_path;
}

static void open_only(const char *path)
{
	free(open_directory(path));
}

static void assert_refused(const char *path, int errnum, const char *wanted)
{
	char *true_path = NULL;

	assert_int_equal(output_directory_open(&directory, path, &true_path, &why), -errnum);
	assert_string_equal(why.what, wanted);
	assert_null(true_path);
	assert_int_equal(directory.fd, -1);
	assert_int_equal(directory.parent_fd, -1);
}

static void assert_is_here(const char *path, const char *below)
{
	cleanup_free char *here = getcwd(NULL, 0), *wanted = NULL;

	assert_true(asprintf(&wanted, "%s/%s", here, below) > 0);
	assert_string_equal(path, wanted);
}

/* --- Which --- */

static void one_that_is_there_is_taken(void **state)
{
	cleanup_free char *path = NULL;

	(void)state;
	make_directory("out");
	make_file("out/old", "old");
	path = open_directory("./out//");
	assert_is_here(path, "out");
	assert_int_equal(output_directory_make(&directory), 0);
	assert_holds("out/old", "old");
}

static void a_missing_one_is_made_when_it_is_needed(void **state)
{
	cleanup_free char *path = open_directory("out");

	(void)state;
	assert_is_here(path, "out");
	assert_missing("out");
	assert_int_equal(output_directory_make(&directory), 0);
	assert_int_equal(status_of("out").st_mode, S_IFDIR | 0755);
	assert_int_equal(status_of("out").st_uid, getuid());
}

static void its_path_may_end_in_slashes_and_be_absolute(void **state)
{
	cleanup_free char *path = open_directory("out///"), *again = NULL;

	(void)state;
	assert_is_here(path, "out");
	output_directory_close(&directory);
	again = open_directory(path);
	assert_string_equal(again, path);
	assert_int_equal(output_directory_make(&directory), 0);
	assert_int_equal(status_of("out").st_mode, S_IFDIR | 0755);
}

static void links_on_the_way_to_it_are_the_users_own(void **state)
{
	cleanup_free char *path = NULL, *missing = NULL;

	(void)state;
	make_directory("out");
	assert_int_equal(symlink("out", "link"), 0);
	path = open_directory("link");
	assert_is_here(path, "out");
	output_directory_close(&directory);
	missing = open_directory("link/new");
	assert_is_here(missing, "out/new");
}

static void what_cannot_be_one_is_told(void **state)
{
	(void)state;
	make_file("file", "text");
	assert_int_equal(symlink("nowhere", "link"), 0);
	assert_refused("", EINVAL, "--output-directory: '' is empty; give a directory");
	assert_refused("/", EINVAL, "--output-directory: / is the root; name a directory in it");
	assert_refused("/tmp/../..", EINVAL,
		"--output-directory: /tmp/../.. is the root; name a directory in it");
	assert_refused("file", EINVAL, "--output-directory: file is not a directory");
	assert_refused("file/x", EINVAL, "--output-directory: file/x is not a directory");
	assert_refused(
		"no/way", ENOENT, "--output-directory: no/way has no directory to be made in");
	assert_refused("link", EINVAL, "--output-directory: link is a symbolic link to nowhere");
}

static void a_name_that_is_too_long_is_told(void **state)
{
	char name[NAME_MAX + 2];
	char *true_path = NULL;

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(output_directory_open(&directory, name, &true_path, &why), -ENAMETOOLONG);
}

/* --- Below it --- */

static void directories_below_are_made_on_the_way(void **state)
{
	cleanup_fd int deep = -1, itself = -1;

	(void)state;
	open_only("out");
	assert_int_equal(output_directory_make(&directory), 0);
	deep = output_directory_enter(&directory, "a/b\n/c");
	assert_true(deep >= 0);
	assert_int_equal(status_of("out/a/b\n/c").st_mode, S_IFDIR | 0755);
	assert_int_equal(mkdirat(deep, "d", 0700), 0);
	(void)status_of("out/a/b\n/c/d");
	itself = output_directory_enter(&directory, "");
	assert_int_equal(mkdirat(itself, "e", 0700), 0);
	(void)status_of("out/e");
}

static void no_link_below_is_followed(void **state)
{
	(void)state;
	make_directory("out");
	make_directory("out/real");
	make_directory("victim");
	assert_int_equal(symlink("../victim", "out/link"), 0);
	assert_int_equal(symlink("real", "out/harmless"), 0);
	open_only("out");
	assert_int_equal(output_directory_enter(&directory, "link"), -ELOOP);
	assert_int_equal(output_directory_enter(&directory, "link/x"), -ELOOP);
	assert_int_equal(output_directory_enter(&directory, "harmless"), -ELOOP);
	assert_missing("victim/x");
}

static void a_file_in_the_way_is_told(void **state)
{
	(void)state;
	make_directory("out");
	make_file("out/a", "text");
	open_only("out");
	assert_int_equal(output_directory_enter(&directory, "a/b"), -ENOTDIR);
}

static void it_stays_the_one_it_was_when_its_name_means_another(void **state)
{
	cleanup_fd int below = -1;

	(void)state;
	make_directory("parent");
	make_directory("parent/out");
	open_only("parent/out");
	assert_int_equal(rename("parent", "moved"), 0);
	make_directory("victim");
	assert_int_equal(symlink("victim", "parent"), 0);
	make_directory("victim/out");
	assert_int_equal(output_directory_make(&directory), 0);
	below = output_directory_enter(&directory, "a");
	assert_true(below >= 0);
	(void)status_of("moved/out/a");
	assert_missing("victim/out/a");
}

static void a_link_in_the_place_of_a_missing_one_is_not_followed(void **state)
{

	(void)state;
	open_only("out");
	make_directory("victim");
	assert_int_equal(symlink("victim", "out"), 0);
	assert_int_equal(output_directory_make(&directory), -ELOOP);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, enter_own_directory, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(one_that_is_there_is_taken),
		CLAIM(a_missing_one_is_made_when_it_is_needed),
		CLAIM(its_path_may_end_in_slashes_and_be_absolute),
		CLAIM(links_on_the_way_to_it_are_the_users_own),
		CLAIM(what_cannot_be_one_is_told),
		CLAIM(a_name_that_is_too_long_is_told),
		CLAIM(directories_below_are_made_on_the_way),
		CLAIM(no_link_below_is_followed),
		CLAIM(a_file_in_the_way_is_told),
		CLAIM(it_stays_the_one_it_was_when_its_name_means_another),
		CLAIM(a_link_in_the_place_of_a_missing_one_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
