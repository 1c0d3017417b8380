/** A package of PostgreSQL or of one of its extensions on a Debian host. */
export type AptPackage = {
  name: string
  installed: string
  /** What its package sources offer, as pins and holds allow; null: nothing. */
  candidate: string | null
  isHeld: boolean
}

/** What belongs to a major version: server, client and extensions. */
export const packagePatterns = (major: string): string[] => [`postgresql-${major}`, `postgresql-client-${major}`, `postgresql-${major}-*`]

export const serverPackage = (major: string): string => `postgresql-${major}`

/** Names and versions of what is installed, from `dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'`. */
export const readInstalled = (text: string): Map<string, string> => {
  const found = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [name = '', version = '', status = ''] = line.trim().split(/\s+/)
    if (name !== '' && version !== '' && status.startsWith('ii')) found.set(name, version)
  }
  return found
}

/** Of each package its candidate, from `apt-cache policy NAME …` in the C locale. */
export const readCandidates = (text: string): Map<string, string | null> => {
  const found = new Map<string, string | null>()
  let name = ''
  for (const line of text.split('\n')) {
    const head = /^(\S+):$/.exec(line)
    if (head) name = head[1]!
    const candidate = /^\s+Candidate: (\S+)/.exec(line)
    if (candidate && name !== '') found.set(name, candidate[1] === '(none)' ? null : candidate[1]!)
  }
  return found
}

/** What `apt-get --simulate` would take away, and what it would leave as it is although something newer is there. */
export const readSimulation = (text: string): { removes: string[]; keepsBack: string[] } => {
  const removes = [...text.matchAll(/^Remv (\S+)/gm)].map(([, name]) => name!)
  const block = /have been kept back:\n((?: {2}.*\n?)+)/.exec(text)?.[1] ?? ''
  return { removes, keepsBack: block.split(/\s+/).filter((word) => word !== '') }
}

/** `15.7-0+deb12u1` of a server's package is 15.7. */
export const upstreamVersion = (version: string): string => version.replace(/^\d+:/, '').replace(/-.*$/, '')
