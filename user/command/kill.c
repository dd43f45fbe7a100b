// SPDX-License-Identifier: Apache-2.0
// `tare kill`: ends living runs, or signals their commands.
//
// It is the launcher that ends a run, so that it tells of it: the result says "killed". Only when
// that does nothing (it is stopped for good, or the caller ignores the signal) the tree is
// killed from here, which the launcher sees as any other end.
#include "kill.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "options_living.h"
#include "print_failure.h"
#include "sandbox/living.h"
#include "sandbox/order.h"

/* The kernel tells no event for a directory that is gone, so it is asked again. */
#define LOOK_EVERY_MS 10
/* In its own time a launcher ends a tree within milliseconds. */
#define LAUNCHERS_TURN_NS 2000000000ULL
/* From the end of its cgroup to that of the launcher: it writes the result, or goes on (self-test).
 */
#define LAST_WORDS_NS 2000000000ULL

static int order(
	const struct living_run *run, const struct living_options *options, struct failure *why)
{
	int error = options->signal_number ? order_send(run->launcher_pidfd, ORDER_SIGNAL_COMMAND,
						     options->signal_number, why)
					   : order_send(run->launcher_pidfd, ORDER_END, 0, why);

	/* One that is stopped would not hear it. */
	if (!error && !options->signal_number)
		(void)syscall(SYS_pidfd_send_signal, run->launcher_pidfd, SIGCONT, NULL, 0);
	/* It has ended by itself just now. */
	return error == -ESRCH && !options->signal_number ? 0 : error;
}

static void await_end(const struct living_run *run)
{
	struct pollfd launcher = { .fd = run->launcher_pidfd, .events = POLLIN };
	uint64_t begin_ns = clock_now_ns(), gone_ns = 0;
	bool was_killed = false;

	while (!poll(&launcher, 1, LOOK_EVERY_MS)) {
		uint64_t now_ns = clock_now_ns();

		if (!gone_ns && !cgroup_run_is_there(run->cgroup))
			gone_ns = now_ns;
		if (gone_ns && now_ns - gone_ns > LAST_WORDS_NS)
			return;
		if (!was_killed && !gone_ns && now_ns - begin_ns > LAUNCHERS_TURN_NS)
			was_killed = !cgroup_run_kill(run->cgroup, NULL);
	}
}

/* All of them are told before the first is waited for. */
static int end_chosen(const struct living_runs *list, const bool *is_chosen,
	const struct living_options *options, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < list->count && !error; i++)
		error = is_chosen[i] ? order(&list->runs[i], options, why) : 0;
	for (size_t i = 0; i < list->count && !error && !options->signal_number; i++) {
		if (is_chosen[i])
			await_end(&list->runs[i]);
	}
	return error;
}

/* Nothing is done to any when one of them is not there. */
static int choose(
	const struct living_runs *list, char *const *words, bool *is_chosen, struct failure *why)
{
	bool is_all = !strcmp(words[0], "all") && !words[1];
	int error = 0;

	for (size_t i = 0; is_all && i < list->count; i++)
		is_chosen[i] = true;
	for (; !is_all && *words && !error; words++) {
		const struct living_run *run;

		error = living_find(list, *words, &run, why);
		if (!error)
			is_chosen[run - list->runs] = true;
	}
	return error;
}

static int obey(const struct living_options *options, struct failure *why)
{
	cleanup_free bool *is_chosen = NULL;
	struct living_runs list = { 0 };
	int error = living_list(&list, why);

	if (!error) {
		is_chosen = calloc(list.count + 1, sizeof(*is_chosen));
		error = is_chosen ? choose(&list, options->runs, is_chosen, why)
				  : failure_set(why, ENOMEM, "list the runs");
	}
	if (!error && is_chosen)
		error = end_chosen(&list, is_chosen, options, why);
	living_done(&list);
	return error;
}

int kill_command(int argc, char **argv)
{
	struct living_options options;
	struct failure why;
	int error = living_parse(LIVING_KILL, argc, argv, &options, &why);

	if (!error && options.wants_help)
		living_print_help(LIVING_KILL);
	else if (!error)
		error = obey(&options, &why);
	return error ? print_failure(&why) : 0;
}
