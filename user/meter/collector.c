// SPDX-License-Identifier: Apache-2.0
// The BPF half as one object: the only file that sees its skeleton.
//
// Theory of operation. The light skeleton loads all programs by one system call of the kernel's
// own loader, which costs a third of libbpf's. What is attached is decided by a table: tracing
// programs for the whole machine, cgroup programs on the run's cgroup alone. The run's first task
// is made a member here before it is let go, and every birth after that is seen. While a run lives
// nothing here calls bpf(2): the run's own account is mapped memory and its end arrives through
// the ring buffer, because on kernels from 7.0 on a map call makes the classic tracepoint programs
// of that processor miss events.
#include "collector.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "call_time.h"
#include "interrupts.h"
#include "tick.h"
#include "wait_cause.h"

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
#include "preemptible.lskel.h"
#include "steady.lskel.h"

/*
 * Two variants of the same programs and maps, for kernels whose tracepoints may be preempted and
 * for all others. They differ in the hooks of some programs, not in what a skeleton holds.
 */
_Static_assert(sizeof(struct steady) == sizeof(struct preemptible), "the variants are alike");

/* A private collector weighs one run. */
#define PRIVATE_SLOT 0

#define LIMIT_TICK_NS 250000

/* Of a program that was refused; the longest seen was a tenth of it. */
#define VERIFIER_LOG_BYTES (4 << 20)

struct collector {
	struct steady *skeleton; /* or a struct preemptible, which looks the same */
	struct run_account *run; /* mapped; NULL before collector_open has finished */
	struct ring_buffer *events;
	int links[32];
	size_t link_count;
	size_t processors;
	struct tick limit_tick, timeline_tick;
	const char *no_io_uring;
	struct collector_spec spec;
	uint64_t start_ns, stop_ns;
	bool is_drained;
	struct interrupts *interrupts; /* NULL: they are not weighed */
	bool knows_places;
};

enum attach_kind {
	ATTACH_TRACEPOINT, /* raw or BTF tracepoint: one link, all processors */
	ATTACH_SYSCALLS,   /* raw, or classic where tracepoints may be preempted */
	ATTACH_CGROUP,	   /* on the run's cgroup */
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
};

/* One of these, where the run can make rings. The name changed in 6.3. */
static const struct attachment uring_attachments[] = {
	RAW(request_submitted, "io_uring_submit_req"),
	RAW(request_submitted, "io_uring_submit_sqe"),
};

_Static_assert(COLLECTOR_CPU_LIMIT == (int)LIMIT_CPU &&
		       COLLECTOR_MEMORY_LIMIT == (int)LIMIT_MEMORY &&
		       COLLECTOR_TASK_LIMIT == (int)LIMIT_TASKS,
	"the collector names the limits as its programs do");

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define ATTACHMENT_COUNT ARRAY_SIZE(attachments)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static bool kernel_is_at_least(int major, int minor)
{
	int running_major = 0, running_minor = 0;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%d.%d", &running_major, &running_minor) != 2)
		return false;
	return running_major > major || (running_major == major && running_minor >= minor);
}

/* From 7.0 on tracepoint programs run with preemption on, and lose events of preempted tasks. */
static bool kernel_preempts_tracepoints(void)
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

static int program_fd(const struct collector *collector, const struct attachment *attachment)
{
	const char *base = (const char *)collector->skeleton;
	const struct bpf_prog_desc *program;

	program = (const struct bpf_prog_desc *)(base + attachment->program);
	return program->prog_fd;
}

static int map_run(struct collector *collector, struct failure *why)
{
	int fd = collector->skeleton->maps.runs.map_fd;
	void *run =
		mmap(NULL, sizeof(struct run_account), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (run == MAP_FAILED)
		return failure_set(why, errno, "map the run account");
	collector->run = run;
	return 0;
}

static int on_event(void *context, void *data, size_t size)
{
	const struct event *event = data;
	struct collector *collector = context;

	if (size >= sizeof(*event) && event->kind == EVENT_RUN_DRAINED)
		collector->is_drained = true;
	return 0;
}

static bool has_any(const struct collector_limits *limits)
{
	return limits->cpu_ns || limits->soft_cpu_ns || limits->rss_bytes || limits->tasks;
}

static struct steady *open_variant(size_t processors, const struct collector_spec *spec)
{
	struct steady *skeleton = kernel_preempts_tracepoints()
					  ? (struct steady *)preemptible__open()
					  : steady__open();

	if (skeleton) {
		skeleton->rodata->processors = processors;
		/* The time line needs the CPU time that a limit is held against. */
		skeleton->rodata->has_limits = has_any(&spec->limits) || spec->timeline_interval_ns;
		skeleton->rodata->has_timeline = spec->timeline_interval_ns != 0;
		skeleton->rodata->has_syscall_times = spec->times_syscalls;
		if (spec->timeline_interval_ns)
			skeleton->maps.timeline.max_entries = TIMELINE_POINTS;
		if (spec->times_syscalls)
			skeleton->maps.times.max_entries = TIMED_NUMBERS * processors;
		wait_cause_fill(skeleton->rodata->wait_of_number);
		if (spec->places)
			memcpy(skeleton->rodata->places, spec->places,
				PLACES * sizeof(*spec->places));
	}
	return skeleton;
}

static int load_variant(struct steady *skeleton)
{
	if (kernel_preempts_tracepoints())
		return preemptible__load((struct preemptible *)skeleton);
	return steady__load(skeleton);
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
static int tell_refusal(size_t processors, const struct collector_spec *spec, struct failure *why)
{
	cleanup_free char *log = calloc(1, VERIFIER_LOG_BYTES);
	struct steady *again = log ? open_variant(processors, spec) : NULL;

	if (!again)
		return failure_hint(why, "see what this kernel lacks: tare check");
	again->ctx.log_level = 1;
	again->ctx.log_buf = (uintptr_t)log;
	again->ctx.log_size = VERIFIER_LOG_BYTES;
	(void)load_variant(again);
	steady__destroy(again);
	return failure_hint(why, "the kernel's verifier said: %s", last_reason(log));
}

static int load_failure(int error, const struct collector *collector, struct failure *why)
{
	failure_set(why, -error, "load the BPF programs into this kernel");
	if (error == -EPERM)
		return failure_hint(why, "run as root: sudo tare run ... (see: tare check)");
	return tell_refusal(collector->processors, &collector->spec, why);
}

static void set_limits(struct run_account *run, const struct collector_limits *limits)
{
	run->soft_cpu_limit_ns = limits->soft_cpu_ns;
	run->cpu_limit_ns = limits->cpu_ns;
	/* The programs look at CPU time only if there is a hard limit. */
	if ((limits->soft_cpu_ns || run->timeline_interval_ns) && !limits->cpu_ns)
		run->cpu_limit_ns = UINT64_MAX;
	run->rss_limit_pages = limits->rss_bytes / sysconf(_SC_PAGESIZE);
	run->task_limit = limits->tasks;
}

static int load_interrupts(struct collector *collector, struct failure *why)
{
	const struct interrupts_maps maps = {
		.runs = collector->skeleton->maps.runs.map_fd,
		.cpus = collector->skeleton->maps.cpus.map_fd,
		.tasks = collector->skeleton->maps.tasks.map_fd,
	};

	return interrupts_open(&maps, &collector->interrupts, why);
}

static int load(struct collector *collector, struct failure *why)
{
	const struct collector_spec *spec = &collector->spec;
	int error = check_kernel(why);

	if (error)
		return error;
	collector->processors = libbpf_num_possible_cpus();
	collector->knows_places = spec->places && collector->processors <= PLACES;
	collector->skeleton = open_variant(collector->processors, spec);
	if (!collector->skeleton)
		return failure_set(why, ENOMEM, "prepare the BPF programs");
	error = load_variant(collector->skeleton);
	if (error)
		return load_failure(error, collector, why);
	error = map_run(collector, why);
	if (error)
		return error;
	collector->run->timeline_interval_ns = spec->timeline_interval_ns;
	set_limits(collector->run, &spec->limits);
	collector->events = ring_buffer__new(
		collector->skeleton->maps.events.map_fd, on_event, collector, NULL);
	if (!collector->events)
		return failure_set(why, errno, "map the ring buffer");
	return spec->weighs_interrupts ? load_interrupts(collector, why) : 0;
}

int collector_open(const struct collector_spec *spec, struct collector **out, struct failure *why)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	uint64_t begin_ns = now_ns();
	int error;

	if (!collector)
		return failure_set(why, ENOMEM, "allocate the collector");
	collector->no_io_uring = "nobody asked for requests to io_uring to be counted";
	collector->spec = *spec;
	error = load(collector, why);
	collector->spec.places = NULL; /* the programs have them now */
	if (error) {
		collector_close(collector);
		return error;
	}
	collector->start_ns = now_ns() - begin_ns;
	*out = collector;
	return 0;
}

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

/* A tracepoint's programs run on every processor, whichever one its perf event was opened on. */
static int attach_classic(int program, const struct attachment *attachment, struct failure *why)
{
	cleanup_fd int event = -1;
	uint64_t id = 0;
	int error = tracepoint_id(attachment->tracepoint, &id, why);

	if (error)
		return error;
	event = open_perf_event(id);
	if (event < 0 || ioctl(event, PERF_EVENT_IOC_SET_BPF, program) ||
		ioctl(event, PERF_EVENT_IOC_ENABLE, 0))
		return failure_set(why, errno, "attach BPF program '%s'", attachment->name);
	return take_fd(&event);
}

static int attach_one(struct collector *collector, const struct attachment *attachment,
	int cgroup_fd, struct failure *why)
{
	int program = program_fd(collector, attachment);
	int link = -1;

	switch (attachment->kind) {
	case ATTACH_SYSCALLS:
		if (kernel_preempts_tracepoints())
			return attach_classic(program, attachment, why);
		/* fallthrough */
	case ATTACH_TRACEPOINT:
		link = skel_raw_tracepoint_open(attachment->tracepoint, program);
		break;
	case ATTACH_CGROUP:
		link = skel_link_create(program, cgroup_fd, attachment->cgroup_hook);
		break;
	}
	if (link < 0)
		return failure_set(why, errno, "attach BPF program '%s'", attachment->name);
	return link;
}

static bool is_wanted(const struct collector *collector, const struct attachment *attachment)
{
	if (attachment->kind == ATTACH_SYSCALLS && collector->spec.no_syscalls)
		return false;
	return !attachment->is_for_times || collector->spec.times_syscalls;
}

static int attach_all(struct collector *collector, int cgroup_fd, struct failure *why)
{
	for (size_t i = 0; i < ATTACHMENT_COUNT; i++) {
		int link;

		if (!is_wanted(collector, &attachments[i]))
			continue;
		link = attach_one(collector, &attachments[i], cgroup_fd, why);
		if (link < 0)
			return link;
		collector->links[collector->link_count++] = link;
	}
	return 0;
}

int collector_watch_io_uring(struct collector *collector, struct failure *why)
{
	uint64_t begin_ns = now_ns();
	int link = -1;

	/* From 6.0 on (48863ffd3e81) the tracepoint hands over the request itself. */
	if (!kernel_is_at_least(6, 0)) {
		collector->no_io_uring = "requests to io_uring are counted from Linux 6.0 on";
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(uring_attachments) && link < 0; i++)
		link = attach_one(collector, &uring_attachments[i], -1, why);
	collector->start_ns += now_ns() - begin_ns;
	if (link == -ENOENT) {
		collector->no_io_uring = "this kernel does not tell of requests to io_uring";
		return 0;
	}
	if (link < 0)
		return link;
	collector->links[collector->link_count++] = link;
	collector->no_io_uring = NULL;
	return 0;
}

static int enter_run(struct collector *collector, int cgroup_fd, struct failure *why)
{
	uint32_t slot = PRIVATE_SLOT;
	struct stat cgroup;

	/* cgroup2 shows a cgroup's id as the inode of its directory. */
	if (fstat(cgroup_fd, &cgroup))
		return failure_set(why, errno, "read the cgroup's id");
	collector->run->cgroup_id = cgroup.st_ino;
	if (bpf_map_update_elem(collector->skeleton->maps.slots.map_fd, &collector->run->cgroup_id,
		    &slot, BPF_ANY))
		return failure_set(why, errno, "enter the run in the collector");
	return 0;
}

/* Two looks in each interval, so that one that comes late leaves no interval without. */
static int start_timeline(struct collector *collector, struct failure *why)
{
	uint64_t interval_ns = collector->run->timeline_interval_ns;

	if (!interval_ns)
		return 0;
	return tick_start(&collector->timeline_tick, collector->skeleton->progs.limit_tick.prog_fd,
		interval_ns / 2, collector->processors, why);
}

int collector_register(struct collector *collector, int cgroup_fd, struct failure *why)
{
	uint64_t begin_ns = now_ns();
	int error = enter_run(collector, cgroup_fd, why);

	if (!error)
		error = attach_all(collector, cgroup_fd, why);
	if (!error)
		error = start_timeline(collector, why);
	if (!error && collector->interrupts)
		error = interrupts_attach(collector->interrupts, why);
	collector->start_ns += now_ns() - begin_ns;
	return error;
}

int collector_seed(struct collector *collector, int pidfd, struct failure *why)
{
	struct task_account account = { .slot = PRIVATE_SLOT };

	__atomic_add_fetch(&collector->run->live_tasks, 1, __ATOMIC_SEQ_CST);
	collector->run->peak_tasks = 1;
	/* One that is gone by now failed before its exec, which is told as its end. */
	if (bpf_map_update_elem(
		    collector->skeleton->maps.tasks.map_fd, &pidfd, &account, BPF_NOEXIST) &&
		errno != ENOENT)
		return failure_set(why, errno, "make the command's process a member of the run");
	return 0;
}

_Static_assert(REFUSAL_X86_64 == (int)ABI_X86_64 && REFUSAL_IA32 == (int)ABI_IA32 &&
		       REFUSAL_X32 == (int)ABI_X32,
	"the sandbox and the collector name the ABIs alike");

/* Where struct pt_regs has the arguments of a call: di, si, dx, r10, or bx, cx, dx, si. */
static const uint32_t argument_places[ABI_COUNT][4] = {
	[ABI_X86_64] = { 14, 13, 12, 7 },
	[ABI_IA32] = { 5, 11, 12, 13 },
	[ABI_X32] = { 14, 13, 12, 7 },
};

static struct refusal refusal_of(const struct refusal_rule *rule)
{
	return (struct refusal){ .mask = rule->mask,
		.value = rule->value,
		.place = argument_places[rule->abi][rule->argument],
		.is_any = rule->is_any,
		.needs_other = rule->needs_next };
}

/* A pair that is not full is filled with a rule that matches nothing. */
static int add_refusal(
	struct refusal_account *account, const struct refusal_rule *rule, size_t *pairs)
{
	static const struct refusal never = { .mask = 0, .value = 1 };
	uint8_t *place = &account->of_number[rule->number];

	if (!rule->looks_at_argument) {
		*place = REFUSED_ALWAYS;
		return 0;
	}
	if (*place) {
		account->pairs[*place - 1][1] = refusal_of(rule);
		return 0;
	}
	if (*pairs == REFUSAL_PAIRS)
		return -ENOSPC;
	account->pairs[*pairs][0] = refusal_of(rule);
	account->pairs[*pairs][1] = never;
	*place = ++*pairs;
	return 0;
}

static int expect_in_abi(struct collector *collector, uint32_t abi,
	const struct refusal_rule *rules, size_t count, struct failure *why)
{
	uint32_t key = PRIVATE_SLOT * ABI_COUNT + abi;
	struct refusal_account account = { 0 };
	size_t pairs = 0;

	for (size_t i = 0; i < count; i++) {
		if ((uint32_t)rules[i].abi != abi || rules[i].number >= SYSCALL_NUMBERS)
			continue;
		if (add_refusal(&account, &rules[i], &pairs))
			return failure_set(why, ENOSPC, "tell the collector what is refused");
	}
	if (bpf_map_update_elem(collector->skeleton->maps.refusals.map_fd, &key, &account, BPF_ANY))
		return failure_set(why, errno, "tell the collector what is refused");
	return 0;
}

int collector_expect_refusals(struct collector *collector, const struct refusal_rule *rules,
	size_t count, struct failure *why)
{
	int error = 0;

	for (uint32_t abi = 0; abi < ABI_COUNT && !error; abi++)
		error = expect_in_abi(collector, abi, rules, count, why);
	return error;
}

int collector_event_fd(const struct collector *collector)
{
	return ring_buffer__epoll_fd(collector->events);
}

void collector_consume(struct collector *collector)
{
	ring_buffer__consume(collector->events);
}

enum collector_limit collector_limit_fired(const struct collector *collector)
{
	return __atomic_load_n(&collector->run->limit_fired, __ATOMIC_ACQUIRE);
}

bool collector_soft_limit_fired(const struct collector *collector)
{
	return __atomic_load_n(&collector->run->soft_limit_fired, __ATOMIC_ACQUIRE);
}

bool collector_is_drained(struct collector *collector)
{
	collector_consume(collector);
	return collector->is_drained;
}

uint64_t collector_exec_ns(const struct collector *collector)
{
	return __atomic_load_n(&collector->run->exec_ns, __ATOMIC_ACQUIRE);
}

size_t collector_processors(const struct collector *collector)
{
	return collector->processors;
}

int collector_arm(struct collector *collector, struct failure *why)
{
	int program = collector->skeleton->progs.limit_tick.prog_fd;

	return tick_start(
		&collector->limit_tick, program, LIMIT_TICK_NS, collector->processors, why);
}

static int read_entry(int map_fd, const void *key, void *values, struct failure *why)
{
	if (bpf_map_lookup_elem(map_fd, key, values))
		return failure_set(why, errno, "read a BPF map");
	return 0;
}

static int read_slot(int map_fd, uint32_t key, void *values, struct failure *why)
{
	return read_entry(map_fd, &key, values, why);
}

static int read_cpus(struct collector *collector, struct account *account, struct failure *why)
{
	account->processors = collector->processors;
	account->cpus = calloc(account->processors, sizeof(*account->cpus));
	if (!account->cpus)
		return failure_set(why, ENOMEM, "read the CPU accounts");
	return read_slot(collector->skeleton->maps.cpus.map_fd, PRIVATE_SLOT, account->cpus, why);
}

static int read_memories(struct collector *collector, struct account *account, struct failure *why)
{
	account->memories = calloc(account->processors, sizeof(*account->memories));
	if (!account->memories)
		return failure_set(why, ENOMEM, "read the memory accounts");
	return read_slot(
		collector->skeleton->maps.memory.map_fd, PRIVATE_SLOT, account->memories, why);
}

/* The account is nothing but counters, so two of them add up word by word. */
static void add_syscalls(struct syscall_account *sum, const struct syscall_account *part)
{
	const __u64 *from = (const __u64 *)part;
	__u64 *to = (__u64 *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static int read_syscalls(struct collector *collector, struct account *account, struct failure *why)
{
	cleanup_free struct syscall_account *parts = calloc(collector->processors, sizeof(*parts));
	int error = 0;

	if (!parts)
		return failure_set(why, ENOMEM, "read the system call accounts");
	for (uint32_t abi = 0; abi < ABI_COUNT && !error; abi++) {
		error = read_slot(collector->skeleton->maps.syscalls.map_fd,
			PRIVATE_SLOT * ABI_COUNT + abi, parts, why);
		for (size_t i = 0; i < collector->processors; i++)
			add_syscalls(&account->syscalls[abi], &parts[i]);
	}
	return error;
}

static int add_misses(struct collector *collector, const struct attachment *attachment,
	struct account *account, struct failure *why)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(program_fd(collector, attachment), &info, &size))
		return failure_set(why, errno, "read the misses of '%s'", attachment->name);
	account->recursion_misses += info.recursion_misses;
	return 0;
}

static void add_times(struct syscall_times *sum, const struct syscall_times *part)
{
	sum->wall_ns += part->wall_ns;
	sum->cpu_ns += part->cpu_ns;
	if (part->max_ns > sum->max_ns)
		sum->max_ns = part->max_ns;
	for (size_t i = 0; i < TIME_BUCKETS; i++)
		sum->histogram[i] += part->histogram[i];
}

/* The entry of this number, whatever the processor, made at its first part; there is room. */
static struct timed_syscall *timed_of(struct account *account, const struct timed_number *number)
{
	struct timed_syscall *timed = account->timed;

	while (timed < account->timed + account->timed_count &&
		(timed->abi != number->abi || timed->number != number->number))
		timed++;
	if (timed == account->timed + account->timed_count) {
		timed->abi = number->abi;
		timed->number = number->number;
		account->timed_count++;
	}
	return timed;
}

static int read_times(struct collector *collector, struct account *account, struct failure *why)
{
	int error = 0, map_fd = collector->skeleton->maps.times.map_fd;
	struct timed_number number, *last = NULL;
	struct syscall_times part;

	if (!collector->spec.times_syscalls)
		return 0;
	account->timed = calloc(ABI_COUNT * (SYSCALL_NUMBERS + 1), sizeof(*account->timed));
	if (!account->timed)
		return failure_set(why, ENOMEM, "read the times of system calls");
	while (!error && !bpf_map_get_next_key(map_fd, last, &number)) {
		error = read_entry(map_fd, &number, &part, why);
		if (!error)
			add_times(&timed_of(account, &number)->times, &part);
		last = &number;
	}
	return error;
}

static int read_misses(struct collector *collector, struct account *account, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < ATTACHMENT_COUNT && !error; i++)
		error = add_misses(collector, &attachments[i], account, why);
	if (!error && !collector->no_io_uring)
		error = add_misses(collector, &uring_attachments[0], account, why);
	return error;
}

static int read_timeline(struct collector *collector, struct account *account, struct failure *why)
{
	size_t size = TIMELINE_POINTS * sizeof(*account->timeline);
	int fd = collector->skeleton->maps.timeline.map_fd;
	void *points;

	if (!account->run.timeline_interval_ns)
		return 0;
	account->timeline = malloc(size);
	if (!account->timeline)
		return failure_set(why, ENOMEM, "read the time line");
	points = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (points == MAP_FAILED)
		return failure_set(why, errno, "read the time line");
	memcpy(account->timeline, points, size);
	munmap(points, size);
	return 0;
}

int collector_read(struct collector *collector, struct account *account, struct failure *why)
{
	int error;

	*account = (struct account){ .run = *collector->run,
		.no_io_uring = collector->no_io_uring,
		.has_syscalls = !collector->spec.no_syscalls,
		.weighs_interrupts = collector->interrupts != NULL,
		.knows_places = collector->knows_places };
	error = read_cpus(collector, account, why);
	if (!error)
		error = read_memories(collector, account, why);
	if (!error)
		error = read_syscalls(collector, account, why);
	if (!error)
		error = read_timeline(collector, account, why);
	if (!error)
		error = read_times(collector, account, why);
	if (!error)
		error = read_misses(collector, account, why);
	return error;
}

void account_done(struct account *account)
{
	free(account->cpus);
	free(account->memories);
	free(account->timeline);
	free(account->timed);
	account->cpus = NULL;
	account->memories = NULL;
	account->timeline = NULL;
	account->timed = NULL;
}

uint64_t collector_start_ns(const struct collector *collector)
{
	return collector->start_ns;
}

static void detach(struct collector *collector)
{
	tick_stop(&collector->limit_tick);
	tick_stop(&collector->timeline_tick);
	interrupts_close(collector->interrupts);
	collector->interrupts = NULL;
	for (size_t i = 0; i < collector->link_count; i++)
		close(collector->links[i]);
	collector->link_count = 0;
}

/* Its own account ends with the map. The limits of the run are not meant for this process. */
static int make_self_member(struct collector *collector)
{
	struct task_account account = { .slot = PRIVATE_SLOT, .flags = TASK_COUNTED };
	cleanup_fd int self = pidfd_open(getpid(), 0);

	set_limits(collector->run, &(struct collector_limits){ 0 });
	if (self < 0)
		return -errno;
	return bpf_map_update_elem(
		collector->skeleton->maps.tasks.map_fd, &self, &account, BPF_ANY);
}

/* Of a member, because its calls are counted: those of other processes cost less. */
uint64_t collector_detach(struct collector *collector)
{
	uint64_t begin_ns = now_ns(), weighed_ps = 0, bare_ps;

	if (!make_self_member(collector))
		weighed_ps = call_time_ps();
	detach(collector);
	bare_ps = call_time_ps();
	collector->stop_ns += now_ns() - begin_ns;
	return weighed_ps > bare_ps ? weighed_ps - bare_ps : 0;
}

static void release(struct collector *collector)
{
	detach(collector);
	if (collector->events)
		ring_buffer__free(collector->events);
	if (collector->run)
		munmap(collector->run, sizeof(*collector->run));
	if (collector->skeleton)
		steady__destroy(collector->skeleton);
	free(collector);
}

uint64_t collector_close(struct collector *collector)
{
	uint64_t begin_ns = now_ns(), detach_ns;

	if (!collector)
		return 0;
	detach_ns = collector->stop_ns;
	release(collector);
	return detach_ns + now_ns() - begin_ns;
}
