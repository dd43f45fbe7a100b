// SPDX-License-Identifier: Apache-2.0
// The rules of a seccomp profile: which are the same, which is stricter, which contradict.
#include "seccomp_profile.h"

#include <errno.h>
#include <linux/seccomp.h>

/* An action as the kernel compares it; the error that comes with it does not count. */
static int32_t laxness(uint32_t action)
{
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL);
}

bool profile_is_stricter(uint32_t action, uint32_t other)
{
	return laxness(action) < laxness(other);
}

/* --- Adding --- */

static bool is_same_condition(const struct scmp_arg_cmp *a, const struct scmp_arg_cmp *b)
{
	return a->arg == b->arg && a->op == b->op && a->datum_a == b->datum_a &&
	       a->datum_b == b->datum_b;
}

static bool is_same_case(const struct profile_rule *a, const struct profile_rule *b)
{
	if (a->number != b->number || a->condition_count != b->condition_count)
		return false;
	for (unsigned int i = 0; i < a->condition_count; i++) {
		if (!is_same_condition(&a->conditions[i], &b->conditions[i]))
			return false;
	}
	return true;
}

/* libseccomp would keep the first one without a word, be it the laxer. */
int profile_add_rule(struct seccomp_profile *profile, const struct profile_rule *rule)
{
	for (size_t i = 0; i < profile->count; i++) {
		if (!is_same_case(&profile->rules[i], rule))
			continue;
		if (profile_is_stricter(rule->action, profile->rules[i].action))
			profile->rules[i] = *rule;
		return 0;
	}
	if (profile->count == PROFILE_RULES)
		return -E2BIG;
	profile->rules[profile->count++] = *rule;
	return 0;
}

/* --- Contradictions --- */

/* The values that meet a condition: those from low to high. False: they are no such range. */
static bool find_range(const struct scmp_arg_cmp *condition, uint64_t *low, uint64_t *high)
{
	uint64_t value = condition->datum_a;

	*low = 0;
	*high = UINT64_MAX;
	switch (condition->op) {
	case SCMP_CMP_LT:
		*high = value ? value - 1 : 0;
		return value;
	case SCMP_CMP_LE:
		*high = value;
		return true;
	case SCMP_CMP_GE:
		*low = value;
		return true;
	case SCMP_CMP_GT:
		*low = value + 1;
		return *low;
	case SCMP_CMP_EQ:
		*low = *high = value;
		return true;
	default:
		return false;
	}
}

/* The bits that a condition demands. False: it demands none. */
static bool find_bits(const struct scmp_arg_cmp *condition, uint64_t *mask, uint64_t *bits)
{
	bool is_masked = condition->op == SCMP_CMP_MASKED_EQ;

	*mask = is_masked ? condition->datum_a : UINT64_MAX;
	*bits = is_masked ? condition->datum_b : condition->datum_a;
	return is_masked || condition->op == SCMP_CMP_EQ;
}

static bool are_opposites(const struct scmp_arg_cmp *a, const struct scmp_arg_cmp *b)
{
	return a->op == SCMP_CMP_EQ && b->op == SCMP_CMP_NE && a->datum_a == b->datum_a;
}

/* No value meets both; what is not proven here is taken to be possible. */
static bool exclude_each_other(const struct scmp_arg_cmp *a, const struct scmp_arg_cmp *b)
{
	uint64_t low[2], high[2], mask[2], bits[2];

	if (a->arg != b->arg)
		return false;
	if (are_opposites(a, b) || are_opposites(b, a))
		return true;
	if (find_bits(a, &mask[0], &bits[0]) && find_bits(b, &mask[1], &bits[1]))
		return (bits[0] ^ bits[1]) & mask[0] & mask[1];
	return find_range(a, &low[0], &high[0]) && find_range(b, &low[1], &high[1]) &&
	       (high[0] < low[1] || high[1] < low[0]);
}

static bool can_both_hold(const struct profile_rule *a, const struct profile_rule *b)
{
	for (unsigned int i = 0; i < a->condition_count; i++) {
		for (unsigned int j = 0; j < b->condition_count; j++) {
			if (exclude_each_other(&a->conditions[i], &b->conditions[j]))
				return false;
		}
	}
	return true;
}

bool profile_find_conflict(const struct seccomp_profile *profile, const struct profile_rule **first,
	const struct profile_rule **second)
{
	for (size_t i = 0; i < profile->count; i++) {
		for (size_t j = 0; j < i; j++) {
			*first = &profile->rules[j];
			*second = &profile->rules[i];
			if ((*first)->number == (*second)->number &&
				(*first)->action != (*second)->action &&
				can_both_hold(*first, *second))
				return true;
		}
	}
	return false;
}
