// The page that `report` writes: a fleet at a glance, then what wants somebody, worst first, then
// the rest. One file, nothing loaded from elsewhere.
//
// How it stays small: of each target there is a row (struct page_row) in memory, and of some a
// section, the finished markup that shows it in detail. In a fleet of more than PAGE_WHOLE those
// that are well have none; and there are never more than PAGE_SECTIONS: the worst have them.
#ifndef ROTATOR_APP_PAGE_PAGE_H
#define ROTATOR_APP_PAGE_PAGE_H

#include "rotator/app/commands/standing.h"

#define PAGE_WHOLE 500
#define PAGE_SECTIONS 500

// How a target stands, in one word; the worst first.
enum page_class {
  PAGE_BROKEN,    // exit status 4
  PAGE_ATTENTION, // … 3, or the last run answered so
  PAGE_MISTAKE,   // its configuration cannot be used
  PAGE_TROUBLE,   // a fault that may pass
  PAGE_UNKNOWN,   // nothing is the matter, and nothing is known
  PAGE_NOT_SET_UP,
  PAGE_HELD,
  PAGE_DUE,
  PAGE_ROTATING,
  PAGE_GRACE,
  PAGE_WELL,
  PAGE_CLASSES
};
#define PAGE_FIRST_UNDER_WAY PAGE_HELD // before it: somebody is wanted
const char *page_class_words(enum page_class c);
const char *page_class_style(enum page_class c); // "bad", "warn", "info", "good"

struct page_row {
  const char *name; // the configuration's
  size_t id;        // of its section in the page
  enum page_class class;
  enum working working;
  const char *phase; // in words
  int64_t since_s;   // of the current key; 0: there is none
  int64_t comes_s;   // when something comes next; 0: not known …
  const char *comes; // … and what
  char next[64];     // standing_next
  char *section;     // NULL: none
  size_t section_len;
  size_t kept_before; // the row of this class that got a section before this one; SIZE_MAX: none
};

struct page {
  const struct app *app;
  int64_t now_s;
  struct page_row *rows;
  size_t n, cap;
  size_t counts[PAGE_CLASSES];
  size_t n_sections;
  size_t kept[PAGE_CLASSES]; // the row of each class that got a section last; SIZE_MAX: none
  bool whole;                // of those that are well, too
};

// A fleet of at most `cap` targets. ERR_INTERNAL without memory.
enum err page_begin(struct page *p, const struct app *a, size_t cap, struct error *e);
void page_clear(struct page *p);
// A row for the next target; `class` is said, the caller fills in the rest.
struct page_row *page_add(struct page *p, const char *name, enum page_class class);
// Shall it be shown in detail? Then the section of a better one may go for it.
bool page_wants_section(struct page *p, const struct page_row *r);

// The whole page. The stream's errors are the caller's to look at.
void page_write(struct page *p, FILE *f);

// --- the parts of it ---

struct section {
  struct page_row *row;
  const char *working; // the first line: what consumers have
  const char *now;     // what it waits for, or what is the matter; "": nothing to say
  const char *person;  // what is to be decided or mended; NULL: nothing
  const char *next;    // the command for it; "": none
};
// Sets row->section. `s` NULL: the target could not be observed. ERR_INTERNAL without memory.
enum err section_make(const struct section *x, const struct standing *s, struct error *e);

void page_head(FILE *f, const struct page *p);   // up to the page's own heading
void page_glance(FILE *f, const struct page *p); // counts and what comes next; rows are sorted
void page_groups(FILE *f, const struct page *p); // every target, by class
void page_legend(FILE *f);

#endif
