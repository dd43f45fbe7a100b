/* SPDX-License-Identifier: Apache-2.0 */
/* How long a system call of this thread takes just now: the yardstick of what the probes cost. */
#ifndef TARE_CALL_TIME_H
#define TARE_CALL_TIME_H

#include <stdint.h>

/* In picoseconds, the least of some bursts: what disturbs one only makes it longer. */
uint64_t call_time_ps(void);

#endif
