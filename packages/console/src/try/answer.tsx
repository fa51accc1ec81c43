import { type OutputField, writeJson } from '@fairlead/contract'
import { formatMs, formatPercent } from '../format/number.ts'
import { formatValue } from '../format/text.ts'
import { TroubleView } from '../ui/feedback.tsx'
import { CodeBlock } from '../ui/show.tsx'
import type { Tried } from './ask.ts'
import { answeredOutput, explanationOf } from './waterfall.ts'
import { Why } from './why.tsx'

interface AnswerProps {
  tried: Tried | undefined
  error: unknown
  fields: readonly OutputField[]
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number')

/** Numbers that share one whole among them, as the probabilities of classes without names. */
function isDistribution(value: unknown): value is number[] {
  if (!isNumbers(value) || value.length < 2 || value.some((one) => one < 0)) return false
  return Math.abs(value.reduce((sum, one) => sum + one, 0) - 1) < 1e-3
}

/** The first prediction of an answer, if it has one. */
function firstPrediction(answer: Record<string, unknown>): Record<string, unknown> | undefined {
  const list = answer.predictions
  return Array.isArray(list) && isRecord(list[0]) ? list[0] : undefined
}

/** The answer to the form, drawn by the kind of each output, with its latency. */
export function Answer({ tried, error, fields }: AnswerProps) {
  if (error) {
    return (
      <div className="fl-answer">
        <TroubleView error={error} />
      </div>
    )
  }
  if (!tried) return <p className="fl-answer fl-soft">Fill in the inputs and press Predict; the answer appears here with the time it took.</p>
  const prediction = firstPrediction(tried.answer)
  const explanation = explanationOf(tried.answer)
  return (
    <div className="fl-answer" aria-live="polite">
      {prediction
        ? Object.entries(prediction).map(([name, value]) => <Output key={name} name={name} value={value} field={fields.find((field) => field.name === name)} />)
        : null}
      <p className="fl-small fl-soft">
        Answered in <b>{formatMs(tried.roundTripMs)}</b>
        {explanation ? ', explanation included,' : ''} as this browser saw it
        {typeof tried.answer.release === 'number' ? <> by release {tried.answer.release}</> : null}
        {typeof tried.answer.id === 'string' ? (
          <>
            , as <code>{tried.answer.id}</code>
          </>
        ) : null}
      </p>
      {explanation ? (
        <Why key={tried.roundTripMs} explanation={explanation} row={tried.row} answered={answeredOutput(explanation, prediction)} />
      ) : (
        <p className="fl-small fl-soft">Without an explanation: {tried.unexplained ?? 'the answer carries none'}.</p>
      )}
      <details>
        <summary>Whole answer</summary>
        <CodeBlock text={writeJson(tried.answer, 2)} label="answer" />
      </details>
    </div>
  )
}

function Output({ name, value, field }: { name: string; value: unknown; field: OutputField | undefined }) {
  if (isRecord(value)) return <Shares name={name} shares={value} />
  if (isDistribution(value)) return <Shares name={name} shares={Object.fromEntries(value.map((share, at) => [String(field?.classes?.[at] ?? at), share]))} />
  return (
    <div>
      <div className="fl-soft fl-small">
        <bdi>{name}</bdi>
        {field?.description ? `, ${field.description}` : ''}
      </div>
      <div className="fl-result">
        <bdi>{isNumbers(value) ? value.map(formatValue).join(', ') : formatValue(value)}</bdi>{' '}
        {field?.unit ? <span className="fl-soft">{field.unit}</span> : null}
      </div>
    </div>
  )
}

const SHOWN = 12

/** Probabilities as bars, the largest first. */
function Shares({ name, shares }: { name: string; shares: Record<string, unknown> }) {
  const sorted = Object.entries(shares).sort(([, a], [, b]) => Number(b) - Number(a))
  return (
    <div>
      <div className="fl-soft fl-small">
        <bdi>{name}</bdi>
        {sorted.length > SHOWN ? `, the ${SHOWN} largest of ${sorted.length}` : ''}
      </div>
      <ul className="fl-shares">
        {sorted.slice(0, SHOWN).map(([label, share]) => (
          <li key={label}>
            <bdi>{label}</bdi>
            <span className="fl-bar">
              <span style={{ width: `${Math.max(0, Math.min(1, Number(share))) * 100}%` }} />
            </span>
            <span className="fl-number">{typeof share === 'number' ? formatPercent(share) : formatValue(share)}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}
