import { randomBytes } from 'node:crypto'
import { CloudFault } from './fault'
import type { Params } from './params'
import { judged, type Policy, type Target, type Verdict } from './policy'
import type { Content } from './xml'

/** Who signs requests: a user with lasting keys, or a session of a role. */
export interface Principal {
  arn: string
  userId: string
  secret: string
  /** Sessions show it with each request. */
  sessionToken: string | null
  expiresAtMs: number
  /** The user, or the role of the session: how policies of trust name who it is. */
  issuer: string
  rights: Rights
}

/** What a user, or each session of a role, may do. */
export interface Rights {
  /** null: everything. */
  policy: Policy | null
  /** `ec2:StopInstances`, `ec2:*` or `*`: not allowed, whatever the policy says. */
  denied: Set<string>
}

export interface Role extends Rights {
  arn: string
  externalId: string | null
  /** ARNs of who may assume it; the account’s root: whoever of the account has a policy that allows it. */
  trusts: readonly string[]
}

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
}

const token = (letters: number) => randomBytes(letters).toString('base64').replace(/[+/=]/g, 'A').slice(0, letters)

const verdictOn = ({ denied, policy }: Rights, action: string, target: Target): Verdict => {
  if ([action, `${action.split(':')[0]}:*`, '*'].some((pattern) => denied.has(pattern))) return 'not-allowed'
  return policy === null ? 'allowed' : judged(policy, action, target)
}

const reasons = {
  denied: () => 'with an explicit deny in an identity-based policy',
  'not-allowed': (action: string) => `because no identity-based policy allows the ${action} action`,
}

/** Keys, roles and sessions of one account, and what each may not do. */
export class Identities {
  private readonly principals = new Map<string, Principal>()
  private readonly roles = new Map<string, Role>()

  constructor(
    readonly accountId: string,
    private readonly now: () => number,
  ) {}

  addUser(name: string, given?: Keys): Keys & Rights & { arn: string } {
    const keys = given ?? { accessKeyId: `AKIA${token(16).toUpperCase()}`, secretAccessKey: token(40) }
    const arn = `arn:aws:iam::${this.accountId}:user/${name}`
    const user = { ...keys, arn, policy: null, denied: new Set<string>() }
    this.principals.set(keys.accessKeyId, {
      arn,
      issuer: arn,
      userId: `AIDA${token(17).toUpperCase()}`,
      secret: keys.secretAccessKey,
      sessionToken: null,
      expiresAtMs: Number.POSITIVE_INFINITY,
      rights: user,
    })
    return user
  }

  /** Trusted is the whole account where nobody is named. */
  addRole(name: string, externalId: string | null, trusts: readonly string[] = [this.root]): Role {
    const role: Role = { arn: `arn:aws:iam::${this.accountId}:role/${name}`, externalId, trusts, policy: null, denied: new Set() }
    this.roles.set(role.arn, role)
    return role
  }

  private get root(): string {
    return `arn:aws:iam::${this.accountId}:root`
  }

  find(accessKeyId: string): Principal | undefined {
    return this.principals.get(accessKeyId)
  }

  /** Throws unless it may be done to every target. */
  mustBeAllowed({ arn, rights }: Principal, action: string, targets: readonly Target[]): void {
    for (const target of targets) {
      const verdict = verdictOn(rights, action, target)
      if (verdict === 'allowed') continue
      const on = target.arn === '*' ? '' : ` on resource: ${target.arn}`
      throw unauthorized(action, `User: ${arn} is not authorized to perform: ${action}${on} ${reasons[verdict](action)}`)
    }
  }

  /** What a service control policy of the organisation forbids. */
  forbidden({ arn }: Principal, action: string): CloudFault {
    return unauthorized(action, `User: ${arn} is not authorized to perform: ${action} with an explicit deny in a service control policy`)
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
    const verdict = verdictOn(caller.rights, 'sts:AssumeRole', { arn, keys: {} })
    // Who is named needs no policy of their own for it.
    const isTrusted = role?.trusts.includes(caller.issuer)
      ? verdict !== 'denied'
      : role?.trusts.includes(this.root) && verdict === 'allowed'
    if (!role || !isTrusted || (role.externalId !== null && params.get('ExternalId') !== role.externalId))
      throw new CloudFault('AccessDenied', `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`, 403)
    const accessKeyId = `ASIA${token(16).toUpperCase()}`
    const userId = `AROA${token(17).toUpperCase()}:${session}`
    const principal: Principal = {
      arn: `${arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${session}`,
      userId,
      secret: token(40),
      sessionToken: token(200),
      expiresAtMs: this.now() + seconds * 1000,
      issuer: arn,
      rights: role,
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

const unauthorized = (action: string, because: string): CloudFault =>
  action.startsWith('ec2:')
    ? new CloudFault('UnauthorizedOperation', `You are not authorized to perform this operation. ${because}`, 403)
    : new CloudFault('AccessDenied', because, 403)
