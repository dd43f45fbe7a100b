// SPDX-License-Identifier: Apache-2.0
// Fuzzes where a run's cgroups are found: mountinfo, /proc/self/cgroup, wanted controllers.
// words: user/sandbox/cgroup_controller.c user/sandbox/cgroup_place.c
#include "sandbox/cgroup_place.h"

#include "fuzz.h"
#include "sandbox/scope.h"

static void place(const struct mountinfo_list *mounts, const char *memberships, unsigned int wanted)
{
	static const char run_id[] = "0123456789abcdef0123456789abcdef";
	static struct cgroup cgroup;
	struct failure why = { .errnum = 0 };
	int error;

	cgroup_clear(&cgroup);
	error = cgroup_place(&cgroup, run_id, mounts, memberships, wanted, &why);
	claim_told(error, &why);
	if (error)
		return;
	claim(strstr(cgroup.directories[CGROUP_UNIFIED].path, "/tare-"));
	for (int role = CGROUP_FIRST_CONTROLLER; role < CGROUP_LAUNCHER; role++)
		claim((cgroup.homes[role] == CGROUP_IN_VERSION_1) ==
			!!cgroup.directories[role].path[0]);
}

static void describe_scope(const char *memberships)
{
	struct scope_call call;

	for (int manager = 0; manager < 2; manager++) {
		scope_describe(&call, manager, memberships);
		claim(strlen(call.slice) < sizeof(call.slice));
		claim(!strchr(call.slice, '/') && !strchr(call.slice, '\n'));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	unsigned int wanted = fuzz_take_byte(&input) << 8 | fuzz_take_byte(&input);
	cleanup_free char *text = fuzz_take_text(&input), *memberships = fuzz_take_text(&input);
	struct failure why = { .errnum = 0 };
	struct mountinfo_list mounts;

	describe_scope(memberships);
	if (mountinfo_parse(text, &mounts, &why))
		return 0;
	place(&mounts, memberships, wanted & (CGROUP_BIT(CGROUP_LAUNCHER) - 2));
	mountinfo_done(&mounts);
	return 0;
}
