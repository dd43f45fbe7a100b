// SPDX-License-Identifier: Apache-2.0
// What another tare wants of a run's launcher, told by a signal.
#include "order.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"

/* A word of 16 bits that no other program queues with this signal, 4 for the kind, 12 for the rest.
 */
#define ORDER_MAGIC 0x7a5eU
#define ORDER_ARGUMENT_BITS 12
#define ORDER_KIND_BITS 4

struct order order_read(const struct signalfd_siginfo *info)
{
	uint32_t word = (uint32_t)info->ssi_int;
	uint32_t kind = word >> ORDER_ARGUMENT_BITS & ((1U << ORDER_KIND_BITS) - 1);

	if (info->ssi_signo != ORDER_SIGNAL || info->ssi_code != SI_QUEUE ||
		word >> (ORDER_ARGUMENT_BITS + ORDER_KIND_BITS) != ORDER_MAGIC ||
		kind > ORDER_ADMIT)
		return (struct order){ .kind = ORDER_NONE };
	return (struct order){ .kind = kind,
		.argument = (int)(word & ((1U << ORDER_ARGUMENT_BITS) - 1)),
		.sender = (pid_t)info->ssi_pid };
}

int order_send(int launcher_pidfd, enum order_kind kind, int argument, struct failure *why)
{
	uint32_t word = ORDER_MAGIC << (ORDER_ARGUMENT_BITS + ORDER_KIND_BITS) |
			(uint32_t)kind << ORDER_ARGUMENT_BITS | (uint32_t)argument;
	siginfo_t info = { 0 };

	if (argument >> ORDER_ARGUMENT_BITS)
		return failure_set(why, EMFILE, "tell the run's launcher what to do");
	info.si_signo = ORDER_SIGNAL;
	info.si_code = SI_QUEUE;
	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_int = (int)word;
	if (syscall(SYS_pidfd_send_signal, launcher_pidfd, ORDER_SIGNAL, &info, 0))
		return failure_set(why, errno, "tell the run's launcher what to do");
	return 0;
}

static int option_of(int socket, int option)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(socket, SOL_SOCKET, option, &value, &size) ? -1 : value;
}

static bool is_made_by(int socket, pid_t maker)
{
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	return option_of(socket, SO_DOMAIN) == AF_UNIX &&
	       option_of(socket, SO_TYPE) == SOCK_SEQPACKET &&
	       !getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) && peer.pid == maker;
}

int order_fetch_socket(const struct order *order, struct failure *why)
{
	cleanup_fd int sender = (int)syscall(SYS_pidfd_open, order->sender, 0);
	cleanup_fd int socket = -1;

	if (sender < 0)
		return failure_set(why, errno, "find the visitor");
	socket = (int)syscall(SYS_pidfd_getfd, sender, order->argument, 0);
	if (socket < 0)
		return failure_set(why, errno, "fetch the visitor's socket");
	if (!is_made_by(socket, order->sender))
		return failure_set(why, EPROTO, "understand the visitor");
	return take_fd(&socket);
}
