import { sampleTypes } from '@/lib/domain/machines/sample'
import { CloudFault } from '../fault'
import type { Params } from '../params'
import type { CloudState } from '../state'
import type { Content } from '../xml'
import type { DbInstance } from './instances'

interface Asked {
  id: string
  metric: string
  instance: string
  periodSeconds: number
}

interface Answer {
  id: string
  label: string
  atSeconds: number[]
  values: number[]
}

const namespace = 'AWS/RDS'
const askedMax = 500
const GiB = 1024 ** 3

/** 0 to 1, slowly up and down, the same at the same time. */
const wave = (atSeconds: number, turnSeconds: number): number => (1 + Math.sin((2 * Math.PI * atSeconds) / turnSeconds)) / 2

const memoryBytes = ({ class: name }: DbInstance): number => (sampleTypes[name.replace(/^db\./, '')]?.memoryMib ?? 8192) * 1024 ** 2

/** Figures of the twin are its own. */
const metrics: Readonly<Record<string, (one: DbInstance, atSeconds: number) => number>> = {
  CPUUtilization: (_one, at) => 4 + 6 * wave(at, 1800),
  FreeableMemory: (one, at) => memoryBytes(one) * (0.55 - 0.05 * wave(at, 3600)),
  FreeStorageSpace: (one, at) => one.storageGb * GiB * (0.8 - 0.02 * wave(at, 86_400)),
  DatabaseConnections: (_one, at) => Math.round(3 + 4 * wave(at, 900)),
  ReplicaLag: () => 0,
}

const answersTo = (state: CloudState, region: string, asked: readonly Asked[], [fromMs, toMs]: [number, number]): Answer[] => {
  if (asked.length === 0 || asked.length > askedMax)
    throw new CloudFault('ValidationError', `The number of metric queries must be between 1 and ${askedMax}.`)
  if (!(fromMs < toMs)) throw new CloudFault('ValidationError', 'The parameter StartTime must be less than the parameter EndTime.')
  return asked.map(({ id, metric, instance, periodSeconds }) => {
    if (!/^[a-z][A-Za-z0-9_]*$/.test(id)) throw new CloudFault('ValidationError', `The Id ${id} must begin with a lower case letter.`)
    if (periodSeconds < 60 || periodSeconds % 60 !== 0) throw new CloudFault('ValidationError', 'The Period must be a multiple of 60.')
    const one = state.databases.find(region, instance)
    const figure = metrics[metric]
    const isSilent = one === undefined || figure === undefined || ['stopped', 'starting'].includes(one.status)
    const atSeconds: number[] = []
    // The newest first; what has just happened has no figure yet.
    const last = Math.floor(Math.min(toMs, state.options.now() - 60_000) / 1000 / periodSeconds) * periodSeconds
    for (let at = last; !isSilent && at * 1000 >= fromMs && atSeconds.length < 100_000; at -= periodSeconds) atSeconds.push(at)
    return { id, label: metric, atSeconds, values: atSeconds.map((at) => figure!(one!, at)) }
  })
}

const instanceOf = (namespaceAsked: string | undefined, dimensions: readonly { name?: string; value?: string }[]): string =>
  (namespaceAsked === namespace && dimensions.length === 1 && dimensions[0]!.name === 'DBInstanceIdentifier' && dimensions[0]!.value) || ''

interface JsonQuestion {
  StartTime?: number
  EndTime?: number
  MetricDataQueries?: {
    Id?: string
    MetricStat?: {
      Period?: number
      Metric?: { Namespace?: string; MetricName?: string; Dimensions?: { Name?: string; Value?: string }[] }
    }
  }[]
}

/** `GetMetricData` in the JSON protocol: moments in seconds since 1970. */
export const metricsInJson = (state: CloudState, region: string, question: JsonQuestion): unknown => {
  const asked = (question.MetricDataQueries ?? []).map(({ Id = '', MetricStat: stat }) => ({
    id: Id,
    metric: stat?.Metric?.MetricName ?? '',
    instance: instanceOf(
      stat?.Metric?.Namespace,
      (stat?.Metric?.Dimensions ?? []).map(({ Name, Value }) => ({ name: Name, value: Value })),
    ),
    periodSeconds: stat?.Period ?? 0,
  }))
  const span: [number, number] = [(question.StartTime ?? Number.NaN) * 1000, (question.EndTime ?? Number.NaN) * 1000]
  return {
    MetricDataResults: answersTo(state, region, asked, span).map(({ id, label, atSeconds, values }) => ({
      Id: id,
      Label: label,
      Timestamps: atSeconds,
      Values: values,
      StatusCode: 'Complete',
    })),
    Messages: [],
  }
}

/** The same in the Query protocol, which older clients speak. */
export const metricsInXml = (state: CloudState, region: string, params: Params): { [name: string]: Content } => {
  const asked = params.groups('MetricDataQueries.member').map((one) => ({
    id: one.must('Id'),
    metric: one.get('MetricStat.Metric.MetricName') ?? '',
    instance: instanceOf(
      one.get('MetricStat.Metric.Namespace'),
      one.groups('MetricStat.Metric.Dimensions.member').map((of) => ({ name: of.get('Name'), value: of.get('Value') })),
    ),
    periodSeconds: one.int('MetricStat.Period') ?? 0,
  }))
  const span: [number, number] = [Date.parse(params.must('StartTime')), Date.parse(params.must('EndTime'))]
  return {
    MetricDataResults: {
      member: answersTo(state, region, asked, span).map(({ id, label, atSeconds, values }) => ({
        Id: id,
        Label: label,
        Timestamps: { member: atSeconds.map((at) => new Date(at * 1000).toISOString()) },
        Values: { member: values },
        StatusCode: 'Complete',
      })),
    },
    Messages: null,
  }
}
