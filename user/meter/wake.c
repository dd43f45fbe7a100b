// SPDX-License-Identifier: Apache-2.0
// How a BPF program wakes this process: one perf event on each processor.
//
// Theory of operation. The map keeps an event only as long as the descriptor of the map through
// which it came is open: when the launcher dies, the kernel takes its events out. What is written
// into an event's ring says nothing; that something is there is the news.
#include "wake.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "base/cleanup.h"

struct wake_event {
	int fd;
	struct perf_event_mmap_page *ring;
};

static int open_event(int processor)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attributes),
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.sample_type = PERF_SAMPLE_RAW,
		.sample_period = 1,
		.wakeup_events = 1,
	};

	return syscall(SYS_perf_event_open, &attributes, -1, processor, -1, PERF_FLAG_FD_CLOEXEC);
}

static int prepare_event(struct wake *wake, struct wake_event *event, int map_fd, uint32_t key)
{
	struct epoll_event readable = { .events = EPOLLIN };

	event->ring =
		mmap(NULL, wake->ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, event->fd, 0);
	if (event->ring == MAP_FAILED) {
		event->ring = NULL;
		return -errno;
	}
	if (ioctl(event->fd, PERF_EVENT_IOC_ENABLE, 0) ||
		bpf_map_update_elem(map_fd, &key, &event->fd, BPF_ANY) ||
		epoll_ctl(wake->epoll_fd, EPOLL_CTL_ADD, event->fd, &readable))
		return -errno;
	return 0;
}

static int start_on(struct wake *wake, int processor, int map_fd, uint32_t key)
{
	struct wake_event *event = &wake->events[wake->count];

	event->fd = open_event(processor);
	/* It is switched off, or might be plugged in. */
	if (event->fd < 0)
		return errno == ENODEV ? 0 : -errno;
	wake->count++;
	return prepare_event(wake, event, map_fd, key);
}

int wake_start(
	struct wake *wake, int map_fd, uint32_t first_key, size_t processors, struct failure *why)
{
	int error = 0;

	wake->ring_bytes = 2 * sysconf(_SC_PAGESIZE);
	wake->events = calloc(processors, sizeof(*wake->events));
	if (!wake->events)
		return failure_set(why, ENOMEM, "prepare to be told of limits");
	wake->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (wake->epoll_fd < 0)
		return failure_set(why, errno, "prepare to be told of limits");
	for (size_t i = 0; i < processors && !error; i++)
		error = start_on(wake, i, map_fd, first_key + i);
	return error ? failure_set(why, -error, "prepare to be told of limits") : 0;
}

void wake_take(struct wake *wake)
{
	for (size_t i = 0; i < wake->count; i++) {
		struct perf_event_mmap_page *ring = wake->events[i].ring;
		uint64_t head = __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE);

		__atomic_store_n(&ring->data_tail, head, __ATOMIC_RELEASE);
	}
}

void wake_stop(struct wake *wake)
{
	for (size_t i = 0; i < wake->count; i++) {
		if (wake->events[i].ring)
			munmap(wake->events[i].ring, wake->ring_bytes);
		close(wake->events[i].fd);
	}
	free(wake->events);
	close_fd(&wake->epoll_fd);
	*wake = (struct wake)WAKE_NONE;
}
