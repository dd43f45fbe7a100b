// SPDX-License-Identifier: Apache-2.0
// tare: runs a command in a fresh container and weighs it. This file finds the verb.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "check.h"
#include "run.h"

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

/* A closed standard stream would be the number of the next file that is opened. */
static void fill_standard_streams(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	fill_standard_streams();
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(argv[1], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
	}
	if (argc > 1)
		fprintf(stderr, "tare: there is no verb '%s'\n", argv[1]);
	fprintf(stderr,
		"usage: tare run [OPTIONS] [--] COMMAND [ARG...]   (tare --help tells more)\n");
	return 125;
}
