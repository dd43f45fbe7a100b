// SPDX-License-Identifier: Apache-2.0
// Claims about a run's cgroups, shown trees of plain files: where they are placed in every layout,
// that what was made is removed, and how the kernel's files are read.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sandbox/cgroup.h"
#include "sandbox/cgroup_block.h"
#include "sandbox/cgroup_place.h"
#include "own_tree.h"

/* "/tare-" and the sixteen digits of a run. */
#define NAME_LENGTH 22

/* The directory below which the tree is "mounted". */
static char tree[64];
static struct mountinfo_list mounts;
static struct cgroup cgroup;
static struct failure why;

static int make_tree(void **state)
{
	(void)state;
	snprintf(tree, sizeof(tree), "/tmp/tare-test-cgroup-XXXXXX");
	memset(&why, 0, sizeof(why));
	cgroup_clear(&cgroup);
	return mkdtemp(tree) ? 0 : -1;
}

static int remove_tree(void **state)
{
	(void)state;
	mountinfo_done(&mounts);
	for (int role = 0; role < CGROUP_ROLES; role++) {
		close_fd(&cgroup.directories[role].fd);
		close_fd(&cgroup.directories[role].tasks_fd);
	}
	return remove_own_tree(tree);
}

/* --- A tree --- */

static void tree_has(const char *path, const char *text)
{
	own_tree_has(tree, path, text);
}

/* A cgroup2 directory: the controllers it has, those its children have, its processes. */
static void tree_has_cgroup(
	const char *path, const char *controllers, const char *given, const char *processes)
{
	char file[256];

	snprintf(file, sizeof(file), "%s/cgroup.controllers", path);
	tree_has(file, controllers);
	snprintf(file, sizeof(file), "%s/cgroup.subtree_control", path);
	tree_has(file, given);
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	tree_has(file, processes);
}

static size_t count_directories(const char *path)
{
	char full_path[512];
	struct stat status;

	snprintf(full_path, sizeof(full_path), "%s%s", tree, path);
	assert_int_equal(stat(full_path, &status), 0);
	return status.st_nlink - 2;
}

/* "PID\n" of this process, as its cgroup lists it. */
static const char *own_line(void)
{
	static char line[32];

	snprintf(line, sizeof(line), "%d\n", getpid());
	return line;
}

/* One mount: its hierarchy's root that is shown, the place below the tree, type, super options. */
struct mount {
	const char *root, *path, *type, *options;
};

static int place(
	const struct mount *mount, size_t count, const char *memberships, unsigned int wanted)
{
	cleanup_free char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	fprintf(stream, "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
	for (size_t i = 0; i < count; i++)
		fprintf(stream, "%zu 20 0:%zu %s %s%s rw,nosuid - %s %s %s\n", 30 + i, 30 + i,
			mount[i].root, tree, mount[i].path, mount[i].type, mount[i].type,
			mount[i].options);
	fclose(stream);
	mountinfo_done(&mounts);
	assert_int_equal(mountinfo_parse(text, &mounts, &why), 0);
	cgroup_clear(&cgroup);
	return cgroup_place(&cgroup, NULL, &mounts, memberships, wanted, &why);
}

#define PLACE(mounts, memberships)                                                                 \
	place(mounts, sizeof(mounts) / sizeof((mounts)[0]), memberships, 0)

#define assert_placed_with(mounts, memberships, wanted)                                            \
	do {                                                                                       \
		if (place(mounts, sizeof(mounts) / sizeof((mounts)[0]), memberships, wanted))      \
			fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));             \
	} while (0)

#define assert_placed(mounts, memberships) assert_placed_with(mounts, memberships, 0)

static bool has(enum cgroup_role controller)
{
	return cgroup_has(&cgroup, controller);
}

/* A cgroup of this layout, with memory and pids where they are in it. */
static void use_layout(enum cgroup_layout layout)
{
	cgroup.layout = layout;
	cgroup.homes[CGROUP_MEMORY] = cgroup.homes[CGROUP_PIDS] =
		layout == CGROUP_PURE ? CGROUP_IN_UNIFIED : CGROUP_IN_VERSION_1;
}

/* A role's directory is PARENT, '/', the run's name, SUFFIX. */
static void assert_directory(enum cgroup_role role, const char *parent, const char *suffix)
{
	const char *path = cgroup.directories[role].path, *name;
	char expected[512];

	snprintf(expected, sizeof(expected), "%s%s", tree, parent);
	if (strncmp(path, expected, strlen(expected)) != 0)
		fail_msg("'%s' is not in '%s'", path, expected);
	name = path + strlen(expected);
	assert_int_equal(strncmp(name, "/tare-", 6), 0);
	assert_int_equal(strspn(name + 6, "0123456789abcdef"), 16);
	assert_string_equal(name + NAME_LENGTH, suffix);
}

static void assert_no_directory(enum cgroup_role role)
{
	assert_string_equal(cgroup.directories[role].path, "");
}

static const struct mount pure[] = { { "/", "/cg", "cgroup2", "rw,nsdelegate" } };

static const struct mount hybrid[] = {
	{ "/", "/cg/cpu", "cgroup", "rw,cpu" },
	{ "/", "/cg/memory", "cgroup", "rw,memory" },
	{ "/", "/cg/pids", "cgroup", "rw,pids" },
	{ "/", "/cg/systemd", "cgroup", "rw,name=systemd" },
	{ "/", "/cg/unified", "cgroup2", "rw" },
};

/* --- Version 1 and 2 side by side --- */

static void in_the_hybrid_layout_each_directory_is_below_the_callers_own(void **state)
{
	(void)state;
	assert_placed(hybrid, "9:name=systemd:/\n8:pids:/p\n4:memory:/api/m\n1:cpu:/\n0::/u\n");
	assert_int_equal(cgroup.layout, CGROUP_HYBRID);
	assert_string_equal(cgroup_layout_name(&cgroup), "hybrid");
	assert_directory(CGROUP_UNIFIED, "/cg/unified/u", "");
	assert_directory(CGROUP_MEMORY, "/cg/memory/api/m", "");
	assert_directory(CGROUP_PIDS, "/cg/pids/p", "");
	assert_no_directory(CGROUP_LAUNCHER);
	assert_true(has(CGROUP_MEMORY));
	assert_true(has(CGROUP_PIDS));
	assert_false(cgroup.left_own);
}

static void in_a_root_cgroup_the_directory_is_directly_below_the_mount(void **state)
{
	(void)state;
	assert_placed(hybrid, "8:pids:/\n4:memory:/\n0::/\n");
	assert_directory(CGROUP_UNIFIED, "/cg/unified", "");
	assert_directory(CGROUP_MEMORY, "/cg/memory", "");
	assert_directory(CGROUP_PIDS, "/cg/pids", "");
}

static void controllers_that_share_a_hierarchy_are_found(void **state)
{
	static const struct mount shared[] = {
		{ "/", "/cg/all", "cgroup", "rw,cpuset,memory,pids" },
		{ "/", "/cg/unified", "cgroup2", "rw" },
	};

	(void)state;
	assert_placed(shared, "2:cpuset,memory,pids:/all\n0::/\n");
	assert_directory(CGROUP_MEMORY, "/cg/all/all", "");
	assert_directory(CGROUP_PIDS, "/cg/all/all", "");
}

static void a_controller_that_is_not_mounted_counts_nothing(void **state)
{
	static const struct mount no_pids[] = {
		{ "/", "/cg/memory", "cgroup", "rw,memory" },
		{ "/", "/cg/unified", "cgroup2", "rw" },
	};
	static const struct mount no_memory[] = {
		{ "/", "/cg/pids", "cgroup", "rw,pids" },
		{ "/", "/cg/unified", "cgroup2", "rw" },
	};

	(void)state;
	assert_placed(no_pids, "8:pids:/\n4:memory:/\n0::/\n");
	assert_true(has(CGROUP_MEMORY));
	assert_false(has(CGROUP_PIDS));
	assert_no_directory(CGROUP_PIDS);
	assert_placed(no_memory, "8:pids:/\n4:memory:/\n0::/\n");
	assert_false(has(CGROUP_MEMORY));
	assert_true(has(CGROUP_PIDS));
	assert_no_directory(CGROUP_MEMORY);
}

static void a_controller_whose_name_only_contains_the_word_is_another(void **state)
{
	static const struct mount like_memory[] = {
		{ "/", "/cg/x", "cgroup", "rw,name=memory,mymemory,memory2" },
		{ "/", "/cg/unified", "cgroup2", "rw,memory_recursiveprot,memory" },
	};

	(void)state;
	tree_has_cgroup("/cg/unified", "", "", "");
	assert_placed(like_memory, "4:memory2:/wrong\n0::/\n");
	assert_int_equal(cgroup.layout, CGROUP_PURE);
	assert_no_directory(CGROUP_MEMORY);
}

static void version_1_without_memory_and_pids_leaves_the_pure_layout(void **state)
{
	static const struct mount named[] = {
		{ "/", "/cg/systemd", "cgroup", "rw,name=systemd" },
		{ "/", "/cg/unified", "cgroup2", "rw" },
	};

	(void)state;
	tree_has_cgroup("/cg/unified", "memory pids\n", "memory pids\n", "");
	assert_placed(named, "1:name=systemd:/x\n0::/\n");
	assert_int_equal(cgroup.layout, CGROUP_PURE);
	assert_true(has(CGROUP_MEMORY));
}

static void a_controller_that_is_asked_for_has_a_directory_of_its_own(void **state)
{
	(void)state;
	assert_placed_with(hybrid, "8:pids:/p\n4:memory:/m\n1:cpu:/c\n0::/u\n",
		CGROUP_BIT(CGROUP_CPU) | CGROUP_BIT(CGROUP_CPUSET));
	assert_directory(CGROUP_CPU, "/cg/cpu/c", "");
	assert_directory(CGROUP_MEMORY, "/cg/memory/m", "");
	assert_directory(CGROUP_UNIFIED, "/cg/unified/u", "");
	assert_true(has(CGROUP_CPU) && has(CGROUP_MEMORY) && has(CGROUP_PIDS));
	assert_no_directory(CGROUP_CPUSET);
	assert_false(has(CGROUP_CPUSET));
}

static void one_that_is_not_asked_for_has_none(void **state)
{
	(void)state;
	assert_placed(hybrid, "8:pids:/p\n4:memory:/m\n1:cpu:/c\n0::/u\n");
	assert_no_directory(CGROUP_CPU);
	assert_false(has(CGROUP_CPU));
}

static void the_io_controller_has_its_old_name_there(void **state)
{
	static const struct mount block[] = {
		{ "/", "/cg/blkio", "cgroup", "rw,blkio" },
		{ "/", "/cg/memory", "cgroup", "rw,memory" },
		{ "/", "/cg/unified", "cgroup2", "rw" },
	};

	(void)state;
	assert_placed_with(block, "7:blkio:/b\n4:memory:/m\n0::/\n", CGROUP_BIT(CGROUP_IO));
	assert_directory(CGROUP_IO, "/cg/blkio/b", "");
}

/* cpuset as version 1, the usual ones in cgroup2. */
static void each_controller_is_where_its_version_is(void **state)
{
	static const struct mount mixed[] = {
		{ "/", "/cg/cpuset", "cgroup", "rw,cpuset" },
		{ "/", "/cg/unified", "cgroup2", "rw" },
	};

	(void)state;
	tree_has_cgroup("/cg/unified", "memory pids io\n", "memory pids io\n", "");
	assert_placed_with(
		mixed, "3:cpuset:/s\n0::/\n", CGROUP_BIT(CGROUP_CPUSET) | CGROUP_BIT(CGROUP_IO));
	assert_directory(CGROUP_CPUSET, "/cg/cpuset/s", "");
	assert_no_directory(CGROUP_MEMORY);
	assert_int_equal(cgroup.homes[CGROUP_CPUSET], CGROUP_IN_VERSION_1);
	assert_int_equal(cgroup.homes[CGROUP_MEMORY], CGROUP_IN_UNIFIED);
	assert_int_equal(cgroup.homes[CGROUP_IO], CGROUP_IN_UNIFIED);
}

/* --- cgroup2 alone --- */

static void others_are_had_where_the_usual_ones_are(void **state)
{
	(void)state;
	tree_has_cgroup("/cg", "cpuset cpu memory pids\n", "cpuset cpu memory pids\n", "");
	tree_has_cgroup("/cg/a", "cpuset cpu memory pids\n", "cpuset memory pids\n", "");
	tree_has_cgroup("/cg/a/b", "cpuset memory pids\n", "", "1\n");
	assert_placed_with(pure, "0::/a/b\n", CGROUP_BIT(CGROUP_CPUSET) | CGROUP_BIT(CGROUP_CPU));
	assert_directory(CGROUP_UNIFIED, "/cg/a", "");
	assert_true(has(CGROUP_CPUSET));
	assert_false(has(CGROUP_CPU));
	assert_true(cgroup_could_have(&cgroup, CGROUP_BIT(CGROUP_CPU)));
	assert_false(cgroup_could_have(&cgroup, CGROUP_BIT(CGROUP_CPUSET)));
	assert_false(cgroup_could_have(&cgroup, CGROUP_BIT(CGROUP_IO)));
	assert_placed(pure, "0::/a/b\n");
	assert_false(has(CGROUP_CPUSET));
}

static void a_delegated_cgroup_gives_the_others_as_well(void **state)
{
	(void)state;
	tree_has_cgroup("/cg", "memory pids\n", "memory pids\n", "");
	tree_has_cgroup("/cg/x.scope", "cpuset cpu memory pids\n", "\n", own_line());
	assert_placed_with(
		pure, "0::/x.scope\n", CGROUP_BIT(CGROUP_CPUSET) | CGROUP_BIT(CGROUP_IO));
	assert_directory(CGROUP_UNIFIED, "/cg/x.scope", "");
	assert_directory(CGROUP_LAUNCHER, "/cg/x.scope", "-launcher");
	assert_true(has(CGROUP_CPUSET) && has(CGROUP_MEMORY));
	assert_false(has(CGROUP_IO));
}

static void without_the_usual_ones_the_others_decide(void **state)
{
	static const struct mount others[] = {
		{ "/", "/cg/memory", "cgroup", "rw,memory" },
		{ "/", "/cg/pids", "cgroup", "rw,pids" },
		{ "/", "/cg/unified", "cgroup2", "rw" },
	};

	(void)state;
	tree_has_cgroup("/cg/unified", "hugetlb\n", "hugetlb\n", "");
	tree_has_cgroup("/cg/unified/a", "hugetlb\n", "\n", "1\n");
	assert_placed_with(others, "8:pids:/\n4:memory:/\n0::/a\n", CGROUP_BIT(CGROUP_HUGETLB));
	assert_directory(CGROUP_UNIFIED, "/cg/unified", "");
	assert_int_equal(cgroup.homes[CGROUP_HUGETLB], CGROUP_IN_UNIFIED);
	assert_placed(others, "8:pids:/\n4:memory:/\n0::/a\n");
	assert_directory(CGROUP_UNIFIED, "/cg/unified/a", "");
}

static void io_is_had_where_the_usual_ones_are_and_moves_no_run(void **state)
{
	static const struct mount others[] = {
		{ "/", "/cg/memory", "cgroup", "rw,memory" },
		{ "/", "/cg/pids", "cgroup", "rw,pids" },
		{ "/", "/cg/unified", "cgroup2", "rw" },
	};

	(void)state;
	tree_has_cgroup("/cg", "io memory pids\n", "io memory pids\n", "");
	assert_placed(pure, "0::/\n");
	assert_int_equal(cgroup.homes[CGROUP_IO], CGROUP_IN_UNIFIED);
	tree_has_cgroup("/cg/unified", "io\n", "io\n", "");
	tree_has_cgroup("/cg/unified/a", "io\n", "\n", "1\n");
	assert_placed(others, "8:pids:/\n4:memory:/\n0::/a\n");
	assert_directory(CGROUP_UNIFIED, "/cg/unified/a", "");
	assert_false(has(CGROUP_IO));
	assert_placed(others, "8:pids:/\n4:memory:/\n0::/\n");
	assert_int_equal(cgroup.homes[CGROUP_IO], CGROUP_IN_UNIFIED);
}

static void where_blkio_of_version_1_is_not_to_be_had_a_run_does_without(void **state)
{
	static const struct mount block[] = {
		{ "/", "/cg/memory", "cgroup", "rw,memory" },
		{ "/", "/cg/pids", "cgroup", "rw,pids" },
		{ "/other", "/cg/blkio", "cgroup", "rw,blkio" },
		{ "/", "/cg/unified", "cgroup2", "rw" },
	};

	(void)state;
	tree_has_cgroup("/cg/unified", "\n", "\n", "");
	assert_placed(block, "8:pids:/\n7:blkio:/\n4:memory:/\n0::/\n");
	assert_false(has(CGROUP_IO));
	assert_placed(block, "8:pids:/\n7:blkio:/other/b\n4:memory:/\n0::/\n");
	assert_directory(CGROUP_IO, "/cg/blkio/b", "");
}

static void what_cgroup2_does_everywhere_is_always_had(void **state)
{
	unsigned int built_in = CGROUP_BIT(CGROUP_FREEZER) | CGROUP_BIT(CGROUP_CPUACCT) |
				CGROUP_BIT(CGROUP_PERF_EVENT);

	(void)state;
	tree_has_cgroup("/cg", "\n", "\n", "");
	assert_placed_with(pure, "0::/\n", built_in);
	assert_int_equal(cgroup_require(&cgroup, built_in, &why), 0);
}

static void a_required_controller_that_is_missing_is_told_with_the_command(void **state)
{
	char expected[256];

	(void)state;
	tree_has_cgroup("/cg", "io memory pids\n", "memory pids\n", "");
	assert_placed_with(pure, "0::/\n", CGROUP_BIT(CGROUP_IO));
	assert_int_equal(cgroup_require(&cgroup, CGROUP_BIT(CGROUP_MEMORY), &why), 0);
	assert_true(cgroup_require(&cgroup, CGROUP_BIT(CGROUP_IO), &why) < 0);
	assert_string_equal(
		why.what, "the run cannot have the cgroup controller 'io' (layout: cgroup2)");
	snprintf(expected, sizeof(expected), "echo +io | sudo tee %s/cg/cgroup.subtree_control",
		tree);
	if (access("/run/systemd/system", F_OK))
		assert_string_equal(why.hint, expected);
	else
		assert_non_null(strstr(why.hint, "systemd-run --scope -p Delegate=yes"));
	assert_true(cgroup_require(&cgroup, CGROUP_BIT(CGROUP_NET_CLS), &why) < 0);
	assert_non_null(strstr(why.hint, "mount -t cgroup -o net_cls none"));
}

static void a_session_scope_is_left_for_the_slice_that_gives_controllers(void **state)
{
	(void)state;
	tree_has_cgroup("/cg", "cpu memory pids\n", "cpu memory pids\n", "");
	tree_has_cgroup("/cg/user.slice", "cpu memory pids\n", "memory pids\n", "");
	tree_has_cgroup("/cg/user.slice/user-0.slice", "memory pids\n", "pids memory\n", "");
	tree_has_cgroup("/cg/user.slice/user-0.slice/s.scope", "memory pids\n", "", "1\n2\n");
	assert_placed(pure, "0::/user.slice/user-0.slice/s.scope\n");
	assert_int_equal(cgroup.layout, CGROUP_PURE);
	assert_string_equal(cgroup_layout_name(&cgroup), "cgroup2");
	assert_directory(CGROUP_UNIFIED, "/cg/user.slice/user-0.slice", "");
	assert_no_directory(CGROUP_LAUNCHER);
	assert_no_directory(CGROUP_MEMORY);
	assert_true(has(CGROUP_MEMORY));
	assert_true(has(CGROUP_PIDS));
	assert_false(cgroup.left_own);
}

static void an_ancestor_that_gives_only_one_controller_is_passed_over(void **state)
{
	(void)state;
	tree_has_cgroup("/cg", "cpu memory pids\n", "cpu memory pids\n", "");
	tree_has_cgroup("/cg/a", "memory pids\n", "memory\n", "");
	tree_has_cgroup("/cg/a/b", "memory\n", "", "1\n");
	assert_placed(pure, "0::/a/b\n");
	assert_directory(CGROUP_UNIFIED, "/cg", "");
	assert_true(has(CGROUP_MEMORY) && has(CGROUP_PIDS));
}

static void one_controller_is_taken_where_no_ancestor_gives_both(void **state)
{
	(void)state;
	tree_has_cgroup("/cg", "cpu memory pids\n", "memory\n", "");
	tree_has_cgroup("/cg/a", "memory\n", "\n", "1\n");
	assert_placed(pure, "0::/a\n");
	assert_directory(CGROUP_UNIFIED, "/cg", "");
	assert_true(has(CGROUP_MEMORY));
	assert_false(has(CGROUP_PIDS));
}

static void the_root_cgroup_may_have_processes_and_give_controllers(void **state)
{
	(void)state;
	tree_has_cgroup("/cg", "memory pids\n", "memory pids\n", "1\n2\n");
	assert_placed(pure, "0::/\n");
	assert_directory(CGROUP_UNIFIED, "/cg", "");
	assert_true(has(CGROUP_MEMORY) && has(CGROUP_PIDS));
}

static void alone_in_a_delegated_cgroup_tare_makes_room_in_it(void **state)
{
	(void)state;
	tree_has_cgroup("/cg", "cpu memory pids\n", "memory pids\n", "");
	tree_has_cgroup("/cg/run-1.scope", "cpu memory pids\n", "\n", own_line());
	assert_placed(pure, "0::/run-1.scope\n");
	assert_directory(CGROUP_UNIFIED, "/cg/run-1.scope", "");
	assert_directory(CGROUP_LAUNCHER, "/cg/run-1.scope", "-launcher");
	assert_true(cgroup.left_own);
	assert_true(has(CGROUP_MEMORY) && has(CGROUP_PIDS));
}

static void the_two_directories_of_a_run_share_its_name(void **state)
{
	const char *run = cgroup.directories[CGROUP_UNIFIED].path;
	const char *launcher = cgroup.directories[CGROUP_LAUNCHER].path;

	(void)state;
	tree_has_cgroup("/cg", "memory pids\n", "", own_line());
	assert_placed(pure, "0::/\n");
	assert_true(strlen(run) > NAME_LENGTH);
	assert_int_equal(strncmp(run, launcher, strlen(run)), 0);
}

static void what_tare_has_started_is_no_company(void **state)
{
	pid_t child = fork();
	char processes[64];

	(void)state;
	if (child == 0) {
		pause();
		_exit(0);
	}
	snprintf(processes, sizeof(processes), "%s%d\n", own_line(), child);
	tree_has_cgroup("/cg", "memory pids\n", "memory pids\n", "");
	tree_has_cgroup("/cg/run-1.scope", "memory pids\n", "\n", processes);
	assert_placed(pure, "0::/run-1.scope\n");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(cgroup.left_own);
}

static void a_cgroup_shared_with_others_is_not_rearranged(void **state)
{
	char processes[64];

	(void)state;
	snprintf(processes, sizeof(processes), "%s1\n", own_line());
	tree_has_cgroup("/cg", "memory pids\n", "memory pids\n", "");
	tree_has_cgroup("/cg/shared", "memory pids\n", "", processes);
	assert_placed(pure, "0::/shared\n");
	assert_false(cgroup.left_own);
	assert_no_directory(CGROUP_LAUNCHER);
	assert_directory(CGROUP_UNIFIED, "/cg", "");
}

/* tare would write "+memory +pids", which the kernel takes whole or not at all. */
static void alone_without_both_controllers_there_is_no_room_to_make(void **state)
{
	static const char *const controllers[] = { "", "memory\n", "cpu pids\n",
		"memory_x pids\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		tree_has_cgroup("/cg", "cpu\n", "cpu\n", "");
		tree_has_cgroup("/cg/own", controllers[i], "", own_line());
		assert_placed(pure, "0::/own\n");
		assert_false(cgroup.left_own);
		assert_no_directory(CGROUP_LAUNCHER);
		assert_directory(CGROUP_UNIFIED, "/cg/own", "");
		assert_false(has(CGROUP_MEMORY));
	}
}

static void without_controllers_anywhere_the_own_cgroup_serves(void **state)
{
	(void)state;
	tree_has_cgroup("/cg", "\n", "\n", "");
	tree_has_cgroup("/cg/a", "\n", "\n", "1\n");
	assert_placed(pure, "0::/a\n");
	assert_directory(CGROUP_UNIFIED, "/cg/a", "");
	assert_int_equal(cgroup.layout, CGROUP_PURE);
	assert_false(has(CGROUP_MEMORY));
	assert_false(has(CGROUP_PIDS));
}

static void a_tree_that_cannot_be_read_gives_no_controllers(void **state)
{
	(void)state;
	assert_placed(pure, "0::/gone/away\n");
	assert_directory(CGROUP_UNIFIED, "/cg/gone/away", "");
	assert_false(has(CGROUP_MEMORY));
}

/* What lies above the mount is no cgroup, whatever its files are called. */
static void nothing_above_the_mount_is_looked_at(void **state)
{
	(void)state;
	tree_has_cgroup("", "memory pids\n", "memory pids\n", "");
	tree_has_cgroup("/cg/a", "memory pids\n", "", "1\n");
	assert_placed(pure, "0::/a\n");
	assert_directory(CGROUP_UNIFIED, "/cg/a", "");
	assert_false(has(CGROUP_MEMORY));
}

static void every_run_has_a_name_of_its_own(void **state)
{
	char first[PATH_MAX];

	(void)state;
	tree_has_cgroup("/cg", "", "", "");
	assert_placed(pure, "0::/\n");
	memcpy(first, cgroup.directories[CGROUP_UNIFIED].path, sizeof(first));
	assert_placed(pure, "0::/\n");
	assert_string_not_equal(first, cgroup.directories[CGROUP_UNIFIED].path);
}

/* --- Mounts that show a part --- */

static void below_a_mount_of_a_subtree_only_the_rest_of_the_path_counts(void **state)
{
	static const struct mount subtree[] = { { "/docker/1f", "/cg", "cgroup2", "rw" } };

	(void)state;
	tree_has_cgroup("/cg", "memory pids\n", "memory pids\n", "");
	tree_has_cgroup("/cg/job", "memory pids\n", "", "1\n");
	assert_placed(subtree, "0::/docker/1f/job\n");
	assert_directory(CGROUP_UNIFIED, "/cg", "");
	assert_placed(subtree, "0::/docker/1f\n");
	assert_directory(CGROUP_UNIFIED, "/cg", "");
}

static void a_version_1_mount_of_a_subtree_is_understood_too(void **state)
{
	static const struct mount subtree[] = {
		{ "/docker/1f", "/cg/memory", "cgroup", "rw,memory" },
		{ "/docker/1f", "/cg/unified", "cgroup2", "rw" },
	};

	(void)state;
	assert_placed(subtree, "4:memory:/docker/1f/a\n0::/docker/1f/b\n");
	assert_directory(CGROUP_MEMORY, "/cg/memory/a", "");
	assert_directory(CGROUP_UNIFIED, "/cg/unified/b", "");
}

static void a_namesake_of_the_mounted_subtree_is_not_inside(void **state)
{
	static const struct mount subtree[] = { { "/docker/1f", "/cg", "cgroup2", "rw" } };

	(void)state;
	assert_int_equal(PLACE(subtree, "0::/docker/1fa/job\n"), -ENOENT);
	assert_int_equal(PLACE(subtree, "0::/docker\n"), -ENOENT);
	assert_int_equal(PLACE(subtree, "0::/\n"), -ENOENT);
	assert_non_null(strstr(why.what, "cgroup2"));
	assert_string_not_equal(why.hint, "");
}

/* After unshare(CLONE_NEWCGROUP) the old mount has the root "/..", and names of others are "/..".
 */
static void above_the_root_of_a_cgroup_namespace_nothing_has_a_name(void **state)
{
	static const struct mount old[] = { { "/../..", "/cg", "cgroup2", "rw" } };

	(void)state;
	assert_int_equal(PLACE(old, "0::/\n"), -ENOENT);
	assert_int_equal(PLACE(pure, "0::/..\n"), -ENOENT);
	assert_int_equal(PLACE(pure, "0::/../sibling\n"), -ENOENT);
	tree_has_cgroup("/cg", "", "", "");
	assert_placed(pure, "0::/..sibling\n");
	assert_directory(CGROUP_UNIFIED, "/cg/..sibling", "");
}

static void of_several_mounts_the_one_that_shows_the_caller_is_taken(void **state)
{
	static const struct mount several[] = {
		{ "/other", "/bind", "cgroup2", "rw" },
		{ "/", "/cg", "cgroup2", "rw" },
		{ "/", "/late", "cgroup2", "rw" },
	};

	(void)state;
	tree_has_cgroup("/cg", "", "", "");
	assert_placed(several, "0::/mine\n");
	assert_directory(CGROUP_UNIFIED, "/cg/mine", "");
}

static void escaped_and_colon_rich_paths_are_understood(void **state)
{
	static const struct mount spaced[] = { { "/my\\040box", "/my\\040cg", "cgroup2", "rw" } };

	(void)state;
	assert_placed(spaced, "0::/my box/a:b:c\n");
	assert_directory(CGROUP_UNIFIED, "/my cg/a:b:c", "");
}

/* --- Where there is no place --- */

static void version_1_alone_is_refused_with_the_repair(void **state)
{
	static const struct mount version_1[] = {
		{ "/", "/cg/memory", "cgroup", "rw,memory" },
		{ "/", "/cg/cpu", "cgroup", "rw,cpu" },
	};
	static const struct mount other_version_1[] = { { "/", "/cg/x", "cgroup", "rw,freezer" } };

	(void)state;
	assert_int_equal(PLACE(version_1, "4:memory:/\n1:cpu:/\n"), -EINVAL);
	assert_non_null(strstr(why.what, "only version 1"));
	assert_non_null(strstr(why.hint, "mount -t cgroup2 none /sys/fs/cgroup/unified"));
	assert_int_equal(PLACE(other_version_1, "4:freezer:/\n"), -EINVAL);
	assert_non_null(strstr(why.what, "only version 1"));
}

static void no_cgroups_at_all_are_refused_with_the_repair(void **state)
{
	static const struct mount none[] = { { "/", "/cg", "tmpfs", "rw,memory" } };

	(void)state;
	assert_int_equal(PLACE(none, ""), -EINVAL);
	assert_non_null(strstr(why.what, "none are mounted"));
	assert_string_equal(why.hint, "sudo mount -t cgroup2 none /sys/fs/cgroup");
	for (int role = 0; role < CGROUP_ROLES; role++)
		assert_no_directory(role);
}

static void a_text_of_memberships_that_makes_no_sense_is_refused(void **state)
{
	static const char *const texts[] = { "", "\n", "0", "0:", "0:\n", "junk\nmore\n",
		"::", ":::", "4:memory:/a\n", "0:memory:/a\n", "0::\xff" };

	(void)state;
	tree_has_cgroup("/cg", "", "", "");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int error = PLACE(pure, texts[i]);

		if (!error &&
			strncmp(cgroup.directories[CGROUP_UNIFIED].path, tree, strlen(tree)) != 0)
			fail_msg("placed outside the tree: %s", texts[i]);
	}
	assert_int_equal(PLACE(pure, ""), -ENOENT);
	assert_int_equal(PLACE(pure, "4:memory:/a\n"), -ENOENT);
	assert_int_equal(PLACE(hybrid, "0::/\n"), -ENOENT);
}

static void a_path_that_is_too_long_is_refused_and_never_cut(void **state)
{
	cleanup_free char *memberships = malloc(PATH_MAX + 64);
	size_t too_long = PATH_MAX - strlen(tree) - strlen("/cg");

	(void)state;
	/* Around the limit, of the own directory and of both that get the run's name. */
	for (size_t length = too_long - 64; length < too_long + 16; length++) {
		int error;

		memcpy(memberships, "0::/", 4);
		memset(memberships + 4, 'a', length - 1);
		memberships[length + 3] = '\0';
		error = PLACE(pure, memberships);
		assert_true(error == 0 || error == -ENAMETOOLONG);
		assert_int_equal(error == 0, length + NAME_LENGTH < too_long);
		assert_int_equal(!error, cgroup.directories[CGROUP_UNIFIED].path[0] != '\0');
	}
}

static void this_machine_has_a_place_or_says_why_not(void **state)
{
	struct mountinfo_list own = { 0 };

	(void)state;
	assert_int_equal(mountinfo_read(&own, &why), 0);
	if (cgroup_find(&cgroup, NULL, &own, 0, &why))
		assert_string_not_equal(why.what, "");
	else
		assert_string_not_equal(cgroup.directories[CGROUP_UNIFIED].path, "");
	mountinfo_done(&own);
}

/* --- Making and removing --- */

static void set_path(enum cgroup_role role, const char *path)
{
	snprintf(cgroup.directories[role].path, PATH_MAX, "%s%s", tree, path);
}

static void a_run_is_made_and_removed_without_a_trace(void **state)
{
	(void)state;
	set_path(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_create(&cgroup, &why), 0);
	assert_int_equal(count_directories(""), 1);
	assert_true(cgroup.directories[CGROUP_UNIFIED].fd >= 0);
	assert_int_equal(fcntl(cgroup.directories[CGROUP_UNIFIED].fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(cgroup_remove(&cgroup, &why), 0);
	assert_int_equal(count_directories(""), 0);
	assert_int_equal(cgroup.directories[CGROUP_UNIFIED].fd, -1);
}

/* cpu and cpuacct, mounted together. */
static void a_directory_that_two_controllers_share_is_made_once(void **state)
{
	(void)state;
	set_path(CGROUP_UNIFIED, "/shared");
	set_path(CGROUP_CPUACCT, "/shared");
	assert_int_equal(cgroup_create(&cgroup, &why), 0);
	assert_int_equal(count_directories(""), 1);
	assert_true(cgroup.directories[CGROUP_CPUACCT].fd >= 0);
	assert_int_equal(cgroup_remove(&cgroup, &why), 0);
	assert_int_equal(count_directories(""), 0);
}

/* A plain directory has no `tasks`: the second of two directories cannot be opened. */
static void what_was_made_is_removed_when_the_rest_cannot_be(void **state)
{
	(void)state;
	set_path(CGROUP_UNIFIED, "/run");
	set_path(CGROUP_MEMORY, "/memory");
	assert_int_equal(cgroup_create(&cgroup, &why), -ENOENT);
	assert_non_null(strstr(why.what, "/memory/tasks"));
	assert_int_equal(count_directories(""), 0);
}

static void nothing_stays_when_tare_cannot_move_aside(void **state)
{
	(void)state;
	tree_has("/cgroup.procs", own_line());
	tree_has("/cgroup.subtree_control", "");
	set_path(CGROUP_UNIFIED, "/run");
	set_path(CGROUP_LAUNCHER, "/run-launcher");
	cgroup.left_own = true;
	assert_int_equal(cgroup_create(&cgroup, &why), -ENOENT);
	assert_non_null(strstr(why.what, "cgroup.procs"));
	assert_int_equal(count_directories(""), 0);
}

static void what_was_there_before_is_not_taken_or_removed(void **state)
{
	(void)state;
	tree_has("/run/file", "");
	set_path(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_create(&cgroup, &why), -EEXIST);
	assert_non_null(strstr(why.what, "layout: cgroup2"));
	assert_string_not_equal(why.hint, "");
	assert_int_equal(count_directories(""), 1);
}

/* sandbox_close removes whatever there is, also when cgroup_find never came to run. */
static void removing_what_was_never_found_touches_nothing(void **state)
{
	(void)state;
	cgroup_clear(&cgroup);
	assert_int_equal(cgroup_remove(&cgroup, &why), 0);
	assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
	for (int role = 0; role < CGROUP_ROLES; role++) {
		assert_int_equal(cgroup.directories[role].fd, -1);
		assert_int_equal(cgroup.directories[role].tasks_fd, -1);
	}
}

static void a_directory_that_is_gone_already_is_removed(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/never", tree);
	assert_int_equal(cgroup_remove_path(path, 0), 0);
}

/* Only a busy one is waited for; an hour here would be noticed. */
static void a_directory_that_cannot_be_removed_is_told_at_once(void **state)
{
	char path[128];

	(void)state;
	tree_has("/run/file", "");
	snprintf(path, sizeof(path), "%s/run", tree);
	assert_int_equal(cgroup_remove_path(path, 3600 * 1000), -ENOTEMPTY);
}

static void whoever_is_in_the_launchers_cgroup_is_moved_back(void **state)
{
	char path[128], text[64];
	int fd;

	(void)state;
	tree_has("/own/cgroup.subtree_control", "");
	tree_has("/own/cgroup.procs", "");
	tree_has("/own/run-launcher/cgroup.procs", "123\n");
	use_layout(CGROUP_PURE);
	/* What cgroup2 does everywhere and what is in version 1 was never given. */
	cgroup.homes[CGROUP_IO] = cgroup.homes[CGROUP_FREEZER] = CGROUP_IN_UNIFIED;
	cgroup.homes[CGROUP_CPUSET] = CGROUP_IN_VERSION_1;
	set_path(CGROUP_LAUNCHER, "/own/run-launcher");
	cgroup_move_back(&cgroup);
	snprintf(path, sizeof(path), "%s/own/cgroup.procs", tree);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	assert_int_equal(memcmp(text, "123", 3), 0);
	close(fd);
	snprintf(path, sizeof(path), "%s/own/cgroup.subtree_control", tree);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), strlen("-memory -pids -io"));
	assert_int_equal(memcmp(text, "-memory -pids -io", strlen("-memory -pids -io")), 0);
	close(fd);
}

static void a_process_joins_the_directories_that_have_tasks(void **state)
{
	char path[128], text[8] = "";

	(void)state;
	tree_has("/memory/tasks", "");
	set_path(CGROUP_MEMORY, "/memory");
	snprintf(path, sizeof(path), "%s/memory/tasks", tree);
	cgroup.directories[CGROUP_MEMORY].tasks_fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(cgroup_join(&cgroup, &why), 0);
	assert_int_equal(
		pread(cgroup.directories[CGROUP_MEMORY].tasks_fd, text, sizeof(text), 0), 1);
	assert_string_equal(text, "0");
}

static void a_directory_that_cannot_be_joined_is_told(void **state)
{
	(void)state;
	set_path(CGROUP_PIDS, "/pids");
	cgroup.directories[CGROUP_PIDS].tasks_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(cgroup_join(&cgroup, &why), -ENOSPC);
	assert_non_null(strstr(why.what, "/pids"));
}

/* --- Reading --- */

static void open_role(enum cgroup_role role, const char *path)
{
	set_path(role, path);
	cgroup.directories[role].fd =
		open(cgroup.directories[role].path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(cgroup.directories[role].fd >= 0);
}

static void cpu_time_is_the_kernels_in_nanoseconds(void **state)
{
	uint64_t cpu_ns = 0;

	(void)state;
	tree_has("/run/cpu.stat", "nice_usec 5\nusage_usec 18446744073\nuser_usec 7\n");
	open_role(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_cpu_ns(&cgroup, &cpu_ns, &why), 0);
	assert_int_equal(cpu_ns, 18446744073000);
}

static void a_key_that_is_missing_is_told_with_its_file(void **state)
{
	uint64_t cpu_ns;

	(void)state;
	tree_has("/run/cpu.stat", "usage_usec_more 1\nmy usage_usec 2\n");
	open_role(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_cpu_ns(&cgroup, &cpu_ns, &why), -ENOENT);
	assert_non_null(strstr(why.what, "usage_usec"));
	assert_non_null(strstr(why.what, "cpu.stat"));
}

static void oom_kills_are_read_where_the_layout_has_them(void **state)
{
	uint64_t kills = 0;

	(void)state;
	tree_has("/run/memory.events", "low 0\noom 9\noom_kill 4\noom_group_kill 1\n");
	tree_has("/memory/memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 5\n");
	open_role(CGROUP_UNIFIED, "/run");
	open_role(CGROUP_MEMORY, "/memory");
	use_layout(CGROUP_PURE);
	assert_int_equal(cgroup_oom_kills(&cgroup, &kills, &why), 0);
	assert_int_equal(kills, 3);
	use_layout(CGROUP_HYBRID);
	assert_int_equal(cgroup_oom_kills(&cgroup, &kills, &why), 0);
	assert_int_equal(kills, 5);
}

static void without_a_memory_controller_oom_kills_are_not_known(void **state)
{
	uint64_t kills;

	(void)state;
	tree_has("/run/memory.events", "oom_kill 3\n");
	open_role(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_oom_kills(&cgroup, &kills, &why), -ENOENT);
}

static void the_memory_peak_is_read_where_the_layout_has_it(void **state)
{
	struct number peak;

	(void)state;
	tree_has("/run/memory.peak", "4096\n");
	tree_has("/memory/memory.max_usage_in_bytes", "8192\n");
	open_role(CGROUP_UNIFIED, "/run");
	open_role(CGROUP_MEMORY, "/memory");
	use_layout(CGROUP_PURE);
	peak = cgroup_memory_peak(&cgroup);
	assert_true(peak.is_known && peak.value == 4096);
	assert_string_equal(peak.source, "cgroup:memory.peak");
	use_layout(CGROUP_HYBRID);
	peak = cgroup_memory_peak(&cgroup);
	assert_true(peak.is_known && peak.value == 8192);
	assert_string_equal(peak.source, "cgroup:memory.max_usage_in_bytes");
}

static void a_memory_peak_that_no_file_tells_is_unknown_with_a_reason(void **state)
{
	(void)state;
	tree_has("/run/cgroup.procs", "");
	open_role(CGROUP_UNIFIED, "/run");
	use_layout(CGROUP_PURE);
	assert_false(cgroup_memory_peak(&cgroup).is_known);
	assert_non_null(strstr(cgroup_memory_peak(&cgroup).reason, "5.19"));
	cgroup.homes[CGROUP_MEMORY] = CGROUP_NOT_HAD;
	assert_non_null(strstr(cgroup_memory_peak(&cgroup).reason, "controller"));
}

static void stalls_are_those_of_some_task_in_nanoseconds(void **state)
{
	struct number stalled;

	(void)state;
	tree_has("/run/cpu.pressure", "some avg10=1.25 avg60=0.00 avg300=0.00 total=27172\n"
				      "full avg10=0.00 avg60=0.00 avg300=0.00 total=999\n");
	tree_has("/run/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	open_role(CGROUP_UNIFIED, "/run");
	stalled = cgroup_usage(&cgroup, CGROUP_STALLED_CPU_NS);
	assert_true(stalled.is_known && stalled.value == 27172000);
	assert_string_equal(stalled.source, "cgroup:cpu.pressure");
	stalled = cgroup_usage(&cgroup, CGROUP_STALLED_MEMORY_NS);
	assert_true(stalled.is_known && stalled.value == 0);
	assert_false(cgroup_usage(&cgroup, CGROUP_STALLED_IO_NS).is_known);
	assert_non_null(strstr(cgroup_usage(&cgroup, CGROUP_STALLED_IO_NS).reason, "PSI"));
}

static void bytes_of_all_block_devices_are_added(void **state)
{
	(void)state;
	tree_has("/run/io.stat", "8:0 rbytes=4096 wbytes=100 rios=1 wios=2 dbytes=7 dios=0\n"
				 "253:1 \n"
				 "259:0 rbytes=1000 wbytes=0 rios=5 wios=0 dbytes=0 dios=0\n");
	open_role(CGROUP_UNIFIED, "/run");
	assert_true(cgroup_usage(&cgroup, CGROUP_READ_BYTES).is_known);
	assert_int_equal(cgroup_usage(&cgroup, CGROUP_READ_BYTES).value, 5096);
	assert_int_equal(cgroup_usage(&cgroup, CGROUP_WRITTEN_BYTES).value, 100);
	assert_string_equal(cgroup_usage(&cgroup, CGROUP_WRITTEN_BYTES).source, "cgroup:io.stat");
}

static void in_version_1_they_are_read_from_blkio(void **state)
{
	(void)state;
	tree_has("/blkio/blkio.throttle.io_service_bytes_recursive",
		"254:0 Read 4096\n254:0 Write 100\n254:0 Sync 7\n254:0 Total 4196\n"
		"8:0 Read 1000\n8:0 Write 0\nTotal 5196\n");
	open_role(CGROUP_IO, "/blkio");
	cgroup.homes[CGROUP_IO] = CGROUP_IN_VERSION_1;
	assert_int_equal(cgroup_usage(&cgroup, CGROUP_READ_BYTES).value, 5096);
	assert_int_equal(cgroup_usage(&cgroup, CGROUP_WRITTEN_BYTES).value, 100);
	assert_string_equal(cgroup_usage(&cgroup, CGROUP_WRITTEN_BYTES).source,
		"cgroup:blkio.throttle.io_service_bytes_recursive");
}

static void in_version_1_every_disk_in_use_must_be_counted(void **state)
{
	static const char one[] =
		"8 0 sda 5 0 80 1 0 0 0 0 0 0 0\n8 1 sda1 5 0 80 1 0 0 0 0 0 0 0\n"
		"7 0 loop0 5 0 80 1 0 0 0 0 0 0 0\n8 16 sdb 0 0 0 0 0 0 0 0 0\n";
	static const char both[] =
		"8 0 sda 5 0 80 1 0 0 0 0 0 0 0\n8 16 sdb 0 0 0 0 9 0 72 0 0 0 0\n";
	char block[512];

	(void)state;
	tree_has("/blkio/blkio.throttle.io_service_bytes_recursive", "8:0 Read 4096\nTotal 4096\n");
	tree_has("/blkio/run/blkio.throttle.io_service_bytes_recursive", "Total 0\n");
	tree_has("/block/sda/device", "");
	tree_has("/block/sdb/device", "");
	tree_has("/block/loop0/size", "");
	snprintf(block, sizeof(block), "%s/block", tree);
	snprintf(cgroup.directories[CGROUP_IO].path, PATH_MAX, "%s/blkio/run", tree);
	assert_true(cgroup_block_is_counted(&cgroup, one, block));
	assert_false(cgroup_block_is_counted(&cgroup, both, block));
	tree_has("/blkio/blkio.throttle.io_service_bytes_recursive", "Total 0\n");
	assert_false(cgroup_block_is_counted(&cgroup, one, block));
	tree_has("/blkio/blkio.throttle.io_service_bytes_recursive",
		"8:0 Read 0\n8:0 Total 0\n8:16 Read 1\nTotal 1\n");
	assert_false(cgroup_block_is_counted(&cgroup, one, block));
}

static void without_an_io_controller_the_bytes_are_not_known(void **state)
{
	(void)state;
	tree_has("/run/cgroup.procs", "");
	open_role(CGROUP_UNIFIED, "/run");
	assert_false(cgroup_usage(&cgroup, CGROUP_READ_BYTES).is_known);
	assert_non_null(strstr(cgroup_usage(&cgroup, CGROUP_WRITTEN_BYTES).reason, "controller"));
}

static void all_processes_are_counted_and_as_many_as_fit_are_listed(void **state)
{
	pid_t pids[3] = { 0, 0, -1 };
	size_t count = 0;

	(void)state;
	tree_has("/run/cgroup.procs", "10\n20\n30\n");
	open_role(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_processes(&cgroup, pids, 2, &count, &why), 0);
	assert_int_equal(count, 3);
	assert_int_equal(pids[0], 10);
	assert_int_equal(pids[1], 20);
	assert_int_equal(pids[2], -1);
}

static void an_empty_cgroup_has_no_processes(void **state)
{
	size_t count = 9;

	(void)state;
	tree_has("/run/cgroup.procs", "");
	tree_has("/run/cgroup.events", "populated 0\nfrozen 0\n");
	open_role(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_processes(&cgroup, NULL, 0, &count, &why), 0);
	assert_int_equal(count, 0);
	assert_int_equal(cgroup_wait_empty(&cgroup, 0, &why), 0);
}

static void waiting_for_a_cgroup_that_stays_populated_ends(void **state)
{
	(void)state;
	tree_has("/run/cgroup.events", "populated 1\nfrozen 0\n");
	open_role(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_wait_empty(&cgroup, 0, &why), -ETIME);
}

static void a_run_is_killed_by_one_write(void **state)
{
	char text[8] = "";
	int fd;

	(void)state;
	tree_has("/run/cgroup.kill", "");
	open_role(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_kill(&cgroup, &why), 0);
	fd = openat(cgroup.directories[CGROUP_UNIFIED].fd, "cgroup.kill", O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, text, sizeof(text)), 1);
	assert_string_equal(text, "1");
	close(fd);
}

/* The list of a plain file does not shrink, so the killing goes on until it gives up. */
static void before_linux_5_14_each_process_is_killed(void **state)
{
	char line[32];
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		for (;;)
			pause();
	}
	snprintf(line, sizeof(line), "%d\n", child);
	tree_has("/run/cgroup.procs", line);
	open_role(CGROUP_UNIFIED, "/run");
	assert_int_equal(cgroup_kill(&cgroup, &why), -EBUSY);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

#define claim(name) cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)

static const struct CMUnitTest tests[] = {
	claim(in_the_hybrid_layout_each_directory_is_below_the_callers_own),
	claim(in_a_root_cgroup_the_directory_is_directly_below_the_mount),
	claim(controllers_that_share_a_hierarchy_are_found),
	claim(a_controller_that_is_not_mounted_counts_nothing),
	claim(a_controller_whose_name_only_contains_the_word_is_another),
	claim(version_1_without_memory_and_pids_leaves_the_pure_layout),
	claim(a_controller_that_is_asked_for_has_a_directory_of_its_own),
	claim(one_that_is_not_asked_for_has_none),
	claim(the_io_controller_has_its_old_name_there),
	claim(each_controller_is_where_its_version_is),
	claim(others_are_had_where_the_usual_ones_are),
	claim(a_delegated_cgroup_gives_the_others_as_well),
	claim(without_the_usual_ones_the_others_decide),
	claim(io_is_had_where_the_usual_ones_are_and_moves_no_run),
	claim(where_blkio_of_version_1_is_not_to_be_had_a_run_does_without),
	claim(what_cgroup2_does_everywhere_is_always_had),
	claim(a_required_controller_that_is_missing_is_told_with_the_command),
	claim(a_session_scope_is_left_for_the_slice_that_gives_controllers),
	claim(an_ancestor_that_gives_only_one_controller_is_passed_over),
	claim(one_controller_is_taken_where_no_ancestor_gives_both),
	claim(the_root_cgroup_may_have_processes_and_give_controllers),
	claim(alone_in_a_delegated_cgroup_tare_makes_room_in_it),
	claim(the_two_directories_of_a_run_share_its_name),
	claim(what_tare_has_started_is_no_company),
	claim(a_cgroup_shared_with_others_is_not_rearranged),
	claim(alone_without_both_controllers_there_is_no_room_to_make),
	claim(without_controllers_anywhere_the_own_cgroup_serves),
	claim(a_tree_that_cannot_be_read_gives_no_controllers),
	claim(nothing_above_the_mount_is_looked_at),
	claim(every_run_has_a_name_of_its_own),
	claim(below_a_mount_of_a_subtree_only_the_rest_of_the_path_counts),
	claim(a_version_1_mount_of_a_subtree_is_understood_too),
	claim(a_namesake_of_the_mounted_subtree_is_not_inside),
	claim(above_the_root_of_a_cgroup_namespace_nothing_has_a_name),
	claim(of_several_mounts_the_one_that_shows_the_caller_is_taken),
	claim(escaped_and_colon_rich_paths_are_understood),
	claim(version_1_alone_is_refused_with_the_repair),
	claim(no_cgroups_at_all_are_refused_with_the_repair),
	claim(a_text_of_memberships_that_makes_no_sense_is_refused),
	claim(a_path_that_is_too_long_is_refused_and_never_cut),
	claim(this_machine_has_a_place_or_says_why_not),
	claim(a_run_is_made_and_removed_without_a_trace),
	claim(a_directory_that_two_controllers_share_is_made_once),
	claim(what_was_made_is_removed_when_the_rest_cannot_be),
	claim(nothing_stays_when_tare_cannot_move_aside),
	claim(what_was_there_before_is_not_taken_or_removed),
	claim(removing_what_was_never_found_touches_nothing),
	claim(a_directory_that_is_gone_already_is_removed),
	claim(a_directory_that_cannot_be_removed_is_told_at_once),
	claim(whoever_is_in_the_launchers_cgroup_is_moved_back),
	claim(a_process_joins_the_directories_that_have_tasks),
	claim(a_directory_that_cannot_be_joined_is_told),
	claim(cpu_time_is_the_kernels_in_nanoseconds),
	claim(a_key_that_is_missing_is_told_with_its_file),
	claim(oom_kills_are_read_where_the_layout_has_them),
	claim(without_a_memory_controller_oom_kills_are_not_known),
	claim(the_memory_peak_is_read_where_the_layout_has_it),
	claim(a_memory_peak_that_no_file_tells_is_unknown_with_a_reason),
	claim(stalls_are_those_of_some_task_in_nanoseconds),
	claim(bytes_of_all_block_devices_are_added),
	claim(in_version_1_they_are_read_from_blkio),
	claim(in_version_1_every_disk_in_use_must_be_counted),
	claim(without_an_io_controller_the_bytes_are_not_known),
	claim(all_processes_are_counted_and_as_many_as_fit_are_listed),
	claim(an_empty_cgroup_has_no_processes),
	claim(waiting_for_a_cgroup_that_stays_populated_ends),
	claim(a_run_is_killed_by_one_write),
	claim(before_linux_5_14_each_process_is_killed),
};

int main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
