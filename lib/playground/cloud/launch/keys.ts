import { createHash } from 'node:crypto'
import { type Action, type Change, change, tagsOf, tagValues } from '../action'
import { CloudFault } from '../fault'
import { filtered } from '../params'
import { type CloudState, newId } from '../state'
import type { KeyPair } from './kept'

const keyOf = (region: string, name: string): string => `${region} ${name}`

export const mustHaveKey = (state: CloudState, region: string, name: string): KeyPair => {
  const found = state.keyPairs.get(keyOf(region, name))
  if (found === undefined) throw new CloudFault('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`)
  return found
}

const shown = ({ id, name, publicKey, tags }: KeyPair) => ({
  keyPairId: id,
  keyName: name,
  keyType: publicKey.startsWith('ssh-ed25519') ? 'ed25519' : 'rsa',
  keyFingerprint: createHash('sha256').update(publicKey).digest('base64'),
  tagSet: { item: Object.entries(tags).map(([key, value]) => ({ key, value })) },
})

const describeKeyPairs: Action = (state, region, params) => {
  const names = params.list('KeyName')
  const all = names.length > 0 ? names.map((name) => mustHaveKey(state, region, name)) : [...state.keyPairs.values()]
  const found = filtered(
    params,
    all.filter((one) => one.region === region),
    (one, filter) => (filter === 'key-name' ? [one.name] : tagValues(one.tags, filter)),
  )
  return { keySet: { item: found.map(shown) } }
}

const importKeyPair = change(
  (state, region, params) => {
    const name = params.must('KeyName')
    const publicKey = Buffer.from(params.must('PublicKeyMaterial'), 'base64').toString('utf8').trim()
    if (!/^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+/.test(publicKey))
      throw new CloudFault('InvalidKey.Format', 'Key is not in valid OpenSSH public key format')
    if (state.keyPairs.has(keyOf(region, name))) throw new CloudFault('InvalidKeyPair.Duplicate', `The keypair already exists`)
    return { name, publicKey, tags: tagsOf(params, 'key-pair') }
  },
  (state, { name, publicKey, tags }, region) => {
    const made: KeyPair = { id: newId('key'), region, name, publicKey, tags }
    state.keyPairs.set(keyOf(region, name), made)
    return shown(made)
  },
)

/** As EC2: one that is not there is deleted as well. */
const deleteKeyPair = change(
  (_state, _region, params) => params.must('KeyName'),
  (state, name, region) => {
    state.keyPairs.delete(keyOf(region, name))
    return { return: true }
  },
)

export const keyReads: Readonly<Record<string, Action>> = { DescribeKeyPairs: describeKeyPairs }
export const keyChanges: Readonly<Record<string, Change>> = { ImportKeyPair: importKeyPair, DeleteKeyPair: deleteKeyPair }
