// SPDX-License-Identifier: Apache-2.0
// Claims about result files: which are copied, where they land, and that what a command put in the
// way of a name leads nowhere. The layers are plain directories here, made as a command leaves
// them.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "expect.h"
#include "own_directory.h"
#include "sandbox/layer.h"
#include "sandbox/result_files.h"

/* A view as of a command that starts in /work. */
static struct view_entry entries[] = {
	{ .path = (char *)"/", .mode = VIEW_OVERLAY },
	{ .path = (char *)"/host", .mode = VIEW_FULL_ACCESS },
	{ .path = (char *)"/tmp", .mode = VIEW_HIDDEN },
	{ .path = (char *)"/work/mounted", .mode = VIEW_OVERLAY },
};

static const struct view view = { .entries = entries,
	.count = sizeof(entries) / sizeof(entries[0]) };
static struct run_config config;
static struct files_result files;
static struct file_copy_stop stop;
static const char *start_directory;
static pid_t swapper; /* 0: none */

static int make_layers(void **state)
{
	if (enter_own_directory(state))
		return -1;
	config = (struct run_config){ .output_directory = "out" };
	files = (struct files_result){ 0 };
	stop = (struct file_copy_stop){ 0 };
	start_directory = "/work";
	return mkdir("layers", 0755) || mkdir("layers/upper0", 0755) ||
	       mkdir("layers/upper0/work", 0755) || mkdir("layers/hidden2", 0755) ||
	       mkdir("layers/upper3", 0755);
}

static int remove_layers(void **state)
{
	if (swapper)
		assert_int_equal(kill(swapper, SIGKILL) || waitpid(swapper, NULL, 0) < 0, 0);
	swapper = 0;
	files_result_done(&files);
	return remove_own_directory(state);
}

/* Where the command's /work, /work/mounted and /tmp lie. */
#define WORK "layers/upper0/work/"
#define MOUNTED "layers/upper3/"
#define TMP "layers/hidden2/"

static int try_to_copy(void)
{
	cleanup_fd int layers = open("layers", O_PATH | O_DIRECTORY | O_CLOEXEC);
	cleanup_free char *path = NULL;
	struct output_directory output;
	struct failure why;
	const struct result_files_spec spec = { .config = &config,
		.view = &view,
		.scratch_fd = layers,
		.start_directory = start_directory,
		.output = &output,
		.stop = &stop };

	files_result_done(&files);
	if (output_directory_open(&output, "out", &path, &why))
		return -1;
	result_files_copy(&spec, &files);
	output_directory_close(&output);
	return 0;
}

static void choose(const char *const *patterns)
{
	for (config.result_pattern_count = 0; *patterns; patterns++)
		config.result_patterns[config.result_pattern_count++] = *patterns;
}

#define CHOOSE(...) choose((const char *const[]){ __VA_ARGS__, NULL })

/* Copies what the patterns choose, which goes well. */
#define copy(...)                                                                                  \
	do {                                                                                       \
		CHOOSE(__VA_ARGS__);                                                               \
		assert_int_equal(try_to_copy(), 0);                                                \
		if (files.has_failed)                                                              \
			fail_msg("%s (%s)", files.error.what,                                      \
				failure_errno_name(files.error.errnum));                           \
	} while (0)

static const struct copied_file *find_copied(const char *path)
{
	for (size_t i = 0; i < files.copied_listed; i++) {
		if (!strcmp(files.copied[i].path, path))
			return &files.copied[i];
	}
	return NULL;
}

static void assert_copied(const char *const *paths)
{
	size_t count = 0;

	for (; paths[count]; count++) {
		if (!find_copied(paths[count]))
			fail_msg("'%s' is not copied", paths[count]);
	}
	assert_int_equal(files.copied_listed, count);
	assert_int_equal(files.copied_count, count);
}

#define assert_copies(...) assert_copied((const char *const[]){ __VA_ARGS__, NULL })

static void assert_uncopied(const char *path, const char *kind, const char *reason)
{
	for (size_t i = 0; i < files.uncopied_listed; i++) {
		if (strcmp(files.uncopied[i].path, path) != 0)
			continue;
		assert_string_equal(files.uncopied[i].kind, kind);
		assert_string_equal(files.uncopied[i].reason, reason);
		return;
	}
	fail_msg("'%s' is not named", path);
}

/* --- Which files, and where to --- */

static void relative_patterns_begin_in_the_start_directory(void **state)
{
	(void)state;
	make_file(WORK "a", "one");
	make_directory(WORK "dir");
	make_file(WORK "dir/.b", "two");
	make_file("layers/upper0/beside", "no");
	make_file(TMP "c", "no");
	copy(".");
	assert_copies("a", "dir/.b");
	assert_holds("out/a", "one");
	assert_holds("out/dir/.b", "two");
	assert_int_equal(files.size_bytes, 6);
	assert_int_equal(files.uncopied_count, 0);
	assert_null(files.limit_reached);
}

static void an_absolute_pattern_makes_all_land_at_their_whole_path(void **state)
{
	(void)state;
	make_file(WORK "a", "one");
	make_file(WORK "b", "no");
	make_file(TMP "c", "three");
	copy("a", "/tmp");
	assert_copies("work/a", "tmp/c");
	assert_holds("out/work/a", "one");
	assert_holds("out/tmp/c", "three");
}

static void every_layer_is_looked_into(void **state)
{
	(void)state;
	make_file(WORK "a", "one");
	make_file(MOUNTED "b", "two");
	make_file(TMP "c", "three");
	copy("/");
	assert_copies("work/a", "work/mounted/b", "tmp/c");
	copy(".");
	assert_copies("a", "mounted/b");
	copy("mounted/*");
	assert_copies("mounted/b");
}

static void a_file_that_two_patterns_choose_is_copied_once(void **state)
{
	(void)state;
	make_file(WORK "a", "one");
	copy("a", "*", ".");
	assert_copies("a");
}

static void what_no_pattern_chooses_is_not_even_named(void **state)
{
	(void)state;
	make_file(WORK "a.txt", "one");
	make_file(WORK "a.log", "no");
	assert_int_equal(symlink("a.txt", WORK "link"), 0);
	copy("*.txt");
	assert_copies("a.txt");
	assert_int_equal(files.uncopied_count, 0);
	copy("none");
	assert_int_equal(files.copied_count, 0);
}

static void the_root_can_be_the_start_directory(void **state)
{
	(void)state;
	make_file(WORK "a", "one");
	make_file(TMP "c", "three");
	start_directory = "/";
	copy("work", "tmp/?");
	assert_copies("work/a", "tmp/c");
}

static void letters_of_a_pattern_in_the_start_directory_are_letters(void **state)
{
	(void)state;
	make_directory("layers/upper0/[x]*");
	make_file("layers/upper0/[x]*/a", "one");
	make_directory("layers/upper0/xy");
	make_file("layers/upper0/xy/a", "no");
	start_directory = "/[x]*";
	copy("a");
	assert_copies("a");
	assert_holds("out/a", "one");
}

static void names_are_any_bytes(void **state)
{
	(void)state;
	make_file(WORK "a\nb", "one");
	make_file(WORK "\xff\xfe", "two");
	make_file(WORK "...", "three");
	make_file(WORK "-rf *", "four");
	copy(".");
	assert_copies("a\nb", "\xff\xfe", "...", "-rf *");
	assert_holds("out/a\nb", "one");
	assert_holds("out/\xff\xfe", "two");
	assert_holds("out/...", "three");
	assert_holds("out/-rf *", "four");
}

static void an_output_directory_is_made_even_when_nothing_is_chosen(void **state)
{
	(void)state;
	copy(".");
	assert_int_equal(status_of("out").st_mode, S_IFDIR | 0755);
	assert_string_equal(files.output_directory, "out");
}

/* --- Files as they are --- */

static void holes_modes_and_times_are_kept(void **state)
{
	const struct timespec times[] = { { 1, 0 }, { 1234567890, 987654321 } };
	struct stat status;

	(void)state;
	make_file(WORK "a", "");
	assert_int_equal(truncate(WORK "a", 1 << 30), 0);
	assert_int_equal(chmod(WORK "a", 04610), 0);
	assert_int_equal(utimensat(AT_FDCWD, WORK "a", times, 0), 0);
	copy(".");
	status = status_of("out/a");
	assert_int_equal(status.st_size, 1 << 30);
	assert_int_equal(status.st_blocks, 0);
	assert_int_equal(status.st_mode, S_IFREG | 0610);
	assert_int_equal(status.st_mtim.tv_sec, 1234567890);
	assert_int_equal(status.st_uid, getuid());
	assert_int_equal(files.size_bytes, 1 << 30);
}

static void names_of_one_file_stay_names_of_one_file(void **state)
{
	(void)state;
	make_directory(WORK "dir");
	make_file(WORK "a", "text");
	assert_int_equal(link(WORK "a", WORK "b"), 0);
	assert_int_equal(link(WORK "a", WORK "dir/c"), 0);
	assert_int_equal(link(WORK "a", "layers/upper0/elsewhere"), 0);
	copy(".");
	assert_copies("a", "b", "dir/c");
	assert_int_equal(status_of("out/a").st_nlink, 3);
	assert_int_equal(status_of("out/b").st_ino, status_of("out/a").st_ino);
	assert_int_equal(status_of("out/dir/c").st_ino, status_of("out/a").st_ino);
	assert_null(find_copied("a")->link_of);
	assert_string_equal(find_copied("dir/c")->link_of, "a");
	assert_int_equal(files.size_bytes, 4);
}

static void existing_files_are_replaced_and_others_stay(void **state)
{
	(void)state;
	make_directory("out");
	make_file("out/a", "old");
	make_file("out/other", "other");
	assert_int_equal(link("out/a", "kept"), 0);
	make_file(WORK "a", "new");
	copy(".");
	assert_holds("out/a", "new");
	assert_holds("kept", "old");
	assert_holds("out/other", "other");
}

/* --- What is no regular file --- */

static void make_socket(const char *path)
{
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void what_is_no_regular_file_is_named_and_not_opened(void **state)
{
	(void)state;
	make_file("victim", "secret");
	assert_int_equal(symlink("../../../victim", WORK "link"), 0);
	assert_int_equal(symlink("nowhere", WORK "dangling"), 0);
	assert_int_equal(mkfifo(WORK "fifo", 0644), 0);
	make_socket(WORK "socket");
	copy(".");
	assert_int_equal(files.copied_count, 0);
	assert_int_equal(files.uncopied_count, 4);
	assert_uncopied("link", "symlink", "only regular files are copied");
	assert_uncopied("dangling", "symlink", "only regular files are copied");
	assert_uncopied("fifo", "fifo", "only regular files are copied");
	assert_uncopied("socket", "socket", "only regular files are copied");
	assert_missing("out/link");
}

/* Anybody may make the device 0:0, which in an overlay says that a name was deleted. */
static void deleted_names_are_nothing_in_an_overlay_and_devices_elsewhere(void **state)
{
	(void)state;
	assert_int_equal(mknod(WORK "gone", S_IFCHR, makedev(0, 0)), 0);
	assert_int_equal(mknod(TMP "device", S_IFCHR, makedev(0, 0)), 0);
	copy("/");
	assert_int_equal(files.copied_count, 0);
	assert_int_equal(files.uncopied_count, 1);
	assert_uncopied("tmp/device", "device", "only regular files are copied");
}

static void directories_behind_links_are_not_entered(void **state)
{
	(void)state;
	make_directory("victim");
	make_file("victim/file", "secret");
	assert_int_equal(symlink("../../../victim", WORK "dir"), 0);
	copy(".", "dir/file", "dir/*", "**/file");
	assert_int_equal(files.copied_count, 0);
	assert_uncopied("dir", "symlink", "only regular files are copied");
	assert_missing("out/dir");
}

static void a_start_directory_that_became_a_link_or_a_file_is_not_entered(void **state)
{
	(void)state;
	make_directory("victim");
	make_file("victim/file", "secret");
	assert_int_equal(rmdir("layers/upper0/work"), 0);
	assert_int_equal(symlink("../../victim", "layers/upper0/work"), 0);
	copy(".", "file", "*");
	assert_int_equal(files.copied_count, 0);
	assert_uncopied(".", "symlink", "only regular files are copied");
	assert_int_equal(unlink("layers/upper0/work"), 0);
	make_file("layers/upper0/work", "text");
	copy(".", "*");
	assert_int_equal(files.copied_count, 0);
	assert_uncopied(".", "file", "the start directory is no directory any more");
}

static void a_layer_that_is_a_link_is_not_one(void **state)
{
	(void)state;
	make_directory("victim");
	make_file("victim/file", "secret");
	assert_int_equal(rmdir("layers/hidden2"), 0);
	assert_int_equal(symlink("../victim", "layers/hidden2"), 0);
	CHOOSE("/");
	assert_int_equal(try_to_copy(), 0);
	assert_true(files.has_failed);
	assert_int_equal(files.error.errnum, ELOOP);
	assert_int_equal(files.copied_count, 0);
}

/* A command can rename a directory with another one mounted below, and make it anew. */
static void what_lies_where_another_layer_belongs_is_named_only(void **state)
{
	(void)state;
	make_directory(WORK "mounted");
	make_file(WORK "mounted/a", "under");
	make_file(MOUNTED "a", "over");
	copy(".");
	assert_copies("mounted/a");
	assert_holds("out/mounted/a", "over");
	assert_uncopied("mounted/a", "file", "another directory of the container lay over it");
}

/* --- The output directory's side --- */

static void links_in_the_output_directory_are_replaced_not_followed(void **state)
{
	(void)state;
	make_directory("out");
	make_file("victim", "old");
	assert_int_equal(symlink("../victim", "out/a"), 0);
	make_file(WORK "a", "new");
	copy(".");
	assert_holds("victim", "old");
	assert_int_equal(status_of("out/a").st_mode & S_IFMT, S_IFREG);
	assert_holds("out/a", "new");
}

static void what_stands_in_the_way_of_a_file_is_told_and_the_rest_is_copied(void **state)
{
	(void)state;
	make_directory("out");
	make_directory("out/a");
	make_directory("victim");
	assert_int_equal(symlink("../victim", "out/dir"), 0);
	make_file("out/file", "old");
	make_file(WORK "a", "text");
	make_directory(WORK "dir");
	make_file(WORK "dir/x", "text");
	make_directory(WORK "file");
	make_file(WORK "file/x", "text");
	make_file(WORK "z", "text");
	CHOOSE(".");
	assert_int_equal(try_to_copy(), 0);
	assert_copies("z");
	assert_uncopied("a", "file", strerror(EISDIR));
	assert_uncopied("dir/x", "file", strerror(ELOOP));
	assert_uncopied("file/x", "file", strerror(ENOTDIR));
	assert_missing("victim/x");
	assert_true(files.has_failed);
	assert_string_equal(files.error.what, "copy the result file 'a' to 'out'");
	assert_int_equal(files.error.errnum, EISDIR);
}

static int copy_under_limit(void)
{
	const struct rlimit limit = { 100000, 100000 };

	EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHOOSE(".");
	EXPECT(try_to_copy() == 0);
	EXPECT(files.has_failed && files.error.errnum == EFBIG);
	EXPECT(find_copied("small") && !find_copied("large"));
	files_result_done(&files);
	return 0;
}

static void a_file_too_large_for_the_callers_limit_is_told_and_kills_nobody(void **state)
{
	int status;
	pid_t child;

	(void)state;
	make_file(WORK "large", "text");
	assert_int_equal(truncate(WORK "large", 200000), 0);
	make_file(WORK "small", "text");
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(copy_under_limit());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* --- Limits --- */

static void at_the_limit_of_their_number_copying_stops(void **state)
{
	(void)state;
	make_file(WORK "a", "one");
	make_file(WORK "b", "two");
	make_directory(WORK "dir");
	make_file(WORK "dir/c", "three");
	assert_int_equal(symlink("a", WORK "link"), 0);
	config.limits.files_count = 1;
	copy(".");
	assert_copies("a");
	assert_string_equal(files.limit_reached, "files-count");
	assert_uncopied("b", "file", "files-count");
	assert_uncopied("dir/c", "file", "files-count");
	assert_uncopied("link", "symlink", "only regular files are copied");
	assert_missing("out/dir");
	config.limits.files_count = 3;
	copy(".");
	assert_copies("a", "b", "dir/c");
	assert_null(files.limit_reached);
}

static void at_the_limit_of_their_size_copying_stops(void **state)
{
	(void)state;
	make_file(WORK "a", "12345");
	make_file(WORK "b", "12345");
	make_file(WORK "c", "1");
	config.limits.files_bytes = 9;
	copy(".");
	assert_copies("a");
	assert_string_equal(files.limit_reached, "files-size");
	assert_uncopied("b", "file", "files-size");
	assert_uncopied("c", "file", "files-size");
	config.limits.files_bytes = 11;
	copy(".");
	assert_copies("a", "b", "c");
	assert_null(files.limit_reached);
}

static void one_name_more_of_a_file_takes_no_room(void **state)
{
	(void)state;
	make_file(WORK "a", "12345");
	assert_int_equal(link(WORK "a", WORK "b"), 0);
	config.limits.files_bytes = 5;
	copy(".");
	assert_copies("a", "b");
	config.limits.files_count = 1;
	copy(".");
	assert_copies("a");
	assert_string_equal(files.limit_reached, "files-count");
}

/* --- What a hostile command leaves --- */

/* Deeper than a path can say; a file beside it is copied all the same. */
static void a_tree_that_is_too_deep_is_named(void **state)
{
	cleanup_fd int here = open(WORK, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[201];

	(void)state;
	memset(name, 'd', 200);
	name[200] = '\0';
	make_file(WORK "a", "text");
	for (int i = 0; i < 30; i++) {
		int next;

		assert_int_equal(mkdirat(here, name, 0755), 0);
		next = openat(here, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		close(here);
		here = next;
	}
	CHOOSE(".");
	assert_int_equal(try_to_copy(), 0);
	assert_copies("a");
	assert_int_equal(files.uncopied_count, 1);
	assert_string_equal(files.uncopied[0].kind, "directory");
	assert_string_equal(files.uncopied[0].reason, strerror(ENAMETOOLONG));
	assert_true(strlen(files.uncopied[0].path) < PATH_MAX + NAME_MAX);
	/* nftw cannot remove it either. */
	assert_int_equal(system("rm -rf " WORK), 0);
}

static void many_levels_need_no_more_descriptors_or_stack(void **state)
{
	const struct rlimit few = { 30, 30 };
	cleanup_fd int here = open(WORK, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct rlimit before;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		int next;

		assert_int_equal(mkdirat(here, "d", 0755), 0);
		next = openat(here, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(here);
		here = next;
	}
	close(openat(here, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){ few.rlim_cur, before.rlim_max }), 0);
	copy(".");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(files.copied_count, 1);
	assert_int_equal(strlen(files.copied[0].path), 2 * 1000 + strlen("file"));
}

/* Ends by a kill, and with its parent: exchanges a directory with a link, as fast as it can. */
static void swap_for_ever(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		(void)renameat2(AT_FDCWD, WORK "dir", AT_FDCWD, WORK "link", RENAME_EXCHANGE);
		(void)renameat2(AT_FDCWD, "out/dir", AT_FDCWD, "out/link", RENAME_EXCHANGE);
	}
}

/* The two names change places some thousand times meanwhile; each copy is checked. */
static void names_that_are_swapped_meanwhile_lead_nowhere(void **state)
{
	int copies = 0;

	(void)state;
	make_directory("victim");
	make_file("victim/file", "secret");
	make_directory(WORK "dir");
	make_file(WORK "dir/file", "mine");
	assert_int_equal(symlink("../../../victim", WORK "link"), 0);
	make_directory("out");
	make_directory("out/dir");
	assert_int_equal(symlink("../victim", "out/link"), 0);
	swapper = fork();
	assert_true(swapper >= 0);
	if (swapper == 0)
		swap_for_ever();
	for (int i = 0; i < 2000; i++) {
		CHOOSE("dir", "link");
		assert_int_equal(try_to_copy(), 0);
		copies += (int)files.copied_count;
		assert_int_equal(files.size_bytes, 4 * files.copied_count);
		assert_holds("victim/file", "secret");
	}
	assert_true(copies > 0);
	assert_int_equal(status_of("victim/file").st_nlink, 1);
}

/* --- Being stopped --- */

static bool is_third(void *argument)
{
	return ++*(int *)argument >= 3;
}

static void whoever_has_had_enough_ends_it(void **state)
{
	int asked = 0;

	(void)state;
	stop = (struct file_copy_stop){ .is_wanted = is_third, .argument = &asked };
	make_file(WORK "a", "one");
	make_file(WORK "b", "two");
	CHOOSE(".");
	assert_int_equal(try_to_copy(), 0);
	assert_true(files.has_failed);
	assert_int_equal(files.error.errnum, EINTR);
	assert_int_equal(files.copied_count, 0);
	assert_missing("out/a");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, make_layers, remove_layers)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLAIM(relative_patterns_begin_in_the_start_directory),
		CLAIM(an_absolute_pattern_makes_all_land_at_their_whole_path),
		CLAIM(every_layer_is_looked_into),
		CLAIM(a_file_that_two_patterns_choose_is_copied_once),
		CLAIM(what_no_pattern_chooses_is_not_even_named),
		CLAIM(the_root_can_be_the_start_directory),
		CLAIM(letters_of_a_pattern_in_the_start_directory_are_letters),
		CLAIM(names_are_any_bytes),
		CLAIM(an_output_directory_is_made_even_when_nothing_is_chosen),
		CLAIM(holes_modes_and_times_are_kept),
		CLAIM(names_of_one_file_stay_names_of_one_file),
		CLAIM(existing_files_are_replaced_and_others_stay),
		CLAIM(what_is_no_regular_file_is_named_and_not_opened),
		CLAIM(deleted_names_are_nothing_in_an_overlay_and_devices_elsewhere),
		CLAIM(directories_behind_links_are_not_entered),
		CLAIM(a_start_directory_that_became_a_link_or_a_file_is_not_entered),
		CLAIM(a_layer_that_is_a_link_is_not_one),
		CLAIM(what_lies_where_another_layer_belongs_is_named_only),
		CLAIM(links_in_the_output_directory_are_replaced_not_followed),
		CLAIM(what_stands_in_the_way_of_a_file_is_told_and_the_rest_is_copied),
		CLAIM(a_file_too_large_for_the_callers_limit_is_told_and_kills_nobody),
		CLAIM(at_the_limit_of_their_number_copying_stops),
		CLAIM(at_the_limit_of_their_size_copying_stops),
		CLAIM(one_name_more_of_a_file_takes_no_room),
		CLAIM(a_tree_that_is_too_deep_is_named),
		CLAIM(many_levels_need_no_more_descriptors_or_stack),
		CLAIM(names_that_are_swapped_meanwhile_lead_nowhere),
		CLAIM(whoever_has_had_enough_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
