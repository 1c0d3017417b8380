import { readFileSync } from 'node:fs'
import { checkCertificate, keyIdOf } from '@/lib/kernel/ground/certificate'
import { type Args, mustBeEmpty, take, UsageError } from './args'
import { exitCodes } from './exit-codes'
import { clean } from './table'

const say = (text: string): void => void process.stdout.write(`${clean(text)}\n`)

/** `matriarch verify FILE --key KEY`: needs no console and no network. */
export const verify = async (args: Args): Promise<number> => {
  const key = take(args, 'key')
  const [file, extra] = args.words
  if (!file || extra) throw new UsageError('Give one file: matriarch verify FILE --key KEY')
  mustBeEmpty(args)
  const checked = checkCertificate(bytesOf(file), key === undefined ? null : keyIdFrom(key))
  if (!checked.isValid) {
    say(`${checked.isLater ? 'NOT VERIFIED' : 'NOT VALID'}: ${checked.because}`)
    return exitCodes.failed
  }
  const { certificate, keyId } = checked
  const { evidence, verdict } = certificate
  say(
    `${evidence.operation} of ${evidence.herd} (${evidence.environment}), ${evidence.oldPrimary} to ${evidence.newPrimary}, issued ${certificate.issuedAt}`,
  )
  say(`verdict: ${verdict.kind}${verdict.kind === 'lost' ? ` (${verdict.bytes ?? 'an unknown number of'} bytes at least)` : ''}`)
  for (const sentence of verdict.because) say(`  ${sentence}`)
  say(`signed by ${keyId}`)
  if (checked.isKnownKey === null)
    say('The owner of that key was not verified, so this proves nothing: give the key of your console, from its settings page, with --key.')
  // A script must not take a valid certificate of a loss for a good one, nor one that a stranger signed.
  return verdict.kind === 'proven' && checked.isKnownKey === true ? exitCodes.done : exitCodes.unproven
}

const bytesOf = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

/** The id itself, or a file that holds the public key in PEM. */
const keyIdFrom = (key: string): string => {
  if (key.startsWith('SHA256:')) return key
  try {
    return keyIdOf(bytesOf(key).toString('utf8'))
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`${key} does not contain a PEM public key.`)
  }
}
