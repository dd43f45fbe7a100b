// SPDX-License-Identifier: Apache-2.0
// make-filters: writes the system call filters for every choice of groups as a C header. The
// Makefile runs it, so that no run of tare has to.
#include <stdio.h>
#include <stdlib.h>
#include "sandbox/seccomp.h"

static void fail(const struct failure *why)
{
	char text[2048];

	fprintf(stderr, "make-filters: %s\n", failure_describe(why, text, sizeof(text)));
	exit(1);
}

static void print_instructions(const struct seccomp_filter *filter)
{
	for (unsigned short i = 0; i < filter->count; i++) {
		const struct sock_filter *one = &filter->instructions[i];

		printf("\t{ %#x, %u, %u, %#x },\n", one->code, one->jt, one->jf, one->k);
	}
}

int main(void)
{
	unsigned int begins[SECCOMP_FILTERS + 1] = { 0 };

	printf("static const struct sock_filter ready_instructions[] = {\n");
	for (unsigned int groups = 0; groups < SECCOMP_FILTERS; groups++) {
		struct seccomp_filter filter;
		struct failure why = { 0 };

		if (seccomp_filter_build(&filter, groups, &why))
			fail(&why);
		print_instructions(&filter);
		begins[groups + 1] = begins[groups] + filter.count;
		seccomp_filter_done(&filter);
	}
	printf("};\n\nstatic const unsigned short ready_begins[] = {\n");
	for (unsigned int groups = 0; groups <= SECCOMP_FILTERS; groups++)
		printf("\t%u,\n", begins[groups]);
	printf("};\n");
	return fflush(stdout) || ferror(stdout);
}
