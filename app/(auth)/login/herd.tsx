/** The product's subject as a drawing: a primary, its standbys, and WAL on its way. Decoration only. */
const members = [
  { x: 200, y: 120, from: null, r: 26 },
  { x: 96, y: 262, from: [200, 120], r: 18 },
  { x: 222, y: 292, from: [200, 120], r: 18 },
  { x: 324, y: 246, from: [200, 120], r: 18 },
  { x: 60, y: 404, from: [96, 262], r: 13 },
  { x: 142, y: 424, from: [96, 262], r: 13 },
  { x: 352, y: 398, from: [324, 246], r: 13 },
] as const

const curve = ([x1, y1]: readonly [number, number], x2: number, y2: number) =>
  `M${x1} ${y1} C${x1} ${(y1 + y2) / 2}, ${x2} ${(y1 + y2) / 2}, ${x2} ${y2}`

export const Herd = () => (
  <svg viewBox="0 0 420 520" className="login-herd" role="presentation">
    <title>A primary and its standbys</title>
    {members.map(({ x, y, from }, index) =>
      from ? (
        <g key={`${x}-${y}`}>
          <path d={curve(from, x, y)} className="edge" />
          <path d={curve(from, x, y)} className="wal" style={{ animationDelay: `${index * -0.7}s` }} />
        </g>
      ) : null,
    )}
    {members.map(({ x, y, from, r }) =>
      from ? (
        <circle key={`${x}-${y}`} cx={x} cy={y} r={r} className="standby" />
      ) : (
        <rect key={`${x}-${y}`} x={x - r} y={y - r} width={2 * r} height={2 * r} rx="7" className="primary" />
      ),
    )}
  </svg>
)
