import { readerMarks } from '@/lib/domain/reader/reader-role'

/** $1 pg_hba.conf, $2 pg_ident.conf. Links are followed, so that what they lead to is replaced and not the link. */
const files = `
LC_ALL=C; export LC_ALL
first='${readerMarks.first}' last='${readerMarks.last}'
hba=$(readlink -f -- "$1") && ident=$(readlink -f -- "$2") || exit 3
own() { awk -v b="$first" -v e="$last" '$0 == e { on = 0 } on { print } $0 == b { on = 1 }' "$1"; }
count() { grep -cxF -- "$1" "$2"; }`

/** The console's own lines as \`hba=\` and \`ident=\`, and \`problem=\` where the files cannot be written. */
export const readerFilesScript = `${files}
for f in "$hba" "$ident"; do
  if ! [ -f "$f" ]; then echo "problem=there is no file $f"
  elif ! [ -r "$f" ] || ! [ -w "$f" ] || ! [ -w "$(dirname "$f")" ]; then echo "problem=$(id -un) may not write $f"
  elif [ "$(count "$first" "$f")" != "$(count "$last" "$f")" ]; then echo "problem=the lines of the console in $f were edited by hand: remove them"
  fi
done
[ ! -r "$hba" ] || own "$hba" | sed 's/^/hba=/'
[ ! -r "$ident" ] || own "$ident" | sed 's/^/ident=/'
exit 0`

/**
 * As \`files\`, then $3 lines of pg_hba.conf and $4 of pg_ident.conf, '' for none. The first line of pg_hba.conf that fits decides, so these stand first.
 * Each file is written beside and renamed, with its owner and mode. Nothing is reloaded.
 */
export const writeReaderScript = `${files}
put() {
  [ "$(count "$first" "$1")" = "$(count "$last" "$1")" ] || { echo "the lines of the console in $1 were edited by hand: remove them" >&2; exit 1; }
  cp -p -- "$1" "$1.matriarch" && {
    { [ -z "$2" ] || printf '%s\\n' "$first" "$2" "$last"; } &&
      awk -v b="$first" -v e="$last" '$0 == b { on = 1 } !on { print } $0 == e { on = 0 }' "$1"
  } >"$1.matriarch" || exit 1
  if cmp -s "$1" "$1.matriarch"; then rm -f "$1.matriarch"; else sync "$1.matriarch" && mv -f "$1.matriarch" "$1" && sync "$(dirname "$1")"; fi
}
put "$ident" "$4" && put "$hba" "$3"`
