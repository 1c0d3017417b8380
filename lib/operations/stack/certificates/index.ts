import { z } from 'zod'
import { authoritySteps } from '@/lib/domain/stack/authorities'
import { digestOf } from '@/lib/kernel/ground/digest'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { areReached, canBeFollowed, clocksAgree, mayActAsRoot } from '../gates'
import { areOwn, follows, gatherRotation, isBuilt, isUnchanged, isWell } from './facts'
import { adoptNext, makeNext, replaceCertificates } from './steps'

export const rotateCertificates = defineOperation({
  name: 'rotate-certificates',
  on: 'stack',
  role: 'dba',
  title: 'Rotate certificates',
  verb: 'Rotate certificates',
  danger: 'disruptive',
  input: z.strictObject({
    authority: z.enum(authoritySteps).default('keep').meta({
      title: 'Authority',
      description:
        'keep: as it is. Another one comes in three runs. add: make it, and have every server trust both. use: sign with it; give its certificate to your applications before. retire: trust it alone.',
    }),
    newKeys: z.boolean().default(false).meta({
      title: 'New private keys too',
      description:
        'Where a key may be known to others. Certificate and key are two files: a connection that is opened in the milliseconds between them fails, and is tried again by etcd, Patroni and the proxies.',
    }),
  }),
  help: [
    'Gives every server of a declared cluster a new certificate of the cluster’s own authority: etcd, Patroni’s REST API, PostgreSQL and PgBouncer show it. One server at a time, the primary last; the next is begun only when the one before shows its new certificate and every member and door answers.',
    'Clients notice nothing: open connections stay, and whoever trusts the authority trusts the new certificates. etcd reads them for each connection, Patroni, PostgreSQL and PgBouncer on a reload, so nothing is restarted and the leader stays.',
    'Another authority comes in three runs, add, use and retire, so that no server ever shows a certificate that another one refuses. In these etcd, which reads authorities when it starts, is restarted as well, one member at a time.',
    'Interrupted, it goes on where it was, or writes the former certificates again.',
  ],
  gather: gatherRotation,
  about: ({ declared }) => ({ title: declared.title, environmentId: declared.environmentId, herdId: null, serverId: null }),
  firm: ({ declared, stack, next, hasNewKeys, authority, authorities, hosts }) => ({
    hasNewKeys,
    authority,
    authorities,
    stack: stack === null ? null : digestOf(stack),
    isBuilt: declared.isBuilt,
    next,
    hosts: hosts.map(({ server }) => server.address),
  }),
  managed: { harmless: 'Patroni reloads, and keeps its leader.' },
  locks: ({ declared }) => [`stack:${declared.id}`],
  now: ({ declared, stack, cluster }) => [
    { label: 'Environment', value: declared.environmentName },
    ...(stack === null ? [] : [{ label: 'Valid for (days)', value: String(stack.certificateDays) }]),
    { label: 'Members', value: cluster?.members.map((one) => `${one.name}: ${one.role}, ${one.state}`).join('; ') || 'not seen' },
  ],
})
  .gate('file', 'The cluster file can be followed', canBeFollowed)
  .gate('built', 'It stands', isBuilt)
  .gate('unchanged', 'Its servers are those of the cluster file', isUnchanged)
  .gate('reached', 'Every server answers', areReached)
  .gate('root', 'Files may be changed', mayActAsRoot)
  .gate('clocks', 'Clocks agree', clocksAgree)
  .gate('own', 'The certificates in use are the console’s', areOwn)
  .gate('authority', 'The authority can change so', follows)
  .gate('well', 'Every member answers', isWell)
  .effect('make', makeNext())
  .effect('replace', replaceCertificates())
  .effect('adopt', adoptNext())
  .build()
