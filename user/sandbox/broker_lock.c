// SPDX-License-Identifier: Apache-2.0
// The lock of the broker's directories.
#include "broker_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "broker.h"

#define LOCK_PATH BROKER_DIRECTORY "/lock"

int broker_lock(int *fd, enum broker_lock_way way, struct failure *why)
{
	int error;

	if (mkdir(BROKER_DIRECTORY, 0755) && errno != EEXIST)
		return failure_set(why, errno, "make '%s'", BROKER_DIRECTORY);
	*fd = open(LOCK_PATH, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0)
		return failure_set(why, errno, "open '%s'", LOCK_PATH);
	if (!flock(*fd, way == LOCK_WAITS ? LOCK_EX : LOCK_EX | LOCK_NB))
		return 0;
	error = errno == EWOULDBLOCK ? EBUSY : errno;
	close_fd(fd);
	return failure_set(why, error, "lock '%s'", LOCK_PATH);
}
