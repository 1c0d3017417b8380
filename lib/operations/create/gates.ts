import { confDifferenceText } from '@/lib/domain/replication/conf-diff'
import { formatBytes, MiB } from '@/lib/domain/values/bytes'
import type { Verdict } from '@/lib/kernel/operation/plan'
import { pass, passBecause, refuse, unknown, warn } from '@/lib/kernel/operation/verdict'
import type { UpstreamOnly } from './compare-upstream'
import { type CreateFacts, isDebian } from './facts'

/** initdb and its first WAL segments. */
const emptyBytes = 128 * MiB

export const hasHerd = ({ herd, own, kind, members }: CreateFacts): Verdict => {
  if (herd.id === '')
    return refuse(`There is no herd “${herd.name}” in ${herd.environmentName}. Add it first, or choose one of the server’s environment.`)
  if (own !== null) return refuse(`${own} is a member of it already: a herd has at most one member on a host.`)
  if (kind === 'primary' && herd.systemIdentifier !== null)
    return refuse(
      `${herd.name} has no member, but had one: its system identifier is ${herd.systemIdentifier}, and a new primary would have another. Register its members again, or clear the system identifier of the herd if its data are gone for good.`,
    )
  return kind === 'primary'
    ? passBecause(`${herd.name} has no member yet: this becomes its primary.`)
    : passBecause(`A standby beside ${members.join(', ')}.`)
}

export const hasUpstream = ({ kind, why, upstream, upstreamProbe }: CreateFacts): Verdict => {
  if (kind === 'primary') return pass
  if (why !== null || upstream === null) return refuse(why ?? 'There is no member to copy from.')
  if (upstreamProbe?.state !== 'online')
    return refuse(`${upstream.title} is ${upstreamProbe?.state ?? 'unknown'}: nothing can be copied from it.`)
  return upstreamProbe.role === 'standby' && upstreamProbe.upstream?.status !== 'streaming'
    ? warn(`${upstream.title} is a standby that is not streaming itself.`)
    : passBecause(`${upstream.title}.`)
}

/** What is missing is named with the command that installs it. */
export const isInstalled = ({ installed, instance, server, upstreamProbe }: CreateFacts): Verdict => {
  const { major } = instance.address
  if (isDebian(server) && !installed.hasDebianTools)
    return refuse(`pg_createcluster is not on ${server.title}. Run there: apt-get install postgresql-common`)
  if (major === null || major === '')
    return refuse(
      `No PostgreSQL is installed on ${server.title}. Run there: ${isDebian(server) ? 'apt-get install postgresql' : 'dnf install postgresql-server'}`,
    )
  const upstreams = upstreamProbe?.version?.split('.')[0]
  if (upstreams !== undefined && upstreams !== major) return refuse(`A standby needs the upstream’s major version, ${upstreams}.`)
  if (installed.majors.includes(major)) return passBecause(`PostgreSQL ${major}; installed: ${installed.majors.join(', ')}.`)
  const there = installed.majors.length === 0 ? 'no version is' : `${installed.majors.join(', ')} is`
  return refuse(
    `PostgreSQL ${major} is not installed on ${server.title} (${there}). Run there: ${isDebian(server) ? `apt-get install postgresql-${major}` : `dnf install postgresql${major}-server`}`,
  )
}

export const isDirectoryFree = ({ site, instance, server }: CreateFacts): Verdict => {
  if (site === null) return pass
  const { dataDirectory, major, clusterName } = instance.address
  const cluster = `${major}/${clusterName}`
  if (site.made !== null)
    return refuse(
      `An unfinished creation left a cluster in ${dataDirectory}. Resume or abandon its run; or remove it there: ${isDebian(server) ? `pg_dropcluster ${major} ${clusterName}` : `rm -r ${dataDirectory}`}`,
    )
  if (site.isConfigured)
    return refuse(`${server.title} has a cluster ${cluster} already: register it as an instance, or choose another data directory.`)
  if (site.directory === 'taken') return refuse(`There are files in ${dataDirectory}: choose another data directory, or empty it.`)
  if (site.because !== null) return refuse(`A cluster cannot be created in ${dataDirectory}: ${site.because}.`)
  return passBecause(`${dataDirectory} is ${site.directory === 'empty' ? 'empty' : 'not there yet'}.`)
}

export const isPortFree = ({ site, instance }: CreateFacts): Verdict => {
  if (site === null) return pass
  return site.portTakenBy === null
    ? passBecause(`${instance.address.port} is free.`)
    : refuse(`Port ${instance.address.port} is taken by ${site.portTakenBy}. Choose another one.`)
}

export const hasSpace = ({ site, kind, totalBytes }: CreateFacts): Verdict => {
  if (site === null) return pass
  const { freeBytes } = site
  const needBytes = kind === 'primary' ? emptyBytes : totalBytes === null ? null : totalBytes + emptyBytes
  if (freeBytes === null || needBytes === null)
    return unknown('The free disk space could not be measured in time: make sure that there is enough.')
  const text = `It needs ${formatBytes(needBytes)}, and ${formatBytes(freeBytes)} are free.`
  return freeBytes < needBytes ? refuse(text) : passBecause(text)
}

const differencesMax = 20

/** Nothing of it is taken over silently. */
export const isOwnConfiguration = ({ kind, spec, upstream, knowsSettings, upstreamOnly }: CreateFacts): Verdict => {
  const lets = `Accepts clients from ${spec.letsIn} in with a password (scram-sha-256).`
  if (kind === 'primary' || upstream === null) return passBecause(lets)
  const least = 'max_connections and the like'
  return knowsSettings
    ? warn(`${lets} Of ${upstream.title}’s configuration only ${least} are copied. ${differencesText(upstreamOnly, upstream.title)}`)
    : unknown(
        `${lets} ${least} of ${upstream.title} could not be read: if its limits are higher, the new standby does not start and is removed again.`,
      )
}

const differencesText = ({ settings, rules }: UpstreamOnly, upstream: string): string => {
  const unread = [...(rules === null ? ['pg_hba.conf'] : []), ...(settings === null ? ['postgresql.conf'] : [])]
  const told = [
    ...(settings ?? []).map((one) => confDifferenceText(one, upstream)),
    ...(rules ?? []).map((rule) => `pg_hba.conf: “${rule}” only on ${upstream}`),
  ]
  const more = told.length - differencesMax
  const compare = unread.length > 0 ? [`Compare ${unread.join(' and ')} before it takes over: they could not be read.`] : []
  if (told.length === 0) return [...compare, ...(unread.length < 2 ? ['Nothing else differs.'] : [])].join(' ')
  const list = `${told.slice(0, differencesMax).join('; ')}${more > 0 ? `; and ${more} more` : ''}`
  return [`Not copied; add what it needs before it takes over: ${list}.`, ...compare].join(' ')
}
