import { control } from './control.ts'
import { type PredictionFilters, predictionQuery } from './queries.ts'

/** Hands a file to the browser's downloads. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  saveUrl(url, name)
  // The browser reads the address after this turn; a minute is plenty.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** Hands what an address holds to the browser's downloads. */
export function saveUrl(url: string, name: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
}

/** Hands a text to the browser's downloads. */
export function saveText(text: string, name: string, type: string): void {
  saveBlob(new Blob([text], { type }), name)
}

const FORMATS = { csv: 'text/csv', parquet: 'application/vnd.apache.parquet' } as const
/** Most rows of one download; the API's own limit. */
export const MOST_ROWS = 100_000

/** Downloads logged predictions under the same filters as the table, all pages at once. */
export async function downloadPredictions(deployment: string, filters: PredictionFilters, format: keyof typeof FORMATS): Promise<void> {
  const query = predictionQuery({ ...filters, after: undefined }, MOST_ROWS)
  const answer = await control.raw('listPredictions', { params: { deployment }, query, headers: { accept: FORMATS[format] } })
  saveBlob(await answer.blob(), `${deployment}-predictions.${format}`)
}
