// SPDX-License-Identifier: Apache-2.0
// Removes a directory and all that is in it, whatever someone hostile has put there.
//
// Theory of operation. A tree can be deeper than any stack, any path and any table of descriptors.
// So it is made flat: a directory that is not empty is moved into one queue, under a number, and
// emptied when its turn comes. Each directory is moved at most once and read once.
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "cleanup.h"

struct queue {
	int fd;
	char name[16]; /* of its directory, which is in the tree itself */
	uint64_t first, end;
};

/* "18446744073709551615" */
struct number {
	char text[24];
};

static struct number number_of(uint64_t position)
{
	struct number number;

	snprintf(number.text, sizeof(number.text), "%" PRIu64, position);
	return number;
}

static int try_directory(int parent_fd, const char *name)
{
	int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 ? fd : -errno;
}

/*
 * Whoever is not root may be kept out of a directory of one's own. No mode behind a link is
 * changed: what is open is what was found.
 */
static int let_in(int parent_fd, const char *name)
{
	cleanup_fd int fd = openat(parent_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd < 0 || chmod(path, 0700) ? -errno : 0;
}

/* One that can be read may still keep its names. */
static int open_directory(int parent_fd, const char *name)
{
	int fd = try_directory(parent_fd, name);

	if (fd == -EACCES && !let_in(parent_fd, name))
		return try_directory(parent_fd, name);
	if (fd >= 0 && geteuid() != 0)
		(void)fchmod(fd, 0700);
	return fd;
}

static int append(struct queue *queue, int directory_fd, const char *name)
{
	struct number number = number_of(queue->end);
	int error = renameat(directory_fd, name, queue->fd, number.text) ? -errno : 0;

	/* A directory that is moved to another is written to: it notes where it lies. */
	if (error == -EACCES && !let_in(directory_fd, name))
		error = renameat(directory_fd, name, queue->fd, number.text) ? -errno : 0;
	if (!error)
		queue->end++;
	return error;
}

/* The kernel says EISDIR of a directory, POSIX EPERM. */
static int remove_entry(struct queue *queue, int directory_fd, const char *name)
{
	if (unlinkat(directory_fd, name, 0) == 0)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (unlinkat(directory_fd, name, AT_REMOVEDIR) == 0)
		return 0;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return append(queue, directory_fd, name);
	return errno == ENOTDIR ? -EPERM : -errno;
}

static bool is_kept(const struct queue *queue, const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, queue->name);
}

/* Takes the descriptor over. */
static int empty(struct queue *queue, int directory_fd)
{
	cleanup_directory DIR *directory = fdopendir(directory_fd);
	struct dirent *entry;
	int error = 0;

	if (!directory) {
		error = -errno;
		close(directory_fd);
		return error;
	}
	while (!error) {
		errno = 0;
		entry = readdir(directory);
		if (!entry)
			return -errno;
		if (!is_kept(queue, entry->d_name))
			error = remove_entry(queue, directory_fd, entry->d_name);
	}
	return error;
}

static int remove_first(struct queue *queue)
{
	struct number name = number_of(queue->first);
	int directory_fd = open_directory(queue->fd, name.text);
	int error = directory_fd < 0 ? directory_fd : empty(queue, directory_fd);

	if (!error && unlinkat(queue->fd, name.text, AT_REMOVEDIR))
		error = -errno;
	queue->first++;
	return error;
}

/* Under a name that nothing in the tree has. */
static int open_queue(struct queue *queue, int tree_fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/removed-XXXXXX", tree_fd);
	if (!mkdtemp(path))
		return -errno;
	snprintf(queue->name, sizeof(queue->name), "%.15s", strrchr(path, '/') + 1);
	queue->fd = open_directory(tree_fd, queue->name);
	return queue->fd < 0 ? queue->fd : 0;
}

static int empty_tree(int tree_fd)
{
	struct queue queue = { .fd = -1 };
	int copy = dup(tree_fd);
	int error = open_queue(&queue, tree_fd);

	if (!error)
		error = copy < 0 ? -EMFILE : empty(&queue, take_fd(&copy));
	while (!error && queue.first < queue.end)
		error = remove_first(&queue);
	if (!error && unlinkat(tree_fd, queue.name, AT_REMOVEDIR))
		error = -errno;
	close_fd(&queue.fd);
	close_fd(&copy);
	return error;
}

int tree_remove(int parent_fd, const char *name, struct failure *why)
{
	cleanup_fd int tree_fd = open_directory(parent_fd, name);
	int error = tree_fd < 0 ? tree_fd : empty_tree(tree_fd);

	if (tree_fd == -ENOENT)
		return 0;
	if (!error && unlinkat(parent_fd, name, AT_REMOVEDIR))
		error = -errno;
	return error ? failure_set(why, -error, "remove the directory '%s'", name) : 0;
}
