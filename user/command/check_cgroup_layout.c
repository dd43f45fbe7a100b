// SPDX-License-Identifier: Apache-2.0
// Which cgroup hierarchies are mounted and where the caller is in them, from the kernel's own text.
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "sandbox/mountinfo.h"
#include "check_probe.h"

const char *const cgroup_controller_names[CGROUP_CONTROLLERS] = {
	[CGROUP_CPU] = "cpu",
	[CGROUP_CPUSET] = "cpuset",
	[CGROUP_MEMORY] = "memory",
	[CGROUP_PIDS] = "pids",
};

/* The caller's path in the hierarchy of a controller, "" for cgroup2's, out of "4:memory:/a". */
static bool own_path_find(const char *self_cgroup, const char *controller, char *path, size_t size)
{
	cleanup_free char *text = strdup(self_cgroup);
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *controllers = strchr(line, ':');
		char *own = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!own)
			continue;
		*own++ = '\0';
		controllers++;
		if (controller[0] ? list_has_word(controllers, controller) : !controllers[0]) {
			snprintf(path, size, "%s", own);
			return true;
		}
	}
	return false;
}

/* Says where the caller is below a mount that may show only a part of the hierarchy. */
static void hierarchy_set(struct cgroup_hierarchy *hierarchy, const struct mountinfo *mount,
	const char *self_cgroup, const char *controller)
{
	size_t root_length = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
	char path[PATH_MAX] = "";

	/* Of several mounts of one hierarchy the first that holds the caller counts. */
	if (hierarchy->mount_point[0] && !hierarchy->is_outside)
		return;
	snprintf(hierarchy->mount_point, sizeof(hierarchy->mount_point), "%s", mount->path);
	hierarchy->is_outside = !own_path_find(self_cgroup, controller, path, sizeof(path)) ||
				strncmp(path, mount->root, root_length) != 0 ||
				(path[root_length] && path[root_length] != '/') ||
				strncmp(path, "/..", 3) == 0;
	if (hierarchy->is_outside || strcmp(path + root_length, "/") == 0)
		hierarchy->own_path[0] = '\0';
	else
		snprintf(
			hierarchy->own_path, sizeof(hierarchy->own_path), "%s", path + root_length);
}

static void layout_add_mount(
	struct cgroup_layout *layout, const struct mountinfo *mount, const char *self_cgroup)
{
	if (strcmp(mount->type, "cgroup2") == 0)
		hierarchy_set(&layout->unified, mount, self_cgroup, "");
	if (strcmp(mount->type, "cgroup") != 0)
		return;
	for (int i = 0; i < CGROUP_CONTROLLERS; i++)
		if (list_has_word(mount->options, cgroup_controller_names[i]))
			hierarchy_set(
				&layout->v1[i], mount, self_cgroup, cgroup_controller_names[i]);
}

void cgroup_layout_parse(
	struct cgroup_layout *layout, const char *mountinfo, const char *self_cgroup)
{
	struct mountinfo_list mounts;
	bool has_v1 = false, has_v2;

	memset(layout, 0, sizeof(*layout));
	/* A list that cannot be understood shows no hierarchy. */
	(void)mountinfo_parse(mountinfo, &mounts, NULL);
	for (size_t i = 0; i < mounts.count; i++)
		layout_add_mount(layout, &mounts.mounts[i], self_cgroup);
	mountinfo_done(&mounts);
	for (int i = 0; i < CGROUP_CONTROLLERS; i++)
		has_v1 |= layout->v1[i].mount_point[0] != '\0';
	has_v2 = layout->unified.mount_point[0] != '\0';
	if (has_v2)
		layout->kind = has_v1 ? CGROUP_HYBRID : CGROUP_V2;
	else
		layout->kind = has_v1 ? CGROUP_V1 : CGROUP_NONE;
}
