#compdef lango
# made by: python3 -m tests generate
# Sets `plain` to what the word means; fails where that takes a shell.
_lango_plain() {
    plain=$1
    [[ $plain == \'* || $plain != *[\$\`]* ]] || return 1
    case "$plain" in
        "~"|"~/"*) plain=$HOME${(Q)${plain#\~}} ;;
        "~"*) return 1 ;;
        *) plain=${(Q)plain} ;;
    esac
}
_lango_ask() {
    local plain
    local -a found
    if [[ -n $home ]]; then
        _lango_plain "$home" || return 0
        set -- "$@" --home "$plain"
    fi
    _lango_plain "$current" || return 0
    found=(${(f)"$(lango __complete "$@" -- "$plain" 2>/dev/null)"})
    if (( $#found )); then compadd -- $found; fi
}
_lango() {
    local word where=lango taker= home=
    local -i i place=0
    for ((i = 2; i < CURRENT; i++)); do
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
    local current=$words[CURRENT]
    if [[ -z $taker && $current == --*=* ]]; then
        taker=${current%%=*}
        current=${current#*=}
        compset -P 1 '*='
    fi
    if [[ -n $taker ]]; then
        case "$where $taker" in
            'lango secrets export --format') compadd -- lango json dotenv dotenv-python dotenv-node yaml toml shell fish docker compose systemd kubernetes github ;;
            'lango settings diff --file') _files ;;
            *' --passphrase-file'|*' --keyfile'|*' --share'|*' --home'|*' --recovery-file'|*' --new-passphrase-file'|*' --env-file'|*' --in'|*' --out'|*' --output'|*' --from-file'|*' --command'|*' --argument'|*' --keep'|*' --backup-passphrase-file'|*' --backup-keyfile'|*' --map'|*' --socket'|*' --folder'|*' --head') _files ;;
            *' --slot') _lango_ask --slots ;;
            *' --profile'|*' --with') _lango_ask --profiles ;;
            *' --color') compadd -- auto always never ;;
            *' --kdf') compadd -- pbkdf2 argon2id ;;
            *' --shell') compadd -- bash dash fish sh zsh ;;
            *' --format') compadd -- lango json dotenv dotenv-python dotenv-node yaml toml shell fish docker compose systemd kubernetes github bitwarden bitwarden-csv 1password-csv 1pux keepassxc-csv keepassxc llm pass ;;
            *' --on-conflict') compadd -- skip replace fail ;;
            *' --newline') compadd -- auto yes no ;;
            *' --generate') compadd -- password hex base64 words rsa uuid ed25519 p256 ;;
            *' --key') _lango_ask --keys ;;
            *' --type') compadd -- encryption signing ;;
            *' --algorithm') compadd -- aes-256-gcm ed25519 ecdsa-p256 hmac-sha256 ;;
            *' --level') compadd -- safe moderate dangerous ;;
        esac
        return 0
    fi
    if [[ $current != -* ]]; then
        case "$where $place" in
            'lango secrets import'' '0) _files ;;
            'lango secrets export'' '0) _lango_ask ;;
            'lango secrets get'' '*) _lango_ask ;;
            'lango secrets generate'' '0) compadd -- password hex base64 words rsa uuid ed25519 p256 ;;
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
            'lango settings import'' '0) _files ;;
            'lango settings get'' '0) _lango_ask --settings ;;
            'lango settings list'' '0) _lango_ask --settings ;;
            'lango settings describe'' '0) _lango_ask --settings ;;
            'lango settings validate'' '0) _files ;;
            'lango settings profile use'' '0) _lango_ask --profiles ;;
            'lango settings profile copy'' '0) _lango_ask --profiles ;;
            'lango settings profile rename'' '0) _lango_ask --profiles ;;
            'lango settings profile delete'' '0) _lango_ask --profiles ;;
            'lango settings profile history'' '0) _lango_ask --profiles ;;
            'lango settings profile rollback'' '0) _lango_ask --profiles ;;
            'lango settings profile diff'' '0) _lango_ask --profiles ;;
            'lango settings profile diff'' '1) _lango_ask --profiles ;;
            'lango settings profile export'' '0) _lango_ask --profiles ;;
            'lango settings profile import'' '0) _files ;;
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
            'lango keys sign'' '*) _files ;;
            'lango keys verify'' '0) _lango_ask --keys ;;
            'lango keys verify'' '*) _files ;;
            'lango keys slot add'' '0) compadd -- passphrase keyring keyfile recovery kms tpm2 companion ;;
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
            'lango keys kms fallback'' '0) compadd -- local none ;;
            'lango db backup'' '0) _files ;;
            'lango db verify'' '0) _files ;;
            'lango db decrypt'' '0) _files ;;
            'lango db encrypt'' '0) _files ;;
            'lango db restore'' '0) _files ;;
            'lango pii eval'' '0) _files ;;
        esac
    fi
    local -a commands options
    case "$where" in
        'lango')
            commands=('quickstart:Make a vault if there is none, keep a first secret in it and read it back.' 'onboard:Set up a vault step by step, with questions, and see that all is well.' 'init:Make a new vault, where there is none.' 'status:Say where the vault is, which slots it has, and how it would open now; unlocks nothing.' 'doctor:Look for what is wrong or weak, and mend what is safe to mend.' 'unlock:Keep the vault open for this login session, so that the next commands do not ask.' 'lock:Forget at once what `lango unlock` kept.' 'env:Print lines that set the project'\''s variables in a shell.' 'inject:Fill the references in a template, such as a configuration file.' 'check:Say what the nearest lango.toml asks for and what of it is missing; exit 80 if anything is.' 'run:Run a command, with the secrets it needs and with none in its output.' 'secrets:Keep, read and look after secrets.' 'settings:What lango goes by: look, change, import; profiles.' 'keys:What seals values, what signs, and who may unlock the vault.' 'db:The database as a whole: check it, back it up, bring it back.' 'mask:Pass a stream on with every value of the vault in it masked.' 'redact:Take personal data out of a stream, or put it back.' 'pii:Which personal data is looked for, and how well it is found.' 'approve:Actions that wait for a yes: see them, answer them, take a yes back.' 'companion:Keys that another machine or process keeps: be one, or pair with one.' 'audit:Who did what with the vault, and whether the record is whole.')
            options=('--version:Print the version.' '--exit-codes:Print the table of exit codes.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango quickstart')
            commands=()
            options=() ;;
        'lango onboard')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango init')
            commands=()
            options=('--keyring:A slot whose key the OS keyring keeps.' '--keyfile:A slot whose key is the file `keyfile` in the home.' '--kms:A slot whose key a KMS, HSM, TPM or companion keeps.' '--kdf:Derivation of the passphrase: pbkdf2 or argon2id.' '--no-recovery:Make no recovery words.' '--recovery-file:Write the words to this new file (0600).' '--new-passphrase-fd:Read the new passphrase from descriptor N.' '--new-passphrase-file:Read the new passphrase from FILE.') ;;
        'lango status')
            commands=()
            options=() ;;
        'lango doctor')
            commands=()
            options=('--fix:Mend what is safe to mend.' '--strict:Advice counts as an error.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango unlock')
            commands=()
            options=('--ttl:How long, such as 15m (1s to 30d).' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango lock')
            commands=()
            options=() ;;
        'lango env')
            commands=()
            options=('--shell:bash, dash, fish, sh or zsh.' '--env-file:Variables from this file; may be given again.' '--only:Of the variables that lango sets, these alone.' '--set:A variable with a reference, {{secret:NAME}}, in it.' '--no-project:Do not look for a lango.toml.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango inject')
            commands=()
            options=('--in:The template; else standard input.' '--out:A new file that only you can read.' '--replace:With --out: in place of the file that is there.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango check')
            commands=()
            options=('--env-file:Variables from this file; may be given again.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango run')
            commands=()
            options=('--env-file:Variables from this file; may be given again.' '--only:Of the variables that lango sets, these alone.' '--set:A variable with a reference, {{secret:NAME}}, in it.' '--stdin:What the command reads as its stdin.' '--file:A file in memory, whose path VAR has.' '--fd:An open descriptor of this number.' '--no-inherit:Of the environment only PATH, HOME, TERM and the like.' '--no-masking:Pass on secrets that the command prints; on record.' '--no-project:Do not look for a lango.toml.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets')
            commands=('import:Keep the secrets of a file: .env, JSON, YAML, other password managers.' 'export:Print secrets with their values, in a format that another program reads.' 'get:Print a secret'\''s value.' 'generate:Make a random value and print it; nothing is kept.' 'show:Say all about a secret but its value.' 'list:List secrets: one name a line, a table on a terminal.' 'find:List secrets whose name, note, owner or tags hold a text.' 'history:List a secret'\''s versions, newest first, without their values.' 'diff:Say whether two versions hold the same value, by fingerprint.' 'due:List secrets that expire or want a new value soon; exit 80 if there are any.' 'set:Keep a value under a name; a name that exists gets a new version.' 'edit:Change what is said about a secret, not its value; an empty text takes it away.' 'rollback:Make an old version'\''s value the newest version.' 'delete:Delete a secret; undelete brings it back until it is purged.' 'undelete:Bring back the secret of this name that was deleted last.' 'purge:Destroy a secret and all its versions, deleted or not; nothing brings it back.' 'rename:Give a secret another name; versions and notes stay.' 'copy:Copy the newest value and what is said about it to a new name.' 'policy:Which commands, tools and hosts may receive a secret.' 'rm:delete: Delete a secret; undelete brings it back until it is purged.' 'ls:list: List secrets: one name a line, a table on a terminal.' 'mv:rename: Give a secret another name; versions and notes stay.' 'cp:copy: Copy the newest value and what is said about it to a new name.' 'read:get: Print a secret'\''s value.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets import')
            commands=()
            options=('--format:What it is, if it does not show.' '--prefix:Put before each name, such as team/app/.' '--dry-run:Say what it would do, and change nothing.' '--on-conflict:What exists: skip, replace or fail.' '--skip-refused:Import the rest of what cannot all be imported.' '--shred:Overwrite and remove FILE once all of it is imported.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets export')
            commands=()
            options=('--format:lango (all of it), json, dotenv, ...' '--prefix:Put before each key, such as APP_.' '--full-names:Names as they are in the vault, PREFIX too.' '--title:What a manifest or compose service is called.' '--output:Into a new file that only you can read.' '--force:On a terminal too.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets get')
            commands=()
            options=('--newline:End it with a newline: auto (on a terminal), yes, no.' '--base64:In base64.' '--force:Binary on a terminal too.' '--output:Into a new file that only you can read.' '--null:End each value with a zero byte.' '-0:End each value with a zero byte.' '--strict:Fail (23) on an expired secret.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets generate')
            commands=()
            options=('--newline:End it with a newline: auto (on a terminal), yes, no.' '--base64:In base64.' '--output:Into a new file that only you can read.') ;;
        'lango secrets show')
            commands=()
            options=('--reveal:Its value too, on record as read.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets list')
            commands=()
            options=('--deleted:Those that undelete brings back.' '--reveal:With --json: their values too, on record as read.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets find')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets history')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets diff')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets due')
            commands=()
            options=('--within:How far to look.' '--exposed:Instead: what slots could read that were compromised.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets set')
            commands=()
            options=('--from-file:The value is this file'\''s content.' '--from-fd:Read it from this open descriptor.' '--from-env:Take this variable'\''s value.' '--generate:Make one: password:32, hex:32, ...' '--raw:Keep standard input'\''s final line end.' '--allow-empty:The value may be empty.' '--key:Data key to seal it.' '--if-version:Only if this is its version; 0: only if new.' '--note:A note; no secret in it.' '--owner:Whose it is.' '--tag:A tag; may stand several times.' '--expires:When it stops being good (UTC).' '--rotate-every:How often it wants a new value.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets edit')
            commands=()
            options=('--note:A note; no secret in it.' '--owner:Whose it is.' '--tag:A tag; may stand several times.' '--untag:Take a tag away.' '--expires:When it stops being good (UTC).' '--rotate-every:How often it wants a new value.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets rollback')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets delete')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets undelete')
            commands=()
            options=('--as:Under another name, if it is taken.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets purge')
            commands=()
            options=('--confirm:The name again, in scripts.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets rename')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets copy')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets policy')
            commands=('show:Show a secret'\''s policy, or the names of all secrets that have one.' 'set:Say who may receive a secret, in place of all that was said before.' 'clear:Take a secret'\''s policy away: every command may receive it, none among its arguments.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets policy show')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets policy set')
            commands=()
            options=('--command:Only this command may receive it.' '--argument:This one may, among its arguments too.' '--tool:Only this tool of an agent; * is anything.' '--host:Only this host, or *.example.org.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango secrets policy clear')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings')
            commands=('menu:Look for settings and change them on a terminal; so does `lango settings` alone.' 'set:Set a setting: a list or table as JSON, or by item.' 'unset:Take a setting back to what it is without the file or the profile.' 'export:Print one JSON document of the settings that differ from their defaults.' 'import:Take settings from a JSON document; what it does not name stays as it is.' 'get:Print the value of a setting that is in force.' 'list:List settings by name: value, where it comes from, and whether anything uses it yet.' 'describe:Say what a setting is, what it takes, its default, its value and where that comes from.' 'schema:Print the JSON Schema (2020-12) of a document of settings.' 'validate:Check a document, or what is set now, and say everything that is wrong with it.' 'diff:Print what differs from the defaults, from another profile or from a document.' 'profile:Profiles of settings, sealed in the vault.' 'ls:list: List settings by name: value, where it comes from, and whether anything uses it yet.' 'read:get: Print the value of a setting that is in force.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings menu')
            commands=()
            options=('--plain:Numbered choices and lines: for screen readers.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings set')
            commands=()
            options=('--from-file:The value is this file'\''s content.' '--from-fd:Read it from this open descriptor.' '--from-env:Take this variable'\''s value.' '--generate:Make one: password:32, hex:32, ...' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings unset')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings export')
            commands=()
            options=('--all:The defaults too.' '--redact:[REDACTED] for references and what may be sensitive.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings import')
            commands=()
            options=('--dry-run:Check and compare, change nothing.' '--shred:Overwrite and remove FILE once all of it is imported.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings get')
            commands=()
            options=('--resolve:Put in what ${VAR} and {{secret:NAME}} stand for.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings list')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings describe')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings schema')
            commands=()
            options=() ;;
        'lango settings validate')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings diff')
            commands=()
            options=('--file:With a document.' '--with:With another profile.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile')
            commands=('list:List the profiles: which is active, how many versions, when it was changed.' 'create:Make a profile in which nothing is set.' 'use:Make a profile the active one, for every command from now on.' 'copy:Make a second profile with the same values; references stay references.' 'rename:Give a profile another name; its versions stay with it.' 'delete:Remove a profile with all its versions, for good; never the active one.' 'history:List the versions of a profile, the newest first: when, and how many values are set.' 'rollback:Set a profile to what an older version had; that is a new version, and can be undone.' 'diff:Show what differs between two profiles or versions: - is A'\''s value, + is B'\''s.' 'export:Print what is set in a profile, as one JSON document; references stay references.' 'import:Make a profile of a JSON document; one of that name gets a new version.' 'rm:delete: Remove a profile with all its versions, for good; never the active one.' 'ls:list: List the profiles: which is active, how many versions, when it was changed.' 'mv:rename: Give a profile another name; its versions stay with it.' 'cp:copy: Make a second profile with the same values; references stay references.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile list')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile create')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile use')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile copy')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile rename')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile delete')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile history')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile rollback')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile diff')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile export')
            commands=()
            options=('--redact:[REDACTED] for every value that may be sensitive.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango settings profile import')
            commands=()
            options=('--as:The profile'\''s name; else FILE'\''s, without its end.' '--if-version:Only if its last version is this one.' '--shred:Overwrite and remove FILE once all of it is imported.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys')
            commands=('list:List the keys that seal values and those that sign.' 'show:Say all about a key but the key itself; of one that signs, its public half as PEM.' 'create:Make a key: random, kept wrapped in the vault. Its type never changes.' 'default:Let a key serve where no key is named: one that seals new values, one that signs.' 'rotate:Make a new version of a key, which seals from now on; older ones go on opening.' 'enable:Let a key, or a version of one, be used again.' 'disable:Let a key, or a version of one, neither seal nor open until it is enabled.' 'retire:Let a key, or a version of one, open what it sealed but make nothing new.' 'destroy:Erase a key, or a version of one, for ever.' 'export:Print the public half of a key that signs, as PEM.' 'encrypt:Encrypt standard input with a data key of the vault.' 'decrypt:Decrypt what lango keys encrypt made, raw or in base64; its key is found by itself.' 'sign:Sign standard input, or many files, with a signing key of the vault.' 'verify:Say whether a signature is a key'\''s over standard input; exit 45 if it is not.' 'passphrase:Change the passphrase of one slot; nothing else is touched, however large the vault is.' 'slot:The ways to unlock the vault.' 'kms:Keys that a KMS, HSM, TPM or companion keeps.' 'ls:list: List the keys that seal values and those that sign.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys list')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys show')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys create')
            commands=()
            options=('--type:encryption (default) or signing.' '--algorithm:aes-256-gcm; or ed25519 (default for signing), ecdsa-p256, hmac-sha256.' '--default:It serves from now on where no key is named.' '--custodian:The key at a KMS, HSM or the like to use.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys default')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys rotate')
            commands=()
            options=('--reencrypt:Move every value to the new version; goes on with one that was interrupted.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys enable')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys disable')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys retire')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys destroy')
            commands=()
            options=('--lose-values:Though values depend on it, which are lost then.' '--confirm:The name again, in scripts.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys export')
            commands=()
            options=('--jwk:As JWK instead; its kid is RFC 7638'\''s.' '--output:Into a new file that only you can read.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys encrypt')
            commands=()
            options=('--context:Bind it to this text, which is no secret.' '--from-file:Instead of standard input.' '--base64:The result in base64.' '--output:Into a new file that only you can read.' '--force:Binary on a terminal too.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys decrypt')
            commands=()
            options=('--context:Bind it to this text, which is no secret.' '--from-file:Instead of standard input.' '--base64:The result in base64.' '--output:Into a new file that only you can read.' '--force:Binary on a terminal too.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys sign')
            commands=()
            options=('--each:Sign each FILE, into FILE.sig beside it; all or none.' '--from-file:Instead of standard input.' '--base64:The result in base64.' '--output:Into a new file that only you can read.' '--force:Binary on a terminal too.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys verify')
            commands=()
            options=('--each:Check each FILE against FILE.sig beside it.' '--from-file:Instead of standard input.' '--base64:The signature is in base64.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys passphrase')
            commands=()
            options=('--kdf:Derivation of the passphrase: pbkdf2 or argon2id.' '--new-passphrase-fd:Read the new passphrase from descriptor N.' '--new-passphrase-file:Read the new passphrase from FILE.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot')
            commands=('add:Add a way to unlock the vault; it is opened once before it counts.' 'show:Show what the header says of one slot: how it opens, where its key is, its members.' 'group:Add a slot that several open together, any N of them: 2 of 3, say.' 'move:Put a kms, tpm2 or companion slot, or member of a group, under another key.' 'rewrap:Give a kms, tpm2 or companion slot a new credential under its key'\''s newest version.' 'list:List the slots; when each was last used and tested is known where nobody has to be asked.' 'remove:Take a way to unlock the vault away; the last one cannot go.' 'test:Try whether a slot opens with what you hold for it; the vault stays closed meanwhile.' 'rename:Give a slot, or a member of a group, another label.' 'member:The members of a group.' 'rm:remove: Take a way to unlock the vault away; the last one cannot go.' 'ls:list: List the slots; when each was last used and tested is known where nobody has to be asked.' 'mv:rename: Give a slot, or a member of a group, another label.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot add')
            commands=()
            options=('--label:What to call it.' '--keyfile:The new slot'\''s keyfile (made if not there).' '--kdf:Derivation of the passphrase: pbkdf2 or argon2id.' '--new-passphrase-fd:Read the new passphrase from descriptor N.' '--new-passphrase-file:Read the new passphrase from FILE.' '--recovery-file:Write the words to this new file (0600).' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot show')
            commands=()
            options=() ;;
        'lango keys slot group')
            commands=()
            options=('--threshold:How many of them it takes; 2 at least.' '--label:What to call the slot.' '--keyfile:Of a keyfile member, in their order; may repeat.' '--new-passphrase-file:Holds the passphrase of a member, in their order; may repeat.' '--recovery-file:Where a recovery member'\''s words go (0600), in their order; may repeat.' '--kdf:Derivation of the passphrase: pbkdf2 or argon2id.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot move')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot rewrap')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot list')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot remove')
            commands=()
            options=('--confirm:The label again, in scripts.' '--compromised:Somebody else may have opened it: list what it could read.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot test')
            commands=()
            options=('--recovery-file:Take the recovery words from FILE.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot rename')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot member')
            commands=('add:Add a member to a group; all members get new shares, and none of them is needed for it.' 'remove:Take a member out of its group; the others get new shares, and its own is of no use.' 'rm:remove: Take a member out of its group; the others get new shares, and its own is of no use.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot member add')
            commands=()
            options=('--threshold:How many of them it takes; 2 at least.' '--keyfile:Of a keyfile member, in their order; may repeat.' '--new-passphrase-file:Holds the passphrase of a member, in their order; may repeat.' '--recovery-file:Where a recovery member'\''s words go (0600), in their order; may repeat.' '--kdf:Derivation of the passphrase: pbkdf2 or argon2id.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys slot member remove')
            commands=()
            options=('--threshold:How many of them it takes; 2 at least.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys kms')
            commands=('status:Say how the custodians of the vault'\''s slots are; unlocks and decrypts nothing.' 'test:Have the custodians wrap and unwrap a throw-away key; the vault stays closed meanwhile.' 'fallback:Say whether local slots may open the vault after a custodian was not available.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango keys kms status')
            commands=()
            options=('--fresh:Ask even if the answer of the last 30 s is known.') ;;
        'lango keys kms test')
            commands=()
            options=() ;;
        'lango keys kms fallback')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db')
            commands=('backup:Write the whole vault to a new encrypted file, while others go on using it.' 'verify:Open a backup with a credential of its own, and check everything that is in it.' 'status:Say what the database is: generation, file, sizes, versions, and how much is in it.' 'check:Check the whole database: pages, keys, every value, audit log, headers, stray files.' 'decrypt:Write every secret with all its versions, in clear, to a new SQLite file.' 'encrypt:Take the secrets of a plaintext SQLite file, as lango db decrypt writes it, into the vault.' 'rekey:Give the vault a new master key and its database a new key; every value stays.' 'restore:Put the content of a backup in place of the vault'\''s, as a new generation of its keys.' 'vacuum:Make the database as small as what is in it; others can read meanwhile.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db backup')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db verify')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db status')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db check')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db decrypt')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db encrypt')
            commands=()
            options=('--dry-run:Say what would be new, changed and the same.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db rekey')
            commands=()
            options=('--dry-run:Say what would be done, and do nothing.' '--compromised:Keep only slots that are opened now; the old database goes at once.' '--keep:With --compromised: a keyfile, passphrase or recovery words that opens another slot, which stays.' '--page-size:Of the new database.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db restore')
            commands=()
            options=('--dry-run:Say what would be done.' '--backup-passphrase-file:The backup'\''s passphrase.' '--backup-keyfile:The backup'\''s keyfile.' '--backup-recovery:Ask for the backup'\''s recovery words.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango db vacuum')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango mask')
            commands=()
            options=('--only:Only this secret; may stand several times.' '--no-credentials:Leave what only looks like a credential as it is.' '--check:End with 80 if there was anything to mask.' '--summary:Say at the end, on stderr, what was masked how often.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango redact')
            commands=()
            options=('--enable:Look for this pattern or category too; or all.' '--disable:Do not look for this pattern or category.' '--typed:Put [REDACTED:email] in its place.' '--plain:Put [REDACTED] in its place.' '--reversible:Put a placeholder that is always the same text'\''s.' '--restore:The way back: texts in place of the map'\''s placeholders.' '--map:Keep the placeholders here, sealed by the vault.' '--summary:Say on stderr how much of what was found.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango pii')
            commands=('list:List the patterns by name: what each is, its category, and whether it is looked for.' 'eval:Print precision and recall of each type over a labelled file.' 'ls:list: List the patterns by name: what each is, its category, and whether it is looked for.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango pii list')
            commands=()
            options=('--enable:Look for this pattern or category too; or all.' '--disable:Do not look for this pattern or category.') ;;
        'lango pii eval')
            commands=()
            options=('--enable:Look for this pattern or category too; or all.' '--disable:Do not look for this pattern or category.') ;;
        'lango approve')
            commands=('list:List the requests that wait for an answer now, the oldest first.' 'show:Show all of a request that waits, with nothing in it invisible and values masked.' 'allow:Say yes to a request that waits: once, or with --session or --always for longer.' 'deny:Say no to a request that waits; in this turn it is not asked again.' 'watch:Wait for requests and answer them here, until Ctrl-C.' 'grants:List what an earlier yes still covers, and until when.' 'revoke:Take back a grant: from now on its actions are asked again.' 'explain:Say whether a tool needs a yes, and which rule decides that; unlocks nothing.' 'ls:list: List the requests that wait for an answer now, the oldest first.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango approve list')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango approve show')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango approve allow')
            commands=()
            options=('--session:This action for the rest of its session too.' '--always:This action from now on too.' '--like:With --always: where * may vary.' '--for:With --always: how long, such as 7d.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango approve deny')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango approve watch')
            commands=()
            options=('--plain:A line for each request and its end; nothing is asked.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango approve grants')
            commands=()
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango approve revoke')
            commands=()
            options=('--all:All of them.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango approve explain')
            commands=()
            options=('--level:safe, moderate or dangerous.') ;;
        'lango companion')
            commands=('serve:Be a companion: keep keys here and use them for the clients that are paired.' 'pair:Pair this home with a companion, by a code that both show.' 'find:List the companions that announce themselves on the local network.' 'list:List the companions of this home, and the clients of the companion served from it.' 'forget:End a pairing, on this side: a client is turned away from its next request on.' 'ls:list: List the companions of this home, and the clients of the companion served from it.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango companion serve')
            commands=()
            options=('--listen:Serve paired clients over TLS.' '--socket:Serve this user'\''s processes at a socket.' '--key:What to serve: local:wrap, local:sign or a key URI (more than once).' '--pair:Take one new client, after comparing codes.' '--ask:Ask on this terminal before each use of a key.' '--announce:Say on the local network that it is here.' '--interface:Only the network of this address of ours.' '--name:What to be called there (else this machine'\''s name).' '--folder:The companion'\''s files (else <home>/companion).') ;;
        'lango companion pair')
            commands=()
            options=('--name:What to be called there (else this machine'\''s name).') ;;
        'lango companion find')
            commands=()
            options=('--wait:How long to listen, such as 3s.' '--interface:Only the network of this address of ours.') ;;
        'lango companion list')
            commands=()
            options=('--folder:The companion'\''s files (else <home>/companion).') ;;
        'lango companion forget')
            commands=()
            options=('--folder:The companion'\''s files (else <home>/companion).') ;;
        'lango audit')
            commands=('list:List what was done with the vault, the oldest first; on a terminal the newest 50.' 'verify:Check that no record was changed, and with --head that none is missing at the end.' 'export:Export all records as JSON lines, or with --head what shows later that none was cut off.' 'ls:list: List what was done with the vault, the oldest first; on a terminal the newest 50.')
            options=('--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango audit list')
            commands=()
            options=('--since:From record N, a date (UTC), or so long ago.' '--limit:Only the newest N; 0: all (terminal: else 50).' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango audit verify')
            commands=()
            options=('--head:A head exported earlier, to compare with.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
        'lango audit export')
            commands=()
            options=('--head:Only the newest record'\''s number and seal, signed.' '--output:Into a new file that only you can read.' '--passphrase-fd:Read the passphrase from this open file descriptor.' '--passphrase-file:Read the passphrase from this file.' '--passphrase-command:Run this; what it prints is the passphrase.' '--keyfile:Unlock with this keyfile.' '--recovery:Ask for the recovery words.' '--slot:Use this slot and no other.' '--share:What a member of a group holds; may be given again.') ;;
    esac
    if [[ $current == -* ]]; then
        options+=('--home:The vault'\''s home (else LANGO_HOME, else the platform'\''s data folder).' '--profile:Settings of this profile, for this command.' '--json:One JSON document; errors as JSON on stderr.' '--quiet:No notes; warnings stay.' '--no-input:Never ask; fail at once instead (LANGO_NO_INPUT=1).' '--yes:Yes to every question but those that want a name typed.' '--color:auto, always or never.' '--lock-timeout:How long to wait for another writer, such as 5s.' '--debug:A log of steps and times on stderr, without any value in it.' '-h:Show this page.' '--help:Show this page.')
        _describe -o option options
    elif (( $#commands )); then
        _describe command commands
    fi
}
if [[ $funcstack[1] == "_lango" ]]; then _lango "$@"; else compdef _lango lango; fi
