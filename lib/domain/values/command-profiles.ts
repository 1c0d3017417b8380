/**
 * How each platform starts, stops and reloads an instance: argument arrays with placeholders, one argument staying one argument whatever is filled in.
 * pg_ctl is told to wait an hour, because the console's own deadline decides, and shows what was left waiting.
 */
export const profileNames = ['debian', 'generic', 'debian-systemd', 'generic-systemd'] as const
export type ProfileName = (typeof profileNames)[number]

export const commandNames = ['start', 'stop', 'stopFast', 'reload'] as const
/** `stopFast` is used for mode fast where the platform has its own way (a service manager knows no modes). */
export type CommandName = (typeof commandNames)[number]
export type CommandTemplates = Record<CommandName, readonly string[]>

/** What may be filled in. `bin`, `major` may be unknown until the host was looked at. */
export interface PlaceholderValues {
  bin: string
  data: string
  cluster: string
  major: string
  port: string
  mode: string
}
const placeholders = ['bin', 'data', 'cluster', 'major', 'port', 'mode'] as const satisfies readonly (keyof PlaceholderValues)[]

const debianCluster = (act: string, ...rest: string[]) => ['pg_ctlcluster', '{major}', '{cluster}', act, ...rest]
const wait = ['--', '-t', '3600']
const debian: CommandTemplates = {
  start: debianCluster('start', ...wait),
  stop: debianCluster('stop', '-m', '{mode}', ...wait),
  stopFast: debianCluster('stop', '-m', '{mode}', ...wait),
  reload: debianCluster('reload'),
}
const pgCtl = (act: string, ...rest: string[]) => ['{bin}/pg_ctl', act, '-D', '{data}', ...rest]
const generic: CommandTemplates = {
  // Without -l the server would write its first words to a channel that is about to close.
  start: pgCtl('start', '-w', '-t', '3600', '-s', '-l', '{data}/pgstartup.log'),
  stop: pgCtl('stop', '-m', '{mode}', '-w', '-t', '3600', '-s'),
  stopFast: pgCtl('stop', '-m', '{mode}', '-w', '-t', '3600', '-s'),
  reload: pgCtl('reload', '-s'),
}
const unit = (act: string, name: string) => ['systemctl', '--no-ask-password', act, name]
const managed = (base: CommandTemplates, name: string): CommandTemplates => ({
  start: unit('start', name),
  stop: base.stop,
  stopFast: unit('stop', name),
  reload: base.reload,
})

export const commandProfiles: Record<ProfileName, CommandTemplates> = {
  debian,
  generic,
  'debian-systemd': managed(debian, 'postgresql@{major}-{cluster}.service'),
  'generic-systemd': managed(generic, 'postgresql-{major}.service'),
}

export const isProfileName = (name: string): name is ProfileName => (profileNames as readonly string[]).includes(name)

const placeholder = /\{([a-z]*)\}/g

/** A template's arguments with the values in their places. Throws RangeError for an unknown placeholder: check a template when it is saved. */
export const expandTemplate = (template: readonly string[], values: PlaceholderValues): string[] =>
  template.map((part) =>
    part.replace(placeholder, (_, name: string) => {
      if (!(placeholders as readonly string[]).includes(name)) throw new RangeError(`{${name}} is not a placeholder`)
      return values[name as keyof PlaceholderValues]
    }),
  )

/** What is wrong with a template a person wrote; null: nothing. */
export const faultOfTemplate = (command: CommandName, template: readonly string[]): string | null => {
  const [program] = template
  if (!program) return 'The command is empty.'
  if (!/^(\/|\{bin\}\/)?[A-Za-z0-9_.+-]+(\/[A-Za-z0-9_.+-]+)*$/.test(program))
    return `"${program}" is not a program: a name on the path, an absolute path, or {bin}/NAME.`
  if (template.some((part) => /\p{Cc}/u.test(part))) return 'An argument holds a control character.'
  const used = template.flatMap((part) => [...part.matchAll(placeholder)].map((found) => found[1]!))
  const unknown = used.find((name) => !(placeholders as readonly string[]).includes(name))
  if (unknown !== undefined) return `{${unknown}} is not a placeholder; there are ${placeholders.map((name) => `{${name}}`).join(', ')}.`
  if (!used.includes('data') && !used.includes('cluster') && !used.includes('major'))
    return 'The command names no instance: it needs {data}, {cluster} or {major}, or it would act on all instances of a host alike.'
  if (command === 'stop' && !used.includes('mode')) return 'The stop command needs {mode}: smart, fast or immediate.'
  return null
}

/** The bin directory that a profile expects where none was given. */
export const usualBinDirectory = (profile: ProfileName, major: string): string =>
  profile.startsWith('debian') ? `/usr/lib/postgresql/${major}/bin` : `/usr/pgsql-${major}/bin`
