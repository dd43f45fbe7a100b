/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share. A target is a file of tests/fuzz: it gives any bytes to a reader of
 * tare's and claims what must hold of the answer; the sanitisers claim the rest.
 *
 * An input is bytes; where a target needs several texts, NULs part them.
 */
#ifndef TARE_FUZZ_H
#define TARE_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/failure.h"

/* libFuzzer's; 0 keeps the input when it reached something new, -1 never does. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define claim(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: it is not so: %s\n", __FILE__, __LINE__,           \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct fuzz_input {
	const uint8_t *bytes;
	size_t size;
};

/* The text up to the next NUL or the end, in a block of just its size; "" when all is taken. */
static inline char *fuzz_take_text(struct fuzz_input *input)
{
	const uint8_t *end = input->size ? memchr(input->bytes, '\0', input->size) : NULL;
	size_t length = end ? (size_t)(end - input->bytes) : input->size;
	char *text = malloc(length + 1);

	claim(text);
	if (length)
		memcpy(text, input->bytes, length);
	text[length] = '\0';
	input->bytes += length + !!end;
	input->size -= length + !!end;
	return text;
}

/* A number of one byte; 0 when all is taken. */
static inline unsigned int fuzz_take_byte(struct fuzz_input *input)
{
	if (!input->size)
		return 0;
	input->size--;
	return *input->bytes++;
}

/* Eight bytes, or as many as there are. */
static inline uint64_t fuzz_take_number(struct fuzz_input *input)
{
	uint64_t number = 0;

	for (int i = 0; i < 8; i++)
		number = number << 8 | fuzz_take_byte(input);
	return number;
}

/* Words ended by NULL, the first of them the caller's; at most FUZZ_WORDS. */
enum { FUZZ_WORDS = 300 };

struct fuzz_words {
	char *words[FUZZ_WORDS + 1];
	int count;
};

static inline void fuzz_take_words(struct fuzz_input *input, struct fuzz_words *words)
{
	while (input->size && words->count < FUZZ_WORDS)
		words->words[words->count++] = fuzz_take_text(input);
	words->words[words->count] = NULL;
}

static inline void fuzz_words_done(struct fuzz_words *words)
{
	for (int i = 0; i < words->count; i++)
		free(words->words[i]);
}

/* A file with these bytes, which has no name; its path is written to `path`. */
enum { FUZZ_PATH = 32 };

static inline int fuzz_file(const void *bytes, size_t size, char path[FUZZ_PATH])
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	claim(fd >= 0);
	claim(write(fd, bytes, size) == (ssize_t)size);
	claim(lseek(fd, 0, SEEK_SET) == 0);
	snprintf(path, FUZZ_PATH, "/proc/self/fd/%d", fd);
	return fd;
}

/* What refuses says why, in a text that ends. */
static inline void claim_told(int error, const struct failure *why)
{
	claim(error <= 0);
	if (error) {
		claim(why->what[0]);
		claim(memchr(why->what, '\0', sizeof(why->what)));
		claim(memchr(why->hint, '\0', sizeof(why->hint)));
	}
}

/* Nothing that moves a cursor or colours a terminal. */
static inline void claim_printable(const char *text, const char *allowed)
{
	for (; *text; text++)
		claim((unsigned char)*text >= ' ' ? *text != 0x7f : !!strchr(allowed, *text));
}

#endif
