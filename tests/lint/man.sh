#!/usr/bin/env bash
# mandoc on every manual page, warnings included.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

look() {
  lint_find -name '*.[1-8]' -path './*man/*' | xargs -r -d '\n' mandoc -T lint -W warning
}

plant() {
  mkdir -p contrib/man
  cat >contrib/man/good.1 <<'MAN'
.Dd January 1, 2026
.Dt GOOD 1
.Os
.Sh NAME
.Nm good
.Nd a page
MAN
  sed 's/^\.Nd a page/.Nd a page\n.Sh SEE ALSO\n.Xr good 1 ,\n.Foo bar/' contrib/man/good.1 >contrib/man/bad.1
}

expect() {
  echo 'bad.1:8:5: WARNING: cross reference to self'
  echo 'bad.1:8:12: WARNING: unusual Xr punctuation'
  echo 'bad.1:9:2: ERROR: skipping unknown macro'
}

lint_main "$@"
