// SPDX-License-Identifier: Apache-2.0
// The collector of one run: opened, told of the run's cgroup, asked while it lives, closed.
//
// Theory of operation. The programs are loaded and attached as one object (collector_object.c). The
// run's first task is made a member here before it is let go, and every birth after that is seen.
// While a run lives nothing here calls bpf(2): the run's own account is mapped memory and a limit
// that is passed raises a perf event, because on kernels from 7.0 on a map call makes the classic
// tracepoint programs of that processor miss events.
//
// A private collector is loaded for one run, and is gone with the descriptors. The shared one has
// the same object with many slots, and is pinned (collector_pin.c); a run opens what it needs of
// it, so everything but loading goes by descriptors, wherever they came from.
//
//   collector_object.c  the programs and maps: loaded, attached, by a table
//   collector_slot.c    a run's place in it: taken, emptied, given back
//   collector_read.c    the accounts, when the run is over
//   collector_pin.c     the shared collector's directory
//   collector_shared.c  how it is started, stopped, looked at and used
//   collector_gate.c    how a user's launcher, which may open nothing of it, uses it
#include "collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "call_time.h"
#include "collector_parts.h"

#define LIMIT_TICK_NS 250000

/* --- Opening --- */

int collector_new(struct collector **out, struct failure *why)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int processors;

	if (!collector)
		return failure_set(why, ENOMEM, "allocate the collector");
	/* Of all objects: what fails is told by the caller, and not by libbpf. */
	libbpf_set_print(NULL);
	processors = libbpf_num_possible_cpus();
	if (processors < 0) {
		free(collector);
		return failure_set(why, -processors, "count the processors of this machine");
	}
	collector->processors = (size_t)processors;
	collector->presence_fd = collector->cgroup_fd = -1;
	collector->wake = (struct wake)WAKE_NONE;
	collector->no_io_uring = "nobody asked for requests to io_uring to be counted";
	memset(collector->maps, 0xff, sizeof(collector->maps));
	memset(collector->programs, 0xff, sizeof(collector->programs));
	memset(collector->links, 0xff, sizeof(collector->links));
	*out = collector;
	return 0;
}

static int load_interrupts(struct collector *collector, struct failure *why)
{
	const struct interrupts_maps needed = {
		.runs = collector->maps[MAP_RUNS],
		.cpus = collector->maps[MAP_CPUS],
		.tasks = collector->maps[MAP_TASKS],
	};

	return interrupts_open(&needed, &collector->interrupts, why);
}

int collector_open(const struct collector_spec *wanted, struct collector **out, struct failure *why)
{
	const struct object_spec spec = { .slots = 1, .wanted = *wanted };
	struct collector *collector = NULL;
	uint64_t begin_ns = clock_now_ns();
	int error = collector_new(&collector, why);

	if (!collector)
		return error;
	collector->spec = *wanted;
	collector->spec.places = NULL; /* the programs have them after the load */
	error = object_load(collector, &spec, why);
	if (!error)
		error = object_map_run(collector, why);
	if (!error) {
		collector->run->timeline_interval_ns = wanted->timeline_interval_ns;
		error = collector_set_limits(collector, why);
	}
	if (!error && wanted->weighs_interrupts)
		error = load_interrupts(collector, why);
	if (error) {
		collector_close(collector);
		return error;
	}
	collector->start_ns = clock_now_ns() - begin_ns;
	*out = collector;
	return 0;
}

/* --- A run --- */

static int read_cgroup_id(struct collector *collector, int cgroup_fd, struct failure *why)
{
	struct stat cgroup;

	/* cgroup2 shows a cgroup's id as the inode of its directory. */
	if (fstat(cgroup_fd, &cgroup))
		return failure_set(why, errno, "read the cgroup's id");
	collector->run->cgroup_id = cgroup.st_ino;
	/* No task's: theirs is 0 before one of them is the main thread. */
	collector->run->main_epoch = 1;
	return 0;
}

/* The programs on the cgroup find the slot in what the kernel keeps for it once they are there. */
static int enter_run(struct collector *collector, struct failure *why)
{
	uint64_t id = collector->run->cgroup_id;
	struct cgroup_account account = { .slot = collector->slot };

	if (collector->slot && bpf_map_update_elem(collector->maps[MAP_CGROUPS], &id, &account, 0))
		return failure_set(why, errno, "tell the run's cgroup its slot");
	if (bpf_map_update_elem(collector->maps[MAP_SLOTS], &id, &collector->slot, BPF_ANY))
		return failure_set(why, errno, "enter the run in the collector");
	return 0;
}

static int attach(struct collector *collector, int cgroup_fd, struct failure *why)
{
	int error = 0;

	if (collector->skeleton) {
		error = read_cgroup_id(collector, cgroup_fd, why);
		if (!error)
			error = object_attach_machine(collector, why);
	}
	return error ? error : object_attach_cgroup(collector, cgroup_fd, why);
}

/* Two looks in each interval, so that one that comes late leaves no interval without. */
static int start_timeline(struct collector *collector, struct failure *why)
{
	uint64_t interval_ns = collector->run->timeline_interval_ns;

	if (!interval_ns)
		return 0;
	return tick_start(&collector->timeline_tick, collector->programs[object_tick_program()],
		interval_ns / 2, collector->processors, why);
}

static int register_at_gate(struct collector *collector, struct failure *why)
{
	uint64_t begin_ns = clock_now_ns();
	int error = gate_visit_register(collector->visit, why);

	collector->start_ns += clock_now_ns() - begin_ns;
	return error;
}

int collector_register(struct collector *collector, int cgroup_fd, struct failure *why)
{
	uint64_t begin_ns = clock_now_ns();
	int error;

	if (collector->visit)
		return register_at_gate(collector, why);
	error = attach(collector, cgroup_fd, why);
	if (!error)
		error = enter_run(collector, why);
	if (!error && !collector->skeleton)
		error = collector_misses(collector, &collector->old_misses, why);
	if (!error)
		error = start_timeline(collector, why);
	if (!error && collector->interrupts)
		error = interrupts_attach(collector->interrupts, why);
	collector->start_ns += clock_now_ns() - begin_ns;
	return error;
}

/* The shared collector counts them for all runs, or for none. */
int collector_watch_io_uring(struct collector *collector, struct failure *why)
{
	uint64_t begin_ns = clock_now_ns();
	int error;

	if (!collector->skeleton) {
		bool is_told = collector->visit ? gate_visit_has_io_uring(collector->visit)
						: collector->stamp->has_io_uring;

		collector->no_io_uring = is_told ? NULL : object_not_told_of_io_uring;
		return 0;
	}
	error = object_attach_io_uring(collector, why);
	collector->start_ns += clock_now_ns() - begin_ns;
	return error;
}

int collector_seed(struct collector *collector, int pidfd, struct failure *why)
{
	struct run_account *run = collector->run;
	struct task_account account = { .slot = collector->slot, .generation = run->generation };

	/* The gate's programs have done it, when the process was born into the cgroup. */
	if (collector->visit)
		return 0;
	__atomic_add_fetch(&run->live_tasks, 1, __ATOMIC_SEQ_CST);
	run->peak_tasks = 1;
	if (!bpf_map_update_elem(collector->maps[MAP_TASKS], &pidfd, &account, BPF_ANY))
		return 0;
	__atomic_sub_fetch(&run->live_tasks, 1, __ATOMIC_SEQ_CST);
	/* One that is gone by now failed before its exec, which is told as its end. */
	if (errno == ENOENT)
		return 0;
	return failure_set(why, errno, "make the command's process a member of the run");
}

bool collector_has_limits(const struct collector_limits *limits)
{
	return limits->cpu_ns || limits->soft_cpu_ns || limits->rss_bytes || limits->tasks;
}

static void put_limits(struct run_account *run, const struct collector_limits *limits)
{
	run->soft_cpu_limit_ns = limits->soft_cpu_ns;
	run->cpu_limit_ns = limits->cpu_ns;
	/* The programs look at CPU time only if there is a hard limit. */
	if ((limits->soft_cpu_ns || run->timeline_interval_ns) && !limits->cpu_ns)
		run->cpu_limit_ns = UINT64_MAX;
	run->rss_limit_pages = limits->rss_bytes / sysconf(_SC_PAGESIZE);
	run->task_limit = limits->tasks;
}

int collector_set_limits(struct collector *collector, struct failure *why)
{
	const struct collector_limits *limits = &collector->spec.limits;

	put_limits(collector->run, limits);
	if (!collector_has_limits(limits))
		return 0;
	return wake_start(&collector->wake, collector->maps[MAP_WAKES],
		collector->slot * collector->processors, collector->processors, why);
}

int collector_event_fd(const struct collector *collector)
{
	return collector->visit ? gate_visit_event_fd(collector->visit) : collector->wake.epoll_fd;
}

void collector_consume(struct collector *collector)
{
	if (collector->visit)
		gate_visit_take_event(collector->visit);
	else
		wake_take(&collector->wake);
}

enum collector_limit collector_limit_fired(const struct collector *collector)
{
	return __atomic_load_n(&collector->run->limit_fired, __ATOMIC_ACQUIRE);
}

bool collector_soft_limit_fired(const struct collector *collector)
{
	return __atomic_load_n(&collector->run->soft_limit_fired, __ATOMIC_ACQUIRE);
}

/* A user's launcher has a copy of the account. */
static void renew(const struct collector *collector)
{
	if (collector->visit)
		gate_visit_look(collector->visit);
}

static bool is_drained(const struct collector *collector)
{
	renew(collector);
	return __atomic_load_n(&collector->run->live_tasks, __ATOMIC_ACQUIRE) <= 0;
}

/* Looks often: it is a matter of microseconds, and nothing else is left to be done. */
bool collector_wait_drained(const struct collector *collector, int deadline_ms)
{
	const struct timespec pause = { .tv_nsec = 20000 };
	uint64_t end_ns = clock_now_ns() + deadline_ms * 1000000ULL;

	while (!is_drained(collector)) {
		if (clock_now_ns() > end_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

uint64_t collector_exec_ns(const struct collector *collector)
{
	renew(collector);
	return __atomic_load_n(&collector->run->exec_ns, __ATOMIC_ACQUIRE);
}

size_t collector_processors(const struct collector *collector)
{
	return collector->processors;
}

const char *collector_mode(const struct collector *collector)
{
	return collector->skeleton ? "private" : "shared";
}

int collector_arm(struct collector *collector, struct failure *why)
{
	/* Users may not: their launcher looks by itself. */
	if (collector->visit)
		return 0;
	return tick_start(&collector->limit_tick, collector->programs[object_tick_program()],
		LIMIT_TICK_NS, collector->processors, why);
}

uint64_t collector_start_ns(const struct collector *collector)
{
	return collector->start_ns;
}

/* Its own descriptors; those of a skeleton are closed with it. */
static void close_opened(struct collector *collector)
{
	for (int map = 0; map < COLLECTOR_MAPS; map++)
		close_fd(&collector->maps[map]);
	for (size_t i = 0; i < object_program_count(); i++)
		close_fd(&collector->programs[i]);
}

static void detach(struct collector *collector)
{
	tick_stop(&collector->limit_tick);
	tick_stop(&collector->timeline_tick);
	interrupts_close(collector->interrupts);
	collector->interrupts = NULL;
	for (size_t i = 0; i < object_program_count(); i++)
		close_fd(&collector->links[i]);
}

/* Its own account ends with the map. The limits of the run are not meant for this process. */
static int make_self_member(struct collector *collector)
{
	struct task_account account = { .slot = collector->slot, .flags = TASK_COUNTED };
	cleanup_fd int self = pidfd_open(getpid(), 0);

	put_limits(collector->run, &(struct collector_limits){ 0 });
	if (self < 0)
		return -errno;
	return bpf_map_update_elem(collector->maps[MAP_TASKS], &self, &account, BPF_ANY);
}

/* Of a member, because its calls are counted: those of other processes cost less. */
uint64_t collector_detach(struct collector *collector)
{
	uint64_t begin_ns = clock_now_ns(), weighed_ps = 0, bare_ps;

	if (!collector->skeleton)
		return 0;
	if (!make_self_member(collector))
		weighed_ps = call_time_ps();
	detach(collector);
	bare_ps = call_time_ps();
	collector->stop_ns += clock_now_ns() - begin_ns;
	return weighed_ps > bare_ps ? weighed_ps - bare_ps : 0;
}

/* The programs leave the cgroup before its slot may become another run's. */
static void release(struct collector *collector)
{
	detach(collector);
	wake_stop(&collector->wake);
	if (collector->owners && collector->run)
		slot_release(collector);
	if (collector->pages)
		munmap(collector->pages, collector->pages_bytes);
	if (collector->owners)
		munmap(collector->owners, collector->slots * sizeof(*collector->owners));
	if (collector->skeleton)
		object_unload(collector);
	else
		close_opened(collector);
	close_fd(&collector->maps[MAP_OWNERS]);
	pin_forget(collector->stamp);
	gate_close(collector->gate);
	gate_visit_close(collector->visit);
	close_fd(&collector->cgroup_fd);
	close_fd(&collector->presence_fd);
	free(collector);
}

uint64_t collector_close(struct collector *collector)
{
	uint64_t begin_ns = clock_now_ns(), detach_ns;

	if (!collector)
		return 0;
	detach_ns = collector->stop_ns;
	release(collector);
	return detach_ns + clock_now_ns() - begin_ns;
}
