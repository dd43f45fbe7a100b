// SPDX-License-Identifier: Apache-2.0
// The programs that weigh interrupts: an object beside the collector's, loaded only on demand.
//
// Not a light skeleton, because those cannot share maps with each other. It relocates nothing, so
// libbpf has no need to read the kernel's types, which is what makes it slow.
#include "interrupts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <bpf/libbpf.h>

#include "interrupt.skel.h"

/* By their entry and exit; the names are the kernel's tracepoints. */
static const struct {
	const char *entry, *exit;
	bool is_soft;
} kinds[] = {
	{ "irq_handler_entry", "irq_handler_exit", false },
	{ "local_timer_entry", "local_timer_exit", false },
	{ "reschedule_entry", "reschedule_exit", false },
	{ "call_function_entry", "call_function_exit", false },
	{ "call_function_single_entry", "call_function_single_exit", false },
	{ "irq_work_entry", "irq_work_exit", false },
	{ "softirq_entry", "softirq_exit", true },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct interrupts {
	struct interrupt *skeleton;
	struct bpf_link *links[2 * KINDS];
	size_t link_count;
};

static int share_maps(struct interrupt *skeleton, const struct interrupts_maps *maps)
{
	int error = bpf_map__reuse_fd(skeleton->maps.runs, maps->runs);

	if (!error)
		error = bpf_map__reuse_fd(skeleton->maps.cpus, maps->cpus);
	return error ? error : bpf_map__reuse_fd(skeleton->maps.tasks, maps->tasks);
}

static int load(
	struct interrupts *interrupts, const struct interrupts_maps *maps, struct failure *why)
{
	int error;

	interrupts->skeleton = interrupt__open();
	if (!interrupts->skeleton)
		return failure_set(why, errno, "prepare the BPF programs that weigh interrupts");
	error = share_maps(interrupts->skeleton, maps);
	if (!error)
		error = interrupt__load(interrupts->skeleton);
	if (!error)
		return 0;
	failure_set(why, -error, "load the BPF programs that weigh interrupts into this kernel");
	return failure_hint(why, "weigh without --interrupts");
}

int interrupts_open(
	const struct interrupts_maps *maps, struct interrupts **out, struct failure *why)
{
	struct interrupts *interrupts = calloc(1, sizeof(*interrupts));
	int error;

	if (!interrupts)
		return failure_set(why, ENOMEM, "allocate what weighs interrupts");
	error = load(interrupts, maps, why);
	if (error) {
		interrupts_close(interrupts);
		return error;
	}
	*out = interrupts;
	return 0;
}

/* A kind that this kernel was built without does not happen. */
static int attach(struct interrupts *interrupts, struct bpf_program *program,
	const char *tracepoint, struct failure *why)
{
	struct bpf_link *link = bpf_program__attach_raw_tracepoint(program, tracepoint);

	if (!link && errno == ENOENT)
		return 0;
	if (!link)
		return failure_set(why, errno, "attach to the tracepoint '%s'", tracepoint);
	interrupts->links[interrupts->link_count++] = link;
	return 0;
}

int interrupts_attach(struct interrupts *interrupts, struct failure *why)
{
	struct interrupt *skeleton = interrupts->skeleton;
	int error = 0;

	for (size_t i = 0; i < KINDS && !error; i++) {
		error = attach(interrupts,
			kinds[i].is_soft ? skeleton->progs.softirq_begins
					 : skeleton->progs.interrupt_begins,
			kinds[i].entry, why);
		if (!error)
			error = attach(interrupts,
				kinds[i].is_soft ? skeleton->progs.softirq_ends
						 : skeleton->progs.interrupt_ends,
				kinds[i].exit, why);
	}
	return error;
}

void interrupts_close(struct interrupts *interrupts)
{
	if (!interrupts)
		return;
	for (size_t i = 0; i < interrupts->link_count; i++)
		bpf_link__destroy(interrupts->links[i]);
	interrupt__destroy(interrupts->skeleton);
	free(interrupts);
}
