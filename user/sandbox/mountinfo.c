// SPDX-License-Identifier: Apache-2.0
// The mounts of this mount namespace, as /proc/self/mountinfo tells them.
#include "mountinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"

/* Three octal digits that make a byte. */
static bool is_octal(const char *digits)
{
	return digits[0] >= '0' && digits[0] <= '3' && digits[1] >= '0' && digits[1] <= '7' &&
	       digits[2] >= '0' && digits[2] <= '7';
}

/* The kernel writes blank, tab, newline, '#' and backslash as three octal digits. */
static char *unescape(const char *text)
{
	char *plain = strdup(text), *to = plain;

	if (!plain)
		return NULL;
	while (*text) {
		if (text[0] == '\\' && is_octal(text + 1)) {
			*to++ = (text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0');
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
	return plain;
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": cuts the line into words. */
static int parse_line(char *line, struct mountinfo *mount)
{
	char *words[5], *type, *rest = line;

	for (int i = 0; i < 5; i++) {
		words[i] = strsep(&rest, " ");
		if (!rest)
			return -EINVAL;
	}
	type = strstr(rest, " - ");
	if (!type || text_parse_decimal(words[0], &mount->id) || words[4][0] != '/')
		return -EINVAL;
	rest = type + 3;
	type = strsep(&rest, " ");
	strsep(&rest, " ");
	mount->root = unescape(words[3]);
	mount->path = unescape(words[4]);
	mount->type = strdup(type);
	mount->options = strdup(rest ? rest : "");
	return mount->root && mount->path && mount->type && mount->options ? 0 : -ENOMEM;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		lines++;
	}
	return lines + 1;
}

int mountinfo_parse(const char *text, struct mountinfo_list *list, struct failure *why)
{
	cleanup_free char *copy = strdup(text);
	char *line, *rest = copy;

	*list = (struct mountinfo_list){ .mounts = calloc(
						 count_lines(text), sizeof(struct mountinfo)) };
	if (!copy || !list->mounts)
		return failure_set(why, ENOMEM, "read the list of mounts");
	while ((line = strsep(&rest, "\n"))) {
		int error;

		if (!*line)
			continue;
		error = parse_line(line, &list->mounts[list->count++]);
		if (error) {
			failure_set(why, -error, "understand mount %zu of the list of mounts",
				list->count);
			mountinfo_done(list);
			return error;
		}
	}
	return 0;
}

int mountinfo_read(struct mountinfo_list *list, struct failure *why)
{
	cleanup_free char *text = NULL;
	int error = file_read(AT_FDCWD, "/proc/self/mountinfo", &text, NULL, why);

	*list = (struct mountinfo_list){ 0 };
	return error ? error : mountinfo_parse(text, list, why);
}

void mountinfo_done(struct mountinfo_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->mounts[i].root);
		free(list->mounts[i].path);
		free(list->mounts[i].type);
		free(list->mounts[i].options);
	}
	free(list->mounts);
	*list = (struct mountinfo_list){ 0 };
}
