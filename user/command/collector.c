// SPDX-License-Identifier: Apache-2.0
// `tare collector`: starts, stops and shows the shared collector, and serves its users.
#include "collector.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "collector_serve.h"
#include "meter/collector.h"
#include "print_failure.h"
#include "sandbox/broker_place.h"
#include "sandbox/topology.h"
#include "sandbox/topology_places.h"

#define DEFAULT_RUNS 1024
#define DEFAULT_RUNS_PER_USER 64
/* What has this many processes at once is a machine of another kind. */
#define MOST_RUNS 65536

enum {
	STATUS_DONE = 0,
	STATUS_NOT_RUNNING = 1,
	STATUS_UNUSABLE = 2,
	STATUS_FAILED = 125,
};

struct collector_options {
	size_t runs;
	size_t runs_per_user;
	bool is_forced;
};

/* --- start, stop --- */

static int start(const struct collector_options *options)
{
	cleanup_fd int tree = topology_open("/sys", NULL);
	struct place places[PLACES] = { 0 };
	bool are_known = tree >= 0 && topology_places(tree, places);
	struct collector_share_spec spec = { .runs = options->runs,
		.runs_per_user = options->runs_per_user,
		.places = are_known ? places : NULL };
	struct failure why, not_for_users;
	int error = collector_share(&spec, &not_for_users, &why);

	if (error == -EALREADY) {
		puts("the shared collector runs already");
		return STATUS_DONE;
	}
	if (error)
		return print_failure(&why);
	printf("the shared collector runs, for %zu runs at one time\n", options->runs);
	if (not_for_users.what[0]) {
		fputs("only root can use it: ", stderr);
		(void)print_failure(&not_for_users);
	}
	return STATUS_DONE;
}

static int stop(const struct collector_options *options)
{
	struct failure why;

	int error = collector_unshare(options->is_forced, &why);

	/* A collector that stays counts the packets of what is below the directory that there is.
	 */
	if (!error || why.errnum == ENOENT)
		(void)broker_remove_all(NULL);
	if (error) {
		(void)print_failure(&why);
		return why.errnum == ENOENT ? STATUS_NOT_RUNNING : STATUS_FAILED;
	}
	puts("the shared collector is stopped");
	return STATUS_DONE;
}

/* --- status --- */

static void print_since(const struct collector_status *status)
{
	time_t started = status->started_ns / 1000000000;
	char text[64] = "?";
	struct tm local;

	if (localtime_r(&started, &local))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &local);
	printf("  since    %s\n", text);
}

static void print_running(const struct collector_status *status)
{
	printf("the shared collector runs\n  version  %s, ABI %" PRIu64 "\n", status->version,
		status->abi);
	print_since(status);
	printf("  runs     %zu of %zu at one time\n", status->runs, status->slots);
	if (status->runs_per_user)
		printf("  users    %zu runs without rights, %zu at most of each user\n",
			status->runs_of_users, status->runs_per_user);
	else
		puts("  users    root alone may use it");
	printf("  memory   %s, %s a run\n", text_format_size(status->memory_bytes).text,
		text_format_size(status->memory_bytes / status->slots).text);
	printf("  missed   %" PRIu64 " events, by recursion\n", status->recursion_misses);
}

static int print_status(const struct collector_status *status)
{
	switch (status->state) {
	case COLLECTOR_RUNS:
		print_running(status);
		return STATUS_DONE;
	case COLLECTOR_NONE:
		puts("no shared collector runs");
		return STATUS_NOT_RUNNING;
	case COLLECTOR_CHANGES:
		puts("the shared collector is being started or stopped");
		return STATUS_UNUSABLE;
	case COLLECTOR_INCOMPLETE:
		puts("a start or a stop of the shared collector was cut short; nothing uses the "
		     "rest\n  hint: tare collector start, or stop");
		return STATUS_UNUSABLE;
	case COLLECTOR_OF_OTHER_VERSION:
		break;
	}
	printf("a shared collector of tare %s runs, whose programs are not this tare's (%s)\n"
	       "  hint: tare collector stop, then start\n",
		status->version, TARE_VERSION);
	return STATUS_UNUSABLE;
}

static int show(const struct collector_options *options)
{
	struct collector_status status;
	struct failure why;

	(void)options;
	return collector_look(&status, &why) ? print_failure(&why) : print_status(&status);
}

/* --- serve --- */

static int serve(const struct collector_options *options)
{
	struct failure why;

	(void)options;
	return collector_serve(&why) ? print_failure(&why) : STATUS_DONE;
}

/* --- The command line --- */

static const struct {
	const char *name;
	int (*obey)(const struct collector_options *options);
	bool takes_runs, takes_force; /* the first: both numbers of runs */
} orders[] = {
	{ "start", start, true, false },
	{ "stop", stop, false, true },
	{ "status", show, false, false },
	{ "serve", serve, false, false },
};

static int print_help(void)
{
	puts("Usage: tare collector start [--runs N] [--runs-per-user N]\n"
	     "       tare collector stop [--force]\n"
	     "       tare collector status\n"
	     "       tare collector serve\n"
	     "\n"
	     "The shared collector is loaded once, by root, and then weighs all runs: they start\n"
	     "sooner, and what a system call costs does not grow with their number. No process\n"
	     "belongs to it; it is pinned in /sys/fs/bpf/tare and lasts until it is stopped or\n"
	     "the machine is. tare run uses it where it runs (collector.mode in the document),\n"
	     "unless --private is given.\n"
	     "\n"
	     "  start      start it; one that runs goes on\n"
	     "  --runs N   for N runs at one time (1024); more of them bring their own\n"
	     "  --runs-per-user N\n"
	     "             of these, for N at most of each user without rights (64); 0: only "
	     "root's\n"
	     "  stop       stop it, unless runs use it\n"
	     "  --force    even then: their results become errors\n"
	     "  status     whether it runs, since when, for how many, in how much memory\n"
	     "  serve      give ordinary users cgroups of their own for their runs, until a "
	     "signal\n"
	     "             comes; as a service: systemctl enable --now tare-broker.socket\n"
	     "\n"
	     "Exit status: 0 done or running, 1 it does not run, 2 it cannot be used (half\n"
	     "started, or of another version), 125 failed.");
	return STATUS_DONE;
}

static int usage_error(const char *what, const char *argument)
{
	fprintf(stderr, "tare collector: %s '%s'\n  hint: tare collector --help\n", what, argument);
	return STATUS_FAILED;
}

static int read_runs(const char *option, const char *text, size_t least, size_t *runs)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value < least || value > MOST_RUNS) {
		fprintf(stderr, "tare collector: %s is from %zu to %d, not '%s'\n", option, least,
			MOST_RUNS, text);
		return STATUS_FAILED;
	}
	*runs = value;
	return 0;
}

static int obey(size_t order, int argc, char **argv)
{
	struct collector_options options = { .runs = DEFAULT_RUNS,
		.runs_per_user = DEFAULT_RUNS_PER_USER };

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return print_help();
		if (orders[order].takes_force && !strcmp(argv[i], "--force"))
			options.is_forced = true;
		else if (orders[order].takes_runs && !strcmp(argv[i], "--runs") && i + 1 < argc) {
			if (read_runs("--runs", argv[++i], 1, &options.runs))
				return STATUS_FAILED;
		} else if (orders[order].takes_runs && !strcmp(argv[i], "--runs-per-user") &&
			   i + 1 < argc) {
			if (read_runs("--runs-per-user", argv[++i], 0, &options.runs_per_user))
				return STATUS_FAILED;
		} else
			return usage_error("there is no argument", argv[i]);
	}
	return orders[order].obey(&options);
}

int collector_command(int argc, char **argv)
{
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return print_help();
	for (size_t i = 0; argc > 1 && i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (!strcmp(argv[1], orders[i].name))
			return obey(i, argc - 2, argv + 2);
	}
	return usage_error("say start, stop, status or serve, not", argc > 1 ? argv[1] : "");
}
