import { randomBytes } from 'node:crypto'
import { CloudFault } from './fault'
import type { Params } from './params'
import type { Content } from './xml'

/** Who signs requests: a user with lasting keys, or a session of a role. */
export interface Principal {
  arn: string
  userId: string
  secret: string
  /** Sessions show it with each request. */
  sessionToken: string | null
  expiresAtMs: number
  /** `ec2:StopInstances`, `ec2:*` or `*`. */
  denied: Set<string>
}

export interface Role {
  arn: string
  externalId: string | null
  denied: Set<string>
}

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
}

const token = (letters: number) => randomBytes(letters).toString('base64').replace(/[+/=]/g, 'A').slice(0, letters)

const isDenied = ({ denied }: Principal, service: string, action: string): boolean =>
  [`${service}:${action}`, `${service}:*`, '*'].some((pattern) => denied.has(pattern))

/** Keys, roles and sessions of one account, and what each may not do. */
export class Identities {
  private readonly principals = new Map<string, Principal>()
  private readonly roles = new Map<string, Role>()

  constructor(
    readonly accountId: string,
    private readonly now: () => number,
  ) {}

  addUser(name: string, given?: Keys): Keys & { denied: Set<string> } {
    const keys = given ?? { accessKeyId: `AKIA${token(16).toUpperCase()}`, secretAccessKey: token(40) }
    const denied = new Set<string>()
    this.principals.set(keys.accessKeyId, {
      arn: `arn:aws:iam::${this.accountId}:user/${name}`,
      userId: `AIDA${token(17).toUpperCase()}`,
      secret: keys.secretAccessKey,
      sessionToken: null,
      expiresAtMs: Number.POSITIVE_INFINITY,
      denied,
    })
    return { ...keys, denied }
  }

  addRole(name: string, externalId: string | null): Role {
    const role: Role = { arn: `arn:aws:iam::${this.accountId}:role/${name}`, externalId, denied: new Set() }
    this.roles.set(role.arn, role)
    return role
  }

  find(accessKeyId: string): Principal | undefined {
    return this.principals.get(accessKeyId)
  }

  mustBeAllowed(principal: Principal, service: string, action: string, isDeniedHere = false): void {
    if (!isDeniedHere && !isDenied(principal, service, action)) return
    const because = `User: ${principal.arn} is not authorized to perform: ${service}:${action} because no identity-based policy allows the ${service}:${action} action`
    throw service === 'ec2'
      ? new CloudFault('UnauthorizedOperation', `You are not authorized to perform this operation. ${because}`, 403)
      : new CloudFault('AccessDenied', because, 403)
  }

  callerIdentity({ arn, userId }: Principal): { [name: string]: Content } {
    return { UserId: userId, Account: this.accountId, Arn: arn }
  }

  assumeRole(caller: Principal, params: Params): { [name: string]: Content } {
    const arn = params.must('RoleArn')
    const session = params.must('RoleSessionName')
    const seconds = params.int('DurationSeconds') ?? 3600
    if (!/^[\w+=,.@-]{2,64}$/.test(session) || seconds < 900 || seconds > 43_200)
      throw new CloudFault('ValidationError', '1 validation error detected: a value failed to satisfy its constraint')
    const role = this.roles.get(arn)
    if (role === undefined || (role.externalId !== null && params.get('ExternalId') !== role.externalId))
      throw new CloudFault('AccessDenied', `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`, 403)
    const accessKeyId = `ASIA${token(16).toUpperCase()}`
    const userId = `AROA${token(17).toUpperCase()}:${session}`
    const principal: Principal = {
      arn: `${arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${session}`,
      userId,
      secret: token(40),
      sessionToken: token(200),
      expiresAtMs: this.now() + seconds * 1000,
      denied: role.denied,
    }
    this.principals.set(accessKeyId, principal)
    return {
      Credentials: {
        AccessKeyId: accessKeyId,
        SecretAccessKey: principal.secret,
        SessionToken: principal.sessionToken,
        Expiration: new Date(principal.expiresAtMs).toISOString(),
      },
      AssumedRoleUser: { AssumedRoleId: userId, Arn: principal.arn },
    }
  }
}
