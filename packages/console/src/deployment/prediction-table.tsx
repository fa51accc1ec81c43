import type { PredictionPage } from '@fairlead/contract/control'
import { Drawer, UnstyledButton } from '@mantine/core'
import { formatMs } from '../format/number.ts'
import { formatValue } from '../format/text.ts'
import { exactTime, preciseTime } from '../format/time.ts'
import { Copy, Facts, Scroll } from '../ui/show.tsx'
import { columnDecimals, columnTitle, isNumeric } from './prediction-columns.ts'

type Column = PredictionPage['columns'][number]
type Item = PredictionPage['items'][number]

const ROLES: Record<Column['role'], string> = { log: 'Record', input: 'Inputs', output: 'Outputs' }

function isTime(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)
}

/** A value of the log by its column: latencies with their unit, times as times of the day. */
function Cell({ column, value, decimals }: { column: Column; value: unknown; decimals?: number | undefined }) {
  if (column.name.startsWith('_') && column.name.endsWith('_ms') && typeof value === 'number') return formatMs(value)
  if (column.name === '_time' && isTime(value)) {
    const today = new Date(value).toDateString() === new Date().toDateString()
    return (
      <time dateTime={value} title={exactTime(value)} className="fl-nowrap">
        {today ? preciseTime(value) : exactTime(value)}
      </time>
    )
  }
  if (typeof value === 'number' && decimals !== undefined && (value === 0 || Math.abs(value) >= 0.5 / 10 ** decimals)) {
    return <span title={String(value)}>{value.toFixed(decimals)}</span>
  }
  return <bdi>{formatValue(value)}</bdi>
}

interface PredictionTableProps {
  columns: Column[]
  items: Item[]
  onOpen: (item: Item) => void
}

/** A row per logged prediction; the first cell opens all of it. */
export function PredictionTable({ columns, items, onOpen }: PredictionTableProps) {
  const decimals = columns.map((column) => (isNumeric(column) ? columnDecimals(items.map((item) => item[column.name])) : undefined))
  return (
    <Scroll label="Predictions, table">
      <table className="fl-table cards">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} scope="col" className={isNumeric(column) ? 'fl-number' : undefined}>
                <bdi>{columnTitle(column.name)}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item, index) => (
            <tr key={String(item._id ?? index)}>
              {columns.map((column, at) => (
                <td key={column.name} data-label={columnTitle(column.name)} className={isNumeric(column) ? 'fl-number' : 'fl-clip'}>
                  {at === 0 ? (
                    <UnstyledButton className="fl-open" onClick={() => onOpen(item)}>
                      <span className="fl-hidden">Details of </span>
                      <Cell column={column} value={item[column.name]} />
                    </UnstyledButton>
                  ) : (
                    <Cell column={column} value={item[column.name]} decimals={decimals[at]} />
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** Everything recorded of one prediction. */
export function PredictionDrawer({ columns, item, onClose }: { columns: Column[]; item: Item; onClose: () => void }) {
  return (
    <Drawer opened onClose={onClose} position="right" size="lg" title={<strong>Prediction</strong>}>
      <div className="fl-stack">
        <div className="fl-row">
          <code>{formatValue(item._id)}</code> <Copy value={JSON.stringify(item, null, 2)} label="Copy as JSON" />
        </div>
        {(['output', 'input', 'log'] as const).map((role) => (
          <section key={role} className="fl-stack tight">
            <h3>{ROLES[role]}</h3>
            <Facts
              items={columns
                .filter((column) => column.role === role)
                .map((column) => [
                  columnTitle(column.name),
                  column.name === '_time' && isTime(item._time) ? (
                    <span key="time">
                      {exactTime(item._time)} <code className="fl-soft">{item._time}</code>
                    </span>
                  ) : (
                    <Cell key={column.name} column={column} value={item[column.name]} />
                  ),
                ])}
            />
          </section>
        ))}
      </div>
    </Drawer>
  )
}
