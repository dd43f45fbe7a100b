// SPDX-License-Identifier: Apache-2.0
// Fuzzes the command lines of tare ps, exec and kill, and the orders that come to a launcher.
// words: user/command/options_living.c
#include "command/options_living.h"

#include "fuzz.h"
#include "sandbox/order.h"

static void parse(enum living_verb verb, const struct fuzz_words *words)
{
	/* Each has its own: parsing may put an end into the array. */
	struct fuzz_words own = *words;
	struct living_options options;
	struct failure why = { .errnum = 0 };
	int error = living_parse(verb, own.count, own.words, &options, &why);

	claim_told(error, &why);
	if (error || options.wants_help)
		return;
	claim(options.verb == verb);
	claim(verb != LIVING_EXEC || (options.runs[0] && options.command[0]));
	claim(options.signal_number >= 0 && options.signal_number <= 64);
}

/* Whatever a signal says, the order is one of those that there are. */
static void read_order(struct fuzz_input *input)
{
	struct signalfd_siginfo info = { .ssi_signo = ORDER_SIGNAL };
	struct order order;

	info.ssi_code = (int32_t)fuzz_take_byte(input) - 128;
	info.ssi_int = (int32_t)fuzz_take_number(input);
	info.ssi_ptr = fuzz_take_number(input);
	info.ssi_pid = (uint32_t)fuzz_take_number(input);
	order = order_read(&info);
	claim(order.kind >= ORDER_NONE && order.kind <= ORDER_ADMIT);
	claim(order.kind == ORDER_NONE || (order.argument >= 0 && order.argument < 4096));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size }, whole = input;
	struct fuzz_words words = { .words = { strdup("verb") }, .count = 1 };

	read_order(&whole);
	fuzz_take_words(&input, &words);
	for (int verb = 0; verb < LIVING_VERBS; verb++)
		parse(verb, &words);
	fuzz_words_done(&words);
	return 0;
}
