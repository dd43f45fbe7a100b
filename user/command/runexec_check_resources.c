// SPDX-License-Identifier: Apache-2.0
// Which resources runexec refuses before anything is started, in BenchExec's words.
#include "runexec_check_resources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/number_set.h"
#include "sandbox/cgroup_controller.h"
#include "sandbox/cores.h"

/* --- Controllers --- */

/* The name ends where the text does or, of a value, at its first point. */
static int check_subsystem(const char *text, size_t length, struct failure *why)
{
	if (cgroup_controller_find(text, length) != CGROUP_ROLES)
		return 0;
	return failure_set(why, 0, "Cgroup subsystem \"%.*s\" was required but is not available.",
		length > 800 ? 800 : (int)length, text);
}

int runexec_check_subsystems(const struct runexec_options *options, struct failure *why)
{
	const struct runexec_texts *required = &options->required_subsystems;
	const struct runexec_texts *values = &options->cgroup_values;
	int error = 0;

	for (size_t i = 0; i < required->count && !error; i++)
		error = check_subsystem(required->texts[i], strlen(required->texts[i]), why);
	for (size_t i = 0; i < values->count && !error; i++)
		error = check_subsystem(values->texts[i], strcspn(values->texts[i], "."), why);
	return error;
}

/* --- Lists --- */

/* As Python shows a list: "[2, 3]"; for the caller to free. */
static char *show_list(const struct number_set *numbers)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const char *before = "[";

	if (!out)
		return NULL;
	number_set_for_each (number, numbers) {
		fprintf(out, "%s%d", before, number);
		before = ", ";
	}
	fputc(']', out);
	return fclose(out) ? NULL : take_pointer(&text);
}

/* A number that no kernel can have is refused where lists are read. */
static int check_list(
	const char *list, const struct number_set *allowed, const char *what, struct failure *why)
{
	struct number_set forbidden;
	cleanup_free char *shown = NULL;
	uint64_t number;

	if (!list || number_set_parse(list, &forbidden, &number))
		return 0;
	number_set_remove_all(&forbidden, allowed);
	if (!number_set_count(&forbidden))
		return 0;
	shown = show_list(&forbidden);
	return failure_set(
		why, 0, "%s %.900s are not allowed to be used", what, shown ? shown : "of these");
}

int runexec_check_lists(const struct runexec_options *options, struct failure *why)
{
	struct cores_machine machine;
	int error;

	if (options->cores && !*options->cores)
		return failure_set(why, 0, "Cannot execute run without any CPU core.");
	if (options->memory_nodes && !*options->memory_nodes)
		return failure_set(why, 0, "Cannot execute run without any memory node.");
	if (!options->cores && !options->memory_nodes)
		return 0;
	error = cores_read_machine(&machine, why);
	if (!error)
		error = check_list(options->cores, &machine.processors, "Cores", why);
	return error ? error
		     : check_list(options->memory_nodes, &machine.nodes, "Memory nodes", why);
}
