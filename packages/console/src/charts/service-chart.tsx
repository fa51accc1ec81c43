import type { Telemetry } from '@fairlead/contract/control'
import { Menu, UnstyledButton } from '@mantine/core'
import { useEffect, useMemo, useRef } from 'react'
import { saveText, saveUrl } from '../api/download.ts'
import { Icon } from '../ui/icons.tsx'
import { connect, type EChartsType, init } from './engine.ts'
import { type ChartKind, chartOption, chartUnit, linesOf } from './option.ts'
import { telemetryCsv, toSeries } from './telemetry.ts'

const GROUP = 'service'
/** Width of a downloaded drawing. */
const DRAWN = 960
const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

interface ServiceChartProps {
  kind: ChartKind
  title: string
  telemetry: Telemetry
  /** Changes when the colours of the page do. */
  scheme: string
  onWindow: (from: string, to: string) => void
}

/** One chart of the page's shared time axis. */
export function ServiceChart({ kind, title, telemetry, scheme, onWindow }: ServiceChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType>(null)
  const series = useMemo(() => toSeries(telemetry), [telemetry])
  const tell = useRef(onWindow)
  tell.current = onWindow
  useEffect(() => {
    if (!box.current) return
    const made = init(box.current)
    chart.current = made
    made.group = GROUP
    connect(GROUP)
    made.on('datazoom', (event) => {
      const zoom = (event as { batch?: { startValue?: number; endValue?: number }[] }).batch?.[0]
      if (zoom?.startValue === undefined || zoom.endValue === undefined || zoom.endValue - zoom.startValue < 1000) return
      tell.current(new Date(zoom.startValue).toISOString(), new Date(zoom.endValue).toISOString())
    })
    const watch = new ResizeObserver(() => made.resize())
    watch.observe(box.current)
    return () => {
      watch.disconnect()
      made.dispose()
      chart.current = null
    }
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: `scheme` stands for the colours that `token` reads.
  useEffect(() => {
    chart.current?.setOption(chartOption({ kind, telemetry, series, token, width: chart.current.getWidth() }), { notMerge: true })
    chart.current?.dispatchAction({ type: 'takeGlobalCursor', key: 'dataZoomSelect', dataZoomSelectActive: true })
  }, [kind, telemetry, series, scheme])
  const summary = latestOf(kind, series, telemetry)
  return (
    <figure className="fl-chart">
      <figcaption className="fl-chart-head">
        <span className="fl-row">
          <h3>{title}</h3>
          {summary.map((item) => (
            <span key={item.name} className="fl-legend">
              <span className="fl-swatch" style={{ background: `var(${item.color})`, height: item.width * 1.6 }} />
              {summary.length > 1 ? item.name : 'latest'} <b>{item.value}</b>
            </span>
          ))}
        </span>
        <ChartMenu kind={kind} title={title} telemetry={telemetry} chart={() => chart.current} />
      </figcaption>
      <div
        ref={box}
        className="fl-chart-box"
        role="img"
        aria-label={`${title}: ${summary.map((item) => `${item.name} ${item.value}`).join(', ')}. The table view has all values.`}
      />
    </figure>
  )
}

/** The value of each line at the end of the window; what was last measured long ago is not passed off as now. */
function latestOf(kind: ChartKind, series: ReturnType<typeof toSeries>, { to, stepSeconds }: Telemetry) {
  const current = Date.parse(to) - 2.5 * stepSeconds * 1000
  return linesOf(kind, series).map((line) => {
    const last = line.points.at(-1)
    return { name: line.name, color: line.color, width: line.width, value: chartUnit(kind)(last && last[0] >= current ? last[1] : null) }
  })
}

interface ChartMenuProps {
  kind: ChartKind
  title: string
  telemetry: Telemetry
  chart: () => EChartsType | null
}

function ChartMenu({ kind, title, telemetry, chart }: ChartMenuProps) {
  const name = `${telemetry.deployment}-${kind}`
  const savePng = () => {
    const url = chart()?.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: token('--fl-surface') })
    if (url) saveUrl(url, `${name}.png`)
  }
  const saveSvg = () => {
    const drawn = init(null, null, { renderer: 'svg', ssr: true, width: DRAWN, height: 280 })
    drawn.setOption({ ...chartOption({ kind, telemetry, series: toSeries(telemetry), token, width: DRAWN }), backgroundColor: token('--fl-surface') })
    saveText(drawn.renderToSVGString(), `${name}.svg`, 'image/svg+xml')
    drawn.dispose()
  }
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <UnstyledButton className="fl-quiet" aria-label={`Download ${title}`}>
          <Icon name="down" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={savePng}>Picture (PNG)</Menu.Item>
        <Menu.Item onClick={saveSvg}>Drawing (SVG)</Menu.Item>
        <Menu.Item onClick={() => saveText(telemetryCsv(telemetry), `${telemetry.deployment}-telemetry.csv`, 'text/csv')}>Data (CSV)</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
