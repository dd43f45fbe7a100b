// SPDX-License-Identifier: Apache-2.0
// Limits of the resources of each process, as getrlimit(2) has them.
#include "rlimit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include "base/cleanup.h"
#include "base/text.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* The names are those of prlimit(1); what the kernel counts in bytes may have a unit. */
static const struct resource {
	const char *name;
	int resource;
	bool is_size;
} resources[] = {
	{ "as", RLIMIT_AS, true },
	{ "core", RLIMIT_CORE, true },
	{ "cpu", RLIMIT_CPU, false },
	{ "data", RLIMIT_DATA, true },
	{ "fsize", RLIMIT_FSIZE, true },
	{ "locks", RLIMIT_LOCKS, false },
	{ "memlock", RLIMIT_MEMLOCK, true },
	{ "msgqueue", RLIMIT_MSGQUEUE, true },
	{ "nice", RLIMIT_NICE, false },
	{ "nofile", RLIMIT_NOFILE, false },
	{ "nproc", RLIMIT_NPROC, false },
	{ "rss", RLIMIT_RSS, true },
	{ "rtprio", RLIMIT_RTPRIO, false },
	{ "rttime", RLIMIT_RTTIME, false },
	{ "sigpending", RLIMIT_SIGPENDING, false },
	{ "stack", RLIMIT_STACK, true },
};

_Static_assert(RLIM_NLIMITS <= RLIMIT_RULES, "each resource may have a rule");
_Static_assert(RLIM_INFINITY == RLIMIT_RULE_UNLIMITED, "rules hold the kernel's own numbers");

/* --- Reading --- */

static const struct resource *find_resource(const char *text, size_t length)
{
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++) {
		if (strlen(resources[i].name) == length &&
			!strncmp(resources[i].name, text, length))
			return &resources[i];
	}
	return NULL;
}

static int refuse_name(const char *text, struct failure *why)
{
	cleanup_free char *shown = text_quote(text);
	char names[256], *end = names;

	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		end += sprintf(end, "%s%s", i ? ", " : "", resources[i].name);
	return failure_set(why, 0, "--rlimit: %s is not NAME=SOFT[:HARD] with a NAME of %s",
		shown ? shown : "it", names);
}

static int parse_value(
	const struct resource *resource, const char *text, uint64_t *value, struct failure *why)
{
	cleanup_free char *shown = NULL;
	int error;

	if (!strcmp(text, "unlimited")) {
		*value = RLIMIT_RULE_UNLIMITED;
		return 0;
	}
	error = resource->is_size ? text_parse_size(text, value) : text_parse_decimal(text, value);
	if (!error && *value != RLIMIT_RULE_UNLIMITED && !strchr(text, '\n'))
		return 0;
	shown = text_quote(text);
	return failure_set(why, 0, "--rlimit: %s=%s is %s; give %s, or unlimited", resource->name,
		shown ? shown : "it", error == -EINVAL ? "not understood" : "too large",
		resource->is_size ? "a whole number and a unit as KiB or MB" : "a whole number");
}

int rlimit_parse(const char *text, struct rlimit_rule *rule, struct failure *why)
{
	const char *value = strchr(text, '=');
	const struct resource *resource = value ? find_resource(text, value - text) : NULL;
	cleanup_free char *soft = NULL;
	char *hard;
	int error;

	if (!resource)
		return refuse_name(text, why);
	soft = strdup(value + 1);
	if (!soft)
		return failure_set(why, ENOMEM, "read --rlimit");
	hard = soft;
	strsep(&hard, ":");
	*rule = (struct rlimit_rule){ .name = resource->name, .resource = resource->resource };
	error = parse_value(resource, soft, &rule->soft, why);
	if (!error)
		error = parse_value(resource, hard ? hard : soft, &rule->hard, why);
	if (!error && rule->soft > rule->hard)
		return failure_set(why, 0, "--rlimit: %s=%s: the soft limit is above the hard one",
			rule->name, value + 1);
	return error;
}

/* --- Setting --- */

static bool has_right_to_raise(void)
{
	cap_flag_value_t is_set = CAP_CLEAR;
	cap_t own = cap_get_proc();

	if (own)
		(void)cap_get_flag(own, CAP_SYS_RESOURCE, CAP_EFFECTIVE, &is_set);
	cap_free(own);
	return is_set == CAP_SET;
}

int rlimit_check_rights(const struct rlimit_rule *rule, struct failure *why)
{
	struct rlimit own;

	if (getrlimit(rule->resource, &own))
		return failure_set(why, errno, "read the limit on %s", rule->name);
	if (rule->hard <= own.rlim_max || has_right_to_raise())
		return 0;
	return failure_set(why, 0,
		"--rlimit: %s: the caller's hard limit is %llu, and raising it takes "
		"CAP_SYS_RESOURCE",
		rule->name, (unsigned long long)own.rlim_max);
}

static bool has_rule(const struct rlimit_rule *rules, size_t count, int resource)
{
	for (size_t i = 0; i < count; i++) {
		if (rules[i].resource == resource)
			return true;
	}
	return false;
}

static int forbid_priority(const struct rlimit_rule *rules, size_t count, struct failure *why)
{
	static const int priorities[] = { RLIMIT_RTPRIO, RLIMIT_NICE };
	const struct rlimit none = { 0, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(priorities); i++) {
		if (!has_rule(rules, count, priorities[i]) && setrlimit(priorities[i], &none))
			return failure_set(why, errno, "keep the command from a high priority");
	}
	return 0;
}

int rlimit_set_all(
	const struct rlimit_rule *rules, size_t count, bool is_contained, struct failure *why)
{
	for (size_t i = 0; i < count; i++) {
		const struct rlimit limit = { rules[i].soft, rules[i].hard };

		if (setrlimit(rules[i].resource, &limit))
			return failure_set(why, errno, "set the limit on %s", rules[i].name);
	}
	return is_contained ? forbid_priority(rules, count, why) : 0;
}
