// The SCIM subset of the list calls: name sw "x" and (description co "y" or name ew_ci "z").
#ifndef EMU_FILTER_H
#define EMU_FILTER_H

#include <stdbool.h>

// NULL: the attribute is not there; *ret_known false: no such attribute.
typedef const char *filter_field_fn(const void *item, const char *name, bool *ret_known);

// False on a syntax error or an unknown attribute. `item` is handed to `field` as it is.
bool filter_match(const char *text, filter_field_fn *field, const void *item, bool *ret_match);

#endif
