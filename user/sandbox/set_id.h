/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second filter, for runs that write on the host: no file gets the set-user-ID or set-group-ID
 * bit. In a directory of full access the command's files are the caller's, who may be root: with
 * that bit, whoever is on the host could become the caller by them.
 */
#ifndef TARE_SET_ID_H
#define TARE_SET_ID_H

#include <stddef.h>
#include "base/explanation.h"
#include "base/failure.h"
#include "base/refusal.h"
#include "seccomp.h"

/*
 * Apart from the filter of seccomp.c, because two arguments decide (does the call make a file, with
 * which mode?), and because no wish of the user's opens it. EPERM is refused; openat2, which has
 * its mode in memory where a filter cannot see it, is ENOSYS, and programs fall back to openat.
 * What is made by io_uring, if that is let through, is not seen.
 */
int set_id_filter_build(struct seccomp_filter *filter, struct failure *why);

/* What it refuses; at most `room` rules. Returns how many. */
size_t set_id_list_refusals(struct refusal_rule *out, size_t room);

void set_id_explain(struct explanation *explanation);

#endif
