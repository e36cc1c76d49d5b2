// Time zones for windows: is there such a zone, what is it spelt like, and what does its clock
// show.
#ifndef ROTATOR_CONFIG_ZONE_H
#define ROTATOR_CONFIG_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "rotator/base/choices.h"
#include "rotator/base/error.h"

// Is this a zone of the tz database ($TZDIR, else /usr/share/zoneinfo)? "UTC" is one even where
// there is no database.
bool zone_is_known(const char *name);
// The nearest name of the database ("Berlin" and "Europe/Berln" give "Europe/Berlin"), or "".
void zone_nearest(const char *name, char dst[NEAREST_MAX]);
// Today's name of a zone that was renamed ("America/New_York" for "US/Eastern"); false when the
// database knows of none. It knows them even where the old names' own files are not installed:
// in Debian since 13 these are in a package of their own.
bool zone_renamed(const char *name, char dst[NEAREST_MAX]);
// Is there a database at all?
bool zone_database_is_there(void);

// Sets TZ to the zone; zone_leave gives back what was there. In between the three functions below
// speak of this zone.
struct zone_before {
  char *tz; // NULL: TZ was not set
};
enum err zone_enter(const char *name, struct zone_before *ret);
void zone_leave(struct zone_before *before);

// The local clock at a moment, as seconds since 1970 on that clock.
int64_t zone_local_s(int64_t utc_s);
// The moment at which the local clock shows local_s: the first one where it shows it twice, the
// moment of the jump where it never does.
int64_t zone_utc_s(int64_t local_s);

#endif
