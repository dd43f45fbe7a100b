// SPDX-License-Identifier: Apache-2.0
// Leaves things in a directory, by pairs of words: "socket PATH", "device PATH" (0:0, the only one
// that anybody can make), or "mapped PATH", a file written only through memory, by a process that
// then waits to be killed.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

enum { MAPPED_BYTES = 1 << 20 };

static int leave_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	return bind(fd, (struct sockaddr *)&address, sizeof(address));
}

static int leave_device(const char *path)
{
	return mknod(path, S_IFCHR | 0600, makedev(0, 0));
}

/* The end of the pipe tells that the other process has written; it holds the file in memory alone.
 */
static int leave_mapped(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT, 0644);
	char *memory, end;
	int ends[2];

	if (fd < 0 || ftruncate(fd, MAPPED_BYTES) || pipe(ends))
		return -1;
	memory = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -1;
	if (fork() == 0) {
		memset(memory, 'f', 4);
		memset(memory + MAPPED_BYTES - 4, 'l', 4);
		close(fd);
		close(ends[0]);
		close(ends[1]);
		pause();
		_exit(0);
	}
	close(ends[1]);
	return (int)read(ends[0], &end, 1);
}

static const struct {
	const char *name;
	int (*leave)(const char *path);
} things[] = {
	{ "socket", leave_socket },
	{ "device", leave_device },
	{ "mapped", leave_mapped },
};

static int leave(const char *name, const char *path)
{
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
		if (!strcmp(things[i].name, name))
			return things[i].leave(path);
	}
	errno = EINVAL;
	return -1;
}

int main(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (leave(argv[i], argv[i + 1])) {
			perror(argv[i + 1]);
			return 1;
		}
	}
	return 0;
}
