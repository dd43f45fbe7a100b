// SPDX-License-Identifier: Apache-2.0
// The freezer of version 1 of cgroups, in which a process does not die of any signal.
#include "freezer.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "mountinfo.h"

/* More than are alive at one time when a tree is killed are met by the next kill. */
#define PROCESSES 256

static const struct mountinfo *find_mount(const struct mountinfo_list *mounts)
{
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mountinfo *mount = &mounts->mounts[i];

		if (!strcmp(mount->type, "cgroup") && strstr(mount->options, "freezer") &&
			!strcmp(mount->root, "/"))
			return mount;
	}
	return NULL;
}

/* Of a process, by its number as text, in the freezer's hierarchy: "" for the root. */
static bool find_path(const char *process, char path[PATH_MAX])
{
	static const char key[] = ":freezer:";
	cleanup_free char *text = NULL;
	char file[64];
	char *line;

	snprintf(file, sizeof(file), "/proc/%s/cgroup", process);
	if (file_read(AT_FDCWD, file, &text, NULL, NULL))
		return false;
	line = strstr(text, key);
	if (!line)
		return false;
	line += strlen(key);
	line[strcspn(line, "\n")] = '\0';
	snprintf(path, PATH_MAX, "%s", strcmp(line, "/") ? line : "");
	return true;
}

/* From there up, to the one that is this process's own. */
static void thaw(const struct mountinfo *mount, const char *own, char *path)
{
	size_t length = strlen(own);
	char file[2 * PATH_MAX];

	while (strlen(path) > length && !strncmp(path, own, length) && path[length] == '/') {
		snprintf(file, sizeof(file), "%s%s/freezer.state", mount->path, path);
		(void)file_write(AT_FDCWD, file, "THAWED", NULL);
		*strrchr(path, '/') = '\0';
	}
}

static void thaw_all(const struct cgroup *cgroup, const struct mountinfo *mount)
{
	char own[PATH_MAX], path[PATH_MAX], process[32];
	pid_t pids[PROCESSES];
	size_t count = 0;

	if (!find_path("self", own) || cgroup_processes(cgroup, pids, PROCESSES, &count, NULL))
		return;
	for (size_t i = 0; i < count && i < PROCESSES; i++) {
		snprintf(process, sizeof(process), "%d", pids[i]);
		if (find_path(process, path))
			thaw(mount, own, path);
	}
}

void freezer_thaw(const struct cgroup *cgroup)
{
	struct mountinfo_list mounts = { 0 };
	const struct mountinfo *mount;

	if (mountinfo_read(&mounts, NULL))
		return;
	mount = find_mount(&mounts);
	if (mount)
		thaw_all(cgroup, mount);
	mountinfo_done(&mounts);
}
