/* SPDX-License-Identifier: Apache-2.0 */
/* A command that is let into a living run (tare exec): the visitor's side. See guest.h. */
#ifndef TARE_VISIT_H
#define TARE_VISIT_H

#include <stdbool.h>
#include <sys/types.h>
#include "base/failure.h"

struct visit {
	int socket;    /* for poll: readable when visit_hear has something to say */
	int launchers; /* what the launcher fetches; -1 once it has */
};

#define VISIT_NONE ((struct visit){ .socket = -1, .launchers = -1 })

struct visit_spec {
	int launcher_pidfd;
	pid_t launcher;
	int streams[3];	   /* of the command: its descriptors 0, 1 and 2. Borrowed */
	bool has_terminal; /* the first one is a terminal that is nobody else's */
	char *const *command;
};

enum visit_news {
	VISIT_LET_IN, /* the launcher has heard of it */
	VISIT_FAILED, /* it was not executed, or not let in: *why tells */
	VISIT_ENDED,
};

struct visit_event {
	enum visit_news news;
	bool is_exec_failure; /* VISIT_FAILED: the command's own fault */
	bool is_signaled;     /* VISIT_ENDED */
	bool is_run_over;     /* VISIT_ENDED: it was killed with the run */
	int code;
};

/* Asks the launcher to let the command in. */
int visit_begin(struct visit *visit, const struct visit_spec *spec, struct failure *why);

/* -EPIPE: nobody is there any more who could tell. */
int visit_hear(struct visit *visit, struct visit_event *event, struct failure *why);

/* To the command; it may have ended, which is then the next event. */
void visit_signal(const struct visit *visit, int signal_number);

/* Also ends the command, if it lives. */
void visit_end(struct visit *visit);

#endif
