// SPDX-License-Identifier: Apache-2.0
// swap A B: exchanges two names of one directory again and again until standard input ends, as one
// who waits for the moment between a look and a use does. Says a line when it has begun.
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct pollfd end = { .fd = STDIN_FILENO, .events = POLLIN };

	if (argc != 3) {
		fprintf(stderr, "usage: swap A B\n");
		return 2;
	}
	for (long count = 0; poll(&end, 1, 0) == 0; count++) {
		if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE))
			return 1;
		if (count == 0 && puts("swapping") >= 0)
			fflush(stdout);
	}
	return 0;
}
