#include "rotator/base/service_notice.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// A path, or behind '@' a name that is in no filesystem.
static socklen_t address_of(const char *name, struct sockaddr_un *ret) {
  size_t len = name ? strlen(name) : 0;
  *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (len < 2 || len >= sizeof ret->sun_path || (name[0] != '/' && name[0] != '@'))
    return 0;
  memcpy(ret->sun_path, name, len);
  if (name[0] == '@')
    ret->sun_path[0] = '\0'; // and its length ends it
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '/'));
}

bool service_notice(const char *socket_name, const char *text) {
  struct sockaddr_un to;
  size_t len = strlen(text);
  socklen_t to_len = address_of(socket_name, &to);
  int fd = to_len ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
  if (fd < 0)
    return false;
  ssize_t sent =
      sendto(fd, text, len, MSG_NOSIGNAL, (const struct sockaddr *)(const void *)&to, to_len);
  close(fd);
  return sent == (ssize_t)len;
}
