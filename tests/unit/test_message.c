// SPDX-License-Identifier: Apache-2.0
// Claims about the messages of tare and PID 1: whole or not at all, and no descriptor is leaked.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sandbox/message.h"

static int ends[2];
static struct failure why;

static int open_ends(void **state)
{
	(void)state;
	return message_open(ends, &why);
}

static int close_ends(void **state)
{
	(void)state;
	close_fd(&ends[0]);
	close_fd(&ends[1]);
	return 0;
}

static int count_descriptors(void)
{
	cleanup_directory DIR *directory = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	return count;
}

static void send_message(const struct message *message, int passed_fd)
{
	if (message_send(ends[0], message, passed_fd, &why))
		fail_msg("%s (%s)", why.what, failure_errno_name(why.errnum));
}

/* Any bytes, as a peer that does not keep to the protocol would send them, and descriptors. */
static void send_bytes(const void *bytes, size_t size, const int *fds, size_t fd_count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(4 * sizeof(int))];
	} space = { 0 };
	struct iovec body = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr header = { .msg_iov = &body, .msg_iovlen = 1 };

	if (fd_count) {
		header.msg_control = space.bytes;
		header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		space.align.cmsg_level = SOL_SOCKET;
		space.align.cmsg_type = SCM_RIGHTS;
		space.align.cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(&space.align), fds, fd_count * sizeof(int));
	}
	assert_int_equal(sendmsg(ends[0], &header, 0), size);
}

static int receive(struct message *message, int *passed_fd)
{
	int error;

	memset(&why, 0, sizeof(why));
	error = message_receive(ends[1], message, passed_fd, &why);
	assert_int_equal(error, -why.errnum);
	return error;
}

static void assert_same_file(int fd, int other)
{
	struct stat status, expected;

	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(fstat(other, &expected), 0);
	assert_int_equal(status.st_ino, expected.st_ino);
	assert_int_equal(status.st_dev, expected.st_dev);
}

static void everything_said_arrives(void **state)
{
	struct message sent = { .kind = MESSAGE_FAILED,
		.is_exec_failure = true,
		.is_signaled = true,
		.core_dumped = true,
		.code = -7,
		.entry = UINT32_MAX,
		.notes = 6 };
	struct message received;
	int passed = 99;

	(void)state;
	failure_set(&sent.failure, ENOENT, "execute 'x'");
	failure_hint(&sent.failure, "install it");
	send_message(&sent, -1);
	assert_int_equal(receive(&received, &passed), 0);
	assert_int_equal(received.kind, MESSAGE_FAILED);
	assert_true(received.is_exec_failure);
	assert_true(received.is_signaled);
	assert_true(received.core_dumped);
	assert_int_equal(received.code, -7);
	assert_int_equal(received.entry, UINT32_MAX);
	assert_int_equal(received.notes, 6);
	assert_int_equal(received.failure.errnum, ENOENT);
	assert_string_equal(received.failure.what, "execute 'x'");
	assert_string_equal(received.failure.hint, "install it");
	assert_int_equal(passed, -1);
}

static void every_kind_arrives_in_order_in_both_directions(void **state)
{
	struct message received;

	(void)state;
	for (uint32_t kind = MESSAGE_LAYERS; kind <= MESSAGE_ENDED; kind++) {
		struct message sent = { .kind = kind, .code = (int32_t)kind * 10 };

		send_message(&sent, -1);
		assert_int_equal(message_send(ends[1], &sent, -1, &why), 0);
	}
	for (uint32_t kind = MESSAGE_LAYERS; kind <= MESSAGE_ENDED; kind++) {
		assert_int_equal(receive(&received, NULL), 0);
		assert_int_equal(received.kind, kind);
		assert_int_equal(received.code, kind * 10);
		assert_int_equal(message_receive(ends[0], &received, NULL, &why), 0);
		assert_int_equal(received.kind, kind);
	}
}

static void both_ends_are_closed_on_exec(void **state)
{
	(void)state;
	assert_int_equal(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
}

static void a_passed_descriptor_is_the_same_file_and_closed_on_exec(void **state)
{
	cleanup_fd int file = open("/dev/null", O_RDONLY | O_CLOEXEC), passed = -1;
	const struct message sent = { .kind = MESSAGE_READY };
	struct message received;

	(void)state;
	send_message(&sent, file);
	assert_int_equal(receive(&received, &passed), 0);
	assert_true(passed >= 0);
	assert_int_not_equal(passed, file);
	assert_same_file(passed, file);
	assert_int_equal(fcntl(passed, F_GETFD), FD_CLOEXEC);
}

/* 0 is a descriptor like any other; only a negative number is none. */
static void descriptor_zero_can_be_passed(void **state)
{
	cleanup_fd int kept = dup(STDIN_FILENO), passed = -1;
	const struct message sent = { .kind = MESSAGE_READY };
	struct message received;

	(void)state;
	if (kept < 0)
		assert_int_equal(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	send_message(&sent, STDIN_FILENO);
	assert_int_equal(receive(&received, &passed), 0);
	assert_same_file(passed, STDIN_FILENO);
}

static void a_descriptor_nobody_asked_for_is_closed(void **state)
{
	cleanup_fd int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct message sent = { .kind = MESSAGE_READY };
	struct message received;
	int before = count_descriptors();

	(void)state;
	send_message(&sent, file);
	assert_int_equal(receive(&received, NULL), 0);
	assert_int_equal(count_descriptors(), before);
}

static void of_several_descriptors_one_is_taken_and_none_is_leaked(void **state)
{
	cleanup_fd int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct message sent = { .kind = MESSAGE_READY };
	const int files[] = { file, file, file };
	struct message received;
	int before = count_descriptors();

	(void)state;
	for (size_t count = 1; count <= 3; count++) {
		cleanup_fd int passed = -1;

		send_bytes(&sent, sizeof(sent), files, count);
		assert_int_equal(receive(&received, &passed), 0);
		assert_same_file(passed, file);
		assert_int_equal(count_descriptors(), before + 1);
	}
}

static void a_refused_message_leaks_no_descriptor(void **state)
{
	cleanup_fd int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct message received;
	int before = count_descriptors(), passed = -1;

	(void)state;
	send_bytes("x", 1, &file, 1);
	assert_int_equal(receive(&received, &passed), -EPROTO);
	assert_int_equal(passed, -1);
	assert_int_equal(count_descriptors(), before);
}

static void a_short_message_is_refused(void **state)
{
	const struct message sent = { .kind = MESSAGE_READY };
	struct message received;

	(void)state;
	for (size_t size = 1; size < sizeof(sent); size += sizeof(sent) / 7) {
		send_bytes(&sent, size, NULL, 0);
		assert_int_equal(receive(&received, NULL), -EPROTO);
	}
	send_bytes(&sent, sizeof(sent) - 1, NULL, 0);
	assert_int_equal(receive(&received, NULL), -EPROTO);
}

static void an_oversized_message_is_refused_and_the_next_one_heard(void **state)
{
	struct {
		struct message message;
		char more[64];
	} oversized = { .message.kind = MESSAGE_READY };
	const struct message sent = { .kind = MESSAGE_ENDED };
	struct message received;

	(void)state;
	send_bytes(&oversized, sizeof(sent) + 1, NULL, 0);
	send_bytes(&oversized, sizeof(oversized), NULL, 0);
	send_message(&sent, -1);
	assert_int_equal(receive(&received, NULL), -EPROTO);
	assert_int_equal(receive(&received, NULL), -EPROTO);
	assert_int_equal(receive(&received, NULL), 0);
	assert_int_equal(received.kind, MESSAGE_ENDED);
}

static void an_unknown_kind_is_refused(void **state)
{
	static const uint32_t kinds[] = { 0, MESSAGE_KINDS, 1000, UINT32_MAX };
	struct message received;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct message sent = { .kind = kinds[i] };

		send_message(&sent, -1);
		assert_int_equal(receive(&received, NULL), -EPROTO);
	}
}

static void unterminated_strings_are_cut(void **state)
{
	struct message sent = { .kind = MESSAGE_FAILED }, received;

	(void)state;
	memset(sent.failure.what, 'w', sizeof(sent.failure.what));
	memset(sent.failure.hint, 'h', sizeof(sent.failure.hint));
	send_message(&sent, -1);
	assert_int_equal(receive(&received, NULL), 0);
	assert_int_equal(strnlen(received.failure.what, sizeof(received.failure.what)),
		sizeof(received.failure.what) - 1);
	assert_int_equal(strnlen(received.failure.hint, sizeof(received.failure.hint)),
		sizeof(received.failure.hint) - 1);
}

static volatile sig_atomic_t pipe_signals;

static void count_pipe_signal(int signal_number)
{
	(void)signal_number;
	pipe_signals++;
}

static void telling_a_peer_that_is_gone_is_an_error_and_no_signal(void **state)
{
	const struct sigaction count = { .sa_handler = count_pipe_signal };
	const struct message sent = { .kind = MESSAGE_READY };
	struct sigaction before;

	(void)state;
	close_fd(&ends[1]);
	pipe_signals = 0;
	assert_int_equal(sigaction(SIGPIPE, &count, &before), 0);
	assert_int_equal(message_send(ends[0], &sent, -1, &why), -EPIPE);
	assert_int_equal(message_send(ends[0], &sent, ends[0], &why), -EPIPE);
	assert_int_equal(sigaction(SIGPIPE, &before, NULL), 0);
	assert_int_equal(pipe_signals, 0);
}

static void a_peer_that_is_gone_without_a_word_is_told(void **state)
{
	struct message received;

	(void)state;
	close_fd(&ends[0]);
	assert_int_equal(receive(&received, NULL), -EPIPE);
}

static void the_last_words_of_a_peer_are_heard_after_its_end(void **state)
{
	const struct message sent = { .kind = MESSAGE_ENDED, .code = 3 };
	struct message received;

	(void)state;
	send_message(&sent, -1);
	close_fd(&ends[0]);
	assert_int_equal(receive(&received, NULL), 0);
	assert_int_equal(received.code, 3);
	assert_int_equal(receive(&received, NULL), -EPIPE);
}

/* What it was told and did not read makes the kernel say "reset": it is as gone as any other. */
static void a_peer_that_is_gone_without_listening_is_gone_too(void **state)
{
	const struct message unheard = { .kind = MESSAGE_BEAR };
	struct message received;

	(void)state;
	assert_int_equal(message_send(ends[1], &unheard, -1, &why), 0);
	close_fd(&ends[0]);
	assert_int_equal(receive(&received, NULL), -EPIPE);
}

/* PID 1 fails in its set-up while tare tells it to go on: the reason must not be lost. */
static void the_last_words_of_a_peer_that_did_not_listen_are_heard(void **state)
{
	const struct message unheard = { .kind = MESSAGE_BEAR };
	const struct message last = { .kind = MESSAGE_FAILED, .code = 5 };
	struct message received;

	(void)state;
	send_message(&last, -1);
	assert_int_equal(message_send(ends[1], &unheard, -1, &why), 0);
	close_fd(&ends[0]);
	assert_int_equal(receive(&received, NULL), 0);
	assert_int_equal(received.kind, MESSAGE_FAILED);
	assert_int_equal(received.code, 5);
	assert_int_equal(receive(&received, NULL), -EPIPE);
}

static void telling_a_peer_that_is_gone_without_listening_is_the_same_error(void **state)
{
	const struct message unheard = { .kind = MESSAGE_BEAR };

	(void)state;
	send_message(&unheard, -1);
	close_fd(&ends[1]);
	assert_int_equal(message_send(ends[0], &unheard, -1, &why), -EPIPE);
}

#define claim(name) cmocka_unit_test_setup_teardown(name, open_ends, close_ends)

int main(void)
{
	const struct CMUnitTest tests[] = {
		claim(everything_said_arrives),
		claim(every_kind_arrives_in_order_in_both_directions),
		claim(both_ends_are_closed_on_exec),
		claim(a_passed_descriptor_is_the_same_file_and_closed_on_exec),
		claim(descriptor_zero_can_be_passed),
		claim(a_descriptor_nobody_asked_for_is_closed),
		claim(of_several_descriptors_one_is_taken_and_none_is_leaked),
		claim(a_refused_message_leaks_no_descriptor),
		claim(a_short_message_is_refused),
		claim(an_oversized_message_is_refused_and_the_next_one_heard),
		claim(an_unknown_kind_is_refused),
		claim(unterminated_strings_are_cut),
		claim(telling_a_peer_that_is_gone_is_an_error_and_no_signal),
		claim(a_peer_that_is_gone_without_a_word_is_told),
		claim(the_last_words_of_a_peer_are_heard_after_its_end),
		claim(a_peer_that_is_gone_without_listening_is_gone_too),
		claim(the_last_words_of_a_peer_that_did_not_listen_are_heard),
		claim(telling_a_peer_that_is_gone_without_listening_is_the_same_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
