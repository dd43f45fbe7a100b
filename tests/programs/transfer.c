// SPDX-License-Identifier: Apache-2.0
// Moves blocks of 4096 bytes by one kind of system call: transfer HOW BLOCKS [PROCESSES [FILE]].
// As many processes at once do it, each one whole, and are killed then; without any it does it
// itself. It prints what the kernel counted of the calling process from the start of main until
// all but this line was written, in the order of /proc/PID/io.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BLOCK = 4096, COUNTERS = 7 };

static char block[BLOCK] __attribute__((aligned(BLOCK)));
static struct iovec vector[] = { { block, 1000 }, { block + 1000, BLOCK - 1000 } };
static const char *path;
static long blocks;

static void check(int is_good)
{
	if (!is_good)
		_exit(1);
}

/* Of this process. Returns what the look itself has read, which is not in it yet. */
static ssize_t look(long *counters)
{
	int fd = open("/proc/self/io", O_RDONLY);
	char text[512] = "";
	ssize_t size = read(fd, text, sizeof(text) - 1);

	check(size > 0);
	check(sscanf(text,
		      "rchar: %ld wchar: %ld syscr: %ld syscw: %ld read_bytes: %ld "
		      "write_bytes: %ld cancelled_write_bytes: %ld",
		      &counters[0], &counters[1], &counters[2], &counters[3], &counters[4],
		      &counters[5], &counters[6]) == COUNTERS);
	close(fd);
	return size;
}

/* A file in memory that holds nothing, or all blocks. */
static int memory(long size)
{
	int fd = memfd_create("blocks", 0);

	check(fd >= 0 && ftruncate(fd, size) == 0);
	return fd;
}

static void by_read(long left)
{
	int from = memory(left * BLOCK);

	for (; left > 0; left--)
		check(read(from, block, BLOCK) == BLOCK);
}

static void by_vector(long left)
{
	int from = memory(left * BLOCK), to = memory(0);

	for (; left > 0; left--)
		check(readv(from, vector, 2) == BLOCK && writev(to, vector, 2) == BLOCK);
}

static void by_place(long left)
{
	int from = memory(left * BLOCK), to = memory(0);

	for (; left > 0; left--)
		check(pread(from, block, BLOCK, 0) == BLOCK &&
			pwrite(to, block, BLOCK, 0) == BLOCK);
}

static void by_write(long left)
{
	for (int to = memory(0); left > 0; left--)
		check(write(to, block, BLOCK) == BLOCK);
}

static void by_pipe(long left)
{
	int ends[2];

	for (check(pipe(ends) == 0); left > 0; left--)
		check(write(ends[1], block, BLOCK) == BLOCK &&
			read(ends[0], block, BLOCK) == BLOCK);
}

static void by_sendfile(long left)
{
	int from = memory(left * BLOCK), to = memory(0);

	for (; left > 0; left--)
		check(sendfile(to, from, NULL, BLOCK) == BLOCK);
}

static void by_copy(long left)
{
	int from = memory(left * BLOCK), to = memory(0);

	for (; left > 0; left--)
		check(copy_file_range(from, NULL, to, NULL, BLOCK, 0) == BLOCK);
}

static void by_splice(long left)
{
	int from = memory(left * BLOCK), to = memory(0), ends[2];

	for (check(pipe(ends) == 0); left > 0; left--)
		check(splice(from, NULL, ends[1], NULL, BLOCK, 0) == BLOCK &&
			splice(ends[0], NULL, to, NULL, BLOCK, 0) == BLOCK);
}

static void by_send(long left)
{
	int ends[2];

	for (check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); left > 0; left--)
		check(send(ends[0], block, BLOCK, 0) == BLOCK &&
			recv(ends[1], block, BLOCK, 0) == BLOCK);
}

static void by_map(long left)
{
	char *at = mmap(
		NULL, left * BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED, memory(left * BLOCK), 0);

	for (check(at != MAP_FAILED); left > 0; left--)
		at[(left - 1) * BLOCK]++;
}

/* --- What is on a disk --- */

static int file(int flags)
{
	int fd = open(path, flags, 0600);

	check(fd >= 0);
	return fd;
}

static void read_file(long left, int flags)
{
	for (int from = file(O_RDONLY | flags); left > 0; left--)
		check(read(from, block, BLOCK) == BLOCK);
}

/* What comes in with others by reading ahead is thrown away first. */
static void read_cold(long left)
{
	int from = file(O_RDONLY);

	check(posix_fadvise(from, 0, 0, POSIX_FADV_DONTNEED) == 0);
	read_file(left, 0);
}

static void read_cached(long left)
{
	read_file(left, 0);
}

static void read_direct(long left)
{
	read_file(left, O_DIRECT);
}

static void touch_cold(long left)
{
	int from = file(O_RDONLY);
	volatile char *at = mmap(NULL, left * BLOCK, PROT_READ, MAP_SHARED, from, 0);

	check(at != MAP_FAILED && posix_fadvise(from, 0, 0, POSIX_FADV_DONTNEED) == 0);
	for (; left > 0; left--)
		(void)at[(left - 1) * BLOCK];
}

static int write_file(long left, int flags)
{
	int to = file(O_RDWR | O_CREAT | flags);

	for (; left > 0; left--)
		check(write(to, block, BLOCK) == BLOCK);
	return to;
}

static void write_dirty(long left)
{
	write_file(left, O_TRUNC);
}

static void write_synced(long left)
{
	check(fsync(write_file(left, O_TRUNC)) == 0);
}

static void write_direct(long left)
{
	write_file(left, O_DIRECT);
}

static void write_cancelled(long left)
{
	check(ftruncate(write_file(left, O_TRUNC), 0) == 0);
}

static const struct {
	const char *name;
	void (*move)(long left);
} kinds[] = {
	{ "read", by_read },
	{ "write", by_write },
	{ "vector", by_vector },
	{ "place", by_place },
	{ "pipe", by_pipe },
	{ "sendfile", by_sendfile },
	{ "copy", by_copy },
	{ "splice", by_splice },
	{ "send", by_send },
	{ "map", by_map },
	{ "read-cold", read_cold },
	{ "read-cached", read_cached },
	{ "read-direct", read_direct },
	{ "touch-cold", touch_cold },
	{ "write-dirty", write_dirty },
	{ "write-synced", write_synced },
	{ "write-direct", write_direct },
	{ "write-cancelled", write_cancelled },
};

static void move(const char *how)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].name, how) != 0)
			continue;
		kinds[i].move(blocks);
		return;
	}
	check(0);
}

static void move_by_others(const char *how, int processes)
{
	int status;

	for (int i = 0; i < processes; i++) {
		pid_t child = fork();

		check(child >= 0);
		if (child)
			continue;
		move(how);
		raise(SIGKILL);
	}
	while (wait(&status) > 0)
		check(WIFSIGNALED(status));
}

int main(int argc, char **argv)
{
	long before[COUNTERS], after[COUNTERS];
	ssize_t last_look;
	int processes = argc > 3 ? atoi(argv[3]) : 0;

	check(argc > 2);
	(void)look(before);
	blocks = atol(argv[2]);
	path = argc > 4 ? argv[4] : NULL;
	if (processes)
		move_by_others(argv[1], processes);
	else
		move(argv[1]);
	last_look = look(after);
	after[0] += last_look;
	after[2]++;
	for (int i = 0; i < COUNTERS; i++)
		printf("%ld%c", after[i] - before[i], i + 1 < COUNTERS ? ' ' : '\n');
	return 0;
}
