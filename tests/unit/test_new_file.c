// SPDX-License-Identifier: Apache-2.0
// Claims about new files: a name is the old file or the whole new one, and nothing else is left.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>

#include "base/new_file.h"
#include "own_directory.h"

static struct new_file file;

static int count_entries(void)
{
	cleanup_directory DIR *directory = opendir(".");
	int count = -2; /* . and .. */

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	return count;
}

static void open_with(const char *text)
{
	assert_int_equal(new_file_open(&file, AT_FDCWD, 0666), 0);
	assert_int_equal(write(file.fd, text, strlen(text)), strlen(text));
}

/* As it is on file systems that make no file without a name. */
static void open_named_with(const char *text)
{
	file = (struct new_file){ .directory_fd = AT_FDCWD, .temporary = { ".tare-test" } };
	file.fd = open(file.temporary.text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(file.fd >= 0);
	assert_int_equal(write(file.fd, text, strlen(text)), strlen(text));
}

static void it_has_no_name_before_it_is_published(void **state)
{
	(void)state;
	open_with("new");
	assert_int_equal(count_entries(), 0);
	assert_int_equal(new_file_publish(&file, "name"), 0);
	assert_holds("name", "new");
	assert_int_equal(count_entries(), 1);
	assert_int_equal(file.fd, -1);
}

static void the_umask_cuts_its_mode(void **state)
{
	(void)state;
	open_with("new");
	assert_int_equal(new_file_publish(&file, "name"), 0);
	assert_int_equal(status_of("name").st_mode, S_IFREG | 0644);
}

static void it_takes_the_place_of_a_file_that_stays_as_it_was(void **state)
{
	void (*const ways[])(const char *) = { open_with, open_named_with };

	(void)state;
	for (int i = 0; i < 2; i++) {
		make_file("name", "old");
		assert_int_equal(link("name", "other"), 0);
		ways[i]("new");
		assert_int_equal(new_file_publish(&file, "name"), 0);
		assert_holds("name", "new");
		assert_holds("other", "old");
		assert_int_equal(count_entries(), 2);
		assert_int_equal(unlink("other"), 0);
	}
}

static void it_takes_the_place_of_a_link_and_not_of_what_it_leads_to(void **state)
{
	void (*const ways[])(const char *) = { open_with, open_named_with };

	(void)state;
	make_file("victim", "old");
	for (int i = 0; i < 2; i++) {
		(void)unlink("name");
		assert_int_equal(symlink("victim", "name"), 0);
		ways[i]("new");
		assert_int_equal(new_file_publish(&file, "name"), 0);
		assert_int_equal(status_of("name").st_mode & S_IFMT, S_IFREG);
		assert_holds("name", "new");
		assert_holds("victim", "old");
	}
	assert_int_equal(count_entries(), 2);
}

static void a_directory_stays_and_nothing_is_left(void **state)
{
	void (*const ways[])(const char *) = { open_with, open_named_with };

	(void)state;
	make_directory("name");
	for (int i = 0; i < 2; i++) {
		ways[i]("new");
		assert_int_equal(new_file_publish(&file, "name"), -EISDIR);
		assert_int_equal(count_entries(), 1);
	}
}

static void what_is_discarded_leaves_nothing(void **state)
{
	(void)state;
	open_with("new");
	new_file_discard(&file);
	open_named_with("new");
	new_file_discard(&file);
	new_file_discard(&file);
	assert_int_equal(count_entries(), 0);
}

static void one_file_gets_several_names(void **state)
{
	cleanup_fd int fd = -1;

	(void)state;
	make_file("one", "text");
	make_file("two", "old");
	fd = open("one", O_PATH | O_CLOEXEC);
	assert_int_equal(new_file_link(fd, AT_FDCWD, "two"), 0);
	assert_int_equal(new_file_link(fd, AT_FDCWD, "two"), 0);
	assert_int_equal(new_file_link(fd, AT_FDCWD, "three"), 0);
	assert_int_equal(status_of("one").st_nlink, 3);
	assert_int_equal(status_of("two").st_ino, status_of("one").st_ino);
	assert_int_equal(count_entries(), 3);
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, enter_own_directory, remove_own_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(it_has_no_name_before_it_is_published),
		CLAIM(the_umask_cuts_its_mode),
		CLAIM(it_takes_the_place_of_a_file_that_stays_as_it_was),
		CLAIM(it_takes_the_place_of_a_link_and_not_of_what_it_leads_to),
		CLAIM(a_directory_stays_and_nothing_is_left),
		CLAIM(what_is_discarded_leaves_nothing),
		CLAIM(one_file_gets_several_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
