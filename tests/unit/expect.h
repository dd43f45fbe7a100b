/* SPDX-License-Identifier: Apache-2.0 */
/* A check for code that runs in a child, where cmocka's would unwind into a copy of the test. */
#ifndef TARE_TESTS_EXPECT_H
#define TARE_TESTS_EXPECT_H

#include <errno.h>
#include <stdio.h>

/* Ends the function with 1, which the child exits with, unless the condition holds. */
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: expected %s, errno %d\n", __FILE__, __LINE__,      \
				#condition, errno);                                                \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

#endif
