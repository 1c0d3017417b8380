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

const placeholder = /\{([a-z]*)\}/g

/** A template's arguments with the values in their places. Throws RangeError for an unknown placeholder. */
export const expandTemplate = (template: readonly string[], values: PlaceholderValues): string[] =>
  template.map((part) =>
    part.replace(placeholder, (_, name: string) => {
      if (!(placeholders as readonly string[]).includes(name)) throw new RangeError(`{${name}} is not a placeholder`)
      return values[name as keyof PlaceholderValues]
    }),
  )

/** The bin directory that a profile expects where none was given. */
export const usualBinDirectory = (profile: string, major: string): string =>
  profile.startsWith('debian') ? `/usr/lib/postgresql/${major}/bin` : `/usr/pgsql-${major}/bin`
