/* SPDX-License-Identifier: Apache-2.0 */
/* The namespaces of a container: which there are, and which of them PID 1 is born in. */
#ifndef TARE_NAMESPACE_H
#define TARE_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>
#include "base/config.h"
#include "base/explanation.h"

/* CLONE_NEW* flags for the birth of PID 1; `is_users` as of struct identity. */
uint64_t namespace_flags(const struct run_config *config, bool is_users);

void namespace_explain(const struct run_config *config, struct explanation *explanation);

#endif
