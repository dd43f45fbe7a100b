/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output of the command on its way through tare, so that a limit can act while it is written.
 *
 * A relay that passes on cuts its stream at the limit. One that spools writes to a file of its own
 * and keeps head and tail: the file never grows beyond the limit, however much is written.
 */
#ifndef TARE_RELAY_H
#define TARE_RELAY_H

#include <stdbool.h>
#include <stdint.h>
#include "base/failure.h"

enum { RELAY_CHUNK = 65536 };

struct relay {
	int from; /* read end of the command's pipe; -1: at its end */
	int to;
	bool is_spool;
	uint64_t base;	   /* of a spool: where in its file the output begins */
	uint64_t limit;	   /* bytes */
	uint64_t *written; /* by the command, in all that count together; borrowed */
	bool is_deaf;	   /* nobody reads what is passed on: it is thrown away */
	bool is_over;	   /* more came than the limit */
	char pending[RELAY_CHUNK];
	uint32_t pending_size, pending_start;
};

/* What to wait for before the next step, for poll. -1: nothing more will come. */
int relay_fd(const struct relay *relay);
short relay_events(const struct relay *relay);

/* Takes one step, which does not block after the wait. */
int relay_step(struct relay *relay, struct failure *why);

/* When nobody is left who could write: takes what is still in the pipe, and closes both ends. */
int relay_finish(struct relay *relay, struct failure *why);

#endif
