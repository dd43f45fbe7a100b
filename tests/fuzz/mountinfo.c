// SPDX-License-Identifier: Apache-2.0
// Fuzzes /proc/self/mountinfo, /proc/self/cgroup, and what is planned by them for a directory.
// words: user/command/check_cgroup_layout.c user/sandbox/view.c user/sandbox/mountinfo.c
#include "sandbox/mountinfo.h"

#include "command/check_probe.h"
#include "fuzz.h"
#include "sandbox/view.h"

static enum view_sight look(const struct mountinfo *mount)
{
	return mount->id % 3;
}

/* A directory comes before what lies below it, and none is there twice. */
static void claim_order(const struct view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		for (size_t j = 0; j < i; j++)
			claim(!path_is_inside(view->entries[j].path, view->entries[i].path));
	}
}

/* As for the directory that a command starts in. */
static void split(struct view *view, const char *path)
{
	const struct view_entry *whole = view_entry_of(view, path);
	struct failure why = { .errnum = 0 };

	if (!whole || whole->mode != VIEW_OVERLAY || !strcmp(whole->path, path))
		return;
	claim_told(view_split(view, path, true, &why), &why);
	claim_order(view);
}

/* As the kernel and the rules have it. */
static bool is_plain(const char *path)
{
	return path[0] == '/' && !strstr(path, "//") && !strstr(path, "/.") &&
	       path[strlen(path) - 1] != '/';
}

static void plan(const struct mountinfo_list *mounts, char *path)
{
	struct view_rule rules[] = { { .path = (char *)"/", .mode = VIEW_OVERLAY },
		{ .path = path, .mode = VIEW_READ_ONLY },
		{ .path = (char *)"/tmp", .mode = VIEW_HIDDEN } };
	const struct view_rules all = { .rules = rules, .count = 3 };
	struct failure why = { .errnum = 0 };
	struct view view;
	int error = view_plan(&view, mounts, look, &all, &why);

	claim_told(error, &why);
	if (error)
		return;
	claim_order(&view);
	split(&view, "/start/here");
	view_done(&view);
}

static void find_layout(const char *mounts, const char *memberships)
{
	static struct cgroup_layout layout;

	cgroup_layout_parse(&layout, mounts, memberships);
	claim(strlen(layout.unified.mount_point) < PATH_MAX);
	claim(layout.kind != CGROUP_V2 || layout.unified.mount_point[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	cleanup_free char *text = fuzz_take_text(&input), *memberships = fuzz_take_text(&input);
	cleanup_free char *path = fuzz_take_text(&input);
	struct failure why = { .errnum = 0 };
	struct mountinfo_list mounts;
	int error = mountinfo_parse(text, &mounts, &why);

	claim_told(error, &why);
	find_layout(text, memberships);
	if (error)
		return 0;
	for (size_t i = 0; i < mounts.count; i++)
		claim(mounts.mounts[i].path[0] == '/');
	if (is_plain(path) && strcmp(path, "/tmp") < 0)
		plan(&mounts, path);
	mountinfo_done(&mounts);
	return 0;
}
