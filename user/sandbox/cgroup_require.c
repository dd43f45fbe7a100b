// SPDX-License-Identifier: Apache-2.0
// Controllers that a run cannot do without: which is missing, and the command that repairs it.
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cgroup_controller.h"

static bool cut_last_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		*slash = '\0';
	return slash;
}

static bool has_controller(const char *directory, const char *name)
{
	char path[PATH_MAX + 64];
	cleanup_free char *text = NULL;
	char *word, *rest;

	snprintf(path, sizeof(path), "%s/cgroup.controllers", directory);
	if (file_read(AT_FDCWD, path, &text, NULL, NULL))
		return false;
	rest = text;
	while ((word = strsep(&rest, " \n"))) {
		if (!strcmp(word, name))
			return true;
	}
	return false;
}

/* The nearest directory from the run's upwards that has it, and so could give it on. */
static bool find_owner(const struct cgroup *cgroup, const char *name, char *path)
{
	snprintf(path, PATH_MAX, "%s", cgroup->directories[CGROUP_UNIFIED].path);
	while (cut_last_name(path)) {
		if (has_controller(path, name))
			return true;
	}
	return false;
}

bool cgroup_could_have(const struct cgroup *cgroup, unsigned int wanted)
{
	char owner[PATH_MAX];

	if (cgroup->layout != CGROUP_PURE)
		return false;
	cgroup_controller_for_each (role) {
		if (wanted & CGROUP_BIT(role) && !cgroup_has(cgroup, role) &&
			cgroup_controllers[role].is_given &&
			find_owner(cgroup, cgroup_controllers[role].name, owner))
			return true;
	}
	return false;
}

static int hint(const struct cgroup *cgroup, const struct cgroup_controller *controller,
	struct failure *why)
{
	const char *name = controller->version_1;
	char owner[PATH_MAX];
	cleanup_free char *shown = NULL;

	if (!controller->is_given || !find_owner(cgroup, controller->name, owner))
		return failure_hint(why,
			"mount its hierarchy, unless the kernel was started without it: sudo mkdir "
			"-p /sys/fs/cgroup/%s && sudo mount -t cgroup -o %s none /sys/fs/cgroup/%s",
			name, name, name);
	if (!access("/run/systemd/system", F_OK))
		return failure_hint(why, "sudo systemd-run --scope -p Delegate=yes tare run ...");
	shown = text_quote(owner);
	return failure_hint(why, "echo +%s | sudo tee %s/cgroup.subtree_control", controller->name,
		shown ? shown : owner);
}

int cgroup_require(const struct cgroup *cgroup, unsigned int required, struct failure *why)
{
	cgroup_controller_for_each (role) {
		const struct cgroup_controller *controller = &cgroup_controllers[role];

		if (!(required & CGROUP_BIT(role)) || cgroup_has(cgroup, role))
			continue;
		failure_set(why, 0, "the run cannot have the cgroup controller '%s' (layout: %s)",
			controller->name, cgroup_layout_name(cgroup));
		if (cgroup->closed & CGROUP_BIT(role))
			return failure_hint(why,
				"its hierarchy is of version 1, and this process's directory there "
				"is not the user's: run as root, or have one made and given to "
				"uid %u",
				geteuid());
		return hint(cgroup, controller, why);
	}
	return 0;
}
