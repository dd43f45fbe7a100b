// SPDX-License-Identifier: Apache-2.0
// The shared collector: how it is started, stopped, looked at, and used by a run.
//
// Theory of operation. Nobody runs for it: programs, links and maps live in the kernel by their
// pins. Start and stop hold the lock of its directory. A run opens what it needs and shares the
// lock of live/, so that a stop sees whether there are runs, and a run whether there is a stop.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "base/cleanup.h"
#include "collector_parts.h"

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

int open_cgroup_mount(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs status;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (!statfs(places[i], &status) && status.f_type == CGROUP2_SUPER_MAGIC)
			return open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return -1;
}

/* --- The keeper --- */

/*
 * A cgroup that nobody is ever in, with the programs that count for one cgroup attached. While some
 * cgroup has them the kernel's hooks for them are on: else each run would have the kernel's code
 * changed on all processors at its start and again at its end, which takes 0.4 ms. All works
 * without it, so no failure is told.
 */
#define KEEPER "tare-collector"

static void attach_to_keeper(struct collector *collector)
{
	cleanup_fd int mount_fd = open_cgroup_mount(), keeper = -1;

	if (mount_fd < 0 || (mkdirat(mount_fd, KEEPER, 0755) && errno != EEXIST))
		return;
	keeper = openat(mount_fd, KEEPER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (keeper >= 0)
		(void)object_attach_cgroup(collector, keeper, NULL);
}

static void remove_keeper(void)
{
	cleanup_fd int mount_fd = open_cgroup_mount();

	if (mount_fd >= 0)
		(void)unlinkat(mount_fd, KEEPER, AT_REMOVEDIR);
}

/* --- Start --- */

static int make_owners(struct collector *collector, struct failure *why)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);

	collector->maps[MAP_OWNERS] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "tare_owners",
		sizeof(uint32_t), sizeof(uint64_t), collector->slots, &options);
	return collector->maps[MAP_OWNERS] < 0 ? failure_set(why, errno, "make a BPF map") : 0;
}

static int open_gate(struct collector *collector, size_t runs_per_user, struct failure *why)
{
	cleanup_fd int mount_fd = open_cgroup_mount();
	const int *maps = collector->maps;
	const struct gate_spec spec = {
		.runs = maps[MAP_RUNS],
		.cpus = maps[MAP_CPUS],
		.memory = maps[MAP_MEMORY],
		.tasks = maps[MAP_TASKS],
		.slots = maps[MAP_SLOTS],
		.refusals = maps[MAP_REFUSALS],
		.syscall_entries = maps[MAP_SYSCALL_ENTRIES],
		.owners = maps[MAP_OWNERS],
		.programs = collector->programs,
		.program_count = object_program_count(),
		.processors = collector->processors,
		.slot_count = collector->slots,
		.runs_per_user = runs_per_user,
		.cgroup_mount_fd = mount_fd,
		.has_io_uring = !collector->no_io_uring,
		.knows_places = collector->knows_places,
		.preempts_tracepoints = kernel_preempts_tracepoints(),
	};

	return gate_open(&spec, &collector->gate, why);
}

static int load_and_pin(struct collector *collector, const struct collector_share_spec *wanted,
	struct failure *not_for_users, struct failure *why)
{
	const struct object_spec spec = {
		.slots = wanted->runs, .is_shared = true, .wanted = { .places = wanted->places }
	};
	struct collector_stamp stamp = { .slots = wanted->runs };
	int error = object_load(collector, &spec, why);

	if (!error)
		error = make_owners(collector, why);
	if (!error)
		error = object_attach_machine(collector, why);
	if (!error)
		error = object_attach_io_uring(collector, why);
	if (!error)
		attach_to_keeper(collector);
	if (!error && wanted->runs_per_user &&
		!open_gate(collector, wanted->runs_per_user, not_for_users))
		stamp.runs_per_user = wanted->runs_per_user;
	stamp.knows_places = collector->knows_places;
	stamp.has_io_uring = !collector->no_io_uring;
	stamp.started_ns = now_ns(CLOCK_REALTIME);
	return error ? error : pin_all(collector, &stamp, why);
}

static int start_afresh(
	const struct collector_share_spec *spec, struct failure *not_for_users, struct failure *why)
{
	struct collector *collector;
	int error = pin_empty(why);

	if (error)
		return error;
	error = collector_new(&collector, why);
	if (error)
		return error;
	error = load_and_pin(collector, spec, not_for_users, why);
	(void)collector_close(collector);
	return error;
}

static int refuse_foreign(const struct collector_stamp *stamp, struct failure *why)
{
	failure_set(
		why, EEXIST, "start a shared collector beside that of tare %.31s", stamp->version);
	return failure_hint(why, "tare collector stop, then start it again");
}

int collector_share(
	const struct collector_share_spec *spec, struct failure *not_for_users, struct failure *why)
{
	struct collector_stamp *stamp = NULL;
	cleanup_fd int lock = -1;
	enum pin_state state;
	int error = pin_lock(&lock, why);

	*not_for_users = (struct failure){ 0 };
	if (!error)
		error = pin_look(&state, &stamp, why);
	if (error)
		return error;
	if (state == PIN_COMPLETE)
		error = -EALREADY;
	else if (state == PIN_FOREIGN)
		error = refuse_foreign(stamp, why);
	else {
		error = start_afresh(spec, not_for_users, why);
		/* What is left of it is not what the failure is about. */
		if (error) {
			(void)pin_remove(NULL);
			remove_keeper();
		}
	}
	pin_forget(stamp);
	return error;
}

/* --- Stop --- */

static int refuse_to_stop(struct failure *why)
{
	failure_set(why, EBUSY, "stop the shared collector while runs use it");
	return failure_hint(why, "wait for them, or spoil their results: tare collector stop "
				 "--force (tare collector status counts them)");
}

/* Users hold no lock, for one of theirs could keep others away. */
static size_t count_users_runs(void)
{
	struct gate_users users;
	size_t count;

	if (gate_look(COLLECTOR_DIRECTORY, &users, NULL))
		return 0;
	count = gate_count(&users);
	gate_forget(&users);
	return count;
}

/* The gate lets nobody in from here on, unless the stop is refused. */
static int lock_users_out(bool is_forced, struct failure *why)
{
	gate_set_service(COLLECTOR_DIRECTORY, GATE_STOPS);
	if (is_forced || !count_users_runs()) {
		gate_set_service(COLLECTOR_DIRECTORY, GATE_STOPPED_SERVING);
		return 0;
	}
	gate_set_service(COLLECTOR_DIRECTORY, GATE_SERVES);
	return refuse_to_stop(why);
}

/* A run that goes on all the same sees by the stamp that its result is spoilt. */
static int stop_locked(struct collector_stamp *stamp, bool is_forced, struct failure *why)
{
	cleanup_fd int live = -1;
	int error = pin_lock_out(&live, why);

	if (error && error != -EWOULDBLOCK)
		return error;
	if (error && !is_forced)
		return refuse_to_stop(why);
	error = lock_users_out(is_forced, why);
	if (error)
		return error;
	if (stamp)
		__atomic_store_n(&stamp->stopped_ns, now_ns(CLOCK_MONOTONIC), __ATOMIC_SEQ_CST);
	error = pin_remove(why);
	remove_keeper();
	return error;
}

int collector_unshare(bool is_forced, struct failure *why)
{
	struct collector_stamp *stamp = NULL;
	cleanup_fd int lock = -1;
	enum pin_state state;
	int error = pin_look(&state, &stamp, why);

	pin_forget(stamp);
	if (error)
		return error;
	if (state == PIN_NONE)
		return failure_set(why, ENOENT, "stop the shared collector: none runs");
	error = pin_lock(&lock, why);
	if (!error)
		error = pin_look(&state, &stamp, why);
	if (!error)
		error = stop_locked(stamp, is_forced, why);
	pin_forget(stamp);
	return error;
}

/* --- Use --- */

static int check_state(
	enum pin_state state, const struct collector_stamp *stamp, struct failure *why)
{
	if (state == PIN_COMPLETE)
		return 0;
	if (state == PIN_FOREIGN) {
		failure_set(why, 0,
			"the shared collector is that of tare %.31s, with other programs",
			stamp->version);
		return failure_hint(why, "sudo tare collector stop, then start it again");
	}
	if (pin_is_locked())
		return failure_set(why, 0, "the shared collector is being started or stopped");
	failure_set(why, 0, "only a part of the shared collector is there");
	return failure_hint(why, "sudo tare collector start");
}

/* A task has one account in a collector. */
static int refuse_inside_run(const struct collector *collector, struct failure *why)
{
	cleanup_fd int self = syscall(SYS_pidfd_open, getpid(), 0);
	struct task_account account;
	struct run_account run;

	if (self < 0 || bpf_map_lookup_elem(collector->maps[MAP_TASKS], &self, &account) ||
		bpf_map_lookup_elem(collector->maps[MAP_RUNS], &account.slot, &run) ||
		run.generation != account.generation)
		return 0;
	return failure_set(why, 0, "the shared collector already weighs tare itself");
}

static int map_owners(struct collector *collector, struct failure *why)
{
	void *owners = mmap(NULL, collector->slots * sizeof(*collector->owners),
		PROT_READ | PROT_WRITE, MAP_SHARED, collector->maps[MAP_OWNERS], 0);

	if (owners == MAP_FAILED)
		return failure_set(why, errno, "map the slots of the shared collector");
	collector->owners = owners;
	return 0;
}

static int open_shared(struct collector *collector, struct failure *why)
{
	enum pin_state state;
	int error = pin_look(&state, &collector->stamp, why);

	if (error || state == PIN_NONE)
		return error;
	error = check_state(state, collector->stamp, why);
	if (!error)
		error = pin_join(&collector->presence_fd, why);
	/* A stop may have begun and ended since it was looked for. */
	if (!error && collector->stamp->stopped_ns)
		error = failure_set(why, 0, "the shared collector was just stopped");
	if (!error)
		error = pin_open_all(collector, why);
	if (error)
		return error;
	collector->slots = collector->stamp->slots;
	collector->knows_places = collector->stamp->knows_places;
	return map_owners(collector, why);
}

/* What costs all runs, or is of no use to most, is for a run of its own to ask for. */
static int check_wishes(const struct collector_spec *spec, struct failure *why)
{
	if (spec->timeline_interval_ns)
		return failure_set(why, 0, "a time line takes a collector of its own");
	if (spec->times_syscalls)
		return failure_set(why, 0, "timing system calls takes a collector of its own");
	if (spec->weighs_interrupts)
		return failure_set(why, 0, "weighing interrupts takes a collector of its own");
	if (spec->no_syscalls)
		return failure_set(why, 0, "the shared collector looks at system calls");
	return 0;
}

static int take_place(struct collector *collector, int cgroup_fd, struct failure *why)
{
	int error = check_wishes(&collector->spec, why);

	if (!error)
		error = refuse_inside_run(collector, why);

	if (!error)
		error = slot_claim(collector, cgroup_fd, why);
	return error ? error : collector_set_limits(collector, why);
}

static int join_by_pins(struct collector *collector, int cgroup_fd, struct failure *why)
{
	int error = open_shared(collector, why);

	return error || !collector->owners ? error : take_place(collector, cgroup_fd, why);
}

static int join_by_gate(struct collector *collector, int cgroup_fd, struct failure *why)
{
	int error = check_wishes(&collector->spec, why);

	if (error)
		return failure_hint(why, "leave it out, or weigh as root: sudo tare run ...");
	error = gate_visit_open(
		&collector->spec, cgroup_fd, collector->processors, &collector->visit, why);
	if (!error)
		collector->run = gate_visit_run(collector->visit);
	return error;
}

/* Also not root's own: who is root in a user namespace alone. */
static bool may_open_pins(void)
{
	return geteuid() == 0 && (!access(COLLECTOR_DIRECTORY, R_OK) || errno != EACCES);
}

int collector_join(const struct collector_spec *spec, int cgroup_fd, struct collector **out,
	struct failure *why)
{
	struct collector *collector = NULL;
	uint64_t begin_ns = now_ns(CLOCK_MONOTONIC);
	int error = collector_new(&collector, why);

	*out = NULL;
	if (error)
		return error;
	collector->spec = *spec;
	if (may_open_pins())
		error = join_by_pins(collector, cgroup_fd, why);
	else
		error = join_by_gate(collector, cgroup_fd, why);
	if (error || !collector->run) {
		(void)collector_close(collector);
		return error;
	}
	collector->start_ns = now_ns(CLOCK_MONOTONIC) - begin_ns;
	*out = collector;
	return 0;
}

/* --- Status --- */

/* On any mount of cgroup2; without one every slot that was taken counts as taken. */
static size_t count_runs(struct collector *collector)
{
	cleanup_fd int mount_fd = open_cgroup_mount();

	return slots_sweep(collector, mount_fd);
}

static int look_into(struct collector_status *status, struct failure *why)
{
	struct collector *collector = NULL;
	int error = collector_new(&collector, why);

	if (error)
		return error;
	error = open_shared(collector, why);
	if (!error && collector->owners) {
		status->runs = count_runs(collector);
		status->runs_of_users = count_users_runs();
		status->memory_bytes = collector_memory(collector);
		error = collector_misses(collector, &status->recursion_misses, why);
	}
	(void)collector_close(collector);
	return error;
}

static void copy_stamp(const struct collector_stamp *stamp, struct collector_status *status)
{
	snprintf(status->version, sizeof(status->version), "%.31s", stamp->version);
	status->abi = stamp->abi;
	status->started_ns = stamp->started_ns;
	status->slots = stamp->slots;
	status->runs_per_user = stamp->runs_per_user;
}

static enum collector_state state_of(enum pin_state state)
{
	switch (state) {
	case PIN_COMPLETE:
		return COLLECTOR_RUNS;
	case PIN_FOREIGN:
		return COLLECTOR_OF_OTHER_VERSION;
	case PIN_INCOMPLETE:
		return pin_is_locked() ? COLLECTOR_CHANGES : COLLECTOR_INCOMPLETE;
	case PIN_NONE:
		break;
	}
	return COLLECTOR_NONE;
}

int collector_look(struct collector_status *status, struct failure *why)
{
	struct collector_stamp *stamp = NULL;
	enum pin_state state;
	int error = pin_look(&state, &stamp, why);

	*status = (struct collector_status){ .state = COLLECTOR_NONE };
	if (error)
		return error;
	status->state = state_of(state);
	if (stamp)
		copy_stamp(stamp, status);
	pin_forget(stamp);
	return status->state == COLLECTOR_RUNS ? look_into(status, why) : 0;
}
