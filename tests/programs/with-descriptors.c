// SPDX-License-Identifier: Apache-2.0
// with-descriptors DIRECTORY COMMAND...: executes the command with descriptors 3 to 20 open on the
// directory, as a careless caller leaves them.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: with-descriptors DIRECTORY COMMAND...\n");
		return 125;
	}
	for (int number = 3; number <= 20; number++) {
		int fd = open(argv[1], O_RDONLY | O_DIRECTORY);

		if (fd < 0)
			return 125;
		if (fd == number)
			continue;
		dup2(fd, number);
		close(fd);
	}
	execvp(argv[2], argv + 2);
	return 127;
}
