# bash completion for lango; made by: python3 -m tests generate
_lango_reply() {
    local line
    while IFS= read -r line; do COMPREPLY+=("${line#"$stem"}"); done < <(compgen "$@")
}
# Sets `plain` to what the word means; fails where that takes a shell.
_lango_plain() {
    plain=$1
    case "$plain" in
        \'*) plain=${plain#\'}; plain=${plain%\'}; [[ $plain != *\'* ]]; return ;;
        \"*) plain=${plain#\"}; plain=${plain%\"}; [[ $plain != *[\"\$\`\\]* ]]; return ;;
        "~"|"~/"*) plain=$HOME${plain#\~} ;;
        "~"*) return 1 ;;
    esac
    [[ $plain != *[\'\"\$\`]* ]] || return 1
    IFS= read plain <<< "$plain"
}
_lango_ask() {
    local plain line
    if [[ -n $home ]]; then
        _lango_plain "$home" || return 0
        set -- "$@" --home "$plain"
    fi
    _lango_plain "$current" || return 0
    while IFS= read -r line; do COMPREPLY+=("${line#"$stem"}"); done \
        < <(lango __complete "$@" -- "$plain" 2>/dev/null)
}
_lango() {
    COMPREPLY=()
    # Bash takes words apart at = and : too; what nothing stands between is put together again.
    local -a words=("${COMP_WORDS[0]}")
    local piece rest line=${COMP_LINE#*"${COMP_WORDS[0]}"}
    local -i at
    for ((at = 1; at <= COMP_CWORD; at++)); do
        piece=${COMP_WORDS[at]}
        rest=${line#"${line%%[![:space:]]*}"}
        if [[ $rest == "$line" && $line == "$piece"* ]]; then
            words[${#words[@]}-1]+=$piece
        else
            words+=("$piece")
        fi
        line=${rest#"$piece"}
    done
    local current=${words[${#words[@]}-1]} stem
    [[ $piece == *[!=:]* ]] || piece=
    # The part of the word that Readline leaves as it is.
    stem=${current%"$piece"}
    local word where=lango taker= home=
    local -i i place=0
    for ((i = 1; i < ${#words[@]} - 1; i++)); do
        word=${words[i]}
        if [[ -n $taker ]]; then
            [[ $taker == --home ]] && home=$word
            taker=
            continue
        fi
        case "$where $word" in 'lango init --keyfile'|'lango audit export --head') continue ;; esac
        case "$word" in
            --home=*)
                home=${word#*=}
                # No shell expands a ~ in the middle of a word.
                [[ $home == "~"* ]] && home="./$home"
                continue ;;
            --passphrase-fd|--passphrase-file|--passphrase-command|--keyfile|--slot|--share|--home|--profile|--color|--lock-timeout|--kms|--kdf|--recovery-file|--new-passphrase-fd|--new-passphrase-file|--ttl|--shell|--env-file|--only|--set|--in|--out|--stdin|--file|--fd|--format|--prefix|--on-conflict|--title|--output|--newline|--within|--from-file|--from-fd|--from-env|--generate|--key|--if-version|--note|--owner|--tag|--expires|--rotate-every|--untag|--as|--confirm|--command|--argument|--tool|--host|--with|--type|--algorithm|--custodian|--context|--label|--threshold|--keep|--page-size|--backup-passphrase-file|--backup-keyfile|--enable|--disable|--map|--like|--for|--level|--listen|--socket|--interface|--name|--folder|--wait|--since|--limit|--head) taker=$word; continue ;;
            -?*) continue ;;
        esac
        case "$where $word" in
            'lango quickstart') where='lango quickstart' ;;
            'lango onboard') where='lango onboard' ;;
            'lango init') where='lango init' ;;
            'lango status') where='lango status' ;;
            'lango doctor') where='lango doctor' ;;
            'lango unlock') where='lango unlock' ;;
            'lango lock') where='lango lock' ;;
            'lango env') where='lango env' ;;
            'lango inject') where='lango inject' ;;
            'lango check') where='lango check' ;;
            'lango run') where='lango run' ;;
            'lango secrets') where='lango secrets' ;;
            'lango settings') where='lango settings' ;;
            'lango keys') where='lango keys' ;;
            'lango db') where='lango db' ;;
            'lango mask') where='lango mask' ;;
            'lango redact') where='lango redact' ;;
            'lango pii') where='lango pii' ;;
            'lango approve') where='lango approve' ;;
            'lango companion') where='lango companion' ;;
            'lango audit') where='lango audit' ;;
            'lango secrets import') where='lango secrets import' ;;
            'lango secrets export') where='lango secrets export' ;;
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
            'lango secrets policy') where='lango secrets policy' ;;
            'lango secrets rm') where='lango secrets delete' ;;
            'lango secrets ls') where='lango secrets list' ;;
            'lango secrets mv') where='lango secrets rename' ;;
            'lango secrets cp') where='lango secrets copy' ;;
            'lango secrets read') where='lango secrets get' ;;
            'lango secrets policy show') where='lango secrets policy show' ;;
            'lango secrets policy set') where='lango secrets policy set' ;;
            'lango secrets policy clear') where='lango secrets policy clear' ;;
            'lango settings menu') where='lango settings menu' ;;
            'lango settings set') where='lango settings set' ;;
            'lango settings unset') where='lango settings unset' ;;
            'lango settings export') where='lango settings export' ;;
            'lango settings import') where='lango settings import' ;;
            'lango settings get') where='lango settings get' ;;
            'lango settings list') where='lango settings list' ;;
            'lango settings describe') where='lango settings describe' ;;
            'lango settings schema') where='lango settings schema' ;;
            'lango settings validate') where='lango settings validate' ;;
            'lango settings diff') where='lango settings diff' ;;
            'lango settings profile') where='lango settings profile' ;;
            'lango settings ls') where='lango settings list' ;;
            'lango settings read') where='lango settings get' ;;
            'lango settings profile list') where='lango settings profile list' ;;
            'lango settings profile create') where='lango settings profile create' ;;
            'lango settings profile use') where='lango settings profile use' ;;
            'lango settings profile copy') where='lango settings profile copy' ;;
            'lango settings profile rename') where='lango settings profile rename' ;;
            'lango settings profile delete') where='lango settings profile delete' ;;
            'lango settings profile history') where='lango settings profile history' ;;
            'lango settings profile rollback') where='lango settings profile rollback' ;;
            'lango settings profile diff') where='lango settings profile diff' ;;
            'lango settings profile export') where='lango settings profile export' ;;
            'lango settings profile import') where='lango settings profile import' ;;
            'lango settings profile rm') where='lango settings profile delete' ;;
            'lango settings profile ls') where='lango settings profile list' ;;
            'lango settings profile mv') where='lango settings profile rename' ;;
            'lango settings profile cp') where='lango settings profile copy' ;;
            'lango keys list') where='lango keys list' ;;
            'lango keys show') where='lango keys show' ;;
            'lango keys create') where='lango keys create' ;;
            'lango keys default') where='lango keys default' ;;
            'lango keys rotate') where='lango keys rotate' ;;
            'lango keys enable') where='lango keys enable' ;;
            'lango keys disable') where='lango keys disable' ;;
            'lango keys retire') where='lango keys retire' ;;
            'lango keys destroy') where='lango keys destroy' ;;
            'lango keys export') where='lango keys export' ;;
            'lango keys encrypt') where='lango keys encrypt' ;;
            'lango keys decrypt') where='lango keys decrypt' ;;
            'lango keys sign') where='lango keys sign' ;;
            'lango keys verify') where='lango keys verify' ;;
            'lango keys passphrase') where='lango keys passphrase' ;;
            'lango keys slot') where='lango keys slot' ;;
            'lango keys kms') where='lango keys kms' ;;
            'lango keys ls') where='lango keys list' ;;
            'lango keys slot add') where='lango keys slot add' ;;
            'lango keys slot show') where='lango keys slot show' ;;
            'lango keys slot group') where='lango keys slot group' ;;
            'lango keys slot move') where='lango keys slot move' ;;
            'lango keys slot rewrap') where='lango keys slot rewrap' ;;
            'lango keys slot list') where='lango keys slot list' ;;
            'lango keys slot remove') where='lango keys slot remove' ;;
            'lango keys slot test') where='lango keys slot test' ;;
            'lango keys slot rename') where='lango keys slot rename' ;;
            'lango keys slot member') where='lango keys slot member' ;;
            'lango keys slot rm') where='lango keys slot remove' ;;
            'lango keys slot ls') where='lango keys slot list' ;;
            'lango keys slot mv') where='lango keys slot rename' ;;
            'lango keys slot member add') where='lango keys slot member add' ;;
            'lango keys slot member remove') where='lango keys slot member remove' ;;
            'lango keys slot member rm') where='lango keys slot member remove' ;;
            'lango keys kms status') where='lango keys kms status' ;;
            'lango keys kms test') where='lango keys kms test' ;;
            'lango keys kms fallback') where='lango keys kms fallback' ;;
            'lango db backup') where='lango db backup' ;;
            'lango db verify') where='lango db verify' ;;
            'lango db status') where='lango db status' ;;
            'lango db check') where='lango db check' ;;
            'lango db decrypt') where='lango db decrypt' ;;
            'lango db encrypt') where='lango db encrypt' ;;
            'lango db rekey') where='lango db rekey' ;;
            'lango db restore') where='lango db restore' ;;
            'lango db vacuum') where='lango db vacuum' ;;
            'lango pii list') where='lango pii list' ;;
            'lango pii eval') where='lango pii eval' ;;
            'lango pii ls') where='lango pii list' ;;
            'lango approve list') where='lango approve list' ;;
            'lango approve show') where='lango approve show' ;;
            'lango approve allow') where='lango approve allow' ;;
            'lango approve deny') where='lango approve deny' ;;
            'lango approve watch') where='lango approve watch' ;;
            'lango approve grants') where='lango approve grants' ;;
            'lango approve revoke') where='lango approve revoke' ;;
            'lango approve explain') where='lango approve explain' ;;
            'lango approve ls') where='lango approve list' ;;
            'lango companion serve') where='lango companion serve' ;;
            'lango companion pair') where='lango companion pair' ;;
            'lango companion find') where='lango companion find' ;;
            'lango companion list') where='lango companion list' ;;
            'lango companion forget') where='lango companion forget' ;;
            'lango companion ls') where='lango companion list' ;;
            'lango audit list') where='lango audit list' ;;
            'lango audit verify') where='lango audit verify' ;;
            'lango audit export') where='lango audit export' ;;
            'lango audit ls') where='lango audit list' ;;
            *) place+=1 ;;
        esac
    done
    if [[ -z $taker && $current == --*=* ]]; then
        taker=${current%%=*}
        [[ $stem == "$taker="* ]] || return 0
        stem=${stem#"$taker="}
        current=${current#*=}
    fi
    if [[ -n $taker ]]; then
        case "$where $taker" in
            'lango secrets export --format') _lango_reply -W 'lango json dotenv dotenv-python dotenv-node yaml toml shell fish docker compose systemd kubernetes github' -- "$current" ;;
            'lango settings diff --file') _lango_reply -f -- "$current" ;;
            *' --passphrase-file'|*' --keyfile'|*' --share'|*' --home'|*' --recovery-file'|*' --new-passphrase-file'|*' --env-file'|*' --in'|*' --out'|*' --output'|*' --from-file'|*' --command'|*' --argument'|*' --keep'|*' --backup-passphrase-file'|*' --backup-keyfile'|*' --map'|*' --socket'|*' --folder'|*' --head') _lango_reply -f -- "$current" ;;
            *' --slot') _lango_ask --slots ;;
            *' --profile'|*' --with') _lango_ask --profiles ;;
            *' --color') _lango_reply -W 'auto always never' -- "$current" ;;
            *' --kdf') _lango_reply -W 'pbkdf2 argon2id' -- "$current" ;;
            *' --shell') _lango_reply -W 'bash dash fish sh zsh' -- "$current" ;;
            *' --format') _lango_reply -W 'lango json dotenv dotenv-python dotenv-node yaml toml shell fish docker compose systemd kubernetes github bitwarden bitwarden-csv 1password-csv 1pux keepassxc-csv keepassxc llm pass' -- "$current" ;;
            *' --on-conflict') _lango_reply -W 'skip replace fail' -- "$current" ;;
            *' --newline') _lango_reply -W 'auto yes no' -- "$current" ;;
            *' --generate') _lango_reply -W 'password hex base64 words rsa uuid ed25519 p256' -- "$current" ;;
            *' --key') _lango_ask --keys ;;
            *' --type') _lango_reply -W 'encryption signing' -- "$current" ;;
            *' --algorithm') _lango_reply -W 'aes-256-gcm ed25519 ecdsa-p256 hmac-sha256' -- "$current" ;;
            *' --level') _lango_reply -W 'safe moderate dangerous' -- "$current" ;;
        esac
        return 0
    fi
    if [[ $current != -* ]]; then
        case "$where $place" in
            'lango secrets import'' '0) _lango_reply -f -- "$current" ;;
            'lango secrets export'' '0) _lango_ask ;;
            'lango secrets get'' '*) _lango_ask ;;
            'lango secrets generate'' '0) _lango_reply -W 'password hex base64 words rsa uuid ed25519 p256' -- "$current" ;;
            'lango secrets show'' '0) _lango_ask ;;
            'lango secrets list'' '0) _lango_ask ;;
            'lango secrets history'' '0) _lango_ask ;;
            'lango secrets diff'' '0) _lango_ask ;;
            'lango secrets set'' '0) _lango_ask ;;
            'lango secrets edit'' '0) _lango_ask ;;
            'lango secrets rollback'' '0) _lango_ask ;;
            'lango secrets delete'' '0) _lango_ask ;;
            'lango secrets undelete'' '0) _lango_ask ;;
            'lango secrets purge'' '0) _lango_ask ;;
            'lango secrets rename'' '0) _lango_ask ;;
            'lango secrets copy'' '0) _lango_ask ;;
            'lango secrets policy show'' '0) _lango_ask ;;
            'lango secrets policy set'' '0) _lango_ask ;;
            'lango secrets policy clear'' '0) _lango_ask ;;
            'lango settings set'' '0) _lango_ask --settings ;;
            'lango settings unset'' '0) _lango_ask --settings ;;
            'lango settings import'' '0) _lango_reply -f -- "$current" ;;
            'lango settings get'' '0) _lango_ask --settings ;;
            'lango settings list'' '0) _lango_ask --settings ;;
            'lango settings describe'' '0) _lango_ask --settings ;;
            'lango settings validate'' '0) _lango_reply -f -- "$current" ;;
            'lango settings profile use'' '0) _lango_ask --profiles ;;
            'lango settings profile copy'' '0) _lango_ask --profiles ;;
            'lango settings profile rename'' '0) _lango_ask --profiles ;;
            'lango settings profile delete'' '0) _lango_ask --profiles ;;
            'lango settings profile history'' '0) _lango_ask --profiles ;;
            'lango settings profile rollback'' '0) _lango_ask --profiles ;;
            'lango settings profile diff'' '0) _lango_ask --profiles ;;
            'lango settings profile diff'' '1) _lango_ask --profiles ;;
            'lango settings profile export'' '0) _lango_ask --profiles ;;
            'lango settings profile import'' '0) _lango_reply -f -- "$current" ;;
            'lango keys show'' '0) _lango_ask --keys ;;
            'lango keys default'' '0) _lango_ask --keys ;;
            'lango keys rotate'' '0) _lango_ask --keys ;;
            'lango keys enable'' '0) _lango_ask --keys ;;
            'lango keys disable'' '0) _lango_ask --keys ;;
            'lango keys retire'' '0) _lango_ask --keys ;;
            'lango keys destroy'' '0) _lango_ask --keys ;;
            'lango keys export'' '0) _lango_ask --keys ;;
            'lango keys encrypt'' '0) _lango_ask --keys ;;
            'lango keys decrypt'' '0) _lango_ask --keys ;;
            'lango keys sign'' '0) _lango_ask --keys ;;
            'lango keys sign'' '*) _lango_reply -f -- "$current" ;;
            'lango keys verify'' '0) _lango_ask --keys ;;
            'lango keys verify'' '*) _lango_reply -f -- "$current" ;;
            'lango keys slot add'' '0) _lango_reply -W 'passphrase keyring keyfile recovery kms tpm2 companion' -- "$current" ;;
            'lango keys slot show'' '0) _lango_ask --slots ;;
            'lango keys slot move'' '0) _lango_ask --slots ;;
            'lango keys slot rewrap'' '0) _lango_ask --slots ;;
            'lango keys slot remove'' '0) _lango_ask --slots ;;
            'lango keys slot test'' '0) _lango_ask --slots ;;
            'lango keys slot rename'' '0) _lango_ask --slots ;;
            'lango keys slot member add'' '0) _lango_ask --slots ;;
            'lango keys slot member remove'' '0) _lango_ask --slots ;;
            'lango keys kms status'' '0) _lango_ask --slots ;;
            'lango keys kms test'' '0) _lango_ask --slots ;;
            'lango keys kms fallback'' '0) _lango_reply -W 'local none' -- "$current" ;;
            'lango db backup'' '0) _lango_reply -f -- "$current" ;;
            'lango db verify'' '0) _lango_reply -f -- "$current" ;;
            'lango db decrypt'' '0) _lango_reply -f -- "$current" ;;
            'lango db encrypt'' '0) _lango_reply -f -- "$current" ;;
            'lango db restore'' '0) _lango_reply -f -- "$current" ;;
            'lango pii eval'' '0) _lango_reply -f -- "$current" ;;
        esac
    fi
    local commands= options=
    case "$where" in
        'lango') commands='quickstart onboard init status doctor unlock lock env inject check run secrets settings keys db mask redact pii approve companion audit' options='--version --exit-codes --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango quickstart') commands='' options='' ;;
        'lango onboard') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango init') commands='' options='--keyring --keyfile --kms --kdf --no-recovery --recovery-file --new-passphrase-fd --new-passphrase-file' ;;
        'lango status') commands='' options='' ;;
        'lango doctor') commands='' options='--fix --strict --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango unlock') commands='' options='--ttl --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango lock') commands='' options='' ;;
        'lango env') commands='' options='--shell --env-file --only --set --no-project --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango inject') commands='' options='--in --out --replace --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango check') commands='' options='--env-file --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango run') commands='' options='--env-file --only --set --stdin --file --fd --no-inherit --no-masking --no-project --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets') commands='import export get generate show list find history diff due set edit rollback delete undelete purge rename copy policy rm ls mv cp read' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets import') commands='' options='--format --prefix --dry-run --on-conflict --skip-refused --shred --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets export') commands='' options='--format --prefix --full-names --title --output --force --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets get') commands='' options='--newline --base64 --force --output --null -0 --strict --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets generate') commands='' options='--newline --base64 --output' ;;
        'lango secrets show') commands='' options='--reveal --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets list') commands='' options='--deleted --reveal --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets find') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets history') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets diff') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets due') commands='' options='--within --exposed --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets set') commands='' options='--from-file --from-fd --from-env --generate --raw --allow-empty --key --if-version --note --owner --tag --expires --rotate-every --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets edit') commands='' options='--note --owner --tag --untag --expires --rotate-every --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets rollback') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets delete') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets undelete') commands='' options='--as --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets purge') commands='' options='--confirm --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets rename') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets copy') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets policy') commands='show set clear' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets policy show') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets policy set') commands='' options='--command --argument --tool --host --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango secrets policy clear') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings') commands='menu set unset export import get list describe schema validate diff profile ls read' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings menu') commands='' options='--plain --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings set') commands='' options='--from-file --from-fd --from-env --generate --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings unset') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings export') commands='' options='--all --redact --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings import') commands='' options='--dry-run --shred --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings get') commands='' options='--resolve --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings list') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings describe') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings schema') commands='' options='' ;;
        'lango settings validate') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings diff') commands='' options='--file --with --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile') commands='list create use copy rename delete history rollback diff export import rm ls mv cp' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile list') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile create') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile use') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile copy') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile rename') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile delete') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile history') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile rollback') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile diff') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile export') commands='' options='--redact --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango settings profile import') commands='' options='--as --if-version --shred --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys') commands='list show create default rotate enable disable retire destroy export encrypt decrypt sign verify passphrase slot kms ls' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys list') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys show') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys create') commands='' options='--type --algorithm --default --custodian --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys default') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys rotate') commands='' options='--reencrypt --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys enable') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys disable') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys retire') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys destroy') commands='' options='--lose-values --confirm --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys export') commands='' options='--jwk --output --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys encrypt') commands='' options='--context --from-file --base64 --output --force --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys decrypt') commands='' options='--context --from-file --base64 --output --force --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys sign') commands='' options='--each --from-file --base64 --output --force --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys verify') commands='' options='--each --from-file --base64 --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys passphrase') commands='' options='--kdf --new-passphrase-fd --new-passphrase-file --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys slot') commands='add show group move rewrap list remove test rename member rm ls mv' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys slot add') commands='' options='--label --keyfile --kdf --new-passphrase-fd --new-passphrase-file --recovery-file --passphrase-fd --passphrase-file --passphrase-command --recovery --slot --share' ;;
        'lango keys slot show') commands='' options='' ;;
        'lango keys slot group') commands='' options='--threshold --label --keyfile --new-passphrase-file --recovery-file --kdf --passphrase-fd --passphrase-file --passphrase-command --recovery --slot --share' ;;
        'lango keys slot move') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys slot rewrap') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys slot list') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys slot remove') commands='' options='--confirm --compromised --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys slot test') commands='' options='--recovery-file --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys slot rename') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys slot member') commands='add remove rm' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys slot member add') commands='' options='--threshold --keyfile --new-passphrase-file --recovery-file --kdf --passphrase-fd --passphrase-file --passphrase-command --recovery --slot --share' ;;
        'lango keys slot member remove') commands='' options='--threshold --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys kms') commands='status test fallback' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango keys kms status') commands='' options='--fresh' ;;
        'lango keys kms test') commands='' options='' ;;
        'lango keys kms fallback') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db') commands='backup verify status check decrypt encrypt rekey restore vacuum' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db backup') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db verify') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db status') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db check') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db decrypt') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db encrypt') commands='' options='--dry-run --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db rekey') commands='' options='--dry-run --compromised --keep --page-size --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db restore') commands='' options='--dry-run --backup-passphrase-file --backup-keyfile --backup-recovery --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango db vacuum') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango mask') commands='' options='--only --no-credentials --check --summary --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango redact') commands='' options='--enable --disable --typed --plain --reversible --restore --map --summary --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango pii') commands='list eval ls' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango pii list') commands='' options='--enable --disable' ;;
        'lango pii eval') commands='' options='--enable --disable' ;;
        'lango approve') commands='list show allow deny watch grants revoke explain ls' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango approve list') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango approve show') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango approve allow') commands='' options='--session --always --like --for --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango approve deny') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango approve watch') commands='' options='--plain --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango approve grants') commands='' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango approve revoke') commands='' options='--all --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango approve explain') commands='' options='--level' ;;
        'lango companion') commands='serve pair find list forget ls' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango companion serve') commands='' options='--listen --socket --key --pair --ask --announce --interface --name --folder' ;;
        'lango companion pair') commands='' options='--name' ;;
        'lango companion find') commands='' options='--wait --interface' ;;
        'lango companion list') commands='' options='--folder' ;;
        'lango companion forget') commands='' options='--folder' ;;
        'lango audit') commands='list verify export ls' options='--passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango audit list') commands='' options='--since --limit --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango audit verify') commands='' options='--head --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
        'lango audit export') commands='' options='--head --output --passphrase-fd --passphrase-file --passphrase-command --keyfile --recovery --slot --share' ;;
    esac
    [[ $current == -* ]] && commands="$options --home --profile --json --quiet --no-input --yes --color --lock-timeout --debug -h --help"
    _lango_reply -W "$commands" -- "$current"
}
complete -o filenames -F _lango lango
