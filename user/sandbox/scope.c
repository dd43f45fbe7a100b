// SPDX-License-Identifier: Apache-2.0
// A systemd scope of tare's own, with all controllers delegated.
#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "process.h"

/* systemd answers when the move is queued, and does it within milliseconds. */
#define CALL_TIMEOUT_MS 5000
#define MOVE_TIMEOUT_MS 2000

/* --- The call --- */

static bool is_slice(const char *name, size_t length)
{
	static const char suffix[] = ".slice";
	size_t suffix_length = strlen(suffix);

	return length > suffix_length &&
	       !strncmp(name + length - suffix_length, suffix, suffix_length);
}

/*
 * The last of the slices at the beginning of the path in cgroup2: those after a unit of another
 * kind are a user's own manager's, which this one does not know.
 */
static void find_slice(const char *memberships, char *slice, size_t size)
{
	const char *name = strstr(memberships, "0::/");

	*slice = '\0';
	if (!name)
		return;
	name += strlen("0::/");
	for (;;) {
		size_t length = strcspn(name, "/\n");

		if (!is_slice(name, length) || length >= size)
			return;
		snprintf(slice, size, "%.*s", (int)length, name);
		if (name[length] != '/')
			return;
		name += length + 1;
	}
}

static void choose_name(char *name, size_t size)
{
	uint64_t random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		random = getpid();
	snprintf(name, size, "tare-%016llx.scope", (unsigned long long)random);
}

static const char **append(const char **end, const char *const *words)
{
	while (*words)
		*end++ = *words++;
	return end;
}

void scope_describe(struct scope_call *call, enum scope_manager manager, const char *memberships)
{
	const char *bus = manager == SCOPE_OF_USER ? "--user" : "--system";
	const char *const begin[] = { "busctl", bus, "--quiet", "call", "org.freedesktop.systemd1",
		"/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
		"StartTransientUnit", "ssa(sv)a(sa(sv))", call->name, "fail", NULL };
	const char *const properties[] = { "Description", "s", "tare run", "Delegate", "b", "true",
		"PIDs", "au", "1", call->pid, NULL };
	const char *const slice[] = { "Slice", "s", call->slice, NULL };
	const char *const no_units[] = { "0", NULL };
	const char **end = call->arguments;

	choose_name(call->name, sizeof(call->name));
	call->slice[0] = '\0';
	if (manager == SCOPE_OF_SYSTEM)
		find_slice(memberships, call->slice, sizeof(call->slice));
	snprintf(call->pid, sizeof(call->pid), "%d", getpid());
	end = append(end, begin);
	*end++ = call->slice[0] ? "4" : "3";
	end = append(end, properties);
	if (call->slice[0])
		end = append(end, slice);
	end = append(end, no_units);
	*end = NULL;
}

/* --- Doing it --- */

static int run_client(const char *client, const struct scope_call *call, char *const *environment,
	struct failure *why)
{
	cleanup_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct process_fd streams[] = { { null, 0 }, { null, 1 }, { null, 2 } };
	struct process_spec spec = { .cgroup_fd = -1,
		.path = client,
		.argv = (char *const *)call->arguments,
		.envp = environment,
		.fds = streams,
		.fd_count = 3,
		.die_with_parent = true };
	struct process_death death = { 0 };
	struct process *process;
	int error = process_spawn(&spec, &process, why);

	if (error)
		return error;
	error = process_wait(process, CALL_TIMEOUT_MS, &death, why);
	process_close(process);
	if (!error && (death.is_signaled || death.code))
		return failure_set(why, EIO, "ask systemd for a scope of tare's own");
	return error;
}

/* The kernel tells no event for a move, so this asks again. */
static int await_move(const char *memberships_path, const char *name, struct failure *why)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int waited_ms = 0; waited_ms < MOVE_TIMEOUT_MS; waited_ms++) {
		cleanup_free char *memberships = NULL;
		int error = file_read(AT_FDCWD, memberships_path, &memberships, NULL, why);

		if (error)
			return error;
		if (strstr(memberships, name))
			return 0;
		nanosleep(&pause, NULL);
	}
	return failure_set(why, ETIME, "be moved into the scope %s by systemd", name);
}

static int enter(enum scope_manager manager, const char *client, const char *memberships_path,
	char *const *environment, struct failure *why)
{
	cleanup_free char *memberships = NULL;
	struct scope_call call;
	int error = file_read(AT_FDCWD, memberships_path, &memberships, NULL, why);

	if (error)
		return error;
	scope_describe(&call, manager, memberships);
	error = run_client(client, &call, environment, why);
	return error ? error : await_move(memberships_path, call.name, why);
}

int scope_enter(const char *client, const char *memberships_path, struct failure *why)
{
	return enter(SCOPE_OF_SYSTEM, client, memberships_path, NULL, why);
}

int scope_enter_of_user(const char *client, const char *memberships_path,
	const char *runtime_directory, struct failure *why)
{
	char runtime[PATH_MAX];
	char *const environment[] = { runtime, NULL };

	snprintf(runtime, sizeof(runtime), "XDG_RUNTIME_DIR=%s", runtime_directory);
	return enter(SCOPE_OF_USER, client, memberships_path, environment, why);
}
