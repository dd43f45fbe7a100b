/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that say what the container is: each reads one value into the configuration, or has
 * one line in *why.
 */
#ifndef TARE_OPTIONS_CONTAINER_H
#define TARE_OPTIONS_CONTAINER_H

#include "base/config.h"
#include "base/failure.h"

int options_apply_allow(struct run_config *config, const char *value, struct failure *why);
int options_apply_seccomp(struct run_config *config, const char *value, struct failure *why);
int options_apply_read_only(struct run_config *config, const char *value, struct failure *why);
int options_apply_overlay(struct run_config *config, const char *value, struct failure *why);
int options_apply_full_access(struct run_config *config, const char *value, struct failure *why);
int options_apply_hidden(struct run_config *config, const char *value, struct failure *why);
int options_apply_keep_tmp(struct run_config *config, const char *value, struct failure *why);
int options_apply_start_directory(
	struct run_config *config, const char *value, struct failure *why);
int options_apply_hostname(struct run_config *config, const char *value, struct failure *why);
int options_apply_uid(struct run_config *config, const char *value, struct failure *why);
int options_apply_gid(struct run_config *config, const char *value, struct failure *why);
int options_apply_env(struct run_config *config, const char *value, struct failure *why);
int options_apply_keep_env(struct run_config *config, const char *value, struct failure *why);
int options_apply_result_files(struct run_config *config, const char *value, struct failure *why);

#endif
