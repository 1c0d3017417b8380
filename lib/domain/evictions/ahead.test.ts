import { expect, test } from 'vitest'
import { sayAhead } from './ahead'
import type { Launching } from './launching'
import type { ThreatenedMember } from './recovery'
import type { Restorable } from './restorable'
import { memberOf, primaryOf } from './threatened.fixture'

const primary = primaryOf()
const said = (members: ThreatenedMember[], id = 'a', given: Partial<Parameters<typeof sayAhead>[2] & { launching: Launching }> = {}) =>
  sayAhead({ name: 'shop', manager: 'none', members, launching: given.launching ?? null }, id, {
    measured: null,
    answers: true,
    dataVolumes: [],
    restorable: null,
    ...given,
  })

test('before AWS says anything the page tells who would take over, where, and how long writes would wait', () => {
  const measured = { gapMs: 93, at: '2026-11-24T10:00:00Z' }
  expect(said([primary, memberOf('b')], 'a', { measured })).toBe(
    'About 0.093 s without writes (as measured on 2026-11-24), through b in eu-central-1b, inside the notice. Nothing is lost.',
  )
  expect(said([primary, memberOf('b', { zone: 'eu-central-1a' })])).toMatch(
    /^Less than a second without writes as a rule \(no switchover of this herd was measured yet\), through b in eu-central-1a, the same zone/,
  )
  expect(said([primary, memberOf('b')], 'a', { answers: false })).toMatch(/Somebody has to do it/)
  expect(said([primary, memberOf('b')], 'b')).toBe(
    'No write waits. It leaves the DNS names that standbys share before it goes. No standby is left to take over from the primary.',
  )
})

test('without a successor it says what is lost, and what keeps it', () => {
  expect(said([primary])).toMatch(/^a has no standby\. Nobody takes writes then, and what is on its disk is lost/)
  expect(said([primary])).toContain('Restore the newest backup on another machine: the console knows of none.')
  const restorable = { tool: 'pgBackRest', ageSeconds: 10_800, sizeBytes: 12_582_912_000, archiveSeconds: 60, failing: null }
  const restored = (given: Partial<Restorable> = {}) => said([primary], 'a', { restorable: { ...restorable, ...given } })
  expect(restored()).toBe(
    'a has no standby. Nobody takes writes then, and what is on its disk is lost. Restore the newest backup of pgBackRest on another machine (it ended 3 h ago), about 4 min to copy 11.7 GB and the time to replay WAL. At most about 1 min of writes are lost (archive_timeout), and the segments that wait to be archived. A standby on another machine would take over.',
  )
  expect(restored({ archiveSeconds: 0, sizeBytes: null })).toMatch(
    /\(it ended 3 h ago\)\. What the last WAL segment holds is lost, however old/,
  )
  expect(restored({ archiveSeconds: null })).toMatch(/is not known: its settings were not seen/)
  expect(restored({ failing: { since: '2026-11-25T10:00:00.000Z' } })).toMatch(/Every commit after 2026-11-25 10:00:00 UTC is lost/)
  expect(restored({ failing: { since: null } })).toMatch(/Every commit since that backup began is lost/)
  expect(said([primary], 'a', { restorable, dataVolumes: ['vol-1'] })).not.toContain('Restore')
  expect(said([primary], 'a', { dataVolumes: ['vol-1'] })).toMatch(/until somebody attaches the volume vol-1 to another machine/)
})

test('of a herd that the console launched it says that a clone fits, and how long it takes, or why it does not; and who comes after', () => {
  const launching = { blueprintId: 'blueprint', lastSeconds: 40, sizeBytes: 50 * 1024 * 1024, hasVolume: false }
  expect(said([primary], 'a', { launching })).toBe(
    'A clone fits: a standby is launched and copied, about 41 s of 2 min, and takes over. Then less than a second without writes as a rule (no switchover of this herd was measured yet). Nothing is lost.',
  )
  expect(said([primary], 'a', { launching: { ...launching, lastSeconds: 300 } })).toMatch(
    /a has no standby\. A new standby takes about 5 min 1 s .* in 2 min\./,
  )
  expect(said([primary], 'a', { launching: { ...launching, lastSeconds: 300, hasVolume: true }, dataVolumes: ['vol-1'] })).toBe(
    'No standby can take over. A new standby takes about 5 min 1 s to launch and to copy 50 MB, and AWS takes the machine in 2 min. The volume vol-1 of a moves to a machine that is launched for it in eu-central-1a. Nobody can write from the shutdown until PostgreSQL runs there; nothing that was committed is lost.',
  )
  expect(said([primary, memberOf('b')], 'a', { launching })).toMatch(
    /Nothing is lost\. A new standby is launched in its place afterwards\.$/,
  )
  expect(said([primary, memberOf('b')], 'b', { launching })).toMatch(/A new standby is launched in its place afterwards\.$/)
  expect(said([primary, memberOf('b')], 'b', { launching, answers: false })).not.toContain('launched')
})
