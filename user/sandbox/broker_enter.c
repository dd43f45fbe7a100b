// SPDX-License-Identifier: Apache-2.0
// One launcher, moved into directories that become its user's.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/proc.h"
#include "broker.h"
#include "broker_lock.h"
#include "broker_place.h"
#include "cgroup_controller.h"
#include "cgroup_place.h"
#include "cgroup_top.h"

/*
 * Of what users make, for all launchers of one: a launcher has two directories of its own and a run
 * one or two, so this leaves each a dozen runs at one time.
 */
#define DESCENDANTS "2048"
#define DEPTH "16"

struct entering {
	uid_t uid;
	pid_t pid;
	int pidfd;
	struct mountinfo_list mounts;
	struct cgroup_tops tops;
	int users[CGROUP_ROLES], launches[CGROUP_ROLES]; /* by top */
	char user[16], name[32];
	char *memberships; /* owned; where the process was */
};

/* --- Who it is --- */

static bool has_ended(int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	return poll(&end, 1, 0) != 0;
}

static int tell_end(struct failure *why)
{
	return failure_set(why, ESRCH, "move a launcher that has ended");
}

static char *read_of_process(pid_t pid, const char *file)
{
	char path[64];
	char *text = NULL;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	return file_read(AT_FDCWD, path, &text, NULL, NULL) ? NULL : text;
}

/* --- The directories --- */

static void choose_name(struct entering *entering)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = entering->pid;
	snprintf(entering->user, sizeof(entering->user), "u%u", entering->uid);
	snprintf(entering->name, sizeof(entering->name), "launch-%016llx",
		(unsigned long long)random);
}

static int check_quota(const struct entering *entering, struct failure *why)
{
	cleanup_directory DIR *directory = fdopendir(dup(entering->users[0]));
	struct dirent *entry;
	int count = 0;

	if (!directory)
		return failure_set(why, errno, "count the launchers of user %u", entering->uid);
	rewinddir(directory);
	while ((entry = readdir(directory)))
		count += !strncmp(entry->d_name, "launch-", strlen("launch-"));
	if (count < BROKER_LAUNCHERS)
		return 0;
	failure_set(why, EDQUOT, "let user %u have more than %d launchers at one time",
		entering->uid, BROKER_LAUNCHERS);
	return failure_hint(why, "wait for one to end: ls -d %s/%s/launch-*",
		entering->tops.tops[0].path, entering->user);
}

static int make_user(struct entering *entering, size_t i, struct failure *why)
{
	const struct cgroup_top *top = &entering->tops.tops[i];
	int fd = cgroup_top_make_below(top, top->fd, entering->user);

	if (fd < 0)
		return failure_set(why, -fd, "make '%s/%s'", top->path, entering->user);
	entering->users[i] = fd;
	if (top->role != CGROUP_UNIFIED)
		return 0;
	(void)file_write(fd, "cgroup.max.descendants", DESCENDANTS, NULL);
	(void)file_write(fd, "cgroup.max.depth", DEPTH, NULL);
	cgroup_top_give(fd);
	return check_quota(entering, why);
}

static int make_launch(struct entering *entering, size_t i, struct failure *why)
{
	const struct cgroup_top *top = &entering->tops.tops[i];
	int fd = cgroup_top_make_below(top, entering->users[i], entering->name);

	if (fd < 0)
		return failure_set(
			why, -fd, "make '%s/%s/%s'", top->path, entering->user, entering->name);
	entering->launches[i] = fd;
	if (top->role != CGROUP_UNIFIED)
		return 0;
	cgroup_top_give(fd);
	if (mkdirat(fd, CGROUP_TOP_SELF, 0755))
		return failure_set(why, errno, "make '%s' in a cgroup", CGROUP_TOP_SELF);
	return 0;
}

/* Exactly those by which a subtree is delegated (cgroups(7)); what limits it stays root's. */
static int give_away(const struct entering *entering, size_t i, struct failure *why)
{
	static const char *const unified[] = { "cgroup.procs", "cgroup.threads",
		"cgroup.subtree_control", NULL };
	static const char *const version_1[] = { "cgroup.procs", "tasks", NULL };
	bool is_unified = entering->tops.tops[i].role == CGROUP_UNIFIED;
	int fd = entering->launches[i];

	if (fchown(fd, entering->uid, -1))
		return failure_set(why, errno, "give a cgroup to user %u", entering->uid);
	for (const char *const *file = is_unified ? unified : version_1; *file; file++) {
		if (fchownat(fd, *file, entering->uid, -1, AT_SYMLINK_NOFOLLOW))
			return failure_set(why, errno, "give %s to user %u", *file, entering->uid);
	}
	return 0;
}

static const char *processes_of(const struct entering *entering, size_t i)
{
	return entering->tops.tops[i].role == CGROUP_UNIFIED ? CGROUP_TOP_SELF "/cgroup.procs"
							     : "cgroup.procs";
}

/* --- The move --- */

static int move_in(const struct entering *entering, struct failure *why)
{
	char pid[16];
	int error = 0;

	snprintf(pid, sizeof(pid), "%d", entering->pid);
	for (size_t i = 0; i < entering->tops.count && !error; i++)
		error = file_write(entering->launches[i], processes_of(entering, i), pid, why);
	return error;
}

/* To where these memberships say, in every hierarchy; what cannot be put back stays root's. */
static void put_back(const struct entering *entering, const char *memberships)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", entering->pid);
	for (size_t i = 0; memberships && i < entering->tops.count; i++) {
		enum cgroup_role role = entering->tops.tops[i].role;
		char path[PATH_MAX], file[PATH_MAX + 16];

		if (cgroup_place_of(&entering->mounts, memberships,
			    role == CGROUP_UNIFIED ? "" : cgroup_controllers[role].version_1, path,
			    NULL))
			continue;
		snprintf(file, sizeof(file), "%s/cgroup.procs", path);
		(void)file_write(AT_FDCWD, file, pid, NULL);
	}
}

/* Whoever has the number now was just born, in the cgroups of its parent. */
static void put_stranger_back(const struct entering *entering)
{
	cleanup_free char *memberships = read_of_process(proc_parent(entering->pid), "cgroup");

	put_back(entering, memberships);
}

static int move(struct entering *entering, struct failure *why)
{
	int error;

	entering->memberships = read_of_process(entering->pid, "cgroup");
	if (!entering->memberships || has_ended(entering->pidfd))
		return tell_end(why);
	error = move_in(entering, why);
	if (has_ended(entering->pidfd)) {
		put_stranger_back(entering);
		return tell_end(why);
	}
	if (error)
		put_back(entering, entering->memberships);
	return error;
}

/* --- The whole --- */

/* What is in use after all is met by a later sweep. */
static void undo(struct entering *entering)
{
	for (size_t i = 0; i < entering->tops.count; i++) {
		if (entering->launches[i] < 0)
			continue;
		(void)unlinkat(entering->launches[i], CGROUP_TOP_SELF, AT_REMOVEDIR);
		(void)unlinkat(entering->users[i], entering->name, AT_REMOVEDIR);
	}
}

static int enter(struct entering *entering, struct failure *why)
{
	int error = cgroup_tops_open(&entering->tops, &entering->mounts, false, why);
	size_t count = entering->tops.count;

	for (size_t i = 0; i < count && !error; i++)
		error = make_user(entering, i, why);
	for (size_t i = 0; i < count && !error; i++)
		error = make_launch(entering, i, why);
	if (!error)
		error = move(entering, why);
	for (size_t i = 0; i < count && !error; i++)
		error = give_away(entering, i, why);
	if (error)
		undo(entering);
	return error;
}

static void close_all(struct entering *entering)
{
	for (size_t i = 0; i < CGROUP_ROLES; i++) {
		close_fd(&entering->users[i]);
		close_fd(&entering->launches[i]);
	}
	cgroup_tops_close(&entering->tops);
	mountinfo_done(&entering->mounts);
	free(entering->memberships);
}

int broker_enter(uid_t uid, pid_t pid, int pidfd, char *path, size_t size, struct failure *why)
{
	struct entering entering = { .uid = uid, .pid = pid, .pidfd = pidfd };
	cleanup_fd int lock = -1;
	int error = broker_lock(&lock, LOCK_WAITS, why);

	if (!error)
		error = mountinfo_read(&entering.mounts, why);
	if (error)
		return error;
	memset(entering.users, -1, sizeof(entering.users));
	memset(entering.launches, -1, sizeof(entering.launches));
	choose_name(&entering);
	error = enter(&entering, why);
	if (!error && snprintf(path, size, "%s/%s/%s", entering.tops.tops[0].path, entering.user,
			      entering.name) >= (int)size)
		error = failure_set(why, ENAMETOOLONG, "tell the path of a cgroup");
	close_all(&entering);
	return error;
}
