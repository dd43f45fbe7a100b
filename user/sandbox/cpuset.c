// SPDX-License-Identifier: Apache-2.0
// The cpuset cgroup of a run: the processors and memory nodes that nothing in it can leave.
#include "cpuset.h"

#include <errno.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cores.h"

static int write_set(
	int directory_fd, const char *file, const struct number_set *set, struct failure *why)
{
	cleanup_free char *text = number_set_format(set);

	if (!text)
		return failure_set(why, ENOMEM, "write a list of numbers");
	return file_write(directory_fd, file, text, why);
}

int cpuset_fill(const struct cgroup *cgroup, struct failure *why)
{
	int directory_fd = cgroup_controller_fd(cgroup, CGROUP_CPUSET);
	struct cores_machine machine;
	int error;

	if (cgroup->homes[CGROUP_CPUSET] != CGROUP_IN_VERSION_1)
		return 0;
	error = cores_read_machine(&machine, why);
	if (!error)
		error = write_set(directory_fd, "cpuset.mems", &machine.nodes, why);
	return error ? error : write_set(directory_fd, "cpuset.cpus", &machine.processors, why);
}

/*
 * cgroup2 takes any numbers and uses those that its parent has, or all of that when it has none of
 * them.
 */
static int check_effective(
	int directory_fd, const char *file, const struct number_set *wanted, struct failure *why)
{
	cleanup_free char *text = NULL;
	struct number_set effective;
	uint64_t number;
	int error = file_read(directory_fd, file, &text, NULL, why);

	if (error)
		return error;
	if (!number_set_parse(text, &effective, &number) &&
		!memcmp(&effective, wanted, sizeof(effective)))
		return 0;
	text[strcspn(text, "\n")] = '\0';
	failure_set(why, 0, "the kernel does not keep to what was chosen: %s is '%s'", file, text);
	return failure_hint(why, "a cgroup above allows less: cat /proc/self/cgroup");
}

int cpuset_set(const struct cgroup *cgroup, const struct core_use *use, struct failure *why)
{
	bool is_version_1 = cgroup->homes[CGROUP_CPUSET] == CGROUP_IN_VERSION_1;
	const struct {
		bool is_chosen;
		const struct number_set *set;
		const char *file, *effective;
	} parts[] = {
		{ use->has_nodes, &use->nodes, "cpuset.mems",
			is_version_1 ? "cpuset.effective_mems" : "cpuset.mems.effective" },
		{ use->has_processors, &use->processors, "cpuset.cpus",
			is_version_1 ? "cpuset.effective_cpus" : "cpuset.cpus.effective" },
	};
	int directory_fd = cgroup_controller_fd(cgroup, CGROUP_CPUSET), error = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !error; i++) {
		if (!parts[i].is_chosen)
			continue;
		error = write_set(directory_fd, parts[i].file, parts[i].set, why);
		if (!error)
			error = check_effective(
				directory_fd, parts[i].effective, parts[i].set, why);
	}
	return error;
}
