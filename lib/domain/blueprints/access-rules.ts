const kinds = new Set(['local', 'host', 'hostssl', 'hostnossl', 'hostgssenc', 'hostnogssenc'])

/** Why lines of pg_hba.conf are not taken, in a sentence; null: they are. What lets people in without a password, or with one that can be listened to, is refused. */
export const accessRulesProblem = (text: string): string | null => {
  for (const [at, row] of text.split(/\r?\n/).entries()) {
    const words = row.replace(/#.*$/, '').trim().split(/\s+/)
    if (words[0] === '') continue
    const line = `Line ${at + 1}`
    if (!kinds.has(words[0]!)) return `${line} does not begin with local, host, hostssl or hostnossl: ${row.trim().slice(0, 60)}`
    const method = words[0] === 'local' ? words[3] : /^\d+(\.\d+){3}$/.test(words[4] ?? '') ? words[5] : words[4]
    if (method === undefined) return `${line} names no method: ${row.trim().slice(0, 60)}`
    if (method === 'trust' || method === 'password' || method === 'ident')
      return `${line} says ${method}, which lets people in without proof, or sends passwords in the clear. Write scram-sha-256, cert or reject.`
  }
  return null
}
