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
#include <string.h>
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

/* In the number of an x32 call. */
#define X32_BIT 0x40000000

enum rule_kind {
	REFUSE_CALL,  /* whatever its arguments */
	REFUSE_VALUE, /* if the argument is `value` */
	REFUSE_FLAGS, /* if the argument has any of the bits of `value` */
};

struct rule {
	const char *name;
	int error;
	enum seccomp_group group;
	enum rule_kind kind;
	unsigned int argument;
	uint64_t value;
};

#define NAMESPACE_FLAGS                                                                            \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
		CLONE_NEWCGROUP)

/*
 * ENOSYS where programs try a new call and fall back, EPERM where there is nothing to fall back
 * to. clone3 has its flags in memory, where a filter cannot see them: for it the user namespace
 * itself forbids namespaces inside (identity.c).
 */
static const struct rule rules[] = {
	/* Keys are found by serial number, from any namespace. */
	{ "add_key", EPERM, SECCOMP_ALWAYS, REFUSE_CALL, 0, 0 },
	{ "request_key", EPERM, SECCOMP_ALWAYS, REFUSE_CALL, 0, 0 },
	{ "keyctl", EPERM, SECCOMP_ALWAYS, REFUSE_CALL, 0, 0 },

	/* The host's log: by kernel.dmesg_restrict=0 it is everybody's. */
	{ "syslog", EPERM, SECCOMP_ALWAYS, REFUSE_CALL, 0, 0 },

	/* Ways into the kernel that a measured program has no business with. */
	{ "bpf", EPERM, SECCOMP_ALWAYS, REFUSE_CALL, 0, 0 },
	{ "perf_event_open", EPERM, SECCOMP_ALWAYS, REFUSE_CALL, 0, 0 },
	{ "userfaultfd", EPERM, SECCOMP_ALWAYS, REFUSE_CALL, 0, 0 },

	/*
	 * Sockets to the hypervisor belong to no network namespace. The old 32-bit ABI has all
	 * socket calls behind one number, with the family in memory, where a filter cannot see it:
	 * there the making of sockets is refused. Any library newer than 2016 uses the plain calls.
	 * First, because libseccomp adds a socketcall with the error of the plain call to its rule,
	 * and keeps what is there already.
	 */
	{ "socketcall", ENOSYS, SECCOMP_ALWAYS, REFUSE_VALUE, 0, SYS_SOCKET },
	{ "socketcall", ENOSYS, SECCOMP_ALWAYS, REFUSE_VALUE, 0, SYS_SOCKETPAIR },
	{ "socket", EAFNOSUPPORT, SECCOMP_ALWAYS, REFUSE_VALUE, 0, AF_VSOCK },
	{ "socketpair", EAFNOSUPPORT, SECCOMP_ALWAYS, REFUSE_VALUE, 0, AF_VSOCK },

	/* Typing into the caller's terminal. */
	{ "ioctl", EPERM, SECCOMP_ALWAYS, REFUSE_VALUE, 1, TIOCSTI },
	{ "ioctl", EPERM, SECCOMP_ALWAYS, REFUSE_VALUE, 1, TIOCLINUX },

	/* Work that bypasses the system calls that are counted and filtered. */
	{ "io_uring_setup", ENOSYS, SECCOMP_IO_URING, REFUSE_CALL, 0, 0 },
	{ "io_uring_enter", ENOSYS, SECCOMP_IO_URING, REFUSE_CALL, 0, 0 },
	{ "io_uring_register", ENOSYS, SECCOMP_IO_URING, REFUSE_CALL, 0, 0 },

	{ "mount", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "umount2", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "umount", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "pivot_root", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "move_mount", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "open_tree", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "mount_setattr", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "fsopen", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "fsconfig", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "fsmount", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },
	{ "fspick", EPERM, SECCOMP_MOUNTS, REFUSE_CALL, 0, 0 },

	/* The time flag shares its bit with clone's exit signal; only unshare can mean it. */
	{ "setns", EPERM, SECCOMP_NAMESPACES, REFUSE_CALL, 0, 0 },
	{ "unshare", EPERM, SECCOMP_NAMESPACES, REFUSE_FLAGS, 0, NAMESPACE_FLAGS | CLONE_NEWTIME },
	{ "clone", EPERM, SECCOMP_NAMESPACES, REFUSE_FLAGS, 0, NAMESPACE_FLAGS },
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

static int add_masked(
	scmp_filter_ctx context, const struct rule *rule, int number, uint64_t mask, uint64_t value)
{
	return seccomp_rule_add(context, SCMP_ACT_ERRNO(rule->error), number, 1,
		SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ, mask, value));
}

/* libseccomp has no "any of these bits": each is a rule of its own. */
static int add_flags(scmp_filter_ctx context, const struct rule *rule, int number)
{
	int error = 0;

	for (uint64_t flags = rule->value; flags && !error; flags &= flags - 1) {
		uint64_t lowest = flags & -flags;

		error = add_masked(context, rule, number, lowest, lowest);
	}
	return error;
}

static int add_rule(scmp_filter_ctx context, const struct rule *rule)
{
	int number = seccomp_syscall_resolve_name(rule->name);

	if (number == __NR_SCMP_ERROR)
		return -ENOSYS;
	switch (rule->kind) {
	case REFUSE_VALUE:
		return add_masked(context, rule, number, INT_MASK, rule->value);
	case REFUSE_FLAGS:
		return add_flags(context, rule, number);
	case REFUSE_CALL:
		break;
	}
	return seccomp_rule_add(context, SCMP_ACT_ERRNO(rule->error), number, 0);
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
	if (error)
		return failure_set(why, -error, "prepare the system call filter");
	for (size_t i = 0; i < RULE_COUNT; i++) {
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

static const uint32_t refusal_abis[REFUSAL_ABIS] = {
	[REFUSAL_X86_64] = SCMP_ARCH_X86_64,
	[REFUSAL_IA32] = SCMP_ARCH_X86,
	[REFUSAL_X32] = SCMP_ARCH_X32,
};

/* Negative where the ABI has no such call. */
static int number_in(enum refusal_abi abi, const char *name)
{
	/* The filter refuses these too, but asked for them libseccomp only tells of socketcall. */
	if (abi == REFUSAL_IA32 && !strcmp(name, "socket"))
		return 359;
	if (abi == REFUSAL_IA32 && !strcmp(name, "socketpair"))
		return 360;
	return seccomp_syscall_resolve_name_arch(refusal_abis[abi], name);
}

static bool describe_rule(const struct rule *rule, enum refusal_abi abi, struct refusal_rule *out)
{
	int number = number_in(abi, rule->name);

	if (number < 0)
		return false;
	*out = (struct refusal_rule){
		.abi = abi,
		.number = abi == REFUSAL_X32 ? number & ~X32_BIT : number,
		.looks_at_argument = rule->kind != REFUSE_CALL,
		.argument = rule->argument,
		.mask = rule->kind == REFUSE_FLAGS ? rule->value : INT_MASK,
		.value = rule->value,
		.is_any = rule->kind == REFUSE_FLAGS,
	};
	return true;
}

size_t seccomp_list_refusals(unsigned int allowed, struct refusal_rule *out, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < RULE_COUNT; i++) {
		if (rules[i].group & allowed)
			continue;
		for (int abi = 0; abi < REFUSAL_ABIS && count < room; abi++)
			count += describe_rule(&rules[i], abi, &out[count]);
	}
	return count;
}

void seccomp_filter_done(struct seccomp_filter *filter)
{
	free(filter->instructions);
	filter->instructions = NULL;
}
