// SPDX-License-Identifier: Apache-2.0
// Claims about limits of files: what counts, and that a look that finds nothing costs no count. The
// layers are plain directories here.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "expect.h"
#include "own_directory.h"
#include "sandbox/file_limit.h"

static struct view_entry entries[] = {
	{ .path = (char *)"/", .mode = VIEW_OVERLAY },
	{ .path = (char *)"/host", .mode = VIEW_FULL_ACCESS },
	{ .path = (char *)"/tmp", .mode = VIEW_HIDDEN },
};

static const struct view view = { .entries = entries,
	.count = sizeof(entries) / sizeof(entries[0]) };
static struct run_limits limits;
static struct file_limit limit;
static int layers_fd;

static int make_layers(void **state)
{
	if (enter_own_directory(state) || mkdir("upper0", 0755) || mkdir("hidden2", 0755) ||
		mkdir("work0", 0755))
		return -1;
	layers_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	limits = (struct run_limits){ 0 };
	limit = (struct file_limit){
		.limits = &limits, .view = &view, .scratch_fd = layers_fd, .processors = 2
	};
	return file_limit_begin(&limit, NULL);
}

static int remove_layers(void **state)
{
	close_fd(&layers_fd);
	return remove_own_directory(state);
}

static void write_file(const char *path, off_t bytes)
{
	static const char zeroes[4096];
	cleanup_fd int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);

	for (; bytes > 0; bytes -= (off_t)sizeof(zeroes))
		assert_true(write(fd, zeroes, bytes < 4096 ? (size_t)bytes : 4096) > 0);
}

static const char *judge(void)
{
	const char *reason = "none was given";
	struct failure why;

	assert_int_equal(file_limit_judge(&limit, &reason, &why), 0);
	return reason;
}

static const char *look(uint64_t *pause_ns)
{
	const char *reason = "none was given";
	struct failure why;

	assert_int_equal(file_limit_look(&limit, &reason, pause_ns, &why), 0);
	return reason;
}

static void no_limit_of_files_is_none(void **state)
{
	(void)state;
	assert_false(file_limit_is_wanted(&limits));
	limits.files_bytes = 1;
	assert_true(file_limit_is_wanted(&limits));
	limits = (struct run_limits){ .files_count = 1 };
	assert_true(file_limit_is_wanted(&limits));
}

static void files_in_all_layers_count_together(void **state)
{
	(void)state;
	limits.files_count = 2;
	write_file("upper0/a", 1);
	write_file("hidden2/b", 1);
	assert_null(judge());
	assert_int_equal(mkdir("upper0/d", 0755), 0);
	write_file("upper0/d/c", 0);
	assert_string_equal(judge(), "files-count");
}

static void what_is_no_file_of_the_command_does_not_count(void **state)
{
	(void)state;
	limits.files_count = 1;
	write_file("upper0/a", 1);
	write_file("work0/copied-up-just-now", 1);
	assert_int_equal(mkdir("upper0/d", 0755), 0);
	assert_int_equal(symlink("a", "upper0/d/link"), 0);
	assert_int_equal(mkfifo("upper0/d/fifo", 0644), 0);
	assert_null(judge());
}

static void bytes_count_to_the_last(void **state)
{
	(void)state;
	limits.files_bytes = 5000;
	write_file("upper0/a", 4097);
	write_file("hidden2/b", 903);
	assert_null(judge());
	write_file("hidden2/c", 1);
	assert_string_equal(judge(), "files-size");
}

static void the_bytes_of_a_file_with_two_names_count_once(void **state)
{
	(void)state;
	limits.files_bytes = 5000;
	write_file("upper0/a", 4998);
	assert_int_equal(link("upper0/a", "upper0/b"), 0);
	assert_null(judge());
	limits.files_count = 1;
	assert_string_equal(judge(), "files-count");
}

static void holes_take_no_room(void **state)
{
	(void)state;
	limits.files_bytes = 5000;
	write_file("upper0/a", 4998);
	assert_int_equal(truncate("upper0/a", 1 << 30), 0);
	/* Its last block is now full of zeroes, which a file system may count whole. */
	limits.files_bytes = 16384;
	assert_null(judge());
}

static void a_look_says_when_to_look_again(void **state)
{
	uint64_t pause_ns = 0;

	(void)state;
	limits.files_count = 10;
	assert_null(look(&pause_ns));
	assert_in_range(pause_ns, 1, 25000000);
}

static void a_command_that_writes_nothing_is_looked_at_less(void **state)
{
	uint64_t first_ns = 0, last_ns = 0;

	(void)state;
	limits.files_bytes = 1 << 20;
	assert_null(look(&first_ns));
	/* Strangers write to this disk as well, so it is not for one look to say. */
	limit.used.files = limit.used.bytes = UINT64_MAX;
	assert_null(look(&last_ns));
	assert_true(last_ns > first_ns);
}

static void a_look_before_the_limit_can_be_passed_counts_nothing(void **state)
{
	uint64_t counted_ns = limit.counted_ns, pause_ns;

	(void)state;
	limits.files_bytes = 1ULL << 60;
	write_file("upper0/a", 1 << 20);
	assert_null(look(&pause_ns));
	assert_int_equal(limit.counted_ns, counted_ns);
}

static void a_look_finds_what_is_too_much(void **state)
{
	uint64_t pause_ns;

	(void)state;
	limits.files_count = 2;
	write_file("upper0/a", 1);
	write_file("upper0/b", 1);
	write_file("upper0/c", 1);
	/* As after the second in which it counts in any case. */
	limit.counted_ns = 0;
	assert_string_equal(look(&pause_ns), "files-count");
}

static void a_directory_that_cannot_be_read_stops_no_count(void **state)
{
	(void)state;
	limits.files_count = 1;
	assert_int_equal(mkdir("upper0/closed", 0), 0);
	write_file("upper0/z", 1);
	assert_null(judge());
	write_file("hidden2/b", 1);
	assert_string_equal(judge(), "files-count");
	assert_int_equal(chmod("upper0/closed", 0755), 0);
}

#define TEST(claim) cmocka_unit_test_setup_teardown(claim, make_layers, remove_layers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_limit_of_files_is_none),
		TEST(files_in_all_layers_count_together),
		TEST(what_is_no_file_of_the_command_does_not_count),
		TEST(bytes_count_to_the_last),
		TEST(the_bytes_of_a_file_with_two_names_count_once),
		TEST(holes_take_no_room),
		TEST(a_look_says_when_to_look_again),
		TEST(a_command_that_writes_nothing_is_looked_at_less),
		TEST(a_look_before_the_limit_can_be_passed_counts_nothing),
		TEST(a_look_finds_what_is_too_much),
		TEST(a_directory_that_cannot_be_read_stops_no_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
