// SPDX-License-Identifier: Apache-2.0
// Mounts the directory named first over itself with its owners mapped: what belongs to N on disk
// belongs to N + 100 when it is looked at there. As systemd-homed mounts a home directory.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void write_map(pid_t pid, const char *name)
{
	static const char map[] = "0 100 1000000";
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, map, strlen(map)) != (ssize_t)strlen(map))
		fail(path);
	close(fd);
}

/* A child holds the user namespace until it is open here. */
static int open_namespace(void)
{
	int made[2], fd;
	char path[64], byte;
	pid_t pid;

	if (pipe2(made, O_CLOEXEC))
		fail("pipe");
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) || write(made[1], "x", 1) != 1)
			fail("unshare");
		for (;;)
			pause();
	}
	close(made[1]);
	if (pid < 0 || read(made[0], &byte, 1) != 1)
		fail("make a user namespace");
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

int main(int argc, char **argv)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP };
	int tree;

	if (argc != 2) {
		fprintf(stderr, "usage: map-owners DIRECTORY\n");
		return 2;
	}
	attributes.userns_fd = open_namespace();
	tree = open_tree(AT_FDCWD, argv[1], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) ||
		move_mount(tree, "", AT_FDCWD, argv[1], MOVE_MOUNT_F_EMPTY_PATH))
		fail(argv[1]);
	return 0;
}
