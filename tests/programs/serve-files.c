// SPDX-License-Identifier: Apache-2.0
// A FUSE file system with one file: mounts it on the directory named first, says "ready", and
// serves it until standard input ends, however that was. What follows are mount options, such as
// "user_id=1000,group_id=1000" for whose it is, and "allow_other".
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_NODE = FUSE_ROOT_ID + 1 };

static const char content[] = "served\n";

static int device;

static void answer(uint64_t unique, int error, const void *body, size_t size)
{
	struct fuse_out_header header = {
		.len = sizeof(header) + size, .error = -error, .unique = unique
	};
	struct iovec parts[] = { { &header, sizeof(header) }, { (void *)body, size } };

	/* The one who asked may be gone. */
	if (writev(device, parts, 2) < 0 && errno != ENOENT)
		perror("serve-files: answer");
}

static struct fuse_attr attributes_of(uint64_t node)
{
	struct fuse_attr attributes = { .ino = node, .nlink = 1 };

	attributes.mode = node == FILE_NODE ? S_IFREG | 0644 : S_IFDIR | 0755;
	attributes.size = node == FILE_NODE ? strlen(content) : 0;
	return attributes;
}

static void answer_init(const struct fuse_in_header *asked, const void *body)
{
	const struct fuse_init_in *wanted = body;
	struct fuse_init_out out = { .major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = wanted->max_readahead,
		.max_write = 4096 };

	answer(asked->unique, 0, &out, sizeof(out));
}

static void answer_lookup(const struct fuse_in_header *asked, const void *body)
{
	struct fuse_entry_out out = { .nodeid = FILE_NODE, .attr = attributes_of(FILE_NODE) };

	if (strcmp(body, "file") != 0)
		answer(asked->unique, ENOENT, NULL, 0);
	else
		answer(asked->unique, 0, &out, sizeof(out));
}

static void answer_attributes(const struct fuse_in_header *asked, const void *body)
{
	struct fuse_attr_out out = { .attr = attributes_of(asked->nodeid) };

	(void)body;
	answer(asked->unique, 0, &out, sizeof(out));
}

static void answer_open(const struct fuse_in_header *asked, const void *body)
{
	struct fuse_open_out out = { 0 };

	(void)body;
	answer(asked->unique, 0, &out, sizeof(out));
}

static void answer_read(const struct fuse_in_header *asked, const void *body)
{
	const struct fuse_read_in *wanted = body;

	answer(asked->unique, 0, content, wanted->offset ? 0 : strlen(content));
}

static void answer_list(const struct fuse_in_header *asked, const void *body)
{
	const struct fuse_read_in *wanted = body;
	static const char name[] = { 'f', 'i', 'l', 'e' };
	char space[FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET + sizeof(name))] = "";
	struct fuse_dirent *entry = (struct fuse_dirent *)space;

	*entry = (struct fuse_dirent){
		.ino = FILE_NODE, .off = 1, .namelen = sizeof(name), .type = S_IFREG >> 12
	};
	memcpy(space + FUSE_NAME_OFFSET, name, sizeof(name));
	answer(asked->unique, 0, space, wanted->offset ? 0 : sizeof(space));
}

static void answer_statistics(const struct fuse_in_header *asked, const void *body)
{
	struct fuse_statfs_out out = { .st = { .bsize = 512, .namelen = 255 } };

	(void)body;
	answer(asked->unique, 0, &out, sizeof(out));
}

static void answer_nothing(const struct fuse_in_header *asked, const void *body)
{
	(void)body;
	answer(asked->unique, 0, NULL, 0);
}

static void keep_silent(const struct fuse_in_header *asked, const void *body)
{
	(void)asked, (void)body;
}

static const struct {
	uint32_t opcode;
	void (*answer)(const struct fuse_in_header *asked, const void *body);
} answers[] = {
	{ FUSE_INIT, answer_init },
	{ FUSE_LOOKUP, answer_lookup },
	{ FUSE_GETATTR, answer_attributes },
	{ FUSE_OPEN, answer_open },
	{ FUSE_OPENDIR, answer_open },
	{ FUSE_READ, answer_read },
	{ FUSE_READDIR, answer_list },
	{ FUSE_STATFS, answer_statistics },
	{ FUSE_RELEASE, answer_nothing },
	{ FUSE_RELEASEDIR, answer_nothing },
	{ FUSE_FORGET, keep_silent },
	{ FUSE_BATCH_FORGET, keep_silent },
	{ FUSE_INTERRUPT, keep_silent },
};

static void serve_one(const char *request)
{
	const struct fuse_in_header *asked = (const struct fuse_in_header *)request;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (answers[i].opcode == asked->opcode) {
			answers[i].answer(asked, asked + 1);
			return;
		}
	}
	answer(asked->unique, ENOSYS, NULL, 0);
}

static int serve(void)
{
	static char request[FUSE_MIN_READ_BUFFER + 4096] __attribute__((aligned(8)));
	struct pollfd news[] = { { .fd = device, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN } };

	for (;;) {
		ssize_t size;

		if (poll(news, 2, -1) < 0 || news[1].revents)
			return 0;
		size = read(device, request, sizeof(request) - 1);
		if (size < 0 && errno == ENODEV)
			return 0; /* unmounted */
		if (size < 0)
			continue;
		request[size] = '\0';
		serve_one(request);
	}
}

int main(int argc, char **argv)
{
	char options[256];

	if (argc != 3) {
		fprintf(stderr, "usage: serve-files DIRECTORY OPTIONS\n");
		return 2;
	}
	device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror("/dev/fuse");
		return 1;
	}
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,%s", device, argv[2]);
	if (mount("tare-test", argv[1], "fuse", MS_NOSUID | MS_NODEV, options)) {
		perror(argv[1]);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	return serve();
}
