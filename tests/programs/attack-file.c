// SPDX-License-Identifier: Apache-2.0
// Attempts on files and through descriptors: attack-file NAME [PATH].
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "attempt.h"

static int open_to_read(void)
{
	return open(word, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

/* Nothing is written: the kernel has said whether it could be. */
static int open_to_write(void)
{
	return open(word, O_WRONLY | O_NONBLOCK | O_NOCTTY);
}

/* --- Through a descriptor that was handed over --- */

static int write_input_file(void)
{
	return open("/proc/self/fd/0", O_WRONLY);
}

static int change_input_mode(void)
{
	struct stat status;

	return fstat(STDIN_FILENO, &status) ? -1 : fchmod(STDIN_FILENO, status.st_mode & 07777);
}

static int change_input_time(void)
{
	static const struct timespec now[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_nsec = UTIME_NOW } };

	return futimens(STDIN_FILENO, now);
}

/* The word is the descriptor's number, the second one a path from there. */
static int open_from_descriptor(void)
{
	return openat(atoi(word), second_word, O_RDONLY);
}

/* --- Locks --- */

static int lock_whole(void)
{
	return flock(open(word, O_RDONLY), LOCK_EX | LOCK_NB);
}

static int lock_record(void)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };

	return fcntl(open(word, O_RDONLY), F_SETLK, &lock);
}

/* Holds the whole file until standard input ends; says a line when it has it. */
static int hold_locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int file = open(word, O_RDWR);
	char nothing;

	if (flock(file, LOCK_EX) || fcntl(file, F_SETLK, &lock))
		return -1;
	puts("held");
	fflush(stdout);
	while (read(STDIN_FILENO, &nothing, 1) > 0)
		continue;
	return 0;
}

/* --- Handles: a file's number in its file system, past all directories --- */

struct handle {
	struct file_handle file;
	unsigned char bytes[MAX_HANDLE_SZ];
};

static int print_handle(void)
{
	struct handle handle = { .file.handle_bytes = MAX_HANDLE_SZ };
	int mount_id;

	if (name_to_handle_at(AT_FDCWD, word, &handle.file, &mount_id, 0))
		return -1;
	printf("%d:", handle.file.handle_type);
	for (unsigned int i = 0; i < handle.file.handle_bytes; i++)
		printf("%02x", handle.file.f_handle[i]);
	putchar('\n');
	exit(0);
}

/* Of the file system of the current directory. */
static int open_handle(void)
{
	struct handle handle = { 0 };
	char *digits;

	handle.file.handle_type = (int)strtol(word, &digits, 10);
	for (digits++; digits[0] && digits[1]; digits += 2) {
		const char pair[3] = { digits[0], digits[1], '\0' };

		handle.file.f_handle[handle.file.handle_bytes++] =
			(unsigned char)strtoul(pair, NULL, 16);
	}
	return open_by_handle_at(open(".", O_RDONLY | O_DIRECTORY), &handle.file, O_RDONLY);
}

/* --- Rights that a program file lends --- */

static int give_capability(void)
{
	const struct vfs_cap_data data = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = { { .permitted = CAP_TO_MASK(CAP_NET_RAW) } },
	};

	return setxattr(word, "security.capability", &data, sizeof(data), 0);
}

static int has_no(int is_missing)
{
	errno = EPERM;
	return is_missing ? -1 : 0;
}

static int be_root(void)
{
	return has_no(geteuid() != 0);
}

static int have_capability(void)
{
	char line[64];
	FILE *status = fopen("/proc/self/status", "r");
	unsigned long effective = 0;

	while (status && fgets(line, sizeof(line), status)) {
		if (!strncmp(line, "CapEff:", 7))
			effective = strtoul(line + 7, NULL, 16);
	}
	return has_no(effective == 0);
}

static const struct attempt attempts[] = {
	{ "open-to-read", open_to_read },
	{ "open-to-write", open_to_write },
	{ "write-input-file", write_input_file },
	{ "change-input-mode", change_input_mode },
	{ "change-input-time", change_input_time },
	{ "open-from-descriptor", open_from_descriptor },
	{ "lock-whole", lock_whole },
	{ "lock-record", lock_record },
	{ "hold-locks", hold_locks },
	{ "print-handle", print_handle },
	{ "open-handle", open_handle },
	{ "give-capability", give_capability },
	{ "be-root", be_root },
	{ "have-capability", have_capability },
};

ATTEMPT_MAIN(attempts)
