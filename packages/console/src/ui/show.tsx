import { ActionIcon, Tooltip } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { shortDigest } from '../format/text.ts'
import { exactTime, relativeTime } from '../format/time.ts'
import { copyText } from './copy.ts'
import { Icon } from './icons.tsx'
import { useNow } from './now.ts'
import type { StateWord } from './state.ts'

/** A state with its icon and its word. */
export function State({ state }: { state: StateWord }) {
  return (
    <span className="fl-state" data-tone={state.tone}>
      <Icon name={state.tone} size={14} />
      {state.word}
    </span>
  )
}

/** A time as it is spoken, with the exact one on hover. */
export function Ago({ at }: { at: string | null | undefined }) {
  const now = useNow()
  if (!at) return <span className="fl-soft">never</span>
  return (
    <time dateTime={at} title={exactTime(at)} className="fl-nowrap">
      {relativeTime(at, now)}
    </time>
  )
}

const SHOWN_MS = 1500

/** A button that copies `value`; `label` says what is copied. */
export function Copy({ value, label }: { value: string; label: string }) {
  const [outcome, setOutcome] = useState<'Copied' | 'The browser refused to copy'>()
  const copy = async () => {
    setOutcome((await copyText(value)) ? 'Copied' : 'The browser refused to copy')
    setTimeout(() => setOutcome(undefined), SHOWN_MS)
  }
  return (
    <Tooltip label={outcome ?? label} withArrow>
      <ActionIcon variant="subtle" color="gray" size="sm" onClick={() => void copy()} aria-label={outcome ?? label}>
        <Icon name={outcome === 'Copied' ? 'check' : outcome ? 'warn' : 'copy'} size={14} />
      </ActionIcon>
    </Tooltip>
  )
}

/** A shortened digest with a button that copies all of it. */
export function Digest({ digest }: { digest: string }) {
  return (
    <span className="fl-digest">
      <code title={digest}>{shortDigest(digest)}</code>
      <Copy value={digest} label="Copy digest" />
    </span>
  )
}

/** A command with its copy button. */
export function Command({ text }: { text: string }) {
  return (
    <span className="fl-command">
      <code>{text}</code>
      <Copy value={text} label="Copy command" />
    </span>
  )
}

/** A block of code with its copy button. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  return (
    <section className="fl-code" aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard. */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <Copy value={text} label={`Copy ${label}`} />
    </section>
  )
}

/** A region that scrolls sideways, and can be reached by keyboard to do so. */
export function Scroll({ label, children, tall = false }: { label: string; children: ReactNode; tall?: boolean }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
    <section className={tall ? 'fl-scroll fl-tall' : 'fl-scroll'} tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}

/** A titled panel. */
export function Panel({ title, aside, children, flush = false }: { title: ReactNode; aside?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className="fl-panel">
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {flush ? children : <div className="fl-body">{children}</div>}
    </section>
  )
}

/** Pairs of a term and its value; `long` ones stand under each other on a phone. */
export function Facts({ items, long = false }: { items: readonly (readonly [string, ReactNode])[]; long?: boolean }) {
  return (
    <dl className={long ? 'fl-facts long' : 'fl-facts'}>
      {items.map(([term, value]) => (
        <div key={term} style={{ display: 'contents' }}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
