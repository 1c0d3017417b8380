import { createHash, X509Certificate } from 'node:crypto'
import { restUser } from '@/lib/domain/stack/patroni-file'
import { fillIn, maskWith } from '@/lib/domain/stack/secrets'
import { type StackFile, tlsFile } from '@/lib/domain/stack/stack-file'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CommandOptions, CommandResult, HostAddress, StackDoor, StackEtcdChange, StacksAct, StacksRead } from '@/lib/ports'
import type { StackStore } from '@/lib/ports/stacks'
import type { Ssh } from '../ssh'
import { parseCluster, parseEtcdMembers, parseLook } from './answers'
import { isMountedScript, mountScript } from './mount'
import {
  asPostgres,
  asRoot,
  clearScript,
  etcdScript,
  installScript,
  lookScript,
  purgeScript,
  putScript,
  removeScript,
  shownScript,
  takeBackScript,
  textScript,
  unitScript,
  withPassword,
} from './script'

/** Seconds that curl waits for an answer. */
const answerSeconds = 4
const smokeTable = 'matriarch_smoke'

/** Hosts of a declared cluster, over SSH: files, units and packages as root, SQL as postgres. Secrets go to a host by standard input alone. */
export const makeStacks = (ssh: Ssh, store: StackStore): { read: StacksRead; act: StacksAct } => {
  const must = async (host: HostAddress, what: string, argv: readonly string[], options: CommandOptions): Promise<CommandResult> => {
    const result = await ssh.exec(host, argv, options)
    if (result.exitCode === 0) return result
    const because = `${what} on ${host.hostname} failed: ${lastLine(result)}`
    throw new Fault('shell.failed', { isOver: true, host: host.hostname, exitCode: result.exitCode, because })
  }
  const lines = async (stackId: string, files: readonly StackFile[], hasText: boolean): Promise<string> => {
    const secrets = await store.secrets(stackId)
    return files.map((file) => fileLine(file, secrets, hasText)).join('')
  }
  const psql = (host: HostAddress, what: string, at: { port: number; database: string }, text: string, options: CommandOptions) => {
    const argv = [
      'psql',
      '-XAtqw',
      '-v',
      'ON_ERROR_STOP=1',
      '-h',
      '/var/run/postgresql',
      '-p',
      String(at.port),
      '-d',
      at.database,
      '-f',
      '-',
    ]
    return must(host, what, asPostgres(argv), { ...options, stdin: text })
  }
  const client = async (host: HostAddress, stackId: string, door: StackDoor, sql: string, options: CommandOptions) => {
    const { [door.secret]: password = '' } = await store.secrets(stackId)
    const argv = ['psql', '-XAtqw', '-v', 'ON_ERROR_STOP=1', '-d', conninfo(door), '-c', sql]
    return ssh.exec(host, withPassword(argv), { ...options, stdin: `${password}\n` })
  }
  const curl = (host: HostAddress, url: string, options: CommandOptions) =>
    ssh.exec(host, ['curl', '-s', '-m', String(answerSeconds), '--cacert', tlsFile('ca.pem'), '--', url], options)
  const etcd = async (host: HostAddress, url: string, body: object, seconds: number, options: CommandOptions) => {
    const values = [String(seconds), tlsFile('ca.pem'), tlsFile('server.pem'), tlsFile('etcd.key'), url, JSON.stringify(body)]
    const result = await ssh.exec(host, asRoot(etcdScript, values), options)
    const end = result.stdout.lastIndexOf('\n')
    return { ...result, text: result.stdout.slice(0, Math.max(end, 0)), status: Number(result.stdout.slice(end + 1)) }
  }
  const read: StacksRead = {
    declared: store.declared,
    hasKeys: store.hasKeys,
    hasNextCertificates: store.hasNextCertificates,
    authorities: store.authorities,
    shows: async (host, stackId, { door: { address, port, asks }, certificate }, options) => {
      const values = [address, String(port), asks, tlsFile('server.pem'), tlsFile('postgres.key')]
      const { stdout } = await ssh.exec(host, asRoot(shownScript, values), options)
      const shown = /^[0-9a-f]{64}$/m.exec(stdout)?.[0]
      const { [certificate]: wanted } = await store.secrets(stackId)
      if (shown === undefined || wanted === undefined) return null
      return shown === new X509Certificate(wanted).fingerprint256.replaceAll(':', '').toLowerCase()
    },
    look: async (host, stackId, { files = [], programs = [], units = [], directories = [], listeners = [] }, options) => {
      const secrets = await store.secrets(stackId)
      const wanted = [
        ...files.map((file) => `F ${fileLine(file, secrets, false)}`),
        ...programs.map((path) => `P ${path}\n`),
        ...units.map((name) => `U ${name}\n`),
        ...directories.map((path) => `D ${path}\n`),
        ...listeners.map((port) => `L ${port}\n`),
      ]
      const asked = Date.now()
      const result = await ssh.exec(host, asRoot(lookScript), { ...options, stdin: wanted.join('') })
      const middle = (asked + Date.now()) / 2
      if (result.exitCode === 0) return parseLook(result.stdout, middle)
      const whyNotRoot = `${host.user} may not act as root there: ${lastLine(result)}`
      return { whyNotRoot, clockOffsetMs: 0, programs: [], files: [], units: [], directories: [], listeners: [] }
    },
    text: async (host, stackId, path, options) => {
      const result = await ssh.exec(host, asRoot(textScript, [path]), options)
      if (result.exitCode === 3) return null
      if (result.exitCode !== 0)
        throw new Fault('shell.failed', { isOver: true, because: `${path} of ${host.hostname} cannot be read: ${lastLine(result)}` })
      return maskWith(result.stdout, await store.secrets(stackId))
    },
    isEtcdHealthy: async (host, url, options) => {
      const script = 'exec curl -s -m "$1" --cacert "$2" --cert "$3" --key "$4" -- "$5/health"'
      const values = [String(answerSeconds), tlsFile('ca.pem'), tlsFile('server.pem'), tlsFile('etcd.key'), url]
      const { stdout } = await ssh.exec(host, asRoot(script, values), options)
      return /"health"\s*:\s*"true"/.test(stdout)
    },
    etcdMembers: async (host, url, options) => {
      const { status, text } = await etcd(host, `${url}/v3/cluster/member/list`, {}, answerSeconds, options)
      return status === 200 ? parseEtcdMembers(text) : null
    },
    cluster: async (host, url, options) => {
      const [cluster, own] = await Promise.all(['cluster', 'patroni'].map((path) => curl(host, `${url}/${path}`, options)))
      return cluster!.exitCode === 0 ? parseCluster(cluster!.stdout, own!.stdout) : null
    },
    door: async (host, stackId, door, options) => {
      const result = await client(host, stackId, door, 'select pg_is_in_recovery()', options)
      if (result.exitCode !== 0) return { because: lastLine(result) }
      return result.stdout.trim() === 'f' ? 'primary' : 'standby'
    },
    isMounted: async (host, { volumeId, directory }, options) =>
      (await ssh.exec(host, asRoot(isMountedScript, [volumeId, directory]), options)).exitCode === 0,
    value: async (host, at, sql, options) => (await psql(host, 'Looking', at, sql, options)).stdout.trim() || null,
  }
  const act: StacksAct = {
    makeKeys: store.makeKeys,
    dropKeys: store.dropKeys,
    makeNextCertificates: store.makeNextCertificates,
    dropNextCertificates: store.dropNextCertificates,
    adoptNextCertificates: store.adoptNextCertificates,
    markBuilt: store.markBuilt,
    install: async (host, packages, options) => void (await must(host, 'Installing packages', asRoot(installScript, packages), options)),
    purge: async (host, packages, options) => void (await must(host, 'Removing packages', asRoot(purgeScript, packages), options)),
    put: async (host, stackId, files, { isAgain, ...options }) =>
      void (await must(host, 'Writing files', asRoot(putScript, [isAgain ? 'again' : 'first']), {
        ...options,
        stdin: await lines(stackId, files, true),
      })),
    takeBack: async (host, stackId, files, options) =>
      void (await must(host, 'Restoring files', asRoot(takeBackScript), { ...options, stdin: await lines(stackId, files, false) })),
    unit: async (host, unit, verb, options) => void (await must(host, `${verb} of ${unit}`, asRoot(unitScript, [unit, verb]), options)),
    mount: async (host, { volumeId, directory }, options) =>
      void (await must(host, `Mounting ${volumeId}`, asRoot(mountScript, [volumeId, directory]), options)),
    changeEtcd: async (host, url, change, options) => {
      const { verb, body } = etcdCall(change)
      const seconds = Math.ceil(options.timeoutMs / 1000)
      const result = await etcd(host, `${url}/v3/cluster/member/${verb}`, body, seconds, {
        ...options,
        timeoutMs: options.timeoutMs + 5000,
      })
      if (result.status === 200) return
      const said = /"(?:message|error)"\s*:\s*"([^"]*)"/.exec(result.text)?.[1] ?? lastLine(result)
      throw new Fault('shell.failed', { isOver: result.status >= 400, because: `etcd refused to ${verb} a member: ${said}` })
    },
    remove: async (host, paths, options) => void (await must(host, 'Removing files', asRoot(removeScript, paths), options)),
    clear: async (host, directory, options) => void (await must(host, `Removing ${directory}`, asRoot(clearScript, [directory]), options)),
    sql: async (host, stackId, at, text, options) =>
      void (await psql(host, 'SQL', at, fillIn(text, quoted(await store.secrets(stackId))), options)),
    write: async (host, stackId, door, key, options) => {
      const result = await client(
        host,
        stackId,
        door,
        `insert into ${smokeTable} values ('${key.replaceAll("'", "''")}') on conflict do nothing`,
        options,
      )
      if (result.exitCode !== 0)
        throw new Fault('shell.failed', { isOver: true, because: `${door.title} took no write: ${lastLine(result)}` })
    },
    switchover: async (host, stackId, { url, leader, candidate }, options) => {
      const { rest = '' } = await store.secrets(stackId)
      const config = [
        `user = "${restUser}:${rest}"`,
        'header = "Content-Type: application/json"',
        `data = ${JSON.stringify(JSON.stringify({ leader, candidate }))}`,
        `cacert = "${tlsFile('ca.pem')}"`,
        `cert = "${tlsFile('server.pem')}"`,
        `key = "${tlsFile('postgres.key')}"`,
      ]
      const stdin = `${config.join('\n')}\n`
      const argv = asRoot('exec curl -s -K - -w "\\n%{http_code}" -m "$1" -- "$2/switchover"', [
        String(Math.ceil(options.timeoutMs / 1000)),
        url,
      ])
      const { stdout } = await must(host, 'The switchover', argv, { ...options, timeoutMs: options.timeoutMs + 5000, stdin })
      const status = Number(stdout.trim().split('\n').at(-1))
      // 503 may be “status unknown”: looking again settles that.
      if (status >= 400 && status !== 503)
        throw new Fault('shell.failed', { isOver: true, because: `Patroni refused the switchover: ${stdout.split('\n')[0]}` })
    },
  }
  return { read, act }
}

const lastLine = ({ stderr, stdout, exitCode }: CommandResult): string =>
  stderr.trim().split('\n').at(-1) || stdout.trim().split('\n').at(-1) || `exit code ${exitCode}`

/** Before there are secrets nothing can be the same as what will be written. */
const fileLine = ({ path, owner, mode, text }: StackFile, secrets: Readonly<Record<string, string>>, hasText: boolean): string => {
  const whole = hasText ? fillIn(text, secrets) : filledOrNull(text, secrets)
  const sum = whole === null ? '-' : createHash('sha256').update(whole).digest('hex')
  return `${[path, owner, mode, sum, ...(hasText ? [Buffer.from(whole!).toString('base64')] : [])].join(' ')}\n`
}

const filledOrNull = (text: string, secrets: Readonly<Record<string, string>>): string | null => {
  try {
    return fillIn(text, secrets)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** A value of libpq's connection strings: none of these holds a quote or a space. */
const conninfo = ({ address, port, database, user }: StackDoor): string =>
  `host=${address} port=${port} dbname=${database} user=${user} sslmode=verify-ca sslrootcert=${tlsFile('ca.pem')} connect_timeout=5`

/** As SQL literals: the names stand where a literal does. */
const quoted = (secrets: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(secrets).map(([name, value]) => [name, `'${value.replaceAll("'", "''")}'`]))

const etcdCall = (change: StackEtcdChange): { verb: string; body: object } => {
  if ('add' in change) return { verb: 'add', body: { peerURLs: [change.add], isLearner: true } }
  return 'promote' in change ? { verb: 'promote', body: { ID: change.promote } } : { verb: 'remove', body: { ID: change.remove } }
}
