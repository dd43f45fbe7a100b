/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1 of the container: builds it, bears the command, reaps, and reports. */
#ifndef TARE_INIT_H
#define TARE_INIT_H

#include "base/failure.h"
#include "child.h"
#include "view.h"

struct init_task {
	int socket;	 /* to tare */
	int tare_socket; /* tare's end, to be closed here */
	int go_write_fd; /* tare's end of the pipe that lets the command go, to be closed here */
	int cores_fd;	 /* tare's hold on the cores of the run, to be closed here; -1 none */
	const struct view *view;
	bool has_own_network; /* with nothing but lo */
	char *const *command; /* argv; the first is looked up in PATH inside the container */
	char *const *environment;
	struct child_task child;
};

/* A `run` function for process_start: takes a struct init_task, and ends with the container. */
int init_run(void *task, struct failure *why);

#endif
