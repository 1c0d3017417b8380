import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lab } from '@/lib/playground/lab/lab'
import { until } from '@/lib/playground/machine/processes'

/** A package as small as can be: it ships one file with its version. */
export interface Deb {
  name: string
  version: string
  depends?: string
  /** Scripts of the package's maintainer, by name. */
  scripts?: Partial<Record<'postinst' | 'prerm', string>>
}

const state = ['/var/lib/dpkg', '/var/lib/apt']

/**
 * What Debian's packages of a server do, in short: stop the clusters of their version before they go, start them when they are configured.
 * `fails`: the postinst ends badly while that file is there.
 */
export const serverScripts = (major: number, fails: string): Deb['scripts'] => {
  const each = (verb: string) =>
    `for one in /etc/postgresql/${major}/*/; do /usr/local/bin/systemctl ${verb} "postgresql@${major}-$(basename "$one")"; done`
  return {
    prerm: `#!/bin/sh\nset -e\n${each('stop')}\n`,
    postinst: `#!/bin/sh\nset -e\n[ "$1" = configure ] || exit 0\nif [ -e ${fails} ]; then echo "postinst: no space left on device" >&2; exit 3; fi\n${each('start')}\n`,
  }
}

/**
 * A host of the lab whose apt and dpkg, the machine's own programs, know packages and a source of its own: nothing outside the host's folder changes.
 * Needs a lab of root. It lasts until the host loses power.
 */
export class AptHost {
  private constructor(
    private readonly lab: Lab,
    readonly name: string,
    private readonly pool: string,
  ) {}

  /** `installed` is what it has; nothing newer is offered yet. */
  static async open(lab: Lab, name: string, installed: readonly Deb[]): Promise<AptHost> {
    const host = new AptHost(lab, name, lab.layout.host(name, 'srv/packages'))
    mkdirSync(host.pool, { recursive: true })
    await host.root('umount', ...state)
    await host.root('mkdir', '-p', ...['info', 'updates', 'triggers', 'alternatives', 'parts'].map((folder) => `/var/lib/dpkg/${folder}`))
    await host.root(
      'mkdir',
      '-p',
      '/etc/apt/apt.conf.d',
      '/etc/apt/preferences.d',
      '/var/lib/apt/lists/partial',
      '/var/cache/apt/archives/partial',
    )
    lab.hosts.writeFile(name, '/var/lib/dpkg/status', '')
    lab.hosts.writeFile(name, '/etc/apt/sources.list', 'deb [trusted=yes] copy:/srv/packages ./\n')
    await host.root('dpkg', '--install', ...installed.map((deb) => join('/srv/packages', host.add(deb))))
    await host.offer([])
    return host
  }

  /** The source has these beside what it had, as after `apt-get update`. */
  async offer(debs: readonly Deb[]): Promise<void> {
    for (const deb of debs) this.add(deb)
    const index = join(this.pool, 'Packages')
    writeFileSync(index, this.entries.map(({ text }) => text).join('\n'))
    await this.root('apt-get', '-q', 'update')
  }

  /** The source has these no more, as after `apt-get update`. */
  async withdraw(debs: readonly Deb[]): Promise<void> {
    const files = debs.map(fileOf)
    this.entries = this.entries.filter(({ file }) => !files.includes(file))
    await this.offer([])
  }

  /** The index still has it, and the file is gone until it is put back. */
  lose(deb: Deb): { putBack: () => void } {
    const [file, aside] = [join(this.pool, fileOf(deb)), join(this.pool, 'aside')]
    renameSync(file, aside)
    return { putBack: () => renameSync(aside, file) }
  }

  /** dpkg is somebody else's until it is freed, as while unattended-upgrades is at work. */
  async lock(): Promise<() => Promise<void>> {
    const ready = '/run/lab/locked'
    // apt takes these locks by fcntl, which flock(1) does not.
    const script = `use Fcntl; open(my $file, '+>', '/var/lib/dpkg/lock-frontend') or die; my $lock = pack('s s x4 l! l! i x4', F_WRLCK, 0, 0, 0, 0); fcntl($file, F_SETLK, $lock) or die; open(my $ready, '>', '${ready}'); close $ready; sleep 600`
    await this.root('sh', '-c', 'setsid -f perl -e "$1" </dev/null >/dev/null 2>&1', 'sh', script)
    await until('dpkg to be locked', async () => (await this.lab.hosts.exec(this.name, ['test', '-e', ready])).code === 0, {
      timeoutMs: 30_000,
    })
    return async () => {
      this.lab.hosts.signal(this.name, 'SIGKILL', 'lock-frontend')
      await this.root('rm', ready)
    }
  }

  async versions(): Promise<Record<string, string>> {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders.
    const text = await this.root('dpkg-query', '-W', '-f', '${Package} ${Version} ${db:Status-Abbrev}\\n')
    return Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => line.trim().split(/ (.*)/) as [string, string]),
    )
  }

  root(...argv: string[]): Promise<string> {
    return this.lab.hosts.mustExec(this.name, argv, { user: 'root' })
  }

  private entries: { file: string; text: string }[] = []

  private add(deb: Deb): string {
    const file = fileOf(deb)
    const path = join(this.pool, file)
    cpSync(build(deb), path)
    const control = execFileSync('dpkg-deb', ['-f', path]).toString()
    const sum = createHash('sha256').update(readFileSync(path)).digest('hex')
    const rest = { file, text: `${control}Filename: ./${file}\nSize: ${statSync(path).size}\nSHA256: ${sum}\n` }
    this.entries.push(rest)
    return file
  }
}

const fileOf = ({ name, version }: Deb): string => `${name}_${version}_all.deb`

const built = new Map<string, string>()
let shelf: string | undefined

/** Built once for all hosts. */
const build = (deb: Deb): string => {
  const key = JSON.stringify(deb)
  const known = built.get(key)
  if (known !== undefined && existsSync(known)) return known
  shelf ??= mkdtempSync(join(tmpdir(), 'matriarch-debs-'))
  const root = mkdtempSync(join(shelf, 'deb-'))
  chmodSync(root, 0o755)
  mkdirSync(join(root, 'DEBIAN'))
  mkdirSync(join(root, 'usr/local/share/packages'), { recursive: true })
  writeFileSync(join(root, 'usr/local/share/packages', deb.name), `${deb.version}\n`)
  const fields = [`Package: ${deb.name}`, `Version: ${deb.version}`, 'Architecture: all', 'Maintainer: Test <test@example.com>']
  const control = [...fields, ...(deb.depends ? [`Depends: ${deb.depends}`] : []), 'Description: A package of a test', '']
  writeFileSync(join(root, 'DEBIAN/control'), control.join('\n'))
  for (const [name, text] of Object.entries(deb.scripts ?? {})) writeFileSync(join(root, 'DEBIAN', name), text, { mode: 0o755 })
  const file = `${root}.deb`
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', '-Zgzip', '-z1', root, file], { stdio: 'pipe' })
  built.set(key, file)
  return file
}

/** Deletes what was built. */
export const dropDebs = (): void => {
  if (shelf !== undefined) rmSync(shelf, { recursive: true, force: true })
  shelf = undefined
  built.clear()
}
