import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { MoveEvidence } from '@/lib/domain/proof/certificate'
import { doubtfulMoves, lostMoves, provenMove } from '@/lib/domain/proof/certificate.fixture'
import type { CertificateKeys } from '@/lib/kernel/ground/certificate'
import { canonicalJson, type Json, type JsonObject } from '@/lib/kernel/ground/json'
import { projectRoot } from '@/lib/playground/setup.mjs'

/** A key for golden documents alone: everybody has it, so nothing that it signs is believed anywhere. */
export const goldenKeys = (): CertificateKeys => {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 'golden documents')])
  const key = createPrivateKey({ key: pkcs8, type: 'pkcs8', format: 'der' })
  return {
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

export const folderOf = (version: number): string => join(projectRoot, 'e2e/certificates', `v${version}`)

/** What every sentence of a verdict was made from, as one document a line. */
export const sentencesFile = 'sentences.jsonl'

export const sentenceEvidence = (): MoveEvidence[] => [
  provenMove(),
  ...[
    { unloggedTables: 1, logicalSlots: 0 },
    { unloggedTables: 4, logicalSlots: 2 },
    { unloggedTables: null, logicalSlots: null },
  ].map((notInWal) => provenMove({ notInWal, waitedMs: 42_000 })),
  ...[...lostMoves, ...doubtfulMoves].map(([, change]) => provenMove(change)),
]

export interface Golden {
  version: number
  name: string
  document: string
}

/** All that were ever checked in, of every version. */
export const goldenDocuments = (): Golden[] => {
  const found: Golden[] = []
  for (let version = 1; existsSync(folderOf(version)); version += 1)
    for (const file of readdirSync(folderOf(version)).sort()) {
      const lines = readFileSync(join(folderOf(version), file), 'utf8').split(/(?<=\n)/)
      found.push(...lines.map((document, index) => ({ version, name: lines.length > 1 ? `${file} line ${index + 1}` : file, document })))
    }
  return found
}

/** The document with its certificate changed and signed again, as its console would: what only its rules can find. */
export const resigned = (document: string, change: (certificate: JsonObject) => void): string => {
  const { certificate, signature } = JSON.parse(document) as { certificate: JsonObject; signature: JsonObject }
  change(certificate)
  const message = `matriarch certificate v${String(certificate.version)}\n${canonicalJson(certificate)}`
  const value = sign(null, Buffer.from(message), createPrivateKey(goldenKeys().privateKey)).toString('base64')
  return `${canonicalJson({ certificate, signature: { ...signature, value } } as Json)}\n`
}
