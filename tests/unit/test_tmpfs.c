// SPDX-License-Identifier: Apache-2.0
// Claims about the tmpfs that takes what a run writes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/tmpfs.h"

static struct tmpfs_options filled;
static struct failure why;

static void assert_options(const struct tmpfs_bounds *bounds, const char *wanted)
{
	char text[1024];
	size_t length = 0;

	assert_int_equal(tmpfs_options_fill(&filled, bounds, "755", &why), 0);
	for (const struct mount_option *option = filled.options; option->key; option++)
		length += snprintf(
			text + length, sizeof(text) - length, "%s=%s ", option->key, option->value);
	assert_string_equal(text, wanted);
}

static void without_bounds_the_kernel_chooses(void **state)
{
	(void)state;
	assert_options(&(struct tmpfs_bounds){ 0 }, "source=tare mode=755 ");
}

static void it_is_as_large_as_the_memory_of_the_run(void **state)
{
	(void)state;
	assert_options(&(struct tmpfs_bounds){ .size_bytes = 50000000 },
		"source=tare mode=755 size=50000000 ");
	assert_options(&(struct tmpfs_bounds){ .size_bytes = UINT64_MAX },
		"source=tare mode=755 size=18446744073709551615 ");
}

static void it_is_where_the_memory_of_the_run_is(void **state)
{
	(void)state;
	assert_options(&(struct tmpfs_bounds){ .nodes = "0,2-3" },
		"source=tare mode=755 mpol=bind:0,2-3 ");
	assert_options(&(struct tmpfs_bounds){ .size_bytes = 4096, .nodes = "1" },
		"source=tare mode=755 size=4096 mpol=bind:1 ");
}

static void a_list_that_would_be_cut_is_refused(void **state)
{
	char nodes[1024];

	(void)state;
	memset(nodes, '1', sizeof(nodes));
	nodes[sizeof(nodes) - 1] = '\0';
	assert_int_equal(
		tmpfs_options_fill(&filled, &(struct tmpfs_bounds){ .nodes = nodes }, "755", &why),
		-E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_bounds_the_kernel_chooses),
		cmocka_unit_test(it_is_as_large_as_the_memory_of_the_run),
		cmocka_unit_test(it_is_where_the_memory_of_the_run_is),
		cmocka_unit_test(a_list_that_would_be_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
