// SPDX-License-Identifier: Apache-2.0
// Fuzzes patterns of result files: the first text is a pattern, the second a path.
#include "base/pattern.h"

#include "fuzz.h"

/* Names parted by one '/' each, as whoever walks a tree has them. */
static void make_path(char *path)
{
	char *end = path;

	for (char *from = path; *from; from++) {
		if (*from != '/' || (end > path && end[-1] != '/'))
			*end++ = *from;
	}
	while (end > path && end[-1] == '/')
		end--;
	*end = '\0';
}

/* On the way to a match every directory leads there, and below one everything matches. */
static void follow(const struct pattern *pattern, char *path)
{
	enum pattern_reach reach = pattern_reach(pattern, path);
	cleanup_free char *below = NULL;
	char *slash;

	claim(asprintf(&below, "%s%sx", path, *path ? "/" : "") > 0);
	if (reach == PATTERN_MATCHES)
		claim(pattern_reach(pattern, below) == PATTERN_MATCHES);
	if (reach == PATTERN_MISSES)
		claim(pattern_reach(pattern, below) == PATTERN_MISSES);
	while (reach != PATTERN_MISSES && (slash = strrchr(path, '/'))) {
		*slash = '\0';
		claim(pattern_reach(pattern, path) != PATTERN_MISSES);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	cleanup_free char *text = fuzz_take_text(&input), *path = fuzz_take_text(&input);
	struct failure why = { .errnum = 0 };
	struct pattern pattern;
	int error = pattern_parse(text, &pattern, &why);

	claim_told(error, &why);
	if (error)
		return 0;
	make_path(path);
	follow(&pattern, path);
	pattern_done(&pattern);
	return 0;
}
