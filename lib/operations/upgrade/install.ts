import { type AptPackage, type DpkgState, installedOf, readComplaint } from '@/lib/domain/packages/apt'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, HostWorkSeen } from '@/lib/ports'
import type { AwayFacts } from '../machines/away'
import { followWork, hasFailed, howItEnded, newWorkKey } from '../steps/host-work'
import { type PackagesSeen, packagesNow, upgradable, upgradeArgv } from './packages'

export type UpgradeFacts = AwayFacts & { seen: PackagesSeen }

type Download = { key: string }
/** `from`: what was installed, by package. */
type Before = { key: string; from: Record<string, string> }
/** `problem`: why apt-get failed after it had changed something; the server is started all the same. */
type Output = { versions: Record<string, string>; problem: string | null }

const downloadTimeoutMs = 1_800_000
const upgradeTimeoutMs = 1_800_000
const askTimeoutMs = 30_000

export const sayPackages = (packages: readonly AptPackage[]): string =>
  packages.map(({ name, installed, candidate }) => `${name} ${installed} → ${candidate}`).join(', ')

const sayStates = (packages: readonly AptPackage[], states: ReadonlyMap<string, DpkgState>): string =>
  packages
    .map(({ name }) => {
      const seen = states.get(name)
      return seen === undefined ? `${name} is not installed` : `${name} ${seen.version} is ${seen.state}`
    })
    .join(', ')

const notAsWanted = ({ seen }: UpgradeFacts, states: ReadonlyMap<string, DpkgState>): AptPackage[] => {
  const installed = installedOf(states)
  return upgradable(seen).filter(({ name, candidate }) => installed.get(name) !== candidate)
}

const versionsIn = ({ seen }: UpgradeFacts, states: ReadonlyMap<string, DpkgState>): Record<string, string> =>
  Object.fromEntries(upgradable(seen).map(({ name }) => [name, states.get(name)?.version ?? 'none']))

const complaintOf = (work: HostWorkSeen): string => readComplaint(work.tail) ?? howItEnded(work)

/** Starts apt-get unless it is at it or came to a good end, and waits for its end. */
const runApt = async ({ instance }: UpgradeFacts, key: string, argv: string[], ports: ActPorts, context: RunContext): Promise<void> => {
  const { host } = instance.address
  const options = { timeoutMs: askTimeoutMs, signal: context.signal }
  const before = await ports.read.work.look(host, key, options)
  if (hasFailed(before)) await ports.act.work.forget(host, key, options)
  if (before.state === 'absent' || hasFailed(before)) {
    context.note('command', argv.join(' '))
    await ports.act.work.launch(host, key, argv, options)
  }
  await followWork({ host, key, what: 'apt-get' }, ports.read, context)
}

/** What can go wrong before anything is installed (a lock, a package that is gone, no space, no sudo) goes wrong here, while PostgreSQL runs. */
export const downloadPackages = (): Effect<UpgradeFacts, Download, null> => ({
  title: 'Download the packages',
  preview: ({ seen, instance }) => ({
    sentence: `Download to ${instance.address.host.hostname} while PostgreSQL runs: ${sayPackages(upgradable(seen))}.`,
    commands: [upgradeArgv(upgradable(seen), 'download').join(' ')],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const { instance } = facts
    if (intended === null)
      return notAsWanted(facts, await packagesNow(ports, instance, signal)).length === 0
        ? { found: 'done', output: null }
        : { found: 'ready', before: { key: newWorkKey('download', instance.id, ports.now()) } }
    const { state, exitCode } = await ports.work.look(instance.address.host, intended.before.key, { timeoutMs: askTimeoutMs, signal })
    return state === 'ended' && exitCode === 0 ? { found: 'done', output: null } : { found: 'ready', before: intended.before }
  },
  run: async (facts, { key }, ports, context) => {
    try {
      await runApt(facts, key, upgradeArgv(upgradable(facts.seen), 'download'), ports, context)
    } catch (error) {
      const said = await complaintAfter(error, facts, key, ports, context)
      throw said === null ? error : changedNothing(facts, said)
    }
  },
  timeoutMs: downloadTimeoutMs,
  ending: { final: 'What was downloaded stays in apt’s cache; nothing is installed.', harmless: true },
})

/** apt-get's own words where it is what failed; null: something else did. */
const complaintAfter = async (error: unknown, { instance }: UpgradeFacts, key: string, ports: ActPorts, { signal }: RunContext) => {
  if (!isFault(error, 'shell.failed') || signal.aborted) return null
  const work = await ports.read.work.look(instance.address.host, key, { timeoutMs: askTimeoutMs, signal })
  return hasFailed(work) ? complaintOf(work) : null
}

const changedNothing = ({ instance }: UpgradeFacts, said: string): Fault => {
  const { hostname } = instance.address.host
  return new Fault('shell.failed', {
    isOver: true,
    host: hostname,
    because: `apt-get on ${hostname} failed, and changed nothing: ${said}.`,
  })
}

/** Where apt-get fails half-way the server is started with what is there: `completePackages` then says what is missing. */
export const installPackages = (): Effect<UpgradeFacts, Before, Output> => ({
  title: 'Upgrade the packages',
  preview: ({ seen, instance }) => ({
    sentence: `Install on ${instance.address.host.hostname}: ${sayPackages(upgradable(seen))}. Configuration files stay as they are.`,
    commands: [upgradeArgv(upgradable(seen), 'install').join(' ')],
  }),
  check: async (facts, ports, { signal, intended }) => {
    const { instance } = facts
    const states = await packagesNow(ports, instance, signal)
    const versions = versionsIn(facts, states)
    const isDone = notAsWanted(facts, states).length === 0
    if (intended === null)
      return isDone
        ? { found: 'done', output: { versions, problem: null } }
        : { found: 'ready', before: { key: newWorkKey('upgrade', instance.id, ports.now()), from: versions } }
    const work = await ports.work.look(instance.address.host, intended.before.key, { timeoutMs: askTimeoutMs, signal })
    const { hostname } = instance.address.host
    if (work.state === 'running') return { found: 'ready', before: intended.before, partly: `apt-get is at work on ${hostname}` }
    if (isDone) return { found: 'done', output: { versions, problem: null } }
    if (isUntouched(states, intended.before)) return { found: 'ready', before: intended.before }
    return hasFailed(work)
      ? { found: 'done', output: { versions, problem: complaintOf(work) } }
      : { found: 'ready', before: intended.before, partly: sayStates(notAsWanted(facts, states), states) }
  },
  run: async (facts, before, ports, context) => {
    try {
      await runApt(facts, before.key, upgradeArgv(upgradable(facts.seen), 'install'), ports, context)
    } catch (error) {
      const said = await complaintAfter(error, facts, before.key, ports, context)
      if (said === null) throw error
      if (isUntouched(await packagesNow(ports.read, facts.instance, context.signal), before)) throw changedNothing(facts, said)
      context.note('warning', `apt-get failed half-way, and PostgreSQL is started with what is there: ${said}`)
    }
  },
  timeoutMs: upgradeTimeoutMs,
  ending: { final: 'Packages are not downgraded: older ones may be in no package source any more.' },
})

const isUntouched = (states: ReadonlyMap<string, DpkgState>, { from }: Before): boolean => {
  const installed = installedOf(states)
  return Object.entries(from).every(([name, version]) => installed.get(name) === version)
}

/** Last, once the server is back: a package that dpkg could not configure keeps nobody out of service. */
export const completePackages = (): Effect<UpgradeFacts, null, { versions: Record<string, string> }> => ({
  title: 'Packages are complete',
  preview: ({ instance }) => ({
    sentence: `Look whether dpkg on ${instance.address.host.hostname} has each of them installed in its new version.`,
    commands: [],
  }),
  check: async (facts, ports, { signal }) => {
    const states = await packagesNow(ports, facts.instance, signal)
    return notAsWanted(facts, states).length === 0
      ? { found: 'done', output: { versions: versionsIn(facts, states) } }
      : { found: 'ready', before: null }
  },
  run: async (facts, _before, ports, context) => {
    const states = await packagesNow(ports.read, facts.instance, context.signal)
    const left = notAsWanted(facts, states)
    const { hostname } = facts.instance.address.host
    if (left.length === 0) return
    throw new Fault('step.blocked', {
      isOver: true,
      because: `${facts.instance.title} runs, and apt-get left its packages on ${hostname} incomplete: ${sayStates(left, states)}. Complete them there (dpkg --configure -a, then ${upgradeArgv(left, 'install').join(' ')}), and resume.`,
    })
  },
  timeoutMs: askTimeoutMs,
  ending: { final: 'Looking changes nothing.', harmless: true },
})
