import type { ReactNode } from 'react'
import { Scroll } from './show.tsx'

/** The head of a column: its words, said of numbers, or for those who do not see it. */
export type Head = string | { number: string } | { hidden: string }

function HeadCell({ head }: { head: Head }) {
  if (typeof head === 'string') return <th scope="col">{head}</th>
  if ('hidden' in head)
    return (
      <th scope="col">
        <span className="fl-hidden">{head.hidden}</span>
      </th>
    )
  return (
    <th scope="col" className="fl-number">
      {head.number}
    </th>
  )
}

interface TableProps {
  /** What it is called where it scrolls. */
  label: string
  heads: readonly Head[]
  /** Many columns, which narrow screens show closer together. */
  dense?: boolean
  /** Its rows. */
  children: ReactNode
}

/** A table whose rows become cards on a phone. */
export function Table({ label, heads, dense = false, children }: TableProps) {
  return (
    <Scroll label={label}>
      <table className={dense ? 'fl-table cards dense' : 'fl-table cards'}>
        <thead>
          <tr>
            {heads.map((head) => (
              <HeadCell key={typeof head === 'string' ? head : Object.values(head)[0]} head={head} />
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Scroll>
  )
}
