// SPDX-License-Identifier: Apache-2.0
// Claims about output on its way through tare: what is cut, what is kept, in every proportion of
// what was written to the limit.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "command/relay.h"

#define MARKER "WARNING: YOUR LOGFILE WAS TOO LONG"

static struct failure why;
static uint64_t written;
static char text[4096], kept[4096];

static struct relay make_relay(int from, int to, uint64_t limit)
{
	written = 0;
	return (struct relay){ .from = from, .to = to, .limit = limit, .written = &written };
}

/* Lines of four bytes, each with its number: "017\n". */
static void write_lines(size_t size)
{
	for (size_t i = 0; i < size; i++) {
		size_t line = i / 4;

		text[i] = "\n"[0];
		if (i % 4 < 3)
			text[i] = '0' + (line / (i % 4 == 0 ? 100 : i % 4 == 1 ? 10 : 1)) % 10;
	}
}

/* What is in the file after so much was written through a spool; returns its size. */
static size_t spool(size_t size, uint64_t limit, uint64_t base)
{
	int file = memfd_create("spool", MFD_CLOEXEC), ends[2];
	struct relay relay;
	ssize_t length;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pwrite(file, "header", base, 0), (ssize_t)base);
	relay = make_relay(ends[0], dup(file), limit);
	relay.is_spool = true;
	relay.base = base;
	write_lines(size);
	/* In pieces that fit nothing. */
	for (size_t done = 0; done < size; done += 37) {
		size_t piece = size - done < 37 ? size - done : 37;

		assert_int_equal(write(ends[1], text + done, piece), (ssize_t)piece);
		assert_int_equal(relay_step(&relay, &why), 0);
	}
	close(ends[1]);
	assert_int_equal(relay_finish(&relay, &why), 0);
	assert_int_equal(written, size);
	length = pread(file, kept, sizeof(kept), 0);
	close(file);
	return length;
}

static void what_fits_is_kept_as_it_is(void **state)
{
	(void)state;
	for (size_t size = 0; size <= 400; size++) {
		assert_int_equal(spool(size, 400, 0), size);
		assert_memory_equal(kept, text, size);
	}
}

static void of_more_the_head_and_the_tail_are_kept_in_order(void **state)
{
	(void)state;
	for (size_t size = 401; size < 2000; size += 7) {
		size_t length = spool(size, 400, 0);
		const char *mark = memmem(kept, length, MARKER, strlen(MARKER));
		size_t head = 4 * ((400 - 83) / 2 / 4), tail = size % 4 + 4;

		assert_true(length <= 400 && length > 380);
		assert_non_null(mark);
		assert_memory_equal(kept, text, head);
		assert_memory_equal(kept + length - tail, text + size - tail, tail);
	}
}

static void the_header_is_not_part_of_the_limit(void **state)
{
	size_t length = spool(1500, 400, 6);

	(void)state;
	assert_true(length <= 406);
	assert_memory_equal(kept, "header000\n", 10);
	assert_memory_equal(kept + length - 4, "374\n", 4);
}

static void a_limit_without_room_for_the_mark_keeps_the_head(void **state)
{
	(void)state;
	assert_int_equal(spool(1500, 50, 0), 50);
	assert_memory_equal(kept, text, 50);
}

static void a_stream_is_passed_on_up_to_the_limit(void **state)
{
	int in[2], out[2];
	struct relay relay;

	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	relay = make_relay(in[0], out[1], 10);
	assert_int_equal(write(in[1], "0123456", 7), 7);
	assert_int_equal(relay_events(&relay), POLLIN);
	assert_int_equal(relay_step(&relay, &why), 0);
	assert_int_equal(relay_events(&relay), POLLOUT);
	assert_int_equal(relay_step(&relay, &why), 0);
	assert_false(relay.is_over);
	assert_int_equal(write(in[1], "789abc", 6), 6);
	close(in[1]);
	assert_int_equal(relay_finish(&relay, &why), 0);
	assert_true(relay.is_over);
	assert_int_equal(relay_fd(&relay), -1);
	assert_int_equal(read(out[0], kept, sizeof(kept)), 10);
	assert_memory_equal(kept, "0123456789", 10);
	close(out[0]);
}

static void a_reader_that_is_gone_is_no_failure(void **state)
{
	int in[2], out[2];
	struct relay relay;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	close(out[0]);
	relay = make_relay(in[0], out[1], 10);
	assert_int_equal(write(in[1], "0123456789abc", 13), 13);
	close(in[1]);
	assert_int_equal(relay_finish(&relay, &why), 0);
	assert_true(relay.is_deaf && relay.is_over);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_kept_as_it_is),
		cmocka_unit_test(of_more_the_head_and_the_tail_are_kept_in_order),
		cmocka_unit_test(the_header_is_not_part_of_the_limit),
		cmocka_unit_test(a_limit_without_room_for_the_mark_keeps_the_head),
		cmocka_unit_test(a_stream_is_passed_on_up_to_the_limit),
		cmocka_unit_test(a_reader_that_is_gone_is_no_failure),
	};

	return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
