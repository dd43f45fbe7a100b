/* SPDX-License-Identifier: Apache-2.0 */
/* One thing that the sandbox's system call filters refuse: made by the sandbox, told to the meter.
 */
#ifndef TARE_REFUSAL_H
#define TARE_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

enum refusal_abi {
	REFUSAL_X86_64,
	REFUSAL_IA32,
	REFUSAL_X32,
	REFUSAL_ABIS,
};

struct refusal_rule {
	enum refusal_abi abi;
	int number;		/* within its ABI */
	bool looks_at_argument; /* else every call of this number is refused */
	unsigned int argument;	/* 0 to 3 */
	uint64_t mask;
	uint64_t value; /* refused if (argument & mask) == value, or, when is_any, if it is not 0 */
	bool is_any;
	bool needs_next; /* refused only if the next rule of the list says so, too */
};

#endif
