// SPDX-License-Identifier: Apache-2.0
// A set of small numbers, of processors or memory nodes, and its text as the kernel writes it.
#include "number_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "cleanup.h"

#define WORDS (NUMBER_SET_SIZE / 64)

void number_set_add(struct number_set *set, unsigned int number)
{
	set->words[number / 64] |= 1ULL << number % 64;
}

bool number_set_has(const struct number_set *set, unsigned int number)
{
	return number < NUMBER_SET_SIZE && set->words[number / 64] >> number % 64 & 1;
}

int number_set_next(const struct number_set *set, unsigned int from)
{
	for (; from < NUMBER_SET_SIZE; from++) {
		if (number_set_has(set, from))
			return (int)from;
	}
	return -1;
}

size_t number_set_count(const struct number_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < WORDS; i++)
		count += __builtin_popcountll(set->words[i]);
	return count;
}

void number_set_add_all(struct number_set *set, const struct number_set *others)
{
	for (size_t i = 0; i < WORDS; i++)
		set->words[i] |= others->words[i];
}

void number_set_remove_all(struct number_set *set, const struct number_set *others)
{
	for (size_t i = 0; i < WORDS; i++)
		set->words[i] &= ~others->words[i];
}

/* Takes one number off the text. -ERANGE: *number is what it would be, or the largest there is. */
static int take_number(const char **text, uint64_t *number)
{
	bool is_large = false;
	const char *first = *text;

	*number = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		if (__builtin_mul_overflow(*number, 10, number) ||
			__builtin_add_overflow(*number, **text - '0', number))
			is_large = true;
	}
	if (*text == first)
		return -EINVAL;
	if (is_large)
		*number = UINT64_MAX;
	return *number < NUMBER_SET_SIZE ? 0 : -ERANGE;
}

/* Takes "2" or "2-3" off the text. */
static int take_range(const char **text, uint64_t *first, uint64_t *last, uint64_t *number)
{
	int error = take_number(text, first), last_error;

	*number = *first;
	*last = *first;
	if (error == -EINVAL || **text != '-')
		return error;
	(*text)++;
	last_error = take_number(text, last);
	if (last_error == -EINVAL || *last < *first)
		return -EINVAL;
	if (!error)
		*number = *last;
	return error ? error : last_error;
}

static int add_range(struct number_set *set, uint64_t first, uint64_t last, uint64_t *number)
{
	for (uint64_t next = first; next <= last; next++) {
		if (number_set_has(set, next)) {
			*number = next;
			return -EEXIST;
		}
		number_set_add(set, next);
	}
	return 0;
}

static bool ends(const char *text)
{
	return !*text || (*text == '\n' && !text[1]);
}

int number_set_parse(const char *text, struct number_set *set, uint64_t *number)
{
	struct number_set read = { { 0 } };
	uint64_t first, last, told;

	for (;;) {
		int error = take_range(&text, &first, &last, &told);

		/* A list that is none is told before what is wrong with its numbers. */
		if (error != -EINVAL && *text != ',' && !ends(text))
			return -EINVAL;
		if (!error)
			error = add_range(&read, first, last, &told);
		if (error == -ERANGE || error == -EEXIST)
			*number = told;
		if (error)
			return error;
		if (*text++ != ',')
			break;
	}
	*set = read;
	return 0;
}

static int end_of_range(const struct number_set *set, int first)
{
	while (number_set_has(set, first + 1))
		first++;
	return first;
}

char *number_set_format(const struct number_set *set)
{
	cleanup_free char *text = NULL;
	const char *separator = "";
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int last;

	if (!out)
		return NULL;
	for (int first = number_set_next(set, 0); first >= 0;
		first = number_set_next(set, last + 1)) {
		last = end_of_range(set, first);
		fprintf(out, last > first ? "%s%d-%d" : "%s%d", separator, first, last);
		separator = ",";
	}
	return fclose(out) ? NULL : take_pointer(&text);
}
