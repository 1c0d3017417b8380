import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What Debian's awscli answers, not that of another on the path. Rejects as it ends with a refusal; it tries once. */
export const awscli = async (
  { endpoint, region }: { endpoint: string; region: string },
  { accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string },
  args: readonly string[],
): Promise<unknown> => {
  const { stdout } = await run('/usr/bin/aws', ['--endpoint-url', endpoint, '--region', region, '--output', 'json', ...args], {
    env: {
      NODE_ENV: 'test',
      PATH: '/usr/bin:/bin',
      HOME: '/nonexistent',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_MAX_ATTEMPTS: '1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
    },
  })
  return stdout === '' ? null : JSON.parse(stdout)
}

/** AWS's code of a refusal, of the SDK or of awscli. */
export const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no refusal',
    (error: { name: string; stderr?: string }) => /An error occurred \(([\w.]+)\)/.exec(error.stderr ?? '')?.[1] ?? error.name,
  )
