// SPDX-License-Identifier: Apache-2.0
// `tare run --self-test`: how far off tare is on this machine.
//
// Theory of operation. Each case is a run like any other, and is run some times: of these the one
// whose number is farthest from the truth is told, since one that is wrong makes all doubtful.
// Only wall time is longer on a busy machine, and rightly so.
// Truths are what the command was told to do, or the kernel's own books, never what tare counted.
#include "self_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/config.h"
#include "base/file.h"
#include "base/text.h"
#include "report/doubt.h"
#include "self_test_cases.h"
#include "weigh.h"

/* With five runs it takes some twenty seconds. */
#define RUNS 5

enum verdict {
	VERDICT_OK,
	VERDICT_UNKNOWN, /* tare says that it does not know the number */
	VERDICT_OFF,
	VERDICT_LOSS,
	VERDICT_FAILED,
};

/* One run of a case, or of some the one that is told. */
struct finding {
	enum verdict verdict;
	uint64_t truth, reported;
	uint64_t distance;
	char reason[160]; /* of all verdicts but two */
};

static bool has_number(const struct finding *finding)
{
	return finding->verdict == VERDICT_OK || finding->verdict == VERDICT_OFF;
}

/* --- A number by its key --- */

static struct number find_field(const struct result *result, const char *key)
{
	for (const struct result_field *field = result_fields; field->section; field++) {
		size_t length = strlen(field->section);

		if (!strncmp(key, field->section, length) && key[length] == '.' &&
			!strcmp(key + length + 1, field->key))
			return *result_number(result, field);
	}
	return number_unknown("no such number");
}

/* "NAME.count" or "NAME.errors". A call that nobody made is not in the list. */
static struct number find_call(const struct syscall_result *syscalls, const char *key)
{
	size_t length = strcspn(key, ".");

	if (!syscalls->total.is_known)
		return syscalls->total;
	for (size_t i = 0; i < syscalls->by_name_count; i++) {
		const struct syscall_count *call = &syscalls->by_name[i];

		if (!strncmp(call->name, key, length) && !call->name[length])
			return number_known(
				strcmp(key + length, ".errors") ? call->count : call->errors,
				syscalls->total.source);
	}
	return number_known(0, syscalls->total.source);
}

static struct number find_number(const struct result *result, const char *key)
{
	static const char calls[] = "syscalls.";

	if (!strcmp(key, "outcome.leftover_processes"))
		return number_known(result->outcome.leftover_processes, "cgroup");
	if (!strncmp(key, calls, strlen(calls)))
		return find_call(&result->syscalls, key + strlen(calls));
	return find_field(result, key);
}

/* --- Judging one run --- */

static struct finding fail(enum verdict verdict, const char *reason)
{
	struct finding finding = { .verdict = verdict };

	snprintf(finding.reason, sizeof(finding.reason), "%.150s", reason);
	return finding;
}

static bool has_ended_well(const struct outcome *outcome)
{
	return outcome->kind == OUTCOME_EXITED && outcome->exit_code == 0;
}

/* Not the doubt about the start: time stolen by a hypervisor is no loss, and in cpu_difference. */
static bool has_lost(struct loss loss)
{
	loss.exec_baseline_uncertain = false;
	return result_has_loss(&loss);
}

static struct finding compare(const struct self_test_case *test, const struct result *result)
{
	struct number number = find_number(result, test->key);
	struct finding finding = { .verdict = VERDICT_OK };
	bool is_below;

	if (!number.is_known)
		return fail(VERDICT_UNKNOWN, number.reason ? number.reason : "not measured");
	finding.reported = number.value;
	finding.truth = test->find_truth ? test->find_truth(result) : test->truth;
	is_below = finding.reported < finding.truth;
	finding.distance =
		is_below ? finding.truth - finding.reported : finding.reported - finding.truth;
	if (finding.distance > (is_below ? test->below : test->above))
		finding.verdict = VERDICT_OFF;
	return finding;
}

static struct finding judge(const struct self_test_case *test, const struct result *result)
{
	struct doubt doubts[DOUBT_LIMIT];

	if (result->outcome.kind == OUTCOME_NOT_STARTED)
		return fail(VERDICT_FAILED, result->outcome.error.what);
	if (!has_ended_well(&result->outcome))
		return fail(VERDICT_FAILED, "the command did not succeed");
	if (has_lost(result->collector.loss) && doubt_list(&result->collector.loss, doubts))
		return fail(VERDICT_LOSS, doubts[0].text);
	return compare(test, result);
}

static bool is_too_low(const struct finding *finding)
{
	return finding->verdict == VERDICT_OFF && finding->reported < finding->truth;
}

/* Whether this run of a case says more about tare than the one that was to be told so far. */
static bool is_told(const struct self_test_case *test, const struct finding *finding,
	const struct finding *so_far)
{
	bool are_numbers = has_number(finding) && has_number(so_far);

	if (test->is_delayed && are_numbers && !is_too_low(finding) && !is_too_low(so_far))
		return finding->distance < so_far->distance;
	if (finding->verdict != so_far->verdict)
		return finding->verdict > so_far->verdict;
	return finding->distance > so_far->distance;
}

/* --- The table --- */

static void print_processor(void)
{
	cleanup_free char *text = NULL;
	const char *model;

	if (file_read(AT_FDCWD, "/proc/cpuinfo", &text, NULL, NULL))
		return;
	model = strstr(text, "model name\t: ");
	if (model)
		printf(", %.*s", (int)strcspn(model + 13, "\n"), model + 13);
	printf(", %ld processors%s", sysconf(_SC_NPROCESSORS_ONLN),
		strstr(text, " hypervisor") ? " of a virtual machine" : "");
}

static void print_machine(const struct result *first)
{
	struct utsname kernel;
	char date[32] = "";
	struct tm utc;

	if (gmtime_r(&first->started_at.tv_sec, &utc))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &utc);
	printf("tare %s, self-test, %s\n", TARE_VERSION, date);
	if (!uname(&kernel))
		printf("%s %s %s", kernel.sysname, kernel.release, kernel.machine);
	print_processor();
	printf(", cgroups: %s\n", first->container.cgroup_layout);
	printf("Each case is run %d times. Told is the run that is farthest from the truth; of a\n"
	       "wall time, which other programs make longer, the nearest.\n\n",
		RUNS);
}

#define ROW "| %-26s | %-26s | %13s | %-22s | %13s | %11s | %-15s | %-7s |\n"

static void print_heading(const struct result *first)
{
	print_machine(first);
	printf(ROW, "case", "number", "truth", "source of the truth", "reported", "difference",
		"allowed", "verdict");
	printf(ROW, "---", "---", "--:", "---", "--:", "--:", "---", "---");
}

struct signed_text {
	char text[72];
};

static struct signed_text show_difference(const struct finding *finding)
{
	struct signed_text shown;

	snprintf(shown.text, sizeof(shown.text), "%s%s",
		finding->distance == 0		     ? ""
		: finding->reported < finding->truth ? "-"
						     : "+",
		text_format_count(finding->distance).text);
	return shown;
}

static struct signed_text show_allowed(const struct self_test_case *test)
{
	struct signed_text shown = { "none" };

	if (test->below == test->above && test->above)
		snprintf(shown.text, sizeof(shown.text), "+/-%s",
			text_format_count(test->above).text);
	else if (test->above)
		snprintf(
			shown.text, sizeof(shown.text), "+%s", text_format_count(test->above).text);
	return shown;
}

static const char *const verdicts[] = {
	[VERDICT_OK] = "ok",
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_OFF] = "OFF",
	[VERDICT_LOSS] = "LOSS",
	[VERDICT_FAILED] = "FAILED",
};

static void print_row(const struct self_test_case *test, const struct finding *told)
{
	bool is_number = has_number(told);

	printf(ROW, test->name, test->key, is_number ? text_format_count(told->truth).text : "-",
		test->source, is_number ? text_format_count(told->reported).text : "-",
		is_number ? show_difference(told).text : "-", show_allowed(test).text,
		verdicts[told->verdict]);
	if (!is_number)
		printf("|  %s: %s |\n", test->name, told->reason);
	fflush(stdout);
}

/* --- The whole --- */

/* The output file keeps standard output for the table. A signal is meant for the whole of it. */
static void configure(const struct self_test_case *test, struct run_config *config)
{
	*config = (struct run_config){
		.command = (char *const *)test->command,
		.input_path = "/dev/null",
		.output_path = "/dev/null",
		.signals_end_run = true,
	};
}

static bool was_interrupted(const struct outcome *outcome)
{
	return outcome->termination_reason && !strcmp(outcome->termination_reason, "killed");
}

/* What goes wrong with a run itself would go wrong with all of them. */
static int run_once(const struct self_test_case *test, struct result *result, struct failure *why)
{
	struct run_config config;
	int error;

	configure(test, &config);
	error = run_weigh(&config, result, why);
	if (!error && was_interrupted(&result->outcome))
		error = failure_set(why, 0, "a signal ended the self-test");
	return error;
}

static int run_case(const struct self_test_case *test, struct finding *told, struct failure *why)
{
	for (int i = 0; i < RUNS; i++) {
		struct finding finding;
		struct result result;
		int error = run_once(test, &result, why);

		if (!error && test == self_test_cases && i == 0)
			print_heading(&result);
		if (!error)
			finding = judge(test, &result);
		result_done(&result);
		if (error)
			return error;
		if (i == 0 || is_told(test, &finding, told))
			*told = finding;
	}
	return 0;
}

int self_test(bool *is_sound, struct failure *why)
{
	size_t sound = 0, all = 0;

	for (const struct self_test_case *test = self_test_cases; test->name; test++) {
		struct finding told;
		int error = run_case(test, &told, why);

		if (error)
			return error;
		print_row(test, &told);
		sound += told.verdict == VERDICT_OK;
		all++;
	}
	printf("\n%zu of %zu cases are as near to the truth as is allowed.\n", sound, all);
	*is_sound = sound == all;
	return 0;
}
