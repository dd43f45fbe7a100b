// SPDX-License-Identifier: Apache-2.0
// Signals that come as something to read, and not by themselves.
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

int signals_take(const int *signals, size_t count, int *fd, struct failure *why)
{
	struct sigaction now;
	sigset_t taken;

	sigemptyset(&taken);
	for (size_t i = 0; i < count; i++) {
		if (!sigaction(signals[i], NULL, &now) && now.sa_handler != SIG_IGN)
			sigaddset(&taken, signals[i]);
	}
	sigprocmask(SIG_BLOCK, &taken, NULL);
	*fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
	return *fd >= 0 ? 0 : failure_set(why, errno, "receive signals");
}
