import { authorityAfter, authorityStateOf, comingAuthority, madeFor, nextMark } from '@/lib/domain/stack/authorities'
import { Fault } from '@/lib/kernel/ground/errors'
import type { CallOptions, DeclaredStack, InventoryRead } from '@/lib/ports'
import type { StackStore } from '@/lib/ports/stacks'
import { readStackFile } from '@/lib/shapes/stack-file'
import { databaseFault, getPool } from '../pg/client'
import { runWithin } from '../pg/deadline'

export interface StackSealer {
  seal: (secret: string, purpose: string) => string
  open: (sealed: string, purpose: string) => string
}

interface KeyPair {
  certificate: string
  privateKey: string
}

/** How passwords, keys and certificates are made. */
export interface StackKeyMaker {
  newSecret: () => string
  makeAuthority: (cluster: string) => KeyPair
  makeServerCertificate: (
    server: { name: string; address: string },
    days: number,
    authority: KeyPair,
    more?: { privateKey?: string },
  ) => KeyPair
  describe: (certificate: string) => { fingerprint: string; validFrom: Date; validUntil: Date }
}

interface Kept {
  secrets: Record<string, string>
  /** By server; that of the authority under the empty name, and one that a rotation has made after `next `. */
  pairs: Record<string, KeyPair & { validUntil: Date }>
}

const markOf = (server: string): string => (server.startsWith(nextMark) ? nextMark : '')
const ownerOf = (server: string): string => server.slice(markOf(server).length)

export const secretPurposeOf = (stackId: string, name: string): string => `stack-secret:${stackId}:${name}`
/** A certificate that becomes the server's own keeps its sealed key. */
export const keyPurposeOf = (stackId: string, server: string): string => `stack-key:${stackId}:${ownerOf(server)}`

const rowsOf = async <Row extends object>(text: string, values: unknown[]): Promise<Row[]> => {
  try {
    return (await getPool().query<Row>(text, values)).rows
  } catch (error) {
    throw databaseFault(error)
  }
}

/** What the console keeps of declared clusters. Secrets are sealed by a worker and opened by one. */
export const makeStackStore = (sealer: StackSealer, maker: StackKeyMaker, inventory: Pick<InventoryRead, 'server'>): StackStore => {
  const kept = async (stackId: string): Promise<Kept> => {
    const [secrets, pairs] = await Promise.all([
      rowsOf<{ name: string; sealed: string }>('select name, sealed from stack_secrets where stack_id = $1', [stackId]),
      rowsOf<{ server: string; certificate: string; sealed: string; validUntil: Date }>(
        'select server, certificate, sealed_key as sealed, valid_until as "validUntil" from authorities where stack_id = $1',
        [stackId],
      ),
    ])
    return {
      secrets: Object.fromEntries(secrets.map(({ name, sealed }) => [name, sealer.open(sealed, secretPurposeOf(stackId, name))])),
      pairs: Object.fromEntries(
        pairs.map(({ server, certificate, sealed, validUntil }) => [
          server,
          { certificate, validUntil, privateKey: sealer.open(sealed, keyPurposeOf(stackId, server)) },
        ]),
      ),
    }
  }
  const rowOf = (stackId: string, [server, title, { certificate, privateKey }]: [server: string, title: string, pair: KeyPair]) => ({
    server,
    title,
    kind: ownerOf(server) === '' || ownerOf(server) === comingAuthority ? 'authority' : 'server',
    certificate,
    ...maker.describe(certificate),
    sealedKey: sealer.seal(privateKey, keyPurposeOf(stackId, server)),
  })
  return {
    declared: (stackId) => declared(stackId, inventory),
    secrets: async (stackId) => {
      const { secrets, pairs } = await kept(stackId)
      const named = Object.entries(pairs).flatMap(([server, { certificate, privateKey }]): [string, string][] =>
        ownerOf(server) === comingAuthority
          ? []
          : ownerOf(server) === ''
            ? [[`${markOf(server)}authority`, certificate]]
            : [
                [`${markOf(server)}certificate ${ownerOf(server)}`, certificate],
                [`${markOf(server)}key ${ownerOf(server)}`, privateKey],
              ],
      )
      const isRotated = named.some(([name]) => name.startsWith(nextMark))
      const next: Record<string, string> =
        isRotated && pairs[nextMark] === undefined ? { [`${nextMark}authority`]: pairs['']!.certificate } : {}
      return { ...secrets, ...Object.fromEntries(named), ...next }
    },
    hasKeys: async (stackId, wanted) => {
      const { secrets, pairs } = await kept(stackId)
      const servers = ['', ...wanted.servers.map(({ name }) => name)]
      return (
        wanted.secrets.every((name) => name in secrets) && servers.every((name) => (pairs[name]?.validUntil.getTime() ?? 0) > Date.now())
      )
    },
    makeKeys: async (stackId, wanted, options) => {
      const { secrets, pairs } = await kept(stackId)
      const isGood = (server: string) => (pairs[server]?.validUntil.getTime() ?? 0) > Date.now()
      const authority = isGood('') ? pairs['']! : maker.makeAuthority(wanted.cluster)
      const made: [server: string, title: string, pair: KeyPair][] = [
        ...(isGood('') ? [] : [['', `Authority of ${wanted.cluster}`, authority] as [string, string, KeyPair]]),
        ...wanted.servers
          .filter(({ name }) => !isGood('') || !isGood(name))
          .map((server): [string, string, KeyPair] => [
            server.name,
            `${server.name} of ${wanted.cluster}`,
            maker.makeServerCertificate(server, wanted.days, authority),
          ]),
      ]
      const rows = made.map((one) => rowOf(stackId, one))
      const fresh = wanted.secrets
        .filter((name) => !(name in secrets))
        .map((name) => ({ name, sealed: sealer.seal(maker.newSecret(), secretPurposeOf(stackId, name)) }))
      await keep(stackId, rows, fresh, options)
    },
    hasNextCertificates: async (stackId, servers) => {
      const made = await rowsOf<{ server: string }>('select server from authorities where stack_id = $1 and server = any($2)', [
        stackId,
        servers.map((name) => `${nextMark}${name}`),
      ])
      return made.length === 0 ? 'none' : made.length === servers.length ? 'all' : 'some'
    },
    authorities: async (stackId) => {
      const rows = await rowsOf<{ server: string; certificate: string }>(
        'select server, certificate from authorities where stack_id = $1',
        [stackId],
      )
      const by = new Map(rows.map(({ server, certificate }) => [server, certificate]))
      const isRotated = rows.some(({ server }) => server.startsWith(nextMark))
      return {
        state: authorityStateOf(by.get('') ?? '', by.has(comingAuthority)),
        next: isRotated ? madeFor(by.get(nextMark), by.has(`${nextMark}${comingAuthority}`)) : null,
      }
    },
    makeNextCertificates: async (stackId, { cluster, servers, days, hasNewKeys, authority }, options) => {
      const { pairs } = await kept(stackId)
      if (pairs[''] === undefined)
        throw new Fault('record.missing', { because: 'The cluster has no authority: build it first.', isOver: true })
      const after = authorityAfter(authority, pairs[''], pairs[comingAuthority], () => maker.makeAuthority(cluster))
      const title = `Authority of ${cluster}`
      const authorities: [string, string, KeyPair][] = [
        ...(after.isChanged ? [[nextMark, `${title} (next)`, after.own] as [string, string, KeyPair]] : []),
        ...(after.made === null ? [] : [[`${nextMark}${comingAuthority}`, `${title}, coming`, after.made] as [string, string, KeyPair]]),
      ]
      const certificates = servers.map((server): [string, string, KeyPair] => {
        const pair = maker.makeServerCertificate(server, days, after.own, hasNewKeys ? {} : { privateKey: pairs[server.name]?.privateKey })
        return [`${nextMark}${server.name}`, `${server.name} of ${cluster} (next)`, pair]
      })
      const rows = [...authorities, ...certificates].map((one) => rowOf(stackId, one))
      await keep(stackId, rows, [], options)
    },
    dropNextCertificates: async (stackId, options) => {
      const statement = `with less as (delete from authorities where stack_id = $1 and starts_with(server, $2) returning id)
        select pg_notify('records', 'authority') from (select 1 where exists (select from less)) as one`
      await runWithin(statement, [stackId, nextMark], options)
    },
    adoptNextCertificates: async (stackId, options) => {
      const statement = `with next as (delete from authorities where stack_id = $1 and starts_with(server, $2) returning *),
          gone as (delete from authorities where stack_id = $1 and server = $3 and exists (select from next where server = $2)),
          made as (insert into authorities (stack_id, environment_id, title, kind, server, certificate, fingerprint, valid_from, valid_until, sealed_key)
            select stack_id, environment_id, title, kind, $3, certificate, fingerprint, valid_from, valid_until, sealed_key
            from next where server = $2 || $3),
          own as (update authorities a set certificate = n.certificate, fingerprint = n.fingerprint, valid_from = n.valid_from, valid_until = n.valid_until,
            sealed_key = n.sealed_key from next n where a.stack_id = n.stack_id and a.server = substr(n.server, length($2) + 1) returning a.id)
        select pg_notify('records', 'authority') from (select 1 where exists (select from own)) as one`
      await runWithin(statement, [stackId, nextMark, comingAuthority], options)
    },
    dropKeys: async (stackId, options) => {
      const statement = `with gone as (delete from stack_secrets where stack_id = $1), less as (delete from authorities where stack_id = $1 returning id)
        select pg_notify('records', 'authority') from (select 1 where exists (select from less)) as one`
      await runWithin(statement, [stackId], options)
    },
    markBuilt: async (stackId, file, options) => {
      const done = await runWithin<{ id: string }>(
        `with built as (update stacks set built_file = $2, built_at = case when $2::text is not null then now() end where id = $1 returning id) select id, pg_notify('records', 'stack') from built`,
        [stackId, file],
        options,
      )
      if (done.length === 0) throw gone(stackId)
    },
  }
}

const gone = (id: string) => new Fault('record.missing', { because: 'The declared cluster is not registered any more.', id, isOver: true })

const declared = async (stackId: string, inventory: Pick<InventoryRead, 'server'>): Promise<DeclaredStack> => {
  const [row] = await rowsOf<Omit<DeclaredStack, 'servers'>>(
    `select s.id, s.name as title, s.environment_id as "environmentId", e.name as "environmentName", s.file, s.built_at is not null as "isBuilt",
      s.built_file as "builtFile"
      from stacks s join environments e on e.id = s.environment_id where s.id = $1`,
    [stackId],
  )
  if (row === undefined) throw gone(stackId)
  const names = [row.file, row.builtFile ?? ''].flatMap((text) => Object.keys(readStackFile(text).file?.servers ?? {}))
  const found = await rowsOf<{ id: string }>('select id from servers where environment_id = $1 and hostname = any($2) order by hostname', [
    row.environmentId,
    names,
  ])
  return { ...row, servers: await Promise.all(found.map(({ id }) => inventory.server(id))) }
}

/** One statement, all or none: what is there already stays, but a certificate that replaces another one. */
const keep = async (stackId: string, pairs: readonly object[], secrets: readonly object[], options: CallOptions): Promise<void> => {
  const [row] = await runWithin<{ count: number }>(
    `with own as (select id, environment_id from stacks where id = $1),
      closed as (
        insert into stack_secrets (stack_id, name, sealed)
        select own.id, s.name, s.sealed from own, jsonb_to_recordset($3::jsonb) as s(name text, sealed text) on conflict do nothing),
      made as (
        insert into authorities (stack_id, environment_id, title, kind, server, certificate, fingerprint, valid_from, valid_until, sealed_key)
        select own.id, own.environment_id, p.title, p.kind, p.server, p.certificate, p.fingerprint, p."validFrom", p."validUntil", p."sealedKey"
        from own, jsonb_to_recordset($2::jsonb) as p(title text, kind text, server text, certificate text, fingerprint text,
          "validFrom" timestamptz, "validUntil" timestamptz, "sealedKey" text)
        on conflict (stack_id, server) do update set certificate = excluded.certificate, fingerprint = excluded.fingerprint,
          valid_from = excluded.valid_from, valid_until = excluded.valid_until, sealed_key = excluded.sealed_key returning id)
      select (select count(*)::int from own) as count, (select count(pg_notify('records', 'authority')) from made) as told`,
    [stackId, JSON.stringify(pairs), JSON.stringify(secrets)],
    options,
  )
  if (row?.count !== 1) throw gone(stackId)
}
