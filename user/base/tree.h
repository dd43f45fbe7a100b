/* SPDX-License-Identifier: Apache-2.0 */
/* Removes a directory and all that is in it, whatever someone hostile has put there. */
#ifndef TARE_TREE_H
#define TARE_TREE_H

#include "failure.h"

/*
 * Removes `name` below parent_fd; 0 also when there is no such thing. No link is followed, no path
 * is built, and depth costs neither stack nor descriptors: a tree of any depth takes five. The
 * caller needs the right to change every directory in it, and knows that nobody else still writes
 * there. -ENOTDIR: it is not a directory, and stays.
 */
int tree_remove(int parent_fd, const char *name, struct failure *why);

#endif
