// SPDX-License-Identifier: Apache-2.0
// with-key NAME COMMAND...: executes the command with a key of this name in its session keyring, as
// a login session has those of its user.
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: with-key NAME COMMAND...\n");
		return 125;
	}
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ||
		syscall(SYS_add_key, "user", argv[1], "secret", 6, KEY_SPEC_SESSION_KEYRING) < 0) {
		perror("with-key");
		return 125;
	}
	execvp(argv[2], argv + 2);
	return 127;
}
