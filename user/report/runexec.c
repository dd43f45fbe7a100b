// SPDX-License-Identifier: Apache-2.0
// The result as BenchExec's runexec prints it: a line "key=value" for everything that is known.
#include "runexec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/python.h"

/* As datetime.isoformat has it: microseconds unless they are none, and the distance to UTC. */
static void print_start(FILE *out, const struct timespec *start)
{
	char date[64], zone[8];
	struct tm local;

	if (!localtime_r(&start->tv_sec, &local))
		return;
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &local);
	strftime(zone, sizeof(zone), "%z", &local); /* "+0200" */
	fprintf(out, "starttime=%s", date);
	if (start->tv_nsec >= 1000)
		fprintf(out, ".%06ld", start->tv_nsec / 1000);
	fprintf(out, "%.3s:%s\n", zone, zone + 3);
}

static void print_end(FILE *out, const struct outcome *outcome)
{
	if (outcome->termination_reason)
		fprintf(out, "terminationreason=%s\n", outcome->termination_reason);
	if (outcome->signal)
		fprintf(out, "exitsignal=%d\n", outcome->signal);
	else
		fprintf(out, "returnvalue=%d\n", outcome->exit_code);
}

static void print_seconds(FILE *out, const char *key, const struct number *number)
{
	if (number->is_known)
		fprintf(out, "%s=%ss\n", key, python_seconds(number->value).text);
}

static void print_bytes(FILE *out, const char *key, const struct number *number)
{
	if (number->is_known)
		fprintf(out, "%s=%" PRIu64 "B\n", key, number->value);
}

/* A number of a processor, to be sorted as the text that it is: 10 before 2. */
struct processor {
	char name[24];
	uint64_t cpu_ns;
};

static int compare_names(const void *a, const void *b)
{
	const struct processor *first = a, *second = b;

	return strcmp(first->name, second->name);
}

static int print_processors(FILE *out, const struct result *result)
{
	size_t count = result->time.cpu_by_processor ? result->time.processors : 0;
	cleanup_free struct processor *processors = calloc(count + 1, sizeof(*processors));

	if (!processors)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		snprintf(processors[i].name, sizeof(processors[i].name), "%zu", i);
		processors[i].cpu_ns = result->time.cpu_by_processor[i];
	}
	qsort(processors, count, sizeof(*processors), compare_names);
	for (size_t i = 0; i < count; i++) {
		uint64_t cpu_ns = processors[i].cpu_ns;

		if (cpu_ns)
			fprintf(out, "cputime-cpu%s=%" PRIu64 ".%09" PRIu64 "s\n",
				processors[i].name, cpu_ns / 1000000000, cpu_ns % 1000000000);
	}
	return 0;
}

static int print_run(FILE *out, const struct result *result)
{
	int error;

	print_start(out, &result->started_at);
	print_end(out, &result->outcome);
	print_seconds(out, "walltime", &result->time.wall);
	print_seconds(out, "cputime", &result->time.cpu);
	error = print_processors(out, result);
	print_bytes(out, "memory", &result->memory.peak);
	print_bytes(out, "blkio-read", &result->io.read);
	print_bytes(out, "blkio-write", &result->io.written);
	print_seconds(out, "pressure-cpu-some", &result->pressure.cpu);
	print_seconds(out, "pressure-io-some", &result->pressure.io);
	print_seconds(out, "pressure-memory-some", &result->pressure.memory);
	return error;
}

static bool has_run(const struct outcome *outcome)
{
	return outcome->kind != OUTCOME_ERROR && outcome->kind != OUTCOME_NOT_STARTED;
}

int runexec_render(const struct result *result, char **text, struct failure *why)
{
	cleanup_free char *rendered = NULL;
	size_t size;
	FILE *out = open_memstream(&rendered, &size);
	int error = 0;

	if (!out)
		return failure_set(why, ENOMEM, "render the result");
	if (has_run(&result->outcome))
		error = print_run(out, result);
	else
		fputs("terminationreason=failed\n", out);
	if (fclose(out) || error)
		return failure_set(why, ENOMEM, "render the result");
	*text = take_pointer(&rendered);
	return 0;
}
