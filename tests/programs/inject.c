// SPDX-License-Identifier: Apache-2.0
// build: -lseccomp
// Does something to one system call of one process of a tree, and sees to it that all of the tree
// ends.
//
//   inject REPORT list COMMAND...                      how often which process makes which call
//   inject REPORT PROCESS CALL N ACTION COMMAND...     something happens at the Nth such call
//
// A process is named by its birth: 1 is the command, 1.2 its second child, 1.2.1 that one's first.
// ACTION is an errno's name: the call is not made and fails so; "short": it is asked for one byte;
// SIGNAL:PROCESS: that process is sent the signal, by its number, before the call is made.
// Only calls after the first exec count; a process that executes a program again, and what it bears
// then, is left alone. Seccomp stops only at the call that is meant, so that the rest is not
// slower.
//
// The file REPORT gets a line "PROCESS CALL N" for each kind of call listed, or "injected", or
// "nobody" when the process to be signalled is not there; "left PROCESS" for each that lived on for
// five seconds after the command; "hang" when the command took longer than twenty seconds. What is
// left is killed. The exit code is the command's, 128+N, or 124 for a hang.
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALLS 512
#define PROCESSES 4096
#define HANG_S 20
#define LEFT_S 5

static struct process {
	pid_t pid;
	char name[64];
	unsigned int children;
	unsigned int made[CALLS];
	bool is_named;	 /* its parent's stop has told who it is */
	bool is_waiting; /* stopped until that */
	bool is_left_alone;
	bool is_dead;
} processes[PROCESSES];
static size_t process_count;

static struct {
	bool lists;
	const char *process;
	long call;
	unsigned int nth;
	const char *action;
	bool is_done;
} wanted;

static FILE *report;
static bool is_started;
static volatile sig_atomic_t is_late;

_Noreturn static void die(const char *what)
{
	perror(what);
	exit(99);
}

static struct process *find(pid_t pid)
{
	for (size_t i = 0; i < process_count; i++) {
		if (processes[i].pid == pid && !processes[i].is_dead)
			return &processes[i];
	}
	if (process_count == PROCESSES)
		die("too many processes");
	processes[process_count].pid = pid;
	return &processes[process_count++];
}

static struct process *find_named(const char *name)
{
	for (size_t i = 0; i < process_count; i++) {
		if (!processes[i].is_dead && !strcmp(processes[i].name, name))
			return &processes[i];
	}
	return NULL;
}

/* --- What is done --- */

static int errno_named(const char *name)
{
	for (int number = 1; number < 134; number++) {
		const char *known = strerrorname_np(number);

		if (known && !strcmp(known, name))
			return number;
	}
	fprintf(stderr, "inject: no errno %s\n", name);
	exit(99);
}

static const char *send_signal(const char *action)
{
	struct process *victim = find_named(strchr(action, ':') + 1);

	return victim && kill(victim->pid, atoi(action)) == 0 ? "injected" : "nobody";
}

static const char *change_call(pid_t pid, const char *action)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers))
		return "nobody";
	if (!strcmp(action, "short")) {
		registers.rdx = registers.rdx ? 1 : 0;
	} else {
		registers.orig_rax = (unsigned long long)-1;
		registers.rax = (unsigned long long)-errno_named(action);
	}
	return ptrace(PTRACE_SETREGS, pid, NULL, &registers) ? "nobody" : "injected";
}

static void look_at_call(struct process *process)
{
	struct user_regs_struct registers;
	unsigned long long call;

	if (ptrace(PTRACE_GETREGS, process->pid, NULL, &registers))
		return;
	call = registers.orig_rax;
	if (!is_started || process->is_left_alone || call >= CALLS)
		return;
	process->made[call]++;
	if (wanted.lists || wanted.is_done || (long)call != wanted.call ||
		process->made[call] != wanted.nth || strcmp(process->name, wanted.process) != 0)
		return;
	wanted.is_done = true;
	fprintf(report, "%s\n",
		strchr(wanted.action, ':') ? send_signal(wanted.action)
					   : change_call(process->pid, wanted.action));
}

static void list(const struct process *process)
{
	for (int call = 0; call < CALLS; call++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);

		if (process->made[call])
			fprintf(report, "%s %s %u\n", process->name, name, process->made[call]);
		free(name);
	}
}

/* --- The tree --- */

static void go_on(struct process *process, int signal)
{
	/* Fails when it was killed meanwhile. */
	(void)ptrace(PTRACE_CONT, process->pid, NULL, (long)signal);
}

static void name_child(struct process *parent)
{
	unsigned long pid;
	struct process *child;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid))
		return;
	child = find((pid_t)pid);
	snprintf(child->name, sizeof(child->name), "%.50s.%u", parent->name, ++parent->children);
	child->is_left_alone = parent->is_left_alone;
	child->is_named = true;
	if (child->is_waiting)
		go_on(child, 0);
}

static void note_exec(struct process *process)
{
	if (is_started)
		process->is_left_alone = true;
	is_started = true;
}

static bool is_stop_signal(int signal)
{
	return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

static void handle_stop(struct process *process, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);

	switch (event) {
	case PTRACE_EVENT_SECCOMP:
		look_at_call(process);
		break;
	case PTRACE_EVENT_EXEC:
		note_exec(process);
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		name_child(process);
		break;
	case PTRACE_EVENT_STOP:
		if (is_stop_signal(signal)) {
			(void)ptrace(PTRACE_LISTEN, process->pid, NULL, NULL);
			return;
		}
		process->is_waiting = !process->is_named;
		if (process->is_waiting)
			return;
		break;
	default:
		go_on(process, event ? 0 : signal);
		return;
	}
	go_on(process, 0);
}

static void handle_end(struct process *process)
{
	process->is_dead = true;
	if (wanted.lists)
		list(process);
}

static void on_alarm(int signal)
{
	(void)signal;
	is_late = 1;
}

/* From the second alarm on: whatever was killed is awaited, however long that takes. */
static void end_late(bool is_over)
{
	if (!is_over)
		fprintf(report, "hang\n");
	for (size_t i = 0; i < process_count; i++) {
		if (processes[i].is_dead)
			continue;
		if (is_over)
			fprintf(report, "left %s\n", processes[i].name);
		kill(processes[i].pid, SIGKILL);
	}
	is_late = 0;
}

static int follow(pid_t first)
{
	int code = -1, status;

	alarm(HANG_S);
	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);

		if (is_late) {
			end_late(code >= 0);
			code = code < 0 ? 124 : code;
		}
		if (pid < 0 && errno == ECHILD)
			return code;
		if (pid < 0)
			continue;
		if (WIFSTOPPED(status)) {
			handle_stop(find(pid), status);
			continue;
		}
		handle_end(find(pid));
		if (pid != first || code >= 0)
			continue;
		code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		alarm(LEFT_S);
	}
}

/* --- The start --- */

static void load_filter(void)
{
	struct sock_filter which[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)wanted.call, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, wanted.lists ? SECCOMP_RET_TRACE : SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
	};
	struct sock_fprog program = { .len = 4, .filter = which };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		die("seccomp");
}

static pid_t start(char **command)
{
	int seized[2];
	char word;
	pid_t pid;

	if (pipe(seized))
		die("pipe");
	pid = fork();
	if (pid == 0) {
		close(seized[1]);
		(void)!read(seized[0], &word, 1);
		close(seized[0]);
		load_filter();
		execvp(command[0], command);
		_exit(127);
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL,
		    PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			    PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP))
		die("ptrace");
	strcpy(find(pid)->name, "1");
	find(pid)->is_named = true;
	close(seized[0]);
	close(seized[1]);
	return pid;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	char **command = argv + 3;

	if (argc < 4)
		return 99;
	report = fopen(argv[1], "we");
	if (!report)
		die(argv[1]);
	wanted.lists = !strcmp(argv[2], "list");
	wanted.call = -1;
	if (!wanted.lists) {
		if (argc < 7)
			return 99;
		wanted.process = argv[2];
		wanted.call = seccomp_syscall_resolve_name(argv[3]);
		wanted.nth = (unsigned int)atoi(argv[4]);
		wanted.action = argv[5];
		command = argv + 6;
	}
	sigaction(SIGALRM, &action, NULL);
	return follow(start(command));
}
