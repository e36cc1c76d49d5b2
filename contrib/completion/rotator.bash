# bash completion for rotator(1); made by 'rotator --generate=completion'
_rotator()
{
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command='' config=() i words=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
    -c | --config) config=(-c "${COMP_WORDS[i+1]-}"); ((i++)) ;;
    -*) ;;
    *) [[ -n $command ]] || command=${COMP_WORDS[i]} ;;
    esac
  done
  case $prev in
  -c | --config) COMPREPLY=($(compgen -f -- "$cur")); return ;;
  --log-format) COMPREPLY=($(compgen -W 'text json' -- "$cur")); return ;;
  esac
  case $command in
  '') words='init run rotate status check verify keys rollback retire hold resume repair forget history  --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  init) words=' --dry-run --print-policy --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  run) words=' --dry-run --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  rotate) words=' --reason --compromised --grace --wait --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  status) words=' --offline --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  check) words=' --offline --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  verify) words=' --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  keys) words=' --disable --delete --yes --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  rollback) words=' --reason --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  retire) words=' --reason --yes --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  hold) words=' --reason --all --until --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  resume) words=' --all --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  repair) words=' --keep --new-key --take-host --drop-sink --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  forget) words=' --yes --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  history) words=' --lines --config --json --quiet --verbose --log-format --jobs --help --version' ;;
  esac
  if [[ $cur != -* && -n $command ]]; then
    words=$(rotator ${config[@]+"${config[@]}"} --generate=targets 2>/dev/null)
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _rotator rotator
