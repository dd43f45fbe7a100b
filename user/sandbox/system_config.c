// SPDX-License-Identifier: Apache-2.0
// The files of /etc that tell who and where the command is, as they are for it.
//
// Those of the host name users that mean nothing inside, ask services that are not there, and name
// a host that the command is not on. So the command has a root, itself and nobody, finds names in
// files alone, and finds its own among them. With the host's network it is on the host, for others
// and for itself: then the files by which hosts are found are the host's.
#include "system_config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/file.h"

#define NOBODY 65534u

/* --- Users --- */

/* A field of passwd ends at a colon, a line at its end. */
static const char *home_of(const struct system_config *config, const char *otherwise)
{
	bool is_plain = config->home && config->home[0] == '/' && !strpbrk(config->home, ":\n");

	return is_plain ? config->home : otherwise;
}

/* /bin/sh, for that is in every root file system. */
static int write_passwd(FILE *out, const struct system_config *config, struct failure *why)
{
	(void)why;
	fprintf(out, "root:x:0:0:root:%s:/bin/sh\n",
		config->uid ? "/root" : home_of(config, "/root"));
	if (config->uid && config->uid != NOBODY)
		fprintf(out, "tare:x:%u:%u:tare:%s:/bin/sh\n", config->uid, config->gid,
			home_of(config, "/"));
	fprintf(out, "nobody:x:%u:%u:nobody:/nonexistent:/usr/sbin/nologin\n", NOBODY, NOBODY);
	return 0;
}

static int write_group(FILE *out, const struct system_config *config, struct failure *why)
{
	(void)why;
	fprintf(out, "root:x:0:\n");
	if (config->gid && config->gid != NOBODY)
		fprintf(out, "tare:x:%u:\n", config->gid);
	fprintf(out, "nogroup:x:%u:\n", NOBODY);
	return 0;
}

/* --- Hosts --- */

/* What the host has in that file; false: it has none. */
static int copy_from_host(FILE *out, const char *path, bool *is_there, struct failure *why)
{
	cleanup_free char *text = NULL;
	int error = file_read(AT_FDCWD, path, &text, NULL, why);

	*is_there = !error;
	if (!error)
		fputs(text, out);
	return error == -ENOENT ? 0 : error;
}

static int write_hostname(FILE *out, const struct system_config *config, struct failure *why)
{
	char own[HOST_NAME_MAX + 1] = "";

	if (!config->hostname && gethostname(own, sizeof(own)))
		return failure_set(why, errno, "find the host's name");
	fprintf(out, "%s\n", config->hostname ? config->hostname : own);
	return 0;
}

/* The own name has an address of its own, as Debian does it: localhost stays localhost's name. */
static int write_hosts(FILE *out, const struct system_config *config, struct failure *why)
{
	bool has_text = false;
	int error = 0;

	if (config->has_host_network)
		error = copy_from_host(out, "/etc/hosts", &has_text, why);
	if (!has_text)
		fputs("127.0.0.1\tlocalhost\n"
		      "::1\tlocalhost ip6-localhost ip6-loopback\n"
		      "ff02::1\tip6-allnodes\n"
		      "ff02::2\tip6-allrouters\n",
			out);
	if (config->hostname)
		fprintf(out, "%s127.0.1.1\t%s\n", has_text ? "\n" : "", config->hostname);
	return error;
}

/* A resolver that reads no nsswitch.conf gives up after a second: nobody will answer. */
static int write_resolv(FILE *out, const struct system_config *config, struct failure *why)
{
	bool has_text = false;
	int error = 0;

	if (config->has_host_network)
		error = copy_from_host(out, "/etc/resolv.conf", &has_text, why);
	if (!has_text)
		fputs("# There is no network but lo.\noptions timeout:1 attempts:1\n", out);
	return error;
}

static int write_nsswitch(FILE *out, const struct system_config *config, struct failure *why)
{
	static const char *const databases[] = { "passwd", "group", "shadow", "gshadow", "hosts",
		"networks", "protocols", "services", "ethers", "rpc", "netgroup" };

	(void)config, (void)why;
	for (size_t i = 0; i < sizeof(databases) / sizeof(databases[0]); i++)
		fprintf(out, "%s: files\n", databases[i]);
	return 0;
}

/* --- Mounts --- */

/* The target of a link. */
static int write_mtab(FILE *out, const struct system_config *config, struct failure *why)
{
	(void)config, (void)why;
	fputs("../proc/self/mounts", out);
	return 0;
}

/* --- All of them --- */

static bool is_always(const struct system_config *config)
{
	(void)config;
	return true;
}

/* On the host's network, the host's own /etc knows all names but one that was given. */
static bool is_renamed(const struct system_config *config)
{
	return !config->has_host_network || config->has_own_root || config->hostname;
}

static bool is_elsewhere(const struct system_config *config)
{
	return !config->has_host_network || config->has_own_root;
}

/* A root of the run's own knows which services its libraries can ask. */
static bool is_offline(const struct system_config *config)
{
	return !config->has_host_network;
}

static const struct config_file {
	const char *name;
	bool (*is_replaced)(const struct system_config *config);
	int (*write)(FILE *out, const struct system_config *config, struct failure *why);
	bool is_link;
} files[] = {
	{ "passwd", is_always, write_passwd, false },
	{ "group", is_always, write_group, false },
	{ "hostname", is_renamed, write_hostname, false },
	{ "hosts", is_renamed, write_hosts, false },
	{ "resolv.conf", is_elsewhere, write_resolv, false },
	{ "nsswitch.conf", is_offline, write_nsswitch, false },
	{ "mtab", is_always, write_mtab, true },
};

#define FILE_COUNT (sizeof(files) / sizeof(files[0]))

static const struct config_file *find(const char *name)
{
	for (size_t i = 0; i < FILE_COUNT; i++) {
		if (!strcmp(files[i].name, name))
			return &files[i];
	}
	return NULL;
}

const char *system_config_name(const struct system_config *config, size_t index)
{
	for (size_t i = 0; i < FILE_COUNT; i++) {
		if (files[i].is_replaced(config) && index-- == 0)
			return files[i].name;
	}
	return NULL;
}

bool system_config_replaces(const struct system_config *config, const char *path)
{
	const struct config_file *file =
		strncmp(path, "/etc/", strlen("/etc/")) ? NULL : find(path + strlen("/etc/"));

	return file && file->is_replaced(config);
}

bool system_config_is_link(const char *name)
{
	const struct config_file *file = find(name);

	return file && file->is_link;
}

/* NULL: *error says why, and so does *why. */
static char *make_text(const struct system_config *config, const struct config_file *file,
	int *error, struct failure *why)
{
	cleanup_free char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	*error = out ? file->write(out, config, why) : 0;
	if (out && fclose(out) == 0 && text)
		return *error ? NULL : take_pointer(&text);
	if (!*error)
		*error = failure_set(why, ENOMEM, "make the container's /etc/%s", file->name);
	return NULL;
}

int system_config_text(
	const struct system_config *config, const char *name, char **text, struct failure *why)
{
	const struct config_file *file = find(name);
	int error;

	if (!file)
		return failure_set(why, ENOENT, "make the container's /etc/%s", name);
	*text = make_text(config, file, &error, why);
	return error;
}

static int write_file(int directory_fd, const char *name, const char *text, uid_t owner)
{
	cleanup_fd int file =
		openat(directory_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (file < 0 || fchown(file, owner, owner))
		return -1;
	errno = -file_write_all(file, text, strlen(text));
	return errno ? -1 : 0;
}

static int write_link(int directory_fd, const char *name, const char *target, uid_t owner)
{
	if (symlinkat(target, directory_fd, name))
		return -1;
	return fchownat(directory_fd, name, owner, owner, AT_SYMLINK_NOFOLLOW);
}

static int write_one(const struct system_config *config, const struct config_file *file,
	int directory_fd, uid_t owner, struct failure *why)
{
	int error;
	cleanup_free char *text = make_text(config, file, &error, why);

	if (!text)
		return error;
	error = file->is_link ? write_link(directory_fd, file->name, text, owner)
			      : write_file(directory_fd, file->name, text, owner);
	if (error)
		return failure_set(why, errno, "make the container's /etc/%s", file->name);
	return 0;
}

int system_config_write(
	const struct system_config *config, int directory_fd, uid_t owner, struct failure *why)
{
	int error = 0;

	for (size_t i = 0; i < FILE_COUNT && !error; i++) {
		if (files[i].is_replaced(config))
			error = write_one(config, &files[i], directory_fd, owner, why);
	}
	return error;
}
