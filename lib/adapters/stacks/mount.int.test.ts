import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isMountedScript, mountScript } from './mount'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'matriarch-mount-'))
  mkdirSync(join(folder, 'dev/disk/by-id'), { recursive: true })
  mkdirSync(join(folder, 'bin'))
  // What needs a kernel that mounts: it is noted, and answered from the notes.
  tool('mount', 'echo "$1" >>"$NOTES"')
  tool('mountpoint', 'grep -qx "$2" "$NOTES" 2>/dev/null')
  tool('chown', 'echo "$*" >>"$NOTES.chown"')
  tool('stat', 'echo "$OWNER"')
  tool('id', 'echo 4712')
  tool('sleep', 'true')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tool = (name: string, body: string) => {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(folder, 'bin', name), 0o755)
}
/** A volume as Nitro shows it, made of a file. */
const attach = (id: string, content = '') => {
  const image = join(folder, `${id}.img`)
  writeFileSync(image, content)
  truncateSync(image, 16 * 1024 * 1024)
  symlinkSync(image, join(folder, `dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${id.replace('-', '')}`))
  return image
}
const run = (script: string, id: string, owner = '0') => {
  const env = {
    NODE_ENV: 'test' as const,
    PATH: `${join(folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`,
    ...{ DEVICES: join(folder, 'dev'), FSTAB: join(folder, 'fstab'), NOTES: join(folder, 'notes'), OWNER: owner },
  }
  const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', id, join(folder, id, 'data')], { env, encoding: 'utf8' })
  return { status, stderr: stderr.trim() }
}
const uuidOf = (image: string) => spawnSync('blkid', ['-p', '-s', 'UUID', '-o', 'value', image], { encoding: 'utf8' }).stdout.trim()
const fstab = () => readFileSync(join(folder, 'fstab'), 'utf8').trim().split('\n')

test('a blank volume is formatted and mounted by its UUID at every boot; done again, what is on it stays', () => {
  writeFileSync(join(folder, 'fstab'), 'UUID=root / ext4 defaults 0 1\n')
  const image = attach('vol-0aaa')
  expect(run(isMountedScript, 'vol-0aaa').status).toBe(1)
  expect(run(mountScript, 'vol-0aaa')).toEqual({ status: 0, stderr: '' })
  const uuid = uuidOf(image)
  const line = `UUID=${uuid} ${join(folder, 'vol-0aaa/data')} ext4 defaults,noatime,nofail 0 2`
  expect(fstab()).toEqual(['UUID=root / ext4 defaults 0 1', line])
  expect(run(isMountedScript, 'vol-0aaa').status).toBe(0)
  expect(run(mountScript, 'vol-0aaa')).toEqual({ status: 0, stderr: '' })
  expect([uuidOf(image), fstab()]).toEqual([uuid, ['UUID=root / ext4 defaults 0 1', line]])
})

test('a volume that holds anything else is left as it is, byte for byte, and one that is not there is told', () => {
  const swap = Buffer.alloc(4096)
  swap.write('SWAPSPACE2', 4086)
  const image = attach('vol-0bbb', swap.toString('latin1'))
  const before = readFileSync(image)
  const { status, stderr } = run(mountScript, 'vol-0bbb')
  expect([status, stderr]).toEqual([1, expect.stringContaining('is left as it is')])
  expect(readFileSync(image).equals(before)).toBe(true)
  expect(existsSync(join(folder, 'vol-0bbb/data'))).toBe(false)
  expect(run(mountScript, 'vol-0ccc').stderr).toBe('the volume vol-0ccc does not show up among the devices')
})

test('what another machine left on a volume under another number of postgres belongs to this one’s, and what belongs to it already is not gone through', () => {
  const notes = join(folder, 'notes.chown')
  const said = (owner: string) => {
    rmSync(notes, { force: true })
    expect(run(mountScript, 'vol-0ddd', owner)).toEqual({ status: 0, stderr: '' })
    return readFileSync(notes, 'utf8').trim().split('\n')
  }
  attach('vol-0ddd')
  const directory = join(folder, 'vol-0ddd/data')
  const own = `postgres:postgres ${directory}`
  expect([said('0'), said('4712')]).toEqual([[own], [own]])
  expect(said('4711')).toEqual([`-hR --from=4711 ${own}`, own])
})
