// SPDX-License-Identifier: Apache-2.0
// `tare check`: the table of what is looked at, and how it is told.
#include "check.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "check_probe.h"

enum check_status {
	CHECK_CAN_RUN = 0,
	CHECK_CANNOT_RUN = 1,
	CHECK_USAGE = 2,
};

const struct probe check_probes[] = {
	{ "kernel", "the BPF loader relocates in the kernel from 5.17 on", PROBE_REQUIRED,
		check_kernel_version },
	{ "kernel types", "BPF programs are fitted to the kernel by its own BTF", PROBE_REQUIRED,
		check_btf },
	{ "capabilities", "loading BPF, mounting, changing identity", PROBE_REQUIRED,
		check_capabilities },
	{ "bpf", "everything weighed is weighed by BPF", PROBE_REQUIRED, check_bpf_call },
	{ "bpf maps", "totals live in them until the command has ended", PROBE_REQUIRED,
		check_bpf_maps },
	{ "bpf programs", "they read kernel memory and count network bytes", PROBE_REQUIRED,
		check_bpf_programs },
	{ "bpf hooks", "tracepoints that say what a task did", PROBE_REQUIRED, check_bpf_hooks },
	{ "system calls", "processes and paths are held by descriptors", PROBE_REQUIRED,
		check_system_calls },
	{ "user namespace", "the command never has the caller's identity", PROBE_REQUIRED,
		check_user_namespace },
	{ "namespaces", "the walls of the container", PROBE_REQUIRED, check_namespaces },
	{ "id-mapped mount", "root's files are readable under an unprivileged identity",
		PROBE_REQUIRED, check_idmapped_mount },
	{ "overlay", "what the command writes stays in the container", PROBE_REQUIRED,
		check_overlay },
	{ "seccomp filter", "refuses what namespaces do not contain", PROBE_REQUIRED,
		check_seccomp_filter },
	{ "shared collector", "it weighs users' runs, who may load no BPF", PROBE_USERS,
		check_shared_collector },
	{ "users' gate", "the one program of it that users may call", PROBE_USERS, check_gate },
	{ "users' namespaces", "a user's container begins with a user namespace", PROBE_USERS,
		check_users_namespaces },
	{ "users' overlay", "what a user's command writes stays in the container", PROBE_USERS,
		check_users_overlay },
	{ "users' cgroups", "a user's run is a cgroup that somebody lets the user make",
		PROBE_USERS, check_users_cgroups },
	{ "cgroup layout", "a run is a cgroup, and BPF needs it in cgroup2", PROBE_REQUIRED,
		check_cgroup_layout },
	{ "cgroup of a run", "a cgroup is made for every run", PROBE_REQUIRED, check_cgroup_child },
	{ "memory controller", "the peak of the whole tree, page cache included", PROBE_PRECISION,
		check_memory_controller },
	{ "pids controller", "a fork bomb must not reach the machine", PROBE_ISOLATION,
		check_pids_controller },
	{ "cpu controller", "sharing a processor out among runs", PROBE_ISOLATION,
		check_cpu_controller },
	{ "cpuset controller", "--cores and --memory-nodes hold for good", PROBE_ISOLATION,
		check_cpuset_controller },
	{ "cgroup.kill", "ends a tree at once, however fast it forks", PROBE_ISOLATION,
		check_cgroup_kill },
	{ "system call ABIs", "a filter for one ABI is passed by using another", PROBE_ISOLATION,
		check_seccomp_architectures },
	{ "unprivileged bpf", "other users could watch kernel memory from BPF", PROBE_ISOLATION,
		check_unprivileged_bpf },
	{ "lockdown", "confidentiality keeps kernel memory from BPF", PROBE_ISOLATION,
		check_lockdown },
	{ "memory peak file", "the kernel's own figure to compare with", PROBE_PRECISION,
		check_memory_peak },
	{ "preemption", "from 7.0 on a preempted tracepoint can miss system calls", PROBE_PRECISION,
		check_preemption },
	{ "virtual machine", "the host takes time that no one in here sees", PROBE_PRECISION,
		check_virtual_machine },
	{ "swap", "pages that were swapped out are missing in a peak", PROBE_PRECISION,
		check_swap },
	{ "governor", "the processor's speed should not depend on its load", PROBE_PRECISION,
		check_governor },
	{ "turbo", "the processor's speed should not depend on its heat", PROBE_PRECISION,
		check_turbo },
	{ "smt", "two threads of one core slow each other", PROBE_PRECISION, check_smt },
	{ "aslr", "addresses decide about cache conflicts", PROBE_PRECISION, check_aslr },
	{ "huge pages", "memory comes in 4 KiB or 2 MiB, by chance", PROBE_PRECISION, check_thp },
	{ NULL, NULL, PROBE_REQUIRED, NULL },
};

#define CHECK_PROBES (sizeof(check_probes) / sizeof(check_probes[0]) - 1)

static const char *const state_names[] = {
	[PROBE_OK] = "ok",
	[PROBE_DEGRADED] = "degraded",
	[PROBE_MISSING] = "missing",
};

static const char *const state_colours[] = {
	[PROBE_OK] = "\033[32m",
	[PROBE_DEGRADED] = "\033[33m",
	[PROBE_MISSING] = "\033[31m",
};

static const char *const group_names[] = {
	[PROBE_REQUIRED] = "required",
	[PROBE_USERS] = "users",
	[PROBE_ISOLATION] = "isolation",
	[PROBE_PRECISION] = "precision",
};

static const char *const group_titles[] = {
	[PROBE_REQUIRED] = "required",
	[PROBE_USERS] = "for ordinary users",
	[PROBE_ISOLATION] = "recommended for isolation",
	[PROBE_PRECISION] = "for precise benchmarks",
};

static bool is_fatal(const struct probe *probe, const struct probe_result *result)
{
	return (probe->group == PROBE_REQUIRED || probe->group == PROBE_USERS) &&
	       result->state == PROBE_MISSING;
}

bool check_can_run(const struct probe *probes, const struct probe_result *results)
{
	for (size_t i = 0; probes[i].name; i++)
		if (is_fatal(&probes[i], &results[i]))
			return false;
	return true;
}

static size_t count_imprecise(const struct probe *probes, const struct probe_result *results)
{
	size_t count = 0;

	for (size_t i = 0; probes[i].name; i++)
		if (probes[i].group == PROBE_PRECISION && results[i].state != PROBE_OK)
			count++;
	return count;
}

static int name_width(const struct probe *probes)
{
	size_t width = 0;

	for (; probes->name; probes++)
		if (strlen(probes->name) > width)
			width = strlen(probes->name);
	return (int)width;
}

static void print_probe(FILE *output, const struct probe *probe, const struct probe_result *result,
	int width, bool has_colour)
{
	fprintf(output, "  %s%-8s%s  %-*s  %s\n", has_colour ? state_colours[result->state] : "",
		state_names[result->state], has_colour ? "\033[0m" : "", width, probe->name,
		result->detail);
	if (result->state == PROBE_OK)
		return;
	fprintf(output, "            %-*s  why: %s\n", width, "", probe->purpose);
	if (result->repair[0])
		fprintf(output, "            %-*s  repair: %s\n", width, "", result->repair);
}

static void print_group(FILE *output, const struct probe *probes,
	const struct probe_result *results, enum probe_group group, bool has_colour)
{
	int width = name_width(probes);
	size_t count = 0;

	for (size_t i = 0; probes[i].name; i++) {
		if (probes[i].group != group)
			continue;
		if (!count++)
			fprintf(output, "%s\n", group_titles[group]);
		print_probe(output, &probes[i], &results[i], width, has_colour);
	}
	if (count)
		fputc('\n', output);
}

/* "bpf, overlay": what is missing among the required. */
static void print_missing_names(
	FILE *output, const struct probe *probes, const struct probe_result *results)
{
	const char *separator = "";

	for (size_t i = 0; probes[i].name; i++) {
		if (!is_fatal(&probes[i], &results[i]))
			continue;
		fprintf(output, "%s%s", separator, probes[i].name);
		separator = ", ";
	}
}

static void print_verdict(
	FILE *output, const struct probe *probes, const struct probe_result *results)
{
	size_t imprecise = count_imprecise(probes, results);

	if (!check_can_run(probes, results)) {
		fputs("verdict: tare run cannot work here; missing: ", output);
		print_missing_names(output, probes, results);
		fputc('\n', output);
	} else if (imprecise) {
		fprintf(output,
			"verdict: tare run can work here; %zu thing%s can disturb precise "
			"benchmarks\n",
			imprecise, imprecise == 1 ? "" : "s");
	} else {
		fputs("verdict: tare run can work here\n", output);
	}
}

void check_print_text(FILE *output, const struct probe *probes, const struct probe_result *results,
	bool has_colour)
{
	for (int group = PROBE_REQUIRED; group <= PROBE_PRECISION; group++)
		print_group(output, probes, results, group, has_colour);
	print_verdict(output, probes, results);
}

static json_t *probe_to_json(const struct probe *probe, const struct probe_result *result)
{
	return json_pack("{ss ss sb ss ss ss ss?}", "name", probe->name, "group",
		group_names[probe->group], "required", probe->group == PROBE_REQUIRED, "purpose",
		probe->purpose, "state", state_names[result->state], "detail", result->detail,
		"repair", result->repair[0] ? result->repair : NULL);
}

int check_print_json(FILE *output, const struct probe *probes, const struct probe_result *results)
{
	json_t *checks = json_array();
	json_t *document;
	int error = 0;

	for (size_t i = 0; probes[i].name; i++)
		error |= json_array_append_new(checks, probe_to_json(&probes[i], &results[i]));
	document = json_pack("{ss sb so}", "schema", "tare.check/1", "can_run",
		check_can_run(probes, results), "checks", checks);
	/* What the output does not take, main tells. */
	if (!document || error ||
		(json_dumpf(document, output, JSON_INDENT(2)) < 0 && !ferror(output)))
		error = -ENOMEM;
	fputc('\n', output);
	json_decref(document);
	return error;
}

static bool stdout_has_colour(void)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if ((no_colour && no_colour[0]) || (terminal && strcmp(terminal, "dumb") == 0))
		return false;
	return isatty(STDOUT_FILENO);
}

static void print_help(void)
{
	puts("Usage: tare check [--json]\n"
	     "\n"
	     "Tells what this machine offers, what is missing, and the command that repairs it.\n"
	     "\n"
	     "  --json   print one JSON object, tare.check/1\n"
	     "  --help   print this help\n"
	     "\n"
	     "Exit status: 0 when 'tare run' can work here, 1 when not, 2 on wrong usage.");
}

static int usage_error(const char *what, const char *argument)
{
	fprintf(stderr, "tare check: %s '%s'\n  hint: tare check --help\n", what, argument);
	return CHECK_USAGE;
}

/* What a user cannot have, and does without where something else is there. */
static const struct {
	const char *name, *instead, *excuse, *repair;
} excuses[] = {
#define WEIGHED "not needed: the shared collector weighs"
#define START "let root start the shared collector: sudo tare collector start"
	{ "capabilities", "users' gate", WEIGHED, START },
	{ "bpf", "users' gate", WEIGHED, START },
	{ "bpf maps", "users' gate", WEIGHED, START },
	{ "bpf programs", "users' gate", WEIGHED, START },
	{ "bpf hooks", "users' gate", WEIGHED, START },
	{ "id-mapped mount", "users' namespaces", "not needed: inside, files are the same user's",
		"see users' namespaces" },
	{ "overlay", "users' overlay", "see users' overlay", "see users' overlay" },
};

static struct probe_result *result_of(const char *name, struct probe_result *results)
{
	size_t i = 0;

	while (strcmp(check_probes[i].name, name) != 0)
		i++;
	return &results[i];
}

static void excuse(struct probe_result *results)
{
	for (size_t i = 0; i < sizeof(excuses) / sizeof(excuses[0]); i++) {
		struct probe_result *result = result_of(excuses[i].name, results);

		if (result->state == PROBE_OK)
			continue;
		if (result_of(excuses[i].instead, results)->state == PROBE_OK)
			probe_set(result, PROBE_OK, "%s", excuses[i].excuse);
		else
			probe_repair(result, "%s", excuses[i].repair);
	}
}

static int check_machine(bool is_json)
{
	struct probe_result results[CHECK_PROBES] = { 0 };
	int error = 0;

	for (size_t i = 0; i < CHECK_PROBES; i++)
		check_probes[i].look("", &results[i]);
	if (geteuid() != 0)
		excuse(results);
	if (is_json)
		error = check_print_json(stdout, check_probes, results);
	else
		check_print_text(stdout, check_probes, results, stdout_has_colour());
	if (error) {
		fprintf(stderr, "tare check: cannot make the report: %s\n", strerror(-error));
		return CHECK_CANNOT_RUN;
	}
	return check_can_run(check_probes, results) ? CHECK_CAN_RUN : CHECK_CANNOT_RUN;
}

int check_command(int argc, char **argv)
{
	bool is_json = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help();
			return CHECK_CAN_RUN;
		}
		if (strcmp(argv[i], "--json") != 0)
			return usage_error(
				argv[i][0] == '-' ? "unknown option" : "unexpected argument",
				argv[i]);
		is_json = true;
	}
	return check_machine(is_json);
}
