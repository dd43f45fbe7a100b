// SPDX-License-Identifier: Apache-2.0
// A user's launcher at the gate: every question a run of the gate's program, whose answer is in its
// context.
//
// Theory of operation. A user has no descriptor of a map and no perf event. So the account is a
// copy that each look renews, and limits are looked for by a timer: the programs in the kernel kill
// who passes a limit of memory or tasks at once, and this process finds out a moment later; CPU
// time is for this process to watch, the nearer the limit the more often.
#include "collector_gate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "collector_parts.h"
#include "object-identity.h"

/* Looks for limits that the kernel itself holds: this process only has to hear of it. */
#define LONGEST_PAUSE_NS 10000000
/* The kernel's figure moves at its ticks, every 1 to 10 ms, and at switches. */
#define SHORTEST_PAUSE_NS 1000000

struct gate_visit {
	int program_fd;
	int cgroup_fd;
	int timer_fd; /* -1: no limits */
	size_t processors;
	uint32_t slot;
	uint64_t cgroup_id; /* 0: it is not registered */
	uint64_t old_misses;
	bool counts_packets, has_io_uring, knows_places;
	bool is_cpu_over, is_soft_cpu_over; /* as this process has found out */
	struct run_account run;
	struct gate_request request;
};

/* --- Answers --- */

static const char start_it[] = "start one: sudo tare collector start";

static const struct {
	const char *what, *hint;
} answers[GATE_ANSWERS] = {
	[GATE_OTHER_PROGRAMS] = { "the shared collector has the programs of another version of "
				  "tare",
		"sudo tare collector stop, then sudo tare collector start" },
	[GATE_STOPPED] = { "the shared collector was stopped", start_it },
	[GATE_BAD_REQUEST] = { "the shared collector does not understand the request", NULL },
	[GATE_ROOT] = { "root does not use the gate of the shared collector", NULL },
	[GATE_NO_CGROUP] = { "the run's cgroup is no directory of cgroup2", "see: tare check" },
	[GATE_NOT_OWNER] = { "the run's cgroup is another user's", "see: tare check" },
	[GATE_TOO_DEEP] = { "the run's cgroup has too many above it", NULL },
	[GATE_POPULATED] = { "processes are in the run's cgroup already", NULL },
	[GATE_REGISTERED] = { "the run's cgroup is weighed already", NULL },
	[GATE_INSIDE_RUN] = { "the shared collector already weighs tare itself", NULL },
	[GATE_OVER_QUOTA] = { "you have as many runs as the shared collector allows a user",
		"wait for one of them, or have it started with more: "
		"sudo tare collector start --runs-per-user N" },
	[GATE_FULL] = { "all slots of the shared collector are taken",
		"wait for a run's end, or have it started with more: "
		"sudo tare collector start --runs N" },
	[GATE_TOO_MANY_USERS] = { "the shared collector has counted the runs of too many users",
		"sudo tare collector stop, then sudo tare collector start" },
	[GATE_NOT_REGISTRANTS] = { "the run is no longer in the shared collector", NULL },
};

static int tell_answer(unsigned int answer, struct failure *why)
{
	if (answer >= GATE_ANSWERS)
		answer = GATE_BAD_REQUEST;
	(void)failure_set(why, 0, "%s", answers[answer].what);
	return answers[answer].hint ? failure_hint(why, "%s", answers[answer].hint) : -EINVAL;
}

static int tell_stopped(struct failure *why)
{
	(void)failure_set(why, 0,
		"the shared collector was stopped while the command ran; nothing of what it "
		"counted can be trusted");
	return failure_hint(why, "%s", start_it);
}

static int ask(struct gate_visit *visit, enum gate_operation operation, unsigned int *answer)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &visit->request,
		.ctx_size_in = sizeof(visit->request));

	visit->request.abi = TARE_ABI_VERSION;
	visit->request.operation = operation;
	visit->request.slot = visit->slot;
	visit->request.cgroup_id = visit->cgroup_id;
	if (bpf_prog_test_run_opts(visit->program_fd, &options))
		return -errno;
	*answer = options.retval;
	return 0;
}

/* Of the run that is registered. */
static int demand(struct gate_visit *visit, enum gate_operation operation, struct failure *why)
{
	unsigned int answer = 0;
	int error = ask(visit, operation, &answer);

	if (error)
		return failure_set(why, -error, "ask the shared collector");
	if (answer == GATE_STOPPED)
		return tell_stopped(why);
	return answer ? tell_answer(answer, why) : 0;
}

/* --- Opening --- */

static int tell_closed(int error, struct failure *why)
{
	if (error == ENOENT || error == ENOTDIR) {
		failure_set(why, 0, "no shared collector runs that users may use");
		return failure_hint(why, "%s", start_it);
	}
	failure_set(why, error, "open '%s'", GATE_PROGRAM);
	if (error == EPERM)
		return failure_hint(
			why, "before Linux 5.19 BPF is for root alone: sudo tare run ...");
	return -error;
}

/* Close-on-exec, as all descriptors that bpf(2) makes. */
static int open_program(struct gate_visit *visit, struct failure *why)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options, .file_flags = BPF_F_RDONLY);

	visit->program_fd = bpf_obj_get_opts(GATE_PROGRAM, &options);
	return visit->program_fd < 0 ? tell_closed(errno, why) : 0;
}

static int open_cgroup(struct gate_visit *visit, int cgroup_fd, struct failure *why)
{
	visit->cgroup_fd = openat(cgroup_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return visit->cgroup_fd < 0 ? failure_set(why, errno, "open the run's cgroup") : 0;
}

/* As put_limits() of root's launcher. */
static void set_limits(struct run_account *run, const struct collector_limits *limits)
{
	run->soft_cpu_limit_ns = limits->soft_cpu_ns;
	run->cpu_limit_ns = limits->cpu_ns;
	if (limits->soft_cpu_ns && !limits->cpu_ns)
		run->cpu_limit_ns = UINT64_MAX;
	run->rss_limit_pages = limits->rss_bytes / sysconf(_SC_PAGESIZE);
	run->task_limit = limits->tasks;
}

static int set_pause(struct gate_visit *visit, uint64_t pause_ns)
{
	const struct itimerspec when = { .it_value = { .tv_nsec = (long)pause_ns } };

	return timerfd_settime(visit->timer_fd, 0, &when, NULL) ? -errno : 0;
}

static int start_timer(struct gate_visit *visit, struct failure *why)
{
	const struct run_account *run = &visit->run;

	if (!run->cpu_limit_ns && !run->rss_limit_pages && !run->task_limit)
		return 0;
	visit->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (visit->timer_fd < 0 || set_pause(visit, SHORTEST_PAUSE_NS))
		return failure_set(why, errno, "prepare to look for limits");
	return 0;
}

int gate_visit_open(const struct collector_spec *spec, int cgroup_fd, size_t processors,
	struct gate_visit **out, struct failure *why)
{
	struct gate_visit *visit = calloc(1, sizeof(*visit));
	int error;

	if (!visit)
		return failure_set(why, ENOMEM, "visit the shared collector");
	visit->program_fd = visit->cgroup_fd = visit->timer_fd = -1;
	visit->processors = processors;
	set_limits(&visit->run, &spec->limits);
	error = open_program(visit, why);
	if (!error)
		error = open_cgroup(visit, cgroup_fd, why);
	if (!error)
		error = start_timer(visit, why);
	if (error) {
		gate_visit_close(visit);
		return error;
	}
	*out = visit;
	return 0;
}

/* A cgroup that is removed has freed the slot already. */
void gate_visit_close(struct gate_visit *visit)
{
	unsigned int ignored;

	if (!visit)
		return;
	if (visit->cgroup_id)
		(void)ask(visit, GATE_UNREGISTER, &ignored);
	close_fd(&visit->timer_fd);
	close_fd(&visit->cgroup_fd);
	close_fd(&visit->program_fd);
	free(visit);
}

/* --- Registering --- */

void gate_visit_refuse(
	struct gate_visit *visit, uint32_t abi, const struct refusal_account *refusals)
{
	visit->request.registration.refusals[abi] = *refusals;
}

static void fill_registration(struct gate_visit *visit)
{
	struct gate_registration *registration = &visit->request.registration;

	memcpy(registration->identity, OBJECT_IDENTITY, sizeof(registration->identity));
	registration->cpu_limit_ns = visit->run.cpu_limit_ns;
	registration->soft_cpu_limit_ns = visit->run.soft_cpu_limit_ns;
	registration->rss_limit_pages = visit->run.rss_limit_pages;
	registration->task_limit = visit->run.task_limit;
	registration->cgroup_fd = visit->cgroup_fd;
}

int gate_visit_register(struct gate_visit *visit, struct failure *why)
{
	const struct gate_registered *registered = &visit->request.registered;
	unsigned int answer = 0;
	int error;

	fill_registration(visit);
	error = ask(visit, GATE_REGISTER, &answer);
	if (error)
		return failure_set(why, -error, "enter the run in the shared collector");
	if (answer)
		return tell_answer(answer, why);
	visit->slot = visit->request.slot;
	visit->cgroup_id = visit->request.cgroup_id;
	visit->old_misses = visit->request.misses;
	visit->counts_packets = registered->counts_packets;
	visit->has_io_uring = registered->has_io_uring;
	visit->knows_places = registered->knows_places;
	return 0;
}

bool gate_visit_has_io_uring(const struct gate_visit *visit)
{
	return visit->has_io_uring;
}

/* --- Looking --- */

struct run_account *gate_visit_run(struct gate_visit *visit)
{
	return &visit->run;
}

static int renew(struct gate_visit *visit, struct failure *why)
{
	int error = demand(visit, GATE_READ_RUN, why);

	if (error)
		return error;
	visit->run = visit->request.run;
	if (visit->is_cpu_over && !visit->run.limit_fired)
		visit->run.limit_fired = LIMIT_CPU;
	visit->run.soft_limit_fired |= visit->is_soft_cpu_over;
	return 0;
}

/* What fails here fails once more when the accounts are read, and is told then. */
void gate_visit_look(struct gate_visit *visit)
{
	(void)renew(visit, NULL);
}

int gate_visit_event_fd(const struct gate_visit *visit)
{
	return visit->timer_fd;
}

/* The kernel's own figure, for one that runs on without a switch is not in the programs'. */
static uint64_t cgroup_cpu_ns(const struct gate_visit *visit)
{
	static const char key[] = "usage_usec ";
	cleanup_free char *text = NULL;
	const char *line;

	if (file_read(visit->cgroup_fd, "cpu.stat", &text, NULL, NULL))
		return 0;
	line = strstr(text, key);
	return line ? strtoull(line + strlen(key), NULL, 10) * 1000 : 0;
}

/* Since the exec. */
static uint64_t used_cpu_ns(const struct gate_visit *visit)
{
	uint64_t all_ns = cgroup_cpu_ns(visit), before_ns = visit->run.baseline_ns;
	uint64_t used_ns = all_ns > before_ns ? all_ns - before_ns : 0;

	if (!visit->run.exec_ns)
		return 0;
	return used_ns > visit->run.limited_cpu_ns ? used_ns : visit->run.limited_cpu_ns;
}

/* All processors at once get there no sooner. */
static uint64_t pause_before(const struct gate_visit *visit, uint64_t limit_ns, uint64_t used_ns)
{
	uint64_t pause_ns = (limit_ns - used_ns) / visit->processors;

	return pause_ns < SHORTEST_PAUSE_NS ? SHORTEST_PAUSE_NS : pause_ns;
}

/* Returns when to look again. */
static uint64_t look_at_cpu(struct gate_visit *visit)
{
	const struct run_account *run = &visit->run;
	uint64_t used_ns = used_cpu_ns(visit);

	visit->is_soft_cpu_over = run->soft_cpu_limit_ns && used_ns >= run->soft_cpu_limit_ns;
	visit->is_cpu_over = used_ns >= run->cpu_limit_ns;
	if (visit->is_cpu_over)
		return LONGEST_PAUSE_NS;
	if (run->soft_cpu_limit_ns && !visit->is_soft_cpu_over)
		return pause_before(visit, run->soft_cpu_limit_ns, used_ns);
	return pause_before(visit, run->cpu_limit_ns, used_ns);
}

void gate_visit_take_event(struct gate_visit *visit)
{
	uint64_t expirations, pause_ns = LONGEST_PAUSE_NS;

	(void)!read(visit->timer_fd, &expirations, sizeof(expirations));
	gate_visit_look(visit);
	if (visit->run.cpu_limit_ns)
		pause_ns = look_at_cpu(visit);
	if (pause_ns > LONGEST_PAUSE_NS)
		pause_ns = LONGEST_PAUSE_NS;
	gate_visit_look(visit);
	(void)set_pause(visit, pause_ns);
}

/* --- The accounts --- */

static int read_processors(struct gate_visit *visit, struct account *account, struct failure *why)
{
	int error = 0;

	account->processors = visit->processors;
	account->cpus = calloc(account->processors, sizeof(*account->cpus));
	account->memories = calloc(account->processors, sizeof(*account->memories));
	if (!account->cpus || !account->memories)
		return failure_set(why, ENOMEM, "read the accounts of processors");
	for (size_t i = 0; i < visit->processors && !error; i++) {
		visit->request.index = i;
		error = demand(visit, GATE_READ_PROCESSOR, why);
		account->cpus[i] = visit->request.processor.cpu;
		account->memories[i] = visit->request.processor.memory;
	}
	return error;
}

/* The next places that the run has entries at; returns how many. */
static size_t list_places(const struct run_account *run, uint32_t *next, uint32_t *places)
{
	size_t count = 0;

	for (; *next < SYSCALL_PLACES && count < GATE_SYSCALLS; ++*next) {
		if (run->syscalls_seen[*next / 64] >> *next % 64 & 1)
			places[count++] = *next;
	}
	for (size_t i = count; i < GATE_SYSCALLS; i++)
		places[i] = SYSCALL_PLACES;
	return count;
}

static int read_syscalls(struct gate_visit *visit, struct account *account, struct failure *why)
{
	struct gate_syscalls *syscalls = &visit->request.syscalls;
	uint32_t next = 0;
	size_t count;
	int error = 0;

	while (!error && (count = list_places(&account->run, &next, syscalls->places))) {
		error = demand(visit, GATE_READ_SYSCALLS, why);
		for (size_t i = 0; i < count && !error; i++)
			*account_counter(account, syscalls->places[i]) = syscalls->counters[i];
	}
	return error;
}

int gate_visit_read(struct gate_visit *visit, struct account *account, struct failure *why)
{
	int error = renew(visit, why);

	account->run = visit->run;
	account->knows_places = visit->knows_places;
	if (!visit->counts_packets)
		account->no_packets = "the shared collector counts packets of users' runs below "
				      "its own cgroup and user.slice, and this one was elsewhere";
	if (!error)
		error = read_processors(visit, account, why);
	if (!error)
		error = read_syscalls(visit, account, why);
	if (!error)
		error = demand(visit, GATE_READ_MISSES, why);
	account->recursion_misses = visit->request.misses - visit->old_misses;
	return error;
}
