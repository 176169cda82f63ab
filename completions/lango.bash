# bash completion for lango; made by: python3 -m tests generate
_lango_reply() {
    local line
    while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$@")
}
_lango() {
    COMPREPLY=()
    local current="${COMP_WORDS[COMP_CWORD]}"
    local word where=lango taker=
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -n $taker ]]; then
            [[ $word == "=" ]] || taker=
            continue
        fi
        case "$word" in
            --passphrase-fd|--passphrase-file|--passphrase-command|--keyfile|--slot|--home|--profile|--color|--lock-timeout|--kdf|--recovery-file|--new-passphrase-fd|--new-passphrase-file|--ttl|--newline|--output|--within|--from-file|--from-fd|--from-env|--generate|--key|--if-version|--note|--owner|--tag|--expires|--rotate-every|--untag|--as|--confirm|--label|--keyfile|--confirm|--recovery-file|--since|--limit|--head) taker=$word; continue ;;
            -*) continue ;;
        esac
        case "$where $word" in
            'lango quickstart') where='lango quickstart' ;;
            'lango onboard') where='lango onboard' ;;
            'lango init') where='lango init' ;;
            'lango status') where='lango status' ;;
            'lango doctor') where='lango doctor' ;;
            'lango unlock') where='lango unlock' ;;
            'lango lock') where='lango lock' ;;
            'lango secrets') where='lango secrets' ;;
            'lango keys') where='lango keys' ;;
            'lango audit') where='lango audit' ;;
            'lango secrets get') where='lango secrets get' ;;
            'lango secrets generate') where='lango secrets generate' ;;
            'lango secrets show') where='lango secrets show' ;;
            'lango secrets list') where='lango secrets list' ;;
            'lango secrets find') where='lango secrets find' ;;
            'lango secrets history') where='lango secrets history' ;;
            'lango secrets diff') where='lango secrets diff' ;;
            'lango secrets due') where='lango secrets due' ;;
            'lango secrets set') where='lango secrets set' ;;
            'lango secrets edit') where='lango secrets edit' ;;
            'lango secrets rollback') where='lango secrets rollback' ;;
            'lango secrets delete') where='lango secrets delete' ;;
            'lango secrets undelete') where='lango secrets undelete' ;;
            'lango secrets purge') where='lango secrets purge' ;;
            'lango secrets rename') where='lango secrets rename' ;;
            'lango secrets copy') where='lango secrets copy' ;;
            'lango secrets rm') where='lango secrets delete' ;;
            'lango secrets ls') where='lango secrets list' ;;
            'lango secrets mv') where='lango secrets rename' ;;
            'lango secrets cp') where='lango secrets copy' ;;
            'lango secrets read') where='lango secrets get' ;;
            'lango keys passphrase') where='lango keys passphrase' ;;
            'lango keys slot') where='lango keys slot' ;;
            'lango keys slot list') where='lango keys slot list' ;;
            'lango keys slot add') where='lango keys slot add' ;;
            'lango keys slot remove') where='lango keys slot remove' ;;
            'lango keys slot test') where='lango keys slot test' ;;
            'lango keys slot rename') where='lango keys slot rename' ;;
            'lango keys slot rm') where='lango keys slot remove' ;;
            'lango keys slot ls') where='lango keys slot list' ;;
            'lango keys slot mv') where='lango keys slot rename' ;;
            'lango audit list') where='lango audit list' ;;
            'lango audit verify') where='lango audit verify' ;;
            'lango audit export') where='lango audit export' ;;
            'lango audit ls') where='lango audit list' ;;
        esac
    done
    [[ $current == "=" ]] && current=
    case "$taker" in
        '') ;;
        --passphrase-file) _lango_reply -f -- "$current"; return ;;
        --keyfile) _lango_reply -f -- "$current"; return ;;
        --home) _lango_reply -f -- "$current"; return ;;
        --color) _lango_reply -W 'auto always never' -- "$current"; return ;;
        --recovery-file) _lango_reply -f -- "$current"; return ;;
        --new-passphrase-file) _lango_reply -f -- "$current"; return ;;
        --newline) _lango_reply -W 'auto yes no' -- "$current"; return ;;
        --output) _lango_reply -f -- "$current"; return ;;
        --from-file) _lango_reply -f -- "$current"; return ;;
        --keyfile) _lango_reply -f -- "$current"; return ;;
        --recovery-file) _lango_reply -f -- "$current"; return ;;
        --head) _lango_reply -f -- "$current"; return ;;
        *) return ;;
    esac
    local words= options= files= names=
    case "$where" in
        'lango') words='quickstart onboard init status doctor unlock lock secrets keys audit' options='--version --exit-codes --keyfile' ;;
        'lango quickstart') words='' options='--keyfile' ;;
        'lango onboard') words='' options='--keyfile' ;;
        'lango init') words='' options='--keyring --keyfile --kdf --no-recovery --recovery-file --new-passphrase-fd --new-passphrase-file' ;;
        'lango status') words='' options='--keyfile' ;;
        'lango doctor') words='' options='--fix --strict --keyfile' ;;
        'lango unlock') words='' options='--ttl --keyfile' ;;
        'lango lock') words='' options='--keyfile' ;;
        'lango secrets') words='get generate show list find history diff due set edit rollback delete undelete purge rename copy rm ls mv cp read' options='--keyfile' ;;
        'lango secrets get') words='' options='--newline --base64 --force --output --null -0 --strict --keyfile' names=1 ;;
        'lango secrets generate') words='' options='--newline --base64 --output --keyfile' ;;
        'lango secrets show') words='' options='--keyfile' names=1 ;;
        'lango secrets list') words='' options='--deleted --keyfile' names=1 ;;
        'lango secrets find') words='' options='--keyfile' ;;
        'lango secrets history') words='' options='--keyfile' names=1 ;;
        'lango secrets diff') words='' options='--keyfile' names=1 ;;
        'lango secrets due') words='' options='--within --keyfile' ;;
        'lango secrets set') words='' options='--from-file --from-fd --from-env --generate --raw --allow-empty --key --if-version --note --owner --tag --expires --rotate-every --keyfile' names=1 ;;
        'lango secrets edit') words='' options='--note --owner --tag --untag --expires --rotate-every --keyfile' names=1 ;;
        'lango secrets rollback') words='' options='--keyfile' names=1 ;;
        'lango secrets delete') words='' options='--keyfile' names=1 ;;
        'lango secrets undelete') words='' options='--as --keyfile' names=1 ;;
        'lango secrets purge') words='' options='--confirm --keyfile' names=1 ;;
        'lango secrets rename') words='' options='--keyfile' names=1 ;;
        'lango secrets copy') words='' options='--keyfile' names=1 ;;
        'lango keys') words='passphrase slot' options='--keyfile' ;;
        'lango keys passphrase') words='' options='--kdf --new-passphrase-fd --new-passphrase-file --keyfile' ;;
        'lango keys slot') words='list add remove test rename rm ls mv' options='--keyfile' ;;
        'lango keys slot list') words='' options='--keyfile' ;;
        'lango keys slot add') words='' options='--label --keyfile --kdf --new-passphrase-fd --new-passphrase-file --recovery-file' ;;
        'lango keys slot remove') words='' options='--confirm --keyfile' ;;
        'lango keys slot test') words='' options='--recovery-file --keyfile' ;;
        'lango keys slot rename') words='' options='--keyfile' ;;
        'lango audit') words='list verify export ls' options='--keyfile' ;;
        'lango audit list') words='' options='--since --limit --keyfile' ;;
        'lango audit verify') words='' options='--head --keyfile' ;;
        'lango audit export') words='' options='--head --output --keyfile' ;;
    esac
    [[ $current == -* ]] && words="$options --passphrase-fd --passphrase-file --passphrase-command --recovery --slot --home --profile --json --quiet --no-input --yes --color --lock-timeout --debug -h --help" files= names=
    _lango_reply -W "$words" ${files:+-f} -- "$current"
    [[ -n $names ]] || return 0
    while IFS= read -r word; do COMPREPLY+=("$word"); done \
        < <(lango __complete "$current" 2>/dev/null)
}
complete -o filenames -F _lango lango
