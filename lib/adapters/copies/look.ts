import type { CopySeen, CopySight, DataPlace } from '@/lib/ports'

const stages: Record<string, CopySeen['stage']> = {
  none: 'none',
  unfinished: 'unfinished',
  whole: 'whole',
  out: 'half',
  in: 'half',
  swapped: 'swapped',
  removing: 'swapped',
}

export const parseSight = (output: string): CopySight => {
  const lines = output.split('\n')
  const all = (name: string) => lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1))
  return {
    places: all('place').map(placeOf),
    configuration: all('own'),
    copy: {
      stage: stages[all('stage')[0] ?? ''] ?? 'none',
      key: all('key')[0] ?? null,
      bytes: numberOf(all('bytes')[0]),
      paths: all('path'),
      isRewinding: all('rewinding').length > 0,
      inPlaceKey: all('in-place')[0] ?? null,
    },
  }
}

const placeOf = (line: string): DataPlace => {
  const [what, path = '', device, free, total, bytes, because] = line.split('\t')
  return {
    what: what === 'wal' || what === 'tablespace' ? what : 'data',
    path,
    device: device || null,
    freeBytes: numberOf(free),
    totalBytes: numberOf(total),
    bytes: numberOf(bytes),
    because: because ? `${because}.` : null,
  }
}

const numberOf = (text: string | undefined): number | null => (text && /^\d+$/.test(text) ? Number(text) : null)

/** Lines of a text in base64 and a name. */
export const parseConfiguration = (output: string): { name: string; text: string }[] =>
  output
    .split('\n')
    .filter((line) => line.includes(' '))
    .map((line) => ({
      name: line.slice(line.indexOf(' ') + 1),
      text: Buffer.from(line.slice(0, line.indexOf(' ')), 'base64').toString('utf8'),
    }))
