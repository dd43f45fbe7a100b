// SPDX-License-Identifier: Apache-2.0
// The verdict on what came from outside a run: quiet, or disturbed and by what.
//
// A cause disturbs when it took more than its share of the run, and more than a moment: of a run of
// a millisecond a single timer interrupt is a per cent. The share is of the wall time; where
// several tasks run or wait at one time, of the time that all of them wanted a processor, which is
// more.
#include "noise.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* No cause of less is a disturbance, whatever its share. */
#define MOMENT_NS 200000

/* Who is not worth a mention beside the worst: less than a hundredth of it. */
#define WORST_TO_MENTION 100

/*
 * Each threshold is half of what the fixed benchmark of tests/bench/interference.sh varies by on an
 * idle machine, or less: what stays below it cannot be told from chance.
 */
static const struct cause {
	size_t first, second; /* offsets of the numbers in struct result; added up */
	unsigned int per_mille;
	const char *words; /* after "12.3 % of the wall time" */
	bool has_names;
} causes[] = {
	{ offsetof(struct result, noise.preempted), 0, 10,
		"waited for a processor, behind: ", true },
	{ offsetof(struct result, noise.taken), 0, 10,
		"was taken by the host of this virtual machine, or by interrupts", false },
	{ offsetof(struct result, noise.irq), offsetof(struct result, noise.softirq), 20,
		"went to interrupts", false },
	{ offsetof(struct result, pressure.memory), 0, 10,
		"stalled for memory (reclaim, compaction, refaults)", false },
	{ offsetof(struct result, time.throttled), 0, 10,
		"was denied by a limit of bandwidth (cpu.max)", false },
};

_Static_assert(ARRAY_SIZE(causes) + 1 == NOISE_REASON_LIMIT,
	"the thresholds of shares, and the one of the processors' heat");

__attribute__((format(printf, 2, 3))) static void add(
	struct noise_reason *reason, const char *format, ...)
{
	size_t length = strlen(reason->text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason->text + length, sizeof(reason->text) - length, format, arguments);
	va_end(arguments);
}

static uint64_t value_at(const struct result *result, size_t offset)
{
	const struct number *number = (const struct number *)((const char *)result + offset);

	return offset && number->is_known ? number->value : 0;
}

static uint64_t time_of(const struct result *result, const struct cause *cause)
{
	return value_at(result, cause->first) + value_at(result, cause->second);
}

static uint64_t wanted_ns(const struct result *result)
{
	return value_at(result, offsetof(struct result, time.cpu)) +
	       value_at(result, offsetof(struct result, noise.preempted));
}

static bool wants_more_than_wall(const struct result *result)
{
	return wanted_ns(result) > result->time.wall.value;
}

static uint64_t whole_of(const struct result *result)
{
	return wants_more_than_wall(result) ? wanted_ns(result) : result->time.wall.value;
}

/* Thousandths of the whole, rounded down. */
static uint64_t share_of(uint64_t ns, uint64_t whole_ns)
{
	return whole_ns ? (uint64_t)((unsigned __int128)ns * 1000 / whole_ns) : 0;
}

static void add_names(const struct noise *noise, struct noise_reason *reason)
{
	for (size_t i = 0; i < noise->culprit_count; i++) {
		const struct culprit_time *culprit = &noise->culprits[i];
		cleanup_free char *name = text_escape(culprit->name);

		if (culprit->ns < noise->culprits[0].ns / WORST_TO_MENTION)
			break;
		add(reason, "%s%s %s", i ? ", " : "", name ? name : "?",
			text_format_time(culprit->ns).text);
	}
}

static void describe(
	const struct result *result, const struct cause *cause, struct noise_reason *reason)
{
	uint64_t share = share_of(time_of(result, cause), whole_of(result));

	reason->text[0] = '\0';
	add(reason, "%llu.%llu %% of the %s time %s", (unsigned long long)share / 10,
		(unsigned long long)share % 10, wants_more_than_wall(result) ? "tasks'" : "wall",
		cause->words);
	if (cause->has_names)
		add_names(&result->noise, reason);
}

static bool disturbs(const struct result *result, const struct cause *cause)
{
	uint64_t ns = time_of(result, cause);

	return ns >= MOMENT_NS && share_of(ns, whole_of(result)) >= cause->per_mille;
}

/* The gravest first: few enough for the simplest way. */
static const struct cause *gravest(
	const struct result *result, const bool is_told[ARRAY_SIZE(causes)])
{
	const struct cause *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
		if (is_told[i] || !disturbs(result, &causes[i]))
			continue;
		if (!found || time_of(result, &causes[i]) > time_of(result, found))
			found = &causes[i];
	}
	return found;
}

/* Of the machine's, but a processor that slows down for its heat slows down whoever it has. */
static void judge_heat(const struct result *result, struct noise_verdict *verdict)
{
	uint64_t throttles =
		value_at(result, offsetof(struct result, noise.machine_thermal_throttles));
	struct noise_reason *reason = &verdict->reasons[verdict->reason_count];

	if (!throttles)
		return;
	reason->text[0] = '\0';
	add(reason, "processors of this machine slowed down %s for their heat",
		text_format_counted(throttles, "time", "times").text);
	verdict->reason_count++;
}

void noise_judge(const struct result *result, struct noise_verdict *verdict)
{
	bool is_told[ARRAY_SIZE(causes)] = { false };
	const struct cause *cause;

	verdict->reason_count = 0;
	verdict->is_known = result->noise.preempted.is_known && result->time.wall.is_known;
	while (verdict->is_known && (cause = gravest(result, is_told))) {
		describe(result, cause, &verdict->reasons[verdict->reason_count++]);
		is_told[cause - causes] = true;
	}
	if (verdict->is_known)
		judge_heat(result, verdict);
}

const char *noise_word(const struct noise_verdict *verdict)
{
	if (!verdict->is_known)
		return NULL;
	return verdict->reason_count ? "disturbed" : "quiet";
}
