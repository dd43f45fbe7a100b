/* SPDX-License-Identifier: Apache-2.0 */
/* The ABIs of system calls as libseccomp knows them. */
#ifndef TARE_SYSCALL_ABI_H
#define TARE_SYSCALL_ABI_H

#include <stdint.h>
#include "bpf/abi.h"

extern const struct syscall_abi {
	uint32_t architecture; /* libseccomp's */
	int number_bit;	       /* what libseccomp expects beside the number */
	const char *prefix;    /* of a name in the result */
} syscall_abis[ABI_COUNT];

#endif
