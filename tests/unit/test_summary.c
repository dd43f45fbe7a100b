// SPDX-License-Identifier: Apache-2.0
// Claims about the summary: what a person finds in it, and what never reaches the terminal.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/summary.h"
#include "sample_result.h"

static const struct summary_style plain = { .columns = 80 };
static const struct summary_style verbose = { .columns = 80, .verbose = true };
static const struct summary_style endless = { .columns = 0 };
static const struct summary_style coloured = { .columns = 80, .colour = true };

static char *render(const struct result *result, const struct summary_style *style)
{
	struct failure why = { .errnum = 0 };
	char *text = NULL;

	if (summary_render(result, style, &text, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
	return text;
}

static void assert_shows(
	const struct result *result, const struct summary_style *style, const char *expected)
{
	cleanup_free char *text = render(result, style);

	if (!strstr(text, expected))
		fail_msg("'%s' is not in:\n%s", expected, text);
}

static void assert_hides(
	const struct result *result, const struct summary_style *style, const char *unexpected)
{
	cleanup_free char *text = render(result, style);

	if (strstr(text, unexpected))
		fail_msg("'%s' is in:\n%s", unexpected, text);
}

static size_t widest_line(const char *text)
{
	cleanup_free char *copy = strdup(text);
	size_t widest = 0;
	char *rest = NULL;

	for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (text_count_columns(line) > widest)
			widest = text_count_columns(line);
	}
	return widest;
}

static void a_run_is_five_aligned_lines_with_the_verdict_first(void **state)
{
	struct result result = sample_result();
	cleanup_free char *text = render(&result, &plain);

	(void)state;
	assert_string_equal(text,
		"tare: make -j2 exited 0 · 4.212 s · quiet\n"
		"  wall      4.212 s    on CPU 93.1 %  run queue 0.4 %  blocked 6.5 %\n"
		"  cpu       7.981 s    user 7.012 s  system 969.0 ms  38 processes, peak 9 tasks\n"
		"  memory    412.6 MiB  rss 398.2 MiB in the tree   anon 301.2 MiB  file 97.0 "
		"MiB\n"
		"  syscalls  184,220    2,104 errors             read 31 %  openat 12 %  mmap 9 "
		"%\n");
}

static void what_blocked_a_command_for_long_has_a_line(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "  blocked  ");
	result.time.blocked.value = 2000000000;
	result.blocked.lock.value = 1500000000;
	result.blocked.pipe_socket.value = 480000000;
	result.blocked.timer.value = 20000000;
	assert_shows(&result, &plain, "  blocked   2.000 s    lock 75 %  pipe or socket 24 %\n");
	result.time.throttled.value = 250000000;
	assert_shows(&result, &plain, "  throttle  250.0 ms ");
	result.time.on_cpu = result.time.blocked = number_unknown("for a reason");
	assert_shows(&result, &plain, "  wall      4.212 s\n");
	assert_hides(&result, &plain, "  blocked  ");
}

static void a_disturbed_run_says_by_whom(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.noise.preempted.value = 1200000000;
	result.noise.culprits[0].ns = 1197000000;
	assert_shows(&result, &plain, "tare: make -j2 exited 0 · 4.212 s · disturbed\n");
	assert_shows(&result, &endless,
		"  noise     13.0 % of the tasks' time waited for a processor, behind: "
		"stress 1.197 s\n");
	assert_shows(&result, &(struct summary_style){ .columns = 60 },
		"  noise     13.0 % of the tasks' time waited for a processo…\n");
}

static void timed_calls_have_a_line_by_their_wall_time(void **state)
{
	struct syscall_count calls[] = {
		{ .name = "read", .count = 9, .wall_ns = 1000000 },
		{ .name = "openat", .count = 8 },
		{ .name = "futex", .count = 1, .wall_ns = 3000000000 },
	};
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "  calls  ");
	result.syscalls.is_timed = true;
	result.syscalls.by_name = calls;
	result.syscalls.by_name_count = 3;
	assert_shows(&result, &plain,
		"\n  calls     5.000 ms   cpu 4.000 ms                 futex 3.000 s  read 1.000 "
		"ms\n");
}

static void large_numbers_stay_apart_from_their_neighbours(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.syscalls.total.value = 12345678;
	assert_shows(&result, &plain, "  syscalls  12,345,678  2,104 errors  ");
	result.syscalls.total.value = 12345678901;
	assert_shows(&result, &plain, "  syscalls  12,345,678,901  2,104 errors  ");
}

static void the_lines_fit_the_terminal(void **state)
{
	struct result result = sample_result();
	struct summary_style narrow = { .columns = 60 };
	cleanup_free char *text = render(&result, &narrow);

	(void)state;
	if (widest_line(text) > 60)
		fail_msg("wider than 60 columns:\n%s", text);
	assert_non_null(strstr(text, "mmap 9 %"));
}

static void a_long_command_is_cut_and_the_verdict_is_not(void **state)
{
	char argument[500];
	char *command[] = { (char *)"echo", argument, NULL };
	struct result result = sample_result();
	cleanup_free char *text = NULL;

	(void)state;
	memset(argument, 'x', sizeof(argument) - 1);
	argument[sizeof(argument) - 1] = '\0';
	result.command = command;
	text = render(&result, &plain);
	assert_non_null(strstr(text, "xxx… exited 0 · 4.212 s · quiet\n"));
	assert_int_equal(widest_line(text), 80);
	assert_shows(&result, &endless, argument);
}

static void a_signal_is_named(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.outcome = (struct outcome){ .kind = OUTCOME_SIGNALED, .signal = SIGSEGV };
	assert_shows(&result, &plain, "tare: make -j2 killed by SIGSEGV · 4.212 s · quiet\n");
	result.outcome.core_dumped = true;
	assert_shows(&result, &plain, "killed by SIGSEGV (core dumped) · ");
	result.outcome = (struct outcome){ .kind = OUTCOME_SIGNALED, .signal = SIGRTMIN + 3 };
	assert_shows(&result, &plain, "killed by signal 37 · ");
}

static void a_limit_is_told_in_words_and_in_benchexecs_word(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.outcome =
		(struct outcome){ .kind = OUTCOME_LIMIT, .termination_reason = "walltime" };
	assert_shows(&result, &plain, "make -j2 stopped by the wall time limit (walltime) · ");
	result.outcome.termination_reason = "killed";
	assert_shows(&result, &plain, "make -j2 stopped by tare (killed) · ");
	result.outcome.termination_reason = NULL;
	assert_shows(&result, &plain, "make -j2 stopped by tare (reason unknown) · ");
}

static void a_command_that_did_not_start_has_no_numbers_but_a_hint(void **state)
{
	struct result result = sample_not_started();
	cleanup_free char *text = render(&result, &verbose);

	(void)state;
	assert_string_equal(text, "tare: no-such-command: not started: "
				  "execute 'no-such-command': No such file or directory (ENOENT)\n"
				  "  hint      it is in none of the directories of PATH\n");
}

static void a_failure_of_tare_is_not_taken_for_the_commands(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.outcome.kind = OUTCOME_ERROR;
	failure_set(&result.outcome.error, EIO, "read the account");
	assert_shows(&result, &plain,
		"tare: make -j2: tare failed: read the account: Input/output error (EIO)");
	assert_shows(&result, &plain, "WARNING   tare failed: the numbers above cannot be trusted");
	result.time.wall = number_unknown("the run was not watched");
	assert_hides(&result, &plain, "WARNING");
	assert_hides(&result, &plain, "memory");
}

static void an_unknown_number_is_a_dash_and_never_zero(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.memory.peak = number_unknown("no memory controller");
	result.processes.peak_tasks = number_unknown("not counted");
	assert_shows(&result, &plain, "  memory    –          rss 398.2 MiB in the tree ");
	assert_shows(&result, &plain, "38 processes, peak – tasks\n");
	assert_hides(&result, &plain, "no memory controller");
}

static void the_reasons_are_there_for_people_who_ask(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.memory.peak = number_unknown("no memory controller");
	result.outcome.oom_kills = number_unknown("no memory controller");
	assert_shows(&result, &verbose,
		"  unknown   memory.peak_bytes, outcome.oom_kills: no memory controller\n");
	assert_hides(&result, &verbose, "controller\n  unknown");
}

static void nothing_unknown_means_no_line_about_it(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &verbose, "unknown");
	assert_shows(&result, &verbose,
		"  switches  2,520      voluntary 2,210  involuntary 310  87 migrations\n");
	assert_shows(&result, &verbose, "  faults    91,236     minor 91,234  major 2\n");
	assert_shows(&result, &verbose, "a container, cgroup2, 3 mounts not shown inside\n");
	assert_hides(&result, &plain, "faults");
}

static void mounts_that_are_not_shown_as_they_are_are_told_unasked(void **state)
{
	struct mount_note notes[] = {
		{ .path = (char *)"/", .is_unmapped = true },
		{ .path = (char *)"/proc-of-a-jail", .is_masked = true },
		{ .path = (char *)"/a\nb", .is_unmapped = true, .is_read_only = true },
		{ .path = (char *)"/boot/efi", .is_read_only = true },
		{ .path = (char *)"/fourth", .is_read_only = true },
		{ .path = (char *)"/fifth", .is_read_only = true },
		{ .path = (char *)"/sixth", .is_read_only = true },
	};
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "mounts");
	result.container.mounts = (struct mount_notes){ notes, 5 };
	assert_shows(&result, &plain,
		"  mounts    /: with the rights of others\n"
		"  mounts    /a\\nb: read-only, with the rights of others\n"
		"  mounts    /boot/efi: read-only\n"
		"  mounts    /fourth: read-only\n");
	assert_hides(&result, &plain, "more in the document");
	result.container.mounts.count = 7;
	assert_shows(&result, &plain, "  mounts    2 more in the document of --json\n");
	assert_hides(&result, &plain, "/fifth");
	assert_shows(&result, &verbose, "1 mount not shown inside\n");
}

static void shared_memory_and_swap_are_told_when_there_were_any(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "shmem");
	assert_hides(&result, &plain, "swap");
	result.memory.shmem_at_peak.value = 1 << 20;
	result.memory.swap_peak.value = 2 << 20;
	assert_shows(&result, &plain, "  file 97.0 MiB  shmem 1.00 MiB  swap 2.00 MiB\n");
}

static void the_largest_processes_are_named_to_who_asks(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "largest");
	strcpy(result.memory.largest[1].name, "\033[2J");
	assert_shows(&result, &verbose, "  largest   210.4 MiB  in one process ");
	assert_shows(&result, &verbose, "  cc1 210.4 MiB  \\x1b[2J 8.00 MiB\n");
	result.memory.largest[1].name[0] = '\0';
	assert_shows(&result, &verbose, "  – 8.00 MiB\n");
}

static void the_network_is_told_only_when_it_was_used(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "network");
	result.network.sockets.value = 1;
	assert_shows(&result, &plain, "  network   0 B        rx 0 B  tx 0 B");
	assert_shows(&result, &plain, "1 socket, 0 connects\n");
	result.network.rx_bytes.value = 3 << 20;
	result.network.tx_bytes = number_unknown("not counted");
	assert_shows(&result, &plain, "  network   –          rx 3.00 MiB  tx –");
}

static void storage_is_told_only_when_it_was_used(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "\n  io ");
	result.io.storage_read.value = 3 << 20;
	result.io.storage_written.value = 1 << 20;
	result.io.syscall_read.value = 5 << 20;
	result.io.syscall_written.value = 0;
	assert_shows(&result, &plain,
		"\n  io        4.00 MiB   read 3.00 MiB  written 1.00 MiB  "
		"5.00 MiB by system calls\n");
}

static void a_ring_is_told_with_what_was_asked_of_it(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "io_uring");
	result.syscalls.io_uring.rings.value = 1;
	assert_shows(&result, &plain, "\n  io_uring  0          1 ring\n");
	result.syscalls.io_uring.total.value = 100;
	result.syscalls.io_uring.by_op_count = 4;
	assert_shows(&result, &plain,
		"\n  io_uring  100        1 ring              "
		"read_fixed 70 %  nop 20 %  openat 8 %\n");
	result.syscalls.io_uring.total = number_unknown("not counted");
	result.syscalls.io_uring.by_op_count = 0;
	assert_shows(&result, &plain, "\n  io_uring  –          1 ring\n");
}

static void refused_system_calls_are_named(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "denied");
	result.syscalls.denied.value = 4;
	result.syscalls.by_name_count = 5;
	assert_shows(&result, &plain, "  denied    4          mount 3, unshare 1\n");
}

static void many_refused_system_calls_are_cut_visibly(void **state)
{
	struct syscall_count calls[8];
	struct result result = sample_result();

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		calls[i] = (struct syscall_count){ .count = 1, .denied = 1 };
		snprintf(calls[i].name, sizeof(calls[i].name), "call%zu", i);
	}
	result.syscalls.denied.value = 8;
	result.syscalls.by_name = calls;
	result.syscalls.by_name_count = 6;
	assert_shows(&result, &plain, "call4 1, call5 1\n");
	result.syscalls.by_name_count = 8;
	assert_shows(&result, &plain, "call4 1, call5 1, …\n");
}

static void leftover_processes_and_oom_kills_are_told(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "still running");
	result.outcome.leftover_processes = 2;
	result.outcome.oom_kills.value = 1;
	assert_shows(
		&result, &plain, "  left      2 processes were still running and were killed\n");
	assert_shows(&result, &plain, "  oom       1 process killed by the kernel");
	result.outcome.leftover_processes = 1;
	assert_shows(&result, &plain, "1 process was still running and was killed\n");
}

static void everything_that_was_lost_is_a_loud_line(void **state)
{
	static const struct {
		struct loss loss;
		const char *line;
	} cases[] = {
		{ { .task_storage = 2 }, "WARNING   2 tasks without an account" },
		{ { .map_update = 1 }, "WARNING   1 update found no room" },
		{ { .ring_buffer = 3000 }, "WARNING   3,000 events lost" },
		{ { .fallback_deaths = 1 }, "WARNING   1 task noticed late" },
		{ { .recursion_misses = 5 }, "WARNING   5 events missed" },
		{ { .exec_baseline_uncertain = true }, "WARNING   the start is uncertain" },
		{ { .drain_timed_out = true }, "WARNING   the end is uncertain" },
		{ { .cpu_time_differs = true, .cpu_difference_ns = -12310000 },
			"WARNING   CPU time differs by 12.31 ms from the cgroup's own count\n" },
	};
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "WARNING");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		result.collector.loss = cases[i].loss;
		assert_shows(&result, &plain, cases[i].line);
	}
}

static void warnings_fit_the_terminal(void **state)
{
	struct result result = sample_result();
	cleanup_free char *text = NULL;

	(void)state;
	result.collector.loss = (struct loss){ 9, 9, 9, 9, 9, true, true, true, 9 };
	text = render(&result, &plain);
	if (widest_line(text) > 80)
		fail_msg("wider than 80 columns:\n%s", text);
}

static void a_run_that_nobody_measured_says_so(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.collector.mode = NULL;
	assert_shows(&result, &plain, "WARNING   no collector ran");
}

static void a_shared_collector_that_was_not_used_is_told(void **state)
{
	struct result result = sample_result();

	(void)state;
	failure_set(&result.collector.not_shared, 0, "all 4 slots are taken");
	assert_shows(&result, &plain, "private   all 4 slots are taken");
}

static void assert_no_control_characters(const char *text)
{
	for (const char *byte = text; *byte; byte++)
		assert_true(*byte == '\n' || ((unsigned char)*byte >= 0x20 && *byte != 0x7f));
	assert_true(text_is_utf8(text));
	assert_null(strstr(text, "\xc2\x9b"));
}

static void hostile_arguments_and_paths_cannot_control_the_terminal(void **state)
{
	char *command[] = { (char *)"\x1b[2J", (char *)"a\nb\r",
		(char *)"\xc2\x9b"
			"31m\xff",
		NULL };
	struct result result = sample_not_started();
	cleanup_free char *failed = NULL, *ran = NULL;

	(void)state;
	result.command = command;
	failure_set(&result.outcome.error, ENOENT, "execute '%s'", command[0]);
	failure_hint(&result.outcome.error, "look at '%s'\n", command[1]);
	failed = render(&result, &plain);
	assert_no_control_characters(failed);
	assert_non_null(strstr(failed, "\n  hint      look at 'a\\nb\\r'\\n\n"));
	result = sample_result();
	result.command = command;
	ran = render(&result, &plain);
	assert_no_control_characters(ran);
	assert_non_null(strstr(ran, "tare: $'\\x1b[2J' $'a\\nb\\r' $'\\u009b31m\\xff' exited 0"));
}

static void a_failure_of_any_length_is_shown_whole(void **state)
{
	struct result result = sample_not_started();
	cleanup_free char *text = NULL;
	char path[2000];

	(void)state;
	memset(path, '\x1b', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	failure_set(&result.outcome.error, ENOENT, "%s", path);
	text = render(&result, &plain);
	assert_non_null(strstr(text, "\\x1b: No such file or directory (ENOENT)\n"));
}

static void colour_is_only_used_when_asked_for(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &plain, "\033");
	assert_shows(&result, &coloured,
		"tare: make -j2 \033[32mexited 0\033[0m · 4.212 s · \033[32mquiet\033[0m\n");
	result.outcome.exit_code = 1;
	assert_shows(&result, &coloured, "\033[1;31mexited 1\033[0m");
	result.collector.loss.map_update = 1;
	assert_shows(&result, &coloured, "  \033[1;33mWARNING\033[0m   1 update");
}

static void colour_is_for_terminals_whose_owner_wants_it(void **state)
{
	cleanup_fd int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	cleanup_fd int file = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	if (terminal < 0) {
		print_message("this machine gives no pseudo terminal\n");
		skip();
	}
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_true(summary_wants_colour(terminal));
	assert_false(summary_wants_colour(file));
	setenv("NO_COLOR", "", 1);
	assert_true(summary_wants_colour(terminal));
	setenv("NO_COLOR", "1", 1);
	assert_false(summary_wants_colour(terminal));
	unsetenv("NO_COLOR");
	setenv("TERM", "dumb", 1);
	assert_false(summary_wants_colour(terminal));
	unsetenv("TERM");
	assert_false(summary_wants_colour(terminal));
}

static void a_result_that_nobody_filled_can_be_shown(void **state)
{
	struct result result = { .version = NULL };
	cleanup_free char *text = render(&result, &verbose);

	(void)state;
	assert_string_equal(text, "tare: tare failed: \n");
}

static void copied_files_have_a_line_when_they_were_asked_for(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &verbose, "  files ");
	result.files.output_directory = "output.files";
	result.files.copied_count = 3;
	result.files.size_bytes = 12698;
	assert_shows(&result, &plain, "\n  files     12.4 KiB   3 files copied to output.files\n");
	result.files.uncopied_count = 1;
	assert_shows(&result, &plain,
		"\n  files     12.4 KiB   3 files copied to output.files  1 not copied\n");
	result.files.limit_reached = "files-count";
	assert_shows(&result, &plain,
		"copied to output.files\n                       1 not copied (files-count)\n");
}

static void the_output_directory_does_not_command_the_terminal(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.files.output_directory = "a\033[31mb\n";
	assert_shows(&result, &plain, "0 files copied to a\\x1b[31mb\\n\n");
}

static void another_filter_than_the_default_one_is_there_for_people_who_ask(void **state)
{
	struct result result = sample_result();

	(void)state;
	assert_hides(&result, &verbose, "seccomp");
	result.container.filter = "none";
	assert_hides(&result, &plain, "seccomp");
	assert_shows(&result, &verbose, "  seccomp   no filter, as --seccomp none asks\n");
	result.container.filter = "profile";
	result.container.profile_path = "my\033.json";
	assert_hides(&result, &plain, "seccomp");
	assert_shows(&result, &verbose,
		"  seccomp   tare's own filter, and the profile $'my\\x1b.json'\n");
}

static void a_kill_by_a_profile_is_told_as_such(void **state)
{
	static const char line[] =
		"  seccomp   the profile kills so; the audit log names the call\n";
	struct result result = sample_result();

	(void)state;
	result.outcome = (struct outcome){ .kind = OUTCOME_SIGNALED, .signal = SIGSYS };
	assert_hides(&result, &plain, "seccomp");
	result.container.filter = "profile";
	result.container.profile_path = "my.json";
	assert_shows(&result, &plain, line);
	result.outcome.signal = SIGTERM;
	assert_hides(&result, &plain, line);
}

static void chosen_cores_are_told_to_who_asks(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.container.cores = sample_core_use();
	assert_shows(&result, &verbose,
		"  cores     0,2 in 2 sockets; shared: physical core with 4,6\n");
	assert_hides(&result, &plain, "cores");
	result.container.cores.sockets = 1;
	result.container.cores.shared_count = 0;
	assert_shows(&result, &verbose, "  cores     0,2\n");
}

static void cores_that_nothing_holds_are_told_unasked(void **state)
{
	struct result result = sample_result();

	(void)state;
	result.container.cores = sample_core_use();
	result.container.cores.processors_held_by = "affinity";
	assert_shows(&result, &plain,
		"  cores     no cpuset cgroup could be had: the command may leave its cores\n");
	result.container.cores.nodes_held_by = "memory policy";
	assert_shows(&result, &plain,
		"  nodes     no cpuset cgroup could be had: the command may leave its memory "
		"nodes\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_five_aligned_lines_with_the_verdict_first),
		cmocka_unit_test(what_blocked_a_command_for_long_has_a_line),
		cmocka_unit_test(a_disturbed_run_says_by_whom),
		cmocka_unit_test(timed_calls_have_a_line_by_their_wall_time),
		cmocka_unit_test(large_numbers_stay_apart_from_their_neighbours),
		cmocka_unit_test(the_lines_fit_the_terminal),
		cmocka_unit_test(a_long_command_is_cut_and_the_verdict_is_not),
		cmocka_unit_test(a_signal_is_named),
		cmocka_unit_test(a_limit_is_told_in_words_and_in_benchexecs_word),
		cmocka_unit_test(a_command_that_did_not_start_has_no_numbers_but_a_hint),
		cmocka_unit_test(a_failure_of_tare_is_not_taken_for_the_commands),
		cmocka_unit_test(an_unknown_number_is_a_dash_and_never_zero),
		cmocka_unit_test(the_reasons_are_there_for_people_who_ask),
		cmocka_unit_test(nothing_unknown_means_no_line_about_it),
		cmocka_unit_test(mounts_that_are_not_shown_as_they_are_are_told_unasked),
		cmocka_unit_test(shared_memory_and_swap_are_told_when_there_were_any),
		cmocka_unit_test(the_largest_processes_are_named_to_who_asks),
		cmocka_unit_test(the_network_is_told_only_when_it_was_used),
		cmocka_unit_test(storage_is_told_only_when_it_was_used),
		cmocka_unit_test(a_ring_is_told_with_what_was_asked_of_it),
		cmocka_unit_test(refused_system_calls_are_named),
		cmocka_unit_test(many_refused_system_calls_are_cut_visibly),
		cmocka_unit_test(leftover_processes_and_oom_kills_are_told),
		cmocka_unit_test(everything_that_was_lost_is_a_loud_line),
		cmocka_unit_test(warnings_fit_the_terminal),
		cmocka_unit_test(a_run_that_nobody_measured_says_so),
		cmocka_unit_test(a_shared_collector_that_was_not_used_is_told),
		cmocka_unit_test(another_filter_than_the_default_one_is_there_for_people_who_ask),
		cmocka_unit_test(a_kill_by_a_profile_is_told_as_such),
		cmocka_unit_test(hostile_arguments_and_paths_cannot_control_the_terminal),
		cmocka_unit_test(a_failure_of_any_length_is_shown_whole),
		cmocka_unit_test(colour_is_only_used_when_asked_for),
		cmocka_unit_test(colour_is_for_terminals_whose_owner_wants_it),
		cmocka_unit_test(a_result_that_nobody_filled_can_be_shown),
		cmocka_unit_test(copied_files_have_a_line_when_they_were_asked_for),
		cmocka_unit_test(the_output_directory_does_not_command_the_terminal),
		cmocka_unit_test(chosen_cores_are_told_to_who_asks),
		cmocka_unit_test(cores_that_nothing_holds_are_told_unasked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
