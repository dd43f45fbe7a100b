// SPDX-License-Identifier: Apache-2.0
// From the collector's time line to the result's: the points that there are, in bytes.
#include "account_timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t page_bytes(int64_t pages)
{
	return pages > 0 ? (uint64_t)pages * sysconf(_SC_PAGESIZE) : 0;
}

static struct timeline_point_result convert(const struct timeline_point *point)
{
	return (struct timeline_point_result){
		.time_ns = point->time_ns,
		.rss_bytes = page_bytes(point->rss_pages),
		.rss_peak_bytes = page_bytes(point->rss_peak_pages),
		.anon_bytes = page_bytes(point->anon_pages),
		.cpu_ns = point->cpu_ns,
		.tasks = point->tasks > 0 ? (uint64_t)point->tasks : 0,
	};
}

int account_fill_timeline(
	const struct account *account, struct timeline_result *timeline, struct failure *why)
{
	*timeline = (struct timeline_result){ .interval_ns = account->run.timeline_interval_ns };
	if (!account->timeline)
		return 0;
	timeline->points = calloc(TIMELINE_POINTS, sizeof(*timeline->points));
	if (!timeline->points)
		return failure_set(why, ENOMEM, "list the time line");
	for (size_t i = 0; i < TIMELINE_POINTS; i++) {
		if (account->timeline[i].time_ns)
			timeline->points[timeline->count++] = convert(&account->timeline[i]);
	}
	return 0;
}
