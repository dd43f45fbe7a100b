/* SPDX-License-Identifier: Apache-2.0 */
/* What a run was asked to be, as plain data: filled by the options, read by every wing. */
#ifndef TARE_CONFIG_H
#define TARE_CONFIG_H

#include <stdbool.h>

struct run_config {
	char *const *command; /* NULL-terminated, borrowed from main's argv */
	bool no_container;
	bool quiet;	       /* no summary on stderr */
	bool verbose;	       /* what was isolated, left over, chosen */
	const char *json_path; /* NULL none, "-" stdout */
	/* What the seccomp filter lets through although it is refused by default. */
	bool allow_io_uring;
	bool allow_mounts;
	bool allow_namespaces;
};

#endif
