// SPDX-License-Identifier: Apache-2.0
// Claims about child processes: started, prepared, signalled, waited for and never left behind.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "sandbox/process.h"
#include "expect.h"

#define CGROUP2_MAGIC 0x63677270
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static char own_program[PATH_MAX];
static pid_t own_pid;
static struct failure why;

/* ---- helpers ---- */

struct pipe_ends {
	int read_fd;
	int write_fd;
};

static struct pipe_ends open_pipe(void)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	return (struct pipe_ends){ ends[0], ends[1] };
}

static void close_pipe(struct pipe_ends *ends)
{
	close_fd(&ends->read_fd);
	close_fd(&ends->write_fd);
}

static void read_bytes(int fd, size_t count)
{
	char byte;

	for (size_t i = 0; i < count; i++)
		assert_int_equal(read(fd, &byte, 1), 1);
}

/* Whoever holds the other end is gone; a minute is for ever. */
static void assert_end_of_file(int fd)
{
	struct pollfd news = { .fd = fd, .events = POLLIN };
	char byte;

	assert_int_equal(poll(&news, 1, 60000), 1);
	assert_int_equal(read(fd, &byte, 1), 0);
}

static int lowest_free_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	close(fd);
	return fd;
}

static size_t count_descriptors(void)
{
	cleanup_directory DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	return count;
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

static bool is_kernel_at_least(int major, int minor)
{
	struct utsname kernel;
	int its_major;
	int its_minor;

	assert_int_equal(uname(&kernel), 0);
	assert_int_equal(sscanf(kernel.release, "%d.%d", &its_major, &its_minor), 2);
	return its_major > major || (its_major == major && its_minor >= minor);
}

/* The exit status of a process is kept for its pidfds. */
static bool is_status_kept(void)
{
	return is_kernel_at_least(6, 15);
}

/* Without reaping it; a minute is for ever. */
static void assert_dead(const struct process *process)
{
	struct pollfd dead = { .fd = process_pidfd(process), .events = POLLIN };

	assert_int_equal(poll(&dead, 1, 60000), 1);
}

/* Of a parent that was killed; main made us the one who inherits it. */
static void reap_orphan(void)
{
	assert_true(waitpid(-1, NULL, __WALL) > 0);
	assert_no_children();
}

static struct process *start_run(int (*run)(void *, struct failure *), void *argument)
{
	struct process_spec spec = { .cgroup_fd = -1, .run = run, .argument = argument };
	struct process *process = NULL;

	assert_int_equal(process_start(&spec, &process, &why), 0);
	assert_non_null(process);
	return process;
}

static struct process_death wait_for(struct process *process)
{
	struct process_death death;

	assert_int_equal(process_wait(process, -1, &death, &why), 0);
	return death;
}

static void assert_exited(struct process *process, int code)
{
	struct process_death death = wait_for(process);

	assert_false(death.is_signaled);
	assert_int_equal(death.code, code);
}

static void assert_killed(struct process *process, int signal)
{
	struct process_death death = wait_for(process);

	assert_true(death.is_signaled);
	assert_int_equal(death.code, signal);
}

static int return_argument(void *argument, struct failure *unused)
{
	(void)unused;
	return (int)(intptr_t)argument;
}

static int sleep_for_ever(void *argument, struct failure *unused)
{
	(void)argument;
	(void)unused;
	while (pause())
		;
	return 0;
}

/* Says one byte on the pipe at *argument, then sleeps. */
static int say_and_sleep(void *argument, struct failure *unused)
{
	EXPECT(write(*(int *)argument, "x", 1) == 1);
	return sleep_for_ever(NULL, unused);
}

/* The flags with a user namespace of one's own where that is what it takes; skips without. */
static uint64_t namespaces_or_skip(uint64_t flags)
{
	struct process_spec spec = {
		.clone_flags = flags | (geteuid() ? CLONE_NEWUSER : 0),
		.cgroup_fd = -1,
		.run = return_argument,
	};
	struct process *process = NULL;

	if (process_start(&spec, &process, &why)) {
		print_message("no namespaces here: %s, errno %d\n", why.what, why.errnum);
		skip();
	}
	process_close(process);
	return spec.clone_flags;
}

static struct process *start_in_namespaces(
	uint64_t flags, int (*run)(void *, struct failure *), void *argument)
{
	struct process_spec spec = {
		.clone_flags = namespaces_or_skip(flags),
		.cgroup_fd = -1,
		.run = run,
		.argument = argument,
	};
	struct process *process = NULL;

	assert_int_equal(process_start(&spec, &process, &why), 0);
	return process;
}

/* ---- this program, executed again by the tests ---- */

/* One line for each open descriptor: its number and what it is. */
static int report_descriptors(void)
{
	cleanup_directory DIR *directory = opendir("/proc/self/fd");
	char target[PATH_MAX];
	struct dirent *entry;
	ssize_t length;

	while (directory && (entry = readdir(directory))) {
		length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		if (length < 0 || atoi(entry->d_name) == dirfd(directory))
			continue;
		target[length] = '\0';
		dprintf(1, "%s %s\n", entry->d_name, target);
	}
	return 0;
}

static int report_signals(void)
{
	cleanup_file FILE *status = fopen("/proc/self/status", "re");
	char line[256];

	while (status && fgets(line, sizeof(line), status)) {
		if (!strncmp(line, "SigBlk", 6) || !strncmp(line, "SigIgn", 6))
			dprintf(1, "%s", line);
	}
	return 0;
}

static int run_as_program(const char *what)
{
	if (!strcmp(what, "descriptors"))
		return report_descriptors();
	if (!strcmp(what, "signals"))
		return report_signals();
	if (!strcmp(what, "sleep"))
		return sleep_for_ever(NULL, NULL);
	return atoi(what);
}

/* The spec that executes it; *argv is the caller's storage. */
static struct process_spec program_spec(char *argv[3], const char *what)
{
	argv[0] = own_program;
	argv[1] = (char *)(uintptr_t)what;
	argv[2] = NULL;
	return (struct process_spec){ .cgroup_fd = -1, .path = own_program, .argv = argv };
}

/* Its output on descriptor 1, with the other descriptors of the map. */
static void read_report(
	const char *what, const struct process_fd *fds, size_t fd_count, char *buffer, size_t size)
{
	struct pipe_ends output = open_pipe();
	struct process_fd with_output[16] = { { output.write_fd, 1 } };
	char *argv[3];
	struct process_spec spec = program_spec(argv, what);
	struct process *process;
	size_t length = 0;
	ssize_t got;

	assert_true(fd_count < LENGTH(with_output));
	if (fd_count)
		memcpy(with_output + 1, fds, fd_count * sizeof(*fds));
	spec.fds = with_output;
	spec.fd_count = fd_count + 1;
	assert_int_equal(process_spawn(&spec, &process, &why), 0);
	close_fd(&output.write_fd);
	while ((got = read(output.read_fd, buffer + length, size - 1 - length)) > 0)
		length += (size_t)got;
	buffer[length] = '\0';
	assert_exited(process, 0);
	process_close(process);
	close_pipe(&output);
}

/* ---- waiting ---- */

static void assert_waited_in_order(size_t first)
{
	struct process *process[2];

	for (size_t i = 0; i < 2; i++)
		process[i] = start_run(return_argument, (void *)(intptr_t)(40 + i));
	for (size_t i = 0; i < 2; i++)
		assert_dead(process[i]);
	assert_exited(process[first], (int)(40 + first));
	assert_exited(process[1 - first], (int)(41 - first));
	process_close(process[0]);
	process_close(process[1]);
}

static void two_children_that_end_at_once_are_waited_in_either_order(void **state)
{
	(void)state;
	assert_waited_in_order(0);
	assert_waited_in_order(1);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void a_timed_out_wait_leaves_the_child_waitable(void **state)
{
	struct process *process = start_run(sleep_for_ever, NULL);
	int64_t before_ns;

	(void)state;
	assert_int_equal(process_wait(process, 0, NULL, &why), -ETIME);
	before_ns = now_ns();
	assert_int_equal(process_wait(process, 5, NULL, &why), -ETIME);
	assert_true(now_ns() - before_ns >= 4000000);
	assert_int_equal(process_signal(process, SIGTERM, &why), 0);
	assert_killed(process, SIGTERM);
	process_close(process);
}

static void a_wait_with_a_timeout_sees_a_death_in_time(void **state)
{
	char *argv[3];
	struct process_spec spec = program_spec(argv, "3");
	struct process_death death;
	struct process *process;

	(void)state;
	assert_int_equal(process_start(&spec, &process, &why), 0);
	assert_int_equal(process_wait(process, 60000, &death, &why), 0);
	assert_int_equal(death.code, 3);
	process_close(process);
}

static void a_signal_before_anyone_waits_is_not_lost(void **state)
{
	struct process *process = start_run(sleep_for_ever, NULL);

	(void)state;
	assert_int_equal(process_signal(process, SIGUSR1, &why), 0);
	assert_killed(process, SIGUSR1);
	process_close(process);
}

static void every_wait_tells_the_same_death(void **state)
{
	struct process *process = start_run(return_argument, (void *)7);
	struct process_death first = wait_for(process);
	struct process_death second;

	(void)state;
	assert_int_equal(process_wait(process, 0, &second, &why), 0);
	assert_int_equal(second.code, 7);
	assert_true(first.has_rusage);
	assert_true(first.rusage.ru_maxrss > 0);
	assert_memory_equal(&first.rusage, &second.rusage, sizeof(first.rusage));
	assert_true(first.cgroup_id == second.cgroup_id);
	process_close(process);
}

static void *wait_in_thread(void *process)
{
	struct process_death death = { 0 };

	return (void *)(intptr_t)(process_wait(process, -1, &death, NULL) ? -1 : death.code);
}

static void threads_may_wait_for_one_child_while_another_kills_it(void **state)
{
	struct process *process = start_run(sleep_for_ever, NULL);
	pthread_t waiter[2];
	void *code;

	(void)state;
	for (size_t i = 0; i < LENGTH(waiter); i++)
		assert_int_equal(pthread_create(&waiter[i], NULL, wait_in_thread, process), 0);
	assert_int_equal(process_signal(process, SIGINT, &why), 0);
	for (size_t i = 0; i < LENGTH(waiter); i++) {
		assert_int_equal(pthread_join(waiter[i], &code), 0);
		assert_int_equal((intptr_t)code, SIGINT);
	}
	process_close(process);
}

static void a_signal_to_the_dead_is_refused(void **state)
{
	struct process *process = start_run(return_argument, NULL);

	(void)state;
	assert_dead(process);
	assert_int_equal(process_signal(process, SIGKILL, &why), -ESRCH); /* a zombie */
	assert_exited(process, 0);
	assert_int_equal(process_signal(process, SIGKILL, &why), -ESRCH);
	assert_int_equal(process_signal(process, 0, &why), -ESRCH);
	process_close(process);
}

static void ignore_child_signal(void)
{
	signal(SIGCHLD, SIG_IGN);
}

static void refuse_zombies(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT };

	sigaction(SIGCHLD, &action, NULL);
}

static void reap_everything(int signal)
{
	int saved = errno;

	(void)signal;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void handle_child_signal(void)
{
	signal(SIGCHLD, reap_everything);
}

static void default_child_signal(void)
{
	signal(SIGCHLD, SIG_DFL);
}

/* The status that someone else took may be lost, and then that is what is said. */
static void assert_exited_or_lost(struct process *process, int code, bool may_be_lost)
{
	struct process_death death = { 0 };
	int result = process_wait(process, -1, &death, &why);

	if (result == -ENODATA && may_be_lost && !is_status_kept()) {
		assert_int_equal(process_wait(process, -1, &death, &why), -ENODATA);
		return;
	}
	assert_int_equal(result, 0);
	assert_false(death.is_signaled);
	assert_int_equal(death.code, code);
}

static void any_child_signal_disposition_of_the_host_will_do(void **state)
{
	void (*const disposition[])(void) = { default_child_signal, ignore_child_signal,
		refuse_zombies, handle_child_signal };
	char *argv[3];
	struct process_spec spec = program_spec(argv, "9");
	struct process *process;

	(void)state;
	for (size_t i = 0; i < LENGTH(disposition); i++) {
		disposition[i]();
		process = start_run(return_argument, (void *)8);
		assert_exited(process, 8);
		process_close(process);
		assert_int_equal(process_spawn(&spec, &process, &why), 0);
		assert_exited_or_lost(process, 9, i > 0);
		process_close(process);
		assert_no_children();
	}
	default_child_signal();
}

static void a_death_reaped_by_someone_else_is_told_or_said_to_be_lost(void **state)
{
	char *argv[3];
	struct process_spec spec = program_spec(argv, "6");
	struct process *process;

	(void)state;
	assert_int_equal(process_spawn(&spec, &process, &why), 0);
	assert_int_equal(waitpid(process_pid(process), NULL, 0), process_pid(process));
	assert_exited_or_lost(process, 6, true);
	assert_int_equal(process_signal(process, SIGKILL, &why), -ESRCH);
	process_close(process);
}

static bool is_asleep_or_dead(pid_t pid)
{
	cleanup_file FILE *file = NULL;
	char path[64];
	char state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%*d %*s %c", &state), 1);
	return state == 'S' || state == 'Z';
}

/* Between a death and its reaping nobody but the parent can learn the status. */
static void a_status_taken_by_someone_else_is_waited_for(void **state)
{
	struct process *process = start_run(return_argument, (void *)4);
	struct process_death death;
	int status;
	pid_t pid;

	(void)state;
	assert_dead(process);
	pid = fork(); /* for which the handle is one whose child someone else reaps */
	if (!pid)
		_exit(process_wait(process, -1, &death, NULL) ? 100 : death.code);
	while (!is_asleep_or_dead(pid))
		sched_yield();
	assert_exited(process, 4);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), is_status_kept() ? 4 : 100);
	process_close(process);
}

/* ---- handles ---- */

static void closing_a_handle_kills_and_reaps_its_child(void **state)
{
	struct pipe_ends life = open_pipe();
	struct process *process = start_run(say_and_sleep, &life.write_fd);

	(void)state;
	close_fd(&life.write_fd);
	read_bytes(life.read_fd, 1);
	process_close(process);
	assert_end_of_file(life.read_fd);
	assert_no_children();
	close_pipe(&life);
	process_close(NULL);
}

static void a_detached_child_outlives_its_handle(void **state)
{
	struct process *process = start_run(sleep_for_ever, NULL);
	pid_t pid = process_pid(process);

	(void)state;
	process_detach(process);
	process_close(process);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, NULL, __WALL), pid);
}

static void a_foreign_handle_signals_and_sees_death_but_never_kills(void **state)
{
	struct process *own = start_run(sleep_for_ever, NULL);
	struct process *foreign;
	struct process_death death;
	int result;

	(void)state;
	assert_int_equal(process_open(process_pid(own), &foreign, &why), 0);
	process_close(foreign);
	assert_int_equal(process_wait(own, 0, NULL, &why), -ETIME);

	assert_int_equal(process_open(process_pid(own), &foreign, &why), 0);
	assert_int_equal(process_exec_fate(foreign, &why), -EINVAL);
	assert_int_equal(process_wait(foreign, 0, NULL, &why), -ETIME);
	assert_int_equal(process_signal(foreign, SIGTERM, &why), 0);
	assert_killed(own, SIGTERM);
	result = process_wait(foreign, -1, &death, &why);
	if (is_status_kept())
		assert_true(!result && death.is_signaled && death.code == SIGTERM);
	else
		assert_int_equal(result, -ENODATA);
	assert_int_equal(process_wait(foreign, 0, &death, &why), result);
	assert_int_equal(process_signal(foreign, SIGTERM, &why), -ESRCH);
	process_close(foreign);
	process_close(own);
}

static void a_foreign_death_is_told_the_same_before_and_after_its_parent_took_it(void **state)
{
	struct process_death death;
	struct process *foreign;
	pid_t pid = fork();
	int result;

	(void)state;
	if (!pid)
		_exit(sleep_for_ever(NULL, NULL));
	assert_int_equal(process_open(pid, &foreign, &why), 0);
	assert_int_equal(process_signal(foreign, SIGKILL, &why), 0);
	result = process_wait(foreign, -1, &death, &why);
	assert_true(result == -ENODATA || (!result && death.code == SIGKILL));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(process_wait(foreign, -1, NULL, &why), result);
	process_close(foreign);
}

static void a_process_that_is_not_there_cannot_be_opened(void **state)
{
	struct process *own = start_run(return_argument, NULL);
	struct process *foreign = own;

	(void)state;
	assert_exited(own, 0);
	assert_int_equal(process_open(process_pid(own), &foreign, &why), -ESRCH);
	assert_int_equal(process_open(0, &foreign, &why), -EINVAL);
	assert_ptr_equal(foreign, own);
	process_close(own);
}

static void many_spawns_leave_the_lowest_free_descriptor_unchanged(void **state)
{
	int before = lowest_free_descriptor();
	size_t count = count_descriptors();
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	spec.die_with_parent = true;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(process_spawn(&spec, &process, &why), 0);
		assert_exited(process, 0);
		process_close(process);
	}
	assert_int_equal(lowest_free_descriptor(), before);
	assert_int_equal(count_descriptors(), count);
}

/* ---- the start ---- */

static void a_failed_clone_leaves_the_handle_untouched(void **state)
{
	cleanup_fd int no_cgroup = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct process_spec spec = { .cgroup_fd = no_cgroup, .run = return_argument };
	struct process *const before = (struct process *)&spec;
	struct process *process = before;
	size_t count = count_descriptors();

	(void)state;
	assert_int_equal(process_start(&spec, &process, &why), -EBADF);
	assert_ptr_equal(process, before);
	assert_int_equal(why.errnum, EBADF);
	assert_int_equal(count_descriptors(), count);
	assert_no_children();
}

static void a_failed_spawn_gives_no_handle(void **state)
{
	cleanup_fd int no_cgroup = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process = (struct process *)&spec;

	(void)state;
	spec.cgroup_fd = no_cgroup;
	assert_int_equal(process_spawn(&spec, &process, &why), -EBADF);
	assert_null(process);
}

static void only_namespace_flags_are_accepted(void **state)
{
	const uint64_t refused[] = { CLONE_VM, CLONE_FILES, CLONE_SIGHAND, CLONE_THREAD,
		CLONE_PARENT, CLONE_VFORK, CLONE_PIDFD, CLONE_INTO_CGROUP, SIGCHLD,
		CLONE_NEWPID | CLONE_SIGHAND };
	struct process_spec spec = { .cgroup_fd = -1, .run = return_argument };
	struct process *process = NULL;

	(void)state;
	for (size_t i = 0; i < LENGTH(refused); i++) {
		spec.clone_flags = refused[i];
		assert_int_equal(process_start(&spec, &process, &why), -EINVAL);
		assert_null(process);
	}
}

static void a_spec_without_anything_to_do_is_refused(void **state)
{
	char *no_arguments[] = { NULL };
	struct process_spec nothing = { .cgroup_fd = -1 };
	struct process_spec no_argv = { .cgroup_fd = -1, .path = "/bin/true" };
	struct process_spec empty_argv = {
		.cgroup_fd = -1, .path = "/bin/true", .argv = no_arguments
	};
	struct process_spec no_path = { .cgroup_fd = -1, .run = return_argument };
	struct process *process = NULL;

	(void)state;
	assert_int_equal(process_start(&nothing, &process, &why), -EINVAL);
	assert_int_equal(process_start(&no_argv, &process, &why), -EINVAL);
	assert_int_equal(process_start(&empty_argv, &process, &why), -EINVAL);
	assert_int_equal(process_spawn(&no_path, &process, &why), -EINVAL);
	assert_null(process);
	assert_no_children();
}

static void on_signal(int signal)
{
	(void)signal;
}

/* 32 is one that libc keeps to itself; what its posix_spawn starts has it ignored. */
static void set_reserved_signal(void (*handler)(int))
{
	const struct {
		void (*handler)(int);
		unsigned long flags, restorer, mask;
	} action = { .handler = handler };

	assert_int_equal(syscall(SYS_rt_sigaction, 32, &action, NULL, sizeof(action.mask)), 0);
}

static void the_program_starts_with_default_signals_and_an_empty_mask(void **state)
{
	const int changed[] = { SIGUSR1, SIGPIPE, SIGRTMAX };
	char report[256];
	unsigned long blocked;
	unsigned long ignored;
	sigset_t mask;

	(void)state;
	for (size_t i = 0; i < LENGTH(changed); i++)
		signal(changed[i], SIG_IGN);
	set_reserved_signal(SIG_IGN);
	signal(SIGUSR2, on_signal);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	read_report("signals", NULL, 0, report, sizeof(report));
	sigprocmask(SIG_UNBLOCK, &mask, NULL);
	signal(SIGUSR2, SIG_DFL);
	for (size_t i = 0; i < LENGTH(changed); i++)
		signal(changed[i], SIG_DFL);
	set_reserved_signal(SIG_DFL);
	assert_int_equal(sscanf(report, "SigBlk: %lx SigIgn: %lx", &blocked, &ignored), 2);
	assert_int_equal(blocked, 0);
	assert_int_equal(ignored, 0);
}

static int expect_default_signals(void *argument, struct failure *unused)
{
	struct sigaction action;
	sigset_t mask;

	(void)argument;
	(void)unused;
	for (int number = 1; number <= SIGRTMAX; number++) {
		if (!sigaction(number, NULL, &action))
			EXPECT(action.sa_handler == SIG_DFL);
	}
	EXPECT(!sigprocmask(SIG_SETMASK, NULL, &mask));
	EXPECT(sigismember(&mask, SIGTERM) == 0);
	return 0;
}

static void a_function_starts_with_default_signals_too(void **state)
{
	struct process *process;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR2, on_signal);
	process = start_run(expect_default_signals, NULL);
	signal(SIGUSR2, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	assert_exited(process, 0);
	process_close(process);
}

/* ---- exec or not ---- */

static char scratch[] = "/tmp/tare-test-process-XXXXXX";

static const char *scratch_path(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", scratch, name);
	return path;
}

static void make_file(const char *name, const char *content, mode_t mode)
{
	cleanup_fd int fd = open(scratch_path(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
	assert_int_equal(fchmod(fd, mode), 0);
}

static int make_scratch(void **state)
{
	(void)state;
	if (!mkdtemp(scratch))
		return -1;
	make_file("program", "#!/bin/sh\n", 0755);
	make_file("no-x", "#!/bin/sh\n", 0644);
	make_file("wrong-format", "neither ELF nor script\n", 0755);
	make_file("no-interpreter", "#!/nowhere/interpreter\n", 0755);
	return mkdir(scratch_path("directory"), 0755) || mkdir(scratch_path("other"), 0755) ||
	       mkdir(scratch_path("other/program"), 0755);
}

static int remove_scratch(void **state)
{
	static const char *const names[] = { "program", "no-x", "wrong-format", "no-interpreter",
		"directory", "other/program", "other", "" };

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		if (remove(scratch_path(names[i])))
			return -1;
	}
	return 0;
}

static void an_exec_that_fails_tells_its_errno(void **state)
{
	static const struct {
		const char *name;
		int errnum;
		bool has_hint;
	} cases[] = {
		{ "missing", ENOENT, false },
		{ "program/below", ENOTDIR, false },
		{ "no-x", EACCES, false },
		{ "directory", EACCES, false },
		{ "wrong-format", ENOEXEC, true },
		{ "no-interpreter", ENOENT, true },
	};
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		spec.path = scratch_path(cases[i].name);
		assert_int_equal(process_spawn(&spec, &process, &why), -cases[i].errnum);
		assert_null(process);
		assert_int_equal(why.errnum, cases[i].errnum);
		assert_non_null(strstr(why.what, spec.path));
		assert_int_equal(why.hint[0] != '\0', cases[i].has_hint);
	}
}

static void an_exec_that_fails_leaves_no_zombie_and_no_descriptor(void **state)
{
	size_t count = count_descriptors();
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	spec.path = "/nowhere/program";
	assert_int_equal(process_spawn(&spec, &process, &why), -ENOENT);
	assert_no_children();
	assert_int_equal(count_descriptors(), count);
}

static int fail_in_words(void *argument, struct failure *failure)
{
	(void)argument;
	failure_set(failure, EXDEV, "prepare in a test");
	return failure_hint(failure, "a hint of the test");
}

static void a_preparation_that_fails_tells_its_own_words(void **state)
{
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	spec.run = fail_in_words;
	assert_int_equal(process_start(&spec, &process, &why), 0);
	for (int i = 0; i < 2; i++) {
		memset(&why, 0, sizeof(why));
		assert_int_equal(process_exec_fate(process, &why), -EXDEV);
		assert_string_equal(why.what, "prepare in a test");
		assert_string_equal(why.hint, "a hint of the test");
	}
	process_close(process);
}

/* To the descriptor that only the map gives this number. */
static int say_on_47(void *unused, struct failure *failure)
{
	(void)unused;
	return write(47, "x", 1) == 1 ? 0 : failure_set(failure, errno, "write to 47");
}

static void what_runs_last_finds_every_descriptor_in_place(void **state)
{
	struct pipe_ends ends = open_pipe();
	struct process_fd map = { .source = ends.write_fd, .target = 47 };
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	spec.run_last = say_on_47;
	spec.fds = &map;
	spec.fd_count = 1;
	assert_int_equal(process_spawn(&spec, &process, &why), 0);
	read_bytes(ends.read_fd, 1);
	assert_exited(process, 0);
	process_close(process);
	spec.fd_count = 0;
	assert_int_equal(process_spawn(&spec, &process, &why), -EBADF);
	assert_string_equal(why.what, "write to 47");
	close_pipe(&ends);
}

static void a_preparation_that_fails_without_words_is_a_failure_too(void **state)
{
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	spec.run = return_argument;
	spec.argument = (void *)-ENODEV;
	assert_int_equal(process_spawn(&spec, &process, &why), -ENODEV);
	spec.argument = (void *)1;
	assert_int_equal(process_spawn(&spec, &process, &why), -EINVAL);
	assert_non_null(strstr(why.what, own_program));
}

static int end_silently(void *argument, struct failure *unused)
{
	(void)unused;
	if (argument)
		raise(SIGKILL);
	_exit(0);
}

static void a_silent_death_before_the_exec_is_told_apart_from_an_exec(void **state)
{
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	spec.run = end_silently;
	for (intptr_t is_signal = 0; is_signal < 2; is_signal++) {
		spec.argument = (void *)is_signal;
		assert_int_equal(process_start(&spec, &process, &why), 0);
		assert_int_equal(process_exec_fate(process, &why), -EOWNERDEAD);
		assert_non_null(strstr(why.hint, is_signal ? "signal 9" : "exit code 0"));
		assert_int_equal(wait_for(process).is_signaled, is_signal);
		process_close(process);
	}
}

static void the_fate_of_the_exec_is_known_even_after_the_death(void **state)
{
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	assert_int_equal(process_start(&spec, &process, &why), 0);
	assert_exited(process, 0);
	assert_int_equal(process_exec_fate(process, &why), 0);
	process_close(process);

	spec.run = end_silently;
	assert_int_equal(process_start(&spec, &process, &why), 0);
	assert_exited(process, 0);
	assert_int_equal(process_exec_fate(process, &why), -EOWNERDEAD);
	process_close(process);
}

static int leave_a_holder_and_die(void *argument, struct failure *unused)
{
	pid_t holder = fork();

	if (!holder)
		return sleep_for_ever(NULL, unused);
	EXPECT(write(*(int *)argument, &holder, sizeof(holder)) == sizeof(holder));
	return end_silently((void *)1, unused);
}

static void a_left_over_that_holds_every_descriptor_does_not_delay_the_fate(void **state)
{
	struct pipe_ends news = open_pipe();
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;
	pid_t holder;

	(void)state;
	spec.run = leave_a_holder_and_die;
	spec.argument = &news.write_fd;
	assert_int_equal(process_start(&spec, &process, &why), 0);
	assert_int_equal(process_exec_fate(process, &why), -EOWNERDEAD);
	process_close(process);
	assert_int_equal(read(news.read_fd, &holder, sizeof(holder)), sizeof(holder));
	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
	close_pipe(&news);
}

static int wait_for_go(void *argument, struct failure *failure)
{
	char go;

	if (read(*(int *)argument, &go, 1) != 1)
		return failure_set(failure, EPIPE, "wait for go");
	return 0;
}

static void the_exec_waits_for_go(void **state)
{
	struct pipe_ends go = open_pipe();
	char *argv[3];
	struct process_spec spec = program_spec(argv, "5");
	struct process *process;

	(void)state;
	spec.run = wait_for_go;
	spec.argument = &go.read_fd;
	assert_int_equal(process_start(&spec, &process, &why), 0);
	assert_int_equal(process_wait(process, 0, NULL, &why), -ETIME);
	assert_int_equal(write(go.write_fd, "g", 1), 1);
	assert_int_equal(process_exec_fate(process, &why), 0);
	assert_exited(process, 5);
	process_close(process);
	close_pipe(&go);
}

static void a_child_killed_while_it_waits_for_go_never_executes(void **state)
{
	struct pipe_ends go = open_pipe();
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	spec.run = wait_for_go;
	spec.argument = &go.read_fd;
	assert_int_equal(process_start(&spec, &process, &why), 0);
	assert_int_equal(process_signal(process, SIGKILL, &why), 0);
	assert_int_equal(process_exec_fate(process, &why), -EOWNERDEAD);
	assert_killed(process, SIGKILL);
	process_close(process);
	close_pipe(&go);
}

/* Tells by a failure how many descriptors above 2 are open afterwards. */
static int keep_descriptors(void *argument, struct failure *failure)
{
	const int *keep = argument;
	int open_count = 0;

	if (process_keep_descriptors(keep, 2, failure))
		return -failure->errnum;
	for (int number = 3; number < 1024; number++)
		open_count += fcntl(number, F_GETFD) >= 0;
	if (fcntl(keep[0], F_GETFD) < 0 || fcntl(keep[1], F_GETFD) < 0)
		return failure_set(failure, EBADF, "one that was to be kept is closed");
	return failure_set(failure, EXDEV, "%d are open", open_count);
}

static void assert_kept(const int keep[2], bool die_with_parent, const struct process_fd *fds,
	size_t fd_count, const char *wanted)
{
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	spec.run = keep_descriptors;
	spec.argument = (void *)keep;
	spec.die_with_parent = die_with_parent;
	spec.fds = fds;
	spec.fd_count = fd_count;
	assert_int_equal(process_spawn(&spec, &process, &why), -EXDEV);
	assert_string_equal(why.what, wanted);
}

static void a_preparation_may_let_all_descriptors_go_but_its_own(void **state)
{
	struct pipe_ends first = open_pipe(), second = open_pipe();
	int high = fcntl(first.read_fd, F_DUPFD_CLOEXEC, 500);

	struct process_fd fds[] = { { first.read_fd, 1 }, { second.write_fd, 2 } };

	(void)state;
	assert_kept((int[2]){ second.read_fd, high }, false, NULL, 0, "3 are open");
	assert_kept((int[2]){ high, second.read_fd }, true, NULL, 0, "4 are open");
	assert_kept((int[2]){ second.read_fd, second.read_fd }, false, NULL, 0, "2 are open");
	/* Those that are still to be mapped are not let go. */
	assert_kept((int[2]){ second.read_fd, high }, true, fds, 2, "6 are open");
	close(high);
	close_pipe(&first);
	close_pipe(&second);
}

static void the_environment_is_the_callers_unless_given(void **state)
{
	char shell[] = "/bin/sh", option[] = "-c", script[] = "exit ${TARE_TEST_CODE:-3}";
	char given[] = "TARE_TEST_CODE=5";
	char *argv[] = { shell, option, script, NULL };
	char *envp[] = { given, NULL };
	struct process_spec spec = { .cgroup_fd = -1, .path = shell, .argv = argv };
	struct process *process;

	(void)state;
	setenv("TARE_TEST_CODE", "4", 1);
	assert_int_equal(process_spawn(&spec, &process, &why), 0);
	assert_exited(process, 4);
	process_close(process);
	unsetenv("TARE_TEST_CODE");
	spec.envp = envp;
	assert_int_equal(process_spawn(&spec, &process, &why), 0);
	assert_exited(process, 5);
	process_close(process);
}

/* ---- descriptors of the program ---- */

#define REPORT_SIZE 4096

/* What this process has under `fd`, as the report of the program would name it under `number`. */
static void expected_line(int fd, int number, char *line, size_t size)
{
	char link[64];
	char target[PATH_MAX];
	ssize_t length;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target) - 1);
	assert_true(length > 0);
	target[length] = '\0';
	snprintf(line, size, "%d %s\n", number, target);
}

/* The program has the mapped descriptors, 0, 1 and 2, and nothing else. */
static void assert_mapped(const struct process_fd *fds, size_t fd_count)
{
	char report[REPORT_SIZE];
	char line[PATH_MAX + 16];
	const char *found;
	size_t lines = 0;

	read_report("descriptors", fds, fd_count, report, sizeof(report));
	for (size_t i = 0; i < fd_count; i++) {
		expected_line(fds[i].source, fds[i].target, line, sizeof(line));
		found = strstr(report, line);
		assert_non_null(found);
		assert_true(found == report || found[-1] == '\n');
	}
	for (const char *at = report; (at = strchr(at, '\n')); at++)
		lines++;
	for (size_t i = 0; i < fd_count; i++)
		lines -= fds[i].target > 2;
	assert_int_equal(lines, 3);
}

static void no_other_descriptor_reaches_the_program(void **state)
{
	cleanup_fd int inheritable = dup(0);
	const struct process_fd kept = { 0, inheritable + 1 };

	(void)state;
	assert_int_equal(fcntl(inheritable, F_GETFD), 0);
	assert_mapped(NULL, 0);
	assert_mapped(&kept, 1);
}

static void a_descriptor_map_may_swap(void **state)
{
	struct pipe_ends a = open_pipe();
	struct pipe_ends b = open_pipe();
	const struct process_fd swap[] = {
		{ a.read_fd, b.read_fd },
		{ b.read_fd, a.read_fd },
	};
	const struct process_fd circle_and_more[] = {
		{ a.read_fd, a.write_fd },
		{ a.write_fd, b.read_fd },
		{ b.read_fd, a.read_fd },
		{ a.read_fd, b.write_fd },
	};
	const struct process_fd two_circles[] = {
		{ a.read_fd, a.write_fd },
		{ b.read_fd, b.write_fd },
		{ a.write_fd, a.read_fd },
		{ b.write_fd, b.read_fd },
	};

	(void)state;
	assert_mapped(swap, LENGTH(swap));
	assert_mapped(circle_and_more, LENGTH(circle_and_more));
	assert_mapped(two_circles, LENGTH(two_circles));
	close_pipe(&a);
	close_pipe(&b);
}

static void a_descriptor_map_may_keep_numbers_and_give_one_twice(void **state)
{
	struct pipe_ends a = open_pipe();
	const struct process_fd kept[] = {
		{ a.read_fd, a.read_fd },
		{ a.read_fd, 100 },
		{ a.read_fd, 0 },
	};

	(void)state;
	assert_mapped(kept, LENGTH(kept));
	close_pipe(&a);
}

static void a_descriptor_map_may_have_high_targets(void **state)
{
	struct pipe_ends a = open_pipe();
	int highest = (int)sysconf(_SC_OPEN_MAX) - 1;
	const struct process_fd high[] = { { a.read_fd, highest }, { a.write_fd, highest / 2 } };

	(void)state;
	assert_mapped(high, LENGTH(high));
	close_pipe(&a);
}

/* The lowest free numbers are those that the module's own descriptors take. */
static void a_descriptor_map_may_ask_for_the_numbers_of_our_own_pipe(void **state)
{
	struct pipe_ends a = open_pipe();
	struct process_fd low[8];
	int lowest = lowest_free_descriptor();

	(void)state;
	for (int i = 0; i < (int)LENGTH(low); i++)
		low[i] = (struct process_fd){ a.read_fd, lowest + i };
	assert_mapped(low, LENGTH(low));
	close_pipe(&a);
}

static void a_failure_is_told_although_the_map_took_the_number_of_our_own_pipe(void **state)
{
	struct process_fd low[8];
	int lowest = lowest_free_descriptor();
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	for (int i = 0; i < (int)LENGTH(low); i++)
		low[i] = (struct process_fd){ 0, lowest + i };
	spec.path = "/nowhere/program";
	spec.fds = low;
	spec.fd_count = LENGTH(low);
	assert_int_equal(process_spawn(&spec, &process, &why), -ENOENT);
}

static void a_wrong_descriptor_map_is_refused(void **state)
{
	static const struct process_fd doubled[] = { { 0, 5 }, { 1, 5 } };
	const struct process_fd closed[] = { { lowest_free_descriptor(), 5 } };
	const struct process_fd negative[] = { { 0, -1 } };
	const struct process_fd too_high[] = { { 0, INT_MAX } };
	const struct {
		const struct process_fd *fds;
		size_t count;
		int result;
	} cases[] = {
		{ doubled, 2, -EINVAL },
		{ closed, 1, -EBADF },
		{ negative, 1, -EBADF },
		{ too_high, 1, -EBADF },
	};
	char *argv[3];
	struct process_spec spec = program_spec(argv, "0");
	struct process *process;

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		spec.fds = cases[i].fds;
		spec.fd_count = cases[i].count;
		assert_int_equal(process_spawn(&spec, &process, &why), cases[i].result);
		assert_non_null(strstr(why.what, "map "));
	}
}

/* ---- whole trees ---- */

static int double_fork_a_daemon(void *argument, struct failure *unused)
{
	pid_t middle = fork();

	if (!middle) {
		setsid();
		if (!fork())
			return say_and_sleep(argument, unused);
		_exit(0);
	}
	EXPECT(waitpid(middle, NULL, 0) == middle);
	return wait_for_go((int *)argument + 1, unused);
}

static void the_exit_of_init_kills_a_double_forked_daemon(void **state)
{
	struct pipe_ends life = open_pipe();
	struct pipe_ends go = open_pipe();
	int ends[] = { life.write_fd, go.read_fd };
	struct process *init = start_in_namespaces(CLONE_NEWPID, double_fork_a_daemon, ends);

	(void)state;
	close_fd(&life.write_fd);
	read_bytes(life.read_fd, 1);
	assert_int_equal(write(go.write_fd, "g", 1), 1);
	assert_exited(init, 0);
	assert_end_of_file(life.read_fd);
	process_close(init);
	close_pipe(&life);
	close_pipe(&go);
}

#define TREE_SIZE 8

/* Five nested forks, a nohup, a session of its own, and init: each says that it is there. */
static int grow_tree(void *argument, struct failure *unused)
{
	bool is_child = true;

	if (!fork()) {
		signal(SIGHUP, SIG_IGN);
		return say_and_sleep(argument, unused);
	}
	if (!fork()) {
		setsid();
		return say_and_sleep(argument, unused);
	}
	for (int depth = 0; depth < 5 && is_child; depth++)
		is_child = !fork();
	return say_and_sleep(argument, unused);
}

static void the_whole_tree_is_dead_after_a_kill_of_init(void **state)
{
	struct pipe_ends life = open_pipe();
	struct process *init = start_in_namespaces(CLONE_NEWPID, grow_tree, &life.write_fd);

	(void)state;
	close_fd(&life.write_fd);
	read_bytes(life.read_fd, TREE_SIZE);
	assert_int_equal(process_signal(init, SIGKILL, &why), 0);
	assert_killed(init, SIGKILL);
	assert_end_of_file(life.read_fd);
	process_close(init);
	close_pipe(&life);
}

struct launch {
	struct process_spec spec; /* what the launcher starts */
	int started_fd;		  /* told when it has; -1 nobody asks */
};

static int launch_and_sleep(void *argument, struct failure *failure)
{
	struct launch *launch = argument;
	struct process *process;

	EXPECT(!process_start(&launch->spec, &process, failure));
	if (launch->started_fd >= 0)
		EXPECT(write(launch->started_fd, "s", 1) == 1);
	return sleep_for_ever(NULL, failure);
}

static void the_death_of_the_launcher_kills_the_tree(void **state)
{
	struct pipe_ends life = open_pipe();
	struct launch launch = {
		.spec = { .clone_flags = namespaces_or_skip(CLONE_NEWPID),
			.cgroup_fd = -1,
			.run = grow_tree,
			.argument = &life.write_fd,
			.die_with_parent = true },
		.started_fd = -1,
	};
	struct process *launcher = start_run(launch_and_sleep, &launch);

	(void)state;
	close_fd(&life.write_fd);
	read_bytes(life.read_fd, TREE_SIZE);
	assert_int_equal(process_signal(launcher, SIGKILL, &why), 0);
	assert_end_of_file(life.read_fd);
	process_close(launcher);
	reap_orphan();
	close_pipe(&life);
}

/* As a change of identity does. */
static int forget_the_parent(void *argument, struct failure *unused)
{
	(void)unused;
	EXPECT(!prctl(PR_SET_PDEATHSIG, 0));
	return write(*(int *)argument, "x", 1) != 1;
}

static void a_program_dies_with_its_parent_although_its_preparation_changed_identity(void **state)
{
	struct pipe_ends life = open_pipe();
	char *argv[3];
	const struct process_fd kept = { life.write_fd, life.write_fd };
	struct launch launch = { .spec = program_spec(argv, "sleep"), .started_fd = -1 };
	struct process *launcher;

	(void)state;
	launch.spec.run = forget_the_parent;
	launch.spec.argument = &life.write_fd;
	launch.spec.fds = &kept;
	launch.spec.fd_count = 1;
	launch.spec.die_with_parent = true;
	launcher = start_run(launch_and_sleep, &launch);
	close_fd(&life.write_fd);
	read_bytes(life.read_fd, 1);
	assert_int_equal(process_signal(launcher, SIGKILL, &why), 0);
	assert_end_of_file(life.read_fd);
	process_close(launcher);
	reap_orphan();
	close_pipe(&life);
}

struct late_child {
	int life_fd;
	int go_fd;
};

/* Asks for the signal when the parent is dead already, which the kernel alone would never send. */
static int follow_late(void *argument, struct failure *failure)
{
	struct late_child *child = argument;

	EXPECT(!forget_the_parent(&child->life_fd, failure));
	EXPECT(!wait_for_go(&child->go_fd, failure));
	EXPECT(!process_follow_parent(failure));
	return say_and_sleep(&child->life_fd, failure);
}

static void assert_late_child_dies(uint64_t clone_flags)
{
	struct pipe_ends life = open_pipe();
	struct pipe_ends go = open_pipe();
	struct late_child late = { life.write_fd, go.read_fd };
	struct launch launch = {
		.spec = { .clone_flags = clone_flags,
			.cgroup_fd = -1,
			.run = follow_late,
			.argument = &late,
			.die_with_parent = true },
		.started_fd = -1,
	};
	struct process *launcher = start_run(launch_and_sleep, &launch);

	close_fd(&life.write_fd);
	read_bytes(life.read_fd, 1);
	assert_int_equal(process_signal(launcher, SIGKILL, &why), 0);
	assert_killed(launcher, SIGKILL);
	assert_int_equal(write(go.write_fd, "g", 1), 1);
	assert_end_of_file(life.read_fd); /* and no second byte before it */
	process_close(launcher);
	reap_orphan();
	close_pipe(&life);
	close_pipe(&go);
}

static void a_parent_that_was_dead_already_is_noticed(void **state)
{
	(void)state;
	assert_late_child_dies(0);
}

static void a_parent_that_was_dead_already_is_noticed_by_an_init_too(void **state)
{
	(void)state;
	assert_late_child_dies(namespaces_or_skip(CLONE_NEWPID));
}

static void following_a_parent_needs_to_be_asked_for_at_the_start(void **state)
{
	(void)state;
	assert_int_equal(process_follow_parent(&why), -EINVAL);
}

static int run_a_program(void *argument, struct failure *failure)
{
	struct process_death death;
	struct process *process;

	EXPECT(!process_spawn(argument, &process, failure));
	EXPECT(!process_wait(process, -1, &death, failure));
	process_close(process);
	return death.is_signaled ? 1 : death.code;
}

/* As that of the container does it. */
static int run_a_program_as_init(void *argument, struct failure *failure)
{
	EXPECT(getpid() == 1);
	return run_a_program(argument, failure);
}

static void an_init_starts_the_command_and_hands_on_its_code(void **state)
{
	char *argv[3];
	struct process_spec spec = program_spec(argv, "77");
	struct process *init;

	(void)state;
	spec.die_with_parent = true;
	init = start_in_namespaces(CLONE_NEWPID, run_a_program_as_init, &spec);
	assert_exited(init, 77);
	process_close(init);
}

static void a_child_is_not_held_up_by_children_of_its_parent(void **state)
{
	char *argv[3];
	struct process_spec spec = program_spec(argv, "6");
	struct process *zombie = start_run(return_argument, NULL);
	struct process *process;

	(void)state;
	assert_dead(zombie);
	process = start_run(run_a_program, &spec);
	assert_dead(process);
	process_close(zombie);
	assert_exited(process, 6);
	process_close(process);
}

static int lead_a_group(void *argument, struct failure *unused)
{
	EXPECT(!setpgid(0, 0));
	if (!fork())
		return say_and_sleep(argument, unused);
	return 0;
}

/* A child that asks for exactly this number, which fails with EEXIST while the number is in use. */
static int take_number(pid_t number)
{
	struct clone_args arguments = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&number,
		.set_tid_size = 1,
	};
	long pid = syscall(SYS_clone3, &arguments, sizeof(arguments));

	if (pid < 0)
		return errno;
	if (!pid)
		_exit(0);
	return waitpid((pid_t)pid, NULL, 0) == pid ? 0 : ECHILD;
}

static int check_number_of_dead_leader(void *argument, struct failure *failure)
{
	struct process_spec spec = { .cgroup_fd = -1, .run = lead_a_group, .argument = argument };
	struct process *leader;
	pid_t number;
	pid_t member;
	char byte;

	EXPECT(!process_start(&spec, &leader, failure));
	number = process_pid(leader);
	EXPECT(!process_wait(leader, -1, NULL, failure));
	EXPECT(read(*((int *)argument - 1), &byte, 1) == 1);
	EXPECT(take_number(number) == EEXIST);
	EXPECT(process_signal(leader, SIGKILL, failure) == -ESRCH);
	EXPECT(waitpid(-1, NULL, WNOHANG) == 0); /* the member lives */
	EXPECT(!kill(-number, SIGKILL));
	member = waitpid(-1, NULL, 0);
	EXPECT(member > 0);
	EXPECT(take_number(number) == 0);
	/* The number has had another owner since, and the handle still knows that its own is dead.
	 */
	EXPECT(process_signal(leader, SIGKILL, failure) == -ESRCH);
	process_close(leader);
	return 0;
}

static void the_number_of_a_dead_leader_is_not_reissued_while_its_group_lives(void **state)
{
	struct pipe_ends life = open_pipe();
	struct process *init =
		start_in_namespaces(CLONE_NEWPID, check_number_of_dead_leader, &life.write_fd);

	(void)state;
	assert_exited(init, 0);
	process_close(init);
	close_pipe(&life);
}

static int start_in_namespace_of(
	struct process *init, struct process **out, struct failure *failure)
{
	cleanup_fd int home = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	struct process_spec spec = { .cgroup_fd = -1, .run = sleep_for_ever };

	EXPECT(home >= 0);
	EXPECT(!setns(process_pidfd(init), CLONE_NEWPID));
	EXPECT(!process_start(&spec, out, failure));
	EXPECT(!setns(home, CLONE_NEWPID));
	return 0;
}

/* The init is kept by the kernel until its zombie guests are reaped, by us. */
static int end_an_init_before_its_guests(void *argument, struct failure *failure)
{
	struct process_spec spec = {
		.clone_flags = CLONE_NEWPID, .cgroup_fd = -1, .run = sleep_for_ever
	};
	struct process *init[2];
	struct process *guest[2];
	struct process_death death;

	(void)argument;
	for (int i = 0; i < 2; i++) {
		EXPECT(!process_start(&spec, &init[i], failure));
		EXPECT(!start_in_namespace_of(init[i], &guest[i], failure));
	}
	process_close(init[0]);
	EXPECT(!process_signal(init[1], SIGKILL, failure));
	EXPECT(!process_wait(init[1], -1, NULL, failure));
	process_close(init[1]);
	for (int i = 0; i < 2; i++) {
		EXPECT(!process_wait(guest[i], 0, &death, failure));
		EXPECT(death.is_signaled && death.code == SIGKILL);
		process_close(guest[i]);
	}
	return 0;
}

static void an_init_can_be_ended_before_the_guests_of_its_namespace(void **state)
{
	/* In a namespace of its own an unprivileged test may come home from the inner one. */
	struct process *process =
		start_in_namespaces(CLONE_NEWPID, end_an_init_before_its_guests, NULL);

	(void)state;
	assert_exited(process, 0);
	process_close(process);
}

/* ---- cgroups ---- */

static int try_own_cgroup(const char *mount_point, const char *path)
{
	char directory[PATH_MAX];
	struct statfs file_system;
	int fd;

	snprintf(directory, sizeof(directory), "%s%s", mount_point, path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && !fstatfs(fd, &file_system) && file_system.f_type == CGROUP2_MAGIC)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The cgroup2 directory that this process is in. */
static int open_own_cgroup_or_skip(void)
{
	cleanup_file FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];
	int fd = -1;

	while (file && fd < 0 && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) != 0)
			continue;
		fd = try_own_cgroup("/sys/fs/cgroup", line + 3);
		if (fd < 0)
			fd = try_own_cgroup("/sys/fs/cgroup/unified", line + 3);
	}
	if (fd < 0) {
		print_message("no cgroup2 mounted where this process could find its own\n");
		skip();
	}
	return fd;
}

static uint64_t inode_of(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	return status.st_ino;
}

static void a_death_names_the_cgroup(void **state)
{
	cleanup_fd int cgroup = open_own_cgroup_or_skip();
	struct process *process = start_run(return_argument, NULL);
	struct process_death death = wait_for(process);

	(void)state;
	process_close(process);
	if (!is_kernel_at_least(6, 13)) {
		print_message("this kernel does not tell the cgroup of a pidfd (Linux 6.13)\n");
		skip();
	}
	assert_true(death.cgroup_id == inode_of(cgroup));
}

static void a_child_is_born_in_the_cgroup_given(void **state)
{
	cleanup_fd int parent = open_own_cgroup_or_skip();
	cleanup_fd int cgroup = -1;
	struct process_spec spec = { .run = return_argument };
	struct process_death death;
	struct process *process;
	char name[64];
	int gone;

	(void)state;
	snprintf(name, sizeof(name), "tare-test-process-%d", (int)getpid());
	if (mkdirat(parent, name, 0755)) {
		print_message("no cgroup can be made here: %s\n", strerror(errno));
		skip();
	}
	cgroup = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	spec.cgroup_fd = cgroup;
	assert_int_equal(process_start(&spec, &process, &why), 0);
	death = wait_for(process);
	process_close(process);
	assert_int_equal(unlinkat(parent, name, AT_REMOVEDIR), 0);
	assert_true(!is_kernel_at_least(6, 13) || death.cgroup_id == inode_of(cgroup));
	gone = process_start(&spec, &process, &why);
	assert_true(gone == -ENODEV || gone == -ENOENT);
}

/* ---- the search for a program ---- */

static char found[PATH_MAX];

/* Relative elements of the path mean the scratch directory. */
static int find(const char *name, const char *path)
{
	cleanup_fd int before = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	assert_int_equal(chdir(scratch), 0);
	result = process_find_program(name, path, found, sizeof(found), &why);
	assert_int_equal(fchdir(before), 0);
	return result;
}

static void a_program_is_found_in_the_first_element_that_has_it(void **state)
{
	(void)state;
	assert_int_equal(find("program", "/nowhere:../nowhere:."), 0);
	assert_string_equal(found, "./program");
	assert_int_equal(find("program", scratch), 0);
	assert_string_equal(found, scratch_path("program"));
	assert_int_equal(find("program", "no-x:other:."), 0); /* passes over a directory */
	assert_string_equal(found, "./program");
	assert_int_equal(find("sh", NULL), 0);
	assert_string_equal(found, "/bin/sh");
}

static void a_program_that_is_nowhere_is_told_from_one_that_cannot_be_executed(void **state)
{
	(void)state;
	assert_int_equal(find("missing", ".:other"), -ENOENT);
	assert_int_equal(find("", "."), -ENOENT);
	assert_int_equal(find("no-x", ".:/bin"), -EACCES);
	assert_int_equal(find("directory", ".:/bin"), -EACCES);
	assert_non_null(strstr(why.what, "directory"));
}

static void a_name_with_a_slash_is_taken_as_it_stands(void **state)
{
	(void)state;
	assert_int_equal(find("./missing", "."), 0);
	assert_string_equal(found, "./missing");
	assert_int_equal(find("/nowhere/x", "."), 0);
	assert_string_equal(found, "/nowhere/x");
}

static void an_empty_element_is_the_current_directory(void **state)
{
	static const char *const paths[] = { "", ":/nowhere", "/nowhere:", "/nowhere::/nowhere" };

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++) {
		assert_int_equal(find("program", paths[i]), 0);
		assert_string_equal(found, "./program");
	}
}

static void a_program_that_does_not_fit_is_not_cut(void **state)
{
	char small[8];

	(void)state;
	assert_int_equal(process_find_program("sh", "/bin", small, 8, &why), 0);
	assert_int_equal(process_find_program("sh", "/bin", small, 7, &why), -ENAMETOOLONG);
	assert_int_equal(process_find_program("/bin/sh", "", small, 7, &why), -ENAMETOOLONG);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(two_children_that_end_at_once_are_waited_in_either_order),
	cmocka_unit_test(a_timed_out_wait_leaves_the_child_waitable),
	cmocka_unit_test(a_wait_with_a_timeout_sees_a_death_in_time),
	cmocka_unit_test(a_signal_before_anyone_waits_is_not_lost),
	cmocka_unit_test(every_wait_tells_the_same_death),
	cmocka_unit_test(threads_may_wait_for_one_child_while_another_kills_it),
	cmocka_unit_test(a_signal_to_the_dead_is_refused),
	cmocka_unit_test(any_child_signal_disposition_of_the_host_will_do),
	cmocka_unit_test(a_death_reaped_by_someone_else_is_told_or_said_to_be_lost),
	cmocka_unit_test(a_status_taken_by_someone_else_is_waited_for),
	cmocka_unit_test(closing_a_handle_kills_and_reaps_its_child),
	cmocka_unit_test(a_detached_child_outlives_its_handle),
	cmocka_unit_test(a_foreign_handle_signals_and_sees_death_but_never_kills),
	cmocka_unit_test(a_foreign_death_is_told_the_same_before_and_after_its_parent_took_it),
	cmocka_unit_test(a_process_that_is_not_there_cannot_be_opened),
	cmocka_unit_test(many_spawns_leave_the_lowest_free_descriptor_unchanged),
	cmocka_unit_test(a_failed_clone_leaves_the_handle_untouched),
	cmocka_unit_test(a_failed_spawn_gives_no_handle),
	cmocka_unit_test(only_namespace_flags_are_accepted),
	cmocka_unit_test(a_spec_without_anything_to_do_is_refused),
	cmocka_unit_test(the_program_starts_with_default_signals_and_an_empty_mask),
	cmocka_unit_test(a_function_starts_with_default_signals_too),
	cmocka_unit_test(an_exec_that_fails_tells_its_errno),
	cmocka_unit_test(an_exec_that_fails_leaves_no_zombie_and_no_descriptor),
	cmocka_unit_test(a_preparation_that_fails_tells_its_own_words),
	cmocka_unit_test(a_preparation_that_fails_without_words_is_a_failure_too),
	cmocka_unit_test(what_runs_last_finds_every_descriptor_in_place),
	cmocka_unit_test(a_silent_death_before_the_exec_is_told_apart_from_an_exec),
	cmocka_unit_test(the_fate_of_the_exec_is_known_even_after_the_death),
	cmocka_unit_test(a_left_over_that_holds_every_descriptor_does_not_delay_the_fate),
	cmocka_unit_test(the_exec_waits_for_go),
	cmocka_unit_test(a_child_killed_while_it_waits_for_go_never_executes),
	cmocka_unit_test(a_preparation_may_let_all_descriptors_go_but_its_own),
	cmocka_unit_test(the_environment_is_the_callers_unless_given),
	cmocka_unit_test(no_other_descriptor_reaches_the_program),
	cmocka_unit_test(a_descriptor_map_may_swap),
	cmocka_unit_test(a_descriptor_map_may_keep_numbers_and_give_one_twice),
	cmocka_unit_test(a_descriptor_map_may_have_high_targets),
	cmocka_unit_test(a_descriptor_map_may_ask_for_the_numbers_of_our_own_pipe),
	cmocka_unit_test(a_failure_is_told_although_the_map_took_the_number_of_our_own_pipe),
	cmocka_unit_test(a_wrong_descriptor_map_is_refused),
	cmocka_unit_test(the_exit_of_init_kills_a_double_forked_daemon),
	cmocka_unit_test(the_whole_tree_is_dead_after_a_kill_of_init),
	cmocka_unit_test(the_death_of_the_launcher_kills_the_tree),
	cmocka_unit_test(a_program_dies_with_its_parent_although_its_preparation_changed_identity),
	cmocka_unit_test(a_parent_that_was_dead_already_is_noticed),
	cmocka_unit_test(a_parent_that_was_dead_already_is_noticed_by_an_init_too),
	cmocka_unit_test(following_a_parent_needs_to_be_asked_for_at_the_start),
	cmocka_unit_test(an_init_starts_the_command_and_hands_on_its_code),
	cmocka_unit_test(a_child_is_not_held_up_by_children_of_its_parent),
	cmocka_unit_test(the_number_of_a_dead_leader_is_not_reissued_while_its_group_lives),
	cmocka_unit_test(an_init_can_be_ended_before_the_guests_of_its_namespace),
	cmocka_unit_test(a_death_names_the_cgroup),
	cmocka_unit_test(a_child_is_born_in_the_cgroup_given),
	cmocka_unit_test(a_program_is_found_in_the_first_element_that_has_it),
	cmocka_unit_test(a_program_that_is_nowhere_is_told_from_one_that_cannot_be_executed),
	cmocka_unit_test(a_name_with_a_slash_is_taken_as_it_stands),
	cmocka_unit_test(an_empty_element_is_the_current_directory),
	cmocka_unit_test(a_program_that_does_not_fit_is_not_cut),
};

/* Asked by the leak sanitizer of SANITIZE=1: in a new PID namespace it finds no /proc of its own.
 */
int __lsan_is_turned_off(void);

int __lsan_is_turned_off(void)
{
	return getpid() != own_pid;
}

int main(int argc, char **argv)
{
	ssize_t length;

	if (argc > 1)
		return run_as_program(argv[1]);
	own_pid = getpid();
	length = readlink("/proc/self/exe", own_program, sizeof(own_program) - 1);
	if (length < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1))
		return 1;
	return cmocka_run_group_tests_name("process", tests, make_scratch, remove_scratch);
}
