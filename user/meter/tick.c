// SPDX-License-Identifier: Apache-2.0
// A clock event on every processor that runs a BPF program.
#include "tick.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"

/* The clock runs on when the processor is idle, but then it raises no event. */
static int start_on(int processor, int program_fd, uint64_t period_ns)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = period_ns,
		.exclude_idle = 1,
	};
	cleanup_fd int event =
		syscall(SYS_perf_event_open, &attributes, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);

	if (event < 0 || ioctl(event, PERF_EVENT_IOC_SET_BPF, program_fd) ||
		ioctl(event, PERF_EVENT_IOC_ENABLE, 0))
		return -errno;
	return take_fd(&event);
}

int tick_start(struct tick *tick, int program_fd, uint64_t period_ns, size_t processors,
	struct failure *why)
{
	tick->events = calloc(processors, sizeof(*tick->events));
	if (!tick->events)
		return failure_set(why, ENOMEM, "start the tick of the processors");
	for (size_t i = 0; i < processors; i++) {
		int event = start_on(i, program_fd, period_ns);

		/* It is switched off, or might be plugged in. */
		if (event == -ENODEV)
			continue;
		if (event < 0)
			return failure_set(why, -event, "start the tick of processor %zu", i);
		tick->events[tick->count++] = event;
	}
	return 0;
}

void tick_stop(struct tick *tick)
{
	for (size_t i = 0; i < tick->count; i++)
		close(tick->events[i]);
	free(tick->events);
	*tick = (struct tick){ 0 };
}
