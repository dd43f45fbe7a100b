// SPDX-License-Identifier: Apache-2.0
// Fuzzes profiles of system calls, in the JSON of Docker and Podman, up to the program of a filter.
// words: user/sandbox/seccomp_profile.c user/sandbox/seccomp_words.c
#include "sandbox/seccomp_profile.h"

#include "fuzz.h"

static void use(const struct seccomp_profile *profile)
{
	struct explanation explanation = { .count = 0 };
	struct seccomp_filter filter = { 0 };
	struct failure why = { .errnum = 0 };

	claim(profile->count <= PROFILE_RULES);
	if (!seccomp_profile_build(profile, &filter, &why))
		claim(filter.count > 0);
	seccomp_filter_done(&filter);
	seccomp_profile_explain(profile, &explanation);
	explanation_done(&explanation);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct failure why = { .errnum = 0 };
	struct seccomp_profile profile;
	char path[FUZZ_PATH];
	cleanup_fd int file = fuzz_file(bytes, size, path);
	int error = seccomp_profile_read(&profile, path, &why);

	claim_told(error, &why);
	if (error) {
		claim_printable(why.what, "");
		return 0;
	}
	use(&profile);
	seccomp_profile_done(&profile);
	return 0;
}
