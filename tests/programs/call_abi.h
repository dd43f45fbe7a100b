/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls by number and by ABI, with errno as libc has it. What an ia32 call is told of must
 * lie below 4 GiB, as all data of these programs does that are not position-independent.
 */
#ifndef TARE_TESTS_CALL_ABI_H
#define TARE_TESTS_CALL_ABI_H

#include <errno.h>
#include <unistd.h>

/* As many arguments as the calls that are tried have. */
enum { CALL_ARGUMENTS = 5 };

static inline long call_native(long number, const long *arguments)
{
	return syscall(
		number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]);
}

#ifdef __x86_64__
static inline long call_ia32(long number, const long *arguments)
{
	int result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"((int)number), "b"((int)arguments[0]), "c"((int)arguments[1]),
			 "d"((int)arguments[2]), "S"((int)arguments[3]), "D"((int)arguments[4])
			 : "r8", "r9", "r10", "r11", "memory");
	if (result >= 0)
		return result;
	errno = -result;
	return -1;
}
#else
static inline long call_ia32(long number, const long *arguments)
{
	(void)number, (void)arguments;
	errno = ENOSYS;
	return -1;
}
#endif

#endif
