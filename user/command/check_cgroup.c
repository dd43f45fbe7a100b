// SPDX-License-Identifier: Apache-2.0
// Where a run's cgroups can be made: what the caller may do in the hierarchies that are mounted.
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "check_probe.h"
#include "sandbox/delegation.h"

static const char *const kind_names[] = {
	[CGROUP_NONE] = "none",
	[CGROUP_V1] = "v1 only",
	[CGROUP_HYBRID] = "hybrid, cgroup2",
	[CGROUP_V2] = "pure cgroup2",
};

static void layout_read(const char *root, struct cgroup_layout *layout)
{
	cleanup_free char *mountinfo = probe_read(root, "/proc/self/mountinfo");
	cleanup_free char *self_cgroup = probe_read(root, "/proc/self/cgroup");

	cgroup_layout_parse(layout, mountinfo, self_cgroup);
}

static const char *own_path_shown(const struct cgroup_hierarchy *hierarchy)
{
	return hierarchy->own_path[0] ? hierarchy->own_path : "/";
}

static void repair_placement(struct probe_result *result)
{
	if (geteuid())
		probe_repair(result, "%s", delegation_repair());
	else if (access("/run/systemd/system", F_OK) == 0)
		probe_repair(result, "systemd-run --scope -p Delegate=yes tare run ...");
	else
		probe_repair(result, "sudo mount -o remount,rw /sys/fs/cgroup");
}

void check_cgroup_layout(const char *root, struct probe_result *result)
{
	struct cgroup_layout layout;

	layout_read(root, &layout);
	if (layout.kind == CGROUP_NONE || layout.kind == CGROUP_V1) {
		probe_set(result, PROBE_MISSING, "%s: no cgroup2 is mounted",
			kind_names[layout.kind]);
		probe_repair(result, layout.kind == CGROUP_NONE
					     ? "sudo mount -t cgroup2 none /sys/fs/cgroup"
					     : "sudo mkdir -p /sys/fs/cgroup/unified && sudo mount "
					       "-t cgroup2 none /sys/fs/cgroup/unified");
	} else if (layout.unified.is_outside) {
		probe_set(result, PROBE_MISSING,
			"%s, but this process is outside of what is mounted at %s",
			kind_names[layout.kind], layout.unified.mount_point);
		probe_repair(result, "in a container: docker run --cgroupns=private ...");
	} else {
		probe_set(result, PROBE_OK, "%s at %s, this process in %s", kind_names[layout.kind],
			layout.unified.mount_point, own_path_shown(&layout.unified));
	}
}

/* From the caller's own cgroup up: cuts the last name off path; false at the top. */
static bool path_go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static bool directory_is_writable(
	const char *root, const struct cgroup_hierarchy *hierarchy, const char *path)
{
	cleanup_free char *directory = NULL;

	if (!hierarchy->mount_point[0] || hierarchy->is_outside ||
		asprintf(&directory, "%s%s%s", root, hierarchy->mount_point, path) < 0)
		return false;
	return faccessat(AT_FDCWD, directory, W_OK, AT_EACCESS) == 0;
}

static char *cgroup_read(const char *root, const struct cgroup_hierarchy *hierarchy,
	const char *path, const char *name)
{
	cleanup_free char *file = NULL;

	if (asprintf(&file, "%s%s/%s", hierarchy->mount_point, path, name) < 0)
		file = NULL;
	return probe_read(root, file ? file : "");
}

/* Alone in its cgroup, a run moves aside and gives controllers itself; the root's never is. */
static bool is_alone_in(
	const char *root, const struct cgroup_hierarchy *hierarchy, const char *path)
{
	cleanup_free char *members = cgroup_read(root, hierarchy, path, "cgroup.procs");
	char self[16];

	snprintf(self, sizeof(self), "%d", getpid());
	return strcmp(members, self) == 0;
}

/* By memory and pids it is decided where a run is; where version 1 has them, by what is wanted. */
static bool decides(const struct cgroup_layout *layout, const char *list, const char *controller)
{
	bool has_memory = layout->v1[CGROUP_MEMORY].mount_point[0];
	bool has_pids = layout->v1[CGROUP_PIDS].mount_point[0];

	if (has_memory && has_pids)
		return list_has_word(list, controller);
	return (has_memory || list_has_word(list, "memory")) &&
	       (has_pids || list_has_word(list, "pids"));
}

/*
 * The controllers of a run, by the rules of its placement (cgroup_place.c), and in *path the cgroup
 * that gives them; NULL: none does. For the caller to free.
 */
static char *find_given(const char *root, const struct cgroup_layout *layout,
	const char *controller, char path[PATH_MAX])
{
	const struct cgroup_hierarchy *hierarchy = &layout->unified;

	snprintf(path, PATH_MAX, "%s", hierarchy->own_path);
	if (is_alone_in(root, hierarchy, path) && directory_is_writable(root, hierarchy, path)) {
		cleanup_free char *own = cgroup_read(root, hierarchy, path, "cgroup.controllers");

		if (decides(layout, own, controller))
			return take_pointer(&own);
	}
	do {
		cleanup_free char *given =
			cgroup_read(root, hierarchy, path, "cgroup.subtree_control");

		if (directory_is_writable(root, hierarchy, path) &&
			decides(layout, given, controller))
			return take_pointer(&given);
	} while (path_go_up(path));
	return NULL;
}

/* Then tare moves into a scope of its own, with all controllers. */
static bool has_scopes(const char *root)
{
	cleanup_free char *systemd = NULL, *client = NULL;

	if (asprintf(&systemd, "%s/run/systemd/system", root) < 0 ||
		asprintf(&client, "%s/usr/bin/busctl", root) < 0)
		return false;
	return geteuid() == 0 && !access(systemd, F_OK) && !access(client, X_OK);
}

static void check_controller_v1(
	const char *root, const struct cgroup_hierarchy *hierarchy, struct probe_result *result)
{
	if (directory_is_writable(root, hierarchy, hierarchy->own_path)) {
		probe_set(result, PROBE_OK, "v1, in %s%s", hierarchy->mount_point,
			hierarchy->own_path);
		return;
	}
	probe_set(result, PROBE_MISSING, "v1, but this user cannot make a cgroup in %s%s",
		hierarchy->mount_point, hierarchy->own_path);
	probe_repair(result, "%s",
		geteuid() ? delegation_repair() : "sudo mount -o remount,rw /sys/fs/cgroup");
}

static void check_controller_v2(const char *root, const struct cgroup_layout *layout,
	const char *controller, struct probe_result *result)
{
	const struct cgroup_hierarchy *hierarchy = &layout->unified;
	cleanup_free char *present = cgroup_read(root, hierarchy, "", "cgroup.controllers");
	cleanup_free char *given = NULL;
	char path[PATH_MAX];

	if (!list_has_word(present, controller)) {
		probe_set(result, PROBE_MISSING, "not in %s/cgroup.controllers",
			hierarchy->mount_point);
		probe_repair(result,
			"put cgroup_enable=%s into the kernel's command line instead of "
			"cgroup_disable, and reboot",
			controller);
		return;
	}
	given = find_given(root, layout, controller, path);
	if (given && list_has_word(given, controller)) {
		probe_set(result, PROBE_OK, "given by %s%s", hierarchy->mount_point, path);
		return;
	}
	if (has_scopes(root)) {
		probe_set(result, PROBE_OK, "in a scope of its own, from systemd");
		return;
	}
	if (given)
		probe_set(result, PROBE_MISSING, "not given by %s%s, where a run is made",
			hierarchy->mount_point, path);
	else
		probe_set(result, PROBE_MISSING, "no cgroup from %s up gives it to a child",
			own_path_shown(hierarchy));
	if (geteuid() == 0 && access("/run/systemd/system", F_OK) != 0)
		probe_repair(result, "echo +%s | sudo tee %s/cgroup.subtree_control", controller,
			hierarchy->mount_point);
	else
		repair_placement(result);
}

static void check_controller(
	const char *root, enum cgroup_controller controller, struct probe_result *result)
{
	struct cgroup_layout layout;

	layout_read(root, &layout);
	if (layout.v1[controller].mount_point[0])
		check_controller_v1(root, &layout.v1[controller], result);
	else if (layout.unified.mount_point[0])
		check_controller_v2(root, &layout, cgroup_controller_names[controller], result);
	else
		probe_set(result, PROBE_MISSING, "not mounted");
}

void check_memory_controller(const char *root, struct probe_result *result)
{
	check_controller(root, CGROUP_MEMORY, result);
}

void check_pids_controller(const char *root, struct probe_result *result)
{
	check_controller(root, CGROUP_PIDS, result);
}

void check_cpu_controller(const char *root, struct probe_result *result)
{
	check_controller(root, CGROUP_CPU, result);
}

void check_cpuset_controller(const char *root, struct probe_result *result)
{
	check_controller(root, CGROUP_CPUSET, result);
}

/* A cgroup that lives for one probe. Signals wait meanwhile, so that none can leave it behind. */
struct trial_cgroup {
	char path[PATH_MAX];
	sigset_t old_mask;
};

static int trial_cgroup_make(const char *root, struct trial_cgroup *trial, struct failure *why)
{
	struct cgroup_layout layout;
	char path[PATH_MAX];
	unsigned int number;
	sigset_t all;

	layout_read(root, &layout);
	if (!layout.unified.mount_point[0])
		return failure_set(why, 0, "no cgroup2 is mounted");
	snprintf(path, sizeof(path), "%s", layout.unified.own_path);
	while (!directory_is_writable(root, &layout.unified, path))
		if (!path_go_up(path))
			return failure_set(why, EACCES, "make a cgroup in cgroup2 from %s up",
				own_path_shown(&layout.unified));
	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return failure_set(why, errno, "draw a random name");
	snprintf(trial->path, sizeof(trial->path), "%s%.2000s%.2000s/tare-check-%08x", root,
		layout.unified.mount_point, path, number);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &trial->old_mask);
	if (mkdir(trial->path, 0755) == 0)
		return 0;
	failure_set(why, errno, "make the cgroup '%.256s'", trial->path);
	sigprocmask(SIG_SETMASK, &trial->old_mask, NULL);
	return -why->errnum;
}

static int trial_cgroup_remove(struct trial_cgroup *trial, struct failure *why)
{
	int error = rmdir(trial->path) < 0 ? errno : 0;

	sigprocmask(SIG_SETMASK, &trial->old_mask, NULL);
	return error ? failure_set(why, error, "remove the cgroup '%.256s'", trial->path) : 0;
}

static int trial_cgroup_start_child(const struct trial_cgroup *trial, struct failure *why)
{
	cleanup_fd int cgroup_fd = open(trial->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t child;

	if (cgroup_fd < 0)
		return failure_set(why, errno, "open the cgroup '%.256s'", trial->path);
	child = probe_clone3(CLONE_INTO_CGROUP, cgroup_fd);
	if (child == 0)
		_exit(0);
	if (child < 0)
		return failure_set(why, errno, "start a process in '%.256s'", trial->path);
	(void)probe_wait(child);
	return 0;
}

void check_cgroup_child(const char *root, struct probe_result *result)
{
	struct trial_cgroup trial;
	struct failure why;
	int error = trial_cgroup_make(root, &trial, &why);

	if (!error) {
		int start_error = trial_cgroup_start_child(&trial, &why);

		error = trial_cgroup_remove(&trial, start_error ? NULL : &why);
		if (start_error)
			error = start_error;
	}
	if (!error) {
		*strrchr(trial.path, '/') = '\0';
		probe_set(result, PROBE_OK, "made in %s, entered at birth, removed", trial.path);
		return;
	}
	probe_set_refused(result, &why);
	if (why.errnum == EACCES)
		repair_placement(result);
}

void check_cgroup_kill(const char *root, struct probe_result *result)
{
	struct trial_cgroup trial;
	struct failure why;
	char file[PATH_MAX + 16];

	if (trial_cgroup_make(root, &trial, &why)) {
		probe_set(result, PROBE_DEGRADED, "not known: no cgroup could be made");
		return;
	}
	snprintf(file, sizeof(file), "%s/cgroup.kill", trial.path);
	if (access(file, W_OK) == 0)
		probe_set(result, PROBE_OK, "there");
	else
		probe_set(result, PROBE_DEGRADED, "not there: it came with kernel 5.14");
	(void)trial_cgroup_remove(&trial, NULL);
}

static bool is_found(const char *root, const char *directory, const char *pattern)
{
	cleanup_free char *full_pattern = NULL;
	glob_t found = { 0 };
	bool is_there;

	if (asprintf(&full_pattern, "%s%s/%s", root, directory, pattern) < 0)
		return false;
	is_there = glob(full_pattern, GLOB_NOSORT, NULL, &found) == 0;
	globfree(&found);
	return is_there;
}

void check_memory_peak(const char *root, struct probe_result *result)
{
	struct cgroup_layout layout;
	const char *unified, *v1;

	layout_read(root, &layout);
	unified = layout.unified.mount_point;
	v1 = layout.v1[CGROUP_MEMORY].mount_point;
	if (v1[0] && is_found(root, v1, "memory.max_usage_in_bytes"))
		probe_set(result, PROBE_OK, "memory.max_usage_in_bytes (v1)");
	else if (is_found(root, unified, "memory.peak") || is_found(root, unified, "*/memory.peak"))
		probe_set(result, PROBE_OK, "memory.peak");
	else
		probe_set(result, PROBE_DEGRADED,
			"no memory.peak to be seen: no controller gives it, or this kernel is "
			"older "
			"than 5.19");
}
