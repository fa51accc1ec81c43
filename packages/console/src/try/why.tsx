import type { Explanation, Row } from '@fairlead/contract'
import { Select } from '@mantine/core'
import { useState } from 'react'
import { formatCount, formatSigned, placesFor } from '../format/number.ts'
import { WayBar } from '../ui/way-bar.tsx'
import { type Step, waterfall } from './waterfall.ts'

/** A class that is but a number says what it is. */
const classWords = (name: string) => (/^\d+$/.test(name) ? `class ${name}` : name)

const marginOf = (name: string | undefined) =>
  name === undefined ? (
    'the margin'
  ) : (
    <>
      the margin of <bdi>{classWords(name)}</bdi>
    </>
  )

interface WhyProps {
  explanation: Explanation
  row: Row
  /** Place of the output on show at first. */
  answered: number
}

const MOST = 8
/** How it was worked out, and what the way starts at. */
function methodWords({ method, background }: Explanation): string {
  const rows = background
    ? `${formatCount(background.rows)} ${background.from === 'example' ? 'example' : 'golden'} ${background.rows === 1 ? 'row' : 'rows'}`
    : ''
  if (method === 'linear') return `Contributions of a linear model; they start ${rows ? `where the mean of ${rows} stands` : 'at its intercept'}.`
  if (method === 'path-dependent') return 'SHAP values along the paths of the trees; they start at the mean over the training rows.'
  return `SHAP values${method === 'interventional' ? '' : ` (${method})`}; they start at the mean answer ${rows ? `to ${rows}` : 'to background rows'}.`
}

/** Why a row got its answer: the reasons in words, then what every column adds, drawn. */
export function Why({ explanation, row, answered }: WhyProps) {
  const [chosen, setChosen] = useState(answered)
  const { outputs } = explanation
  const output = outputs[chosen] ?? outputs[0]
  if (!output) return null
  const { steps, bias, margin } = waterfall(output, row, MOST)
  const places = placesFor(Math.max(...steps.map(({ added }) => Math.abs(added)), Math.abs(output.bias)))
  return (
    <section className="fl-stack tight fl-why" aria-label="Why this answer">
      <div className="fl-row spread">
        <h4>Why</h4>
        {outputs.length > 1 ? (
          <Select
            size="xs"
            w={200}
            aria-label="Class that is explained"
            allowDeselect={false}
            searchable={outputs.length > 8}
            data={outputs.map(({ of }, at) => ({ value: String(at), label: `${classWords(of ?? String(at))}${at === answered ? ' (answered)' : ''}` }))}
            value={String(chosen)}
            onChange={(value) => setChosen(Number(value))}
          />
        ) : null}
      </div>
      {output.reasons.length > 0 ? (
        <>
          <p>What counts most for {marginOf(output.of)}:</p>
          <ol className="fl-reasons">
            {output.reasons.slice(0, 3).map((reason) => (
              <li key={reason}>
                <bdi>{reason}</bdi>
              </li>
            ))}
          </ol>
        </>
      ) : (
        <p>No column changes {marginOf(output.of)}.</p>
      )}
      <table className="fl-ways">
        <caption className="fl-small fl-soft">What each column adds to it, from where it starts to where it ends</caption>
        <colgroup>
          <col className="name" />
          <col />
          <col className="number" />
        </colgroup>
        <thead>
          <tr>
            {['Column', 'Drawn', 'Adds'].map((head) => (
              <th key={head} scope="col">
                <span className="fl-hidden">{head}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <End words="starts at" value={formatSigned(output.bias, places)} at={bias} />
          {steps.map((step) => (
            <StepRow key={step.name} step={step} places={places} />
          ))}
          <End words="margin" value={formatSigned(output.margin, places)} at={margin} />
        </tbody>
      </table>
      <p className="fl-small fl-soft">
        The margin is the model's sum before it becomes the answer, by sigmoid, softmax or exponential where it has one. {methodWords(explanation)}
      </p>
    </section>
  )
}

function StepRow({ step: { name, value, added, from, to }, places }: { step: Step; places: number }) {
  return (
    <tr>
      <th scope="row" title={value === undefined ? name : `${name} = ${value}`}>
        <span className="fl-lines">
          <bdi>{name}</bdi>
          {value === undefined ? null : (
            <span className="fl-soft">
              {' = '}
              <bdi>{value}</bdi>
            </span>
          )}
        </span>
      </th>
      <td>
        <WayBar from={from} to={to} />
      </td>
      <td className="fl-number">{formatSigned(added, places)}</td>
    </tr>
  )
}

/** Where the way begins or ends. */
function End({ words, value, at }: { words: string; value: string; at: number }) {
  return (
    <tr className="end">
      <th scope="row">{words}</th>
      <td>
        <span className="fl-way" aria-hidden="true">
          <span data-way="end" style={{ insetInlineStart: `${at * 100}%` }} />
        </span>
      </td>
      <td className="fl-number">{value}</td>
    </tr>
  )
}
