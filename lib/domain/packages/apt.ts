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

/** A package as dpkg has it: `installed`, or half-way there. */
export type DpkgState = {
  version: string
  state: 'installed' | 'half-installed' | 'unpacked' | 'half-configured' | 'waiting for a trigger'
}

/** The second letter of `dpkg -l`; the first is what is wanted of it (`h`: hold). */
const stateOf: Readonly<Record<string, DpkgState['state']>> = {
  i: 'installed',
  H: 'half-installed',
  U: 'unpacked',
  F: 'half-configured',
  W: 'waiting for a trigger',
  t: 'installed',
}

/** What is there, whole or not, from `dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'`. */
export const readStates = (text: string): Map<string, DpkgState> => {
  const found = new Map<string, DpkgState>()
  for (const line of text.split('\n')) {
    const [name = '', version = '', status = ''] = line.trim().split(/\s+/)
    const state = stateOf[status[1] ?? '']
    if (name !== '' && version !== '' && state !== undefined) found.set(name, { version, state })
  }
  return found
}

/** Names and versions of what is installed whole. */
export const installedOf = (states: ReadonlyMap<string, DpkgState>): Map<string, string> =>
  new Map([...states].flatMap(([name, { version, state }]) => (state === 'installed' ? [[name, version] as const] : [])))

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

/** What apt-get and dpkg complain of; null: nothing. That dpkg failed is left out where it says itself why. */
export const readComplaint = (text: string): string | null => {
  const lines = text.split('\n').map((line) => line.trim())
  const said = lines.filter((line) =>
    /^(E: |dpkg: error|\S+ : (Pre)?Depends: |\S+ : (Breaks|Conflicts): )| subprocess returned error /.test(line),
  )
  const telling = said.filter((line) => !/^E: Sub-process \S+ returned an error code/.test(line))
  const words = (telling.length > 0 ? telling : said).map((line) => line.replace(/^E: /, '').replace(/:$/, ''))
  return words.length === 0 ? null : words.join('; ')
}

/** `15.7-0+deb12u1` of a server's package is 15.7. */
export const upstreamVersion = (version: string): string => version.replace(/^\d+:/, '').replace(/-.*$/, '')
