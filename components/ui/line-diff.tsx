/** Lines that go and that come, each with its sign (`+ `, `- `), and what stays; over the whole width of a list of facts. `as`: `dd` in such a list. */
export const LineDiff = ({ lines, as: Tag = 'div' }: { lines: readonly string[]; as?: 'div' | 'dd' }) => (
  <Tag className="line-diff">
    {lines.map((line, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a difference never move, and may be the same twice.
      <span key={index} data-sign={line.charAt(0)}>
        {line}
      </span>
    ))}
  </Tag>
)
