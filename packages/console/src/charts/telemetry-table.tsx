import type { Telemetry } from '@fairlead/contract/control'
import { formatCount, formatMs, formatPercent, formatRate } from '../format/number.ts'
import { clockTime, exactTime } from '../format/time.ts'
import { Scroll } from '../ui/show.tsx'
import { failedOf, requestRate, shareOf } from './telemetry.ts'

const HEADS = ['Requests', 'Rows', 'Refused', 'Failed', 'Failed share', 'p50', 'p90', 'p99', 'Queue', 'Model']

/** The charts' data as a table, newest first. */
export function TelemetryTable({ telemetry }: { telemetry: Telemetry }) {
  return (
    <Scroll label="Service figures over time, table" tall>
      <table className="fl-table">
        <thead>
          <tr>
            <th scope="col">Step of {telemetry.stepSeconds} s from</th>
            {HEADS.map((head) => (
              <th key={head} scope="col" className="fl-number">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...telemetry.points].reverse().map((point) => (
            <tr key={point.at}>
              <th scope="row" title={exactTime(point.at)} className="fl-nowrap">
                {telemetry.stepSeconds >= 3600 ? exactTime(point.at) : clockTime(point.at)}
              </th>
              <td className="fl-number">{formatRate(requestRate(telemetry, point))}</td>
              <td className="fl-number">{formatCount(point.rows)}</td>
              <td className="fl-number">{formatCount(point.refused ?? 0)}</td>
              <td className="fl-number">{formatCount(failedOf(point))}</td>
              <td className="fl-number">{formatPercent(shareOf(failedOf(point), point))}</td>
              <td className="fl-number">{formatMs(point.p50)}</td>
              <td className="fl-number">{formatMs(point.p90)}</td>
              <td className="fl-number">{formatMs(point.p99)}</td>
              <td className="fl-number">{formatMs(point.queueMs)}</td>
              <td className="fl-number">{formatMs(point.runMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
