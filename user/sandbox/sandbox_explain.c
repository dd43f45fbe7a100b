// SPDX-License-Identifier: Apache-2.0
// What a planned sandbox isolates and what not: collected from the modules that will do it, and
// what belongs to none of them.
#include "sandbox_explain.h"

#include <stddef.h>
#include "base/text.h"
#include "identity.h"
#include "namespace.h"
#include "root.h"
#include "seccomp.h"
#include "seccomp_profile.h"
#include "set_id.h"

/* --- What holds for every run, or for those that a condition names --- */

static bool always(const struct sandbox_plan *plan)
{
	(void)plan; /* the table's type asks for it */
	return true;
}

static bool is_contained(const struct sandbox_plan *plan)
{
	return !plan->config->no_container;
}

static bool is_bare(const struct sandbox_plan *plan)
{
	return plan->config->no_container;
}

static bool has_own_network(const struct sandbox_plan *plan)
{
	return is_contained(plan) && !plan->config->network_access;
}

static bool has_host_network(const struct sandbox_plan *plan)
{
	return !has_own_network(plan);
}

static bool has_no_filter(const struct sandbox_plan *plan)
{
	return is_contained(plan) && plan->config->filter == FILTER_NONE;
}

static bool has_filter(const struct sandbox_plan *plan)
{
	return is_contained(plan) && !has_no_filter(plan);
}

static bool shares_terminal(const struct sandbox_plan *plan)
{
	return plan->has_terminal;
}

static bool has_own_session(const struct sandbox_plan *plan)
{
	return !plan->has_terminal;
}

/* An overlay gives a socket or FIFO no way to the host's process behind it; a plain mount does. */
static bool shows_host_plainly(const struct sandbox_plan *plan)
{
	for (size_t i = 0; i < plan->view->count; i++) {
		if (plan->view->entries[i].mode == VIEW_FULL_ACCESS)
			return true;
	}
	return false;
}

static bool has_no_filter_at_all(const struct sandbox_plan *plan)
{
	return has_no_filter(plan) && !shows_host_plainly(plan);
}

static bool has_set_id_filter_alone(const struct sandbox_plan *plan)
{
	return has_no_filter(plan) && shows_host_plainly(plan);
}

static bool shows_mounts(const struct sandbox_plan *plan)
{
	if (plan->identity->is_users)
		return false;
	for (size_t i = 1; i < plan->view->count; i++) {
		if (plan->view->entries[i].type && plan->view->entries[i].mode != VIEW_MASKED)
			return true;
	}
	return false;
}

static bool is_users(const struct sandbox_plan *plan)
{
	return is_contained(plan) && plan->identity->is_users;
}

static const struct {
	enum explanation_topic topic;
	bool (*holds)(const struct sandbox_plan *plan);
	const char *state, *subject, *detail;
} facts[] = {
	{ EXPLAIN_FILES, is_bare, "host", "/", "as the caller has it, with the caller's rights" },
	{ EXPLAIN_FILES, shows_mounts, "except", "mounts that cannot map owners",
		"they are read-only, and give the command the rights of others" },
	{ EXPLAIN_FILES, is_users, "except", "files and directories of others",
		"an ordinary user's overlays copy none of them to be changed" },
	{ EXPLAIN_KERNEL_FILES, is_bare, "host", "/proc, /sys, /dev", "as the caller has them" },
	{ EXPLAIN_NAMESPACES, is_bare, "host", "all", "no container, as --no-container asks" },
	{ EXPLAIN_IDENTITY, is_bare, "host", "the caller", "with all the caller's rights" },
	{ EXPLAIN_SYSTEM_CALLS, is_bare, "none", "filter", "nothing is refused" },
	{ EXPLAIN_SYSTEM_CALLS, has_filter, "filtered", "all ABIs",
		"64-bit, ia32 and x32 calls, each by its own numbers" },
	{ EXPLAIN_SYSTEM_CALLS, has_no_filter_at_all, "none", "filter",
		"nothing is refused, as --seccomp none asks" },
	{ EXPLAIN_SYSTEM_CALLS, has_set_id_filter_alone, "filtered", "all ABIs",
		"against set-user-ID files on the host alone, as --seccomp none asks" },
	{ EXPLAIN_SYSTEM_CALLS, has_no_filter, "own", "session keyring",
		"the caller's keys are not in it" },
	{ EXPLAIN_NETWORK, has_own_network, "own", "lo", "and no other interface" },
	{ EXPLAIN_NETWORK, has_host_network, "host", "all interfaces",
		"and all that listens on them or on an abstract socket" },
	{ EXPLAIN_SESSION, shares_terminal, "caller's", "session",
		"keyboard and job control, lent to a process group of the command's own" },
	{ EXPLAIN_SESSION, has_own_session, "own", "session",
		"without a terminal to type into for others to read" },
	{ EXPLAIN_SESSION, always, "caller's", "descriptors 0, 1, 2", "" },
	{ EXPLAIN_SESSION, always, "closed", "all other descriptors", "" },
	{ EXPLAIN_LIMITS, always, "caller's", "all others",
		"limits around tare and those of ulimit hold on" },
	{ EXPLAIN_NOT_ISOLATED, is_contained, "host", "kernel",
		"a bug in it can be reached through the system calls that remain" },
	{ EXPLAIN_NOT_ISOLATED, is_contained, "host", "the caller's files",
		"what the view shows of them can be read, secrets included" },
	{ EXPLAIN_NOT_ISOLATED, shows_host_plainly, "host", "sockets and FIFOs",
		"in full-access directories: who serves them can be spoken to" },
	{ EXPLAIN_NOT_ISOLATED, always, "host", "clocks and hardware",
		"time, processor, memory and load are seen as they are" },
	{ EXPLAIN_NOT_ISOLATED, always, "host", "resources",
		"processors, memory and disk can be used up as far as no limit ends it" },
};

static void add_facts(const struct sandbox_plan *plan, struct explanation *explanation)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (facts[i].holds(plan))
			explanation_add(explanation, facts[i].topic, facts[i].state,
				facts[i].subject, "%s", facts[i].detail);
	}
}

/* --- The limits of this run --- */

static const struct {
	const char *subject;
	size_t offset; /* in struct run_limits */
	struct text_short (*format)(uint64_t value);
	const char *detail;
} limit_facts[] = {
	{ "CPU time", offsetof(struct run_limits, cpu_ns), text_format_time,
		"of the whole tree, which is killed then" },
	{ "CPU time, soft", offsetof(struct run_limits, soft_cpu_ns), text_format_time,
		"SIGTERM to the whole tree" },
	{ "wall time", offsetof(struct run_limits, wall_ns), text_format_time,
		"the whole tree is killed then" },
	{ "memory", offsetof(struct run_limits, memory_bytes), text_format_size,
		"the whole tree is killed when it needs more" },
	{ "tasks", offsetof(struct run_limits, tasks), text_format_count,
		"processes and threads at one time; the whole tree is killed at the next" },
	{ "output", offsetof(struct run_limits, output_bytes), text_format_size,
		"of standard output and of standard error" },
	{ "files", offsetof(struct run_limits, files_count), text_format_count,
		"written into the container; the whole tree is killed at more" },
	{ "bytes in files", offsetof(struct run_limits, files_bytes), text_format_size,
		"written into the container; the whole tree is killed at more" },
};

static void add_limits(const struct run_limits *limits, struct explanation *explanation)
{
	for (size_t i = 0; i < sizeof(limit_facts) / sizeof(limit_facts[0]); i++) {
		uint64_t value = *(const uint64_t *)((const char *)limits + limit_facts[i].offset);

		if (value)
			explanation_add(explanation, EXPLAIN_LIMITS, "limited",
				limit_facts[i].subject, "%s: %s", limit_facts[i].format(value).text,
				limit_facts[i].detail);
	}
}

/* --- What the modules tell --- */

static int explain_profile(
	const struct sandbox_plan *plan, struct explanation *explanation, struct failure *why)
{
	struct seccomp_profile profile;
	int error;

	if (plan->config->filter != FILTER_PROFILE)
		return 0;
	error = seccomp_profile_read(&profile, plan->config->profile_path, why);
	if (error)
		return error;
	explanation_add(explanation, EXPLAIN_SYSTEM_CALLS, "beside", plan->config->profile_path,
		"a profile; of its verdict and that above the stricter holds");
	seccomp_profile_explain(&profile, explanation);
	seccomp_profile_done(&profile);
	return 0;
}

static int explain_container(
	const struct sandbox_plan *plan, struct explanation *explanation, struct failure *why)
{
	const struct run_config *config = plan->config;

	view_explain(plan->view, explanation);
	root_explain(explanation);
	namespace_explain(config, explanation);
	identity_explain(plan->identity, config->allow_namespaces, explanation);
	if (config->filter != FILTER_NONE)
		seccomp_explain(plan->allowed_groups, explanation);
	if (shows_host_plainly(plan))
		set_id_explain(explanation);
	return explain_profile(plan, explanation, why);
}

int sandbox_explain_plan(
	const struct sandbox_plan *plan, struct explanation *explanation, struct failure *why)
{
	int error = is_contained(plan) ? explain_container(plan, explanation, why) : 0;

	if (error)
		return error;
	explanation_add(
		explanation, EXPLAIN_FILES, "start", plan->directory, "where the command starts");
	cgroup_explain(plan->cgroup, explanation);
	add_limits(&plan->config->limits, explanation);
	add_facts(plan, explanation);
	return 0;
}
