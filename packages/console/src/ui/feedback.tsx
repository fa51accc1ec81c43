import { Button } from '@mantine/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { describeError, type Trouble, troubleReport } from '../api/problem.ts'
import { Icon } from './icons.tsx'
import { Command, Copy } from './show.tsx'

/** Grey bars where content will be. */
export function Skeleton({ lines = 4, height = 16 }: { lines?: number; height?: number }) {
  return (
    <div className="fl-stack tight fl-loading" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, index) => index).map((index) => (
        <div key={index} className="fl-skeleton" style={{ height, width: `${96 - ((index * 17) % 40)}%` }} />
      ))}
    </div>
  )
}

/** What will stand here, and the command, or the commands one after the other, that make it appear. */
export function Empty({ title, children, command }: { title: string; children?: ReactNode; command?: string | readonly string[] }) {
  return (
    <div className="fl-empty">
      <strong>{title}</strong>
      {children ? <p>{children}</p> : null}
      {[command ?? []].flat().map((text) => (
        <Command key={text} text={text} />
      ))}
    </div>
  )
}

/** A trouble in full: what happened, what it means, what to do, code and request id. */
export function TroubleView({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) {
  const trouble = describeError(error)
  return (
    <div className="fl-trouble" role="alert">
      <Icon name="alert" size={18} />
      <div className="fl-stack tight">
        <strong>{trouble.title}</strong>
        <Detail text={trouble.detail} />
        <TroubleItems trouble={trouble} />
        <p className="fl-soft">
          <Words text={trouble.remedy} />
        </p>
        <p className="fl-small fl-soft">
          Code <code>{trouble.code}</code>
          {trouble.requestId ? (
            <>
              {' · '}request <code>{trouble.requestId}</code>
            </>
          ) : null}{' '}
          <Copy value={troubleReport(trouble, window.location.pathname)} label="Copy error report" />
        </p>
        {retry ? (
          <div>
            <Button size="xs" variant="default" onClick={retry}>
              Try again
            </Button>
          </div>
        ) : null}
      </div>
    </div>
  )
}

/** What happened; lines after the first, such as the place an expression is wrong at, keep their columns. */
function Detail({ text }: { text: string }) {
  const [first = '', ...rest] = text.split('\n')
  return (
    <>
      <p>
        <Words text={first} />
      </p>
      {rest.length > 0 ? <pre className="fl-pointer">{rest.join('\n')}</pre> : null}
    </>
  )
}

/** A sentence in which what stands between backticks is code. */
function Words({ text }: { text: string }) {
  return text.split('`').map((part, index) => {
    const key = `${index} ${part}`
    return index % 2 === 1 ? <code key={key}>{part}</code> : <span key={key}>{part}</span>
  })
}

function TroubleItems({ trouble }: { trouble: Trouble }) {
  if (trouble.items.length === 0) return null
  return (
    <ul>
      {trouble.items.slice(0, 20).map((item) => (
        <li key={`${item.path} ${item.code}`}>
          <code>{item.path}</code>: {item.detail}
        </li>
      ))}
    </ul>
  )
}

/** Shows a query: skeleton while it loads, its trouble, or what `children` makes of the data. */
export function Loaded<T>({ query, lines, children }: { query: UseQueryResult<T>; lines?: number; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <TroubleView error={query.error} retry={() => void query.refetch()} />
  return <Skeleton lines={lines ?? 4} />
}
