// SPDX-License-Identifier: Apache-2.0
// What the probes of `tare check` share: filling a result, reading a small file, asking for
// privilege.
#include "check_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"

/* A cgroup's name may hold escape sequences, or bytes that are not UTF-8. */
static void text_make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void probe_set(struct probe_result *result, enum probe_state state, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(result->detail, sizeof(result->detail), format, arguments);
	va_end(arguments);
	text_make_printable(result->detail);
	result->state = state;
}

void probe_repair(struct probe_result *result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(result->repair, sizeof(result->repair), format, arguments);
	va_end(arguments);
	text_make_printable(result->repair);
}

void probe_set_refused(struct probe_result *result, const struct failure *why)
{
	if (why->errnum)
		probe_set(result, PROBE_MISSING, "cannot %s: %s (%s)", why->what,
			strerror(why->errnum), failure_errno_name(why->errnum));
	else
		probe_set(result, PROBE_MISSING, "%s", why->what);
	if (why->hint[0])
		probe_repair(result, "%s", why->hint);
	else if ((why->errnum == EPERM || why->errnum == EACCES) && geteuid() != 0)
		probe_repair(result, "sudo tare check");
}

/* Without memory for one byte nothing could be told. */
static char *empty_text(void)
{
	char *text = strdup("");

	if (!text)
		abort();
	return text;
}

char *probe_read(const char *root, const char *path)
{
	char full_path[PATH_MAX];
	char *text = NULL;

	snprintf(full_path, sizeof(full_path), "%s%s", root, path);
	if (file_read(AT_FDCWD, full_path, &text, NULL, NULL) < 0)
		return empty_text();
	for (size_t length = strlen(text); length && text[length - 1] == '\n'; length--)
		text[length - 1] = '\0';
	return text;
}

long probe_read_number(const char *root, const char *path)
{
	cleanup_free char *text = probe_read(root, path);
	char *end;
	long number = strtol(text, &end, 10);

	return end == text ? -1 : number;
}

bool list_has_word(const char *text, const char *word)
{
	const char *separators = " \t\n,";
	size_t length;

	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		length = strcspn(text, separators);
		if (length == strlen(word) && strncmp(text, word, length) == 0)
			return true;
		text += length;
	}
	return false;
}

bool probe_has_capability(int capability)
{
	cap_t state = cap_get_proc();
	cap_flag_value_t is_set = CAP_CLEAR;

	if (state && cap_get_flag(state, capability, CAP_EFFECTIVE, &is_set) < 0)
		is_set = CAP_CLEAR;
	cap_free(state);
	return is_set == CAP_SET;
}
