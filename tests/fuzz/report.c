// SPDX-License-Identifier: Apache-2.0
// Fuzzes what tells a result: any texts and numbers in it become JSON, a summary, runexec's lines.
#include "base/result.h"

#include <jansson.h>
#include "base/text.h"
#include "fuzz.h"
#include "report/json.h"
#include "report/json_line.h"
#include "report/runexec.h"
#include "report/summary.h"

/* What a run takes from the command, the machine and the user: texts of any bytes. */
static void take_texts(struct fuzz_input *input, struct result *result, struct fuzz_words *command)
{
	static struct mount_note note;

	note.path = fuzz_take_text(input);
	note.is_masked = true;
	result->container.mounts = (struct mount_notes){ &note, 1 };
	snprintf(result->outcome.error.what, sizeof(result->outcome.error.what), "%s", note.path);
	snprintf(result->outcome.error.hint, sizeof(result->outcome.error.hint), "%s", note.path);
	for (size_t i = 0; i < CULPRITS_TOLD; i++) {
		struct culprit_time *culprit = &result->noise.culprits[i];
		cleanup_free char *name = fuzz_take_text(input);

		snprintf(culprit->name, sizeof(culprit->name), "%s", name);
		culprit->ns = strlen(name);
	}
	result->noise.culprit_count = CULPRITS_TOLD;
	memcpy(result->memory.largest[0].name, result->noise.culprits[0].name, 16);
	result->memory.largest_count = 1;
	fuzz_take_words(input, command);
	result->command = command->words;
}

/* A byte says of each number whether it is known. */
static void take_numbers(struct fuzz_input *input, struct result *result)
{
	for (const struct result_field *field = result_fields; field->section; field++) {
		struct number *number = (struct number *)((char *)result + field->offset);
		unsigned int kind = fuzz_take_byte(input);

		if (kind % 4 == 0)
			*number = number_unknown("nobody looked");
		else
			*number = number_known(
				kind % 4 == 1 ? fuzz_take_number(input) : kind, "bpf:sched_switch");
	}
	result->outcome.kind = fuzz_take_byte(input) % (OUTCOME_LIMIT + 1);
	result->outcome.exit_code = fuzz_take_byte(input);
	result->outcome.signal = fuzz_take_byte(input);
	result->started_at.tv_sec = (time_t)fuzz_take_number(input);
	result->started_at.tv_nsec = fuzz_take_byte(input);
	result->outcome.leftover_processes = fuzz_take_number(input);
	result->collector.loss.map_update = fuzz_take_byte(input);
	result->collector.loss.cpu_difference_ns = (int64_t)fuzz_take_number(input);
	result->collector.loss.cpu_time_differs = fuzz_take_byte(input) & 1;
	result->limits.memory_bytes = fuzz_take_number(input);
	result->limits.wall_ns = fuzz_take_number(input);
}

static void claim_document(const char *text, size_t size)
{
	json_t *document = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);

	claim(document && text_is_utf8(text) && strlen(text) == size);
	claim(json_string_value(json_object_get(document, "schema")));
	json_decref(document);
}

static void tell_json(const struct result *result)
{
	cleanup_free char *whole = NULL, *line = NULL;
	struct failure why;
	size_t size;

	claim(!json_render(result, &whole, &size, &why));
	claim_document(whole, size);
	claim(!json_line_render(result, 7, NULL, &line, &size, &why));
	claim_document(line, size);
	claim(strchr(line, '\n') == line + size - 1);
}

static void tell_summary(const struct result *result, bool is_verbose, int columns)
{
	const struct summary_style style = { .verbose = is_verbose, .columns = columns };
	cleanup_free char *text = NULL;
	struct failure why;

	claim(!summary_render(result, &style, &text, &why));
	claim_printable(text, "\n");
}

static void tell_runexec(const struct result *result)
{
	cleanup_free char *text = NULL;
	struct failure why;

	claim(!runexec_render(result, &text, &why));
	claim_printable(text, "\n");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct fuzz_input input = { bytes, size };
	unsigned int columns = fuzz_take_byte(&input);
	struct result result = { .version = "0.1.0",
		.run_id = "0123456789abcdef0123456789abcdef",
		.collector = { .mode = "private" },
		.container = { .is_used = true, .cgroup_layout = "cgroup2", .filter = "default" } };
	struct fuzz_words command = { .words = { strdup("true") }, .count = 1 };

	take_numbers(&input, &result);
	take_texts(&input, &result, &command);
	tell_json(&result);
	tell_summary(&result, false, (int)columns);
	tell_summary(&result, true, 0);
	tell_runexec(&result);
	free(result.container.mounts.notes->path);
	fuzz_words_done(&command);
	return 0;
}
