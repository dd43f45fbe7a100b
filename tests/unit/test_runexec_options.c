// SPDX-License-Identifier: Apache-2.0
// Claims about runexec's options: what they make of a run, its defaults, and what is refused in
// the words that scripts know.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "command/runexec_check.h"
#include "command/runexec_config.h"
#include "command/runexec_options.h"
#include "own_tree.h"

#define MOST_WORDS 16
#define SECOND_NS 1000000000ULL

static struct runexec_options options;
static struct run_config config;
static struct runexec_home home;
static struct failure why;

/* Everything is about files in an own directory, which is the current one. */
static char directory[64];

static int enter_directory(void **state)
{
	(void)state;
	snprintf(directory, sizeof(directory), "/tmp/tare-test-runexec-XXXXXX");
	return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
	(void)state;
	runexec_options_done(&options);
	return chdir("/") || remove_own_tree(directory);
}

static int parse_words(const char *const *words)
{
	static char *arguments[MOST_WORDS + 2];
	int count = 1;

	arguments[0] = (char *)"runexec";
	for (; *words; words++) {
		assert_true(count <= MOST_WORDS);
		arguments[count++] = (char *)*words;
	}
	arguments[count] = NULL;
	runexec_options_done(&options);
	memset(&why, 0, sizeof(why));
	return runexec_options_parse(count, arguments, &options, &why);
}

static int configure_words(const char *const *words)
{
	int error = parse_words(words);

	if (!error)
		error = runexec_check_usage(&options, &why);
	if (!error)
		error = runexec_check_run(&options, &why);
	if (!error)
		error = runexec_configure(&options, "header", &home, &config, &why);
	return error;
}

#define assert_configured(...)                                                                     \
	do {                                                                                       \
		if (configure_words((const char *const[]){ __VA_ARGS__, NULL }))                   \
			fail_msg("refused: %s", why.what);                                         \
	} while (0)

static int check_usage_of(const char *const *words)
{
	int error = parse_words(words);

	return error ? error : runexec_check_usage(&options, &why);
}

#define assert_misused(text, ...)                                                                  \
	do {                                                                                       \
		assert_int_equal(                                                                  \
			check_usage_of((const char *const[]){ __VA_ARGS__, NULL }), -EINVAL);      \
		assert_string_equal(why.what, text);                                               \
	} while (0)

/* Well written, but not to be done. */
#define assert_impossible(text, ...)                                                               \
	do {                                                                                       \
		assert_int_equal(parse_words((const char *const[]){ __VA_ARGS__, NULL }), 0);      \
		assert_int_equal(runexec_check_usage(&options, &why), 0);                          \
		assert_int_equal(runexec_check_run(&options, &why), -EINVAL);                      \
		assert_string_equal(why.what, text);                                               \
	} while (0)

static void make_file(const char *path)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

/* --- What a run is --- */

static void by_default_it_is_benchexecs_container(void **state)
{
	(void)state;
	assert_configured("echo", "hi");
	assert_string_equal(config.command[0], "echo");
	assert_string_equal(config.command[1], "hi");
	assert_null(config.command[2]);
	assert_false(config.no_container || config.network_access || config.no_tmpfs);
	assert_true(config.signals_end_run);
	assert_string_equal(config.input_path, "/dev/null");
	assert_string_equal(config.output_path, "output.log");
	assert_string_equal(config.output_header, "header");
	assert_string_equal(config.output_directory, "output.files");
	assert_int_equal(config.result_pattern_count, 1);
	assert_string_equal(config.result_patterns[0], ".");
	assert_null(config.start_directory);
	assert_null(config.cores);
	assert_null(config.memory_nodes);
	assert_int_equal(config.directory_count, 0);
}

static void the_caller_is_user_1000_at_home_in_home_benchexec(void **state)
{
	(void)state;
	assert_configured("x");
	assert_true(config.ids_are_names);
	assert_int_equal(config.uid, 1000);
	assert_int_equal(config.gid, 1000);
	assert_string_equal(config.hostname, "benchexec");
	assert_string_equal(config.home_directory, "/home/benchexec");
	assert_int_equal(config.set_count, 1);
	assert_string_equal(config.set_entries[0], "HOME=/home/benchexec");
}

static void the_hosts_users_can_be_kept(void **state)
{
	(void)state;
	assert_configured("--keep-system-config", "x");
	assert_true(config.keep_system_config);
	assert_false(config.ids_are_names || config.has_uid);
	assert_int_equal(config.uid, 0);
	assert_null(config.hostname);
	assert_null(config.home_directory);
	assert_int_equal(config.set_count, 0);
}

static void no_limit_is_set_that_was_not_asked_for(void **state)
{
	(void)state;
	assert_configured("x");
	assert_int_equal(config.limits.cpu_ns, 0);
	assert_int_equal(config.limits.soft_cpu_ns, 0);
	assert_int_equal(config.limits.wall_ns, 0);
	assert_int_equal(config.limits.memory_bytes, 0);
	assert_int_equal(config.limits.output_bytes, 0);
	assert_int_equal(config.limits.tasks, 0);
}

static void limits_are_in_the_units_of_the_run(void **state)
{
	(void)state;
	assert_configured("--timelimit", "2", "--softtimelimit", "1500ms", "--walltimelimit",
		"1min", "--memlimit", "50MB", "--maxOutputSize", "20kB", "x");
	assert_int_equal(config.limits.cpu_ns, 2 * SECOND_NS);
	assert_int_equal(config.limits.soft_cpu_ns, SECOND_NS * 3 / 2);
	assert_int_equal(config.limits.wall_ns, 60 * SECOND_NS);
	assert_int_equal(config.limits.memory_bytes, 50000000);
	assert_int_equal(config.limits.output_bytes, 20000);
}

static void with_a_cpu_limit_wall_time_has_one_30_seconds_later(void **state)
{
	(void)state;
	assert_configured("--timelimit", "2", "x");
	assert_int_equal(config.limits.wall_ns, 32 * SECOND_NS);
	assert_configured("--softtimelimit", "0.5", "x");
	assert_int_equal(config.limits.wall_ns, SECOND_NS * 61 / 2);
	assert_configured("--softtimelimit", "1", "--timelimit", "5", "x");
	assert_int_equal(config.limits.wall_ns, 35 * SECOND_NS);
	assert_configured("--timelimit", "9999999999", "x");
	assert_int_equal(config.limits.wall_ns, INT64_MAX + 30 * SECOND_NS);
}

static void a_device_has_no_limit_of_output(void **state)
{
	(void)state;
	assert_configured("--output", "/dev/null", "--maxOutputSize", "5", "x");
	assert_int_equal(config.limits.output_bytes, 0);
}

static void a_dash_is_runexecs_own_input(void **state)
{
	(void)state;
	assert_configured("--input", "-", "x");
	assert_null(config.input_path);
	make_file("in");
	assert_configured("--input", "in", "x");
	assert_string_equal(config.input_path, "in");
}

static void what_is_asked_of_the_container_is_passed_on(void **state)
{
	char core[16];

	(void)state;
	/* One that this process may use on any machine. */
	snprintf(core, sizeof(core), "%d", sched_getcpu());
	assert_configured("--network-access", "--no-tmpfs", "--dir", "/usr", "--cores", core,
		"--memoryNodes", "0", "--require-cgroup-subsystem", "io", "--set-cgroup-value",
		"cpu.weight=5", "x");
	assert_true(config.network_access && config.no_tmpfs);
	assert_string_equal(config.start_directory, "/usr");
	assert_string_equal(config.cores, core);
	assert_string_equal(config.memory_nodes, "0");
	assert_int_equal(config.required_controller_count, 1);
	assert_string_equal(config.required_controllers[0], "io");
	assert_int_equal(config.cgroup_value_count, 1);
	assert_string_equal(config.cgroup_values[0], "cpu.weight=5");
}

static void files_are_limited_where_they_are_on_disk(void **state)
{
	(void)state;
	assert_configured("--no-tmpfs", "--filesCountLimit", "7", "--filesSizeLimit", "1MB", "x");
	assert_int_equal(config.limits.files_count, 7);
	assert_int_equal(config.limits.files_bytes, 1000000);
}

static void directories_get_their_modes(void **state)
{
	static const enum directory_mode wanted[] = { DIRECTORY_READ_ONLY, DIRECTORY_HIDDEN,
		DIRECTORY_OVERLAY, DIRECTORY_FULL_ACCESS };

	(void)state;
	assert_configured("--read-only-dir", "/", "--hidden-dir", "/home", "--overlay-dir", "/usr",
		"--full-access-dir", ".", "x");
	assert_int_equal(config.directory_count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(config.directories[i].mode, wanted[i]);
	assert_string_equal(config.directories[3].path, ".");
}

static void keep_tmp_is_full_access_to_it(void **state)
{
	(void)state;
	assert_configured("--keep-tmp", "x");
	assert_int_equal(config.directory_count, 1);
	assert_string_equal(config.directories[0].path, "/tmp");
	assert_int_equal(config.directories[0].mode, DIRECTORY_FULL_ACCESS);
	assert_configured("--keep-tmp", "--full-access-dir", "/tmp/.", "x");
	assert_int_equal(config.directory_count, 1);
}

static void result_files_are_those_that_were_asked_for(void **state)
{
	(void)state;
	assert_configured("--result-files", "a/../b*", "--result-files", "/tmp/x",
		"--output-directory", "out", "x");
	assert_int_equal(config.result_pattern_count, 2);
	assert_string_equal(config.result_patterns[0], "b*");
	assert_string_equal(config.result_patterns[1], "/tmp/x");
	assert_string_equal(config.output_directory, "out");
	assert_configured("--result-files", "", "x");
	assert_int_equal(config.result_pattern_count, 0);
	assert_true(config.has_result_patterns);
}

static void a_read_only_home_is_missed(void **state)
{
	(void)state;
	if (access(RUNEXEC_HOME, F_OK) == 0)
		skip();
	assert_configured("--read-only-dir", "/", "x");
	assert_true(runexec_misses_home(&config));
	assert_configured("--read-only-dir", "/", "--hidden-dir", "/home", "x");
	assert_false(runexec_misses_home(&config));
	assert_configured("--read-only-dir", "/", "--keep-system-config", "x");
	assert_false(runexec_misses_home(&config));
	assert_configured("x");
	assert_false(runexec_misses_home(&config));
}

static void without_a_container_there_is_a_fresh_home(void **state)
{
	cleanup_free char *path = NULL;
	struct stat status;

	(void)state;
	setenv("TMPDIR", directory, 1);
	assert_int_equal(runexec_home_make(&home, &why), 0);
	unsetenv("TMPDIR");
	path = strdup(home.path);
	/* What belongs to containers alone is not looked at. */
	assert_configured("--no-container", "--read-only-dir", "/no/such", "--keep-tmp", "x");
	assert_true(config.no_container);
	assert_int_equal(config.directory_count, 0);
	assert_int_equal(config.result_pattern_count, 0);
	assert_false(config.ids_are_names);
	assert_int_equal(config.set_count, 5);
	assert_string_equal(config.set_entries[0] + strlen("HOME=") + strlen(path), "/home");
	assert_int_equal(stat(config.set_entries[0] + strlen("HOME="), &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	for (size_t i = 1; i < 5; i++)
		assert_string_equal(strrchr(config.set_entries[i], '/'), "/tmp");
	assert_int_equal(runexec_home_remove(&home, &why), 0);
	assert_int_equal(access(path, F_OK), -1);
}

/* --- What is refused --- */

static void values_that_are_none_are_told_with_their_option(void **state)
{
	(void)state;
	assert_misused("argument --memlimit: invalid parse_memory_value value: 'x'", "--memlimit",
		"x", "y");
	assert_misused("argument --timelimit: unknown unit: y (allowed are s, min, h, d, ms, us, "
		       "and ns)",
		"--timelimit", "1y", "z");
	assert_misused("argument --filesCountLimit: invalid int value: 'x'", "--filesCountLimit",
		"x", "y");
	assert_misused("argument --cores: invalid range: '1-2-3'", "--cores", "1-2-3", "x");
	assert_misused(
		"argument --quiet: not allowed with argument --debug", "--debug", "--quiet", "x");
	assert_misused("the following arguments are required: ARG", "--debug");
}

static void directories_that_are_none_are_refused(void **state)
{
	(void)state;
	make_file("file");
	assert_int_equal(symlink("/usr", "link"), 0);
	assert_misused("Cannot specify directory mode for '/no/such' because it does not exist or "
		       "is no directory.",
		"--hidden-dir", "/no/such", "x");
	assert_misused("Cannot specify directory mode for 'file' because it does not exist or is "
		       "no directory.",
		"--hidden-dir", "file", "x");
	assert_misused("Cannot specify directory mode for './link' because it is a symlink. Please "
		       "specify the directory mode for its target '/usr'.",
		"--overlay-dir", "./link", "x");
	assert_misused("Cannot specify multiple directory modes for '/usr/.'.", "--hidden-dir",
		"/usr", "--overlay-dir", "/usr/.", "x");
	assert_misused("Cannot specify directory mode for /proc, this directory is handled "
		       "specially.",
		"--full-access-dir", "/proc", "x");
	assert_misused("Cannot specify both --keep-tmp and --hidden-dir /tmp.", "--keep-tmp",
		"--hidden-dir", "/tmp", "x");
}

static void patterns_that_lead_out_are_refused(void **state)
{
	(void)state;
	make_file("file");
	assert_misused("Invalid relative result-files pattern '../bar'.", "--result-files",
		"foo/../../bar", "x");
	assert_misused("Output directory 'file' must not refer to an existing file.",
		"--output-directory", "file", "x");
	assert_misused("Files-count limit and files-size limit are not supported if tmpfs is used "
		       "in container. Use --no-tmpfs to make these limits work or disable them "
		       "(typically they are unnecessary if a tmpfs is used).",
		"--filesCountLimit", "5", "x");
}

static void inputs_that_are_none_are_refused(void **state)
{
	(void)state;
	assert_misused(
		"[Errno 2] No such file or directory: '/no/such'", "--input", "/no/such", "x");
	assert_misused("[Errno 21] Is a directory: '/usr'", "--input", "/usr", "x");
	assert_misused(
		"Input and output files cannot be the same.", "--input", "a", "--output", "a", "x");
}

static void cgroup_values_have_a_form(void **state)
{
	static const char *const wrong[] = { "cpu", "cpu=1", ".x=1", "cpu.=1", "=", "a=b.c" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char wanted[128];

		snprintf(wanted, sizeof(wanted),
			"Cgroup value \"%s\" has invalid format, needs to be "
			"\"subsystem.option=value\".",
			wrong[i]);
		assert_misused(wanted, "--set-cgroup-value", wrong[i], "x");
	}
	assert_configured("--set-cgroup-value", "cpu.max=1=.2", "x");
}

static void limits_that_no_run_keeps_are_refused(void **state)
{
	(void)state;
	assert_impossible("Invalid time limit 0.", "--timelimit", "0", "x");
	assert_impossible("Invalid time limit -5.", "--timelimit", "-5", "x");
	assert_impossible("Invalid time limit -0.5.", "--timelimit", "-0.5", "x");
	assert_impossible("Invalid soft time limit 0.", "--softtimelimit", "0", "x");
	assert_impossible("Invalid wall time limit 0.", "--walltimelimit", "0", "x");
	assert_impossible("Soft time limit cannot be larger than the hard time limit.",
		"--softtimelimit", "2", "--timelimit", "1", "x");
	assert_impossible("Invalid memory limit 0.", "--memlimit", "0", "x");
	assert_impossible("Invalid memory limit -1.", "--memlimit", "-1", "x");
	assert_impossible("Invalid memory limit 1000, no program can do with less than 1MiB.",
		"--memlimit", "1kB", "x");
	assert_impossible("Invalid output-size limit 0.", "--maxOutputSize", "0", "x");
	assert_impossible(
		"Invalid files-count limit -1.", "--no-tmpfs", "--filesCountLimit", "-1", "x");
	assert_impossible("Cannot execute run without any CPU core.", "--cores", "3-1", "x");
	assert_impossible(
		"Cannot execute run without any memory node.", "--memoryNodes", "3-1", "x");
}

static void what_the_machine_cannot_give_is_refused_in_known_words(void **state)
{
	(void)state;
	assert_impossible("Cgroup subsystem \"invalid\" was required but is not available.",
		"--require-cgroup-subsystem", "invalid", "x");
	assert_impossible("Cgroup subsystem \"memoryx\" was required but is not available.",
		"--set-cgroup-value", "memoryx.high=1", "x");
	/* No machine of today has these processors and nodes. */
	assert_impossible(
		"Cores [8190, 8191] are not allowed to be used", "--cores", "8190-8191", "x");
	assert_impossible(
		"Memory nodes [1023] are not allowed to be used", "--memoryNodes", "1023", "x");
}

static void start_directories_that_are_none_are_refused(void **state)
{
	(void)state;
	make_file("file");
	assert_impossible("Working directory /no/such does not exist.", "--dir", "/no/such", "x");
	assert_impossible("Working directory file is not a directory.", "--dir", "file", "x");
	assert_configured("--dir", "", "x");
	assert_null(config.start_directory);
}

static void an_output_that_cannot_be_is_refused(void **state)
{
	(void)state;
	make_file("file");
	assert_impossible("Could not write to output file: [Errno 21] Is a directory: '/usr'",
		"--output", "/usr", "x");
	assert_impossible("Could not write to output file: [Errno 20] Not a directory: 'file/x'",
		"--output", "file/x", "x");
	assert_configured("--output", "a//b/c", "--output-directory", "d/e/f", "x");
	assert_int_equal(access("a/b/c", F_OK), 0);
	assert_int_equal(access("d/e", F_OK), 0);
	assert_int_equal(access("d/e/f", F_OK), -1);
}

#define claim(name) cmocka_unit_test_setup_teardown(name, enter_directory, leave_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(by_default_it_is_benchexecs_container),
		claim(the_caller_is_user_1000_at_home_in_home_benchexec),
		claim(the_hosts_users_can_be_kept),
		claim(no_limit_is_set_that_was_not_asked_for),
		claim(limits_are_in_the_units_of_the_run),
		claim(with_a_cpu_limit_wall_time_has_one_30_seconds_later),
		claim(a_device_has_no_limit_of_output),
		claim(a_dash_is_runexecs_own_input),
		claim(what_is_asked_of_the_container_is_passed_on),
		claim(files_are_limited_where_they_are_on_disk),
		claim(directories_get_their_modes),
		claim(keep_tmp_is_full_access_to_it),
		claim(result_files_are_those_that_were_asked_for),
		claim(a_read_only_home_is_missed),
		claim(without_a_container_there_is_a_fresh_home),
		claim(values_that_are_none_are_told_with_their_option),
		claim(directories_that_are_none_are_refused),
		claim(patterns_that_lead_out_are_refused),
		claim(inputs_that_are_none_are_refused),
		claim(cgroup_values_have_a_form),
		claim(limits_that_no_run_keeps_are_refused),
		claim(what_the_machine_cannot_give_is_refused_in_known_words),
		claim(start_directories_that_are_none_are_refused),
		claim(an_output_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
