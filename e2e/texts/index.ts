import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { operationHelp } from '@/app/(console)/help/operation-help-of'
import { openApiDocument } from '@/app/api/_lib/openapi'
import { helpOf, helpTopics } from '@/lib/cli/help'
import { environmentTable } from '@/lib/env'
import { faultTable } from '@/lib/kernel/ground/errors'
import { describeOperation } from '@/lib/kernel/operation/describe-operation'
import type { Plan, PlanTarget } from '@/lib/kernel/operation/plan'
import { type operations, operationsOn } from '@/lib/operations'
import { projectRoot } from '@/lib/playground/setup.mjs'
import { resources } from '@/lib/resources'
import { sentencesOf } from './in-code'

/** `npm run texts`: every plan, error and help page of the product as one document to read from top to bottom. */

const snapshots = join(projectRoot, 'lib/operations/__snapshots__')

const targetText = (target: PlanTarget): string[] => [
  `**${target.title}**${target.eligible ? '' : `: excluded: ${target.reason}`}`,
  '',
  ...target.now.map(({ label, value }) => `- ${label}: ${value}`),
  ...target.gates.map(({ title, verdict, because }) => `- check “${title}”: ${verdict}${because ? `: ${because}` : ''}`),
  ...target.affected.map(({ sentence }) => `- impact: ${sentence}`),
  '',
  ...target.effects.flatMap((effect, at) => [
    `${at + 1}. ${effect.title} (${effect.state}): ${effect.preview}${effect.because && effect.because !== effect.preview ? ` ${effect.because}` : ''}`,
    ...effect.commands.map((command) => `   \`${command.replaceAll('\n', ' ⏎ ')}\``),
    `   ${effect.ending.kind}: ${effect.ending.sentence}`,
  ]),
  '',
]

/** A snapshot holds a whole plan, the plan of one target, or several under a heading each. */
const planText = (name: string): string[] => {
  const source = readFileSync(join(snapshots, 'plans', name), 'utf8')
  const read = (): Plan | PlanTarget | null => {
    try {
      return JSON.parse(source)
    } catch {
      return null
    }
  }
  const plan = read()
  const heading = [`### ${name.replace('.txt', '')}`, '']
  if (plan === null) return [...heading, '```', source.trimEnd(), '```', '']
  if (!('targets' in plan)) return [...heading, ...targetText(plan)]
  return [...heading, `${plan.title}. Phrase: ${plan.phrase ?? 'none'}.`, '', ...plan.targets.flatMap(targetText)]
}

const inputText = (operation: (typeof operations)[number]): string[] => {
  const { properties = {} } = describeOperation(operation).input as {
    properties?: Record<string, { title?: string; description?: string }>
  }
  return Object.entries(properties).map(
    ([name, { title, description }]) => `- input ${name}: ${[title, description].filter(Boolean).join('. ')}`,
  )
}

const helpText = (): string[] =>
  resources.flatMap((resource) => [
    `### ${resource.noun[1]} (/${resource.path}/help)`,
    '',
    ...resource.help.flatMap((paragraph) => [paragraph, '']),
    ...Object.entries(resource.fields).map(([name, { label, help }]) => `- ${name}: ${label}. ${help ?? ''}`.trimEnd()),
    '',
    ...operationsOn(resource.name).flatMap((operation) => {
      const { title, danger, help, gates, effects } = operationHelp(operation)
      return [
        `#### ${title} (${operation.name}, ${danger})`,
        '',
        ...help.flatMap((paragraph) => [paragraph, '']),
        ...inputText(operation),
        `- checks first: ${gates.map((gate) => gate.title).join('; ')}`,
        ...effects.map((effect, at) => `${at + 1}. ${effect.title}. ${effect.ending.kind}: ${effect.ending.sentence}`),
        '',
      ]
    }),
  ])

const offeredText = (): string[] =>
  readdirSync(join(snapshots, 'offered')).flatMap((name) => [
    `### ${name.replace('.txt', '')}`,
    '',
    '```',
    readFileSync(join(snapshots, 'offered', name), 'utf8').trimEnd(),
    '```',
    '',
  ])

const apiText = (): string[] => {
  const { paths } = openApiDocument() as { paths: Record<string, Record<string, { summary: string; description?: string }>> }
  return Object.entries(paths).flatMap(([path, calls]) =>
    Object.entries(calls).map(
      ([method, { summary, description }]) => `- ${method.toUpperCase()} ${path}: ${summary}. ${description ?? ''}`,
    ),
  )
}

const rooms = ['lib', 'db', 'jobs', 'app', 'components']
const isShown = (file: string) =>
  /\.tsx?$/.test(file) &&
  !/\.(test|spec|fixture)\.|^db\/(migrations|schema)|^lib\/(adapters\/(memory|contract)|playground\/machine)\//.test(file)

const codeText = (): string[] =>
  execFileSync('git', ['ls-files', ...rooms], { cwd: projectRoot, encoding: 'utf8' })
    .split('\n')
    .filter(isShown)
    .flatMap((file) => {
      const found = sentencesOf(readFileSync(join(projectRoot, file), 'utf8'), file.endsWith('x') ? 'tsx' : 'ts')
      return found.length === 0 ? [] : [`### ${file}`, '', ...found.map(({ line, text }) => `- ${line}: ${text}`), '']
    })

const document = [
  '# Every text of Matriarch',
  '',
  '## Help pages',
  '',
  ...helpText(),
  '## Plans',
  '',
  ...readdirSync(join(snapshots, 'plans')).flatMap(planText),
  '## When an operation is offered',
  '',
  ...offeredText(),
  '## Errors',
  '',
  ...Object.entries(faultTable).map(([code, { status, sentence }]) => `- ${code} (${status}): ${sentence}`),
  '',
  '## Command line',
  '',
  ...[undefined, ...helpTopics].flatMap((topic) => [`### matriarch help ${topic ?? ''}`.trimEnd(), '', '```', helpOf(topic), '```', '']),
  '## Environment variables',
  '',
  ...environmentTable().map(({ name, meaning }) => `- ${name}: ${meaning}`),
  '',
  '## API',
  '',
  ...apiText(),
  '',
  '## Sentences in code',
  '',
  ...codeText(),
]

process.stdout.write(`${document.join('\n')}\n`)
