// Files that hold a credential: the management key, tokens, role ids and secret ids. They are read
// anew at each use, so that they may be replaced at any time.
//
// One rule for all of them:
//
//   links    are followed, for a volume of Kubernetes consists of them (token -> ..data/token ->
//            ..2026_01_01…/token), and /var/run is one on most hosts. What is judged is the file at
//            their end, by the descriptor that it is read from. When the volume is replaced just
//            then, the way is gone once more.
//   writers  nobody but the owner may be able to change it.
//   readers  of a secret: its owner and its group (0640 at most), so that a service's group may be
//            given it: systemd's credentials are 0400 or 0440, the sink of a Vault agent is 0640.
//            A Docker secret is 0444 unless a mode is given for it: the error says where.
//            What a platform hands out (CREDENTIAL_HANDED) others may read: the kubelet makes the
//            token of a service account 0644, and a role id is no secret.
//   owner    of what a person keeps (CREDENTIAL_KEPT): root or us. The sink of an agent belongs to
//            the agent's user, and the token of a service account to whoever the kubelet thinks is
//            right; who names such a file in the configuration trusts its owner.
#ifndef ROTATOR_BASE_CREDENTIAL_H
#define ROTATOR_BASE_CREDENTIAL_H

#include "rotator/base/error.h"
#include "rotator/base/secret.h"

enum credential_kind {
  CREDENTIAL_KEPT,   // owner root or us; at most 0640
  CREDENTIAL_SECRET, // any owner; at most 0640
  CREDENTIAL_HANDED, // any owner; others may read it, and its group may do with it as it likes
};

struct credential_file {
  enum credential_kind kind;
  const char *what;       // "management credential": what an error's text begins with
  const char *file;       // its path, or NULL:
  const char *credential; // name of a file in $CREDENTIALS_DIRECTORY, where systemd puts them
};

// The bytes as they are, 64 KiB at most. ERR_INVALID: systemd passed none. ERR_DENIED: it is not
// there (that the credential is absent says nothing about what it opens, so it is never
// ERR_MISSING), or may not be read. ERR_REFUSED: against the rule, or no file. Else as file_read.
enum err credential_read_file(const struct credential_file *c, struct secret **ret,
                              struct error *e);
// Likewise, without the white space around it, for what is one word. ERR_INVALID: it is empty, or
// begins with the byte order mark of an editor.
enum err credential_read_word(const struct credential_file *c, struct secret **ret,
                              struct error *e);

// Is it one word of printable characters as it stands? ERR_INVALID says which byte (from 1) is
// wrong and what it looks like (a byte order mark, NAME=VALUE, a quote, a blank, a line break), and
// never quotes it.
enum err credential_check_word(const struct secret *word, const char *what, struct error *e);

#endif
