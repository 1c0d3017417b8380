import { EC2Client } from '@aws-sdk/client-ec2'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import type { CloudSettings } from '@/lib/ports/machines'

/** Each try; the SDK tries again what was throttled, slower each time. */
const attemptsMax = 5
const sessionSeconds = 3600
/** A session is asked for anew this long before it ends. */
const sessionSpareMs = 5 * 60_000
/** Where credentials are judged; every region answers the same. */
const homeRegion = 'us-east-1'
const sessionName = 'matriarch'

export interface Clients {
  ec2: (account: CloudSettings, region: string) => EC2Client
  sts: (account: CloudSettings) => STSClient
  close: () => void
}

interface Session {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
  expiration: Date
}

/**
 * One client for an account in a region, kept: what it learned of the account's limits (adaptive retry) and its warm connections stay. New settings make a
 * new client.
 */
export const makeClients = (): Clients => {
  const kept = new Map<string, { settings: string; client: EC2Client | STSClient }>()
  const of = <Client extends EC2Client | STSClient>(name: string, account: CloudSettings, make: () => Client): Client => {
    const key = `${account.id} ${name}`
    const settings = JSON.stringify(account)
    const held = kept.get(key)
    if (held?.settings === settings) return held.client as Client
    held?.client.destroy()
    const client = make()
    kept.set(key, { settings, client })
    return client
  }
  const common = (account: CloudSettings, region: string) => ({
    region,
    ...(account.endpoint === null ? {} : { endpoint: account.endpoint }),
    maxAttempts: attemptsMax,
    retryMode: 'adaptive',
  })
  const asGiven = (account: CloudSettings): STSClient =>
    of(
      'sts given',
      account,
      () => new STSClient({ ...common(account, homeRegion), ...(account.credentials && { credentials: account.credentials }) }),
    )
  const credentials = (account: CloudSettings) => {
    if (account.role === null) return account.credentials === null ? {} : { credentials: account.credentials }
    return { credentials: sessionOf(asGiven(account), account.role) }
  }
  return {
    ec2: (account, region) => of(`ec2 ${region}`, account, () => new EC2Client({ ...common(account, region), ...credentials(account) })),
    sts: (account) => of('sts', account, () => new STSClient({ ...common(account, homeRegion), ...credentials(account) })),
    close: () => {
      for (const { client } of kept.values()) client.destroy()
      kept.clear()
    },
  }
}

/** The role's session, asked for when it is needed and again before it ends. */
const sessionOf = (sts: STSClient, { arn, externalId }: NonNullable<CloudSettings['role']>): (() => Promise<Session>) => {
  let current: Promise<Session> | null = null
  const assume = async (): Promise<Session> => {
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: arn,
        RoleSessionName: sessionName,
        DurationSeconds: sessionSeconds,
        ...(externalId === null ? {} : { ExternalId: externalId }),
      }),
    )
    return {
      accessKeyId: given!.AccessKeyId!,
      secretAccessKey: given!.SecretAccessKey!,
      sessionToken: given!.SessionToken!,
      expiration: new Date(given!.Expiration!.getTime() - sessionSpareMs),
    }
  }
  return async () => {
    const held = await current?.catch(() => null)
    if (held && held.expiration.getTime() > Date.now()) return held
    current = assume()
    return current
  }
}
