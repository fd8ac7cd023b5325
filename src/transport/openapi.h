/* /openapi.json: the file openapi.json of this folder, compiled in. A test walks every path of it against a server. */
#ifndef TRANSPORT_OPENAPI_H
#define TRANSPORT_OPENAPI_H

#include <stddef.h>

extern const char openapi_json[];
extern const size_t openapi_json_bytes;

#endif
