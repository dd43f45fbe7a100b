/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of small numbers, of processors or memory nodes, and its text as the kernel writes it:
 * "0,2-3".
 */
#ifndef TARE_NUMBER_SET_H
#define TARE_NUMBER_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many processors as a kernel for x86-64 can be built for; of memory nodes it has 1024. */
#define NUMBER_SET_SIZE 8192

struct number_set {
	uint64_t words[NUMBER_SET_SIZE / 64];
};

/*
 * Reads numbers and ranges, with commas between, with or without one newline at the end. -EINVAL:
 * it is no such list, or an empty one. -ERANGE, -EEXIST: *number is too large, or there twice.
 * *set and *number change only when they are told.
 */
int number_set_parse(const char *text, struct number_set *set, uint64_t *number);

/* The same form, ranges joined; "" for the empty set. The caller frees; NULL means out of memory.
 */
char *number_set_format(const struct number_set *set);

/* Below NUMBER_SET_SIZE. */
void number_set_add(struct number_set *set, unsigned int number);
bool number_set_has(const struct number_set *set, unsigned int number);

/* The least number that is not below `from`; -1 when there is none. */
int number_set_next(const struct number_set *set, unsigned int from);

#define number_set_for_each(number, set)                                                           \
	for (int number = number_set_next(set, 0); number >= 0;                                    \
		number = number_set_next(set, number + 1))

size_t number_set_count(const struct number_set *set);
void number_set_add_all(struct number_set *set, const struct number_set *others);
void number_set_remove_all(struct number_set *set, const struct number_set *others);

#endif
