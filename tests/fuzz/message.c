// SPDX-License-Identifier: Apache-2.0
// Fuzzes what the container's PID 1 says to tare, with any number of descriptors, by any length.
#include "sandbox/message.h"

#include <sys/socket.h>
#include "fuzz.h"

#define DESCRIPTORS 3

static void send_raw(int socket, const void *bytes, size_t size, unsigned int descriptors)
{
	union {
		char bytes[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
		struct cmsghdr aligned;
	} space = { { 0 } };
	struct iovec body = { (void *)bytes, size };
	struct msghdr header = { .msg_iov = &body, .msg_iovlen = 1 };
	struct cmsghdr *control;

	if (descriptors) {
		header.msg_control = space.bytes;
		header.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
		control = CMSG_FIRSTHDR(&header);
		control->cmsg_level = SOL_SOCKET;
		control->cmsg_type = SCM_RIGHTS;
		control->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
		for (unsigned int i = 0; i < descriptors; i++)
			memcpy(CMSG_DATA(control) + i * sizeof(int), &socket, sizeof(int));
	}
	claim(sendmsg(socket, &header, MSG_NOSIGNAL) == (ssize_t)size);
}

/* Which descriptor would be the next. */
static int next_descriptor(void)
{
	int fd = dup(STDERR_FILENO);

	claim(fd >= 0 && !close(fd));
	return fd;
}

static void receive(int socket, bool takes_descriptor, unsigned int sent)
{
	struct failure why = { .errnum = 0 };
	int before = next_descriptor(), passed = -1, error;
	struct message message;

	error = message_receive(socket, &message, takes_descriptor ? &passed : NULL, &why);
	claim_told(error, &why);
	if (!error) {
		claim(message.kind >= MESSAGE_CGROUP && message.kind < MESSAGE_KINDS);
		claim(memchr(message.failure.what, '\0', sizeof(message.failure.what)));
		claim(memchr(message.failure.hint, '\0', sizeof(message.failure.hint)));
		claim(!takes_descriptor || (passed >= 0) == (sent > 0));
	}
	claim(!error || passed < 0);
	if (passed >= 0)
		close(passed);
	claim(next_descriptor() == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	unsigned int shape = fuzz_take_byte(&input), descriptors = shape % (DESCRIPTORS + 1);
	struct message whole = { .kind = 0 };
	struct failure why;
	int ends[2];

	/* Most inputs are shorter than a message: half of them are made as long as one. */
	memcpy(&whole, input.bytes, input.size < sizeof(whole) ? input.size : sizeof(whole));
	claim(!message_open(ends, &why));
	if (shape & 16)
		send_raw(ends[0], &whole, sizeof(whole), descriptors);
	else
		send_raw(ends[0], input.bytes, input.size, descriptors);
	receive(ends[1], shape & 32, descriptors);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
