import { type EtcdMove, type EtcdSeenMember, nextEtcdMove, tellMove, whyNotMove } from '@/lib/domain/stack/etcd-moves'
import { etcdFile, etcdPeerUrl, unitOf } from '@/lib/domain/stack/files'
import { etcdDirectoryOf, type StackServer, serversWith } from '@/lib/domain/stack/stack'
import type { StackFile } from '@/lib/domain/stack/stack-file'
import { Fault, isFault } from '@/lib/kernel/ground/errors'
import type { Effect, RunContext } from '@/lib/kernel/operation/operation'
import type { ActPorts, ReadPorts } from '@/lib/ports'
import { readyWith } from './begun'
import { etcdDoor, etcdForecast, etcdNow, etcdWanted, quorumLookEveryMs, quorumLooks } from './etcd-now'
import { addressOf, type BuildFacts, lookTimeoutMs, stackIn, wasThere } from './facts'
import { fileCommands } from './told'
import { type FilesBefore, filesToWrite, takeBackWritten } from './written'

const actTimeoutMs = 60_000
const stopTimeoutMs = 120_000
const lookEveryMs = 500
const unit = unitOf.etcd

/** What a server lacks of its member. `memberId` empty: its address is no member's. */
type Before = { server: string; files: FilesBefore; isStopped: boolean; isBare: boolean; memberId: string; isVoter: boolean }[]

/** Of a cluster that stands: members that are lost go, new ones come, one at a time and with a quorum before and after each change. */
export const joinEtcd = (): Effect<BuildFacts, Before, null> => {
  const serverNamed = (facts: BuildFacts, name: string): StackServer => stackIn(facts).servers.find((one) => one.name === name)!
  const own = (members: readonly EtcdSeenMember[], facts: BuildFacts, server: StackServer) =>
    members.find(({ peerUrl }) => peerUrl === etcdPeerUrl(stackIn(facts), server))
  const missing = async (facts: BuildFacts, ports: ReadPorts, members: readonly EtcdSeenMember[], signal: AbortSignal): Promise<Before> => {
    const stack = stackIn(facts)
    const all = await Promise.all(
      serversWith(stack, 'etcd').map(async (server) => {
        const what = { files: [etcdFile(stack, server)], units: [unit], directories: [etcdDirectoryOf(stack)] }
        const seen = await ports.stacks.look(addressOf(facts, server.name), facts.declared.id, what, { timeoutMs: lookTimeoutMs, signal })
        const member = own(members, facts, server)
        return {
          server: server.name,
          files: filesToWrite(seen),
          isStopped: !seen.units.some(({ isActive, isEnabled }) => isActive && isEnabled),
          isBare: seen.directories.every(({ state }) => state !== 'taken'),
          memberId: member?.id ?? '',
          isVoter: member?.isLearner === false,
        }
      }),
    )
    return all.filter(({ files, isStopped, isVoter }) => files.length > 0 || isStopped || !isVoter)
  }
  const mustSee = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<EtcdSeenMember[]> => {
    const members = await etcdNow(facts, ports, signal)
    if (members === null) throw new Fault('shell.failed', { because: 'No member of etcd answers.', isOver: true })
    return members
  }
  const illOf = (facts: BuildFacts, members: readonly EtcdSeenMember[]): string[] =>
    serversWith(stackIn(facts), 'etcd')
      .filter((server) => own(members, facts, server)?.isHealthy !== true)
      .map(({ name }) => name)

  return {
    title: 'Replace lost members of etcd and add new ones',
    preview: (facts) => {
      const stack = stackIn(facts)
      const moves = etcdForecast(facts).join
      return {
        sentence:
          moves.length === 0
            ? 'etcd has the members that are declared: their files are written as declared, without a restart where etcd reads nothing else from them.'
            : 'Change one member at a time: a lost one is removed before another one comes; a new one copies the data as a learner, without a vote, and gets its vote once it has caught up. etcd keeps its quorum throughout.',
        commands: [
          ...moves.map(tellMove),
          ...serversWith(stack, 'etcd').flatMap((server) => fileCommands(facts, server.name, [etcdFile(stack, server)])),
        ],
      }
    },
    check: async (facts, ports, context) => {
      const { signal } = context
      const members = await etcdNow(facts, ports, signal)
      if (members === null) return { found: 'blocked', because: 'No member of etcd answers.' }
      const move = nextEtcdMove(members, await etcdWanted(facts, ports, signal), 'join')
      if (move !== null && 'refused' in move) return { found: 'blocked', because: move.refused }
      const before = await missing(facts, ports, members, signal)
      if (before.length === 0 && move === null && illOf(facts, members).length === 0) return { found: 'done', output: null }
      return readyWith(before, context)
    },
    run: async (facts, _before, ports, context) => {
      const { signal } = context
      for (let looks = 0; ; ) {
        const members = await mustSee(facts, ports.read, signal)
        const move = nextEtcdMove(members, await etcdWanted(facts, ports.read, signal), 'join')
        if (move === null) break
        if ('refused' in move) {
          if (looks++ >= quorumLooks) throw new Fault('shell.failed', { because: move.refused, isOver: true })
          await context.pauseUnlessCancelled(quorumLookEveryMs)
          continue
        }
        looks = 0
        context.note('command', tellMove(move))
        await make(facts, ports, members, move, context)
      }
      for (const { server, files, isStopped } of await missing(facts, ports.read, await mustSee(facts, ports.read, signal), signal)) {
        const isRestarted =
          files.length > 0 && (await putFile(facts, ports, etcdFile(stackIn(facts), serverNamed(facts, server)), server, signal))
        const verb = isStopped ? 'start' : isRestarted ? 'restart' : null
        if (verb === null) continue
        await ports.act.stacks.unit(addressOf(facts, server), unit, verb, { timeoutMs: actTimeoutMs, signal })
        await untilHealthy(facts, ports, [server], context)
      }
      await untilHealthy(facts, ports, null, context)
    },
    timeoutMs: 20 * 60_000,
    canInterrupt: true,
    ending: {
      undo: async (facts, before, _output, ports, { signal }) => {
        for (const one of before) await undo(facts, one, ports, signal)
      },
      sentence: 'Remove the members that it added, stop etcd on their hosts and clear their data. A lost member that was removed stays so.',
      timeoutMs: stopTimeoutMs + actTimeoutMs,
    },
  }

  async function make(facts: BuildFacts, ports: ActPorts, members: readonly EtcdSeenMember[], move: EtcdMove, context: RunContext) {
    const { signal, pauseUnlessCancelled } = context
    const stack = stackIn(facts)
    const options = { timeoutMs: actTimeoutMs, signal }
    const { host, url } = etcdDoor(facts, members)
    if (move.kind === 'remove') return ports.act.stacks.changeEtcd(host, url, { remove: move.member!.id }, options)
    const server = serverNamed(facts, move.name)
    if (move.kind === 'add') return ports.act.stacks.changeEtcd(host, url, { add: etcdPeerUrl(stack, server) }, options)
    if (move.kind === 'start') {
      const among = members.map((one) => ({ name: one === move.member ? server.name : one.name, peerUrl: one.peerUrl }))
      await ports.act.stacks.put(addressOf(facts, server.name), facts.declared.id, [etcdFile(stack, server, among)], options)
      await ports.act.stacks.unit(addressOf(facts, server.name), unit, 'start', options)
      while (own(await mustSee(facts, ports.read, signal), facts, server)?.name === '') await pauseUnlessCancelled(lookEveryMs)
      return
    }
    try {
      await ports.act.stacks.changeEtcd(host, url, { promote: move.member!.id }, options)
    } catch (error) {
      // A learner that has not caught up is refused its vote; whether it has caught up is asked by asking again.
      if (!isFault(error) || !/in sync with leader/.test(String(error.facts.because))) throw error
      await pauseUnlessCancelled(lookEveryMs)
    }
  }

  /** Whether etcd has to be restarted: how a cluster was founded it reads from its data. */
  async function putFile(facts: BuildFacts, ports: ActPorts, file: StackFile, server: string, signal: AbortSignal): Promise<boolean> {
    const host = addressOf(facts, server)
    const there = await ports.read.stacks.text(host, facts.declared.id, file.path, { timeoutMs: lookTimeoutMs, signal })
    const isAgain = wasThere(facts, server, 'etcd') ? {} : ({ isAgain: true } as const)
    await ports.act.stacks.put(host, facts.declared.id, [file], { timeoutMs: actTimeoutMs, signal, ...isAgain })
    const read = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('ETCD_INITIAL_CLUSTER'))
    return there === null || read(there).join('\n') !== read(file.text).join('\n')
  }

  async function untilHealthy(facts: BuildFacts, ports: ActPorts, servers: string[] | null, { signal, pauseUnlessCancelled }: RunContext) {
    for (;;) {
      const ill = illOf(facts, (await etcdNow(facts, ports.read, signal)) ?? []).filter((name) => servers?.includes(name) ?? true)
      if (ill.length === 0) return
      if (signal.aborted) throw new Fault('shell.timeout', { because: `etcd is not healthy on ${ill.join(', ')}.` })
      await pauseUnlessCancelled(lookEveryMs)
    }
  }

  /** A member that was one before stays, and runs on; its earlier file says the same to it. */
  async function undo(facts: BuildFacts, one: Before[number], ports: ActPorts, signal: AbortSignal): Promise<void> {
    const stack = stackIn(facts)
    const server = serverNamed(facts, one.server)
    const host = addressOf(facts, one.server)
    const options = { timeoutMs: actTimeoutMs, signal }
    const members = await mustSee(facts, ports.read, signal)
    const member = own(members, facts, server)
    const isOurs = one.isBare || one.memberId === ''
    if (member !== undefined && member.id !== one.memberId) {
      const why = whyNotMove(members, { kind: 'remove', name: one.server, member })
      if (why !== null) throw new Fault('shell.failed', { because: why, isOver: true })
      const { host: by, url } = etcdDoor(facts, members, member.peerUrl)
      await ports.act.stacks.changeEtcd(by, url, { remove: member.id }, options)
    }
    if (isOurs) await ports.act.stacks.unit(host, unit, 'stop', { timeoutMs: stopTimeoutMs, signal })
    if (one.files.length > 0) {
      const file = etcdFile(stack, server)
      const what = { files: [file] }
      const seen = await ports.read.stacks.look(host, facts.declared.id, what, { timeoutMs: lookTimeoutMs, signal })
      // The file of a member that was joining is one that only its own moment could tell.
      if (isOurs && seen.files[0]?.state === 'other' && (await isJoining(facts, ports, server, signal)))
        await ports.act.stacks.put(host, facts.declared.id, [file], { ...options, isAgain: true })
      await takeBackWritten(ports, host, facts.declared.id, [file], one.files, options)
    }
    if (isOurs) await ports.act.stacks.clear(host, etcdDirectoryOf(stack), options)
  }

  async function isJoining(facts: BuildFacts, ports: ActPorts, server: StackServer, signal: AbortSignal): Promise<boolean> {
    const { path } = etcdFile(stackIn(facts), server)
    const text = await ports.read.stacks.text(addressOf(facts, server.name), facts.declared.id, path, { timeoutMs: lookTimeoutMs, signal })
    return (
      text?.includes(`ETCD_INITIAL_CLUSTER_TOKEN=${stackIn(facts).cluster}\n`) === true &&
      text.includes('ETCD_INITIAL_CLUSTER_STATE=existing')
    )
  }
}
