// SPDX-License-Identifier: Apache-2.0
// The system call filter: refuses what namespaces do not contain, in every ABI of the machine.
#include "seccomp.h"

#include <errno.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"

#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif

/* All arguments compared here are 32 bits wide in the kernel: what is above must not hide them. */
#define INT_MASK 0xffffffffULL

struct rule {
	const char *name;
	int error;
	enum seccomp_group group;
	bool looks_at_argument; /* refused only if (argument & mask) == value */
	unsigned int argument;
	uint64_t mask, value;
};

#define REFUSE(call, errnum, of)                                                                   \
	{                                                                                          \
		.name = call, .error = errnum, .group = of                                         \
	}
#define REFUSE_VALUE(call, errnum, of, number, wanted)                                             \
	{                                                                                          \
		.name = call, .error = errnum, .group = of, .looks_at_argument = true,             \
		.argument = number, .mask = INT_MASK, .value = wanted                              \
	}
#define REFUSE_FLAG(call, errnum, of, number, flag)                                                \
	{                                                                                          \
		.name = call, .error = errnum, .group = of, .looks_at_argument = true,             \
		.argument = number, .mask = flag, .value = flag                                    \
	}

#define REFUSE_NAMESPACE(flag)                                                                     \
	REFUSE_FLAG("unshare", EPERM, SECCOMP_NAMESPACES, 0, flag),                                \
		REFUSE_FLAG("clone", EPERM, SECCOMP_NAMESPACES, 0, flag)

/*
 * ENOSYS where programs try a new call and fall back, EPERM where there is nothing to fall back
 * to. clone3 has its flags in memory, where a filter cannot see them: for it the user namespace
 * itself forbids namespaces inside (identity.c).
 */
static const struct rule rules[] = {
	/* Keys are found by serial number, from any namespace. */
	REFUSE("add_key", EPERM, SECCOMP_ALWAYS),
	REFUSE("request_key", EPERM, SECCOMP_ALWAYS),
	REFUSE("keyctl", EPERM, SECCOMP_ALWAYS),

	/* Ways into the kernel that a measured program has no business with. */
	REFUSE("bpf", EPERM, SECCOMP_ALWAYS),
	REFUSE("perf_event_open", EPERM, SECCOMP_ALWAYS),
	REFUSE("userfaultfd", EPERM, SECCOMP_ALWAYS),

	/* Sockets to the hypervisor belong to no network namespace. */
	REFUSE_VALUE("socket", EAFNOSUPPORT, SECCOMP_ALWAYS, 0, AF_VSOCK),
	REFUSE_VALUE("socketpair", EAFNOSUPPORT, SECCOMP_ALWAYS, 0, AF_VSOCK),

	/* Typing into the caller's terminal. */
	REFUSE_VALUE("ioctl", EPERM, SECCOMP_ALWAYS, 1, TIOCSTI),
	REFUSE_VALUE("ioctl", EPERM, SECCOMP_ALWAYS, 1, TIOCLINUX),

	/* Work that bypasses the system calls that are counted and filtered. */
	REFUSE("io_uring_setup", ENOSYS, SECCOMP_IO_URING),
	REFUSE("io_uring_enter", ENOSYS, SECCOMP_IO_URING),
	REFUSE("io_uring_register", ENOSYS, SECCOMP_IO_URING),

	REFUSE("mount", EPERM, SECCOMP_MOUNTS),
	REFUSE("umount2", EPERM, SECCOMP_MOUNTS),
	REFUSE("umount", EPERM, SECCOMP_MOUNTS),
	REFUSE("pivot_root", EPERM, SECCOMP_MOUNTS),
	REFUSE("move_mount", EPERM, SECCOMP_MOUNTS),
	REFUSE("open_tree", EPERM, SECCOMP_MOUNTS),
	REFUSE("mount_setattr", EPERM, SECCOMP_MOUNTS),
	REFUSE("fsopen", EPERM, SECCOMP_MOUNTS),
	REFUSE("fsconfig", EPERM, SECCOMP_MOUNTS),
	REFUSE("fsmount", EPERM, SECCOMP_MOUNTS),
	REFUSE("fspick", EPERM, SECCOMP_MOUNTS),

	REFUSE("setns", EPERM, SECCOMP_NAMESPACES),
	REFUSE_NAMESPACE(CLONE_NEWUSER),
	REFUSE_NAMESPACE(CLONE_NEWNS),
	REFUSE_NAMESPACE(CLONE_NEWPID),
	REFUSE_NAMESPACE(CLONE_NEWNET),
	REFUSE_NAMESPACE(CLONE_NEWIPC),
	REFUSE_NAMESPACE(CLONE_NEWUTS),
	REFUSE_NAMESPACE(CLONE_NEWCGROUP),
	/* The time flag shares its bit with clone's exit signal; only unshare can mean it. */
	REFUSE_FLAG("unshare", EPERM, SECCOMP_NAMESPACES, 0, CLONE_NEWTIME),
};

static int add_rule(scmp_filter_ctx context, const struct rule *rule)
{
	int number = seccomp_syscall_resolve_name(rule->name);
	uint32_t action = SCMP_ACT_ERRNO(rule->error);

	if (number == __NR_SCMP_ERROR)
		return -ENOSYS;
	if (!rule->looks_at_argument)
		return seccomp_rule_add(context, action, number, 0);
	return seccomp_rule_add(context, action, number, 1,
		SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value));
}

/*
 * The old 32-bit ABI has all socket calls behind one number, with the family in memory. Any
 * library newer than 2016 uses the plain ones.
 */
static int add_socketcall(scmp_filter_ctx context)
{
	static const int calls[] = { SYS_SOCKET, SYS_SOCKETPAIR };

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int error = seccomp_rule_add(context, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(socketcall),
			1, SCMP_CMP(0, SCMP_CMP_MASKED_EQ, INT_MASK, calls[i]));

		if (error)
			return error;
	}
	return 0;
}

static int add_abis(scmp_filter_ctx context)
{
	static const uint32_t abis[] = { SCMP_ARCH_X86, SCMP_ARCH_X32 };

	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		return 0;
	for (size_t i = 0; i < sizeof(abis) / sizeof(abis[0]); i++) {
		int error = seccomp_arch_add(context, abis[i]);

		if (error && error != -EEXIST)
			return error;
	}
	return 0;
}

static int add_rules(scmp_filter_ctx context, unsigned int allowed, struct failure *why)
{
	int error = add_abis(context);

	/* A tree of comparisons instead of a chain: four times fewer instructions for a call. */
	if (!error)
		error = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!error)
		error = add_socketcall(context);
	if (error)
		return failure_set(why, -error, "prepare the system call filter");
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].group & allowed)
			continue;
		error = add_rule(context, &rules[i]);
		if (error)
			return failure_set(why, -error, "refuse system call '%s'", rules[i].name);
	}
	return 0;
}

/* libseccomp writes the program only to a file. */
static int export_program(
	scmp_filter_ctx context, struct seccomp_filter *filter, struct failure *why)
{
	cleanup_fd int file = memfd_create("seccomp", MFD_CLOEXEC);
	struct stat status;
	int error;

	if (file < 0)
		return failure_set(why, errno, "make a file for the system call filter");
	error = seccomp_export_bpf(context, file);
	if (error || fstat(file, &status))
		return failure_set(why, error ? -error : errno, "write the system call filter");
	filter->instructions = malloc(status.st_size);
	filter->count = status.st_size / sizeof(*filter->instructions);
	if (!filter->instructions ||
		pread(file, filter->instructions, status.st_size, 0) != status.st_size)
		return failure_set(why, EIO, "read the system call filter back");
	return 0;
}

int seccomp_filter_build(struct seccomp_filter *filter, unsigned int allowed, struct failure *why)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	*filter = (struct seccomp_filter){ 0 };
	if (!context)
		return failure_set(why, ENOMEM, "prepare the system call filter");
	error = add_rules(context, allowed, why);
	if (!error)
		error = export_program(context, filter, why);
	seccomp_release(context);
	return error;
}

int seccomp_filter_load(const struct seccomp_filter *filter, struct failure *why)
{
	struct sock_fprog program = { .len = filter->count, .filter = filter->instructions };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return failure_set(why, errno, "give up new privileges");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program))
		return failure_set(why, errno, "load the system call filter");
	return 0;
}

void seccomp_filter_done(struct seccomp_filter *filter)
{
	free(filter->instructions);
	filter->instructions = NULL;
}
