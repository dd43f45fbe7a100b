// SPDX-License-Identifier: Apache-2.0
// Fuzzes the values that people and kernel files write: numbers, sizes, durations, lists of CPUs.
// words: user/base/text.c user/command/runexec_values.c
#include "base/number_set.h"
#include "base/text.h"
#include "command/runexec_values.h"
#include "fuzz.h"

/* Read alone, without a unit, a number is the same for all of them. */
static void read_numbers(const char *text)
{
	uint64_t decimal = 7, size = 7, duration = 7;
	int error = text_parse_decimal(text, &decimal);
	bool is_whole = !error && !strchr(text, '\n');

	claim(!error || decimal == 7);
	if (text_parse_size(text, &size))
		claim(size == 7 && !is_whole);
	else
		claim(!is_whole || size == decimal);
	if (text_parse_duration(text, &duration))
		claim(duration == 7 && (!is_whole || decimal > UINT64_MAX / 1000000000));
	else
		claim(!is_whole || duration == decimal * 1000000000);
}

/* What a list is written as is read as the same list. */
static void read_list(const char *text)
{
	struct number_set set = { { 0 } }, again = { { 0 } };
	cleanup_free char *plain = NULL, *twice = NULL;
	uint64_t number = 0;

	if (number_set_parse(text, &set, &number))
		return;
	claim(number_set_count(&set) > 0);
	plain = number_set_format(&set);
	claim(plain && !number_set_parse(plain, &again, &number));
	claim(!memcmp(&set, &again, sizeof(set)));
	twice = number_set_format(&again);
	claim(twice && !strcmp(plain, twice));
}

static void read_runexec_values(const char *text)
{
	struct failure why = { .errnum = 0 };
	int64_t number;

	claim_told(runexec_parse_timespan(text, &number, &why), &why);
	claim_told(runexec_parse_memory(text, &number, &why), &why);
	claim_told(runexec_parse_integer(text, &number, &why), &why);
}

/* Sorted and without ranges that are empty it is a plain list, or nothing. */
static void read_runexec_list(const char *text)
{
	struct failure why = { .errnum = 0 };
	cleanup_free char *list = NULL;
	struct number_set set;
	uint64_t number;
	int error = runexec_parse_list(text, &list, &why);

	claim_told(error, &why);
	if (!error && *list)
		claim(!number_set_parse(list, &set, &number));
}

static void write_number(uint64_t number, uint64_t whole)
{
	claim_printable(text_format_time(number).text, "");
	claim_printable(text_format_size(number).text, "");
	claim_printable(text_format_count(number).text, "");
	claim_printable(text_format_percent(number, whole).text, "");
	claim_printable(text_format_share(number, whole).text, "");
	claim_printable(text_format_ratio(number, whole).text, "");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	cleanup_free char *text = fuzz_take_text(&input);
	uint64_t number = fuzz_take_number(&input);

	read_numbers(text);
	read_list(text);
	read_runexec_values(text);
	read_runexec_list(text);
	write_number(number, fuzz_take_number(&input));
	return 0;
}
