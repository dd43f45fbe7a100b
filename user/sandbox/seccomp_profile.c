// SPDX-License-Identifier: Apache-2.0
// A user's own system call filter, read from the JSON of Docker, Podman and the OCI runtimes.
#include "seccomp_profile.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "seccomp_words.h"

/* libseccomp's. The highest that the kernel knows by name is 133. */
#define MOST_ERRNO 4094

/* Of a name that is told in a message. */
#define TOLD_COLUMNS 60

/* An action and the error that comes with it, as they are read: in any order, from three keys. */
struct verdict {
	uint32_t action;
	uint64_t number; /* 0: not given */
	uint64_t named;
};

/* One element of `syscalls`. */
struct block {
	struct seccomp_profile *profile;
	size_t index;
	bool holds; /* its conditions on machine, kernel and capabilities do */
	struct verdict verdict;
	uint32_t action;		 /* what follows from it */
	struct scmp_arg_cmp *conditions; /* owned */
	size_t condition_count;
};

static bool is_errno(uint32_t action)
{
	return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
}

/* --- Actions --- */

/* 0 would make a refused call look as if it had been made. */
static int read_error_number(
	const struct json_place *at, struct verdict *verdict, struct failure *why)
{
	return json_read_integer(at, 1, MOST_ERRNO, &verdict->number, why);
}

static int read_error_name(
	const struct json_place *at, struct verdict *verdict, struct failure *why)
{
	return seccomp_read_errno(at, &verdict->named, why);
}

/* EPERM is what every runtime takes when no error is given. */
static int decide_action(const struct json_place *at, const struct verdict *verdict,
	uint32_t *action, struct failure *why)
{
	uint64_t number = verdict->number ? verdict->number : verdict->named;

	*action = verdict->action;
	if (!is_errno(verdict->action))
		return number ? json_refuse(at, why, "only SCMP_ACT_ERRNO has an error number") : 0;
	if (verdict->named && verdict->named != number)
		return json_refuse(at, why, "the number and the name of the error differ");
	*action = SCMP_ACT_ERRNO(number ? (uint32_t)number : EPERM);
	return 0;
}

/* --- Conditions on machine, kernel and capabilities --- */

static int read_ignored_string(const struct json_place *at, void *target, struct failure *why)
{
	const char *text;

	(void)target;
	return json_read_string(at, &text, why);
}

static int read_capabilities(const struct json_place *at, void *target, struct failure *why)
{
	return json_read_array(at, read_ignored_string, target, why);
}

/* The command has none. */
static int read_included_capabilities(
	const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;
	int error = read_capabilities(at, NULL, why);

	block->holds &= error || json_array_size(at->value) == 0;
	return error;
}

static int read_machine(const struct json_place *at, void *target, struct failure *why)
{
	bool *is_named = target, is_this;
	int error = seccomp_read_machine(at, &is_this, why);

	*is_named |= !error && is_this;
	return error;
}

static int read_included_machines(const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;
	bool is_named = false;
	int error = json_read_array(at, read_machine, &is_named, why);

	block->holds &= error || is_named || json_array_size(at->value) == 0;
	return error;
}

static int read_excluded_machines(const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;
	bool is_named = false;
	int error = json_read_array(at, read_machine, &is_named, why);

	block->holds &= !is_named;
	return error;
}

static int read_included_kernel(const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;
	bool is_as_new = false;
	int error = seccomp_read_kernel(at, &is_as_new, why);

	block->holds &= is_as_new;
	return error;
}

static int read_excluded_kernel(const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;
	bool is_as_new = false;
	int error = seccomp_read_kernel(at, &is_as_new, why);

	block->holds &= !is_as_new;
	return error;
}

static int read_includes(const struct json_place *at, void *target, struct failure *why)
{
	static const struct json_key keys[] = {
		{ "caps", read_included_capabilities, JSON_OPTIONAL },
		{ "arches", read_included_machines, JSON_OPTIONAL },
		{ "minKernel", read_included_kernel, JSON_OPTIONAL },
		{ NULL, NULL, JSON_OPTIONAL },
	};

	return json_read_object(at, keys, target, why);
}

static int read_excludes(const struct json_place *at, void *target, struct failure *why)
{
	static const struct json_key keys[] = {
		{ "caps", read_capabilities, JSON_OPTIONAL },
		{ "arches", read_excluded_machines, JSON_OPTIONAL },
		{ "minKernel", read_excluded_kernel, JSON_OPTIONAL },
		{ NULL, NULL, JSON_OPTIONAL },
	};

	return json_read_object(at, keys, target, why);
}

/* --- Conditions on arguments --- */

struct condition {
	uint64_t index, value, value_two;
	enum scmp_compare operator;
};

static int read_index(const struct json_place *at, void *target, struct failure *why)
{
	struct condition *condition = target;

	return json_read_integer(at, 0, PROFILE_CONDITIONS - 1, &condition->index, why);
}

static int read_value(const struct json_place *at, void *target, struct failure *why)
{
	struct condition *condition = target;

	return json_read_integer(at, 0, UINT64_MAX, &condition->value, why);
}

static int read_value_two(const struct json_place *at, void *target, struct failure *why)
{
	struct condition *condition = target;

	return json_read_integer(at, 0, UINT64_MAX, &condition->value_two, why);
}

static int read_operator(const struct json_place *at, void *target, struct failure *why)
{
	struct condition *condition = target;

	return seccomp_read_operator(at, &condition->operator, why);
}

/* libseccomp's mask comes first, as in these files. */
static int read_condition(const struct json_place *at, void *target, struct failure *why)
{
	static const struct json_key keys[] = {
		{ "index", read_index, JSON_REQUIRED },
		{ "value", read_value, JSON_REQUIRED },
		{ "valueTwo", read_value_two, JSON_OPTIONAL },
		{ "op", read_operator, JSON_REQUIRED },
		{ NULL, NULL, JSON_OPTIONAL },
	};
	struct block *block = target;
	struct condition condition = { 0 };
	int error = json_read_object(at, keys, &condition, why);

	if (error)
		return error;
	if (condition.value_two && condition.operator!= SCMP_CMP_MASKED_EQ)
		return json_refuse(at, why, "only SCMP_CMP_MASKED_EQ has a valueTwo");
	if (condition.value_two & ~condition.value)
		return json_refuse(at, why, "valueTwo has bits that value, the mask, has not");
	block->conditions[block->condition_count++] = (struct scmp_arg_cmp){
		.arg = (unsigned int)condition.index,
		.op = condition.operator,
		.datum_a = condition.value,
		.datum_b = condition.value_two,
	};
	return 0;
}

static int read_conditions(const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;

	block->conditions = calloc(json_array_size(at->value) + 1, sizeof(*block->conditions));
	if (!block->conditions)
		return failure_set(why, ENOMEM, "read the conditions of a seccomp profile");
	return json_read_array(at, read_condition, target, why);
}

/* --- Names --- */

static int add_rule(const struct json_place *at, const struct block *block,
	const struct profile_rule *rule, struct failure *why)
{
	if (profile_add_rule(block->profile, rule))
		return json_refuse(at, why, "is one rule too many: tare takes %d", PROFILE_RULES);
	return 0;
}

/* A rule can have one condition for each argument. */
static bool has_argument_twice(const struct block *block)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < block->condition_count; i++) {
		if (seen & 1U << block->conditions[i].arg)
			return true;
		seen |= 1U << block->conditions[i].arg;
	}
	return false;
}

/* By argument, so that equal rules look alike. */
static void sort_conditions(const struct block *block, struct profile_rule *rule)
{
	for (unsigned int argument = 0; argument < PROFILE_CONDITIONS; argument++) {
		for (size_t i = 0; i < block->condition_count; i++) {
			if (block->conditions[i].arg == argument)
				rule->conditions[rule->condition_count++] = block->conditions[i];
		}
	}
}

/* Where a block has two conditions for one argument, every runtime takes all for alternatives. */
static int add_rules(const struct json_place *at, const struct block *block,
	struct profile_rule *rule, struct failure *why)
{
	int error = 0;

	if (!has_argument_twice(block)) {
		sort_conditions(block, rule);
		return add_rule(at, block, rule, why);
	}
	rule->condition_count = 1;
	for (size_t i = 0; i < block->condition_count && !error; i++) {
		rule->conditions[0] = block->conditions[i];
		error = add_rule(at, block, rule, why);
	}
	return error;
}

static int skip(struct seccomp_profile *profile, const char *name, struct failure *why)
{
	const char **longer = reallocarray(
		profile->skipped, profile->skipped_count + 1, sizeof(*profile->skipped));

	if (!longer)
		return failure_set(why, ENOMEM, "read the names of a seccomp profile");
	profile->skipped = longer;
	profile->skipped[profile->skipped_count++] = name;
	return 0;
}

static int refuse_name(const struct json_place *at, const char *name, struct failure *why)
{
	const struct scmp_version *version = seccomp_version();
	cleanup_free char *quoted = text_quote(name);
	cleanup_free char *shown = quoted ? text_shorten(quoted, TOLD_COLUMNS) : NULL;

	return json_refuse(at, why,
		"libseccomp %u.%u.%u knows no system call %s, which so would not be refused",
		version->major, version->minor, version->micro, shown ? shown : "of this name");
}

static int read_name(const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;
	struct profile_rule rule = { .action = block->action, .block = block->index };
	int error = json_read_string(at, &rule.name, why);

	if (error || !block->holds)
		return error;
	rule.number = seccomp_syscall_resolve_name(rule.name);
	if (rule.number != __NR_SCMP_ERROR)
		return add_rules(at, block, &rule, why);
	if (profile_is_stricter(block->action, block->profile->default_action))
		return refuse_name(at, rule.name, why);
	return skip(block->profile, rule.name, why);
}

/* Older files have one name in each block. */
static int read_names(const struct json_place *at, struct block *block, struct failure *why)
{
	struct json_place names = json_place_member(at, "names");
	struct json_place name = json_place_member(at, "name");

	if (names.value && name.value)
		return json_refuse(&name, why, "there are names as well");
	if (name.value)
		return read_name(&name, block, why);
	if (!names.value)
		return json_refuse(&names, why, "is missing");
	if (json_is_array(names.value) && !json_array_size(names.value))
		return json_refuse(&names, why, "is empty");
	return json_read_array(&names, read_name, block, why);
}

/* --- Blocks --- */

static int read_action(const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;

	return seccomp_read_action(at, &block->verdict.action, why);
}

static int read_errno(const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;

	return read_error_number(at, &block->verdict, why);
}

static int read_errno_name(const struct json_place *at, void *target, struct failure *why)
{
	struct block *block = target;

	return read_error_name(at, &block->verdict, why);
}

/* Read once the action and the conditions are known. */
static int leave_for_later(const struct json_place *at, void *target, struct failure *why)
{
	(void)at, (void)target, (void)why;
	return 0;
}

static const struct json_key block_keys[] = {
	{ "names", leave_for_later, JSON_OPTIONAL },
	{ "name", leave_for_later, JSON_OPTIONAL },
	{ "action", read_action, JSON_REQUIRED },
	{ "errnoRet", read_errno, JSON_OPTIONAL },
	{ "errno", read_errno_name, JSON_OPTIONAL },
	{ "args", read_conditions, JSON_OPTIONAL },
	{ "comment", read_ignored_string, JSON_OPTIONAL },
	{ "includes", read_includes, JSON_OPTIONAL },
	{ "excludes", read_excludes, JSON_OPTIONAL },
	{ NULL, NULL, JSON_OPTIONAL },
};

static int read_block(const struct json_place *at, void *target, struct failure *why)
{
	struct block block = { .profile = target, .index = at->index, .holds = true };
	int error = json_read_object(at, block_keys, &block, why);

	if (!error)
		error = decide_action(at, &block.verdict, &block.action, why);
	if (!error)
		error = read_names(at, &block, why);
	free(block.conditions);
	return error;
}

/* --- The document --- */

struct document {
	struct seccomp_profile *profile;
	struct verdict verdict; /* the default one */
	bool has_architectures;
	bool is_machine_found; /* in archMap */
};

static int read_default_action(const struct json_place *at, void *target, struct failure *why)
{
	struct document *document = target;

	return seccomp_read_action(at, &document->verdict.action, why);
}

static int read_default_errno(const struct json_place *at, void *target, struct failure *why)
{
	struct document *document = target;

	return read_error_number(at, &document->verdict, why);
}

static int read_default_errno_name(const struct json_place *at, void *target, struct failure *why)
{
	struct document *document = target;

	return read_error_name(at, &document->verdict, why);
}

static int read_flag(const struct json_place *at, void *target, struct failure *why)
{
	struct document *document = target;
	unsigned int flag = 0;
	int error = seccomp_read_flag(at, &flag, why);

	document->profile->flags |= flag;
	return error;
}

static int read_flags(const struct json_place *at, void *target, struct failure *why)
{
	return json_read_array(at, read_flag, target, why);
}

static int read_architecture(const struct json_place *at, void *target, struct failure *why)
{
	struct document *document = target;
	uint32_t abi = 0;
	int error = seccomp_read_abi(at, &abi, why);

	document->profile->has_ia32 |= abi == SCMP_ARCH_X86;
	document->profile->has_x32 |= abi == SCMP_ARCH_X32;
	return error;
}

static int read_architectures(const struct json_place *at, void *target, struct failure *why)
{
	struct document *document = target;

	document->has_architectures = json_array_size(at->value) > 0;
	return json_read_array(at, read_architecture, target, why);
}

/* Of a machine and its older ABIs; that of another machine is only looked through for slips. */
static int read_machine_abi(const struct json_place *at, void *target, struct failure *why)
{
	struct document *document = target;
	uint32_t abi = 0;
	int error = seccomp_read_abi(at, &abi, why);

	document->is_machine_found = abi == SCMP_ARCH_X86_64;
	return error;
}

static int read_sub_abi(const struct json_place *at, void *target, struct failure *why)
{
	struct document *document = target;
	uint32_t abi;

	if (document->is_machine_found)
		return read_architecture(at, target, why);
	return seccomp_read_abi(at, &abi, why);
}

static int read_sub_abis(const struct json_place *at, void *target, struct failure *why)
{
	return json_read_array(at, read_sub_abi, target, why);
}

static int read_machine_entry(const struct json_place *at, void *target, struct failure *why)
{
	static const struct json_key keys[] = {
		{ "architecture", read_machine_abi, JSON_REQUIRED },
		{ "subArchitectures", read_sub_abis, JSON_OPTIONAL },
		{ NULL, NULL, JSON_OPTIONAL },
	};

	return json_read_object(at, keys, target, why);
}

static int read_machine_map(const struct json_place *at, void *target, struct failure *why)
{
	struct document *document = target;

	if (document->has_architectures && json_array_size(at->value))
		return json_refuse(at, why, "there are architectures as well");
	return json_read_array(at, read_machine_entry, target, why);
}

static int read_listener(const struct json_place *at, void *target, struct failure *why)
{
	const char *text = NULL;
	int error = json_read_string(at, &text, why);

	(void)target;
	if (!error && *text)
		return json_refuse(at, why, "is for SCMP_ACT_NOTIFY, which is not possible here");
	return error;
}

static const struct json_key document_keys[] = {
	{ "defaultAction", read_default_action, JSON_REQUIRED },
	{ "defaultErrnoRet", read_default_errno, JSON_OPTIONAL },
	{ "defaultErrno", read_default_errno_name, JSON_OPTIONAL },
	{ "architectures", read_architectures, JSON_OPTIONAL },
	{ "archMap", read_machine_map, JSON_OPTIONAL },
	{ "flags", read_flags, JSON_OPTIONAL },
	{ "listenerPath", read_listener, JSON_OPTIONAL },
	{ "listenerMetadata", read_listener, JSON_OPTIONAL },
	{ "comment", read_ignored_string, JSON_OPTIONAL },
	{ "syscalls", leave_for_later, JSON_OPTIONAL },
	{ NULL, NULL, JSON_OPTIONAL },
};

static int read_blocks(
	const struct json_place *at, struct seccomp_profile *profile, struct failure *why)
{
	struct json_place blocks = json_place_member(at, "syscalls");
	const struct profile_rule *first, *second;
	char buffer[2][SECCOMP_ACTION_NAME];
	int error = 0;

	if (blocks.value)
		error = json_read_array(&blocks, read_block, profile, why);
	if (error || !profile_find_conflict(profile, &first, &second))
		return error;
	return json_refuse(&blocks, why,
		"%s is %s in [%zu] and %s in [%zu], under conditions that can both hold",
		first->name, seccomp_action_name(first->action, buffer[0]), first->block,
		seccomp_action_name(second->action, buffer[1]), second->block);
}

static int read_document(struct seccomp_profile *profile, struct failure *why)
{
	struct json_place at = json_input_place(&profile->input);
	struct document document = { .profile = profile };
	int error = json_read_object(&at, document_keys, &document, why);

	if (!error)
		error = decide_action(&at, &document.verdict, &profile->default_action, why);
	return error ? error : read_blocks(&at, profile, why);
}

int seccomp_profile_read(struct seccomp_profile *profile, const char *path, struct failure *why)
{
	int error;

	*profile = (struct seccomp_profile){
		.rules = calloc(PROFILE_RULES, sizeof(*profile->rules)),
	};
	if (!profile->rules)
		return failure_set(why, ENOMEM, "read a seccomp profile");
	error = json_input_read(&profile->input, "--seccomp", path, why);
	if (!error)
		error = read_document(profile, why);
	if (error)
		seccomp_profile_done(profile);
	return error;
}

void seccomp_profile_done(struct seccomp_profile *profile)
{
	json_input_done(&profile->input);
	free(profile->rules);
	free(profile->skipped);
	*profile = (struct seccomp_profile){ 0 };
}
