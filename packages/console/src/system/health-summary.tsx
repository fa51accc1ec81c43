import type { ProcessStatus } from '@fairlead/contract/control'
import { formatBytes, formatPercent } from '../format/number.ts'
import { processName } from '../format/text.ts'
import { Ago, State } from '../ui/show.tsx'
import { processWord } from '../ui/state.ts'
import { Table } from '../ui/table.tsx'

/** A row per process of the platform. */
export function HealthSummary({ processes }: { processes: readonly ProcessStatus[] }) {
  return (
    <Table label="Processes, table" heads={['Process', 'State', { number: 'Memory' }, { number: 'CPU' }, { number: 'Restarts' }, 'Started']}>
      {processes.map((process) => (
        <tr key={process.id}>
          <th scope="row" title={process.id}>
            {processName(process.id)} <span className="fl-soft fl-small fl-nowrap">pid {process.pid}</span>
          </th>
          <td data-label="State">
            <State state={processWord(process.state)} />
          </td>
          <td data-label="Memory" className="fl-number">
            {formatBytes(process.memoryBytes)}
          </td>
          <td data-label="CPU" className="fl-number">
            {formatPercent(process.cpu)}
          </td>
          <td data-label="Restarts" className="fl-number">
            {process.restarts}
          </td>
          <td data-label="Started">
            <Ago at={process.startedAt} />
          </td>
        </tr>
      ))}
    </Table>
  )
}
