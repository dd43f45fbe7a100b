/* SPDX-License-Identifier: Apache-2.0 */
/* One command of a batch: a process of its own that weighs it, and the line that tells of it. */
#ifndef TARE_BATCH_JOB_H
#define TARE_BATCH_JOB_H

#include <stddef.h>
#include <sys/types.h>
#include "base/config.h"
#include "base/failure.h"
#include "batch_input.h"

struct batch_job {
	size_t index; /* in the batch, from 0 */
	struct batch_request request;
	struct run_config *config; /* owned */
	int pidfd;		   /* of the process that weighs it; -1: none does */
	int document_fd;	   /* where that process writes the line */
	int status;		   /* as `tare run` has it, when it is over */
	char *line;		   /* owned; NULL: it is not over */
	size_t line_size;
};

/* *job is none, so that batch_job_done is fine whatever happens. */
void batch_job_clear(struct batch_job *job);

/*
 * Starts what the text asks for, with the options of the batch in *common. What is wrong with it is
 * told in the job's own line; a failure is one of the batch.
 */
int batch_job_start(struct batch_job *job, const struct batch_input *input, const char *text,
	const struct run_config *common, struct failure *why);

/* When pidfd is readable: takes the line and the status, and lets all else go. */
int batch_job_end(struct batch_job *job, struct failure *why);

void batch_job_done(struct batch_job *job);

#endif
