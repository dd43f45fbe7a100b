// SPDX-License-Identifier: Apache-2.0
// One client of the broker: who it is, what it wants, the answer.
#include "broker_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "broker.h"
#include "broker_place.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

/* What a client may take to say its word, to have that received, and to be served in the queue. */
#define REQUEST_MS 500
#define RECEIVING_SECONDS 2
#define SERVICE_SECONDS 10

struct peer {
	struct ucred ids;
	int pidfd;
};

/* --- Who it is --- */

static bool has_ended(int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	return poll(&end, 1, 0) != 0;
}

static int tell_end(struct failure *why)
{
	return failure_set(why, ESRCH, "serve a launcher that has ended");
}

/* The real one: what it executes may have changed the others. */
static bool has_uid(pid_t pid, uid_t uid)
{
	cleanup_free char *text = NULL;
	const char *line;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (file_read(AT_FDCWD, path, &text, NULL, NULL))
		return false;
	line = strstr(text, "\nUid:");
	return line && strtoul(line + strlen("\nUid:"), NULL, 10) == uid;
}

/*
 * Before Linux 6.5 the number may have come round since it connected: then it has to be a process
 * of the same user, whose own it is to be moved.
 */
static int open_by_number(struct peer *peer, struct failure *why)
{
	peer->pidfd = pidfd_open(peer->ids.pid, 0);
	if (peer->pidfd < 0 || !has_uid(peer->ids.pid, peer->ids.uid) || has_ended(peer->pidfd))
		return tell_end(why);
	return 0;
}

static int open_peer(int connection, struct peer *peer, struct failure *why)
{
	socklen_t size = sizeof(peer->pidfd);

	if (!getsockopt(connection, SOL_SOCKET, SO_PEERPIDFD, &peer->pidfd, &size))
		return has_ended(peer->pidfd) ? tell_end(why) : 0;
	peer->pidfd = -1;
	return errno == ENOPROTOOPT ? open_by_number(peer, why) : tell_end(why);
}

static bool shares(pid_t pid, const char *namespace)
{
	struct stat theirs, ours;
	char path[64], own[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, namespace);
	snprintf(own, sizeof(own), "/proc/self/ns/%s", namespace);
	return !stat(path, &theirs) && !stat(own, &ours) && theirs.st_dev == ours.st_dev &&
	       theirs.st_ino == ours.st_ino;
}

/*
 * In a user namespace one user can be many, and no quota by uid would hold; a container's limits
 * are in the cgroups that it would leave.
 */
static int refuse_contained(const struct peer *peer, struct failure *why)
{
	static const char *const namespaces[] = { "user", "pid", "cgroup" };

	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++) {
		if (!shares(peer->ids.pid, namespaces[i]))
			return has_ended(peer->pidfd)
				       ? tell_end(why)
				       : failure_set(why, EPERM,
						 "let a container's process leave its cgroups (it "
						 "has another %s namespace)",
						 namespaces[i]);
	}
	return 0;
}

/* --- What it wants --- */

/* The kernel ends this process by SIGALRM then, whatever it waits for. */
static void limit_time(int seconds)
{
	(void)alarm(seconds);
}

/* Never more than is asked for, and no descriptor: what was sent along is dropped by the kernel. */
static int receive(int connection, struct failure *why)
{
	struct pollfd word = { .fd = connection, .events = POLLIN };
	struct broker_request request = { 0 };
	ssize_t size;

	if (poll(&word, 1, REQUEST_MS) != 1)
		return failure_set(why, ETIME, "hear from the client");
	size = recv(connection, &request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);
	if (size == sizeof(request) && request.magic == BROKER_MAGIC &&
		request.wish == BROKER_ENTER)
		return 0;
	failure_set(why, EBADMSG, "understand the client");
	return failure_hint(why,
		"its tare is of another version than the broker's (%s): "
		"tare --version",
		TARE_VERSION);
}

static bool is_admitted(const struct broker_client *client, const struct peer *peer)
{
	char answer = 0;

	return write(client->to_broker, &peer->ids.uid, sizeof(peer->ids.uid)) ==
		       sizeof(peer->ids.uid) &&
	       read(client->to_broker, &answer, 1) == 1 && answer;
}

static int obey(
	int connection, struct peer *peer, struct broker_answer *answer, struct failure *why)
{
	int error = receive(connection, why);

	limit_time(SERVICE_SECONDS);
	if (!error && peer->ids.uid == 0)
		error = failure_set(why, EINVAL, "serve root, who needs no broker");
	if (!error && peer->ids.pid == 0)
		error = failure_set(why, EPERM, "serve a process of another pid namespace");
	if (!error)
		error = open_peer(connection, peer, why);
	if (!error)
		error = refuse_contained(peer, why);
	return error ? error
		     : broker_enter(peer->ids.uid, peer->ids.pid, peer->pidfd, answer->path,
			       sizeof(answer->path), why);
}

static void send_answer(int connection, struct broker_answer *answer, const struct failure *why)
{
	answer->magic = BROKER_MAGIC;
	answer->errnum = why->errnum;
	memcpy(answer->what, why->what, sizeof(answer->what));
	memcpy(answer->hint, why->hint, sizeof(answer->hint));
	/* A client that does not take it has its path in /proc/self/cgroup. */
	(void)send(connection, answer, sizeof(*answer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

int broker_client_serve(void *argument, struct failure *why)
{
	const struct broker_client *client = argument;
	struct peer peer = { .pidfd = -1 };
	socklen_t size = sizeof(peer.ids);
	struct broker_answer answer = { 0 };
	/* Not closed here: at the end of a process no socket that was sent along lingers. */
	int connection;

	limit_time(RECEIVING_SECONDS);
	connection = accept4(client->listening_fd, NULL, NULL, SOCK_CLOEXEC);
	if (connection < 0 || getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer.ids, &size))
		return 1;
	if (!is_admitted(client, &peer))
		failure_set(why, EAGAIN, "serve so many clients of user %u at once", peer.ids.uid);
	else if (!obey(connection, &peer, &answer, why))
		*why = (struct failure){ 0 }; /* of what it did without */
	send_answer(connection, &answer, why);
	return 0;
}
