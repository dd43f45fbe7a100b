// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// Resident memory: the exact sum over all address spaces of a run, kept up at every change.
//
// From 6.2 on the kernel keeps an address space's page counters as a shared count and one part
// per processor, folded in when it passes a batch. The shared count alone is low by up to
// 32 pages a processor. An event on a processor can only have changed its own part and the shared
// count, so it is enough to read these two and remember what each was: the cost of an event does
// not grow with the number of processors.
#include "run.bpf.h"
#include "kernels.bpf.h"
#include "limit.bpf.h"
#include "peak.bpf.h"
#include "processor.bpf.h"
#include "timeline.bpf.h"

#define EEXIST 17

struct memory_map memory SEC(".maps");

struct mm_part {
	s32 pages[PAGE_KINDS];
};

/*
 * Address spaces alive at one instant, by kernel address. 16,384 is four times Debian's default
 * of threads in a session; the table of buckets costs 256 KiB.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct mm_account);
} mms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct mm_part);
} mm_parts SEC(".maps");

/* The verifier of 6.1 forgets a bound that was on the stack in between: it is set at each use. */
static __always_inline u64 bounded(u64 kind)
{
	barrier_var(kind);
	return kind & (PAGE_KINDS - 1);
}

static __always_inline s32 mm_part(struct mm_struct *mm, u32 kind, u64 distance)
{
	u64 base = mm_parts_base(mm, kind);
	s32 part = 0;

	if (base)
		bpf_probe_read_kernel(&part, sizeof(part), (void *)(base + distance));
	return part;
}

struct first_look {
	struct mm_struct *mm;
	s64 pages[PAGE_KINDS];
};

/* Takes one processor's parts into the first sum, and remembers them. */
static long look_at_processor(u32 processor, struct first_look *look)
{
	u64 key = (u64)look->mm;
	struct mm_part *seen = bpf_map_lookup_percpu_elem(&mm_parts, &key, processor);
	u32 first = 0;
	u64 *element = bpf_map_lookup_percpu_elem(&own_address, &first, processor);
	u64 distance;

	if (!seen || !element)
		return 0;
	distance = cpu_distance(element);
	for (u32 kind = 0; kind < PAGE_KINDS; kind++) {
		seen->pages[kind] = mm_part(look->mm, kind, distance);
		look->pages[kind] += seen->pages[kind];
	}
	return 0;
}

static __always_inline void count_first_pages(
	struct mm_struct *mm, struct run_account *run, struct mm_account *account)
{
	struct first_look look = { .mm = mm };

	for (u32 kind = 0; kind < PAGE_KINDS; kind++)
		look.pages[kind] = account->shared_count[kind];
	bpf_loop(processors, look_at_processor, &look, 0);
	for (u32 kind = 0; kind < PAGE_KINDS; kind++) {
		account->pages[kind] = look.pages[kind];
		__sync_fetch_and_add(&run->pages[kind], look.pages[kind]);
	}
	__sync_fetch_and_add(&run->rss_pages, resident_pages(look.pages));
}

/* An address space is found by its first change after its process began to count. */
static __always_inline struct mm_account *mm_begin(struct mm_struct *mm, u32 slot)
{
	struct mm_account fresh = { .slot = slot };
	struct run_account *run = run_get(slot);
	struct mm_account *account;
	struct mm_part none = {};
	u64 key = (u64)mm;
	long error;

	if (!run || !mm)
		return 0;
	fresh.generation = run->generation;
	fresh.known_peak = run->rss_peak_pages;
	for (u32 kind = 0; kind < PAGE_KINDS; kind++)
		fresh.shared_count[kind] = mm_shared_count(mm, kind);
	error = bpf_map_update_elem(&mm_parts, &key, &none, BPF_NOEXIST);
	if (!error)
		error = bpf_map_update_elem(&mms, &key, &fresh, BPF_NOEXIST);
	/* Another thread of the process is doing the same. */
	if (error && error != -EEXIST)
		count_add(&run->lost_map_updates, 1);
	account = error ? 0 : bpf_map_lookup_elem(&mms, &key);
	if (account)
		count_first_pages(mm, run, account);
	return account;
}

/* Most changes stay within a processor's part. */
static __always_inline s64 take_shared_change(struct mm_account *account, u32 kind, s64 count)
{
	s64 *seen = &account->shared_count[bounded(kind)];

	return *seen == count ? 0 : count - (s64)__sync_lock_test_and_set(seen, count);
}

/* The run of an address space; NULL where the space has outlived it. */
static __always_inline struct run_account *mm_run(struct mm_account *account)
{
	struct run_account *run = run_get(account->slot);

	return run_is_current(run, account->generation) ? run : 0;
}

static __always_inline void mm_update(void *context, struct mm_struct *mm,
	struct mm_account *account, struct mm_part *seen, u32 kind)
{
	struct run_account *run = mm_run(account);
	u64 *element = own_element();
	s64 change, of_kind, of_run = 0;
	s32 part;

	if (!run || !element)
		return;
	part = mm_part(mm, kind, cpu_distance(element));
	change = take_shared_change(account, kind, mm_shared_count(mm, kind));
	change += part - seen->pages[bounded(kind)];
	seen->pages[bounded(kind)] = part;
	peak_remember(run, account);
	__sync_fetch_and_add(&account->pages[bounded(kind)], change);
	of_kind = __sync_fetch_and_add(&run->pages[bounded(kind)], change) + change;
	if (kind != PAGES_SWAP)
		of_run = __sync_fetch_and_add(&run->rss_pages, change) + change;
	if (change < 0)
		return;
	peak_look(run, account, kind, of_kind, of_run);
	timeline_see_pages(run, of_run);
	limit_check_memory(context, run, account->slot, of_run);
}

/* A fork fills the child's address space before there is a child that could own it. */
static __always_inline void mm_find_owner(
	struct mm_struct *mm, struct mm_account *account, struct task_struct *task)
{
	if (!account->pid && BPF_CORE_READ(task, mm) == mm)
		account->pid = task->tgid;
}

/*
 * Who may touch a member's address space: the member, and the kernel's own reclaim, in its
 * threads or on behalf of any task that needs memory. All others are not looked up.
 */
static __always_inline bool may_touch_any_mm(struct task_struct *task)
{
	return task->flags & (PF_KTHREAD | PF_MEMALLOC);
}

SEC("raw_tp/rss_stat")
int BPF_PROG(pages_change, struct mm_struct *mm, int kind)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct task_account *task_account = task_get_counted(task);
	bool is_reclaim = may_touch_any_mm(task);
	struct mm_account *account;
	struct mm_part *seen;
	u64 key = (u64)mm;

	if ((!task_account && !is_reclaim) || (u32)kind >= PAGE_KINDS)
		return 0;
	account = bpf_map_lookup_elem(&mms, &key);
	/* Who does not reclaim is a member, which the verifier of 6.1 does not see by itself. */
	barrier_var(is_reclaim);
	if (!account && task_account && !is_reclaim)
		account = mm_begin(mm, task_account->slot);
	seen = bpf_map_lookup_elem(&mm_parts, &key);
	if (!account || !seen)
		return 0;
	if (task_account)
		mm_find_owner(mm, account, task);
	mm_update(ctx, mm, account, seen, kind);
	return 0;
}

/* Pages that others than its members took from it were not seen to go. */
static __always_inline void forget_pages(struct run_account *run, struct mm_account *account)
{
	for (u32 kind = 0; kind < PAGE_KINDS; kind++)
		__sync_fetch_and_add(&run->pages[kind], -account->pages[kind]);
	__sync_fetch_and_add(&run->rss_pages, -resident_pages(account->pages));
}

/* The last user of an address space is gone. Its kernel address may serve another one at once. */
SEC("raw_tp/exit_mmap")
int BPF_PROG(mm_ends, struct mm_struct *mm)
{
	u64 key = (u64)mm;
	struct mm_account *account = bpf_map_lookup_elem(&mms, &key);
	struct run_account *run;

	if (!account)
		return 0;
	run = mm_run(account);
	if (run) {
		peak_process_ends(run, account);
		forget_pages(run, account);
	}
	bpf_map_delete_elem(&mms, &key);
	bpf_map_delete_elem(&mm_parts, &key);
	return 0;
}
