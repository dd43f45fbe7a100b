// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// The gate: what users without any capability may ask of a shared collector, and what it needs.
//
// An object of its own, which shares the maps of the others and is loaded by `tare collector start`
// alone. `gate` is the one program that users can reach; all they get comes back in its context. It
// trusts nothing in the request: whose the cgroup is, and whose the run, is looked up in the
// kernel.
//
//   gate_caller.bpf.h  who calls, and which cgroup a descriptor is of
//   gate_run.bpf.h     slots of users' runs, and how many a user may have
//   gate_answer.bpf.h  what an answer takes away
//
// Users cannot make a task a member. So a run is registered before it has a process, and one that
// is born into its cgroup becomes a member here. The removal of the cgroup frees the slot, so that
// nothing depends on a launcher's end. Packets are counted by programs that are attached once, to
// cgroups above all users' runs.
#include "run.bpf.h"
#include "gate_answer.bpf.h"
#include "gate_caller.bpf.h"
#include "gate_run.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The launcher puts the collector's in their places. */
struct runs_map runs SEC(".maps");
struct cpus_map cpus SEC(".maps");
struct tasks_map tasks SEC(".maps");
struct slots_map slots SEC(".maps");

struct refusals_map refusals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct gate_state);
} gate_state SEC(".maps");

const volatile u32 processors = 1;
const volatile bool is_shared = true;
const volatile u64 identity[GATE_IDENTITY_WORDS] = {};

static __always_inline struct gate_state *state_get(void)
{
	u32 first = 0;

	return bpf_map_lookup_elem(&gate_state, &first);
}

/* --- Registering --- */

static __always_inline bool is_same_version(struct gate_request *request)
{
	if (request->abi != TARE_ABI_VERSION)
		return false;
	for (u32 i = 0; i < GATE_IDENTITY_WORDS; i++) {
		if (request->registration.identity[i] != identity[i])
			return false;
	}
	return true;
}

static __always_inline bool is_watched(const struct gate_state *state, u64 id)
{
	for (u32 i = 0; i < GATE_WATCHED; i++) {
		if (state->watched[i] == id)
			return true;
	}
	return false;
}

static long ascend(u32 step, struct ascent *ascent)
{
	struct cgroup *cgroup = ascent->cgroup;
	struct kernfs_node *node = BPF_CORE_READ(cgroup, kn);
	struct gate_state *state = state_get();
	u32 owner = node_owner(node);
	void *parent;

	if (!state)
		return 1;
	if (owner)
		ascent->payer = owner;
	if (is_watched(state, BPF_CORE_READ(node, id)))
		ascent->is_watched = true;
	parent = BPF_CORE_READ(cgroup, self.parent);
	ascent->cgroup =
		parent ? (struct cgroup *)(parent - bpf_core_field_offset(struct cgroup, self)) : 0;
	return !parent;
}

/* Global, to be verified by itself. */
__noinline bool is_member(void)
{
	return task_get(bpf_get_current_task_btf()) != 0;
}

static __always_inline int check_caller(
	struct gate_request *request, const struct caller *caller, struct directory *directory)
{
	if (!is_same_version(request))
		return GATE_OTHER_PROGRAMS;
	if (!caller->uid)
		return GATE_ROOT;
	if (is_member())
		return GATE_INSIDE_RUN;
	if (!directory_get(request->registration.cgroup_fd, directory))
		return GATE_NO_CGROUP;
	return directory->owner == caller->uid ? GATE_DONE : GATE_NOT_OWNER;
}

/* What is counted by chance for runs that are over makes place first. */
static __always_inline int take_place(u32 payer, u64 most, u32 *slot)
{
	u64 *count = runs_of(payer);

	if (!count)
		return GATE_TOO_MANY_USERS;
	if (!quota_take(count, most) && (!sweep(payer) || !quota_take(count, most)))
		return GATE_OVER_QUOTA;
	if (slot_take(slot) || (sweep(0) && slot_take(slot)))
		return GATE_DONE;
	quota_give_back(payer);
	return GATE_FULL;
}

static __always_inline void put_limits(struct gate_request *request, struct run_account *run)
{
	run->cpu_limit_ns = request->registration.cpu_limit_ns;
	run->soft_cpu_limit_ns = request->registration.soft_cpu_limit_ns;
	run->rss_limit_pages = request->registration.rss_limit_pages;
	run->task_limit = request->registration.task_limit;
	run->is_polled = 1;
}

static __always_inline bool put_refusals(struct gate_request *request, u32 slot)
{
	_Pragma("clang loop unroll(full)") for (u32 abi = 0; abi < ABI_COUNT; abi++)
	{
		u32 key = slot * ABI_COUNT + abi;
		struct refusal_account *account = bpf_map_lookup_elem(&refusals, &key);

		if (!account)
			return false;
		COPY_WORDS(account, &request->registration.refusals[abi], sizeof(*account));
	}
	return true;
}

static __always_inline void put_registrant(struct gate_run *entry, const struct caller *caller,
	const struct directory *directory, const struct ascent *ascent)
{
	entry->cgroup_id = directory->id;
	entry->uid = caller->uid;
	entry->pid = caller->pid;
	entry->started_ns = caller->started_ns;
	entry->registrant = (u64)caller->process;
	entry->cgroup = (u64)directory->cgroup;
	entry->counts_packets = ascent->is_watched;
	entry->payer = ascent->payer;
}

/* The cgroup of a launcher that was killed, say, may be registered again. */
static __always_inline bool clear_way(u64 id)
{
	u32 slot;
	struct gate_run *entry = gate_run_of_cgroup(id, &slot);
	u64 generation = entry ? slot_generation(slot) : 0;

	return entry && entry->cgroup_id == id && run_is_over(entry) &&
	       slot_free(slot, entry, id, generation);
}

/*
 * The last two questions are asked when the entry can be found: a removal that begins later finds
 * it, one that began before has left its mark; and a process that came before was not seen.
 */
static __always_inline int enter(u32 slot, const struct directory *directory)
{
	struct gate_run *entry = gate_run_get(slot);
	u64 *owner = owner_get(slot);
	u64 id = directory->id;
	int answer = GATE_DONE;

	if (!entry || !owner)
		return GATE_BAD_REQUEST;
	if (bpf_map_update_elem(&slots, &id, &slot, BPF_NOEXIST) &&
		(!clear_way(id) || bpf_map_update_elem(&slots, &id, &slot, BPF_NOEXIST))) {
		slot_put_back(slot, entry->payer);
		return GATE_REGISTERED;
	}
	__sync_lock_test_and_set(owner, id);
	if (!cgroup_is_online(directory->cgroup, id))
		answer = GATE_NO_CGROUP;
	else if (cgroup_is_populated(directory->cgroup))
		answer = GATE_POPULATED;
	if (answer)
		slot_free(slot, entry, id, slot_generation(slot));
	return answer;
}

static __always_inline void tell_registered(
	struct gate_request *request, const struct gate_state *state, bool counts_packets)
{
	request->misses = misses_count();
	request->registered.counts_packets = counts_packets;
	request->registered.has_io_uring = state->has_io_uring;
	request->registered.knows_places = state->knows_places;
	request->registered.runs_per_user = state->runs_per_user;
}

static __always_inline int fill_slot(struct gate_request *request, u32 slot,
	const struct caller *caller, const struct directory *directory, const struct ascent *ascent)
{
	struct gate_run *entry = gate_run_get(slot);
	struct run_account *run = run_get(slot);

	if (!entry || !run)
		return GATE_BAD_REQUEST;
	slot_empty(slot);
	run->cgroup_id = directory->id;
	run->main_epoch = 1; /* no task's: theirs is 0 before one of them is the main thread */
	put_limits(request, run);
	put_registrant(entry, caller, directory, ascent);
	return put_refusals(request, slot) ? enter(slot, directory) : GATE_BAD_REQUEST;
}

static __always_inline int register_run(
	struct gate_request *request, const struct gate_state *state)
{
	struct caller caller = caller_get();
	struct directory directory = {};
	struct ascent ascent = {};
	int answer = check_caller(request, &caller, &directory);
	u32 slot = 0;

	if (answer)
		return answer;
	ascent.cgroup = directory.cgroup;
	bpf_loop(GATE_DEPTH, ascend, &ascent, 0);
	/* The directory's own owner is one of them, if it is still the same directory. */
	if (ascent.cgroup || !ascent.payer)
		return GATE_TOO_DEEP;
	answer = take_place(ascent.payer, state->runs_per_user, &slot);
	if (!answer)
		answer = fill_slot(request, slot, &caller, &directory, &ascent);
	if (answer)
		return answer;
	request->slot = slot;
	request->cgroup_id = directory.id;
	tell_registered(request, state, ascent.is_watched);
	return GATE_DONE;
}

/* --- Of a registered run --- */

/* It belongs to the process that has registered it, and to no other of the same user. */
__noinline bool is_registrants(u32 slot, u64 id)
{
	struct gate_run *entry = gate_run_get(slot);
	u64 *owner = owner_get(slot);

	return entry && owner && id && *owner == id && entry->payer && entry->cgroup_id == id &&
	       entry->uid == (u32)bpf_get_current_uid_gid() &&
	       caller_is(entry->pid, entry->started_ns);
}

static __always_inline void read_run(struct gate_request *request, u32 slot)
{
	struct run_account *run = run_get(slot);

	if (run)
		COPY_WORDS(&request->run, run, sizeof(*run));
}

static __always_inline void read_processor(struct gate_request *request, u32 slot)
{
	u32 processor = request->index;
	struct cpu_account *cpu = bpf_map_lookup_percpu_elem(&cpus, &slot, processor);
	struct memory_account *pages = bpf_map_lookup_percpu_elem(&memory, &slot, processor);

	if (!cpu || !pages)
		return;
	COPY_WORDS(&request->processor.cpu, cpu, sizeof(*cpu));
	COPY_WORDS(&request->processor.memory, pages, sizeof(*pages));
}

static __always_inline void read_syscalls(struct gate_request *request, u32 slot)
{
	_Pragma("clang loop unroll(full)") for (u32 i = 0; i < GATE_SYSCALLS; i++)
	{
		struct syscall_counter sum = {};

		if (request->syscalls.places[i] < SYSCALL_PLACES)
			syscalls_sum(slot, request->syscalls.places[i], &sum);
		request->syscalls.counters[i].count = sum.count;
		request->syscalls.counters[i].errors = sum.errors;
		request->syscalls.counters[i].denied = sum.denied;
	}
}

/* While it was being read, it may have ended by another thread, and its slot become another's. */
static __always_inline int wipe_stale(
	struct gate_request *request, u32 slot, u64 id, u64 generation)
{
	if (is_registrants(slot, id) && slot_generation(slot) == generation)
		return GATE_DONE;
	CLEAR_WORDS(&request->run, sizeof(request->run));
	return GATE_NOT_REGISTRANTS;
}

_Static_assert(sizeof(struct run_account) >= sizeof(struct gate_processor) &&
		       sizeof(struct run_account) >= sizeof(struct gate_syscalls),
	"to wipe the run's account wipes the others");

/* One with processes goes on: what they count must not become the next run's. */
static __always_inline int unregister(u32 slot, u64 id, u64 generation)
{
	struct gate_run *entry = gate_run_get(slot);

	if (!entry)
		return GATE_NOT_REGISTRANTS;
	if (cgroup_is_populated((struct cgroup *)entry->cgroup))
		return GATE_POPULATED;
	return slot_free(slot, entry, id, generation) ? GATE_DONE : GATE_NOT_REGISTRANTS;
}

static __always_inline int serve(struct gate_request *request, u32 operation, u32 slot, u64 id)
{
	u64 generation = slot_generation(slot);

	if (!is_registrants(slot, id))
		return GATE_NOT_REGISTRANTS;
	switch (operation) {
	case GATE_READ_RUN:
		read_run(request, slot);
		return wipe_stale(request, slot, id, generation);
	case GATE_READ_PROCESSOR:
		read_processor(request, slot);
		return wipe_stale(request, slot, id, generation);
	case GATE_READ_SYSCALLS:
		read_syscalls(request, slot);
		return wipe_stale(request, slot, id, generation);
	case GATE_READ_MISSES:
		request->misses = misses_count();
		return GATE_DONE;
	case GATE_UNREGISTER:
		return unregister(slot, id, generation);
	}
	return GATE_BAD_REQUEST;
}

/* What a request is for is read here, where the context is at hand as the verifier wants it. */
SEC("syscall")
int gate(struct gate_request *request)
{
	u32 operation = request->operation, slot = request->slot;
	u64 id = request->cgroup_id;
	struct gate_state *state = state_get();

	if (!state || state->service == GATE_STOPPED_SERVING)
		return GATE_STOPPED;
	if (operation == GATE_REGISTER)
		return state->service == GATE_SERVES ? register_run(request, state) : GATE_STOPPED;
	return serve(request, operation, slot, id);
}

/* --- For root --- */

/* Frees the slots of users' runs that are over. */
SEC("syscall")
int gate_sweep(void *context)
{
	return sweep(0);
}

/* Gets to know the programs of the caller's descriptors, to tell their misses. */
SEC("syscall")
int gate_learn(struct gate_lesson *lesson)
{
	_Pragma("clang loop unroll(full)") for (u32 i = 0; i < GATE_PROGRAMS; i++)
	{
		u32 key = i;
		u64 *counters = bpf_map_lookup_elem(&program_counters, &key);
		s64 fd = lesson->program_fds[i];
		struct bpf_prog *program = BPF_CORE_READ(caller_file(fd), private_data);

		if (counters)
			*counters = (u64)BPF_CORE_READ(program, stats);
	}
	return 0;
}

/* --- Events --- */

static __always_inline u64 cgroup_of_task(struct task_struct *task)
{
	struct task_struct___whole *whole = (struct task_struct___whole *)task;

	return BPF_CORE_READ(whole, cgroups, dfl_cgrp, kn, id);
}

/* Into a run that goes on; before its exec the account is as root's launcher makes it. */
static __always_inline void count_arrival(
	struct run_account *run, struct task_struct *task, struct task_account *account)
{
	bool is_process = BPF_CORE_READ(task, tgid) == BPF_CORE_READ(task, pid);

	account->flags = TASK_COUNTED | TASK_NEWBORN;
	count_add(&run->tasks, 1);
	if (!is_process)
		return;
	count_add(&run->processes, 1);
	count_add(&run->moved_in, 1);
}

/* Children of members are seen to by the collector itself. */
static __always_inline int bear(struct task_struct *child)
{
	struct task_account *account;
	struct gate_run *entry;
	struct run_account *run;
	u32 slot;

	if (task_get(bpf_get_current_task_btf()))
		return 0;
	entry = gate_run_of_cgroup(cgroup_of_task(child), &slot);
	if (!entry)
		return 0;
	run = run_get(slot);
	account = task_seed(child, slot);
	if (run && account && run->exec_ns)
		count_arrival(run, child, account);
	return 0;
}

/* One of these is loaded: see process.bpf.c. */
SEC("tp_btf/task_newtask")
int BPF_PROG(born_into_run, struct task_struct *child)
{
	return bear(child);
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(woken_into_run, struct task_struct *child)
{
	return bear(child);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_removed, struct cgroup *cgroup)
{
	u64 id = BPF_CORE_READ(cgroup, kn, id);
	u32 slot;
	struct gate_run *entry = gate_run_of_cgroup(id, &slot);

	/* No other run can be in this cgroup again. */
	if (entry)
		slot_free(slot, entry, id, slot_generation(slot));
	return 0;
}

/* --- Packets --- */

enum { ALLOW = 1 };

#define AF_INET 2

static __always_inline struct run_account *run_of_cgroup(u64 id)
{
	u32 slot;

	return gate_run_of_cgroup(id, &slot) ? run_get(slot) : 0;
}

/* The cgroup is the socket's, as it is where a run has programs of its own. */
SEC("cgroup_skb/ingress")
int users_packet_received(struct __sk_buff *packet)
{
	struct run_account *run = run_of_cgroup(bpf_skb_cgroup_id(packet));

	if (run) {
		count_add(&run->rx_packets, 1);
		count_add(&run->rx_bytes, packet->len);
	}
	return ALLOW;
}

SEC("cgroup_skb/egress")
int users_packet_sent(struct __sk_buff *packet)
{
	struct run_account *run = run_of_cgroup(bpf_skb_cgroup_id(packet));

	if (run) {
		count_add(&run->tx_packets, 1);
		count_add(&run->tx_bytes, packet->len);
	}
	return ALLOW;
}

SEC("cgroup/sock_create")
int users_socket_created(struct bpf_sock *socket)
{
	struct run_account *run = run_of_cgroup(bpf_get_current_cgroup_id());

	if (run && run->exec_ns)
		count_add(socket->family == AF_INET ? &run->inet_sockets : &run->inet6_sockets, 1);
	return ALLOW;
}
