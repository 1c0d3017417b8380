/**
 * A user name as it is compared and counted: one spelling for what a directory or a person takes for the same (case, compatibility forms, outer spaces).
 * Longest 200 characters; null: no name at all, too long, or with characters that cannot be seen, which directories ignore.
 */
export const foldUserName = (typed: string): string | null => {
  const name = typed.normalize('NFKC').toLowerCase().normalize('NFKC').trim()
  return name === '' || name.length > 200 || /\p{C}/u.test(name) ? null : name
}
