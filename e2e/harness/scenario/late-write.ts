import { digestOf, writeScript } from '@/lib/adapters/poolers/file'
import { poolerConfigPath } from '@/lib/playground/services/poolers'
import type { Stand } from './stand'
import type { StepOf } from './words'

const fencedCode = 9
const writeTimeoutMs = 20_000

/**
 * The product’s own script on the pooler’s host, under the token before the one that wrote last. It knows the file as it is now, so nothing but its token
 * can tell that it comes late.
 */
export const writeLate = async (stand: Stand, words: StepOf<'late write'>): Promise<string> => {
  const { lab, host, members } = stand.place
  const [pooler, aim] = [host(words['late write']), host(words['points to'])]
  const read = (file: string) => lab.hosts.mustExec(pooler, ['cat', file], { timeoutMs: writeTimeoutMs })
  const [held, herd] = lastWriterOf(await read(`${poolerConfigPath}.fence`))
  const text = await read(poolerConfigPath)
  const addresses = members(stand.place.plain(stand.place.herd().name)).map((member) => lab.host(host(member)).address)
  const late = addresses.reduce((so, address) => so.replaceAll(`host=${address} `, `host=${lab.host(aim).address} `), text)
  const argv = ['sh', '-c', writeScript, 'sh', poolerConfigPath, String(held - 1), digestOf(text), 'write', herd]
  const { code, stdout, stderr } = await lab.hosts.exec(pooler, argv, { input: late, timeoutMs: writeTimeoutMs })
  if (code !== 0 && code !== fencedCode) throw new Error(`The file could not be written: ${stderr.trim() || `exit code ${code}`}`)
  stand.lateWrite = code === 0 ? 'accepted' : 'rejected'
  return code === 0 ? 'accepted' : `rejected: token ${stdout.trim()} wrote it, this one is ${held - 1}`
}

/** The highest token, and the herd whose lines it wrote; '' for the whole file. */
const lastWriterOf = (fences: string): [number, string] => {
  const writers = fences
    .trim()
    .split('\n')
    .map((line): [number, string] => [Number(line.split(' ')[0]), line.split(' ')[1] ?? ''])
  return writers.reduce((last, one) => (one[0] > last[0] ? one : last))
}
