/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal's foreground: lent to the command while it runs, so that Ctrl-C, Ctrl-Z and reads
 * from the keyboard reach it as if there were no tare between.
 */
#ifndef TARE_TERMINAL_H
#define TARE_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>

struct terminal {
	int fd;	      /* -1: nothing to lend */
	pid_t caller; /* the foreground process group to give it back to */
};

/*
 * Opens the controlling terminal if this process is in its foreground and both ends of its
 * standard streams are that terminal: a partner in a pipeline would lose the keyboard otherwise.
 */
void terminal_open(struct terminal *terminal);

bool terminal_is_lent(const struct terminal *terminal);

/* Makes the process group the foreground; does nothing without a terminal. */
void terminal_lend(const struct terminal *terminal, pid_t group);
void terminal_take_back(const struct terminal *terminal);

void terminal_close(struct terminal *terminal);

#endif
