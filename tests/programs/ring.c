// SPDX-License-Identifier: Apache-2.0
// Asks io_uring for what it is told, one request after the other, and checks each answer.
// ring plain|sqpoll|workers OP COUNT [OP COUNT ...], OP one of nop, read, write, socket. A read is
// of 1000 zero bytes, a write of 1000 to a file in memory, a socket is of Unix.
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BLOCK = 1000 };

static char block[BLOCK];

struct ring {
	int fd;
	int has_thread; /* of the kernel's, which takes the requests */
	struct io_uring_sqe *entry;
	const struct io_uring_cqe *answers;
	unsigned *sq_tail, *sq_flags, *cq_head, *cq_tail, cq_mask;
};

static void check(int is_good)
{
	if (!is_good)
		_exit(1);
}

static char *map(int fd, size_t size, off_t offset)
{
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);

	check(at != MAP_FAILED);
	return at;
}

/* Of one entry, so its index is always 0. The thread stays awake for as long as any test lasts. */
static struct ring make_ring(int has_thread)
{
	struct io_uring_params params = { .flags = has_thread ? IORING_SETUP_SQPOLL : 0,
		.sq_thread_idle = 60000 };
	struct ring ring = { .fd = syscall(SYS_io_uring_setup, 1, &params),
		.has_thread = has_thread };
	char *sq, *cq;

	check(ring.fd >= 0);
	sq = map(ring.fd, params.sq_off.array + sizeof(unsigned), IORING_OFF_SQ_RING);
	cq = map(ring.fd, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe),
		IORING_OFF_CQ_RING);
	ring.entry = (void *)map(ring.fd, sizeof(*ring.entry), IORING_OFF_SQES);
	ring.answers = (void *)(cq + params.cq_off.cqes);
	ring.sq_tail = (void *)(sq + params.sq_off.tail);
	ring.sq_flags = (void *)(sq + params.sq_off.flags);
	ring.cq_head = (void *)(cq + params.cq_off.head);
	ring.cq_tail = (void *)(cq + params.cq_off.tail);
	ring.cq_mask = params.cq_entries - 1;
	return ring;
}

static void submit(const struct ring *ring)
{
	check(syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1);
}

/* The kernel's thread may fall asleep before its first request. */
static void keep_awake(const struct ring *ring)
{
	if (__atomic_load_n(ring->sq_flags, __ATOMIC_SEQ_CST) & IORING_SQ_NEED_WAKEUP)
		check(syscall(SYS_io_uring_enter, ring->fd, 0, 0, IORING_ENTER_SQ_WAKEUP, NULL,
			      0) >= 0);
}

static int ask(struct ring *ring, const struct io_uring_sqe *request)
{
	unsigned head = *ring->cq_head;
	int result;

	*ring->entry = *request;
	__atomic_store_n(ring->sq_tail, *ring->sq_tail + 1, __ATOMIC_SEQ_CST);
	if (!ring->has_thread)
		submit(ring);
	while (__atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE) == head)
		keep_awake(ring);
	result = ring->answers[head & ring->cq_mask].res;
	__atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

static struct io_uring_sqe request_of(const char *op, int zeros, int memory)
{
	if (!strcmp(op, "read"))
		return (struct io_uring_sqe){ .opcode = IORING_OP_READ,
			.fd = zeros,
			.addr = (uintptr_t)block,
			.len = BLOCK };
	if (!strcmp(op, "write"))
		return (struct io_uring_sqe){ .opcode = IORING_OP_WRITE,
			.fd = memory,
			.addr = (uintptr_t)block,
			.len = BLOCK };
	if (!strcmp(op, "socket"))
		return (struct io_uring_sqe){
			.opcode = IORING_OP_SOCKET, .fd = AF_UNIX, .off = SOCK_STREAM
		};
	check(!strcmp(op, "nop"));
	return (struct io_uring_sqe){ .opcode = IORING_OP_NOP };
}

int main(int argc, char **argv)
{
	int zeros = open("/dev/zero", O_RDONLY), memory = memfd_create("written", 0);
	struct ring ring;

	check(argc > 1 && zeros >= 0 && memory >= 0);
	ring = make_ring(!strcmp(argv[1], "sqpoll"));
	for (int i = 2; i + 1 < argc; i += 2) {
		struct io_uring_sqe request = request_of(argv[i], zeros, memory);
		int is_transfer = request.len == BLOCK;

		if (!strcmp(argv[1], "workers"))
			request.flags |= IOSQE_ASYNC;
		for (long left = atol(argv[i + 1]); left > 0; left--) {
			int result = ask(&ring, &request);

			check(is_transfer ? result == BLOCK : result >= 0);
		}
	}
	return 0;
}
