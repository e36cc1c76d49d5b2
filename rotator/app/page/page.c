#include "rotator/app/page/page.h"

#include <stdlib.h>
#include <string.h>

#include "rotator/app/page/html.h"

#define NONE SIZE_MAX

enum err page_begin(struct page *p, const struct app *a, size_t cap, struct error *e) {
  *p = (struct page){
      .app = a, .now_s = env_wall_ms(a->env) / 1000, .cap = cap, .whole = cap <= PAGE_WHOLE};
  for (int i = 0; i < PAGE_CLASSES; i++)
    p->kept[i] = NONE;
  p->rows = calloc(cap + 1, sizeof *p->rows);
  return p->rows ? ERR_OK : error_no_memory(e);
}

void page_clear(struct page *p) {
  for (size_t i = 0; i < p->n; i++)
    free(p->rows[i].section);
  free(p->rows);
  *p = (struct page){.n = 0};
}

struct page_row *page_add(struct page *p, const char *name, enum page_class class) {
  struct page_row *r = &p->rows[p->n];
  *r = (struct page_row){.name = name,
                         .id = p->n++,
                         .class = class,
                         .working = WORKING_UNKNOWN,
                         .phase = "–",
                         .next = "–",
                         .kept_before = NONE};
  p->counts[class]++;
  return r;
}

static bool make_room(struct page *p, enum page_class class) {
  for (int c = PAGE_CLASSES - 1; c > (int)class; c--)
    if (p->kept[c] != NONE) {
      struct page_row *r = &p->rows[p->kept[c]];
      free(r->section);
      r->section = NULL;
      p->kept[c] = r->kept_before;
      p->n_sections--;
      return true;
    }
  return false;
}

bool page_wants_section(struct page *p, const struct page_row *r) {
  struct page_row *own = &p->rows[r->id];
  if ((r->class == PAGE_WELL && !p->whole) ||
      (p->n_sections == PAGE_SECTIONS && !make_room(p, r->class)))
    return false;
  own->kept_before = p->kept[r->class];
  p->kept[r->class] = r->id;
  p->n_sections++;
  return true;
}

// --- writing ---

static int worst_first(const void *a, const void *b) {
  const struct page_row *x = a, *y = b;
  return x->class != y->class ? (x->class > y->class) - (x->class < y->class)
                              : strcmp(x->name, y->name);
}

static size_t sections_in(const struct page *p, enum page_class from, enum page_class to) {
  size_t n = 0;
  for (size_t i = 0; i < p->n; i++)
    n += p->rows[i].class >= from && p->rows[i].class < to && p->rows[i].section;
  return n;
}

static void write_sections(FILE *f, const struct page *p, enum page_class from,
                           enum page_class to) {
  for (size_t i = 0; i < p->n; i++) {
    const struct page_row *r = &p->rows[i];
    if (r->class >= from && r->class < to && r->section)
      fwrite(r->section, 1, r->section_len, f);
  }
}

struct part {
  const char *id, *title;
  enum page_class from, to; // of these classes; `to` no more
};

static void write_part(FILE *f, const struct page *p, const struct part *part) {
  enum page_class from = part->from, to = part->to;
  size_t n = 0, shown = sections_in(p, from, to);
  for (int c = (int)from; c < (int)to; c++)
    n += p->counts[c];
  if (n == 0)
    return;
  html(f, "<section id=\"%s\"><h2>%s <span class=\"n\">%zu</span></h2>\n", part->id, part->title,
       n);
  if (shown < n)
    html(f,
         "<p class=\"note\">%zu of them %s shown in detail; the others stand in the lists below, "
         "and <code>%s report --html FILE TARGET</code> shows any of them.</p>\n",
         shown, shown == 1 ? "is" : "are", p->app->self);
  write_sections(f, p, from, to);
  fputs("</section>\n", f);
}

static void write_calm(FILE *f, const struct page *p) {
  size_t n = 0;
  for (int c = 0; c < PAGE_FIRST_UNDER_WAY; c++)
    n += p->counts[c];
  if (n == 0)
    fputs("<section id=\"todo\"><h2>To do</h2><p>Nothing: no target needs anybody.</p></section>\n",
          f);
}

static const struct part parts[] = {
    {"todo", "To do", PAGE_BROKEN, PAGE_FIRST_UNDER_WAY},
    {"under-way", "Under way", PAGE_FIRST_UNDER_WAY, PAGE_WELL},
    {"well", "Well", PAGE_WELL, PAGE_CLASSES},
};

void page_write(struct page *p, FILE *f) {
  qsort(p->rows, p->n, sizeof *p->rows, worst_first);
  page_head(f, p);
  page_glance(f, p);
  write_calm(f, p);
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    write_part(f, p, &parts[i]);
  page_groups(f, p);
  page_legend(f);
  fputs("</main></body></html>\n", f);
}
