/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tare and the container's PID 1 tell each other, and a visitor of the run and what lets it
 * in: typed messages of one size, whole or not at all, over a pair of SOCK_SEQPACKET sockets.
 */
#ifndef TARE_MESSAGE_H
#define TARE_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/failure.h"

enum message_kind {
	MESSAGE_CGROUP =
		1,	   /* tare: `code` is a role of the run's cgroups; carries its descriptor */
	MESSAGE_BEAR,	   /* tare: the collector watches; start the command's process */
	MESSAGE_LAYERS,	   /* PID 1: the file system is built; carries what holds its layers */
	MESSAGE_ENTRY,	   /* PID 1: what there is to tell of one entry of the view */
	MESSAGE_DIRECTORY, /* PID 1: carries where the command starts */
	MESSAGE_READY,	   /* PID 1: it is started, waits to be let go; carries its pidfd */
	MESSAGE_FAILED,	   /* PID 1: a step failed; `failure`, and whether it was the exec */
	MESSAGE_STOPPED,   /* PID 1: the command was stopped by `code` */
	MESSAGE_ENDED,	   /* PID 1, guest: the command ended */
	MESSAGE_STREAM,	   /* visitor: carries what is to be descriptor `code` of its command */
	MESSAGE_COMMAND,   /* visitor: carries a file with its words; `code`: on a terminal */
	MESSAGE_SIGNAL,	   /* visitor: `code` is for its command */
	MESSAGE_KINDS,
};

struct message {
	uint32_t kind;
	bool is_exec_failure; /* MESSAGE_FAILED: the command's fault, not tare's */
	bool is_signaled;     /* MESSAGE_ENDED */
	bool core_dumped;
	bool is_run_over; /* MESSAGE_ENDED of a guest: it was killed because the run ended */
	int32_t code; /* exit code or signal; MESSAGE_FAILED: what ended the command's process */
	uint32_t entry, notes; /* MESSAGE_ENTRY: its number, and enum view_note */
	struct failure failure;
};

/* Makes a connected pair, both ends O_CLOEXEC. */
int message_open(int ends[2], struct failure *why);

/* Sends; passed_fd >= 0 goes along. -EPIPE: the other side is gone. Never raises SIGPIPE. */
int message_send(int socket, const struct message *message, int passed_fd, struct failure *why);

/*
 * Receives one message, and a descriptor that came along into *passed_fd (NULL: none is accepted,
 * -1: none came). -EPIPE: the other side closed without a word. Anything that is not a whole
 * message of a known kind is -EPROTO.
 */
int message_receive(int socket, struct message *message, int *passed_fd, struct failure *why);

#endif
