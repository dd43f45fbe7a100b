// SPDX-License-Identifier: (BSD-2-Clause OR GPL-2.0-only)
// The time line: how memory, CPU time and tasks of a run went, at a bounded number of points.
//
// Theory of operation. A run can only change while one of its tasks runs, and every such stint
// ends with a switch; in a long one there are ticks, two in each interval. At both the run's state
// is noted, in the point of the present interval, where the last note stays. So a point is true at
// its own time and until the next one, and an interval without a point is one in which nothing
// changed. When the time does not fit any more, intervals are put together by two, four, ...
#include "timeline.bpf.h"

const volatile bool has_timeline = false;

/* A note takes a tenth of a microsecond, putting together 20. */
#define LOCK_TRIES 64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* TIMELINE_POINTS where there is a time line */
	__type(key, u32);
	__type(value, struct timeline_point);
} timeline SEC(".maps");

static __always_inline struct timeline_point *point_get(u32 slot, u64 index)
{
	u32 key = slot * TIMELINE_POINTS + index;

	return bpf_map_lookup_elem(&timeline, &key);
}

struct fold {
	u32 slot;
	u32 shift; /* the new interval is 1 << shift old ones */
};

/* The later note stays, with the highest of all. Points are moved down, so none is overtaken. */
static long fold_point(u32 index, struct fold *fold)
{
	u32 target = index >> (fold->shift & 31);
	struct timeline_point *from = point_get(fold->slot, index);
	struct timeline_point *to = point_get(fold->slot, target);

	if (!from || !to || index == target || !from->time_ns)
		return 0;
	if (from->rss_peak_pages < to->rss_peak_pages)
		from->rss_peak_pages = to->rss_peak_pages;
	*to = *from;
	*from = (struct timeline_point){};
	return 0;
}

/* The point's place at this time. */
static __always_inline u64 make_room(struct run_account *run, u32 slot, u64 time_ns)
{
	u64 index = time_ns / run->timeline_interval_ns;
	struct fold fold = { .slot = slot };

	if (index < TIMELINE_POINTS)
		return index;
	/* 31 doublings of a millisecond are 24 days. */
	for (u32 i = 0; i < 31 && index >= TIMELINE_POINTS; i++) {
		index >>= 1;
		fold.shift++;
	}
	bpf_loop(TIMELINE_POINTS, fold_point, &fold, 0);
	run->timeline_interval_ns <<= fold.shift & 31;
	return index;
}

static __always_inline void note(struct run_account *run, u32 slot)
{
	u64 time_ns = bpf_ktime_get_ns() - run->exec_ns;
	struct timeline_point *point = point_get(slot, make_room(run, slot, time_ns));

	if (!point)
		return;
	point->time_ns = time_ns;
	point->rss_pages = run->rss_pages;
	point->anon_pages = run->pages[PAGES_ANON];
	point->cpu_ns = run->limited_cpu_ns;
	point->tasks = run->live_tasks;
	peak_raise(&point->rss_peak_pages, point->rss_pages);
	peak_raise(&point->rss_peak_pages, __sync_lock_test_and_set(&run->timeline_peak_pages, 0));
}

/* Who does not get the lock in time leaves the note to the next event. */
void timeline_note(struct run_account *run, u32 slot)
{
	if (!run->exec_ns || !run->timeline_interval_ns)
		return;
	for (int try = 0; try < LOCK_TRIES; try++) {
		if (__sync_val_compare_and_swap(&run->timeline_lock, 0, 1) != 0)
			continue;
		note(run, slot);
		__sync_lock_test_and_set(&run->timeline_lock, 0);
		return;
	}
}
