// SPDX-License-Identifier: Apache-2.0
// A command that is let into a living run (tare exec): the visitor's side.
//
// All that there is to say lies in the socket before the launcher is told to fetch its other end,
// so that the launcher never waits for a visitor.
#include "visit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "message.h"
#include "order.h"

/* One after the other, each with its NUL. */
static int write_words(char *const *words, struct failure *why)
{
	cleanup_fd int fd = memfd_create("tare-words", MFD_CLOEXEC);
	int error = fd < 0 ? -errno : 0;

	for (; !error && *words; words++)
		error = file_write_all(fd, *words, strlen(*words) + 1);
	return error ? failure_set(why, -error, "pass on the command") : take_fd(&fd);
}

static int say_all(const struct visit *visit, const struct visit_spec *spec, struct failure *why)
{
	struct message message = { .kind = MESSAGE_STREAM };
	cleanup_fd int words = write_words(spec->command, why);
	int error = words < 0 ? words : 0;

	for (int stream = 0; stream < 3 && !error; stream++) {
		message.code = stream;
		error = message_send(visit->socket, &message, spec->streams[stream], why);
	}
	if (error)
		return error;
	message = (struct message){ .kind = MESSAGE_COMMAND, .code = spec->has_terminal };
	return message_send(visit->socket, &message, words, why);
}

int visit_begin(struct visit *visit, const struct visit_spec *spec, struct failure *why)
{
	int ends[2];
	int error = message_open(ends, why);

	if (error)
		return error;
	*visit = (struct visit){ .socket = ends[0], .launchers = ends[1] };
	error = say_all(visit, spec, why);
	/* Where only parents may trace (Yama), the launcher may fetch only from who lets it. */
	(void)prctl(PR_SET_PTRACER, spec->launcher, 0, 0, 0);
	if (!error)
		error = order_send(spec->launcher_pidfd, ORDER_ADMIT, visit->launchers, why);
	if (error)
		visit_end(visit);
	return error;
}

static const struct {
	uint32_t message;
	enum visit_news news;
} news[] = {
	{ MESSAGE_READY, VISIT_LET_IN },
	{ MESSAGE_FAILED, VISIT_FAILED },
	{ MESSAGE_ENDED, VISIT_ENDED },
};

int visit_hear(struct visit *visit, struct visit_event *event, struct failure *why)
{
	struct message message;
	int error = message_receive(visit->socket, &message, NULL, why);

	/* Fetched: from here on a host that is gone is heard as the end of this line. */
	close_fd(&visit->launchers);
	if (error)
		return error;
	for (size_t i = 0; i < sizeof(news) / sizeof(news[0]); i++) {
		if (news[i].message != message.kind)
			continue;
		*event = (struct visit_event){ .news = news[i].news,
			.is_exec_failure = message.is_exec_failure,
			.is_signaled = message.is_signaled,
			.is_run_over = message.is_run_over,
			.code = message.code };
		if (event->news == VISIT_FAILED)
			*why = message.failure;
		return 0;
	}
	return failure_set(why, EPROTO, "understand the run's launcher");
}

void visit_signal(const struct visit *visit, int signal_number)
{
	const struct message message = { .kind = MESSAGE_SIGNAL, .code = signal_number };

	(void)message_send(visit->socket, &message, -1, NULL);
}

void visit_end(struct visit *visit)
{
	close_fd(&visit->socket);
	close_fd(&visit->launchers);
}
