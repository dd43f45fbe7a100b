// SPDX-License-Identifier: Apache-2.0
// build: -lseccomp
// without-calls NAME[,NAME...] COMMAND...: runs the command on a kernel that does not know these
// system calls: they answer ENOSYS. A filter of seccomp's, so root only, and the command's own.
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn static void die(const char *what)
{
	perror(what);
	exit(99);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (argc < 3 || !filter)
		die("usage: without-calls NAME[,NAME...] COMMAND...");
	/* What the command does to gain rights is its affair. */
	if (seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0))
		die("no_new_privs");
	for (char *name = strtok(argv[1], ","); name; name = strtok(NULL, ",")) {
		int number = seccomp_syscall_resolve_name(name);

		if (number < 0 || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0))
			die(name);
	}
	if (seccomp_load(filter))
		die("seccomp");
	execvp(argv[2], argv + 2);
	die(argv[2]);
}
