// SPDX-License-Identifier: Apache-2.0
// `tare collector serve`: where the broker's socket comes from, and what ends it.
#include "collector_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/text.h"
#include "sandbox/broker.h"
#include "signals.h"

/* systemd hands them over from this number on, sd_listen_fds(3). */
#define FIRST_HANDED 3
/* Behind systemd's socket it is started again when someone asks. */
#define IDLE_MS 10000

static bool is_number(const char *name, uint64_t wanted)
{
	const char *text = getenv(name);
	uint64_t value;

	return text && !text_parse_decimal(text, &value) && value == wanted;
}

static bool is_handed(void)
{
	return is_number("LISTEN_PID", getpid()) && is_number("LISTEN_FDS", 1);
}

static int take_handed(int *fd, struct failure *why)
{
	int kind = 0, is_listening = 0;
	socklen_t size = sizeof(int);

	if (getsockopt(FIRST_HANDED, SOL_SOCKET, SO_TYPE, &kind, &size) ||
		getsockopt(FIRST_HANDED, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) ||
		kind != SOCK_SEQPACKET || !is_listening) {
		failure_set(why, EINVAL, "serve at the socket that systemd gave");
		return failure_hint(why, "its unit has ListenSequentialPacket=%s", BROKER_SOCKET);
	}
	if (fcntl(FIRST_HANDED, F_SETFL, O_NONBLOCK) || fcntl(FIRST_HANDED, F_SETFD, FD_CLOEXEC))
		return failure_set(why, errno, "use the socket that systemd gave");
	*fd = FIRST_HANDED;
	return 0;
}

int collector_serve(struct failure *why)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
	bool was_handed = is_handed();
	cleanup_fd int stop_fd = -1, fd = -1;
	int error;

	if (geteuid() != 0) {
		failure_set(why, EPERM, "give cgroups to users as one of them");
		return failure_hint(why, "sudo tare collector serve");
	}
	error = signals_take(ending, sizeof(ending) / sizeof(ending[0]), &stop_fd, why);
	if (!error)
		error = was_handed ? take_handed(&fd, why) : broker_listen(&fd, why);
	if (error)
		return error;
	if (!was_handed) {
		puts("the broker serves at " BROKER_SOCKET);
		fflush(stdout);
	}
	error = broker_serve(fd, stop_fd, was_handed ? IDLE_MS : -1, why);
	if (!was_handed)
		unlink(BROKER_SOCKET);
	return error;
}
