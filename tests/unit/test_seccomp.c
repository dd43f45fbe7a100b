// SPDX-License-Identifier: Apache-2.0
// Claims about the system call filter, by executing its program: what is refused, in every ABI of
// the machine, with every set of groups let through, and that all else is allowed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/seccomp.h"
#include "sandbox/seccomp_ready.h"
#include "bpf_machine.h"
#include "expect.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define ALL_GROUPS (SECCOMP_IO_URING | SECCOMP_MOUNTS | SECCOMP_NAMESPACES | SECCOMP_INIT)
#define X32_BIT 0x40000000
#define ALLOWED SECCOMP_RET_ALLOW
#define REFUSED(error) (SECCOMP_RET_ERRNO | (error))
/* Higher than any number that any ABI uses. */
#define NUMBERS 1024

static const struct abi {
	const char *name;
	uint32_t audit;	  /* what the kernel tells the filter */
	uint32_t library; /* libseccomp's word for it */
	int bit;	  /* set in each of its numbers */
} abis[] = {
	{ "x86-64", AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64, 0 },
	{ "ia32", AUDIT_ARCH_I386, SCMP_ARCH_X86, 0 },
	{ "x32", AUDIT_ARCH_X86_64, SCMP_ARCH_X32, X32_BIT },
};

/* --- The model: what should be refused, said once more and in another way --- */

enum condition { ANY, VALUE, FLAG };

struct refusal {
	const char *name;
	int error;
	enum seccomp_group group;
	enum condition condition;
	int argument;
	uint32_t wanted;
};

static const struct refusal refusals[] = {
	{ "add_key", EPERM, SECCOMP_ALWAYS, ANY, 0, 0 },
	{ "request_key", EPERM, SECCOMP_ALWAYS, ANY, 0, 0 },
	{ "keyctl", EPERM, SECCOMP_ALWAYS, ANY, 0, 0 },
	{ "syslog", EPERM, SECCOMP_ALWAYS, ANY, 0, 0 },
	{ "bpf", EPERM, SECCOMP_ALWAYS, ANY, 0, 0 },
	{ "perf_event_open", EPERM, SECCOMP_ALWAYS, ANY, 0, 0 },
	{ "userfaultfd", EPERM, SECCOMP_ALWAYS, ANY, 0, 0 },
	{ "socket", EAFNOSUPPORT, SECCOMP_ALWAYS, VALUE, 0, 40 /* AF_VSOCK */ },
	{ "socketpair", EAFNOSUPPORT, SECCOMP_ALWAYS, VALUE, 0, 40 },
	{ "socketcall", ENOSYS, SECCOMP_ALWAYS, VALUE, 0, SYS_SOCKET },
	{ "socketcall", ENOSYS, SECCOMP_ALWAYS, VALUE, 0, SYS_SOCKETPAIR },
	{ "ioctl", EPERM, SECCOMP_ALWAYS, VALUE, 1, 0x5412 /* TIOCSTI */ },
	{ "ioctl", EPERM, SECCOMP_ALWAYS, VALUE, 1, 0x541c /* TIOCLINUX */ },
	{ "io_uring_setup", ENOSYS, SECCOMP_IO_URING, ANY, 0, 0 },
	{ "io_uring_enter", ENOSYS, SECCOMP_IO_URING, ANY, 0, 0 },
	{ "io_uring_register", ENOSYS, SECCOMP_IO_URING, ANY, 0, 0 },
	{ "mount", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "umount2", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "umount", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "pivot_root", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "move_mount", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "open_tree", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "mount_setattr", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "fsopen", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "fsconfig", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "fsmount", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "fspick", EPERM, SECCOMP_MOUNTS, ANY, 0, 0 },
	{ "setns", EPERM, SECCOMP_NAMESPACES, ANY, 0, 0 },
	{ "unshare", EPERM, SECCOMP_NAMESPACES, FLAG, 0,
		CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
			CLONE_NEWUTS | CLONE_NEWCGROUP | CLONE_NEWTIME },
	{ "clone", EPERM, SECCOMP_NAMESPACES, FLAG, 0,
		CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
			CLONE_NEWUTS | CLONE_NEWCGROUP },
	{ "prlimit64", EPERM, SECCOMP_INIT, VALUE, 0, 1 },
	{ "sched_setaffinity", EPERM, SECCOMP_INIT, VALUE, 0, 1 },
	{ "sched_setattr", EPERM, SECCOMP_INIT, VALUE, 0, 1 },
	{ "sched_setparam", EPERM, SECCOMP_INIT, VALUE, 0, 1 },
	{ "sched_setscheduler", EPERM, SECCOMP_INIT, VALUE, 0, 1 },
	{ "setpriority", EPERM, SECCOMP_INIT, VALUE, 1, 1 },
	{ "ioprio_set", EPERM, SECCOMP_INIT, VALUE, 1, 1 },
};

/* ia32 has these calls since Linux 4.3, but libseccomp only tells of the one before them all. */
static const struct {
	const char *name;
	int number;
} ia32_socket_calls[] = {
	{ "socket", 359 },
	{ "socketpair", 360 },
	{ "connect", 362 },
	{ "sendmsg", 370 },
};

/* The number of a call in an ABI, -1 when it has none there. */
static int number_in(const struct abi *abi, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(abi->library, name);

	for (size_t i = 0; i < LENGTH(ia32_socket_calls) && abi == &abis[1]; i++) {
		if (!strcmp(ia32_socket_calls[i].name, name))
			return ia32_socket_calls[i].number;
	}
	return number < 0 ? -1 : number;
}

static bool is_met(const struct refusal *refusal, const uint64_t *arguments)
{
	uint32_t argument = (uint32_t)arguments[refusal->argument];

	switch (refusal->condition) {
	case VALUE:
		return argument == refusal->wanted;
	case FLAG:
		return argument & refusal->wanted;
	case ANY:
		break;
	}
	return true;
}

static int model_numbers[LENGTH(abis)][LENGTH(refusals)];

static uint32_t expected_action(
	size_t abi, int number, const uint64_t *arguments, unsigned int allowed_groups)
{
	for (size_t i = 0; i < LENGTH(refusals); i++) {
		if (model_numbers[abi][i] == number && !(refusals[i].group & allowed_groups) &&
			is_met(&refusals[i], arguments))
			return REFUSED(refusals[i].error);
	}
	return ALLOWED;
}

/* --- Both together --- */

static struct seccomp_filter filters[ALL_GROUPS + 1]; /* by the groups let through */

static int build_all(void **state)
{
	struct failure why;

	(void)state;
	for (unsigned int groups = 0; groups <= ALL_GROUPS; groups++) {
		if (seccomp_filter_build(&filters[groups], groups, &why)) {
			fprintf(stderr, "%s (%s)\n", why.what, failure_errno_name(why.errnum));
			return -1;
		}
	}
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		for (size_t i = 0; i < LENGTH(refusals); i++)
			model_numbers[abi][i] = number_in(&abis[abi], refusals[i].name);
	}
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	for (unsigned int groups = 0; groups <= ALL_GROUPS; groups++)
		seccomp_filter_done(&filters[groups]);
	return 0;
}

static uint32_t action(size_t abi, int number, const uint64_t *arguments, unsigned int groups)
{
	struct seccomp_data data = {
		.nr = number, .arch = abis[abi].audit, .instruction_pointer = 0x7fffdeadbeefULL
	};

	memcpy(data.args, arguments, sizeof(data.args));
	return execute(&filters[groups], &data, NULL);
}

static void assert_action(
	size_t abi, int number, const uint64_t *arguments, unsigned int groups, uint32_t expected)
{
	uint32_t found = action(abi, number, arguments, groups);

	if (found != expected)
		fail_msg("%s call %#x (%#llx, %#llx, ...), groups %u let through: %#x, not %#x",
			abis[abi].name, number, (unsigned long long)arguments[0],
			(unsigned long long)arguments[1], groups, found, expected);
}

static void assert_as_modelled(
	size_t abi, int number, const uint64_t *arguments, unsigned int groups)
{
	assert_action(
		abi, number, arguments, groups, expected_action(abi, number, arguments, groups));
}

/* The action on a call with one argument that matters; -1 where the ABI does not have it. */
static int64_t action_on(size_t abi, const char *name, int argument, uint64_t value)
{
	uint64_t arguments[6] = { 0 };
	int number = number_in(&abis[abi], name);

	arguments[argument] = value;
	return number < 0 ? -1 : (int64_t)action(abi, number, arguments, 0);
}

/* --- What is refused --- */

/* Numbers of the system call tables of the kernel, so that not all is libseccomp's word. */
static void well_known_numbers_are_refused(void **state)
{
	static const struct {
		size_t abi;
		int number, error;
	} calls[] = { { 0, 250, EPERM }, { 1, 288, EPERM }, { 2, X32_BIT + 250, EPERM },
		{ 0, 321, EPERM }, { 1, 357, EPERM }, { 2, X32_BIT + 321, EPERM },
		{ 0, 165, EPERM }, { 1, 21, EPERM }, { 2, X32_BIT + 165, EPERM },
		{ 0, 425, ENOSYS }, { 1, 425, ENOSYS }, { 2, X32_BIT + 425, ENOSYS },
		{ 1, 22, EPERM } /* umount */ };
	static const uint64_t nothing[6];

	(void)state;
	for (size_t i = 0; i < LENGTH(calls); i++)
		assert_action(calls[i].abi, calls[i].number, nothing, 0, REFUSED(calls[i].error));
}

static void every_refusal_holds_in_every_abi(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		uint64_t arguments[6] = { 0 };
		int abis_with_it = 0;

		arguments[refusal->argument] = refusal->wanted;
		for (size_t abi = 0; abi < LENGTH(abis); abi++) {
			if (model_numbers[abi][i] < 0)
				continue;
			abis_with_it++;
			assert_action(
				abi, model_numbers[abi][i], arguments, 0, REFUSED(refusal->error));
		}
		/* These two are of the oldest ABI alone; a name no ABI has is a slip of the pen. */
		if (!strcmp(refusal->name, "umount") || !strcmp(refusal->name, "socketcall"))
			assert_int_equal(abis_with_it, 1);
		else
			assert_int_equal(abis_with_it, LENGTH(abis));
	}
}

/* The kernel takes 32 bits of these arguments, so 64 are one way to write the same call. */
static void high_bits_of_an_argument_do_not_hide_a_refused_value(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(refusals); i++) {
		for (int bit = 32; bit < 64; bit++) {
			uint64_t arguments[6] = { 0 };

			arguments[refusals[i].argument] = 1ULL << bit | refusals[i].wanted;
			for (size_t abi = 0; abi < LENGTH(abis); abi++) {
				if (model_numbers[abi][i] >= 0)
					assert_action(abi, model_numbers[abi][i], arguments, 0,
						REFUSED(refusals[i].error));
			}
		}
	}
}

static void high_bits_alone_are_no_refused_value(void **state)
{
	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		assert_int_equal(action_on(abi, "socket", 0, 40ULL << 32), ALLOWED);
		assert_int_equal(action_on(abi, "ioctl", 1, 0x5412ULL << 32), ALLOWED);
		assert_int_equal(
			action_on(abi, "unshare", 0, (uint64_t)CLONE_NEWUSER << 32), ALLOWED);
	}
}

static void every_namespace_flag_is_refused_whatever_comes_with_it(void **state)
{
	static const uint32_t flags[] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET,
		CLONE_NEWIPC, CLONE_NEWUTS, CLONE_NEWCGROUP };
	static const uint32_t company[] = { 0, SIGCHLD, CLONE_VM | CLONE_FS, 0xffffffff };

	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		for (size_t i = 0; i < LENGTH(flags) * LENGTH(company); i++) {
			uint32_t all = flags[i / LENGTH(company)] | company[i % LENGTH(company)];

			assert_int_equal(action_on(abi, "unshare", 0, all), REFUSED(EPERM));
			assert_int_equal(action_on(abi, "clone", 0, all), REFUSED(EPERM));
		}
		assert_int_equal(action_on(abi, "unshare", 0, CLONE_NEWTIME), REFUSED(EPERM));
	}
}

/* A filter that was made for other numbers must not judge by them. */
static void an_unknown_abi_is_never_allowed(void **state)
{
	static const uint32_t others[] = { AUDIT_ARCH_AARCH64, AUDIT_ARCH_ARM, 0, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < LENGTH(others); i++) {
		for (int number = 0; number < NUMBERS; number++) {
			struct seccomp_data data = { .nr = number, .arch = others[i] };

			assert_int_not_equal(execute(&filters[ALL_GROUPS], &data, NULL), ALLOWED);
		}
	}
}

/* --- What is not --- */

static void all_other_calls_are_allowed(void **state)
{
	static const uint64_t arguments[][6] = {
		{ 0 },
		{ 1, 2, 3, 4, 5, 6 },
		{ UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX },
		{ 0, 40, 0x5412, CLONE_NEWUSER, 40, 0x5412 },
	};

	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		for (int number = 0; number < NUMBERS; number++) {
			for (size_t i = 0; i < LENGTH(arguments); i++)
				assert_as_modelled(abi, number | abis[abi].bit, arguments[i], 0);
		}
	}
}

static void what_a_program_needs_is_allowed_by_name(void **state)
{
	static const char *const names[] = { "read", "write", "openat", "execve", "fork", "vfork",
		"clone3", "wait4", "futex", "mmap", "ptrace", "socket", "socketpair", "connect",
		"sendmsg", "ioctl", "clone", "unshare", "prctl", "chroot", "kill", "exit_group" };

	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		for (size_t i = 0; i < LENGTH(names); i++)
			assert_int_equal(action_on(abi, names[i], 0, 0), ALLOWED);
	}
}

static void every_address_family_but_that_of_the_hypervisor_is_allowed(void **state)
{
	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		for (uint64_t family = 0; family < 256; family++) {
			uint32_t expected = family == 40 ? REFUSED(EAFNOSUPPORT) : ALLOWED;

			assert_int_equal(action_on(abi, "socket", 0, family), expected);
			assert_int_equal(action_on(abi, "socketpair", 0, family), expected);
		}
	}
}

static void every_terminal_request_but_typing_is_allowed(void **state)
{
	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		for (uint64_t request = 0x5400; request < 0x5500; request++) {
			bool is_typing = request == TIOCSTI || request == TIOCLINUX;

			assert_int_equal(action_on(abi, "ioctl", 1, request),
				is_typing ? REFUSED(EPERM) : ALLOWED);
		}
		/* The descriptor may well have such a number. */
		assert_int_equal(action_on(abi, "ioctl", 0, TIOCSTI), ALLOWED);
	}
}

static void threads_and_forks_are_allowed_with_any_exit_signal(void **state)
{
	const uint64_t thread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
				CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID |
				CLONE_CHILD_CLEARTID;

	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		assert_int_equal(action_on(abi, "clone", 0, thread), ALLOWED);
		/* 0x80 and above are CLONE_NEWTIME in unshare, and part of the signal here. */
		for (uint64_t exit_signal = 0; exit_signal < 256; exit_signal++)
			assert_int_equal(action_on(abi, "clone", 0, exit_signal), ALLOWED);
		assert_int_equal(action_on(abi, "clone", 1, CLONE_NEWUSER), ALLOWED);
	}
}

static void every_single_flag_of_unshare_and_clone_is_judged_alone(void **state)
{
	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		for (int bit = 0; bit < 64; bit++) {
			const uint64_t arguments[6] = { 1ULL << bit };

			assert_as_modelled(abi, number_in(&abis[abi], "unshare"), arguments, 0);
			assert_as_modelled(abi, number_in(&abis[abi], "clone"), arguments, 0);
		}
	}
}

static void old_style_socket_calls_that_make_no_socket_are_allowed(void **state)
{
	(void)state;
	for (uint64_t call = 0; call < 32; call++) {
		bool makes_one = call == SYS_SOCKET || call == SYS_SOCKETPAIR;

		assert_int_equal(
			action_on(1, "socketcall", 0, call), makes_one ? REFUSED(ENOSYS) : ALLOWED);
	}
}

/* A tracer skips a call by the number -1; the kernel itself refuses what it does not know. */
static void numbers_of_no_call_are_left_to_the_kernel(void **state)
{
	static const int numbers[] = { -1, NUMBERS, 0x3fffffff, X32_BIT + NUMBERS, INT32_MAX,
		INT32_MIN };
	static const uint64_t nothing[6];

	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		for (size_t i = 0; i < LENGTH(numbers); i++)
			assert_action(abi, numbers[i], nothing, 0, ALLOWED);
	}
}

/* --- Groups --- */

static void a_group_lets_through_its_calls_and_no_others(void **state)
{
	(void)state;
	for (unsigned int groups = 0; groups <= ALL_GROUPS; groups++) {
		for (size_t abi = 0; abi < LENGTH(abis); abi++) {
			for (size_t i = 0; i < LENGTH(refusals); i++) {
				uint64_t arguments[6] = { 0 };

				arguments[refusals[i].argument] = refusals[i].wanted;
				if (model_numbers[abi][i] >= 0)
					assert_as_modelled(
						abi, model_numbers[abi][i], arguments, groups);
			}
		}
	}
}

static void with_all_groups_let_through_all_other_calls_are_allowed(void **state)
{
	static const uint64_t arguments[6] = { CLONE_NEWUSER | CLONE_NEWNS };

	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		for (int number = 0; number < NUMBERS; number++)
			assert_as_modelled(abi, number | abis[abi].bit, arguments, ALL_GROUPS);
	}
}

static void no_group_lets_keys_bpf_or_typing_through(void **state)
{
	static const uint64_t typing[6] = { 0, TIOCSTI };

	(void)state;
	for (size_t abi = 0; abi < LENGTH(abis); abi++) {
		assert_action(
			abi, number_in(&abis[abi], "keyctl"), typing, ALL_GROUPS, REFUSED(EPERM));
		assert_action(
			abi, number_in(&abis[abi], "bpf"), typing, ALL_GROUPS, REFUSED(EPERM));
		assert_action(
			abi, number_in(&abis[abi], "ioctl"), typing, ALL_GROUPS, REFUSED(EPERM));
	}
}

/* --- The list of refusals, by which the collector counts them --- */

static bool list_refuses(const struct refusal_rule *rules, size_t count, size_t abi, int number,
	const uint64_t *arguments)
{
	static const enum refusal_abi words[] = { REFUSAL_X86_64, REFUSAL_IA32, REFUSAL_X32 };

	for (size_t i = 0; i < count; i++) {
		uint64_t masked = rules[i].mask;

		if (rules[i].abi != words[abi] || rules[i].number != number)
			continue;
		if (!rules[i].looks_at_argument)
			return true;
		masked &= arguments[rules[i].argument];
		if (rules[i].is_any ? masked != 0 : masked == rules[i].value)
			return true;
	}
	return false;
}

static void assert_list_is_the_filter(size_t abi, unsigned int groups, const uint64_t *arguments)
{
	struct refusal_rule rules[128];
	size_t count = seccomp_list_refusals(groups, rules, LENGTH(rules));

	for (int number = 0; number < NUMBERS; number++) {
		bool is_refused = action(abi, number | abis[abi].bit, arguments, groups) != ALLOWED;

		if (list_refuses(rules, count, abi, number, arguments) != is_refused)
			fail_msg("%s call %d (%#llx, %#llx, ...), groups %u let through, is %s",
				abis[abi].name, number, (unsigned long long)arguments[0],
				(unsigned long long)arguments[1], groups,
				is_refused ? "refused and not listed" : "listed and not refused");
	}
}

static void the_list_of_refusals_is_what_the_filter_does(void **state)
{
	static const uint64_t arguments[][6] = {
		{ 0 },
		{ 1, TIOCSTI },
		{ 8, TIOCLINUX },
		{ 40 },
		{ 1ULL << 32 | 40, 1ULL << 63 | TIOCSTI },
		{ 40ULL << 32, (uint64_t)TIOCSTI << 32 },
		{ CLONE_NEWUSER },
		{ CLONE_NEWTIME },
		{ UINT64_MAX, UINT64_MAX },
	};

	(void)state;
	for (unsigned int groups = 0; groups <= ALL_GROUPS; groups++) {
		for (size_t abi = 0; abi < LENGTH(abis); abi++) {
			for (size_t i = 0; i < LENGTH(arguments); i++)
				assert_list_is_the_filter(abi, groups, arguments[i]);
		}
	}
}

static bool tells_of(const struct explanation_line *line, const struct refusal *refusal)
{
	const char *value = strstr(line->detail, "0x");

	if (strcmp(line->subject, refusal->name) != 0)
		return false;
	return refusal->condition != VALUE ||
	       (value && strtoul(value, NULL, 16) == refusal->wanted);
}

/* Rule by rule, against this test's own model. */
static void every_refusal_is_explained_with_its_error(void **state)
{
	struct explanation told = { 0 };

	(void)state;
	seccomp_explain(SECCOMP_MOUNTS, &told);
	assert_int_equal(told.count, LENGTH(refusals));
	for (size_t i = 0; i < LENGTH(refusals); i++) {
		bool is_allowed = refusals[i].group & SECCOMP_MOUNTS;
		const char *wanted =
			is_allowed ? "by --allow mounts" : strerrorname_np(refusals[i].error);
		size_t line = 0;

		while (line < told.count && !tells_of(&told.lines[line], &refusals[i]))
			line++;
		assert_true(line < told.count);
		assert_string_equal(told.lines[line].state, is_allowed ? "allowed" : "refused");
		assert_memory_equal(told.lines[line].detail, wanted, strlen(wanted));
	}
	explanation_done(&told);
}

static void a_list_longer_than_the_room_is_cut(void **state)
{
	struct refusal_rule rules[128], few[5];
	size_t count = seccomp_list_refusals(0, rules, LENGTH(rules));

	(void)state;
	assert_true(count > 5 && count < LENGTH(rules));
	assert_int_equal(seccomp_list_refusals(0, few, 5), 5);
	assert_int_equal(seccomp_list_refusals(0, NULL, 0), 0);
	for (size_t i = 0; i < LENGTH(few); i++) {
		assert_int_equal(few[i].abi, rules[i].abi);
		assert_int_equal(few[i].number, rules[i].number);
	}
}

/* --- The program itself --- */

/*
 * Every system call of a measured program pays for this. As a chain of comparisons, an allowed
 * call of x86-64 would take one for each of the 36 refused numbers; a tree needs their logarithm.
 */
static void an_ordinary_call_costs_few_instructions(void **state)
{
	static const char *const names[] = { "read", "write", "openat", "futex", "clone3" };

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct seccomp_data data = { .nr = number_in(&abis[0], names[i]),
			.arch = AUDIT_ARCH_X86_64 };
		size_t steps = 0;

		assert_int_equal(execute(&filters[0], &data, &steps), ALLOWED);
		assert_in_range(steps, 1, 16);
	}
}

static int live_with_filter(void)
{
	struct failure why;

	EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	EXPECT(seccomp_filter_load(&filters[0], &why) == 0);
	EXPECT(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER);
	EXPECT(syscall(SYS_keyctl, 0, 0, 0, 0, 0) == -1 && errno == EPERM);
	EXPECT(syscall(SYS_io_uring_setup, 1, NULL) == -1 && errno == ENOSYS);
	EXPECT(socket(40, SOCK_STREAM, 0) == -1 && errno == EAFNOSUPPORT);
	EXPECT(syscall(SYS_unshare, CLONE_NEWUSER) == -1 && errno == EPERM);
	EXPECT(syscall(SYS_unshare, 0) == 0);
	EXPECT(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	return 0;
}

static void the_kernel_takes_the_filter_and_obeys_it(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(live_with_filter());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_filter_that_is_none_is_an_error(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		const struct seccomp_filter none = { 0 };
		struct failure why;

		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(seccomp_filter_load(&none, &why) == -EINVAL ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* What a run loads is what libseccomp would have built for it. */
static void the_filters_built_with_the_program_are_the_same(void **state)
{
	(void)state;
	for (unsigned int groups = 0; groups <= ALL_GROUPS; groups++) {
		struct seccomp_filter ready;
		struct failure why;

		assert_int_equal(seccomp_ready_take(&ready, groups, &why), 0);
		assert_int_equal(ready.count, filters[groups].count);
		assert_memory_equal(ready.instructions, filters[groups].instructions,
			ready.count * sizeof(*ready.instructions));
		assert_int_equal(ready.flags, filters[groups].flags);
		seccomp_filter_done(&ready);
	}
}

static void a_filter_can_be_freed_twice(void **state)
{
	struct seccomp_filter filter;
	struct failure why;

	(void)state;
	assert_int_equal(seccomp_filter_build(&filter, 0, &why), 0);
	seccomp_filter_done(&filter);
	seccomp_filter_done(&filter);
	assert_null(filter.instructions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_known_numbers_are_refused),
		cmocka_unit_test(every_refusal_holds_in_every_abi),
		cmocka_unit_test(high_bits_of_an_argument_do_not_hide_a_refused_value),
		cmocka_unit_test(high_bits_alone_are_no_refused_value),
		cmocka_unit_test(every_namespace_flag_is_refused_whatever_comes_with_it),
		cmocka_unit_test(an_unknown_abi_is_never_allowed),
		cmocka_unit_test(all_other_calls_are_allowed),
		cmocka_unit_test(what_a_program_needs_is_allowed_by_name),
		cmocka_unit_test(every_address_family_but_that_of_the_hypervisor_is_allowed),
		cmocka_unit_test(every_terminal_request_but_typing_is_allowed),
		cmocka_unit_test(threads_and_forks_are_allowed_with_any_exit_signal),
		cmocka_unit_test(every_single_flag_of_unshare_and_clone_is_judged_alone),
		cmocka_unit_test(old_style_socket_calls_that_make_no_socket_are_allowed),
		cmocka_unit_test(numbers_of_no_call_are_left_to_the_kernel),
		cmocka_unit_test(a_group_lets_through_its_calls_and_no_others),
		cmocka_unit_test(with_all_groups_let_through_all_other_calls_are_allowed),
		cmocka_unit_test(no_group_lets_keys_bpf_or_typing_through),
		cmocka_unit_test(the_list_of_refusals_is_what_the_filter_does),
		cmocka_unit_test(every_refusal_is_explained_with_its_error),
		cmocka_unit_test(a_list_longer_than_the_room_is_cut),
		cmocka_unit_test(an_ordinary_call_costs_few_instructions),
		cmocka_unit_test(the_kernel_takes_the_filter_and_obeys_it),
		cmocka_unit_test(a_filter_that_is_none_is_an_error),
		cmocka_unit_test(the_filters_built_with_the_program_are_the_same),
		cmocka_unit_test(a_filter_can_be_freed_twice),
	};

	return cmocka_run_group_tests(tests, build_all, free_all);
}
