// SPDX-License-Identifier: Apache-2.0
// Claims about the command line of `tare run`: what each option means, and that a slip is told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "command/options.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define MOST_WORDS 16

static struct run_config config;
static enum options_request request;
static struct failure why;

/* The words after "run", as main gets them: ended by NULL, and not to be written to. */
static int parse_words(const char *const *words)
{
	static char *arguments[MOST_WORDS + 2];
	int count = 1;

	arguments[0] = (char *)"run";
	for (; *words; words++) {
		assert_true(count <= MOST_WORDS);
		arguments[count++] = (char *)*words;
	}
	arguments[count] = NULL;
	memset(&config, 0xff, sizeof(config));
	memset(&why, 0, sizeof(why));
	return options_parse(count, arguments, &config, &request, &why);
}

#define PARSE(...) parse_words((const char *const[]){ __VA_ARGS__, NULL })

#define assert_parsed(...)                                                                         \
	do {                                                                                       \
		if (PARSE(__VA_ARGS__))                                                            \
			fail_msg("refused: %s", why.what);                                         \
	} while (0)

#define assert_refused(text, ...)                                                                  \
	do {                                                                                       \
		assert_int_equal(PARSE(__VA_ARGS__), -EINVAL);                                     \
		assert_string_equal(why.what, text);                                               \
	} while (0)

static void assert_command(const char *first, const char *second)
{
	assert_non_null(config.command);
	assert_string_equal(config.command[0], first);
	if (!second) {
		assert_null(config.command[1]);
		return;
	}
	assert_string_equal(config.command[1], second);
	assert_null(config.command[2]);
}

/* --- The command --- */

static void a_command_alone_is_run_with_the_defaults(void **state)
{
	(void)state;
	assert_parsed("true");
	assert_int_equal(request, OPTIONS_RUN);
	assert_command("true", NULL);
	assert_false(config.quiet || config.verbose || config.no_container);
	assert_false(config.allow_io_uring || config.allow_mounts || config.allow_namespaces);
	assert_null(config.json_path);
}

static void options_of_the_command_are_the_commands(void **state)
{
	(void)state;
	assert_parsed("ls", "-q");
	assert_command("ls", "-q");
	assert_false(config.quiet);
	assert_parsed("ls", "--help");
	assert_int_equal(request, OPTIONS_RUN);
	assert_command("ls", "--help");
	assert_parsed("ls", "--");
	assert_command("ls", "--");
}

static void two_dashes_end_the_options(void **state)
{
	(void)state;
	assert_parsed("--", "-q");
	assert_command("-q", NULL);
	assert_false(config.quiet);
	assert_parsed("-q", "--", "--", "x");
	assert_command("--", "x");
	assert_true(config.quiet);
}

static void a_single_dash_is_a_command(void **state)
{
	(void)state;
	assert_parsed("-");
	assert_command("-", NULL);
}

static void no_command_is_refused_with_the_usage(void **state)
{
	(void)state;
	assert_int_equal(parse_words((const char *const[]){ NULL }), -EINVAL);
	assert_string_equal(why.what, "no command given");
	assert_string_equal(why.hint, "tare run [OPTIONS] [--] COMMAND [ARG...]");
	assert_refused("no command given", "-q");
	assert_refused("no command given", "--");
	assert_refused("no command given", "--json", "x");
}

static void an_empty_command_is_refused_and_an_empty_argument_kept(void **state)
{
	(void)state;
	assert_refused("the command is an empty word", "");
	assert_refused("the command is an empty word", "--", "", "x");
	assert_parsed("echo", "");
	assert_command("echo", "");
}

/* --- Each option --- */

static void quiet_is_asked_for_in_both_ways(void **state)
{
	(void)state;
	assert_parsed("-q", "true");
	assert_true(config.quiet);
	assert_parsed("--quiet", "true");
	assert_true(config.quiet);
	assert_false(config.verbose);
	assert_command("true", NULL);
}

static void verbose_is_asked_for_in_both_ways(void **state)
{
	(void)state;
	assert_parsed("-v", "true");
	assert_true(config.verbose);
	assert_parsed("--verbose", "true");
	assert_true(config.verbose && !config.weighs_interrupts);
	assert_parsed("--interrupts", "true");
	assert_true(config.weighs_interrupts && !config.verbose);
	assert_false(config.quiet);
}

static void a_collector_of_its_own_is_asked_for(void **state)
{
	(void)state;
	assert_parsed("true");
	assert_false(config.private_collector);
	assert_parsed("--private", "true");
	assert_true(config.private_collector);
}

static void no_container_is_asked_for_by_its_long_name(void **state)
{
	(void)state;
	assert_parsed("--no-container", "true");
	assert_true(config.no_container);
}

static void the_json_file_is_given_in_every_way(void **state)
{
	(void)state;
	assert_parsed("--json", "out.json", "true");
	assert_string_equal(config.json_path, "out.json");
	assert_command("true", NULL);
	assert_parsed("--json=out.json", "true");
	assert_string_equal(config.json_path, "out.json");
	assert_command("true", NULL);
	assert_parsed("-j", "out.json", "true");
	assert_string_equal(config.json_path, "out.json");
	assert_command("true", NULL);
	assert_parsed("--json", "-", "true");
	assert_string_equal(config.json_path, "-");
	assert_parsed("--json=a=b", "true");
	assert_string_equal(config.json_path, "a=b");
	assert_parsed("--json", "--quiet", "true");
	assert_string_equal(config.json_path, "--quiet");
	assert_false(config.quiet);
}

static void each_thing_can_be_let_through(void **state)
{
	(void)state;
	assert_parsed("--allow", "io_uring", "true");
	assert_true(config.allow_io_uring && !config.allow_mounts && !config.allow_namespaces);
	assert_parsed("--allow=mounts", "true");
	assert_true(!config.allow_io_uring && config.allow_mounts && !config.allow_namespaces);
	assert_parsed("--allow", "namespaces", "true");
	assert_true(!config.allow_io_uring && !config.allow_mounts && config.allow_namespaces);
}

static void several_things_can_be_let_through(void **state)
{
	(void)state;
	assert_parsed("--allow", "mounts", "--allow=io_uring", "--allow", "mounts", "true");
	assert_true(config.allow_io_uring && config.allow_mounts && !config.allow_namespaces);
}

static void help_is_asked_for_in_both_ways_and_needs_no_command(void **state)
{
	(void)state;
	assert_parsed("--help");
	assert_int_equal(request, OPTIONS_HELP);
	assert_parsed("-h");
	assert_int_equal(request, OPTIONS_HELP);
	assert_parsed("-q", "--help", "true");
	assert_int_equal(request, OPTIONS_HELP);
}

static void options_can_be_given_together_in_any_order(void **state)
{
	(void)state;
	assert_parsed("-v", "--json=x", "-q", "--allow", "mounts", "--", "true", "-v");
	assert_true(config.verbose && config.quiet && config.allow_mounts);
	assert_string_equal(config.json_path, "x");
	assert_command("true", "-v");
}

/* --- Slips --- */

static void an_unknown_option_is_named_with_a_way_out(void **state)
{
	(void)state;
	assert_refused("--frobnicate: there is no such option", "--frobnicate", "true");
	assert_non_null(strstr(why.hint, "tare run --help"));
	assert_non_null(strstr(why.hint, "'--'"));
	assert_refused("-x: there is no such option", "-x", "true");
	assert_refused("--frob=1: there is no such option", "--frob=1", "true");
	assert_refused("--=x: there is no such option", "--=x", "true");
}

static void a_part_of_a_name_is_not_the_name(void **state)
{
	(void)state;
	assert_refused("--quie: there is no such option", "--quie", "true");
	assert_refused("--quiets: there is no such option", "--quiets", "true");
	assert_refused("--jso=x: there is no such option", "--jso=x", "true");
	assert_refused("-quiet: there is no such option", "-quiet", "true");
}

static void letters_are_not_bundled(void **state)
{
	(void)state;
	assert_refused("-qv: there is no such option", "-qv", "true");
	assert_refused("-jx: there is no such option", "-jx", "true");
}

static void what_an_unknown_option_holds_does_not_reach_the_terminal(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--\033[31m\n", "true"), -EINVAL);
	assert_null(strchr(why.what, '\033'));
	assert_null(strchr(why.what, '\n'));
	assert_int_equal(PARSE("--allow", "\033]0;x\a", "true"), -EINVAL);
	assert_null(strchr(why.what, '\033'));
}

static void a_missing_value_is_told_with_what_it_would_be(void **state)
{
	(void)state;
	assert_refused("--json: needs a value: FILE", "--json");
	assert_refused("--json: needs a value: FILE", "-j");
	assert_refused("--allow: needs a value: WHAT", "-q", "--allow");
}

static void an_empty_json_path_is_refused(void **state)
{
	static const char text[] = "--json: the path is empty; give a file, or '-' for stdout";

	(void)state;
	assert_refused(text, "--json", "", "true");
	assert_refused(text, "--json=", "true");
	assert_refused(text, "-j", "", "true");
}

static void a_value_that_is_not_taken_is_refused(void **state)
{
	(void)state;
	assert_refused("--quiet: takes no value", "--quiet=1", "true");
	assert_refused("--quiet: takes no value", "--quiet=", "true");
	assert_refused("--no-container: takes no value", "--no-container=no", "true");
	assert_refused("--help: takes no value", "--help=run");
}

static void what_cannot_be_let_through_is_told_with_what_can(void **state)
{
	static const char list[] = " is not one of io_uring, mounts, namespaces";

	(void)state;
	assert_refused("--allow: everything is not one of io_uring, mounts, namespaces", "--allow",
		"everything", "true");
	assert_int_equal(PARSE("--allow=", "true"), -EINVAL);
	assert_non_null(strstr(why.what, list));
	assert_int_equal(PARSE("--allow=mount", "true"), -EINVAL);
	assert_int_equal(PARSE("--allow=mounts,io_uring", "true"), -EINVAL);
	assert_int_equal(PARSE("--allow=MOUNTS", "true"), -EINVAL);
}

static void one_json_file_is_enough(void **state)
{
	(void)state;
	assert_refused("--json: given twice", "--json", "a", "--json=b", "true");
	assert_refused("--json: given twice", "-j", "a", "-j", "a", "true");
}

static void without_a_container_nothing_is_let_through(void **state)
{
	static const char text[] = "--allow: nothing is refused with --no-container";

	(void)state;
	assert_refused(text, "--no-container", "--allow", "mounts", "true");
	assert_refused(text, "--allow", "io_uring", "--no-container", "true");
	assert_refused(text, "--allow=namespaces", "--no-container", "true");
}

static void the_filter_is_chosen_by_a_word_or_a_file(void **state)
{
	(void)state;
	assert_parsed("true");
	assert_int_equal(config.filter, FILTER_DEFAULT);
	assert_null(config.profile_path);
	assert_parsed("--seccomp", "default", "true");
	assert_int_equal(config.filter, FILTER_DEFAULT);
	assert_parsed("--seccomp=none", "true");
	assert_int_equal(config.filter, FILTER_NONE);
	assert_parsed("--seccomp", "my.json", "--allow", "mounts", "true");
	assert_int_equal(config.filter, FILTER_PROFILE);
	assert_string_equal(config.profile_path, "my.json");
	assert_parsed("--seccomp", "./none", "true");
	assert_int_equal(config.filter, FILTER_PROFILE);
	assert_parsed("--seccomp", "none", "--no-container", "true");
	assert_int_equal(config.filter, FILTER_NONE);
}

static void a_filter_that_contradicts_another_option_is_refused(void **state)
{
	static const char bare[] = "--seccomp: nothing is refused with --no-container";

	(void)state;
	assert_refused("--seccomp: the value is empty; give default, none or a profile's file",
		"--seccomp", "", "true");
	assert_refused("--seccomp: given twice", "--seccomp", "none", "--seccomp=none", "true");
	assert_refused(bare, "--no-container", "--seccomp", "default", "true");
	assert_refused(bare, "--no-container", "--seccomp", "my.json", "true");
	assert_refused("--allow: nothing is refused with --seccomp none", "--seccomp", "none",
		"--allow", "io_uring", "true");
	assert_refused("--json: would overwrite the profile of --seccomp", "--seccomp", "a.json",
		"--json", "a.json", "true");
}

static void an_explanation_weighs_nothing(void **state)
{
	(void)state;
	assert_parsed("true");
	assert_false(config.explain);
	assert_parsed("--explain", "true");
	assert_true(config.explain);
	assert_refused(
		"--json: nothing is weighed with --explain", "--explain", "--json", "x", "true");
	assert_refused("no command given", "--explain");
}

static void a_slip_before_help_is_still_a_slip(void **state)
{
	(void)state;
	assert_refused("-x: there is no such option", "-x", "--help");
	assert_refused("-x: there is no such option", "--help", "-x");
}

/* --- Any words --- */

/* Numbers that look random and are the same in every run. */
static uint32_t next_number(void)
{
	static uint32_t number = 12345;

	number = number * 1664525 + 1013904223;
	return number >> 8;
}

static void no_words_make_the_parser_fail_without_a_reason(void **state)
{
	static const char *const words[] = { "", "-", "--", "---", "-q", "-j", "-", "--json",
		"--json=", "--json=x", "--allow", "--allow=mounts", "--allow=", "--no-container",
		"-h", "--help", "--help=", "-\xff", "--\xff\xfe=\x80", "=", "-=", "--=", "%s%n",
		"true", "\n" };

	(void)state;
	for (int round = 0; round < 100000; round++) {
		const char *chosen[7] = { NULL };
		size_t count = next_number() % LENGTH(chosen);
		int error;

		for (size_t i = 0; i < count; i++)
			chosen[i] = words[next_number() % LENGTH(words)];
		error = parse_words(chosen);
		assert_true(error == 0 || error == -EINVAL);
		if (error)
			assert_string_not_equal(why.what, "");
		else if (request == OPTIONS_RUN)
			assert_string_not_equal(config.command[0], "");
	}
}

static void no_bytes_make_the_parser_fail_without_a_reason(void **state)
{
	(void)state;
	for (int round = 0; round < 20000; round++) {
		char word[24] = "--";
		size_t length = 1 + next_number() % (sizeof(word) - 2);

		for (size_t i = 1; i < length; i++)
			word[i] = (char)(1 + next_number() % 255);
		word[length] = '\0';
		if (PARSE(word, "true"))
			assert_string_not_equal(why.what, "");
	}
}

static void a_very_long_word_is_told_cut(void **state)
{
	cleanup_free char *word = malloc(100001);

	(void)state;
	memset(word, '-', 100000);
	word[100000] = '\0';
	assert_int_equal(PARSE(word, "true"), -EINVAL);
	assert_int_equal(strncmp(why.what, "-----", 5), 0);
}

/* --- Help --- */

static char *help_text(void)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	options_print_help(stream);
	assert_int_equal(fclose(stream), 0);
	return text;
}

static void help_fits_a_terminal_of_80_columns(void **state)
{
	cleanup_free char *text = help_text();
	char *line, *rest = text;

	(void)state;
	while ((line = strsep(&rest, "\n"))) {
		if (strlen(line) > 80)
			fail_msg("%zu columns: %s", strlen(line), line);
	}
}

static void help_begins_with_the_usage_and_ends_with_a_newline(void **state)
{
	cleanup_free char *text = help_text();
	static const char usage[] = "Usage: tare run [OPTIONS] [--] COMMAND [ARG...]\n";

	(void)state;
	assert_int_equal(strncmp(text, usage, strlen(usage)), 0);
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void directories_keep_the_order_and_the_mode_they_were_given_in(void **state)
{
	static const enum directory_mode modes[] = { DIRECTORY_HIDDEN, DIRECTORY_FULL_ACCESS,
		DIRECTORY_READ_ONLY, DIRECTORY_OVERLAY, DIRECTORY_FULL_ACCESS };
	static const char *const paths[] = { "/a", "/b", "c", "", "/tmp" };

	(void)state;
	assert_parsed("--hidden-dir", "/a", "--full-access-dir=/b", "--read-only-dir", "c",
		"--overlay-dir=", "--keep-tmp", "true");
	assert_int_equal(config.directory_count, LENGTH(modes));
	for (size_t i = 0; i < LENGTH(modes); i++) {
		assert_int_equal(config.directories[i].mode, modes[i]);
		assert_string_equal(config.directories[i].path, paths[i]);
	}
}

static void a_directory_has_no_mode_without_a_container(void **state)
{
	(void)state;
	assert_refused("--no-container: directories have no modes without a container",
		"--no-container", "--hidden-dir", "/a", "true");
}

static void limits_are_read_into_their_units(void **state)
{
	(void)state;
	assert_parsed("--timelimit", "2.5", "--softtimelimit=2s", "--walltimelimit", "1min",
		"--memlimit", "2GiB", "--pids-limit", "7", "true");
	assert_true(config.limits.cpu_ns == 2500000000);
	assert_true(config.limits.soft_cpu_ns == 2000000000);
	assert_true(config.limits.wall_ns == 60000000000);
	assert_true(config.limits.memory_bytes == 2147483648);
	assert_true(config.limits.tasks == 7);
}

static void points_of_a_time_line_lie_a_millisecond_to_an_hour_apart(void **state)
{
	(void)state;
	assert_parsed("true");
	assert_true(config.timeline_interval_ns == 0);
	assert_parsed("--timeline", "1ms", "true");
	assert_true(config.timeline_interval_ns == 1000000);
	assert_parsed("--timeline=1h", "true");
	assert_true(config.timeline_interval_ns == 3600000000000);
	assert_refused("--timeline: too close or too far apart; give how far its points lie apart, "
		       "1ms to 1h, as in 10ms",
		"--timeline", "999999ns", "true");
	assert_refused("--timeline: given twice", "--timeline", "1", "--timeline", "1", "true");
}

static void limits_that_no_command_can_keep_are_refused(void **state)
{
	(void)state;
	assert_refused("--timelimit: 0 is no limit; give more, or leave it out", "--timelimit",
		"0.0", "true");
	assert_refused("--memlimit: 1048575 is too little for any program; give at least 1MiB",
		"--memlimit", "1048575", "true");
	assert_refused("--softtimelimit: 3.000 s is more than the hard limit of 2.000 s",
		"--softtimelimit", "3", "--timelimit", "2", "true");
	assert_refused("--walltimelimit: given twice", "--walltimelimit", "1", "--walltimelimit",
		"2", "true");
}

static void writes_to_disk_are_for_containers(void **state)
{
	(void)state;
	assert_parsed("--no-tmpfs", "true");
	assert_true(config.no_tmpfs);
	assert_refused("--no-container: writes go where they go without a container", "--no-tmpfs",
		"--no-container", "true");
}

static void the_root_is_given_once_and_only_for_a_container(void **state)
{
	(void)state;
	assert_parsed("true");
	assert_null(config.root_directory);
	assert_parsed("--root-dir", "image", "true");
	assert_string_equal(config.root_directory, "image");
	assert_refused("--root-dir: the path is empty; give a directory", "--root-dir=", "true");
	assert_refused("--root-dir: given twice", "--root-dir", "a", "--root-dir", "a", "true");
	assert_refused("--no-container: there is no --root-dir without a container",
		"--no-container", "--root-dir", "a", "true");
}

static void the_system_configuration_is_kept_when_asked_for(void **state)
{
	(void)state;
	assert_parsed("true");
	assert_false(config.keep_system_config);
	assert_parsed("--keep-system-config", "true");
	assert_true(config.keep_system_config);
	assert_refused("--no-container: hostname and /etc are the host's without a container",
		"--no-container", "--keep-system-config", "true");
}

static void a_hostname_is_one_and_is_given_once(void **state)
{
	(void)state;
	assert_parsed("--hostname", "box.example", "true");
	assert_string_equal(config.hostname, "box.example");
	assert_refused("--hostname: given twice", "--hostname", "a", "--hostname=b", "true");
	assert_refused("--hostname: '' is not a name of 1 to 64 letters, digits, '-', '_' and '.'",
		"--hostname=", "true");
	assert_refused("--hostname: a/b is not a name of 1 to 64 letters, digits, '-', '_' and '.'",
		"--hostname", "a/b", "true");
	assert_int_equal(PARSE("--hostname", "a\nb", "true"), -EINVAL);
	assert_null(strchr(why.what, '\n'));
	assert_refused("--no-container: hostname and /etc are the host's without a container",
		"--no-container", "--hostname", "a", "true");
	assert_refused("--hostname: --keep-system-config keeps the host's", "--hostname", "a",
		"--keep-system-config", "true");
}

/* One a line, for all that come later. */
static const char *const help_lines[] = {
	"  -j, --json FILE ",
	"  -q, --quiet ",
	"      --interrupts ",
	"  -v, --verbose ",
	"      --syscall-times ",
	"      --no-syscalls ",
	"      --private ",
	"      --no-container ",
	"      --allow WHAT ",
	"      --read-only-dir DIR ",
	"      --overlay-dir DIR ",
	"      --full-access-dir DIR ",
	"      --hidden-dir DIR ",
	"      --keep-tmp ",
	"      --dir DIR ",
	"      --network-access ",
	"      --uid NUMBER ",
	"      --gid NUMBER ",
	"      --env NAME=VALUE ",
	"      --keep-env NAME ",
	"      --clear-env ",
	"      --timelimit TIME ",
	"      --softtimelimit TIME ",
	"      --walltimelimit TIME ",
	"      --memlimit SIZE ",
	"      --pids-limit NUMBER ",
	"      --timeline TIME ",
	"      --input FILE ",
	"      --output FILE ",
	"      --max-output-size SIZE ",
	"      --no-tmpfs ",
	"      --output-directory DIR ",
	"      --result-files PATTERN ",
	"      --files-count-limit NUMBER ",
	"      --files-size-limit SIZE ",
	"      --root-dir DIR ",
	"      --hostname NAME ",
	"      --keep-system-config ",
	"      --seccomp WHICH ",
	"      --explain ",
	"      --self-test ",
	"      --cores LIST ",
	"      --memory-nodes LIST ",
	"      --rlimit NAME=S[:H] ",
	"      --set-cgroup-value C.O=VALUE ",
	"      --require-cgroup-subsystem C ",
	"      --from FILE ",
	"      --jobs NUMBER ",
	"  -h, --help ",
};

static void a_batch_takes_its_commands_from_a_file(void **state)
{
	(void)state;
	assert_parsed("--from", "commands", "--jobs", "4");
	assert_string_equal(config.batch_path, "commands");
	assert_int_equal(config.batch_jobs, 4);
	assert_parsed("--from=-");
	assert_int_equal(config.batch_jobs, 0);
	assert_refused("--from: given twice", "--from", "a", "--from", "b");
	assert_refused("--from: the commands are in the file, none follows", "--from", "a", "true");
	assert_refused("--jobs: of which commands? give --from FILE", "--jobs", "2", "true");
	assert_refused("--jobs: 0: give a number from 1 to 10000", "--from", "a", "--jobs", "0");
	assert_refused(
		"--jobs: 10001: give a number from 1 to 10000", "--from", "a", "--jobs", "10001");
	assert_refused("--cores: all commands that run at a time would share these", "--from", "a",
		"--jobs", "2", "--cores", "0");
	assert_refused("--output: all commands would write to one file; give it in their lines",
		"--from", "a", "--output", "x");
	assert_refused("--explain: one run is explained at a time, without --from", "--from", "a",
		"--explain");
}

static void options_of_a_line_are_added_to_those_of_the_batch(void **state)
{
	char *words[] = { (char *)"--timelimit", (char *)"1", NULL };
	char *wrong[] = { (char *)"--json", (char *)"x", NULL };
	char *command[] = { (char *)"true", NULL };

	(void)state;
	config = (struct run_config){ .limits.wall_ns = 5 };
	assert_int_equal(options_parse_line(2, words, command, &config, &why), 0);
	assert_int_equal(config.limits.cpu_ns, 1000000000);
	assert_int_equal(config.limits.wall_ns, 5);
	assert_string_equal(config.command[0], "true");
	assert_true(options_parse_line(2, words, command, &config, &why) < 0);
	assert_string_equal(why.what, "--timelimit: given twice");
	config = (struct run_config){ 0 };
	assert_true(options_parse_line(2, wrong, command, &config, &why) < 0);
	assert_true(options_parse_line(1, command, command, &config, &why) < 0);
	assert_string_equal(why.what, "options: true is none of a run");
}

static void no_files_are_copied_unless_asked_for(void **state)
{
	(void)state;
	assert_parsed("true");
	assert_int_equal(config.result_pattern_count, 0);
	assert_null(config.output_directory);
	assert_parsed("--result-files", "", "true");
	assert_int_equal(config.result_pattern_count, 0);
	assert_parsed("--output-directory", "out", "--result-files=", "true");
	assert_int_equal(config.result_pattern_count, 0);
}

static void an_output_directory_alone_is_for_all_below_the_start(void **state)
{
	(void)state;
	assert_parsed("--output-directory", "out", "true");
	assert_string_equal(config.output_directory, "out");
	assert_int_equal(config.result_pattern_count, 1);
	assert_string_equal(config.result_patterns[0], ".");
}

static void patterns_alone_are_copied_to_the_usual_place(void **state)
{
	(void)state;
	assert_parsed("--result-files", "a", "--result-files=", "--result-files", "/b/*", "true");
	assert_string_equal(config.output_directory, "output.files");
	assert_int_equal(config.result_pattern_count, 2);
	assert_string_equal(config.result_patterns[0], "a");
	assert_string_equal(config.result_patterns[1], "/b/*");
}

static void limits_of_files_are_numbers_and_sizes(void **state)
{
	(void)state;
	assert_parsed("--output-directory=out", "--files-count-limit", "10", "--files-size-limit",
		"1MiB", "true");
	assert_int_equal(config.limits.files_count, 10);
	assert_int_equal(config.limits.files_bytes, 1 << 20);
}

static void slips_about_files_are_told(void **state)
{
	static const char *const numbers[] = { "0", "", "-1", "+1", "1x", " 1", "1 ", "0x10", "1e3",
		"18446744073709551616", "1\n" };
	static const char *const sizes[] = { "0", "0kB", "", "10KB", "10 kB", "10k", "-1B",
		"20000000000GiB", "1\n" };

	(void)state;
	assert_refused("--output-directory: the path is empty; give a directory",
		"--output-directory", "", "true");
	assert_refused("--output-directory: given twice", "--output-directory=a",
		"--output-directory=a", "true");
	assert_refused("--result-files: ../x leads out of the start directory", "--result-files",
		"../x", "true");
	assert_refused(
		"--result-files: '[' has a '[' without a ']'; a '[' of a name is written [[]",
		"--result-files", "[", "true");
	for (size_t i = 0; i < LENGTH(numbers); i++)
		assert_int_equal(PARSE("--files-count-limit", numbers[i], "true"), -EINVAL);
	for (size_t i = 0; i < LENGTH(sizes); i++)
		assert_int_equal(PARSE("--files-size-limit", sizes[i], "true"), -EINVAL);
	assert_refused("--files-count-limit: given twice", "--files-count-limit=1",
		"--files-count-limit=1", "true");
	assert_refused("--files-size-limit: given twice", "--files-size-limit=1",
		"--files-size-limit=1", "true");
}

static void without_a_container_no_files_are_copied(void **state)
{
	static const char *const options[] = { "--output-directory=a", "--result-files=a",
		"--result-files=" };

	(void)state;
	for (size_t i = 0; i < LENGTH(options); i++)
		assert_refused("--no-container: without one the command's files need not be copied",
			"--no-container", options[i], "true");
	assert_refused("--no-container: without one nobody counts the command's files",
		"--no-container", "--files-count-limit=1", "true");
}

static void an_id_has_no_newline(void **state)
{
	(void)state;
	assert_refused("--uid: $'1\\n' is no number from 0 to 1879048190", "--uid", "1\n", "true");
}

static void cores_and_nodes_are_read_into_sets(void **state)
{
	(void)state;
	assert_parsed("--cores", "0,2-3", "--memory-nodes=1", "true");
	assert_string_equal(config.cores, "0,2-3");
	assert_int_equal(config.automatic_cores, 0);
	assert_int_equal(number_set_count(&config.core_set), 3);
	assert_true(number_set_has(&config.core_set, 2));
	assert_string_equal(config.memory_nodes, "1");
	assert_true(number_set_has(&config.memory_node_set, 1));
	assert_parsed("--cores", "auto:4", "true");
	assert_string_equal(config.cores, "auto:4");
	assert_int_equal(config.automatic_cores, 4);
	assert_parsed("true");
	assert_null(config.cores);
	assert_null(config.memory_nodes);
}

static void what_is_no_list_of_cores_is_refused(void **state)
{
	static const char *const lists[] = { "1-", "3-1", "a", "0,,1", "''", "auto", "0 1" };

	(void)state;
	for (size_t i = 0; i < LENGTH(lists); i++) {
		const char *typed = strcmp(lists[i], "''") ? lists[i] : "";

		assert_int_equal(PARSE("--cores", typed, "true"), -EINVAL);
		assert_non_null(strstr(why.what, "is an invalid CPU list; give numbers and ranges, "
						 "as in 0,2-3, or auto:NUMBER"));
	}
	assert_refused("--cores: CPU 999,999 does not exist: no Linux has so many", "--cores",
		"0-999999", "true");
	assert_refused("--cores: CPU 2 is named twice", "--cores", "0-3,2", "true");
	assert_refused("--cores: given twice", "--cores", "0", "--cores", "1", "true");
	assert_refused("--cores: given twice", "--cores", "0", "--cores", "auto:1", "true");
	assert_refused("--memory-nodes: x is an invalid memory node list; give numbers and ranges, "
		       "as in 0,2-3",
		"--memory-nodes", "x", "true");
	assert_refused("--cores: $'0\\n' is an invalid CPU list; give numbers and ranges, as in "
		       "0,2-3, or auto:NUMBER",
		"--cores", "0\n", "true");
}

static void what_is_no_number_of_cores_is_refused(void **state)
{
	static const char *const counts[] = { "auto:", "auto:0", "auto:x", "auto:-1", "auto:1,2",
		"auto:8193", "auto:99999999999999999999", "auto:1\n" };

	(void)state;
	for (size_t i = 0; i < LENGTH(counts); i++) {
		assert_int_equal(PARSE("--cores", counts[i], "true"), -EINVAL);
		assert_non_null(strstr(why.what, "is no number of physical cores"));
	}
}

static void resource_limits_and_cgroup_files_are_collected(void **state)
{
	(void)state;
	assert_parsed("--rlimit", "nofile=5:6", "--rlimit=core=0", "--set-cgroup-value",
		"pids.max=7", "--require-cgroup-subsystem", "cpu", "--require-cgroup-subsystem=cpu",
		"true");
	assert_int_equal(config.rlimit_count, 2);
	assert_string_equal(config.rlimits[0].name, "nofile");
	assert_true(config.rlimits[0].soft == 5 && config.rlimits[0].hard == 6);
	assert_int_equal(config.cgroup_value_count, 1);
	assert_string_equal(config.cgroup_values[0], "pids.max=7");
	assert_int_equal(config.required_controller_count, 2);
	assert_refused("--rlimit: core is given twice", "--rlimit", "core=0", "--rlimit", "core=1",
		"true");
	assert_refused("--set-cgroup-value: pids.max is what --pids-limit sets",
		"--set-cgroup-value", "pids.max=7", "--pids-limit", "7", "true");
	assert_int_equal(PARSE("--require-cgroup-subsystem", "Memory", "true"), -EINVAL);
	assert_non_null(strstr(why.what, "Memory is no cgroup controller; there are memory, pids"));
}

static void system_calls_are_timed_or_not_looked_at_but_not_both(void **state)
{
	(void)state;
	assert_parsed("--syscall-times", "true");
	assert_true(config.syscall_times && !config.no_syscalls);
	assert_parsed("--no-syscalls", "true");
	assert_true(config.no_syscalls && !config.syscall_times);
	assert_refused("--syscall-times: --no-syscalls looks at none", "--no-syscalls",
		"--syscall-times", "true");
}

static void help_lists_every_option_that_is_understood(void **state)
{
	cleanup_free char *text = help_text();
	size_t listed = 0;

	(void)state;
	for (size_t i = 0; i < LENGTH(help_lines); i++) {
		if (!strstr(text, help_lines[i]))
			fail_msg("'%s' is not in:\n%s", help_lines[i], text);
	}
	for (const char *at = text; (at = strstr(at, " --")); at++)
		listed += at[3] >= 'a' && at[3] <= 'z';
	assert_int_equal(listed, LENGTH(help_lines));
}

/* Each letter and name in the help, tried out: none of them is unknown. */
static void every_option_in_the_help_is_understood(void **state)
{
	cleanup_free char *text = help_text();
	char *line, *rest = text;
	char letter[3], name[32];
	int tried = 0;

	(void)state;
	while ((line = strsep(&rest, "\n"))) {
		if (sscanf(line, " %2[-a-z], %31[-a-z]", letter, name) == 2) {
			(void)PARSE(letter, "x", "true");
			assert_null(strstr(why.what, "no such option"));
		} else if (sscanf(line, " %31[-a-z]", name) != 1 || strncmp(name, "--", 2) != 0) {
			continue;
		}
		(void)PARSE(name, "x", "true");
		assert_null(strstr(why.what, "no such option"));
		tried++;
	}
	assert_int_equal(tried, LENGTH(help_lines));
}

static void what_can_be_let_through_is_in_the_help(void **state)
{
	cleanup_free char *text = help_text();

	(void)state;
	assert_non_null(strstr(text, "io_uring"));
	assert_non_null(strstr(text, "mounts"));
	assert_non_null(strstr(text, "namespaces"));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_command_alone_is_run_with_the_defaults),
	cmocka_unit_test(options_of_the_command_are_the_commands),
	cmocka_unit_test(two_dashes_end_the_options),
	cmocka_unit_test(a_single_dash_is_a_command),
	cmocka_unit_test(no_command_is_refused_with_the_usage),
	cmocka_unit_test(an_empty_command_is_refused_and_an_empty_argument_kept),
	cmocka_unit_test(quiet_is_asked_for_in_both_ways),
	cmocka_unit_test(verbose_is_asked_for_in_both_ways),
	cmocka_unit_test(a_collector_of_its_own_is_asked_for),
	cmocka_unit_test(no_container_is_asked_for_by_its_long_name),
	cmocka_unit_test(the_json_file_is_given_in_every_way),
	cmocka_unit_test(each_thing_can_be_let_through),
	cmocka_unit_test(several_things_can_be_let_through),
	cmocka_unit_test(help_is_asked_for_in_both_ways_and_needs_no_command),
	cmocka_unit_test(options_can_be_given_together_in_any_order),
	cmocka_unit_test(an_unknown_option_is_named_with_a_way_out),
	cmocka_unit_test(a_part_of_a_name_is_not_the_name),
	cmocka_unit_test(letters_are_not_bundled),
	cmocka_unit_test(what_an_unknown_option_holds_does_not_reach_the_terminal),
	cmocka_unit_test(a_missing_value_is_told_with_what_it_would_be),
	cmocka_unit_test(an_empty_json_path_is_refused),
	cmocka_unit_test(a_value_that_is_not_taken_is_refused),
	cmocka_unit_test(what_cannot_be_let_through_is_told_with_what_can),
	cmocka_unit_test(one_json_file_is_enough),
	cmocka_unit_test(without_a_container_nothing_is_let_through),
	cmocka_unit_test(the_filter_is_chosen_by_a_word_or_a_file),
	cmocka_unit_test(a_filter_that_contradicts_another_option_is_refused),
	cmocka_unit_test(an_explanation_weighs_nothing),
	cmocka_unit_test(a_slip_before_help_is_still_a_slip),
	cmocka_unit_test(no_words_make_the_parser_fail_without_a_reason),
	cmocka_unit_test(no_bytes_make_the_parser_fail_without_a_reason),
	cmocka_unit_test(a_very_long_word_is_told_cut),
	cmocka_unit_test(help_fits_a_terminal_of_80_columns),
	cmocka_unit_test(help_begins_with_the_usage_and_ends_with_a_newline),
	cmocka_unit_test(directories_keep_the_order_and_the_mode_they_were_given_in),
	cmocka_unit_test(a_directory_has_no_mode_without_a_container),
	cmocka_unit_test(limits_are_read_into_their_units),
	cmocka_unit_test(points_of_a_time_line_lie_a_millisecond_to_an_hour_apart),
	cmocka_unit_test(limits_that_no_command_can_keep_are_refused),
	cmocka_unit_test(writes_to_disk_are_for_containers),
	cmocka_unit_test(a_batch_takes_its_commands_from_a_file),
	cmocka_unit_test(options_of_a_line_are_added_to_those_of_the_batch),
	cmocka_unit_test(no_files_are_copied_unless_asked_for),
	cmocka_unit_test(an_output_directory_alone_is_for_all_below_the_start),
	cmocka_unit_test(patterns_alone_are_copied_to_the_usual_place),
	cmocka_unit_test(limits_of_files_are_numbers_and_sizes),
	cmocka_unit_test(slips_about_files_are_told),
	cmocka_unit_test(without_a_container_no_files_are_copied),
	cmocka_unit_test(an_id_has_no_newline),
	cmocka_unit_test(the_root_is_given_once_and_only_for_a_container),
	cmocka_unit_test(the_system_configuration_is_kept_when_asked_for),
	cmocka_unit_test(a_hostname_is_one_and_is_given_once),
	cmocka_unit_test(cores_and_nodes_are_read_into_sets),
	cmocka_unit_test(what_is_no_list_of_cores_is_refused),
	cmocka_unit_test(what_is_no_number_of_cores_is_refused),
	cmocka_unit_test(resource_limits_and_cgroup_files_are_collected),
	cmocka_unit_test(system_calls_are_timed_or_not_looked_at_but_not_both),
	cmocka_unit_test(help_lists_every_option_that_is_understood),
	cmocka_unit_test(every_option_in_the_help_is_understood),
	cmocka_unit_test(what_can_be_let_through_is_in_the_help),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
