import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { FleetHost } from '../fleet/fleet'
import { LabError } from '../machine/error'
import type { Layout } from '../machine/layout'
import type { Machine } from '../machine/machine'
import { mustRun, type ProcessMark, runCommand } from '../machine/processes'
import { commandEnvironment } from '../machine/programs.mjs'
import type { Hosts } from './hosts'

export type VolumeName = 'data' | 'wal'

function volumesOf(host: FleetHost, major: number): { volume: VolumeName; mountpoint: string; sizeMiB: number }[] {
  const { dataMiB, walMiB } = host.volumes ?? {}
  return [
    ...(dataMiB ? [{ volume: 'data' as const, mountpoint: `/var/lib/postgresql/${major}`, sizeMiB: dataMiB }] : []),
    ...(walMiB ? [{ volume: 'wal' as const, mountpoint: '/var/lib/postgresql/wal', sizeMiB: walMiB }] : []),
  ]
}

/**
 * Small volumes of a host. Where loop devices can be mounted each is an ext4 image and behaves like a disk. Elsewhere (a
 * plain user's lab, most containers) it is memory that `down` saves: then a crash of the whole lab loses what is on it.
 * A host that exists keeps the volumes it was made with: a new one would hide what lies below it.
 */
export async function prepareVolumes(layout: Layout, machine: Machine, host: FleetHost, major: number): Promise<void> {
  const table = layout.host(host.name, 'volumes/table')
  if (existsSync(table)) return
  const lines: string[] = []
  for (const { volume, mountpoint, sizeMiB } of volumesOf(host, major)) {
    const image = layout.host(host.name, 'volumes', `${volume}.img`)
    const folder = layout.host(host.name, 'volumes', volume)
    const inside = layout.host(host.name, mountpoint)
    lines.push(`${volume} ${mountpoint} ${sizeMiB}`)
    mkdirSync(inside, { recursive: true })
    if (!machine.isRootless) await makeImage(machine, image, inside, sizeMiB)
    if (!machine.isRootless) chownSync(inside, machine.postgres.uid, machine.postgres.gid)
    mkdirSync(folder, { recursive: true })
  }
  writeFileSync(table, lines.map((line) => `${line}\n`).join(''))
}

async function makeImage(machine: Machine, image: string, trialMountpoint: string, sizeMiB: number): Promise<void> {
  const { uid, gid } = machine.postgres
  const env = commandEnvironment()
  await mustRun(['truncate', '-s', `${sizeMiB}M`, image])
  const make = ['mkfs.ext4', '-q', '-F', '-m', '0', '-E', `root_owner=${uid}:${gid}`, image]
  const trial = ['unshare', '--mount', '--propagation', 'private', 'mount', '-o', 'loop', image, trialMountpoint]
  const works = (await runCommand(make, { env })).code === 0 && (await runCommand(trial, { env })).code === 0
  if (!works) rmSync(image)
}

/** Saves the volumes that live in memory. Call it when the hosts are off and the lab still runs. */
export async function saveMemoryVolumes(layout: Layout, supervisor: ProcessMark, host: FleetHost, major: number): Promise<void> {
  for (const { volume } of volumesOf(host, major)) {
    const folder = layout.host(host.name, 'volumes', volume)
    if (existsSync(`${folder}.img`)) continue
    await mustRun(['rm', '-rf', `${folder}.new`])
    await mustRun(['cp', '-a', `/proc/${supervisor.pid}/root${folder}`, `${folder}.new`], { timeoutMs: 120_000 })
    await mustRun(['rm', '-rf', `${folder}.saved`])
    await mustRun(['mv', `${folder}.new`, `${folder}.saved`])
  }
}

/** Writes to a volume until it is full. Returns the MiB that took. `unfill` gives them back. */
export async function fillVolume(hosts: Hosts, host: FleetHost, major: number, name: VolumeName): Promise<number> {
  const filler = fillerPath(host, major, name)
  await hosts.exec(host.name, ['dd', 'if=/dev/zero', `of=${filler}`, 'bs=64k', 'status=none', 'conv=notrunc', 'oflag=append'], {
    timeoutMs: 120_000,
  })
  // dd stops at the first block that does not fit whole; single bytes take the rest.
  await hosts.exec(host.name, ['dd', 'if=/dev/zero', `of=${filler}`, 'bs=512', 'status=none', 'conv=notrunc', 'oflag=append'], {
    timeoutMs: 120_000,
  })
  return Math.round(Number(await hosts.mustExec(host.name, ['stat', '-c', '%s', filler])) / 2 ** 20)
}

export async function unfillVolume(hosts: Hosts, host: FleetHost, major: number, name: VolumeName): Promise<void> {
  await hosts.mustExec(host.name, ['rm', '-f', fillerPath(host, major, name)])
}

function fillerPath(host: FleetHost, major: number, name: VolumeName): string {
  const found = volumesOf(host, major).find(({ volume }) => volume === name)
  if (!found)
    throw new LabError(`${host.name} has no small volume for ${name}; filling the machine's own disk is out of the question.`, {
      hint: `Give the host volumes: { ${name}MiB: 128 } in the fleet.`,
    })
  return `${found.mountpoint}/.filler`
}
