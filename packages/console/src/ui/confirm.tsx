import type { Operation } from '@fairlead/contract/control'
import { Button, Modal } from '@mantine/core'
import type { ReactNode } from 'react'
import { TroubleView } from './feedback.tsx'

interface ConfirmProps {
  title: string
  /** What will happen, and the way back. */
  children: ReactNode
  action: string
  danger?: boolean
  pending: boolean
  ready?: boolean
  error: unknown
  /** The work as it goes on. */
  operation?: Operation | undefined
  onConfirm: () => void
  onClose: () => void
}

/** Asks once before something changes, says how it goes on, and what went wrong. */
export function Confirm({ title, children, action, danger = false, pending, ready = true, error, operation, onConfirm, onClose }: ConfirmProps) {
  return (
    <Modal opened onClose={onClose} title={<strong>{title}</strong>} size="lg">
      <div className="fl-stack">
        {children}
        {pending && operation ? (
          <p role="status" className="fl-soft">
            {operation.step}
          </p>
        ) : null}
        {error ? <TroubleView error={error} /> : null}
        <div className="fl-row" style={{ justifyContent: 'flex-end' }}>
          <Button variant="default" onClick={onClose}>
            {pending ? 'Close, it goes on' : 'Cancel'}
          </Button>
          <Button {...(danger ? { color: 'red.9' } : {})} loading={pending} disabled={!ready} onClick={onConfirm}>
            {action}
          </Button>
        </div>
      </div>
    </Modal>
  )
}
