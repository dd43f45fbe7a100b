// SPDX-License-Identifier: Apache-2.0
// Copies what the command wrote, and the patterns choose, out of the layers of its container.
//
// Theory of operation. Every layer of the view is walked; of what it holds, the patterns choose by
// the path that the command knew. Regular files are copied, everything else is only named: a link
// that is not followed leads nowhere. On this side every step is taken below the descriptor of the
// output directory, which was opened before the command existed, and a file takes its name when it
// is whole. When a limit is reached, or the output directory takes no more, the walk goes on to
// name what is not copied for that reason.
#include "result_files.h"

#include <errno.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "base/pattern.h"
#include "layer.h"

/* A file with several names: where its copy lies, and that it is that copy. */
struct linked_file {
	dev_t device; /* of the command's file */
	ino_t inode;
	char *path; /* owned; of the copy, below the output directory */
	struct stat copy;
};

struct transfer {
	const struct result_files_spec *spec;
	struct files_result *files;
	struct pattern *patterns; /* owned */
	const char *base;	  /* the paths of the copies begin below it; "" is the root */
	struct layer layer;	  /* being walked; its descriptor is borrowed */
	bool is_covered;	  /* the directory being walked lies under another one */
	int target_fd;		  /* where the copies of one directory go; -1: not opened yet */
	char *target;		  /* owned: that directory, inside */
	void *linked;		  /* tree of struct linked_file, owned */
	const char
		*stop_reason; /* why files are named only; static storage; NULL: they are copied */
};

static const char not_regular[] = "only regular files are copied";
static const char covered[] = "another directory of the container lay over it";
static const char no_directory[] = "the start directory is no directory any more";

/* --- Choosing --- */

/* Below the directory that a relative pattern begins in, NULL when it is not. */
static const char *path_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	if (strncmp(path, directory, length) != 0 || (path[length] && path[length] != '/'))
		return NULL;
	return path[length] ? path + length + 1 : path + length;
}

/* The root is "" here, so that what lies below it begins with a slash as everywhere. */
static const char *without_root(const char *path)
{
	return path[1] ? path : "";
}

static enum pattern_reach reach_of(
	const struct transfer *transfer, const struct pattern *pattern, const char *path)
{
	const char *begin =
		pattern->is_absolute ? "" : without_root(transfer->spec->start_directory);
	const char *below = path_below(path, begin);

	if (below)
		return pattern_reach(pattern, below);
	return path_below(begin, path) ? PATTERN_LEADS_FARTHER : PATTERN_MISSES;
}

/* The best that any of the patterns says. */
static enum pattern_reach choose(const struct transfer *transfer, const char *path)
{
	enum pattern_reach best = PATTERN_MISSES;

	for (size_t i = 0; i < transfer->spec->config->result_pattern_count; i++) {
		enum pattern_reach reach = reach_of(transfer, &transfer->patterns[i], path);

		if (reach > best)
			best = reach;
	}
	return best;
}

/*
 * What lies below a place of the view that has a layer of its own, or none, was not what the
 * command saw there; it gets there when a directory on the way to that place is renamed.
 */
static bool lies_under_another(const struct transfer *transfer, const char *directory)
{
	const struct view *view = transfer->spec->view;

	for (size_t i = 0; i < view->count; i++) {
		const char *place = view->entries[i].path;

		if (path_is_inside(place, transfer->layer.path) &&
			strcmp(place, transfer->layer.path) != 0 &&
			path_is_inside(directory, place))
			return true;
	}
	return false;
}

/* --- What is not copied --- */

static int no_memory(struct failure *why)
{
	return failure_set(why, ENOMEM, "list the result files");
}

static int interrupted(struct failure *why)
{
	return failure_set(why, EINTR, "copy all result files: a signal ended it");
}

/* What begins with the output directory in its place; the directory itself is ".". */
static const char *path_outside(const struct transfer *transfer, const char *path)
{
	const char *below = path_below(path, transfer->base);

	/* A directory that only leads to the base has no place of its own. */
	return below && *below ? below : ".";
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symlink";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	default:
		return "device";
	}
}

static int name_only(struct transfer *transfer, const char *path, mode_t mode, const char *reason,
	struct failure *why)
{
	int error = files_result_add_uncopied(
		transfer->files, path_outside(transfer, path), kind_of(mode), reason);

	return error ? no_memory(why) : 0;
}

/* The first failure is the one to tell. */
static void note_failure(struct transfer *transfer, int errnum, const char *path)
{
	struct files_result *files = transfer->files;

	if (files->has_failed)
		return;
	files->has_failed = true;
	(void)failure_set(&files->error, errnum, "copy the result file '%s' to '%s'", path,
		files->output_directory);
}

/* Another file would not fare better. */
static bool is_final(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT || errnum == EROFS || errnum == EIO;
}

/* A file that should have been copied. Only a signal ends the walk. */
static int note_uncopied(
	struct transfer *transfer, const char *path, mode_t mode, int errnum, struct failure *why)
{
	const char *reason = strerrordesc_np(errnum);

	if (errnum == EINTR)
		return interrupted(why);
	if (errnum == ENOMEM)
		return no_memory(why);
	note_failure(transfer, errnum, path_outside(transfer, path));
	if (is_final(errnum))
		transfer->stop_reason = reason;
	return name_only(transfer, path, mode, reason, why);
}

static int miss(void *argument, const char *directory, int errnum, struct failure *why)
{
	return note_uncopied(argument, directory, S_IFDIR, errnum, why);
}

/* --- Copying --- */

/* The directory of the copies stays open for the next file, which mostly lies beside this one. */
static int open_target(struct transfer *transfer, const char *directory)
{
	if (transfer->target_fd >= 0 && !strcmp(transfer->target, directory))
		return 0;
	close_fd(&transfer->target_fd);
	free(transfer->target);
	transfer->target = strdup(directory);
	if (!transfer->target)
		return -ENOMEM;
	transfer->target_fd = output_directory_enter(
		transfer->spec->output, path_below(directory, transfer->base));
	return transfer->target_fd < 0 ? transfer->target_fd : 0;
}

static int compare_linked(const void *a, const void *b)
{
	const struct linked_file *first = a, *second = b;

	if (first->device != second->device)
		return first->device < second->device ? -1 : 1;
	if (first->inode != second->inode)
		return first->inode < second->inode ? -1 : 1;
	return 0;
}

static const struct linked_file *find_linked(
	const struct transfer *transfer, const struct stat *status)
{
	const struct linked_file wanted = { .device = status->st_dev, .inode = status->st_ino };
	void *const *found = tfind(&wanted, &transfer->linked, compare_linked);

	return found ? *found : NULL;
}

static void free_linked(void *linked)
{
	free(((struct linked_file *)linked)->path);
	free(linked);
}

static int remember_linked(struct transfer *transfer, const struct stat *status, const char *path,
	const struct stat *copy)
{
	struct linked_file *linked;

	/* One that could not be linked to: the next one may be tried at the first again. */
	if (find_linked(transfer, status))
		return 0;
	linked = malloc(sizeof(*linked));
	if (!linked)
		return -ENOMEM;
	*linked = (struct linked_file){ .device = status->st_dev,
		.inode = status->st_ino,
		.path = strdup(path),
		.copy = *copy };
	if (linked->path && tsearch(linked, &transfer->linked, compare_linked))
		return 0;
	free_linked(linked);
	return -ENOMEM;
}

/* As one name more of a file that is copied already. It is none, or links are not to be had: false.
 */
static bool copy_as_link(struct transfer *transfer, const struct layer_file *file, const char *path)
{
	const struct linked_file *linked = find_linked(transfer, &file->status);

	if (!linked || open_target(transfer, file->directory))
		return false;
	return !file_copy_link(transfer->spec->output->fd, linked->path, &linked->copy,
		       transfer->target_fd, file->name) &&
	       !files_result_add_copied(
		       transfer->files, path, (uint64_t)file->status.st_size, linked->path);
}

static int copy_whole(struct transfer *transfer, const struct layer_file *file, const char *path)
{
	cleanup_fd int source = layer_open_file(file);
	struct stat copy;
	int error;

	if (source < 0)
		return source;
	if (layer_is_whiteout(&transfer->layer, source))
		return 0;
	error = open_target(transfer, file->directory);
	if (error)
		return error;
	error = file_copy(source, transfer->target_fd, file->name, transfer->spec->stop, &copy);
	if (!error && file->status.st_nlink > 1)
		error = remember_linked(transfer, &file->status, path, &copy);
	return error ? error
		     : files_result_add_copied(transfer->files, path, (uint64_t)copy.st_size, NULL);
}

/* --- One of what was chosen --- */

static bool is_full(const struct transfer *transfer)
{
	uint64_t limit = transfer->spec->config->limits.files_count;

	return limit && transfer->files->copied_count >= limit;
}

static bool is_too_large(const struct transfer *transfer, const struct stat *status)
{
	uint64_t limit = transfer->spec->config->limits.files_bytes;

	return limit && (uint64_t)status->st_size > limit - transfer->files->size_bytes;
}

static int stop_at_limit(struct transfer *transfer, const char *limit, const char *path,
	mode_t mode, struct failure *why)
{
	transfer->files->limit_reached = transfer->stop_reason = limit;
	return name_only(transfer, path, mode, limit, why);
}

/* One name more costs no room. */
static int take_regular(struct transfer *transfer, const struct layer_file *file, const char *path,
	struct failure *why)
{
	mode_t mode = file->status.st_mode;
	int error;

	if (is_full(transfer))
		return stop_at_limit(transfer, "files-count", path, mode, why);
	if (file->status.st_nlink > 1 && copy_as_link(transfer, file, path_outside(transfer, path)))
		return 0;
	if (is_too_large(transfer, &file->status))
		return stop_at_limit(transfer, "files-size", path, mode, why);
	error = copy_whole(transfer, file, path_outside(transfer, path));
	return error ? note_uncopied(transfer, path, mode, -error, why) : 0;
}

/* Why a file is not even tried; NULL: it is. */
static const char *why_not(
	const struct transfer *transfer, const struct layer_file *file, const char *path)
{
	if (!S_ISREG(file->status.st_mode))
		return not_regular;
	if (!*path_below(path, transfer->base))
		return no_directory;
	return transfer->is_covered ? covered : transfer->stop_reason;
}

static int visit(void *argument, const struct layer_file *file, struct failure *why)
{
	struct transfer *transfer = argument;
	cleanup_free char *path = NULL;
	const char *reason;

	if (file_copy_is_stopped(transfer->spec->stop))
		return interrupted(why);
	if (asprintf(&path, "%s/%s", file->directory, file->name) < 0) {
		path = NULL;
		return no_memory(why);
	}
	if (choose(transfer, path) != PATTERN_MATCHES)
		return 0;
	reason = why_not(transfer, file, path);
	if (reason)
		return name_only(transfer, path, file->status.st_mode, reason, why);
	return take_regular(transfer, file, path, why);
}

static int enter(void *argument, const char *directory, bool *is_wanted, struct failure *why)
{
	struct transfer *transfer = argument;

	if (file_copy_is_stopped(transfer->spec->stop))
		return interrupted(why);
	transfer->is_covered = lies_under_another(transfer, directory);
	*is_wanted = choose(transfer, directory) != PATTERN_MISSES;
	return 0;
}

/* --- The whole --- */

static int copy_layer(struct transfer *transfer, size_t entry, struct failure *why)
{
	const struct result_files_spec *spec = transfer->spec;
	const struct layer_visitor visitor = {
		.enter = enter, .visit = visit, .miss = miss, .argument = transfer, .lets_in = true
	};
	struct layer layer;
	int error = layer_open(spec->scratch_fd, spec->view, entry, &layer, why);

	if (error || layer.fd < 0)
		return error;
	transfer->layer = layer;
	error = layer_walk(&layer, &visitor, why);
	close_fd(&layer.fd);
	return error;
}

static int read_patterns(struct transfer *transfer, struct failure *why)
{
	const struct run_config *config = transfer->spec->config;
	int error = 0;

	transfer->patterns = calloc(config->result_pattern_count, sizeof(*transfer->patterns));
	if (!transfer->patterns)
		return no_memory(why);
	transfer->base = without_root(transfer->spec->start_directory);
	for (size_t i = 0; i < config->result_pattern_count && !error; i++) {
		error = pattern_parse(config->result_patterns[i], &transfer->patterns[i], why);
		if (transfer->patterns[i].is_absolute)
			transfer->base = "";
	}
	return error;
}

static int copy_layers(struct transfer *transfer, struct failure *why)
{
	int error = read_patterns(transfer, why);

	if (error)
		return error;
	error = output_directory_make(transfer->spec->output);
	if (error)
		return failure_set(why, -error, "make the output directory '%s'",
			transfer->files->output_directory);
	for (size_t i = 0; i < transfer->spec->view->count && !error; i++)
		error = copy_layer(transfer, i, why);
	return error;
}

static void transfer_done(struct transfer *transfer)
{
	for (size_t i = 0; transfer->patterns && i < transfer->spec->config->result_pattern_count;
		i++)
		pattern_done(&transfer->patterns[i]);
	free(transfer->patterns);
	free(transfer->target);
	close_fd(&transfer->target_fd);
	tdestroy(transfer->linked, free_linked);
}

void result_files_copy(const struct result_files_spec *spec, struct files_result *files)
{
	struct transfer transfer = { .spec = spec, .files = files, .target_fd = -1 };
	void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
	struct failure why;

	*files = (struct files_result){ .output_directory = spec->output->path };
	if (copy_layers(&transfer, &why)) {
		files->has_failed = true;
		files->error = why;
	}
	transfer_done(&transfer);
	signal(SIGXFSZ, before);
}
