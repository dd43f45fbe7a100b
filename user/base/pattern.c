// SPDX-License-Identifier: Apache-2.0
// Paths chosen by a glob pattern.
//
// Theory of operation. The path is read once, name by name, while a set is kept of all the places
// in the pattern where one could be by now. "**" is a place that is left without a name and stays
// with any, so that nothing ever has to be tried again, however many of them there are.
#include "pattern.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "cleanup.h"
#include "text.h"

/* A pattern is shorter than PATH_MAX, and every other byte of it is a '/' at most. */
#define MOST_NAMES (PATH_MAX / 2 + 1)

/* What pattern_parse refuses, in words that follow the pattern. */
static const char is_empty[] = "is empty";
static const char is_too_long[] = "is longer than a path can be";
static const char is_not_closed[] = "has a '[' without a ']'; a '[' of a name is written [[]";
static const char leads_out[] = "leads out of the start directory";

/* --- One name --- */

/* Takes one character off; a byte that is part of none is a character of its own. */
static uint32_t next_letter(const char **text)
{
	uint32_t letter;
	size_t length = text_decode(*text, &letter);

	if (letter == TEXT_NO_CODE_POINT) {
		letter = 0x110000u + (unsigned char)**text;
		length = 1;
	}
	*text += length;
	return letter;
}

/* The end of the set that begins after a '[': its ']'; NULL when there is none. */
static const char *find_set_end(const char *set)
{
	if (*set == '!' || *set == '^')
		set++;
	/* The first ']' is one of the set. */
	return *set ? strchr(set + 1, ']') : NULL;
}

static bool set_has(const char *set, const char *end, uint32_t wanted)
{
	while (set < end) {
		uint32_t low = next_letter(&set), high = low;

		if (*set == '-' && set + 1 < end) {
			set++;
			high = next_letter(&set);
		}
		if (low <= wanted && wanted <= high)
			return true;
	}
	return false;
}

static bool set_matches(const char **pattern, uint32_t letter)
{
	const char *set = *pattern + 1, *end = find_set_end(set);
	bool is_negated = *set == '!' || *set == '^';

	*pattern = end + 1;
	return set_has(set + is_negated, end, letter) != is_negated;
}

/* Takes one element off the pattern, and says whether it stands for the letter. */
static bool element_matches(const char **pattern, uint32_t letter)
{
	if (**pattern == '[')
		return set_matches(pattern, letter);
	if (**pattern != '?')
		return next_letter(pattern) == letter;
	(*pattern)++;
	return true;
}

/* Only the last '*' is ever tried again: what it may stand for the ones before it need not. */
static bool name_matches(const char *pattern, const char *name, const char *end)
{
	const char *after_star = NULL, *retry = NULL;

	if (*name == '.' && *pattern != '.')
		return false;
	while (name < end) {
		if (*pattern == '*') {
			after_star = ++pattern;
			retry = name;
		} else if (!*pattern || !element_matches(&pattern, next_letter(&name))) {
			if (!after_star)
				return false;
			(void)next_letter(&retry);
			pattern = after_star;
			name = retry;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* --- Paths --- */

/* The places where one can be: at[i] is before names[i], at[count] is the end. */
struct places {
	bool at[MOST_NAMES + 1];
};

static bool is_any_depth(const char *name)
{
	return !strcmp(name, "**");
}

static void enter(const struct pattern *pattern, struct places *places, size_t place)
{
	places->at[place] = true;
	if (place < pattern->count && is_any_depth(pattern->names[place]))
		places->at[place + 1] = true; /* there are no two of them in a row */
}

/* Goes on by one name; returns whether there is a place left. */
static bool advance(
	const struct pattern *pattern, struct places *places, const char *name, const char *end)
{
	struct places before;
	bool is_somewhere = false;

	memcpy(before.at, places->at, pattern->count + 1);
	memset(places->at, 0, pattern->count + 1);
	for (size_t i = 0; i < pattern->count; i++) {
		bool stays = is_any_depth(pattern->names[i]);

		if (!before.at[i] || (stays && *name == '.') ||
			(!stays && !name_matches(pattern->names[i], name, end)))
			continue;
		enter(pattern, places, stays ? i : i + 1);
		is_somewhere = true;
	}
	return is_somewhere;
}

enum pattern_reach pattern_reach(const struct pattern *pattern, const char *path)
{
	struct places places;

	memset(places.at, 0, pattern->count + 1);
	enter(pattern, &places, 0);
	while (!places.at[pattern->count] && *path) {
		const char *end = strchrnul(path, '/');

		if (!advance(pattern, &places, path, end))
			return PATTERN_MISSES;
		path = *end ? end + 1 : end;
	}
	return places.at[pattern->count] ? PATTERN_MATCHES : PATTERN_LEADS_FARTHER;
}

/* --- Reading one --- */

static bool has_open_set(const char *name)
{
	for (; *name; name++) {
		if (*name != '[')
			continue;
		name = find_set_end(name + 1);
		if (!name)
			return true;
	}
	return false;
}

/* Returns what is wrong with the name, or NULL. */
static const char *add_name(struct pattern *pattern, const char *name)
{
	if (!strcmp(name, "") || !strcmp(name, "."))
		return NULL;
	if (!strcmp(name, "..")) {
		if (!pattern->count && !pattern->is_absolute)
			return leads_out;
		pattern->count -= pattern->count > 0;
		return NULL;
	}
	if (has_open_set(name))
		return is_not_closed;
	if (pattern->count && is_any_depth(name) &&
		is_any_depth(pattern->names[pattern->count - 1]))
		return NULL;
	pattern->names[pattern->count++] = name;
	return NULL;
}

static const char *split(struct pattern *pattern)
{
	const char *wrong = NULL;
	char *name, *rest = pattern->text;

	while (!wrong && (name = strsep(&rest, "/")))
		wrong = add_name(pattern, name);
	return wrong;
}

static const char *read_pattern(const char *text, struct pattern *pattern)
{
	if (!*text)
		return is_empty;
	if (strlen(text) >= PATH_MAX)
		return is_too_long;
	pattern->is_absolute = *text == '/';
	return split(pattern);
}

int pattern_parse(const char *text, struct pattern *pattern, struct failure *why)
{
	cleanup_free char *shown = NULL;
	const char *wrong;

	*pattern = (struct pattern){ .text = strdup(text),
		.names = calloc(MOST_NAMES, sizeof(*pattern->names)) };
	if (!pattern->text || !pattern->names) {
		pattern_done(pattern);
		return failure_set(why, ENOMEM, "read a pattern");
	}
	wrong = read_pattern(text, pattern);
	if (!wrong)
		return 0;
	pattern_done(pattern);
	shown = text_quote(text);
	return failure_set(why, 0, "%.200s %s", shown ? shown : "the pattern", wrong);
}

void pattern_done(struct pattern *pattern)
{
	free(pattern->text);
	free(pattern->names);
	*pattern = (struct pattern){ 0 };
}
