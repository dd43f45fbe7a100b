/* SPDX-License-Identifier: Apache-2.0 */
/* The words of a seccomp profile, and what they mean. */
#ifndef TARE_SECCOMP_WORDS_H
#define TARE_SECCOMP_WORDS_H

#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/json_input.h"

/* Each reads one word; a word that is none is refused with a list of those that are. */

/* "SCMP_ACT_ERRNO"; the error itself is not filled in. */
int seccomp_read_action(const struct json_place *at, uint32_t *action, struct failure *why);

/* "SCMP_CMP_EQ" */
int seccomp_read_operator(
	const struct json_place *at, enum scmp_compare *operator, struct failure * why);

/* "SCMP_ARCH_X86"; 0 is one that this machine cannot execute. */
int seccomp_read_abi(const struct json_place *at, uint32_t *abi, struct failure *why);

/* "amd64", as Docker calls a machine in its conditions; whether it is this one. */
int seccomp_read_machine(const struct json_place *at, bool *is_this, struct failure *why);

/* "SECCOMP_FILTER_FLAG_LOG" */
int seccomp_read_flag(const struct json_place *at, unsigned int *flag, struct failure *why);

/* "EPERM", as Podman writes it beside the number */
int seccomp_read_errno(const struct json_place *at, uint64_t *errnum, struct failure *why);

/* "4.8"; whether this kernel is as new. */
int seccomp_read_kernel(const struct json_place *at, bool *is_as_new, struct failure *why);

/* "ALLOW", "KILL_PROCESS", and of an error its name: "EPERM". Returns static storage or buffer. */
#define SECCOMP_ACTION_NAME 32
const char *seccomp_action_name(uint32_t action, char buffer[static SECCOMP_ACTION_NAME]);

#endif
