/* Which descriptor is a connection's? civetweb does not tell, so it is looked for among the process's own, by its addresses.
** Thread: any; the caller knows that the socket is open.
*/
#ifndef TRANSPORT_SOCKETS_H
#define TRANSPORT_SOCKETS_H

enum { SOCKETS_OURS_FROM = 4096 };

/* Sockets that were taken over live at this number and above, so that a search among civetweb's stays short however many
** clients there are. */
int sockets_first_of_ours(void);
/* The TCP socket with this peer and, unless it is 0, this local port; -1 = none. */
int sockets_find(const char *peer_address, int peer_port, int local_port);
/* Calls back for every IPv4 connection at this local port that was not taken over and that has no bytes waiting to be read. */
void sockets_each_silent(int local_port, void (*visit)(void *ctx, int fd, const char *peer_address, int peer_port), void *ctx);
/* The socket that listens at this IPv4 port, or -1. */
int sockets_find_listener(int port);

#endif
