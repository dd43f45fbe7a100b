// SPDX-License-Identifier: Apache-2.0
// The BPF half as one object: the only file that sees its skeleton.
//
// The light skeleton loads all programs by one system call of the kernel's own loader, which costs
// a third of libbpf's. What is attached is decided by a table: tracing programs for the whole
// machine, cgroup programs on the run's cgroup alone.
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "collector_parts.h"
#include "wait_cause.h"

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
#include "preemptible.lskel.h"
#include "preemptible_bare.lskel.h"
#include "steady.lskel.h"
#include "steady_bare.lskel.h"

/*
 * Two variants of the same programs and maps, for kernels whose tracepoints may be preempted and
 * for all others. They differ in the hooks of some programs, not in what a skeleton holds.
 */
_Static_assert(sizeof(struct steady) == sizeof(struct preemptible), "the variants are alike");

/* And each without what only an option asks for, which is then neither loaded nor verified. */
_Static_assert(sizeof(struct steady_bare) == sizeof(struct preemptible_bare),
	"the bare variants are alike");

/* Of a program that was refused; the longest seen was a tenth of it. */
#define VERIFIER_LOG_BYTES (4 << 20)

/* Address spaces of all runs at one instant: what is enough for one, and 64 for each of many. */
#define LEAST_ADDRESS_SPACES 16384
#define ADDRESS_SPACES_OF_RUN 64

/*
 * System calls by number and processor of one run of a shared collector: a compiler's whole build
 * makes 60 different ones. Runs that use more than four processors at once leave room to others.
 */
#define SYSCALL_ENTRIES_OF_RUN 128
#define PROCESSORS_OF_RUN 4

enum attach_kind {
	ATTACH_TRACEPOINT, /* raw or BTF tracepoint: one link, all processors */
	ATTACH_SYSCALLS,   /* raw, or classic where tracepoints may be preempted */
	ATTACH_CGROUP,	   /* on the run's cgroup */
	ATTACH_URING,	   /* a tracepoint, where the run can make rings */
	ATTACH_TICK,	   /* not before a limit is near: see tick.c */
};

struct attachment {
	size_t program; /* offset of its struct bpf_prog_desc in the skeleton */
	enum attach_kind kind;
	enum bpf_attach_type cgroup_hook;
	const char *name;
	const char *tracepoint; /* of a raw one; a BTF program knows its own */
	bool is_for_times;
};

#define PROGRAM(member) offsetof(struct steady, progs.member), .name = #member
#define TRACEPOINT(member)                                                                         \
	{                                                                                          \
		PROGRAM(member), .kind = ATTACH_TRACEPOINT                                         \
	}
#define RAW(member, on)                                                                            \
	{                                                                                          \
		PROGRAM(member), .kind = ATTACH_TRACEPOINT, .tracepoint = on                       \
	}
#define CGROUP(member, hook)                                                                       \
	{                                                                                          \
		PROGRAM(member), .kind = ATTACH_CGROUP, .cgroup_hook = hook                        \
	}

static const struct attachment attachments[] = {
	RAW(task_leaves, "sched_switch"),
	RAW(exec, "sched_process_exec"),
	TRACEPOINT(join_cgroup),
	RAW(pages_change, "rss_stat"),
	RAW(mm_ends, "exit_mmap"),
	TRACEPOINT(birth),
	{ PROGRAM(syscall_enters), .kind = ATTACH_SYSCALLS, .tracepoint = "sys_enter",
		.is_for_times = true },
	{ PROGRAM(syscall_leaves), .kind = ATTACH_SYSCALLS, .tracepoint = "sys_exit" },
	CGROUP(packet_received, BPF_CGROUP_INET_INGRESS),
	CGROUP(packet_sent, BPF_CGROUP_INET_EGRESS),
	CGROUP(socket_created, BPF_CGROUP_INET_SOCK_CREATE),
	{ PROGRAM(request_submitted), .kind = ATTACH_URING },
	{ PROGRAM(limit_tick), .kind = ATTACH_TICK },
};

/* What counts on each processor by itself, and is emptied for the next run. */
#define ACCOUNT(map, member, type)                                                                 \
	[map] = { offsetof(struct steady, maps.member), #member, 1, sizeof(type) }
#define MAP(map, member, entries)                                                                  \
	[map] = { offsetof(struct steady, maps.member), #member, entries, 0 }

/* The maps that a run needs from here. */
static const struct {
	size_t map; /* offset of its struct bpf_map_desc in the skeleton */
	const char *name;
	size_t entries; /* of one run; 0: it does not grow with the runs */
	size_t account_bytes;
} maps[COLLECTOR_MAPS] = {
	MAP(MAP_RUNS, runs, 1),
	ACCOUNT(MAP_CPUS, cpus, struct cpu_account),
	ACCOUNT(MAP_MEMORY, memory, struct memory_account),
	MAP(MAP_TASKS, tasks, 0),
	MAP(MAP_SLOTS, slots, 1),
	MAP(MAP_WAKES, wakes, 0),
	MAP(MAP_CGROUPS, cgroups, 0),
	MAP(MAP_REFUSALS, refusals, ABI_COUNT),
	MAP(MAP_SYSCALLS, syscalls, 0),
	MAP(MAP_SYSCALL_ENTRIES, syscall_entries, 0),
	MAP(MAP_TIMELINE, timeline, 0),
	MAP(MAP_TIMES, times, 0),
	[MAP_OWNERS] = { .name = "owners" },
};

_Static_assert(COLLECTOR_CPU_LIMIT == (int)LIMIT_CPU &&
		       COLLECTOR_MEMORY_LIMIT == (int)LIMIT_MEMORY &&
		       COLLECTOR_TASK_LIMIT == (int)LIMIT_TASKS,
	"the collector names the limits as its programs do");

#define PROGRAM_COUNT (sizeof(attachments) / sizeof(attachments[0]))

_Static_assert(PROGRAM_COUNT <= COLLECTOR_PROGRAMS, "there is room for all programs");

const char object_not_told_of_io_uring[] = "this kernel does not tell of requests to io_uring";

/* There is one of the kind. */
static size_t program_of(enum attach_kind kind)
{
	size_t i = 0;

	while (attachments[i].kind != kind)
		i++;
	return i;
}

static bool kernel_is_at_least(int major, int minor)
{
	int running_major = 0, running_minor = 0;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%d.%d", &running_major, &running_minor) != 2)
		return false;
	return running_major > major || (running_major == major && running_minor >= minor);
}

bool kernel_preempts_tracepoints(void)
{
	return kernel_is_at_least(7, 0);
}

/* From 5.17 on (fbd94c7afcf9) the kernel itself relocates what a light skeleton loads. */
static int check_kernel(struct failure *why)
{
	struct utsname name = { 0 };

	if (kernel_is_at_least(5, 17))
		return 0;
	uname(&name);
	failure_set(why, 0, "this kernel, %s, cannot load the BPF programs", name.release);
	return failure_hint(why, "tare needs Linux 5.17 or later");
}

const char *object_program_name(size_t i)
{
	return i < PROGRAM_COUNT ? attachments[i].name : NULL;
}

size_t object_program_count(void)
{
	return PROGRAM_COUNT;
}

const char *object_map_name(enum collector_map map)
{
	return maps[map].name;
}

size_t object_map_account_bytes(enum collector_map map)
{
	return maps[map].account_bytes;
}

size_t object_tick_program(void)
{
	return program_of(ATTACH_TICK);
}

bool object_program_is_machines(size_t i)
{
	return attachments[i].kind == ATTACH_TRACEPOINT || attachments[i].kind == ATTACH_SYSCALLS;
}

/* --- Loading --- */

static struct bpf_map_desc *map_of(struct steady *skeleton, enum collector_map map)
{
	return (struct bpf_map_desc *)((char *)skeleton + maps[map].map);
}

static void set_sizes_of_shared(
	struct steady *skeleton, const struct object_spec *spec, size_t processors)
{
	size_t address_spaces = spec->slots * ADDRESS_SPACES_OF_RUN;

	if (address_spaces > LEAST_ADDRESS_SPACES) {
		skeleton->maps.mms.max_entries = address_spaces;
		skeleton->maps.mm_parts.max_entries = address_spaces;
	}
	skeleton->maps.wakes.max_entries = spec->slots * processors;
	skeleton->maps.syscall_entries.max_entries =
		spec->slots * SYSCALL_ENTRIES_OF_RUN *
		(processors < PROCESSORS_OF_RUN ? processors : PROCESSORS_OF_RUN);
}

static void set_sizes(struct steady *skeleton, const struct object_spec *spec, size_t processors)
{
	for (int map = 0; map < LOADED_MAPS; map++) {
		if (maps[map].entries)
			map_of(skeleton, map)->max_entries = spec->slots * maps[map].entries;
	}
	if (collector_has_limits(&spec->wanted.limits))
		skeleton->maps.wakes.max_entries = processors;
	if (spec->wanted.timeline_interval_ns)
		skeleton->maps.timeline.max_entries = TIMELINE_POINTS;
	if (spec->wanted.times_syscalls)
		skeleton->maps.times.max_entries = TIMED_NUMBERS * processors;
	if (spec->is_shared)
		set_sizes_of_shared(skeleton, spec, processors);
}

/* The coarse clocks go on at the scheduler's tick. */
static uint64_t scheduler_tick_ns(void)
{
	struct timespec resolution = { .tv_nsec = 10000000 };

	clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);
	return (uint64_t)resolution.tv_nsec;
}

static void set_constants(
	struct steady *skeleton, const struct object_spec *spec, size_t processors)
{
	const struct collector_spec *wanted = &spec->wanted;

	skeleton->rodata->processors = processors;
	skeleton->rodata->is_shared = spec->is_shared;
	/* The time line needs the CPU time that a limit is held against. */
	skeleton->rodata->has_limits = spec->is_shared || collector_has_limits(&wanted->limits) ||
				       wanted->timeline_interval_ns;
	skeleton->rodata->scheduler_tick_ns = scheduler_tick_ns();
	skeleton->rodata->has_timeline = wanted->timeline_interval_ns != 0;
	skeleton->rodata->has_syscall_times = wanted->times_syscalls;
	wait_cause_fill(skeleton->rodata->wait_of_number);
	if (wanted->places)
		memcpy(skeleton->rodata->places, wanted->places, PLACES * sizeof(*wanted->places));
}

static struct steady *open_variant(const struct object_spec *spec, size_t processors)
{
	struct steady *skeleton = kernel_preempts_tracepoints()
					  ? (struct steady *)preemptible__open()
					  : steady__open();

	if (skeleton) {
		set_constants(skeleton, spec, processors);
		set_sizes(skeleton, spec, processors);
	}
	return skeleton;
}

static int load_variant(struct steady *skeleton)
{
	if (kernel_preempts_tracepoints())
		return preemptible__load((struct preemptible *)skeleton);
	return steady__load(skeleton);
}

/* --- Without what only an option asks for --- */

static bool is_bare(const struct object_spec *spec)
{
	const struct collector_spec *wanted = &spec->wanted;

	return !spec->is_shared && !collector_has_limits(&wanted->limits) &&
	       !wanted->timeline_interval_ns && !wanted->times_syscalls && !wanted->lets_io_uring;
}

/* By the names that the rest of this file knows. */
static void name_descriptors(struct steady *skeleton, const struct steady_bare *bare)
{
#define TAKE(member) skeleton->member = bare->member
	TAKE(maps.runs.map_fd);
	TAKE(maps.cpus.map_fd);
	TAKE(maps.tasks.map_fd);
	TAKE(maps.slots.map_fd);
	TAKE(maps.memory.map_fd);
	TAKE(maps.syscalls.map_fd);
	TAKE(maps.refusals.map_fd);
	TAKE(progs.task_leaves.prog_fd);
	TAKE(progs.pages_change.prog_fd);
	TAKE(progs.mm_ends.prog_fd);
	TAKE(progs.packet_received.prog_fd);
	TAKE(progs.packet_sent.prog_fd);
	TAKE(progs.socket_created.prog_fd);
	TAKE(progs.birth.prog_fd);
	TAKE(progs.join_cgroup.prog_fd);
	TAKE(progs.exec.prog_fd);
	TAKE(progs.syscall_leaves.prog_fd);
#undef TAKE
}

static int load_bare(struct collector *collector, const struct object_spec *spec)
{
	bool is_preemptible = kernel_preempts_tracepoints();
	struct steady_bare *bare = is_preemptible ? (struct steady_bare *)preemptible_bare__open()
						  : steady_bare__open();
	int error;

	collector->bare = bare;
	collector->skeleton = calloc(1, sizeof(*collector->skeleton));
	if (!bare || !collector->skeleton)
		return -ENOMEM;
	bare->rodata->processors = collector->processors;
	wait_cause_fill(bare->rodata->wait_of_number);
	if (spec->wanted.places)
		memcpy(bare->rodata->places, spec->wanted.places,
			PLACES * sizeof(*spec->wanted.places));
	error = is_preemptible ? preemptible_bare__load((struct preemptible_bare *)bare)
			       : steady_bare__load(bare);
	name_descriptors(collector->skeleton, bare);
	return error;
}

static int load_whole(struct collector *collector, const struct object_spec *spec)
{
	collector->skeleton = open_variant(spec, collector->processors);
	return collector->skeleton ? load_variant(collector->skeleton) : -ENOMEM;
}

void object_unload(struct collector *collector)
{
	if (!collector->bare) {
		steady__destroy(collector->skeleton);
		return;
	}
	steady_bare__destroy(collector->bare);
	free(collector->skeleton);
}

/* The last line that says why; the very last one only counts what was processed. */
static const char *last_reason(char *log)
{
	const char *reason = "";
	char *line, *rest = log;

	while ((line = strsep(&rest, "\n"))) {
		if (*line && strncmp(line, "processed ", strlen("processed ")) != 0)
			reason = line;
	}
	return reason;
}

/* Loads once more, with the verifier's log: it costs too much to be asked for in advance. */
static int tell_refusal(const struct object_spec *spec, size_t processors, struct failure *why)
{
	cleanup_free char *log = calloc(1, VERIFIER_LOG_BYTES);
	struct steady *again = log ? open_variant(spec, processors) : NULL;
	const char *reason;

	if (!again)
		return failure_hint(why, "see what this kernel lacks: tare check");
	again->ctx.log_level = 1;
	again->ctx.log_buf = (uintptr_t)log;
	again->ctx.log_size = VERIFIER_LOG_BYTES;
	(void)load_variant(again);
	steady__destroy(again);
	reason = last_reason(log);
	return *reason ? failure_hint(why, "the kernel's verifier said: %s", reason) : -why->errnum;
}

/* Of this the verifier only says that a helper is not there. */
static bool is_locked_down(void)
{
	cleanup_free char *levels = NULL;

	return !file_read(AT_FDCWD, "/sys/kernel/security/lockdown", &levels, NULL, NULL) &&
	       strstr(levels, "[confidentiality]");
}

static int load_failure(
	int error, const struct object_spec *spec, size_t processors, struct failure *why)
{
	failure_set(why, -error, "load the BPF programs into this kernel");
	switch (-error) {
	case EPERM:
		return failure_hint(why, "run as root: sudo tare run ... (see: tare check)");
	case EMFILE:
		return failure_hint(why, "let it open more files: ulimit -n 256");
	/* The verifier had no part in these. */
	case ENFILE:
	case ENOMEM:
	case ENOSYS:
	case EAGAIN:
	case EINTR:
		return error;
	default:
		if (is_locked_down())
			return failure_hint(why,
				"this kernel is locked down and lets no BPF program read its "
				"memory: boot without lockdown=confidentiality");
		return tell_refusal(spec, processors, why);
	}
}

/* A skeleton has 0 for what was not loaded. */
static int descriptor(int fd)
{
	return fd ? fd : -1;
}

static void take_descriptors(struct collector *collector)
{
	char *skeleton = (char *)collector->skeleton;

	for (int map = 0; map < LOADED_MAPS; map++)
		collector->maps[map] = descriptor(map_of(collector->skeleton, map)->map_fd);
	for (size_t i = 0; i < PROGRAM_COUNT; i++)
		collector->programs[i] = descriptor(
			((struct bpf_prog_desc *)(skeleton + attachments[i].program))->prog_fd);
}

/* Not all accounts: each page that is mapped costs a quarter of a microsecond. */
int object_map_run(struct collector *collector, struct failure *why)
{
	size_t page = sysconf(_SC_PAGESIZE), begin = collector->slot * sizeof(struct run_account);
	size_t first = begin / page * page, bytes = begin + sizeof(struct run_account) - first;
	char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
		collector->maps[MAP_RUNS], (off_t)first);

	if (pages == MAP_FAILED)
		return failure_set(why, errno, "map the run account");
	collector->pages = pages;
	collector->pages_bytes = bytes;
	collector->run = (struct run_account *)(pages + (begin - first));
	return 0;
}

int object_load(struct collector *collector, const struct object_spec *spec, struct failure *why)
{
	int error = check_kernel(why);

	if (error)
		return error;
	collector->slots = spec->slots;
	error = (is_bare(spec) ? load_bare : load_whole)(collector, spec);
	if (!collector->skeleton)
		return failure_set(why, ENOMEM, "prepare the BPF programs");
	if (error)
		return load_failure(error, spec, collector->processors, why);
	take_descriptors(collector);
	collector->knows_places = spec->wanted.places && collector->processors <= PLACES;
	return 0;
}

/* --- Attaching --- */

static int tracepoint_id(const char *tracepoint, uint64_t *id, struct failure *why)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/raw_syscalls/%s/id", tracepoint);
	if (file_read_decimal(AT_FDCWD, path, id, why) == 0)
		return 0;
	return failure_hint(why, "mount tracefs: sudo mount -t tracefs none /sys/kernel/tracing");
}

static int open_perf_event(uint64_t id)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attributes),
		.config = id,
	};

	return syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
}

/*
 * A tracepoint's programs run on every processor, whichever one its perf event was opened on. By a
 * link, which can be pinned and keeps the event.
 */
static int attach_classic(int program, const struct attachment *attachment, struct failure *why)
{
	cleanup_fd int event = -1;
	uint64_t id = 0;
	int link, error = tracepoint_id(attachment->tracepoint, &id, why);

	if (error)
		return error;
	event = open_perf_event(id);
	link = event < 0 ? -1 : skel_link_create(program, event, BPF_PERF_EVENT);
	if (link < 0)
		return failure_set(why, errno, "attach BPF program '%s'", attachment->name);
	return link;
}

static int attach_to_machine(int program, const struct attachment *attachment, struct failure *why)
{
	int link;

	if (attachment->kind == ATTACH_SYSCALLS && kernel_preempts_tracepoints())
		return attach_classic(program, attachment, why);
	link = skel_raw_tracepoint_open(attachment->tracepoint, program);
	if (link < 0)
		return failure_set(why, errno, "attach BPF program '%s'", attachment->name);
	return link;
}

static bool is_wanted(const struct collector *collector, size_t i)
{
	if (attachments[i].kind == ATTACH_SYSCALLS && collector->spec.no_syscalls)
		return false;
	return !attachments[i].is_for_times || collector->spec.times_syscalls;
}

int object_attach_machine(struct collector *collector, struct failure *why)
{
	for (size_t i = 0; i < PROGRAM_COUNT; i++) {
		int link;

		if (!object_program_is_machines(i) || !is_wanted(collector, i))
			continue;
		link = attach_to_machine(collector->programs[i], &attachments[i], why);
		if (link < 0)
			return link;
		collector->links[i] = link;
	}
	return 0;
}

/* The name changed in 6.3. */
static int attach_uring(int program)
{
	static const char *const tracepoints[] = { "io_uring_submit_req", "io_uring_submit_sqe" };
	int link = -1;

	for (size_t i = 0; i < 2 && link < 0; i++)
		link = skel_raw_tracepoint_open(tracepoints[i], program);
	return link;
}

int object_attach_io_uring(struct collector *collector, struct failure *why)
{
	size_t i = program_of(ATTACH_URING);

	/* From 6.0 on (48863ffd3e81) the tracepoint hands over the request itself. */
	if (!kernel_is_at_least(6, 0)) {
		collector->no_io_uring = "requests to io_uring are counted from Linux 6.0 on";
		return 0;
	}
	collector->links[i] = attach_uring(collector->programs[i]);
	collector->no_io_uring = NULL;
	if (collector->links[i] >= 0)
		return 0;
	collector->no_io_uring = object_not_told_of_io_uring;
	return errno == ENOENT
		       ? 0
		       : failure_set(why, errno, "attach BPF program '%s'", attachments[i].name);
}

int object_attach_cgroup(struct collector *collector, int cgroup_fd, struct failure *why)
{
	for (size_t i = 0; i < PROGRAM_COUNT; i++) {
		int link;

		if (attachments[i].kind != ATTACH_CGROUP)
			continue;
		link = skel_link_create(
			collector->programs[i], cgroup_fd, attachments[i].cgroup_hook);
		if (link < 0)
			return failure_set(
				why, errno, "attach BPF program '%s'", attachments[i].name);
		collector->links[i] = link;
	}
	return 0;
}
