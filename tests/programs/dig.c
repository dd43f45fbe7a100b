// SPDX-License-Identifier: Apache-2.0
// Makes what is hard to remove in the directory named first: one below the other as many
// directories as the second word says, with a file beside each and the last one closed to everyone.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(int argc, char **argv)
{
	int levels = argc == 3 ? atoi(argv[2]) : 0;

	if (levels < 1) {
		fprintf(stderr, "usage: dig DIRECTORY LEVELS\n");
		return 2;
	}
	if (chdir(argv[1]))
		return fail(argv[1]);
	for (int level = 0; level < levels; level++) {
		int file = open("file", O_CREAT | O_WRONLY | O_CLOEXEC, 0000);

		if (file < 0 || close(file) || mkdir("below", 0700) || chdir("below"))
			return fail("dig");
	}
	return chmod(".", 0000) ? fail("chmod") : 0;
}
