/* SPDX-License-Identifier: Apache-2.0 */
/* What a task is blocked for, by the system call that it is blocked in. */
#ifndef TARE_WAIT_CAUSE_H
#define TARE_WAIT_CAUSE_H

#include <stdint.h>
#include "bpf/abi.h"

/* Fills the table by number and ABI; what is not named below stays WAIT_OTHER. */
void wait_cause_fill(uint8_t table[ABI_COUNT][SYSCALL_NUMBERS]);

#endif
