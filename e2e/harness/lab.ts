import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Fleet, herd, standardEnvironments, standardGroups, standardPeople } from '@/lib/playground/fleet/fleet'
import { Lab } from '@/lib/playground/lab/lab'
import { postgresMajor } from '@/lib/playground/machine/machine'

/**
 * A fleet for one test, from its topologies: `testFleet({ orders: 'a > b > c', billing: 'b > a' })` has the hosts a, b
 * and c in the environment dev, and two herds named like their clusters, on ports from 5432. `people: true` adds a directory, `names: true` name servers.
 */
export function testFleet(
  topologies: Record<string, string>,
  options: {
    people?: boolean
    names?: boolean
    volumes?: Record<string, Fleet['hosts'][number]['volumes']>
    idleHosts?: string[]
    poolers?: Fleet['poolers']
  } = {},
): Fleet {
  const major = postgresMajor()
  const herds = Object.entries(topologies).map(([name, topology], index) => herd(major, 'dev', name, 5432 + index, topology, name))
  const names = [...new Set([...herds.flatMap((one) => one.members.map((member) => member.host)), ...(options.idleHosts ?? [])])]
  return {
    name: 'test',
    postgresMajor: major,
    environments: standardEnvironments,
    hosts: names.map((name, index) => ({
      name,
      address: `198.18.9.${index + 11}`,
      environment: 'dev',
      site: index % 2 === 0 ? 'ams' : 'fra',
      tags: [],
      ...(options.volumes?.[name] ? { volumes: options.volumes[name] } : {}),
    })),
    herds,
    strays: [],
    ...(options.poolers ? { poolers: options.poolers } : {}),
    groups: options.people ? standardGroups : [],
    people: options.people ? standardPeople : [],
    hasNames: options.names ?? false,
  }
}

/** A running lab in a state folder of its own. `close` ends it and deletes the folder. */
export async function startLab(fleet: Fleet): Promise<{ lab: Lab; close: () => Promise<void> }> {
  const lab = await Lab.open({ stateDir: await mkdtemp(join(tmpdir(), 'matriarch-lab-')) })
  try {
    await lab.up(fleet)
  } catch (cause) {
    await lab.destroy()
    throw cause
  }
  return { lab, close: () => lab.destroy() }
}

/** A lab for the length of `use`, gone afterwards however it ends. */
export async function withLab<T>(fleet: Fleet, use: (lab: Lab) => Promise<T>): Promise<T> {
  const { lab, close } = await startLab(fleet)
  try {
    return await use(lab)
  } finally {
    await close()
  }
}
