// SPDX-License-Identifier: Apache-2.0
// How a verb tells that it failed: one line and a hint, whatever bytes are in them.
#include "print_failure.h"

#include <stdio.h>
#include "base/cleanup.h"
#include "base/text.h"

/* It may hold paths of any bytes, which are not to command the terminal. */
int print_failure(const struct failure *why)
{
	struct failure first = *why;
	char text[sizeof(*why) + 256];
	cleanup_free char *what = NULL, *hint = text_escape(why->hint);

	first.hint[0] = '\0';
	what = text_escape(failure_describe(&first, text, sizeof(text)));
	fprintf(stderr, "tare: %s\n", what ? what : "out of memory");
	if (hint && *hint)
		fprintf(stderr, "  hint: %s\n", hint);
	return 125;
}
