// SPDX-License-Identifier: Apache-2.0
// What a task is blocked for, by system call and ABI.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "meter/wait_cause.h"

static uint8_t table[ABI_COUNT][SYSCALL_NUMBERS];

static int fill(void **state)
{
	(void)state;
	wait_cause_fill(table);
	return 0;
}

static void one_call_has_one_cause_in_every_abi(void **state)
{
	static const struct {
		int numbers[ABI_COUNT];
		enum wait_cause cause;
	} calls[] = {
		{ { 35, 162, 35 }, WAIT_TIMER },	/* nanosleep */
		{ { 202, 240, 202 }, WAIT_LOCK },	/* futex */
		{ { 0, 3, 0 }, WAIT_PIPE_SOCKET },	/* read */
		{ { 47, 372, 519 }, WAIT_PIPE_SOCKET }, /* recvmsg */
		{ { 61, 114, 61 }, WAIT_CHILD },	/* wait4 */
		{ { 74, 118, 74 }, WAIT_BLOCK_IO },	/* fsync */
		{ { 7, 168, 7 }, WAIT_POLL },		/* poll */
		{ { 39, 20, 39 }, WAIT_OTHER },		/* getpid */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		for (int abi = 0; abi < ABI_COUNT; abi++)
			assert_int_equal(table[abi][calls[i].numbers[abi]], calls[i].cause);
	}
}

static void nothing_in_the_table_is_unknown_to_the_programs(void **state)
{
	(void)state;
	for (int abi = 0; abi < ABI_COUNT; abi++) {
		for (int number = 0; number < SYSCALL_NUMBERS; number++)
			assert_in_range(table[abi][number], WAIT_OTHER, WAIT_POLL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_call_has_one_cause_in_every_abi),
		cmocka_unit_test(nothing_in_the_table_is_unknown_to_the_programs),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
