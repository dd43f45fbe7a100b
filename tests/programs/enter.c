// SPDX-License-Identifier: Apache-2.0
// A client of the broker, good or bad.
//
//   enter COMMAND...       asks for a cgroup, and executes the command in it with $ENTERED its path
//   enter                  asks, and prints the answer: "0 PATH" or "ERRNO what it says"
//   enter --where          asks, and prints the answer and in a second line where it then is
//   enter --size N         sends N bytes of nothing, and prints the answer
//   enter --silent N       makes N connections, says so, and keeps them until its standard input
//   ends enter --linger         sends along a socket whose closing takes a minute, and prints the
//   answer enter --reuse UID      asks by a connection whose process has ended and whose number
//   another one
//                          has, of root; prints "ERRNO, stays" or where that one went
// build: -Iuser
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sandbox/broker.h"

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int connect_broker(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = BROKER_SOCKET };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		fail("connect");
	return fd;
}

static struct broker_answer answer;

static void hear(int fd)
{
	ssize_t size = recv(fd, &answer, sizeof(answer), 0);

	if (size < 0 && errno == ECONNRESET)
		size = recv(fd, &answer, sizeof(answer), 0);
	if (size != sizeof(answer) || answer.magic != BROKER_MAGIC) {
		printf("no answer: %s\n", size < 0 ? strerror(errno) : "the end");
		exit(1);
	}
}

static void print_answer(void)
{
	printf("%d %s\n", answer.errnum, answer.errnum ? answer.what : answer.path);
}

static void ask(int fd)
{
	const struct broker_request request = { BROKER_MAGIC, BROKER_ENTER };

	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0 && errno != EPIPE)
		fail("send");
}

static void enter(char **command)
{
	int pause_ms = 10;

	do {
		int fd = connect_broker();

		ask(fd);
		/* The broker had no time for it. */
		if (recv(fd, &answer, 1, MSG_PEEK) == 0)
			answer.errnum = EAGAIN;
		else
			hear(fd);
		close(fd);
		/* Too many at once: as a launcher does. */
		pause_ms = pause_ms < 500 ? 2 * pause_ms : pause_ms;
	} while (answer.errnum == EAGAIN && !poll(NULL, 0, pause_ms));
	if (!*command || answer.errnum) {
		print_answer();
		exit(answer.errnum != 0);
	}
	setenv("ENTERED", answer.path, 1);
	execvp(*command, command);
	fail(*command);
}

static void send_size(size_t size)
{
	int fd = connect_broker();

	if (send(fd, calloc(1, size + 1), size, MSG_NOSIGNAL) < 0)
		fail("send");
	hear(fd);
	print_answer();
}

static void be_silent(int count)
{
	char end;

	for (int i = 0; i < count; i++)
		connect_broker();
	puts("silent");
	fflush(stdout);
	while (read(STDIN_FILENO, &end, 1) > 0)
		continue;
}

/* Full, and never read at its other end. */
static int lingering_socket(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct linger linger = { .l_onoff = 1, .l_linger = 60 };
	socklen_t size = sizeof(address);
	int listening = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	static char text[1 << 16];

	if (bind(listening, (struct sockaddr *)&address, size) || listen(listening, 1) ||
		getsockname(listening, (struct sockaddr *)&address, &size) ||
		connect(fd, (struct sockaddr *)&address, size))
		fail("connect to the loopback");
	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (write(fd, text, sizeof(text)) > 0)
		continue;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	return fd;
}

static void send_lingering(void)
{
	struct broker_request request = { BROKER_MAGIC, BROKER_ENTER };
	struct iovec body = { &request, sizeof(request) };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} space = { 0 };
	struct msghdr header = { .msg_iov = &body,
		.msg_iovlen = 1,
		.msg_control = space.bytes,
		.msg_controllen = sizeof(space.bytes) };
	struct cmsghdr *control = CMSG_FIRSTHDR(&header);
	int connection = connect_broker(), fd = lingering_socket();

	control->cmsg_level = SOL_SOCKET;
	control->cmsg_type = SCM_RIGHTS;
	control->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(control), &fd, sizeof(int));
	if (sendmsg(connection, &header, MSG_NOSIGNAL) < 0) {
		printf("not sent: %s\n", strerror(errno));
		exit(0);
	}
	/* The last to close it is the broker. */
	close(fd);
	hear(connection);
	print_answer();
}

static void print_unified(pid_t pid)
{
	char path[64], line[4096];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, "0::", 3))
			printf("%s", line + 3);
	}
}

static void ask_where(void)
{
	int fd = connect_broker();

	ask(fd);
	hear(fd);
	print_answer();
	print_unified(getpid());
}

static int clone_with_pid(pid_t pid)
{
	struct clone_args arguments = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1
	};

	return syscall(SYS_clone3, &arguments, sizeof(arguments));
}

static void ask_for_stranger(uid_t uid)
{
	int fd = -1, ends[2];
	pid_t client, stranger;
	char byte;

	/* The connection is handed back by the client, which then ends. */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		fail("socketpair");
	client = fork();
	if (!client) {
		if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
			fail("setresuid");
		fd = connect_broker();
		/* This one keeps it, and asks when it is told to. */
		if (!fork()) {
			if (read(ends[1], &byte, 1) != 1)
				_exit(1);
			ask(fd);
			hear(fd);
			_exit(write(ends[1], &answer, sizeof(answer)) != sizeof(answer));
		}
		_exit(0);
	}
	if (waitpid(client, NULL, 0) != client)
		fail("waitpid");
	stranger = clone_with_pid(client);
	if (stranger < 0)
		fail("clone3");
	if (!stranger) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	if (write(ends[0], "g", 1) != 1 ||
		recv(ends[0], &answer, sizeof(answer), MSG_WAITALL) != sizeof(answer))
		fail("hear from the client's child");
	printf("%s ", strerrorname_np(answer.errnum));
	print_unified(stranger);
	kill(stranger, SIGKILL);
	waitpid(stranger, NULL, 0);
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(way, "--size"))
		send_size(number);
	else if (!strcmp(way, "--where"))
		ask_where();
	else if (!strcmp(way, "--silent"))
		be_silent(number);
	else if (!strcmp(way, "--linger"))
		send_lingering();
	else if (!strcmp(way, "--reuse"))
		ask_for_stranger(number);
	else
		enter(argv + 1);
	return 0;
}
