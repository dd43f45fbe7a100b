// SPDX-License-Identifier: Apache-2.0
// disturb SHAPE [FILE]: disturbs others until it is killed, or its parent ends. Says "on" when it
// has begun. Its name is then "disturb-SHAPE".
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	_exit(1);
}

static void say_on(void)
{
	if (write(STDOUT_FILENO, "on\n", 3) != 3)
		_exit(1);
}

static void hog(const char *file)
{
	(void)file;
	say_on();
	for (;;)
		__asm__ volatile("" ::: "memory");
}

/* 64 MiB over and over, each MiB to the disk before the next. */
static void disk(const char *file)
{
	static char block[1 << 20];
	int fd = file ? open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		die("disk: open the file");
	unlink(file);
	say_on();
	for (off_t at = 0;; at = (at + (off_t)sizeof(block)) % (64 << 20)) {
		if (pwrite(fd, block, sizeof(block), at) < 0 || fdatasync(fd))
			die("disk: write");
	}
}

/* To itself on the loopback, as fast as it goes. */
static void datagrams(const char *file)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char packet[512] = "";

	(void)file;
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) ||
		getsockname(fd, (struct sockaddr *)&address, &size) ||
		connect(fd, (struct sockaddr *)&address, size))
		die("datagrams: socket");
	say_on();
	for (;;) {
		if (send(fd, packet, sizeof(packet), 0) < 0 ||
			recv(fd, packet, sizeof(packet), MSG_DONTWAIT) < 0)
			continue;
	}
}

/* 20,000 times a second. */
static void timers(const char *file)
{
	const struct itimerspec every = { { 0, 50000 }, { 0, 50000 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	uint64_t expirations;

	(void)file;
	if (fd < 0 || timerfd_settime(fd, 0, &every, NULL))
		die("timers: timerfd");
	say_on();
	while (read(fd, &expirations, sizeof(expirations)) > 0)
		;
}

static const struct {
	const char *name;
	void (*run)(const char *file);
} shapes[] = {
	{ "hog", hog },
	{ "disk", disk },
	{ "udp", datagrams },
	{ "timers", timers },
};

int main(int argc, char **argv)
{
	char name[16];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; argc > 1 && i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (strcmp(argv[1], shapes[i].name) != 0)
			continue;
		snprintf(name, sizeof(name), "disturb-%s", shapes[i].name);
		prctl(PR_SET_NAME, name);
		shapes[i].run(argv[2]);
	}
	return 2;
}
