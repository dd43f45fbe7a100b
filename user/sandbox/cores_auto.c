// SPDX-License-Identifier: Apache-2.0
// Free physical cores, taken under a lock, so that no two runs have one in common; and named ones,
// noted, so that they are not taken for free.
#include "cores_auto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "topology.h"

/* Held while choosing: two that each want the last two cores would else end with one each. */
#define CHOOSING NUMBER_SET_SIZE

/* For each processor so many bytes, of which runs that name it hold one each: as many as pids. */
#define NAMED_BYTES (1LL << 22)

struct core {
	int processor; /* the first that may be used */
	int socket;    /* the first processor of its socket */
	struct number_set threads;
	bool is_free; /* and locked here */
};

struct core_list {
	struct core *cores; /* owned */
	size_t count;
};

/* --- Which there are --- */

static int add_core(struct core_list *list, int tree_fd, int processor, struct failure *why)
{
	struct core *core = &list->cores[list->count];
	struct number_set socket;
	int error = topology_of(tree_fd, TOPOLOGY_CORE, processor, &core->threads, why);

	if (!error)
		error = topology_of(tree_fd, TOPOLOGY_SOCKET, processor, &socket, why);
	if (error)
		return error;
	core->processor = processor;
	core->socket = number_set_next(&socket, 0);
	list->count++;
	return 0;
}

static int list_cores(
	struct core_list *list, int tree_fd, const struct number_set *allowed, struct failure *why)
{
	struct number_set seen = { { 0 } };
	int error = 0;

	*list = (struct core_list){ .cores = calloc(
					    number_set_count(allowed) + 1, sizeof(struct core)) };
	if (!list->cores)
		return failure_set(why, ENOMEM, "list the physical cores");
	number_set_for_each (processor, allowed) {
		if (number_set_has(&seen, processor))
			continue;
		error = add_core(list, tree_fd, processor, why);
		if (error)
			break;
		number_set_add_all(&seen, &list->cores[list->count - 1].threads);
	}
	return error;
}

/* --- Locks --- */

static int lock(int lock_fd, int command, short type, off_t byte)
{
	struct flock region = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };

	while (fcntl(lock_fd, command, &region)) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static off_t first_named_byte(int processor)
{
	return (processor + 1) * NAMED_BYTES;
}

static bool is_named(int lock_fd, int processor)
{
	struct flock region = { .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = first_named_byte(processor),
		.l_len = NAMED_BYTES };

	return !fcntl(lock_fd, F_OFD_GETLK, &region) && region.l_type != F_UNLCK;
}

static void unlock_core(int lock_fd, struct core *core)
{
	number_set_for_each (thread, &core->threads)
		(void)lock(lock_fd, F_OFD_SETLK, F_UNLCK, thread);
	core->is_free = false;
}

static int try_core(int lock_fd, struct core *core, struct failure *why)
{
	int error = 0;

	number_set_for_each (thread, &core->threads) {
		error = is_named(lock_fd, thread) ? -EAGAIN
						  : lock(lock_fd, F_OFD_SETLK, F_WRLCK, thread);
		if (error)
			break;
	}
	core->is_free = !error;
	if (error)
		unlock_core(lock_fd, core);
	if (error == -EAGAIN || error == -EACCES)
		return 0;
	return error ? failure_set(why, -error, "lock the core of processor %d", core->processor)
		     : 0;
}

static int open_lock(const char *lock_path, struct failure *why)
{
	int fd = open(lock_path, O_WRONLY | O_CLOEXEC);
	int error = errno;

	if (fd >= 0)
		return fd;
	failure_set(why, error, "--cores auto: open '%s', whose locks tell which cores are taken",
		lock_path);
	if (error == EROFS)
		return failure_hint(why, "sudo mount -o remount,rw /sys");
	return failure_hint(why, "name the cores: --cores LIST");
}

/* --- Choosing --- */

#define ANY_SOCKET (-1)

static size_t count_free(const struct core_list *list, int socket)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += list->cores[i].is_free &&
			 (socket == ANY_SOCKET || list->cores[i].socket == socket);
	return count;
}

/* The socket with the fewest free cores of those that have enough: larger gaps stay whole. */
static int choose_socket(const struct core_list *list, size_t wanted)
{
	int best = ANY_SOCKET;
	size_t best_count = SIZE_MAX;

	for (size_t i = 0; i < list->count; i++) {
		size_t count = count_free(list, list->cores[i].socket);

		if (count < wanted || count >= best_count)
			continue;
		best = list->cores[i].socket;
		best_count = count;
	}
	return best;
}

static void keep_some(struct core_list *list, int lock_fd, size_t wanted, struct number_set *taken)
{
	int socket = choose_socket(list, wanted);

	for (size_t i = 0; i < list->count; i++) {
		struct core *core = &list->cores[i];

		if (!core->is_free)
			continue;
		if (wanted && (socket == ANY_SOCKET || core->socket == socket)) {
			number_set_add(taken, core->processor);
			wanted--;
		} else {
			unlock_core(lock_fd, core);
		}
	}
}

static int tell_shortage(const struct core_list *list, unsigned int wanted, struct failure *why)
{
	size_t count = count_free(list, ANY_SOCKET);

	failure_set(why, 0, "--cores: auto:%u: of %s %zu %s free", wanted,
		text_format_counted(list->count, "physical core", "physical cores").text, count,
		count == 1 ? "is" : "are");
	if (list->count < wanted)
		return failure_hint(why, "ask for fewer: --cores auto:%zu", list->count);
	if (!count)
		return failure_hint(why, "wait for another run to end");
	return failure_hint(
		why, "wait for another run to end, or ask for fewer: --cores auto:%zu", count);
}

static int take(struct core_list *list, int lock_fd, unsigned int wanted, struct number_set *taken,
	struct failure *why)
{
	int error = lock(lock_fd, F_OFD_SETLKW, F_WRLCK, CHOOSING);

	if (error)
		return failure_set(why, -error, "lock the list of taken cores");
	for (size_t i = 0; i < list->count && !error; i++)
		error = try_core(lock_fd, &list->cores[i], why);
	if (!error && count_free(list, ANY_SOCKET) < wanted)
		error = tell_shortage(list, wanted, why);
	if (error)
		return error;
	keep_some(list, lock_fd, wanted, taken);
	(void)lock(lock_fd, F_OFD_SETLK, F_UNLCK, CHOOSING);
	return 0;
}

int cores_take_free(int tree_fd, const char *lock_path, const struct number_set *allowed,
	unsigned int count, struct number_set *taken, struct failure *why)
{
	cleanup_fd int lock_fd = open_lock(lock_path, why);
	struct core_list list;
	int error;

	if (lock_fd < 0)
		return lock_fd;
	*taken = (struct number_set){ { 0 } };
	error = list_cores(&list, tree_fd, allowed, why);
	if (!error)
		error = take(&list, lock_fd, count, taken, why);
	free(list.cores);
	return error ? error : take_fd(&lock_fd);
}

/* --- Those that were named --- */

/* One byte of the processor's that is nobody else's: the same pid may be in two namespaces. */
static int note_processor(int lock_fd, int processor)
{
	off_t own = getpid() % NAMED_BYTES;
	int error = -EAGAIN;

	for (int tries = 0; tries < 64 && (error == -EAGAIN || error == -EACCES); tries++)
		error = lock(lock_fd, F_OFD_SETLK, F_WRLCK,
			first_named_byte(processor) + (own + tries) % NAMED_BYTES);
	return error;
}

int cores_note_named(
	const char *lock_path, const struct number_set *processors, struct failure *why)
{
	cleanup_fd int lock_fd = open_lock(lock_path, why);
	int error = lock_fd < 0 ? lock_fd : lock(lock_fd, F_OFD_SETLKW, F_WRLCK, CHOOSING);

	if (lock_fd < 0)
		return lock_fd;
	number_set_for_each (processor, processors)
		error = error ? error : note_processor(lock_fd, processor);
	if (error)
		return failure_set(why, -error, "note which cores were named");
	(void)lock(lock_fd, F_OFD_SETLK, F_UNLCK, CHOOSING);
	return take_fd(&lock_fd);
}
