/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For programs of attempts: PROGRAM NAME [WORD...] makes the attempt of that name and prints
 * "done" or the errno's name. Tests make the same attempt inside and outside of a container.
 */
#ifndef TARE_ATTEMPT_H
#define TARE_ATTEMPT_H

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct attempt {
	const char *name;
	int (*make)(void); /* negative with errno set: it was refused */
};

/* What follows the attempt's name; each "" when there is none. */
static const char *word, *second_word;

static int attempt_main(int argc, char **argv, const struct attempt *attempts, size_t count)
{
	word = argc > 2 ? argv[2] : "";
	second_word = argc > 3 ? argv[3] : "";
	for (size_t i = 0; argc > 1 && i < count; i++) {
		if (strcmp(attempts[i].name, argv[1]) != 0)
			continue;
		puts(attempts[i].make() < 0 ? strerrorname_np(errno) : "done");
		return 0;
	}
	fprintf(stderr, "usage: attempt NAME [WORD]\n");
	return 2;
}

#define ATTEMPT_MAIN(attempts)                                                                     \
	int main(int argc, char **argv)                                                            \
	{                                                                                          \
		return attempt_main(                                                               \
			argc, argv, attempts, sizeof(attempts) / sizeof((attempts)[0]));           \
	}

#endif
