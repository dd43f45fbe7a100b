// SPDX-License-Identifier: Apache-2.0
// Makes sockets: open-sockets HOW FAMILY COUNT, HOW one of socket, pair and, by the ia32 ABI,
// ia32-socket, ia32-pair, ia32-call, ia32-call-pair. The last two go by the one old socketcall.
// 77: this kernel does not have the ABI.
// build: -no-pie
#include "call_abi.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { UNSUPPORTED = 77, NETLINK_KOBJECT_UEVENT = 15 };

static int pair[2];
static int words[4];

/* netlink has no protocol 0 everywhere; this one is in every kernel. */
static int protocol_of(int family)
{
	return family == AF_NETLINK ? NETLINK_KOBJECT_UEVENT : 0;
}

#define LOW(pointer) ((long)(pointer))

static long open_one(const char *how, int family)
{
	int type = SOCK_DGRAM, protocol = protocol_of(family);

	words[0] = family;
	words[1] = type;
	words[2] = protocol;
	words[3] = (int)LOW(pair);
	if (!strcmp(how, "socket"))
		return socket(family, type, protocol);
	if (!strcmp(how, "pair"))
		return socketpair(family, type, protocol, pair);
	if (!strcmp(how, "ia32-socket"))
		return call_ia32(359, (long[CALL_ARGUMENTS]){ family, type, protocol });
	if (!strcmp(how, "ia32-pair"))
		return call_ia32(360, (long[CALL_ARGUMENTS]){ family, type, protocol, LOW(pair) });
	if (!strcmp(how, "ia32-call"))
		return call_ia32(102, (long[CALL_ARGUMENTS]){ 1, LOW(words) });
	if (!strcmp(how, "ia32-call-pair"))
		return call_ia32(102, (long[CALL_ARGUMENTS]){ 8, LOW(words) });
	exit(2);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	if (!strncmp(argv[1], "ia32", 4) && call_ia32(20, (long[CALL_ARGUMENTS]){ 0 }) != getpid())
		return UNSUPPORTED;
	for (int left = atoi(argv[3]); left > 0; left--) {
		if (open_one(argv[1], atoi(argv[2])) < 0)
			return 1;
	}
	return 0;
}
