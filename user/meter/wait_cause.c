// SPDX-License-Identifier: Apache-2.0
// What a task is blocked for, by the system call that it is blocked in.
#include "wait_cause.h"

#include <seccomp.h>
#include <stddef.h>
#include "syscall_abi.h"

/* The names of all ABIs. Whoever waits for a disk is known by that already, whatever the call. */
static const struct {
	enum wait_cause cause;
	const char *names[34];
} waits[] = {
	{ WAIT_BLOCK_IO, { "fsync", "fdatasync", "sync", "syncfs", "msync", "sync_file_range",
				 "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2",
				 "io_getevents", "io_pgetevents" } },
	{ WAIT_LOCK,
		{ "futex", "futex_time64", "futex_wait", "futex_waitv", "futex_requeue", "flock",
			"fcntl", "fcntl64", "semop", "semtimedop", "semtimedop_time64" } },
	{ WAIT_PIPE_SOCKET,
		{ "read", "readv", "write", "writev", "recvfrom", "recvmsg", "recvmmsg",
			"recvmmsg_time64", "recv", "sendto", "sendmsg", "sendmmsg", "send",
			"accept", "accept4", "connect", "socketcall", "epoll_wait", "epoll_pwait",
			"epoll_pwait2", "splice", "tee", "vmsplice", "sendfile", "sendfile64",
			"msgrcv", "msgsnd", "mq_timedreceive", "mq_timedsend",
			"mq_timedreceive_time64", "mq_timedsend_time64" } },
	{ WAIT_SELECT, { "select", "_newselect", "pselect6", "pselect6_time64" } },
	{ WAIT_POLL, { "poll", "ppoll", "ppoll_time64" } },
	{ WAIT_TIMER, { "nanosleep", "clock_nanosleep", "clock_nanosleep_time64" } },
	/* Who calls vfork, as posix_spawn does, waits for the child's exec. */
	{ WAIT_CHILD, { "wait4", "waitid", "waitpid", "vfork", "clone", "clone3" } },
};

/*
 * Of these names libseccomp thinks as calls of socketcall and ipc in ia32, where they have come to
 * numbers of their own since.
 */
static const int ia32_sockets[] = {
	337, /* recvmmsg */
	345, /* sendmmsg */
	362, /* connect */
	364, /* accept4 */
	369, /* sendto */
	370, /* sendmsg */
	371, /* recvfrom */
	372, /* recvmsg */
	400, /* msgsnd */
	401, /* msgrcv */
};

static void enter(
	uint8_t table[ABI_COUNT][SYSCALL_NUMBERS], const char *name, enum wait_cause cause)
{
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		int number =
			seccomp_syscall_resolve_name_arch(syscall_abis[abi].architecture, name);

		/* Of names that an ABI has not got, libseccomp makes negative numbers. */
		if (number < 0)
			continue;
		number &= ~syscall_abis[abi].number_bit;
		if (number < SYSCALL_NUMBERS)
			table[abi][number] = cause;
	}
}

void wait_cause_fill(uint8_t table[ABI_COUNT][SYSCALL_NUMBERS])
{
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		for (const char *const *name = waits[i].names; *name; name++)
			enter(table, *name, waits[i].cause);
	}
	for (size_t i = 0; i < sizeof(ia32_sockets) / sizeof(ia32_sockets[0]); i++)
		table[ABI_IA32][ia32_sockets[i]] = WAIT_PIPE_SOCKET;
}
