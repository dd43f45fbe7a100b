/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on standard error as Python's logging writes them: "2026-01-02 03:04:05,678 - INFO - …". */
#ifndef TARE_RUNEXEC_LOG_H
#define TARE_RUNEXEC_LOG_H

enum runexec_level {
	RUNEXEC_DEBUG,
	RUNEXEC_INFO,
	RUNEXEC_WARNING,
	RUNEXEC_CRITICAL,
};

/* From now on lines below this level are not written. It is INFO at first. */
void runexec_log_from(enum runexec_level level);

/* One line; what could command a terminal is escaped. */
void runexec_log(enum runexec_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
