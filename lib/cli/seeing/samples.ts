import { figureText } from '@/lib/domain/samples/figure-text'
import type { SampleSeries, Samples } from '@/lib/shapes/samples'
import { type Args, mustBeEmpty } from '../args'
import { getJson, type Where } from '../client'
import { exitCodes } from '../exit-codes'
import { outputOf, pour, print, printJson, remark } from '../output'
import { table } from '../table'
import { questionOf, subjectOf } from './subject'

const columns = ['of', 'figure', 'now', 'lowest', 'mean', 'highest', 'seen']

const rowOf = ({ title, metric, points }: SampleSeries, metrics: Samples['metrics']): unknown[] => {
  const { label, unit } = metrics.find(({ name }) => name === metric)!
  const newest = points.at(-1)
  if (!newest) return [title, label, 'no samples', null, null, null, null]
  const figures = [
    newest[2],
    Math.min(...points.map(([, low]) => low)),
    points.reduce((sum, [, , mean]) => sum + mean, 0) / points.length,
    Math.max(...points.map(([, , , high]) => high)),
  ]
  return [title, label, ...figures.map((figure) => figureText(figure, unit)), `${new Date(newest[0] * 1000).toISOString().slice(0, 16)}Z`]
}

const pathOf = async (where: Where, args: Args): Promise<string> => {
  if (args.words.length > 0) return (await subjectOf(where, args, ['instance', 'herd', 'server'])).path
  mustBeEmpty(args)
  return '/api/v1/fleet'
}

/** `matriarch samples [NAME] [--from TIME --to TIME --metrics a,b --points N] [-o table|json|csv]`; without a name each environment. */
export const samples = async (where: Where, args: Args): Promise<number> => {
  const format = outputOf(args, ['table', 'json', 'csv'])
  const question = questionOf(args, ['from', 'to', 'metrics', 'points'])
  const path = await pathOf(where, args)
  if (format === 'csv') {
    await pour(where, `${path}/samples?${question}&format=csv`)
    return exitCodes.done
  }
  const found = await getJson<Samples>(where, `${path}/samples?${question}`)
  if (format === 'json') {
    printJson(found)
    return exitCodes.done
  }
  print(
    table(
      columns,
      found.series.map((one) => rowOf(one, found.metrics)),
    ),
  )
  remark(`From ${found.from} to ${found.to}.`)
  for (const { at, kind, title } of found.marks) remark(`${new Date(at * 1000).toISOString()}  ${kind}: ${title}`)
  return exitCodes.done
}
