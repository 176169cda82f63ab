# fish completion for lango; made by: python3 -m tests generate
# Prints the command that the words so far name, how many of its own words
# are there (- where an option waits for its value), and what --home was given, if it was.
function __lango_walk
    set -l where lango
    set -l place 0
    set -l taker
    set -l home
    for word in (commandline -opc)[2..]
        if set -q taker[1]
            test $taker = --home; and set home $word
            set -e taker[1]
            continue
        end
        switch $word
            case '--home=*'
                set home (string replace -r '^--home=' '' -- $word)
                # No shell expands a ~ in the middle of a word.
                string match -q '~*' -- $home; and set home ./$home
                continue
        end
        contains -- "$where $word" 'lango init --keyfile' 'lango audit export --head'; and continue
        if contains -- $word --passphrase-fd --passphrase-file --passphrase-command --keyfile --slot --home --profile --color --lock-timeout --kdf --recovery-file --new-passphrase-fd --new-passphrase-file --ttl --newline --output --within --from-file --from-fd --from-env --generate --key --if-version --note --owner --tag --expires --rotate-every --untag --as --confirm --label --since --limit --head
            set taker $word
            continue
        end
        string match -qr -- '^-.' $word; and continue
        switch "$where $word"
            case 'lango quickstart'
                set where 'lango quickstart'
            case 'lango onboard'
                set where 'lango onboard'
            case 'lango init'
                set where 'lango init'
            case 'lango status'
                set where 'lango status'
            case 'lango doctor'
                set where 'lango doctor'
            case 'lango unlock'
                set where 'lango unlock'
            case 'lango lock'
                set where 'lango lock'
            case 'lango secrets'
                set where 'lango secrets'
            case 'lango keys'
                set where 'lango keys'
            case 'lango db'
                set where 'lango db'
            case 'lango audit'
                set where 'lango audit'
            case 'lango secrets get'
                set where 'lango secrets get'
            case 'lango secrets generate'
                set where 'lango secrets generate'
            case 'lango secrets show'
                set where 'lango secrets show'
            case 'lango secrets list'
                set where 'lango secrets list'
            case 'lango secrets find'
                set where 'lango secrets find'
            case 'lango secrets history'
                set where 'lango secrets history'
            case 'lango secrets diff'
                set where 'lango secrets diff'
            case 'lango secrets due'
                set where 'lango secrets due'
            case 'lango secrets set'
                set where 'lango secrets set'
            case 'lango secrets edit'
                set where 'lango secrets edit'
            case 'lango secrets rollback'
                set where 'lango secrets rollback'
            case 'lango secrets delete'
                set where 'lango secrets delete'
            case 'lango secrets undelete'
                set where 'lango secrets undelete'
            case 'lango secrets purge'
                set where 'lango secrets purge'
            case 'lango secrets rename'
                set where 'lango secrets rename'
            case 'lango secrets copy'
                set where 'lango secrets copy'
            case 'lango secrets rm'
                set where 'lango secrets delete'
            case 'lango secrets ls'
                set where 'lango secrets list'
            case 'lango secrets mv'
                set where 'lango secrets rename'
            case 'lango secrets cp'
                set where 'lango secrets copy'
            case 'lango secrets read'
                set where 'lango secrets get'
            case 'lango keys passphrase'
                set where 'lango keys passphrase'
            case 'lango keys slot'
                set where 'lango keys slot'
            case 'lango keys slot list'
                set where 'lango keys slot list'
            case 'lango keys slot add'
                set where 'lango keys slot add'
            case 'lango keys slot remove'
                set where 'lango keys slot remove'
            case 'lango keys slot test'
                set where 'lango keys slot test'
            case 'lango keys slot rename'
                set where 'lango keys slot rename'
            case 'lango keys slot rm'
                set where 'lango keys slot remove'
            case 'lango keys slot ls'
                set where 'lango keys slot list'
            case 'lango keys slot mv'
                set where 'lango keys slot rename'
            case 'lango db backup'
                set where 'lango db backup'
            case 'lango db verify'
                set where 'lango db verify'
            case 'lango db status'
                set where 'lango db status'
            case 'lango db check'
                set where 'lango db check'
            case 'lango audit list'
                set where 'lango audit list'
            case 'lango audit verify'
                set where 'lango audit verify'
            case 'lango audit export'
                set where 'lango audit export'
            case 'lango audit ls'
                set where 'lango audit list'
            case '*'
                set place (math $place + 1)
        end
    end
    set -q taker[1]; and set place -
    printf '%s\n' $where $place $home
end
function __lango_at
    set -l found (__lango_walk)
    contains -- $found[1] $argv
end
function __lango_word
    set -l found (__lango_walk)
    test $found[2] != -; and contains -- $argv[1] '*' $found[2]
    and contains -- $found[1] $argv[2..]
end
function __lango_ask
    set -l word (string replace -r '^--[a-z-]+=' '' -- (commandline -ct))
    string match -qr '^-' -- $word; and return
    set -l found (__lango_walk)
    if set -q found[3]
        set -l home $found[3]
        string match -qr '[$(]|^~[^/]' -- $home; and return
        string match -qr '^~' -- $home; and set home (string replace '~' $HOME -- $home)
        set -a argv --home $home
    end
    set word (string replace -r '^["\']' '' -- $word | string replace -ra '\\\\(.)' '$1')
    command -q lango; and lango __complete $argv -- $word 2>/dev/null
end
complete -c lango -f
complete -c lango -l home -r -F -d 'The vault\'s home (else LANGO_HOME, else the platform\'s data folder).'
complete -c lango -l profile -x -d 'Settings of this profile.'
complete -c lango -l json -d 'One JSON document; errors as JSON on stderr.'
complete -c lango -l quiet -d 'No notes; warnings stay.'
complete -c lango -l no-input -d 'Never ask; fail at once instead (LANGO_NO_INPUT=1).'
complete -c lango -l yes -d 'Yes to every question but those that want a name typed.'
complete -c lango -l color -x -a 'auto always never' -d 'auto, always or never.'
complete -c lango -l lock-timeout -x -d 'How long to wait for another writer, such as 5s.'
complete -c lango -l debug -d 'A log of steps and times on stderr, without any value in it.'
complete -c lango -s h -l help -d 'Show this page.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'quickstart' -d 'Make a vault if there is none, keep a first secret in it and read it back.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'onboard' -d 'Set up a vault step by step, with questions.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'init' -d 'Make a new vault, where there is none.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'status' -d 'Say where the vault is, which slots it has, and how it would open now; unlocks nothing.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'doctor' -d 'Look for what is wrong or weak, and mend what is safe to mend.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'unlock' -d 'Keep the vault open for this login session, so that the next commands do not ask.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'lock' -d 'Forget at once what `lango unlock` kept.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'secrets' -d 'Keep, read and look after secrets.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'keys' -d 'Who may unlock the vault: slots and passphrases.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'db' -d 'The database as a whole: check it, back it up, bring it back.'
complete -c lango -n '__lango_word \'*\' \'lango\'' -a 'audit' -d 'Who did what with the vault, and whether the record is whole.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'get' -d 'Print a secret\'s value.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'generate' -d 'Make a random value and print it; nothing is kept.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'show' -d 'Say all about a secret but its value.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'list' -d 'List secrets: one name a line, a table on a terminal.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'find' -d 'List secrets whose name, note, owner or tags hold a text.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'history' -d 'List a secret\'s versions, newest first, without their values.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'diff' -d 'Say whether two versions hold the same value, by fingerprint.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'due' -d 'List secrets that expire or want a new value soon; exit 80 if there are any.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'set' -d 'Keep a value under a name; a name that exists gets a new version.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'edit' -d 'Change what is said about a secret, not its value; an empty text takes it away.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'rollback' -d 'Make an old version\'s value the newest version.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'delete' -d 'Delete a secret; undelete brings it back until it is purged.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'undelete' -d 'Bring back the secret of this name that was deleted last.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'purge' -d 'Destroy a secret and all its versions, deleted or not; nothing brings it back.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'rename' -d 'Give a secret another name; versions and notes stay.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'copy' -d 'Copy the newest value and what is said about it to a new name.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'rm' -d 'delete: Delete a secret; undelete brings it back until it is purged.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'ls' -d 'list: List secrets: one name a line, a table on a terminal.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'mv' -d 'rename: Give a secret another name; versions and notes stay.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'cp' -d 'copy: Copy the newest value and what is said about it to a new name.'
complete -c lango -n '__lango_word \'*\' \'lango secrets\'' -a 'read' -d 'get: Print a secret\'s value.'
complete -c lango -n '__lango_word \'*\' \'lango secrets get\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets generate\'' -a 'password hex base64 words rsa uuid ed25519 p256'
complete -c lango -n '__lango_word \'0\' \'lango secrets show\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets list\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets history\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets diff\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets set\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets edit\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets rollback\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets delete\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets undelete\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets purge\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets rename\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'0\' \'lango secrets copy\'' -a '(__lango_ask)'
complete -c lango -n '__lango_word \'*\' \'lango keys\'' -a 'passphrase' -d 'Change the passphrase of one slot; nothing else is touched, however large the vault is.'
complete -c lango -n '__lango_word \'*\' \'lango keys\'' -a 'slot' -d 'The ways to unlock the vault.'
complete -c lango -n '__lango_word \'*\' \'lango keys slot\'' -a 'list' -d 'List the slots; when each was last used and tested is known where nobody has to be asked.'
complete -c lango -n '__lango_word \'*\' \'lango keys slot\'' -a 'add' -d 'Add a way to unlock the vault; it is opened once before it counts.'
complete -c lango -n '__lango_word \'*\' \'lango keys slot\'' -a 'remove' -d 'Take a way to unlock the vault away; the last one cannot go.'
complete -c lango -n '__lango_word \'*\' \'lango keys slot\'' -a 'test' -d 'Try whether a slot opens with what you hold for it; the vault stays closed meanwhile.'
complete -c lango -n '__lango_word \'*\' \'lango keys slot\'' -a 'rename' -d 'Give a slot another label.'
complete -c lango -n '__lango_word \'*\' \'lango keys slot\'' -a 'rm' -d 'remove: Take a way to unlock the vault away; the last one cannot go.'
complete -c lango -n '__lango_word \'*\' \'lango keys slot\'' -a 'ls' -d 'list: List the slots; when each was last used and tested is known where nobody has to be asked.'
complete -c lango -n '__lango_word \'*\' \'lango keys slot\'' -a 'mv' -d 'rename: Give a slot another label.'
complete -c lango -n '__lango_word \'0\' \'lango keys slot add\'' -a 'passphrase keyring keyfile recovery'
complete -c lango -n '__lango_word \'0\' \'lango keys slot remove\'' -a '(__lango_ask --slots)'
complete -c lango -n '__lango_word \'0\' \'lango keys slot test\'' -a '(__lango_ask --slots)'
complete -c lango -n '__lango_word \'0\' \'lango keys slot rename\'' -a '(__lango_ask --slots)'
complete -c lango -n '__lango_word \'*\' \'lango db\'' -a 'backup' -d 'Write the whole vault to a new encrypted file, while others go on using it.'
complete -c lango -n '__lango_word \'*\' \'lango db\'' -a 'verify' -d 'Open a backup with a credential of its own, and check everything that is in it.'
complete -c lango -n '__lango_word \'*\' \'lango db\'' -a 'status' -d 'Say what the database is: generation, file, sizes, versions, and how much is in it.'
complete -c lango -n '__lango_word \'*\' \'lango db\'' -a 'check' -d 'Check the whole database: pages, keys, every value, audit log, headers, stray files.'
complete -c lango -n '__lango_word \'0\' \'lango db backup\'' -F
complete -c lango -n '__lango_word \'0\' \'lango db verify\'' -F
complete -c lango -n '__lango_word \'*\' \'lango audit\'' -a 'list' -d 'List what was done with the vault, the oldest first; on a terminal the newest 50.'
complete -c lango -n '__lango_word \'*\' \'lango audit\'' -a 'verify' -d 'Check that no record was changed, and with --head that none is missing at the end.'
complete -c lango -n '__lango_word \'*\' \'lango audit\'' -a 'export' -d 'Export all records as JSON lines, or with --head what shows later that none was cut off.'
complete -c lango -n '__lango_word \'*\' \'lango audit\'' -a 'ls' -d 'list: List what was done with the vault, the oldest first; on a terminal the newest 50.'
complete -c lango -n '__lango_at \'lango\'' -l version -d 'Print the version.'
complete -c lango -n '__lango_at \'lango\'' -l exit-codes -d 'Print the table of exit codes.'
complete -c lango -n '__lango_at \'lango\' \'lango doctor\' \'lango unlock\' \'lango secrets\' \'lango secrets get\' \'lango secrets show\' \'lango secrets list\' \'lango secrets find\' \'lango secrets history\' \'lango secrets diff\' \'lango secrets due\' \'lango secrets set\' \'lango secrets edit\' \'lango secrets rollback\' \'lango secrets delete\' \'lango secrets undelete\' \'lango secrets purge\' \'lango secrets rename\' \'lango secrets copy\' \'lango keys\' \'lango keys passphrase\' \'lango keys slot\' \'lango keys slot list\' \'lango keys slot add\' \'lango keys slot remove\' \'lango keys slot test\' \'lango keys slot rename\' \'lango db\' \'lango db backup\' \'lango db verify\' \'lango db status\' \'lango db check\' \'lango audit\' \'lango audit list\' \'lango audit verify\' \'lango audit export\'' -l passphrase-fd -x -d 'Read the passphrase from this open file descriptor.'
complete -c lango -n '__lango_at \'lango\' \'lango doctor\' \'lango unlock\' \'lango secrets\' \'lango secrets get\' \'lango secrets show\' \'lango secrets list\' \'lango secrets find\' \'lango secrets history\' \'lango secrets diff\' \'lango secrets due\' \'lango secrets set\' \'lango secrets edit\' \'lango secrets rollback\' \'lango secrets delete\' \'lango secrets undelete\' \'lango secrets purge\' \'lango secrets rename\' \'lango secrets copy\' \'lango keys\' \'lango keys passphrase\' \'lango keys slot\' \'lango keys slot list\' \'lango keys slot add\' \'lango keys slot remove\' \'lango keys slot test\' \'lango keys slot rename\' \'lango db\' \'lango db backup\' \'lango db verify\' \'lango db status\' \'lango db check\' \'lango audit\' \'lango audit list\' \'lango audit verify\' \'lango audit export\'' -l passphrase-file -r -F -d 'Read the passphrase from this file.'
complete -c lango -n '__lango_at \'lango\' \'lango doctor\' \'lango unlock\' \'lango secrets\' \'lango secrets get\' \'lango secrets show\' \'lango secrets list\' \'lango secrets find\' \'lango secrets history\' \'lango secrets diff\' \'lango secrets due\' \'lango secrets set\' \'lango secrets edit\' \'lango secrets rollback\' \'lango secrets delete\' \'lango secrets undelete\' \'lango secrets purge\' \'lango secrets rename\' \'lango secrets copy\' \'lango keys\' \'lango keys passphrase\' \'lango keys slot\' \'lango keys slot list\' \'lango keys slot add\' \'lango keys slot remove\' \'lango keys slot test\' \'lango keys slot rename\' \'lango db\' \'lango db backup\' \'lango db verify\' \'lango db status\' \'lango db check\' \'lango audit\' \'lango audit list\' \'lango audit verify\' \'lango audit export\'' -l passphrase-command -x -d 'Run this; what it prints is the passphrase.'
complete -c lango -n '__lango_at \'lango\' \'lango doctor\' \'lango unlock\' \'lango secrets\' \'lango secrets get\' \'lango secrets show\' \'lango secrets list\' \'lango secrets find\' \'lango secrets history\' \'lango secrets diff\' \'lango secrets due\' \'lango secrets set\' \'lango secrets edit\' \'lango secrets rollback\' \'lango secrets delete\' \'lango secrets undelete\' \'lango secrets purge\' \'lango secrets rename\' \'lango secrets copy\' \'lango keys\' \'lango keys passphrase\' \'lango keys slot\' \'lango keys slot list\' \'lango keys slot remove\' \'lango keys slot test\' \'lango keys slot rename\' \'lango db\' \'lango db backup\' \'lango db verify\' \'lango db status\' \'lango db check\' \'lango audit\' \'lango audit list\' \'lango audit verify\' \'lango audit export\'' -l keyfile -r -F -d 'Unlock with this keyfile.'
complete -c lango -n '__lango_at \'lango\' \'lango doctor\' \'lango unlock\' \'lango secrets\' \'lango secrets get\' \'lango secrets show\' \'lango secrets list\' \'lango secrets find\' \'lango secrets history\' \'lango secrets diff\' \'lango secrets due\' \'lango secrets set\' \'lango secrets edit\' \'lango secrets rollback\' \'lango secrets delete\' \'lango secrets undelete\' \'lango secrets purge\' \'lango secrets rename\' \'lango secrets copy\' \'lango keys\' \'lango keys passphrase\' \'lango keys slot\' \'lango keys slot list\' \'lango keys slot add\' \'lango keys slot remove\' \'lango keys slot test\' \'lango keys slot rename\' \'lango db\' \'lango db backup\' \'lango db verify\' \'lango db status\' \'lango db check\' \'lango audit\' \'lango audit list\' \'lango audit verify\' \'lango audit export\'' -l recovery -d 'Ask for the recovery words.'
complete -c lango -n '__lango_at \'lango\' \'lango doctor\' \'lango unlock\' \'lango secrets\' \'lango secrets get\' \'lango secrets show\' \'lango secrets list\' \'lango secrets find\' \'lango secrets history\' \'lango secrets diff\' \'lango secrets due\' \'lango secrets set\' \'lango secrets edit\' \'lango secrets rollback\' \'lango secrets delete\' \'lango secrets undelete\' \'lango secrets purge\' \'lango secrets rename\' \'lango secrets copy\' \'lango keys\' \'lango keys passphrase\' \'lango keys slot\' \'lango keys slot list\' \'lango keys slot add\' \'lango keys slot remove\' \'lango keys slot test\' \'lango keys slot rename\' \'lango db\' \'lango db backup\' \'lango db verify\' \'lango db status\' \'lango db check\' \'lango audit\' \'lango audit list\' \'lango audit verify\' \'lango audit export\'' -l slot -x -a '(__lango_ask --slots)' -d 'Use this slot and no other.'
complete -c lango -n '__lango_at \'lango init\'' -l keyring -d 'A slot whose key the OS keyring keeps.'
complete -c lango -n '__lango_at \'lango init\'' -l keyfile -d 'A slot whose key is the file `keyfile` in the home.'
complete -c lango -n '__lango_at \'lango init\' \'lango keys passphrase\' \'lango keys slot add\'' -l kdf -x -a 'pbkdf2 argon2id' -d 'Derivation of the passphrase: pbkdf2 or argon2id.'
complete -c lango -n '__lango_at \'lango init\'' -l no-recovery -d 'Make no recovery words.'
complete -c lango -n '__lango_at \'lango init\' \'lango keys slot add\'' -l recovery-file -r -F -d 'Write the words to this new file (0600).'
complete -c lango -n '__lango_at \'lango init\' \'lango keys passphrase\' \'lango keys slot add\'' -l new-passphrase-fd -x -d 'Read the new passphrase from descriptor N.'
complete -c lango -n '__lango_at \'lango init\' \'lango keys passphrase\' \'lango keys slot add\'' -l new-passphrase-file -r -F -d 'Read the new passphrase from FILE.'
complete -c lango -n '__lango_at \'lango doctor\'' -l fix -d 'Mend what is safe to mend.'
complete -c lango -n '__lango_at \'lango doctor\'' -l strict -d 'Advice counts as an error.'
complete -c lango -n '__lango_at \'lango unlock\'' -l ttl -x -d 'How long, such as 15m (1s to 30d).'
complete -c lango -n '__lango_at \'lango secrets get\' \'lango secrets generate\'' -l newline -x -a 'auto yes no' -d 'End it with a newline: auto (on a terminal), yes, no.'
complete -c lango -n '__lango_at \'lango secrets get\' \'lango secrets generate\'' -l base64 -d 'In base64.'
complete -c lango -n '__lango_at \'lango secrets get\'' -l force -d 'Binary on a terminal too.'
complete -c lango -n '__lango_at \'lango secrets get\' \'lango secrets generate\' \'lango audit export\'' -l output -r -F -d 'Into a new file that only you can read.'
complete -c lango -n '__lango_at \'lango secrets get\'' -l null -s 0 -d 'End each value with a zero byte.'
complete -c lango -n '__lango_at \'lango secrets get\'' -l strict -d 'Fail (23) on an expired secret.'
complete -c lango -n '__lango_at \'lango secrets show\'' -l reveal -d 'Its value too, on record as read.'
complete -c lango -n '__lango_at \'lango secrets list\'' -l deleted -d 'Those that undelete brings back.'
complete -c lango -n '__lango_at \'lango secrets list\'' -l reveal -d 'With --json: their values too, on record as read.'
complete -c lango -n '__lango_at \'lango secrets due\'' -l within -x -d 'How far to look.'
complete -c lango -n '__lango_at \'lango secrets set\'' -l from-file -r -F -d 'The value is this file\'s content.'
complete -c lango -n '__lango_at \'lango secrets set\'' -l from-fd -x -d 'Read it from this open descriptor.'
complete -c lango -n '__lango_at \'lango secrets set\'' -l from-env -x -d 'Take this variable\'s value.'
complete -c lango -n '__lango_at \'lango secrets set\'' -l generate -x -a 'password hex base64 words rsa uuid ed25519 p256' -d 'Make one: password:32, hex:32, ...'
complete -c lango -n '__lango_at \'lango secrets set\'' -l raw -d 'Keep standard input\'s final line end.'
complete -c lango -n '__lango_at \'lango secrets set\'' -l allow-empty -d 'The value may be empty.'
complete -c lango -n '__lango_at \'lango secrets set\'' -l key -x -d 'Data key to seal it.'
complete -c lango -n '__lango_at \'lango secrets set\'' -l if-version -x -d 'Only if this is its version; 0: only if new.'
complete -c lango -n '__lango_at \'lango secrets set\' \'lango secrets edit\'' -l note -x -d 'A note; no secret in it.'
complete -c lango -n '__lango_at \'lango secrets set\' \'lango secrets edit\'' -l owner -x -d 'Whose it is.'
complete -c lango -n '__lango_at \'lango secrets set\' \'lango secrets edit\'' -l tag -x -d 'A tag; may stand several times.'
complete -c lango -n '__lango_at \'lango secrets set\' \'lango secrets edit\'' -l expires -x -d 'When it stops being good (UTC).'
complete -c lango -n '__lango_at \'lango secrets set\' \'lango secrets edit\'' -l rotate-every -x -d 'How often it wants a new value.'
complete -c lango -n '__lango_at \'lango secrets edit\'' -l untag -x -d 'Take a tag away.'
complete -c lango -n '__lango_at \'lango secrets undelete\'' -l as -x -d 'Under another name, if it is taken.'
complete -c lango -n '__lango_at \'lango secrets purge\'' -l confirm -x -d 'The name again, in scripts.'
complete -c lango -n '__lango_at \'lango keys slot add\'' -l label -x -d 'What to call it.'
complete -c lango -n '__lango_at \'lango keys slot add\'' -l keyfile -r -F -d 'The new slot\'s keyfile (made if not there).'
complete -c lango -n '__lango_at \'lango keys slot remove\'' -l confirm -x -d 'The label again, in scripts.'
complete -c lango -n '__lango_at \'lango keys slot test\'' -l recovery-file -r -F -d 'Take the recovery words from FILE.'
complete -c lango -n '__lango_at \'lango audit list\'' -l since -x -d 'From record N, a date (UTC), or so long ago.'
complete -c lango -n '__lango_at \'lango audit list\'' -l limit -x -d 'Only the newest N; 0: all (terminal: else 50).'
complete -c lango -n '__lango_at \'lango audit verify\'' -l head -r -F -d 'A head exported earlier, to compare with.'
complete -c lango -n '__lango_at \'lango audit export\'' -l head -d 'Only the newest record\'s number and seal, signed.'
