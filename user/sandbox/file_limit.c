// SPDX-License-Identifier: Apache-2.0
// The limits of what a command writes into its container, while it runs and when it has ended.
//
// Theory of operation. To count files is to walk through all of them, which must not be done often.
// But the file system that takes what is written knows how many inodes and blocks it has in use,
// and to ask it is one call. As long as it holds no more than what was counted last plus what is
// left to the limit, the limit cannot be passed: others may write to a disk as well, which makes
// the bound only less sharp. How soon it is asked again follows from how fast that much can be
// written at most. What a bound by itself misses, a directory removed for each file that is made
// or a stranger's files deleted, an unconditional count once a second finds.
#include "file_limit.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "layer.h"

/* 2 ms are 6 MB of what one processor copies into a tmpfs (1 to 3 GB/s were measured). */
#define PAUSE_LEAST_NS 2000000
#define PAUSE_MOST_NS 25000000
/* The fastest way to make an empty file took 5 us, on a tmpfs without an overlay. */
#define FILE_NS 4000
#define BYTES_PER_NS 3
/* Counting takes at most this part of the time of a processor that is not the command's. */
#define COUNTING_SHARE 20
#define COUNT_AGAIN_NS 1000000000

bool file_limit_is_wanted(const struct run_limits *limits)
{
	return limits->files_count || limits->files_bytes;
}

/* --- Asking --- */

static int ask(const struct file_limit *limit, struct file_room *used, struct failure *why)
{
	struct statfs status;

	if (fstatfs(limit->scratch_fd, &status))
		return failure_set(why, errno, "ask how much the command wrote");
	used->files = status.f_files - status.f_ffree;
	used->bytes = (uint64_t)(status.f_blocks - status.f_bfree) * status.f_bsize;
	return 0;
}

int file_limit_begin(struct file_limit *limit, struct failure *why)
{
	limit->counted_ns = clock_now_ns();
	limit->pause_ns = PAUSE_LEAST_NS;
	return ask(limit, &limit->used_then, why);
}

static uint64_t growth(uint64_t before, uint64_t now)
{
	return now > before ? now - before : 0;
}

/* Everything that is in use now and was not then, as if it were the command's files. */
static struct file_room most_written(const struct file_limit *limit)
{
	return (struct file_room){
		limit->written.files + growth(limit->used_then.files, limit->used.files),
		limit->written.bytes + growth(limit->used_then.bytes, limit->used.bytes),
	};
}

static const char *passed(const struct run_limits *limits, struct file_room written)
{
	if (limits->files_count && written.files > limits->files_count)
		return "files-count";
	if (limits->files_bytes && written.bytes > limits->files_bytes)
		return "files-size";
	return NULL;
}

/* --- Counting --- */

struct count {
	const struct run_limits *limits;
	bool is_last; /* the command has ended */
	struct file_room written;
};

/* st_blocks are of 512 bytes, whatever the file system's own are. */
static uint64_t bytes_of(const struct stat *status)
{
	uint64_t size = (uint64_t)status->st_size, room = (uint64_t)status->st_blocks * 512;

	/* Each of several names has its part. */
	return (size < room ? size : room) / (status->st_nlink ? status->st_nlink : 1);
}

static int enter(void *argument, const char *directory, bool *is_wanted, struct failure *why)
{
	(void)argument;
	(void)directory;
	(void)why;
	*is_wanted = true;
	return 0;
}

/* When a limit is passed there is nothing more to find out. */
static int visit(void *argument, const struct layer_file *file, struct failure *why)
{
	struct count *count = argument;

	(void)why;
	if (!S_ISREG(file->status.st_mode))
		return 0;
	count->written.files++;
	count->written.bytes += bytes_of(&file->status);
	return passed(count->limits, count->written) ? 1 : 0;
}

/* The command has removed it, or made it deeper than a path can be: it holds what was counted. */
static int miss(void *argument, const char *directory, int errnum, struct failure *why)
{
	(void)argument;
	(void)directory;
	return errnum == ENOMEM ? failure_set(why, ENOMEM, "count what the command wrote") : 0;
}

static int count_layer(
	const struct file_limit *limit, size_t entry, struct count *count, struct failure *why)
{
	const struct layer_visitor visitor = { .enter = enter,
		.visit = visit,
		.miss = miss,
		.argument = count,
		.lets_in = count->is_last };
	struct layer layer;
	int error = layer_open(limit->scratch_fd, limit->view, entry, &layer, why);

	if (error || layer.fd < 0)
		return error;
	error = layer_walk(&layer, &visitor, why);
	close_fd(&layer.fd);
	return error;
}

static int count_all(
	struct file_limit *limit, bool is_last, const char **reason, struct failure *why)
{
	struct count count = { .limits = limit->limits, .is_last = is_last };
	uint64_t begin_ns = clock_now_ns();
	int error = 0;

	for (size_t i = 0; i < limit->view->count && !error; i++)
		error = count_layer(limit, i, &count, why);
	if (error < 0)
		return error;
	*reason = passed(limit->limits, count.written);
	limit->written = count.written;
	limit->used_then = limit->used;
	limit->counted_ns = clock_now_ns();
	limit->counting_ns = limit->counted_ns - begin_ns;
	return 0;
}

/* A file that was renamed in the meantime can be met twice: a count that kills is made twice. */
static int count_surely(struct file_limit *limit, const char **reason, struct failure *why)
{
	int error = count_all(limit, false, reason, why);

	return error || !*reason ? error : count_all(limit, false, reason, why);
}

int file_limit_judge(struct file_limit *limit, const char **reason, struct failure *why)
{
	return count_all(limit, true, reason, why);
}

/* --- Looking --- */

static bool may_be_passed(const struct file_limit *limit)
{
	return passed(limit->limits, most_written(limit)) ||
	       clock_now_ns() - limit->counted_ns > COUNT_AGAIN_NS;
}

/* How long a processor needs at the least for what is left of a limit; 0 is no limit. */
static uint64_t writing_ns(uint64_t limit, uint64_t written, uint64_t per_ns)
{
	if (!limit)
		return PAUSE_MOST_NS;
	return limit > written ? (limit - written) / per_ns : 0;
}

/* Until a limit can be passed, if all processors do nothing but write. */
static uint64_t fastest_ns(const struct file_limit *limit)
{
	struct file_room most = most_written(limit);
	uint64_t files_ns = writing_ns(limit->limits->files_count, most.files, 1);
	uint64_t bytes_ns = writing_ns(limit->limits->files_bytes, most.bytes, BYTES_PER_NS);

	files_ns = files_ns < PAUSE_MOST_NS ? files_ns * FILE_NS : PAUSE_MOST_NS;
	return (files_ns < bytes_ns ? files_ns : bytes_ns) / limit->processors;
}

/* A command that writes nothing is asked less and less often. */
static uint64_t next_pause(const struct file_limit *limit, bool has_grown)
{
	uint64_t pause_ns = fastest_ns(limit), doubled_ns = limit->pause_ns * 2;
	uint64_t counting_ns = limit->counting_ns * COUNTING_SHARE;

	if (!has_grown && pause_ns < doubled_ns)
		pause_ns = doubled_ns;
	if (pause_ns < PAUSE_LEAST_NS)
		pause_ns = PAUSE_LEAST_NS;
	if (pause_ns > PAUSE_MOST_NS)
		pause_ns = PAUSE_MOST_NS;
	return pause_ns > counting_ns ? pause_ns : counting_ns;
}

int file_limit_look(
	struct file_limit *limit, const char **reason, uint64_t *pause_ns, struct failure *why)
{
	struct file_room before = limit->used;
	bool has_grown;
	int error = ask(limit, &limit->used, why);

	*reason = NULL;
	if (error)
		return error;
	has_grown = limit->used.files > before.files || limit->used.bytes > before.bytes;
	if (may_be_passed(limit))
		error = count_surely(limit, reason, why);
	*pause_ns = limit->pause_ns = next_pause(limit, has_grown);
	return error;
}
