import { type DatabaseLine, databaseLines } from './pgbouncer-ini'
import { type HerdAim, herdsNamed, renderLine, renderTemplate, type TemplateAbout, templateLines } from './template'

/** One herd's part of a pooler's file: the lines of its template that name the herd. Of a pooler with one herd that is all that ever changes. */
export interface HerdPart {
  template: string
  about: TemplateAbout
  herd: string
}

/** Indices of lines, from 0: those that point to the herd, and those that point to other ones. */
export const partLines = ({ template, about, herd }: HerdPart): { own: number[]; foreign: number[] } => {
  const named = templateLines(template).map((line) => herdsNamed(line, about.herd))
  const indices = (isWanted: (herds: string[]) => boolean) => named.flatMap((herds, index) => (isWanted(herds) ? [index] : []))
  return { own: indices((herds) => herds.includes(herd)), foreign: indices((herds) => herds.length > 0 && !herds.includes(herd)) }
}

/**
 * The file with the herd's lines pointing to `aim` and every other line as it is, so that two herds of one file can move at the same time. null: the file is not
 * what the template makes, whichever member is the primary.
 */
export const leadLines = (text: string, { template, about, herd }: HerdPart, aim: HerdAim): string | null => {
  const [wanted, found] = [templateLines(template), text.split('\n')]
  if (wanted.length !== found.length) return null
  const led = wanted.map((line, index) => {
    const isLike = patternOf(line, about).test(found[index]!)
    if (!isLike) return null
    return herdsNamed(line, about.herd).includes(herd) ? renderLine(line, about, { [herd]: aim }) : found[index]!
  })
  return led.includes(null) ? null : led.join('\n')
}

const mark = '\u0000'

/** What the line may be, wherever the herds' primaries are. */
const patternOf = (line: string, about: TemplateAbout): RegExp => {
  const aims = Object.fromEntries(herdsNamed(line, about.herd).map((herd) => [herd, { host: mark, port: mark, hostname: mark }]))
  const fixed = renderLine(line, about, aims).split(mark)
  return new RegExp(`^${fixed.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^\\s,]+')}$`)
}

/** The lines that decide whether the pooler is right for one herd. Those that point to no herd count for the first one. */
export const isOwnLine = (part: HerdPart): ((line: DatabaseLine) => boolean) => {
  const { own, foreign } = partLines(part)
  return part.herd === part.about.herd ? ({ line }) => !foreign.includes(line) : ({ line }) => own.includes(line)
}

/** The file as far as one herd's primary makes it; lines of other herds keep their words. For looking at its own lines alone. */
export const renderPart = ({ template, about, herd }: HerdPart, aim: HerdAim): string => renderTemplate(template, about, { [herd]: aim })

/** Whose each database's line is, by the herd's name; null: the line names no herd. `*` stands for every name without a line. */
export const databaseHerds = ({ template, about }: Omit<HerdPart, 'herd'>): Map<string, string | null> => {
  const lines = templateLines(template)
  return new Map(databaseLines(lines.join('\n')).map(({ name, line }) => [name, herdsNamed(lines[line]!, about.herd)[0] ?? null]))
}
