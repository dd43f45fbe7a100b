/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What another tare wants of a run's launcher, told by a signal.
 *
 * No socket, file or name: a queued real-time signal carries a word, and the kernel alone decides
 * who may send one, as for kill(2). What has no place in a word is fetched by the launcher from the
 * sender (pidfd_getfd(2)), which the kernel allows to who could trace it. The command cannot see
 * the launcher, let alone signal it.
 */
#ifndef TARE_ORDER_H
#define TARE_ORDER_H

#include <stdbool.h>
#include <sys/signalfd.h>
#include <sys/types.h>
#include "base/failure.h"

/*
 * SIGRTMIN + 6 of this libc. Unlike a standard signal, a second one waits behind the first. Every
 * launcher has it blocked before its run can be found.
 */
#define ORDER_SIGNAL 40

enum order_kind {
	ORDER_NONE,	      /* somebody's own signal of this number */
	ORDER_END,	      /* end the run, as killed */
	ORDER_SIGNAL_COMMAND, /* send the command the signal `argument` */
	ORDER_ADMIT, /* let a visitor in, whose socket is descriptor `argument` of the sender */
};

struct order {
	enum order_kind kind;
	int argument; /* below 4096 */
	pid_t sender; /* as it says itself */
};

/* What a signal that was taken by a signalfd says. */
struct order order_read(const struct signalfd_siginfo *info);

/* -EPERM: the launcher is not the caller's. -ESRCH: it has ended. */
int order_send(int launcher_pidfd, enum order_kind kind, int argument, struct failure *why);

/*
 * The visitor's socket of an ORDER_ADMIT. Anything but one end of a pair of sockets that the sender
 * itself has made is refused: who may send signals may say that they come from somebody else.
 */
int order_fetch_socket(const struct order *order, struct failure *why);

#endif
