#include "unpack.h"

#include <stdlib.h>
#include <strings.h>
#include <zlib.h>

#include "util.h"

#define UNPACKED_MAX (12u * 1024 * 1024)
#define GZIP_WINDOW (16 + MAX_WBITS) // 16: the header of gzip, not that of zlib

// False: not gzip, or cut short. A body beyond the ceiling ends there and is marked too large.
static bool inflate_all(struct req *r, struct sbuf *out) {
  z_stream z = {.next_in = (unsigned char *)r->body, .avail_in = (unsigned)r->body_len};
  char piece[65536];
  int state = inflateInit2(&z, GZIP_WINDOW);
  if (state != Z_OK)
    abort();
  while (state == Z_OK && out->len <= UNPACKED_MAX) {
    z.next_out = (unsigned char *)piece;
    z.avail_out = sizeof piece;
    state = inflate(&z, Z_NO_FLUSH);
    sbuf_add(out, piece, sizeof piece - z.avail_out);
  }
  inflateEnd(&z);
  r->too_large |= out->len > UNPACKED_MAX;
  return state == Z_STREAM_END || r->too_large;
}

void unpack_body(struct req *r, bool accept_gzip) {
  const char *coding = req_header(r, "Content-Encoding");
  struct sbuf out = {0};
  if (!coding || !*coding || !strcasecmp(coding, "identity"))
    return;
  if (!accept_gzip || strcasecmp(coding, "gzip")) {
    r->coding_status = 415;
    return;
  }
  sbuf_add(&out, "", 0);
  if (!inflate_all(r, &out)) {
    r->coding_status = 400;
    free(out.data);
    return;
  }
  free(r->body);
  r->body = out.data;
  r->body_len = out.len;
}
