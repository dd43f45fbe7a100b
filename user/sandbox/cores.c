// SPDX-License-Identifier: Apache-2.0
// Which processors and memory nodes a run gets, and what of the hardware they share with others.
#include "cores.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "cores_auto.h"
#include "topology.h"

void cores_clear(struct cores *cores)
{
	*cores = (struct cores){ .lock_fd = -1 };
}

void cores_release(struct cores *cores)
{
	close_fd(&cores->lock_fd);
}

/* --- This machine --- */

/* The kernel's own form of such a set is ours, on machines that have the lowest byte first. */
static int read_affinity(struct number_set *processors, struct failure *why)
{
	*processors = (struct number_set){ { 0 } };
	if (syscall(SYS_sched_getaffinity, 0, sizeof(processors->words), processors->words) < 0)
		return failure_set(why, errno, "ask which processors this process may use");
	return 0;
}

int cores_note_inherited(struct cores *cores, struct failure *why)
{
	return read_affinity(&cores->inherited, why);
}

/* A kernel that has no cpusets tells nothing here. */
static int read_allowed_nodes(struct number_set *nodes, struct failure *why)
{
	static const char key[] = "\nMems_allowed_list:\t";
	cleanup_free char *text = NULL;
	const char *line;
	uint64_t number;
	int error = file_read(AT_FDCWD, "/proc/self/status", &text, NULL, why);

	if (error)
		return error;
	line = strstr(text, key);
	*nodes = (struct number_set){ { 0 } };
	if (!line) {
		number_set_add(nodes, 0);
		return 0;
	}
	line += strlen(key);
	text[line - text + strcspn(line, "\n")] = '\0';
	error = number_set_parse(line, nodes, &number);
	return error ? failure_set(why, -error, "understand the allowed memory nodes '%s'", line)
		     : 0;
}

int cores_read_machine(struct cores_machine *machine, struct failure *why)
{
	int error;

	machine->sysfs = "/sys";
	machine->lock_path = "/sys/bus/cpu/uevent";
	error = read_affinity(&machine->processors, why);
	return error ? error : read_allowed_nodes(&machine->nodes, why);
}

/* --- Those that were named --- */

struct naming {
	const char *option, *one;
};

static const struct naming processor_naming = { "--cores", "CPU" };
static const struct naming node_naming = { "--memory-nodes", "memory node" };

static int refuse(const struct naming *naming, int number, const char *fault,
	const struct number_set *others, struct failure *why)
{
	cleanup_free char *list = number_set_format(others);

	return failure_set(why, 0, "%s: %s %d %s %s", naming->option, naming->one, number, fault,
		list ? list : "");
}

static int check_named(const struct naming *naming, const struct number_set *named,
	const struct number_set *online, const struct number_set *allowed, struct failure *why)
{
	number_set_for_each (number, named) {
		if (!number_set_has(online, number))
			return refuse(naming, number, "does not exist or is offline; there are",
				online, why);
		if (!number_set_has(allowed, number))
			return refuse(naming, number,
				"is not one of those that this process may use:", allowed, why);
	}
	return 0;
}

static int choose_nodes(const struct run_config *config, const struct cores_machine *machine,
	int tree_fd, struct core_use *use, struct failure *why)
{
	struct number_set online;
	int error = topology_nodes(tree_fd, &online, why);

	if (!error)
		error = check_named(
			&node_naming, &config->memory_node_set, &online, &machine->nodes, why);
	if (error)
		return error;
	use->has_nodes = true;
	use->nodes = config->memory_node_set;
	return 0;
}

static int choose_processors(const struct run_config *config, const struct cores_machine *machine,
	int tree_fd, struct cores *cores, struct failure *why)
{
	struct number_set online;
	int error;

	if (config->automatic_cores) {
		cores->lock_fd = cores_take_free(tree_fd, machine->lock_path, &machine->processors,
			config->automatic_cores, &cores->use.processors, why);
		return cores->lock_fd < 0 ? cores->lock_fd : 0;
	}
	cores->use.processors = config->core_set;
	error = topology_online(tree_fd, &online, why);
	if (error)
		return error;
	error = check_named(
		&processor_naming, &config->core_set, &online, &machine->processors, why);
	if (error)
		return error;
	/* Also where others cannot be told, as on a read-only /sys, they are this run's. */
	cores->lock_fd = cores_note_named(machine->lock_path, &config->core_set, NULL);
	if (cores->lock_fd < 0)
		cores->lock_fd = -1;
	return 0;
}

/* --- What they share --- */

static const char *const part_names[TOPOLOGY_PARTS] = {
	[TOPOLOGY_CORE] = "physical core",
	[TOPOLOGY_CACHE] = "last-level cache",
	[TOPOLOGY_SOCKET] = "socket",
};

_Static_assert(TOPOLOGY_PARTS <= SHARED_PARTS, "each part may be shared");

/* `others`: the processors outside the run in any of its parts; *parts is how many these are. */
static int look_around(int tree_fd, enum topology_part part, const struct number_set *own,
	struct number_set *others, size_t *parts, struct failure *why)
{
	struct number_set around = { { 0 } }, one;

	*parts = 0;
	number_set_for_each (processor, own) {
		int error;

		if (number_set_has(&around, processor))
			continue;
		error = topology_of(tree_fd, part, processor, &one, why);
		if (error)
			return error;
		number_set_add_all(&around, &one);
		++*parts;
	}
	number_set_remove_all(&around, own);
	*others = around;
	return 0;
}

static int describe_sharing(int tree_fd, struct core_use *use, struct failure *why)
{
	for (int part = 0; part < TOPOLOGY_PARTS; part++) {
		struct shared_part *shared = &use->shared[use->shared_count];
		size_t parts;
		int error = look_around(
			tree_fd, part, &use->processors, &shared->processors, &parts, why);

		if (error)
			return error;
		shared->part = part_names[part];
		if (number_set_count(&shared->processors))
			use->shared_count++;
		if (part == TOPOLOGY_SOCKET)
			use->sockets = parts;
	}
	return 0;
}

/* --- The whole --- */

int cores_choose(const struct run_config *config, const struct cores_machine *machine,
	struct cores *cores, struct failure *why)
{
	cleanup_fd int tree_fd = -1;
	int error = 0;

	cores_clear(cores);
	if (!config->cores && !config->memory_nodes)
		return 0;
	tree_fd = topology_open(machine->sysfs, why);
	if (tree_fd < 0)
		return tree_fd;
	if (config->memory_nodes)
		error = choose_nodes(config, machine, tree_fd, &cores->use, why);
	if (error || !config->cores)
		return error;
	error = choose_processors(config, machine, tree_fd, cores, why);
	if (error)
		return error;
	cores->use.has_processors = true;
	return describe_sharing(tree_fd, &cores->use, why);
}

/*
 * Before 6.2 (8f9ea86fdf99) who enters a cgroup with a cpuset may use all that it has. One that has
 * none of the inherited processors has the last word, as it has on later kernels.
 */
int cores_inherit(const struct cores *cores, struct failure *why)
{
	const struct number_set *inherited = &cores->inherited;
	struct number_set now;
	int error = read_affinity(&now, why);

	if (error || cores->use.has_processors || !memcmp(&now, inherited, sizeof(now)))
		return error;
	if (syscall(SYS_sched_setaffinity, 0, sizeof(inherited->words), inherited->words) &&
		errno != EINVAL)
		return failure_set(why, errno, "keep the command on the caller's processors");
	return 0;
}

int cores_hold(const struct cores *cores, struct failure *why)
{
	const struct number_set *processors = &cores->use.processors, *nodes = &cores->use.nodes;

	if (cores->use.has_processors &&
		syscall(SYS_sched_setaffinity, 0, sizeof(processors->words), processors->words))
		return failure_set(why, errno, "keep the command on its cores");
	/* The kernel takes one bit less than it is told. */
	if (cores->use.has_nodes && syscall(SYS_set_mempolicy, MPOL_BIND, nodes->words, 1025L))
		return failure_set(why, errno, "keep the command's memory on its nodes");
	return 0;
}
