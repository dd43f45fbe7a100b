// SPDX-License-Identifier: Apache-2.0
// Orders for a launcher: understood as they were sent, and nothing else taken for one.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "sandbox/order.h"

static int self = -1, signals = -1;

static int open_all(void **state)
{
	sigset_t wanted;

	(void)state;
	sigemptyset(&wanted);
	sigaddset(&wanted, ORDER_SIGNAL);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	self = pidfd_open(getpid(), 0);
	return signals < 0 || self < 0;
}

static int close_all(void **state)
{
	(void)state;
	close_fd(&signals);
	close_fd(&self);
	return 0;
}

static struct order receive(void)
{
	struct signalfd_siginfo info;

	assert_int_equal(read(signals, &info, sizeof(info)), sizeof(info));
	return order_read(&info);
}

static void orders_arrive_one_after_the_other(void **state)
{
	struct order order;

	(void)state;
	assert_int_equal(order_send(self, ORDER_END, 0, NULL), 0);
	assert_int_equal(order_send(self, ORDER_SIGNAL_COMMAND, 64, NULL), 0);
	assert_int_equal(order_send(self, ORDER_ADMIT, 4095, NULL), 0);
	assert_int_equal(receive().kind, ORDER_END);
	order = receive();
	assert_int_equal(order.kind, ORDER_SIGNAL_COMMAND);
	assert_int_equal(order.argument, 64);
	order = receive();
	assert_int_equal(order.kind, ORDER_ADMIT);
	assert_int_equal(order.argument, 4095);
	assert_int_equal(order.sender, getpid());
}

static void what_has_no_room_is_refused(void **state)
{
	(void)state;
	assert_int_equal(order_send(self, ORDER_ADMIT, 4096, NULL), -EMFILE);
}

static void other_signals_are_no_orders(void **state)
{
	const union sigval words[] = { { .sival_int = 0 }, { .sival_int = -1 },
		{ .sival_int = 9 } };

	(void)state;
	kill(getpid(), ORDER_SIGNAL);
	assert_int_equal(receive().kind, ORDER_NONE);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		sigqueue(getpid(), ORDER_SIGNAL, words[i]);
		assert_int_equal(receive().kind, ORDER_NONE);
	}
}

/* Of the caller's own processes, as is every sender whom the kernel lets through. */
static int fetch(int fd)
{
	const struct order order = { .kind = ORDER_ADMIT, .argument = fd, .sender = getpid() };

	return order_fetch_socket(&order, NULL);
}

static void only_a_pair_of_the_sender_s_own_is_fetched(void **state)
{
	int pair[2], streams[2], ends[2];
	cleanup_fd int fetched = -1;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, streams), 0);
	assert_int_equal(pipe(ends), 0);
	fetched = fetch(pair[1]);
	assert_true(fetched >= 0);
	assert_int_equal(send(pair[0], "x", 1, 0), 1);
	assert_int_equal(fetch(streams[0]), -EPROTO);
	assert_int_equal(fetch(ends[0]), -EPROTO);
	assert_int_equal(fetch(4000), -EBADF);
	for (int i = 0; i < 2; i++) {
		close(pair[i]);
		close(streams[i]);
		close(ends[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_arrive_one_after_the_other),
		cmocka_unit_test(what_has_no_room_is_refused),
		cmocka_unit_test(other_signals_are_no_orders),
		cmocka_unit_test(only_a_pair_of_the_sender_s_own_is_fetched),
	};

	return cmocka_run_group_tests_name("order", tests, open_all, close_all);
}
