// SPDX-License-Identifier: Apache-2.0
// Claims about the view: which parts of the host's file system a command sees, and how.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sandbox/view.h"

static struct mountinfo_list mounts;
static struct view view;
static struct view_rules rules;
static struct directory_rule wanted[4];
static size_t wanted_count;
static const char *root; /* of the run; NULL: the host's */
static struct failure why;

static int forget_view(void **state)
{
	(void)state;
	view_done(&view);
	view_rules_done(&rules);
	mountinfo_done(&mounts);
	wanted_count = 0;
	root = NULL;
	return 0;
}

/* Mounts with a number of 1000 and more lie under another one, from 2000 on they are closed. */
static enum view_sight look(const struct mountinfo *mount)
{
	if (mount->id >= 2000)
		return VIEW_CLOSED;
	return mount->id >= 1000 ? VIEW_COVERED : VIEW_ON_TOP;
}

static void plan(const char *mountinfo, const char *current_directory)
{
	view_done(&view);
	view_rules_done(&rules);
	mountinfo_done(&mounts);
	assert_int_equal(mountinfo_parse(mountinfo, &mounts, &why), 0);
	if (view_rules_resolve(&rules, wanted, wanted_count, current_directory, root, &why) ||
		view_plan(&view, &mounts, look, &rules, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
}

static void want(const char *path, enum directory_mode mode)
{
	wanted[wanted_count++] = (struct directory_rule){ path, mode };
}

static const struct view_entry *find(const char *path)
{
	const struct view_entry *found = NULL;

	for (size_t i = 0; i < view.count; i++) {
		if (strcmp(view.entries[i].path, path) != 0)
			continue;
		if (found)
			fail_msg("'%s' is planned twice", path);
		found = &view.entries[i];
	}
	return found;
}

static void assert_shown_as(const char *path, enum view_mode mode)
{
	const struct view_entry *entry = find(path);

	if (entry)
		assert_int_equal(entry->mode, mode);
	else
		fail_msg("'%s' is not planned", path);
}

static size_t count_withheld(void)
{
	size_t count = 0;

	for (size_t i = 0; i < view.count; i++)
		count += view.entries[i].notes == VIEW_WITHHELD;
	return count;
}

static void assert_not_planned(const char *path)
{
	if (find(path))
		fail_msg("'%s' is planned", path);
}

static void the_root_is_overlaid_even_without_a_list(void **state)
{
	(void)state;
	plan("", "/");
	assert_shown_as("/", VIEW_OVERLAY);
	assert_int_equal(view.count, 3);
}

static void every_mount_of_files_is_overlaid(void **state)
{
	(void)state;
	plan("1 0 0:1 / / rw - ext4 none rw\n"
	     "2 1 0:2 / /home rw - xfs none rw\n"
	     "3 1 0:3 / /srv/net rw - nfs4 none rw\n"
	     "4 1 0:4 / /mnt/my\\040disk rw - vfat none rw\n",
		"/");
	assert_shown_as("/", VIEW_OVERLAY);
	assert_shown_as("/home", VIEW_OVERLAY);
	assert_shown_as("/srv/net", VIEW_OVERLAY);
	assert_shown_as("/mnt/my disk", VIEW_OVERLAY);
	assert_int_equal(count_withheld(), 0);
}

static void tmp_and_run_are_hidden_mounted_or_not(void **state)
{
	(void)state;
	plan("1 0 0:1 / / rw - ext4 none rw\n", "/");
	assert_shown_as("/tmp", VIEW_HIDDEN);
	assert_shown_as("/run", VIEW_HIDDEN);
	plan("1 0 0:1 / / rw - ext4 none rw\n2 1 0:2 / /tmp rw - tmpfs none rw\n"
	     "3 1 0:3 / /run rw - tmpfs none rw\n",
		"/");
	assert_shown_as("/tmp", VIEW_HIDDEN);
	assert_shown_as("/run", VIEW_HIDDEN);
}

static void mounts_below_a_hidden_directory_are_hidden_with_it(void **state)
{
	(void)state;
	plan("2 1 0:2 / /tmp/disk rw - ext4 none rw\n3 1 0:3 / /run/user/0 rw - tmpfs none rw\n"
	     "4 1 0:4 / /run/lock rw - debugfs none rw\n",
		"/");
	assert_not_planned("/tmp/disk");
	assert_not_planned("/run/user/0");
	assert_not_planned("/run/lock");
	assert_int_equal(count_withheld(), 0);
}

static void a_name_that_begins_like_a_hidden_directory_is_not_hidden(void **state)
{
	(void)state;
	plan("2 1 0:2 / /tmpfiles rw - ext4 none rw\n3 1 0:3 / /runs/a rw - ext4 none rw\n"
	     "4 1 0:4 / /device rw - ext4 none rw\n",
		"/");
	assert_shown_as("/tmpfiles", VIEW_OVERLAY);
	assert_shown_as("/runs/a", VIEW_OVERLAY);
	assert_shown_as("/device", VIEW_OVERLAY);
}

static void proc_sys_and_dev_are_left_to_be_made_fresh(void **state)
{
	(void)state;
	plan("2 1 0:2 / /proc rw - proc none rw\n3 1 0:3 / /sys rw - sysfs none rw\n"
	     "4 1 0:4 / /dev rw - devtmpfs none rw\n5 4 0:5 / /dev/shm rw - tmpfs none rw\n"
	     "6 3 0:6 / /sys/fs/cgroup rw - cgroup2 none rw\n"
	     "7 2 0:7 / /proc/sys/fs/binfmt_misc rw - autofs none rw\n",
		"/");
	assert_int_equal(view.count, 3);
	assert_int_equal(count_withheld(), 0);
}

static void shared_memory_of_older_systems_is_left_to_be_made_fresh(void **state)
{
	static const char list[] = "1 0 0:1 / / rw - ext4 none rw\n"
				   "2 1 0:2 / /run/shm rw - tmpfs none rw\n";

	(void)state;
	plan(list, "/");
	assert_not_planned("/run/shm");
	want("/run", DIRECTORY_OVERLAY);
	plan(list, "/");
	assert_not_planned("/run/shm");
}

static void file_systems_of_the_kernel_are_masked_and_counted(void **state)
{
	static const char *const types[] = { "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs",
		"debugfs", "devpts", "devtmpfs", "efivarfs", "fusectl", "mqueue", "nsfs", "proc",
		"pstore", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs" };
	char line[128];

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(line, sizeof(line), "2 1 0:2 / /elsewhere rw - %s none rw\n", types[i]);
		plan(line, "/");
		assert_shown_as("/elsewhere", VIEW_MASKED);
		assert_int_equal(count_withheld(), 1);
	}
}

static void what_lies_below_a_masked_mount_is_not_planned(void **state)
{
	(void)state;
	plan("2 1 0:2 / /jail/proc rw - proc none rw\n3 2 0:3 / /jail/proc/x rw - ext4 none rw\n"
	     "4 2 0:4 / /jail/proc/y rw - sysfs none rw\n5 1 0:5 / /jail/process rw - ext4 none "
	     "rw\n",
		"/");
	assert_shown_as("/jail/proc", VIEW_MASKED);
	assert_not_planned("/jail/proc/x");
	assert_not_planned("/jail/proc/y");
	assert_shown_as("/jail/process", VIEW_OVERLAY);
	assert_int_equal(count_withheld(), 1);
}

static void of_an_automounter_only_what_it_has_mounted_is_shown(void **state)
{
	(void)state;
	plan("1 0 0:1 / / rw - ext4 none rw\n2 1 0:2 / /home rw - autofs none rw\n"
	     "3 2 0:3 / /home/someone rw - nfs4 none rw\n4 2 0:4 / /home/k rw - sysfs none rw\n",
		"/home/someone/project");
	assert_shown_as("/home", VIEW_HIDDEN);
	assert_int_equal(find("/home")->notes, VIEW_WITHHELD);
	assert_shown_as("/home/someone", VIEW_OVERLAY);
	assert_true(find("/home/someone")->may_be_made);
	assert_shown_as("/home/k", VIEW_MASKED);
	assert_int_equal(count_withheld(), 2);
}

static void what_cannot_be_looked_at_is_masked_with_all_below_it(void **state)
{
	(void)state;
	plan("1 0 0:1 / / rw - ext4 none rw\n2000 1 0:2 / /gone rw - nfs4 none rw\n"
	     "2001 2000 0:3 / /gone/below rw - ext4 none rw\n2002 1 0:4 / /tmp/x rw - ext4 n rw\n",
		"/");
	assert_shown_as("/gone", VIEW_MASKED);
	assert_not_planned("/gone/below");
	assert_not_planned("/tmp/x");
	assert_int_equal(count_withheld(), 1);
}

static void a_mount_is_told_from_a_directory_with_a_rule(void **state)
{
	(void)state;
	plan("1 0 0:1 / / rw - ext4 none rw\n2 1 0:2 / /tmp rw - tmpfs none rw\n"
	     "3 1 0:3 / /home rw - ext4 none rw\n",
		"/run/here");
	assert_non_null(find("/")->type);
	assert_non_null(find("/tmp")->type);
	assert_non_null(find("/home")->type);
	assert_null(find("/run")->type);
	assert_null(find("/run/here")->type);
}

static void a_mount_under_another_one_is_left_out(void **state)
{
	(void)state;
	plan("1001 1 0:2 / /mnt rw - proc none rw\n2 1 0:3 / /mnt rw - ext4 none rw\n"
	     "1002 1001 0:4 / /mnt/below rw - ext4 none rw\n",
		"/");
	assert_shown_as("/mnt", VIEW_OVERLAY);
	assert_not_planned("/mnt/below");
	assert_int_equal(count_withheld(), 0);
}

static void the_current_directory_is_shown_even_below_tmp(void **state)
{
	(void)state;
	plan("1 0 0:1 / / rw - ext4 none rw\n", "/tmp/build/here");
	assert_shown_as("/tmp/build/here", VIEW_OVERLAY);
	assert_true(find("/tmp/build/here")->may_be_made);
	plan("1 0 0:1 / / rw - ext4 none rw\n", "/run/user/1000");
	assert_shown_as("/run/user/1000", VIEW_OVERLAY);
	assert_true(find("/run/user/1000")->may_be_made);
}

static void tmp_itself_stays_hidden_for_who_stands_in_it(void **state)
{
	(void)state;
	plan("1 0 0:1 / / rw - ext4 none rw\n", "/tmp");
	assert_shown_as("/tmp", VIEW_HIDDEN);
	assert_int_equal(view.count, 3);
}

static void a_current_directory_that_is_visible_anyway_needs_no_entry(void **state)
{
	(void)state;
	plan("1 0 0:1 / / rw - ext4 none rw\n2 1 0:2 / /home rw - ext4 none rw\n",
		"/home/someone/project");
	assert_not_planned("/home/someone/project");
	plan("1 0 0:1 / / rw - ext4 none rw\n", "/tmpfiles/x");
	assert_not_planned("/tmpfiles/x");
	plan("1 0 0:1 / / rw - ext4 none rw\n", "/dev/shm");
	assert_int_equal(view.count, 3);
}

static void only_in_a_layer_of_the_commands_own_may_a_directory_be_made(void **state)
{
	(void)state;
	want("/usr", DIRECTORY_READ_ONLY);
	want("/usr/bin", DIRECTORY_OVERLAY);
	want("/var", DIRECTORY_FULL_ACCESS);
	want("/var/lib", DIRECTORY_HIDDEN);
	plan("1 0 0:1 / / rw - ext4 none rw\n2 1 0:2 / /home rw - ext4 none rw\n", "/tmp/x");
	assert_true(find("/home")->may_be_made);
	assert_true(find("/tmp")->may_be_made);
	assert_true(find("/tmp/x")->may_be_made);
	assert_true(find("/usr")->may_be_made);
	assert_false(find("/usr/bin")->may_be_made);
	assert_false(find("/var/lib")->may_be_made);
}

/* root.c mounts in this order: what comes too early would be covered. */
static void a_directory_comes_before_what_lies_below_it(void **state)
{
	(void)state;
	plan("5 1 0:5 / /a/b/c rw - ext4 none rw\n4 1 0:4 / /a-b rw - ext4 none rw\n"
	     "3 1 0:3 / /a/b rw - ext4 none rw\n2 1 0:2 / /a rw - ext4 none rw\n"
	     "6 1 0:6 / /a/b-c rw - sysfs none rw\n1 0 0:1 / / rw - ext4 none rw\n",
		"/tmp/d");
	assert_int_equal(view.count, 9);
	for (size_t late = 0; late < view.count; late++) {
		for (size_t early = 0; early < late; early++) {
			if (path_is_inside(view.entries[early].path, view.entries[late].path))
				fail_msg("'%s' comes before '%s'", view.entries[early].path,
					view.entries[late].path);
		}
	}
}

static void every_path_belongs_to_the_longest_entry_that_contains_it(void **state)
{
	(void)state;
	plan("1 0 0:1 / / rw - ext4 none rw\n2 1 0:2 / /a rw - ext4 none rw\n"
	     "3 1 0:3 / /a/b rw - ext4 none rw\n4 1 0:4 / /a-c rw - ext4 none rw\n",
		"/");
	assert_string_equal(view_entry_of(&view, "/a/b/c/d")->path, "/a/b");
	assert_string_equal(view_entry_of(&view, "/a/bc")->path, "/a");
	assert_string_equal(view_entry_of(&view, "/a-c")->path, "/a-c");
	assert_string_equal(view_entry_of(&view, "/usr")->path, "/");
}

static void a_part_of_an_entry_is_like_it_and_in_its_place(void **state)
{
	(void)state;
	want("/usr", DIRECTORY_READ_ONLY);
	plan("1 0 0:1 / / rw - ext4 none rw\n2 1 0:2 / /usr/bin rw - ext4 none rw\n"
	     "3 1 0:3 / /usr/share/doc rw - ext4 none rw\n",
		"/");
	assert_int_equal(view_split(&view, "/usr/share", true, &why), 0);
	assert_shown_as("/usr/share", VIEW_READ_ONLY);
	assert_true(find("/usr/share")->is_part);
	assert_string_equal(find("/usr/share")->source, "/usr/share");
	assert_false(find("/usr/share")->may_be_made);
	assert_int_equal(find("/usr/share") - find("/usr/bin"), 1);
	assert_int_equal(find("/usr/share/doc") - find("/usr/share"), 1);
	assert_string_equal(view_entry_of(&view, "/usr/share/x")->path, "/usr/share");
}

static void ten_thousand_mounts_are_planned(void **state)
{
	enum { MOUNTS = 10000 };
	cleanup_free char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	(void)state;
	for (int i = 0; i < MOUNTS; i++)
		fprintf(stream, "2 1 0:2 / /m/%d rw - ext4 none rw\n", i);
	fclose(stream);
	plan(text, "/tmp/here");
	assert_int_equal(view.count, MOUNTS + 4);
}

static void the_rule_with_the_longest_path_holds(void **state)
{
	(void)state;
	want("/usr", DIRECTORY_READ_ONLY);
	want("/usr/bin", DIRECTORY_FULL_ACCESS);
	plan("", "/");
	assert_int_equal(view_rule_of(&rules, "/usr/lib")->mode, VIEW_READ_ONLY);
	assert_int_equal(view_rule_of(&rules, "/usr/bin/env")->mode, VIEW_FULL_ACCESS);
	assert_int_equal(view_rule_of(&rules, "/usr2")->mode, VIEW_OVERLAY);
	assert_shown_as("/usr", VIEW_READ_ONLY);
	assert_shown_as("/usr/bin", VIEW_FULL_ACCESS);
}

static void a_rule_that_changes_nothing_needs_no_entry(void **state)
{
	(void)state;
	want("/usr", DIRECTORY_OVERLAY);
	plan("", "/");
	assert_not_planned("/usr");
}

static void a_directory_shown_below_a_hidden_one_needs_its_way_made(void **state)
{
	(void)state;
	want("/usr", DIRECTORY_HIDDEN);
	want("/usr/bin", DIRECTORY_READ_ONLY);
	plan("", "/");
	assert_shown_as("/usr", VIEW_HIDDEN);
	assert_true(find("/usr/bin")->may_be_made);
}

static void hidden_in_hidden_is_one_hidden_directory(void **state)
{
	(void)state;
	want("/usr", DIRECTORY_HIDDEN);
	want("/usr/bin", DIRECTORY_HIDDEN);
	plan("", "/");
	assert_not_planned("/usr/bin");
}

static void a_mount_below_a_rule_has_its_mode(void **state)
{
	(void)state;
	want("/usr", DIRECTORY_READ_ONLY);
	plan("1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 8:2 / /usr/local rw - xfs /dev/sdb rw\n", "/");
	assert_shown_as("/usr/local", VIEW_READ_ONLY);
}

static void a_default_gives_way_to_a_rule(void **state)
{
	(void)state;
	want("/tmp", DIRECTORY_FULL_ACCESS);
	plan("", "/");
	assert_shown_as("/tmp", VIEW_FULL_ACCESS);
}

static void what_the_user_hides_is_hidden_even_where_the_command_starts(void **state)
{
	(void)state;
	want("/usr", DIRECTORY_HIDDEN);
	plan("", "/usr/bin");
	assert_not_planned("/usr/bin");
}

static void assert_refused(const char *path, enum directory_mode mode, const char *words)
{
	wanted_count = 0;
	want(path, mode);
	view_rules_done(&rules);
	assert_true(view_rules_resolve(&rules, wanted, wanted_count, "/", root, &why) < 0);
	if (!strstr(why.what, words) || !strstr(why.what, path))
		fail_msg("'%s' names not '%s' and '%s'", why.what, words, path);
}

static void a_directory_that_cannot_have_a_mode_is_named_with_the_reason(void **state)
{
	(void)state;
	assert_refused("/no/such/directory", DIRECTORY_HIDDEN, "--hidden-dir");
	assert_refused("/etc/passwd", DIRECTORY_READ_ONLY, "is not a directory");
	assert_refused("/proc/self", DIRECTORY_OVERLAY, "is a symbolic link");
	assert_refused("/proc/sys", DIRECTORY_FULL_ACCESS, "is made fresh");
	assert_refused("", DIRECTORY_HIDDEN, "is empty");
}

static void two_names_of_one_directory_cannot_have_two_modes(void **state)
{
	(void)state;
	want("/usr", DIRECTORY_HIDDEN);
	want("/usr/bin/..//", DIRECTORY_READ_ONLY);
	assert_int_equal(
		view_rules_resolve(&rules, wanted, wanted_count, "/", root, &why), -EINVAL);
	assert_non_null(strstr(why.what, "has another mode already"));
	wanted[1].mode = DIRECTORY_HIDDEN;
	assert_int_equal(
		view_rules_resolve(&rules, wanted, wanted_count, "/", root, &why), -EINVAL);
	assert_non_null(strstr(why.what, "is given twice"));
}

/* --- A root of the run's own --- */

static void assert_source(const char *path, const char *source)
{
	assert_non_null(find(path));
	assert_string_equal(find(path)->source, source);
}

static const char host_mounts[] = "1 0 0:1 / / rw - ext4 none rw\n"
				  "2 1 0:2 / /home rw - ext4 none rw\n"
				  "3 1 0:3 / /srv/image rw - ext4 none rw\n"
				  "4 3 0:4 / /srv/image/opt rw - xfs none rw\n"
				  "5 3 0:5 / /srv/image/proc rw - proc none rw\n"
				  "6 3 0:6 / /srv/image/jail rw - sysfs none rw\n"
				  "7 1 0:7 / /usr/share rw - ext4 none rw\n"
				  "8 1 0:8 / /srv/images rw - ext4 none rw\n";

static void of_the_hosts_mounts_an_own_root_has_those_below_it(void **state)
{
	(void)state;
	root = "/srv/image";
	plan(host_mounts, "/");
	assert_shown_as("/", VIEW_OVERLAY);
	assert_source("/", "/srv/image");
	assert_shown_as("/opt", VIEW_OVERLAY);
	assert_source("/opt", "/srv/image/opt");
	assert_shown_as("/jail", VIEW_MASKED);
	assert_shown_as("/tmp", VIEW_HIDDEN);
	assert_shown_as("/run", VIEW_HIDDEN);
	assert_int_equal(view.count, 5);
	assert_int_equal(count_withheld(), 1);
}

static void a_rule_shows_the_hosts_directory_in_an_own_root_with_its_mounts(void **state)
{
	(void)state;
	root = "/srv/image";
	want("/usr", DIRECTORY_OVERLAY);
	plan(host_mounts, "/");
	assert_shown_as("/usr", VIEW_OVERLAY);
	assert_source("/usr", "/usr");
	assert_true(find("/usr")->is_of_host);
	assert_true(find("/usr")->may_be_made);
	assert_source("/usr/share", "/usr/share");
	assert_not_planned("/home");
}

static void what_an_own_root_has_where_a_rule_shows_the_host_is_not_planned(void **state)
{
	(void)state;
	root = "/srv/image";
	want("/srv", DIRECTORY_READ_ONLY);
	want("/usr", DIRECTORY_READ_ONLY);
	plan("1 0 0:1 / / rw - ext4 none rw\n2 1 0:2 / /srv/image/usr/lib rw - ext4 none rw\n"
	     "3 1 0:3 / /srv/image/opt rw - ext4 none rw\n",
		"/");
	assert_not_planned("/usr/lib");
	assert_source("/opt", "/srv/image/opt");
	assert_source("/srv/image/opt", "/srv/image/opt");
	assert_source("/srv/image/usr/lib", "/srv/image/usr/lib");
	assert_shown_as("/opt", VIEW_OVERLAY);
	assert_shown_as("/srv/image/opt", VIEW_READ_ONLY);
}

static void a_rule_for_the_root_is_about_the_own_one(void **state)
{
	(void)state;
	root = "/srv/image";
	want("/", DIRECTORY_READ_ONLY);
	plan(host_mounts, "/");
	assert_shown_as("/", VIEW_READ_ONLY);
	assert_source("/", "/srv/image");
	assert_shown_as("/opt", VIEW_READ_ONLY);
	assert_false(find("/opt")->is_of_host);
}

static void what_is_hidden_in_an_own_root_need_not_be_on_the_host(void **state)
{
	(void)state;
	root = "/srv/image";
	want("//no/./such/directory/", DIRECTORY_HIDDEN);
	plan(host_mounts, "/");
	assert_shown_as("/no/such/directory", VIEW_HIDDEN);
	assert_false(find("/no/such/directory")->is_of_host);
}

static void what_cannot_be_hidden_in_an_own_root_is_named_with_the_reason(void **state)
{
	char name[NAME_MAX + 3] = "/", path[2 * PATH_MAX] = "";

	(void)state;
	root = "/srv/image";
	memset(name + 1, 'x', NAME_MAX + 1);
	for (size_t length = 0; length < PATH_MAX; length += 2)
		memcpy(path + length, "/a", sizeof("/a"));
	assert_refused("relative", DIRECTORY_HIDDEN, "is not absolute");
	assert_refused("/a/../b", DIRECTORY_HIDDEN, "has '..' in it");
	assert_refused("/a/..", DIRECTORY_HIDDEN, "has '..' in it");
	assert_refused("//.", DIRECTORY_HIDDEN, "is all that --root-dir shows");
	assert_refused("/dev/shm", DIRECTORY_HIDDEN, "is made fresh");
	assert_refused("", DIRECTORY_HIDDEN, "is empty");
	want(name, DIRECTORY_HIDDEN);
	wanted[0] = wanted[1];
	assert_int_equal(view_rules_resolve(&rules, wanted, 1, "/", root, &why), -ENAMETOOLONG);
	wanted[0].path = path;
	assert_int_equal(view_rules_resolve(&rules, wanted, 1, "/", root, &why), -ENAMETOOLONG);
}

static void an_own_root_on_the_kernels_files_is_refused(void **state)
{
	(void)state;
	root = "/srv/image/jail/devices";
	assert_int_equal(mountinfo_parse(host_mounts, &mounts, &why), 0);
	assert_int_equal(view_rules_resolve(&rules, wanted, 0, "/", root, &why), 0);
	assert_int_equal(view_plan(&view, &mounts, look, &rules, &why), -EINVAL);
	assert_non_null(strstr(why.what, "--root-dir: /srv/image/jail/devices is on sysfs"));
}

static void a_part_of_an_own_root_is_where_that_is(void **state)
{
	(void)state;
	root = "/srv/image";
	want("/usr", DIRECTORY_OVERLAY);
	plan(host_mounts, "/");
	assert_int_equal(view_split(&view, "/var/lib", true, &why), 0);
	assert_source("/var/lib", "/srv/image/var/lib");
	assert_false(find("/var/lib")->is_of_host);
	assert_int_equal(view_split(&view, "/opt/x", true, &why), 0);
	assert_source("/opt/x", "/srv/image/opt/x");
	assert_int_equal(view_split(&view, "/usr/bin", true, &why), 0);
	assert_source("/usr/bin", "/usr/bin");
	assert_true(find("/usr/bin")->is_of_host);
}

static void an_automounter_is_no_root(void **state)
{
	(void)state;
	root = "/net";
	assert_int_equal(mountinfo_parse("1 0 0:1 / / rw - ext4 none rw\n"
					 "2 1 0:2 / /net rw - autofs none rw\n",
				 &mounts, &why),
		0);
	assert_int_equal(view_rules_resolve(&rules, wanted, 0, "/", root, &why), 0);
	assert_int_equal(view_plan(&view, &mounts, look, &rules, &why), -EINVAL);
	assert_non_null(strstr(why.what, "--root-dir: /net is on autofs"));
}

static void shared_memory_of_older_systems_is_the_hosts_alone_to_leave_out(void **state)
{
	(void)state;
	root = "/srv/image";
	want("/run", DIRECTORY_FULL_ACCESS);
	plan("1 0 0:1 / / rw - ext4 none rw\n2 1 0:2 / /run/shm rw - tmpfs none rw\n", "/");
	assert_true(find("/run")->is_of_host);
	assert_not_planned("/run/shm");
}

static void what_is_closed_below_an_own_root_is_masked(void **state)
{
	(void)state;
	root = "/srv/image";
	plan("1 0 0:1 / / rw - ext4 none rw\n2000 1 0:2 / /srv/image/gone rw - nfs4 none rw\n",
		"/");
	assert_shown_as("/gone", VIEW_MASKED);
	assert_int_equal(count_withheld(), 1);
}

static void a_path_is_moved_from_one_directory_to_another(void **state)
{
	static const char *const moves[][4] = {
		{ "/a/b", "/a", "/c/d", "/c/d/b" },
		{ "/a/b", "/a", "/", "/b" },
		{ "/a", "/a", "/", "/" },
		{ "/", "/", "/c", "/c" },
		{ "/a", "/", "/c", "/c/a" },
		{ "/a", "/", "/", "/a" },
		{ "/", "/", "/", "/" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		cleanup_free char *moved = path_move(moves[i][0], moves[i][1], moves[i][2]);

		assert_string_equal(moved, moves[i][3]);
	}
}

static void the_hosts_root_can_be_given_as_ones_own(void **state)
{
	(void)state;
	root = "/";
	plan(host_mounts, "/");
	assert_source("/home", "/home");
	assert_source("/srv/image/opt", "/srv/image/opt");
	assert_int_equal(count_withheld(), 2);
}

static void a_path_is_inside_itself_and_what_is_above_it(void **state)
{
	(void)state;
	assert_true(path_is_inside("/a", "/a"));
	assert_true(path_is_inside("/a/b", "/a"));
	assert_true(path_is_inside("/a/b/c", "/a"));
	assert_true(path_is_inside("/a", "/"));
	assert_true(path_is_inside("/", "/"));
}

static void a_path_is_not_inside_its_children_or_its_namesakes(void **state)
{
	(void)state;
	assert_false(path_is_inside("/a", "/a/b"));
	assert_false(path_is_inside("/ab", "/a"));
	assert_false(path_is_inside("/a-b/c", "/a"));
	assert_false(path_is_inside("/b/a", "/a"));
	assert_false(path_is_inside("/", "/a"));
}

#define claim(name) cmocka_unit_test_teardown(name, forget_view)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(the_root_is_overlaid_even_without_a_list),
		claim(every_mount_of_files_is_overlaid),
		claim(tmp_and_run_are_hidden_mounted_or_not),
		claim(mounts_below_a_hidden_directory_are_hidden_with_it),
		claim(a_name_that_begins_like_a_hidden_directory_is_not_hidden),
		claim(proc_sys_and_dev_are_left_to_be_made_fresh),
		claim(shared_memory_of_older_systems_is_left_to_be_made_fresh),
		claim(file_systems_of_the_kernel_are_masked_and_counted),
		claim(what_lies_below_a_masked_mount_is_not_planned),
		claim(of_an_automounter_only_what_it_has_mounted_is_shown),
		claim(what_cannot_be_looked_at_is_masked_with_all_below_it),
		claim(a_mount_is_told_from_a_directory_with_a_rule),
		claim(a_mount_under_another_one_is_left_out),
		claim(the_current_directory_is_shown_even_below_tmp),
		claim(tmp_itself_stays_hidden_for_who_stands_in_it),
		claim(a_current_directory_that_is_visible_anyway_needs_no_entry),
		claim(only_in_a_layer_of_the_commands_own_may_a_directory_be_made),
		claim(a_directory_comes_before_what_lies_below_it),
		claim(every_path_belongs_to_the_longest_entry_that_contains_it),
		claim(a_part_of_an_entry_is_like_it_and_in_its_place),
		claim(ten_thousand_mounts_are_planned),
		claim(the_rule_with_the_longest_path_holds),
		claim(a_rule_that_changes_nothing_needs_no_entry),
		claim(a_directory_shown_below_a_hidden_one_needs_its_way_made),
		claim(hidden_in_hidden_is_one_hidden_directory),
		claim(a_mount_below_a_rule_has_its_mode),
		claim(a_default_gives_way_to_a_rule),
		claim(what_the_user_hides_is_hidden_even_where_the_command_starts),
		claim(a_directory_that_cannot_have_a_mode_is_named_with_the_reason),
		claim(two_names_of_one_directory_cannot_have_two_modes),
		claim(of_the_hosts_mounts_an_own_root_has_those_below_it),
		claim(a_rule_shows_the_hosts_directory_in_an_own_root_with_its_mounts),
		claim(what_an_own_root_has_where_a_rule_shows_the_host_is_not_planned),
		claim(a_rule_for_the_root_is_about_the_own_one),
		claim(what_is_hidden_in_an_own_root_need_not_be_on_the_host),
		claim(what_cannot_be_hidden_in_an_own_root_is_named_with_the_reason),
		claim(an_own_root_on_the_kernels_files_is_refused),
		claim(a_part_of_an_own_root_is_where_that_is),
		claim(an_automounter_is_no_root),
		claim(shared_memory_of_older_systems_is_the_hosts_alone_to_leave_out),
		claim(what_is_closed_below_an_own_root_is_masked),
		claim(the_hosts_root_can_be_given_as_ones_own),
		claim(a_path_is_inside_itself_and_what_is_above_it),
		claim(a_path_is_not_inside_its_children_or_its_namesakes),
		claim(a_path_is_moved_from_one_directory_to_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
