// SPDX-License-Identifier: Apache-2.0
// Output of the command on its way through tare, so that a limit can act while it is written.
//
// Theory of operation. A step either reads from the pipe or writes what was read; poll says when,
// so that a slow reader behind tare stops the command, as it would without tare, but not tare. To
// a pipe no more is written at once than it takes whole, or the write could block after all.
//
// A spool's file has two halves. The first is written once; the second is a ring, written over
// and over at offsets, and turned into order at the end. So the tail needs no memory, and the file
// has at no time more than the limit.
#include "relay.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"

static const char marker[] = "\n\n\nWARNING: YOUR LOGFILE WAS TOO LONG, SOME LINES IN THE MIDDLE "
			     "WERE REMOVED.\n\n\n\n";

#define MARKER_SIZE (sizeof(marker) - 1)

int relay_fd(const struct relay *relay)
{
	return relay->pending_size ? relay->to : relay->from;
}

short relay_events(const struct relay *relay)
{
	return relay->pending_size ? POLLOUT : POLLIN;
}

/* --- A file with head and tail --- */

static int write_at(
	const struct relay *relay, const char *bytes, size_t size, uint64_t at, struct failure *why)
{
	while (size) {
		ssize_t done = pwrite(relay->to, bytes, size, relay->base + at);

		if (done < 0 && errno != EINTR)
			return failure_set(why, errno, "write the command's output");
		if (done > 0) {
			bytes += done;
			size -= done;
			at += done;
		}
	}
	return 0;
}

/* Where the ring begins. A limit that has no room for the marker keeps the head alone. */
static uint64_t head_size(const struct relay *relay)
{
	return relay->limit > 2 * MARKER_SIZE ? (relay->limit - MARKER_SIZE) / 2 : relay->limit;
}

/* Where the byte at `offset` of all lies, and how many from it on lie there in one piece. */
static uint64_t place_of(const struct relay *relay, uint64_t offset, uint64_t *piece)
{
	uint64_t head = head_size(relay), ring = relay->limit - head, in_ring;

	if (offset < head) {
		*piece = head - offset;
		return offset;
	}
	in_ring = ring ? (offset - head) % ring : 0;
	*piece = ring ? ring - in_ring : UINT64_MAX;
	return head + in_ring;
}

static int spool(struct relay *relay, const char *bytes, size_t size, struct failure *why)
{
	int error = 0;

	while (size && !error) {
		uint64_t piece, at = place_of(relay, *relay->written, &piece);
		size_t now = size < piece ? size : piece;

		/* Beyond a limit without a ring nothing is kept. */
		if (at < relay->limit)
			error = write_at(relay, bytes, now, at, why);
		*relay->written += now;
		bytes += now;
		size -= now;
	}
	relay->is_over = *relay->written > relay->limit;
	return error;
}

static void reverse(char *bytes, size_t size)
{
	for (size_t i = 0; i < size / 2; i++) {
		char byte = bytes[i];

		bytes[i] = bytes[size - 1 - i];
		bytes[size - 1 - i] = byte;
	}
}

/* The part from `start` on comes first, in place: three reversals need no second copy. */
static void turn(char *bytes, size_t size, size_t start)
{
	reverse(bytes, start);
	reverse(bytes + start, size - start);
	reverse(bytes, size);
}

/*
 * Puts the marker between head and tail, and cuts both at the ends of lines where they have any.
 * Returns how long the output is now.
 */
static size_t join(char *bytes, size_t head, size_t size)
{
	const char *head_end = memrchr(bytes, '\n', head);
	char *tail = bytes + head + MARKER_SIZE, *end = bytes + size;
	char *line = memchr(tail, '\n', end - tail);
	char *at = bytes + (head_end ? (size_t)(head_end + 1 - bytes) : head);

	if (line && line + 1 < end)
		tail = line + 1;
	memcpy(at, marker, MARKER_SIZE);
	memmove(at + MARKER_SIZE, tail, end - tail);
	return at + MARKER_SIZE + (end - tail) - bytes;
}

/* The header lies before the output, and a mapping begins with a page. */
static int set_in_order(struct relay *relay, struct failure *why)
{
	size_t head = head_size(relay), ring = relay->limit - head, size = relay->limit;
	size_t mapped = relay->base + relay->limit;
	char *file, *output;

	if (!relay->is_over || !ring)
		return 0;
	file = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, relay->to, 0);
	if (file == MAP_FAILED)
		return failure_set(why, errno, "put the end of the command's output in order");
	output = file + relay->base;
	turn(output + head, ring, (*relay->written - head) % ring);
	size = join(output, head, size);
	munmap(file, mapped);
	if (ftruncate(relay->to, relay->base + size))
		return failure_set(why, errno, "cut the command's output");
	return 0;
}

/* --- A stream that is passed on --- */

/* Of what was just read, what the limit leaves; the rest is not passed on. */
static void cut(struct relay *relay, size_t size)
{
	uint64_t before = *relay->written, left = before < relay->limit ? relay->limit - before : 0;

	*relay->written += size;
	relay->is_over |= size > left;
	relay->pending_start = 0;
	relay->pending_size = relay->is_deaf ? 0 : size < left ? size : left;
}

/* A reader that is gone is not tare's to judge: the command goes on, as far as the limit. */
static int pass_on(struct relay *relay, struct failure *why)
{
	size_t size = relay->pending_size < PIPE_BUF ? relay->pending_size : PIPE_BUF;
	ssize_t done = write(relay->to, relay->pending + relay->pending_start, size);

	if (done < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (done < 0 && errno == EPIPE) {
		relay->is_deaf = true;
		relay->pending_size = 0;
		return 0;
	}
	if (done < 0)
		return failure_set(why, errno, "pass on the command's output");
	relay->pending_start += done;
	relay->pending_size -= done;
	return 0;
}

/* --- Both --- */

static int take(struct relay *relay, struct failure *why)
{
	ssize_t size = read(relay->from, relay->pending, sizeof(relay->pending));

	if (size < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (size < 0)
		return failure_set(why, errno, "read the command's output");
	if (!size) {
		close_fd(&relay->from);
		return 0;
	}
	if (relay->is_spool)
		return spool(relay, relay->pending, size, why);
	cut(relay, size);
	return 0;
}

int relay_step(struct relay *relay, struct failure *why)
{
	return relay->pending_size ? pass_on(relay, why) : take(relay, why);
}

int relay_finish(struct relay *relay, struct failure *why)
{
	int error = 0;

	while (!error && (relay->from >= 0 || relay->pending_size))
		error = relay_step(relay, why);
	if (!error && relay->is_spool)
		error = set_in_order(relay, why);
	close_fd(&relay->from);
	close_fd(&relay->to);
	return error;
}
