import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { readArgs } from '@/lib/cli/args'
import { exitCodes } from '@/lib/cli/exit-codes'
import { verify } from '@/lib/cli/verify'
import { judgeMove, type MoveVerdict } from '@/lib/domain/proof/certificate'
import { type Certificate, certificateVersion, checkCertificate, keyIdOf } from '@/lib/kernel/ground/certificate'
import type { JsonObject } from '@/lib/kernel/ground/json'
import { goldenDocuments, goldenKeys, resigned, sentencesFile } from './golden'
import { goldenMoves } from './moves'

const key = keyIdOf(goldenKeys().publicKey)
const documents = goldenDocuments()
const certificateIn = (document: string) => (JSON.parse(document) as { certificate: Certificate }).certificate
const folder = mkdtempSync(join(tmpdir(), 'golden-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(documents)(
  'the document $name of version $version is valid still, with the verdict that it was given',
  ({ version, document }) => {
    const { verdict, ...rest } = certificateIn(document)
    expect(rest.version).toBe(version)
    expect(checkCertificate(Buffer.from(document), key)).toMatchObject({ isValid: true, isKnownKey: true, certificate: { verdict } })
  },
)

test('the command line takes every one of them for valid, and tells what it proves', async () => {
  const out: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out.push(String(text))
    return true
  })
  try {
    for (const { version, name, document } of documents) {
      const file = join(folder, 'certificate.json')
      writeFileSync(file, document)
      const { verdict } = certificateIn(document)
      out.length = 0
      expect(await verify(readArgs([file, '--key', key])), `${version} ${name}`).toBe(
        verdict.kind === 'proven' ? exitCodes.done : exitCodes.unproven,
      )
      expect(out.join('')).toContain(`verdict: ${verdict.kind}`)
      expect(out.join('')).toContain(`  ${verdict.because[0]}\n`)
    }
  } finally {
    write.mockRestore()
  }
})

const versions = Array.from({ length: certificateVersion }, (_, index) => index + 1)
const proven = (version: number) => documents.find(({ version: of, name }) => of === version && name === 'failover-planned.json')!.document
const reasonOf = (document: string) => {
  const checked = checkCertificate(Buffer.from(document), key)
  return checked.isValid ? 'valid' : checked.because
}

describe.each(versions)('of version %i', (version) => {
  const document = proven(version)
  const unsound = 'Its verdict does not follow from its evidence.'

  test('a document that was changed after it was signed is refused, and says so', () => {
    const changed = 'It was changed after it was signed.'
    expect(reasonOf(document.replace('"herd":"demo"', '"herd":"shop"'))).toBe(changed)
    expect(reasonOf(document.replace('shut down cleanly', 'shut down kindly'))).toBe(changed)
    expect(reasonOf(document.replace('"kind":"proven"', '"kind":"not-provable"'))).toBe(changed)
    expect(reasonOf(document.replace('"herd"', ' "herd"'))).toBe('It is not written as it was signed: a byte was changed.')
    for (const other of versions.filter((one) => one !== version))
      expect(reasonOf(document.replace(`"version":${version}`, `"version":${other}`))).toBe(changed)
  })

  test('a verdict that does not follow from its evidence is refused, even signed by the right key', () => {
    const verdicts: MoveVerdict[] = [
      { kind: 'not-provable', because: ['No.'] },
      { kind: 'lost', bytes: 1, commits: null, because: ['Yes.'] },
    ]
    for (const verdict of verdicts) expect(reasonOf(resigned(document, (one) => Object.assign(one, { verdict })))).toBe(unsound)
    for (const change of [{ fork: null }, { after: null }, { clocks: [] }, { outcome: 'failed' }])
      expect(reasonOf(resigned(document, ({ evidence }) => Object.assign(evidence as JsonObject, change)))).toBe(unsound)
    const lost = documents.find(({ version: of, name }) => of === version && name === 'failover-canary-commit-gone.json')!.document
    expect(reasonOf(resigned(lost, ({ verdict }) => Object.assign(verdict as JsonObject, { commits: 0 })))).toBe(unsound)
    expect(reasonOf(resigned(document, ({ verdict }) => Object.assign(verdict as JsonObject, { because: 'so' })))).toBe(unsound)
    expect(reasonOf(resigned(document, () => {}))).toBe('valid')
  })
})

test('version 1 is held to its sentences; one of version 2 stays valid when Matriarch says the same in other words', () => {
  const reworded = (document: string) =>
    resigned(document, ({ verdict }) => Object.assign(verdict as JsonObject, { because: ['Nothing is lost.'] }))
  expect(reasonOf(reworded(proven(1)))).toBe('Its verdict does not follow from its evidence.')
  expect(reasonOf(reworded(proven(2)))).toBe('valid')
})

test('a document of a later version is neither valid nor called forged: it is to be verified with that version', async () => {
  const later = resigned(proven(certificateVersion), (one) => Object.assign(one, { version: certificateVersion + 1, more: [] }))
  const signedOtherwise = later.replace('"algorithm":"ed25519"', '"algorithm":"ml-dsa-65"')
  for (const document of [later, signedOtherwise]) {
    expect(checkCertificate(Buffer.from(document), key)).toMatchObject({ isValid: false, isLater: true })
    expect(reasonOf(document)).toContain(`by a later version of Matriarch (certificate version ${certificateVersion + 1};`)
  }
  for (const version of [0, -1, 1.5, '9', 'toString', null]) {
    const odd = resigned(proven(certificateVersion), (one) => Object.assign(one, { version }))
    expect(checkCertificate(Buffer.from(odd), key)).toMatchObject({ isValid: false, isLater: false })
  }
})

test.each(goldenMoves)('$name ends as it always did, and today’s version has a golden document of it', async ({ name, kind, evidence }) => {
  const found = await evidence()
  expect(found && judgeMove(found).kind).toBe(kind)
  const own = documents.filter(({ version }) => version === certificateVersion)
  expect(own.some((one) => one.name === `${name}.json`)).toBe(kind !== null)
  expect(own.some((one) => one.name.startsWith(sentencesFile))).toBe(true)
})
