// SPDX-License-Identifier: Apache-2.0
// What a seccomp profile does, told by its rules.
#include "seccomp_profile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "seccomp_words.h"

static const char *const operators[] = {
	[SCMP_CMP_NE] = "is not",
	[SCMP_CMP_LT] = "<",
	[SCMP_CMP_LE] = "<=",
	[SCMP_CMP_EQ] = "is",
	[SCMP_CMP_GE] = ">=",
	[SCMP_CMP_GT] = ">",
};

static void print_condition(FILE *out, const struct scmp_arg_cmp *condition)
{
	if (condition->op == SCMP_CMP_MASKED_EQ)
		fprintf(out, "argument %u & %#" PRIx64 " is %#" PRIx64, condition->arg,
			condition->datum_a, condition->datum_b);
	else
		fprintf(out, "argument %u %s %#" PRIx64, condition->arg, operators[condition->op],
			condition->datum_a);
}

static bool is_told_with(const struct profile_rule *a, const struct profile_rule *b)
{
	return a->block == b->block && a->action == b->action &&
	       a->condition_count == b->condition_count &&
	       !memcmp(a->conditions, b->conditions, sizeof(a->conditions));
}

/* Whether a rule before this one has it in its list. */
static bool is_told(const struct seccomp_profile *profile, size_t rule)
{
	for (size_t i = 0; i < rule; i++) {
		if (is_told_with(&profile->rules[i], &profile->rules[rule]))
			return true;
	}
	return false;
}

/* All calls of one block for which the same holds: "read, write if argument 0 is 0x1". */
static void print_rule(FILE *out, const struct seccomp_profile *profile, size_t first)
{
	const struct profile_rule *rule = &profile->rules[first];

	for (size_t i = first; i < profile->count; i++) {
		if (is_told_with(&profile->rules[i], rule))
			fprintf(out, "%s%s", i == first ? "" : ", ", profile->rules[i].name);
	}
	for (unsigned int i = 0; i < rule->condition_count; i++) {
		fputs(i ? " and " : " if ", out);
		print_condition(out, &rule->conditions[i]);
	}
}

static void print_skipped(FILE *out, const struct seccomp_profile *profile)
{
	for (size_t i = 0; i < profile->skipped_count; i++)
		fprintf(out, "%s%s", i ? ", " : "", profile->skipped[i]);
}

static void explain_rule(
	const struct seccomp_profile *profile, size_t rule, struct explanation *explanation)
{
	char buffer[SECCOMP_ACTION_NAME];
	cleanup_free char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	explanation->is_broken |= !out;
	if (!out)
		return;
	print_rule(out, profile, rule);
	if (fclose(out))
		explanation->is_broken = true;
	else
		explanation_add(explanation, EXPLAIN_SYSTEM_CALLS, "profile",
			seccomp_action_name(profile->rules[rule].action, buffer), "%s", text);
}

static void explain_skipped(const struct seccomp_profile *profile, struct explanation *explanation)
{
	cleanup_free char *text = NULL;
	size_t size;
	FILE *out = profile->skipped_count ? open_memstream(&text, &size) : NULL;

	explanation->is_broken |= profile->skipped_count && !out;
	if (!out)
		return;
	print_skipped(out, profile);
	if (fclose(out))
		explanation->is_broken = true;
	else
		explanation_add(explanation, EXPLAIN_SYSTEM_CALLS, "skipped",
			"unknown to libseccomp", "%s", text);
}

void seccomp_profile_explain(const struct seccomp_profile *profile, struct explanation *explanation)
{
	char buffer[SECCOMP_ACTION_NAME];

	for (size_t i = 0; i < profile->count; i++) {
		if (!is_told(profile, i))
			explain_rule(profile, i, explanation);
	}
	explain_skipped(profile, explanation);
	explanation_add(explanation, EXPLAIN_SYSTEM_CALLS, "profile",
		seccomp_action_name(profile->default_action, buffer), "all other calls%s%s",
		profile->has_ia32 ? "" : "; any of the ia32 ABI kills",
		profile->has_x32 ? "" : "; any of the x32 ABI kills");
}
