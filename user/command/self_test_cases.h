/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of which it is known what they do: what `tare run --self-test` weighs. */
#ifndef TARE_SELF_TEST_CASES_H
#define TARE_SELF_TEST_CASES_H

#include "base/result.h"

struct self_test_case {
	const char *name;
	const char *command[16]; /* of programs that every system has; ends with NULL */
	const char *key;	 /* as in the document: "time.cpu_ns", "syscalls.write.count" */
	uint64_t truth;
	uint64_t (*find_truth)(const struct result *result); /* instead, when truth is of the run */
	const char *source;				     /* of the truth */
	uint64_t below, above;				     /* how far the number may be off */
	bool is_delayed; /* others make it larger: the least of some runs is told */
};

extern const struct self_test_case self_test_cases[]; /* ends with name NULL */

#endif
