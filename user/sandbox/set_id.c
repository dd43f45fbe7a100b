// SPDX-License-Identifier: Apache-2.0
// The second filter, for runs that write on the host: no set-user-ID files.
#include "set_id.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>

/* In the number of an x32 call, whose number here is that of x86-64. */
#define X32_BIT 0x40000000

#define SET_ID (S_ISUID | S_ISGID)

/* Either flag makes a file, and then there is a mode. */
#define MAKES_FILE (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))

enum { NO_FLAGS = -1, NO_MODE = -1 };

/* A call, by its numbers, and in which arguments it has a file's mode and the flags to make one. */
static const struct call {
	const char *name;
	unsigned int x86_64, ia32;
	int mode, flags;
} calls[] = {
	{ "chmod", 90, 15, 1, NO_FLAGS },
	{ "fchmod", 91, 94, 1, NO_FLAGS },
	{ "fchmodat", 268, 306, 2, NO_FLAGS },
	{ "fchmodat2", 452, 452, 2, NO_FLAGS },
	{ "creat", 85, 8, 1, NO_FLAGS },
	{ "mknod", 133, 14, 1, NO_FLAGS },
	{ "mknodat", 259, 297, 2, NO_FLAGS },
	{ "open", 2, 5, 2, 1 },
	{ "openat", 257, 295, 3, 2 },
	{ "openat2", 437, 437, NO_MODE, NO_FLAGS },
};

#define CALL_COUNT (sizeof(calls) / sizeof(calls[0]))

/* The longest: a look at the number, at the flags, at the mode, and two verdicts each. */
enum { LONGEST_CALL = 8, BEFORE_CALLS = 5, AFTER_CALLS = 1 };
enum { LONGEST = BEFORE_CALLS + 2 * (CALL_COUNT * LONGEST_CALL + 2 + AFTER_CALLS) + 1 };

#define APPEND(filter, ...)                                                                        \
	((filter)->instructions[(filter)->count++] = (struct sock_filter)__VA_ARGS__)

static void load(struct seccomp_filter *filter, size_t offset)
{
	APPEND(filter, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* The low half; the kernel itself looks at no more of a mode or of flags. */
static void load_argument(struct seccomp_filter *filter, int argument)
{
	load(filter, offsetof(struct seccomp_data, args) + (size_t)argument * sizeof(uint64_t));
}

static void end(struct seccomp_filter *filter, uint32_t verdict)
{
	APPEND(filter, BPF_STMT(BPF_RET | BPF_K, verdict));
}

static void end_unless_any(struct seccomp_filter *filter, uint32_t bits)
{
	APPEND(filter, BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 1, 0));
	end(filter, SECCOMP_RET_ALLOW);
}

/* What follows the look at the number always ends in a verdict. */
static void judge(struct seccomp_filter *filter, const struct call *call)
{
	if (call->flags != NO_FLAGS) {
		load_argument(filter, call->flags);
		end_unless_any(filter, MAKES_FILE);
	}
	if (call->mode != NO_MODE) {
		load_argument(filter, call->mode);
		end_unless_any(filter, SET_ID);
	}
	end(filter, SECCOMP_RET_ERRNO | (call->mode == NO_MODE ? ENOSYS : EPERM));
}

static void add_call(struct seccomp_filter *filter, unsigned int number, const struct call *call)
{
	size_t look = filter->count;

	APPEND(filter, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 0));
	judge(filter, call);
	filter->instructions[look].jf = (uint8_t)(filter->count - look - 1);
}

static void add_abi(struct seccomp_filter *filter, bool is_ia32)
{
	load(filter, offsetof(struct seccomp_data, nr));
	if (!is_ia32)
		APPEND(filter, BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(uint32_t)X32_BIT));
	for (size_t i = 0; i < CALL_COUNT; i++)
		add_call(filter, is_ia32 ? calls[i].ia32 : calls[i].x86_64, &calls[i]);
	end(filter, SECCOMP_RET_ALLOW);
}

/* Another machine's calls are left to the first filter, which knows none but these. */
static void add_all(struct seccomp_filter *filter)
{
	size_t choice;

	load(filter, offsetof(struct seccomp_data, arch));
	APPEND(filter, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_I386, 1, 0));
	choice = filter->count;
	APPEND(filter, BPF_STMT(BPF_JMP | BPF_JA, 0));
	add_abi(filter, true);
	filter->instructions[choice].k = (uint32_t)(filter->count - choice - 1);
	add_abi(filter, false);
}

int set_id_filter_build(struct seccomp_filter *filter, struct failure *why)
{
	*filter = (struct seccomp_filter){
		.instructions = calloc(LONGEST, sizeof(*filter->instructions)),
	};
	if (!filter->instructions)
		return failure_set(why, ENOMEM, "prepare the filter against set-user-ID files");
	add_all(filter);
	return 0;
}

/* --- What it refuses, told --- */

static struct refusal_rule rule_of(const struct call *call, enum refusal_abi abi)
{
	return (struct refusal_rule){
		.abi = abi,
		.number = (int)(abi == REFUSAL_IA32 ? call->ia32 : call->x86_64),
	};
}

static void look_at(struct refusal_rule *rule, int argument, uint64_t bits)
{
	rule->looks_at_argument = rule->is_any = true;
	rule->argument = (unsigned int)argument;
	rule->mask = rule->value = bits;
}

/* One rule, or one for the flags and one for the mode. */
static size_t list_call(const struct call *call, enum refusal_abi abi, struct refusal_rule *out)
{
	size_t count = 0;

	if (call->flags != NO_FLAGS) {
		out[count] = rule_of(call, abi);
		look_at(&out[count], call->flags, MAKES_FILE);
		out[count++].needs_next = true;
	}
	out[count] = rule_of(call, abi);
	if (call->mode != NO_MODE)
		look_at(&out[count], call->mode, SET_ID);
	return count + 1;
}

size_t set_id_list_refusals(struct refusal_rule *out, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < CALL_COUNT; i++) {
		for (int abi = 0; abi < REFUSAL_ABIS && count + 2 <= room; abi++)
			count += list_call(&calls[i], abi, &out[count]);
	}
	return count;
}

void set_id_explain(struct explanation *explanation)
{
	for (size_t i = 0; i < CALL_COUNT; i++)
		explanation_add(explanation, EXPLAIN_SYSTEM_CALLS, "refused", calls[i].name, "%s",
			calls[i].mode == NO_MODE
				? "ENOSYS, for its mode cannot be seen: programs use openat"
				: "EPERM if the file would be set-user-ID or set-group-ID, for the "
				  "host would have it");
}
