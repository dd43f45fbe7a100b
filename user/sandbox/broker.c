// SPDX-License-Identifier: Apache-2.0
// The broker's socket, and the processes that serve its clients.
#include "broker.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "broker_client.h"
#include "broker_lock.h"
#include "broker_place.h"
#include "process.h"

/* Together, and of one user, so that nobody can keep all of them busy. */
#define MOST_WORKERS 128
#define MOST_WORKERS_OF_USER 16
/* Where the machine has no more processes. */
#define RETRY_MS 20

struct worker {
	struct process *process; /* NULL: none */
	uid_t uid;
};

struct broker {
	int listening_fd, stop_fd, idle_ms;
	struct worker workers[MOST_WORKERS];
	size_t worker_count;
	struct broker_living living;
	bool is_unswept; /* something may have become empty */
};

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83 /* Linux 6.16 */
#endif

/* --- The socket --- */

/* Descriptors are refused where the kernel can; elsewhere they cost their sender its time. */
static void refuse_descriptors(int listening_fd)
{
	const int no = 0;

	(void)setsockopt(listening_fd, SOL_SOCKET, SO_PASSRIGHTS, &no, sizeof(no));
}

static struct sockaddr_un address_of_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", BROKER_SOCKET);
	return address;
}

/* What a killed broker left: nobody answers there. */
static int remove_stale(const struct sockaddr_un *address, struct failure *why)
{
	cleanup_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return failure_set(why, errno, "make a socket");
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) || errno == EAGAIN) {
		failure_set(why, EADDRINUSE, "serve at '%s'", BROKER_SOCKET);
		return failure_hint(
			why, "another broker does: systemctl status tare-broker.socket");
	}
	if (unlink(BROKER_SOCKET) && errno != ENOENT)
		return failure_set(why, errno, "remove '%s'", BROKER_SOCKET);
	return 0;
}

int broker_listen(int *listening_fd, struct failure *why)
{
	const struct sockaddr_un address = address_of_socket();
	cleanup_fd int lock = -1, fd = -1;
	int error = broker_lock(&lock, LOCK_WAITS, why);

	if (!error)
		error = remove_stale(&address, why);
	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) ||
		chmod(BROKER_SOCKET, 0666) || listen(fd, SOMAXCONN))
		return failure_set(why, errno, "listen at '%s'", BROKER_SOCKET);
	*listening_fd = take_fd(&fd);
	return 0;
}

/* --- Workers --- */

static size_t count_of_user(const struct broker *broker, uid_t uid)
{
	size_t count = 0;

	for (size_t i = 0; i < MOST_WORKERS; i++)
		count += broker->workers[i].process && broker->workers[i].uid == uid;
	return count;
}

/* Neither waits: the worker has a connection before it begins, or ends. */
static bool admit(const struct broker *broker, struct worker *worker, int to_worker)
{
	char answer;

	if (read(to_worker, &worker->uid, sizeof(worker->uid)) != sizeof(worker->uid))
		return false;
	answer = count_of_user(broker, worker->uid) < MOST_WORKERS_OF_USER;
	return send(to_worker, &answer, 1, MSG_NOSIGNAL) == 1;
}

static struct worker *find_free(struct broker *broker)
{
	struct worker *worker = broker->workers;

	while (worker->process)
		worker++;
	return worker;
}

static void add_worker(struct broker *broker, struct worker *new, int to_worker)
{
	(void)admit(broker, new, to_worker);
	*find_free(broker) = *new;
	broker->worker_count++;
}

/* The connection is taken by the worker alone: not even closing it is safe here. */
static void start_worker(struct broker *broker)
{
	struct worker new = { 0 };
	struct broker_client client = { .listening_fd = broker->listening_fd };
	struct process_spec spec = {
		.cgroup_fd = -1, .run = broker_client_serve, .argument = &client
	};
	int ends[2], error;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return;
	client.to_broker = ends[1];
	error = process_start(&spec, &new.process, NULL);
	close(ends[1]);
	if (error)
		poll(NULL, 0, RETRY_MS);
	else
		add_worker(broker, &new, ends[0]);
	close(ends[0]);
}

static void end_worker(struct broker *broker, struct worker *worker)
{
	process_close(worker->process);
	worker->process = NULL;
	broker->worker_count--;
	broker->is_unswept = true;
}

/* --- Waiting --- */

/* The two descriptors of the broker, then those of workers and of who lives. */
struct waiting {
	struct pollfd *polled; /* owned */
	size_t count;
};

static void wait_for(struct waiting *waiting, int fd, short events)
{
	waiting->polled[waiting->count++] = (struct pollfd){ .fd = fd, .events = events };
}

static void collect(const struct broker *broker, struct waiting *waiting)
{
	waiting->count = 0;
	wait_for(waiting, broker->stop_fd, POLLIN);
	wait_for(waiting, broker->worker_count < MOST_WORKERS ? broker->listening_fd : -1, POLLIN);
	for (size_t i = 0; i < MOST_WORKERS; i++) {
		const struct worker *worker = &broker->workers[i];

		wait_for(waiting, worker->process ? process_pidfd(worker->process) : -1, POLLIN);
	}
	for (size_t i = 0; i < broker->living.count; i++)
		wait_for(waiting, broker->living.events[i], POLLPRI);
}

static bool is_idle(const struct broker *broker)
{
	return !broker->worker_count && !broker->living.count;
}

static void handle(struct broker *broker, const struct waiting *waiting)
{
	const struct pollfd *of_workers = waiting->polled + 2;

	for (size_t i = 0; i < MOST_WORKERS; i++) {
		if (of_workers[i].revents)
			end_worker(broker, &broker->workers[i]);
	}
	for (size_t i = 2 + MOST_WORKERS; i < waiting->count; i++)
		broker->is_unswept |= waiting->polled[i].revents != 0;
	if (waiting->polled[1].revents)
		start_worker(broker);
}

/* A worker that is just entering has the lock: its end is the next occasion. */
static void sweep(struct broker *broker)
{
	if (broker->is_unswept && !broker_sweep(&broker->living, NULL))
		broker->is_unswept = false;
}

static int serve(struct broker *broker, struct waiting *waiting, struct failure *why)
{
	for (;;) {
		size_t room = 2 + MOST_WORKERS + broker->living.count;
		struct pollfd *polled = reallocarray(waiting->polled, room, sizeof(*polled));
		int changes;

		if (!polled)
			return failure_set(why, ENOMEM, "wait for clients");
		waiting->polled = polled;
		collect(broker, waiting);
		changes = poll(polled, waiting->count, is_idle(broker) ? broker->idle_ms : -1);
		if (changes < 0 && errno != EINTR)
			return failure_set(why, errno, "wait for clients");
		if (changes == 0 || (changes > 0 && polled[0].revents))
			return 0;
		if (changes > 0)
			handle(broker, waiting);
		sweep(broker);
	}
}

int broker_serve(int listening_fd, int stop_fd, int idle_ms, struct failure *why)
{
	struct broker broker = { .listening_fd = listening_fd,
		.stop_fd = stop_fd,
		.idle_ms = idle_ms,
		.is_unswept = true };
	struct waiting waiting = { 0 };
	int error;

	refuse_descriptors(listening_fd);
	sweep(&broker);
	error = serve(&broker, &waiting, why);
	for (size_t i = 0; i < MOST_WORKERS; i++)
		process_close(broker.workers[i].process);
	broker_forget(&broker.living);
	free(waiting.polled);
	return error;
}
