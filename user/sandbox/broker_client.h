/* SPDX-License-Identifier: Apache-2.0 */
/* One client of the broker, served by a process that is for it alone. */
#ifndef TARE_BROKER_CLIENT_H
#define TARE_BROKER_CLIENT_H

#include "base/failure.h"

struct broker_client {
	int listening_fd; /* does not block */
	int to_broker;	  /* the uid goes there, and comes back whether there is room for it */
};

/* For process_start: takes a connection, does what is asked, answers. */
int broker_client_serve(void *client, struct failure *why);

#endif
