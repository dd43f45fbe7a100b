// SPDX-License-Identifier: Apache-2.0
// What tare and the container's PID 1 tell each other, and a visitor and what lets it in.
#include "message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include "base/cleanup.h"

union descriptor_space {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int message_open(int ends[2], struct failure *why)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return failure_set(why, errno, "make a pair of sockets");
	return 0;
}

/*
 * A peer that ends with words of ours unread makes the kernel say "reset" once, before its own
 * last words: those come next, or the plain news that it is gone.
 */
static bool is_interrupted(ssize_t size)
{
	return size < 0 && (errno == EINTR || errno == ECONNRESET);
}

static void attach_descriptor(struct msghdr *header, union descriptor_space *space, int fd)
{
	struct cmsghdr *control;

	header->msg_control = space->bytes;
	header->msg_controllen = sizeof(space->bytes);
	control = CMSG_FIRSTHDR(header);
	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(control), &fd, sizeof(int));
}

int message_send(int socket, const struct message *message, int passed_fd, struct failure *why)
{
	struct iovec body = { .iov_base = (void *)message, .iov_len = sizeof(*message) };
	struct msghdr header = { .msg_iov = &body, .msg_iovlen = 1 };
	union descriptor_space space = { 0 };
	ssize_t sent;

	if (passed_fd >= 0)
		attach_descriptor(&header, &space, passed_fd);
	do {
		sent = sendmsg(socket, &header, MSG_NOSIGNAL);
	} while (is_interrupted(sent));
	if (sent < 0)
		return failure_set(why, errno, "send a message to the other half of the launcher");
	return 0;
}

static int received_descriptor(struct msghdr *header)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(header);
	int fd = -1;

	if (control && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(control), sizeof(int));
	return fd;
}

static bool is_sound(const struct message *message, ssize_t size, const struct msghdr *header)
{
	return size == sizeof(*message) && !(header->msg_flags & MSG_TRUNC) &&
	       message->kind >= MESSAGE_CGROUP && message->kind < MESSAGE_KINDS;
}

int message_receive(int socket, struct message *message, int *passed_fd, struct failure *why)
{
	struct iovec body = { .iov_base = message, .iov_len = sizeof(*message) };
	union descriptor_space space = { 0 };
	struct msghdr header = { .msg_iov = &body,
		.msg_iovlen = 1,
		.msg_control = space.bytes,
		/* Not CMSG_SPACE, whose padding is room for a second descriptor. */
		.msg_controllen = CMSG_LEN(sizeof(int)) };
	cleanup_fd int fd = -1;
	ssize_t size;

	do {
		size = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
	} while (is_interrupted(size));
	if (size < 0)
		return failure_set(why, errno, "receive a message of the launcher");
	fd = received_descriptor(&header);
	if (size == 0)
		return failure_set(why, EPIPE, "hear from the other half of the launcher");
	/* The kernel drops, without a word, a descriptor for which there is no number. */
	if (fd < 0 && header.msg_flags & MSG_CTRUNC) {
		(void)failure_set(why, EMFILE, "receive a descriptor of the launcher's other half");
		return failure_hint(why, "let it open more files: ulimit -n 256");
	}
	if (!is_sound(message, size, &header))
		return failure_set(why, EPROTO, "understand a message of the launcher");
	message->failure.what[sizeof(message->failure.what) - 1] = '\0';
	message->failure.hint[sizeof(message->failure.hint) - 1] = '\0';
	if (passed_fd)
		*passed_fd = take_fd(&fd);
	return 0;
}
