// SPDX-License-Identifier: Apache-2.0
// A directory of cgroups for an ordinary user, from whoever gives one.
#include "delegation.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/clock.h"
#include "broker.h"
#include "cgroup.h"
#include "mountinfo.h"
#include "scope.h"

#define SYSTEMD "/run/systemd/system"
#define BUS_CLIENT "/usr/bin/busctl"

/* systemd starts the broker when someone asks, which takes longer than the broker does. */
#define ANSWER_SECONDS 15
#define AGAIN_MS 20
#define MOST_AGAIN_MS 500

/* --- Who gives one --- */

/* Where a login session puts it, and where it is for a session that has none, as under su. */
static bool find_user_bus(char *directory, size_t size)
{
	char bus[80];

	snprintf(directory, size, "/run/user/%u", geteuid());
	snprintf(bus, sizeof(bus), "%s/bus", directory);
	return !access(bus, F_OK);
}

const char *delegation_repair(void)
{
	return access(SYSTEMD, F_OK) ? "let root start the broker: sudo tare collector serve &"
				     : "let root start the broker, once: sudo systemctl enable "
				       "--now tare-broker.socket; or log in, where systemd gives "
				       "each user a manager: systemd-run --user --scope -p "
				       "Delegate=yes tare run ...";
}

/* --- A scope of the user's own manager --- */

static int enter_scope(struct failure *why)
{
	char directory[64];

	if (access(SYSTEMD, F_OK) || !find_user_bus(directory, sizeof(directory)))
		return failure_set(why, ENOENT, "find this user's systemd");
	return scope_enter_of_user(BUS_CLIENT, "/proc/self/cgroup", directory, why);
}

/* --- The broker --- */

static int connect_broker(int *fd, struct failure *why)
{
	const struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", BROKER_SOCKET);
	*fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (*fd < 0 || setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
		setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
		connect(*fd, (const struct sockaddr *)&address, sizeof(address)))
		return failure_set(
			why, errno, "ask the broker at '%s' for a cgroup", BROKER_SOCKET);
	return 0;
}

static int read_answer(int fd, struct broker_answer *answer, struct failure *why)
{
	ssize_t size = recv(fd, answer, sizeof(*answer), 0);

	/* Once before its last words, when it ended without having read ours. */
	if (size < 0 && errno == ECONNRESET)
		size = recv(fd, answer, sizeof(*answer), 0);
	/* Its time was over before it came to us, as when a hundred ask a slow machine. */
	if (size == 0) {
		answer->errnum = EAGAIN;
		snprintf(answer->what, sizeof(answer->what), "it had no time");
		return 0;
	}
	if (size == sizeof(*answer) && answer->magic == BROKER_MAGIC)
		return 0;
	return failure_set(
		why, size < 0 ? errno : EPROTO, "hear from the broker at '%s'", BROKER_SOCKET);
}

static int exchange(struct broker_answer *answer, struct failure *why)
{
	const struct broker_request request = { BROKER_MAGIC, BROKER_ENTER };
	cleanup_fd int fd = -1;
	int error = connect_broker(&fd, why);

	/* Who sends this one away does not wait for what it says. */
	if (!error && send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		error = failure_set(why, errno, "ask the broker for a cgroup");
	return error ? error : read_answer(fd, answer, why);
}

static int ask_broker(struct failure *why)
{
	uint64_t end_ns = clock_now_ns() + ANSWER_SECONDS * 1000000000ULL;
	cleanup_free struct broker_answer *answer = calloc(1, sizeof(*answer));
	int error, pause_ms = AGAIN_MS / 2;

	if (!answer)
		return failure_set(why, ENOMEM, "ask the broker");
	/* Of very many who ask at once it sends some away for now, the more often the longer. */
	do {
		error = exchange(answer, why);
		pause_ms = pause_ms < MOST_AGAIN_MS ? 2 * pause_ms : pause_ms;
	} while (!error && answer->errnum == EAGAIN && clock_now_ns() < end_ns &&
		 !poll(NULL, 0, pause_ms));
	if (error || !answer->errnum)
		return error;
	failure_set(why, answer->errnum, "get a cgroup from the broker: %.*s",
		(int)sizeof(answer->what) - 1, answer->what);
	return answer->hint[0]
		       ? failure_hint(why, "%.*s", (int)sizeof(answer->hint) - 1, answer->hint)
		       : -why->errnum;
}

/* --- The whole --- */

/* What every run of root's has, and what was asked for. */
static bool is_enough(const struct cgroup *cgroup, unsigned int wanted)
{
	return cgroup_can_create(cgroup) && !(cgroup->closed & (CGROUP_USUAL | wanted)) &&
	       !cgroup_could_have(cgroup, wanted);
}

static int tell(const struct cgroup *cgroup, const struct failure *broker, struct failure *why)
{
	/* It is there, and knows why not. */
	if (broker->errnum != ENOENT && broker->errnum != ECONNREFUSED) {
		if (why)
			*why = *broker;
		return -broker->errnum;
	}
	failure_set(why, EACCES, "make a cgroup like '%s', as this user",
		cgroup->directories[CGROUP_UNIFIED].path);
	return failure_hint(why, "%s", delegation_repair());
}

/* Where nothing more is to be had, a place that lacks something has to do. */
int delegation_find(struct cgroup *cgroup, const char *run_id, const struct mountinfo_list *mounts,
	unsigned int wanted, enum delegation_way *way, struct failure *why)
{
	static int (*const ways[])(struct failure * why) = {
		[DELEGATION_SYSTEMD] = enter_scope,
		[DELEGATION_BROKER] = ask_broker,
	};
	enum delegation_way given_by = DELEGATION_OWN;
	struct failure refusal = { 0 };
	int error = cgroup_find(cgroup, run_id, mounts, wanted, why);

	for (int next = DELEGATION_SYSTEMD; next <= DELEGATION_BROKER && !error; next++) {
		if (is_enough(cgroup, wanted))
			break;
		if (ways[next](&refusal))
			continue;
		given_by = next;
		error = cgroup_find(cgroup, run_id, mounts, wanted, why);
	}
	if (way)
		*way = given_by;
	if (error || cgroup_can_create(cgroup))
		return error;
	return tell(cgroup, &refusal, why);
}

int delegation_try(enum delegation_way *way, struct failure *why)
{
	struct mountinfo_list mounts;
	struct cgroup cgroup;
	int error = mountinfo_read(&mounts, why);

	if (error)
		return error;
	error = delegation_find(&cgroup, NULL, &mounts, 0, way, why);
	mountinfo_done(&mounts);
	return error;
}
