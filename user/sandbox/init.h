/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1 of the container: builds it, bears the command, reaps, and reports. */
#ifndef TARE_INIT_H
#define TARE_INIT_H

#include "base/failure.h"
#include "base/output_directory.h"
#include "child.h"
#include "identity.h"
#include "scratch.h"
#include "system_config.h"
#include "tmpfs.h"
#include "view.h"

struct init_task {
	int socket;	 /* to tare */
	int tare_socket; /* tare's end, to be closed here */
	int go_write_fd; /* tare's end of the line that lets the command go, to be closed here */
	int cores_fd;	 /* tare's hold on the cores of the run, to be closed here; -1 none */
	int tried_fd;	 /* tare's, to be closed here; -1 none */
	struct output_directory *output; /* tare's, to be closed here */
	bool keeps_layers;		 /* and sends what holds them to tare */
	int root_fd;			 /* an unattached mount to be '/'; -1: the view has it */
	bool has_own_root;		 /* which is not the host's */
	const char *home;		 /* to be made; NULL: it is there, or none is wanted */
	int owners_userns_fd;		 /* by which owners of files are mapped; -1: they are not */
	const struct identity *identity;
	bool may_nest; /* the command may make namespaces */
	struct view *view;
	struct cgroup *cgroup;	     /* found; its descriptors come by message when they are made */
	struct tmpfs_bounds bounds;  /* of what takes its writes in memory */
	struct scratch scratch;	     /* takes them on disk, if made */
	bool keeps_system_config;    /* hostname and /etc are as they are outside */
	struct system_config system; /* without the home, which is in the environment */
	bool has_own_network;	     /* with nothing but lo */
	char *const *command;	     /* argv; the first is looked up in PATH inside the container */
	char *const *environment;
	int streams[3];	  /* of the command; -1: this process's own */
	int tares_own[4]; /* to be closed here; -1: none */
	struct child_task child;
};

/* A `run` function for process_start: takes a struct init_task, and ends with the container. */
int init_run(void *task, struct failure *why);

#endif
