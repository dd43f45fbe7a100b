// SPDX-License-Identifier: Apache-2.0
// Makes system calls by one of the ABIs of an x86-64 machine: attack-abi native|ia32|x32. Prints a
// line for each, "CALL done" or "CALL ERRNO". Outside none does harm: it makes what ends with this
// process, or is refused for its arguments after the kernel has found that the caller may.
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "call_abi.h"

#define X32_BIT 0x40000000
#define CWD ((long)AT_FDCWD)
/* All data here lies below 4 GiB, because the program is not position-independent. */
#define POINTER(object) ((long)(uintptr_t)(object))

static union bpf_attr map = {
	.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
};
static struct perf_event_attr event = {
	.type = PERF_TYPE_SOFTWARE, .size = sizeof(event), .config = PERF_COUNT_SW_TASK_CLOCK
};
static struct io_uring_params ring;
static struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
static char missing[] = "/tare/no/such/file";
static char type[] = "user", name[] = "tare-test", file_system[] = "tmpfs", here[] = ".",
	    root[] = "/";

enum {
	LOG_SIZE = 10,
	USER_MODE_ONLY = 1,
	GET_KEYRING_ID = 0,
	SESSION_KEYRING = -3,
	THREAD_KEYRING = -1
};

/*
 * refused_after: the errno that shows that the caller may; 0: it succeeds. unshare comes last,
 * because it changes what the caller may.
 */
static const struct call {
	const char *name;
	long native, ia32;
	int refused_after;
	long arguments[5];
} calls[] = {
	{ "bpf", 321, 357, 0, { BPF_MAP_CREATE, POINTER(&map), sizeof(map) } },
	{ "perf_event_open", 298, 336, 0, { POINTER(&event), 0, -1, -1, 0 } },
	{ "userfaultfd", 323, 374, 0, { USER_MODE_ONLY } },
	{ "io_uring_setup", 425, 425, 0, { 1, POINTER(&ring) } },
	{ "io_uring_enter", 426, 426, EBADF, { -1, 1 } },
	{ "io_uring_register", 427, 427, EOPNOTSUPP, { STDIN_FILENO, 2 } },
	{ "add_key", 248, 286, 0,
		{ POINTER(type), POINTER(name), POINTER(name), 1, THREAD_KEYRING } },
	{ "request_key", 249, 287, ENOKEY, { POINTER(type), POINTER(name), 0, 0 } },
	{ "syslog", 103, 103, 0, { LOG_SIZE } },
	{ "keyctl", 250, 288, 0, { GET_KEYRING_ID, SESSION_KEYRING, 1 } },
	{ "mount", 165, 21, ENOENT,
		{ POINTER(here), POINTER(missing), POINTER(file_system), 0, 0 } },
	{ "umount2", 166, 52, ENOENT, { POINTER(missing), 0 } },
	{ "pivot_root", 155, 217, ENOENT, { POINTER(missing), POINTER(missing) } },
	{ "move_mount", 429, 429, ENOENT, { CWD, POINTER(missing), CWD, POINTER(missing), 0 } },
	{ "open_tree", 428, 428, 0, { CWD, POINTER(here), OPEN_TREE_CLONE } },
	{ "open_tree_attr", 467, 467, 0, { CWD, POINTER(here), OPEN_TREE_CLONE, 0, 0 } },
	{ "mount_setattr", 442, 442, ENOENT,
		{ CWD, POINTER(missing), 0, POINTER(&read_only), sizeof(read_only) } },
	{ "fsopen", 430, 430, 0, { POINTER(file_system), 0 } },
	{ "fsconfig", 431, 431, EINVAL, { -1, 6, 0, 0, 0 } },
	{ "fsmount", 432, 432, EBADF, { -1, 0, 0 } },
	{ "fspick", 433, 433, ENOENT, { CWD, POINTER(missing), 0 } },
	{ "setns", 308, 346, EBADF, { -1, 0 } },
	{ "socket", 41, 359, 0, { AF_VSOCK, SOCK_STREAM, 0 } },
	{ "chroot", 161, 61, 0, { POINTER(root) } },
	{ "unshare", 272, 310, 0, { CLONE_NEWUSER } },
};

static long make(const struct call *call, const char *abi)
{
	if (!strcmp(abi, "ia32"))
		return call_ia32(call->ia32, call->arguments);
	return call_native(call->native | (strcmp(abi, "x32") ? 0 : X32_BIT), call->arguments);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: attack-abi native|ia32|x32\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		bool may = make(&calls[i], argv[1]) >= 0 || errno == calls[i].refused_after;

		printf("%s %s\n", calls[i].name, may ? "done" : strerrorname_np(errno));
	}
	return 0;
}
