// SPDX-License-Identifier: Apache-2.0
// Talks to itself over the loopback device and prints what the device counted meanwhile:
// RX_BYTES RX_PACKETS TX_BYTES TX_PACKETS. talk udp|udp6|tcp BYTES, talk sockets COUNT.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct counters {
	long rx_bytes, rx_packets, tx_bytes, tx_packets;
};

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

static char block[1 << 16];

static void check(int is_good)
{
	if (!is_good)
		_exit(1);
}

static struct counters read_loopback(void)
{
	struct counters now = { 0 };
	FILE *file = fopen("/proc/net/dev", "r");
	char line[512];

	check(file != NULL);
	while (fgets(line, sizeof(line), file)) {
		char *numbers = strstr(line, "lo:");

		if (numbers)
			check(sscanf(numbers, "lo: %ld %ld %*d %*d %*d %*d %*d %*d %ld %ld",
				      &now.rx_bytes, &now.rx_packets, &now.tx_bytes,
				      &now.tx_packets) == 4);
	}
	fclose(file);
	return now;
}

/* A socket bound to a port of its own; *address becomes its name. */
static int open_bound(int family, int type, union address *address)
{
	socklen_t size = sizeof(*address);
	int fd = socket(family, type, 0);

	memset(address, 0, sizeof(*address));
	address->any.sa_family = family;
	if (family == AF_INET)
		address->ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		address->ipv6.sin6_addr = in6addr_loopback;
	check(fd >= 0 && bind(fd, &address->any, sizeof(*address)) == 0);
	check(getsockname(fd, &address->any, &size) == 0);
	return fd;
}

/* Datagrams of 1000 bytes, each taken before the next one is sent. */
static void talk_udp(int family, long bytes)
{
	union address address;
	int to = open_bound(family, SOCK_DGRAM, &address), from = socket(family, SOCK_DGRAM, 0);

	check(connect(from, &address.any, sizeof(address)) == 0);
	for (; bytes > 0; bytes -= 1000) {
		check(send(from, block, 1000, 0) == 1000);
		check(recv(to, block, sizeof(block), 0) == 1000);
	}
}

static void receive_all(int fd, long bytes)
{
	while (bytes > 0) {
		ssize_t size = recv(fd, block, sizeof(block), 0);

		check(size > 0);
		bytes -= size;
	}
}

static void talk_tcp(long bytes)
{
	union address address;
	int listener = open_bound(AF_INET, SOCK_STREAM, &address), to;
	int from = socket(AF_INET, SOCK_STREAM, 0);

	check(listen(listener, 1) == 0);
	check(connect(from, &address.any, sizeof(address)) == 0);
	to = accept(listener, NULL, NULL);
	check(to >= 0);
	while (bytes > 0) {
		long size = bytes < 10000 ? bytes : 10000;

		check(send(from, block, size, 0) == size);
		receive_all(to, size);
		bytes -= size;
	}
	close(from);
	check(recv(to, block, 1, 0) == 0);
	close(to);
	close(listener);
}

/* Of each kind so many; two of the kinds are no business of a network's. */
static void open_sockets(long count)
{
	union address address;

	close(open_bound(AF_INET, SOCK_STREAM, &address));
	for (; count > 0; count--) {
		int pair[2], refused = socket(AF_INET, SOCK_STREAM, 0);

		check(connect(refused, &address.any, sizeof(address)) != 0);
		close(refused);
		close(socket(AF_INET, SOCK_DGRAM, 0));
		close(socket(AF_INET6, SOCK_STREAM, 0));
		close(socket(AF_UNIX, SOCK_STREAM, 0));
		check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	}
}

int main(int argc, char **argv)
{
	struct counters before = read_loopback(), after;

	check(argc == 3);
	if (!strcmp(argv[1], "udp"))
		talk_udp(AF_INET, atol(argv[2]));
	else if (!strcmp(argv[1], "udp6"))
		talk_udp(AF_INET6, atol(argv[2]));
	else if (!strcmp(argv[1], "tcp"))
		talk_tcp(atol(argv[2]));
	else
		open_sockets(atol(argv[2]));
	after = read_loopback();
	printf("%ld %ld %ld %ld\n", after.rx_bytes - before.rx_bytes,
		after.rx_packets - before.rx_packets, after.tx_bytes - before.tx_bytes,
		after.tx_packets - before.tx_packets);
	return 0;
}
