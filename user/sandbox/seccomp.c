// SPDX-License-Identifier: Apache-2.0
// The system call filter: refuses what namespaces do not contain, in every ABI of the machine.
#include "seccomp.h"

#include <errno.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "seccomp_export.h"

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
	const char *word; /* what the value is called */
};

#define CALL(name, error, group)                                                                   \
	{                                                                                          \
		name, error, group, REFUSE_CALL, 0, 0, NULL                                        \
	}
#define VALUE(name, error, group, argument, value)                                                 \
	{                                                                                          \
		name, error, group, REFUSE_VALUE, argument, value, #value                          \
	}
#define FLAGS(name, error, group, argument, value, word)                                           \
	{                                                                                          \
		name, error, group, REFUSE_FLAGS, argument, value, word                            \
	}

#define NAMESPACE_FLAGS                                                                            \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | \
		CLONE_NEWCGROUP)

/* Of the container; who is PID 1 of a namespace below it may not be changed either. */
#define PID_1 1

/*
 * ENOSYS where programs try a new call and fall back, EPERM where there is nothing to fall back
 * to. clone3 has its flags in memory, where a filter cannot see them: for it the user namespace
 * itself forbids namespaces inside (identity.c).
 */
static const struct rule rules[] = {
	/* Keys are found by serial number, from any namespace. */
	CALL("add_key", EPERM, SECCOMP_ALWAYS),
	CALL("request_key", EPERM, SECCOMP_ALWAYS),
	CALL("keyctl", EPERM, SECCOMP_ALWAYS),

	/* The host's log: by kernel.dmesg_restrict=0 it is everybody's. */
	CALL("syslog", EPERM, SECCOMP_ALWAYS),

	/* Ways into the kernel that a measured program has no business with. */
	CALL("bpf", EPERM, SECCOMP_ALWAYS),
	CALL("perf_event_open", EPERM, SECCOMP_ALWAYS),
	CALL("userfaultfd", EPERM, SECCOMP_ALWAYS),

	/*
	 * Sockets to the hypervisor belong to no network namespace. The old 32-bit ABI has all
	 * socket calls behind one number, with the family in memory, where a filter cannot see it:
	 * there the making of sockets is refused. Any library newer than 2016 uses the plain calls.
	 * First, because libseccomp adds a socketcall with the error of the plain call to its rule,
	 * and keeps what is there already.
	 */
	VALUE("socketcall", ENOSYS, SECCOMP_ALWAYS, 0, SYS_SOCKET),
	VALUE("socketcall", ENOSYS, SECCOMP_ALWAYS, 0, SYS_SOCKETPAIR),
	VALUE("socket", EAFNOSUPPORT, SECCOMP_ALWAYS, 0, AF_VSOCK),
	VALUE("socketpair", EAFNOSUPPORT, SECCOMP_ALWAYS, 0, AF_VSOCK),

	/* Typing into the caller's terminal. */
	VALUE("ioctl", EPERM, SECCOMP_ALWAYS, 1, TIOCSTI),
	VALUE("ioctl", EPERM, SECCOMP_ALWAYS, 1, TIOCLINUX),

	/* Work that bypasses the system calls that are counted and filtered. */
	CALL("io_uring_setup", ENOSYS, SECCOMP_IO_URING),
	CALL("io_uring_enter", ENOSYS, SECCOMP_IO_URING),
	CALL("io_uring_register", ENOSYS, SECCOMP_IO_URING),

	CALL("mount", EPERM, SECCOMP_MOUNTS),
	CALL("umount2", EPERM, SECCOMP_MOUNTS),
	CALL("umount", EPERM, SECCOMP_MOUNTS),
	CALL("pivot_root", EPERM, SECCOMP_MOUNTS),
	CALL("move_mount", EPERM, SECCOMP_MOUNTS),
	CALL("open_tree", EPERM, SECCOMP_MOUNTS),
	CALL("mount_setattr", EPERM, SECCOMP_MOUNTS),
	CALL("fsopen", EPERM, SECCOMP_MOUNTS),
	CALL("fsconfig", EPERM, SECCOMP_MOUNTS),
	CALL("fsmount", EPERM, SECCOMP_MOUNTS),
	CALL("fspick", EPERM, SECCOMP_MOUNTS),

	/* The time flag shares its bit with clone's exit signal; only unshare can mean it. */
	CALL("setns", EPERM, SECCOMP_NAMESPACES),
	FLAGS("unshare", EPERM, SECCOMP_NAMESPACES, 0, NAMESPACE_FLAGS | CLONE_NEWTIME,
		"CLONE_NEW*"),
	FLAGS("clone", EPERM, SECCOMP_NAMESPACES, 0, NAMESPACE_FLAGS, "CLONE_NEW*"),

	/*
	 * A process may set limits, priorities and processors of all others of its uid. By these
	 * the command could end or starve PID 1, which is called so whoever it is asked about.
	 */
	VALUE("prlimit64", EPERM, SECCOMP_INIT, 0, PID_1),
	VALUE("sched_setaffinity", EPERM, SECCOMP_INIT, 0, PID_1),
	VALUE("sched_setattr", EPERM, SECCOMP_INIT, 0, PID_1),
	VALUE("sched_setparam", EPERM, SECCOMP_INIT, 0, PID_1),
	VALUE("sched_setscheduler", EPERM, SECCOMP_INIT, 0, PID_1),
	VALUE("setpriority", EPERM, SECCOMP_INIT, 1, PID_1),
	VALUE("ioprio_set", EPERM, SECCOMP_INIT, 1, PID_1),
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

int seccomp_filter_build(struct seccomp_filter *filter, unsigned int allowed, struct failure *why)
{
	scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);
	int error;

	*filter = (struct seccomp_filter){ 0 };
	if (!context)
		return failure_set(why, ENOMEM, "prepare the system call filter");
	error = add_rules(context, allowed, why);
	if (!error)
		error = seccomp_export(context, filter, why);
	seccomp_release(context);
	return error;
}

int seccomp_filter_load(const struct seccomp_filter *filter, struct failure *why)
{
	struct sock_fprog program = { .len = filter->count, .filter = filter->instructions };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &program))
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

/* --- What it refuses, told --- */

static const struct {
	enum seccomp_group group;
	const char *name; /* of --allow */
} groups[] = {
	{ SECCOMP_IO_URING, "io_uring" },
	{ SECCOMP_MOUNTS, "mounts" },
	{ SECCOMP_NAMESPACES, "namespaces" },
};

static const char *group_name(enum seccomp_group group)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (groups[i].group == group)
			return groups[i].name;
	}
	return NULL;
}

static void describe_condition(const struct rule *rule, char *text, size_t size)
{
	const char *relation = rule->kind == REFUSE_FLAGS ? "has any of" : "is";

	*text = '\0';
	if (rule->kind != REFUSE_CALL)
		snprintf(text, size, " if argument %u %s %#llx (%s)", rule->argument, relation,
			(unsigned long long)rule->value, rule->word);
}

void seccomp_explain(unsigned int allowed, struct explanation *explanation)
{
	for (size_t i = 0; i < RULE_COUNT; i++) {
		const struct rule *rule = &rules[i];
		const char *group = group_name(rule->group);
		char condition[128];

		describe_condition(rule, condition, sizeof(condition));
		if (rule->group & allowed && group)
			explanation_add(explanation, EXPLAIN_SYSTEM_CALLS, "allowed", rule->name,
				"by --allow %s", group);
		else if (!(rule->group & allowed))
			explanation_add(explanation, EXPLAIN_SYSTEM_CALLS, "refused", rule->name,
				"%s%s%s%s", failure_errno_name(rule->error), condition,
				group ? ", unless --allow " : "", group ? group : "");
	}
}

void seccomp_filter_done(struct seccomp_filter *filter)
{
	free(filter->instructions);
	filter->instructions = NULL;
}
