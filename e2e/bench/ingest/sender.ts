import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { hostCount, reportOf, tokenOf } from './fleet'

/**
 * A process of its own: `senders` one-shot agents at a time, each report on a new connection as curl would make it, gzip included. Bodies are made before
 * the clock starts, because agents make theirs on their own machines. Arguments: first pass, passes, senders, seconds, ports.
 */
const [firstPass, passes, senders, seconds, ports] = [
  Number(process.argv[2]),
  Number(process.argv[3]),
  Number(process.argv[4]),
  Number(process.argv[5]),
  process.argv[6]!.split(',').map(Number),
]

const requests: Buffer[] = []
for (let pass = firstPass; pass < firstPass + passes; pass++)
  for (let host = 0; host < hostCount; host++) {
    const body = gzipSync(JSON.stringify(reportOf(host, pass)), { level: 6 })
    const head = `POST /api/v1/agent/reports HTTP/1.1\r\nHost: console\r\nAuthorization: Bearer ${tokenOf(host)}\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nX-Report-Age: 0\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`
    requests.push(Buffer.concat([Buffer.from(head), body]))
  }

const sendOne = (port: number, request: Buffer): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let answer = ''
    socket.once('connect', () => socket.write(request))
    socket.on('data', (data) => {
      answer += data.toString('latin1')
    })
    socket.once('end', () => socket.end())
    socket.once('close', () => resolve(answer))
    socket.once('error', reject)
  })

let next = 0
let sent = 0
const latencies: number[] = []
const refused: string[] = []

const oneSender = async (number: number, until: number): Promise<void> => {
  while (performance.now() < until && next < requests.length) {
    const startedAt = performance.now()
    const answer = await sendOne(ports[number % ports.length]!, requests[next++]!)
    latencies.push(performance.now() - startedAt)
    if (answer.includes('"stored":true')) sent += 1
    else refused.push(answer)
  }
}

process.stdout.write('ready\n')
process.stdin.once('data', async () => {
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: senders }, (_, number) => oneSender(number, startedAt + seconds * 1000)))
  const took = (performance.now() - startedAt) / 1000
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  process.stdout.write(
    `${JSON.stringify({ perSecond: sent / took, sent, refused: refused.length, firstRefusal: refused[0]?.slice(-300) ?? null, p50Ms: at(0.5), p95Ms: at(0.95) })}\n`,
  )
  process.exit(0)
})
