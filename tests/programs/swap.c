// SPDX-License-Identifier: Apache-2.0
// swap ONE OTHER: exchanges two names again and again, until its standard input ends. Says a line
// after the first time, and how often it was at the end.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	unsigned long times = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: swap ONE OTHER\n");
		return 2;
	}
	while (poll(&input, 1, 0) == 0) {
		if (renameat2(AT_FDCWD, argv[1], AT_FDCWD, argv[2], RENAME_EXCHANGE)) {
			fprintf(stderr, "swap: %s\n", strerror(errno));
			return 1;
		}
		if (times++ == 0) {
			puts("swapping");
			fflush(stdout);
		}
	}
	printf("%lu times\n", times);
	return 0;
}
