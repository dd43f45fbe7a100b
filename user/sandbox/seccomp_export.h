/* SPDX-License-Identifier: Apache-2.0 */
/* libseccomp's filter as the program that the kernel takes. */
#ifndef TARE_SECCOMP_EXPORT_H
#define TARE_SECCOMP_EXPORT_H

#include <seccomp.h>
#include "seccomp.h"

/* Fills in the instructions. -E2BIG: there are more than the kernel takes. */
int seccomp_export(scmp_filter_ctx context, struct seccomp_filter *filter, struct failure *why);

#endif
