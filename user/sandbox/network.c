// SPDX-License-Identifier: Apache-2.0
// The network of the container: its own, with only the loopback interface.
#include "network.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "base/cleanup.h"

static int start_loopback(struct failure *why)
{
	cleanup_fd int any_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (any_socket < 0)
		return failure_set(why, errno, "open a socket to bring up lo");
	if (ioctl(any_socket, SIOCSIFFLAGS, &request))
		return failure_set(why, errno, "bring up lo");
	return 0;
}

int network_make(struct failure *why)
{
	if (unshare(CLONE_NEWNET))
		return failure_set(why, errno, "make a network namespace");
	return start_loopback(why);
}
