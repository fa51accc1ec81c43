/** Paths of a small chart: the line and the area under it, with a gap wherever a value is missing. */
export interface SparkPaths {
  line: string
  area: string
  /** The largest value; 0 when there is none. */
  peak: number
}

/** Draws values, oldest first, from zero into a box of the given size; `null` leaves a gap, a single value between gaps is a dot-long line. */
export function sparkPaths(values: readonly (number | null)[], width: number, height: number): SparkPaths {
  const peak = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)
  const stepX = values.length > 1 ? width / (values.length - 1) : width
  const y = (value: number) => round(height - 1 - (peak === 0 ? 0 : (value / peak) * (height - 3)))
  let line = ''
  let area = ''
  let run: string[] = []
  const close = (end: number) => {
    if (run.length === 0) return
    const start = end - run.length
    const points = run.length === 1 ? [run[0], `${round(start * stepX + 1)},${run[0]?.split(',')[1]}`] : run
    line += `M${points.join('L')}`
    area += `M${round(start * stepX)},${height}L${points.join('L')}L${round((end - 1) * stepX)},${height}Z`
    run = []
  }
  values.forEach((value, index) => {
    if (value === null) close(index)
    else run.push(`${round(index * stepX)},${y(value)}`)
  })
  close(values.length)
  return { line, area, peak }
}

const round = (value: number) => Math.round(value * 10) / 10
