/* SPDX-License-Identifier: Apache-2.0 */
/* A terminal of its own for the command of tare exec, shown on the caller's. */
#ifndef TARE_EXEC_TERMINAL_H
#define TARE_EXEC_TERMINAL_H

#include <stdbool.h>
#include <termios.h>
#include "base/failure.h"
#include "relay.h"

struct exec_terminal {
	int master, slave; /* -1: there is none, and nothing below means anything */
	struct termios before;
	bool is_raw;
	struct relay typed, shown;
	uint64_t typed_bytes, shown_bytes;
};

/* Makes one if standard input and output are terminals; otherwise none, which is no failure. */
int exec_terminal_open(struct exec_terminal *terminal, struct failure *why);

bool exec_terminal_is_used(const struct exec_terminal *terminal);

/* What is to be the command's stream: the new terminal in place of the caller's. */
int exec_terminal_stream(const struct exec_terminal *terminal, int stream);

/* The command has its end: from here on what is typed is for it, each key at once. */
void exec_terminal_begin(struct exec_terminal *terminal);

/* The caller's terminal has another size. */
void exec_terminal_resize(const struct exec_terminal *terminal);

/* One step of each relay that has something to do, after poll; nothing of it can fail the command.
 */
void exec_terminal_step(struct exec_terminal *terminal, bool is_typed_ready, bool is_shown_ready);

/* Shows what is left to show, and makes the caller's terminal what it was. */
void exec_terminal_close(struct exec_terminal *terminal);

#endif
