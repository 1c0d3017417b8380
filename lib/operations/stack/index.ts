import { z } from 'zod'
import { changeOf } from '@/lib/domain/stack/change'
import { serversWith, stackParts } from '@/lib/domain/stack/stack'
import { tunedValues } from '@/lib/domain/stack/tuning'
import { digestOf } from '@/lib/kernel/ground/digest'
import { defineOperation } from '@/lib/kernel/operation/define-operation'
import { notAsked, notNeeded } from '@/lib/kernel/operation/only-when'
import { leaderStays, leaversAnswer, quorumStays, standbyStays } from './change-gates'
import { makeDatabase } from './database'
import { joinEtcd } from './etcd-join'
import { type BuildFacts, stackIn } from './facts'
import { areAsDeclared, areBare, areReached, canBeFollowed, clocksAgree, hasOwnName, mayActAsRoot } from './gates'
import { gatherBuild } from './gather'
import { makeKeys, putCertificates } from './keys'
import { drainMembers, isLeft, removeParts } from './leave'
import { installPackages } from './packages'
import { hasPart, setUpEtcd, setUpMembers, setUpPoolers, setUpPrimary, setUpProxies, setUpStandbys } from './parts'
import { markBuilt, registerHerd } from './register'
import { seeSynchronous, smokeTest } from './smoke'

const first = { when: ({ declared }: BuildFacts) => !declared.isBuilt, otherwise: notNeeded('The cluster stands.') }
const later = { when: ({ declared }: BuildFacts) => declared.isBuilt, otherwise: notNeeded('The cluster is founded by this build.') }

export const buildCluster = defineOperation({
  name: 'build-cluster',
  on: 'stack',
  role: 'dba',
  title: 'Build a cluster',
  verb: 'Build cluster',
  danger: 'disruptive',
  input: z.strictObject({}),
  help: [
    'Makes the servers of a declared cluster what its file says: etcd, Patroni, PostgreSQL, PgBouncer and HAProxy from Debian’s packages, every connection encrypted with certificates of the cluster’s own authority, passwords as SCRAM.',
    'The plan shows every file with its text, every package and every command, for each server and step. {{names}} in it stand for passwords and keys, which are filled in on the way to the server.',
    'Interrupted, it goes on where it was, or undoes exactly what it made: packages, files, directories and keys that were there before stay. Cancelled or failed before its end, nothing of it is left.',
    'Built again after a change of the file it writes only what differs, and reloads it: members of etcd and poolers one after the other. Servers that were added to the file join: etcd’s members one at a time, PostgreSQL’s as clones. Servers and parts that were taken out of it leave once the others do without them. A lost host is replaced by another one under its own or another name.',
    'Nobody leaves who is primary, or the last standby that commits can wait for, or whose vote etcd needs for its quorum: the plan says what to do first. PostgreSQL’s parameters are read from the file only by the first build; afterwards they are changed in the dynamic configuration.',
    'The SSH user of each server must be root, or may use sudo without a password.',
  ],
  gather: gatherBuild,
  about: ({ declared }) => ({ title: declared.title, environmentId: declared.environmentId, herdId: null, serverId: null }),
  firm: ({ declared, stack, before, hosts, leaving, drift }) => ({
    stack: stack === null ? null : digestOf(stack),
    isBuilt: declared.isBuilt,
    before: before === null ? null : digestOf(before),
    leaving: digestOf(leaving),
    drift: digestOf(drift),
    hosts: hosts.map(({ server }) => server.address),
  }),
  managed: { harmless: 'It makes a cluster of its own, and touches no server of another one.' },
  locks: ({ declared }) => [`stack:${declared.id}`],
  now: (facts) => [
    { label: 'Environment', value: facts.declared.environmentName },
    ...(facts.stack === null ? [] : told(facts)),
    { label: 'Built', value: facts.declared.isBuilt ? 'yes: only what differs is written' : 'not yet' },
    ...toldChange(facts),
    ...facts.drift.map(({ server, path, lines }) => ({ label: `${server}: ${path}`, value: lines.join('\n') })),
  ],
})
  .gate('file', 'The cluster file can be followed', canBeFollowed)
  .gate('reached', 'Every server answers', areReached)
  .gate('root', 'Files, packages and units may be changed', mayActAsRoot)
  .gate('clocks', 'Clocks agree', clocksAgree)
  .gate('bare', 'The servers are free', areBare)
  .gate('drift', 'The servers are as declared', areAsDeclared)
  .gate('name', 'The herd has a name of its own', hasOwnName)
  .gate('leavers', 'Servers that leave answer', leaversAnswer)
  .gate('leader', 'The primary stays', leaderStays)
  .gate('standby', 'Commits keep a standby', standbyStays)
  .gate('quorum', 'etcd keeps its quorum', quorumStays)
  .effect('packages', installPackages())
  .effect('keys', makeKeys())
  .effect('certificates', putCertificates())
  .effect('etcd', setUpEtcd(), first)
  .effect('etcd-members', joinEtcd(), later)
  .effect('primary', setUpPrimary(), first)
  .effect('standbys', setUpStandbys(), first)
  .effect('members', setUpMembers(), later)
  .effect('synchronous', seeSynchronous(), {
    when: ({ stack }) => stack !== null && stack.postgres.synchronous !== 'off',
    otherwise: notAsked('The cluster file has postgres.synchronous off.'),
  })
  .effect('database', makeDatabase())
  .effect('poolers', setUpPoolers(), { when: hasPart('pooler'), otherwise: notAsked('No server has the part pooler.') })
  .effect('proxies', setUpProxies(), { when: hasPart('proxy'), otherwise: notAsked('No server has the part proxy.') })
  .effect('smoke', smokeTest(), {
    when: ({ declared }) => !declared.isBuilt,
    otherwise: notNeeded('It was tested when it was built, and clients may be connected now.'),
  })
  .effect('drain', drainMembers(), { when: isLeft('postgres'), otherwise: notNeeded('No member that answers leaves.') })
  .effect('leave', removeParts(), { when: isLeft(), otherwise: notNeeded('Everything that was built is declared.') })
  .effect('built', markBuilt())
  .effect('register', registerHerd())
  .build()

function toldChange(facts: BuildFacts): { label: string; value: string }[] {
  if (facts.stack === null) return []
  const say = (servers: readonly { name: string; parts: readonly string[] }[]) =>
    servers.map(({ name, parts }) => `${name}: ${parts.join(', ')}`).join('; ')
  const { joining } = changeOf(facts.before, stackIn(facts))
  return [
    ...(joining.length === 0 ? [] : [{ label: 'Added', value: say(joining) }]),
    ...(facts.leaving.length === 0 ? [] : [{ label: 'Removed', value: say(facts.leaving) }]),
  ]
}

function told(facts: BuildFacts): { label: string; value: string }[] {
  const stack = stackIn(facts)
  return [
    { label: 'Cluster', value: stack.cluster },
    ...stackParts.flatMap((part) => {
      const servers = serversWith(stack, part).map(({ name, address }) => `${name} (${address})`)
      return servers.length === 0
        ? []
        : [{ label: { postgres: 'PostgreSQL', etcd: 'etcd', pooler: 'Poolers', proxy: 'Proxies' }[part], value: servers.join(', ') }]
    }),
    ...tunedValues(stack).map(({ name, value, because }) => ({ label: name, value: `${value}: ${because}` })),
  ]
}
