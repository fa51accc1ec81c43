/** A bar from one share of the width to another; which way it leads is in its colour and its tip, and has to be said in words beside it. */
export function WayBar({ from, to }: { from: number; to: number }) {
  const way = to >= from ? 'raises' : 'lowers'
  return (
    <span className="fl-way" aria-hidden="true">
      <span data-way={way} style={{ insetInlineStart: `${Math.min(from, to) * 100}%`, width: `${Math.abs(to - from) * 100}%` }} />
    </span>
  )
}
