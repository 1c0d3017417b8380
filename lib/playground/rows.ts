import type { StdioOptions } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeProgress } from './progress.mjs'

/** Where the processes of a stage write: on the terminal, or into a file that is shown when the stage is over. */
export type Output = StdioOptions

/**
 * Runs stages row after row, those of one row at the same time; resolves to what each gave, in the order of the rows. What a stage alone in its row says
 * is seen at once; of several, each one's is kept in a file of `folder` and shown whole when it is over.
 */
export const runRows = async <S extends { name: string }, R>(
  rows: readonly (readonly S[])[],
  run: (stage: S, output: Output) => Promise<R>,
  folder: string,
  say: (text: string) => void = (text) => void process.stdout.write(text),
): Promise<R[]> => {
  const results: R[] = []
  for (const row of rows) {
    const [only, ...others] = row
    if (only === undefined) continue
    if (others.length === 0) {
      say(`\n── ${only.name}\n`)
      results.push(await run(only, 'inherit'))
      continue
    }
    say(`\n── ${row.map(({ name }) => name).join(' and ')}, at the same time\n`)
    const { step } = makeProgress((line: string) => say(`${line}\n`))
    results.push(...(await Promise.all(row.map((stage) => step(stage.name, kept(stage, run, folder, say))))))
  }
  return results
}

const kept = async <S extends { name: string }, R>(
  stage: S,
  run: (stage: S, output: Output) => Promise<R>,
  folder: string,
  say: (text: string) => void,
): Promise<R> => {
  const path = join(folder, `${stage.name}.log`)
  const file = openSync(path, 'w')
  try {
    return await run(stage, ['ignore', file, file])
  } finally {
    closeSync(file)
    say(`\n── ${stage.name}\n${readFileSync(path, 'utf8')}`)
  }
}
