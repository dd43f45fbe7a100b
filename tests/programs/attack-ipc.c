// SPDX-License-Identifier: Apache-2.0
// Things of one process that another one finds by a number or a name: attack-ipc hold-KIND NAME
// makes one, says a line with what finds it, and removes it when standard input ends; attack-ipc
// find-KIND WHAT looks for it.
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "attempt.h"

static key_t key(void)
{
	return (key_t)atoi(word);
}

static void hold(long finder)
{
	char nothing;

	printf("%ld\n", finder);
	fflush(stdout);
	while (read(STDIN_FILENO, &nothing, 1) > 0)
		continue;
}

static int hold_semaphores(void)
{
	int set = semget(key(), 1, IPC_CREAT | IPC_EXCL | 0666);

	if (set < 0)
		return -1;
	hold(key());
	return semctl(set, 0, IPC_RMID);
}

static int find_semaphores(void)
{
	return semget(key(), 1, 0);
}

static int hold_messages(void)
{
	int queue = msgget(key(), IPC_CREAT | IPC_EXCL | 0666);

	if (queue < 0)
		return -1;
	hold(key());
	return msgctl(queue, IPC_RMID, NULL);
}

static int find_messages(void)
{
	return msgget(key(), 0);
}

static int hold_named_messages(void)
{
	if (mq_open(word, O_CREAT | O_EXCL | O_RDWR, 0666, NULL) < 0)
		return -1;
	hold(0);
	return mq_unlink(word);
}

static int find_named_messages(void)
{
	return mq_open(word, O_RDONLY);
}

/* A key of this process alone, which whoever is the same user may read, by its serial number. */
static int hold_key(void)
{
	const uint32_t all_for_user = 0x3f3f0000;
	long serial = syscall(SYS_add_key, "user", word, "secret", 6, KEY_SPEC_PROCESS_KEYRING);

	if (serial < 0 || syscall(SYS_keyctl, KEYCTL_SETPERM, serial, all_for_user) < 0)
		return -1;
	hold(serial);
	return 0;
}

static int find_key(void)
{
	char secret[16];

	return (int)syscall(SYS_keyctl, KEYCTL_READ, atoi(word), secret, sizeof(secret));
}

static const struct attempt attempts[] = {
	{ "hold-semaphores", hold_semaphores },
	{ "find-semaphores", find_semaphores },
	{ "hold-messages", hold_messages },
	{ "find-messages", find_messages },
	{ "hold-named-messages", hold_named_messages },
	{ "find-named-messages", find_named_messages },
	{ "hold-key", hold_key },
	{ "find-key", find_key },
};

ATTEMPT_MAIN(attempts)
