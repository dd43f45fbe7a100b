// SPDX-License-Identifier: Apache-2.0
// calculate MILLIONS [SCHEDSTAT...]: a fixed amount of work on a processor, the same at every run:
// so many millions of steps of a generator of random numbers, each of which needs the one before.
// Of each /proc/PID/schedstat it says by how much its two times grew meanwhile: "RAN_NS WAITED_NS".
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct times {
	long ran_ns, waited_ns;
};

static struct times read_times(const char *path)
{
	struct times times = { 0 };
	FILE *file = fopen(path, "r");

	if (!file || fscanf(file, "%ld %ld", &times.ran_ns, &times.waited_ns) != 2)
		exit(1);
	fclose(file);
	return times;
}

/* The result is the caller's to look at, so that no compiler leaves the work out. */
static uint64_t work(uint64_t steps)
{
	uint64_t state = 1;

	while (steps--)
		state = state * 6364136223846793005 + 1442695040888963407;
	return state;
}

int main(int argc, char **argv)
{
	struct times before[8], after;
	uint64_t state;

	if (argc < 2 || argc > 2 + 8)
		return 2;
	for (int i = 2; i < argc; i++)
		before[i - 2] = read_times(argv[i]);
	state = work(strtoull(argv[1], NULL, 10) * 1000000);
	for (int i = 2; i < argc; i++) {
		after = read_times(argv[i]);
		printf("%ld %ld\n", after.ran_ns - before[i - 2].ran_ns,
			after.waited_ns - before[i - 2].waited_ns);
	}
	return state ? 0 : 1;
}
