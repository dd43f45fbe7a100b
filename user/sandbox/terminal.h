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
	int fd;		/* -1: none is shared */
	pid_t caller;	/* tare's process group */
	pid_t borrower; /* the group that has the foreground from us; 0 none */
};

/*
 * Opens the controlling terminal if both ends of the standard streams are that terminal: a partner
 * in a pipeline would lose the keyboard otherwise. The command then stays in the caller's session,
 * where job control holds for it, also in the background.
 */
void terminal_open(struct terminal *terminal);

bool terminal_is_shared(const struct terminal *terminal);

/* This process's group has the foreground now, and could lend it. */
bool terminal_is_ours(const struct terminal *terminal);

/* Makes the process group the foreground, if this process has it to give. */
void terminal_lend(struct terminal *terminal, pid_t group);

/* Takes it back from that group; does nothing when it was not lent, or someone else has it. */
void terminal_take_back(struct terminal *terminal);

void terminal_close(struct terminal *terminal);

#endif
