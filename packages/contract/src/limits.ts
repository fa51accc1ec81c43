/** Rows whose answers one request may have explained: an explanation takes as long as hundreds of predictions. */
export const MAX_EXPLAINED_ROWS = 100

/** So many requests in so many seconds. */
export interface Rate {
  count: number
  seconds: number
}

/** So many rows in a day or a month of UTC. */
export interface Quota {
  rows: number
  window: 'day' | 'month'
}

/** A rate as it is written: `100/s`, `600/min`. */
export const RATE_TEXT = /^([1-9][0-9]{0,6})\/(s|min)$/
/** A quota as it is written: `1000000/day`, `5000000/month`; 15 digits are exact in every number type. */
export const QUOTA_TEXT = /^([1-9][0-9]{0,14})\/(day|month)$/
export const RATE_FORM = 'requests per second or minute, such as 100/s or 600/min (1 to 9999999)'
export const QUOTA_FORM = 'rows per day or month of UTC, such as 1000000/day or 5000000/month'
export const MAX_BURST = 10_000_000

/** What a written rate means; `undefined` for one that is not of the form. */
export function readRate(text: string): Rate | undefined {
  const match = RATE_TEXT.exec(text)
  return match ? { count: Number(match[1]), seconds: match[2] === 's' ? 1 : 60 } : undefined
}

/** What a written quota means; `undefined` for one that is not of the form. */
export function readQuota(text: string): Quota | undefined {
  const match = QUOTA_TEXT.exec(text)
  return match ? { rows: Number(match[1]), window: match[2] as Quota['window'] } : undefined
}
