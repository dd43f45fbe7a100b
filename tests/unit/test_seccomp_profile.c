// SPDX-License-Identifier: Apache-2.0
// Claims about a user's seccomp profile: what its program does with a call, by executing it, in
// every ABI of the machine; and that a slip in it is told by its place.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/audit.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "sandbox/seccomp_profile.h"
#include "bpf_machine.h"
#include "expect.h"
#include "json_file.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define X32_BIT 0x40000000
#define ALLOWED SECCOMP_RET_ALLOW
#define KILLED SECCOMP_RET_KILL_PROCESS
#define REFUSED(error) (SECCOMP_RET_ERRNO | (error))

/* Numbers of the kernel's tables. */
enum { READ = 0, MKDIR = 83, SOCKET = 41, PERSONALITY = 135, CLONE = 56, SETNS = 308 };
enum { IA32_READ = 3, IA32_MKDIR = 39 };

static struct seccomp_profile profile;
static struct seccomp_filter filter;
static struct failure why;

static int read_text(const char *text)
{
	struct json_file file = json_file_of(text, strlen(text));
	int error = seccomp_profile_read(&profile, file.path, &why);

	json_file_done(&file);
	return error;
}

static void load(const char *text)
{
	seccomp_filter_done(&filter);
	if (read_text(text) || seccomp_profile_build(&profile, &filter, &why))
		fail_msg("refused: %s", why.what);
	seccomp_profile_done(&profile);
}

static int forget(void **state)
{
	(void)state;
	seccomp_filter_done(&filter);
	return 0;
}

static uint32_t action_in(uint32_t abi, int number, const uint64_t *arguments)
{
	struct seccomp_data data = { .nr = number, .arch = abi };

	memcpy(data.args, arguments, sizeof(data.args));
	return execute(&filter, &data, NULL);
}

static uint32_t action_on(int number, uint64_t first, uint64_t third)
{
	const uint64_t arguments[6] = { first, 0, third };

	return action_in(AUDIT_ARCH_X86_64, number, arguments);
}

static uint32_t action(int number)
{
	return action_on(number, 0, 0);
}

static void assert_refused(const char *text, const char *ending)
{
	size_t length;

	if (!read_text(text)) {
		seccomp_profile_done(&profile);
		fail_msg("not refused: %s", text);
	}
	length = strlen(why.what);
	if (strncmp(why.what, "--seccomp: /proc/self/fd/", 25) != 0 || length < strlen(ending) ||
		strcmp(why.what + length - strlen(ending), ending) != 0)
		fail_msg("'%s' does not end with '%s'", why.what, ending);
}

/* A document with one block. */
#define BLOCK(default_action, text)                                                                \
	"{\"defaultAction\": \"SCMP_ACT_" default_action "\", \"syscalls\": [{" text "}]}"
#define NAMES(name) "\"names\": [\"" name "\"], "
#define ACTION(word) "\"action\": \"SCMP_ACT_" word "\""
#define ARGS(text) ", \"args\": [" text "]"

/* --- Actions --- */

static void the_default_action_holds_for_what_is_not_named(void **state)
{
	(void)state;
	load(BLOCK("ERRNO", NAMES("read") ACTION("ALLOW")));
	assert_int_equal(action(READ), ALLOWED);
	assert_int_equal(action(MKDIR), REFUSED(EPERM));
	load(BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO")));
	assert_int_equal(action(READ), ALLOWED);
	assert_int_equal(action(MKDIR), REFUSED(EPERM));
	load("{\"defaultAction\": \"SCMP_ACT_KILL_PROCESS\"}");
	assert_int_equal(action(READ), KILLED);
	load("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": []}");
	assert_int_equal(action(READ), ALLOWED);
}

static void every_action_does_what_it_is_called(void **state)
{
	static const struct {
		const char *text;
		uint32_t wanted;
	} actions[] = {
		{ BLOCK("ALLOW", NAMES("mkdir") ACTION("KILL")), SECCOMP_RET_KILL_THREAD },
		{ BLOCK("ALLOW", NAMES("mkdir") ACTION("KILL_THREAD")), SECCOMP_RET_KILL_THREAD },
		{ BLOCK("ALLOW", NAMES("mkdir") ACTION("KILL_PROCESS")), KILLED },
		{ BLOCK("ALLOW", NAMES("mkdir") ACTION("TRAP")), SECCOMP_RET_TRAP },
		{ BLOCK("ALLOW", NAMES("mkdir") ACTION("LOG")), SECCOMP_RET_LOG },
		{ BLOCK("LOG", NAMES("mkdir") ACTION("ALLOW")), ALLOWED },
		{ BLOCK("TRAP", NAMES("read") ACTION("ALLOW")), SECCOMP_RET_TRAP },
		{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ", \"errnoRet\": 13"),
			REFUSED(EACCES) },
		{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ", \"errnoRet\": 4094"),
			REFUSED(4094) },
		{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ", \"errno\": \"ENOSYS\""),
			REFUSED(ENOSYS) },
		{ BLOCK("ALLOW", NAMES("mkdir") ACTION(
					 "ERRNO") ", \"errnoRet\": 38, \"errno\": \"ENOSYS\""),
			REFUSED(ENOSYS) },
		{ "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38}",
			REFUSED(ENOSYS) },
		{ "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrno\": \"EACCES\"}",
			REFUSED(EACCES) },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(actions); i++) {
		load(actions[i].text);
		assert_int_equal(action(MKDIR), actions[i].wanted);
	}
}

static void of_two_blocks_about_a_call_the_stricter_one_holds(void **state)
{
	static const char form[] = "{\"defaultAction\": \"SCMP_ACT_%s\", \"syscalls\": ["
				   "{\"names\": [\"setns\"], \"action\": \"SCMP_ACT_%s\"},"
				   "{\"names\": [\"setns\"], \"action\": \"SCMP_ACT_%s\"}]}";
	static const struct {
		const char *by_default, *first, *second;
		uint32_t wanted;
	} pairs[] = {
		{ "TRAP", "ALLOW", "ERRNO", REFUSED(EPERM) },
		{ "TRAP", "ERRNO", "ALLOW", REFUSED(EPERM) },
		{ "TRAP", "ALLOW", "LOG", SECCOMP_RET_LOG },
		{ "ALLOW", "KILL_PROCESS", "ERRNO", KILLED },
		{ "ALLOW", "KILL", "KILL_PROCESS", KILLED },
		{ "ERRNO", "ALLOW", "ERRNO", REFUSED(EPERM) },
		{ "ALLOW", "ALLOW", "ERRNO", REFUSED(EPERM) },
		{ "ERRNO", "ALLOW", "ALLOW", ALLOWED },
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < LENGTH(pairs); i++) {
		snprintf(text, sizeof(text), form, pairs[i].by_default, pairs[i].first,
			pairs[i].second);
		load(text);
		assert_int_equal(action(SETNS), pairs[i].wanted);
	}
}

/* --- Conditions on arguments --- */

#define ARG(index, op, value)                                                                      \
	"{\"index\": " #index ", \"op\": \"SCMP_CMP_" #op "\", \"value\": " #value "}"

static bool model_compare(const char *op, uint64_t argument, uint64_t value)
{
	switch (op[0] << 8 | op[1]) {
	case 'N' << 8 | 'E':
		return argument != value;
	case 'L' << 8 | 'T':
		return argument < value;
	case 'L' << 8 | 'E':
		return argument <= value;
	case 'E' << 8 | 'Q':
		return argument == value;
	case 'G' << 8 | 'E':
		return argument >= value;
	default:
		return argument > value;
	}
}

static void every_comparison_takes_all_64_bits(void **state)
{
	static const char *const operators[] = { "NE", "LT", "LE", "EQ", "GE", "GT" };
	static const uint64_t values[] = { 0, 1, 8, 0xffffffff, 1ULL << 32, (1ULL << 32) + 8,
		INT64_MAX };
	static const uint64_t arguments[] = { 0, 1, 7, 8, 9, 0xfffffffe, 0xffffffff, 1ULL << 32,
		(1ULL << 32) + 7, (1ULL << 32) + 8, INT64_MAX, 1ULL << 63, UINT64_MAX };
	char text[512];

	(void)state;
	for (size_t i = 0; i < LENGTH(operators) * LENGTH(values); i++) {
		const char *op = operators[i / LENGTH(values)];
		uint64_t value = values[i % LENGTH(values)];

		snprintf(text, sizeof(text),
			BLOCK("ERRNO", NAMES("personality") ACTION("ALLOW")
					       ARGS("{\"index\": 0, \"value\": %llu, "
						    "\"op\": \"SCMP_CMP_%s\"}")),
			(unsigned long long)value, op);
		load(text);
		for (size_t j = 0; j < LENGTH(arguments); j++) {
			bool holds = model_compare(op, arguments[j], value);

			assert_int_equal(action_on(PERSONALITY, arguments[j], 0),
				holds ? ALLOWED : REFUSED(EPERM));
		}
	}
}

/* As in Docker's rule for clone: 2114060288 is all flags of namespaces. */
static void a_masked_comparison_has_the_mask_first(void **state)
{
	(void)state;
	load(BLOCK("ERRNO",
		NAMES("clone") ACTION("ALLOW") ARGS("{\"index\": 0, "
						    "\"value\": 2114060288, \"valueTwo\": 0, "
						    "\"op\": \"SCMP_CMP_MASKED_EQ\"}")));
	assert_int_equal(action_on(CLONE, 0x11, 0), ALLOWED);
	assert_int_equal(action_on(CLONE, 0x10000000 | 0x11, 0), REFUSED(EPERM));
	load(BLOCK("ERRNO",
		NAMES("clone") ACTION("ALLOW")
			ARGS("{\"index\": 0, "
			     "\"value\": 3, \"valueTwo\": 2, \"op\": \"SCMP_CMP_MASKED_EQ\"}")));
	assert_int_equal(action_on(CLONE, 0xf2, 0), ALLOWED);
	assert_int_equal(action_on(CLONE, 0xf3, 0), REFUSED(EPERM));
}

static void conditions_on_different_arguments_must_all_hold(void **state)
{
	(void)state;
	load(BLOCK(
		"ALLOW", NAMES("socket") ACTION("ERRNO") ARGS(ARG(2, EQ, 9) ", " ARG(0, EQ, 16))));
	assert_int_equal(action_on(SOCKET, 16, 9), REFUSED(EPERM));
	assert_int_equal(action_on(SOCKET, 16, 8), ALLOWED);
	assert_int_equal(action_on(SOCKET, 15, 9), ALLOWED);
}

static void conditions_on_the_same_argument_are_alternatives(void **state)
{
	(void)state;
	load(BLOCK("ERRNO",
		NAMES("personality") ACTION("ALLOW") ARGS(ARG(0, EQ, 0) ", " ARG(0, EQ, 8))));
	assert_int_equal(action_on(PERSONALITY, 0, 0), ALLOWED);
	assert_int_equal(action_on(PERSONALITY, 8, 0), ALLOWED);
	assert_int_equal(action_on(PERSONALITY, 4, 0), REFUSED(EPERM));
}

static void the_same_condition_twice_is_no_contradiction(void **state)
{
	(void)state;
	load("{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": ["
	     "{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [" ARG(0, EQ,
		     1) "]}, {\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": "
			"[" ARG(0, EQ, 1) "]}, {\"names\": [\"socket\"], \"action\": "
					  "\"SCMP_ACT_ALLOW\", \"args\": "
					  "[{\"index\": 0, \"op\": \"SCMP_CMP_MASKED_EQ\", "
					  "\"value\": 9223372036854775807, "
					  "\"valueTwo\": 1}]}]}");
	assert_int_equal(action_on(SOCKET, 1, 0), ALLOWED);
	assert_int_equal(action_on(SOCKET, 2, 0), REFUSED(EPERM));
}

/* Two blocks about socket, with these conditions and different actions. */
static void make_pair(char *text, size_t size, const char *first, const char *second)
{
	snprintf(text, size,
		"{\"defaultAction\": \"SCMP_ACT_TRAP\", \"syscalls\": ["
		"{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [%s]}, "
		"{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ERRNO\", \"args\": [%s]}]}",
		first, second);
}

#define MASKED(mask, bits)                                                                         \
	"{\"index\": 0, \"op\": \"SCMP_CMP_MASKED_EQ\", \"value\": " #mask                         \
	", \"valueTwo\": " #bits "}"

static void different_actions_need_conditions_that_exclude_each_other(void **state)
{
	static const char *const apart[][2] = {
		{ ARG(0, EQ, 1), ARG(0, EQ, 2) },
		{ ARG(0, NE, 1), ARG(0, EQ, 1) },
		{ ARG(0, EQ, 1), ARG(0, NE, 1) },
		{ ARG(0, LT, 5), ARG(0, GE, 5) },
		{ ARG(0, LE, 5), ARG(0, GT, 5) },
		{ ARG(0, LT, 5), ARG(0, EQ, 5) },
		{ MASKED(1, 0), MASKED(3, 1) },
		{ MASKED(1, 0), ARG(0, EQ, 7) },
		{ ARG(2, NE, 9), ARG(0, EQ, 16) ", " ARG(2, EQ, 9) },
	};
	static const char *const together[][2] = {
		{ "", ARG(0, EQ, 1) },
		{ ARG(0, EQ, 1), "" },
		{ ARG(0, EQ, 1), ARG(1, EQ, 1) },
		{ ARG(0, NE, 1), ARG(0, NE, 1) ", " ARG(1, EQ, 1) },
		{ ARG(0, NE, 1), ARG(0, EQ, 2) },
		{ ARG(0, LE, 5), ARG(0, GE, 5) },
		{ ARG(0, LT, 5), ARG(0, EQ, 4) },
		{ MASKED(1, 0), MASKED(2, 0) },
		{ MASKED(1, 1), ARG(0, EQ, 7) },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < LENGTH(apart); i++) {
		make_pair(text, sizeof(text), apart[i][0], apart[i][1]);
		load(text);
	}
	for (size_t i = 0; i < LENGTH(together); i++) {
		make_pair(text, sizeof(text), together[i][0], together[i][1]);
		assert_refused(text,
			": syscalls: socket is ALLOW in [0] and EPERM in [1], under conditions "
			"that can both hold");
	}
}

static void rules_that_exclude_each_other_are_each_obeyed(void **state)
{
	char text[1024];

	(void)state;
	make_pair(text, sizeof(text), ARG(2, NE, 9), ARG(0, EQ, 16) ", " ARG(2, EQ, 9));
	load(text);
	assert_int_equal(action_on(SOCKET, 16, 9), REFUSED(EPERM));
	assert_int_equal(action_on(SOCKET, 16, 8), ALLOWED);
	assert_int_equal(action_on(SOCKET, 1, 9), SECCOMP_RET_TRAP);
}

/* --- ABIs --- */

static const uint64_t nothing[6];

static uint32_t ia32(int number)
{
	return action_in(AUDIT_ARCH_I386, number, nothing);
}

static uint32_t x32(int number)
{
	return action_in(AUDIT_ARCH_X86_64, X32_BIT | number, nothing);
}

#define FOR_ABIS(text)                                                                             \
	"{\"defaultAction\": \"SCMP_ACT_ERRNO\", " text                                            \
	", \"syscalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}]}"

static void an_abi_that_is_not_named_kills(void **state)
{
	static const char *const texts[] = {
		BLOCK("ERRNO", NAMES("read") ACTION("ALLOW")),
		FOR_ABIS("\"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_ARM\"]"),
		FOR_ABIS("\"architectures\": [\"SCMP_ARCH_NATIVE\"]"),
		FOR_ABIS("\"archMap\": [{\"architecture\": \"SCMP_ARCH_X86_64\"}]"),
		FOR_ABIS("\"archMap\": [{\"architecture\": \"SCMP_ARCH_AARCH64\", "
			 "\"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}]"),
		BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO")),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		load(texts[i]);
		assert_int_equal(action(READ), ALLOWED);
		assert_int_equal(ia32(IA32_READ), KILLED);
		assert_int_equal(x32(READ), KILLED);
		assert_int_equal(action_in(AUDIT_ARCH_AARCH64, READ, nothing), KILLED);
	}
}

static void an_abi_that_is_named_has_the_same_rules(void **state)
{
	static const char *const texts[] = {
		FOR_ABIS("\"architectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]"),
		FOR_ABIS("\"archMap\": [{\"architecture\": \"SCMP_ARCH_LOONGARCH64\", "
			 "\"subArchitectures\": null}, {\"architecture\": \"SCMP_ARCH_X86_64\", "
			 "\"subArchitectures\": [\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"]}]"),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		load(texts[i]);
		assert_int_equal(action(READ), ALLOWED);
		assert_int_equal(ia32(IA32_READ), ALLOWED);
		assert_int_equal(x32(READ), ALLOWED);
		assert_int_equal(ia32(IA32_MKDIR), REFUSED(EPERM));
		assert_int_equal(x32(MKDIR), REFUSED(EPERM));
	}
}

/* --- Conditions on the machine --- */

#define WITH(text) BLOCK("ERRNO", NAMES("mkdir") ACTION("ALLOW") ", " text)

static void blocks_hold_where_their_conditions_do(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} blocks[] = {
		{ WITH("\"includes\": {}, \"excludes\": {}"), true },
		{ WITH("\"includes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}"), false },
		{ WITH("\"includes\": {\"caps\": []}"), true },
		{ WITH("\"excludes\": {\"caps\": [\"CAP_SYS_ADMIN\"]}"), true },
		{ WITH("\"includes\": {\"arches\": [\"amd64\", \"x32\"]}"), true },
		{ WITH("\"includes\": {\"arches\": [\"x32\"]}"), false },
		{ WITH("\"includes\": {\"arches\": [\"s390\", \"s390x\"]}"), false },
		{ WITH("\"includes\": {\"arches\": []}"), true },
		{ WITH("\"excludes\": {\"arches\": [\"s390\", \"s390x\"]}"), true },
		{ WITH("\"excludes\": {\"arches\": [\"arm\", \"amd64\"]}"), false },
		{ WITH("\"includes\": {\"minKernel\": \"4.8\"}"), true },
		{ WITH("\"includes\": {\"minKernel\": \"99.0\"}"), false },
		{ WITH("\"excludes\": {\"minKernel\": \"4.8\"}"), false },
		{ WITH("\"excludes\": {\"minKernel\": \"99.0\"}"), true },
		{ WITH("\"includes\": {\"minKernel\": \"4.8\", \"caps\": [\"CAP_BPF\"]}"), false },
		{ WITH("\"includes\": null, \"excludes\": null, \"comment\": \"why\""), true },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(blocks); i++) {
		load(blocks[i].text);
		if (action(MKDIR) != (blocks[i].holds ? ALLOWED : REFUSED(EPERM)))
			fail_msg("%s", blocks[i].text);
	}
}

static void the_kernel_of_a_condition_is_compared_by_both_numbers(void **state)
{
	unsigned int major, minor;
	struct utsname name;
	char text[256];

	(void)state;
	assert_int_equal(uname(&name), 0);
	assert_int_equal(sscanf(name.release, "%u.%u", &major, &minor), 2);
	for (int more = -1; more <= 1; more++) {
		snprintf(text, sizeof(text), WITH("\"includes\": {\"minKernel\": \"%u.%u\"}"),
			major, minor + 1 + more);
		load(text);
		assert_int_equal(action(MKDIR), more < 0 ? ALLOWED : REFUSED(EPERM));
	}
	snprintf(text, sizeof(text), WITH("\"includes\": {\"minKernel\": \"%u.999\"}"), major - 1);
	load(text);
	assert_int_equal(action(MKDIR), ALLOWED);
}

/* --- Names --- */

static void old_files_have_one_name_in_each_block(void **state)
{
	(void)state;
	load(BLOCK("ERRNO", "\"name\": \"mkdir\", \"action\": \"SCMP_ACT_ALLOW\", \"args\": null"));
	assert_int_equal(action(MKDIR), ALLOWED);
}

static void a_name_of_another_machine_is_no_slip(void **state)
{
	(void)state;
	load(BLOCK("ALLOW",
		"\"names\": [\"arm_fadvise64_64\", \"s390_pci_mmio_read\", \"mkdir\"], " ACTION(
			"ERRNO")));
	assert_int_equal(action(MKDIR), REFUSED(EPERM));
	assert_int_equal(action(READ), ALLOWED);
}

static void an_unknown_name_is_skipped_where_its_call_is_refused_anyway(void **state)
{
	static const char *const texts[] = {
		BLOCK("ERRNO", "\"names\": [\"frobnicate\", \"read\"], " ACTION("ALLOW")),
		BLOCK("ERRNO", "\"names\": [\"frobnicate\", \"read\"], " ACTION("LOG")),
		BLOCK("KILL", "\"names\": [\"frobnicate\", \"read\"], " ACTION("ERRNO")),
		BLOCK("ERRNO", "\"names\": [\"frobnicate\"], " ACTION("ERRNO")),
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		assert_int_equal(read_text(texts[i]), 0);
		assert_int_equal(profile.skipped_count, 1);
		assert_string_equal(profile.skipped[0], "frobnicate");
		seccomp_profile_done(&profile);
	}
}

static void an_unknown_name_is_refused_where_its_call_would_be_let_through(void **state)
{
	static const char ending[] = " knows no system call frobnicate, which so would not be "
				     "refused";

	(void)state;
	assert_refused(
		BLOCK("ALLOW", "\"names\": [\"mkdir\", \"frobnicate\"], " ACTION("ERRNO")), ending);
	assert_non_null(strstr(why.what, ": syscalls[0].names[1]: libseccomp 2."));
	assert_refused(BLOCK("ERRNO", NAMES("frobnicate") ACTION("KILL")), ending);
	assert_refused(BLOCK("LOG", NAMES("frobnicate") ACTION("ERRNO")), ending);
}

static void an_unknown_name_in_a_block_that_does_not_hold_is_left_alone(void **state)
{
	(void)state;
	load(BLOCK("ALLOW",
		NAMES("frobnicate") ACTION("ERRNO") ", \"includes\": {\"arches\": [\"s390x\"]}"));
}

/* --- Slips --- */

static const struct {
	const char *text, *ending;
} slips[] = {
	{ "{}", ": defaultAction: is missing" },
	{ "{\"defaultAction\": \"ALLOW\"}",
		": defaultAction: ALLOW is not one of SCMP_ACT_ALLOW, SCMP_ACT_LOG, "
		"SCMP_ACT_ERRNO, SCMP_ACT_TRAP, SCMP_ACT_KILL, SCMP_ACT_KILL_THREAD, "
		"SCMP_ACT_KILL_PROCESS, SCMP_ACT_TRACE, SCMP_ACT_NOTIFY" },
	{ "{\"defaultAction\": 1}", ": defaultAction: expected a string, got an integer" },
	{ "{\"defaultAction\": \"SCMP_ACT_TRACE\"}",
		": defaultAction: SCMP_ACT_TRACE is not possible: tare is no tracer" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("NOTIFY")),
		": syscalls[0].action: SCMP_ACT_NOTIFY is not possible: nobody would be "
		"told" },
	{ BLOCK("ALLOW", NAMES("mkdir") "\"comment\": \"x\""), ": syscalls[0].action: is missing" },
	{ BLOCK("ALLOW", ACTION("ERRNO")), ": syscalls[0].names: is missing" },
	{ BLOCK("ALLOW", "\"names\": [], " ACTION("ERRNO")), ": syscalls[0].names: is empty" },
	{ BLOCK("ALLOW", "\"names\": \"mkdir\", " ACTION("ERRNO")),
		": syscalls[0].names: expected an array, got a string" },
	{ BLOCK("ALLOW", "\"names\": [\"mkdir\", 5], " ACTION("ERRNO")),
		": syscalls[0].names[1]: expected a string, got an integer" },
	{ BLOCK("ALLOW", NAMES("mkdir") "\"name\": \"mkdir\", " ACTION("ERRNO")),
		": syscalls[0].name: there are names as well" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ", \"errnoRet\": 0"),
		": syscalls[0].errnoRet: 0 is out of range: 1 to 4094" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ", \"errnoRet\": 5000"),
		": syscalls[0].errnoRet: 5000 is out of range: 1 to 4094" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ", \"errnoRet\": \"1\""),
		": syscalls[0].errnoRet: expected an integer, got a string" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ", \"errno\": \"EFROB\""),
		": syscalls[0].errno: EFROB is no name of an error, such as EPERM" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ", \"errnoRet\": 1, \"errno\": \"EACCES\""),
		": syscalls[0]: the number and the name of the error differ" },
	{ BLOCK("ERRNO", NAMES("mkdir") ACTION("ALLOW") ", \"errnoRet\": 1"),
		": syscalls[0]: only SCMP_ACT_ERRNO has an error number" },
	{ "{\"defaultAction\": \"SCMP_ACT_KILL\", \"defaultErrnoRet\": 1}",
		": only SCMP_ACT_ERRNO has an error number" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ARGS(ARG(6, EQ, 1))),
		": syscalls[0].args[0].index: 6 is out of range: 0 to 5" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ARGS(ARG(0, EQ, -1))),
		": syscalls[0].args[0].value: -1 is out of range: 0 to "
		"18446744073709551615" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ARGS(ARG(0, EQ, 1.0))),
		": syscalls[0].args[0].value: expected an integer, got a fraction" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ARGS(ARG(0, XX, 1))),
		": syscalls[0].args[0].op: SCMP_CMP_XX is not one of SCMP_CMP_NE, "
		"SCMP_CMP_LT, SCMP_CMP_LE, SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, "
		"SCMP_CMP_MASKED_EQ" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ARGS("{\"index\": 0}")),
		": syscalls[0].args[0].value: is missing" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO")
				 ARGS("{\"index\": 0, \"value\": 1, \"valueTwo\": 1, "
				      "\"op\": \"SCMP_CMP_EQ\"}")),
		": syscalls[0].args[0]: only SCMP_CMP_MASKED_EQ has a valueTwo" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ARGS(MASKED(1, 2))),
		": syscalls[0].args[0]: valueTwo has bits that value, the mask, has not" },
	{ BLOCK("ALLOW", NAMES("mkdir") ACTION("ERRNO") ", \"arg\": []"),
		": syscalls[0].arg: there is no such key here" },
	{ WITH("\"includes\": {\"arch\": []}"),
		": syscalls[0].includes.arch: there is no such key here" },
	{ WITH("\"includes\": {\"caps\": [1]}"),
		": syscalls[0].includes.caps[0]: expected a string, got an integer" },
	{ WITH("\"includes\": {\"minKernel\": \"4\"}"),
		": syscalls[0].includes.minKernel: expected a version such as \"4.8\"" },
	{ WITH("\"excludes\": {\"minKernel\": \"4.8.1\"}"),
		": syscalls[0].excludes.minKernel: expected a version such as \"4.8\"" },
	{ WITH("\"excludes\": {\"minKernel\": \" 4.8\"}"),
		": syscalls[0].excludes.minKernel: expected a version such as \"4.8\"" },
	{ WITH("\"excludes\": {\"minKernel\": \"\"}"),
		": syscalls[0].excludes.minKernel: expected a version such as \"4.8\"" },
	{ WITH("\"excludes\": {\"minKernel\": \"4.-8\"}"),
		": syscalls[0].excludes.minKernel: expected a version such as \"4.8\"" },
	{ FOR_ABIS("\"architectures\": [\"SCMP_ARCH_X86\"], \"archMap\": [{}]"),
		": archMap: there are architectures as well" },
	{ FOR_ABIS("\"archMap\": [{}]"), ": archMap[0].architecture: is missing" },
	{ FOR_ABIS("\"flags\": [\"SECCOMP_FILTER_FLAG_TSYNC\"]"),
		": flags[0]: SECCOMP_FILTER_FLAG_TSYNC is needless: the command starts "
		"with one thread" },
	{ FOR_ABIS("\"listenerPath\": \"/run/x\""),
		": listenerPath: is for SCMP_ACT_NOTIFY, which is not possible here" },
	{ FOR_ABIS("\"default_action\": 1"), ": default_action: there is no such key here" },
};

static void slips_are_told_by_their_place_and_with_what_is_possible(void **state)
{

	(void)state;
	for (size_t i = 0; i < LENGTH(slips); i++)
		assert_refused(slips[i].text, slips[i].ending);
}

static void machines_that_nobody_has_are_refused(void **state)
{
	(void)state;
	assert_int_equal(read_text(FOR_ABIS("\"architectures\": [\"SCMP_ARCH_X86_46\"]")), -EINVAL);
	assert_non_null(strstr(why.what, ": architectures[0]: SCMP_ARCH_X86_46 is not one of "
					 "SCMP_ARCH_NATIVE, SCMP_ARCH_X86_64, "));
	assert_int_equal(read_text(FOR_ABIS("\"archMap\": [{\"architecture\": \"SCMP_ARCH_S390\", "
					    "\"subArchitectures\": [\"x86\"]}]")),
		-EINVAL);
	assert_non_null(strstr(why.what, ": archMap[0].subArchitectures[0]: x86 is not one of "));
	assert_int_equal(read_text(WITH("\"includes\": {\"arches\": [\"x86_64\"]}")), -EINVAL);
	assert_non_null(strstr(
		why.what, ": syscalls[0].includes.arches[0]: x86_64 is not one of amd64, x86, "));
}

/* Each with as many conditions as there are arguments. */
static char *make_long_profile(int rules)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [");
	for (int i = 0; i < rules; i++) {
		fprintf(out,
			"%s{\"names\": [\"ioctl\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [",
			i ? ", " : "");
		for (int argument = 0; argument < 6; argument++)
			fprintf(out, "%s{\"index\": %d, \"value\": %d, \"op\": \"SCMP_CMP_EQ\"}",
				argument ? ", " : "", argument, i * 7 + argument);
		fprintf(out, "]}");
	}
	fprintf(out, "]}");
	assert_int_equal(fclose(out), 0);
	return text;
}

static void a_profile_that_the_kernel_would_not_take_is_refused(void **state)
{
	cleanup_free char *many = make_long_profile(PROFILE_RULES + 1);
	cleanup_free char *some = make_long_profile(PROFILE_RULES);

	(void)state;
	assert_refused(many, ": syscalls[1024].names[0]: is one rule too many: tare takes 1024");
	seccomp_filter_done(&filter);
	assert_int_equal(read_text(some), 0);
	assert_int_equal(seccomp_profile_build(&profile, &filter, &why), -EINVAL);
	assert_non_null(strstr(why.what, ": makes a filter that is too long for the kernel"));
	seccomp_profile_done(&profile);
}

/* --- Any bytes --- */

/* Numbers that look random and are the same in every run. */
static uint32_t next_number(void)
{
	static uint32_t number = 12345;

	number = number * 1664525 + 1013904223;
	return number >> 8;
}

/* Read, build and tell: whatever is accepted becomes a filter. */
static void try_text(const char *text)
{
	struct explanation told = { 0 };

	memset(&why, 0, sizeof(why));
	if (read_text(text)) {
		assert_string_not_equal(why.what, "");
		return;
	}
	seccomp_filter_done(&filter);
	if (seccomp_profile_build(&profile, &filter, &why))
		fail_msg("%s is read, and not built: %s", text, why.what);
	seccomp_profile_explain(&profile, &told);
	explanation_done(&told);
	seccomp_profile_done(&profile);
}

static void no_bytes_make_the_reader_fail_without_a_reason(void **state)
{
	static const char good[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"archMap\": "
		"[{\"architecture\": \"SCMP_ARCH_X86_64\", \"subArchitectures\": "
		"[\"SCMP_ARCH_X86\"]}], \"syscalls\": [{\"names\": [\"read\", \"mkdir\"], "
		"\"action\": \"SCMP_ACT_ALLOW\", \"args\": [" ARG(0, LT, 12) ", " MASKED(7,
			2) "], \"includes\": {\"minKernel\": \"4.8\", \"arches\": [\"amd64\"]}}]}";
	char text[sizeof(good)];

	(void)state;
	for (int round = 0; round < 20000; round++) {
		memcpy(text, good, sizeof(good));
		for (uint32_t i = 0; i < 1 + next_number() % 2; i++)
			text[next_number() % (sizeof(good) - 1)] = (char)(' ' + next_number() % 95);
		try_text(text);
	}
}

/* --- Telling of it --- */

static void assert_told(
	const struct explanation *explanation, size_t line, const char *subject, const char *detail)
{
	assert_true(line < explanation->count);
	assert_string_equal(explanation->lines[line].subject, subject);
	assert_string_equal(explanation->lines[line].detail, detail);
}

static void a_profile_is_explained_block_by_block(void **state)
{
	static const char text[] =
		"{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 4000, "
		"\"architectures\": [\"SCMP_ARCH_X86\"], \"syscalls\": ["
		"{\"names\": [\"read\", \"frobnicate\", \"write\"], " ACTION(
			"ALLOW") "}, "
				 "{\"names\": [\"mkdir\"], " ACTION(
					 "KILL") "}, "
						 "{\"names\": [\"socket\", "
						 "\"socketpair\"], " ACTION(
							 "ERRNO") ", \"errnoRet\": 13" ARGS(ARG(2,
							 EQ, 9) ", " ARG(0, NE,
							 16)) "}, "
							      "{\"names\": [\"clone\"], " ACTION(
								      "LOG") ARGS(MASKED(3,
								      2) ", " ARG(0, GT, 4)) "}]}";
	struct explanation told = { 0 };

	(void)state;
	assert_int_equal(read_text(text), 0);
	seccomp_profile_explain(&profile, &told);
	assert_told(&told, 0, "ALLOW", "read, write");
	assert_told(&told, 1, "KILL", "mkdir");
	assert_told(&told, 2, "EACCES",
		"socket, socketpair if argument 0 is not 0x10 and argument 2 is 0x9");
	assert_told(&told, 3, "LOG", "clone if argument 0 & 0x3 is 0x2");
	assert_told(&told, 4, "LOG", "clone if argument 0 > 0x4");
	assert_told(&told, 5, "unknown to libseccomp", "frobnicate");
	assert_told(&told, 6, "errno 4000", "all other calls; any of the x32 ABI kills");
	assert_int_equal(told.count, 7);
	assert_int_equal(explanation_check(&told, &why), 0);
	explanation_done(&told);
	seccomp_profile_done(&profile);
}

/* --- In the kernel --- */

static int live_with_profile(void)
{
	EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	EXPECT(seccomp_filter_load(&filter, &why) == 0);
	EXPECT(mkdir("/tmp/tare-test-never", 0700) == -1 && errno == EACCES);
	EXPECT(syscall(SYS_personality, 8) == -1 && errno == ENOSYS);
	EXPECT(getppid() > 0);
	return 0;
}

static void the_kernel_takes_the_profile_and_obeys_it(void **state)
{
	int status;
	pid_t child;

	(void)state;
	load("{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": "
	     "[\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"], "
	     "\"syscalls\": [{\"names\": [\"mkdir\", \"mkdirat\"], \"action\": \"SCMP_ACT_ERRNO\", "
	     "\"errnoRet\": 13}, {\"names\": [\"personality\"], \"action\": \"SCMP_ACT_ERRNO\", "
	     "\"errno\": \"ENOSYS\", \"args\": [" ARG(0, EQ, 8) "]}]}");
	child = fork();
	if (child == 0)
		_exit(live_with_profile());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_action_holds_for_what_is_not_named),
		cmocka_unit_test(every_action_does_what_it_is_called),
		cmocka_unit_test(of_two_blocks_about_a_call_the_stricter_one_holds),
		cmocka_unit_test(every_comparison_takes_all_64_bits),
		cmocka_unit_test(a_masked_comparison_has_the_mask_first),
		cmocka_unit_test(conditions_on_different_arguments_must_all_hold),
		cmocka_unit_test(conditions_on_the_same_argument_are_alternatives),
		cmocka_unit_test(the_same_condition_twice_is_no_contradiction),
		cmocka_unit_test(different_actions_need_conditions_that_exclude_each_other),
		cmocka_unit_test(rules_that_exclude_each_other_are_each_obeyed),
		cmocka_unit_test(an_abi_that_is_not_named_kills),
		cmocka_unit_test(an_abi_that_is_named_has_the_same_rules),
		cmocka_unit_test(blocks_hold_where_their_conditions_do),
		cmocka_unit_test(the_kernel_of_a_condition_is_compared_by_both_numbers),
		cmocka_unit_test(old_files_have_one_name_in_each_block),
		cmocka_unit_test(a_name_of_another_machine_is_no_slip),
		cmocka_unit_test(an_unknown_name_is_skipped_where_its_call_is_refused_anyway),
		cmocka_unit_test(an_unknown_name_is_refused_where_its_call_would_be_let_through),
		cmocka_unit_test(an_unknown_name_in_a_block_that_does_not_hold_is_left_alone),
		cmocka_unit_test(slips_are_told_by_their_place_and_with_what_is_possible),
		cmocka_unit_test(machines_that_nobody_has_are_refused),
		cmocka_unit_test(a_profile_that_the_kernel_would_not_take_is_refused),
		cmocka_unit_test(no_bytes_make_the_reader_fail_without_a_reason),
		cmocka_unit_test(a_profile_is_explained_block_by_block),
		cmocka_unit_test(the_kernel_takes_the_profile_and_obeys_it),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
