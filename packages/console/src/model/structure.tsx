import type { Row } from '@fairlead/contract'
import type { ModelComparison } from '@fairlead/contract/control'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { describeError } from '../api/problem.ts'
import { comparisonQuery } from '../api/queries.ts'
import { formatCount, formatPart, formatSigned, NONE, plural, significant } from '../format/number.ts'
import { formatValue } from '../format/text.ts'
import { Loaded } from '../ui/feedback.tsx'
import { Facts } from '../ui/show.tsx'
import { Table } from '../ui/table.tsx'
import { WayBar } from '../ui/way-bar.tsx'

interface StructureProps {
  model: string
  left: number
  right: number
}

/** In what two versions differ inside: what they ask for and answer, their trees, what they look at. */
export function Structure({ model, left, right }: StructureProps) {
  const query = useQuery(comparisonQuery(model, left, right))
  return (
    <section className="fl-stack fl-structure" aria-label="Structure">
      <h3>Inside</h3>
      {query.error && describeError(query.error).code === 'model-part-unsupported' ? (
        <p className="fl-soft">
          Their structure is not compared, because only models that can also run compiled are understood in full: {reasonOf(query.error)}
        </p>
      ) : (
        <Loaded query={query}>{(data) => <Differences comparison={data} model={model} left={left} right={right} />}</Loaded>
      )}
    </section>
  )
}

function reasonOf(error: unknown): string {
  const { detail } = describeError(error)
  return /[.!?]$/.test(detail) ? detail : `${detail}.`
}

function Differences({ comparison, ...pair }: StructureProps & { comparison: ModelComparison }) {
  const { same, changes, ensembles, importance, answers } = comparison
  if (same) return <p>Nothing differs inside: both give the same answers.</p>
  return (
    <>
      {answers ? <Answers answers={answers} left={pair.left} right={pair.right} /> : null}
      {changes.length > 0 ? <Changes changes={changes} left={pair.left} right={pair.right} /> : null}
      {ensembles.map((ensemble, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an ensemble is known by its place alone.
        <Trees key={at} title={ensembles.length === 1 ? 'Trees' : `Trees of ensemble ${at + 1}`} ensemble={ensemble} pair={pair} />
      ))}
      {importance.length > 0 ? <Moves importance={importance} left={pair.left} right={pair.right} /> : null}
    </>
  )
}

/** What both answer to the rows that came with them. */
function Answers({ answers, left, right }: { answers: NonNullable<ModelComparison['answers']>; left: number; right: number }) {
  const { rows, leftOut, equalRows, labelRows, largestDifference, differing } = answers
  return (
    <section className="fl-stack tight">
      <h4>Answers to the same rows</h4>
      <Facts
        items={[
          ['Rows asked', formatCount(rows)],
          ...(leftOut > 0 ? [['Left out', `${plural(leftOut, 'row')} that one of them does not take, or answers alike in nothing`] as const] : []),
          ['Answered the same', rows === 0 ? NONE : `${formatPart(equalRows / rows)} (${plural(equalRows, 'row')})`],
          ['Another label', plural(labelRows, 'row')],
          ['Largest difference', significant(largestDifference)],
        ]}
      />
      {differing.length > 0 ? (
        <Table
          label="Rows that differ most, table"
          heads={['Row', 'Answer', { number: `Version ${left}` }, { number: `Version ${right}` }, { number: 'Difference' }]}
        >
          {differing.map(({ row, field, before, after }, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no names, and do not move.
            <tr key={at}>
              <td data-label="Row" className="wide">
                <RowValues row={row} />
              </td>
              <th scope="row">
                <bdi>{field}</bdi>
              </th>
              <Answer label={`Version ${left}`} value={before} />
              <Answer label={`Version ${right}`} value={after} />
              <td data-label="Difference" className="fl-number">
                {typeof before === 'number' && typeof after === 'number' ? formatSigned(after - before, 4) : NONE}
              </td>
            </tr>
          ))}
        </Table>
      ) : null}
      {differing.length > 0 && differing.length < rows - equalRows ? (
        <p className="fl-soft fl-small">The {formatCount(differing.length)} rows that differ most, each with the part of its answer that differs most.</p>
      ) : null}
    </section>
  )
}

function Answer({ label, value }: { label: string; value: string | number | null }) {
  return (
    <td data-label={label} className="fl-number">
      {value === null ? NONE : <bdi>{formatValue(value)}</bdi>}
    </td>
  )
}

const MOST_VALUES = 3

/** The first columns of a row, and the others when they are asked for. */
function RowValues({ row }: { row: Row }) {
  const cells = Object.entries(row).map(([name, value]) => `${name} ${formatValue(value)}`)
  if (cells.length <= MOST_VALUES) return <bdi>{cells.join(', ')}</bdi>
  return (
    <details className="fl-small">
      <summary>
        <bdi>{cells.slice(0, MOST_VALUES).join(', ')}</bdi>, …
      </summary>
      <bdi>{cells.slice(MOST_VALUES).join(', ')}</bdi>
    </details>
  )
}

const MOST_CHANGES = 15

function Changes({ changes, left, right }: { changes: ModelComparison['changes']; left: number; right: number }) {
  return (
    <section className="fl-stack tight">
      <h4>What it asks for and answers</h4>
      <Table label="Changes, table" heads={['What', `Version ${left}`, `Version ${right}`]}>
        {changes.slice(0, MOST_CHANGES).map(({ what, before, after }) => (
          <tr key={what}>
            <th scope="row">
              <bdi>{what}</bdi>
            </th>
            <Side label={`Version ${left}`} value={before} />
            <Side label={`Version ${right}`} value={before === after ? `${after}, with other numbers` : after} />
          </tr>
        ))}
      </Table>
      {changes.length > MOST_CHANGES ? <p className="fl-soft fl-small">and {plural(changes.length - MOST_CHANGES, 'more change')}</p> : null}
    </section>
  )
}

function Side({ label, value }: { label: string; value: string | number | null }) {
  return (
    <td data-label={label} className={value === null ? 'fl-soft' : undefined}>
      {value === null ? 'absent' : <bdi>{value}</bdi>}
    </td>
  )
}

const MOST_LINKS = 8

interface TreesProps {
  title: string
  ensemble: ModelComparison['ensembles'][number]
  pair: StructureProps
}

function Trees({ title, ensemble, pair: { model, left, right } }: TreesProps) {
  const { before, after, same, changed, firstChanged, added, removed } = ensemble
  const fromTo = (was: number, is: number) => (was === is ? formatCount(is) : `${formatCount(was)} → ${formatCount(is)}`)
  return (
    <section className="fl-stack tight">
      <h4>{title}</h4>
      <p>
        {plural(same, 'tree')} the same, {formatCount(changed)} changed, {formatCount(added)} added, {formatCount(removed)} removed.
      </p>
      <Facts
        items={[
          ['Trees', fromTo(before.trees, after.trees)],
          ['Nodes', fromTo(before.nodes, after.nodes)],
          ['Deepest leaf', `${fromTo(before.depth, after.depth)} splits down`],
          ...(changed > 0
            ? [
                [
                  'Changed',
                  <span key="c" className="fl-row">
                    {firstChanged.slice(0, MOST_LINKS).map((tree) => (
                      <Link key={tree} to="/models/$name" params={{ name: model }} search={{ tab: 'inside', version: right, ...(tree > 0 ? { tree } : {}) }}>
                        tree {tree}
                      </Link>
                    ))}
                    {changed > MOST_LINKS ? <span className="fl-soft">and {formatCount(changed - MOST_LINKS)} more</span> : null}
                  </span>,
                ] as const,
              ]
            : []),
        ]}
      />
      {changed > 0 ? (
        <p className="fl-soft fl-small">
          Trees are held against each other by their number in version {left} and version {right}; the links lead to version {right}.
        </p>
      ) : null}
    </section>
  )
}

const MOST_MOVES = 12

/** Columns that count for more or for less than before. */
function Moves({ importance, left, right }: { importance: ModelComparison['importance']; left: number; right: number }) {
  const shown = importance.slice(0, MOST_MOVES)
  const most = Math.max(...shown.flatMap(({ before, after }) => [before, after]), Number.MIN_VALUE)
  return (
    <section className="fl-stack tight">
      <h4>Columns that count for more or less</h4>
      <p className="fl-soft fl-small">
        {importance.length > MOST_MOVES ? `The ${MOST_MOVES} largest moves of ${formatCount(importance.length)}, as ` : 'As '}
        parts of all importance; a bar leads from version {left} to version {right}.
      </p>
      <Table
        label="Importance, table"
        heads={['Column', { hidden: 'Drawn' }, { number: `Version ${left}` }, { number: `Version ${right}` }, { number: 'Move, points' }]}
      >
        {shown.map(({ name, before, after, shift }) => (
          <tr key={name}>
            <th scope="row" className="fl-name">
              <bdi>{name}</bdi>
            </th>
            <td data-label="" className="wide fl-drawn">
              <WayBar from={before / most} to={after / most} />
            </td>
            <td data-label={`Version ${left}`} className="fl-number">
              {before === 0 ? NONE : formatPart(before)}
            </td>
            <td data-label={`Version ${right}`} className="fl-number">
              {after === 0 ? NONE : formatPart(after)}
            </td>
            <td data-label="Move, points" className="fl-number">
              {formatSigned(shift * 100, 1)}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  )
}
