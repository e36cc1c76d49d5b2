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
  '') words='init run rotate status report check verify keys rollback retire hold resume repair forget history help  --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  init) words=' --dry-run --print-policy --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  run) words=' --dry-run --shard --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  rotate) words=' --reason --compromised --grace --wait --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  status) words=' --shard --offline --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  report) words=' --shard --html --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  check) words=' --shard --offline --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  verify) words=' --shard --arrival --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  keys) words=' --describe --rename --lock --unlock --enable --disable --delete --create --name --description --file --overwrite --foreign --yes --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  rollback) words=' --reason --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  retire) words=' --reason --yes --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  hold) words=' --reason --all --until --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  resume) words=' --all --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  repair) words=' --keep --new-key --take-host --drop-sink --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  forget) words=' --yes --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  history) words=' --lines --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  help) words='init run rotate status report check verify keys rollback retire hold resume repair forget history help  --config --here --json --quiet --verbose --log-format --jobs --help --version' ;;
  esac
  if [[ $cur != -* && -n $command && $command != help ]]; then
    words=$(rotator ${config[@]+"${config[@]}"} --generate=targets 2>/dev/null)
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _rotator rotator
