// SPDX-License-Identifier: Apache-2.0
// The program that a seccomp profile becomes.
#include "seccomp_profile.h"

#include <errno.h>
#include "seccomp_export.h"

static int add_abi(scmp_filter_ctx context, uint32_t abi)
{
	int error = seccomp_arch_add(context, abi);

	return error == -EEXIST ? 0 : error;
}

static int prepare(const struct seccomp_profile *profile, scmp_filter_ctx context)
{
	int error = 0;

	if (profile->has_ia32)
		error = add_abi(context, SCMP_ARCH_X86);
	if (!error && profile->has_x32)
		error = add_abi(context, SCMP_ARCH_X32);
	/* As the default action would hold; of one thread alone, the others would wait for ever. */
	if (!error)
		error = seccomp_attr_set(context, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A tree of comparisons instead of a chain. */
	if (!error)
		error = seccomp_attr_set(context, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return error;
}

/*
 * A rule that does what is done anyway is none: libseccomp refuses it. EEXIST: the same rule in
 * other words, with the same action, for there are no contradictions.
 */
static int add_rules(
	const struct seccomp_profile *profile, scmp_filter_ctx context, struct failure *why)
{
	for (size_t i = 0; i < profile->count; i++) {
		const struct profile_rule *rule = &profile->rules[i];
		int error;

		if (rule->action == profile->default_action)
			continue;
		error = seccomp_rule_add_array(context, rule->action, rule->number,
			rule->condition_count, rule->conditions);
		if (error && error != -EEXIST)
			return failure_set(why, -error, "%s: syscalls[%zu]: build the rule for %s",
				profile->input.label, rule->block, rule->name);
	}
	return 0;
}

static int build(const struct seccomp_profile *profile, scmp_filter_ctx context,
	struct seccomp_filter *filter, struct failure *why)
{
	int error = prepare(profile, context);

	if (error)
		return failure_set(why, -error, "prepare the filter of a seccomp profile");
	error = add_rules(profile, context, why);
	if (!error)
		error = seccomp_export(context, filter, why);
	if (error == -E2BIG)
		return failure_set(why, 0, "%s: makes a filter that is too long for the kernel",
			profile->input.label);
	return error;
}

int seccomp_profile_build(
	const struct seccomp_profile *profile, struct seccomp_filter *filter, struct failure *why)
{
	scmp_filter_ctx context = seccomp_init(profile->default_action);
	int error;

	*filter = (struct seccomp_filter){ .flags = profile->flags };
	if (!context)
		return failure_set(why, ENOMEM, "prepare the filter of a seccomp profile");
	error = build(profile, context, filter, why);
	seccomp_release(context);
	return error;
}
