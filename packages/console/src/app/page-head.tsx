import { Link } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'

interface PageHeadProps {
  title: string
  /** Beside the name: its state. */
  state?: ReactNode
  /** Under the name: one line on what this is. */
  sub?: ReactNode
  /** The one main action, and what else belongs at the right. */
  actions?: ReactNode
  parent?: { to: '/models' | '/deployments'; label: string }
}

/** The head of a page; also names the browser's tab. */
export function PageHead({ title, state, sub, actions, parent }: PageHeadProps) {
  useEffect(() => {
    document.title = `${title} · Fairlead`
  }, [title])
  return (
    <header className="fl-page-head">
      <div>
        {parent ? (
          <Link to={parent.to} className="fl-crumb">
            {parent.label}
          </Link>
        ) : null}
        <div className="fl-row">
          <h1>
            <bdi>{title}</bdi>
          </h1>
          {state}
        </div>
        {sub ? <div className="fl-sub fl-soft">{sub}</div> : null}
      </div>
      {actions ? <div className="fl-row">{actions}</div> : null}
    </header>
  )
}
