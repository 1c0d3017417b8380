/** Whole messages of PostgreSQL's protocol out of pieces; the first of a client's has no type. */
export class Messages {
  private held: Buffer = Buffer.alloc(0)

  constructor(private isStarted: boolean) {}

  take(piece: Buffer): Buffer[] {
    this.held = this.held.length === 0 ? piece : Buffer.concat([this.held, piece])
    const found: Buffer[] = []
    for (;;) {
      const head = this.isStarted ? 1 : 0
      if (this.held.length < head + 4) return found
      const length = head + this.held.readInt32BE(head)
      if (this.held.length < length) return found
      found.push(this.held.subarray(0, length))
      this.held = this.held.subarray(length)
      this.isStarted = true
    }
  }
}

export const typeOf = (message: Buffer): string => String.fromCharCode(message[0]!)
export const syncMessage = Buffer.from([0x53, 0, 0, 0, 4])

/** Of Parse: the statement's name. Of Bind: the one behind the portal's. */
export const statementOf = (message: Buffer): string => {
  const texts = message.toString('latin1', 5).split('\0', 2)
  return typeOf(message) === 'P' ? texts[0]! : texts[1]!
}

/** A row of one text. */
export const rowOf = (text: string): Buffer => {
  const value = Buffer.from(text)
  const row = Buffer.alloc(11 + value.length)
  row.write('D', 0, 'latin1')
  row.writeInt32BE(10 + value.length, 1)
  row.writeInt16BE(1, 5)
  row.writeInt32BE(value.length, 7)
  value.copy(row, 11)
  return row
}

/** The text of a row of one column; null: it has several, or none. */
export const textOf = (row: Buffer): string | null =>
  row.readInt16BE(5) === 1 && row.readInt32BE(7) >= 0 ? row.toString('utf8', 11) : null
