// SPDX-License-Identifier: Apache-2.0
// A layer of the container: what the command wrote in one place of its view.
//
// Theory of operation. Directories still to be read are kept as paths, not as descriptors or stack
// frames, of which a tree of the command's making could need more than there are. Each is opened
// anew from the layer's own descriptor, by names alone, on the layer's own file system: whatever
// the command put in the way of a name, the walk never leaves the layer.
#include "layer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include "base/cleanup.h"
#include "base/file.h"

struct layer_name layer_name(enum view_mode mode, size_t entry)
{
	struct layer_name name;

	snprintf(name.text, sizeof(name.text), "%s%zu", mode == VIEW_HIDDEN ? "hidden" : "upper",
		entry);
	return name;
}

int layer_open(int scratch_fd, const struct view *view, size_t entry, struct layer *layer,
	struct failure *why)
{
	enum view_mode mode = view->entries[entry].mode;
	int fd;

	*layer = (struct layer){
		.fd = -1, .path = view->entries[entry].path, .is_overlay = mode == VIEW_OVERLAY
	};
	if (mode != VIEW_OVERLAY && mode != VIEW_HIDDEN)
		return 0;
	fd = file_open_beneath(
		scratch_fd, layer_name(mode, entry).text, O_PATH | O_DIRECTORY, true);
	/* What could not be overlaid is shown read-only. */
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return failure_set(why, -fd, "open what was written in '%s'", layer->path);
	layer->fd = fd;
	return 0;
}

/* --- Lists of names --- */

struct names {
	char **names; /* owned */
	size_t count, room;
};

/* Takes the name over, which may be NULL for want of memory. */
static int names_add(struct names *names, char *name)
{
	if (name && names->count == names->room) {
		size_t room = names->room ? names->room * 2 : 64;
		char **larger = reallocarray(names->names, room, sizeof(*larger));

		if (!larger) {
			free(name);
			return -ENOMEM;
		}
		names->names = larger;
		names->room = room;
	}
	if (!name)
		return -ENOMEM;
	names->names[names->count++] = name;
	return 0;
}

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_itself_or_parent(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static int read_names(DIR *directory, struct names *names)
{
	const struct dirent *entry;
	int error = 0;

	for (errno = 0; !error && (entry = readdir(directory)); errno = 0) {
		if (!is_itself_or_parent(entry->d_name))
			error = names_add(names, strdup(entry->d_name));
	}
	if (!error)
		error = -errno;
	if (names->count)
		qsort(names->names, names->count, sizeof(*names->names), compare_names);
	return error;
}

/* --- The walk --- */

struct walk {
	const struct layer *layer;
	const struct layer_visitor *visitor;
	struct names pending; /* directories to be read, inside and absolute; the last is next */
};

static bool is_deleted(const struct layer *layer, const struct stat *status)
{
	return layer->is_overlay && S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

static int visit_name(struct walk *walk, const char *directory, int directory_fd, const char *name,
	struct failure *why)
{
	struct layer_file file = {
		.directory = directory, .name = name, .directory_fd = directory_fd
	};
	char *path;

	/* Whoever writes there may have removed it since its name was read. */
	if (fstatat(directory_fd, name, &file.status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT
			       ? 0
			       : failure_set(why, errno, "look at '%s/%s'", directory, name);
	if (is_deleted(walk->layer, &file.status))
		return 0;
	if (!S_ISDIR(file.status.st_mode))
		return walk->visitor->visit(walk->visitor->argument, &file, why);
	if (asprintf(&path, "%s/%s", directory, name) < 0)
		path = NULL;
	if (names_add(&walk->pending, path))
		return failure_set(why, ENOMEM, "list what the command wrote");
	return 0;
}

static int visit_names(struct walk *walk, const char *directory, int directory_fd,
	const struct names *names, struct failure *why)
{
	size_t known = walk->pending.count;
	int error = 0;

	for (size_t i = 0; i < names->count && !error; i++)
		error = visit_name(walk, directory, directory_fd, names->names[i], why);
	/* The first of them is to be read next, hence last in the list. */
	for (size_t low = known, high = walk->pending.count; low + 1 < high; low++) {
		char *name = walk->pending.names[low];

		walk->pending.names[low] = walk->pending.names[--high];
		walk->pending.names[high] = name;
	}
	return error;
}

/*
 * Whoever is not root is kept out of what the command, who is the same user, has closed. A mode is
 * changed through what was found, not by its name, which may come to mean another.
 */
static int let_in(int found_fd, mode_t mode)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", found_fd);
	return chmod(path, mode) ? -errno : 0;
}

static int open_closed(int directory_fd, const char *path, int flags, mode_t mode)
{
	cleanup_fd int found = file_open_beneath(
		directory_fd, path, O_PATH | (flags & (O_DIRECTORY | O_NOFOLLOW)), true);
	int error = found < 0 ? found : let_in(found, mode);

	return error ? error : file_open_beneath(directory_fd, path, flags, true);
}

/* What lies below the layer's own path is at the same names below its descriptor. */
static int open_directory(const struct walk *walk, const char *path, DIR **directory)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW;
	const struct layer *layer = walk->layer;
	const char *below = path + (layer->path[1] ? strlen(layer->path) : 0);
	const char *name = *below ? below + 1 : ".";
	cleanup_fd int fd = file_open_beneath(layer->fd, name, flags, true);

	if (fd == -EACCES && walk->visitor->lets_in)
		fd = open_closed(layer->fd, name, flags, 0700);
	*directory = fd < 0 ? NULL : fdopendir(fd);
	if (!*directory)
		return fd < 0 ? fd : -errno;
	(void)take_fd(&fd);
	return 0;
}

static int walk_directory(struct walk *walk, const char *path, struct failure *why)
{
	cleanup_directory DIR *directory = NULL;
	struct names names = { 0 };
	bool is_wanted = false;
	int error = walk->visitor->enter(walk->visitor->argument, path, &is_wanted, why);

	if (error || !is_wanted)
		return error;
	error = open_directory(walk, path, &directory);
	if (!error)
		error = read_names(directory, &names);
	if (error)
		error = walk->visitor->miss(walk->visitor->argument, path, -error, why);
	else
		error = visit_names(walk, path, dirfd(directory), &names, why);
	names_done(&names);
	return error;
}

int layer_walk(const struct layer *layer, const struct layer_visitor *visitor, struct failure *why)
{
	struct walk walk = { .layer = layer, .visitor = visitor };
	/* The root's path ends in a slash, which is the one before the names in it. */
	int error = names_add(&walk.pending, strdup(layer->path[1] ? layer->path : ""));

	if (error)
		(void)failure_set(why, ENOMEM, "list what the command wrote");
	while (!error && walk.pending.count) {
		cleanup_free char *directory = walk.pending.names[--walk.pending.count];

		error = walk_directory(&walk, directory, why);
	}
	names_done(&walk.pending);
	return error;
}

/* --- Files --- */

int layer_open_file(const struct layer_file *file)
{
	static const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	mode_t mode = file->status.st_mode & 07777;
	cleanup_fd int fd = file_open_beneath(file->directory_fd, file->name, flags, true);
	struct stat status;

	if (fd == -EACCES) {
		fd = open_closed(file->directory_fd, file->name, flags, mode | S_IRUSR);
		if (fd >= 0)
			(void)fchmod(fd, mode); /* for the copy */
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &status))
		return -errno;
	return S_ISREG(status.st_mode) && status.st_ino == file->status.st_ino ? take_fd(&fd)
									       : -ESTALE;
}

bool layer_is_whiteout(const struct layer *layer, int file_fd)
{
	struct stat status;

	return layer->is_overlay && fstat(file_fd, &status) == 0 && !status.st_size &&
	       fgetxattr(file_fd, "trusted.overlay.whiteout", NULL, 0) >= 0;
}
