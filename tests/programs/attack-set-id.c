// SPDX-License-Identifier: Apache-2.0
// Makes a set-user-ID file by every system call that can: attack-set-id native|ia32 DIRECTORY.
// Prints a line for each, "CALL done" where such a file is there then, "CALL ERRNO" where the call
// was refused, and for each a line "CALL-plain ..." about the same without that bit.
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "call_abi.h"

#define CWD ((long)AT_FDCWD)
/* All data here lies below 4 GiB, because the program is not position-independent. */
#define POINTER(object) ((long)(uintptr_t)(object))
/* The place of the mode, and of an open file, in a call's arguments. */
#define MODE (-1000L)
#define FILE_OPEN (-1001L)

static char name[] = "made";
static struct open_how how;

static const struct way {
	const char *name;
	bool is_there; /* the file, before */
	long native, ia32;
	long arguments[CALL_ARGUMENTS];
} ways[] = {
	{ "chmod", true, 90, 15, { POINTER(name), MODE } },
	{ "fchmod", true, 91, 94, { FILE_OPEN, MODE } },
	{ "fchmodat", true, 268, 306, { CWD, POINTER(name), MODE } },
	{ "fchmodat2", true, 452, 452, { CWD, POINTER(name), MODE, AT_SYMLINK_NOFOLLOW } },
	{ "creat", false, 85, 8, { POINTER(name), MODE } },
	{ "open", false, 2, 5, { POINTER(name), O_CREAT | O_RDWR, MODE } },
	{ "openat", false, 257, 295, { CWD, POINTER(name), O_CREAT | O_RDWR, MODE } },
	{ "openat2", false, 437, 437, { CWD, POINTER(name), POINTER(&how), sizeof(how) } },
	{ "mknod", false, 133, 14, { POINTER(name), MODE, 0 } },
	{ "mknodat", false, 259, 297, { CWD, POINTER(name), MODE, 0 } },
};

/* For mknod, a mode has a file's type in it, which the others ignore. */
static long make(const struct way *way, bool is_ia32, mode_t mode)
{
	long arguments[CALL_ARGUMENTS];

	how = (struct open_how){ .flags = O_CREAT | O_RDWR, .mode = mode };
	for (int i = 0; i < CALL_ARGUMENTS; i++) {
		arguments[i] = way->arguments[i];
		if (arguments[i] == MODE)
			arguments[i] = S_IFREG | mode;
		if (arguments[i] == FILE_OPEN)
			arguments[i] = open(name, O_RDONLY);
	}
	return is_ia32 ? call_ia32(way->ia32, arguments) : call_native(way->native, arguments);
}

static const char *attempt(const struct way *way, bool is_ia32, mode_t mode)
{
	struct stat status;

	unlink(name);
	if (way->is_there)
		close(open(name, O_CREAT | O_RDWR, 0644));
	if (make(way, is_ia32, mode) < 0)
		return strerrorname_np(errno);
	if (stat(name, &status))
		return "made nothing";
	return (status.st_mode & 07777) == mode ? "done" : "made another one";
}

int main(int argc, char **argv)
{
	bool is_ia32 = argc > 1 && !strcmp(argv[1], "ia32");

	if (argc != 3 || chdir(argv[2])) {
		fprintf(stderr, "usage: attack-set-id native|ia32 DIRECTORY\n");
		return 2;
	}
	umask(0);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		printf("%s %s\n", ways[i].name, attempt(&ways[i], is_ia32, 04755));
		printf("%s-group %s\n", ways[i].name, attempt(&ways[i], is_ia32, 02755));
		printf("%s-plain %s\n", ways[i].name, attempt(&ways[i], is_ia32, 01751));
	}
	unlink(name);
	return 0;
}
