// SPDX-License-Identifier: Apache-2.0
// Who cleans up when tare itself is killed: a process that does nothing until then.
#include "janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/tree.h"
#include "process.h"

struct janitor {
	struct process *process;
	int alive; /* our end of a pipe: its closing is the news of our death */
};

struct janitor_task {
	const struct cgroup *cgroup;
	struct scratch scratch; /* a copy, whose descriptors are this process's own */
	const char *directory;
	int ends[2];
};

/* The pipe's reading end becomes 0, the scratch's parent 1; nothing else is kept open. */
static void keep_only(int fd, struct scratch *scratch)
{
	unsigned int first = 1;

	/* Not the caller's session: what ends tare from the keyboard must not end this. */
	setsid();
	prctl(PR_SET_NAME, "tare-janitor");
	if (dup2(fd, STDIN_FILENO) < 0)
		_exit(errno); /* 0 is the caller's input, which must not be read */
	if (scratch->parent_fd >= 0)
		scratch->parent_fd = dup2(scratch->parent_fd, first++);
	if (syscall(SYS_close_range, first, ~0U, 0))
		_exit(errno); /* who waits for the end of what it holds would wait for ever */
	for (int signal_number = 1; signal_number < 32; signal_number++)
		signal(signal_number, SIG_IGN);
}

static void kill_run(const struct cgroup *cgroup)
{
	char path[PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/cgroup.kill", cgroup->directories[CGROUP_UNIFIED].path);
	/* A directory that was never made has nothing to kill. */
	(void)file_write(AT_FDCWD, path, "1", NULL);
}

static int clean_up(void *argument, struct failure *why)
{
	struct janitor_task *task = argument;
	char end;

	(void)why;
	close(task->ends[1]);
	keep_only(task->ends[0], &task->scratch);
	while (read(STDIN_FILENO, &end, 1) < 0 && errno == EINTR)
		continue;
	kill_run(task->cgroup);
	for (int role = 0; role < CGROUP_ROLES; role++) {
		const char *path = task->cgroup->directories[role].path;

		if (!path[0])
			continue;
		if (role == CGROUP_LAUNCHER)
			cgroup_move_back(task->cgroup); /* this process too is in it */
		(void)cgroup_remove_path(path, 5000);
	}
	/* Last, for who is dead writes no more. */
	(void)scratch_remove(&task->scratch, NULL);
	if (task->directory)
		(void)tree_remove(AT_FDCWD, task->directory, NULL);
	return 0;
}

static const char own_score[] = "/proc/self/oom_score_adj";

/*
 * Where memory runs out all are killed, one by one or by memory.oom.group: not who cleans up. It is
 * born exempt, because before it could ask for that itself it may already be dead, and tare not
 * yet. NULL without the right to ask: then it is the last by its size alone.
 */
static char *exempt_children(void)
{
	cleanup_free char *before = NULL;

	if (file_read(AT_FDCWD, own_score, &before, NULL, NULL) ||
		file_write(AT_FDCWD, own_score, "-1000", NULL))
		return NULL;
	return take_pointer(&before);
}

static int start(struct janitor_task *task, struct process **out, struct failure *why)
{
	struct process_spec spec = { .cgroup_fd = -1, .run = clean_up, .argument = task };
	cleanup_free char *score = exempt_children();
	int error = process_start(&spec, out, why);
	int undone = score ? file_write(AT_FDCWD, own_score, score, error ? NULL : why) : 0;

	if (!error && undone)
		process_close(*out);
	return error ? error : undone;
}

int janitor_start(const struct cgroup *cgroup, const struct scratch *scratch, const char *directory,
	struct janitor **out, struct failure *why)
{
	struct janitor_task task = {
		.cgroup = cgroup, .scratch = *scratch, .directory = directory
	};
	struct janitor *janitor = calloc(1, sizeof(*janitor));
	int error;

	if (!janitor)
		return failure_set(why, ENOMEM, "start the janitor");
	if (pipe2(task.ends, O_CLOEXEC)) {
		free(janitor);
		return failure_set(why, errno, "make a pipe to the janitor");
	}
	error = start(&task, &janitor->process, why);
	close(task.ends[0]);
	if (error) {
		close(task.ends[1]);
		free(janitor);
		return error;
	}
	janitor->alive = task.ends[1];
	*out = janitor;
	return 0;
}

void janitor_dismiss(struct janitor *janitor)
{
	if (!janitor)
		return;
	/* Killed before the pipe closes: it must not touch what no longer is this run's. */
	process_close(janitor->process);
	close(janitor->alive);
	free(janitor);
}
