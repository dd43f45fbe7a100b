// SPDX-License-Identifier: Apache-2.0
// Living runs, found without any record of them: what tare ps, exec and kill work on.
//
// Theory of operation. A run is a directory of cgroup2 whose name is the run's id, and a launcher
// that holds a lock on it. Both are the kernel's: the directory is removed at the end, by whoever
// is left, and the lock goes with its holder, however it dies. So there is nothing that could be
// stale, nothing to write at a start, and nothing that a SIGKILL leaves behind. A directory
// that nobody holds is no run any more (its janitor is about to remove it).
//
// Who holds a lock /proc/locks tells, by number. A number may come to mean another process, so each
// is opened first, and the table is read once more: who is still in it then has been the launcher
// when it was opened. Everybody may lock what he can open. Therefore the holder must have the user
// who owns the directory, which only that user and root can make; and it must have blocked the
// signal that it is to be sent, which would end a process that does not know it.
//
// What is told of a run is read from its cgroup and from its launcher's entry in /proc, never from
// the command, which can write there what it likes.
#include "living.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "mountinfo.h"
#include "order.h"

/* --- The launcher --- */

/* "1: FLOCK  ADVISORY  READ 2313 00:26:4264954 0 EOF": who, and on what. */
static bool read_lock(const char *line, const struct cgroup_run *run, pid_t *holder)
{
	unsigned int major_number, minor_number;
	unsigned long inode;
	int pid;

	if (sscanf(line, "%*d: FLOCK ADVISORY %*s %d %x:%x:%lu", &pid, &major_number, &minor_number,
		    &inode) != 4)
		return false;
	*holder = pid;
	return inode == run->inode && makedev(major_number, minor_number) == run->device;
}

static bool holds(const char *locks, const struct cgroup_run *run, pid_t launcher)
{
	pid_t holder;

	for (const char *line = locks; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (read_lock(line, run, &holder) && holder == launcher)
			return true;
	}
	return false;
}

/* What follows a name in /proc/PID/status; NULL: it is not there. */
static const char *find_status(const char *status, const char *name)
{
	const char *place = strstr(status, name);

	return place ? place + strlen(name) : NULL;
}

/* Of the right user, and waiting for orders. */
static bool is_launcher_of(const struct cgroup_run *run, pid_t pid)
{
	cleanup_free char *status = NULL;
	const char *user, *blocked;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (file_read(AT_FDCWD, path, &status, NULL, NULL))
		return false;
	user = find_status(status, "\nUid:");
	blocked = find_status(status, "\nSigBlk:");
	return user && blocked && strtoul(user, NULL, 10) == run->owner &&
	       strtoull(blocked, NULL, 16) >> (ORDER_SIGNAL - 1) & 1;
}

static void open_launcher(struct living_run *run, const char *locks)
{
	pid_t holder;

	for (const char *line = locks; line && run->launcher_pidfd < 0; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!read_lock(line, run->cgroup, &holder) || !is_launcher_of(run->cgroup, holder))
			continue;
		run->launcher = holder;
		run->launcher_pidfd = pidfd_open(holder, 0);
	}
}

/* --- What is told --- */

/* The 22nd field, in ticks since the machine was started; the second one may hold anything. */
static uint64_t elapsed_ns(pid_t pid)
{
	cleanup_free char *stat = NULL;
	unsigned long long ticks = 0;
	struct timespec now;
	uint64_t now_ns, start_ns;
	char path[64], *rest;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(AT_FDCWD, path, &stat, NULL, NULL) || !(rest = strrchr(stat, ')')))
		return 0;
	rest++;
	for (int field = 3; field < 22 && rest; field++)
		rest = strchr(rest + 1, ' ');
	if (rest)
		ticks = strtoull(rest, NULL, 10);
	clock_gettime(CLOCK_BOOTTIME, &now);
	now_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	start_ns = ticks * 1000000000ULL / sysconf(_SC_CLK_TCK);
	return now_ns > start_ns ? now_ns - start_ns : 0;
}

static char *quote_words(char *text, size_t size)
{
	size_t count = 0;
	cleanup_free char **words = NULL;

	for (size_t i = 0; i < size; i++)
		count += !text[i];
	words = calloc(count + 2, sizeof(*words));
	if (!words)
		return NULL;
	count = 0;
	for (size_t at = 0; at < size; at += strlen(text + at) + 1)
		words[count++] = text + at;
	return text_quote_command(words);
}

static char *read_command(pid_t pid)
{
	cleanup_free char *text = NULL;
	char path[64];
	size_t size;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	return file_read(AT_FDCWD, path, &text, &size, NULL) ? strdup("") : quote_words(text, size);
}

static int describe(
	struct living_run *run, const struct mountinfo_list *mounts, struct failure *why)
{
	run->user = run->cgroup->owner;
	run->elapsed_ns = elapsed_ns(run->launcher);
	run->use = cgroup_run_use(run->cgroup, mounts);
	run->command = read_command(run->launcher);
	return run->command ? 0 : failure_set(why, ENOMEM, "list the runs");
}

/* --- The list --- */

static void forget(struct living_run *run)
{
	close_fd(&run->launcher_pidfd);
	free(run->command);
}

static int read_locks(char **locks, struct failure *why)
{
	return file_read(AT_FDCWD, "/proc/locks", locks, NULL, why);
}

static bool is_callers(const struct cgroup_run *run)
{
	return geteuid() == 0 || run->owner == getuid();
}

/* All that may be one, with its launcher opened. */
static int open_all(struct living_runs *list, struct failure *why)
{
	cleanup_free char *locks = NULL;
	int error = read_locks(&locks, why);

	if (error)
		return error;
	list->runs = calloc(list->cgroups.count + 1, sizeof(*list->runs));
	if (!list->runs)
		return failure_set(why, ENOMEM, "list the runs");
	for (size_t i = 0; i < list->cgroups.count; i++) {
		struct living_run *run = &list->runs[list->count];

		*run = (struct living_run){ .cgroup = &list->cgroups.runs[i],
			.launcher_pidfd = -1 };
		if (is_callers(run->cgroup))
			open_launcher(run, locks);
		list->count += run->launcher_pidfd >= 0;
	}
	return 0;
}

static int keep_true_ones(
	struct living_runs *list, const struct mountinfo_list *mounts, struct failure *why)
{
	cleanup_free char *locks = NULL;
	int error = read_locks(&locks, why);
	size_t opened = error ? 0 : list->count;

	list->count = error ? list->count : 0;
	for (size_t i = 0; i < opened; i++) {
		struct living_run run = list->runs[i];

		if (!error && run.cgroup && holds(locks, run.cgroup, run.launcher)) {
			error = describe(&run, mounts, why);
			list->runs[list->count++] = run;
		} else {
			forget(&run);
		}
	}
	return error;
}

static int by_age(const void *a, const void *b)
{
	const struct living_run *one = a, *other = b;

	if (one->elapsed_ns == other->elapsed_ns)
		return strcmp(one->cgroup->id, other->cgroup->id);
	return one->elapsed_ns < other->elapsed_ns ? 1 : -1;
}

int living_list(struct living_runs *list, struct failure *why)
{
	struct mountinfo_list mounts = { 0 };
	int error = mountinfo_read(&mounts, why);

	*list = (struct living_runs){ 0 };
	if (!error)
		error = cgroup_runs_list(&list->cgroups, &mounts, why);
	if (!error)
		error = open_all(list, why);
	if (!error)
		error = keep_true_ones(list, &mounts, why);
	mountinfo_done(&mounts);
	if (error)
		living_done(list);
	else
		qsort(list->runs, list->count, sizeof(*list->runs), by_age);
	return error;
}

void living_done(struct living_runs *list)
{
	for (size_t i = 0; i < list->count; i++)
		forget(&list->runs[i]);
	free(list->runs);
	cgroup_runs_done(&list->cgroups);
	*list = (struct living_runs){ 0 };
}

static int not_found(const char *beginning, struct failure *why)
{
	cleanup_free char *shown = text_quote_short(beginning);

	(void)failure_set(why, 0, "there is no run %s", shown ? shown : "");
	(void)failure_hint(
		why, "tare ps lists those that live%s", geteuid() ? ", of your own" : "");
	return -ENOENT;
}

int living_find(const struct living_runs *list, const char *beginning,
	const struct living_run **out, struct failure *why)
{
	size_t length = strlen(beginning);

	*out = NULL;
	for (size_t i = 0; length && i < list->count; i++) {
		if (strncmp(list->runs[i].cgroup->id, beginning, length) != 0)
			continue;
		if (*out) {
			(void)failure_set(why, 0, "more than one run begins with %s", beginning);
			return failure_hint(why, "give more of its id: tare ps --quiet");
		}
		*out = &list->runs[i];
	}
	return *out ? 0 : not_found(beginning, why);
}
