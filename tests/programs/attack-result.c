// SPDX-License-Identifier: Apache-2.0
// attack-result NUMBER: takes the socket on which its parent, which is PID 1 of a container or its
// counterpart outside, tells how commands end, and tells there that this one ended with exit code
// 0. Then it exits with NUMBER. What could not be taken is told on standard error.
// build: -Iuser
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "sandbox/message.h"

/* More than that a launcher does not have open. */
enum { HIGHEST = 100 };

static int is_line_to_tare(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

static int take_line(void)
{
	int parent = (int)syscall(SYS_pidfd_open, getppid(), 0);

	for (int number = 0; parent >= 0 && number < HIGHEST; number++) {
		int taken = (int)syscall(SYS_pidfd_getfd, parent, number, 0);

		if (taken >= 0 && is_line_to_tare(taken))
			return taken;
		if (taken < 0 && errno != EBADF)
			break;
	}
	return -1;
}

int main(int argc, char **argv)
{
	const struct message ended = { .kind = MESSAGE_ENDED };
	int line = take_line();

	if (line < 0 || send(line, &ended, sizeof(ended), 0) < 0)
		fprintf(stderr, "%s\n", strerrorname_np(errno));
	return argc > 1 ? atoi(argv[1]) : 0;
}
