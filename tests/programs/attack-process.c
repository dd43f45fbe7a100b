// SPDX-License-Identifier: Apache-2.0
// Attempts on another process, by its number: attack-process NAME PID. "victim" is such a process:
// it says its number and lives until its standard input ends.
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "attempt.h"

/* At the same address in every process of this program, which is not position-independent. */
static char mark[] = "untouched";

static pid_t target(void)
{
	return (pid_t)atoi(word);
}

static int open_pidfd(void)
{
	return (int)syscall(SYS_pidfd_open, target(), 0);
}

static int open_file_of_target(const char *name, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", target(), name);
	return open(path, flags | O_CLOEXEC);
}

static int victim(void)
{
	char nothing;

	printf("%d\n", getpid());
	fflush(stdout);
	while (read(STDIN_FILENO, &nothing, 1) > 0)
		continue;
	return 0;
}

/* --- Looking into it --- */

static int trace(void)
{
	return (int)ptrace(PTRACE_SEIZE, target(), NULL, NULL);
}

static int read_memory(void)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { mark, 1 };

	return (int)process_vm_readv(target(), &here, 1, &there, 1, 0);
}

static int write_memory(void)
{
	struct iovec here = { (char *)"U", 1 }, there = { mark, 1 };

	return (int)process_vm_writev(target(), &here, 1, &there, 1, 0);
}

static int write_memory_file(void)
{
	int memory = open_file_of_target("mem", O_RDWR);

	return memory < 0 ? -1 : (int)pwrite(memory, "U", 1, (off_t)(uintptr_t)mark);
}

static int take_descriptor(void)
{
	int pidfd = open_pidfd();

	return pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, STDIN_FILENO, 0);
}

static int compare_descriptors(void)
{
	return (int)syscall(SYS_kcmp, getpid(), target(), KCMP_FILE, STDIN_FILENO, STDIN_FILENO);
}

static int read_environment(void)
{
	int environment = open_file_of_target("environ", O_RDONLY);
	char byte;

	return environment < 0 ? -1 : (int)read(environment, &byte, 1);
}

static int enter_root(void)
{
	return open_file_of_target("root/etc", O_RDONLY | O_DIRECTORY);
}

/* --- Its program file --- */

static int open_program(void)
{
	return open_file_of_target("exe", O_RDONLY);
}

/* To the mode that it has. */
static int change_program_mode(void)
{
	int program = open_program();
	struct stat status;

	if (program < 0 || fstat(program, &status))
		return -1;
	return fchmod(program, status.st_mode & 07777);
}

/* A program that runs cannot be written; once it has ended, the descriptor leads back to it. */
static int overwrite_program(void)
{
	int program = open_program();
	char path[64];

	if (program < 0 || kill(target(), SIGKILL))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", program);
	for (;;) {
		int writable = open(path, O_WRONLY);

		if (writable >= 0 || errno != ETXTBSY)
			return writable;
		sched_yield();
	}
}

/* --- Disturbing it --- */

static int send_signal(void)
{
	return kill(target(), SIGCONT);
}

static int send_signal_by_pidfd(void)
{
	int pidfd = open_pidfd();

	return pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0);
}

/* To what it is. */
static int set_limit(void)
{
	struct rlimit limit;

	return prlimit(target(), RLIMIT_CPU, NULL, &limit)
		       ? -1
		       : prlimit(target(), RLIMIT_CPU, &limit, NULL);
}

static int set_niceness(void)
{
	return setpriority(PRIO_PROCESS, (id_t)target(), 19);
}

static int set_scheduler(void)
{
	struct sched_param none = { 0 };

	return sched_setscheduler(target(), SCHED_IDLE, &none);
}

static int set_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(target(), sizeof(set), &set)
		       ? -1
		       : sched_setaffinity(target(), sizeof(set), &set);
}

static int set_io_priority(void)
{
	enum { WHO_PROCESS = 1, CLASS_IDLE = 3, CLASS_SHIFT = 13 };

	return (int)syscall(SYS_ioprio_set, WHO_PROCESS, target(), CLASS_IDLE << CLASS_SHIFT);
}

static int write_file_of_target(const char *name, const char *text)
{
	int file = open_file_of_target(name, O_WRONLY);

	return file < 0 ? -1 : (int)write(file, text, strlen(text));
}

static int set_timer_slack(void)
{
	return write_file_of_target("timerslack_ns", "50000");
}

static int make_first_to_be_killed(void)
{
	return write_file_of_target("oom_score_adj", "1000");
}

static int move_pages_of(void)
{
	return (int)syscall(SYS_move_pages, target(), 0, NULL, NULL, NULL, 0);
}

static int page_out(void)
{
	struct iovec there = { (void *)((uintptr_t)mark & ~4095UL), 4096 };
	int pidfd = open_pidfd();

	return pidfd < 0 ? -1
			 : (int)syscall(SYS_process_madvise, pidfd, &there, 1, MADV_PAGEOUT, 0);
}

static const struct attempt attempts[] = {
	{ "victim", victim },
	{ "trace", trace },
	{ "read-memory", read_memory },
	{ "write-memory", write_memory },
	{ "write-memory-file", write_memory_file },
	{ "take-descriptor", take_descriptor },
	{ "compare-descriptors", compare_descriptors },
	{ "read-environment", read_environment },
	{ "enter-root", enter_root },
	{ "open-program", open_program },
	{ "change-program-mode", change_program_mode },
	{ "overwrite-program", overwrite_program },
	{ "signal", send_signal },
	{ "signal-by-pidfd", send_signal_by_pidfd },
	{ "set-limit", set_limit },
	{ "set-niceness", set_niceness },
	{ "set-scheduler", set_scheduler },
	{ "set-processors", set_processors },
	{ "set-io-priority", set_io_priority },
	{ "set-timer-slack", set_timer_slack },
	{ "make-first-to-be-killed", make_first_to_be_killed },
	{ "move-pages", move_pages_of },
	{ "page-out", page_out },
};

ATTEMPT_MAIN(attempts)
