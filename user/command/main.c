// SPDX-License-Identifier: Apache-2.0
// tare: runs a command in a fresh container and weighs it. This file finds the verb.
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "check.h"
#include "collector.h"
#include "exec.h"
#include "kill.h"
#include "print_failure.h"
#include "ps.h"
#include "run.h"
#include "runexec.h"

static int print_version(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("tare %s\n", TARE_VERSION);
	return 0;
}

static int print_help(int argc, char **argv);

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} verbs[] = {
	{ "run", run_command, "run a command in a fresh container and weigh it" },
	{ "runexec", runexec_command, "the same with BenchExec's options and output" },
	{ "ps", ps_command, "the runs that live" },
	{ "exec", exec_command, "run a command inside a living run's container" },
	{ "kill", kill_command, "end living runs" },
	{ "collector", collector_command, "the shared collector: start, stop, status, serve" },
	{ "check", check_command, "what this machine offers, and what is missing" },
	{ "--help", print_help, "show this text" },
	{ "--version", print_version, "show the version" },
};

static int print_help(int argc, char **argv)
{
	(void)argc, (void)argv;
	printf("Usage: tare VERB [ARG...]\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		printf("  tare %-12s %s\n", verbs[i].name, verbs[i].help);
	printf("\nOptions of a verb: tare run --help\n");
	return 0;
}

/*
 * A closed standard stream would be the number of the next file that is opened. What takes its
 * place is open the wrong way round: its use fails, as that of a closed one does.
 */
static void fill_standard_streams(void)
{
	static const int modes[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
		if (fcntl(stream, F_GETFD) < 0)
			(void)open("/dev/null", modes[stream]); /* the lowest number is free */
	}
}

static void print_unknown(const char *verb)
{
	cleanup_free char *shown = text_quote_short(verb);

	fprintf(stderr, "tare: %s: there is no such verb\n  hint: tare --help lists them\n",
		shown ? shown : "verb");
}

/*
 * tare trusts its caller's environment, paths and options, as only a caller of equal rights may be.
 * These three open no file that the caller could not; docs/users.md has what else they give away.
 */
static bool has_other_capabilities(void)
{
	uint32_t lendable = CAP_TO_MASK(CAP_NET_ADMIN);
	uint32_t lendable_high = CAP_TO_MASK(CAP_BPF) | CAP_TO_MASK(CAP_PERFMON);
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { 0 };

	return syscall(SYS_capget, &header, sets) || sets[0].permitted & ~lendable ||
	       sets[1].permitted & ~lendable_high;
}

static bool has_lent_rights(void)
{
	return getauxval(AT_SECURE) &&
	       (getuid() != geteuid() || getgid() != getegid() || has_other_capabilities());
}

static int refuse_lent_rights(void)
{
	fprintf(stderr, "tare: its file lends rights that the caller has not: a set-user-ID or "
			"set-group-ID bit, or capabilities\n"
			"  hint: take them away (chmod ug-s, setcap -r), and start it by sudo\n");
	return 125;
}

static int run_verb(int argc, char **argv)
{
	if (argc > 0 && !strcmp(basename(argv[0]), "runexec"))
		return runexec_command(argc, argv);
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	}
	if (argc > 1)
		print_unknown(argv[1]);
	else
		fprintf(stderr, "tare: no verb given\n  hint: tare run [OPTIONS] [--] COMMAND "
				"[ARG...]; tare --help lists all\n");
	return 125;
}

/* What stdio could not write is gone, and so is its errno: one more byte shows it. */
static int end_output(int status)
{
	struct failure why;

	if (ferror(stdout))
		putchar('\n');
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	failure_set(&why, errno, "write to standard output");
	print_failure(&why);
	return status ? status : 125;
}

int main(int argc, char **argv)
{
	fill_standard_streams();
	if (has_lent_rights())
		return refuse_lent_rights();
	return end_output(run_verb(argc, argv));
}
