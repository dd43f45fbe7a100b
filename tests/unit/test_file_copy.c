// SPDX-License-Identifier: Apache-2.0
// Claims about copies of files: what is the same in them, what is not, and what breaks one off.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/file_copy.h"
#include "expect.h"
#include "own_directory.h"

static const struct file_copy_stop never;
static struct stat made;

static int copy_with(const char *from, const char *to, const struct file_copy_stop *stop)
{
	cleanup_fd int source = open(from, O_RDONLY | O_CLOEXEC);

	assert_true(source >= 0);
	return file_copy(source, AT_FDCWD, to, stop, &made);
}

static void copy(const char *from, const char *to)
{
	assert_int_equal(copy_with(from, to, &never), 0);
}

static void write_at(const char *path, off_t offset, const char *text)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), offset), strlen(text));
}

static void a_copy_has_the_same_bytes(void **state)
{
	cleanup_free char *text = malloc(300001);

	(void)state;
	for (int i = 0; i < 300000; i++)
		text[i] = (char)('a' + i % 23);
	text[300000] = '\0';
	make_file("from", text);
	copy("from", "to");
	assert_holds("to", text);
	assert_int_equal(made.st_ino, status_of("to").st_ino);
	make_file("from", "");
	copy("from", "to");
	assert_holds("to", "");
}

/* The file systems of these tests keep at least one block in 16 a hole, where a copy of all would
 * not. */
static void holes_stay_holes(void **state)
{
	cleanup_fd int to = -1;
	char text[4];

	(void)state;
	write_at("from", 0, "head");
	write_at("from", 500 << 20, "in between");
	assert_int_equal(truncate("from", 1 << 30), 0);
	copy("from", "to");
	assert_int_equal(status_of("to").st_size, 1 << 30);
	assert_true(status_of("to").st_blocks * 512 < 1 << 20);
	to = open("to", O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(to, text, 4, 500 << 20), 4);
	assert_memory_equal(text, "in b", 4);
	assert_int_equal(lseek(to, 1 << 20, SEEK_DATA) >> 20, 500);
}

static void a_file_that_is_one_hole_keeps_its_size(void **state)
{
	(void)state;
	make_file("from", "");
	assert_int_equal(truncate("from", 12345), 0);
	copy("from", "to");
	assert_int_equal(status_of("to").st_size, 12345);
	assert_int_equal(status_of("to").st_blocks, 0);
}

static void permissions_are_kept_but_not_what_lends_rights(void **state)
{
	static const mode_t modes[][2] = { { 0, 0 }, { 0777, 0777 }, { 07755, 0755 },
		{ 0640, 0640 }, { 04711, 0711 } };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		cleanup_fd int source = -1;

		make_file("from", "text");
		source = open("from", O_RDONLY | O_CLOEXEC);
		assert_int_equal(fchmod(source, modes[i][0]), 0);
		assert_int_equal(file_copy(source, AT_FDCWD, "to", &never, &made), 0);
		assert_int_equal(status_of("to").st_mode, S_IFREG | modes[i][1]);
		assert_int_equal(unlink("from"), 0);
	}
}

static void times_are_kept_to_the_nanosecond(void **state)
{
	const struct timespec times[] = { { 1000000000, 123456789 }, { 1234567890, 987654321 } };
	struct stat status;

	(void)state;
	make_file("from", "text");
	assert_int_equal(utimensat(AT_FDCWD, "from", times, 0), 0);
	copy("from", "to");
	status = status_of("to");
	assert_int_equal(status.st_mtim.tv_sec, 1234567890);
	assert_int_equal(status.st_mtim.tv_nsec, 987654321);
}

static void the_copy_is_the_callers(void **state)
{
	(void)state;
	make_file("from", "text");
	if (getuid() == 0)
		assert_int_equal(chown("from", 12345, 54321), 0);
	copy("from", "to");
	assert_int_equal(status_of("to").st_uid, getuid());
	assert_int_equal(status_of("to").st_gid, getgid());
}

/* A directory that gives its group to what is made in it. */
static void the_callers_group_holds_against_that_of_the_directory(void **state)
{
	(void)state;
	make_directory("shared");
	if (getuid() == 0)
		assert_int_equal(chown("shared", 0, 54321), 0);
	assert_int_equal(chmod("shared", 02755), 0);
	make_file("from", "text");
	copy("from", "shared/to");
	assert_int_equal(status_of("shared/to").st_gid, getgid());
}

static bool is_fifth(void *argument)
{
	return ++*(int *)argument >= 5;
}

static void a_copy_that_is_stopped_leaves_the_old_file(void **state)
{
	int asked = 0;
	const struct file_copy_stop stop = { .is_wanted = is_fifth, .argument = &asked };
	cleanup_free char *text = malloc(1 << 20);

	(void)state;
	memset(text, 'x', 1 << 20);
	text[(1 << 20) - 1] = '\0';
	make_file("from", text);
	make_file("to", "old");
	assert_int_equal(copy_with("from", "to", &stop), -EINTR);
	assert_int_equal(asked, 5);
	assert_holds("to", "old");
}

static int copy_under_limit(void)
{
	const struct rlimit limit = { 100000, 100000 };
	cleanup_fd int source = open("from", O_RDONLY | O_CLOEXEC);

	signal(SIGXFSZ, SIG_IGN);
	EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	EXPECT(file_copy(source, AT_FDCWD, "to", &never, &made) == -EFBIG);
	return 0;
}

static void a_file_that_may_not_be_so_large_is_not_there_at_all(void **state)
{
	int status;
	pid_t child;

	(void)state;
	make_file("from", "text");
	assert_int_equal(truncate("from", 200000), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(copy_under_limit());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_missing("to");
}

/* --- One name more --- */

static void a_link_is_the_same_file(void **state)
{
	cleanup_fd int base = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	make_directory("below");
	make_file("from", "text");
	copy("from", "below/first");
	make_file("second", "old");
	assert_int_equal(file_copy_link(base, "below/first", &made, base, "second"), 0);
	assert_int_equal(status_of("second").st_ino, status_of("below/first").st_ino);
}

static void what_took_the_place_of_a_copy_gets_no_name(void **state)
{
	cleanup_fd int base = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	make_file("from", "text");
	make_file("secret", "secret");
	copy("from", "first");
	assert_int_equal(rename("first", "moved"), 0);
	assert_int_equal(file_copy_link(base, "first", &made, base, "second"), -ENOENT);
	assert_int_equal(link("secret", "first"), 0);
	assert_int_equal(file_copy_link(base, "first", &made, base, "second"), -ESTALE);
	assert_int_equal(unlink("first"), 0);
	assert_int_equal(symlink("moved", "first"), 0);
	assert_int_equal(file_copy_link(base, "first", &made, base, "second"), -ELOOP);
	assert_missing("second");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, enter_own_directory, remove_own_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(a_copy_has_the_same_bytes),
		CLAIM(holes_stay_holes),
		CLAIM(a_file_that_is_one_hole_keeps_its_size),
		CLAIM(permissions_are_kept_but_not_what_lends_rights),
		CLAIM(times_are_kept_to_the_nanosecond),
		CLAIM(the_copy_is_the_callers),
		CLAIM(the_callers_group_holds_against_that_of_the_directory),
		CLAIM(a_copy_that_is_stopped_leaves_the_old_file),
		CLAIM(a_file_that_may_not_be_so_large_is_not_there_at_all),
		CLAIM(a_link_is_the_same_file),
		CLAIM(what_took_the_place_of_a_copy_gets_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
