// URLs of IAM: the configured base, paths with encoded parts, and the page token in a `next` link.
#ifndef ROTATOR_CLOUD_IAM_URL_H
#define ROTATOR_CLOUD_IAM_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "rotator/base/text.h"

#define IAM_URL_MAX 8192
#define IAM_PAGE_TOKEN_MAX 1024 // a page token is base64 of a small JSON object

// The base without trailing slashes and without "/identity/token" (the SDKs strip it too).
// malloc'd, NULL without memory.
char *iam_url_base(const char *url);
// Appends a path segment ("/" and the segment, percent-encoded).
void iam_url_segment(struct text_buf *url, const char *segment);
// Appends "?name=value" or "&name=value", the value percent-encoded.
void iam_url_query(struct text_buf *url, const char *name, const char *value);
// Decodes the query parameter `name` of a URL into dst. False when it is not there, is empty, does
// not decode, or is longer than cap - 1. Nothing else of the URL is looked at.
bool iam_url_param(const char *url, const char *name, char *dst, size_t cap);

#endif
