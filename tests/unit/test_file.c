// SPDX-License-Identifier: Apache-2.0
// Claims about files: small ones read and written whole, and where a report goes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

/* Each test has an empty directory, and is in it. */
static int enter_directory(void **state)
{
	char *path = strdup("/tmp/tare-test-file-XXXXXX");

	if (!path || !mkdtemp(path) || chdir(path))
		return -1;
	umask(022);
	*state = path;
	return 0;
}

static int remove_directory(void **state)
{
	cleanup_free char *path = *state;
	DIR *directory = opendir(".");
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (unlink(entry->d_name) && entry->d_name[0] != '.')
			rmdir(entry->d_name);
	}
	if (directory)
		closedir(directory);
	return chdir("/") || rmdir(path);
}

static int count_entries(void)
{
	DIR *directory = opendir(".");
	int count = -2; /* . and .. */

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

static void make_file(const char *path, const char *text)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void assert_file_holds(const char *path, const char *expected)
{
	cleanup_free char *text = NULL;

	assert_int_equal(file_read(AT_FDCWD, path, &text, NULL, NULL), 0);
	assert_string_equal(text, expected);
}

static void commit(struct output_file *file, const char *text)
{
	struct failure why = { .errnum = 0 };

	if (output_file_commit(file, text, strlen(text), &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
}

static void write_report(const char *path, const char *text)
{
	struct output_file file;
	struct failure why = { .errnum = 0 };

	if (output_file_open(path, &file, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
	commit(&file, text);
}

/* Runs a claim in a child, because it changes what a process cannot take back. */
static void assert_in_child(void (*claim)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		claim();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define require(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

/* Small files */

static void a_file_is_read_whole_with_its_size(void **state)
{
	cleanup_free char *text = NULL;
	size_t size = 0;

	(void)state;
	make_file("name", "two\nlines\n");
	assert_int_equal(file_read(AT_FDCWD, "name", &text, &size, NULL), 0);
	assert_int_equal(size, 10);
	assert_string_equal(text, "two\nlines\n");
}

static void a_file_is_read_relative_to_a_directory(void **state)
{
	cleanup_fd int directory = open(*state, O_PATH | O_CLOEXEC);
	cleanup_free char *text = NULL;

	make_file("name", "");
	assert_int_equal(chdir("/"), 0);
	assert_int_equal(file_read(directory, "name", &text, NULL, NULL), 0);
	assert_string_equal(text, "");
	assert_int_equal(chdir(*state), 0);
}

static void a_file_of_any_number_of_buffers_is_read_whole(void **state)
{
	static const size_t sizes[] = { 4095, 4096, 4097, 8192, 100000 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		cleanup_free char *written = malloc(sizes[i] + 1), *text = NULL;
		size_t size = 0;

		memset(written, 'x', sizes[i]);
		written[sizes[i]] = '\0';
		make_file("name", written);
		assert_int_equal(file_read(AT_FDCWD, "name", &text, &size, NULL), 0);
		assert_int_equal(size, sizes[i]);
		assert_string_equal(text, written);
	}
}

static void a_file_without_end_is_refused(void **state)
{
	cleanup_free char *text = NULL;
	struct failure why;

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, "/dev/zero", &text, NULL, &why), -EFBIG);
	assert_string_equal(why.what, "read '/dev/zero'");
	assert_null(text);
}

static void a_missing_file_is_named(void **state)
{
	cleanup_free char *text = NULL;
	struct failure why;

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, "none", &text, NULL, &why), -ENOENT);
	assert_string_equal(why.what, "open 'none' for reading");
	assert_int_equal(file_write(AT_FDCWD, "none", "1", &why), -ENOENT);
	assert_string_equal(why.what, "open 'none' for writing");
	assert_int_equal(count_entries(), 0);
}

static void a_refused_write_says_what_was_written_where(void **state)
{
	struct failure why;

	(void)state;
	assert_int_equal(file_write(AT_FDCWD, "/dev/full", "100000", &why), -ENOSPC);
	assert_string_equal(why.what, "write '100000' to '/dev/full'");
}

static void a_written_file_holds_the_text(void **state)
{
	(void)state;
	make_file("memory.max", "max\n");
	assert_int_equal(file_write(AT_FDCWD, "memory.max", "1048576", NULL), 0);
	assert_file_holds("memory.max", "1048576");
}

static void a_number_is_read_and_anything_else_is_quoted(void **state)
{
	struct failure why;
	uint64_t value = 0;

	(void)state;
	make_file("number", "184220\n");
	make_file("word", "max");
	assert_int_equal(file_read_decimal(AT_FDCWD, "number", &value, &why), 0);
	assert_int_equal(value, 184220);
	assert_int_equal(file_read_decimal(AT_FDCWD, "word", &value, &why), -EINVAL);
	assert_string_equal(why.what, "read a number from 'word', which holds 'max'");
	assert_int_equal(file_read_decimal(AT_FDCWD, "none", &value, &why), -ENOENT);
	assert_int_equal(value, 184220);
}

/* Reports */

static void nothing_has_a_name_before_the_commit(void **state)
{
	struct output_file file;

	(void)state;
	assert_int_equal(output_file_open("report", &file, NULL), 0);
	assert_int_equal(count_entries(), 0);
	commit(&file, "{}\n");
	assert_file_holds("report", "{}\n");
	assert_int_equal(count_entries(), 1);
}

static void a_discarded_report_leaves_nothing(void **state)
{
	struct output_file file;

	(void)state;
	make_file("old", "old");
	assert_int_equal(output_file_open("new", &file, NULL), 0);
	output_file_discard(&file);
	output_file_discard(&file);
	assert_int_equal(output_file_open("old", &file, NULL), 0);
	output_file_discard(&file);
	assert_file_holds("old", "old");
	assert_int_equal(count_entries(), 1);
}

static void an_old_report_is_replaced_at_once(void **state)
{
	cleanup_fd int reader = -1;
	char text[8] = "";

	(void)state;
	make_file("report", "long old report\n");
	reader = open("report", O_RDONLY | O_CLOEXEC);
	write_report("report", "{}\n");
	assert_file_holds("report", "{}\n");
	assert_int_equal(read(reader, text, 4), 4);
	assert_string_equal(text, "long");
	assert_int_equal(count_entries(), 1);
}

static void a_target_that_appears_during_the_run_is_replaced(void **state)
{
	struct output_file file;

	(void)state;
	assert_int_equal(output_file_open("report", &file, NULL), 0);
	make_file("report", "from the command");
	commit(&file, "{}\n");
	assert_file_holds("report", "{}\n");
	assert_int_equal(count_entries(), 1);
}

static void a_report_has_the_mode_of_a_new_file(void **state)
{
	struct stat report;

	(void)state;
	umask(027);
	write_report("report", "{}\n");
	assert_int_equal(stat("report", &report), 0);
	assert_int_equal(report.st_mode & 07777, 0640);
}

static void a_report_follows_the_link_and_keeps_it(void **state)
{
	struct stat link;

	(void)state;
	make_file("today", "old");
	assert_int_equal(symlink("today", "latest"), 0);
	write_report("latest", "{}\n");
	assert_file_holds("today", "{}\n");
	assert_int_equal(lstat("latest", &link), 0);
	assert_true(S_ISLNK(link.st_mode));
}

static void a_report_goes_where_it_was_asked_even_after_chdir(void **state)
{
	struct output_file file;

	assert_int_equal(mkdir("results", 0755), 0);
	assert_int_equal(output_file_open("results/report", &file, NULL), 0);
	assert_int_equal(chdir("/"), 0);
	commit(&file, "{}\n");
	assert_int_equal(chdir(*state), 0);
	assert_file_holds("results/report", "{}\n");
	unlink("results/report");
}

static void bad_paths_are_told_before_the_run(void **state)
{
	static const struct {
		const char *path;
		int errnum;
	} cases[] = {
		{ "none/report", ENOENT },
		{ "file/report", ENOTDIR },
		{ "directory", EISDIR },
		{ "directory/", EISDIR },
		{ ".", EISDIR },
		{ "", ENOENT },
		{ "new/", EISDIR },
		{ "dangling", ENOENT },
		{ "loop", ELOOP },
	};

	(void)state;
	make_file("file", "");
	assert_int_equal(mkdir("directory", 0755), 0);
	assert_int_equal(symlink("nothing", "dangling"), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct failure why = { .errnum = 0 };
		struct output_file file;

		if (output_file_open(cases[i].path, &file, &why) != -cases[i].errnum)
			fail_msg("'%s' gave %s", cases[i].path, failure_errno_name(why.errnum));
		assert_int_equal(why.errnum, cases[i].errnum);
		assert_true(why.what[0]);
		assert_int_equal(file.fd, -1);
	}
}

static void a_full_disk_is_an_error(void **state)
{
	struct output_file file;
	struct failure why;

	(void)state;
	assert_int_equal(output_file_open("/dev/full", &file, &why), 0);
	assert_int_equal(output_file_commit(&file, "{}\n", 3, &why), -ENOSPC);
	assert_string_equal(why.what, "write the report to '/dev/full'");
}

static void fail_over_the_size_limit(void)
{
	static const char text[100];
	struct rlimit small = { .rlim_cur = 10, .rlim_max = 10 };
	struct output_file file;
	struct failure why;

	require(output_file_open("report", &file, &why) == 0);
	require(setrlimit(RLIMIT_FSIZE, &small) == 0);
	require(output_file_commit(&file, text, sizeof(text), &why) == -EFBIG);
}

static void a_report_that_cannot_be_written_leaves_the_old_one(void **state)
{
	(void)state;
	make_file("report", "old");
	assert_in_child(fail_over_the_size_limit);
	assert_file_holds("report", "old");
	assert_int_equal(count_entries(), 1);
}

static void a_fifo_without_a_reader_is_told_instead_of_waited_for(void **state)
{
	struct output_file file;
	struct failure why;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(output_file_open("fifo", &file, &why), -ENXIO);
	assert_true(why.hint[0]);
}

static void a_fifo_is_written_for_its_reader(void **state)
{
	struct output_file file;
	char text[8] = "";
	cleanup_fd int reader = -1;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	reader = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(output_file_open("fifo", &file, NULL), 0);
	assert_int_equal(fcntl(file.fd, F_GETFL) & O_NONBLOCK, 0);
	commit(&file, "{}\n");
	assert_int_equal(read(reader, text, sizeof(text)), 3);
	assert_string_equal(text, "{}\n");
}

static void a_reader_that_went_away_is_an_error_and_no_signal(void **state)
{
	cleanup_fd int reader = -1;
	struct output_file file;
	struct failure why;
	sigset_t pending;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	reader = open("fifo", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_int_equal(output_file_open("fifo", &file, NULL), 0);
	close_fd(&reader);
	assert_int_equal(output_file_commit(&file, "{}\n", 3, &why), -EPIPE);
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
}

static void write_to_stdout_file(void)
{
	cleanup_fd int fd = open("out", O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	require(dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
	require(write(STDOUT_FILENO, "command\n", 8) == 8);
	write_report("-", "1\n");
	write_report("/dev/stdout", "2\n");
	write_report("out", "3\n");
	require(write(STDOUT_FILENO, "after\n", 6) == 6);
}

static void standard_output_by_any_name_continues_what_the_command_wrote(void **state)
{
	(void)state;
	assert_in_child(write_to_stdout_file);
	assert_file_holds("out", "command\n1\n2\n3\nafter\n");
	assert_int_equal(count_entries(), 1);
}

static void find_stdout_unusable(void)
{
	struct output_file file;
	struct failure why;

	close(STDOUT_FILENO);
	require(output_file_open("-", &file, &why) == -EBADF);
	require(open("/dev/null", O_RDONLY) == STDOUT_FILENO);
	require(output_file_open("-", &file, &why) == -EBADF);
}

static void a_closed_standard_output_is_told_before_the_run(void **state)
{
	(void)state;
	assert_in_child(find_stdout_unusable);
}

static void a_descriptor_by_its_path_is_written_through(void **state)
{
	char path[32];
	cleanup_fd int fd = open("report", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	char text[8] = "";

	(void)state;
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	write_report(path, "{}\n");
	assert_int_equal(pread(fd, text, sizeof(text), 0), 3);
	assert_string_equal(text, "{}\n");
}

/* The pipe is full at first, non-blocking, and read in pieces while the report is written. */
static void large_reports_pass_through_a_slow_pipe(void **state)
{
	enum { SIZE = 300000 };
	cleanup_free char *text = malloc(SIZE);
	int ends[2], status;
	pid_t child;
	struct output_file file;

	(void)state;
	memset(text, 'x', SIZE);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		static char buffer[1000];
		size_t total = 0;
		ssize_t part;

		close(ends[1]);
		while ((part = read(ends[0], buffer, sizeof(buffer))) > 0)
			total += (size_t)part;
		_exit(total != SIZE);
	}
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	file = OUTPUT_FILE_NONE;
	file.way = OUTPUT_STREAMS;
	file.path = "pipe";
	file.fd = ends[1];
	close(ends[0]);
	assert_int_equal(output_file_commit(&file, text, SIZE, NULL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* From here on without O_TMPFILE, as on vfat and on overlays of older kernels. */

#define LOW_WORD(field) ((uint32_t)offsetof(struct seccomp_data, field))

static void refuse_unnamed_files(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW_WORD(nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, LOW_WORD(args[2])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_TMPFILE),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, O_TMPFILE, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(*code), .filter = code };

	require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	require(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	require(open(".", O_TMPFILE | O_WRONLY, 0600) == -1 && errno == EOPNOTSUPP);
}

static void report_without_unnamed_files(void)
{
	struct output_file file;

	refuse_unnamed_files();
	require(output_file_open("report", &file, NULL) == 0);
	require(count_entries() == 1); /* the old one */
	require(output_file_commit(&file, "{}\n", 3, NULL) == 0);
}

static void fail_without_unnamed_files(void)
{
	refuse_unnamed_files();
	fail_over_the_size_limit();
}

static void without_unnamed_files_reports_are_replaced_as_well(void **state)
{
	(void)state;
	make_file("report", "long old report");
	assert_in_child(report_without_unnamed_files);
	assert_file_holds("report", "{}\n");
	assert_int_equal(count_entries(), 1);
}

static void without_unnamed_files_a_failure_leaves_the_old_report(void **state)
{
	(void)state;
	make_file("report", "old");
	assert_in_child(fail_without_unnamed_files);
	assert_file_holds("report", "old");
	assert_int_equal(count_entries(), 1);
}

/* Permissions only bind an ordinary user. */
static void become_ordinary(void)
{
	require(geteuid() != 0 || (setgid(65534) == 0 && setuid(65534) == 0));
}

static void overwrite_in_a_closed_directory(void)
{
	struct output_file file;

	become_ordinary();
	require(output_file_open("report", &file, NULL) == 0);
	require(file.way == OUTPUT_OVERWRITES);
	require(output_file_commit(&file, "{}\n", 3, NULL) == 0);
	require(output_file_open("new", &file, NULL) == -EACCES);
}

static void overwrite_among_others(void)
{
	struct output_file file;

	become_ordinary();
	require(output_file_open("report", &file, NULL) == 0);
	require(file.way == OUTPUT_OVERWRITES);
	require(output_file_commit(&file, "{}\n", 3, NULL) == 0);
}

static void refuse_a_file_that_is_read_only(void)
{
	struct output_file file;

	become_ordinary();
	require(output_file_open("report", &file, NULL) == -EACCES);
}

static void a_writable_file_in_a_closed_directory_is_overwritten(void **state)
{
	(void)state;
	make_file("report", "long old report");
	assert_int_equal(chmod("report", 0666), 0);
	assert_int_equal(chmod(".", 0555), 0);
	assert_in_child(overwrite_in_a_closed_directory);
	assert_file_holds("report", "{}\n");
	assert_int_equal(chmod(".", 0755), 0);
}

static void a_sticky_directory_keeps_the_names_of_others(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("only root can leave a file of another user\n");
		skip();
	}
	make_file("report", "long old report");
	assert_int_equal(chmod("report", 0666), 0);
	assert_int_equal(chmod(".", 01777), 0);
	assert_in_child(overwrite_among_others);
	assert_file_holds("report", "{}\n");
	assert_int_equal(count_entries(), 1);
}

static void a_read_only_file_is_not_replaced_behind_its_owners_back(void **state)
{
	(void)state;
	make_file("report", "old");
	assert_int_equal(chmod("report", 0444), 0);
	assert_int_equal(chmod(".", 0777), 0);
	assert_in_child(refuse_a_file_that_is_read_only);
	assert_file_holds("report", "old");
}

#define file_test(claim) cmocka_unit_test_setup_teardown(claim, enter_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		file_test(a_file_is_read_whole_with_its_size),
		file_test(a_file_is_read_relative_to_a_directory),
		file_test(a_file_of_any_number_of_buffers_is_read_whole),
		file_test(a_file_without_end_is_refused),
		file_test(a_missing_file_is_named),
		file_test(a_refused_write_says_what_was_written_where),
		file_test(a_written_file_holds_the_text),
		file_test(a_number_is_read_and_anything_else_is_quoted),
		file_test(nothing_has_a_name_before_the_commit),
		file_test(a_discarded_report_leaves_nothing),
		file_test(an_old_report_is_replaced_at_once),
		file_test(a_target_that_appears_during_the_run_is_replaced),
		file_test(a_report_has_the_mode_of_a_new_file),
		file_test(a_report_follows_the_link_and_keeps_it),
		file_test(a_report_goes_where_it_was_asked_even_after_chdir),
		file_test(bad_paths_are_told_before_the_run),
		file_test(a_full_disk_is_an_error),
		file_test(a_report_that_cannot_be_written_leaves_the_old_one),
		file_test(a_fifo_without_a_reader_is_told_instead_of_waited_for),
		file_test(a_fifo_is_written_for_its_reader),
		file_test(a_reader_that_went_away_is_an_error_and_no_signal),
		file_test(standard_output_by_any_name_continues_what_the_command_wrote),
		file_test(a_closed_standard_output_is_told_before_the_run),
		file_test(a_descriptor_by_its_path_is_written_through),
		file_test(large_reports_pass_through_a_slow_pipe),
		file_test(without_unnamed_files_reports_are_replaced_as_well),
		file_test(without_unnamed_files_a_failure_leaves_the_old_report),
		file_test(a_writable_file_in_a_closed_directory_is_overwritten),
		file_test(a_sticky_directory_keeps_the_names_of_others),
		file_test(a_read_only_file_is_not_replaced_behind_its_owners_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
