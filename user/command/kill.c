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
static int end_all(const struct living_run **runs, size_t count,
	const struct living_options *options, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = order(runs[i], options, why);
	for (size_t i = 0; i < count && !error && !options->signal_number; i++)
		await_end(runs[i]);
	return error;
}

static size_t count_words(char *const *words)
{
	size_t count = 0;

	while (words[count])
		count++;
	return count;
}

static bool is_chosen(const struct living_run **chosen, size_t count, const struct living_run *run)
{
	for (size_t i = 0; i < count; i++) {
		if (chosen[i] == run)
			return true;
	}
	return false;
}

/* Nothing is done to any when one of them is not there. */
static int choose(const struct living_runs *list, char *const *words,
	const struct living_run **chosen, size_t *count, struct failure *why)
{
	bool is_all = !strcmp(words[0], "all") && !words[1];
	int error = 0;

	for (size_t i = 0; is_all && i < list->count; i++)
		chosen[(*count)++] = &list->runs[i];
	for (; !is_all && *words && !error; words++) {
		const struct living_run *run;

		error = living_find(list, *words, &run, why);
		if (!error && !is_chosen(chosen, *count, run))
			chosen[(*count)++] = run;
	}
	return error;
}

static int obey(const struct living_options *options, struct failure *why)
{
	cleanup_free const struct living_run **chosen = NULL;
	struct living_runs list = { 0 };
	size_t count = 0;
	int error = living_list(&list, why);

	if (!error) {
		chosen = calloc(list.count + count_words(options->runs), sizeof(*chosen));
		error = chosen ? choose(&list, options->runs, chosen, &count, why)
			       : failure_set(why, ENOMEM, "list the runs");
	}
	if (!error)
		error = end_all(chosen, count, options, why);
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
	return error ? living_print_failure(&why) : 0;
}
