// SPDX-License-Identifier: Apache-2.0
// What the sandbox refuses, in the form in which the programs look it up.
#include <errno.h>
#include <bpf/bpf.h>
#include "collector_parts.h"

_Static_assert(REFUSAL_X86_64 == (int)ABI_X86_64 && REFUSAL_IA32 == (int)ABI_IA32 &&
		       REFUSAL_X32 == (int)ABI_X32,
	"the sandbox and the collector name the ABIs alike");

/* Where struct pt_regs has the arguments of a call: di, si, dx, r10, or bx, cx, dx, si. */
static const uint32_t argument_places[ABI_COUNT][4] = {
	[ABI_X86_64] = { 14, 13, 12, 7 },
	[ABI_IA32] = { 5, 11, 12, 13 },
	[ABI_X32] = { 14, 13, 12, 7 },
};

static struct refusal refusal_of(const struct refusal_rule *rule)
{
	return (struct refusal){ .mask = rule->mask,
		.value = rule->value,
		.place = argument_places[rule->abi][rule->argument],
		.is_any = rule->is_any,
		.needs_other = rule->needs_next };
}

/* A pair that is not full is filled with a rule that matches nothing. */
static int add_refusal(
	struct refusal_account *account, const struct refusal_rule *rule, size_t *pairs)
{
	static const struct refusal never = { .mask = 0, .value = 1 };
	uint8_t *place = &account->of_number[rule->number];

	if (!rule->looks_at_argument) {
		*place = REFUSED_ALWAYS;
		return 0;
	}
	if (*place) {
		account->pairs[*place - 1][1] = refusal_of(rule);
		return 0;
	}
	if (*pairs == REFUSAL_PAIRS)
		return -ENOSPC;
	account->pairs[*pairs][0] = refusal_of(rule);
	account->pairs[*pairs][1] = never;
	*place = ++*pairs;
	return 0;
}

static int expect_in_abi(struct collector *collector, uint32_t abi,
	const struct refusal_rule *rules, size_t count, struct failure *why)
{
	uint32_t key = collector->slot * ABI_COUNT + abi;
	struct refusal_account account = { 0 };
	size_t pairs = 0;

	for (size_t i = 0; i < count; i++) {
		if ((uint32_t)rules[i].abi != abi || rules[i].number >= SYSCALL_NUMBERS)
			continue;
		if (add_refusal(&account, &rules[i], &pairs))
			return failure_set(why, ENOSPC, "tell the collector what is refused");
	}
	if (collector->visit) {
		gate_visit_refuse(collector->visit, abi, &account);
		return 0;
	}
	if (bpf_map_update_elem(collector->maps[MAP_REFUSALS], &key, &account, BPF_ANY))
		return failure_set(why, errno, "tell the collector what is refused");
	return 0;
}

int collector_expect_refusals(struct collector *collector, const struct refusal_rule *rules,
	size_t count, struct failure *why)
{
	int error = 0;

	for (uint32_t abi = 0; abi < ABI_COUNT && !error; abi++)
		error = expect_in_abi(collector, abi, rules, count, why);
	return error;
}
