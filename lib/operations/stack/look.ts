import { packagesOf } from '@/lib/domain/stack/files'
import { foundTwice, type StackFinding, type StackFound } from '@/lib/domain/stack/findings'
import type { ReadPorts } from '@/lib/ports'
import { type BuildFacts, type BuildHost, stackIn } from './facts'
import { gatherBuild } from './gather'
import { leads } from './members'

/**
 * Compares the servers of a built cluster with the file that they were built from; what was declared since is no drift. What differs is looked at a second
 * time. Throws `record.missing` where it is not declared any more; a server that does not answer is told.
 */
export const lookForDrift = async (ports: ReadPorts, stackId: string, signal: AbortSignal): Promise<StackFound> => {
  const first = await lookOnce(ports, stackId, signal)
  if (first.because !== null || first.findings.length === 0) return first
  const second = await lookOnce(ports, stackId, signal)
  return { ...second, findings: foundTwice(first.findings, second.findings) }
}

const lookOnce = async (ports: ReadPorts, stackId: string, signal: AbortSignal): Promise<StackFound> => {
  const facts = await gatherBuild(asBuilt(ports), {}, { targetId: stackId, signal })
  const unseen = whyUnseen(facts)
  if (unseen.length > 0) return { findings: [], because: unseen.join(' ') }
  const files = facts.drift.map(({ server, path, lines }): StackFinding => ({ kind: 'file', server, what: path, lines }))
  return { findings: [...files, ...facts.hosts.flatMap((host) => differences(facts, host))], because: null }
}

const asBuilt = (ports: ReadPorts): ReadPorts => ({
  ...ports,
  stacks: {
    ...ports.stacks,
    declared: async (id) => {
      const declared = await ports.stacks.declared(id)
      return { ...declared, file: declared.builtFile ?? declared.file }
    },
  },
})

/** Which server a pooler’s file should name is known by the primary alone. */
const whyUnseen = (facts: BuildFacts): string[] => {
  const silent = facts.hosts.flatMap(({ name, seen, because }) => {
    const why = because ?? seen?.whyNotRoot ?? null
    return why === null ? [] : [`${name}: ${why}`]
  })
  if (facts.problems.length + silent.length > 0) return [...facts.problems, ...silent]
  return facts.cluster?.members.some((one) => leads(one) && one.state === 'running') ? [] : ['Patroni names no running primary.']
}

const differences = (facts: BuildFacts, { name, seen }: BuildHost): StackFinding[] => {
  const stack = stackIn(facts)
  const server = stack.servers.find((one) => one.name === name)!
  const packages = packagesOf(stack, server)
    .filter(({ program }) => !seen!.programs.includes(program))
    .map((one): StackFinding => ({ kind: 'package', server: name, what: one.name, lines: ['+ the package is not installed'] }))
  const units = seen!.units.flatMap((unit): StackFinding[] => {
    const lines = [...(unit.isActive ? [] : ['+ it does not run']), ...(unit.isEnabled ? [] : ['+ it does not start with its host'])]
    return lines.length === 0 ? [] : [{ kind: 'unit', server: name, what: unit.name, lines }]
  })
  return [...packages, ...units]
}
