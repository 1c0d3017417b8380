import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { EC2Client } from '@aws-sdk/client-ec2'
import { PricingClient } from '@aws-sdk/client-pricing'
import { RDSClient } from '@aws-sdk/client-rds'
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import type { CloudSettings } from '@/lib/ports/machines'

/** Of a question: the SDK asks again what was throttled or lost, slower each time. */
const attemptsMax = 5
/** Of a deed: a second try could do twice what the first did, its answer lost. */
const deedAttemptsMax = 1
/** How long a session is waited for; those that need it may give up before. */
const assumeTimeoutMs = 20_000
const sessionSeconds = 3600
/** A session is asked for anew this long before it ends. */
const sessionSpareMs = 5 * 60_000
/** Where credentials are judged and prices listed; every region that does answers the same. */
const homeRegion = 'us-east-1'
const sessionName = 'matriarch'

export interface Clients {
  ec2: (account: CloudSettings, region: string) => EC2Client
  /** Never sends anything twice. */
  ec2Deeds: (account: CloudSettings, region: string) => EC2Client
  rds: (account: CloudSettings, region: string) => RDSClient
  /** Never sends anything twice. */
  rdsDeeds: (account: CloudSettings, region: string) => RDSClient
  cloudWatch: (account: CloudSettings, region: string) => CloudWatchClient
  sts: (account: CloudSettings) => STSClient
  pricing: (account: CloudSettings) => PricingClient
  close: () => void
}

type Client = EC2Client | RDSClient | CloudWatchClient | STSClient | PricingClient

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
  const kept = new Map<string, { settings: string; client: Client }>()
  const of = <One extends Client>(name: string, account: CloudSettings, make: () => One): One => {
    const key = `${account.id} ${name}`
    const settings = JSON.stringify(account)
    const held = kept.get(key)
    if (held?.settings === settings) return held.client as One
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
  const sessions = new Map<string, { settings: string; session: () => Promise<Session> }>()
  /** One for the account, whatever number of regions ask with it. */
  const session = (account: CloudSettings, role: NonNullable<CloudSettings['role']>) => {
    const settings = JSON.stringify(account)
    const held = sessions.get(account.id)
    if (held?.settings === settings) return held.session
    const made = sessionOf(asGiven(account), role)
    sessions.set(account.id, { settings, session: made })
    return made
  }
  /** A copy: the SDK writes into what it is given, and settings that differ make a new client, which ends what the old one still asks. */
  const given = ({ credentials }: CloudSettings) => (credentials === null ? {} : { credentials: { ...credentials } })
  const asGiven = (account: CloudSettings): STSClient =>
    of('sts given', account, () => new STSClient({ ...common(account, homeRegion), ...given(account) }))
  const credentials = (account: CloudSettings) => {
    if (account.role === null) return given(account)
    return { credentials: session(account, account.role) }
  }
  return {
    ec2: (account, region) => of(`ec2 ${region}`, account, () => new EC2Client({ ...common(account, region), ...credentials(account) })),
    ec2Deeds: (account, region) =>
      of(
        `ec2 deeds ${region}`,
        account,
        () => new EC2Client({ ...common(account, region), maxAttempts: deedAttemptsMax, ...credentials(account) }),
      ),
    rds: (account, region) => of(`rds ${region}`, account, () => new RDSClient({ ...common(account, region), ...credentials(account) })),
    rdsDeeds: (account, region) =>
      of(
        `rds deeds ${region}`,
        account,
        () => new RDSClient({ ...common(account, region), maxAttempts: deedAttemptsMax, ...credentials(account) }),
      ),
    cloudWatch: (account, region) =>
      of(`cloudwatch ${region}`, account, () => new CloudWatchClient({ ...common(account, region), ...credentials(account) })),
    sts: (account) => of('sts', account, () => new STSClient({ ...common(account, homeRegion), ...credentials(account) })),
    pricing: (account) => of('pricing', account, () => new PricingClient({ ...common(account, homeRegion), ...credentials(account) })),
    close: () => {
      for (const { client } of kept.values()) client.destroy()
      kept.clear()
      sessions.clear()
    },
  }
}

/** The role's session, asked for when it is needed and again before it ends, once for all who wait for it. */
const sessionOf = (sts: STSClient, { arn, externalId }: NonNullable<CloudSettings['role']>): (() => Promise<Session>) => {
  let held: Session | null = null
  let asking: Promise<Session> | null = null
  const assume = async (): Promise<Session> => {
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: arn,
        RoleSessionName: sessionName,
        DurationSeconds: sessionSeconds,
        ...(externalId === null ? {} : { ExternalId: externalId }),
      }),
      { abortSignal: AbortSignal.timeout(assumeTimeoutMs) },
    )
    held = {
      accessKeyId: given!.AccessKeyId!,
      secretAccessKey: given!.SecretAccessKey!,
      sessionToken: given!.SessionToken!,
      expiration: new Date(given!.Expiration!.getTime() - sessionSpareMs),
    }
    return held
  }
  return () => {
    if (held !== null && held.expiration.getTime() > Date.now()) return Promise.resolve(held)
    asking ??= assume().finally(() => {
      asking = null
    })
    return asking
  }
}
