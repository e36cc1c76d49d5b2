// The C library knows the rules of a zone, but gives them out only through TZ and localtime_r.
// Local to UTC is worked out from it by search rather than by mktime, whose answer for a time that
// is skipped or comes twice is not laid down.
#include "rotator/config/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "rotator/base/text.h"

#define DAY_S 86400

static const char *database(void) {
  const char *dir = getenv("TZDIR");
  return dir && dir[0] == '/' ? dir : "/usr/share/zoneinfo";
}

static bool is_utc(const char *name) {
  return strcmp(name, "UTC") == 0;
}

bool zone_is_known(const char *name) {
  if (is_utc(name))
    return true;
  if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") || text_starts(name, "right/") ||
      strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") !=
          strlen(name))
    return false;
  char path[512], magic[4] = "";
  if (snprintf(path, sizeof path, "%s/%s", database(), name) >= (int)sizeof path)
    return false;
  FILE *f = fopen(path, "re");
  if (!f)
    return false;
  bool known = fread(magic, 1, sizeof magic, f) == sizeof magic && memcmp(magic, "TZif", 4) == 0;
  fclose(f);
  return known;
}

// A city without its continent is nearly right.
static void try_zone(struct nearest *n, const char *zone) {
  const char *city = strrchr(zone, '/');
  nearest_try(n, zone);
  if (city && !strchr(n->written, '/'))
    nearest_try_as(n, city + 1, zone);
}

void zone_nearest(const char *name, char dst[NEAREST_MAX]) {
  struct nearest n = nearest_start(name);
  bool utc = strcasecmp(name, "UTC") == 0 || strcasecmp(name, "Z") == 0;
  char path[512], line[512];
  snprintf(path, sizeof path, "%s/zone1970.tab", database());
  FILE *f = utc ? NULL : fopen(path, "re");
  while (f && fgets(line, sizeof line, f)) {
    // Country codes, tab, coordinates, tab, zone, perhaps tab and a comment.
    char *zone = line[0] == '#' ? NULL : strchr(line, '\t');
    zone = zone ? strchr(zone + 1, '\t') : NULL;
    if (!zone)
      continue;
    zone++;
    zone[strcspn(zone, "\t\n")] = '\0';
    try_zone(&n, zone);
  }
  if (f)
    fclose(f);
  text_copy(dst, NEAREST_MAX, utc ? "UTC" : n.best);
}

bool zone_renamed(const char *name, char dst[NEAREST_MAX]) {
  char path[512], line[512];
  bool found = false;
  snprintf(path, sizeof path, "%s/tzdata.zi", database());
  FILE *f = fopen(path, "re");
  while (f && !found && fgets(line, sizeof line, f)) {
    // Links are lines "L TODAY FORMER".
    char today[128], former[128];
    found = sscanf(line, "L %127s %127s", today, former) == 2 && strcmp(former, name) == 0 &&
            zone_is_known(today) && text_copy(dst, NEAREST_MAX, today);
  }
  if (f)
    fclose(f);
  return found;
}

bool zone_database_is_there(void) {
  return access(database(), X_OK) == 0;
}

enum err zone_enter(const char *name, struct zone_before *ret) {
  const char *now = getenv("TZ");
  char *copy = now ? strdup(now) : NULL;
  if ((now && !copy) || setenv("TZ", is_utc(name) ? "UTC0" : name, 1) != 0) {
    free(copy);
    return ERR_INTERNAL;
  }
  ret->tz = copy;
  tzset();
  return ERR_OK;
}

void zone_leave(struct zone_before *before) {
  if (before->tz)
    setenv("TZ", before->tz, 1);
  else
    unsetenv("TZ");
  tzset();
  free(before->tz);
  before->tz = NULL;
}

static int64_t offset_at(int64_t utc_s) {
  time_t t = (time_t)utc_s;
  struct tm tm;
  return localtime_r(&t, &tm) ? tm.tm_gmtoff : 0;
}

int64_t zone_local_s(int64_t utc_s) {
  return utc_s + offset_at(utc_s);
}

int64_t zone_utc_s(int64_t local_s) {
  // The rules just before and just after; no zone changes twice within two days.
  int64_t before = offset_at(local_s - DAY_S), after = offset_at(local_s + DAY_S);
  int64_t a = local_s - before, b = local_s - after;
  if (zone_local_s(a) == local_s && (zone_local_s(b) != local_s || a < b))
    return a;
  if (zone_local_s(b) == local_s)
    return b;
  // Skipped: the jump lies between the two.
  int64_t low = b < a ? b : a, high = b < a ? a : b;
  int64_t first = offset_at(low);
  while (high - low > 1) {
    int64_t middle = low + (high - low) / 2;
    if (offset_at(middle) == first)
      low = middle;
    else
      high = middle;
  }
  return high;
}
