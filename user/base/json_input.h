/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON that a person wrote, read strictly: no key is ignored, no value bent, and every mistake is
 * told in one line with the place where it stands.
 *
 * What JSON itself forbids is told with line and column, what the reader of a value forbids with
 * the path to it: "--seccomp: profile.json: syscalls[3].args[0].op: ...". All failures of this
 * module are -EINVAL or the errno of reading the file.
 */
#ifndef TARE_JSON_INPUT_H
#define TARE_JSON_INPUT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include "failure.h"

/* A hundred times the longest file of this kind that is known. */
#define JSON_INPUT_LIMIT_BYTES (1 << 20)

struct json_input {
	json_t *root; /* owned */
	char *label;  /* owned; "--seccomp: profile.json" */
};

/*
 * Reads a regular file as one document in UTF-8; never waits for a FIFO or device. An object with
 * the same key twice is refused. On failure *input holds nothing.
 */
int json_input_read(
	struct json_input *input, const char *option, const char *path, struct failure *why);

/* The same of a text, which the label names in messages: "--from: commands: line 3". */
int json_input_parse(struct json_input *input, const char *label, const char *text, size_t size,
	struct failure *why);
void json_input_done(struct json_input *input);

/* A value and where it stands; on the stack, and its parents live longer. */
struct json_place {
	const struct json_input *input;
	const struct json_place *parent; /* NULL: this is the document */
	const char *key;		 /* NULL: this is the element `index` of its parent */
	size_t index;
	const json_t *value; /* borrowed from the input */
};

struct json_place json_input_place(const struct json_input *input);

/* A key of an object; its value is NULL when it is not there or null. */
struct json_place json_place_member(const struct json_place *object, const char *key);

/* Tells what is wrong with the value at this place. Returns -EINVAL. */
int json_refuse(const struct json_place *at, struct failure *why, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Reads the value at a place into *target; 0, or -EINVAL with *why set. */
typedef int json_reader(const struct json_place *at, void *target, struct failure *why);

struct json_key {
	const char *name;
	json_reader *read;
	enum { JSON_OPTIONAL, JSON_REQUIRED } need;
};

/*
 * Reads an object by a table of the keys that it may have, which ends with name NULL, in the order
 * of the table. null stands for a key that is not there: some programs write it for what is empty.
 */
int json_read_object(const struct json_place *at, const struct json_key *keys, void *target,
	struct failure *why);

/* Reads every element of an array with the same reader and target. */
int json_read_array(
	const struct json_place *at, json_reader *read, void *target, struct failure *why);

/* *text lives as long as the input; it is valid UTF-8 without NUL. */
int json_read_string(const struct json_place *at, const char **text, struct failure *why);

/* jansson's integers end at 2^63 - 1: a larger one is refused as the file is read. */
int json_read_integer(const struct json_place *at, uint64_t least, uint64_t most, uint64_t *number,
	struct failure *why);

#endif
