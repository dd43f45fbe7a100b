// SPDX-License-Identifier: Apache-2.0
// The broker's directories, removed when nobody is in them.
//
// They hold what a user has made, and may go on making from outside: nothing here is as deep as
// they are, and a launch gets so many steps in one sweep and the rest in the next one.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "broker.h"
#include "broker_lock.h"
#include "broker_place.h"
#include "cgroup_top.h"

/* A run leaves a handful, and only when its launcher and its janitor were both killed. */
#define MOST_STEPS 256

struct sweep {
	struct cgroup_tops tops;
	struct broker_living *living; /* may be NULL */
};

/* --- One tree of directories --- */

static int open_directory(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool is_directory(const struct dirent *entry)
{
	return entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
	       strcmp(entry->d_name, "..") != 0;
}

static bool find_first(int fd, char *name, size_t size)
{
	cleanup_directory DIR *directory = fdopendir(dup(fd));
	struct dirent *entry;

	if (!directory)
		return false;
	rewinddir(directory);
	while ((entry = readdir(directory)) && !is_directory(entry))
		continue;
	if (entry)
		snprintf(name, size, "%s", entry->d_name);
	return entry != NULL;
}

/* Goes to `name` in the directory, which the descriptor is of from now on. */
static int go_to(int *fd, const char *name)
{
	int next = open_directory(*fd, name);

	if (next < 0)
		return next;
	close_fd(fd);
	*fd = next;
	return 0;
}

/*
 * Removes all directories in it: down at the first one that has others in it, and up again when
 * there are no more. What cannot be removed when it was emptied is in use.
 */
static int empty(int top_fd)
{
	cleanup_fd int fd = dup(top_fd);
	bool was_emptied = false;
	char name[NAME_MAX + 1];
	size_t depth = 0;
	int error = 0;

	for (size_t step = 0; step < MOST_STEPS && !error; step++) {
		if (!find_first(fd, name, sizeof(name))) {
			if (!depth--)
				return 0;
			was_emptied = true;
			error = go_to(&fd, "..");
		} else if (!unlinkat(fd, name, AT_REMOVEDIR)) {
			was_emptied = false;
		} else if (errno != EBUSY || was_emptied) {
			return -errno;
		} else {
			depth++;
			error = go_to(&fd, name);
		}
	}
	return error ? error : -EBUSY;
}

static int remove_launch(const struct cgroup_top *top, const char *user, const char *name)
{
	cleanup_fd int user_fd = open_directory(top->fd, user);
	cleanup_fd int fd = user_fd < 0 ? user_fd : open_directory(user_fd, name);
	int error;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	error = empty(fd);
	if (!error && unlinkat(user_fd, name, AT_REMOVEDIR))
		error = -errno;
	return error;
}

/* --- Who lives --- */

static int open_events(int launch_fd)
{
	return openat(launch_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
}

/* Read through the descriptor that is waited with: a change after this is an event on it. */
static bool is_populated(int events_fd)
{
	char text[256];
	ssize_t size = pread(events_fd, text, sizeof(text) - 1, 0);

	text[size < 0 ? 0 : size] = '\0';
	return !strstr(text, "populated 0");
}

/* One that there is no room for is met in a later sweep. */
static void note_living(struct broker_living *living, int *events_fd)
{
	int *more = living ? reallocarray(living->events, living->count + 1, sizeof(int)) : NULL;

	if (!more)
		return;
	living->events = more;
	living->events[living->count++] = take_fd(events_fd);
}

/* Last in cgroup2, where they are counted and found: what is left elsewhere is met again. */
static void sweep_launch(struct sweep *sweep, int user_fd, const char *user, const char *name)
{
	cleanup_fd int fd = open_directory(user_fd, name);
	cleanup_fd int events_fd = fd < 0 ? -1 : open_events(fd);

	if (events_fd < 0)
		return;
	if (is_populated(events_fd)) {
		note_living(sweep->living, &events_fd);
		return;
	}
	for (size_t i = sweep->tops.count; i-- > 0;) {
		if (remove_launch(&sweep->tops.tops[i], user, name))
			return;
	}
}

/* What still holds something refuses to be removed, and that is all there is to say. */
static void remove_user(const struct sweep *sweep, const char *user)
{
	for (size_t i = sweep->tops.count; i-- > 0;)
		(void)unlinkat(sweep->tops.tops[i].fd, user, AT_REMOVEDIR);
}

static void for_each_directory(struct sweep *sweep, int fd, const char *user,
	void (*sweep_one)(struct sweep *sweep, int fd, const char *user, const char *name))
{
	cleanup_directory DIR *directory = fdopendir(dup(fd));
	struct dirent *entry;

	if (!directory)
		return;
	rewinddir(directory);
	while ((entry = readdir(directory))) {
		if (is_directory(entry))
			sweep_one(sweep, fd, user, entry->d_name);
	}
}

static void sweep_user(struct sweep *sweep, int top_fd, const char *none, const char *user)
{
	cleanup_fd int fd = -1;

	(void)none;
	if (user[0] != 'u' || user[1] < '0' || user[1] > '9')
		return;
	fd = open_directory(top_fd, user);
	if (fd < 0)
		return;
	for_each_directory(sweep, fd, user, sweep_launch);
	remove_user(sweep, user);
}

/* --- The whole --- */

void broker_forget(struct broker_living *living)
{
	for (size_t i = 0; i < living->count; i++)
		close(living->events[i]);
	free(living->events);
	*living = (struct broker_living){ 0 };
}

static int open_tops(struct cgroup_tops *tops, struct failure *why)
{
	struct mountinfo_list mounts;
	int error = mountinfo_read(&mounts, why);

	if (error)
		return error;
	error = cgroup_tops_open(tops, &mounts, true, why);
	mountinfo_done(&mounts);
	return error;
}

int broker_sweep(struct broker_living *living, struct failure *why)
{
	struct sweep sweep = { .living = living };
	cleanup_fd int lock = -1;
	int error = broker_lock(&lock, LOCK_TRIES, why);

	if (!error)
		error = open_tops(&sweep.tops, why);
	if (error)
		return error;
	if (living)
		broker_forget(living);
	/* They are found in cgroup2. */
	if (sweep.tops.count && sweep.tops.tops[0].role == CGROUP_UNIFIED)
		for_each_directory(&sweep, sweep.tops.tops[0].fd, NULL, sweep_user);
	cgroup_tops_close(&sweep.tops);
	return 0;
}

int broker_remove_all(struct failure *why)
{
	struct cgroup_tops tops;
	int error = open_tops(&tops, why);

	if (error)
		return error;
	/* Nothing to remove: then not even a lock is made. */
	if (tops.count)
		error = broker_sweep(NULL, why);
	for (size_t i = 0; i < tops.count; i++)
		(void)rmdir(tops.tops[i].path);
	cgroup_tops_close(&tops);
	return error;
}
