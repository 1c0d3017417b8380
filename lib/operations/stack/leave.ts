import { nextEtcdMove, tellMove } from '@/lib/domain/stack/etcd-moves'
import { certificateFiles, partFiles, unitOf } from '@/lib/domain/stack/files'
import { leavingTags, patroniConfigPath, patroniFile } from '@/lib/domain/stack/patroni-file'
import { dataDirectoryOf, etcdDirectoryOf, serversWith } from '@/lib/domain/stack/stack'
import type { StackFile } from '@/lib/domain/stack/stack-file'
import { Fault } from '@/lib/kernel/ground/errors'
import type { Effect } from '@/lib/kernel/operation/operation'
import type { ReadPorts } from '@/lib/ports'
import { readyWith } from './begun'
import { etcdDoor, etcdForecast, etcdNow, etcdWanted, quorumLookEveryMs, quorumLooks } from './etcd-now'
import { addressOf, type BuildFacts, type BuildLeaver, builtIn, leaversOf, lookTimeoutMs, stackIn } from './facts'
import { clusterNow, isGood, leads } from './members'
import { type FilesBefore, filesToWrite, takeBackWritten } from './written'

const actTimeoutMs = 60_000
const stopTimeoutMs = 660_000
const lookEveryMs = 500

const standsIn = (facts: BuildFacts, name: string): boolean => serversWith(stackIn(facts), 'postgres').some((one) => one.name === name)
const whyLeads = (names: readonly string[]): string =>
  `${names.join(', ')} is primary. Switch over to a member that stays, then build again.`

/** What a server that leaves a part holds of it. */
const leftovers = (facts: BuildFacts, { name, parts }: BuildLeaver) => {
  const before = builtIn(facts)
  const server = before.servers.find((one) => one.name === name)!
  const stays = stackIn(facts).servers.find((one) => one.name === name)
  const kept = stays === undefined ? [] : certificateFiles(stays).map(({ path }) => path)
  const files = [
    ...parts.flatMap((part) => partFiles(before, server, part, serversWith(before, 'postgres')[0]!)),
    ...certificateFiles(server),
  ]
  return {
    units: parts.map((part) => unitOf[part]),
    files: files.filter(({ path }) => !kept.includes(path)),
    directories: [
      ...(parts.includes('etcd') ? [etcdDirectoryOf(before)] : []),
      ...(parts.includes('postgres') ? [dataDirectoryOf(before)] : []),
    ],
  }
}

/** Before a member stops nobody waits for it: no commit, no read, no failover. */
export const drainMembers = (): Effect<BuildFacts, { server: string; files: FilesBefore }[], null> => {
  const fileOf = (facts: BuildFacts, name: string): StackFile => {
    const before = builtIn(facts)
    return patroniFile(before, before.servers.find((one) => one.name === name)!, leavingTags)
  }
  const undrained = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<{ server: string; files: FilesBefore }[]> => {
    const all = await Promise.all(
      leaversOf(facts, 'postgres').map(async ({ name }) => {
        const what = { files: [fileOf(facts, name)], units: [unitOf.postgres] }
        const seen = await ports.stacks.look(addressOf(facts, name), facts.declared.id, what, { timeoutMs: lookTimeoutMs, signal })
        const isOver = !seen.units[0]?.isActive || seen.files[0]?.state === 'same'
        return isOver ? [] : [{ server: name, files: filesToWrite(seen) }]
      }),
    )
    return all.flat()
  }
  /** null: commits wait for none that leaves, and where they wait, for one that stays. */
  const whyAwaited = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<string | null> => {
    const members = (await clusterNow(facts, ports, signal))?.members ?? []
    const synchronous = members.filter(({ role }) => role === 'sync_standby')
    if (synchronous.some(({ name }) => !standsIn(facts, name))) return 'Commits wait for a member that leaves.'
    const isAsked = stackIn(facts).postgres.synchronous !== 'off'
    return isAsked && synchronous.length === 0 ? 'Patroni names no synchronous standby yet.' : null
  }
  return {
    title: 'Drain members that leave',
    preview: (facts) => {
      const names = leaversOf(facts, 'postgres').map(({ name }) => name)
      return {
        sentence: `Tag ${names.join(', ')} so that Patroni never promotes it, commits wait for another standby, and proxies send it no reads. Wait until commits wait for a member that stays.`,
        commands: names.flatMap((name) => [
          `${name}: change ${patroniConfigPath}\n${Object.keys(leavingTags)
            .map((tag) => `+ tags.${tag}: true`)
            .join('\n')}`,
          `${name}: systemctl reload patroni`,
        ]),
      }
    },
    check: async (facts, ports, context) => {
      const { signal } = context
      const leading = ((await clusterNow(facts, ports, signal))?.members ?? []).filter((one) => leads(one) && !standsIn(facts, one.name))
      if (leading.length > 0) return { found: 'blocked', because: whyLeads(leading.map(({ name }) => name)) }
      const before = await undrained(facts, ports, signal)
      if (before.length > 0) return readyWith(before, context)
      return (await whyAwaited(facts, ports, signal)) === null ? { found: 'done', output: null } : readyWith([], context)
    },
    run: async (facts, _before, ports, { signal, pauseUnlessCancelled }) => {
      const options = { timeoutMs: actTimeoutMs, signal }
      for (const { server } of await undrained(facts, ports.read, signal)) {
        const host = addressOf(facts, server)
        await ports.act.stacks.put(host, facts.declared.id, [fileOf(facts, server)], options)
        await ports.act.stacks.unit(host, unitOf.postgres, 'reload', options)
      }
      for (;;) {
        const why = await whyAwaited(facts, ports.read, signal)
        if (why === null) return
        if (signal.aborted) throw new Fault('shell.timeout', { because: why })
        await pauseUnlessCancelled(lookEveryMs)
      }
    },
    timeoutMs: 120_000,
    canInterrupt: true,
    ending: {
      undo: async (facts, before, _output, ports, { signal }) => {
        const options = { timeoutMs: actTimeoutMs, signal }
        for (const { server, files } of before) {
          const host = addressOf(facts, server)
          await takeBackWritten(ports, host, facts.declared.id, [fileOf(facts, server)], files, options)
          await ports.act.stacks.unit(host, unitOf.postgres, 'reload', options)
        }
      },
      sentence: 'Remove the tags.',
    },
  }
}

/** Only on the hosts that leave, and only what a build put there. */
export const removeParts = (): Effect<BuildFacts, string[], null> => {
  const left = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal): Promise<string[]> => {
    const all = await Promise.all(
      leaversOf(facts).map(async (leaver) => {
        const seen = await ports.stacks.look(addressOf(facts, leaver.name), facts.declared.id, leftovers(facts, leaver), {
          timeoutMs: lookTimeoutMs,
          signal,
        })
        return [
          ...seen.units.filter(({ isActive, isEnabled }) => isActive || isEnabled).map(({ name }) => name),
          ...seen.files.filter(({ state }) => state !== 'absent').map(({ path }) => path),
          ...seen.directories.filter(({ state }) => state !== 'absent').map(({ path }) => path),
        ].map((one) => `${leaver.name}: ${one}`)
      }),
    )
    return all.flat()
  }
  const nextMove = async (facts: BuildFacts, ports: ReadPorts, signal: AbortSignal) => {
    const members = await etcdNow(facts, ports, signal)
    if (members === null) return { refused: 'No member of etcd answers.' }
    const move = nextEtcdMove(members, await etcdWanted(facts, ports, signal), 'leave')
    return move === null || 'refused' in move ? move : { move, members }
  }
  return {
    title: 'Remove what is no longer declared',
    preview: (facts) => ({
      sentence:
        'Remove members of etcd one at a time with a quorum before and after, then stop the daemons, and delete their files and data on the hosts that leave. Packages stay installed.',
      commands: [
        ...etcdForecast(facts).leave.map(tellMove),
        ...leaversOf(facts).flatMap((leaver) => {
          const { units, files, directories } = leftovers(facts, leaver)
          return [
            ...units.map((unit) => `${leaver.name}: systemctl stop ${unit}; systemctl disable ${unit}`),
            `${leaver.name}: rm ${files.map(({ path }) => path).join(' ')}`,
            ...directories.map((path) => `${leaver.name}: rm -r ${path}`),
          ]
        }),
      ],
    }),
    check: async (facts, ports, context) => {
      const next = await nextMove(facts, ports, context.signal)
      if (next !== null && 'refused' in next) return { found: 'blocked', because: next.refused }
      const remaining = [...(next === null ? [] : [tellMove(next.move)]), ...(await left(facts, ports, context.signal))]
      return remaining.length === 0 ? { found: 'done', output: null } : readyWith(remaining, context)
    },
    run: async (facts, _before, ports, { signal, note, pause }) => {
      const { members = [] } = (await clusterNow(facts, ports.read, signal)) ?? {}
      const leading = members.filter((one) => leads(one) && !standsIn(facts, one.name))
      if (leading.length > 0) throw new Fault('step.blocked', { because: whyLeads(leading.map(({ name }) => name)), isOver: true })
      if (leaversOf(facts, 'postgres').length > 0 && !members.some((one) => leads(one) && isGood(one)))
        throw new Fault('step.blocked', { because: 'Patroni has no leader that runs.', isOver: true })
      const options = { timeoutMs: actTimeoutMs, signal }
      for (let looks = 0; ; ) {
        const next = await nextMove(facts, ports.read, signal)
        if (next === null) break
        if ('refused' in next) {
          if (looks++ >= quorumLooks) throw new Fault('step.blocked', { because: next.refused, isOver: true })
          await pause(quorumLookEveryMs)
          continue
        }
        looks = 0
        note('command', tellMove(next.move))
        const { host, url } = etcdDoor(facts, next.members, next.move.member!.peerUrl)
        await ports.act.stacks.changeEtcd(host, url, { remove: next.move.member!.id }, options)
      }
      for (const leaver of leaversOf(facts)) {
        const host = addressOf(facts, leaver.name)
        const { units, files, directories } = leftovers(facts, leaver)
        for (const unit of units) await ports.act.stacks.unit(host, unit, 'stop', { timeoutMs: stopTimeoutMs, signal })
        for (const path of directories) await ports.act.stacks.clear(host, path, options)
        await ports.act.stacks.remove(
          host,
          files.map(({ path }) => path),
          options,
        )
      }
    },
    timeoutMs: stopTimeoutMs * 2,
    ending: { final: 'Data of the members that left is deleted: to take one back, add it again.' },
  }
}

/** Something of an earlier build is no longer declared. */
export const isLeft = (part?: 'postgres') => (facts: BuildFacts) =>
  part === undefined ? facts.leaving.length > 0 : leaversOf(facts, part).length > 0
