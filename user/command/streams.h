/* SPDX-License-Identifier: Apache-2.0 */
/* The command's standard streams: files that were named, tare's own, or pipes through tare. */
#ifndef TARE_STREAMS_H
#define TARE_STREAMS_H

#include <stdbool.h>
#include "base/config.h"
#include "base/failure.h"
#include "base/result.h"
#include "relay.h"

enum { STREAM_RELAYS = 2 };

struct streams {
	int of_command[3];    /* to become its descriptors; -1: tare's own */
	struct relay *relays; /* owned; NULL where output has no limit */
	size_t relay_count;
	uint64_t written; /* by the command, where it is relayed */
};

#define STREAMS_NONE ((struct streams){ .of_command = { -1, -1, -1 } })

/*
 * Opens the files that the options name, before anything else is made; `header` is the text an
 * output file begins with, "" for none.
 */
int streams_open(struct streams *streams, const struct run_config *config, const char *header,
	struct failure *why);

/* What of this is for no process of the run; -1 fills up. */
void streams_list_own(const struct streams *streams, int own[2 * STREAM_RELAYS]);

/* The command has its own copies; an open end here would keep readers waiting. */
void streams_let_go(struct streams *streams);

/* More was written than the limit, and the run is to end for it. */
bool streams_are_over(const struct streams *streams);

/* When all of the run is dead: passes on what is left, and tells in *output what there was. */
int streams_finish(struct streams *streams, struct output_result *output, struct failure *why);

/* Closes what is open; also of STREAMS_NONE, or when half of it failed. */
void streams_close(struct streams *streams);

#endif
