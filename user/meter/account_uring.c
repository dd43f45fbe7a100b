// SPDX-License-Identifier: Apache-2.0
// What a run did by io_uring: rings made, requests by opcode.
#include "account_uring.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "account_syscalls.h"

/* One number in every ABI. */
#define IO_URING_SETUP 425

/* The kernel's enum io_uring_op, which only grows. */
static const char *const op_names[] = { "nop", "readv", "writev", "fsync", "read_fixed",
	"write_fixed", "poll_add", "poll_remove", "sync_file_range", "sendmsg", "recvmsg",
	"timeout", "timeout_remove", "accept", "async_cancel", "link_timeout", "connect",
	"fallocate", "openat", "close", "files_update", "statx", "read", "write", "fadvise",
	"madvise", "send", "recv", "openat2", "epoll_ctl", "splice", "provide_buffers",
	"remove_buffers", "tee", "shutdown", "renameat", "unlinkat", "mkdirat", "symlinkat",
	"linkat", "msg_ring", "fsetxattr", "setxattr", "fgetxattr", "getxattr", "socket",
	"uring_cmd", "send_zc", "sendmsg_zc", "read_multishot", "waitid", "futex_wait",
	"futex_wake", "futex_waitv", "fixed_fd_install", "ftruncate", "bind", "listen", "recv_zc",
	"epoll_wait", "readv_fixed", "writev_fixed", "pipe", "nop128", "uring_cmd128" };

#define OP_SOCKET 45

static uint64_t count_rings(const struct account *account)
{
	uint64_t rings = 0;

	for (int abi = 0; abi < ABI_COUNT; abi++) {
		const struct syscall_counter *setup =
			&account->syscalls[abi].number[IO_URING_SETUP];

		rings += setup->count - setup->errors;
	}
	return rings;
}

bool account_uring_may_have_made_sockets(const struct account *account)
{
	if (account->no_io_uring)
		return count_rings(account);
	for (size_t cpu = 0; cpu < account->processors; cpu++) {
		if (account->cpus[cpu].uring_requests[OP_SOCKET])
			return true;
	}
	return false;
}

/* Opcodes younger than this table have no name in it. */
static void name_op(struct uring_count *entry, size_t opcode)
{
	if (opcode < sizeof(op_names) / sizeof(op_names[0]))
		snprintf(entry->op, sizeof(entry->op), "%s", op_names[opcode]);
	else if (opcode < URING_OPCODES)
		snprintf(entry->op, sizeof(entry->op), "opcode %zu", opcode);
	else
		snprintf(entry->op, sizeof(entry->op), "unknown");
}

static int compare_counts(const void *a, const void *b)
{
	const struct uring_count *first = a, *second = b;

	if (first->count != second->count)
		return first->count < second->count ? 1 : -1;
	return strcmp(first->op, second->op);
}

static uint64_t list_requests(const __u64 *requests, struct uring_result *io_uring)
{
	uint64_t total = 0;

	for (size_t opcode = 0; opcode <= URING_OPCODES; opcode++) {
		struct uring_count *entry = &io_uring->by_op[io_uring->by_op_count];

		if (!requests[opcode])
			continue;
		name_op(entry, opcode);
		entry->count = requests[opcode];
		io_uring->by_op_count++;
		total += requests[opcode];
	}
	qsort(io_uring->by_op, io_uring->by_op_count, sizeof(*io_uring->by_op), compare_counts);
	return total;
}

int account_fill_uring(const struct account *account, const __u64 *requests, struct result *result,
	struct failure *why)
{
	struct uring_result *io_uring = &result->syscalls.io_uring;

	io_uring->rings = account->has_syscalls
				  ? number_known(count_rings(account), "bpf:raw_syscalls")
				  : number_unknown(account_no_syscalls);
	if (account->no_io_uring) {
		io_uring->total = number_unknown(account->no_io_uring);
		return 0;
	}
	io_uring->by_op = calloc(URING_OPCODES + 1, sizeof(*io_uring->by_op));
	if (!io_uring->by_op)
		return failure_set(why, ENOMEM, "list the requests to io_uring");
	io_uring->total =
		number_known(list_requests(requests, io_uring), "bpf:io_uring_submit_req");
	return 0;
}
