import { scriptOutputBytes } from '@/lib/ports'

const half = scriptOutputBytes / 2

/** Keeps the first and the last bytes of a stream of any length. */
export class Output {
  #first = Buffer.alloc(0)
  #last = Buffer.alloc(0)
  #total = 0

  add(chunk: Buffer): void {
    this.#total += chunk.length
    const room = half - this.#first.length
    this.#first = Buffer.concat([this.#first, chunk.subarray(0, Math.max(0, room))])
    const rest = chunk.subarray(Math.max(0, room))
    if (rest.length > 0) this.#last = Buffer.concat([this.#last, rest]).subarray(-half)
  }

  read(): { output: string; isCut: boolean } {
    const left = this.#total - this.#first.length - this.#last.length
    const middle = left > 0 ? `\n… ${left} bytes left out …\n` : ''
    return { output: printable(Buffer.concat([this.#first, Buffer.from(middle), this.#last]).toString()), isCut: left > 0 }
  }
}

/** Without what a terminal would obey and PostgreSQL would not store. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const printable = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
