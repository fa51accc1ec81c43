import type { Telemetry } from '@fairlead/contract/control'
import { useComputedColorScheme } from '@mantine/core'
import { ServiceChart } from './service-chart.tsx'

/** Traffic, latency and errors over one time axis. */
export function ServiceCharts({ telemetry, onWindow }: { telemetry: Telemetry; onWindow: (from: string, to: string) => void }) {
  const scheme = useComputedColorScheme('light')
  return (
    <div className="fl-charts">
      <ServiceChart kind="traffic" title="Requests" telemetry={telemetry} scheme={scheme} onWindow={onWindow} />
      <ServiceChart kind="latency" title="Latency" telemetry={telemetry} scheme={scheme} onWindow={onWindow} />
      <ServiceChart kind="errors" title="Errors" telemetry={telemetry} scheme={scheme} onWindow={onWindow} />
    </div>
  )
}
