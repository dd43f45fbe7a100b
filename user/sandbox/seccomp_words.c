// SPDX-License-Identifier: Apache-2.0
// The words of a seccomp profile, and what they mean.
#include "seccomp_words.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "base/cleanup.h"
#include "base/text.h"

/* Of a word that is told in a message. */
#define TOLD_COLUMNS 60

/* Above all that have a name. */
#define MOST_ERRNO 4094

struct word {
	const char *text;
	uint32_t value;
	const char *refusal; /* why it is not possible here; NULL: it is */
};

/* --- Looking words up --- */

static int refuse_word(const struct json_place *at, const char *text, const struct word *words,
	struct failure *why)
{
	cleanup_free char *quoted = text_quote(text), *list = NULL, *shown = NULL;
	size_t size;
	FILE *out = open_memstream(&list, &size);

	shown = quoted ? text_shorten(quoted, TOLD_COLUMNS) : NULL;
	if (!out)
		return json_refuse(at, why, "%s is not known", shown ? shown : "the word");
	for (const struct word *word = words; word->text; word++)
		fprintf(out, "%s%s", word == words ? "" : ", ", word->text);
	if (fclose(out))
		return json_refuse(at, why, "%s is not known", shown ? shown : "the word");
	return json_refuse(at, why, "%s is not one of %s", shown ? shown : "the word", list);
}

static int read_word(
	const struct json_place *at, const struct word *words, uint32_t *value, struct failure *why)
{
	const char *text = NULL;
	int error = json_read_string(at, &text, why);

	if (error)
		return error;
	for (const struct word *word = words; word->text; word++) {
		if (strcmp(word->text, text) != 0)
			continue;
		*value = word->value;
		return word->refusal ? json_refuse(at, why, "%s %s", text, word->refusal) : 0;
	}
	return refuse_word(at, text, words, why);
}

/* --- Actions and comparisons --- */

static const struct word actions[] = {
	{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW, NULL },
	{ "SCMP_ACT_LOG", SCMP_ACT_LOG, NULL },
	{ "SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0), NULL },
	{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP, NULL },
	{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD, NULL },
	{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD, NULL },
	{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, NULL },
	{ "SCMP_ACT_TRACE", 0, "is not possible: tare is no tracer" },
	{ "SCMP_ACT_NOTIFY", 0, "is not possible: nobody would be told" },
	{ NULL, 0, NULL },
};

int seccomp_read_action(const struct json_place *at, uint32_t *action, struct failure *why)
{
	return read_word(at, actions, action, why);
}

const char *seccomp_action_name(uint32_t action, char buffer[static SECCOMP_ACTION_NAME])
{
	const char *name = strerrorname_np((int)(action & SECCOMP_RET_DATA));

	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO) {
		if (!name)
			snprintf(
				buffer, SECCOMP_ACTION_NAME, "errno %u", action & SECCOMP_RET_DATA);
		return name ? name : buffer;
	}
	for (const struct word *word = actions; word->text; word++) {
		if (word->value == action)
			return word->text + strlen("SCMP_ACT_");
	}
	return "?";
}

static const struct word operators[] = {
	{ "SCMP_CMP_NE", SCMP_CMP_NE, NULL },
	{ "SCMP_CMP_LT", SCMP_CMP_LT, NULL },
	{ "SCMP_CMP_LE", SCMP_CMP_LE, NULL },
	{ "SCMP_CMP_EQ", SCMP_CMP_EQ, NULL },
	{ "SCMP_CMP_GE", SCMP_CMP_GE, NULL },
	{ "SCMP_CMP_GT", SCMP_CMP_GT, NULL },
	{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ, NULL },
	{ NULL, 0, NULL },
};

int seccomp_read_operator(
	const struct json_place *at, enum scmp_compare *operator, struct failure * why)
{
	uint32_t value = 0;
	int error = read_word(at, operators, &value, why);

	*operator=(enum scmp_compare) value;
	return error;
}

/* --- Machines --- */

/*
 * All that the OCI's specification and Podman name, so that a slip is found. 0: of a machine that
 * tare does not run on; libseccomp 2.5 does not even know the last ones.
 */
static const struct word abis[] = {
	{ "SCMP_ARCH_NATIVE", SCMP_ARCH_X86_64, NULL },
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, NULL },
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86, NULL },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32, NULL },
	{ "SCMP_ARCH_ARM", 0, NULL },
	{ "SCMP_ARCH_AARCH64", 0, NULL },
	{ "SCMP_ARCH_MIPS", 0, NULL },
	{ "SCMP_ARCH_MIPS64", 0, NULL },
	{ "SCMP_ARCH_MIPS64N32", 0, NULL },
	{ "SCMP_ARCH_MIPSEL", 0, NULL },
	{ "SCMP_ARCH_MIPSEL64", 0, NULL },
	{ "SCMP_ARCH_MIPSEL64N32", 0, NULL },
	{ "SCMP_ARCH_PARISC", 0, NULL },
	{ "SCMP_ARCH_PARISC64", 0, NULL },
	{ "SCMP_ARCH_PPC", 0, NULL },
	{ "SCMP_ARCH_PPC64", 0, NULL },
	{ "SCMP_ARCH_PPC64LE", 0, NULL },
	{ "SCMP_ARCH_RISCV64", 0, NULL },
	{ "SCMP_ARCH_S390", 0, NULL },
	{ "SCMP_ARCH_S390X", 0, NULL },
	{ "SCMP_ARCH_LOONGARCH64", 0, NULL },
	{ "SCMP_ARCH_M68K", 0, NULL },
	{ "SCMP_ARCH_SH", 0, NULL },
	{ "SCMP_ARCH_SHEB", 0, NULL },
	{ NULL, 0, NULL },
};

int seccomp_read_abi(const struct json_place *at, uint32_t *abi, struct failure *why)
{
	return read_word(at, abis, abi, why);
}

/* Docker compares with the machine's own ABI alone: "x86" and "x32" are other machines to it. */
static const struct word machines[] = {
	{ "amd64", true, NULL },
	{ "x86", false, NULL },
	{ "x32", false, NULL },
	{ "arm", false, NULL },
	{ "arm64", false, NULL },
	{ "loong64", false, NULL },
	{ "loongarch64", false, NULL },
	{ "mips", false, NULL },
	{ "mips64", false, NULL },
	{ "mips64n32", false, NULL },
	{ "mipsel", false, NULL },
	{ "mipsel64", false, NULL },
	{ "mipsel64n32", false, NULL },
	{ "mips3l64n32", false, NULL },
	{ "mipsle", false, NULL },
	{ "parisc", false, NULL },
	{ "parisc64", false, NULL },
	{ "ppc", false, NULL },
	{ "ppc64", false, NULL },
	{ "ppc64le", false, NULL },
	{ "riscv64", false, NULL },
	{ "s390", false, NULL },
	{ "s390x", false, NULL },
	{ NULL, 0, NULL },
};

int seccomp_read_machine(const struct json_place *at, bool *is_this, struct failure *why)
{
	uint32_t value = 0;
	int error = read_word(at, machines, &value, why);

	*is_this = value;
	return error;
}

/* --- Flags, errors, kernels --- */

static const struct word flags[] = {
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG, NULL },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW, NULL },
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0, "is needless: the command starts with one thread" },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0, "is for SCMP_ACT_NOTIFY alone" },
	{ NULL, 0, NULL },
};

int seccomp_read_flag(const struct json_place *at, unsigned int *flag, struct failure *why)
{
	uint32_t value = 0;
	int error = read_word(at, flags, &value, why);

	*flag = value;
	return error;
}

int seccomp_read_errno(const struct json_place *at, uint64_t *errnum, struct failure *why)
{
	cleanup_free char *quoted = NULL, *shown = NULL;
	const char *text = NULL;
	int error = json_read_string(at, &text, why);

	if (error)
		return error;
	for (int number = 1; number <= MOST_ERRNO; number++) {
		const char *name = strerrorname_np(number);

		if (name && !strcmp(name, text)) {
			*errnum = (uint64_t)number;
			return 0;
		}
	}
	quoted = text_quote(text);
	shown = quoted ? text_shorten(quoted, TOLD_COLUMNS) : NULL;
	return json_refuse(
		at, why, "%s is no name of an error, such as EPERM", shown ? shown : "the word");
}

/* True when there was nothing else in the text. */
static bool parse_version(const char *text, const char *after, unsigned int version[2])
{
	int length = 0;

	return sscanf(text, "%3u.%3u%n", &version[0], &version[1], &length) == 2 &&
	       text[0] >= '0' && text[0] <= '9' && strchr(text, '.')[1] >= '0' &&
	       (!after || !strcmp(text + length, after));
}

int seccomp_read_kernel(const struct json_place *at, bool *is_as_new, struct failure *why)
{
	unsigned int wanted[2], running[2];
	struct utsname name = { 0 };
	const char *text = NULL;
	int error = json_read_string(at, &text, why);

	if (error)
		return error;
	if (!parse_version(text, "", wanted))
		return json_refuse(at, why, "expected a version such as \"4.8\"");
	if (uname(&name) || !parse_version(name.release, NULL, running))
		return json_refuse(at, why, "this kernel's version is not understood");
	*is_as_new = running[0] > wanted[0] || (running[0] == wanted[0] && running[1] >= wanted[1]);
	return 0;
}
