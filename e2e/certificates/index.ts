import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { certificateVersion, signCertificate } from '@/lib/kernel/ground/certificate'
import { folderOf, goldenKeys, sentenceEvidence, sentencesFile } from './golden'
import { goldenMoves } from './moves'

/** `npm run certificates`: writes the golden documents that the version of today has not yet. Those that are there are never written again. */

const folder = folderOf(certificateVersion)
const issuedAt = new Date().toISOString()
const signed = (evidence: Parameters<typeof signCertificate>[0]) => signCertificate(evidence, issuedAt, goldenKeys()).document

mkdirSync(folder, { recursive: true })
const put = (name: string, text: string) => {
  const file = join(folder, name)
  if (existsSync(file)) return
  writeFileSync(file, text)
  process.stdout.write(`${file}\n`)
}
put(sentencesFile, sentenceEvidence().map(signed).join(''))
for (const { name, evidence } of goldenMoves) {
  const found = await evidence()
  if (found !== null) put(`${name}.json`, signed(found))
}
