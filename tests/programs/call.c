// SPDX-License-Identifier: Apache-2.0
// Makes system calls that can be told in advance: call WHAT [COUNT].
#include <errno.h>
#include <fcntl.h>
#include <linux/vm_sockets.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define X32_BIT 0x40000000

extern char **environ;

static void check(int is_good)
{
	if (!is_good)
		_exit(1);
}

/* Some that succeed, some that fail, some that do both. */
static void mix(int count)
{
	char byte = 'b';
	int ends[2];

	check(pipe(ends) == 0);
	for (int i = 0; i < count; i++) {
		getppid();
		check(write(ends[1], &byte, 1) == 1);
		check(read(ends[0], &byte, 1) == 1);
		check(write(-1, &byte, 1) == -1 && errno == EBADF);
		check(open("/no/such/file", O_RDONLY) == -1 && errno == ENOENT);
		check(close(dup(ends[0])) == 0);
	}
}

static void *call_getppid(void *count)
{
	for (intptr_t i = 0; i < (intptr_t)count; i++)
		getppid();
	return NULL;
}

static void threads(int count)
{
	pthread_t all[4];

	for (int i = 0; i < 4; i++)
		check(pthread_create(&all[i], NULL, call_getppid, (void *)(intptr_t)count) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(all[i], NULL);
}

static void forks(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		check(pid >= 0);
		if (pid == 0) {
			call_getppid((void *)(intptr_t)count);
			_exit(0);
		}
		check(waitpid(pid, NULL, 0) == pid);
	}
	check(waitpid(-1, NULL, 0) == -1 && errno == ECHILD);
}

/* The first one fails, the second one succeeds. */
static void execs(int count)
{
	char left[16];
	char *arguments[] = { (char *)"call", (char *)"execs", left, NULL };

	if (!count)
		return;
	snprintf(left, sizeof(left), "%d", count - 1);
	execv("/no/such/program", arguments);
	execv("/proc/self/exe", arguments);
	check(0);
}

static pid_t vfork_and_exit(void)
{
	pid_t pid = vfork(); /* NOLINT(clang-analyzer-security.insecureAPI.vfork): it is tested */

	if (pid == 0)
		_exit(0);
	return pid;
}

static void spawn(int count)
{
	char *arguments[] = { (char *)"call", (char *)"mix", (char *)"1", NULL };
	pid_t pid;

	for (int i = 0; i < count; i++) {
		check(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
		check(waitpid(pid, NULL, 0) == pid);
		pid = vfork_and_exit();
		check(waitpid(pid, NULL, 0) == pid);
	}
}

/* In no call: of one that is being made, the kernel sees an end and strace does not. */
static void killed(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();

		check(pid >= 0);
		if (pid == 0)
			kill(getpid(), SIGSTOP);
		check(waitpid(pid, NULL, WUNTRACED) == pid);
		check(kill(pid, SIGKILL) == 0);
		check(waitpid(pid, NULL, 0) == pid);
	}
}

static void ignore(int signal_number)
{
	(void)signal_number;
}

/* Every handler returns by a system call of its own; one wait in two is interrupted. */
static void signals(int count)
{
	struct sigaction action = { .sa_handler = ignore };
	sigset_t blocked, none;

	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR2);
	check(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGUSR2, &action, NULL) == 0);
	check(sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
	for (int i = 0; i < count; i++) {
		check(kill(getpid(), SIGUSR1) == 0);
		check(kill(getpid(), SIGUSR2) == 0);
		check(sigsuspend(&none) == -1 && errno == EINTR);
	}
}

static long call_ia32(long number, long a, long b)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

/* By the old gate: getpid and a failing close; and the refused keyctl and socketcall(socket). */
static void ia32(int count)
{
	for (int i = 0; i < count; i++) {
		check(call_ia32(20, 0, 0) > 0);
		check((int)call_ia32(6, -1, 0) == -EBADF);
		check((int)call_ia32(288, 0, 0) == -EPERM);
		check((int)call_ia32(102, 1, 0) == -ENOSYS);
	}
}

/* getpid, which a kernel without this ABI does not know, and the refused keyctl. */
static void x32(int count)
{
	for (int i = 0; i < count; i++) {
		syscall(X32_BIT | SYS_getpid);
		check(syscall(X32_BIT | SYS_keyctl, 0) == -1 && errno == EPERM);
	}
}

static void is_refused(long result, int errnum)
{
	check(result == -1 && errno == errnum);
}

/* What the filter refuses; then calls of the same names that it lets through, one of them failing.
 */
static void denied(int count)
{
	for (int i = 0; i < count; i++) {
		is_refused(syscall(SYS_keyctl, 0, 0), EPERM);
		is_refused(syscall(SYS_bpf, 0, NULL, 0), EPERM);
		is_refused(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS);
		is_refused(unshare(CLONE_NEWUSER), EPERM);
		is_refused(socket(AF_VSOCK, SOCK_STREAM, 0), EAFNOSUPPORT);
		is_refused(ioctl(-1, TIOCSTI, "x"), EPERM);
		check(unshare(0) == 0);
		check(close(socket(AF_UNIX, SOCK_STREAM, 0)) == 0);
		is_refused(ioctl(-1, TIOCGPGRP, NULL), EBADF);
	}
}

/* With a bad address, so that no ring is made. */
static void uring(int count)
{
	for (int i = 0; i < count; i++)
		check(syscall(SYS_io_uring_setup, 1, NULL) == -1);
}

static const struct {
	const char *name;
	void (*run)(int count);
} all[] = {
	{ "mix", mix },
	{ "threads", threads },
	{ "forks", forks },
	{ "execs", execs },
	{ "spawn", spawn },
	{ "killed", killed },
	{ "signals", signals },
	{ "ia32", ia32 },
	{ "x32", x32 },
	{ "denied", denied },
	{ "uring", uring },
};

int main(int argc, char **argv)
{
	check(argc == 3);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (strcmp(argv[1], all[i].name) != 0)
			continue;
		all[i].run(atoi(argv[2]));
		return 0;
	}
	return 1;
}
