import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { LabError } from '../machine/error'
import { commandEnvironment } from '../machine/programs.mjs'
import type { Lab } from './lab'
import { table } from './view'

export const cloudHelp = `cloud                              list the machines of the playground's cloud, and what was done to it
  cloud capacity off|on TYPE ZONE    no machine of that type can be had in the zone, or again
  cloud price TYPE ZONE FACTOR       move its spot price; 1 for its own
  cloud throttle REQUESTS            refuse so many requests as too many
  cloud deny|allow ACTION            take a right from the account's keys (ec2:StopInstances), or give it back
  cloud lose                         lose the answer to the next request, after it was done
  cloud market MACHINE spot|on-demand  count a machine as spot, which EC2 itself decides when it is launched, or as on-demand
  cloud evict MACHINE [SECONDS]      AWS takes a spot machine back, after a notice of so many seconds (120; 0: without one)
  cloud rebalance MACHINE            AWS recommends to move off a spot machine, since its risk has risen
  cloud withdraw MACHINE             what AWS said of a spot machine holds no longer
  cloud aws -- ARGS                  run Debian's awscli on it: cloud aws -- ec2 describe-instances`

/** Not another one on the path. */
const debiansAws = '/usr/bin/aws'

interface Reach {
  endpoint: string
  region: string
  accessKeyId: string
  secretAccessKey: string
}
interface Answer {
  rows?: string[][]
  text?: string
  fault?: string
  aws?: Reach
}

/** The socket that the starter of the playground listens on. */
export const cloudSocket = (lab: Lab): string => lab.layout.run('cloud')

/** Throws a `LabError` with what the cloud has against the words. */
export const askCloud = async (lab: Lab, words: readonly string[]): Promise<Answer> => {
  const answer = await sent(cloudSocket(lab), words)
  if (answer.fault !== undefined) throw new LabError(answer.fault, { hint: 'npm run lab -- --help' })
  return answer
}

const sent = (socketPath: string, words: readonly string[]): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const socket = connect(socketPath)
    let text = ''
    socket.on('error', () =>
      reject(new LabError('The cloud of this playground is not up.', { hint: 'npm start brings it up; npm run lab -- up does not.' })),
    )
    socket.on('data', (piece: Buffer) => {
      text += piece.toString()
    })
    socket.on('end', () => (text === '' ? reject(new LabError('The cloud gave no answer.')) : resolve(JSON.parse(text) as Answer)))
    socket.write(`${JSON.stringify(words)}\n`)
  })

/** The exit code. `command`: what awscli is asked. */
export const cloudVerb = async (lab: Lab, words: readonly string[], command: readonly string[]): Promise<number> => {
  const { rows, text, aws } = await askCloud(lab, words)
  if (aws !== undefined) return awscli(aws, command)
  if (rows !== undefined) console.log(`${table(rows)}\n`)
  console.log(text)
  return 0
}

const awscli = (reach: Reach, args: readonly string[]): Promise<number> => {
  const env = {
    ...commandEnvironment(),
    AWS_ACCESS_KEY_ID: reach.accessKeyId,
    AWS_SECRET_ACCESS_KEY: reach.secretAccessKey,
    AWS_DEFAULT_REGION: reach.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
  }
  return new Promise((done, fail) => {
    const child = spawn(debiansAws, ['--endpoint-url', reach.endpoint, ...args], { stdio: 'inherit', env })
    child.on('error', () => fail(new LabError('awscli is not installed.', { hint: 'apt-get install awscli' })))
    child.on('close', (code) => done(code ?? 1))
  })
}
