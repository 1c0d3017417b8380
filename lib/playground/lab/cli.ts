import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { type ParseArgsConfig, parseArgs } from 'node:util'
import { defaultFleet, withPatroni } from '../fleet/default'
import type { Fleet } from '../fleet/fleet'
import { largeFleet } from '../fleet/large'
import type { VolumeName } from '../hosts/volumes'
import { LabError } from '../machine/error'
import { ensurePackages } from '../machine/packages.mjs'
import { commandEnvironment } from '../machine/programs.mjs'
import type { NameServer } from '../services/names'
import { cloudHelp, cloudVerb } from './cloud-cli'
import { Lab } from './lab'
import { runLoad, verifyLoad } from './load-cli'
import { labTable, table, viewLab } from './view'

const help = `npm run lab -- VERB …     operate the playground's hosts: those of this folder's .matriarch, or of --state DIR

  up [--hosts N]                     bring the hosts up without a console, until Ctrl-C
  down [--abruptly]                  shut every host down
  ls [--json]                        list hosts with power, network and clusters
  exec HOST [--root] -- CMD …        run a command in a host as postgres; exits with its code
  shell HOST [--root]                open a shell in a host
  ssh HOST -- CMD …                  run a command over SSH, with the lab's own key
  run -- CMD …                       run a command of this machine in the lab's network
  logs HOST [CLUSTER|sshd|agent|boot]   print a log, also of a host that is off
  power-off HOST · power-on HOST     pull or restore the plug: every process dies at once, the disk stays
  shut-down HOST                     shut down in order
  freeze HOST [PATTERN]              stop (SIGSTOP) the processes whose command line matches, or all
  thaw HOST [PATTERN]                let them run again (SIGCONT)
  kill HOST PATTERN                  kill -9 the processes whose command line matches
  cut HOST                           pull its network cable
  cut A B [--one-way]                drop all packets between two hosts, or only those from A to B; "console" may be one
  heal [HOST]                        restore the network: undo cut and slow
  slow HOST [--rate KBITS] [--delay MS]   limit the network, per direction
  fill HOST data|wal · unfill HOST data|wal   fill or free a small volume (stage-ams-1)
  skew HOST SECONDS                  set its wall clock off (needs libfaketime; power-cycles the host); 0 corrects it
  directory [start|stop|kill]        the LDAP directory; without a word: how to log in
  names [start|stop|kill primary|secondary|resolver]   the name servers; without words: how to query and update them
  ${cloudHelp}
  load HERD [--seconds N] [--ledger FILE]     write rows, and keep a ledger of acknowledged commits
  verify HERD --ledger FILE          compare the ledger with the database: lost, duplicate, unknown
  scenario FILE … [--step]           run scenario files, each on hosts of its own; --step waits for Enter before each step; "scenario all": all of e2e/scenarios
  scenario words                     the words of a scenario file, each with its meaning`

const flags = {
  state: { type: 'string' },
  hosts: { type: 'string' },
  json: { type: 'boolean' },
  root: { type: 'boolean' },
  abruptly: { type: 'boolean' },
  'one-way': { type: 'boolean' },
  rate: { type: 'string' },
  delay: { type: 'string' },
  seconds: { type: 'string' },
  ledger: { type: 'string' },
  step: { type: 'boolean' },
  help: { type: 'boolean' },
} satisfies ParseArgsConfig['options']

type Call = { words: string[]; command: string[]; values: ReturnType<typeof parse>['values'] }
/** A number is the exit code; anything else means 0. */
type Verb = (lab: Lab, call: Call) => Promise<unknown>

function parse(args: string[]) {
  const dashes = args.indexOf('--')
  const own = dashes < 0 ? args : args.slice(0, dashes)
  const parsed = parseArgs({ args: own, options: flags, allowPositionals: true })
  return { ...parsed, command: dashes < 0 ? [] : args.slice(dashes + 1) }
}

function need(value: string | undefined, what: string): string {
  if (!value) throw new LabError(`${what} is missing.`, { hint: 'npm run lab -- --help' })
  return value
}

function count(value: string | undefined, what: string): number {
  const number = Number(need(value, what))
  if (!Number.isFinite(number)) throw new LabError(`${what} "${value}" is not a number.`)
  return number
}

const hostOf = (lab: Lab, { words }: Call) => lab.host(need(words[0], 'HOST')).name

/** Runs in the foreground with this terminal; resolves to its exit code. */
function interactive(argv: string[]): Promise<number> {
  const [program = '', ...args] = argv
  return new Promise((done, fail) => {
    const child = spawn(program, args, { stdio: 'inherit', env: commandEnvironment() })
    process.on('SIGINT', () => {}) // The terminal sends Ctrl-C to the child as well; it decides.
    child.on('error', fail)
    child.on('close', (code) => done(code ?? 1))
  })
}

const verbs: Record<string, Verb> = {
  async up(lab, { values }) {
    const { postgresMajor } = lab.machine
    const fleet: Fleet = values.hosts ? largeFleet(postgresMajor, count(values.hosts, 'N')) : withPatroni(defaultFleet(postgresMajor))
    const startedAt = performance.now()
    const interrupted = new Promise<void>((done) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => done())
    })
    await lab.up(fleet, { onProgress: ({ step, done, of }) => done === of && console.log(`${step}: ${done}`) })
    const clusters = fleet.patroni ?? []
    if (clusters.length > 0) {
      await ensurePackages('patroni')
      await lab.patroniUp()
      console.log(`Patroni clusters: ${clusters.length}`)
    }
    console.log(labTable(await viewLab(lab)))
    console.log(`\nUp after ${((performance.now() - startedAt) / 1000).toFixed(1)} s. Ctrl-C takes it down.`)
    await Promise.race([interrupted, lab.ended()])
    await lab.down()
  },
  async down(lab, { values }) {
    await lab.down({ abruptly: values.abruptly ?? false })
  },
  async ls(lab, { values }) {
    const views = await viewLab(lab)
    console.log(values.json ? JSON.stringify(views, null, 2) : labTable(views))
  },
  exec: (lab, call) => {
    if (call.command.length === 0) throw new LabError('The command is missing; write it after --.')
    return interactive(lab.hosts.execArgv(hostOf(lab, call), call.command, call.values.root ? 'root' : 'postgres'))
  },
  shell: (lab, call) => interactive(lab.hosts.execArgv(hostOf(lab, call), ['bash', '-l'], call.values.root ? 'root' : 'postgres')),
  async ssh(lab, call) {
    const { code, stdout, stderr } = await lab.ssh(hostOf(lab, call), call.command, { timeoutMs: 3_600_000 })
    process.stdout.write(stdout)
    process.stderr.write(stderr)
    return code ?? 1
  },
  run: (lab, { command }) => interactive(lab.supervisor.visitorArgv(command)),
  async logs(lab, call) {
    process.stdout.write(lab.logs(hostOf(lab, call), call.words[1]))
  },
  'power-off': (lab, call) => lab.powerOff(hostOf(lab, call)),
  'power-on': (lab, call) => lab.powerOn(hostOf(lab, call)),
  'shut-down': (lab, call) => lab.hosts.shutDown(hostOf(lab, call)),
  async freeze(lab, call) {
    console.log(`${lab.hosts.signal(hostOf(lab, call), 'SIGSTOP', call.words[1])} processes frozen`)
  },
  async thaw(lab, call) {
    console.log(`${lab.hosts.signal(hostOf(lab, call), 'SIGCONT', call.words[1])} processes thawed`)
  },
  async kill(lab, call) {
    console.log(`${lab.hosts.signal(hostOf(lab, call), 'SIGKILL', need(call.words[1], 'PATTERN'))} processes killed`)
  },
  async cut(lab, { words, values }) {
    const [a, b] = words
    if (b === undefined) await lab.network.cut(need(a, 'HOST'))
    else if (values['one-way']) await lab.network.cutOneWay(need(a, 'HOST'), b)
    else await lab.network.cutBetween(need(a, 'HOST'), b)
  },
  heal: (lab, { words }) => lab.network.heal(words[0]),
  async slow(lab, call) {
    const { rate, delay } = call.values
    await lab.network.slow(hostOf(lab, call), {
      ...(rate ? { rateKbit: count(rate, 'KBITS') } : {}),
      ...(delay ? { delayMs: count(delay, 'MS') } : {}),
    })
  },
  async fill(lab, call) {
    console.log(`${await lab.fill(hostOf(lab, call), volumeOf(call))} MiB written; the volume is full`)
  },
  unfill: (lab, call) => lab.unfill(hostOf(lab, call), volumeOf(call)),
  skew: (lab, call) => lab.skew(hostOf(lab, call), count(call.words[1], 'SECONDS')),
  async directory(lab, { words, values }) {
    if (words[0] === 'start') return lab.directoryServer.start(lab.fleet)
    if (words[0] === 'stop') return lab.directoryServer.stop()
    if (words[0] === 'kill') return lab.directoryServer.kill()
    const directory = lab.directory()
    if (values.json) return console.log(JSON.stringify(directory, null, 2))
    console.log(`${directory.url}  ${directory.startTlsUrl} (StartTLS)  CA ${directory.caFile}\n`)
    console.log(table([['USER', 'PASSWORD', 'GROUPS'], ...directory.people.map((one) => [one.user, one.password, one.groups.join(', ')])]))
  },
  async names(lab, { words, values }) {
    const [act, which] = words
    if (act !== undefined) {
      const server = nameServerOf(which)
      if (act === 'start') return lab.nameServers.start(server)
      if (act === 'stop' || act === 'kill') return lab.nameServers.stop(server, act === 'kill' ? 'SIGKILL' : 'SIGTERM')
      throw new LabError(`names takes start, stop or kill, not "${act}".`)
    }
    const names = lab.names()
    if (values.json) return console.log(JSON.stringify(names, null, 2))
    const { primary, secondary, resolver, zones, keyFile } = names
    console.log(`primary ${primary.address}  secondary ${secondary.address}  resolver ${resolver.address}`)
    console.log(`zones ${zones.map(({ name }) => name).join(', ')}\n`)
    console.log(`npm run lab -- run -- dig @${resolver.address} ${zones[0]?.name} NS\nnpm run lab -- run -- nsupdate -k ${keyFile}`)
  },
  cloud: (lab, { words, command }) => cloudVerb(lab, words, command),
  load: (lab, { words, values }) => runLoad(lab, need(words[0], 'HERD'), { seconds: Number(values.seconds ?? 10), ledger: values.ledger }),
  verify: (lab, { words, values }) => verifyLoad(lab, need(words[0], 'HERD'), resolve(need(values.ledger, '--ledger FILE'))),
}

function nameServerOf(which: string | undefined): NameServer {
  if (which === 'primary' || which === 'secondary' || which === 'resolver') return which
  throw new LabError(`The name server is primary, secondary or resolver, not "${which ?? ''}".`)
}

function volumeOf({ words }: Call): VolumeName {
  const volume = words[1]
  if (volume !== 'data' && volume !== 'wal') throw new LabError(`The volume is data or wal, not "${volume ?? ''}".`)
  return volume
}

/** A verb for which no lab of the state folder is opened; a number is the exit code. */
export type FreeVerb = (words: readonly string[], values: Call['values']) => Promise<number>

/** What `npm run lab -- …` does with its words; the exit code. Throws a `LabError` where the words, or the lab, are at fault. */
const lab = async (args: string[], free: Readonly<Record<string, FreeVerb>>): Promise<number> => {
  const { positionals, values, command } = parse(args)
  const [name, ...words] = positionals
  if (!name || name === 'help' || values.help) {
    console.log(help)
    return name || values.help ? 0 : 2
  }
  if (free[name]) return free[name](words, values)
  const verb = verbs[name]
  if (!verb) throw new LabError(`There is no verb "${name}".`, { hint: 'npm run lab -- --help' })
  if (name === 'up') {
    const installed = await ensurePackages('playground')
    if (installed.length > 0) console.log(`Installed ${installed.join(', ')}.`)
  }
  const lab = await Lab.open({ stateDir: resolve(values.state ?? `${process.env.MATRIARCH_STATE ?? '.matriarch'}/lab`) })
  const answer = await verb(lab, { words, command, values })
  return typeof answer === 'number' ? answer : 0
}

/** Ends the process: 1 where the words or the lab are at fault, which is printed. `free`: verbs that know more than the playground does. */
export const labCommand = async (args: string[], free: Readonly<Record<string, FreeVerb>>): Promise<never> => {
  try {
    process.exit(await lab(args, free))
  } catch (fault) {
    if (!(fault instanceof Error)) throw fault
    const isOurs = fault instanceof LabError || 'code' in fault
    console.error(isOurs ? fault.message : fault.stack)
    if (fault instanceof LabError && fault.hint) console.error(fault.hint)
    process.exit(1)
  }
}
