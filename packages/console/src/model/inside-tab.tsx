import type { ModelFacts, ModelVersion } from '@fairlead/contract/control'
import { formatCount, formatPart, significant } from '../format/number.ts'
import { Facts, State } from '../ui/show.tsx'
import { Table } from '../ui/table.tsx'
import { TreeView } from './tree-view.tsx'

/** What a version is made of: how it runs and why so, what it looks at, its trees. */
export function InsideTab({ version }: { version: ModelVersion }) {
  const { facts, model } = version
  return (
    <div className="fl-stack fl-inside">
      {facts.runtimes ? <Ways choice={facts.runtimes} /> : null}
      <div className="fl-columns">
        {facts.trees ? <Ensemble trees={facts.trees} /> : null}
        {facts.importance && facts.importance.columns.length > 0 ? <Importance importance={facts.importance} /> : null}
      </div>
      {facts.trees ? <TreeView model={model} version={version.version} trees={facts.trees.trees} /> : null}
    </div>
  )
}

const WAY_NAMES: Readonly<Record<string, string>> = { onnx: 'ONNX Runtime', compiled: 'compiled (WebAssembly)', python: 'Python' }

/** The ways that were tried at import, side by side. */
function Ways({ choice }: { choice: NonNullable<ModelFacts['runtimes']> }) {
  const sizes = [...new Set(choice.ways.flatMap((way) => [...way.measured, ...(way.estimated ?? [])].map(({ rows }) => rows)))].sort((a, b) => a - b)
  const isEstimated = choice.ways.some((way) => way.estimated)
  return (
    <section className="fl-stack tight">
      <h3>How it runs</h3>
      <p>{choice.reason}</p>
      <Table label="Ways to run it, table" heads={['Way', 'State', ...sizes.map((rows) => ({ number: `µs a row, ${formatCount(rows)} at once` }))]}>
        {choice.ways.map((way) => (
          <tr key={way.runtime}>
            <th scope="row">{WAY_NAMES[way.runtime] ?? way.runtime}</th>
            <td data-label="State">
              {way.problem ? (
                <span className="fl-soft">{way.problem}</span>
              ) : way.runtime === choice.chosen ? (
                <State state={{ tone: 'ok', word: 'chosen' }} />
              ) : (
                'possible'
              )}
            </td>
            {sizes.map((rows) => (
              <td key={rows} className="fl-number" data-label={`µs a row, ${formatCount(rows)} at once`}>
                <Cost measured={costOf(way.measured, rows)} estimated={costOf(way.estimated, rows)} />
              </td>
            ))}
          </tr>
        ))}
      </Table>
      {isEstimated ? (
        <p className="fl-soft fl-small">
          Measured when the version was imported; below it, what the steps, numbers, weights and splits of the model should cost
          {choice.machine === undefined ? '.' : `, for a machine as fast as the one that tried it (${significant(choice.machine)} of the known time).`}
        </p>
      ) : null}
      {choice.agreement ? (
        <p className="fl-soft fl-small">
          {choice.agreement.agree
            ? `Both gave the same answers on ${formatCount(choice.agreement.rows)} rows; the largest difference is ${significant(choice.agreement.largestDifference)}.`
            : `They differ on the same ${formatCount(choice.agreement.rows)} rows: ${choice.agreement.detail ?? 'no detail was kept'}.`}
        </p>
      ) : null}
    </section>
  )
}

/** Microseconds that each row of a run takes. */
function costOf(costs: readonly { rows: number; micros: number }[] | undefined, rows: number): number | undefined {
  const run = costs?.find((one) => one.rows === rows)
  return run && run.micros / rows
}

function Cost({ measured, estimated }: { measured: number | undefined; estimated: number | undefined }) {
  return (
    <>
      {measured === undefined ? '–' : significant(measured)}
      {estimated === undefined ? null : <div className="fl-soft fl-small">{`est. ${significant(estimated)}`}</div>}
    </>
  )
}

function Ensemble({ trees }: { trees: NonNullable<ModelFacts['trees']> }) {
  return (
    <section className="fl-stack tight">
      <h3>Trees</h3>
      <Facts
        items={[
          ['Trees', formatCount(trees.trees)],
          ['Splits', formatCount(trees.nodes - trees.leaves)],
          ['Leaves', formatCount(trees.leaves)],
          ['Deepest leaf', `${formatCount(trees.depth)} splits down`],
          ['Outputs', formatCount(trees.outputs)],
        ]}
      />
    </section>
  )
}

const MOST_COLUMNS = 15
const BY_WORDS = {
  gain: 'by gain: how much their splits lowered the loss in training',
  splits: 'by number of splits',
  weight: 'by size of their weights',
} as const

/** What the model looks at, the most important first. */
function Importance({ importance }: { importance: NonNullable<ModelFacts['importance']> }) {
  const sum = importance.columns.reduce((total, { value }) => total + Math.abs(value), 0)
  const shown = importance.columns.slice(0, MOST_COLUMNS)
  const largest = Math.max(...shown.map(({ value }) => Math.abs(value)), Number.MIN_VALUE)
  return (
    <section className="fl-stack tight">
      <h3>Columns that count</h3>
      <p className="fl-soft fl-small">
        {importance.columns.length > MOST_COLUMNS ? `The first ${MOST_COLUMNS} of ${formatCount(importance.columns.length)}, ` : ''}
        {BY_WORDS[importance.by]}
      </p>
      <ul className="fl-shares">
        {shown.map(({ name, value }) => (
          <li key={name}>
            <bdi className="fl-clipped" title={name}>
              {name}
            </bdi>
            <span className="fl-bar">
              <span style={{ width: `${(Math.abs(value) / largest) * 100}%` }} />
            </span>
            <span className="fl-number">{formatPart(sum === 0 ? 0 : Math.abs(value) / sum)}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
