import { type ClientRequest, request as overHttp } from 'node:http'
import { request as overHttps } from 'node:https'
import type { Answer } from '@/lib/ports/messages'
import { type Allowed, type CheckedAddress, isLoopback, RefusedAddress } from './allowed'

export interface PostOptions {
  allowed: Allowed
  /** PEM, besides those that Node trusts; undefined: none. */
  ca: readonly string[] | undefined
}

/** Of an answer, so much is read and shown. */
const answerBytesMax = 2_000
const answerShownMax = 200

const refused = (words: string): Answer => ({ isTaken: false, words })

/** What a destination sent as a person may see it: one line, without control characters. */
const shown = (text: string): string => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
  const line = text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ').trim()
  return line.length > answerShownMax ? `${line.slice(0, answerShownMax)}…` : line
}

const wordsOf = (status: number, text: string): string => {
  if (status >= 300 && status < 400) return `Answered ${status}: redirects are not followed. Give the address that it redirects to.`
  return `Answered ${status}${text === '' ? '' : `: ${shown(text)}`}`
}

/** Connects to what was checked, whatever the name resolves to by then; the certificate is still the name’s. */
const pinned = (addresses: readonly CheckedAddress[]) => (_host: string, options: { all?: boolean }, done: (...args: never[]) => void) =>
  (done as (...args: unknown[]) => void)(null, ...(options.all ? [addresses] : [addresses[0]!.address, addresses[0]!.family]))

const isAllowedScheme = (url: URL, addresses: readonly CheckedAddress[]): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && addresses.every(isLoopback))

/** Posts JSON once. Redirects are not followed; only https, and http to a loopback that is allowed. Never throws. */
export const post = async (
  { allowed, ca }: PostOptions,
  address: string,
  given: { body: string; headers: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<Answer> => {
  if (!URL.canParse(address)) return refused('The address is not a URL.')
  const url = new URL(address)
  if (url.username !== '' || url.password !== '') return refused('The address holds a user name or a password, which is not allowed.')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  try {
    const addresses = await within(allowed.resolve(host), signal)
    if (!isAllowedScheme(url, addresses)) return refused('Messages go over https only.')
    const { status, text } = await exchange(url, addresses, given, ca, signal)
    return { isTaken: status >= 200 && status < 300, words: wordsOf(status, text) }
  } catch (error) {
    if (error instanceof RefusedAddress) return refused(error.message)
    if (signal.aborted) return refused('It did not answer in time; whether the message arrived is not known.')
    return refused(`It cannot be reached: ${shown((error as Error).message)}`)
  }
}

const within = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = () => reject(new Error('aborted'))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })

const exchange = (
  url: URL,
  addresses: readonly CheckedAddress[],
  { body, headers }: { body: string; headers: Readonly<Record<string, string>> },
  ca: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      agent: false,
      signal,
      lookup: pinned(addresses) as never,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'user-agent': 'matriarch', ...headers },
    } as const
    const request: ClientRequest =
      url.protocol === 'https:' ? overHttps(url, { ...options, ...(ca && { ca: [...ca] }) }) : overHttp(url, options)
    request.once('error', reject)
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      let size = 0
      const end = () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
        request.destroy()
      }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk.subarray(0, answerBytesMax - size))
        size += chunk.length
        if (size >= answerBytesMax) end()
      })
      response.once('end', end)
      // Its status has come: that its text breaks off changes nothing.
      response.once('error', end)
    })
    request.end(body)
  })
