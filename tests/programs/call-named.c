// SPDX-License-Identifier: Apache-2.0
// build: -lseccomp
// call-named NAME [ARGUMENT VALUE]: makes the system call of this name once, with 0 for all other
// arguments, and prints "done" or the errno's name. One that 64-bit programs have not is made by
// int 0x80.
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "call_abi.h"

static long call(const char *name, const long *arguments)
{
	int number = seccomp_syscall_resolve_name(name);
	long result;

	if (number < 0)
		return call_ia32(seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name), arguments);
	result = syscall(number, arguments[0], arguments[1], arguments[2], 0, 0, 0);
	if (result == 0 && number == SYS_clone)
		_exit(0);
	return result;
}

int main(int argc, char **argv)
{
	long arguments[CALL_ARGUMENTS] = { 0 };

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "usage: call-named NAME [ARGUMENT VALUE]\n");
		return 2;
	}
	if (argc == 4)
		arguments[atoi(argv[2]) % 3] = strtol(argv[3], NULL, 0);
	puts(call(argv[1], arguments) < 0 ? strerrorname_np(errno) : "done");
	return 0;
}
